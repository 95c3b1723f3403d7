/*
 * errjson.c - an error as JSON, and one that came as JSON.
 */
#include <string.h>

#include <json-c/json.h>

#include "err.h"
#include "jsonx.h"
#include "util.h"

struct json_object *
err_to_json(const struct err *err)
{
	struct json_object *o;

	if ((o = json_object_new_object()) == NULL)
		return NULL;
	if (jsonx_put_str(o, "code", err_name(err->code)) != 0 ||
	    jsonx_put_str(o, "field", err->field) != 0 ||
	    jsonx_put_str(o, "detail", err->msg) != 0) {
		json_object_put(o);
		return NULL;
	}
	return o;
}

static void
copy_string(char *dst, size_t size, struct json_object *o, const char *key)
{
	struct json_object *v;

	dst[0] = '\0';
	if (!json_object_object_get_ex(o, key, &v) ||
	    !json_object_is_type(v, json_type_string))
		return;
	text_clean(dst, size, json_object_get_string(v),
	    (size_t)json_object_get_string_len(v));
}

void
err_from_json(struct err *err, struct json_object *o)
{
	char name[64];

	memset(err, 0, sizeof(*err));
	err->code = ERR_INTERNAL;
	if (!json_object_is_type(o, json_type_object))
		return;
	copy_string(name, sizeof(name), o, "code");
	copy_string(err->field, sizeof(err->field), o, "field");
	copy_string(err->msg, sizeof(err->msg), o, "detail");
	if (err_from_name(name, &err->code) != 0 || err->code == ERR_NONE)
		err->code = ERR_INTERNAL;
}
