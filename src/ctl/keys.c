/*
 * keys.c - keys made on this host: list, add, delete, and the request for a
 * CA on standard output.  Grammar and limits are postseald's.
 */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "ctl.h"
#include "jsonx.h"
#include "ops.h"

/* The letters that openssl and CAs use, and our names of the same. */
static const char *const parts[][2] = {
    {"CN", "common_name"},
    {"O", "organization"},
    {"OU", "organizational_unit"},
    {"L", "locality"},
    {"ST", "state"},
    {"C", "country"},
};

static const char *
part_name(const char *s, size_t len)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (strlen(parts[i][0]) == len &&
		    strncmp(parts[i][0], s, len) == 0)
			return parts[i][1];
	}
	return NULL;
}

static int
put_subject(struct ctl *ctl, struct json_object *args, struct err *err)
{
	struct json_object *o = json_object_new_object();
	const char *s, *name;
	size_t len;

	json_object_object_add(args, "subject", o);
	for (size_t i = 0; i < ctl->key.subject.n; i++) {
		s = ctl->key.subject.text[i];
		len = strcspn(s, "=");
		if (s[len] == '\0' || (name = part_name(s, len)) == NULL)
			return err_set(err, ERR_FIELD_MISSING, "subject",
			    "--subject: expected CN=, O=, OU=, L=, ST= or C=");
		json_object_object_add(
		    o, name, json_object_new_string(s + len + 1));
	}
	return 0;
}

static int
put_days(struct ctl *ctl, struct json_object *args, struct err *err)
{
	const char *s = ctl->days;

	if (s == NULL)
		return 0;
	if (strlen(s) < 1 || strlen(s) > 6 ||
	    strspn(s, "0123456789") != strlen(s))
		return err_set(err, ERR_FIELD_MISSING, "days",
		    "--days: expected a number");
	json_object_object_add(
	    args, "days", json_object_new_int64(strtol(s, NULL, 10)));
	return 0;
}

static void
put_names(struct ctl *ctl, struct json_object *args)
{
	struct json_object *a;

	if (ctl->key.names.n == 0)
		return;
	a = json_object_new_array();
	for (size_t i = 0; i < ctl->key.names.n; i++)
		json_object_array_add(
		    a, json_object_new_string(ctl->key.names.text[i]));
	json_object_object_add(args, "names", a);
}

static void
print_tlsa(struct ctl *ctl, struct json_object *tlsa, const char *what)
{
	size_t n = jsonx_len(tlsa);

	for (size_t i = 0; i < n; i++)
		fprintf(ctl->out, "%s ; %s\n",
		    jsonx_path_str(
			json_object_array_get_idx(tlsa, i), "record", ""),
		    what);
}

int
ctl_keys_add(
    struct ctl *ctl, char **args, enum ctl_exit *status, struct err *err)
{
	struct json_object *o = ctl_object("kind", args[0], NULL), *key = NULL;

	(void)status;
	if (o == NULL)
		return err_set(err, ERR_NOMEM, "", "out of memory");
	if (ctl->key.algorithm != NULL)
		json_object_object_add(
		    o, "algorithm", json_object_new_string(ctl->key.algorithm));
	put_names(ctl, o);
	if (put_subject(ctl, o, err) == -1 || put_days(ctl, o, err) == -1) {
		json_object_put(o);
		return -1;
	}
	if (ctl_call(ctl, OP_KEYS_ADD, o, &key, err) == -1)
		return -1;
	if (ctl->json)
		return ctl_json(ctl, key, err);
	fprintf(ctl->out, "%s\n", jsonx_path_str(key, "id", ""));
	json_object_put(key);
	return 0;
}

/* A table, and the records as lines of a zone. */
int
ctl_keys_list(
    struct ctl *ctl, char **args, enum ctl_exit *status, struct err *err)
{
	static const char *const columns[] = {
	    "id", "at", "by", "kind", "algorithm", "subject", NULL};
	struct json_object *data = NULL, *list, *key;
	size_t n;

	(void)args;
	(void)status;
	if (ctl_call(ctl, OP_KEYS_LIST, json_object_new_object(), &data, err) ==
	    -1)
		return -1;
	if (ctl->json)
		return ctl_json(ctl, data, err);
	list = jsonx_path(data, "keys");
	n = jsonx_len(list);
	if (n > 0)
		ctl_table(ctl->out, list, columns);
	print_tlsa(ctl, jsonx_path(data, "tlsa"), "in use");
	for (size_t i = 0; i < n; i++) {
		key = json_object_array_get_idx(list, i);
		print_tlsa(ctl, jsonx_path(key, "tlsa"),
		    jsonx_path_str(key, "id", ""));
	}
	json_object_put(data);
	return 0;
}

int
ctl_keys_delete(
    struct ctl *ctl, char **args, enum ctl_exit *status, struct err *err)
{
	struct json_object *data = NULL;

	(void)status;
	if (ctl_call(ctl, OP_KEYS_DELETE, ctl_object("id", args[0], NULL),
		&data, err) == -1)
		return -1;
	if (ctl->json)
		return ctl_json(ctl, data, err);
	json_object_put(data);
	return 0;
}

int
ctl_keys_csr(
    struct ctl *ctl, char **args, enum ctl_exit *status, struct err *err)
{
	struct json_object *key = NULL;

	(void)status;
	if (ctl_call(ctl, OP_KEYS_GET, ctl_object("id", args[0], NULL), &key,
		err) == -1)
		return -1;
	if (ctl->json)
		return ctl_json(ctl, key, err);
	fprintf(ctl->out, "%s", jsonx_path_str(key, "csr", ""));
	json_object_put(key);
	return 0;
}
