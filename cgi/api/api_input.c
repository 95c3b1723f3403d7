/*
 * api_input.c - fields of the API's POST calls, from JSON or from
 * multipart/form-data, into one struct.  Every name is known or refused,
 * every value is looked at for its type and grammar; what the values mean
 * together is decided by postseald.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "api.h"
#include "jsonx.h"
#include "keyid.h"
#include "note.h"
#include "settings_table.h"
#include "upload.h"

#define CONFIRM_MAX  16
#define CODE_LEN_MAX 64
#define SCANNERS_MAX 100

void
api_view(struct json_object *view)
{
	json_object_object_del(view, "draft");
	if (jsonx_path(view, "generation") == NULL)
		json_object_object_add(
		    view, "generation", json_object_new_int(0));
}

int
api_put(struct json_object *args, const char *key, struct json_object *value)
{
	if (value == NULL)
		return 0;
	if (args == NULL || json_object_object_add(args, key, value) != 0) {
		jsonx_wipe(value);
		return -1;
	}
	return 0;
}

static int
nomem(struct err *err)
{
	return err_set(err, ERR_NOMEM, "", "out of memory");
}

static int
set_apply(struct api_input *in, const char *s, struct err *err)
{
	enum apply_mode mode;

	if (apply_mode_from_name(s, &mode) == -1)
		return err_set(err, ERR_FIELD_INVALID, "apply",
		    "apply: expected restart or reload");
	in->apply = apply_mode_name(mode);
	return 0;
}

static int
add_confirm(struct api_input *in, const char *code, struct err *err)
{
	struct json_object *v;
	enum err_code known;

	if (strlen(code) > CODE_LEN_MAX || err_from_name(code, &known) == -1)
		return err_set(err, ERR_FIELD_INVALID, "confirm",
		    "confirm: expected the code of a finding");
	if (in->confirm == NULL &&
	    (in->confirm = json_object_new_array()) == NULL)
		return nomem(err);
	if (json_object_array_length(in->confirm) >= CONFIRM_MAX)
		return err_set(err, ERR_FIELD_INVALID, "confirm",
		    "confirm: expected at most %d codes", CONFIRM_MAX);
	v = json_object_new_string(code);
	if (v == NULL || json_object_array_add(in->confirm, v) != 0) {
		json_object_put(v);
		return nomem(err);
	}
	return 0;
}

/* Hosts that the Save is for, when it is not for all. */
static int
add_scanner(struct api_input *in, const char *name, struct err *err)
{
	struct json_object *v;

	if (in->scanners == NULL &&
	    (in->scanners = json_object_new_array()) == NULL)
		return nomem(err);
	if (json_object_array_length(in->scanners) >= SCANNERS_MAX)
		return err_set(err, ERR_FIELD_INVALID, "scanners",
		    "scanners: expected at most %d names", SCANNERS_MAX);
	v = json_object_new_string(name);
	if (v == NULL || json_object_array_add(in->scanners, v) != 0) {
		json_object_put(v);
		return nomem(err);
	}
	return 0;
}

/* "curl -F passphrase=<file" brings the file's line end along. */
static int
set_passphrase(struct api_input *in, const char *s, struct err *err)
{
	size_t len = strcspn(s, "\r\n");

	if (s[len + strspn(s + len, "\r\n")] != '\0')
		return err_set(err, ERR_FIELD_INVALID, "passphrase",
		    "passphrase: expected one line");
	if (len == 0)
		return 0;
	if (in->passphrase != NULL)
		return err_set(err, ERR_FIELD_DUPLICATE, "passphrase",
		    "field passphrase came twice");
	if ((in->passphrase = strndup(s, len)) == NULL)
		return nomem(err);
	return 0;
}

/* Does the patch have the right types?  Its meaning is postseald's. */
static int
check_settings(struct api_input *in, struct findings *findings, struct err *err)
{
	struct settings s;
	int rc;

	if (in->settings == NULL)
		return 0;
	settings_default(&s);
	rc = settings_check_json(&s, in->settings, findings, err);
	settings_clear(&s);
	return rc;
}

static int
read_certificate(
    struct json_object *json, struct api_input *in, struct err *err)
{
	static const char *const keys[] = {"server_certificate", "private_key",
	    "ca_certificate", "passphrase", "key_id", NULL};
	struct json_object *cert = NULL;
	const char *s = NULL;

	if (jsonx_obj(json, "certificate", "certificate", &cert, err) == -1)
		return -1;
	if (cert == NULL)
		return 0;
	if (jsonx_only(cert, "certificate", keys, err) == -1 ||
	    jsonx_str(cert, "key_id", "key_id", KEY_ID_SHOWN, &in->key_id,
		err) == -1 ||
	    jsonx_str(cert, "passphrase", "passphrase", FIELD_TEXT_MAX, &s,
		err) == -1 ||
	    (s != NULL && set_passphrase(in, s, err) == -1))
		return -1;
	return upload_from_json(cert, &in->files, err);
}

/* The members that are settings go into in->settings, all others into rest. */
static int
split_settings(struct json_object *json, struct api_input *in,
    struct json_object *rest, struct err *err)
{
	struct json_object *to;

	json_object_object_foreach (json, key, v) {
		to = rest;
		if (settings_is_group(key)) {
			if (v == NULL)
				continue;
			if (in->settings == NULL &&
			    (in->settings = json_object_new_object()) == NULL)
				return nomem(err);
			to = in->settings;
		}
		if (json_object_object_add(to, key, json_object_get(v)) != 0) {
			json_object_put(v);
			return nomem(err);
		}
	}
	return 0;
}

static int
read_confirm(struct json_object *json, struct api_input *in, struct err *err)
{
	struct json_object *list = NULL, *v;
	size_t n;

	if (jsonx_array(json, "confirm", "confirm", CONFIRM_MAX, &list, err) ==
	    -1)
		return -1;
	n = list == NULL ? 0 : json_object_array_length(list);
	for (size_t i = 0; i < n; i++) {
		v = json_object_array_get_idx(list, i);
		if (!json_object_is_type(v, json_type_string))
			return err_set(err, ERR_FIELD_INVALID, "confirm",
			    "confirm: expected strings");
		if (add_confirm(in, json_object_get_string(v), err) == -1)
			return -1;
	}
	return 0;
}

static int
read_scanners(struct json_object *json, struct api_input *in, struct err *err)
{
	struct json_object *list = NULL, *v;
	size_t i, n;

	if (jsonx_array(
		json, "scanners", "scanners", SCANNERS_MAX, &list, err) == -1)
		return -1;
	n = list == NULL ? 0 : json_object_array_length(list);
	for (i = 0; i < n; i++) {
		v = json_object_array_get_idx(list, i);
		if (!json_object_is_type(v, json_type_string))
			return err_set(err, ERR_FIELD_INVALID, "scanners",
			    "scanners: expected strings");
		if (add_scanner(in, json_object_get_string(v), err) == -1)
			return -1;
	}
	return 0;
}

/* What is no setting. */
static int
read_rest(struct json_object *json, bool files_only, struct api_input *in,
    struct err *err)
{
	static const char *const all[] = {"apply", "confirm", "scanners",
	    "note", "certificate", "passphrase", UPLOAD_CLIENT_CA,
	    UPLOAD_LOOSE, NULL};
	static const char *const files[] = {
	    "certificate", "passphrase", UPLOAD_LOOSE, NULL};
	const char *s = NULL;

	if (jsonx_only(json, "", files_only ? files : all, err) == -1 ||
	    read_certificate(json, in, err) == -1 ||
	    upload_loose_json(json, &in->loose, err) == -1 ||
	    jsonx_str(json, "passphrase", "passphrase", FIELD_TEXT_MAX, &s,
		err) == -1 ||
	    (s != NULL && set_passphrase(in, s, err) == -1))
		return -1;
	s = NULL;
	if (files_only)
		return in->key_id == NULL
			   ? 0
			   : err_set(err, ERR_FIELD_UNKNOWN, "key_id",
				 "key_id: only where something is saved");
	if (upload_client_ca_json(json, &in->client_ca, err) == -1 ||
	    jsonx_str(json, "note", "note", NOTE_SENT_MAX, &in->note, err) ==
		-1 ||
	    jsonx_str(json, "apply", "apply", 16, &s, err) == -1 ||
	    (s != NULL && set_apply(in, s, err) == -1))
		return -1;
	return read_confirm(json, in, err) == -1 ? -1
						 : read_scanners(json, in, err);
}

static int
read_json(struct json_object *json, bool files_only, struct api_input *in,
    struct findings *findings, struct err *err)
{
	struct json_object *rest;
	int rc;

	if (files_only || !json_object_is_type(json, json_type_object))
		return read_rest(json, files_only, in, err);
	if ((rest = json_object_new_object()) == NULL)
		return nomem(err);
	rc = split_settings(json, in, rest, err);
	if (rc == 0)
		rc = read_rest(rest, false, in, err);
	/* Strings of rest are borrowed: json holds them as well. */
	json_object_put(rest);
	return rc == 0 ? check_settings(in, findings, err) : -1;
}

static int
read_text(const struct field *f, struct api_input *in, struct err *err)
{
	if (f->is_file)
		return err_set(err, ERR_FIELD_INVALID, f->name,
		    "%s: expected text, got a file", f->name);
	if (strcmp(f->name, "apply") == 0)
		return set_apply(in, f->value, err);
	if (strcmp(f->name, "confirm") == 0)
		return add_confirm(in, f->value, err);
	if (strcmp(f->name, "note") == 0) {
		in->note = f->value;
		return 0;
	}
	if (strcmp(f->name, "scanner") == 0)
		return add_scanner(in, f->value, err);
	if (strcmp(f->name, "passphrase") == 0)
		return set_passphrase(in, f->value, err);
	if (strcmp(f->name, "key_id") == 0) {
		if (f->len > KEY_ID_SHOWN)
			return err_set(err, ERR_FIELD_TOO_LONG, "key_id",
			    "key_id: at most %d characters", KEY_ID_SHOWN);
		in->key_id = f->value;
		return 0;
	}
	return err_set(
	    err, ERR_FIELD_UNKNOWN, f->name, "unknown field \"%s\"", f->name);
}

static const char *
form_value(void *arg, const char *name, size_t *len)
{
	const struct field *f = fields_get(arg, name);

	if (f == NULL)
		return NULL;
	*len = f->len;
	return f->value;
}

/* Only a list may come as a file. */
static int
read_settings(const struct fields *form, struct api_input *in,
    struct findings *findings, struct err *err)
{
	const struct field *f;
	bool any = false;

	for (size_t i = 0; i < form->n; i++) {
		f = &form->v[i];
		if (settings_by_form(f->name) == NULL)
			continue;
		any = true;
		if (f->is_file && !settings_is_file(f->name))
			return err_set(err, ERR_FIELD_INVALID, f->name,
			    "%s: expected text, got a file", f->name);
	}
	if (!any)
		return 0;
	if ((in->settings = json_object_new_object()) == NULL)
		return nomem(err);
	return settings_from_form(
	    in->settings, form_value, (void *)(uintptr_t)form, findings, err);
}

static int
read_form(const struct fields *form, bool files_only, struct api_input *in,
    struct findings *findings, struct err *err)
{
	static const char *const all[] = {
	    "apply", "note", "passphrase", "key_id", NULL};
	static const char *const files[] = {"passphrase", NULL};
	static const char *const many[] = {"server_certificate", "private_key",
	    "ca_certificate", UPLOAD_LOOSE, UPLOAD_CLIENT_CA, "confirm",
	    "scanner", NULL};
	static const char *const some[] = {"server_certificate", "private_key",
	    "ca_certificate", UPLOAD_LOOSE, NULL};
	struct json_object *names = NULL;

	if (fields_check_also(form, files_only ? files : all,
		files_only ? some : many,
		files_only ? NULL : settings_has_form, err) == -1 ||
	    upload_from_form(form, &in->files, &names, err) == -1 ||
	    upload_loose(form, &in->loose, err) == -1 ||
	    upload_client_ca(form, &in->client_ca, &names, err) == -1)
		return -1;
	json_object_put(names);
	for (size_t i = 0; i < form->n; i++) {
		if (!upload_is_field(form->v[i].name) &&
		    strcmp(form->v[i].name, UPLOAD_CLIENT_CA) != 0 &&
		    strcmp(form->v[i].name, UPLOAD_LOOSE) != 0 &&
		    settings_by_form(form->v[i].name) == NULL &&
		    read_text(&form->v[i], in, err) == -1)
			return -1;
	}
	return files_only ? 0 : read_settings(form, in, findings, err);
}

/* What is wrong line by line, for the answer. */
static void
keep_problem(
    struct request *req, const struct findings *findings, const struct err *err)
{
	struct json_object *o;

	if (findings->n == 0 || req->problem != NULL || err == NULL ||
	    (o = err_to_json(err)) == NULL)
		return;
	(void)api_put(o, "findings", findings_to_json(findings));
	req->problem = o;
}

int
api_input_read(struct request *req, bool files_only, struct api_input *ret,
    struct err *err)
{
	struct api_input in = {0};
	struct findings findings;
	int rc;

	findings_init(&findings);
	if (req->json != NULL)
		rc = read_json(req->json, files_only, &in, &findings, err);
	else
		rc = read_form(&req->form, files_only, &in, &findings, err);
	if (rc == -1)
		keep_problem(req, &findings, err);
	findings_clear(&findings);
	if (rc == -1) {
		api_input_clear(&in);
		return -1;
	}
	*ret = in;
	return 0;
}

int
api_choices_read(
    const struct request *req, struct api_input *ret, struct err *err)
{
	static const char *const names[] = {"apply", "confirm", "note", NULL};
	static const char *const once[] = {"apply", "note", NULL};
	static const char *const many[] = {"confirm", NULL};
	struct api_input in = {0};
	int rc = 0;

	if (req->json != NULL) {
		if (jsonx_only(req->json, "", names, err) == -1)
			return -1;
		rc = read_json(req->json, false, &in, NULL, err);
	} else {
		if (fields_check(&req->form, once, many, err) == -1)
			return -1;
		for (size_t i = 0; rc == 0 && i < req->form.n; i++)
			rc = read_text(&req->form.v[i], &in, err);
	}
	if (rc == -1)
		api_input_clear(&in);
	else
		*ret = in;
	return rc;
}

void
api_input_clear(struct api_input *in)
{
	json_object_put(in->settings);
	jsonx_wipe(in->files);
	jsonx_wipe(in->client_ca);
	jsonx_wipe(in->loose);
	json_object_put(in->confirm);
	json_object_put(in->scanners);
	if (in->passphrase != NULL)
		OPENSSL_cleanse(in->passphrase, strlen(in->passphrase));
	free(in->passphrase);
	*in = (struct api_input){0};
}
