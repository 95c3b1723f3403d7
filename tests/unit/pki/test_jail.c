/*
 * test_jail.c - the walls of the inspection child: whatever runs in it, the
 * caller gets a report or an error in time, no descriptor and no zombie.
 */
#include <sys/socket.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>

#include "../suite.h"
#include "pki_test.h"
#include "util.h"

#include "../../../src/pki/jail_int.h"

#define FILES \
	"\"files\":{\"server_certificate\":null,\"private_key\":null," \
	"\"ca_certificate\":null}"
#define CLEAN_REPORT "{\"findings\":[],\"certificate\":null," FILES "}"

static bool
sandbox_is_on(void)
{
	const char *v = getenv("POSTSEAL_SANDBOX");

	return v == NULL || strcmp(v, "off") != 0;
}

static struct pki_jail
jail(int ms)
{
	struct pki_jail j = {
	    .user = geteuid() == 0 ? "nobody" : NULL, .timeout_ms = ms};

	return j;
}

/* --- what may run in the child ---------------------------------------- */

static int
clean(const struct pki_input *in, struct pki_output *out, struct err *e)
{
	out->report = json_tokener_parse(CLEAN_REPORT);
	return 0;
}

static int
do_abort(const struct pki_input *in, struct pki_output *out, struct err *e)
{
	abort();
}

static int
do_crash(const struct pki_input *in, struct pki_output *out, struct err *e)
{
	signal(SIGSEGV, SIG_DFL); /* ASan has a handler */
	raise(SIGKILL);
	return 0;
}

static int
do_fail(const struct pki_input *in, struct pki_output *out, struct err *e)
{
	return -1;
}

static int
do_spin(const struct pki_input *in, struct pki_output *out, struct err *e)
{
	volatile bool on = true;

	while (on)
		;
	return 0;
}

static int
do_sleep(const struct pki_input *in, struct pki_output *out, struct err *e)
{
	poll(NULL, 0, 60000);
	return 0;
}

/* All is sent, and it stays. */
static int
do_stay(const struct pki_input *in, struct pki_output *out, struct err *e)
{
	close(3);
	poll(NULL, 0, 60000);
	return 0;
}

static int
do_exit_0(const struct pki_input *in, struct pki_output *out, struct err *e)
{
	_exit(0);
}

static int
do_exit_4(const struct pki_input *in, struct pki_output *out, struct err *e)
{
	/* pretends that the sandbox could not be entered, after the fact */
	send(3, "x", 1, MSG_NOSIGNAL);
	_exit(4);
}

static int
do_short(const struct pki_input *in, struct pki_output *out, struct err *e)
{
	send(3, "\0\0\0\377\0\0\0\0{}", 10, MSG_NOSIGNAL);
	_exit(0);
}

static int
do_long(const struct pki_input *in, struct pki_output *out, struct err *e)
{
	static char junk[65536];
	int i;

	for (i = 0; i < 100; i++)
		if (send(3, junk, sizeof(junk), MSG_NOSIGNAL) <= 0)
			break;
	_exit(0);
}

static int
report(struct pki_output *out, const char *json, const char *chain, size_t len)
{
	out->report = json_tokener_parse(json);
	return buf_add(&out->chain, chain, len);
}

#define LIAR(name, json, chain) \
	static int name( \
	    const struct pki_input *in, struct pki_output *out, struct err *e) \
	{ \
		return report(out, json, chain, sizeof(chain) - 1); \
	}
#define FINDING(code, sev) \
	"{\"code\":\"" code "\",\"severity\":\"" sev \
	"\",\"field\":\"private_key\",\"args\":{}}"
#define REPORT(findings) \
	"{\"findings\":[" findings "],\"certificate\":null," FILES "}"

LIAR(lie_chain, REPORT(FINDING("key.weak", "error")), "K\0\0\0\0")
LIAR(lie_code, REPORT(FINDING("no.such", "info")), "")
LIAR(lie_key, "{\"findings\":[],\"extra\":1}", "")
LIAR(lie_array, "[1,2]", "")
LIAR(lie_null, "null", "")
LIAR(lie_records, CLEAN_REPORT, "hello")
LIAR(tell_error, REPORT(FINDING("key.weak", "error")), "")

static int
do_open(const struct pki_input *in, struct pki_output *out, struct err *e)
{
	return open("/etc/passwd", O_RDONLY) == -1 ? clean(in, out, e) : -1;
}

static int
do_create(const struct pki_input *in, struct pki_output *out, struct err *e)
{
	return open("/tmp/pki-jail-test", O_RDWR | O_CREAT, 0600) == -1
		   ? clean(in, out, e)
		   : -1;
}

static int
do_socket(const struct pki_input *in, struct pki_output *out, struct err *e)
{
	return socket(AF_INET, SOCK_STREAM, 0) == -1 ? clean(in, out, e) : 0;
}

static int
do_exec(const struct pki_input *in, struct pki_output *out, struct err *e)
{
	char *const argv[] = {(char *)"true", NULL};

	execv("/bin/true", argv);
	return clean(in, out, e);
}

static int
do_fork(const struct pki_input *in, struct pki_output *out, struct err *e)
{
	return fork() == -1 ? clean(in, out, e) : -1;
}

static int
do_memory(const struct pki_input *in, struct pki_output *out, struct err *e)
{
	void *volatile p = malloc(400u * 1024 * 1024);

	return p == NULL ? clean(in, out, e) : -1;
}

static int
do_descriptors(
    const struct pki_input *in, struct pki_output *out, struct err *e)
{
	int fd;

	for (fd = 4; fd < 256; fd++)
		if (lseek(fd, 0, SEEK_CUR) != -1 || errno != EBADF)
			return -1;
	return clean(in, out, e);
}

static int
do_ids(const struct pki_input *in, struct pki_output *out, struct err *e)
{
	return setuid(0) == 0 ? -1 : clean(in, out, e);
}

/* --- and what the caller sees ------------------------------------------ */

enum want {
	CLEAN,	/* the report of the child */
	FAILED, /* the finding inspect.failed */
	EITHER	/* killed, or the call was refused */
};

static const struct wall {
	const char *name;
	jail_work work;
	enum want want;
	int wall_ms;
	bool sandbox; /* only with it */
} walls[] = {
    {"clean", clean, CLEAN, 0, false},
    {"abort", do_abort, FAILED, 0, false},
    {"kill", do_crash, FAILED, 0, false},
    {"fail", do_fail, FAILED, 0, false},
    {"cpu", do_spin, FAILED, 20000, false},
    {"spin", do_spin, FAILED, 300, false},
    {"sleep", do_sleep, FAILED, 300, false},
    {"stay", do_stay, FAILED, 300, false},
    {"exit 0", do_exit_0, FAILED, 0, false},
    {"exit 4", do_exit_4, FAILED, 0, false},
    {"short", do_short, FAILED, 0, false},
    {"long", do_long, FAILED, 0, false},
    {"refused with a chain", lie_chain, FAILED, 0, false},
    {"unknown code", lie_code, FAILED, 0, false},
    {"unknown key", lie_key, FAILED, 0, false},
    {"array", lie_array, FAILED, 0, false},
    {"null", lie_null, FAILED, 0, false},
    {"no records", lie_records, FAILED, 0, false},
    {"truth", tell_error, CLEAN, 0, false},
    {"open", do_open, CLEAN, 0, true},
    {"create", do_create, CLEAN, 0, true},
    {"socket", do_socket, EITHER, 0, true},
    {"exec", do_exec, EITHER, 0, true},
    {"fork", do_fork, EITHER, 0, true},
    {"memory", do_memory, CLEAN, 0, true},
    {"descriptors", do_descriptors, CLEAN, 0, false},
    {"become root", do_ids, EITHER, 0, true},
};
#define N_WALLS (sizeof(walls) / sizeof(walls[0]))

static int
count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	ck_assert_ptr_nonnull(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

START_TEST(test_wall)
{
	const struct wall *w = &walls[_i];
	struct pki_jail j = jail(w->wall_ms);
	struct pki_input in = {.file = {{"x", 1}}, .roots = {"", 0}};
	struct pki_output out;
	struct err e;
	int fds = count_fds();
	int64_t start = now_ms();
	bool failed;

	if (w->sandbox && !sandbox_is_on())
		return;
	err_clear(&e);
	pki_output_init(&out);
	ck_assert_msg(jail_run(&j, &in, w->work, &out, &e) == 0, "%s: %s",
	    w->name, e.msg);
	ck_assert_ptr_nonnull(out.report);
	failed = find_code(out.report, "inspect.failed", "server_certificate",
		     NULL) != NULL;
	if (w->want != EITHER)
		ck_assert_msg(failed == (w->want == FAILED), "%s: %s", w->name,
		    json_object_to_json_string(out.report));
	if (failed)
		ck_assert_uint_eq(out.chain.len, 0);
	ck_assert_msg(
	    now_ms() - start < patience_ms(10000), "%s took too long", w->name);
	ck_assert_int_eq(count_fds(), fds);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_ne(access("/tmp/pki-jail-test", F_OK), 0);
	pki_output_clear(&out);
}
END_TEST

/* No sandbox, no inspection: an error of the call, not of the upload. */
START_TEST(test_no_such_user)
{
	struct pki_jail j = {.user = "no-such-user-here"};
	struct pki_input in = {.file = {{"x", 1}}};
	struct pki_output out;
	struct err e;

	err_clear(&e);
	pki_output_init(&out);
	ck_assert_int_eq(pki_inspect_jailed(&j, &in, &out, &e), -1);
	ck_assert_int_eq(e.code, ERR_CONFIG);
	ck_assert_ptr_null(out.report);
	pki_output_clear(&out);
}
END_TEST

/* The output of a call before is replaced, not leaked or mixed. */
START_TEST(test_twice)
{
	struct pki_jail j = jail(0);
	struct pki_input in = {.file = {{"x", 1}}, .roots = {"", 0}};
	struct pki_output out;
	struct err e;

	pki_output_init(&out);
	ck_assert_int_eq(jail_run(&j, &in, tell_error, &out, &e), 0);
	ck_assert_ptr_nonnull(find_code(out.report, "key.weak", NULL, NULL));
	ck_assert_int_eq(buf_adds(&out.chain, "of before"), 0);
	ck_assert_int_eq(jail_run(&j, &in, clean, &out, &e), 0);
	ck_assert_uint_eq(out.chain.len, 0);
	ck_assert_ptr_null(find_code(out.report, "key.weak", NULL, NULL));
	ck_assert_int_eq(jail_run(&j, &in, do_abort, &out, &e), 0);
	ck_assert_ptr_nonnull(
	    find_code(out.report, "inspect.failed", NULL, NULL));
	pki_output_clear(&out);
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("walls");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_wall, 0, (int)N_WALLS);
	tcase_add_test(t, test_no_such_user);
	tcase_add_test(t, test_twice);
	return suite_run("pki jail", t) == 0 ? 0 : 1;
}
