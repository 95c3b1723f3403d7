/*
 * probe_inbound.c - is the port open where the settings say, and does Postfix
 * refuse whom the access map refuses?
 *
 * What is listened on comes from /proc/net/tcp and tcp6: a connection to an
 * own address of the host would go through a packet filter that has nothing
 * to do with Postfix.
 * The canary: an address of 127/8 that no client has, but that a socket of
 * this host may be bound to.  Its refusal names the generation, so it proves
 * that this very map is read, whatever the administrator's list holds.
 * The recipient has a domain: smtpd lets everybody through to <postmaster>.
 * smtpd_delay_reject decides whether the refusal comes at RCPT or as the
 * banner; both are taken.
 */
#include <netinet/in.h>

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jsonx.h"
#include "probe.h"
#include "settings.h"
#include "smtp_conn.h"
#include "util.h"

#define TOTAL_MS_DEFAULT 5000
/* The name of a denied client is looked up first; a name server that is out
 * of reach takes its time. */
#define SESSION_MS 15000
#define PAUSE_MS   50
#define FULL	   452
/* What smtpd says inside TLS where it requires a client certificate, before
 * it looks at any list. */
#define NO_CERT "No client certificate presented"
#define TCP_LISTEN "0A"

struct sockets {
	bool known;
	bool loopback, other;
	bool fresh;	  /* one that was not there before */
	bool fresh_other; /* on an address that is not loopback */
};

/* The hex words of /proc are in host order. */
static bool
is_loopback(const char *hex)
{
	struct in6_addr a = IN6ADDR_ANY_INIT;
	size_t n = strlen(hex) / 8, i;
	uint32_t w;
	char word[9];

	for (i = 0; i < n && i < 4; i++) {
		memcpy(word, hex + 8 * i, 8);
		word[8] = '\0';
		w = (uint32_t)strtoul(word, NULL, 16);
		memcpy(a.s6_addr + 4 * i, &w, 4);
	}
	if (n == 1)
		return a.s6_addr[0] == 127;
	return IN6_IS_ADDR_LOOPBACK(&a) ||
	       (IN6_IS_ADDR_V4MAPPED(&a) && a.s6_addr[12] == 127);
}

struct listener {
	char address[64]; /* hex */
	unsigned long port, inode, uid;
};

/* The next listening socket of the table. */
static bool
next_listener(FILE *f, struct listener *l)
{
	char line[512], at[8], state[8], uid[16], inode[24];

	while (fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line,
			" %*[^:]: %63[0-9A-F]:%7[0-9A-F] %*s %7s %*s %*s %*s "
			"%15[0-9] %*s %23[0-9]",
			l->address, at, state, uid, inode) != 5 ||
		    strcmp(state, TCP_LISTEN) != 0)
			continue;
		l->port = strtoul(at, NULL, 16);
		l->inode = strtoul(inode, NULL, 10);
		l->uid = strtoul(uid, NULL, 10);
		return true;
	}
	return false;
}

static const char *const tables[] = {"/proc/net/tcp", "/proc/net/tcp6"};

void
listeners_read(int port, int other_port, struct listeners *ret)
{
	struct listener l;
	size_t i;
	FILE *f;

	ret->n = 0;
	for (i = 0; i < 2; i++) {
		if ((f = fopen(tables[i], "re")) == NULL)
			continue;
		while (ret->n < LISTENERS_MAX && next_listener(f, &l))
			if (l.port == (unsigned long)port ||
			    l.port == (unsigned long)other_port)
				ret->inode[ret->n++] = l.inode;
		fclose(f);
	}
}

bool
listeners_of_users(int port)
{
	size_t i, users = 0, root = 0;
	struct listener l;
	FILE *f;

	for (i = 0; i < 2; i++) {
		if ((f = fopen(tables[i], "re")) == NULL)
			continue;
		while (next_listener(f, &l))
			if (l.port == (unsigned long)port)
				*(l.uid == 0 ? &root : &users) += 1;
		fclose(f);
	}
	return users > 0 && root == 0;
}

static bool
was_there(const struct listeners *before, unsigned long inode)
{
	size_t i;

	for (i = 0; before != NULL && i < before->n; i++)
		if (before->inode[i] == inode)
			return true;
	return false;
}

static void
add_socket(struct sockets *s, const struct listener *l, bool fresh)
{
	bool loopback = is_loopback(l->address);

	if (loopback)
		s->loopback = true;
	else
		s->other = true;
	if (fresh)
		s->fresh = true;
	if (fresh && !loopback)
		s->fresh_other = true;
}

static struct sockets
listening(int port, const struct listeners *before)
{
	struct sockets s = {false, false, false, false, false};
	struct listener l;
	size_t i;
	FILE *f;

	for (i = 0; i < 2; i++) {
		if ((f = fopen(tables[i], "re")) == NULL)
			continue;
		s.known = true;
		while (next_listener(f, &l))
			if (l.port == (unsigned long)port)
				add_socket(&s, &l, !was_there(before, l.inode));
		fclose(f);
	}
	return s;
}

static int
check_sockets(
    const struct inbound_want *want, struct sockets *ret, struct err *err)
{
	*ret = listening(want->door.port, want->before);
	if (!ret->known)
		return 0;
	if (want->restarted && !ret->fresh)
		return err_set(err, ERR_PROBE_LISTEN, "listen",
		    "Postfix did not open port %d anew", want->door.port);
	if (want->listen == LISTEN_ALL && !ret->other)
		return err_set(err, ERR_PROBE_LISTEN, "listen",
		    "port %d is open on the loopback address alone",
		    want->door.port);
	if (want->listen == LISTEN_LOOPBACK && ret->fresh_other &&
	    !want->shared)
		return err_set(err, ERR_PROBE_LISTEN, "listen",
		    "port %d is open on other addresses, too", want->door.port);
	if (want->old_port == 0)
		return 0;
	if (listening(want->old_port, want->before).fresh)
		return err_set(err, ERR_PROBE_LISTEN, "smtp_port",
		    "port %d is still open", want->old_port);
	return 0;
}

static int
wait_sockets(
    const struct inbound_want *want, struct sockets *ret, struct err *err)
{
	int total = want->total_ms > 0 ? want->total_ms : TOTAL_MS_DEFAULT;
	int64_t end = now_ms() + total;
	struct err why;

	while (check_sockets(want, ret, &why) == -1) {
		if (now_ms() >= end) {
			if (err != NULL)
				*err = why;
			return -1;
		}
		(void)poll(NULL, 0, PAUSE_MS);
	}
	return 0;
}

static int
start_tls(struct smtp_conn *c, const struct probe_door *d, struct err *err)
{
	if (smtp_command(c, "STARTTLS", ERR_PROBE_ACCESS, err) == -1)
		return -1;
	if (c->code != 220)
		return err_set(
		    err, ERR_PROBE_ACCESS, "", "STARTTLS: got %d", c->code);
	return smtp_starttls(c, 0, err) == -1
		   ? -1
		   : door_hello(c, d, ERR_PROBE_ACCESS, err);
}

/* Refused for want of a certificate, where that is what Postfix is to do. */
static bool
wants_one(const struct inbound_want *want, const struct smtp_conn *c)
{
	return want->wants_certificate && c->code / 100 != 2 &&
	       strstr(c->reply, NO_CERT) != NULL;
}

/* MAIL and RCPT, up to the first that is refused. */
static int
envelope(const struct inbound_want *want, struct smtp_conn *c, struct err *err)
{
	char rcpt[320];
	const char *const commands[] = {"MAIL FROM:<>", rcpt, NULL};
	size_t i;

	(void)snprintf(
	    rcpt, sizeof(rcpt), "RCPT TO:<postmaster@%.255s>", want->domain);
	for (i = 0; commands[i] != NULL; i++) {
		if (smtp_command(c, commands[i], ERR_PROBE_ACCESS, err) == -1)
			return -1;
		if (c->code / 100 != 2)
			break;
	}
	return 0;
}

/*
 * Up to the reply that tells, which is left in *c: the greeting or the one to
 * EHLO, if that is a refusal, else that of RCPT.  1 = no connection could be
 * made.
 */
static int
session(const struct inbound_want *want, const char *source,
    struct smtp_conn *c, struct err *err)
{
	const struct probe_door *d = &want->door;
	struct err why;
	int rc = -1;

	smtp_init(c, now_ms() + SESSION_MS + d->greet_ms);
	c->source = source;
	err_clear(&why);
	if (door_open(c, d, 0, &why) == -1)
		rc = why.code == ERR_PROBE_CONNECT ? 1 : c->code != 0 ? 0 : -1;
	else if (!want->tls_only || d->wrapper || start_tls(c, d, &why) == 0)
		rc = envelope(want, c, &why);
	else if (wants_one(want, c))
		rc = 0;
	if (rc != 0 && err != NULL)
		err_set(err, rc == 1 ? ERR_PROBE_CONNECT : ERR_PROBE_ACCESS, "",
		    "%s", why.msg);
	return rc;
}

static void
leave(struct smtp_conn *c)
{
	if (c->fd != -1 && c->code != 0)
		(void)smtp_command(c, "QUIT", ERR_PROBE_ACCESS, NULL);
	smtp_close(c);
}

/* 0 refused by this map, 1 could not be asked, 2 nor on a full disk, 3 nor
 * without a certificate (why in err), -1. */
static int
ask_canary(const struct inbound_want *want, struct err *err)
{
	struct smtp_conn c;
	char text[64], quote[120];
	int rc;

	(void)snprintf(
	    text, sizeof(text), "Postseal probe %ld", want->generation);
	rc = session(want, ACCESS_CANARY, &c, err);
	if (rc == 0 && (c.code / 100 == 2 || strstr(c.reply, text) == NULL)) {
		smtp_quote(&c, quote, sizeof(quote));
		(void)err_set(err, ERR_PROBE_ACCESS, "access_policy",
		    "a denied address got \"%s\"", quote);
		rc = c.code == FULL	     ? 2
		     : wants_one(want, &c) ? 3
					     : -1;
	}
	leave(&c);
	return rc;
}

static int
ask_loopback(const struct inbound_want *want, struct err *err)
{
	struct smtp_conn c;
	char quote[120];
	int rc = session(want, NULL, &c, err);

	if (rc == 0 && strstr(c.reply, ACCESS_REFUSAL) != NULL) {
		smtp_quote(&c, quote, sizeof(quote));
		rc = err_set(err, ERR_PROBE_ACCESS, "access_policy",
		    "the loopback address got \"%s\"", quote);
	}
	leave(&c);
	return rc == 0 ? 0 : -1;
}

/* After a reload an smtpd of before may answer for a moment. */
static int
check_access(
    const struct inbound_want *want, const char **ret_note, struct err *err)
{
	static const char *const notes[] = {NULL,
	    "no connection from " ACCESS_CANARY,
	    "Postfix has no room on its disk and takes no mail",
	    "Postfix requires a client certificate before it looks at lists"};
	int total = want->total_ms > 0 ? want->total_ms : TOTAL_MS_DEFAULT;
	int64_t end = now_ms() + total;
	int rc;

	if (strchr(want->door.host, ':') != NULL) {
		*ret_note = "Postfix is reached by IPv6 alone";
		return 0;
	}
	while ((rc = ask_canary(want, err)) == -1 && now_ms() < end)
		(void)poll(NULL, 0, PAUSE_MS);
	if (rc == -1)
		return -1;
	*ret_note = notes[rc];
	return ask_loopback(want, err);
}

static struct json_object *
result(
    const struct inbound_want *want, const struct sockets *s, const char *note)
{
	struct json_object *o = json_object_new_object();
	const char *access = note == NULL ? "proven" : "unproven";

	if (o == NULL)
		return NULL;
	json_object_object_add(o, "listen",
	    !s->known ? NULL
		      : json_object_new_string(s->other ? "all" : "loopback"));
	json_object_object_add(o, "port", json_object_new_int(want->door.port));
	json_object_object_add(o, "access",
	    want->generation == 0 ? NULL : json_object_new_string(access));
	if (note != NULL)
		json_object_object_add(o, "note", json_object_new_string(note));
	return o;
}

int
inbound_probe(
    const struct inbound_want *want, struct json_object **ret, struct err *err)
{
	const char *note = NULL;
	struct json_object *o;
	struct sockets s;

	if (wait_sockets(want, &s, err) == -1 ||
	    (want->generation != 0 && check_access(want, &note, err) == -1))
		return -1;
	if ((o = result(want, &s, note)) == NULL)
		return err_set(err, ERR_NOMEM, "", "probe");
	*ret = o;
	return 0;
}
