/*
 * body.c - what may come as a body is decided from the head alone
 * (body_check), before one byte of it is read; then exactly that many bytes
 * are read (body_read) and handed to the parser of their type.
 *
 * "Transfer-Encoding: chunked" does not arrive here: the web server reads
 * such a body, counts it, and sends CONTENT_LENGTH.
 */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "core.h"
#include "jsonx.h"

#define LENGTH_DIGITS_MAX 9
#define CHUNK		  8192
#define FILES_MIN	  (3 * FILE_KEEP_MAX) /* a route that takes files */
#define FILES_MAX	  (2048 * 1024) /* as the web server lets through */

/* Digits only: no sign, no blank, no list. */
static int
parse_length(const char *s, size_t *ret, struct err *err)
{
	size_t n = 0, len = strlen(s);

	if (strspn(s, "0123456789") != len)
		return err_set(err, ERR_REQ_MALFORMED, "",
		    "Content-Length: expected digits");
	if (len > LENGTH_DIGITS_MAX)
		return err_set(err, ERR_REQ_TOO_LARGE, "",
		    "Content-Length has %zu digits", len);
	while (*s != '\0')
		n = n * 10 + (size_t)(*s++ - '0');
	*ret = n;
	return 0;
}

int
body_check(const struct request *req, const struct route *route,
    enum route_type *ret_type, char boundary[BOUNDARY_MAX + 1], size_t *ret_len,
    struct err *err)
{
	const char *length = request_env(req, "CONTENT_LENGTH");
	const char *type = request_env(req, "CONTENT_TYPE");
	enum route_type t = BODY_NONE;
	size_t len = 0, max = route->max_body;

	if ((route->types & BODY_EMPTY) != 0 &&
	    (type == NULL || *type == '\0') &&
	    (length == NULL || strspn(length, "0") == strlen(length))) {
		*ret_type = BODY_NONE;
		*ret_len = 0;
		return 0;
	}
	if (route->types != BODY_NONE) {
		if (content_type_parse(
			type == NULL ? "" : type, &t, boundary, err) == -1)
			return -1;
		if ((route->types & (int)t) == 0)
			return err_set(err, ERR_REQ_TYPE, "",
			    "Content-Type: not one of this address");
		if (length == NULL || *length == '\0')
			return err_set(
			    err, ERR_REQ_LENGTH, "", "no Content-Length");
	}
	if (length != NULL && parse_length(length, &len, err) == -1)
		return -1;
	if (route->types == BODY_NONE && len > 0)
		return err_set(
		    err, ERR_REQ_MALFORMED, "", "this address takes no body");
	/* The parser keeps this much of a file and no more: one that is too
	 * large is reported at its field. */
	if (t == BODY_MULTIPART && max >= FILES_MIN)
		max = FILES_MAX;
	if (len > max)
		return err_set(err, ERR_REQ_TOO_LARGE, "",
		    "body: expected at most %zu bytes, got %zu", max, len);
	*ret_type = t;
	*ret_len = len;
	return 0;
}

static int
read_some(const struct source *src, char *dst, size_t max, size_t *ret,
    struct err *err)
{
	ssize_t n = src->read(src->arg, dst, max);

	if (n < 0)
		return err_set(
		    err, ERR_REQ_TIMEOUT, "", "body: not here in time");
	if (n == 0 || (size_t)n > max)
		return err_set(err, ERR_REQ_MALFORMED, "",
		    "body: shorter than Content-Length");
	*ret = (size_t)n;
	return 0;
}

static int
read_multipart(struct request *req, const char *boundary, size_t len,
    const struct source *src, struct err *err)
{
	struct multipart *m = NULL;
	struct buf chunk;
	size_t n = 0;
	int rc = -1;

	buf_init(&chunk, CHUNK);
	if (multipart_new(boundary, &req->form, &m, err) == -1)
		goto out;
	if (buf_reserve(&chunk, CHUNK) == -1) {
		err_set(err, ERR_NOMEM, "", "out of memory");
		goto out;
	}
	for (; len > 0; len -= n) {
		if (read_some(src, chunk.data, len < CHUNK ? len : CHUNK, &n,
			err) == -1)
			goto out;
		chunk.len = CHUNK; /* all of it is wiped at the end */
		if (multipart_feed(m, chunk.data, n, err) == -1)
			goto out;
	}
	rc = multipart_finish(m, err);
out:
	multipart_free(m);
	buf_clear(&chunk);
	return rc;
}

static int
parse_json(struct request *req, const struct buf *b, struct err *err)
{
	struct json_object *o = NULL;
	/* RFC 8259 section 8.1: a byte order mark may be ignored. */
	size_t bom =
	    b->len >= 3 && memcmp(b->data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	if (jsonx_parse(b->data + bom, b->len - bom, JSON_DEPTH_MAX, &o, err) ==
	    -1)
		return -1;
	if (!json_object_is_type(o, json_type_object)) {
		jsonx_wipe(o);
		return err_set(
		    err, ERR_REQ_MALFORMED, "", "body: expected a JSON object");
	}
	req->json = o;
	return 0;
}

static int
read_whole(struct request *req, enum route_type type, size_t len,
    const struct source *src, struct err *err)
{
	struct buf b;
	size_t n = 0;
	int rc = -1;

	buf_init(&b, len + 1);
	if (buf_reserve(&b, len) == -1) {
		err_set(err, ERR_NOMEM, "", "out of memory");
		goto out;
	}
	while (b.len < len) {
		if (read_some(src, b.data + b.len, len - b.len, &n, err) == -1)
			goto out;
		b.len += n;
	}
	b.data[b.len] = '\0';
	rc = type == BODY_JSON
		 ? parse_json(req, &b, err)
		 : urlencoded_parse(b.data, b.len, &req->form, err);
out:
	buf_clear(&b);
	return rc;
}

int
body_read(struct request *req, enum route_type type, const char *boundary,
    size_t len, const struct source *src, struct err *err)
{
	if (type == BODY_NONE)
		return 0;
	if (type == BODY_MULTIPART)
		return read_multipart(req, boundary, len, src, err);
	return read_whole(req, type, len, src, err);
}
