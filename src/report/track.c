/*
 * track.c - the state of each process of Postfix, and the queue ids of
 * messages without TLS.
 *
 *            connect           TLS line            disconnect, connect
 *   (none) ----------> open -----------> with TLS ---------------------> event
 *      |                |  messages: plain           messages: TLS
 *      | message        '--------------------------------------------> event
 *      '-------------> open, begin not seen
 *
 * Messages wait for the end of their session: only the disconnect line says
 * that there was STARTTLS where TLS lines are not logged.
 */
#include <arpa/inet.h>

#include <stdlib.h>
#include <string.h>

#include "track.h"

#define PROCESSES 8192
#define MESSAGES  4096 /* qmgr takes a message within a second */
#define PROBES	  8
#define IDLE_S	  3600

struct process {
	uint64_t key;	/* 0 = free */
	uint64_t queue; /* outbound: whose the TLS is; 0 = not yet known */
	uint64_t last;	/* outbound: the last delivery that was counted */
	time_t at;
	unsigned char address[ADDRESS_SIZE];
	unsigned plain, tls; /* messages */
	unsigned short port;
	enum tls_version version;
	bool begun; /* its connect line was there */
};

struct message {
	uint64_t queue;
	unsigned char address[ADDRESS_SIZE];
};

struct track {
	void (*event)(void *, const struct event *);
	void *arg;
	time_t now; /* as the last line says */
	struct process process[PROCESSES];
	struct message message[MESSAGES];
};

static const unsigned char mapped[ADDRESS_V4] = {[10] = 0xff, [11] = 0xff};

bool
address_is_v4(const unsigned char address[ADDRESS_SIZE])
{
	return memcmp(address, mapped, ADDRESS_V4) == 0;
}

struct track *
track_new(void (*event)(void *, const struct event *), void *arg)
{
	struct track *t = calloc(1, sizeof(*t));

	if (t != NULL) {
		t->event = event;
		t->arg = arg;
	}
	return t;
}

void
track_free(struct track *t)
{
	free(t);
}

/* Four numbers up to 255, as Postfix writes them. */
static bool
read_v4(struct text from, unsigned char address[4])
{
	const char *p = from.p, *end = p + from.len, *begin;
	unsigned n;

	for (int i = 0; i < 4; i++) {
		begin = p;
		for (n = 0; p < end && p - begin < 3 && *p >= '0' && *p <= '9';)
			n = n * 10 + (unsigned)(*p++ - '0');
		if (p == begin || n > 255 ||
		    (i < 3 && (p == end || *p++ != '.')))
			return false;
		address[i] = (unsigned char)n;
	}
	return p == end;
}

static bool
read_address(struct text from, unsigned char address[ADDRESS_SIZE])
{
	char text[INET6_ADDRSTRLEN];

	memcpy(address, mapped, ADDRESS_V4);
	if (read_v4(from, address + ADDRESS_V4))
		return true;
	if (from.len >= sizeof(text))
		return false;
	memcpy(text, from.p, from.len);
	text[from.len] = '\0';
	return inet_pton(AF_INET6, text, address) == 1;
}

static void
tell(struct track *t, const struct process *p, enum tls_version version,
    unsigned messages, const struct line *end)
{
	struct event e = {.direction = INBOUND,
	    .address = p->address,
	    .version = version,
	    .messages = messages,
	    .at = p->at};

	if (end != NULL)
		e.name = end->name;
	if (end != NULL && version == TLS_NONE) {
		e.failed = end->starttls_failed && !end->starttls;
		e.refused = p->begun && messages == 0 && end->mail_failed &&
			    !end->mail && !end->starttls && !e.failed;
	}
	e.unseen = version == TLS_NONE && messages > 0 && !p->begun;
	if (messages > 0 || e.failed || e.refused)
		t->event(t->arg, &e);
}

/* A session is over; end is its disconnect line, or NULL: it has none. */
static void
close_session(struct track *t, struct process *p, const struct line *end)
{
	bool quiet = p->version == TLS_NONE && end != NULL && end->starttls;

	if (p->version != TLS_NONE)
		tell(t, p, p->version, p->tls, end);
	if (p->version == TLS_NONE || p->plain > 0)
		tell(t, p, quiet ? TLS_UNKNOWN : TLS_NONE, p->plain, end);
	memset(p, 0, sizeof(*p));
}

static struct process *
find_process(struct track *t, uint64_t key)
{
	struct process *p, *old = NULL;

	for (size_t i = 0; i < PROBES; i++) {
		p = &t->process[(key + i) % PROCESSES];
		if (p->key == key)
			return p;
		if (old == NULL ||
		    (old->key != 0 && (p->key == 0 || p->at < old->at)))
			old = p;
	}
	if (old->key != 0)
		close_session(t, old, NULL);
	old->key = key;
	return old;
}

static struct message *
find_message(struct track *t, uint64_t queue)
{
	return &t->message[queue % MESSAGES];
}

static void
message_came(struct track *t, struct process *p, const struct line *l)
{
	struct message *m;

	if (!read_address(l->address, p->address))
		return;
	if (p->version != TLS_NONE) {
		p->tls++;
		return;
	}
	p->plain++;
	m = find_message(t, l->queue);
	m->queue = l->queue;
	memcpy(m->address, p->address, sizeof(m->address));
}

/* A queue id is used again: what waits for its sender waits once. */
static void
sender_came(struct track *t, const struct line *l, time_t at)
{
	struct message *m = find_message(t, l->queue);
	struct event e = {.direction = INBOUND,
	    .address = m->address,
	    .domain = l->domain,
	    .at = at};

	if (m->queue != l->queue)
		return;
	m->queue = 0;
	if (l->domain.len > 0)
		t->event(t->arg, &e);
}

static unsigned short
read_port(struct text t)
{
	unsigned long n = 0;

	for (size_t i = 0; i < t.len && n < 65536; i++)
		n = n * 10 + (unsigned long)(t.p[i] - '0') % 10;
	return (unsigned short)n;
}

static void
tls_out(struct process *p, const struct line *l)
{
	if (!read_address(l->address, p->address))
		return;
	p->port = read_port(l->port);
	p->version = l->version;
	p->queue = 0;
}

/* One message to one relay. */
static uint64_t
delivery_of(const struct line *l, const unsigned char *address)
{
	return line_hash(l->queue, address, ADDRESS_SIZE);
}

/* Its recipients come one by one, and count once. */
static void
delivered(struct track *t, struct process *p, const struct line *l, time_t at)
{
	unsigned char address[ADDRESS_SIZE];
	struct event e = {.direction = OUTBOUND,
	    .address = address,
	    .name = l->name,
	    .messages = 1,
	    .at = at};
	bool tls;

	if (!read_address(l->address, address))
		return;
	if (p->version != TLS_NONE && p->queue == 0)
		p->queue = l->queue;
	tls = p->version != TLS_NONE && p->queue == l->queue &&
	      p->port == read_port(l->port) &&
	      memcmp(p->address, address, ADDRESS_SIZE) == 0;
	if (!l->sent || p->last == delivery_of(l, address))
		return;
	p->last = delivery_of(l, address);
	e.version = tls ? p->version : TLS_NONE;
	t->event(t->arg, &e);
	if (tls || l->domain.len == 0)
		return;
	e.messages = 0;
	e.domain = l->domain;
	t->event(t->arg, &e);
}

static void
session_ended(struct track *t, struct process *p, const struct line *l)
{
	if (p->plain + p->tls > 0 || read_address(l->address, p->address))
		close_session(t, p, l);
}

void
track_line(struct track *t, const struct line *l, time_t at)
{
	struct process *p;

	if (l->kind == LINE_OTHER)
		return;
	t->now = at;
	if (l->kind == LINE_SENDER) {
		sender_came(t, l, at);
		return;
	}
	p = find_process(t, l->process);
	p->at = at;
	switch (l->kind) {
	case LINE_CONNECT:
		close_session(t, p, NULL);
		p->key = l->process;
		p->at = at;
		p->begun = true;
		break;
	case LINE_TLS_IN:
		p->version = l->version;
		break;
	case LINE_MESSAGE:
		message_came(t, p, l);
		break;
	case LINE_DISCONNECT:
		session_ended(t, p, l);
		break;
	case LINE_TLS_OUT:
		tls_out(p, l);
		break;
	case LINE_DELIVERY:
		delivered(t, p, l, at);
		break;
	case LINE_OTHER:
	case LINE_SENDER:
		break;
	}
}

void
track_end(struct track *t)
{
	for (size_t i = 0; i < PROCESSES; i++)
		if (t->process[i].key != 0)
			close_session(t, &t->process[i], NULL);
}

/* Before each that is in use. */
struct saved {
	uint32_t message, i;
};
static const size_t saved_shape[] = {
    PROCESSES, sizeof(struct process), MESSAGES, sizeof(struct message)};

static void
save_one(struct buf *b, uint32_t message, size_t i, const void *p, size_t size)
{
	const struct saved head = {message, (uint32_t)i};

	(void)buf_add(b, &head, sizeof(head));
	(void)buf_add(b, p, size);
}

int
track_save(struct track *t, struct buf *b)
{
	struct process *p = t->process;

	(void)buf_add(b, saved_shape, sizeof(saved_shape));
	for (size_t i = 0; i < PROCESSES; i++) {
		if (p[i].key != 0 && t->now > 0 &&
		    (p[i].at < t->now - IDLE_S || p[i].at > t->now + IDLE_S))
			close_session(t, &p[i], NULL);
		if (p[i].key != 0)
			save_one(b, 0, i, &p[i], sizeof(p[i]));
	}
	for (size_t i = 0; i < MESSAGES; i++)
		if (t->message[i].queue != 0)
			save_one(b, 1, i, &t->message[i], sizeof(*t->message));
	return b->failed ? -1 : 0;
}

int
track_load(struct track *t, const void *data, size_t len)
{
	const char *p = data, *end = p + len;
	struct saved head;
	size_t size;
	void *to;

	memset(t->process, 0, sizeof(t->process));
	memset(t->message, 0, sizeof(t->message));
	if (len < sizeof(saved_shape) ||
	    memcmp(p, saved_shape, sizeof(saved_shape)) != 0)
		return -1;
	for (p += sizeof(saved_shape); end - p > (ptrdiff_t)sizeof(head);
	     p += size) {
		memcpy(&head, p, sizeof(head));
		p += sizeof(head);
		size = head.message ? sizeof(*t->message) : sizeof(*t->process);
		if (head.i >= (head.message ? MESSAGES : PROCESSES) ||
		    (size_t)(end - p) < size)
			return -1;
		to = head.message ? (void *)&t->message[head.i]
				  : (void *)&t->process[head.i];
		memcpy(to, p, size);
	}
	return 0;
}
