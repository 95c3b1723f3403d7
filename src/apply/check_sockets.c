/*
 * check_sockets.c - checks of settings: where Postfix would listen, and on
 * which port.
 */
#include <sys/socket.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "setting_checks.h"

#define LOOPBACK_V4_NET "127.0.0.0/8"

bool
net_parse_word(const char *text, size_t len, struct net *n)
{
	char instead[NET_TEXT_MAX];
	enum err_code why;

	return net_parse(text, len, n, &why, instead) == 0;
}

bool
net_is_loopback(const struct net *n)
{
	struct net v4, v6;

	(void)net_parse_word(LOOPBACK_V4_NET, strlen(LOOPBACK_V4_NET), &v4);
	(void)net_parse_word("::1", 3, &v6);
	return net_contains(&v4, n) || net_contains(&v6, n);
}

/* One word of inet_interfaces, or the host in a service's name. */
static bool
is_loopback_word(const char *word, size_t len)
{
	struct net n;

	if (len > 2 && word[0] == '[' && word[len - 1] == ']') {
		word++;
		len -= 2;
	}
	if ((len == 13 && strncasecmp(word, "loopback-only", len) == 0) ||
	    (len == 9 && strncasecmp(word, "localhost", len) == 0))
		return true;
	return net_parse_word(word, len, &n) && net_is_loopback(&n);
}

/* Does every word of the list pass? */
static bool
all_words(const char *list, const char *other,
    bool (*pass)(const char *word, size_t len, const char *other))
{
	size_t len;

	for (;; list += len) {
		list += strspn(list, ", \t\r\n");
		if ((len = strcspn(list, ", \t\r\n")) == 0)
			return true;
		if (!pass(list, len, other))
			return false;
	}
}

static bool
word_loopback(const char *word, size_t len, const char *other)
{
	(void)other;
	return is_loopback_word(word, len);
}

static bool
loopback_alone(const char *service, const char *interfaces)
{
	char host[64];

	postfix_service_host(service, host);
	if (host[0] != '\0')
		return is_loopback_word(host, strlen(host));
	return all_words(interfaces, NULL, word_loopback);
}

/* A word for all_words: true as long as it is not `other`. */
static bool
word_differs(const char *word, size_t len, const char *other)
{
	return strlen(other) != len || strncasecmp(word, other, len) != 0;
}

/* Was this address listened on already?  Loopback always counts as one. */
static bool
word_known(const char *word, size_t len, const char *before)
{
	char text[256];

	if (is_loopback_word(word, len))
		return true;
	(void)snprintf(text, sizeof(text), "%.*s", (int)len, word);
	return !all_words(before, text, word_differs);
}

/* The services of master.cf that inet_interfaces holds for as well: what is
 * open to this host alone may be without any check (content_filter= of a
 * scanner's way back). */
SETTING_CHECK(opens)
{
	const struct postfix_inbound *in = &t->facts.info.inbound;
	const struct param_change *c = txn_planned(t, "inet_interfaces");
	const char *before, *after;
	char names[200] = "", host[64];
	size_t i, len = 0;

	if (c == NULL)
		return;
	before = c->before == NULL ? "all" : c->before;
	after = c->after == NULL ? "all" : c->after;
	if (!all_words(before, "all", word_differs) ||
	    all_words(after, before, word_known))
		return;
	for (i = 0; i < in->n_inet && len < sizeof(names); i++) {
		postfix_service_host(in->inet[i].name, host);
		if (host[0] == '\0')
			len +=
			    (size_t)snprintf(names + len, sizeof(names) - len,
				"%s%s", len == 0 ? "" : ", ", in->inet[i].name);
	}
	if (len > 0)
		findings_add(&t->findings, row->code, row->field, "services",
		    names, NULL);
}

/*
 * What will be, against what is, whichever setting it comes from: a listen
 * that is no longer managed goes back to what it was.
 */
SETTING_CHECK(loopback_only)
{
	const struct postfix_inbound *in = &t->facts.info.inbound;
	const struct param_change *c = txn_planned(t, "inet_interfaces");
	const char *after = in->interfaces;

	if (c != NULL)
		after = c->after == NULL ? "all" : c->after;
	if (loopback_alone(t->service, after) &&
	    !loopback_alone(in->service, in->interfaces))
		findings_add(&t->findings, row->code, row->field, NULL);
}

/* Can nobody else have the port?  Where it is only read, both families. */
static bool
port_is_free(int port)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	const struct {
		int family;
		struct sockaddr *sa;
		socklen_t len;
	} way[] = {{AF_INET, (struct sockaddr *)&in, sizeof(in)},
	    {AF_INET6, (struct sockaddr *)&in6, sizeof(in6)}};
	const int on = 1;
	bool taken = false;
	size_t i;
	int fd;

	in.sin_addr.s_addr = htonl(INADDR_ANY);
	in.sin_port = in6.sin6_port = htons((uint16_t)port);
	for (i = 0; i < 2; i++) {
		fd = socket(way[i].family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd == -1)
			continue; /* no such family here */
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		if (way[i].family == AF_INET6)
			(void)setsockopt(
			    fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
		if (bind(fd, way[i].sa, way[i].len) == -1 &&
		    errno == EADDRINUSE)
			taken = true;
		(void)close(fd);
	}
	return !taken;
}

/* Does another service of master.cf listen there? */
static bool
in_master(const struct txn *t, const char *service, char by[96])
{
	const struct postfix_inbound *in = &t->facts.info.inbound;
	char ours[64], theirs[64];
	size_t i;

	postfix_service_host(service, ours);
	for (i = 0; i < in->n_inet; i++) {
		if (in->inet[i].port != postfix_service_port(service))
			continue;
		postfix_service_host(in->inet[i].name, theirs);
		if (ours[0] != '\0' && theirs[0] != '\0' &&
		    strcmp(ours, theirs) != 0)
			continue;
		(void)snprintf(by, 96, "master.cf: %s", in->inet[i].name);
		return true;
	}
	return false;
}

/* The service gets another name: another port, or no address any more. */
static bool
renamed(const struct txn *t, const char **before, const char **after)
{
	const struct param_change *c = txn_planned(t, PARAM_SERVICE);

	if (c == NULL || c->before == NULL || c->after == NULL)
		return false;
	*before = c->before;
	*after = c->after;
	return true;
}

/* Who has the port that it would have. */
static bool
is_taken(
    const struct txn *t, const char *before, const char *after, char by[96])
{
	int to = postfix_service_port(after);

	(void)snprintf(by, 96, "another program");
	return in_master(t, after, by) ||
	       (to != postfix_service_port(before) && !port_is_free(to));
}

SETTING_CHECK(address)
{
	const char *before, *after;
	char was[64], is[64];

	if (!renamed(t, &before, &after))
		return;
	postfix_service_host(before, was);
	postfix_service_host(after, is);
	if (was[0] != '\0' && is[0] == '\0')
		findings_add(
		    &t->findings, row->code, row->field, "address", was, NULL);
}

SETTING_CHECK(port_taken)
{
	const char *before, *after;
	char number[16], by[96];

	if (!renamed(t, &before, &after) || !is_taken(t, before, after, by))
		return;
	(void)snprintf(
	    number, sizeof(number), "%d", postfix_service_port(after));
	findings_add(&t->findings, row->code, row->field, "port", number, "by",
	    by, NULL);
}

SETTING_CHECK(port)
{
	const char *before, *after;
	char a[16], b[16], by[96];

	if (!renamed(t, &before, &after) || is_taken(t, before, after, by))
		return;
	(void)snprintf(a, sizeof(a), "%d", postfix_service_port(before));
	(void)snprintf(b, sizeof(b), "%d", postfix_service_port(after));
	if (strcmp(a, b) != 0)
		findings_add(&t->findings, row->code, row->field, "from", a,
		    "to", b, NULL);
}
