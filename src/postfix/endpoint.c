/*
 * endpoint.c - from the first field of a master.cf line to the address that
 * a client on this host connects to.
 *
 * master(5): "host:port", "[v6]:port", "port", "service"; without a host the
 * service listens on inet_interfaces.  A wildcard is reached on loopback.
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "postfix_int.h"

static bool
is_loopback(const struct sockaddr *sa)
{
	const struct sockaddr_in *in = (const void *)sa;
	const struct sockaddr_in6 *in6 = (const void *)sa;

	if (sa->sa_family == AF_INET)
		return (ntohl(in->sin_addr.s_addr) >> 24) == 127;
	return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

static bool
is_wildcard(const struct sockaddr *sa)
{
	const struct sockaddr_in *in = (const void *)sa;
	const struct sockaddr_in6 *in6 = (const void *)sa;

	if (sa->sa_family == AF_INET)
		return in->sin_addr.s_addr == htonl(INADDR_ANY);
	return IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr);
}

/* Numeric form of a host name or address; names go through the resolver,
 * since Postfix does the same with them. */
static int
host_numeric(const char *host, int family, char dst[64], bool *ret_loopback)
{
	struct addrinfo hints = {0}, *ai = NULL;
	int rc = -1;

	hints.ai_family = family;
	hints.ai_socktype = SOCK_STREAM;
	if (getaddrinfo(host, NULL, &hints, &ai) != 0 || ai == NULL)
		return -1;
	*ret_loopback = is_loopback(ai->ai_addr);
	if (is_wildcard(ai->ai_addr)) {
		(void)snprintf(dst, 64, "%s",
		    ai->ai_family == AF_INET ? "127.0.0.1" : "::1");
		rc = 0;
	} else if (getnameinfo(ai->ai_addr, ai->ai_addrlen, dst, 64, NULL, 0,
		       NI_NUMERICHOST) == 0) {
		rc = 0;
	}
	freeaddrinfo(ai);
	return rc;
}

static int
port_number(const char *port)
{
	struct servent *sv;
	int n = 0;
	const char *p;

	for (p = port; *p >= '0' && *p <= '9' && n <= 65535; p++)
		n = n * 10 + (*p - '0');
	if (*p == '\0' && p != port)
		return n >= 1 && n <= 65535 ? n : -1;
	sv = getservbyname(port, "tcp");
	if (sv != NULL)
		return ntohs((uint16_t)sv->s_port);
	return strcmp(port, "smtp") == 0 ? 25 : -1;
}

/* "[v6]:port", "host:port", "port" -> host ("" = none) and port, in place. */
static int
split(char *s, char **ret_host, char **ret_port)
{
	char *colon;

	*ret_host = s + strlen(s);
	*ret_port = s;
	if (s[0] == '[') {
		if ((colon = strchr(s, ']')) == NULL || colon[1] != ':')
			return -1;
		*colon = '\0';
		*ret_host = s + 1;
		*ret_port = colon + 2;
		if (**ret_host == '\0')
			return -1;
	} else if ((colon = strrchr(s, ':')) != NULL) {
		*colon = '\0';
		*ret_host = s;
		*ret_port = colon + 1;
	}
	return **ret_port == '\0' ? -1 : 0;
}

/* inet_interfaces, expanded: "all", "loopback-only" or a list. */
static int
host_of_interfaces(const char *list, int family, char dst[64])
{
	char copy[1024], *save = NULL, *word, numeric[64];
	size_t n;
	bool loop;

	(void)snprintf(copy, sizeof(copy), "%s", list);
	dst[0] = '\0';
	for (word = strtok_r(copy, " \t,", &save); word != NULL;
	     word = strtok_r(NULL, " \t,", &save)) {
		if (strcasecmp(word, "all") == 0 ||
		    strcasecmp(word, "loopback-only") == 0)
			return host_numeric(
			    family == AF_INET6 ? "::1" : "127.0.0.1", family,
			    dst, &loop);
		n = strlen(word);
		if (word[0] == '[' && word[n - 1] == ']') {
			word[n - 1] = '\0';
			word++;
		}
		if (host_numeric(word, family, numeric, &loop) == -1)
			continue;
		if (dst[0] == '\0' || loop)
			memcpy(dst, numeric, sizeof(numeric));
		if (loop)
			return 0;
	}
	return dst[0] == '\0' ? -1 : 0;
}

static int
family_of(const char *inet_protocols)
{
	bool v4 = strstr(inet_protocols, "ipv4") != NULL;
	bool v6 = strstr(inet_protocols, "ipv6") != NULL;

	if (v4 == v6)
		return AF_UNSPEC;
	return v4 ? AF_INET : AF_INET6;
}

int
endpoint_resolve(const char *service, const char *inet_interfaces,
    const char *inet_protocols, struct endpoint *ret_endpoint, struct err *err)
{
	struct endpoint e = {0};
	int family = family_of(inet_protocols);
	char copy[128], *host, *port;

	if (strlen(service) >= sizeof(copy))
		return err_set(err, ERR_CONFIG, "", "service name too long");
	(void)snprintf(copy, sizeof(copy), "%s", service);
	if (split(copy, &host, &port) == -1 ||
	    (e.port = port_number(port)) == -1)
		return err_set(err, ERR_CONFIG, "",
		    "service \"%s\": expected host:port, port or name",
		    service);
	if (*host != '\0') {
		if (host_numeric(host, AF_UNSPEC, e.host, &e.loopback) == -1)
			return err_set(err, ERR_CONFIG, "",
			    "service \"%s\": host has no address", service);
	} else if (host_of_interfaces(inet_interfaces, family, e.host) == -1) {
		return err_set(err, ERR_CONFIG, "",
		    "inet_interfaces \"%.60s\": no address to probe",
		    inet_interfaces);
	}
	*ret_endpoint = e;
	return 0;
}

static size_t
add_host(struct endpoint *v, size_t n, size_t max, const char *host, int family,
    int port)
{
	struct endpoint e = {.port = port};
	size_t i;

	if (n == max || host_numeric(host, family, e.host, &e.loopback) == -1)
		return n;
	for (i = 0; i < n; i++)
		if (strcmp(v[i].host, e.host) == 0)
			return n;
	v[n] = e;
	return n + 1;
}

static size_t
add_families(struct endpoint *v, size_t n, size_t max, const char *host,
    int family, int port)
{
	if (family != AF_INET6)
		n = add_host(v, n, max, host == NULL ? "127.0.0.1" : host,
		    AF_INET, port);
	if (family != AF_INET)
		n = add_host(
		    v, n, max, host == NULL ? "::1" : host, AF_INET6, port);
	return n;
}

size_t
endpoint_all(const char *service, const char *inet_interfaces,
    const char *inet_protocols, struct endpoint *v, size_t max)
{
	int family = family_of(inet_protocols);
	char copy[1024], *save = NULL, *word;
	size_t n = 1, len;

	if (max == 0 || endpoint_resolve(service, inet_interfaces,
			    inet_protocols, &v[0], NULL) == -1)
		return 0;
	if (strchr(service, ':') != NULL)
		return n;
	(void)snprintf(copy, sizeof(copy), "%s", inet_interfaces);
	for (word = strtok_r(copy, " \t,", &save); word != NULL;
	     word = strtok_r(NULL, " \t,", &save)) {
		len = strlen(word);
		if (word[0] == '[' && word[len - 1] == ']') {
			word[len - 1] = '\0';
			word++;
		}
		if (strcasecmp(word, "all") == 0 ||
		    strcasecmp(word, "loopback-only") == 0)
			word = NULL;
		n = add_families(v, n, max, word, family, v[0].port);
		if (word == NULL)
			break;
	}
	return n;
}

bool
address_in_use(const struct sockaddr *sa, socklen_t len)
{
	bool used;
	int s, on = 1;

	s = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s == -1)
		return false;
	/* As master does: connections that linger are no hindrance. */
	(void)setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	used = bind(s, sa, len) == -1 && errno == EADDRINUSE;
	(void)close(s);
	return used;
}
