/*
 * etcd.c - etcd's JSON gateway (v3.4, /v3/...): range, put, txn, lease.
 *
 * The gateway cannot tell a client by its certificate, so each host also has
 * a user name and a password; the token that they give is asked for anew when
 * etcd does not know it any more (a member was restarted, users changed), and
 * whenever nobody answers: an etcd that was put back to an older state lets a
 * request with a token of a later one wait until it has come as far.
 * An endpoint that fails is left for the next one; every request but those
 * with a lease or a compare is safe to be sent twice.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "etcd_int.h"
#include "fsx.h"
#include "jsonx.h"
#include "util.h"

#define CONNECT_MS 1000L
#define REQUEST_MS 4000L
#define DEPTH	   16

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

int64_t
etcd_number(struct json_object *o, const char *path)
{
	/* The gateway writes 64-bit numbers as strings. */
	return strtoll(jsonx_path_str(o, path, "0"), NULL, 10);
}

void
etcd_put_b64(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, jsonx_new_b64(text, strlen(text)));
}

static int
collect(char *data, size_t size, size_t n, void *arg)
{
	return buf_add(arg, data, size * n) == -1 ? 0 : (int)(size * n);
}

static size_t
on_data(char *data, size_t size, size_t n, void *arg)
{
	return (size_t)collect(data, size, n, arg);
}

int
etcd_prepare(struct etcd *e, CURL *c, const char *path,
    struct curl_slist **headers, struct err *err)
{
	const struct conf *conf = e->conf;
	char url[256], auth[TOKEN_MAX + 32];
	struct curl_slist *list = NULL;
	bool ok;

	(void)snprintf(url, sizeof(url), "%s%s", e->endpoint[e->at], path);
	list = curl_slist_append(NULL, "Content-Type: application/json");
	/* A watch at a member without leader would be silent for ever. */
	list = curl_slist_append(list, "Grpc-Metadata-hasleader: true");
	list = curl_slist_append(list, "Expect:");
	if (e->token[0] != '\0') {
		(void)snprintf(
		    auth, sizeof(auth), "Authorization: %s", e->token);
		list = curl_slist_append(list, auth);
		OPENSSL_cleanse(auth, sizeof(auth));
	}
	ok = list != NULL &&
	     curl_easy_setopt(c, CURLOPT_URL, url) == CURLE_OK &&
	     curl_easy_setopt(c, CURLOPT_HTTPHEADER, list) == CURLE_OK &&
	     curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
	     curl_easy_setopt(c, CURLOPT_NOPROXY, "*") == CURLE_OK &&
	     curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	     curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	     curl_easy_setopt(c, CURLOPT_HTTP_VERSION,
		 (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
	     curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
	     curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
	     curl_easy_setopt(c, CURLOPT_SSLVERSION,
		 (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
	     curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS) ==
		 CURLE_OK;
	if (ok && conf->cluster_ca[0] != '\0')
		ok = curl_easy_setopt(c, CURLOPT_CAINFO, conf->cluster_ca) ==
		     CURLE_OK;
	if (ok && conf->cluster_certificate[0] != '\0')
		ok = curl_easy_setopt(c, CURLOPT_SSLCERT,
			 conf->cluster_certificate) == CURLE_OK &&
		     curl_easy_setopt(c, CURLOPT_SSLKEY, conf->cluster_key) ==
			 CURLE_OK;
	if (ok) {
		*headers = list;
		return 0;
	}
	curl_slist_free_all(list);
	return err_set(err, ERR_INTERNAL, "", "libcurl refuses an option");
}

/* One request at the current endpoint. */
static int
request(struct etcd *e, const char *path, const char *text, struct buf *reply,
    long *status, struct err *err)
{
	char why[CURL_ERROR_SIZE] = "";
	struct curl_slist *headers = NULL;
	CURLcode rc;

	curl_easy_reset(e->easy);
	if (etcd_prepare(e, e->easy, path, &headers, err) == -1)
		return -1;
	(void)curl_easy_setopt(e->easy, CURLOPT_POSTFIELDS, text);
	(void)curl_easy_setopt(e->easy, CURLOPT_TIMEOUT_MS, REQUEST_MS);
	(void)curl_easy_setopt(e->easy, CURLOPT_WRITEFUNCTION, on_data);
	(void)curl_easy_setopt(e->easy, CURLOPT_WRITEDATA, reply);
	(void)curl_easy_setopt(e->easy, CURLOPT_ERRORBUFFER, why);
	rc = curl_easy_perform(e->easy);
	(void)curl_easy_setopt(e->easy, CURLOPT_ERRORBUFFER, NULL);
	curl_slist_free_all(headers);
	if (rc != CURLE_OK)
		return err_set(err, ERR_TIMEOUT, "", "%.80s: %.100s",
		    e->endpoint[e->at],
		    why[0] != '\0' ? why : curl_easy_strerror(rc));
	(void)curl_easy_getinfo(e->easy, CURLINFO_RESPONSE_CODE, status);
	return 0;
}

/* What an answer that is not 200 means. */
static int
refusal(struct json_object *o, long status, bool *login, struct err *err)
{
	const char *text = jsonx_path_str(
	    o, "error", jsonx_path_str(o, "message", "no reason"));

	*login = strstr(text, "auth token") != NULL ||
		 strstr(text, "auth store") != NULL ||
		 strstr(text, "user name is empty") != NULL;
	if (status == 403 || strstr(text, "permission denied") != NULL)
		return err_set(err, ERR_OP_DENIED, "", "etcd: %.150s", text);
	if (status == 503 || status == 504 || strstr(text, "leader") != NULL ||
	    strstr(text, "timed out") != NULL)
		return err_set(err, ERR_TIMEOUT, "", "etcd: %.150s", text);
	return err_set(
	    err, ERR_INTERNAL, "", "etcd: %ld, %.150s", status, text);
}

static int
attempt(struct etcd *e, const char *path, const char *text,
    struct json_object **ret, bool *login, struct err *err)
{
	struct json_object *o = NULL;
	struct buf reply;
	long status = 0;
	int rc = -1;

	*login = false;
	buf_init(&reply, REPLY_MAX);
	if (request(e, path, text, &reply, &status, err) == -1)
		goto out;
	if (reply.len == 0 ||
	    jsonx_parse(reply.data, reply.len, DEPTH, &o, NULL) == -1) {
		/* A proxy, or a member that ends: ask another. */
		err_set(err, ERR_TIMEOUT, "", "%.80s: status %ld, no JSON",
		    e->endpoint[e->at], status);
		goto out;
	}
	if (status != 200) {
		refusal(o, status, login, err);
		goto out;
	}
	*ret = o;
	o = NULL;
	rc = 0;
out:
	json_object_put(o);
	buf_clear(&reply);
	return rc;
}

static int
etcd_login(struct etcd *e, struct err *err)
{
	struct json_object *o, *reply = NULL;
	const char *token;
	bool login;
	int rc;

	OPENSSL_cleanse(e->token, sizeof(e->token));
	if (e->password[0] == '\0')
		return 0;
	o = json_object_new_object();
	json_object_object_add(o, "name", json_object_new_string(e->user));
	json_object_object_add(
	    o, "password", json_object_new_string(e->password));
	rc = attempt(e, "/v3/auth/authenticate",
	    json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN), &reply,
	    &login, err);
	json_object_put(o);
	if (rc == 0) {
		token = jsonx_path_str(reply, "token", "");
		if (token[0] == '\0' || strlen(token) >= sizeof(e->token))
			rc = err_set(err, ERR_INTERNAL, "", "etcd: no token");
		else
			memcpy(e->token, token, strlen(token) + 1);
	}
	json_object_put(reply);
	return rc;
}

/* body is taken over. */
static int
etcd_call(struct etcd *e, const char *path, struct json_object *body,
    struct json_object **reply, struct err *err)
{
	const char *text =
	    json_object_to_json_string_ext(body, JSON_C_TO_STRING_PLAIN);
	size_t tries = e->n + 1;
	struct err why;
	bool login = false;
	int rc = -1;

	err_clear(&why);
	while (tries-- > 0) {
		if ((e->token[0] == '\0' || login) && etcd_login(e, &why) == -1)
			rc = -1;
		else
			rc = attempt(e, path, text, reply, &login, &why);
		if (rc == 0 || (why.code != ERR_TIMEOUT && !login))
			break;
		if (why.code == ERR_TIMEOUT) {
			e->at = (e->at + 1) % e->n;
			OPENSSL_cleanse(e->token, sizeof(e->token));
			login = false;
		}
	}
	json_object_put(body);
	if (rc == -1 && err != NULL)
		*err = why;
	return rc;
}

struct json_object *
etcd_kv(struct json_object *kv, bool deleted)
{
	struct json_object *o;
	struct buf key, value;

	buf_init(&key, KEY_MAX);
	buf_init(&value, REPLY_MAX);
	o = json_object_new_object();
	if (jsonx_b64(kv, "key", "key", KEY_MAX, &key, NULL) == -1 ||
	    key.len == 0 ||
	    jsonx_b64(kv, "value", "value", REPLY_MAX, &value, NULL) == -1 ||
	    memchr(key.data, '\0', key.len) != NULL) {
		json_object_put(o);
		o = NULL;
		goto out;
	}
	json_object_object_add(o, "key", json_object_new_string(key.data));
	if (!deleted)
		json_object_object_add(o, "value",
		    json_object_new_string_len(
			value.len > 0 ? value.data : "", (int)value.len));
	json_object_object_add(
	    o, "mod", json_object_new_int64(etcd_number(kv, "mod_revision")));
out:
	buf_clear(&key);
	buf_clear(&value);
	return o;
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
