/*
 * upload.c - the three files of a form or a JSON body as FILES of ops.h.
 *
 * Only sizes are looked at here: what is in the bytes is for postseald's
 * jailed child alone.
 */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "core.h"
#include "jsonx.h"
#include "settings.h"
#include "upload.h"

/* The names of pki.h, which belongs to a library that is not linked here; a
 * test compares them. */
const char *const upload_fields[] = {
    "server_certificate", "private_key", "ca_certificate", NULL};

bool
upload_is_field(const char *name)
{
	for (size_t i = 0; upload_fields[i] != NULL; i++) {
		if (strcmp(upload_fields[i], name) == 0)
			return true;
	}
	return false;
}

struct field_limit
upload_limit(const char *name, bool is_file)
{
	bool binary = is_file || upload_is_field(name);
	const struct settings_field *f = settings_by_form(name);
	size_t len = strlen(name);
	/* "private_key_text": the same, pasted. */
	bool pasted = len > 5 && strcmp(name + len - 5, "_text") == 0;
	struct field_limit l = {
	    binary || pasted ? FILE_KEEP_MAX : FIELD_TEXT_MAX, binary || pasted,
	    binary};

	if (f != NULL && f->kind == SETTING_LIST)
		l.max = f->bytes_max + 1;
	return l;
}

static int
too_large(const char *name, size_t len, struct err *err)
{
	return err_set(err, ERR_FILE_TOO_LARGE, name,
	    "%s: expected at most %d bytes, got %s%zu", name, PKI_FILE_MAX,
	    len >= FILE_KEEP_MAX ? "at least " : "", len);
}

static int
nomem(struct err *err)
{
	return err_set(err, ERR_NOMEM, "", "out of memory");
}

/* o[key] = v, v taken over. */
static int
put(struct json_object **o, const char *key, struct json_object *v)
{
	if (v == NULL)
		return -1;
	if ((*o == NULL && (*o = json_object_new_object()) == NULL) ||
	    json_object_object_add(*o, key, v) != 0) {
		jsonx_wipe(v);
		return -1;
	}
	return 0;
}

int
upload_from_form(const struct fields *form, struct json_object **ret_files,
    struct json_object **ret_names, struct err *err)
{
	struct json_object *files = NULL, *names = NULL;
	const struct field *f;
	const char *name;

	for (size_t i = 0; (name = upload_fields[i]) != NULL; i++) {
		f = fields_get(form, name);
		/* A browser's field that no file was chosen for. */
		if (f == NULL ||
		    (f->is_file && f->len == 0 && f->filename[0] == '\0'))
			continue;
		if (f->len > PKI_FILE_MAX) {
			too_large(name, f->len, err);
			goto fail;
		}
		if (put(&files, name, jsonx_new_b64(f->value, f->len)) == -1 ||
		    put(&names, name,
			json_object_new_string(
			    f->is_file ? f->filename : "")) == -1) {
			nomem(err);
			goto fail;
		}
	}
	*ret_files = files;
	*ret_names = names;
	return 0;
fail:
	jsonx_wipe(files);
	json_object_put(names);
	return -1;
}

int
upload_from_json(struct json_object *certificate,
    struct json_object **ret_files, struct err *err)
{
	struct json_object *files = NULL;
	const char *name, *s;
	size_t len;

	for (size_t i = 0; (name = upload_fields[i]) != NULL; i++) {
		s = NULL;
		if (jsonx_str(certificate, name, name, SIZE_MAX, &s, err) == -1)
			goto fail;
		if (s == NULL)
			continue;
		if ((len = strlen(s)) > PKI_FILE_MAX) {
			too_large(name, len, err);
			goto fail;
		}
		if (put(&files, name, jsonx_new_b64(s, len)) == -1) {
			nomem(err);
			goto fail;
		}
	}
	*ret_files = files;
	return 0;
fail:
	jsonx_wipe(files);
	return -1;
}
