/*
 * upload.c - the three files of a form or a JSON body as FILES of ops.h.
 *
 * Only sizes are looked at here: what is in the bytes is for postseald's
 * jailed child alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "core.h"
#include "jsonx.h"
#include "settings_table.h"
#include "upload.h"

#define FILES_JOINED_MAX (FIELDS_MAX * (FILE_KEEP_MAX + 1))

#define LOOSE_MAX	 128
#define LOOSE_TOTAL	 (720 * 1024) /* as loose.h of postseald */

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
	bool binary = is_file || upload_is_field(name) ||
		      strcmp(name, UPLOAD_CLIENT_CA) == 0 ||
		      strcmp(name, UPLOAD_LOOSE) == 0 ||
		      strcmp(name, UPLOAD_ZONE) == 0;
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

/* What several names were cut at may be half a character. */
static struct json_object *
new_name(char *s)
{
	size_t len = strlen(s);

	while (len > 0 && !utf8_valid(s, len))
		len--;
	return json_object_new_string_len(s, (int)len);
}

/* A browser's field that no file was chosen for. */
static bool
is_chosen(const struct field *f)
{
	return !f->is_file || f->len > 0 || f->filename[0] != '\0';
}

/* DER begins so, and no text does. */
static bool
is_binary(const struct field *f)
{
	return f->len > 1 && f->value[0] == 0x30 && (f->value[1] & 0x80) != 0;
}

/* Of the zone's files it is not known what they are: the inspection sorts. */
static bool
is_of(const struct field *f, const char *name)
{
	return strcmp(f->name, name) == 0 ||
	       (strcmp(f->name, UPLOAD_ZONE) == 0 &&
		   strcmp(name, upload_fields[0]) == 0);
}

/*
 * All files of one field, one after the other: what is binary first, as the
 * reader takes a text for one up to its end.  *ret_n: how many there were.
 */
static int
join(const struct fields *form, const char *name, struct buf *bytes,
    char names[FILE_NAME_MAX + 1], size_t *ret_n)
{
	const struct field *f;
	size_t i, len = 0, n = 0;
	int text;

	names[0] = '\0';
	for (text = 0; text < 2; text++)
		for (i = 0; i < form->n; i++) {
			f = &form->v[i];
			if (!is_of(f, name) || !is_chosen(f) ||
			    is_binary(f) != (text == 0))
				continue;
			if ((n++ > 0 && buf_addc(bytes, '\n') == -1) ||
			    buf_add(bytes, f->value, f->len) == -1)
				return -1;
			if (f->is_file && len < FILE_NAME_MAX)
				len += (size_t)snprintf(names + len,
				    FILE_NAME_MAX + 1 - len, "%s%s",
				    len > 0 ? ", " : "", f->filename);
		}
	*ret_n = n;
	return 0;
}

/* One field into files and names. */
static int
put_field(const struct fields *form, const char *name,
    struct json_object **files, struct json_object **names, struct err *err)
{
	char shown[FILE_NAME_MAX + 1];
	struct buf bytes;
	size_t n = 0;
	bool joined;
	int rc = 0;

	buf_init(&bytes, FILES_JOINED_MAX);
	joined = join(form, name, &bytes, shown, &n) == 0;
	if (joined && bytes.len > PKI_FILE_MAX)
		rc = too_large(name, bytes.len, err);
	else if (!joined ||
		 (n > 0 && (put(files, name,
				jsonx_new_b64(bytes.data, bytes.len)) == -1 ||
			       put(names, name, new_name(shown)) == -1)))
		rc = nomem(err);
	buf_clear(&bytes);
	return rc;
}

int
upload_from_form(const struct fields *form, struct json_object **ret_files,
    struct json_object **ret_names, struct err *err)
{
	struct json_object *files = NULL, *names = NULL;

	for (size_t i = 0; upload_fields[i] != NULL; i++) {
		if (put_field(form, upload_fields[i], &files, &names, err) ==
		    -1) {
			jsonx_wipe(files);
			json_object_put(names);
			return -1;
		}
	}
	*ret_files = files;
	*ret_names = names;
	return 0;
}

/* One string of an object into files; null = absent. */
static int
put_string(struct json_object *o, const char *name, struct json_object **files,
    struct err *err)
{
	const char *s = NULL;
	size_t len;

	if (jsonx_str(o, name, name, SIZE_MAX, &s, err) == -1)
		return -1;
	if (s == NULL)
		return 0;
	if ((len = strlen(s)) > PKI_FILE_MAX)
		return too_large(name, len, err);
	return put(files, name, jsonx_new_b64(s, len)) == -1 ? nomem(err) : 0;
}

int
upload_from_json(struct json_object *certificate,
    struct json_object **ret_files, struct err *err)
{
	struct json_object *files = NULL;

	for (size_t i = 0; upload_fields[i] != NULL; i++)
		if (put_string(certificate, upload_fields[i], &files, err) ==
		    -1) {
			jsonx_wipe(files);
			return -1;
		}
	*ret_files = files;
	return 0;
}

static struct json_object *
take_client_ca(struct json_object *files)
{
	struct json_object *v =
	    json_object_get(jsonx_member(files, UPLOAD_CLIENT_CA));

	json_object_put(files);
	return v;
}

int
upload_client_ca(const struct fields *form, struct json_object **ret_b64,
    struct json_object **names, struct err *err)
{
	struct json_object *files = NULL;
	int rc = put_field(form, UPLOAD_CLIENT_CA, &files, names, err);

	*ret_b64 = take_client_ca(files);
	return rc;
}

int
upload_put(const struct fields *form, struct json_object *args, struct err *err)
{
	struct json_object *files = NULL, *names = NULL, *cas = NULL;

	if (upload_from_form(form, &files, &names, err) == -1)
		return -1;
	if (files != NULL)
		json_object_object_add(args, "files", files);
	if (upload_client_ca(form, &cas, &names, err) == -1) {
		json_object_put(names);
		return -1;
	}
	if (cas != NULL)
		json_object_object_add(args, UPLOAD_CLIENT_CA, cas);
	if (names != NULL)
		json_object_object_add(args, "names", names);
	return 0;
}

int
upload_client_ca_json(
    struct json_object *o, struct json_object **ret_b64, struct err *err)
{
	struct json_object *files = NULL;
	int rc = put_string(o, UPLOAD_CLIENT_CA, &files, err);

	*ret_b64 = take_client_ca(files);
	return rc;
}

/* --- files in no field ---------------------------------------------------- */

static int
add_loose(struct json_object **list, const char *name, const void *data,
    size_t len, size_t *total, struct err *err)
{
	struct json_object *o = NULL;

	*total += len;
	if (jsonx_len(*list) == LOOSE_MAX || *total > LOOSE_TOTAL)
		return err_set(err, ERR_FILES_MANY, UPLOAD_LOOSE,
		    "at most %d files, %d KiB in all", LOOSE_MAX,
		    LOOSE_TOTAL / 1024);
	if (*list == NULL && (*list = json_object_new_array()) == NULL)
		return nomem(err);
	if (put(&o, "data", jsonx_new_b64(data, len)) == -1 ||
	    put(&o, "name", json_object_new_string(name)) == -1 ||
	    json_object_array_add(*list, o) != 0) {
		jsonx_wipe(o);
		return nomem(err);
	}
	return 0;
}

int
upload_loose(
    const struct fields *form, struct json_object **ret, struct err *err)
{
	struct json_object *list = NULL;
	const struct field *f;
	size_t i, total = 0;

	for (i = 0; i < form->n; i++) {
		f = &form->v[i];
		if (strcmp(f->name, UPLOAD_LOOSE) != 0 || !is_chosen(f))
			continue;
		if (add_loose(&list, f->is_file ? f->filename : "", f->value,
			f->len, &total, err) == -1) {
			jsonx_wipe(list);
			return -1;
		}
	}
	*ret = list;
	return 0;
}

int
upload_loose_json(
    struct json_object *o, struct json_object **ret, struct err *err)
{
	struct json_object *in = NULL, *list = NULL, *v;
	char name[24];
	size_t i, total = 0;
	int rc;

	rc = jsonx_array(o, UPLOAD_LOOSE, UPLOAD_LOOSE, LOOSE_MAX, &in, err);
	for (i = 0; rc == 0 && i < jsonx_len(in); i++) {
		v = json_object_array_get_idx(in, i);
		snprintf(name, sizeof(name), "#%zu", i + 1);
		rc = json_object_is_type(v, json_type_string)
			 ? add_loose(&list, name, json_object_get_string(v),
			       (size_t)json_object_get_string_len(v), &total,
			       err)
			 : err_set(err, ERR_FIELD_INVALID, UPLOAD_LOOSE,
			       "files: expected strings");
	}
	if (rc == -1)
		jsonx_wipe(list);
	else
		*ret = list;
	return rc;
}
