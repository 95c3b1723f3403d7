/*
 * take.c - a host takes what was sealed for it, through the very same
 * apply_run that a Save takes.
 *
 * What the console's administrator confirmed once counts for every host, also
 * for one that comes back weeks later: what is asked about the settings and
 * files that the console has in force itself is answered with yes.  Nobody was
 * asked about what this host alone has, unless the console was asked the same
 * ("confirm" of seal.c; former consoles sent none).  Nothing that is an error
 * passes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fsx.h"
#include "jsonx.h"
#include "note.h"
#include "rollout.h"

#define UNCHANGED_PROBE_MS 5000

/* Key blocks of a chain file to one side, certificates to the other. */
static int
chain_split(const struct buf *chain, struct buf *keys, struct buf *certs)
{
	const char *p = chain->data, *end;

	while (p != NULL && (p = strstr(p, "-----BEGIN ")) != NULL) {
		end = strstr(p, "-----END ");
		if (end == NULL || (end = strchr(end, '\n')) == NULL)
			return -1;
		end++;
		if (buf_add(strncmp(p, "-----BEGIN CERTIFICATE", 22) == 0
				? certs
				: keys,
			p, (size_t)(end - p)) == -1)
			return -1;
		p = end;
	}
	return 0;
}

/* One request for apply_run, and what it points to. */
struct order {
	struct apply_request req;
	struct buf keys, certs;
	struct certs others; /* by name */
	const char *confirm[ERR__MAX];
	char note[NOTE_SIZE];
	bool rejoin;
};

/* 0: the console's own, 1: of each host, 2: never asked on another host. */
static int
asked_here(enum err_code code)
{
	switch (code) {
	case ERR_INTERFACE_OPENS:
	case ERR_LEVEL_LOWERED:
	case ERR_DRIFT_OVERWRITES:
		return 2;
	case ERR_ACCESS_MYNETWORKS:
	case ERR_DRIFT_RESET:
		return 1;
	default:
		return 0;
	}
}

static bool
confirmed(struct json_object *list, const char *code)
{
	size_t i;

	for (i = 0; i < jsonx_len(list); i++)
		if (strcmp(jsonx_str_at(list, i), code) == 0)
			return true;
	return false;
}

/* list: what the console was asked; NULL: not known. */
static void
order_confirm(struct order *o, struct json_object *list)
{
	enum err_code i;
	int asked;

	o->req.n_confirm = 0;
	for (i = 0; i < ERR__MAX; i++) {
		asked = asked_here(i);
		if (asked == 2 || (asked == 1 && list != NULL &&
				      !confirmed(list, err_name(i))))
			continue;
		if (err_severity(i) == SEV_CONFIRM || i == ERR_CERT_REPLACE_ALL)
			o->confirm[o->req.n_confirm++] = err_name(i);
	}
	o->req.confirm = o->confirm;
}

static void
order_init(struct order *o)
{
	memset(o, 0, sizeof(*o));
	buf_init(&o->keys, CHAIN_MAX);
	buf_init(&o->certs, CHAIN_MAX);
	order_confirm(o, NULL);
}

static void
order_clear(struct order *o)
{
	buf_clear(&o->keys);
	buf_clear(&o->certs);
	certs_clear(&o->others);
}

static int
order_chain(struct order *o, const struct buf *chain, struct err *err)
{
	if (chain->len == 0)
		return 0;
	if (chain_split(chain, &o->keys, &o->certs) == -1)
		return err_set(err, ERR_BUNDLE_INVALID, "chain",
		    "neither keys nor certificates");
	o->req.file[PKI_PRIVATE_KEY].data = o->keys.data;
	o->req.file[PKI_PRIVATE_KEY].len = o->keys.len;
	o->req.file[PKI_SERVER_CERTIFICATE].data = o->certs.data;
	o->req.file[PKI_SERVER_CERTIFICATE].len = o->certs.len;
	return 0;
}

/* What the console leaves to each host is not asked for here. */
static void
leave_out(struct json_object *settings, struct json_object *left)
{
	char path[64], *dot;
	size_t i;

	for (i = 0; i < jsonx_len(left); i++) {
		(void)snprintf(path, sizeof(path), "%s", jsonx_str_at(left, i));
		if ((dot = strrchr(path, '.')) == NULL)
			continue;
		*dot = '\0';
		json_object_object_del(jsonx_path(settings, path), dot + 1);
	}
}

static int
order_read(struct order *o, const struct conf *conf, struct json_object *body,
    struct err *err)
{
	const char *apply = NULL, *by = "", *console = "";
	int64_t expires = INT64_MAX;
	struct buf chain;
	int rc = -1;

	buf_init(&chain, CHAIN_MAX);
	if (jsonx_int(body, "expires", "expires", 0, INT64_MAX, &expires,
		err) == -1 ||
	    jsonx_obj(body, "settings", "settings", &o->req.settings, err) ==
		-1 ||
	    jsonx_str(body, "apply", "apply", 16, &apply, err) == -1 ||
	    jsonx_str(body, "by", "by", 256, &by, err) == -1 ||
	    jsonx_str(body, "console", "console", 64, &console, err) == -1 ||
	    jsonx_bool(body, "rejoin", "rejoin", &o->rejoin, err) == -1 ||
	    jsonx_b64(body, "chain", "chain", CHAIN_MAX, &chain, err) == -1 ||
	    certs_init(&o->others) == -1 ||
	    certs_of_body(&o->others, body, err) == -1)
		goto out;
	if (o->req.settings == NULL && !o->rejoin) {
		err_set(err, ERR_BUNDLE_INVALID, "settings", "is missing");
		goto out;
	}
	if (time(NULL) >= expires) {
		err_set(err, ERR_BUNDLE_EXPIRED, "expires", "expired");
		goto out;
	}
	order_confirm(o, jsonx_path(body, "confirm"));
	leave_out(o->req.settings, jsonx_path(body, "left"));
	/* What the console has not set is unset here as well. */
	o->req.whole = true;
	o->req.mode_given =
	    apply != NULL && apply_mode_from_name(apply, &o->req.mode) == 0;
	text_clean(
	    o->req.actor.user, sizeof(o->req.actor.user), by, strlen(by));
	text_clean(o->req.actor.from, sizeof(o->req.actor.from), console,
	    strlen(console));
	memcpy(o->req.actor.via, "sync", 5);
	/* What is no note there is none here; the settings are not held up. */
	if (note_read(jsonx_path_str(body, "note", NULL), o->note, NULL) == 0)
		o->req.note = o->note;
	/* Certificates of its own stay. */
	if (conf->cluster_own_certificate) {
		rc = 0;
		goto out;
	}
	o->req.certs = &o->others;
	rc = order_chain(o, &chain, err);
out:
	buf_clear(&chain);
	return rc;
}

/* Each rejoin takes one off the generation; however often, nothing older than
 * the newest that was in force is taken again. */
static int64_t
floor_of(const struct cluster_state *s)
{
	return s->generation < s->newest - 1 ? s->newest - 1 : s->generation;
}

static int
open_bundle(const struct conf *conf, const struct cluster_state *s,
    const struct cluster_order *order, int64_t *ret_generation,
    struct json_object **body, struct err *err)
{
	const struct pki_jail jail = {
	    .user = geteuid() == 0 ? conf->inspect_user : NULL};
	char path[STATE_PATH_MAX];
	struct bundle_identity host;
	struct bundle_head want;
	struct pki_bytes consoles;
	struct buf pair, pem;
	int rc = -1;

	buf_init(&pair, BUNDLE_PEM_MAX);
	buf_init(&pem, 8 * BUNDLE_PEM_MAX);
	if (s->id[0] == '\0') {
		err_set(err, ERR_CLUSTER_UNTRUSTED, "", "no console yet");
		goto out;
	}
	if (cluster_path(conf, "consoles.pem", path, sizeof(path), err) == -1 ||
	    fsx_read(path, pem.max, &pem, err) == -1 ||
	    cluster_identity_pair(conf, &pair, err) == -1)
		goto out;
	host.key.data = host.certificate.data = pair.data;
	host.key.len = host.certificate.len = pair.len;
	consoles.data = pem.data;
	consoles.len = pem.len;
	want.cluster = s->id;
	want.host = conf->cluster_name;
	want.own = order->own;
	want.generation = order->own ? s->own_generation : floor_of(s);
	rc = bundle_open_jailed(&jail, &order->sealed, &host, &consoles, &want,
	    ret_generation, body, err);
out:
	buf_clear(&pair);
	buf_clear(&pem);
	return rc;
}

static void
keep_failure(const struct conf *conf, const struct cluster_order *order,
    int64_t generation, struct json_object *job, const struct err *why)
{
	const char *code = jsonx_path_str(job, "error.cause.code",
	    jsonx_path_str(job, "error.code", err_name(why->code)));
	struct cluster_state s;

	if (cluster_state_read(conf, &s, NULL) == -1)
		return;
	if (order->own) {
		s.own_failed = generation;
		s.own_attempt = order->attempt;
		(void)snprintf(s.own_code, sizeof(s.own_code), "%s", code);
	} else {
		s.failed = generation;
		s.attempt = order->attempt;
		(void)snprintf(s.code, sizeof(s.code), "%s", code);
	}
	if (cluster_state_write(conf, &s, NULL) == -1)
		log_warn("cluster: the failure cannot be recorded");
}

/* job: NULL when the order was to rejoin. */
static int
keep_success(const struct conf *conf, const struct cluster_order *order,
    int64_t generation, struct json_object *job, struct err *err)
{
	struct cluster_state s;

	if (cluster_state_read(conf, &s, err) == -1)
		return -1;
	if (order->own) {
		s.own_generation = generation;
		s.own_failed = s.own_attempt = 0;
		s.own_code[0] = '\0';
		if (job == NULL)
			cluster_state_rejoin(&s);
		else
			s.own = true;
	} else {
		s.previous = s.local;
		s.local =
		    json_object_get_int64(jsonx_path(job, "result.generation"));
		s.generation = generation;
		if (s.newest < generation)
			s.newest = generation;
		s.failed = s.attempt = 0;
		s.code[0] = '\0';
	}
	return cluster_state_write(conf, &s, err);
}

static void
tell_job(struct json_object *job, void *arg)
{
	(void)job_write(arg, job, NULL);
}

/* A bundle that does not open: told to the console by the status, and to the
 * administrator by the audit log.  An older one sent again says nothing about
 * the one that is wanted. */
static void
keep_refusal(const struct conf *conf, const struct cluster_order *order,
    const struct err *why)
{
	struct actor who = {.user = "postseal-sync", .via = "sync"};

	if (audit_add(conf, &who, EVENT_CLUSTER_BUNDLE, "refused",
		err_name(why->code), NULL) == -1)
		log_warn("the audit log cannot be written");
	if (why->code != ERR_BUNDLE_REPLAYED)
		keep_failure(conf, order, order->claimed, NULL, why);
}

/* A Save that changed nothing has asked nobody: the running Postfix may
 * differ from what the files say. */
static int
prove_unchanged(
    const struct conf *conf, struct json_object *job, struct err *err)
{
	if (strcmp(jsonx_path_str(job, "result.result", ""), "unchanged") != 0)
		return 0;
	return apply_prove(conf, UNCHANGED_PROBE_MS, NULL, err);
}

/* What is in the bundle, done. */
static int
carry_out(const struct conf *conf, const struct cluster_order *order,
    struct order *o, int64_t generation, struct json_object **job,
    struct err *err)
{
	if (o->rejoin && order->own)
		return keep_success(conf, order, generation, NULL, err);
	if (apply_run(conf, &o->req, tell_job, (void *)(uintptr_t)conf, job,
		err) == 0 &&
	    prove_unchanged(conf, *job, err) == 0)
		return keep_success(conf, order, generation, *job, err);
	/* Somebody saves at this host just now: that is no failure of the
	 * generation; it is tried again. */
	if (err->code != ERR_APPLY_BUSY)
		keep_failure(conf, order, generation, *job, err);
	return -1;
}

int
cluster_apply(const struct conf *conf, const struct cluster_order *order,
    struct json_object **ret_result, struct json_object **ret_error,
    struct err *err)
{
	struct json_object *body = NULL, *job = NULL;
	int64_t generation = 0;
	struct cluster_state s;
	struct order *o;
	struct err why;
	int rc = -1;

	if ((o = malloc(sizeof(*o))) == NULL)
		return err_set(err, ERR_NOMEM, "", "order");
	order_init(o);
	err_clear(&why);
	if (cluster_state_read(conf, &s, &why) == -1 ||
	    random_hex(o->req.job, 16, &why) == -1)
		goto out;
	cluster_state_keep(&s, o->req.keep);
	if (open_bundle(conf, &s, order, &generation, &body, &why) == -1 ||
	    order_read(o, conf, body, &why) == -1) {
		keep_refusal(conf, order, &why);
		goto out;
	}
	rc = carry_out(conf, order, o, generation, &job, &why);
out:
	if (rc == 0)
		*ret_result = json_object_get(jsonx_path(job, "result"));
	else
		*ret_error = json_object_get(jsonx_path(job, "error"));
	if (rc == -1 && err != NULL)
		*err = why;
	jsonx_wipe(body);
	json_object_put(job);
	order_clear(o);
	free(o);
	return rc;
}

int
cluster_restore(const struct conf *conf, long local, const struct actor *who,
    const char *job, struct json_object **ret_job, struct err *err)
{
	struct json_object *patch = NULL;
	struct cluster_state s;
	struct settings settings;
	struct order *order;
	int rc = -1;

	if ((order = malloc(sizeof(*order))) == NULL)
		return err_set(err, ERR_NOMEM, "", "order");
	order_init(order);
	settings_default(&settings);
	if (cluster_state_read(conf, &s, err) == -1 ||
	    generation_settings(conf, local, &settings, err) == -1 ||
	    certs_init(&order->others) == -1 ||
	    generation_certs(conf, local, &order->others, err) == -1 ||
	    certs_whole(&order->others, local, err) == -1 ||
	    order_chain(order, &order->others.v[CERTS_DEFAULT].chain, err) ==
		-1)
		goto out;
	settings.all_scanners = true;
	if ((patch = settings_to_json(&settings)) == NULL) {
		err_set(err, ERR_NOMEM, "", "settings");
		goto out;
	}
	cluster_state_keep(&s, order->req.keep);
	order->req.settings = patch;
	order->req.certs = &order->others;
	order->req.actor = *who;
	(void)snprintf(order->req.job, sizeof(order->req.job), "%s", job);
	rc = apply_run(
	    conf, &order->req, tell_job, (void *)(uintptr_t)conf, ret_job, err);
out:
	settings_clear(&settings);
	json_object_put(patch);
	order_clear(order);
	free(order);
	return rc;
}
