/*
 * partheader.c - the header lines of a part of multipart/form-data.
 *
 * Content-Disposition: form-data; name="..."; filename="..." is the one that
 * counts (RFC 7578 section 4.2).  In its quoted strings browsers write %22
 * for a quote, curl \" : both are taken, and a backslash before anything else
 * is itself (old browsers sent whole Windows paths).  Of a file name the base
 * name is kept; it is shown to people only, never used as a path.
 * Content-Type may say what it likes but multipart/... or another charset
 * than UTF-8; of Content-Transfer-Encoding base64 is taken, which Ansible
 * sends, and what leaves the bytes alone; other headers are ignored (RFC 7578
 * section 4.8).
 */
#include <string.h>
#include <strings.h>

#include "jsonx.h"
#include "multipart.h"

#define PARAM_MAX 1024

static int
malformed(struct err *err, const char *what)
{
	return err_set(err, ERR_REQ_MALFORMED, "", "multipart: %s", what);
}

static bool
is_name_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '*';
}

/* RFC 2045 section 5.1; .NET puts no quotes around one. */
static bool
is_token_char(char c)
{
	return is_name_char(c) ||
	       (c != '\0' && strchr("!#$%&'+.^`{|}~", c) != NULL);
}

static const char *
skip_blank(const char *s)
{
	while (*s == ' ' || *s == '\t')
		s++;
	return s;
}

static size_t
utf8_cut(const char *s, size_t max)
{
	size_t n = max;

	while (n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80)
		n--;
	return n;
}

/* Base name, without controls, UTF-8, at most FILE_NAME_MAX bytes. */
static void
base_name(char *s, char dst[FILE_NAME_MAX + 1])
{
	char *p;
	size_t len;
	bool empty = *s == '\0';

	for (p = s; *p != '\0'; p++) {
		if (*p == '/' || *p == '\\')
			s = p + 1;
	}
	for (p = s; *p != '\0'; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '_';
	}
	len = strlen(s);
	if (!utf8_valid(s, len)) {
		for (p = s; *p != '\0'; p++) {
			if ((unsigned char)*p >= 0x80)
				*p = '_';
		}
	}
	if (len > FILE_NAME_MAX)
		len = utf8_cut(s, FILE_NAME_MAX);
	memcpy(dst, s, len);
	dst[len] = '\0';
	if (len == 0 && !empty)
		memcpy(dst, "file", sizeof("file"));
}

/* A quoted string or token at s into dst; the place behind it, or NULL. */
static const char *
param_value(const char *s, char dst[PARAM_MAX])
{
	size_t n = 0;

	if (*s != '"') {
		while (is_token_char(*s))
			dst[n++] = *s++;
		dst[n] = '\0';
		return n > 0 ? s : NULL;
	}
	for (s++; *s != '"'; s++) {
		if (*s == '\0')
			return NULL;
		if (*s == '\\' && (s[1] == '"' || s[1] == '\\'))
			s++;
		else if (strncmp(s, "%22", 3) == 0) {
			dst[n++] = '"';
			s += 2;
			continue;
		}
		dst[n++] = *s;
	}
	dst[n] = '\0';
	return s + 1;
}

static int
set_name(struct part_header *h, const char *value, struct err *err)
{
	size_t len = strlen(value);

	if (h->have_name)
		return malformed(err, "two names");
	if (len == 0)
		return malformed(err, "empty name");
	if (len > FIELD_NAME_MAX)
		return err_set(err, ERR_FIELD_TOO_LONG, "",
		    "field name: expected at most %d bytes", FIELD_NAME_MAX);
	if (!utf8_valid(value, len))
		return err_set(
		    err, ERR_FIELD_ENCODING, "", "field name: expected UTF-8");
	for (const char *p = value; *p != '\0'; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return err_set(err, ERR_FIELD_ENCODING, "",
			    "field name: control character");
	}
	memcpy(h->name, value, len + 1);
	h->have_name = true;
	return 0;
}

static int
set_filename(struct part_header *h, char *value, struct err *err)
{
	if (h->is_file)
		return malformed(err, "two file names");
	base_name(value, h->filename);
	h->is_file = true;
	return 0;
}

static int
disposition(struct part_header *h, const char *s, struct err *err)
{
	char value[PARAM_MAX] = "";
	const char *name;
	size_t len;

	if (h->have_name)
		return malformed(err, "two Content-Dispositions");
	if (strncasecmp(s, "form-data", 9) != 0)
		return malformed(err, "expected form-data");
	for (s = skip_blank(s + 9); *s == ';'; s = skip_blank(s)) {
		for (name = s = skip_blank(s + 1); is_name_char(*s); s++)
			;
		len = (size_t)(s - name);
		if (len == 0 || *s != '=' ||
		    (len > 0 && name[len - 1] == '*' &&
			(s[1] == '\0' || s[1] == '"')))
			return malformed(err, "bad Content-Disposition");
		if (name[len - 1] == '*') {
			/* filename*: RFC 7578 section 4.2 forbids it; the
			 * plain one counts. */
			s += strcspn(s, ";");
			continue;
		}
		if ((s = param_value(s + 1, value)) == NULL)
			return malformed(err, "bad Content-Disposition");
		if (len == 4 && strncasecmp(name, "name", 4) == 0) {
			if (set_name(h, value, err) == -1)
				return -1;
		} else if (len == 8 && strncasecmp(name, "filename", 8) == 0) {
			if (set_filename(h, value, err) == -1)
				return -1;
		}
	}
	if (*s != '\0' || !h->have_name)
		return malformed(err, "bad Content-Disposition");
	return 0;
}

static int
type(struct part_header *h, const char *s, struct err *err)
{
	const char *cs = strcasestr(s, "charset=");

	if (strncasecmp(s, "multipart/", 10) == 0)
		return malformed(err, "nested multipart");
	if (cs == NULL)
		return 0;
	cs += 8;
	if (*cs == '"')
		cs++;
	if (strncasecmp(cs, "utf-8", 5) != 0 &&
	    strncasecmp(cs, "us-ascii", 8) != 0)
		return err_set(err, ERR_FIELD_ENCODING,
		    h->have_name ? h->name : "", "charset: expected UTF-8");
	return 0;
}

static int
encoding(struct part_header *h, const char *s, struct err *err)
{
	static const char *const plain[] = {"7bit", "8bit", "binary"};

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		if (strcasecmp(s, plain[i]) == 0)
			return 0;
	}
	h->base64 = strcasecmp(s, "base64") == 0;
	return h->base64 ? 0
			 : malformed(err, "Content-Transfer-Encoding: expected "
					  "base64, binary, 8bit or 7bit");
}

int
part_header_line(
    struct part_header *h, const char *line, size_t len, struct err *err)
{
	static const struct {
		const char *name;
		int (*fn)(struct part_header *, const char *, struct err *);
	} known[] = {
	    {"content-disposition", disposition},
	    {"content-type", type},
	    {"content-transfer-encoding", encoding},
	};
	char text[PARAM_MAX + 1];
	char *colon, *value;
	size_t n;

	if (len > PARAM_MAX)
		return malformed(err, "header line too long");
	memcpy(text, line, len);
	text[len] = '\0';
	n = 0;
	while (is_name_char(text[n]))
		n++;
	if (n == 0 || text[n] != ':')
		return malformed(err, "bad header line");
	colon = text + n;
	*colon = '\0';
	value = colon + 1;
	value += strspn(value, " \t");
	n = strlen(value);
	while (n > 0 && (value[n - 1] == ' ' || value[n - 1] == '\t'))
		value[--n] = '\0';
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcasecmp(text, known[i].name) == 0)
			return known[i].fn(h, value, err);
	}
	return 0;
}
