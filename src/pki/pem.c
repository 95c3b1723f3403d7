/*
 * pem.c - the blocks of an armoured text (RFC 7468, RFC 1421 headers).
 *
 * We parse the armour ourselves, because OpenSSL skips what it does not
 * understand and can't say where a fault is.  The administrator gets a line.
 *
 *          +-------------------------- text between blocks ---------+
 *          v                                                        |
 *   TEXT --"-----BEGIN L-----"--> HEADERS --blank line--> BASE64 --"-----END
 * L-----" |                      ^
 *                                    +--no ':' in line------+
 *
 * Faults: BEGIN without END or with another BEGIN before it (truncated), END
 * with another label, a character that is not base64, a line of another
 * length in the middle (something was cut out), padding in the middle.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode.h"
#include "utf8.h"

#define BEGIN  "-----BEGIN "
#define END    "-----END "
#define DASHES "-----"

void
pem_block_init(struct pem_block *b)
{
	memset(b, 0, sizeof(*b));
	buf_init(&b->der, PKI_FILE_MAX);
}

void
pem_block_clear(struct pem_block *b)
{
	buf_clear(&b->der);
	pem_block_init(b);
}

static int
fault(struct pem_fault *f, enum err_code code, int line, const char *what)
{
	f->code = code;
	f->line = line;
	snprintf(f->what, sizeof(f->what), "%s", what);
	return -1;
}

static const char *
find(const char *p, const char *end, const char *what)
{
	return memmem(p, (size_t)(end - p), what, strlen(what));
}

static int
count_lines(const char *p, const char *end)
{
	int n = 0;

	for (; p < end; p++)
		n += *p == '\n';
	return n;
}

static bool
is_space(char c)
{
	return c == '\n' || c == ' ' || (c >= '\t' && c <= '\r');
}

static int
b64_value(int c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Decoder state; out has room for 3 bytes to every 4 characters. */
struct b64 {
	unsigned char *out;
	uint32_t acc;
	int n; /* characters in acc */
	int pad;
	size_t total;
};

static int
b64_start(struct b64 *s, struct buf *out, size_t characters)
{
	memset(s, 0, sizeof(*s));
	if (buf_reserve(out, characters / 4 * 3 + 3) == -1)
		return -1;
	s->out = (unsigned char *)out->data + out->len;
	return 0;
}

static int
b64_pad(struct b64 *s)
{
	if (s->n < 2 || ++s->pad + s->n > 4)
		return -1;
	if (s->pad + s->n == 4) {
		*s->out++ = (unsigned char)(s->acc >> (s->n == 2 ? 4 : 10));
		if (s->n == 3)
			*s->out++ = (unsigned char)(s->acc >> 2);
	}
	return 0;
}

/* 0 = taken, -1 = not base64 here. */
static int
b64_put(struct b64 *s, int c)
{
	int v;

	s->total++;
	if (c == '=')
		return b64_pad(s);
	if ((v = b64_value(c)) == -1 || s->pad > 0)
		return -1;
	s->acc = s->acc << 6 | (uint32_t)v;
	if (++s->n == 4) {
		*s->out++ = (unsigned char)(s->acc >> 16);
		*s->out++ = (unsigned char)(s->acc >> 8);
		*s->out++ = (unsigned char)s->acc;
		s->n = 0;
		s->acc = 0;
	}
	return 0;
}

static bool
b64_whole(const struct b64 *s)
{
	return s->n == 0 || s->n + s->pad == 4;
}

/* What was decoded becomes part of the buffer; the state is wiped. */
static void
b64_end(struct b64 *s, struct buf *out)
{
	if (s->out != NULL) {
		out->len = (size_t)(s->out - (unsigned char *)out->data);
		out->data[out->len] = '\0';
	}
	OPENSSL_cleanse(s, sizeof(*s));
}

/*
 * The line whose length differs from the first one's, other than the last:
 * where something was cut out or slipped in.  0 = none.
 */
static int
odd_line(const char *p, const char *end, int line)
{
	size_t first = 0, n;
	const char *nl;
	int suspect = 0;

	for (; p < end; p = nl + 1, line++) {
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			nl = end;
		n = (size_t)(nl - p);
		while (n > 0 && is_space(p[n - 1]))
			n--;
		if (n == 0)
			continue;
		if (suspect != 0)
			return suspect;
		if (first == 0)
			first = n;
		else if (n != first)
			suspect = line;
	}
	return suspect;
}

/* Words for a character that base64 does not have. */
static void
say_char(const char *p, const char *end, char *dst, size_t dst_len)
{
	size_t n = utf8_step(p, (size_t)(end - p));

	if (n > 1)
		snprintf(dst, dst_len, "U+%04X", (unsigned)utf8_code(p, n));
	else if (isgraph((unsigned char)*p))
		snprintf(dst, dst_len, "'%c'", *p);
	else
		snprintf(dst, dst_len, "0x%02x", (unsigned char)*p);
}

static int
decode_body(const char *start, const char *end, int first_line, struct buf *out,
    struct pem_fault *f)
{
	struct b64 s;
	const char *p;
	int line = first_line, odd, rc = -1;
	char what[64];

	if (b64_start(&s, out, (size_t)(end - start)) == -1)
		return fault(f, ERR_FILE_TOO_LARGE, first_line, "BASE64");
	for (p = start; p < end; p++) {
		if (*p == '\n')
			line++;
		if (is_space(*p) || b64_put(&s, (unsigned char)*p) == 0)
			continue;
		/* padding at a wrong place: characters are missing before */
		odd = *p == '=' ? odd_line(start, end, first_line) : 0;
		say_char(p, end, what, sizeof(what));
		fault(f, ERR_FILE_UNREADABLE, odd != 0 ? odd : line, what);
		goto out;
	}
	if (s.total == 0)
		fault(f, ERR_FILE_TRUNCATED, first_line, "BEGIN, END");
	else if (!b64_whole(&s)) {
		odd = odd_line(start, end, first_line);
		fault(f, ERR_FILE_UNREADABLE, odd != 0 ? odd : line,
		    "base64 % 4");
	} else
		rc = 0;
out:
	b64_end(&s, out);
	return rc;
}

/*
 * RFC 1421 headers: lines with ':' up to a blank line (or to the first line
 * without one).  Returns where the base64 starts.
 */
static const char *
read_headers(const char *p, const char *end, struct pem_block *b)
{
	const char *nl, *v;
	size_t n;
	bool seen = false;

	while (p < end) {
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			nl = end;
		n = (size_t)(nl - p);
		if (strspn(p, " \t") >= n && n < (size_t)(end - p)) {
			p = nl + 1; /* blank */
			if (seen)
				break;
			continue;
		}
		if (memchr(p, ':', n) == NULL)
			break;
		seen = true;
		if ((v = memmem(p, n, "Proc-Type:", 10)) != NULL &&
		    memmem(v, (size_t)(nl - v), "ENCRYPTED", 9) != NULL)
			b->encrypted = true;
		if ((v = memmem(p, n, "DEK-Info:", 9)) != NULL) {
			v += 9;
			v += strspn(v, " \t");
			n = v < nl ? (size_t)(nl - v) : 0;
			while (n > 0 && is_space(v[n - 1]))
				n--;
			if (n < sizeof(b->dek)) {
				memcpy(b->dek, v, n);
				b->dek[n] = '\0';
			}
		}
		p = nl < end ? nl + 1 : end;
	}
	return p;
}

/* The label between BEGIN and the dashes; NULL = not an armour line. */
static const char *
read_label(const char *p, const char *end, char *dst, size_t dst_len)
{
	size_t n = 0, left = (size_t)(end - p);

	while (n < left && n < dst_len &&
	       (isupper((unsigned char)p[n]) || isdigit((unsigned char)p[n]) ||
		   (p[n] != '\0' && strchr(" #-._/", p[n]) != NULL))) {
		if (left - n >= 5 && memcmp(p + n, DASHES, 5) == 0) {
			memcpy(dst, p, n);
			dst[n] = '\0';
			return p + n + 5;
		}
		n++;
	}
	return NULL;
}

/* The block whose boundary is at p. */
static int
take_block(
    struct pem_scan *s, const char *p, struct pem_block *b, struct pem_fault *f)
{
	const char *body, *stop, *next, *after;
	char end_label[sizeof(b->label)];

	b->line = s->line + count_lines(s->p, p);
	body =
	    read_label(p + strlen(BEGIN), s->end, b->label, sizeof(b->label));
	if (body == NULL)
		return fault(f, ERR_FILE_UNREADABLE, b->line, "BEGIN");
	stop = find(body, s->end, END);
	next = find(body, s->end, BEGIN);
	if (stop == NULL || (next != NULL && next < stop))
		return fault(f, ERR_FILE_TRUNCATED, b->line, b->label);
	after = read_label(
	    stop + strlen(END), s->end, end_label, sizeof(end_label));
	if (after == NULL)
		return fault(f, ERR_FILE_TRUNCATED,
		    b->line + count_lines(p, stop), "END");
	if (strcmp(end_label, b->label) != 0)
		return fault(f, ERR_FILE_UNREADABLE,
		    b->line + count_lines(p, stop), end_label);
	body = read_headers(body, stop, b);
	if (decode_body(
		body, stop, b->line + count_lines(p, body), &b->der, f) == -1)
		return -1;
	s->line = b->line + count_lines(p, after);
	s->p = after;
	return 1;
}

/*
 * RFC 7468: a boundary begins its line.  One that follows other text counts
 * only as the head of a whole block, and in a comment not even then.
 */
int
pem_next(struct pem_scan *s, struct pem_block *b, struct pem_fault *f)
{
	const char *p, *start;
	struct pem_fault why;
	int rc;

	for (p = s->p; (p = find(p, s->end, BEGIN)) != NULL; p++) {
		start = memrchr(s->p, '\n', (size_t)(p - s->p));
		for (start = start != NULL ? start : s->p; is_space(*start);)
			start++;
		pem_block_clear(b);
		if (*start == '#' || *start == ';')
			continue;
		if (p > s->p && (p[-1] == ' ' || p[-1] == '\t'))
			s->notes |= TEXT_INDENT;
		if ((rc = take_block(s, p, b, &why)) == 1)
			return rc;
		if (start == p) {
			*f = why;
			return rc;
		}
	}
	return 0;
}

/* Base64 alone, nothing else: 0 when the whole text is that. */
int
pem_bare(const char *p, size_t len, struct buf *out)
{
	struct b64 s;
	const char *end = p + len;
	int rc = -1;

	if (b64_start(&s, out, len) == -1)
		return -1;
	for (; p < end; p++)
		if (!is_space(*p) && b64_put(&s, (unsigned char)*p) == -1)
			goto out;
	if (s.total >= 64 && b64_whole(&s))
		rc = 0;
out:
	b64_end(&s, out);
	return rc;
}

/*
 * Base64 of whole armoured texts, wherever it stands: a Kubernetes Secret, an
 * acme.json, a variable of an environment.  Returns how many there were.
 */
int
pem_unwrap(const char *p, size_t len, struct buf *out)
{
	static const char magic[] = "LS0tLS1CRUdJTi"; /* "-----BEGIN" */
	const char *end = p + len;
	struct b64 s;
	int n = 0;

	for (; (p = find(p, end, magic)) != NULL; n++) {
		if (b64_start(&s, out, (size_t)(end - p) + 4) == -1)
			return -1;
		while (p < end &&
		       (is_space(*p) || b64_put(&s, (unsigned char)*p) == 0))
			p++;
		while (s.pad == 0 && s.n >= 2 && b64_put(&s, '=') == 0)
			;
		b64_end(&s, out);
		if (buf_addc(out, '\n') == -1)
			return -1;
	}
	return n;
}
