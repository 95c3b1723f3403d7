/*
 * jsonx.c - members of json-c objects.  Reading text is in jsonread.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "jsonx.h"

struct json_object *
jsonx_member(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	if (!json_object_is_type(o, json_type_object) ||
	    !json_object_object_get_ex(o, key, &v))
		return NULL;
	return v;
}

static int
bad_type(struct err *err, const char *field, const char *want,
    struct json_object *got)
{
	return err_set(err, ERR_FIELD_INVALID, field, "%s: expected %s, got %s",
	    field, want, json_type_to_name(json_object_get_type(got)));
}

int
jsonx_bool(struct json_object *o, const char *key, const char *field, bool *ret,
    struct err *err)
{
	struct json_object *v;

	if ((v = jsonx_member(o, key)) == NULL)
		return 0;
	if (!json_object_is_type(v, json_type_boolean))
		return bad_type(err, field, "true or false", v);
	*ret = json_object_get_boolean(v);
	return 0;
}

int
jsonx_int(struct json_object *o, const char *key, const char *field,
    int64_t min, int64_t max, int64_t *ret, struct err *err)
{
	struct json_object *v;
	int64_t n;

	if ((v = jsonx_member(o, key)) == NULL)
		return 0;
	if (!json_object_is_type(v, json_type_int))
		return bad_type(err, field, "an integer", v);
	n = json_object_get_int64(v);
	if (n < min || n > max)
		return err_set(err, ERR_FIELD_INVALID, field,
		    "%s: expected %lld to %lld, got %lld", field,
		    (long long)min, (long long)max, (long long)n);
	*ret = n;
	return 0;
}

int
jsonx_str(struct json_object *o, const char *key, const char *field, size_t max,
    const char **ret, struct err *err)
{
	struct json_object *v;
	size_t len;

	if ((v = jsonx_member(o, key)) == NULL)
		return 0;
	if (!json_object_is_type(v, json_type_string))
		return bad_type(err, field, "a string", v);
	len = (size_t)json_object_get_string_len(v);
	if (len > max)
		return err_set(err, ERR_FIELD_TOO_LONG, field,
		    "%s: at most %zu bytes, got %zu", field, max, len);
	if (strlen(json_object_get_string(v)) != len)
		return err_set(err, ERR_FIELD_INVALID, field,
		    "%s: holds a NUL character", field);
	*ret = json_object_get_string(v);
	return 0;
}

int
jsonx_obj(struct json_object *o, const char *key, const char *field,
    struct json_object **ret, struct err *err)
{
	struct json_object *v;

	if ((v = jsonx_member(o, key)) == NULL)
		return 0;
	if (!json_object_is_type(v, json_type_object))
		return bad_type(err, field, "an object", v);
	*ret = v;
	return 0;
}

int
jsonx_array(struct json_object *o, const char *key, const char *field,
    size_t max, struct json_object **ret, struct err *err)
{
	struct json_object *v;
	size_t n;

	if ((v = jsonx_member(o, key)) == NULL)
		return 0;
	if (!json_object_is_type(v, json_type_array))
		return bad_type(err, field, "an array", v);
	n = json_object_array_length(v);
	if (n > max)
		return err_set(err, ERR_FIELD_TOO_LONG, field,
		    "%s: at most %zu elements, got %zu", field, max, n);
	*ret = v;
	return 0;
}

static bool
listed(const char *key, const char *const *keys)
{
	for (; *keys != NULL; keys++) {
		if (strcmp(*keys, key) == 0)
			return true;
	}
	return false;
}

int
jsonx_only(struct json_object *o, const char *prefix, const char *const *keys,
    struct err *err)
{
	char field[48];

	if (!json_object_is_type(o, json_type_object))
		return bad_type(
		    err, prefix == NULL ? "" : prefix, "an object", o);
	json_object_object_foreach (o, key, val) {
		(void)val;
		if (listed(key, keys))
			continue;
		if (prefix == NULL || prefix[0] == '\0')
			return err_set(err, ERR_FIELD_UNKNOWN, key,
			    "unknown member \"%s\"", key);
		snprintf(field, sizeof(field), "%s.%s", prefix, key);
		return err_set(err, ERR_FIELD_UNKNOWN, field,
		    "unknown member \"%s.%s\"", prefix, key);
	}
	return 0;
}

static const char b64_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "abcdefghijklmnopqrstuvwxyz"
				   "0123456789+/";

static int
b64_value(char c)
{
	const char *p;

	if (c == '\0' || (p = strchr(b64_alphabet, c)) == NULL)
		return -1;
	return (int)(p - b64_alphabet);
}

size_t
b64_size(const char *s, size_t len)
{
	size_t pad = 0;

	while (pad < 2 && pad < len && s[len - 1 - pad] == '=')
		pad++;
	return len % 4 == 0 ? len / 4 * 3 - pad : SIZE_MAX;
}

/*
 * Own decoder: OpenSSL's skips blanks around the text and writes the bytes of
 * the padding as well.  Bits beyond the last byte must be zero, so that one
 * value has one spelling.
 */
int
b64_decode(const char *s, size_t size, char *dst)
{
	unsigned int bits = 0, have = 0;
	size_t i;
	int v;

	for (i = 0; i < size / 3 * 4 + (size % 3 == 0 ? 0 : size % 3 + 1);
	     i++) {
		if ((v = b64_value(s[i])) < 0)
			return -1;
		bits = (bits << 6 | (unsigned int)v) & 0xffff;
		have += 6;
		if (have >= 8) {
			have -= 8;
			*dst++ = (char)(bits >> have & 0xff);
		}
	}
	return (bits & ((1u << have) - 1)) == 0 ? 0 : -1;
}

int
jsonx_b64(struct json_object *o, const char *key, const char *field, size_t max,
    struct buf *dst, struct err *err)
{
	struct json_object *v;
	size_t size;
	const char *s;

	if ((v = jsonx_member(o, key)) == NULL)
		return 0;
	if (!json_object_is_type(v, json_type_string))
		return bad_type(err, field, "a base64 string", v);
	s = json_object_get_string(v);
	size = b64_size(s, (size_t)json_object_get_string_len(v));
	if (size == SIZE_MAX)
		goto bad;
	if (size > max)
		return err_set(err, ERR_FIELD_TOO_LONG, field,
		    "%s: at most %zu bytes, got %zu", field, max, size);
	if (buf_reserve(dst, size) != 0)
		return err_set(err, ERR_NOMEM, field,
		    "%s: no room for %zu bytes", field, size);
	if (b64_decode(s, size, dst->data + dst->len) != 0) {
		OPENSSL_cleanse(dst->data + dst->len, size);
		goto bad;
	}
	dst->len += size;
	dst->data[dst->len] = '\0';
	return 0;
bad:
	return err_set(err, ERR_FIELD_ENCODING, field,
	    "%s: not base64 (RFC 4648 section 4)", field);
}

static void
b64_encode(char *dst, const unsigned char *p, size_t len)
{
	unsigned int g;
	size_t i, n;

	for (i = 0; i < len; i += 3) {
		n = len - i;
		g = (unsigned int)p[i] << 16;
		if (n > 1)
			g |= (unsigned int)p[i + 1] << 8;
		if (n > 2)
			g |= p[i + 2];
		*dst++ = b64_alphabet[g >> 18];
		*dst++ = b64_alphabet[g >> 12 & 63];
		*dst++ = n > 1 ? b64_alphabet[g >> 6 & 63] : '=';
		*dst++ = n > 2 ? b64_alphabet[g & 63] : '=';
	}
	*dst = '\0';
}

struct json_object *
jsonx_new_b64(const void *src, size_t len)
{
	struct json_object *v;
	size_t size;
	char *text;

	if (len > INT32_MAX / 2)
		return NULL;
	size = (len + 2) / 3 * 4;
	if ((text = malloc(size + 1)) == NULL)
		return NULL;
	b64_encode(text, src, len);
	v = json_object_new_string_len(text, (int)size);
	OPENSSL_cleanse(text, size);
	free(text);
	return v;
}

struct json_object *
jsonx_path(struct json_object *o, const char *path)
{
	char key[64];
	size_t n;

	while (o != NULL) {
		n = strcspn(path, ".");
		if (n == 0 || n >= sizeof(key))
			return NULL;
		memcpy(key, path, n);
		key[n] = '\0';
		o = jsonx_member(o, key);
		if (path[n] == '\0')
			return o;
		path += n + 1;
	}
	return NULL;
}

const char *
jsonx_path_str(struct json_object *o, const char *path, const char *fallback)
{
	struct json_object *v;

	if ((v = jsonx_path(o, path)) == NULL ||
	    !json_object_is_type(v, json_type_string))
		return fallback;
	return json_object_get_string(v);
}

int64_t
jsonx_path_int(struct json_object *o, const char *path)
{
	return json_object_get_int64(jsonx_path(o, path));
}

bool
jsonx_path_bool(struct json_object *o, const char *path)
{
	return json_object_get_boolean(jsonx_path(o, path));
}

size_t
jsonx_len(struct json_object *list)
{
	return json_object_is_type(list, json_type_array)
		   ? json_object_array_length(list)
		   : 0;
}

const char *
jsonx_str_at(struct json_object *list, size_t i)
{
	return json_object_get_string(json_object_array_get_idx(list, i));
}

static int
put(struct json_object *o, const char *key, struct json_object *v)
{
	if (v == NULL || json_object_object_add(o, key, v) != 0) {
		json_object_put(v);
		return -1;
	}
	return 0;
}

int
jsonx_put_str(struct json_object *o, const char *key, const char *value)
{
	return put(o, key, json_object_new_string(value));
}

int
jsonx_put_int(struct json_object *o, const char *key, int64_t value)
{
	return put(o, key, json_object_new_int64(value));
}

int
jsonx_put_bool(struct json_object *o, const char *key, bool value)
{
	return put(o, key, json_object_new_boolean(value));
}

/*
 * json-c hands out its own storage as const; writing zeros into it just
 * before it is freed changes nothing that anyone will read.
 */
static void
wipe(struct json_object *o)
{
	size_t i;

	switch (json_object_get_type(o)) {
	case json_type_string:
		OPENSSL_cleanse((void *)(uintptr_t)json_object_get_string(o),
		    (size_t)json_object_get_string_len(o));
		break;
	case json_type_array:
		for (i = 0; i < json_object_array_length(o); i++)
			wipe(json_object_array_get_idx(o, i));
		break;
	case json_type_object: {
		json_object_object_foreach (o, key, val) {
			(void)key;
			wipe(val);
		}
		break;
	}
	default:
		break;
	}
}

void
jsonx_wipe(struct json_object *o)
{
	wipe(o);
	json_object_put(o);
}
