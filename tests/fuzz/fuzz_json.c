/*
 * fuzz_json.c - a JSON body: what jsonx_parse accepts has no key twice, no
 * NUL and no bad UTF-8, comes out again as the same value, and the getters
 * and readers of bodies keep to their word about it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "core.h"
#include "findings.h"
#include "jsonx.h"
#include "settings.h"
#include "upload.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static int
depth_of(struct json_object *o)
{
	int d, deepest = 0;

	if (json_object_is_type(o, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(o); i++) {
			d = depth_of(json_object_array_get_idx(o, i));
			if (d > deepest)
				deepest = d;
		}
		return deepest + 1;
	}
	if (!json_object_is_type(o, json_type_object))
		return 0;
	json_object_object_foreach (o, key, v) {
		if (!utf8_valid(key, strlen(key)))
			abort();
		d = depth_of(v);
		if (d > deepest)
			deepest = d;
	}
	return deepest + 1;
}

static void
same_again(struct json_object *o)
{
	const char *text =
	    json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
	struct json_object *again = NULL;

	if (!utf8_valid(text, strlen(text)) ||
	    jsonx_parse(text, strlen(text), JSON_DEPTH_MAX, &again, NULL) ==
		-1 ||
	    json_object_equal(o, again) == 0)
		abort();
	json_object_put(again);
}

static void
getters(struct json_object *o)
{
	const char *s = NULL;
	struct json_object *v = NULL;
	int64_t n = 5;
	bool b = false;
	struct buf buf;

	if (jsonx_str(o, "s", "s", 8, &s, NULL) == 0 && s != NULL &&
	    (strlen(s) > 8 || !utf8_valid(s, strlen(s))))
		abort();
	if (jsonx_int(o, "n", "n", 1, 9, &n, NULL) == -1 || n < 1 || n > 9)
		n = 5;
	jsonx_bool(o, "b", "b", &b, NULL);
	if (jsonx_array(o, "a", "a", 4, &v, NULL) == 0 && v != NULL &&
	    json_object_array_length(v) > 4)
		abort();
	buf_init(&buf, 64);
	if (jsonx_b64(o, "s", "s", 64, &buf, NULL) == 0 && buf.len > 64)
		abort();
	buf_clear(&buf);
}

static void
bodies(struct json_object *o)
{
	struct json_object *files = NULL, *certificate = NULL, *out;
	struct findings f = {0};
	struct settings s, again;

	if (jsonx_obj(o, "certificate", "certificate", &certificate, NULL) ==
		0 &&
	    certificate != NULL)
		upload_from_json(certificate, &files, NULL);
	json_object_put(files);
	settings_default(&s);
	settings_default(&again);
	if (settings_check_json(&s, o, &f, NULL) == 0) {
		out = settings_to_json(&s);
		if (settings_from_json(&again, out, NULL) == -1 ||
		    !settings_equal(&s, &again))
			abort();
		json_object_put(out);
	}
	settings_clear(&s);
	settings_clear(&again);
	findings_clear(&f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct json_object *o = NULL;

	if (jsonx_parse((const char *)data, len, JSON_DEPTH_MAX, &o, NULL) ==
	    -1) {
		if (o != NULL)
			abort();
		return 0;
	}
	if (!utf8_valid((const char *)data, len) ||
	    depth_of(o) > JSON_DEPTH_MAX)
		abort();
	same_again(o);
	if (json_object_is_type(o, json_type_object)) {
		getters(o);
		bodies(o);
	}
	json_object_put(o);
	return 0;
}
