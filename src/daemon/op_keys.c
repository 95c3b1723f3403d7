/*
 * op_keys.c - keys.add, keys.list, keys.get, keys.delete: keys made on this
 * host.  Whatever goes out of here is public: requests, self-signed
 * certificates, hashes.
 */
#include <stdio.h>
#include <string.h>

#include "call.h"
#include "jsonx.h"
#include "keystore.h"

#define DETAIL_MAX 512

static int
read_subject(struct json_object *args, struct issue_request *r, struct err *err)
{
	struct json_object *subject = jsonx_member(args, "subject");
	const char *s;
	int i;

	if (subject == NULL)
		return 0;
	if (jsonx_only(subject, "subject", issue_part_names, err) == -1)
		return -1;
	for (i = 0; i < ISSUE_PART__MAX; i++) {
		s = NULL;
		if (jsonx_str(subject, issue_part_names[i], issue_part_names[i],
			4 * ISSUE_PART_SIZE, &s, err) == -1 ||
		    (s != NULL &&
			issue_set_part(r, (enum issue_part)i, s, err) == -1))
			return -1;
	}
	return 0;
}

/* The host's own name when none is given. */
static int
read_names(const struct conf *conf, struct json_object *args,
    struct issue_request *r, struct err *err)
{
	struct json_object *list = jsonx_member(args, "names"), *view = NULL;
	size_t i, n = jsonx_len(list);
	int rc;

	for (i = 0; i < n; i++) {
		if (issue_add_name(r, jsonx_str_at(list, i), err) == -1)
			return -1;
	}
	if (n > 0)
		return 0;
	if (apply_view(conf, &view, err) == -1)
		return -1;
	rc = issue_add_name(r, jsonx_path_str(view, "host", ""), err);
	json_object_put(view);
	return rc;
}

static int
read_request(const struct conf *conf, struct json_object *args,
    struct issue_request *r, struct err *err)
{
	const char *algorithm = jsonx_path_str(args, "algorithm", NULL);
	const char *kind = jsonx_path_str(args, "kind", "");
	int64_t days = jsonx_path_int(args, "days");

	if (algorithm != NULL &&
	    issue_algorithm_from_name(algorithm, &r->algorithm) == -1)
		return err_set(err, ERR_FIELD_INVALID, "algorithm",
		    "expected rsa3072, p256 or p384");
	if (strcmp(kind, "csr") != 0 && strcmp(kind, "self_signed") != 0)
		return err_set(err, ERR_FIELD_INVALID, "kind",
		    "expected csr or self_signed");
	r->self_signed = strcmp(kind, "self_signed") == 0;
	r->days = days == 0 ? ISSUE_DAYS : (int)days;
	if (read_subject(args, r, err) == -1 ||
	    read_names(conf, args, r, err) == -1)
		return -1;
	return issue_complete(r, err);
}

/* For the audit: which key. */
static void
describe(struct json_object *key, char dst[DETAIL_MAX])
{
	(void)snprintf(dst, DETAIL_MAX, "%.16s, %.20s, %.12s, %.300s",
	    jsonx_path_str(key, "id", ""), jsonx_path_str(key, "key.label", ""),
	    jsonx_path_str(key, "kind", ""),
	    jsonx_path_str(key, "subject", ""));
}

static void
put_tlsa(struct json_object *key, const char *host)
{
	struct json_object *list = json_object_new_array();
	struct json_object *names = jsonx_path(key, "names");
	const char *of = host;

	if (json_object_is_type(names, json_type_array) &&
	    json_object_array_length(names) > 0)
		of =
		    json_object_get_string(json_object_array_get_idx(names, 0));
	tlsa_of_key(host, jsonx_path(key, "key"), of, list);
	json_object_object_add(key, "tlsa", list);
}

static int
add_tlsa(const struct conf *conf, struct json_object *key, struct err *err)
{
	struct json_object *view = NULL;

	if (apply_view(conf, &view, err) == -1)
		return -1;
	put_tlsa(key, jsonx_path_str(view, "host", ""));
	json_object_put(view);
	return 0;
}

int
op_keys_add(struct call *c, struct json_object *args, struct json_object **data,
    struct err *err)
{
	struct issue_request r;
	struct json_object *key = NULL;
	char detail[DETAIL_MAX];

	issue_request_init(&r);
	if (read_request(c->conf, args, &r, err) == -1)
		return -1;
	if (keystore_add(c->conf, &r, c->actor.user, &key, err) == -1) {
		(void)audit_add(c->conf, &c->actor, EVENT_KEYS_ADD, "failed",
		    err_name(err->code), NULL);
		return -1;
	}
	describe(key, detail);
	/* The line comes last: what fails leaves no key, and no claim of
	 * one. */
	if (add_tlsa(c->conf, key, err) == -1 ||
	    audit_add(c->conf, &c->actor, EVENT_KEYS_ADD, "ok", detail, err) ==
		-1) {
		if (keystore_delete(c->conf, jsonx_path_str(key, "id", ""),
			NULL) == -1)
			log_warn("keys.add failed, and its key stays");
		json_object_put(key);
		return -1;
	}
	*data = key;
	return 0;
}

int
op_keys_get(struct call *c, struct json_object *args, struct json_object **data,
    struct err *err)
{
	struct json_object *key = NULL;

	if (keystore_get(c->conf, jsonx_path_str(args, "id", ""), &key, err) ==
	    -1)
		return -1;
	if (add_tlsa(c->conf, key, err) == -1) {
		json_object_put(key);
		return -1;
	}
	*data = key;
	return 0;
}

int
op_keys_delete(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	const char *id = jsonx_path_str(args, "id", "");
	struct json_object *key = NULL;
	char detail[DETAIL_MAX];
	int rc;

	if (keystore_get(c->conf, id, &key, err) == -1)
		return -1;
	describe(key, detail);
	json_object_put(key);
	if (audit_check(c->conf, err) == -1)
		return -1;
	rc = keystore_delete(c->conf, id, err);
	if (audit_add(c->conf, &c->actor, EVENT_KEYS_DELETE,
		rc == 0 ? "ok" : "failed", detail, rc == 0 ? err : NULL) == -1)
		rc = -1;
	return rc;
}

/* {"host", "keys": [KEY with "tlsa"], "in_use": CERT | null, "tlsa": [..]} */
int
op_keys_list(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	struct json_object *view = NULL, *keys = NULL, *tlsa, *o;
	const char *host;
	size_t i;

	if (apply_view(c->conf, &view, err) == -1)
		return -1;
	if (keystore_list(c->conf, &keys, err) == -1) {
		json_object_put(view);
		return -1;
	}
	host = jsonx_path_str(view, "host", "");
	for (i = 0; i < json_object_array_length(keys); i++)
		put_tlsa(json_object_array_get_idx(keys, i), host);
	tlsa = json_object_new_array();
	tlsa_of_cert(host, jsonx_path(view, "certificate"), tlsa);
	o = json_object_new_object();
	json_object_object_add(o, "host", json_object_new_string(host));
	json_object_object_add(o, "keys", keys);
	json_object_object_add(
	    o, "in_use", json_object_get(jsonx_path(view, "certificate")));
	json_object_object_add(o, "tlsa", tlsa);
	json_object_put(view);
	*data = o;
	return 0;
}
