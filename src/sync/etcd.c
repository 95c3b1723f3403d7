/*
 * etcd.c - what is asked of etcd: range, put, txn, lease.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "etcd_int.h"
#include "fsx.h"
#include "jsonx.h"

static int
read_endpoints(struct etcd *e, struct err *err)
{
	const char *p = e->conf->cluster_endpoints;
	size_t n;

	while (*p != '\0' && e->n < ENDPOINTS_MAX) {
		n = strcspn(p, ",");
		if (n >= sizeof(e->endpoint[0]))
			return err_set(
			    err, ERR_CONFIG, "endpoints", "too long");
		memcpy(e->endpoint[e->n], p, n);
		e->endpoint[e->n++][n] = '\0';
		p += n;
		p += *p == ',';
	}
	if (e->n == 0)
		return err_set(err, ERR_CONFIG, "endpoints",
		    "[cluster] endpoints is missing");
	return 0;
}

static int
read_password(struct etcd *e, struct err *err)
{
	const char *path = e->conf->cluster_password_file;
	struct buf b;
	int rc;

	(void)snprintf(e->user, sizeof(e->user), "%s",
	    e->conf->cluster_user[0] != '\0' ? e->conf->cluster_user
					     : e->conf->cluster_name);
	if (path[0] == '\0')
		return 0;
	buf_init(&b, PASSWORD_MAX - 1);
	if ((rc = fsx_read(path, PASSWORD_MAX - 1, &b, err)) == 0) {
		memcpy(e->password, b.data, b.len);
		e->password[strcspn(e->password, "\r\n")] = '\0';
	}
	buf_clear(&b);
	return rc;
}

int
etcd_new(const struct conf *conf, struct etcd **ret, struct err *err)
{
	struct etcd *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return err_set(err, ERR_NOMEM, "", "etcd");
	e->conf = conf;
	buf_init(&e->line, LINE_MAX_LEN);
	e->events = json_object_new_array();
	e->easy = curl_easy_init();
	e->multi = curl_multi_init();
	if (e->easy == NULL || e->multi == NULL || e->events == NULL)
		err_set(err, ERR_NOMEM, "", "libcurl");
	else if (read_endpoints(e, err) == 0 && read_password(e, err) == 0) {
		*ret = e;
		return 0;
	}
	etcd_free(e);
	return -1;
}

void
etcd_free(struct etcd *e)
{
	if (e == NULL)
		return;
	etcd_watch_stop(e);
	if (e->easy != NULL)
		curl_easy_cleanup(e->easy);
	if (e->multi != NULL)
		curl_multi_cleanup(e->multi);
	json_object_put(e->events);
	buf_clear(&e->line);
	OPENSSL_cleanse(e->password, sizeof(e->password));
	OPENSSL_cleanse(e->token, sizeof(e->token));
	free(e);
}

const char *
etcd_endpoint(const struct etcd *e)
{
	return e->endpoint[e->at];
}

int
etcd_range(struct etcd *e, const char *key, const char *end,
    struct json_object **kvs, int64_t *ret_rev, struct err *err)
{
	struct json_object *o = json_object_new_object(), *reply = NULL, *list;
	struct json_object *out, *kv;
	size_t i, n;

	etcd_put_b64(o, "key", key);
	if (end != NULL)
		etcd_put_b64(o, "range_end", end);
	if (etcd_call(e, "/v3/kv/range", o, &reply, err) == -1)
		return -1;
	out = json_object_new_array();
	list = jsonx_path(reply, "kvs");
	n = jsonx_len(list);
	for (i = 0; i < n; i++) {
		kv = etcd_kv(json_object_array_get_idx(list, i), false);
		if (kv != NULL)
			json_object_array_add(out, kv);
	}
	if (ret_rev != NULL)
		*ret_rev = etcd_number(reply, "header.revision");
	json_object_put(reply);
	*kvs = out;
	return 0;
}

int
etcd_put(struct etcd *e, const char *key, const char *value, int64_t lease,
    struct err *err)
{
	struct json_object *o = json_object_new_object(), *reply = NULL;
	char id[24];
	int rc;

	etcd_put_b64(o, "key", key);
	etcd_put_b64(o, "value", value);
	if (lease != 0) {
		(void)snprintf(id, sizeof(id), "%lld", (long long)lease);
		json_object_object_add(o, "lease", json_object_new_string(id));
	}
	rc = etcd_call(e, "/v3/kv/put", o, &reply, err);
	json_object_put(reply);
	return rc;
}

struct json_object *
etcd_op_put(const char *key, const char *value)
{
	struct json_object *op = json_object_new_object(), *o;

	o = json_object_new_object();
	etcd_put_b64(o, "key", key);
	etcd_put_b64(o, "value", value);
	json_object_object_add(op, "request_put", o);
	return op;
}

struct json_object *
etcd_op_delete(const char *key, const char *end)
{
	struct json_object *op = json_object_new_object(), *o;

	o = json_object_new_object();
	etcd_put_b64(o, "key", key);
	if (end != NULL)
		etcd_put_b64(o, "range_end", end);
	json_object_object_add(op, "request_delete_range", o);
	return op;
}

int
etcd_txn(struct etcd *e, const char *key, int64_t mod, struct json_object *ops,
    bool *ret_done, struct err *err)
{
	struct json_object *o = json_object_new_object(), *reply = NULL, *cmp;
	struct json_object *list;
	char text[24];

	if (mod >= 0) {
		(void)snprintf(text, sizeof(text), "%lld", (long long)mod);
		cmp = json_object_new_object();
		list = json_object_new_array();
		json_object_object_add(
		    cmp, "target", json_object_new_string("MOD"));
		json_object_object_add(
		    cmp, "result", json_object_new_string("EQUAL"));
		etcd_put_b64(cmp, "key", key);
		json_object_object_add(
		    cmp, "mod_revision", json_object_new_string(text));
		json_object_array_add(list, cmp);
		json_object_object_add(o, "compare", list);
	}
	json_object_object_add(o, "success", ops);
	if (etcd_call(e, "/v3/kv/txn", o, &reply, err) == -1)
		return -1;
	*ret_done = json_object_get_boolean(jsonx_path(reply, "succeeded"));
	json_object_put(reply);
	return 0;
}

int
etcd_lease(struct etcd *e, int seconds, int64_t *ret_id, struct err *err)
{
	struct json_object *o = json_object_new_object(), *reply = NULL;
	char text[24];

	(void)snprintf(text, sizeof(text), "%d", seconds);
	json_object_object_add(o, "TTL", json_object_new_string(text));
	if (etcd_call(e, "/v3/lease/grant", o, &reply, err) == -1)
		return -1;
	*ret_id = etcd_number(reply, "ID");
	json_object_put(reply);
	return *ret_id != 0 ? 0
			    : err_set(err, ERR_INTERNAL, "", "etcd: no lease");
}

int
etcd_revoke(struct etcd *e, int64_t id, struct err *err)
{
	struct json_object *o = json_object_new_object(), *reply = NULL;
	char text[24];
	int rc;

	(void)snprintf(text, sizeof(text), "%lld", (long long)id);
	json_object_object_add(o, "ID", json_object_new_string(text));
	rc = etcd_call(e, "/v3/lease/revoke", o, &reply, err);
	json_object_put(reply);
	return rc;
}

int
etcd_keepalive(struct etcd *e, int64_t id, bool *ret_alive, struct err *err)
{
	struct json_object *o = json_object_new_object(), *reply = NULL;
	char text[24];

	(void)snprintf(text, sizeof(text), "%lld", (long long)id);
	json_object_object_add(o, "ID", json_object_new_string(text));
	if (etcd_call(e, "/v3/lease/keepalive", o, &reply, err) == -1)
		return -1;
	*ret_alive = etcd_number(reply, "result.TTL") > 0;
	json_object_put(reply);
	return 0;
}
