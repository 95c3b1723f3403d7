/*
 * test_live.c - a real Postfix through its life: start, stop, restart,
 * reload, and what the probe makes of every state that POSTFIX.md 1 warns of.
 *
 * The tests share one instance and run in order (no fork): each sets the
 * parameters it needs and restarts.
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>

#include "instance.h"
#include "jsonx.h"
#include "prove.h"
#include "util.h"
#include "wanted.h"
#include "service.h"
#include "maillog.h"

static struct instance t;
static struct postfix_info info;
static char sha_a[SHA256_HEX], sha_b[SHA256_HEX];

static void
sha_of(const char *name, char dst[SHA256_HEX])
{
	char path[400], text[100] = "";
	FILE *f;

	ck_assert_int_eq(
	    instance_sh(&t,
		"openssl x509 -in $D/%s.crt -outform DER | sha256sum | "
		"cut -d' ' -f1 >$D/sha",
		name),
	    0);
	(void)snprintf(path, sizeof(path), "%s/sha", t.dir);
	ck_assert_ptr_nonnull(f = fopen(path, "r"));
	ck_assert_int_eq(fscanf(f, "%64s", text), 1);
	(void)fclose(f);
	memcpy(dst, text, SHA256_HEX);
}

START_TEST(files)
{
	ck_assert_int_eq(
	    instance_sh(&t,
		"cd $D && for n in a b; do openssl req -x509 -newkey ec "
		"-pkeyopt "
		"ec_paramgen_curve:P-256 -nodes -keyout $n.key -out $n.crt "
		"-days 30 "
		"-subj /CN=$n.example.test 2>/dev/null && cat $n.key $n.crt "
		">$n.pem; done; cat a.key b.crt >mismatch.pem; : >empty.pem; "
		"cat a.crt a.key >order.pem; "
		"openssl ec -in a.key -aes256 -passout pass:x -out enc.key "
		"2>/dev/null; cat enc.key a.crt >encrypted.pem"),
	    0);
	sha_of("a", sha_a);
	sha_of("b", sha_b);
}
END_TEST

/* Set, restart, and read the instance again. */
static void
state(const char *settings)
{
	struct err e;

	ck_assert_int_eq(instance_sh(&t, "pfi_conf $D %s", settings), 0);
	ck_assert_int_eq(postfix_info_read(&t.conf, NULL, &info, &e), 0);
	ck_assert_msg(info.kind == POSTFIX_OK, "%s", info.detail);
	ck_assert_msg(service_restart(&t.conf, &info, &e) == 0, "%s", e.msg);
	ck_assert(postfix_running(&info));
}

static int
probe(bool starttls, bool tls_only, const char *sha, int total_ms,
    struct json_object **ret_result, struct err *err)
{
	struct probe_want w = {.door.host = info.probe_host,
	    .door.port = info.probe_port,
	    .starttls = starttls,
	    .tls_only = tls_only,
	    .leaf = {{"RSA", sha}},
	    .n_leaf = sha != NULL,
	    .total_ms = total_ms};

	err_clear(err);
	return prove(&w, ret_result, err);
}

static long
master_pid(void)
{
	char path[700];
	long pid = 0;
	FILE *f;

	(void)snprintf(
	    path, sizeof(path), "%s/pid/master.pid", info.queue_directory);
	if ((f = fopen(path, "r")) == NULL)
		return 0;
	if (fscanf(f, "%ld", &pid) != 1)
		pid = 0;
	(void)fclose(f);
	return pid;
}

START_TEST(life)
{
	struct json_object *o = NULL;
	struct err e;
	long pid;

	ck_assert_int_eq(postfix_info_read(&t.conf, NULL, &info, &e), 0);
	ck_assert(!postfix_running(&info));
	ck_assert_int_eq(service_reload(&t.conf, &info, &e), -1);
	ck_assert_int_eq(e.code, ERR_POSTFIX_COMMAND);
	ck_assert_int_eq(probe(false, false, NULL, 100, &o, &e), -1);
	ck_assert_int_eq(e.code, ERR_PROBE_CONNECT);
	/* A restart of a stopped Postfix is a start. */
	ck_assert_int_eq(service_restart(&t.conf, &info, &e), 0);
	ck_assert(postfix_running(&info));
	pid = master_pid();
	ck_assert_int_eq(service_start(&t.conf, &info, &e), 0);
	ck_assert_int_eq(master_pid(), pid);
	ck_assert_int_eq(service_reload(&t.conf, &info, &e), 0);
	ck_assert_int_eq(master_pid(), pid);
	ck_assert_int_eq(probe(false, false, NULL, 0, &o, &e), 0);
	json_object_put(o);
	ck_assert_int_eq(service_restart(&t.conf, &info, &e), 0);
	ck_assert_int_ne(master_pid(), pid);
	ck_assert_int_eq(instance_sh(&t, "pfi_stop $D"), 0);
	ck_assert(!postfix_running(&info));
	ck_assert_int_eq(instance_sh(&t, "test ! -e $D/queue/quick-start"), 0);
	/* A stale file names a process that is alive, but is not master. */
	ck_assert_int_eq(
	    instance_sh(&t, "echo $$ >$D/queue/pid/master.pid"), 0);
	ck_assert(!postfix_running(&info));
	ck_assert_int_eq(instance_sh(&t, "echo %ld >$D/queue/pid/master.pid",
			     (long)getpid()),
	    0);
	ck_assert(!postfix_running(&info));
	ck_assert_int_eq(service_start(&t.conf, &info, &e), 0);
	ck_assert(postfix_running(&info));
}
END_TEST

/* Killed behind our back. */
START_TEST(life_killed)
{
	struct err e;
	int i;

	ck_assert_int_eq(service_start(&t.conf, &info, &e), 0);
	ck_assert_int_eq(kill(-(pid_t)master_pid(), SIGKILL), 0);
	for (i = 0; i < 200 && postfix_running(&info); i++)
		(void)poll(NULL, 0, 10);
	ck_assert(!postfix_running(&info));
	ck_assert_msg(service_restart(&t.conf, &info, &e) == 0, "%s", e.msg);
	ck_assert(postfix_running(&info));
}
END_TEST

#define PEM   "smtpd_tls_chain_files=$D/"
#define LEVEL "smtpd_tls_security_level="

static const struct {
	const char *state;
	bool starttls, only;
	char sha; /* 'a', 'b', or 0 = any */
	enum err_code want;
	const char *text; /* in the message, or in the JSON */
} states[] = {
    {LEVEL "none", false, false, 0, ERR_NONE, "\"starttls\":false"},
    {LEVEL "none", true, false, 0, ERR_PROBE_STARTTLS, "not offered"},
    {LEVEL "may " PEM "a.pem", true, false, 'a', ERR_NONE,
	"\"protocols\":[\"TLSv1.2\",\"TLSv1.3\"]"},
    {"", true, false, 0, ERR_NONE, "\"protocol\":\"TLSv1.3\""},
    {"", false, false, 0, ERR_PROBE_STARTTLS, "is offered"},
    {"", true, false, 'b', ERR_PROBE_CERTIFICATE, "expected certificate"},
    {"", true, true, 'a', ERR_PROBE_POLICY, "250 2.1.0"},
    {LEVEL "encrypt " PEM "b.pem", true, true, 'b', ERR_NONE,
	"\"plaintext_refused\":true"},
    {"", true, false, 'b', ERR_NONE, "\"plaintext_refused\":false"},
    {"'smtpd_tls_mandatory_protocols=>=TLSv1.2, <=TLSv1.2'", true, true, 'b',
	ERR_NONE, "\"protocols\":[\"TLSv1.2\"]"},
    {"'smtpd_tls_mandatory_protocols=>=TLSv1.3'", true, true, 'b', ERR_NONE,
	"\"protocols\":[\"TLSv1.3\"]"},
    {"smtpd_tls_mandatory_protocols=TLSv1", true, true, 'b',
	ERR_PROBE_HANDSHAKE, "handshake"},
    {"'smtpd_tls_mandatory_protocols=>=TLSv1.2' " PEM "mismatch.pem", true,
	true, 0, ERR_PROBE_STARTTLS, "454 4.7.0"},
    {LEVEL "may " PEM "mismatch.pem", true, false, 0, ERR_PROBE_STARTTLS,
	"454 4.7.0"},
    {PEM "empty.pem", true, false, 0, ERR_PROBE_STARTTLS, "454 4.7.0"},
    {PEM "order.pem", true, false, 0, ERR_PROBE_STARTTLS, "454 4.7.0"},
    {PEM "encrypted.pem", true, false, 0, ERR_PROBE_STARTTLS, "454 4.7.0"},
    {PEM "missing.pem", true, false, 0, ERR_PROBE_HANDSHAKE, "handshake"},
    {"smtpd_tls_chain_files=", true, false, 0, ERR_PROBE_STARTTLS, "454 4.7.0"},
    {PEM "a.pem smtpd_tls_protocols=bogus", true, false, 0, ERR_PROBE_STARTTLS,
	"454 4.7.0"},
    {"'smtpd_tls_protocols=>=TLSv1.2' smtpd_tls_ciphers=bogus", true, false, 0,
	ERR_PROBE_HANDSHAKE, "handshake"},
    {"smtpd_tls_ciphers=medium " LEVEL "bogus", true, false, 'a',
	ERR_PROBE_BANNER, "no reply"},
    /* The throttle: gone with the restart. */
    {LEVEL "may", true, false, 'a', ERR_NONE, "TLS_AES"},
    {"smtpd_discard_ehlo_keywords=starttls", true, false, 'a',
	ERR_PROBE_STARTTLS, "not offered"},
    {"smtpd_discard_ehlo_keywords=", true, false, 'a', ERR_NONE, "TLS_AES"},
};

static bool
logged_now(const struct maillog_mark *mark, const char *text)
{
	struct json_object *o = maillog_since(&t.conf, &info, mark, 200);
	bool found = strstr(json_object_to_json_string(o), text) != NULL;

	json_object_put(o);
	return found;
}

/* Within 5 s: smtpd may come to it late. */
static bool
logged(const struct maillog_mark *mark, const char *text)
{
	for (int i = 0; i < 100; i++) {
		if (logged_now(mark, text))
			return true;
		(void)poll(NULL, 0, 50);
	}
	return false;
}

START_TEST(probe_states)
{
	struct json_object *o = NULL;
	struct maillog_mark mark;
	const char *sha, *text;
	struct err e;
	bool quiet;
	int i, rc = -1;

	if (states[_i].state[0] != '\0')
		state(states[_i].state);
	maillog_mark(&t.conf, &info, &mark);
	sha = states[_i].sha == 0     ? NULL
	      : states[_i].sha == 'a' ? sha_a
				      : sha_b;
	/* On a busy machine the first smtpd may take longer than that. */
	for (i = 0; i < 5; i++) {
		rc = probe(states[_i].starttls, states[_i].only, sha,
		    states[_i].want == ERR_NONE ? 5000 : 400, &o, &e);
		if (e.code == states[_i].want ||
		    (e.code != ERR_PROBE_BANNER && e.sys != ETIMEDOUT))
			break;
	}
	ck_assert_msg(
	    e.code == states[_i].want, "%s: %s", err_name(e.code), e.msg);
	ck_assert_int_eq(rc, states[_i].want == ERR_NONE ? 0 : -1);
	text = o == NULL ? e.msg
			 : json_object_to_json_string_ext(
			       o, JSON_C_TO_STRING_PLAIN |
				      JSON_C_TO_STRING_NOSLASHESCAPE);
	ck_assert_msg(strstr(text, states[_i].text) != NULL, "%s", text);
	if (sha != NULL && rc == 0)
		ck_assert_ptr_nonnull(strstr(text, sha));
	quiet = rc == 0 && strstr(text, "\"tries\":1") != NULL &&
		strstr(text, "\"protocols\":[\"TLSv1.2\"]") == NULL &&
		strstr(text, "\"protocols\":[\"TLSv1.3\"]") == NULL;
	json_object_put(o);
	/* A probe that succeeded took its leave, but for a version that was
	 * turned down. */
	if (quiet) {
		ck_assert(logged(&mark, "quit=1"));
		ck_assert(!logged_now(&mark, "lost connection"));
	}
}
END_TEST

/* Under TLS only with our condition on $service_name: the listener of the
 * filter takes plaintext, the main port and a third one do not. */
START_TEST(exempt_listener)
{
	struct json_object *o = NULL, *wanted = NULL;
	char chain[400];
	struct settings s;
	struct err e;
	int filter, other;

	ck_assert_int_eq(
	    instance_sh(&t,
		"p=$(pfi_free_port); q=$(pfi_free_port); echo $p $q >$D/ports; "
		"pfi_listener $D 127.0.0.1:$p content_filter=; "
		"pfi_listener $D $q syslog_name=postfix/third"),
	    0);
	{
		char path[400];
		FILE *f;

		(void)snprintf(path, sizeof(path), "%s/ports", t.dir);
		ck_assert_ptr_nonnull(f = fopen(path, "r"));
		ck_assert_int_eq(fscanf(f, "%d %d", &filter, &other), 2);
		(void)fclose(f);
	}
	ck_assert_int_eq(postfix_info_read(&t.conf, NULL, &info, &e), 0);
	ck_assert_uint_eq(info.n_exempt, 1);
	settings_default(&s);
	s.inbound_enabled = s.tls_only = true;
	(void)snprintf(chain, sizeof(chain), "%s/a.pem", t.dir);
	ck_assert_int_eq(wanted_of(&s, &info, chain, &wanted, &e), 0);
	(void)snprintf(chain, sizeof(chain), "'%s%s'", LEVEL,
	    jsonx_path_str(wanted, "smtpd_tls_security_level", ""));
	json_object_put(wanted);
	state(chain);
	ck_assert_msg(probe(true, true, sha_a, 0, &o, &e) == 0, "%s", e.msg);
	json_object_put(o);
	info.probe_port = other;
	ck_assert_msg(probe(true, true, sha_a, 0, &o, &e) == 0, "%s", e.msg);
	json_object_put(o);
	info.probe_port = filter;
	ck_assert_int_eq(probe(true, true, sha_a, 300, &o, &e), -1);
	ck_assert_int_eq(e.code, ERR_PROBE_POLICY);
	ck_assert_ptr_nonnull(strstr(e.msg, "250 2.1.0 Ok"));
}
END_TEST

/* After a reload old smtpd processes answer for a while. */
START_TEST(reload_changes_certificate)
{
	const struct probe_door door = {
	    .host = info.probe_host, .port = info.probe_port};
	struct json_object *o = NULL;
	struct outage *w = NULL;
	struct err e;
	int i, ms = -1;

	state(LEVEL "may " PEM "a.pem");
	for (i = 0; i < 4; i++) {
		ck_assert_msg(
		    probe(true, false, i % 2 ? sha_b : sha_a, 0, &o, &e) == 0,
		    "%s", e.msg);
		json_object_put(o);
		ck_assert_int_eq(outage_start(&door, NULL, &w, &e), 0);
		ck_assert_int_eq(instance_sh(&t, "pfi_conf $D " PEM "%s.pem",
				     i % 2 ? "a" : "b"),
		    0);
		ck_assert_int_eq(service_reload(&t.conf, &info, &e), 0);
		ck_assert_int_eq(outage_stop(w, &ms, &e), 0);
		ck_assert_int_eq(ms, 0);
	}
}
END_TEST

static int
open_sessions(int *fd, int n)
{
	struct timeval tv = {5, 0};
	struct sockaddr_in sin = {0};
	char banner[200];
	int i;

	sin.sin_family = AF_INET;
	sin.sin_port = htons((uint16_t)info.probe_port);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (i = 0; i < n; i++) {
		fd[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		(void)setsockopt(
		    fd[i], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
		if (connect(fd[i], (struct sockaddr *)&sin, sizeof(sin)) != 0 ||
		    recv(fd[i], banner, sizeof(banner), 0) < 3)
			return -1;
	}
	return 0;
}

START_TEST(restart_with_sessions)
{
	const struct probe_door door = {
	    .host = info.probe_host, .port = info.probe_port};
	struct outage *w = NULL;
	int fd[8], i, ms = -1;
	int64_t before;
	struct err e;

	/*
	 * Not right after a reload: an idle smtpd of before it that takes a
	 * session counts as idle with master until that session ends, and
	 * nobody else is served meanwhile.
	 */
	ck_assert_int_eq(service_restart(&t.conf, &info, &e), 0);
	ck_assert_int_eq(open_sessions(fd, 8), 0);
	ck_assert_int_eq(outage_start(&door, NULL, &w, &e), 0);
	(void)poll(NULL, 0, 60);
	before = now_ms();
	ck_assert_msg(service_restart(&t.conf, &info, &e) == 0, "%s", e.msg);
	(void)poll(NULL, 0, 300);
	before = now_ms() - before;
	ck_assert_int_eq(outage_stop(w, &ms, &e), 0);
	for (i = 0; i < 8; i++)
		(void)close(fd[i]);
	ck_assert_int_gt(ms, 0);
	ck_assert_int_le(ms, before + 30);
	printf("restart with 8 sessions: nobody served for %d ms\n", ms);
}
END_TEST

/* The port is taken: Postfix cannot start, and says so. */
START_TEST(start_fails)
{
	struct sockaddr_in sin = {0};
	struct err e;
	int s, one = 1;

	ck_assert_int_eq(instance_sh(&t, "pfi_stop $D"), 0);
	sin.sin_family = AF_INET;
	sin.sin_port = htons((uint16_t)t.port);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	ck_assert_int_eq(bind(s, (struct sockaddr *)&sin, sizeof(sin)), 0);
	ck_assert_int_eq(listen(s, 1), 0);
	ck_assert_int_eq(service_start(&t.conf, &info, &e), -1);
	ck_assert_int_eq(e.code, ERR_POSTFIX_START);
	ck_assert_msg(strstr(e.msg, "in use") != NULL, "%s", e.msg);
	ck_assert_int_eq(service_restart(&t.conf, &info, &e), -1);
	ck_assert_int_eq(e.code, ERR_POSTFIX_START);
	ck_assert(!postfix_running(&info));
	(void)close(s);
	ck_assert_int_eq(service_restart(&t.conf, &info, &e), 0);
	ck_assert(postfix_running(&info));
}
END_TEST

/* A main.cf that somebody broke while Postfix runs: told, nothing hangs. */
START_TEST(broken_while_running)
{
	struct err e;
	long pid = master_pid();

	ck_assert_int_eq(instance_sh(&t, "cp -p $D/conf/main.cf $D/saved; echo "
					 "nonsense >>$D/conf/main.cf; "
					 "pfi_cool $D"),
	    0);
	ck_assert_int_eq(service_reload(&t.conf, &info, &e), -1);
	ck_assert_int_eq(e.code, ERR_POSTFIX_COMMAND);
	ck_assert_msg(strstr(e.msg, "missing '='") != NULL, "%s", e.msg);
	ck_assert_int_eq(service_restart(&t.conf, &info, &e), -1);
	ck_assert_msg(strstr(e.msg, "missing '='") != NULL, "%s", e.msg);
	ck_assert(postfix_running(&info));
	ck_assert_int_eq(master_pid(), pid);
	ck_assert_int_eq(
	    instance_sh(&t, "cp -p $D/saved $D/conf/main.cf; pfi_cool $D"), 0);
	ck_assert_int_eq(service_restart(&t.conf, &info, &e), 0);
}
END_TEST

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

int
main(void)
{
	Suite *s = suite_create("live");
	TCase *c = tcase_create("live");
	SRunner *r;
	int failed;

	if (instance_skip("test_live"))
		return 0;
	if (instance_make(&t, "live") == -1) {
		fprintf(stderr, "test_live: no instance\n");
		return 1;
	}
	(void)instance_sh(&t, "pfi_conf $D inet_protocols=ipv4");
	tcase_add_test(c, files);
	tcase_add_test(c, life);
	tcase_add_test(c, life_killed);
	tcase_add_loop_test(c, probe_states, 0, N(states));
	tcase_add_test(c, exempt_listener);
	tcase_add_test(c, reload_changes_certificate);
	tcase_add_test(c, restart_with_sessions);
	tcase_add_test(c, start_fails);
	tcase_add_test(c, broken_while_running);
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_set_fork_status(r, CK_NOFORK);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	instance_remove(&t, failed);
	return failed != 0;
}
