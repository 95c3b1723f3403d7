/*
 * seal.c - console: settings out of a generation, or those of a Save, sealed
 * for one host.
 *
 * The body of a bundle: {"settings", "apply", "by", "console",
 * "left": settings that the console has never said anything about, where there
 * are any: a host keeps its own; "chain": base64 of key and chain (PEM), or
 * null, "certificates": the others (certs.h), where there are any,
 * "confirm": [code]: what was asked here and confirmed, "note": why, where
 * that was said (a former host reads over it)}, or, for one
 * host alone,
 * {"rejoin": true, "apply", "by", "console"}.
 * Both with "expires": seconds since 1970, from when on no host takes it: who
 * keeps bundles back cannot hand them out for ever.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "host.h"
#include "jsonx.h"
#include "rollout.h"
#include "settings_table.h"

/* A host that is away for longer gets the next one (src/sync/tidy.c). */
#define GOOD_FOR (30 * 24 * 3600)

/* What was asked on this console, and answered, as it is in force. */
static void
body_confirm(struct json_object *findings, struct json_object *o)
{
	struct json_object *list = json_object_new_array(), *row;
	size_t i, n = jsonx_len(findings);

	for (i = 0; i < n; i++) {
		row = json_object_array_get_idx(findings, i);
		if (strcmp(jsonx_path_str(row, "severity", ""),
			severity_name(SEV_CONFIRM)) == 0)
			/* a copy: the body is wiped */
			json_object_array_add(list,
			    json_object_new_string(
				jsonx_path_str(row, "code", "")));
	}
	json_object_object_add(o, "confirm", list);
}

/* A copy: the body is wiped. */
static void
body_note(const char *note, struct json_object *o)
{
	if (note != NULL && *note != '\0')
		jsonx_put_str(o, "note", note);
}

/* Switches have a value, whether anybody has said it or not: those whose
 * parameter the console has not written. */
static int
body_left(
    const struct conf *conf, long local, struct json_object *o, struct err *err)
{
	const struct settings_field *f;
	struct json_object *meta = NULL, *list;
	settings_mask said;

	if (generation_meta(conf, local, &meta, err) == -1)
		return -1;
	said = params_say(generation_owned(meta));
	body_confirm(jsonx_path(meta, "findings"), o);
	body_note(jsonx_path_str(meta, "note", NULL), o);
	json_object_put(meta);
	if ((list = json_object_new_array()) == NULL)
		return err_set(err, ERR_NOMEM, "", "bundle");
	for (f = settings_fields; f->form != NULL; f++)
		if (f->kind == SETTING_SWITCH &&
		    params_of(SETTING_BIT(f->id)) != 0 &&
		    (said & SETTING_BIT(f->id)) == 0)
			json_object_array_add(
			    list, json_object_new_string(f->path));
	json_object_object_add(o, "left", list);
	return 0;
}

/* Settings and chain: those given, or of a generation. */
static int
body_content(const struct conf *conf, const char *host,
    const struct cluster_content *c, struct json_object *o, struct err *err)
{
	struct settings settings;
	const struct certs *certs = c->certs;
	struct certs own = {NULL, 0};
	struct json_object *others;
	const struct buf *chain;
	int rc = -1;

	settings_default(&settings);
	if (c->settings != NULL) {
		if (settings_copy(&settings, c->settings) == -1) {
			err_set(err, ERR_NOMEM, "", "bundle");
			goto out;
		}
		body_confirm(c->findings, o);
		body_note(c->note, o);
	} else {
		certs = &own;
		if (certs_init(&own) == -1 ||
		    generation_settings(conf, c->local, &settings, err) == -1 ||
		    generation_certs(conf, c->local, &own, err) == -1 ||
		    certs_whole(&own, c->local, err) == -1 ||
		    body_left(conf, c->local, o, err) == -1)
			goto out;
	}
	if (cluster_reads(conf, host, c->own, cluster_uses(certs), err) == -1)
		goto out;
	chain = &certs->v[CERTS_DEFAULT].chain;
	settings.all_scanners = !c->own;
	json_object_object_add(
	    o, "settings", settings_to_store(&settings, SETTINGS_FIRST));
	json_object_object_add(o, "chain",
	    chain->len > 0 ? jsonx_new_b64(chain->data, chain->len) : NULL);
	others = certs_to_body(certs);
	if (certs->n > 1 && others == NULL) {
		err_set(err, ERR_NOMEM, "", "bundle");
		goto out;
	}
	if (others != NULL)
		json_object_object_add(o, "certificates", others);
	rc = 0;
out:
	settings_clear(&settings);
	certs_clear(&own);
	return rc;
}

static struct json_object *
body_make(const struct conf *conf, const char *host,
    const struct cluster_content *c, struct err *err)
{
	struct json_object *o;

	if ((o = json_object_new_object()) == NULL) {
		err_set(err, ERR_NOMEM, "", "bundle");
		return NULL;
	}
	jsonx_put_str(o, "apply", c->apply);
	jsonx_put_str(o, "by", c->by);
	jsonx_put_str(o, "console", conf->cluster_name);
	jsonx_put_int(o, "expires", (int64_t)time(NULL) + GOOD_FOR);
	if (c->rejoin) {
		json_object_object_add(
		    o, "rejoin", json_object_new_boolean(true));
	} else if (body_content(conf, host, c, o, err) == -1) {
		json_object_put(o);
		return NULL;
	}
	return o;
}

int
cluster_seal(const struct conf *conf, const char *host,
    const struct cluster_content *c, struct buf *sealed, struct err *err)
{
	struct bundle_identity console;
	struct bundle_head head;
	struct pki_bytes cert;
	struct json_object *body = NULL;
	struct cluster_state s;
	struct buf pair, pem;
	int rc = -1;

	buf_init(&pair, BUNDLE_PEM_MAX);
	buf_init(&pem, BUNDLE_PEM_MAX);
	if (cluster_state_read(conf, &s, err) == -1 ||
	    cluster_identity_pair(conf, &pair, err) == -1 ||
	    cluster_host_cert(conf, host, &pem, err) == -1 ||
	    (body = body_make(conf, host, c, err)) == NULL)
		goto out;
	head.cluster = s.id;
	head.host = host;
	head.generation = c->generation;
	head.own = c->own;
	console.key.data = console.certificate.data = pair.data;
	console.key.len = console.certificate.len = pair.len;
	cert.data = pem.data;
	cert.len = pem.len;
	rc = bundle_seal(&head, body, &console, &cert, sealed, err);
out:
	jsonx_wipe(body);
	buf_clear(&pair);
	buf_clear(&pem);
	return rc;
}

/* What chosen/NAME.json holds for that host. */
static int
seal_chosen(const struct conf *conf, const char *host, const char *id,
    struct json_object **data, struct err *err)
{
	char file[BUNDLE_NAME_MAX + 16];
	struct json_object *o = NULL;
	int rc = -1;

	(void)snprintf(file, sizeof(file), "chosen/%s.json", host);
	if (cluster_file_read(conf, file, &o, err) == -1)
		return -1;
	if (o == NULL || strcmp(jsonx_path_str(o, "id", ""), id) != 0) {
		err_set(err, ERR_SCANNER_UNKNOWN, "host",
		    "nothing was sealed for %.64s", host);
	} else {
		*data = json_object_new_object();
		json_object_object_add(
		    *data, "blob", json_object_get(jsonx_path(o, "blob")));
		rc = 0;
	}
	json_object_put(o);
	return rc;
}

static int
seal_now(const struct conf *conf, const char *host,
    const struct cluster_content *content, struct json_object **data,
    struct err *err)
{
	struct buf sealed;
	int rc;

	buf_init(&sealed, BUNDLE_SEALED_MAX);
	rc = cluster_seal(conf, host, content, &sealed, err);
	if (rc == 0) {
		*data = json_object_new_object();
		json_object_object_add(
		    *data, "blob", jsonx_new_b64(sealed.data, sealed.len));
	}
	buf_clear(&sealed);
	return rc;
}

/* The members of a Save that outbox.json and meta.json both have. */
static void
content_of(struct json_object *o, struct cluster_content *c)
{
	c->by = jsonx_path_str(o, "by", "");
	c->apply = jsonx_path_str(o, "apply", "restart");
}

/* Saved here, or taken from another console. */
static int
seal_in_force(const struct conf *conf, const char *host,
    struct json_object *box, struct json_object **data, struct err *err)
{
	struct cluster_content content = {0};
	struct json_object *meta = NULL;
	struct cluster_state s;
	int rc;

	if (cluster_state_read(conf, &s, err) == -1)
		return -1;
	if (s.generation == 0 || s.local == 0 || s.own)
		return err_set(err, ERR_SCANNER_UNKNOWN, "host",
		    "nothing is in force here for all");
	content.generation = s.generation;
	content.local = (long)s.local;
	if (jsonx_path_int(box, "generation") == s.generation &&
	    jsonx_path_int(box, "local") == s.local)
		content_of(box, &content);
	else if (generation_meta(conf, content.local, &meta, err) == 0)
		content_of(meta, &content);
	else
		return -1;
	rc = seal_now(conf, host, &content, data, err);
	json_object_put(meta);
	return rc;
}

int
cluster_seal_for(const struct conf *conf, const char *host, const char *id,
    struct json_object **data, struct err *err)
{
	struct cluster_content content = {0};
	struct json_object *box = NULL;
	int rc;

	if (!bundle_name_valid(host))
		return err_set(err, ERR_SCANNER_UNKNOWN, "host", "no name");
	if (cluster_file_read(conf, "outbox.json", &box, err) == -1)
		return -1;
	if (id == NULL) {
		rc = seal_in_force(conf, host, box, data, err);
	} else if (strcmp(jsonx_path_str(box, "id", ""), id) != 0) {
		rc = seal_chosen(conf, host, id, data, err);
	} else if (jsonx_path_str(box, "outcome", "")[0] != '\0') {
		rc = err_set(err, ERR_SCANNER_UNKNOWN, "id",
		    "that Save does not wait any more");
	} else {
		content.generation = jsonx_path_int(box, "generation");
		content.local = (long)jsonx_path_int(box, "local");
		content_of(box, &content);
		rc = seal_now(conf, host, &content, data, err);
	}
	json_object_put(box);
	return rc;
}
