/*
 * mastercheck.c - what of master.cf only the system can tell (preflight.c).
 */
#include <sys/socket.h>
#include <netinet/in.h>

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fsx.h"
#include "postfix_int.h"

/* Can a socket have this address?  As master(8) asks, on any free port. */
static bool
can_bind(const struct addrinfo *ai)
{
	struct sockaddr_storage ss = {0};
	bool yes;
	int s;

	if (ai->ai_addrlen > sizeof(ss))
		return true;
	memcpy(&ss, ai->ai_addr, ai->ai_addrlen);
	s = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s == -1)
		return true; /* no such family: not ours to judge */
	yes = bind(s, (struct sockaddr *)&ss, ai->ai_addrlen) == 0 ||
	      errno != EADDRNOTAVAIL;
	(void)close(s);
	return yes;
}

/* Why not, or NULL. */
static const char *
bad_host(const char *host)
{
	struct addrinfo hints = {0}, *ai = NULL, *a;
	const char *why = NULL;

	hints.ai_socktype = SOCK_STREAM;
	if (getaddrinfo(host, NULL, &hints, &ai) != 0)
		return "unknown host";
	for (a = ai; a != NULL && why == NULL; a = a->ai_next)
		if (!can_bind(a))
			why = "no address of this host";
	freeaddrinfo(ai);
	return why;
}

/* Would master find the port in use, and not by itself?  Its own sockets are
 * root's; whose those of another root are, nobody says here. */
static bool
is_taken(const struct addrinfo *ai, int port)
{
	return address_in_use(ai->ai_addr, ai->ai_addrlen) &&
	       listeners_of_users(port);
}

static const char *
taken(const char *host, const char *port)
{
	struct addrinfo hints = {0}, *ai = NULL, *a;
	const struct sockaddr_in *in;
	bool found = false;

	hints.ai_socktype = SOCK_STREAM;
	if (getaddrinfo(host, port, &hints, &ai) != 0)
		return NULL;
	for (a = ai; a != NULL && !found; a = a->ai_next) {
		in = (const void *)a->ai_addr; /* the port is at one place */
		found = is_taken(a, ntohs(in->sin_port));
	}
	freeaddrinfo(ai);
	return found ? "the port is in use by another program" : NULL;
}

static const char *
bad_inet(const char *name)
{
	char copy[256], *host = NULL, *port = copy, *colon;
	const char *why;

	(void)snprintf(copy, sizeof(copy), "%s", name);
	if (copy[0] == '[' && (colon = strchr(copy, ']')) != NULL) {
		if (colon[1] != ':')
			return "expected [host]:port";
		*colon = '\0';
		host = copy + 1;
		port = colon + 2;
	} else if ((colon = strrchr(copy, ':')) != NULL) {
		*colon = '\0';
		host = copy;
		port = colon + 1;
	}
	if (strspn(port, "0123456789") != strlen(port) &&
	    getservbyname(port, "tcp") == NULL)
		return "unknown service name";
	/* Without an address it is a matter of inet_interfaces. */
	if (host == NULL || *host == '\0')
		return NULL;
	if ((why = bad_host(host)) != NULL)
		return why;
	return taken(host, port);
}

static const char *
bad_line(const char *name, const char *type)
{
	if (strcmp(type, "inet") == 0)
		return bad_inet(name);
	return strchr(name, '/') != NULL ? "a name cannot have \"/\"" : NULL;
}

/* The number of the line that begins with this name and type; 0. */
static size_t
line_of(const char *dir, const char *name, const char *type)
{
	char path[PATH_MAX];
	const char *p, *eol, *end;
	size_t line = 1, found = 0, n = strlen(name), k;
	struct buf b;

	buf_init(&b, MAINCF_SIZE_MAX);
	if (fsx_path(path, sizeof(path), NULL, "%s/master.cf", dir) == 0 &&
	    fsx_read(path, MAINCF_SIZE_MAX, &b, NULL) == 0 && b.len > 0) {
		end = b.data + b.len;
		for (p = b.data; p < end; p = eol + 1, line++) {
			if ((eol = memchr(p, '\n', (size_t)(end - p))) == NULL)
				eol = end;
			if (strncmp(p, name, n) != 0)
				continue;
			k = n + strspn(p + n, " \t");
			if (k > n && strncmp(p + k, type, strlen(type)) == 0)
				found = line;
		}
	}
	buf_clear(&b);
	return found;
}

/* Where mail arrives, a program that is not there is found at the first
 * connection. */
static bool
lacks_program(const struct postfix_info *info, const char *name,
    const char *type, const char *program)
{
	char path[PATH_MAX];
	size_t i;

	if (program == NULL || strcmp(type, "inet") != 0 ||
	    info->daemon_directory[0] != '/' ||
	    fsx_path(path, sizeof(path), NULL, "%s/%s", info->daemon_directory,
		program) == -1)
		return false;
	for (i = 0; i < info->n_listeners; i++)
		if (strcmp(info->listener[i].service, name) == 0)
			return access(path, X_OK) == -1;
	return false;
}

static int
check_line(const char *dir, const struct postfix_info *info, char *line,
    struct err *err)
{
	char *save = NULL, *name, *type, *program = NULL;
	const char *why;
	int i;

	name = strtok_r(line, " \t", &save);
	type = strtok_r(NULL, " \t", &save);
	for (i = 0; i < 6; i++)
		program = strtok_r(NULL, " \t", &save);
	if (name == NULL || type == NULL)
		return 0;
	why = bad_line(name, type);
	if (why == NULL && lacks_program(info, name, type, program))
		why = "there is no such program";
	if (why == NULL)
		return 0;
	return err_set(err, ERR_POSTFIX_CONFIG, "",
	    "master.cf, line %zu: %.80s: %s", line_of(dir, name, type), name,
	    why);
}

int
mastercf_check(const struct conf *conf, const char *dir,
    const struct postfix_info *info, struct err *err)
{
	static const char *const args[] = {"-M", NULL};
	char *line, *save = NULL, diag[DIAG_MAX];
	struct run_result r;
	int rc;

	if ((rc = postconf_run(conf, dir, args, &r, err)) == -1)
		goto out;
	diag_pick(&r.err, diag);
	/* A warning of postconf, and the end of master. */
	if (r.exit_code != 0 || strstr(diag, "missing '}'") != NULL) {
		rc = err_set(
		    err, ERR_POSTFIX_CONFIG, "", "master.cf: %.150s", diag);
		goto out;
	}
	for (line = r.out.len == 0 ? NULL : strtok_r(r.out.data, "\n", &save);
	     line != NULL && rc == 0; line = strtok_r(NULL, "\n", &save))
		rc = check_line(dir, info, line, err);
out:
	run_result_clear(&r);
	return rc;
}
