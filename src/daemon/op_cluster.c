/*
 * op_cluster.c - what postseal-sync may ask: is there something to publish,
 * seal this for that host, apply this blob, here is what I saw in etcd.
 *
 * It is an unprivileged process that talks to the network: it gets blobs that
 * only a scanner can open, and what it reports is believed where a scanner's
 * identity has signed it.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cluster_save.h"
#include "fsx.h"
#include "jsonx.h"
#include "opcluster.h"
#include "util.h"

#define TEXT_MAX 4096

/* {"text", "sig"}: what this host says of itself. */
static int
signed_status(const struct conf *conf, bool probe, struct json_object **ret,
    struct err *err)
{
	struct json_object *o = NULL;
	const char *text;
	struct buf sig;
	int rc = -1;

	buf_init(&sig, BUNDLE_SIGNATURE_MAX);
	if (cluster_status(conf, probe, &o, err) == -1)
		goto out;
	text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
	if (text == NULL || cluster_sign(conf, text, &sig, err) == -1)
		goto out;
	*ret = json_object_new_object();
	jsonx_put_str(*ret, "text", text);
	json_object_object_add(*ret, "sig", jsonx_new_b64(sig.data, sig.len));
	rc = 0;
out:
	json_object_put(o);
	buf_clear(&sig);
	return rc;
}

/* The file's object while nobody has dealt with it, or NULL. */
static int
open_request(const struct conf *conf, const char *file,
    struct json_object **ret, struct err *err)
{
	if (cluster_file_read(conf, file, ret, err) == -1)
		return -1;
	if (*ret != NULL &&
	    strcmp(jsonx_path_str(*ret, "outcome", ""), "") != 0) {
		json_object_put(*ret);
		*ret = NULL;
	}
	return 0;
}

static int
poll_data(
    const struct conf *conf, bool probe, struct json_object *o, struct err *err)
{
	struct json_object *publish = NULL, *command = NULL, *hosts = NULL;
	struct json_object *status = NULL, *chosen = NULL;
	char serial[CLUSTER_SERIAL_MAX], enrolled[CLUSTER_SERIAL_MAX];
	struct cluster_state s;

	/* The serial first: what changes meanwhile is seen next time. */
	if (cluster_serial(conf, serial, err) == -1 ||
	    cluster_enrolled(conf, enrolled, err) == -1 ||
	    cluster_state_read(conf, &s, err) == -1 ||
	    cluster_hosts(conf, &hosts, err) == -1)
		return -1;
	if (open_request(conf, "outbox.json", &publish, err) == -1 ||
	    open_request(conf, "command.json", &command, err) == -1 ||
	    open_request(conf, "chosen.json", &chosen, err) == -1 ||
	    signed_status(conf, probe, &status, err) == -1) {
		json_object_put(publish);
		json_object_put(command);
		json_object_put(chosen);
		json_object_put(hosts);
		return -1;
	}
	/* The probe's own trace is no change. */
	if (probe && cluster_serial(conf, serial, err) == -1)
		serial[0] = '\0';
	jsonx_put_str(o, "serial", serial);
	jsonx_put_str(o, "enrolled", enrolled);
	jsonx_put_str(o, "name", conf->cluster_name);
	jsonx_put_str(o, "cluster", s.id);
	jsonx_put_bool(o, "console", conf->cluster_console);
	jsonx_put_int(o, "local", s.local);
	cluster_counts_put(o, &s);
	json_object_object_add(o, "publish", publish);
	json_object_object_add(o, "chosen", chosen);
	json_object_object_add(o, "command", command);
	json_object_object_add(o, "hosts", hosts);
	json_object_object_add(o, "status", status);
	return 0;
}

int
op_cluster_poll(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	const char *serial = jsonx_path_str(args, "serial", NULL);
	int wait = (int)jsonx_path_int(args, "wait_ms");
	struct json_object *o;

	if (!cluster_on(c->conf))
		return err_set(err, ERR_CLUSTER_NONE, "", "no [cluster]");
	if (serial != NULL && wait > 0 &&
	    cluster_wait(c->conf, c->fd, serial, wait, err) == -1)
		return -1;
	o = json_object_new_object();
	if (poll_data(c->conf, jsonx_path_bool(args, "probe"), o, err) == -1) {
		json_object_put(o);
		return -1;
	}
	*data = o;
	return 0;
}

/* What chosen/NAME.json holds for that host. */
static int
sealed_before(const struct conf *conf, const char *host, const char *id,
    struct json_object **data, struct err *err)
{
	char file[BUNDLE_NAME_MAX + 16];
	struct json_object *o = NULL;
	int rc = -1;

	if (!bundle_name_valid(host))
		return err_set(err, ERR_SCANNER_UNKNOWN, "host", "no name");
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
seal_now(struct call *c, const char *host,
    const struct cluster_content *content, struct json_object **data,
    struct err *err)
{
	struct buf sealed;
	int rc;

	buf_init(&sealed, BUNDLE_SEALED_MAX);
	rc = cluster_seal(c->conf, host, content, &sealed, err);
	if (rc == 0) {
		*data = json_object_new_object();
		json_object_object_add(
		    *data, "blob", jsonx_new_b64(sealed.data, sealed.len));
	}
	buf_clear(&sealed);
	return rc;
}

int
op_cluster_seal(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	const char *host = jsonx_path_str(args, "host", "");
	const char *chosen = jsonx_path_str(args, "chosen", NULL);
	const struct cluster_content content = {
	    .local = (long)jsonx_path_int(args, "local"),
	    .generation = jsonx_path_int(args, "generation"),
	    .by = jsonx_path_str(args, "by", ""),
	    .apply = jsonx_path_str(args, "apply", "restart"),
	};
	enum apply_mode mode;

	if (!c->conf->cluster_console)
		return err_set(err, ERR_CLUSTER_NOT_CONSOLE, "",
		    "this host is no console of the cluster");
	if (chosen != NULL)
		return sealed_before(c->conf, host, chosen, data, err);
	if (content.generation == 0 || content.local == 0 ||
	    apply_mode_from_name(content.apply, &mode) == -1)
		return err_set(err, ERR_FIELD_INVALID, "generation",
		    "expected generation, local and apply");
	return seal_now(c, host, &content, data, err);
}

/* The Save that is published is the cluster's generation on this host too. */
static int
published(const struct conf *conf, struct json_object *box, struct err *err)
{
	struct cluster_state s;

	if (cluster_state_read(conf, &s, err) == -1)
		return -1;
	s.previous = s.local;
	s.local = (long)json_object_get_int64(jsonx_path(box, "local"));
	s.generation = json_object_get_int64(jsonx_path(box, "generation"));
	s.newest = s.generation;
	s.own = false;
	s.failed = s.attempt = 0;
	s.code[0] = '\0';
	return cluster_state_write(conf, &s, err);
}

static int
settle(const struct conf *conf, const char *file, const char *id,
    const char *outcome, const char *detail, struct err *err)
{
	struct json_object *o = NULL;
	char text[200];
	int rc = 0;

	if (cluster_file_read(conf, file, &o, err) == -1)
		return -1;
	if (o != NULL && strcmp(jsonx_path_str(o, "id", ""), id) == 0 &&
	    strcmp(jsonx_path_str(o, "outcome", ""), "") == 0) {
		clean_copy(text, sizeof(text), detail);
		jsonx_put_str(o, "outcome", outcome);
		jsonx_put_str(o, "detail", text);
		if (strcmp(file, "outbox.json") == 0 &&
		    strcmp(outcome, "published") == 0)
			rc = published(conf, o, err);
		if (rc == 0)
			rc = cluster_file_write(conf, file, o, err);
	}
	json_object_put(o);
	return rc;
}

int
op_cluster_published(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	const char *id = jsonx_path_str(args, "id", "");
	const char *outcome = jsonx_path_str(args, "outcome", "");
	const char *detail = jsonx_path_str(args, "detail", "");

	(void)data;
	if (id[0] == '\0' || (strcmp(outcome, "published") != 0 &&
				 strcmp(outcome, "stale") != 0 &&
				 strcmp(outcome, "failed") != 0))
		return err_set(err, ERR_FIELD_INVALID, "outcome",
		    "expected published, stale or failed");
	if (settle(c->conf, "outbox.json", id, outcome, detail, err) == -1 ||
	    settle(c->conf, "chosen.json", id, outcome, detail, err) == -1)
		return -1;
	return settle(c->conf, "command.json", id, outcome, detail, err);
}

int
op_cluster_apply(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	struct json_object *error = NULL;
	struct cluster_order order = {
	    .own = jsonx_path_bool(args, "own"),
	    .claimed = jsonx_path_int(args, "generation"),
	    .attempt = jsonx_path_int(args, "attempt"),
	};
	struct buf blob;
	int rc = -1;

	buf_init(&blob, BUNDLE_SEALED_MAX);
	if (jsonx_b64(args, "blob", "blob", BUNDLE_SEALED_MAX, &blob, err) ==
	    -1)
		goto out;
	if (!cluster_on(c->conf)) {
		err_set(err, ERR_CLUSTER_NONE, "", "no [cluster]");
		goto out;
	}
	order.sealed.data = blob.len > 0 ? blob.data : "";
	order.sealed.len = blob.len;
	rc = cluster_apply(c->conf, &order, data, &error, err);
	c->error = error;
out:
	buf_clear(&blob);
	return rc;
}

/* One row as reported, believed or not. */
static struct json_object *
check_row(const struct conf *conf, struct json_object *row)
{
	const char *name = jsonx_path_str(row, "name", "");
	const char *text = jsonx_path_str(row, "text", "");
	struct json_object *o = json_object_new_object(), *says = NULL;
	struct pki_bytes cert, signature;
	struct buf pem, sig;
	struct err err;
	bool known, valid = false;

	buf_init(&pem, BUNDLE_PEM_MAX);
	buf_init(&sig, BUNDLE_SIGNATURE_MAX);
	err_clear(&err);
	known = cluster_host_cert(conf, name, &pem, &err) == 0;
	if (known && text[0] != '\0' && strlen(text) <= TEXT_MAX &&
	    jsonx_b64(row, "sig", "sig", BUNDLE_SIGNATURE_MAX, &sig, &err) ==
		0) {
		cert.data = pem.data;
		cert.len = pem.len;
		signature.data = sig.data;
		signature.len = sig.len;
		valid = bundle_verify(&cert, text, &signature, &err) == 0 &&
			jsonx_parse(text, strlen(text), 4, &says, &err) == 0 &&
			strcmp(jsonx_path_str(says, "name", ""), name) == 0;
	}
	jsonx_put_str(o, "name", name);
	json_object_object_add(o, "known", json_object_new_boolean(known));
	json_object_object_add(o, "valid", json_object_new_boolean(valid));
	json_object_object_add(
	    o, "reported", json_object_new_boolean(text[0] != '\0'));
	json_object_object_add(
	    o, "alive", json_object_get(jsonx_path(row, "alive")));
	json_object_object_add(
	    o, "seen", json_object_get(jsonx_path(row, "seen")));
	json_object_object_add(o, "says", valid ? json_object_get(says) : NULL);
	json_object_put(says);
	buf_clear(&pem);
	buf_clear(&sig);
	return o;
}

int
op_cluster_report(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	struct json_object *hosts = jsonx_member(args, "hosts"), *list, *o;
	char path[1024], at[32];
	const char *text;
	size_t i, n = jsonx_len(hosts);
	int rc = -1;

	if (!cluster_on(c->conf))
		return err_set(err, ERR_CLUSTER_NONE, "", "no [cluster]");
	list = json_object_new_array();
	for (i = 0; i < n; i++)
		json_object_array_add(list,
		    check_row(c->conf, json_object_array_get_idx(hosts, i)));
	if (cluster_highest_note(c->conf, list, err) == -1) {
		json_object_put(list);
		return -1;
	}
	o = json_object_new_object();
	time_iso(time(NULL), at);
	jsonx_put_str(o, "at", at);
	json_object_object_add(
	    o, "etcd", json_object_get(jsonx_member(args, "etcd")));
	json_object_object_add(
	    o, "desired", json_object_get(jsonx_member(args, "desired")));
	json_object_object_add(o, "hosts", list);
	text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
	if (text == NULL)
		err_set(err, ERR_NOMEM, "", "report");
	else if (cluster_path(
		     c->conf, "scanners.json", path, sizeof(path), err) == 0)
		rc = fsx_replace_fast(path, text, strlen(text), 0600, err);
	if (rc == 0) {
		*data = json_object_new_object();
		json_object_object_add(*data, "hosts", json_object_get(list));
	}
	json_object_put(o);
	return rc;
}
