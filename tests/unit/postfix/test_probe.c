/*
 * test_probe.c - the probe against servers that misbehave in every way that
 * SMTP allows and some that it does not.  A child plays the server by a
 * script; whatever it does, the probe ends in time with the right code.
 */
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../suite.h"
#include "jsonx.h"
#include "prove.h"
#include "util.h"

#define TOTAL_MS 150

/*
 * A server's script: one character and its text, steps separated by \x1e.
 *   s text   send it              r   read one line
 *   b        read one byte
 *   z        sleep for ever       d   send "2" every 20 ms for ever
 *   l text   send it for ever     c   close         wN  wait N ms
 */
struct server_case {
	const char *script;
	bool starttls, tls_only;
	enum err_code want;
	const char *text; /* in the message */
};

#define SEP   "\x1e"
#define GREET "s220 mx ESMTP\r\n" SEP "r" SEP
#define EHLO  GREET "s250-mx\r\n250-PIPELINING\r\n250 STARTTLS\r\n" SEP

static const struct server_case cases[] = {
    {"c", true, false, ERR_PROBE_BANNER, "no reply"},
    {"z", true, false, ERR_PROBE_BANNER, "no reply"},
    {"d", true, false, ERR_PROBE_BANNER, "no reply"},
    {"s554 go away\r\n", true, false, ERR_PROBE_BANNER, "554 go away"},
    {"s421 4.3.2 \x1b[31mred\x07\xff\r\n", true, false, ERR_PROBE_BANNER,
	"421 4.3.2  [31mred ?"},
    {"sSSH-2.0-OpenSSH\r\n", true, false, ERR_PROBE_BANNER, "SSH-2.0"},
    {"s\r\n", true, false, ERR_PROBE_BANNER, "no SMTP reply"},
    {"s22\r\n", true, false, ERR_PROBE_BANNER, "no SMTP reply"},
    {"s2200 x\r\n", true, false, ERR_PROBE_BANNER, "no SMTP reply"},
    {"s120 x\r\n", true, false, ERR_PROBE_BANNER, "no SMTP reply"},
    {"s999 x\r\n", true, false, ERR_PROBE_BANNER, "no SMTP reply"},
    {"s220-a\r\n221 b\r\n", true, false, ERR_PROBE_BANNER, "no SMTP reply"},
    {"s220-a\r\n", true, false, ERR_PROBE_BANNER, "no reply"},
    {"l220-again and again\r\n", true, false, ERR_PROBE_BANNER, ""},
    {"laaaaaaaaaaaaaaaa", true, false, ERR_PROBE_BANNER, ""},
    {"l\r\n", true, false, ERR_PROBE_BANNER, ""},
    {"l220 mx\r\n", true, false, ERR_PROBE_BANNER, "EHLO"},
    {GREET "s500 what?\r\n", true, false, ERR_PROBE_BANNER, "500 what?"},
    {GREET "c", true, false, ERR_PROBE_BANNER, "no reply"},
    {GREET "s250 mx\r\n", true, false, ERR_PROBE_STARTTLS, "not offered"},
    {GREET "s250 STARTTLS\r\n", true, false, ERR_PROBE_STARTTLS, "not offered"},
    {GREET "s250-mx\r\n250-XSTARTTLS\r\n250 STARTTLSX\r\n", true, false,
	ERR_PROBE_STARTTLS, "not offered"},
    {GREET "s250-mx\r\n250-SIZE STARTTLS\r\n250 AUTH STARTTLS\r\n", true, false,
	ERR_PROBE_STARTTLS, "not offered"},
    {EHLO "r" SEP "s454 4.7.0 TLS not available due to local problem\r\n", true,
	false, ERR_PROBE_STARTTLS, "454 4.7.0 TLS not available"},
    {GREET "s250-mx\n250 starttls\n" SEP "r" SEP "s502 no\n", true, false,
	ERR_PROBE_STARTTLS, "502 no"},
    {EHLO "r" SEP "c", true, false, ERR_PROBE_STARTTLS, "no reply"},
    {EHLO "r" SEP "z", true, false, ERR_PROBE_STARTTLS, "no reply"},
    {EHLO "r" SEP "s220 go\r\n250 injected\r\n" SEP "z", true, false,
	ERR_PROBE_HANDSHAKE, "between"},
    {EHLO "r" SEP "s220 go\r\n" SEP "c", true, false, ERR_PROBE_HANDSHAKE,
	"handshake"},
    {EHLO "r" SEP "s220 go\r\n" SEP "b" SEP "shello, this is no TLS\r\n", true,
	false, ERR_PROBE_HANDSHAKE, "wrong version number"},
    {EHLO "r" SEP "s220 go\r\n" SEP "z", true, false, ERR_PROBE_HANDSHAKE,
	"timed out"},
    {EHLO "r" SEP "s220 go\r\n" SEP "l\x16\x03\x03", true, false,
	ERR_PROBE_HANDSHAKE, "handshake"},
    /* TLS only */
    {EHLO "r" SEP "s250 2.1.0 Ok\r\n", true, true, ERR_PROBE_POLICY,
	"expected 530, got \"250 2.1.0 Ok\""},
    {EHLO "r" SEP "s450 later\r\n", true, true, ERR_PROBE_POLICY, "450 later"},
    {EHLO "r" SEP "c", true, true, ERR_PROBE_POLICY, "no reply"},
    {EHLO "r" SEP "s530 Must issue a STARTTLS command first\r\n" SEP "r" SEP
	  "s454 no\r\n",
	true, true, ERR_PROBE_STARTTLS, "454 no"},
    /* off */
    {EHLO "r" SEP "s221 bye\r\n", false, false, ERR_PROBE_STARTTLS,
	"is offered"},
    {GREET "s250 mx\r\n" SEP "r" SEP "s221 bye\r\n", false, false, ERR_NONE,
	""},
    {"s220-two\r\n220 lines\r\n" SEP "r" SEP "s250-mx\r\n250 HELP\r\n" SEP
     "r" SEP "c",
	false, false, ERR_NONE, ""},
    {GREET "s250 mx\r\n" SEP "z", false, false, ERR_NONE, ""},
};

/* valgrind takes its time for the first handshake. */
static int
total_ms(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload != NULL && strstr(preload, "vgpreload") != NULL
		   ? 10 * TOTAL_MS
		   : TOTAL_MS;
}

static void
send_text(int fd, const char *text)
{
	if (send(fd, text, strlen(text), MSG_NOSIGNAL) == -1)
		_exit(0);
}

static void
play(int fd, const char *script)
{
	char copy[1024], *step, *save = NULL, c;

	(void)snprintf(copy, sizeof(copy), "%s", script);
	for (step = strtok_r(copy, SEP, &save); step != NULL;
	     step = strtok_r(NULL, SEP, &save)) {
		switch (step[0]) {
		case 's':
			send_text(fd, step + 1);
			break;
		case 'r':
			while (recv(fd, &c, 1, 0) == 1 && c != '\n')
				continue;
			break;
		case 'b':
			(void)recv(fd, &c, 1, 0);
			break;
		case 'l':
			for (;;)
				send_text(fd, step + 1);
		case 'd':
			for (;;) {
				send_text(fd, "2");
				(void)poll(NULL, 0, 20);
			}
		case 'w':
			(void)poll(NULL, 0, atoi(step + 1));
			break;
		case 'z':
			(void)poll(NULL, 0, 20000);
			break;
		default:
			(void)close(fd);
			return;
		}
	}
	/* Let the client read and go first. */
	while (recv(fd, &c, 1, 0) == 1)
		continue;
	(void)close(fd);
}

/* Each connection is played by a child of its own. */
static pid_t
serve(const char *script, int *ret_port)
{
	struct sockaddr_in sin = {0};
	socklen_t len = sizeof(sin);
	pid_t pid;
	int s, fd;

	sin.sin_family = AF_INET;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_ne(s, -1);
	ck_assert_int_eq(bind(s, (struct sockaddr *)&sin, len), 0);
	ck_assert_int_eq(listen(s, 20), 0);
	ck_assert_int_eq(getsockname(s, (struct sockaddr *)&sin, &len), 0);
	*ret_port = ntohs(sin.sin_port);
	if (script == NULL) {
		(void)close(s);
		return 0;
	}
	if ((pid = fork()) == 0) {
		(void)setpgid(0, 0);
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)signal(SIGCHLD, SIG_IGN);
		while ((fd = accept(s, NULL, NULL)) != -1) {
			if (fork() == 0) {
				(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
				play(fd, script);
				_exit(0);
			}
			(void)close(fd);
		}
		_exit(0);
	}
	(void)setpgid(pid, pid);
	(void)close(s);
	return pid;
}

static void
unserve(pid_t pid)
{
	if (pid == 0)
		return;
	(void)kill(-pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

START_TEST(misbehaving)
{
	const struct server_case *c = &cases[_i];
	struct probe_want want = {.door.host = "127.0.0.1",
	    .starttls = c->starttls,
	    .tls_only = c->tls_only,
	    .total_ms = total_ms()};
	struct json_object *o = NULL;
	struct err e = {0};
	int64_t before;
	pid_t pid;
	int rc;

	pid = serve(c->script, &want.door.port);
	before = now_ms();
	rc = prove(&want, &o, &e);
	before = now_ms() - before;
	unserve(pid);
	ck_assert_msg(e.code == c->want, "%s: %s", err_name(e.code), e.msg);
	ck_assert_int_eq(rc, c->want == ERR_NONE ? 0 : -1);
	ck_assert_msg(strstr(e.msg, c->text) != NULL, "%s", e.msg);
	ck_assert(utf8_valid(e.msg, strlen(e.msg)));
	ck_assert_int_lt(before, 6 * total_ms() + 2000);
	if (rc == -1)
		ck_assert_ptr_null(o);
	json_object_put(o);
	/* Without an error struct too. */
	if (_i % 8 == 0) {
		pid = serve(c->script, &want.door.port);
		ck_assert_int_eq(prove(&want, &o, NULL), rc);
		unserve(pid);
		if (rc == 0)
			json_object_put(o);
	}
}
END_TEST

static const char *const bad_hosts[] = {
    "", "localhost", "300.1.1.1", "127.0.0.1 ", "mx.example.jp", ":::"};

START_TEST(no_connection)
{
	struct probe_want want = {.total_ms = 100};
	struct json_object *o = NULL;
	struct err e;

	if (_i == 0) {
		want.door.host = "127.0.0.1";
		(void)serve(NULL, &want.door.port);
	} else {
		want.door.host = bad_hosts[_i - 1];
		want.door.port = 25;
	}
	ck_assert_int_eq(prove(&want, &o, &e), -1);
	ck_assert_int_eq(e.code, ERR_PROBE_CONNECT);
	ck_assert_ptr_null(o);
}
END_TEST

/* What is seen where nothing is expected. */
#define PROXIED "r" SEP
static const struct {
	const char *script;
	int rc;
	const char *state, *reason;
	int code;
	bool starttls, proxy, helo, hidden;
	int greet_ms;
} views[] = {
    {GREET "s250 mx\r\n", 0, "seen", "", 0, .starttls = false},
    {EHLO "r" SEP "s530 TLS first\r\n" SEP "r" SEP "s454 no\r\n", 0, "seen", "",
	0, .starttls = true},
    {EHLO "r" SEP "s250 Ok\r\n" SEP "r" SEP "s250 Ok\r\n" SEP "r" SEP
	  "s454 no\r\n",
	0, "seen", "", 0, .starttls = true},
    {"s554 no\r\n", 1, "blind", "refused", 554, .helo = false},
    {"s220-mx\r\n" SEP "s521 5.7.1 blocked\r\n", 1, "blind", "refused", 521,
	.helo = false},
    {"s421 busy\r\n" SEP "c", 1, "blind", "refused", 421, .helo = false},
    {"c", 1, "dark", "no_greeting", 0, .helo = false},
    {"z", 1, "dark", "no_greeting", 0, .helo = false},
    {NULL, 1, "dark", "no_connection", 0, .helo = false},
    /* a rule against the name in EHLO */
    {GREET "s450 4.7.1 name\r\n" SEP "r" SEP "s221 bye\r\n", 1, "blind",
	"refused", 450, .helo = false},
    {GREET "s450 4.7.1 name\r\n" SEP "r" SEP "s250 mx\r\n", 0, "seen", "", 0,
	.helo = true},
    {GREET "s504 name\r\n" SEP "r" SEP "s554 that, too\r\n", 1, "blind",
	"refused", 554, .helo = true},
    {GREET "s421 name\r\n" SEP "r" SEP "s250 mx\r\n", 1, "blind", "refused",
	421, .helo = true},
    /* a load balancer's line first, or silence */
    {PROXIED GREET "s250 mx\r\n", 0, "seen", "", 0, .proxy = true},
    {PROXIED GREET "s250 mx\r\n", 1, "dark", "no_greeting", 0, .helo = false},
    /* postscreen: half a greeting, and the rest when it has waited */
    {"s220-mx\r\n" SEP "w300" SEP "s220 mx\r\n" SEP "r" SEP "s250 mx\r\n", 0,
	"seen", "", 0, .greet_ms = 600},
    {"s220-mx\r\n" SEP "w300" SEP "s220 mx\r\n" SEP "r" SEP "s250 mx\r\n", 1,
	"dark", "no_greeting", 0, .helo = false},
    {GREET "s250 mx\r\n", 1, "blind", "starttls_hidden", 0, .hidden = true},
};

START_TEST(observed)
{
	struct probe_want want = {.door.host = "127.0.0.1",
	    .door.proxy = views[_i].proxy,
	    .door.helo = views[_i].helo ? "mx.example.jp" : NULL,
	    .door.greet_ms = views[_i].greet_ms,
	    .hidden = views[_i].hidden ? "the_parameter" : NULL,
	    .observe = true,
	    .total_ms = total_ms()};
	struct json_object *o = NULL;
	struct err e = {0};
	pid_t pid;
	int rc;

	pid = serve(views[_i].script, &want.door.port);
	rc = probe_address(&want, &o, &e);
	unserve(pid);
	ck_assert_msg(rc == views[_i].rc, "%d: %s", rc, e.msg);
	ck_assert_str_eq(jsonx_path_str(o, "state", ""), views[_i].state);
	ck_assert_str_eq(jsonx_path_str(o, "reason", ""), views[_i].reason);
	ck_assert_int_eq(jsonx_path_int(o, "code"), views[_i].code);
	ck_assert(jsonx_path_bool(o, "starttls") == views[_i].starttls);
	ck_assert((jsonx_path(o, "tls_error") != NULL) == views[_i].starttls);
	if (views[_i].hidden)
		ck_assert_ptr_nonnull(strstr(e.msg, "the_parameter"));
	json_object_put(o);
}
END_TEST

/* The service comes back: refused, then accepted without a banner, then
 * served. */
START_TEST(outage_of_a_server)
{
	static const char good[] =
	    "s220 mx ESMTP\r\n" SEP "r" SEP "s221 bye\r\n";
	struct probe_door door = {.host = "127.0.0.1"};
	struct outage *o = NULL;
	struct err e;
	int ms = -1;
	pid_t pid;

	/* Never down. */
	pid = serve(good, &door.port);
	ck_assert_int_eq(outage_start(&door, NULL, &o, &e), 0);
	(void)poll(NULL, 0, 200);
	ck_assert_int_eq(outage_stop(o, &ms, &e), 0);
	ck_assert_int_eq(ms, 0);
	/* Goes down and stays so. */
	ck_assert_int_eq(outage_start(&door, NULL, &o, &e), 0);
	(void)poll(NULL, 0, 100);
	unserve(pid);
	(void)poll(NULL, 0, 300);
	ck_assert_int_eq(outage_stop(o, &ms, &e), 0);
	/* On a busy machine its look comes late. */
	ck_assert_int_ge(ms, 100);
	ck_assert_int_le(ms, 5000);
	/* Stopped at once. */
	ck_assert_int_eq(outage_start(&door, NULL, &o, &e), 0);
	ck_assert_int_eq(outage_stop(o, &ms, &e), 0);
	ck_assert_int_ge(ms, 0);
	ck_assert_int_le(ms, 500);
}
END_TEST

/* A server that accepts and says nothing must not hold up the stop. */
START_TEST(outage_stop_is_prompt)
{
	struct probe_door door = {.host = "127.0.0.1"};
	struct outage *o = NULL;
	struct err e;
	int64_t before;
	int ms;
	pid_t pid;

	pid = serve("z", &door.port);
	ck_assert_int_eq(outage_start(&door, NULL, &o, &e), 0);
	(void)poll(NULL, 0, 100);
	before = now_ms();
	ck_assert_int_eq(outage_stop(o, &ms, &e), 0);
	ck_assert_int_lt(now_ms() - before, 1500);
	ck_assert_int_eq(ms, 0); /* late is not refused */
	unserve(pid);
}
END_TEST

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

int
main(void)
{
	TCase *t = tcase_create("probe");

	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, misbehaving, 0, N(cases));
	tcase_add_loop_test(t, observed, 0, N(views));
	tcase_add_loop_test(t, no_connection, 0, 1 + N(bad_hosts));
	tcase_add_test(t, outage_of_a_server);
	tcase_add_test(t, outage_stop_is_prompt);
	return suite_run("probe", t) == 0 ? 0 : 1;
}
