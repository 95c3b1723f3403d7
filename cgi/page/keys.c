/*
 * keys.c - SMTP Routing > Keys: keys made on the host, their requests to
 * download, and the TLSA records with the rule for changing them.
 *
 * The page works without scripts: each button is a POST that ends in 303.  A
 * form that was refused comes back as it was filled in, with the reason at
 * its top.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jsonx.h"
#include "page.h"

#define NAMES_MAX   128 /* postseald's limit is lower, and says so */
#define RECORD_STEP 16

static const char *const parts[] = {"common_name", "organization",
    "organizational_unit", "locality", "state", "country"};
#define PARTS (sizeof(parts) / sizeof(parts[0]))

static const struct {
	const char *value, *text;
} algorithms[] = {
    {"p256", "keys.algorithm.p256"},
    {"p384", "keys.algorithm.p384"},
    {"rsa3072", "keys.algorithm.rsa3072"},
};

/* The record in pieces, so that a line breaks between them. */
static struct json_object *
groups_of(const char *record)
{
	struct json_object *list = json_object_new_array();
	const char *hash = strrchr(record, ' ');
	size_t n, left;

	n = hash != NULL ? (size_t)(hash + 1 - record) : strlen(record);
	json_object_array_add(list, json_object_new_string_len(record, (int)n));
	for (record += n; *record != '\0'; record += n) {
		left = strlen(record);
		n = left < RECORD_STEP ? left : RECORD_STEP;
		json_object_array_add(
		    list, json_object_new_string_len(record, (int)n));
	}
	return list;
}

/* TLSA as partial "_facts" wants them. */
static struct json_object *
tlsa_rows(const struct page *p, struct json_object *tlsa)
{
	struct json_object *facts = json_object_new_object(), *row, *t, *args;
	struct json_object *rows = json_object_new_array();
	const char *record;
	size_t i, n;
	bool leaf;

	n = jsonx_len(tlsa);
	for (i = 0; i < n; i++) {
		t = json_object_array_get_idx(tlsa, i);
		record = jsonx_path_str(t, "record", "");
		leaf = json_object_get_int(jsonx_path(t, "usage")) == 3;
		row = json_object_new_object();
		put_str(row, "label", leaf ? "TLSA 3 1 1" : "TLSA 2 1 1");
		put_str(row, "value", record);
		put_bool(row, "mono", true);
		put_str(row, "copy", record);
		json_object_object_add(row, "groups", groups_of(record));
		args = json_object_new_object();
		put_str(args, "name", jsonx_path_str(t, "of", ""));
		put_text(p, row, "note",
		    leaf ? "keys.tlsa.leaf" : "keys.tlsa.issuer", args);
		json_object_put(args);
		json_object_array_add(rows, row);
	}
	put_bool(facts, "any", n > 0);
	json_object_object_add(facts, "rows", rows);
	return facts;
}

static void
put_joined(struct json_object *o, const char *key, struct json_object *list,
    const char *between)
{
	struct buf b;
	size_t i, n;

	buf_init(&b, 16 * 1024);
	n = jsonx_len(list);
	for (i = 0; i < n; i++) {
		buf_adds(&b, i > 0 ? between : "");
		buf_adds(&b,
		    json_object_get_string(json_object_array_get_idx(list, i)));
	}
	put_str(o, key, b.data);
	buf_clear(&b);
}

static struct json_object *
key_row(const struct page *p, struct json_object *key)
{
	static const char *const copied[] = {"id", "by", "subject", "csr"};
	struct json_object *o = json_object_new_object(), *args;
	bool self = strcmp(jsonx_path_str(key, "kind", ""), "self_signed") == 0;
	char date[11];
	size_t i;

	for (i = 0; i < sizeof(copied) / sizeof(copied[0]); i++)
		put_str(o, copied[i], jsonx_path_str(key, copied[i], ""));
	put_str(o, "label", jsonx_path_str(key, "key.label", ""));
	put_bool(o, "self_signed", self);
	put_joined(o, "names", jsonx_path(key, "names"), ", ");
	put_time(p, o, jsonx_path_str(key, "at", ""));
	date_of(jsonx_path_str(key, "not_after", ""), date);
	args = json_object_new_object();
	put_str(args, "date", date);
	put_text(p, o, "state_text",
	    self ? "keys.state.self_signed" : "keys.state.csr", args);
	json_object_put(args);
	json_object_object_add(
	    o, "tlsa", tlsa_rows(p, jsonx_path(key, "tlsa")));
	return o;
}

static void
put_keys(
    const struct page *p, struct json_object *data, struct json_object *ctx)
{
	struct json_object *list = json_object_new_array();
	struct json_object *keys = jsonx_path(data, "keys"), *used, *cert;
	size_t i, n;

	n = jsonx_len(keys);
	for (i = 0; i < n; i++)
		json_object_array_add(
		    list, key_row(p, json_object_array_get_idx(keys, i)));
	json_object_object_add(ctx, "keys", list);
	cert = jsonx_path(data, "in_use");
	used = NULL;
	if (cert != NULL) {
		used = json_object_new_object();
		put_str(used, "label", jsonx_path_str(cert, "key.label", ""));
		put_str(used, "name",
		    jsonx_path_str(cert, "leaf.common_name",
			jsonx_path_str(cert, "leaf.subject", "")));
		json_object_object_add(
		    used, "tlsa", tlsa_rows(p, jsonx_path(data, "tlsa")));
	}
	json_object_object_add(ctx, "used", used);
}

/* The form as it was filled in, or its first state. */
static void
put_form(const struct page *p, struct json_object *data, bool again,
    struct json_object *ctx)
{
	const struct fields *f = &p->req->form;
	struct json_object *o = json_object_new_object(), *row;
	struct json_object *list = json_object_new_array();
	const char *want = again ? fields_str(f, "algorithm", "p256") : "p256";
	size_t i;
	bool self;

	for (i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		row = json_object_new_object();
		put_str(row, "value", algorithms[i].value);
		put_str(row, "label", page_text(p, algorithms[i].text));
		put_bool(
		    row, "selected", strcmp(want, algorithms[i].value) == 0);
		json_object_array_add(list, row);
	}
	json_object_object_add(o, "algorithms", list);
	self = again && strcmp(fields_str(f, "kind", ""), "self_signed") == 0;
	put_bool(o, "self_signed", self);
	put_bool(o, "csr", !self);
	put_str(o, "names",
	    again ? fields_str(f, "names", "")
		  : jsonx_path_str(data, "host", ""));
	put_str(o, "days", again ? fields_str(f, "days", "365") : "365");
	for (i = 0; i < PARTS; i++)
		put_str(o, parts[i], again ? fields_str(f, parts[i], "") : "");
	json_object_object_add(ctx, "form", o);
}

/* A link to the control that the refusal is about. */
static void
put_target(const struct page *p, const struct err *why, struct json_object *o)
{
	static const char *const others[] = {"names", "days", "algorithm"};
	const char *field = why->field;
	char text[64];
	bool known = false;
	size_t i;

	for (i = 0; i < PARTS; i++)
		known |= strcmp(parts[i], field) == 0;
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		known |= strcmp(others[i], field) == 0;
	(void)snprintf(text, sizeof(text), "keys.form.%s", field);
	put_str(o, "target", known ? field : "");
	put_str(o, "label", known ? page_text(p, text) : "");
}

/* The page; *why is what was refused, or NULL. */
static int
show(const struct page *p, struct reply *reply, const struct err *why,
    struct err *err)
{
	struct json_object *ctx, *data = NULL, *o = NULL;
	char *sentence;
	int rc, status = 200;

	if (backend_call(p->app, p->req, OP_KEYS_LIST, json_object_new_object(),
		&data, NULL, err) == -1)
		return -1;
	ctx = json_object_new_object();
	put_str(ctx, "title", page_text(p, "nav.keys"));
	put_str(ctx, "refresh", "");
	if (why != NULL) {
		status = err_http(why->code) != 0 ? err_http(why->code) : 422;
		sentence = localise_error(p->app, p->req->lang, why);
		o = json_object_new_object();
		put_str(o, "message", sentence);
		put_str(o, "code", err_name(why->code));
		put_target(p, why, o);
		free(sentence);
	}
	json_object_object_add(ctx, "refused", o);
	put_keys(p, data, ctx);
	put_form(p, data, why != NULL, ctx);
	rc = page_render(p->app, p->req, reply, status, "keys", ctx, err);
	json_object_put(ctx);
	json_object_put(data);
	return rc;
}

/* Names come one per line; commas and blanks separate them, too. */
static struct json_object *
names_of(const char *s)
{
	static const char between[] = " \t\r\n,;";
	struct json_object *list = json_object_new_array();
	size_t n;

	while (json_object_array_length(list) < NAMES_MAX) {
		s += strspn(s, between);
		if ((n = strcspn(s, between)) == 0)
			break;
		json_object_array_add(
		    list, json_object_new_string_len(s, (int)n));
		s += n;
	}
	return list;
}

/* Without the blanks that a browser's form brings along. */
static void
put_part(struct json_object *o, const char *name, const char *s)
{
	size_t n;

	s += strspn(s, " ");
	for (n = strlen(s); n > 0 && s[n - 1] == ' '; n--)
		;
	if (n > 0)
		json_object_object_add(
		    o, name, json_object_new_string_len(s, (int)n));
}

static int
days_of(const char *s, int64_t *ret, struct err *err)
{
	size_t n = strlen(s);

	if (n < 1 || n > 4 || strspn(s, "0123456789") != n)
		return err_set(err, ERR_FIELD_INVALID, "days",
		    "days: expected a number of days");
	*ret = strtol(s, NULL, 10);
	return 0;
}

/* 0 = answered; -1 = *why says what the form should say. */
static int
create(const struct page *p, struct reply *reply, struct err *why)
{
	const struct fields *f = &p->req->form;
	struct json_object *args = json_object_new_object(), *data = NULL;
	struct json_object *subject = json_object_new_object();
	const char *kind = fields_str(f, "kind", "");
	char where[80];
	int64_t days = 0;
	size_t i;

	put_str(args, "kind", kind);
	put_str(args, "algorithm", fields_str(f, "algorithm", ""));
	json_object_object_add(
	    args, "names", names_of(fields_str(f, "names", "")));
	for (i = 0; i < PARTS; i++)
		put_part(subject, parts[i], fields_str(f, parts[i], ""));
	json_object_object_add(args, "subject", subject);
	if (strcmp(kind, "self_signed") == 0) {
		if (days_of(fields_str(f, "days", ""), &days, why) == -1) {
			json_object_put(args);
			return -1;
		}
		put_int(args, "days", days);
	}
	if (backend_call(p->app, p->req, OP_KEYS_ADD, args, &data, NULL, why) ==
	    -1)
		return -1;
	(void)snprintf(where, sizeof(where), PATH_KEYS "#key-%.16s",
	    jsonx_path_str(data, "id", ""));
	json_object_put(data);
	return reply_redirect(reply, where) == 0
		   ? 0
		   : err_set(why, ERR_INTERNAL, "", "redirect");
}

/* The self-signed certificate into this session's draft. */
static int
use(const struct page *p, struct reply *reply, const char *id, struct err *why)
{
	struct json_object *args = json_object_new_object(), *data = NULL;

	put_str(args, "draft", p->req->who.draft);
	put_str(args, "key_id", id);
	if (backend_call(
		p->app, p->req, OP_DRAFT_PUT, args, &data, NULL, why) == -1)
		return -1;
	json_object_put(data);
	return reply_redirect(
		   reply, PATH_CONNECTION "#at-server_certificate") == 0
		   ? 0
		   : err_set(why, ERR_INTERNAL, "", "redirect");
}

static int delete (
    const struct page *p, struct reply *reply, const char *id, struct err *why)
{
	struct json_object *args = json_object_new_object(), *data = NULL;

	put_str(args, "id", id);
	if (backend_call(
		p->app, p->req, OP_KEYS_DELETE, args, &data, NULL, why) == -1)
		return -1;
	json_object_put(data);
	return reply_redirect(reply, PATH_KEYS) == 0
		   ? 0
		   : err_set(why, ERR_INTERNAL, "", "redirect");
}

static int
press(const struct page *p, struct reply *reply, struct err *why)
{
	const char *button = fields_str(&p->req->form, "do", "");

	if (strcmp(button, "create") == 0)
		return create(p, reply, why);
	if (strncmp(button, "use:", 4) == 0)
		return use(p, reply, button + 4, why);
	if (strncmp(button, "delete:", 7) == 0)
		return delete (p, reply, button + 7, why);
	return err_set(
	    why, ERR_FIELD_INVALID, "do", "no such button: %.40s", button);
}

int
page_keys(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	static const char *const once[] = {"csrf", "do", "kind", "algorithm",
	    "names", "days", "common_name", "organization",
	    "organizational_unit", "locality", "state", "country", NULL};
	const struct page p = {app, req};
	struct err why;

	if (req->method != HTTP_POST)
		return show(&p, reply, NULL, err);
	if (fields_check(&req->form, once, NULL, err) == -1)
		return -1;
	err_clear(&why);
	if (press(&p, reply, &why) == 0)
		return 0;
	return show(&p, reply, &why, err);
}
