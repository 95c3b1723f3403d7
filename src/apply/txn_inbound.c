/*
 * txn_inbound.c - step plan, second half: what a change of interface, port
 * and access list would mean for the mail that arrives, before anything is
 * written.
 *
 * Refused: what could have no effect (an option of master.cf shadows it),
 * what cannot work (a port that is taken), and what would cut the scanner's
 * hops.  To be confirmed: what cuts others off knowingly.
 */
#include <sys/socket.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "jsonx.h"
#include "netlist.h"
#include "settings_table.h"
#include "txn_plan.h"

#define FEW_CONNECTIONS 10
#define LOOPBACK_V4_NET "127.0.0.0/8"

static bool
parse(const char *text, size_t len, struct net *n)
{
	char instead[NET_TEXT_MAX];
	enum err_code why;

	return net_parse(text, len, n, &why, instead) == 0;
}

/* Would a client with all of these addresses be let in? */
static bool
lets_all_in(
    const struct settings *s, const struct netlist *l, const struct net *n)
{
	return s->access_policy == ACCESS_DENY_EXCEPT ? netlist_covers(l, n)
						      : !netlist_overlaps(l, n);
}

/* The map lets loopback pass whatever the list says; a list that says
 * otherwise is a mistake that must not look as if it worked. */
static void
check_loopback(struct txn *t, const struct netlist *l)
{
	static const char *const own[] = {"127.0.0.1", "::1"};
	char entry[NET_TEXT_MAX];
	struct net n;
	size_t i, j;

	if (t->settings.access_policy != ACCESS_ACCEPT_EXCEPT)
		return;
	for (i = 0; i < 2; i++) {
		(void)parse(own[i], strlen(own[i]), &n);
		for (j = 0; j < l->n; j++) {
			if (!net_contains(&l->v[j], &n))
				continue;
			net_format(&l->v[j], entry);
			findings_add(&t->findings, ERR_ACCESS_LOOPBACK,
			    "access_list", "address", own[i], "entry", entry,
			    NULL);
			break;
		}
	}
}

static bool
is_loopback_net(const struct net *n)
{
	struct net v4, v6;

	(void)parse(LOOPBACK_V4_NET, strlen(LOOPBACK_V4_NET), &v4);
	(void)parse("::1", 3, &v6);
	return net_contains(&v4, n) || net_contains(&v6, n);
}

/* "192.0.2.0/24", "[2001:db8::]/32"; tables and exceptions are left out. */
static bool
parse_mynetwork(const char *word, size_t len, struct net *n)
{
	char text[NET_TEXT_MAX];
	size_t i, k = 0;

	for (i = 0; i < len && k < sizeof(text) - 1; i++)
		if (word[i] != '[' && word[i] != ']')
			text[k++] = word[i];
	return parse(text, k, n);
}

static void
check_mynetworks(struct txn *t, const struct netlist *l)
{
	const char *p = t->facts.info.inbound.mynetworks;
	char text[NET_TEXT_MAX];
	struct net n;
	size_t len;

	for (;; p += len) {
		p += strspn(p, ", \t\r\n");
		if ((len = strcspn(p, ", \t\r\n")) == 0)
			return;
		if (!parse_mynetwork(p, len, &n) || is_loopback_net(&n) ||
		    lets_all_in(&t->settings, l, &n))
			continue;
		net_format(&n, text);
		findings_add(&t->findings, ERR_ACCESS_MYNETWORKS, "access_list",
		    "network", text, NULL);
		return;
	}
}

static void
check_you(struct txn *t, const struct netlist *l)
{
	const char *from = t->req->actor.from;
	struct net n;

	if (parse(from, strlen(from), &n) && !is_loopback_net(&n) &&
	    !lets_all_in(&t->settings, l, &n))
		findings_add(&t->findings, ERR_ACCESS_YOU, "access_list",
		    "address", from, NULL);
}

/* Asked once: a Save of something else does not ask again. */
static bool
access_changes(const struct txn *t)
{
	const struct settings *a = &t->settings, *b = &t->former.settings;

	return a->access_policy != b->access_policy ||
	       strcmp(a->access_list == NULL ? "" : a->access_list,
		   b->access_list == NULL ? "" : b->access_list) != 0;
}

static int
check_access(struct txn *t, struct err *err)
{
	const struct postfix_inbound *in = &t->facts.info.inbound;
	struct netlist l;

	if (t->settings.access_policy == SETTING_KEEP)
		return 0;
	if (in->own_restrictions)
		findings_add(&t->findings, ERR_ACCESS_SHADOWED, "access_policy",
		    "service", in->service, NULL);
	netlist_init(&l);
	if (netlist_from_canonical(&l, t->settings.access_list) == -1) {
		netlist_clear(&l);
		return err_set(err, ERR_NOMEM, "", "access list");
	}
	check_loopback(t, &l);
	if (access_changes(t)) {
		if (t->settings.access_policy == ACCESS_DENY_EXCEPT &&
		    l.n == 0) {
			findings_add(&t->findings, ERR_ACCESS_NOBODY,
			    "access_policy", NULL);
		} else {
			check_mynetworks(t, &l);
			check_you(t, &l);
		}
		if (in->others[0] != '\0')
			findings_add(&t->findings, ERR_ACCESS_OTHERS,
			    "access_policy", "services", in->others, NULL);
	}
	netlist_clear(&l);
	return 0;
}

static void
check_limits(struct txn *t)
{
	const struct postfix_inbound *in = &t->facts.info.inbound;
	const struct settings *s = &t->settings;
	char number[16];

	if (s->idle_timeout != SETTING_KEEP && in->own_timeout)
		findings_add(&t->findings, ERR_INTERFACE_SHADOWED,
		    "idle_timeout", "service", in->service, "parameter",
		    "smtpd_timeout", NULL);
	if (s->max_connections == SETTING_KEEP)
		return;
	if (in->postscreen && !in->smtpd_pass)
		findings_add(&t->findings, ERR_INTERFACE_NO_SMTPD,
		    "max_connections", NULL);
	if (s->max_connections > 0 && s->max_connections < FEW_CONNECTIONS &&
	    s->max_connections != t->former.settings.max_connections) {
		(void)snprintf(
		    number, sizeof(number), "%d", s->max_connections);
		findings_add(&t->findings, ERR_INTERFACE_FEW, "max_connections",
		    "number", number, "default", in->default_limit, NULL);
	}
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
	return parse(word, len, &n) && is_loopback_net(&n);
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
static void
check_opened(struct txn *t, const char *before, const char *after)
{
	const struct postfix_inbound *in = &t->facts.info.inbound;
	char names[200] = "", host[64];
	size_t i, len = 0;

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
		findings_add(&t->findings, ERR_INTERFACE_OPENS, "listen",
		    "services", names, NULL);
}

/*
 * What will be, against what is, whichever setting it comes from: a listen
 * that is no longer managed goes back to what it was.
 */
static void
check_listen(struct txn *t)
{
	const struct postfix_inbound *in = &t->facts.info.inbound;
	const char *after = in->interfaces;
	const struct param_change *c;
	size_t i;

	for (i = 0; i < t->plan.n; i++) {
		c = &t->plan.v[i];
		if (strcmp(c->name, "inet_interfaces") != 0)
			continue;
		after = c->after == NULL ? "all" : c->after;
		check_opened(t, c->before == NULL ? "all" : c->before, after);
	}
	if (loopback_alone(t->service, after) &&
	    !loopback_alone(in->service, in->interfaces))
		findings_add(
		    &t->findings, ERR_INTERFACE_LOOPBACK, "listen", NULL);
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

static void
taken(struct txn *t, int port, const char *by)
{
	char number[16];

	(void)snprintf(number, sizeof(number), "%d", port);
	findings_add(&t->findings, ERR_INTERFACE_PORT_TAKEN, "smtp_port",
	    "port", number, "by", by, NULL);
}

/* Does another service of master.cf listen there? */
static bool
in_master(struct txn *t, const char *service, int port)
{
	const struct postfix_inbound *in = &t->facts.info.inbound;
	char ours[64], theirs[64], by[96];
	size_t i;

	postfix_service_host(service, ours);
	for (i = 0; i < in->n_inet; i++) {
		if (in->inet[i].port != port)
			continue;
		postfix_service_host(in->inet[i].name, theirs);
		if (ours[0] != '\0' && theirs[0] != '\0' &&
		    strcmp(ours, theirs) != 0)
			continue;
		(void)snprintf(
		    by, sizeof(by), "master.cf: %s", in->inet[i].name);
		taken(t, port, by);
		return true;
	}
	return false;
}

/* The service gets another name: another port, or no address any more. */
static void
check_service(struct txn *t, const char *before, const char *after)
{
	int from = postfix_service_port(before);
	int to = postfix_service_port(after);
	char was[64], is[64], a[16], b[16];

	postfix_service_host(before, was);
	postfix_service_host(after, is);
	if (was[0] != '\0' && is[0] == '\0')
		findings_add(&t->findings, ERR_INTERFACE_ADDRESS, "listen",
		    "address", was, NULL);
	if (in_master(t, after, to) || from == to)
		return;
	if (!port_is_free(to)) {
		taken(t, to, "another program");
		return;
	}
	(void)snprintf(a, sizeof(a), "%d", from);
	(void)snprintf(b, sizeof(b), "%d", to);
	findings_add(&t->findings, ERR_INTERFACE_PORT, "smtp_port", "from", a,
	    "to", b, NULL);
}

/* Our element cannot be put beside what could not be read as text. */
static void
check_bytes(struct txn *t)
{
	size_t i;

	if (!json_object_object_get_ex(t->facts.params, PARAM_BYTES, NULL))
		return;
	for (i = 0; i < t->plan.n; i++)
		if (strcmp(t->plan.v[i].name, "smtpd_client_restrictions") == 0)
			findings_add(&t->findings, ERR_ACCESS_BYTES,
			    "access_policy", "value", t->plan.v[i].before,
			    NULL);
}

static void
tell_duplicates(struct txn *t)
{
	char number[24];
	size_t i, n;

	for (i = 0; i < SETTING__MAX; i++) {
		if ((n = t->settings.dropped[i]) == 0)
			continue;
		(void)snprintf(number, sizeof(number), "%zu", n);
		findings_add(&t->findings, ERR_ACCESS_DUPLICATES,
		    settings_fields[i].form, "number", number, NULL);
	}
}

int
inbound_check(struct txn *t, struct err *err)
{
	size_t i;

	tell_duplicates(t);
	listeners_check(t);
	check_listen(t);
	check_limits(t);
	check_bytes(t);
	for (i = 0; i < t->plan.n; i++)
		if (strcmp(t->plan.v[i].name, PARAM_SERVICE) == 0 &&
		    t->plan.v[i].before != NULL && t->plan.v[i].after != NULL)
			check_service(
			    t, t->plan.v[i].before, t->plan.v[i].after);
	if (check_access(t, err) == -1)
		return -1;
	return txn_refuse(t, err);
}
