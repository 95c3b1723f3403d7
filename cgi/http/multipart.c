/*
 * multipart.c - multipart/form-data (RFC 7578, framing of RFC 2046 section
 * 5.1), fed with pieces as they come from the socket.
 *
 *                 "--boundary"       CRLF, LF        empty line
 *      START ---------------------> DELIM ------> HEADERS ------------+
 *       | ^ line                     | ^            | ^ line          |
 *       +-+                       "--" |            +-+               v
 *                                    | +------------------------- CONTENT
 *                                    v      CRLF "--boundary"     | ^ data
 *                                   END ("", or a line and more)  +-+
 *
 * As RFC 2046 has it, text before the first boundary and after the last is
 * skipped, and blanks may follow a boundary.  Scripts that write a body by
 * hand end lines with LF: when the first boundary's line does, all do.
 * Anything else is an error: a part without name, a body that stops anywhere
 * but in END.  The delimiter in CONTENT needs no look-back table: it begins
 * with CR (or LF), and no other follows in it, so a failed match is data and
 * the byte that broke it can only begin a new one.
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
	size_t lf;	/* 1: lines end in LF, delim begins one later */
	size_t matched; /* of delim, or of a pair */
	char pair;	/* first byte in DELIM; ' ' = blanks came */
	char line[HEADER_LINE_MAX];
	size_t line_len;
	bool first; /* no part has begun */
	bool held;  /* a line that the next may go on with */
	int lines;
	struct part_header head;
	struct buf value;
	bool cut; /* it was longer */
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
	m->first = true;
	/* the largest of all, in base64 */
	buf_init(&m->value, NETLIST_BYTES / 2 * 3 + 8);
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

static int
too_long(const struct multipart *m, size_t max, struct err *err)
{
	return err_set(err, ERR_FIELD_TOO_LONG, m->head.name,
	    "expected at most %zu bytes", max);
}

/* Content-Transfer-Encoding: base64, in place; what was cut stays cut. */
static int
decode_base64(struct multipart *m, struct field_limit limit, struct err *err)
{
	char *p = m->value.data;
	size_t i, n = 0;

	for (i = 0; i < m->value.len; i++)
		if (p[i] == '\0' || strchr("\r\n\t ", p[i]) == NULL)
			p[n++] = p[i];
	n = b64_size(p, m->cut ? n - n % 4 : n);
	if (n == SIZE_MAX || b64_decode(p, n, p) != 0)
		return err_set(err, ERR_FIELD_ENCODING, m->head.name,
		    "%s: expected base64", m->head.name);
	/* Cut before it was full: lines so short that they are not a file's. */
	if (n > limit.max ? !limit.cut : m->cut)
		return too_long(m, limit.max, err);
	m->value.len = n > limit.max ? limit.max : n;
	return 0;
}

/* The part is over: what was collected becomes a field. */
static int
part_end(struct multipart *m, struct err *err)
{
	struct field f = {0};
	const char *name = m->head.name;
	struct field_limit limit =
	    fields_limit(m->fields, name, m->head.is_file);

	if (m->head.base64 && decode_base64(m, limit, err) == -1)
		return -1;
	if (!limit.binary && (has_control(m->value.data, m->value.len) ||
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
	m->cut = false;
	return fields_add(m->fields, &f, err);
}

static int
content_add(struct multipart *m, const char *s, size_t len, struct err *err)
{
	struct field_limit limit =
	    fields_limit(m->fields, m->head.name, m->head.is_file);
	/* Four characters for three bytes, and line ends. */
	size_t max = m->head.base64 ? limit.max / 2 * 3 + 4 : limit.max;
	size_t room = max - m->value.len;

	if (len > room) {
		if (!limit.cut)
			return too_long(m, limit.max, err);
		len = room;
		m->cut = true;
	}
	if (len > 0 && buf_add(&m->value, s, len) == -1)
		return err_set(err, ERR_NOMEM, "", "out of memory");
	return 0;
}

/* CONTENT: data up to the next line end in one go, then the match byte by
 * byte. */
static int
feed_content(struct multipart *m, const char *s, size_t len, size_t *used,
    struct err *err)
{
	const char *delim = m->delim + m->lf, *end;
	size_t n;

	if (m->matched == 0) {
		end = memchr(s, delim[0], len);
		n = end == NULL ? len : (size_t)(end - s);
		*used = n;
		if (content_add(m, s, n, err) == -1)
			return -1;
		if (end != NULL) {
			m->matched = 1;
			(*used)++;
		}
		return 0;
	}
	if (*s == delim[m->matched]) {
		*used = 1;
		if (++m->matched == m->delim_len - m->lf) {
			m->state = DELIM;
			m->matched = 0;
			m->pair = '\0';
			return part_end(m, err);
		}
		return 0;
	}
	*used = 0;
	n = m->matched;
	m->matched = 0;
	return content_add(m, delim, n, err);
}

/* Lines of a preamble are skipped, whatever they end in. */
static int
feed_start(struct multipart *m, char c, struct err *err)
{
	(void)err;
	if (c != m->delim[m->matched])
		m->matched = c == '\n' ? 2 : c == '\r' ? 1 : 0;
	else if (++m->matched == m->delim_len) {
		m->state = DELIM;
		m->matched = 0;
	}
	return 0;
}

static void
begin_headers(struct multipart *m)
{
	m->state = HEADERS;
	m->matched = 0;
	m->line_len = 0;
	m->held = false;
	m->lines = 0;
	m->first = false;
	m->head = (struct part_header){0};
}

/* After a boundary: blanks and a line end, or "--". */
static int
feed_delim(struct multipart *m, char c, struct err *err)
{
	if (m->matched == 0 && (c == ' ' || c == '\t')) {
		m->pair = ' ';
		return 0;
	}
	if (m->matched == 0 && (c == '\r' || (c == '-' && m->pair != ' '))) {
		m->pair = c;
		m->matched = 1;
		return 0;
	}
	if (m->matched == 1 && m->pair == '-' && c == '-') {
		m->state = END;
		m->matched = 0;
		return 0;
	}
	if (m->matched == 0 && c == '\n' && (m->first || m->lf == 1))
		m->lf = 1;
	else if (m->matched != 1 || m->pair != '\r' || c != '\n')
		return malformed(
		    err, "expected a line end or -- after the boundary");
	begin_headers(m);
	return 0;
}

static int
header_line(struct multipart *m, struct err *err)
{
	m->held = false;
	if (++m->lines > HEADERS_MAX)
		return malformed(err, "too many header lines");
	if (part_header_line(&m->head, m->line, m->line_len, err) == -1)
		return -1;
	m->line_len = 0;
	return 0;
}

static int
header_end(struct multipart *m, struct err *err)
{
	if (m->line_len > 0) {
		m->held = true; /* a blank may follow: it goes on */
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
	if (m->held && c != ' ' && c != '\t' && header_line(m, err) == -1)
		return -1;
	m->held = false;
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
	if (c == '\n' && m->lf == 1)
		return header_end(m, err);
	if (c == '\n' || c == '\0')
		return malformed(err, "bare LF or NUL in a header");
	if (m->line_len >= sizeof(m->line))
		return malformed(err, "header line too long");
	m->line[m->line_len++] = c;
	return 0;
}

/* Behind "--": the rest of the line is blank, what follows is skipped. */
static int
feed_end(struct multipart *m, char c, struct err *err)
{
	if (c == '\r' || c == '\n')
		m->matched = 1;
	else if (m->matched == 0 && c != ' ' && c != '\t')
		return malformed(err, "bytes after the last boundary");
	return 0;
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
	if (m->state != END)
		return malformed(err, "ended before its last boundary");
	return 0;
}
