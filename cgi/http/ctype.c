/*
 * ctype.c - Content-Type of a request body (RFC 9110 section 8.3).  The type
 * must be one of three; of parameters charset must be utf-8, and multipart has
 * a boundary.  Others are ignored (RFC 2045 section 5).
 */
#include <string.h>
#include <strings.h>

#include "core.h"

static const struct {
	const char *name;
	enum route_type type;
} media[] = {
    {"application/x-www-form-urlencoded", BODY_FORM},
    {"multipart/form-data", BODY_MULTIPART},
    {"application/json", BODY_JSON},
};

#define VALUE_MAX 128

static bool
is_token_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* RFC 2046 section 5.1.1, bchars. */
static bool
is_boundary_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') ||
	       (c != '\0' && strchr("'()+_,-./:=? ", c) != NULL);
}

static const char *
skip_blank(const char *s)
{
	while (*s == ' ' || *s == '\t')
		s++;
	return s;
}

/* A value as token or quoted-string into dst; the place behind it, or NULL.
 * Unquoted, the characters of a boundary but blank and comma are taken, as
 * some clients send "=" there. */
static const char *
parse_value(const char *s, char dst[VALUE_MAX])
{
	size_t n = 0;
	bool quoted = *s == '"';

	if (quoted)
		s++;
	while (*s != '\0' &&
	       (quoted ? *s != '"'
		       : is_token_char(*s) || (*s != ' ' && *s != ',' &&
						  is_boundary_char(*s)))) {
		if (quoted && *s == '\\' && *++s == '\0')
			return NULL;
		if ((unsigned char)*s < 0x20 || n + 1 >= VALUE_MAX)
			return NULL;
		dst[n++] = *s++;
	}
	dst[n] = '\0';
	if (quoted && *s++ != '"')
		return NULL;
	return s;
}

static bool
boundary_valid(const char *b)
{
	size_t len = strlen(b);

	if (len == 0 || len > BOUNDARY_MAX || b[len - 1] == ' ')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!is_boundary_char(b[i]))
			return false;
	}
	return true;
}

static int
unsupported(struct err *err)
{
	return err_set(err, ERR_REQ_TYPE, "",
	    "Content-Type: expected one that this address takes");
}

/* One ";name=value" at s, which is moved behind it. */
static int
parse_param(const char **ps, enum route_type type,
    char boundary[BOUNDARY_MAX + 1], struct err *err)
{
	const char *name, *s = skip_blank(*ps + 1);
	char value[VALUE_MAX];
	size_t len;

	if (*s == '\0' || *s == ';') { /* RFC 9110 section 5.6.6: none */
		*ps = s;
		return 0;
	}
	for (name = s; is_token_char(*s); s++)
		;
	len = (size_t)(s - name);
	if (len == 0 || *s != '=' || (s = parse_value(s + 1, value)) == NULL)
		return unsupported(err);
	*ps = skip_blank(s);
	if (len == 7 && strncasecmp(name, "charset", len) == 0)
		return strcasecmp(value, "utf-8") == 0 ? 0 : unsupported(err);
	if (type != BODY_MULTIPART || len != 8 ||
	    strncasecmp(name, "boundary", len) != 0)
		return 0;
	if (boundary[0] != '\0' || !boundary_valid(value))
		return err_set(err, ERR_REQ_MALFORMED, "",
		    "boundary: expected one of 1 to %d characters",
		    BOUNDARY_MAX);
	memcpy(boundary, value, strlen(value) + 1);
	return 0;
}

int
content_type_parse(const char *header, enum route_type *ret_type,
    char boundary[BOUNDARY_MAX + 1], struct err *err)
{
	const char *s = skip_blank(header);
	enum route_type type = BODY_NONE;
	size_t len = strcspn(s, "; \t");

	for (size_t i = 0; i < sizeof(media) / sizeof(media[0]); i++) {
		if (len == strlen(media[i].name) &&
		    strncasecmp(s, media[i].name, len) == 0)
			type = media[i].type;
	}
	if (type == BODY_NONE)
		return unsupported(err);
	boundary[0] = '\0';
	for (s = skip_blank(s + len); *s == ';';) {
		if (parse_param(&s, type, boundary, err) == -1)
			return -1;
	}
	if (*s != '\0')
		return unsupported(err);
	if (type == BODY_MULTIPART && boundary[0] == '\0')
		return err_set(
		    err, ERR_REQ_MALFORMED, "", "multipart without a boundary");
	*ret_type = type;
	return 0;
}
