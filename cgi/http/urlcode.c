/*
 * urlcode.c - percent-decoding (RFC 3986 section 2.1) and
 * application/x-www-form-urlencoded, without leniency: an incomplete or
 * non-hex escape, a NUL or another control character, or bytes that are not
 * UTF-8 are errors.  Text fields may hold line ends and tabs (a pasted PEM
 * file), paths and names may not.
 *
 * A path must be in normal form already: begins with "/", no empty, "." or
 * ".." part, no escape that decodes to "/" or "\".  What is not normal is
 * refused rather than repaired, so that no two layers can disagree about
 * which path was meant.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "core.h"
#include "jsonx.h"

static int
hexval(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* U+0080 to U+009F: a terminal that shows our log may obey them. */
static bool
has_c1(const char *s)
{
	for (; *s != '\0'; s++) {
		if ((unsigned char)s[0] == 0xc2 && (unsigned char)s[1] < 0xa0)
			return true;
	}
	return false;
}

/* One escape at s[0] == '%', or -1. */
static int
unescape(const char *s, size_t left)
{
	int hi, lo;

	if (left < 3 || (hi = hexval(s[1])) == -1 || (lo = hexval(s[2])) == -1)
		return -1;
	return hi << 4 | lo;
}

static bool
is_control(unsigned char c, bool text)
{
	if (text && (c == '\n' || c == '\r' || c == '\t'))
		return false;
	return c < 0x20 || c == 0x7f;
}

static int
bad_path(struct err *err, const char *why)
{
	return err_set(err, ERR_REQ_MALFORMED, "", "path: %s", why);
}

static int
check_parts(const char *path, struct err *err)
{
	const char *p = path, *end;
	size_t len;

	while (*p == '/') {
		end = strchr(++p, '/');
		len = end == NULL ? strlen(p) : (size_t)(end - p);
		if (len == 0 && end != NULL)
			return bad_path(err, "empty part");
		if ((len == 1 && p[0] == '.') ||
		    (len == 2 && p[0] == '.' && p[1] == '.'))
			return bad_path(err, "dot part");
		p += len;
	}
	return 0;
}

int
path_decode(char *path, struct err *err)
{
	size_t len = strlen(path), w = 0;
	int c;

	if (path[0] != '/')
		return bad_path(err, "expected / at its start");
	for (size_t r = 0; r < len; r++) {
		c = (unsigned char)path[r];
		if (c == '%') {
			if ((c = unescape(path + r, len - r)) == -1)
				return bad_path(err, "bad escape");
			if (c == '/' || c == '\\')
				return bad_path(err, "escaped slash");
			r += 2;
		} else if (c == '\\') {
			return bad_path(err, "backslash");
		}
		if (is_control((unsigned char)c, false))
			return bad_path(err, "control character");
		path[w++] = (char)c;
	}
	path[w] = '\0';
	if (!utf8_valid(path, w))
		return bad_path(err, "expected UTF-8");
	if (has_c1(path))
		return bad_path(err, "control character");
	return check_parts(path, err);
}

/* name: the field for the error, once it is known. */
static char *
decode(const char *s, size_t len, bool text, const char *name, size_t *ret_len,
    struct err *err)
{
	char *out;
	size_t w = 0;
	int c;

	if ((out = malloc(len + 1)) == NULL) {
		err_set(err, ERR_NOMEM, "", "out of memory");
		return NULL;
	}
	for (size_t r = 0; r < len; r++) {
		c = (unsigned char)s[r];
		if (c == '+') {
			c = ' ';
		} else if (c == '%') {
			if ((c = unescape(s + r, len - r)) == -1) {
				err_set(err, ERR_FIELD_ENCODING, name,
				    "bad percent escape");
				goto fail;
			}
			r += 2;
		}
		if (is_control((unsigned char)c, text)) {
			err_set(err, ERR_FIELD_ENCODING, name,
			    "control character 0x%02x", (unsigned int)c);
			goto fail;
		}
		out[w++] = (char)c;
	}
	out[w] = '\0';
	if (!utf8_valid(out, w)) {
		err_set(err, ERR_FIELD_ENCODING, name, "expected UTF-8");
		goto fail;
	}
	*ret_len = w;
	return out;
fail:
	OPENSSL_cleanse(out, w);
	free(out);
	return NULL;
}

/* The value of the field of that name, or NULL. */
static char *
pair_value(const struct fields *fs, const char *s, size_t len, const char *name,
    size_t *ret_len, struct err *err)
{
	char *value = decode(s, len, true, name, ret_len, err);
	struct field_limit limit = fields_limit(fs, name, false);

	if (value != NULL && !limit.cut && *ret_len > limit.max) {
		err_set(err, ERR_FIELD_TOO_LONG, name,
		    "expected at most %zu bytes", limit.max);
		OPENSSL_cleanse(value, *ret_len);
		free(value);
		return NULL;
	}
	return value;
}

static int
parse_pair(const char *s, size_t len, struct fields *fs, struct err *err)
{
	const char *eq = memchr(s, '=', len);
	struct field f = {0};
	size_t name_len, value_len = 0;
	char *name, *value;

	if (eq == NULL || eq == s)
		return err_set(
		    err, ERR_REQ_MALFORMED, "", "expected name=value");
	name_len = (size_t)(eq - s);
	if (name_len > FIELD_NAME_MAX)
		return err_set(err, ERR_FIELD_TOO_LONG, "",
		    "field name: expected at most %d bytes", FIELD_NAME_MAX);
	if ((name = decode(s, name_len, false, "", &name_len, err)) == NULL)
		return -1;
	value = pair_value(
	    fs, eq + 1, len - (size_t)(eq + 1 - s), name, &value_len, err);
	if (value == NULL) {
		free(name);
		return -1;
	}
	f.name = name;
	f.value = value;
	f.len = value_len;
	return fields_add(fs, &f, err);
}

int
urlencoded_parse(const char *s, size_t len, struct fields *fs, struct err *err)
{
	const char *amp;
	size_t n;

	while (len > 0) {
		amp = memchr(s, '&', len);
		n = amp == NULL ? len : (size_t)(amp - s);
		if (parse_pair(s, n, fs, err) == -1)
			return -1;
		if (amp == NULL)
			break;
		s += n + 1;
		len -= n + 1;
		if (len == 0)
			return err_set(
			    err, ERR_REQ_MALFORMED, "", "expected name=value");
	}
	return 0;
}
