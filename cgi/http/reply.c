/*
 * reply.c - the answer, with the headers that every answer has.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <json-c/json.h>

#include "core.h"

#define HEADERS_MAX_LEN (16 * 1024)
#define BODY_MAX_LEN	(4 * 1024 * 1024)
#define COOKIE_LINE_MAX 512

static const char common[] =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; "
    "style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Cache-Control: no-store\r\n"
    "Strict-Transport-Security: max-age=31536000\r\n";

static const struct {
	int status;
	const char *phrase;
} phrases[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {303, "See Other"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {500, "Internal Server Error"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
};

const char *
reply_phrase(int status)
{
	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++) {
		if (phrases[i].status == status)
			return phrases[i].phrase;
	}
	return "Error";
}

void
reply_init(struct reply *r)
{
	r->status = 200;
	r->sent = false;
	buf_init(&r->headers, HEADERS_MAX_LEN);
	buf_init(&r->body, BODY_MAX_LEN);
}

void
reply_clear(struct reply *r)
{
	buf_clear(&r->headers);
	buf_clear(&r->body);
}

/* Length of the line at s, its CRLF included. */
static size_t
line_len(const char *s)
{
	const char *end = strstr(s, "\r\n");

	return end == NULL ? strlen(s) : (size_t)(end + 2 - s);
}

static bool
line_is(const char *line, const char *name)
{
	size_t len = strlen(name);

	return strncasecmp(line, name, len) == 0 && line[len] == ':';
}

static void
remove_line(struct buf *b, size_t at)
{
	size_t len = line_len(b->data + at);

	memmove(b->data + at, b->data + at + len, b->len - at - len + 1);
	b->len -= len;
}

static bool
clean(const char *s)
{
	for (; *s != '\0'; s++) {
		if (((unsigned char)*s < 0x20 && *s != '\t') || *s == 0x7f)
			return false;
	}
	return true;
}

int
reply_header(struct reply *r, const char *name, const char *value)
{
	size_t at = 0;

	if (!clean(value) || !clean(name))
		return -1;
	while (at < r->headers.len && strcasecmp(name, "Set-Cookie") != 0) {
		if (line_is(r->headers.data + at, name))
			remove_line(&r->headers, at);
		else
			at += line_len(r->headers.data + at);
	}
	return buf_printf(&r->headers, "%s: %s\r\n", name, value);
}

int
reply_cookie(struct reply *r, const char *name, const char *value, int max_age)
{
	char line[COOKIE_LINE_MAX], age[32] = "";
	int n;

	if (strpbrk(value, ";, \"\\") != NULL)
		return -1;
	if (max_age >= 0)
		snprintf(age, sizeof(age), "; Max-Age=%d", max_age);
	n = snprintf(line, sizeof(line),
	    "%s=%s; Path=/; Secure; HttpOnly; SameSite=Strict%s", name, value,
	    age);
	if (n < 0 || (size_t)n >= sizeof(line))
		return -1;
	return reply_header(r, "Set-Cookie", line);
}

void
reply_restart(struct reply *r)
{
	static const char *const kept[] = {
	    "Set-Cookie", "Retry-After", "Allow", "WWW-Authenticate"};
	size_t at = 0, i, max = sizeof(kept) / sizeof(kept[0]);

	while (at < r->headers.len) {
		for (i = 0; i < max; i++) {
			if (line_is(r->headers.data + at, kept[i]))
				break;
		}
		if (i == max)
			remove_line(&r->headers, at);
		else
			at += line_len(r->headers.data + at);
	}
	buf_clear(&r->body);
	r->status = 200;
}

int
reply_json(struct reply *r, int status, struct json_object *o)
{
	const char *s;
	size_t len = 0;

	s = json_object_to_json_string_length(
	    o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
	if (s == NULL)
		return -1;
	buf_clear(&r->body);
	r->status = status;
	if (buf_add(&r->body, s, len) == -1 || buf_addc(&r->body, '\n') == -1)
		return -1;
	return reply_header(r, "Content-Type", "application/json");
}

int
reply_redirect(struct reply *r, const char *path)
{
	if (path[0] != '/' || path[1] == '/' || path[1] == '\\')
		return -1;
	for (const char *p = path; *p != '\0'; p++) {
		if ((unsigned char)*p <= 0x20 || (unsigned char)*p >= 0x7f)
			return -1;
	}
	buf_clear(&r->body);
	r->status = 303;
	return reply_header(r, "Location", path);
}

static void
add_head(const struct reply *r, struct buf *out)
{
	buf_printf(
	    out, "Status: %d %s\r\n", r->status, reply_phrase(r->status));
	buf_add(out, common, sizeof(common) - 1);
	buf_add(out, r->headers.data, r->headers.len);
}

int
reply_begin(struct reply *r, const struct request *req)
{
	struct buf out;
	int rc = -1;

	if (req->source == NULL || req->source->send == NULL ||
	    r->headers.failed)
		return -1;
	buf_init(&out, HEADERS_MAX_LEN);
	add_head(r, &out);
	buf_adds(&out, "\r\n");
	r->sent = true;
	if (!out.failed)
		rc = reply_send(req, out.data, out.len);
	buf_clear(&out);
	return rc;
}

int
reply_send(const struct request *req, const char *s, size_t len)
{
	return req->source->send(req->source->arg, s, len);
}

int
reply_bytes(struct reply *r, bool head, struct buf *out)
{
	if (r->headers.failed || r->body.failed)
		return -1;
	add_head(r, out);
	if (r->status != 204 && r->status != 304)
		buf_printf(out, "Content-Length: %zu\r\n", r->body.len);
	buf_adds(out, "\r\n");
	if (!head)
		buf_add(out, r->body.data, r->body.len);
	return out->failed ? -1 : 0;
}
