/*
 * multipart.c - multipart/form-data (RFC 7578, framing of RFC 2046 section
 * 5.1), fed with pieces as they come from the socket.
 *
 *                 "--boundary"            CRLF              empty line
 *      START ---------------------> DELIM ------> HEADERS ------------+
 *                                    | ^            | ^ line          |
 *                                 "--" |            +-+               v
 *                                    | +------------------------- CONTENT
 *                                    v      CRLF "--boundary"     | ^ data
 *                                   END ("" or CRLF, no more)     +-+
 *
 * Anything else is an error: a preamble, an epilogue, blanks after the
 * boundary, a part without name, a body that stops anywhere but in END.  The
 * delimiter in CONTENT needs no look-back table: it begins with CR, and no CR
 * follows in it, so a failed match is data and the byte that broke it can
 * only begin a new one.
 *
 * Limits: HEADER_LINE_MAX a header line, HEADERS_MAX lines a part, FIELDS_MAX
 * parts, FIELD_TEXT_MAX a text; of a file FILE_KEEP_MAX bytes are kept and
 * the rest is counted as too large by the reader of the field.  Memory is
 * bounded by the body's limit in any case.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "jsonx.h"
#include "netlist.h"
#include "multipart.h"

#define HEADER_LINE_MAX 1024
#define HEADERS_MAX	8

enum state { START, DELIM, HEADERS, CONTENT, END };

struct multipart {
	struct fields *fields;
	enum state state;
	char delim[BOUNDARY_MAX + 5]; /* CRLF--boundary */
	size_t delim_len;
	size_t matched; /* of delim, or of a pair */
	char pair;	/* first byte in DELIM, END */
	char line[HEADER_LINE_MAX];
	size_t line_len;
	int lines;
	struct part_header head;
	struct buf value;
};

static int
malformed(struct err *err, const char *what)
{
	return err_set(err, ERR_REQ_MALFORMED, "", "multipart: %s", what);
}

int
multipart_new(const char *boundary, struct fields *fs, struct multipart **ret,
    struct err *err)
{
	struct multipart *m;
	size_t len = strlen(boundary);

	if (len == 0 || len > BOUNDARY_MAX)
		return malformed(err, "bad boundary");
	if ((m = calloc(1, sizeof(*m))) == NULL)
		return err_set(err, ERR_NOMEM, "", "out of memory");
	m->fields = fs;
	memcpy(m->delim, "\r\n--", 4);
	memcpy(m->delim + 4, boundary, len);
	m->delim_len = len + 4;
	m->matched = 2; /* as if a CRLF stood before the body */
	buf_init(&m->value, NETLIST_BYTES + 1); /* the largest of all */
	*ret = m;
	return 0;
}

void
multipart_free(struct multipart *m)
{
	if (m == NULL)
		return;
	buf_clear(&m->value);
	OPENSSL_cleanse(m, sizeof(*m));
	free(m);
}

static bool
has_control(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if ((c < 0x20 && c != '\r' && c != '\n' && c != '\t') ||
		    c == 0x7f)
			return true;
	}
	return false;
}

/* The part is over: what was collected becomes a field. */
static int
part_end(struct multipart *m, struct err *err)
{
	struct field f = {0};
	const char *name = m->head.name;

	if (!fields_limit(m->fields, name, m->head.is_file).binary &&
	    (has_control(m->value.data, m->value.len) ||
		!utf8_valid(m->value.data, m->value.len)))
		return err_set(err, ERR_FIELD_ENCODING, name,
		    "expected UTF-8 without control characters");
	f.name = strdup(name);
	f.is_file = m->head.is_file;
	if (f.is_file && (f.filename = strdup(m->head.filename)) == NULL) {
		free(f.name);
		return err_set(err, ERR_NOMEM, "", "out of memory");
	}
	f.len = m->value.len;
	if ((f.value = malloc(f.len + 1)) != NULL) {
		if (f.len > 0)
			memcpy(f.value, m->value.data, f.len);
		f.value[f.len] = '\0';
	}
	buf_clear(&m->value);
	return fields_add(m->fields, &f, err);
}

static int
content_add(struct multipart *m, const char *s, size_t len, struct err *err)
{
	struct field_limit limit =
	    fields_limit(m->fields, m->head.name, m->head.is_file);
	size_t room = limit.max - m->value.len;

	if (len > room) {
		if (!limit.cut)
			return err_set(err, ERR_FIELD_TOO_LONG, m->head.name,
			    "expected at most %zu bytes", limit.max);
		len = room;
	}
	if (len > 0 && buf_add(&m->value, s, len) == -1)
		return err_set(err, ERR_NOMEM, "", "out of memory");
	return 0;
}

/* CONTENT: data up to the next CR in one go, then the match byte by byte. */
static int
feed_content(struct multipart *m, const char *s, size_t len, size_t *used,
    struct err *err)
{
	const char *cr;
	size_t n;

	if (m->matched == 0) {
		cr = memchr(s, '\r', len);
		n = cr == NULL ? len : (size_t)(cr - s);
		*used = n;
		if (content_add(m, s, n, err) == -1)
			return -1;
		if (cr != NULL) {
			m->matched = 1;
			(*used)++;
		}
		return 0;
	}
	if (*s == m->delim[m->matched]) {
		*used = 1;
		if (++m->matched == m->delim_len) {
			m->state = DELIM;
			m->matched = 0;
			return part_end(m, err);
		}
		return 0;
	}
	*used = 0;
	n = m->matched;
	m->matched = 0;
	return content_add(m, m->delim, n, err);
}

static int
feed_start(struct multipart *m, char c, struct err *err)
{
	if (c != m->delim[m->matched])
		return malformed(err, "expected the boundary at its start");
	if (++m->matched == m->delim_len) {
		m->state = DELIM;
		m->matched = 0;
	}
	return 0;
}

/* Two bytes after a boundary: CRLF or "--". */
static int
feed_delim(struct multipart *m, char c, struct err *err)
{
	if (m->matched == 0 && (c == '\r' || c == '-')) {
		m->pair = c;
		m->matched = 1;
		return 0;
	}
	if (m->matched == 1 && m->pair == '-' && c == '-') {
		m->state = END;
		m->matched = 0;
		return 0;
	}
	if (m->matched == 1 && m->pair == '\r' && c == '\n') {
		m->state = HEADERS;
		m->matched = 0;
		m->line_len = 0;
		m->lines = 0;
		m->head = (struct part_header){0};
		return 0;
	}
	return malformed(err, "expected CRLF or -- after the boundary");
}

static int
header_end(struct multipart *m, struct err *err)
{
	if (m->line_len > 0) {
		if (++m->lines > HEADERS_MAX)
			return malformed(err, "too many header lines");
		if (part_header_line(&m->head, m->line, m->line_len, err) == -1)
			return -1;
		m->line_len = 0;
		return 0;
	}
	if (!m->head.have_name)
		return malformed(err, "part without a name");
	m->state = CONTENT;
	return 0;
}

static int
feed_headers(struct multipart *m, char c, struct err *err)
{
	if (m->matched == 1) {
		if (c != '\n')
			return malformed(err, "bare CR in a header");
		m->matched = 0;
		return header_end(m, err);
	}
	if (c == '\r') {
		m->matched = 1;
		return 0;
	}
	if (c == '\n' || c == '\0')
		return malformed(err, "bare LF or NUL in a header");
	if (m->line_len >= sizeof(m->line))
		return malformed(err, "header line too long");
	m->line[m->line_len++] = c;
	return 0;
}

static int
feed_end(struct multipart *m, char c, struct err *err)
{
	if ((m->matched == 0 && c == '\r') || (m->matched == 1 && c == '\n')) {
		m->matched++;
		return 0;
	}
	return malformed(err, "bytes after the last boundary");
}

int
multipart_feed(
    struct multipart *m, const void *data, size_t len, struct err *err)
{
	static int (*const by_state[])(
	    struct multipart *, char, struct err *) = {
	    [START] = feed_start,
	    [DELIM] = feed_delim,
	    [HEADERS] = feed_headers,
	    [CONTENT] = NULL,
	    [END] = feed_end,
	};
	const char *s = data;
	size_t used;
	int rc;

	while (len > 0) {
		used = 1;
		if (m->state == CONTENT)
			rc = feed_content(m, s, len, &used, err);
		else
			rc = by_state[m->state](m, *s, err);
		if (rc == -1)
			return -1;
		s += used;
		len -= used;
	}
	return 0;
}

int
multipart_finish(struct multipart *m, struct err *err)
{
	if (m->state != END || m->matched == 1)
		return malformed(err, "ended before its last boundary");
	return 0;
}
