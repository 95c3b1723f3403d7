/*
 * jsonread.c - strict JSON text (RFC 8259) into json-c objects.
 *
 * Why not json-c's tokener: even with JSON_TOKENER_STRICT it keeps the last
 * of two equal keys without a word, and two readers that disagree about which
 * one counts are how a filter is passed.  This reader refuses them, builds
 * the objects itself and so is the only grammar there is.
 *
 *   value  = object | array | string | number | true | false | null
 *   object = '{' [ string ':' value { ',' string ':' value } ] '}'
 *   array  = '[' [ value { ',' value } ] ']'
 *
 * One function a line above; recursion is bounded by depth_max.  Each
 * function leaves r->at behind what it consumed, or fails for good: there is
 * no going back.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "jsonx.h"
#include "utf8.h"

#define NUMBER_MAX  64 /* characters */
#define DEPTH_LIMIT 64 /* whatever the caller says */
/* json-c takes about 700 bytes for an empty object of two characters. */
#define CONTAINERS_MAX 16384

struct reader {
	const char *text;
	size_t len, at;
	int depth;	   /* levels that may still open */
	size_t containers; /* objects and arrays so far */
	struct buf str;	   /* the string being read */
	struct err *err;
};

static int read_value(struct reader *, struct json_object **);

static int
malformed(struct reader *r, const char *want)
{
	return err_set(r->err, ERR_REQ_MALFORMED, NULL,
	    "JSON: expected %s at byte %zu", want, r->at);
}

static int
no_memory(struct reader *r)
{
	return err_set(r->err, ERR_NOMEM, NULL, "JSON: out of memory");
}

static int
peek(struct reader *r)
{
	return r->at < r->len ? (unsigned char)r->text[r->at] : -1;
}

static void
skip_blanks(struct reader *r)
{
	int c;

	while ((c = peek(r)) == ' ' || c == '\t' || c == '\n' || c == '\r')
		r->at++;
}

static int
read_hex4(struct reader *r, uint32_t *ret)
{
	uint32_t v = 0;
	int c, i;

	for (i = 0; i < 4; i++) {
		c = peek(r);
		if (c >= '0' && c <= '9')
			c -= '0';
		else if (c >= 'a' && c <= 'f')
			c -= 'a' - 10;
		else if (c >= 'A' && c <= 'F')
			c -= 'A' - 10;
		else
			return malformed(r, "four hex digits");
		v = v << 4 | (uint32_t)c;
		r->at++;
	}
	*ret = v;
	return 0;
}

/* Behind "\u".  A high surrogate needs its low one; NUL is refused. */
static int
read_unicode(struct reader *r)
{
	uint32_t c, low;
	char utf8[4];

	if (read_hex4(r, &c) != 0)
		return -1;
	if (c >= 0xd800 && c <= 0xdbff && r->len - r->at >= 2 &&
	    memcmp(r->text + r->at, "\\u", 2) == 0) {
		r->at += 2;
		if (read_hex4(r, &low) != 0)
			return -1;
		if (low >= 0xdc00 && low <= 0xdfff)
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}
	if (c == 0 || (c >= 0xd800 && c <= 0xdfff))
		return err_set(r->err, ERR_FIELD_ENCODING, NULL,
		    "JSON: NUL or half a surrogate pair before byte %zu",
		    r->at);
	if (buf_add(&r->str, utf8, utf8_put(utf8, c)) != 0)
		return no_memory(r);
	return 0;
}

static int
read_escape(struct reader *r)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *p;
	int c;

	c = peek(r);
	if (c > 0 && (p = strchr(from, c)) != NULL) {
		r->at++;
		if (buf_addc(&r->str, to[p - from]) != 0)
			return no_memory(r);
		return 0;
	}
	if (c != 'u')
		return malformed(r, "an escape");
	r->at++;
	return read_unicode(r);
}

/* At the opening quote; the text is left in r->str. */
static int
read_string(struct reader *r)
{
	size_t n;
	int c;

	buf_reset(&r->str);
	if (peek(r) != '"')
		return malformed(r, "a string");
	r->at++;
	while ((c = peek(r)) != '"') {
		if (c < 0x20)
			return malformed(r, "a closed string");
		if (c == '\\') {
			r->at++;
			if (read_escape(r) != 0)
				return -1;
			continue;
		}
		n = utf8_step(r->text + r->at, r->len - r->at);
		if (n == 0)
			return err_set(r->err, ERR_FIELD_ENCODING, NULL,
			    "JSON: not UTF-8 at byte %zu", r->at);
		if (buf_add(&r->str, r->text + r->at, n) != 0)
			return no_memory(r);
		r->at += n;
	}
	r->at++;
	return 0;
}

static size_t
digits(struct reader *r)
{
	size_t n = 0;
	int c;

	while ((c = peek(r)) >= '0' && c <= '9') {
		r->at++;
		n++;
	}
	return n;
}

/* int [frac] [exp]; *ret_int says that it is an integer. */
static int
scan_number(struct reader *r, bool *ret_int)
{
	bool integer = true;

	if (peek(r) == '-')
		r->at++;
	if (peek(r) == '0')
		r->at++;
	else if (digits(r) == 0)
		return malformed(r, "a digit");
	if (peek(r) == '.') {
		r->at++;
		integer = false;
		if (digits(r) == 0)
			return malformed(r, "a digit");
	}
	if (peek(r) == 'e' || peek(r) == 'E') {
		r->at++;
		integer = false;
		if (peek(r) == '+' || peek(r) == '-')
			r->at++;
		if (digits(r) == 0)
			return malformed(r, "a digit");
	}
	*ret_int = integer;
	return 0;
}

static int
read_number(struct reader *r, struct json_object **ret)
{
	char text[NUMBER_MAX + 1];
	size_t start = r->at;
	bool integer = false;
	long long n;
	double d;

	if (scan_number(r, &integer) != 0)
		return -1;
	if (r->at - start > NUMBER_MAX)
		return malformed(r, "a shorter number");
	memcpy(text, r->text + start, r->at - start);
	text[r->at - start] = '\0';
	errno = 0;
	if (integer) {
		n = strtoll(text, NULL, 10);
		if (errno == ERANGE)
			return malformed(r, "a number of at most 64 bits");
		*ret = json_object_new_int64(n);
	} else {
		d = strtod(text, NULL);
		if (!isfinite(d))
			return malformed(r, "a finite number");
		*ret = json_object_new_double(d);
	}
	return *ret == NULL ? no_memory(r) : 0;
}

static int
read_word(struct reader *r, struct json_object **ret)
{
	static const char *const words[] = {"null", "false", "true"};
	size_t i, n;

	for (i = 0; i < 3; i++) {
		n = strlen(words[i]);
		if (r->len - r->at < n ||
		    memcmp(r->text + r->at, words[i], n) != 0)
			continue;
		r->at += n;
		if (i == 0) {
			*ret = NULL;
			return 0;
		}
		*ret = json_object_new_boolean(i == 2);
		return *ret == NULL ? no_memory(r) : 0;
	}
	return malformed(r, "a value");
}

/* One "key": value into the object. */
static int
read_member(struct reader *r, struct json_object *o)
{
	struct json_object *v = NULL;
	char *key = NULL;
	int rc = -1;

	if (read_string(r) != 0)
		return -1;
	if (json_object_object_get_ex(o, r->str.data, NULL))
		return err_set(r->err, ERR_FIELD_DUPLICATE, r->str.data,
		    "JSON: member \"%s\" twice, before byte %zu", r->str.data,
		    r->at);
	if ((key = strdup(r->str.data)) == NULL)
		return no_memory(r);
	skip_blanks(r);
	if (peek(r) != ':') {
		malformed(r, "':'");
		goto out;
	}
	r->at++;
	if (read_value(r, &v) != 0)
		goto out;
	if (json_object_object_add(o, key, v) != 0) {
		json_object_put(v);
		no_memory(r);
		goto out;
	}
	rc = 0;
out:
	free(key);
	return rc;
}

static int
read_element(struct reader *r, struct json_object *o)
{
	struct json_object *v = NULL;

	if (read_value(r, &v) != 0)
		return -1;
	if (json_object_array_add(o, v) != 0) {
		json_object_put(v);
		return no_memory(r);
	}
	return 0;
}

/* At the opening bracket: object and array differ in their items only. */
static int
read_container(struct reader *r, struct json_object **ret)
{
	bool object = peek(r) == '{';
	int close = object ? '}' : ']';
	struct json_object *o;

	if (r->depth <= 0 || ++r->containers > CONTAINERS_MAX)
		return err_set(r->err, ERR_REQ_MALFORMED, NULL,
		    "JSON: %s at byte %zu",
		    r->depth <= 0 ? "nested too deep" : "too many objects",
		    r->at);
	o = object ? json_object_new_object() : json_object_new_array();
	if (o == NULL)
		return no_memory(r);
	r->depth--;
	r->at++;
	skip_blanks(r);
	if (peek(r) == close)
		goto done;
	for (;;) {
		skip_blanks(r);
		if ((object ? read_member(r, o) : read_element(r, o)) != 0)
			goto fail;
		skip_blanks(r);
		if (peek(r) == close)
			goto done;
		if (peek(r) != ',') {
			malformed(r, object ? "',' or '}'" : "',' or ']'");
			goto fail;
		}
		r->at++;
	}
done:
	r->at++;
	r->depth++;
	*ret = o;
	return 0;
fail:
	jsonx_wipe(o);
	return -1;
}

static int
read_value(struct reader *r, struct json_object **ret)
{
	int c;

	skip_blanks(r);
	c = peek(r);
	if (c == '{' || c == '[')
		return read_container(r, ret);
	if (c == '"') {
		if (read_string(r) != 0)
			return -1;
		*ret = json_object_new_string_len(r->str.data, (int)r->str.len);
		return *ret == NULL ? no_memory(r) : 0;
	}
	if (c == '-' || (c >= '0' && c <= '9'))
		return read_number(r, ret);
	return read_word(r, ret);
}

int
jsonx_parse(const char *text, size_t len, int depth_max,
    struct json_object **ret, struct err *err)
{
	struct reader r = {.text = text, .len = len, .err = err};
	struct json_object *o = NULL;
	int rc = -1;

	if (len > INT32_MAX)
		return err_set(
		    err, ERR_REQ_TOO_LARGE, NULL, "JSON: %zu bytes", len);
	r.depth = depth_max > DEPTH_LIMIT ? DEPTH_LIMIT : depth_max;
	buf_init(&r.str, len);
	if (read_value(&r, &o) != 0)
		goto out;
	skip_blanks(&r);
	if (r.at != len) {
		malformed(&r, "nothing more");
		goto out;
	}
	*ret = o;
	o = NULL;
	rc = 0;
out:
	jsonx_wipe(o);
	buf_clear(&r.str);
	return rc;
}
