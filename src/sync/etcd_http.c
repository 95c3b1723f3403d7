/*
 * etcd_http.c - one request to etcd's JSON gateway (v3.4, /v3/...), and its
 * way to write keys, values and numbers.
 *
 * The gateway cannot tell a client by its certificate, so each host also has
 * a user name and a password; the token that they give is asked for anew when
 * etcd does not know it any more (a member was restarted, users changed), and
 * whenever nobody answers: an etcd that was put back to an older state lets a
 * request with a token of a later one wait until it has come as far.
 * An endpoint that fails is left for the next one; every request but those
 * with a lease or a compare is safe to be sent twice.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "etcd_int.h"
#include "jsonx.h"

#define CONNECT_MS 1000L
#define REQUEST_MS 4000L
#define DEPTH	   16

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

static size_t
on_data(char *data, size_t size, size_t n, void *arg)
{
	return buf_add(arg, data, size * n) == -1 ? 0 : size * n;
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

int
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
