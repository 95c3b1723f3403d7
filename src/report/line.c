/*
 * line.c - the reader of one line.
 *
 *   stamp " " host " " [syslog_name "/"] program "[" pid "]: " text
 *                                          |
 *   smtpd   connect from N[A]              |  qmgr   QID: from=<...>
 *           W TLS connection established from N[A][ to SNI]: VERSION ...
 *           QID: client=N[A]               |  smtp   W TLS connection
 *           disconnect from N[A] verb=ok[/all] ...   established|reused to
 *                                          |         N[A]:PORT: VERSION ...
 *                                          |  lmtp   QID: to=<...>, key=value,
 *                                          |         ..., status=word (reply)
 *
 * N is a host name or "unknown", A an address; W one word, like Anonymous.
 * postscreen and tlsproxy speak of TLS too, but of no mail.
 */
#include <string.h>

#include "line.h"

#define HOST_MAX 256
#define TAG_MAX	 128

struct at {
	const char *p, *end;
};

/* Of words whose length the compiler knows: each is a comparison or two. */
#define LEN(word) (sizeof(word) - 1)
#define IS(t, word) \
	((t).len == LEN(word) && memcmp((t).p, word, LEN(word)) == 0)
#define SKIP(a, word) skip(a, "" word, LEN(word))

/* Steps over the word where it stands next. */
static inline bool
skip(struct at *a, const char *word, size_t len)
{
	if ((size_t)(a->end - a->p) < len || memcmp(a->p, word, len) != 0)
		return false;
	a->p += len;
	return true;
}

/* What stands before the byte, of at most max bytes; steps over both. */
static bool
until(struct at *a, char c, size_t max, struct text *ret)
{
	size_t left = (size_t)(a->end - a->p);
	const char *q = memchr(a->p, c, left < max ? left : max);

	if (q == NULL)
		return false;
	ret->p = a->p;
	ret->len = (size_t)(q - a->p);
	a->p = q + 1;
	return true;
}

static inline uint64_t
mix(uint64_t h, uint64_t word)
{
	h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	h = (h ^ h >> 32) * UINT64_C(0xbf58476d1ce4e5b9);
	return h ^ h >> 29;
}

/* The last bytes are read once more with those before them, which costs less
 * than to copy some of eight. */
uint64_t
line_hash(uint64_t h, const void *data, size_t len)
{
	const char *p = data, *end = p + len;
	uint64_t word = 0;

	h ^= len;
	if (len < sizeof(word)) {
		memcpy(&word, p, len);
		return mix(h, word);
	}
	for (; end - p > (ptrdiff_t)sizeof(word); p += sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		h = mix(h, word);
	}
	memcpy(&word, end - sizeof(word), sizeof(word));
	return mix(h, word);
}

static bool
read_stamp(struct at *a, struct text *ret)
{
	const char *p = a->p;

	if (a->end - p > 16 && p[3] == ' ' && p[6] == ' ' && p[9] == ':' &&
	    p[12] == ':' && p[15] == ' ') {
		ret->p = p;
		ret->len = 15;
		a->p += 16;
		return true;
	}
	return a->end - p > 20 && p[4] == '-' && p[7] == '-' && p[10] == 'T' &&
	       until(a, ' ', 40, ret) && ret->len >= 20;
}

enum program { OTHER, SMTPD, SMTP, QMGR };

/* By the end of a tag. */
static enum program
program_of(const char *end)
{
	if (memcmp(end - 5, "smtpd", 5) == 0 && end[-6] == '/')
		return SMTPD;
	if (end[-5] != '/')
		return OTHER;
	if (memcmp(end - 4, "smtp", 4) == 0 || memcmp(end - 4, "lmtp", 4) == 0)
		return SMTP;
	return memcmp(end - 4, "qmgr", 4) == 0 ? QMGR : OTHER;
}

/* "host tag": one blank, so that no other program's text passes as a tag. */
static bool
two_words(const char *p, const char *end)
{
	const char *blank = memchr(p, ' ', (size_t)(end - p));

	return blank != NULL && blank > p &&
	       memchr(blank + 1, ' ', (size_t)(end - blank - 1)) == NULL;
}

/* Up to the text.  A tag without "/" is another program's. */
static enum program
read_head(struct at *a, struct text *stamp, uint64_t *process)
{
	enum program program;
	struct text head;
	const char *begin;

	if (a->p < a->end && *a->p == '<' && !until(a, '>', 6, &head))
		return OTHER;
	if (!read_stamp(a, stamp) ||
	    !until(a, '[', HOST_MAX + TAG_MAX, &head) || head.len < 8 ||
	    (program = program_of(head.p + head.len)) == OTHER ||
	    !two_words(head.p, head.p + head.len))
		return OTHER;
	begin = a->p;
	while (a->p < a->end && *a->p >= '0' && *a->p <= '9')
		a->p++;
	if (a->p == begin || !SKIP(a, "]: "))
		return OTHER;
	*process = line_hash(1, head.p, (size_t)(a->p - head.p));
	return program;
}

/* "name[address]" */
static bool
read_peer(struct at *a, struct line *ret)
{
	return until(a, '[', HOST_MAX, &ret->name) &&
	       until(a, ']', 128, &ret->address);
}

/* Letters and digits: a word, or a queue id. */
static struct text
read_word(struct at *a)
{
	struct text t = {a->p, 0};

	while (a->p < a->end && ((*a->p >= '0' && *a->p <= '9') ||
				    (*a->p >= 'A' && *a->p <= 'Z') ||
				    (*a->p >= 'a' && *a->p <= 'z')))
		a->p++;
	t.len = (size_t)(a->p - t.p);
	return t;
}

static bool
read_queue(struct at *a, struct text id, struct line *ret)
{
	if (id.len < 4 || id.len > 24 || !SKIP(a, ": "))
		return false;
	ret->queue = line_hash(2, id.p, id.len);
	return true;
}

/* Port of the peer, and a server name that a client asked for, come between
 * its address and the version. */
static bool
read_version(struct at *a, struct line *ret)
{
	struct text word;

	if (a->p < a->end && *a->p == ':' && a->end - a->p > 1 &&
	    a->p[1] != ' ') {
		a->p++;
		ret->port.p = a->p;
		while (a->p < a->end && *a->p >= '0' && *a->p <= '9')
			a->p++;
		ret->port.len = (size_t)(a->p - ret->port.p);
	}
	if (SKIP(a, " to ")) {
		if (!until(a, ':', HOST_MAX, &word) || !SKIP(a, " "))
			return false;
	} else if (!SKIP(a, ": ")) {
		return false;
	}
	if (!until(a, ' ', 16, &word))
		return false;
	ret->version = IS(word, "TLSv1.3")   ? TLS_1_3
		       : IS(word, "TLSv1.2") ? TLS_1_2
		       : IS(word, "TLSv1.1") ? TLS_1_1
		       : IS(word, "TLSv1")   ? TLS_1_0
		       : IS(word, "SSLv3")   ? TLS_SSL3
					     : TLS_UNKNOWN;
	return true;
}

/* What follows a word like "Anonymous". */
static bool
read_tls(struct at *a, bool in, struct line *ret)
{
	return SKIP(a, " TLS connection ") &&
	       (in ? SKIP(a, "established from ")
		   : SKIP(a, "established to ") || SKIP(a, "reused to ")) &&
	       read_peer(a, ret) && read_version(a, ret);
}

/* " ehlo=2 starttls=0/1 mail=1": the verbs, and how many of how many were
 * taken. */
static void
read_verbs(struct at a, struct line *ret)
{
	struct text verb, count;
	bool done, failed;

	while (a.p < a.end) {
		if (!SKIP(&a, " ")) { /* the client's port */
			a.p++;
			continue;
		}
		if (!until(&a, '=', 32, &verb))
			return;
		count.p = a.p;
		while (a.p < a.end && *a.p != ' ')
			a.p++;
		count.len = (size_t)(a.p - count.p);
		done = count.len > 0 && *count.p != '0';
		failed = memchr(count.p, '/', count.len) != NULL;
		if (IS(verb, "starttls")) {
			ret->starttls = done;
			ret->starttls_failed = failed;
		} else if (IS(verb, "mail")) {
			ret->mail = done;
			ret->mail_failed = failed;
		}
	}
}

/* The rest of "<address>": quotes may hold any byte but themselves. */
static bool
skip_address(struct at *a, struct text *domain)
{
	const char *at = NULL, *p;
	bool quoted = false;

	if (!SKIP(a, "<"))
		return false;
	for (p = a->p; p < a->end && (quoted || *p != '>'); p++) {
		if (*p == '\\' && p + 1 < a->end)
			p++;
		else if (*p == '"')
			quoted = !quoted;
		else if (*p == '@' && !quoted)
			at = p + 1;
	}
	if (p >= a->end)
		return false;
	if (at != NULL) {
		domain->p = at;
		domain->len = (size_t)(p - at);
	}
	a->p = p + 1;
	return true;
}

/* "relay=mx[192.0.2.1]:25, ..., status=sent (": without a bracket the relay is
 * none, or no host. */
static bool
read_delivery(struct at a, struct line *ret)
{
	struct text domain, value;
	struct at relay;

	if (!SKIP(&a, "to=") || !skip_address(&a, &ret->domain) ||
	    (SKIP(&a, ", orig_to=") && !skip_address(&a, &domain)) ||
	    !SKIP(&a, ", relay=") || !until(&a, ',', HOST_MAX + 128, &value))
		return false;
	relay.p = value.p;
	relay.end = value.p + value.len;
	if (!read_peer(&relay, ret) || !SKIP(&relay, ":"))
		return false;
	ret->port.p = relay.p;
	ret->port.len = (size_t)(relay.end - relay.p);
	while (SKIP(&a, " ") && !SKIP(&a, "status="))
		if (!until(&a, ',', 256, &value))
			return false;
	ret->sent = SKIP(&a, "sent ");
	return true;
}

static enum line_kind
read_smtpd(struct at a, struct line *ret)
{
	struct text word = read_word(&a);

	if (a.p < a.end && *a.p == ':')
		return read_queue(&a, word, ret) && SKIP(&a, "client=") &&
			       read_peer(&a, ret)
			   ? LINE_MESSAGE
			   : LINE_OTHER;
	if (IS(word, "connect"))
		return SKIP(&a, " from ") ? LINE_CONNECT : LINE_OTHER;
	if (!IS(word, "disconnect"))
		return read_tls(&a, true, ret) ? LINE_TLS_IN : LINE_OTHER;
	if (!SKIP(&a, " from ") || !read_peer(&a, ret))
		return LINE_OTHER;
	read_verbs(a, ret);
	return LINE_DISCONNECT;
}

static enum line_kind
read_smtp(struct at a, struct line *ret)
{
	struct text word = read_word(&a);

	if (a.p < a.end && *a.p == ':')
		return read_queue(&a, word, ret) && read_delivery(a, ret)
			   ? LINE_DELIVERY
			   : LINE_OTHER;
	return read_tls(&a, false, ret) ? LINE_TLS_OUT : LINE_OTHER;
}

static enum line_kind
read_qmgr(struct at a, struct line *ret)
{
	struct text word = read_word(&a);

	return read_queue(&a, word, ret) && SKIP(&a, "from=") &&
		       skip_address(&a, &ret->domain)
		   ? LINE_SENDER
		   : LINE_OTHER;
}

void
line_read(const char *p, size_t len, struct line *ret)
{
	struct at a = {p, p + (len < LINE_READ_MAX ? len : LINE_READ_MAX)};
	struct text stamp;
	uint64_t process;
	enum program program = read_head(&a, &stamp, &process);

	ret->kind = LINE_OTHER;
	if (program == OTHER)
		return;
	memset(ret, 0, sizeof(*ret));
	ret->stamp = stamp;
	ret->process = process;
	ret->kind = program == SMTPD  ? read_smtpd(a, ret)
		    : program == SMTP ? read_smtp(a, ret)
				      : read_qmgr(a, ret);
}

const char *
tls_version_name(enum tls_version v)
{
	static const char *const names[TLS__MAX] = {
	    [TLS_NONE] = "plain",
	    [TLS_UNKNOWN] = "unknown",
	    [TLS_SSL3] = "SSLv3",
	    [TLS_1_0] = "TLSv1",
	    [TLS_1_1] = "TLSv1.1",
	    [TLS_1_2] = "TLSv1.2",
	    [TLS_1_3] = "TLSv1.3",
	};

	return v < TLS__MAX ? names[v] : names[TLS_UNKNOWN];
}
