/*
 * test_sandwork.c - what each role of the sandbox has to do still works, its
 * limits hold, it fails closed, and root is left for good.
 */
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <crypt.h>
#include <errno.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sqlite3.h>

#include "jail.h"
#include "jsonx.h"
#include "util.h"

static int
open_passwd(void)
{
	return open("/etc/passwd", O_RDONLY) >= 0 ? DONE : REFUSED;
}

static int
step(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : -1;
}

static int
make_database(void)
{
	sqlite3 *db = NULL;
	int on = 1, rc = BROKEN;

	if (sqlite3_open(tmp_path("rw/t.db"), &db) == SQLITE_OK &&
	    sqlite3_file_control(db, NULL, SQLITE_FCNTL_PERSIST_WAL, &on) ==
		SQLITE_OK &&
	    step(db, "PRAGMA journal_mode=WAL") == 0 &&
	    step(db, "CREATE TABLE t(a, b)") == 0)
		rc = DONE;
	sqlite3_close(db);
	return rc;
}

/* Its three files are there: none is made, and none goes. */
static int
use_database(void)
{
	int on = 1;
	sqlite3 *db = NULL;
	int rc = BROKEN;

	if (sqlite3_open(tmp_path("rw/t.db"), &db) != SQLITE_OK ||
	    sqlite3_file_control(db, NULL, SQLITE_FCNTL_PERSIST_WAL, &on) !=
		SQLITE_OK ||
	    step(db, "PRAGMA journal_mode=WAL") != 0 ||
	    step(db, "PRAGMA temp_store=MEMORY") != 0 ||
	    step(db, "PRAGMA synchronous=FULL") != 0 ||
	    step(db, "BEGIN IMMEDIATE") != 0 ||
	    step(db, "INSERT INTO t VALUES(1, zeroblob(200000))") != 0 ||
	    step(db, "INSERT INTO t SELECT a, b FROM t") != 0 ||
	    step(db, "COMMIT") != 0 ||
	    step(db, "CREATE TEMP TABLE u AS SELECT * FROM t ORDER BY b") !=
		0 ||
	    step(db, "PRAGMA wal_checkpoint(TRUNCATE)") != 0 ||
	    step(db, "DELETE FROM t") != 0 ||
	    step(db, "SELECT randomblob(10), strftime('%s')") != 0)
		fprintf(stderr, "sqlite: %s\n", sqlite3_errmsg(db));
	else
		rc = DONE;
	sqlite3_close(db);
	return rc;
}

static int
use_crypt(void)
{
	struct crypt_data data;
	const char *h;

	memset(&data, 0, sizeof(data));
	h = crypt_r("password", "$y$j9T$abcdefgh$", &data);
	return h != NULL && strncmp(h, "$y$", 3) == 0 ? DONE : BROKEN;
}

static int
use_files(void)
{
	const char *path = tmp_path("rw/file");
	struct err err;
	struct buf b;
	char dir[8];
	int fd;

	buf_init(&b, 100);
	if (fsx_read(tmp_path("ro/f"), 100, &b, &err) != 0 ||
	    strcmp(b.data, "template") != 0 ||
	    fsx_create(path, "x", 1, 0600, &err) == 0 ||
	    unlink(tmp_path("rw/moving")) == 0 ||
	    fsx_read(tmp_path("rw/moving"), 100, &b, &err) != 0)
		return BROKEN;
	buf_clear(&b);
	fd = open("/dev/urandom", O_RDONLY);
	return fd >= 0 && read(fd, dir, 8) == 8 ? DONE : BROKEN;
}

/* Opened before the sandbox is entered. */
static int listener, growing;

/* Serve one connection on the inherited socket, asking the daemon first. */
static int
serve_one(void)
{
	struct json_object *o = json_object_new_object(), *in = NULL;
	struct timespec ts;
	struct ipc_peer peer;
	int c;

	clock_gettime(CLOCK_REALTIME, &ts);
	c = ipc_connect(tmp_path("d.sock"), NULL);
	if (c == -1 || ipc_send(c, o, 1000, NULL) != 0 ||
	    ipc_peer(c, &peer, NULL) != 0)
		return BROKEN;
	/* the listener is ours as well: accept what we just sent */
	c = accept(listener, NULL, NULL);
	if (c == -1 || ipc_recv(c, &in, 100, 1000, NULL) != 0)
		return BROKEN;
	usleep(1000);
	return DONE;
}

static int
die_by_assert(void)
{
	abort();
	return DONE;
}

static int
ask_limits(void)
{
	char *p = malloc(700UL * 1024 * 1024);

	if (p != NULL)
		return BROKEN;
	p = malloc(64UL * 1024 * 1024);
	if (p == NULL)
		return BROKEN;
	memset(p, 1, 64UL * 1024 * 1024);
	free(p);
	return DONE;
}

START_TEST(web_works)
{
	static int (*const fns[])(void) = {
	    use_database, use_crypt, use_files, ask_limits};

	if (!able)
		return;
#ifdef __SANITIZE_ADDRESS__
	if (fns[_i] == ask_limits)
		return;
#endif
	if (fns[_i] == use_database)
		ck_assert_int_eq(in_role(FREE, make_database), DONE);
	/* Twice: the second finds the first one's database. */
	ck_assert_int_eq(in_role(SANDBOX_WEB, fns[_i]), DONE);
	ck_assert_int_eq(in_role(SANDBOX_WEB, fns[_i]), DONE);
}
END_TEST

START_TEST(web_serves)
{
	struct err err;

	if (!able)
		return;
	unlink(tmp_path("d.sock"));
	listener = ipc_listen(tmp_path("d.sock"), 0600, (gid_t)-1, &err);
	ck_assert_int_ge(listener, 0);
	ck_assert_int_eq(in_role(SANDBOX_WEB, serve_one), DONE);
	close(listener);
}
END_TEST

/* What the inspect child does for a living: OpenSSL in memory, a frame back
 * over an inherited socket pair, a line to the log. */
static int jail_fd[2];

static int
do_inspect(void)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	struct json_object *o = json_object_new_object(), *in = NULL;
	unsigned char sig[256];
	size_t len = sizeof(sig);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	BIO *bio = BIO_new(BIO_s_mem());
	char hex[65];

	if (random_hex(hex, 32, NULL) != 0)
		return 10;
	if (key == NULL ||
	    PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1)
		return 11;
	if (EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, key) != 1 ||
	    EVP_DigestSign(md, sig, &len, (unsigned char *)"x", 1) != 1)
		return 12;
	time((time_t *)&len);
	log_warn("a line from the jail");
	if (ipc_recv(jail_fd[1], &in, 1000, 1000, NULL) != 0)
		return 13;
	return ipc_send(jail_fd[1], o, 1000, NULL) == 0 ? DONE : 14;
}

START_TEST(inspect_works)
{
	struct json_object *o, *in = NULL;
	int fd[20], i;
	EVP_PKEY *key;

	if (!able)
		return;
	o = json_object_new_object();
	/* Warm up, as the daemon has to: providers, random source. */
	key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	ck_assert_ptr_nonnull(key);
	EVP_PKEY_free(key);
	/* More descriptors than the role may open is no obstacle. */
	for (i = 0; i < 20; i++)
		fd[i] = dup(0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, jail_fd), 0);
	ck_assert_int_eq(ipc_send(jail_fd[0], o, 1000, NULL), 0);
	ck_assert_int_eq(in_role(SANDBOX_INSPECT, do_inspect), DONE);
	ck_assert_int_eq(ipc_recv(jail_fd[0], &in, 1000, 1000, NULL), 0);
	for (i = 0; i < 20; i++)
		close(fd[i]);
	json_object_put(in);
	json_object_put(o);
}
END_TEST

static int
burn(void)
{
	volatile unsigned long n = 0;

	for (;;)
		n++;
	return DONE;
}

static int
write_file_size(void)
{
	errno = 0;
	return write(growing, "x", 1) == -1 && errno == EFBIG ? DONE : BROKEN;
}

START_TEST(inspect_limits)
{
	int got;

	if (!able)
		return;
	ck_assert_int_eq(in_role(SANDBOX_INSPECT, die_by_assert), -SIGABRT);
	ck_assert_int_eq(in_role(SANDBOX_WEB, die_by_assert), -SIGABRT);
	growing = open(tmp_path("grow"), O_WRONLY | O_CREAT, 0600);
	ck_assert_int_ge(growing, 0);
	ck_assert_int_eq(in_role(SANDBOX_INSPECT, write_file_size), DONE);
#ifndef __SANITIZE_ADDRESS__
	ck_assert_int_eq(in_role(SANDBOX_INSPECT, ask_limits), DONE);
#endif
	got = in_role(SANDBOX_INSPECT, burn);
	ck_assert_msg(got == -SIGXCPU || got == -SIGKILL, "%d", got);
}
END_TEST

/* No way to see into it: /proc of the child belongs to root. */
static int
look_at_me(void)
{
	return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 1 ? DONE : REFUSED;
}

START_TEST(not_dumpable)
{
	if (!able)
		return;
	ck_assert_int_eq(in_role(FREE, look_at_me), DONE);
	ck_assert_int_eq(in_role(SANDBOX_WEB, look_at_me), REFUSED);
}
END_TEST

START_TEST(enter_fails_closed)
{
	struct sandbox_paths p = paths();
	struct err err;
	int status;
	pid_t pid;

	if ((pid = fork()) == 0) {
		p.ro[1] = tmp_path("no/such");
		status = sandbox_enter(SANDBOX_WEB, &p, &err);
		_exit(status == -1 && err.code == ERR_CONFIG ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(sandbox_enter(SANDBOX__MAX, &p, &err), -1);
	ck_assert_int_eq(err.code, ERR_INTERNAL);
	ck_assert_int_eq(sandbox_enter((enum sandbox_role) - 1, &p, &err), -1);
	if (!able) {
		ck_assert_int_eq(
		    sandbox_enter(SANDBOX_INSPECT, NULL, &err), -1);
		ck_assert_int_eq(err.code, ERR_CONFIG);
	}
}
END_TEST

/* What is told is what is in force; "partial" asks for no more than there is,
 * and takes no less. */
static const struct {
	const char *env;
	bool all;
} told[] = {{NULL, true}, {"partial", true}, {"off", false}};

START_TEST(tells_what_is_in_force)
{
	struct sandbox_state s;
	struct sandbox_paths p = paths();
	struct err err;
	int status;
	pid_t pid;

	if (!able)
		return;
	if ((pid = fork()) == 0) {
		if (told[_i].env != NULL)
			setenv("POSTSEAL_SANDBOX", told[_i].env, 1);
		if (sandbox_enter_state(SANDBOX_WEB, &p, &s, &err) != 0)
			_exit(2);
		_exit((s.landlock > 0) == told[_i].all &&
			      s.seccomp == told[_i].all &&
			      s.no_new_privs == told[_i].all &&
			      s.limits == told[_i].all &&
			      (open_passwd() == REFUSED) == told[_i].all
			  ? 0
			  : 1);
	}
	waitpid(pid, &status, 0);
	ck_assert_int_eq(status, 0);
}
END_TEST

/* "no" in postseal.conf is weaker than what the environment says. */
START_TEST(require)
{
	sandbox_require(true);
	ck_assert_ptr_null(getenv("POSTSEAL_SANDBOX"));
	sandbox_require(false);
	ck_assert_str_eq(getenv("POSTSEAL_SANDBOX"), "partial");
	setenv("POSTSEAL_SANDBOX", "off", 1);
	sandbox_require(false);
	ck_assert_str_eq(getenv("POSTSEAL_SANDBOX"), "off");
	unsetenv("POSTSEAL_SANDBOX");
}
END_TEST

START_TEST(state_as_json)
{
	const struct sandbox_state all = {3, true, true, true},
				   none = {0, true, true, true};
	struct json_object *o = sandbox_state_to_json(&all, "postseal");

	ck_assert_str_eq(jsonx_path_str(o, "user", ""), "postseal");
	ck_assert_int_eq(json_object_get_int(jsonx_path(o, "landlock")), 3);
	ck_assert(json_object_get_boolean(jsonx_path(o, "complete")));
	json_object_put(o);
	o = sandbox_state_to_json(&none, "nobody");
	ck_assert(!json_object_get_boolean(jsonx_path(o, "complete")));
	json_object_put(o);
}
END_TEST

/* In a child: it cannot be undone. */
static int
bounded(void)
{
	struct json_object *a;
	struct err err;
	size_t n;

	if (sandbox_bound_capabilities(&err) != 0)
		return BROKEN;
	a = sandbox_capabilities();
	n = json_object_array_length(a);
	if (n == 0 || n > 10 ||
	    strcmp(json_object_get_string(json_object_array_get_idx(a, n - 1)),
		"others") == 0)
		return BROKEN;
	json_object_put(a);
	return mount("none", tmp_path("ro"), "tmpfs", 0, NULL) == 0 ? DONE
								    : REFUSED;
}

START_TEST(capabilities)
{
	if (geteuid() == 0)
		ck_assert_int_eq(in_role(FREE, bounded), REFUSED);
}
END_TEST

START_TEST(switch_for_tests)
{
	static const char *const no[] = {"", "1", "OFF", "off "};
	struct err err;

	setenv("POSTSEAL_SANDBOX", "off", 1);
	ck_assert_int_eq(in_role(SANDBOX_INSPECT, open_passwd), DONE);
	ck_assert_int_eq(sandbox_enter(SANDBOX_WEB, NULL, &err), 0);
	unsetenv("POSTSEAL_SANDBOX");
	if (!able)
		return;
	setenv("POSTSEAL_SANDBOX", no[_i], 1);
	ck_assert_int_eq(in_role(SANDBOX_WEB, open_passwd), REFUSED);
	unsetenv("POSTSEAL_SANDBOX");
}
END_TEST

static int
drop_and_look(void)
{
	struct err err;

	if (sandbox_drop_user("nobody", &err) != 0)
		return BROKEN;
	if (geteuid() == 0 || getegid() == 0 || getgroups(0, NULL) > 1)
		return BROKEN;
	if (setuid(0) == 0 || seteuid(0) == 0 || setgid(0) == 0)
		return BROKEN;
	if (open("/etc/shadow", O_RDONLY) != -1)
		return BROKEN;
	/* again: we are that user already */
	if (sandbox_drop_user("nobody", &err) != 0)
		return BROKEN;
	/* another one: no */
	return sandbox_drop_user("daemon", &err) == -1 ? DONE : BROKEN;
}

static int
drop_wrong(void)
{
	static const char *const bad[] = {
	    "root", "", "no-such-user-here", "0", "65534"};
	struct err err;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (sandbox_drop_user(bad[i], &err) != -1 ||
		    err.code != ERR_CONFIG)
			return BROKEN;
	}
	return geteuid() == 0 ? DONE : BROKEN;
}

START_TEST(drop_user)
{
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(in_role(FREE, drop_and_look), DONE);
	ck_assert_int_eq(in_role(FREE, drop_wrong), DONE);
}
END_TEST

static void
add(TCase *tc)
{
	if (jail_set_up() != 0)
		exit(1);
	tcase_add_loop_test(tc, web_works, 0, 4);
	tcase_add_test(tc, web_serves);
	tcase_add_test(tc, inspect_works);
	tcase_add_test(tc, inspect_limits);
	tcase_add_test(tc, not_dumpable);
	tcase_add_test(tc, enter_fails_closed);
	tcase_add_loop_test(tc, tells_what_is_in_force, 0, N(told));
	tcase_add_test(tc, require);
	tcase_add_test(tc, state_as_json);
	tcase_add_test(tc, capabilities);
	tcase_add_loop_test(tc, switch_for_tests, 0, 4);
	tcase_add_test(tc, drop_user);
}

int
main(void)
{
	unsetenv("POSTSEAL_SANDBOX");
	return tmp_run("sandwork", add, 60);
}
