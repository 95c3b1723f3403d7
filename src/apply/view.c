/*
 * view.c - VIEW of ops.h: what is in force, in about a millisecond.
 *
 * Nothing here asks Postfix or parses a certificate unless main.cf or
 * master.cf is another file than last time: Postfix's facts come from
 * facts.c, those of the certificate from the generation's record.
 */
#include <stdio.h>
#include <string.h>

#include "certname.h"
#include "jsonx.h"
#include "levels.h"
#include "look.h"
#include "probed.h"
#include "sni_map.h"
#include "txn.h"

#define LIVE_PROBE_MS 1500
#define HOT_PROBE_MS  5000 /* smtpd waits for a main.cf this young */
#define HOT_S	      4

struct view {
	struct facts facts;
	long id;
	struct settings settings;
	struct json_object *gen, *meta; /* NULL without one */
	struct certs certs;		/* by the record, chains unread */
	struct json_object *drift;
	struct json_object *certificate; /* that Postfix has, or NULL */
	struct json_object *standing[CERT_USE__MAX]; /* of somebody else */
	bool running;
};

void
apply_etag(long generation, const char *maincf_sha256,
    const struct postfix_inbound *in, char dst[APPLY_ETAG_MAX])
{
	char text[SHA256_HEX + sizeof(in->service) + sizeof(in->process_limit) +
		  2];
	char hash[SHA256_HEX] = "00000000";

	(void)snprintf(text, sizeof(text), "%s %s %s", maincf_sha256,
	    in->service, in->process_limit);
	if (maincf_sha256[0] != '\0')
		(void)sha256_hex(text, strlen(text), hash);
	(void)snprintf(dst, APPLY_ETAG_MAX, "\"%ld-%.8s\"", generation, hash);
}

static void
view_clear(struct view *v)
{
	int use;

	facts_clear(&v->facts);
	settings_clear(&v->settings);
	json_object_put(v->gen);
	json_object_put(v->meta);
	json_object_put(v->drift);
	json_object_put(v->certificate);
	for (use = 0; use < CERT_USE__MAX; use++)
		json_object_put(v->standing[use]);
	certs_clear(&v->certs);
	memset(v, 0, sizeof(*v));
}

static int
view_read(const struct conf *conf, struct view *v, struct err *err)
{
	int use;

	if (facts_get(conf, &v->facts, err) == -1 ||
	    generation_current(conf, &v->id, err) == -1)
		return -1;
	if (v->id > 0 &&
	    generation_brief(conf, v->id, &v->gen, &v->meta, err) == -1)
		return -1;
	if (certs_init(&v->certs) == -1)
		return err_set(err, ERR_NOMEM, "", "certificates");
	if (certs_of_meta(&v->certs, v->meta, err) == -1 ||
	    settings_in_force(
		conf, &v->facts, v->id, v->meta, &v->settings, err) == -1)
		return -1;
	/* What cannot be described is not known, and no failure. */
	for (use = 0; use < CERT_USE__MAX; use++)
		(void)standing_certificate(conf, &v->facts, (enum cert_use)use,
		    &v->standing[use], NULL);
	v->certificate = json_object_get(
	    v->facts.params != NULL && params_own_certificate(v->facts.params)
		? v->standing[CERT_INBOUND]
		: jsonx_path(v->meta, "certificate"));
	cert_set_days_left(v->certificate, time(NULL));
	if (drift_find(conf, &v->facts, v->id, &v->settings, v->meta, &v->drift,
		err) == -1)
		return -1;
	v->running = postfix_running(&v->facts.info);
	return 0;
}

static struct json_object *
view_postfix(const struct conf *conf, const struct view *v)
{
	static const char *const state[] = {[POSTFIX_OK] = "stopped",
	    [POSTFIX_NONE] = "missing",
	    [POSTFIX_OTHER_MTA] = "other_mta",
	    [POSTFIX_TOO_OLD] = "too_old",
	    [POSTFIX_BROKEN] = "broken"};
	const struct postfix_info *info = &v->facts.info;
	struct json_object *o, *exempt;
	struct err why;
	char at[32];
	size_t i;

	o = json_object_new_object();
	exempt = json_object_new_array();
	for (i = 0; i < info->n_exempt && i < POSTFIX_EXEMPT_MAX; i++)
		json_object_array_add(
		    exempt, json_object_new_string(info->exempt[i]));
	err_clear(&why);
	(void)postfix_usable(info, &why);
	json_object_object_add(o, "state",
	    json_object_new_string(info->kind == POSTFIX_OK && v->running
				       ? "running"
				       : state[info->kind]));
	json_object_object_add(
	    o, "version", json_object_new_string(info->version_text));
	json_object_object_add(o, "config_directory",
	    json_object_new_string(conf->config_directory));
	json_object_object_add(o, "detail",
	    json_object_new_string(
		why.code == ERR_NONE ? info->detail : why.msg));
	if (why.code != ERR_NONE)
		json_object_object_add(
		    o, "code", json_object_new_string(err_name(why.code)));
	json_object_object_add(o, "exempt", exempt);
	if (info->maincf.st_mtime != 0) {
		time_iso(info->maincf.st_mtime, at);
		jsonx_put_str(o, "changed_at", at);
	}
	return o;
}

/* The parameters of the sections above TLS as Postfix has them, whoever set
 * them. */
static struct json_object *
view_inbound(const struct view *v)
{
	const struct postfix_inbound *in = &v->facts.info.inbound;
	struct json_object *o, *p = NULL;
	char host[64];
	const struct {
		const char *name, *value;
	} row[] = {{"service", in->service}, {"address", host},
	    {"inet_interfaces", in->interfaces}, {"smtpd_timeout", in->timeout},
	    {"process_limit", in->process_limit},
	    {"default_process_limit", in->default_limit},
	    {"mynetworks", in->mynetworks}, {"other_services", in->others}};
	size_t i;

	if (v->facts.info.kind != POSTFIX_OK ||
	    (o = json_object_new_object()) == NULL)
		return NULL;
	postfix_service_host(in->service, host);
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		json_object_object_add(
		    o, row[i].name, json_object_new_string(row[i].value));
	json_object_object_add(
	    o, "port", json_object_new_int(v->facts.info.probe_port));
	json_object_object_add(
	    o, "postscreen", json_object_new_boolean(in->postscreen));
	jsonx_put_str(o, "closed", v->facts.info.closed);
	if (v->facts.params != NULL)
		(void)json_object_object_get_ex(
		    v->facts.params, IN_CLIENTS, &p);
	json_object_object_add(o, IN_CLIENTS,
	    p == NULL ? json_object_new_string("") : json_object_get(p));
	return o;
}

/* What Postfix has that the settings have no words for. */
static struct json_object *
view_own(const struct view *v)
{
	const struct params_context c = {
	    .info = &v->facts.info, .current = v->facts.params};

	return params_own(&c);
}

/* One CERT of each algorithm. */
static struct json_object *
view_certificates(struct json_object *cert)
{
	struct json_object *list = json_object_new_array(), *first = NULL, *one;
	size_t i;

	if (cert == NULL || json_object_deep_copy(cert, &first, NULL) == -1)
		return list;
	json_object_object_del(first, "more");
	json_object_array_add(list, first);
	for (i = 1; (one = cert_of(cert, i)) != NULL; i++)
		json_object_array_add(list, json_object_get(one));
	return list;
}

/* In the middle of an apply the files are ahead of the last look. */
static void
view_probe(const struct conf *conf, const struct view *v, bool busy,
    struct json_object *o)
{
	struct probed p;

	probed_now(conf, &v->facts.info, v->facts.maincf_sha256, v->id, &p);
	probe_put(conf, &p, v->meta, o);
	if (busy)
		json_object_object_add(o, "probe_stale", NULL);
}

/* Does this parameter name that file of the generation in force? */
static bool
names_file(const struct conf *conf, const struct view *v, const char *parameter,
    const char *file)
{
	char path[STATE_PATH_MAX];

	return generation_path(conf, v->id, file, path, NULL) == 0 &&
	       strcmp(jsonx_path_str(v->facts.params, parameter, ""), path) ==
		   0;
}

static bool
names_chain(const struct conf *conf, const struct view *v)
{
	return names_file(conf, v, IN_CHAIN, CERT_DEFAULT_FILE);
}

/* Does any address offer TLS by what main.cf and master.cf say, with the
 * default certificate, with those by name? */
static void
view_used(const struct conf *conf, const struct view *v, bool used[CERTS_KINDS])
{
	const struct postfix_info *info = &v->facts.info;
	bool tls = false;
	size_t i;

	for (i = 0; i < info->n_listeners; i++)
		tls = tls || info->listener[i].wrapper ||
		      info->listener[i].tls != POSTFIX_TLS_NONE;
	used[CERTS_MAIN] = tls && v->facts.params != NULL &&
		  (names_chain(conf, v) ||
		      params_own_certificate(v->facts.params));
	used[CERTS_NAMED] =
	    tls && certs_names_served(conf, v->id,
		       jsonx_path_str(v->facts.params, SNI_MAPS, ""));
	used[CERTS_CLIENT] =
	    v->standing[CERT_OUTBOUND] != NULL ||
	    names_file(conf, v, OUT_CHAIN, CERT_CLIENT_FILE);
	used[CERTS_CA] = tls && params_ask_clients(v->facts.params) &&
			 (v->standing[CERT_CLIENT_CA] != NULL ||
			     names_file(conf, v, IN_CAFILE, CERT_CA_FILE));
}

static struct json_object *
view_json(const struct conf *conf, const struct view *v)
{
	struct json_object *o;
	char etag[APPLY_ETAG_MAX];
	bool busy = state_busy(conf), used[CERTS_KINDS];

	if ((o = json_object_new_object()) == NULL)
		return NULL;
	apply_etag(v->id, v->facts.maincf_sha256, &v->facts.info.inbound, etag);
	json_object_object_add(
	    o, "host", json_object_new_string(v->facts.info.myhostname));
	json_object_object_add(o, "etag", json_object_new_string(etag));
	json_object_object_add(o, "settings", settings_to_json(&v->settings));
	json_object_object_add(o, "apply_default",
	    json_object_new_string(apply_mode_name(conf->apply)));
	json_object_object_add(o, "generation", json_object_get(v->gen));
	json_object_object_add(
	    o, "certificate", json_object_get(v->certificate));
	json_object_object_add(
	    o, "certificates", view_certificates(v->certificate));
	view_used(conf, v, used);
	json_object_object_add(
	    o, "by_name", certs_to_view(
			     &v->certs, v->certificate, v->standing, used));
	json_object_object_add(o, "own", view_own(v));
	view_probe(conf, v, busy, o);
	json_object_object_add(o, "postfix", view_postfix(conf, v));
	json_object_object_add(o, "current", view_inbound(v));
	json_object_object_add(o, "usable",
	    json_object_new_boolean(v->facts.info.kind == POSTFIX_OK));
	/* In the middle of an apply main.cf is ahead of the record. */
	json_object_object_add(o, "drift",
	    busy ? json_object_new_array() : json_object_get(v->drift));
	json_object_object_add(o, "draft", NULL);
	json_object_object_add(o, "busy", json_object_new_boolean(busy));
	return o;
}

int
apply_view(const struct conf *conf, struct json_object **ret, struct err *err)
{
	struct view v;
	int rc = -1;

	memset(&v, 0, sizeof(v));
	if (view_read(conf, &v, err) == -1)
		goto out;
	if ((*ret = view_json(conf, &v)) == NULL) {
		err_set(err, ERR_NOMEM, "", "view");
		goto out;
	}
	rc = 0;
out:
	view_clear(&v);
	return rc;
}

/* Is the port open where the settings say?  Whether the access list is
 * followed was proven by the Save; a look now and then leaves no refusals in
 * the log. */
static int
live_sockets(
    const struct view *v, int ms, struct json_object *result, struct err *err)
{
	struct inbound_want want = {
	    .listen = v->settings.listen, .total_ms = ms};
	struct json_object *o = NULL;

	if (v->settings.listen == SETTING_KEEP ||
	    v->facts.info.n_listeners == 0)
		return 0;
	postfix_door(&v->facts.info, &v->facts.info.listener[0], &want.door);
	if (inbound_probe(&want, &o, err) == -1)
		return -1;
	json_object_object_add(result, "inbound", o);
	return 0;
}

/* The certificate in force, if main.cf names it. */
static struct json_object *
served_certificate(const struct conf *conf, const struct view *v)
{
	return names_chain(conf, v) ? jsonx_path(v->meta, "certificate") : NULL;
}

/* main.cf says TLS, and master.cf takes it away where the console's service
 * is: nothing else shows it. */
static int
live_overruled(const struct view *v, struct err *err)
{
	const struct postfix_listener *l = &v->facts.info.listener[0];

	if (v->facts.info.n_listeners == 0 || l->tls >= l->main_tls ||
	    l->wrapper)
		return 0;
	return err_set(err,
	    l->tls == POSTFIX_TLS_NONE ? ERR_PROBE_STARTTLS : ERR_PROBE_POLICY,
	    "", "master.cf, %.60s: -o smtpd_tls_security_level", l->service);
}

/* Ask the running Postfix now.  Whom the generation did not see is not seen
 * now. */
static int
live_probe(const struct conf *conf, const struct view *v, int ms,
    struct json_object **ret, struct err *err)
{
	struct look k = {.conf = conf,
	    .info = &v->facts.info,
	    .cert = served_certificate(conf, v),
	    .certs = &v->certs,
	    .before = jsonx_path(v->meta, "blind"),
	    .total_ms = ms};

	if (ms < HOT_PROBE_MS &&
	    v->facts.info.maincf.st_mtime + HOT_S > time(NULL))
		k.total_ms = HOT_PROBE_MS;
	if (postfix_usable(&v->facts.info, err) == -1 ||
	    look_prove(&k, ret, err) == -1 ||
	    live_sockets(v, ms, *ret, err) == -1)
		return -1;
	return live_overruled(v, err);
}

int
apply_prove(
    const struct conf *conf, int ms, struct json_object **ret, struct err *err)
{
	struct json_object *result = NULL;
	struct err why;
	struct view v;
	struct probed about;
	int rc = -1;

	err_clear(&why);
	memset(&v, 0, sizeof(v));
	if (view_read(conf, &v, &why) == -1)
		goto out;
	probed_now(conf, &v.facts.info, v.facts.maincf_sha256, v.id, &about);
	if ((rc = live_probe(conf, &v, ms, &result, &why)) == 0) {
		probe_keep(conf, &about, result);
		if (ret != NULL)
			*ret = json_object_get(result);
	} else {
		probe_keep_failure(conf, &about, why.code);
	}
out:
	if (rc == -1 && err != NULL)
		*err = why;
	json_object_put(result);
	view_clear(&v);
	return rc;
}

struct json_object *
apply_live(const struct conf *conf)
{
	struct json_object *o = NULL;
	struct err why;

	if (apply_prove(conf, LIVE_PROBE_MS, &o, &why) == 0)
		return o;
	o = json_object_new_object();
	json_object_object_add(o, "error", err_to_json(&why));
	return o;
}

/* The chain in force (key included: root's side only) and the host's name,
 * for the inspection of what is uploaded. */
int
apply_inspect_base(const struct conf *conf, struct buf *chain, char *host,
    size_t host_size, bool *ret_client, struct err *err)
{
	struct certs certs = {NULL, 0};
	struct facts facts;
	long id;
	int rc = -1;

	memset(&facts, 0, sizeof(facts));
	if (facts_get(conf, &facts, err) == -1)
		return -1;
	(void)snprintf(host, host_size, "%s", facts.info.myhostname);
	*ret_client = jsonx_member(facts.params, PARAM_CLIENT) != NULL;
	if (generation_current(conf, &id, err) == -1)
		goto out;
	if (certs_init(&certs) == -1) {
		err_set(err, ERR_NOMEM, "", "certificates");
		goto out;
	}
	rc = generation_certs(conf, id, &certs, err);
	if (rc == 0) {
		buf_clear(chain);
		*chain = certs.v[CERTS_DEFAULT].chain;
		buf_init(&certs.v[CERTS_DEFAULT].chain, CHAIN_MAX);
	}
	if (rc == 0 && chain->len == 0)
		rc = standing_beside(conf, &facts, chain, err);
out:
	certs_clear(&certs);
	facts_clear(&facts);
	return rc;
}
