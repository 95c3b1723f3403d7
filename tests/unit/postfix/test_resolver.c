/*
 * test_resolver.c - nameservers as glibc reads them, and one that answers in
 * every way that matters.
 */
#include <sys/socket.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../suite.h"
#include "resolver.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

static const struct {
	const char *text, *servers;
	bool remote[2]; /* the first, the second */
} files[] = {
    {"", "127.0.0.1", {false}},
    {"nameserver 192.0.2.1\n", "192.0.2.1", {true}},
    {"# nameserver 192.0.2.1\nnameserver\t::1", "::1", {false}},
    {"search x\nnameserver 192.0.2.1 # one\r\nnameserver 127.0.0.53\n",
	"192.0.2.1 127.0.0.53", {true, false}},
    {"nameservers 192.0.2.1\nnameserver\n nameserver 192.0.2.2\n",
	"127.0.0.1", {false}},
    {"nameserver ::1\nnameserver 192.0.2.1\n", "::1 192.0.2.1",
	{false, true}},
    {"nameserver a\nnameserver b\nnameserver c\nnameserver d\n", "a b c",
	{true, true}},
};

START_TEST(reads)
{
	struct resolver r;
	char got[256] = "";
	size_t i;

	memset(&r, 0, sizeof(r));
	resolver_read(files[_i].text, &r);
	for (i = 0; i < r.n_servers; i++) {
		strcat(got, i > 0 ? " " : "");
		strcat(got, r.server[i]);
	}
	ck_assert_str_eq(got, files[_i].servers);
	for (i = 0; i < r.n_servers && i < 2; i++) {
		r.asked = i;
		ck_assert_int_eq(
		    resolver_is_remote(&r), files[_i].remote[i]);
	}
}
END_TEST

/* What it makes of the query: the id's change, third and fourth byte, bytes. */
static const struct {
	int id, flags, code, len;
	enum resolver_answer answer;
} replies[] = {
    {0, 0x81, 0xa0, 45, RESOLVER_VALIDATES},
    {0, 0x81, 0x80, 45, RESOLVER_PLAIN},
    {0, 0x83, 0xa0, 12, RESOLVER_VALIDATES}, /* cut */
    {0, 0x81, 0xa3, 45, RESOLVER_VALIDATES}, /* no such name */
    {0, 0x81, 0x82, 45, RESOLVER_FAILS},
    {0, 0x81, 0xa5, 45, RESOLVER_FAILS},
    {1, 0x81, 0xa0, 45, RESOLVER_SILENT},
    {0, 0x01, 0xa0, 45, RESOLVER_SILENT}, /* our own question */
    {0, 0x81, 0xa0, 11, RESOLVER_SILENT},
    {0, 0x81, 0xa0, 1, RESOLVER_SILENT},
    {0, 0, 0, 0, RESOLVER_SILENT},
};

/* AD, DO and the zone are in the question. */
static bool
is_good(const unsigned char *q, ssize_t n)
{
	static const unsigned char rest[] = "\7example\2jp\0\0\2\0\1"
					    "\0\0\51\4\320\0\0\200\0\0\0";

	return n == 12 + (ssize_t)sizeof(rest) - 1 && q[2] == 1 &&
	       q[3] == 0x20 && memcmp(q + 12, rest, sizeof(rest) - 1) == 0;
}

static void
serve(int fd, int i)
{
	unsigned char q[512];
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	ssize_t n;

	while ((n = recvfrom(fd, q, sizeof(q), 0, (struct sockaddr *)&from,
		    &len)) > 0) {
		q[1] = (unsigned char)(q[1] + replies[i].id);
		if (!is_good(q, n))
			_exit(1);
		q[2] = (unsigned char)replies[i].flags;
		q[3] = (unsigned char)replies[i].code;
		if (replies[i].len > 0)
			(void)sendto(fd, q, (size_t)replies[i].len, 0,
			    (struct sockaddr *)&from, len);
	}
}

START_TEST(asks)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const struct pki_jail jail = {.timeout_ms = 20000};
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, SOCK_DGRAM, 0), ms;
	pid_t pid;

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&in, len), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	if ((pid = fork()) == 0)
		serve(fd, _i);
	/* Long enough for a busy machine, where an answer comes. */
	ms = replies[_i].len > 0 ? 20000 : 100;
	ck_assert_int_eq(resolver_ask(&jail, "127.0.0.1", ntohs(in.sin_port),
			     "example.jp", ms),
	    replies[_i].answer);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	(void)close(fd);
}
END_TEST

static const char *const no_zones[] = {"a..b", ".a",
    "0123456789012345678901234567890123456789012345678901234567890123"};

START_TEST(asks_nobody)
{
	const struct pki_jail jail = {.timeout_ms = 1000};

	ck_assert_int_eq(
	    resolver_ask(&jail, "127.0.0.1", 9, no_zones[_i], 1),
	    RESOLVER_SILENT);
	ck_assert_int_eq(
	    resolver_ask(&jail, "no address", 9, ".", 1), RESOLVER_SILENT);
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("resolver");

	tcase_add_loop_test(t, reads, 0, N(files));
	tcase_add_loop_test(t, asks, 0, N(replies));
	tcase_add_loop_test(t, asks_nobody, 0, N(no_zones));
	return suite_run("resolver", t) == 0 ? 0 : 1;
}
