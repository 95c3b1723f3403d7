/*
 * jsonfile.c - small JSON files of our own.
 */
#include <string.h>

#include "buf.h"
#include "fsx.h"
#include "jsonx.h"

#define FILE_SIZE_MAX (2 * 1024 * 1024)
#define DEPTH	      32

int
jsonx_file_read(const char *path, struct json_object **ret, struct err *err)
{
	struct json_object *obj = NULL;
	struct err cause;
	struct buf b;
	int rc = -1;

	buf_init(&b, FILE_SIZE_MAX);
	if (fsx_read(path, FILE_SIZE_MAX, &b, err) == -1)
		goto out;
	if (jsonx_parse(b.data, b.len, DEPTH, &obj, &cause) == -1) {
		err_set(err, ERR_IO, "", "%.120s is damaged: %.60s", path,
		    cause.msg);
		goto out;
	}
	if (!json_object_is_type(obj, json_type_object)) {
		err_set(err, ERR_IO, "", "%.120s is no JSON object", path);
		goto out;
	}
	*ret = obj;
	obj = NULL;
	rc = 0;
out:
	json_object_put(obj);
	buf_clear(&b);
	return rc;
}

int
jsonx_file_write(const char *path, struct json_object *obj, struct err *err)
{
	const struct fsx_attr attr = {
	    .mode = 0600, .uid = (uid_t)-1, .gid = (gid_t)-1};
	const char *text;

	text = json_object_to_json_string_ext(obj, JSON_C_TO_STRING_PLAIN);
	if (text == NULL)
		return err_set(
		    err, ERR_NOMEM, "", "no memory for %.100s", path);
	return fsx_replace(path, text, strlen(text), &attr, err);
}
