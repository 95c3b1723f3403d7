/*
 * dns_ask.c - one question to one resolver: is its answer authenticated?
 *
 *   header   id, RD AD (RFC 6840 5.7), one question, one additional
 *   question zone NS IN
 *   OPT      1232 bytes, DO (RFC 6891, 3225)
 *
 * Postfix asks so by RES_USE_DNSSEC and RES_TRUSTAD.  The reply goes unread to
 * a jailed child, which looks at its header (RFC 1035 4.1.1) and sends back
 * one byte, an enum resolver_answer.
 */
#include <sys/random.h>
#include <sys/socket.h>

#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "dns_ask.h"
#include "util.h"

#define HEADER	   12
#define REPLY_MAX  4096
#define LABEL_MAX  63
#define ZONE_MAX   253
#define FLAG_QR	   0x80 /* third byte */
#define FLAG_AD	   0x20 /* fourth */
#define RCODE	   0x0f
#define NXDOMAIN   3
#define TYPE_NS	   2
#define QUERY_TRIES 2

static int
judge(int out, const struct buf *in)
{
	const unsigned char *id = (const unsigned char *)in->data, *p = id + 2;
	unsigned char answer = RESOLVER_SILENT;
	int rcode;

	if (in->len >= 2 + HEADER && p[0] == id[0] && p[1] == id[1] &&
	    (p[2] & FLAG_QR) != 0) {
		rcode = p[3] & RCODE;
		answer = rcode != 0 && rcode != NXDOMAIN ? RESOLVER_FAILS
			 : (p[3] & FLAG_AD) != 0	 ? RESOLVER_VALIDATES
							 : RESOLVER_PLAIN;
	}
	return jail_send(out, &answer, 1);
}

const struct jail_job resolver_job = {"resolver", SANDBOX_INSPECT, judge};

/* Labels with their lengths; false: no name. */
static bool
put_name(struct buf *b, const char *zone)
{
	size_t n;

	if (strlen(zone) > ZONE_MAX)
		return false;
	for (; *zone != '\0' && strcmp(zone, ".") != 0;
	     zone += n + (zone[n] == '.')) {
		n = strcspn(zone, ".");
		if (n == 0 || n > LABEL_MAX)
			return false;
		buf_addc(b, (char)n);
		(void)buf_add(b, zone, n);
	}
	buf_addc(b, '\0');
	return true;
}

static bool
make_query(struct buf *b, const unsigned char id[2], const char *zone)
{
	static const unsigned char head[] = {
	    0x01, FLAG_AD, 0, 1, 0, 0, 0, 0, 0, 1};
	static const unsigned char tail[] = {0, TYPE_NS, 0, 1, /* OPT: */
	    0, 0, 41, 1232 >> 8, 1232 & 0xff, 0, 0, 0x80, 0, 0, 0};

	(void)buf_add(b, id, 2);
	(void)buf_add(b, head, sizeof(head));
	if (!put_name(b, zone))
		return false;
	(void)buf_add(b, tail, sizeof(tail));
	return !b->failed;
}

static int
connected(const char *server, int port)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC,
	    .ai_socktype = SOCK_DGRAM,
	    .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
	struct addrinfo *ai = NULL;
	char service[16];
	int fd;

	(void)snprintf(service, sizeof(service), "%d", port);
	if (getaddrinfo(server, service, &hints, &ai) != 0)
		return -1;
	fd = socket(ai->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd != -1 && connect(fd, ai->ai_addr, ai->ai_addrlen) == -1) {
		(void)close(fd);
		fd = -1;
	}
	freeaddrinfo(ai);
	return fd;
}

/* The reply's bytes behind the id that was asked with. */
static bool
exchange(int fd, const struct buf *query, int timeout_ms, struct buf *reply)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char bytes[REPLY_MAX];
	ssize_t n;
	int i;

	for (i = 0; i < QUERY_TRIES; i++) {
		if (send(fd, query->data, query->len, MSG_NOSIGNAL) == -1)
			return false;
		if (poll(&p, 1, timeout_ms / QUERY_TRIES) != 1)
			continue;
		if ((n = recv(fd, bytes, sizeof(bytes), 0)) <= 0)
			return false;
		return buf_add(reply, query->data, 2) == 0 &&
		       buf_add(reply, bytes, (size_t)n) == 0;
	}
	return false;
}

enum resolver_answer
resolver_ask(const struct pki_jail *jail, const char *server, int port,
    const char *zone, int timeout_ms)
{
	enum resolver_answer answer = RESOLVER_SILENT;
	struct buf query, reply, said;
	unsigned char id[2];
	int fd = connected(server, port);

	buf_init(&query, 512);
	buf_init(&reply, REPLY_MAX + 2);
	buf_init(&said, 2 * JAIL_READ_SIZE);
	if (fd != -1 && getrandom(id, sizeof(id), 0) == sizeof(id) &&
	    make_query(&query, id, zone) &&
	    exchange(fd, &query, timeout_ms, &reply) &&
	    jail_ask(jail, JAIL_PROBER, &resolver_job, &reply, &said, NULL) ==
		0 &&
	    said.len == 1 && (unsigned char)said.data[0] <= RESOLVER_VALIDATES)
		answer = (enum resolver_answer)said.data[0];
	if (fd != -1)
		(void)close(fd);
	buf_clear(&query);
	buf_clear(&reply);
	buf_clear(&said);
	return answer;
}
