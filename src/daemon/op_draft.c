/*
 * op_draft.c - inspect, draft.put, draft.drop: files that are looked at and
 * not applied.
 *
 * A file that can never become right by another file beside it (empty,
 * unreadable, in the wrong field) is reported and not kept; the report of it
 * stays with the draft until that field is sent again, so that a page without
 * scripts can show it after its redirect.  A mismatch is kept: the next file
 * may mend it.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "call.h"
#include "cluster.h"
#include "drafts.h"
#include "jsonx.h"
#include "keystore.h"

static const char *const hopeless[] = {"file.empty", "file.too_large",
    "file.unreadable", "file.truncated", "file.wrong_field",
    "file.too_many_objects", "key.of_ca", "inspect.failed", "client_ca.none",
    "client_ca.key", "client_ca.not_ca", NULL};

static bool
is_hopeless(const char *code)
{
	size_t i;

	for (i = 0; hopeless[i] != NULL; i++) {
		if (strcmp(hopeless[i], code) == 0)
			return true;
	}
	return false;
}

static int
inspect_loose(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	struct sorted sorted = {.v = NULL};
	struct loose loose = {.v = NULL};
	int rc = loose_read(args, &loose, err);

	if (rc == 0)
		rc = loose_sort(c, &loose,
		    jsonx_path_str(args, "passphrase", NULL), NULL, &sorted,
		    err);
	if (rc == 0) {
		*data = json_object_new_object();
		json_object_object_add(
		    *data, "sorted", json_object_get(sorted.json));
	}
	sorted_clear(&sorted);
	loose_clear(&loose);
	return rc;
}

int
op_inspect(struct call *c, struct json_object *args, struct json_object **data,
    struct err *err)
{
	struct pki_bytes file[PKI_FIELD__MAX];
	struct json_object *report = NULL;
	struct files f;
	int rc = -1;

	if (jsonx_member(args, "loose") != NULL)
		return inspect_loose(c, args, data, err);
	files_init(&f);
	if (files_read(args, &f, err) == -1)
		goto out;
	if (files_count(&f) == 0) {
		err_set(err, ERR_FIELD_MISSING, "files", "no file was sent");
		goto out;
	}
	files_bytes(&f, file);
	if (files_inspect(c, file, jsonx_path_str(args, "passphrase", NULL),
		jsonx_path_bool(args, "partial") ? FILES_PART : FILES_SET,
		&report, err) == -1)
		goto out;
	*data = json_object_new_object();
	json_object_object_add(*data, "report", report);
	rc = 0;
out:
	files_clear(&f);
	return rc;
}

/* What is said of the CAs, into the report of the rest, or into a new one. */
static int
add_report(struct draft *d, struct json_object *cas, struct err *err)
{
	struct json_object *all = NULL, *list, *row, *files;
	size_t i;

	if (d->report != NULL &&
	    json_object_deep_copy(d->report, &all, NULL) == -1)
		return err_set(err, ERR_NOMEM, "", "draft");
	if (all == NULL) {
		all = json_object_new_object();
		json_object_object_add(
		    all, "ok", json_object_new_boolean(true));
		json_object_object_add(all, "certificate", NULL);
		json_object_object_add(all, "files", json_object_new_object());
		json_object_object_add(
		    all, "findings", json_object_new_array());
	}
	files = jsonx_path(all, "files");
	json_object_object_add(files, file_names[FILE_CLIENT_CA],
	    json_object_get(jsonx_path(cas, "files.ca_certificate")));
	list = jsonx_path(cas, "findings");
	for (i = 0; i < jsonx_len(list); i++) {
		row = json_object_array_get_idx(list, i);
		jsonx_put_str(row, "field", file_names[FILE_CLIENT_CA]);
		json_object_array_add(
		    jsonx_path(all, "findings"), json_object_get(row));
	}
	if (!jsonx_path_bool(cas, "ok"))
		json_object_object_add(
		    all, "ok", json_object_new_boolean(false));
	json_object_put(d->report);
	d->report = all;
	return 0;
}

int
draft_inspect_authorities(
    const struct call *c, struct draft *d, struct err *err)
{
	struct pki_bytes file[PKI_FIELD__MAX] = {{NULL, 0}};
	struct json_object *report = NULL;
	int rc;

	if (!d->files.given[FILE_CLIENT_CA])
		return 0;
	file[PKI_CA_CERTIFICATE] = file_bytes(&d->files, FILE_CLIENT_CA);
	rc = files_inspect(c, file, NULL, FILES_AUTHORITIES, &report, err);
	if (rc == 0)
		rc = add_report(d, report, err);
	json_object_put(report);
	return rc;
}

/* A set with certificate and key is judged as a whole; less is a part. */
int
draft_inspect(const struct call *c, struct draft *d, struct err *err)
{
	bool partial = !d->files.given[PKI_SERVER_CERTIFICATE] ||
		       !d->files.given[PKI_PRIVATE_KEY];
	struct pki_bytes file[PKI_FIELD__MAX];

	json_object_put(d->report);
	d->report = NULL;
	files_bytes(&d->files, file);
	if (files_count(&d->files) > 0 &&
	    files_inspect(c, file,
		d->passphrase[0] == '\0' ? NULL : d->passphrase,
		partial ? FILES_PART : FILES_SET, &d->report, err) == -1)
		return -1;
	return draft_inspect_authorities(c, d, err);
}

static void
forget_file(struct draft *d, size_t i)
{
	buf_clear(&d->files.data[i]);
	d->files.given[i] = false;
	d->name[i][0] = '\0';
}

/* Findings of earlier files in a field that is sent or removed now go. */
static void
forget_refused(struct draft *d, int field)
{
	struct json_object *keep, *row;
	size_t i;

	if (d->refused == NULL)
		return;
	keep = json_object_new_array();
	for (i = 0; i < json_object_array_length(d->refused); i++) {
		row = json_object_array_get_idx(d->refused, i);
		if (strcmp(jsonx_path_str(row, "field", ""),
			file_names[field]) != 0)
			json_object_array_add(keep, json_object_get(row));
	}
	json_object_put(d->refused);
	d->refused = keep;
}

bool
draft_drop_hopeless(struct draft *d, const struct files *sent)
{
	struct json_object *list, *row;
	bool dropped = false;
	size_t i;
	int field;

	list = jsonx_path(d->report, "findings");
	for (i = 0; list != NULL && i < json_object_array_length(list); i++) {
		row = json_object_array_get_idx(list, i);
		field = field_number(jsonx_path_str(row, "field", ""));
		if (field == -1 || !sent->given[field] ||
		    !is_hopeless(jsonx_path_str(row, "code", "")) ||
		    strcmp(jsonx_path_str(row, "severity", ""), "error") != 0)
			continue;
		if (d->refused == NULL)
			d->refused = json_object_new_array();
		json_object_array_add(d->refused, json_object_get(row));
		forget_file(d, (size_t)field);
		dropped = true;
	}
	return dropped;
}

static int
put_removed(struct json_object *args, struct draft *d, struct err *err)
{
	struct json_object *list = jsonx_member(args, "remove");
	static const char loose[] = "loose:";
	const char *name;
	size_t i;
	int field;

	for (i = 0; i < jsonx_len(list); i++) {
		name = jsonx_str_at(list, i);
		if (strncmp(name, loose, sizeof(loose) - 1) == 0) {
			loose_remove(&d->loose, name + sizeof(loose) - 1);
			continue;
		}
		if ((field = field_number(name)) == -1)
			return err_set(err, ERR_FIELD_INVALID, "remove",
			    "expected names of file fields");
		forget_file(d, (size_t)field);
		forget_refused(d, field);
	}
	return 0;
}

static int
put_files(struct json_object *args, struct draft *d, const struct files *sent,
    struct err *err)
{
	struct json_object *names = jsonx_member(args, "names");
	const char *name;
	size_t i;

	if (names != NULL && jsonx_only(names, "names", file_names, err) == -1)
		return -1;
	for (i = 0; i < FILES__MAX; i++) {
		if (!sent->given[i])
			continue;
		name = "";
		if (names != NULL && jsonx_str(names, file_names[i], "names",
					 1024, &name, err) == -1)
			return -1;
		forget_file(d, i);
		forget_refused(d, (int)i);
		if (buf_add(&d->files.data[i],
			sent->data[i].data == NULL ? "" : sent->data[i].data,
			sent->data[i].len) == -1)
			return err_set(err, ERR_NOMEM, "", "draft");
		d->files.given[i] = true;
		clean_copy(d->name[i], sizeof(d->name[i]), name);
	}
	return 0;
}

/* The self-signed certificate of a key made here, as if it were uploaded;
 * its key stays where it is. */
static int
put_key_id(const struct conf *conf, struct json_object *args, struct draft *d,
    struct err *err)
{
	const char *id = jsonx_path_str(args, "key_id", NULL);
	struct json_object *key = NULL;
	struct buf pem;
	size_t i;
	int rc = -1;

	if (id == NULL)
		return 0;
	buf_init(&pem, PKI_FILE_MAX);
	if (keystore_get(conf, id, &key, err) == -1 ||
	    keystore_certificate(conf, id, &pem, err) == -1)
		goto out;
	for (i = 0; i < PKI_FIELD__MAX; i++) {
		forget_file(d, i);
		forget_refused(d, (int)i);
	}
	i = PKI_SERVER_CERTIFICATE;
	if (buf_add(&d->files.data[i], pem.data, pem.len) == -1) {
		err_set(err, ERR_NOMEM, "", "draft");
		goto out;
	}
	d->files.given[i] = true;
	clean_copy(
	    d->name[i], sizeof(d->name[i]), jsonx_path_str(key, "subject", ""));
	rc = 0;
out:
	json_object_put(key);
	buf_clear(&pem);
	return rc;
}

static int
put_copy(struct json_object **dst, struct json_object *v, struct err *err)
{
	json_object_put(*dst);
	*dst = NULL;
	return json_object_deep_copy(v, dst, NULL) == -1
		   ? err_set(err, ERR_NOMEM, "", "draft")
		   : 0;
}

/* Hosts that were chosen; who is enrolled is asked when it is saved. */
static int
put_scanners(struct json_object *args, struct draft *d, struct err *err)
{
	struct json_object *list = jsonx_member(args, "scanners");
	size_t i;

	if (list == NULL)
		return 0;
	for (i = 0; i < jsonx_len(list); i++) {
		if (!bundle_name_valid(jsonx_str_at(list, i)))
			return err_set(err, ERR_FIELD_INVALID, "scanners",
			    "expected names of scanners");
	}
	return put_copy(&d->scanners, list, err);
}

/* What the form was drawn from: texts that are the client's own. */
static int
put_was(struct json_object *args, struct draft *d, struct err *err)
{
	struct json_object *was = jsonx_member(args, "was");

	if (was == NULL)
		return 0;
	if (json_object_object_length(was) > WAS_MAX)
		return err_set(err, ERR_FIELD_INVALID, "was",
		    "expected at most %d members", WAS_MAX);
	json_object_object_foreach (was, name, v)
		if (strlen(name) > WAS_TEXT_MAX ||
		    !json_object_is_type(v, json_type_string) ||
		    json_object_get_string_len(v) > WAS_TEXT_MAX)
			return err_set(err, ERR_FIELD_INVALID, "was",
			    "expected texts of at most %d bytes", WAS_TEXT_MAX);
	return put_copy(&d->was, was, err);
}

/* Loose files of several sets have several passphrases: one a line, the new
 * one first. */
static int
put_passphrase(struct draft *d, const char *passphrase, struct err *err)
{
	char all[sizeof(d->passphrase)];
	int n;

	n = snprintf(all, sizeof(all), "%s%s%s", passphrase,
	    d->loose.n > 0 && d->passphrase[0] != '\0' ? "\n" : "",
	    d->loose.n > 0 ? d->passphrase : "");
	if (n < 0 || (size_t)n >= sizeof(all))
		n = snprintf(all, sizeof(all), "%s", passphrase);
	memcpy(d->passphrase, all, sizeof(all));
	OPENSSL_cleanse(all, sizeof(all));
	return n < 0 ? err_set(err, ERR_NOMEM, "", "draft") : 0;
}

static int
put_choices(struct json_object *args, struct draft *d, struct err *err)
{
	struct json_object *settings = jsonx_member(args, "settings");
	const char *apply = jsonx_path_str(args, "apply", NULL);
	const char *passphrase = jsonx_path_str(args, "passphrase", NULL);
	const char *note = jsonx_path_str(args, "note", NULL);
	enum apply_mode mode;

	if (apply != NULL && apply_mode_from_name(apply, &mode) == -1)
		return err_set(err, ERR_FIELD_INVALID, "apply",
		    "expected restart or reload");
	if (settings != NULL && put_copy(&d->settings, settings, err) == -1)
		return -1;
	if (apply != NULL)
		clean_copy(d->apply, sizeof(d->apply), apply);
	if (note != NULL)
		clean_copy(d->note, sizeof(d->note), note);
	return passphrase == NULL ? 0 : put_passphrase(d, passphrase, err);
}

int
draft_check_settings(struct json_object *settings, struct err *err)
{
	struct settings s;
	int rc = 0;

	settings_default(&s);
	if (settings != NULL)
		rc = settings_from_json(&s, settings, err);
	settings_clear(&s);
	return rc;
}

int
draft_merge(const struct conf *conf, struct json_object *args,
    const struct files *sent, struct draft *d, struct err *err)
{
	if (put_removed(args, d, err) == -1 ||
	    put_files(args, d, sent, err) == -1 ||
	    loose_read(args, &d->loose, err) == -1 ||
	    draft_places(args, d, err) == -1 ||
	    put_key_id(conf, args, d, err) == -1 ||
	    put_choices(args, d, err) == -1 || put_was(args, d, err) == -1)
		return -1;
	return put_scanners(args, d, err);
}

int
op_draft_put(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	const char *id = jsonx_path_str(args, "draft", "");
	struct sorted sorted = {.v = NULL};
	struct files sent;
	struct draft d;
	int lock = -1, rc = -1;

	files_init(&sent);
	draft_init(&d);
	if ((lock = draft_lock(c->conf, id, err)) == -1 ||
	    draft_load(c->conf, id, &d, err) == -1 ||
	    files_read(args, &sent, err) == -1 ||
	    draft_check_settings(jsonx_member(args, "settings"), err) == -1 ||
	    draft_merge(c->conf, args, &sent, &d, err) == -1 ||
	    draft_inspect(c, &d, err) == -1 ||
	    draft_sort(c, &d, &sorted, err) == -1)
		goto out;
	if (draft_drop_hopeless(&d, &sent) && draft_inspect(c, &d, err) == -1)
		goto out;
	if (draft_save(c->conf, id, &d, err) == -1)
		goto out;
	*data = json_object_new_object();
	json_object_object_add(*data, "draft", draft_to_json(&d));
	rc = 0;
out:
	draft_release(c->conf, id, lock);
	files_clear(&sent);
	sorted_clear(&sorted);
	draft_clear(&d);
	return rc;
}

int
op_draft_drop(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	return draft_drop(c->conf, jsonx_path_str(args, "draft", ""), err);
}
