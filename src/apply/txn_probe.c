/*
 * txn_probe.c - the running Postfix before the change, after it, and after a
 * way back.
 *
 * Before anything is written every inbound address is looked at as it is: the
 * baseline.  An address that turns this host away then can prove nothing
 * later; that is reported, and has to be confirmed once: the generation keeps
 * whom it did not see, and the next one does not ask again (a renewal at night
 * has nobody to ask).  A Postfix that does not answer at all is not asked
 * about: it may be what the Save mends.  If it answers no more after it than
 * before, the Save stays, and that nothing was proven is said.  After a failure
 * the former state is measured by the same baseline, and by nothing that it
 * never was.
 */
#include <sys/stat.h>

#include <stdio.h>
#include <string.h>

#include "fsx.h"
#include "jsonx.h"
#include "levels.h"
#include "look.h"
#include "sni_map.h"
#include "txn_plan.h"
#include "txn_switch.h"

#define SEE_MS	      5000 /* a hot main.cf takes two of them */
#define PROBE_BACK_MS 6000
#define READ_MS	      50 /* between two clocks */

static bool
is_state(struct json_object *o, const char *state)
{
	return strcmp(jsonx_path_str(o, "state", ""), state) == 0;
}

/* Whom the generation in force did not see either, by its record. */
static int
load_blind(const struct txn *t, struct json_object **ret, struct err *err)
{
	struct json_object *meta = NULL;

	if (t->prev > 0 && generation_meta(t->conf, t->prev, &meta, err) == -1)
		return -1;
	*ret = json_object_get(jsonx_path(meta, "blind"));
	json_object_put(meta);
	return 0;
}

static void
tell_blind(struct txn *t, struct json_object *o)
{
	char port[16];

	(void)snprintf(
	    port, sizeof(port), "%d", (int)jsonx_path_int(o, "port"));
	findings_add(&t->findings, ERR_PROBE_BLIND, "", "address",
	    jsonx_path_str(o, "address", ""), "port", port, "detail",
	    jsonx_path_str(o, "detail", ""), NULL);
}

/* The blind rows of the baseline; those that are new are asked about. */
static int
note_blind(struct txn *t, struct json_object *known, struct err *err)
{
	struct json_object *list = json_object_new_array(), *o, *was;
	size_t i;

	if (list == NULL)
		return err_set(err, ERR_NOMEM, "", "baseline");
	for (i = 0; i < jsonx_len(t->baseline); i++) {
		o = json_object_array_get_idx(t->baseline, i);
		if (!is_state(o, "blind"))
			continue;
		json_object_array_add(list, json_object_get(o));
		was = look_find(known, jsonx_path_str(o, "address", ""),
		    (int)jsonx_path_int(o, "port"));
		if (was == NULL || !look_same_reason(was, o))
			tell_blind(t, o);
	}
	json_object_put(t->blind);
	t->blind = list;
	return 0;
}

/* A reload does not wake a service that master has throttled
 * (POSTFIX.md 1.14). */
static int
check_reload(const struct txn *t, struct err *err)
{
	struct json_object *first;

	if (t->mode != APPLY_RELOAD || jsonx_len(t->baseline) == 0)
		return 0;
	first = json_object_array_get_idx(t->baseline, 0);
	if (!is_state(first, "dark"))
		return 0;
	return err_set(err, ERR_APPLY_RELOAD, "apply",
	    "Postfix does not answer, which a reload cannot mend: %.120s",
	    jsonx_path_str(first, "detail", ""));
}

/* By the kernel's clock: an mtime is whatever somebody made it, and a file
 * that was moved here keeps its own.  A link may be another one since. */
static int64_t
changed_at(const struct txn *t, const char *name, const struct stat *target)
{
	struct timespec at = target->st_ctim;
	char path[STATE_PATH_MAX];
	struct stat link;

	if (fsx_path(path, sizeof(path), NULL, "%s/%s",
		t->conf->config_directory, name) == 0 &&
	    lstat(path, &link) == 0 && S_ISLNK(link.st_mode) &&
	    link.st_ctim.tv_sec >= at.tv_sec)
		at = link.st_ctim;
	return (int64_t)at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

/* An edit by hand that nobody reloaded comes into force with this change: what
 * Postfix does now need not be what it does by its files. */
static void
find_unread(struct txn *t)
{
	const struct {
		const char *name;
		const struct stat *st;
	} files[] = {{"main.cf", &t->facts.info.maincf},
	    {"master.cf", &t->facts.info.mastercf}};
	int64_t read_at = postfix_read_at(&t->facts.info);
	size_t i;

	for (i = 0; read_at > 0 && i < sizeof(files) / sizeof(files[0]); i++) {
		if (changed_at(t, files[i].name, files[i].st) <=
		    read_at + READ_MS)
			continue;
		t->unread = true;
		findings_add(&t->findings, ERR_POSTFIX_UNREAD, "", "file",
		    files[i].name, NULL);
	}
}

int
txn_baseline(struct txn *t, struct err *err)
{
	struct json_object *known = NULL;
	int rc = -1;

	if (load_blind(t, &known, err) == -1)
		return -1;
	probed_now(
	    t->conf, &t->facts.info, t->facts.maincf_sha256, t->prev, &t->seen);
	if (t->running && t->plan.n > 0)
		find_unread(t);
	/* An smtpd that must die of main.cf as it stands is not woken for a
	 * look: master would throttle the service. */
	if (!t->running || (t->plan.n == 0 && !t->req->adopt) ||
	    postfix_takes_main(t->conf, t->conf->config_directory, NULL) ==
		-1) {
		t->blind = known;
		return 0;
	}
	if (look_see(t->conf, &t->facts.info, SEE_MS, &t->baseline, err) == 0 &&
	    note_blind(t, known, err) == 0)
		rc = check_reload(t, err);
	json_object_put(known);
	return rc == -1 ? -1 : txn_refuse(t, err);
}

/*
 * The former state again, as far as it was seen.  A recovery of a generation
 * that kept no baseline asks for an answer and no more.
 */
int
txn_probe_former(const struct txn *t, struct err *err)
{
	struct json_object *now = NULL, *first;
	int rc = 0;

	if (t->baseline != NULL)
		return look_same(
		    t->conf, &t->facts.info, t->baseline, PROBE_BACK_MS, err);
	if (look_see(t->conf, &t->facts.info, PROBE_BACK_MS, &now, err) == -1)
		return -1;
	if (jsonx_len(now) > 0) {
		first = json_object_array_get_idx(now, 0);
		if (is_state(first, "dark"))
			rc = err_set(err, ERR_PROBE_BANNER, "", "%.150s",
			    jsonx_path_str(first, "detail", ""));
	}
	json_object_put(now);
	return rc;
}

/* What main.cf says of it with this change. */
static const char *
said_then(const struct txn *t, const char *name)
{
	const struct param_change *c = txn_planned(t, name);

	if (c != NULL)
		return c->after == NULL ? "" : c->after;
	return jsonx_path_str(t->facts.params, name, "");
}

/* Does main.cf name the chain file of this generation? */
static struct json_object *
served_certificate(const struct txn *t)
{
	char path[STATE_PATH_MAX];

	if (t->standing != NULL)
		return t->standing;
	if (generation_path(t->conf, t->id, CERT_DEFAULT_FILE, path, NULL) ==
	    -1)
		return NULL;
	return strcmp(said_then(t, IN_CHAIN), path) == 0 ? txn_cert(t)->facts
							 : NULL;
}

/* As a gateway may have stood before the console, and stands after it. */
static bool
names_none(struct json_object *params)
{
	return params != NULL && !params_own_certificate(params) &&
	       jsonx_path_str(params, IN_CHAIN, "")[0] == '\0';
}

int
txn_probe_files(const struct txn *t, struct err *err)
{
	const struct look k = {.conf = t->conf,
	    .info = &t->facts.info,
	    .before = t->baseline,
	    .accept_blind = true,
	    .any_certificate = true,
	    .no_certificate = names_none(t->facts.params),
	    .total_ms = PROBE_BACK_MS};
	struct json_object *o = NULL;
	int rc = look_prove(&k, &o, err);

	json_object_put(o);
	return rc;
}

/* Does it name the table of this generation? */
static bool
serves_names(const struct txn *t)
{
	return certs_names_served(t->conf, t->id, said_then(t, SNI_MAPS));
}

/* Does another service of the new master.cf have this port? */
static bool
others_have(const struct txn *t, int port)
{
	const struct postfix_inbound *in = &t->next.inbound;
	size_t i;

	for (i = 0; i < in->n_inet; i++)
		if (in->inet[i].port == port)
			return true;
	return false;
}

static bool
first_is_proven(const struct txn *t)
{
	struct json_object *list = jsonx_path(t->probe, "addresses");

	return jsonx_len(list) > 0 &&
	       is_state(json_object_array_get_idx(list, 0), "proven");
}

/* The sections above TLS, where they are managed or were until now. */
static int
probe_inbound(struct txn *t, int total_ms, struct err *err)
{
	const struct settings *s = &t->settings;
	const struct postfix_listener *l = &t->next.listener[0];
	struct inbound_want want = {.listen = s->listen,
	    .before = t->listeners_known ? &t->listeners : NULL,
	    .restarted =
		t->listeners_known && txn_changes(t, PARAM_SOCKETS) != NULL,
	    .shared = others_have(t, t->next.probe_port),
	    .tls_only = l->tls == POSTFIX_TLS_ENCRYPT,
	    .wants_certificate = l->wants_certificate,
	    .domain = t->next.myhostname,
	    .total_ms = conf_ms(t->conf, total_ms)};
	struct json_object *o = NULL;
	const char *note;

	postfix_door(&t->next, l, &want.door);
	if (t->facts.info.probe_port != t->next.probe_port &&
	    !others_have(t, t->facts.info.probe_port))
		want.old_port = t->facts.info.probe_port;
	if (s->access_policy != SETTING_KEEP && first_is_proven(t))
		want.generation = t->id;
	if (s->listen == SETTING_KEEP && want.old_port == 0 &&
	    want.generation == 0)
		return 0;
	if (inbound_probe(&want, &o, err) == -1)
		return -1;
	note = jsonx_path_str(o, "note", NULL);
	if (note != NULL)
		findings_add(&t->findings, ERR_ACCESS_UNPROVEN, "access_policy",
		    "detail", note, NULL);
	json_object_object_add(t->probe, "inbound", o);
	return 0;
}

/* "a.example, b.example": names that clients are given another certificate
 * for. */
static void
tell_names(struct txn *t)
{
	struct json_object *list = jsonx_path(t->probe, "addresses"), *names;
	char text[256] = "";
	size_t i, k, len = 0;

	for (i = 0; i < jsonx_len(list); i++) {
		names = jsonx_path(
		    json_object_array_get_idx(list, i), "names_other");
		for (k = 0; k < jsonx_len(names) && len < sizeof(text); k++) {
			if (strstr(text, jsonx_str_at(names, k)) != NULL)
				continue;
			len += (size_t)snprintf(text + len, sizeof(text) - len,
			    "%s%s", len == 0 ? "" : ", ",
			    jsonx_str_at(names, k));
		}
	}
	if (text[0] != '\0')
		findings_add(&t->findings, ERR_PROBE_SNI, "server_certificate",
		    "names", text, NULL);
}

/* Certificates by name that come with this change, and that nobody was seen to
 * be given. */
static void
tell_unproven(struct txn *t)
{
	struct json_object *list, *row;
	const char *name, *host;
	char text[256] = "";
	enum cert_use use;
	size_t i, len = 0;

	if (jsonx_path(t->probe, "by_name") != NULL)
		return;
	list = certs_changed(&t->stored, &t->certs);
	for (i = 0; i < jsonx_len(list) && len < sizeof(text); i++) {
		row = json_object_array_get_idx(list, i);
		name = jsonx_path_str(row, "name", "");
		cert_by_call(name, &use, &host);
		if (use == CERT_INBOUND &&
		    strcmp(jsonx_path_str(row, "change", ""), "removed") != 0)
			len += (size_t)snprintf(text + len, sizeof(text) - len,
			    "%s%s", len == 0 ? "" : ", ", name);
	}
	if (text[0] != '\0')
		findings_add(&t->findings, ERR_SNI_UNPROVEN, "name", "names",
		    text, NULL);
	json_object_put(list);
}

/* Who was silent before and is silent still. */
static void
tell_silent(struct txn *t)
{
	struct json_object *list = jsonx_path(t->probe, "addresses"), *o;
	char port[16];
	size_t i;

	for (i = 0; i < jsonx_len(list); i++) {
		o = json_object_array_get_idx(list, i);
		if (!is_state(o, "not_seen"))
			continue;
		(void)snprintf(
		    port, sizeof(port), "%d", (int)jsonx_path_int(o, "port"));
		findings_add(&t->findings,
		    jsonx_path(o, "tls_error") != NULL ? ERR_PROBE_NO_CERT
						       : ERR_PROBE_UNSEEN,
		    "", "address", jsonx_path_str(o, "address", ""), "port",
		    port, "detail", jsonx_path_str(o, "detail", ""), NULL);
	}
}

/* Whom this change was not seen by either: it is kept, and not asked about
 * again. */
static void
keep_blind(struct txn *t)
{
	struct json_object *all = jsonx_path(t->probe, "addresses"), *o, *list;
	size_t i;

	if ((list = json_object_new_array()) == NULL)
		return;
	for (i = 0; i < jsonx_len(all); i++) {
		o = json_object_array_get_idx(all, i);
		if (is_state(o, "blind"))
			json_object_array_add(list, json_object_get(o));
	}
	json_object_put(t->blind);
	t->blind = list;
}

static bool
confirmed(const struct txn *t, enum err_code code)
{
	size_t i;

	for (i = 0; t->req != NULL && i < t->req->n_confirm; i++)
		if (strcmp(t->req->confirm[i], err_name(code)) == 0)
			return true;
	return false;
}

int
txn_probe(struct txn *t, int total_ms, struct err *err)
{
	struct json_object *after = params_after(t->facts.params, &t->plan);
	const struct look k = {.conf = t->conf,
	    .info = &t->next,
	    .cert = served_certificate(t),
	    .certs = &t->certs,
	    .by_name = serves_names(t),
	    .before = t->baseline,
	    .accept_blind = confirmed(t, ERR_PROBE_BLIND),
	    .no_certificate = names_none(after),
	    .total_ms = total_ms};

	json_object_put(after);
	json_object_put(t->probe);
	t->probe = NULL;
	if (look_prove(&k, &t->probe, err) == -1)
		return -1;
	if (t->next.n_listeners > 0 && probe_inbound(t, total_ms, err) == -1)
		return -1;
	tell_names(t);
	tell_unproven(t);
	tell_silent(t);
	keep_blind(t);
	return 0;
}
