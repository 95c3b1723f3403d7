/*
 * test_writers.c - main.cf has other writers: postconf -e beside us, an
 * editor, instances made with postmulti, a chrooted smtpd.
 */
#include <sys/file.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>

#include "../suite.h"
#include "../../../src/postfix/postfix_int.h"
#include "instance.h"
#include "jsonx.h"
#include "prove.h"
#include "util.h"
#include "maincf.h"
#include "service.h"

static struct instance t;

static int
writers_ms(void)
{
	const char *s = getenv("POSTSEAL_WRITERS_MS");

	return s != NULL ? atoi(s) : 3000;
}

/* One Save of ours, from lock to rename, as the apply does it. */
static int
save(int n, struct err *err)
{
	struct json_object *current = NULL, *wanted = NULL;
	struct param_plan plan = {NULL, 0};
	char stage[400], sha[SHA256_HEX];
	struct buf before, after;
	int lock, rc = -1;

	buf_init(&before, MAINCF_SIZE_MAX);
	buf_init(&after, MAINCF_SIZE_MAX);
	(void)snprintf(stage, sizeof(stage), "%s/stage-%d", t.dir, n);
	lock = maincf_lock(&t.conf, 10000, err);
	if (lock == -1)
		return -1;
	wanted = json_object_new_object();
	json_object_object_add(wanted, "smtpd_tls_loglevel",
	    json_object_new_string(n % 2 ? "1" : "2"));
	if (params_read(&t.conf, &current, err) == 0 &&
	    params_plan(current, wanted, &plan, err) == 0 &&
	    fsx_mkdir(stage, 0700, err) == 0 &&
	    maincf_stage(&t.conf, &plan, stage, &before, &after, err) == 0 &&
	    sha256_hex(before.data, before.len, sha) == 0)
		rc = maincf_commit(&t.conf, after.data, after.len, sha, err);
	(void)close(lock);
	(void)fsx_wipe_tree(stage, NULL);
	param_plan_clear(&plan);
	json_object_put(current);
	json_object_put(wanted);
	buf_clear(&before);
	buf_clear(&after);
	return rc;
}

/* Writes race_ID_0, race_ID_1, ... and notes each that postconf accepted. */
static pid_t
postconf_loop(char id, int64_t until)
{
	char script[1200];
	pid_t pid;

	(void)snprintf(script, sizeof(script),
	    "n=0; while [ $n -lt 3 ] || [ $(date +%%s%%3N) -lt $E ]; do "
	    "postconf -c %s/conf -e race_%c_$n=$n && echo race_%c_$n "
	    ">>%s/ok-%c;"
	    " n=$((n+1)); done",
	    t.dir, id, id, t.dir, id);
	if ((pid = fork()) == 0) {
		char end[64];

		(void)snprintf(end, sizeof(end), "%ld",
		    (long)time(NULL) * 1000 + (long)(until - now_ms()));
		(void)setenv("E", end, 1);
		(void)execl("/bin/sh", "sh", "-c", script, (char *)NULL);
		_exit(127);
	}
	return pid;
}

START_TEST(nothing_is_lost)
{
	int64_t until = now_ms() + writers_ms();
	int saves = 0, failed = 0, status;
	struct err e;
	pid_t a, b;

	a = postconf_loop('a', until);
	b = postconf_loop('b', until);
	while (now_ms() < until || saves < 3)
		if (save(saves++, &e) == -1) {
			printf("save: %s\n", e.msg);
			failed++;
		}
	ck_assert_int_eq(waitpid(a, &status, 0), a);
	ck_assert_int_eq(waitpid(b, &status, 0), b);
	ck_assert_int_eq(failed, 0);
	ck_assert_int_gt(saves, 2);
	ck_assert_int_eq(
	    instance_sh(&t,
		"touch $D/ok-a $D/ok-b; "
		"lost=0; for n in $(cat $D/ok-a $D/ok-b); do "
		"grep -q \"^$n = \" $D/conf/main.cf || lost=$((lost+1)); done; "
		"echo \"writers: %d saves, $(cat $D/ok-a $D/ok-b | wc -l) "
		"edits by "
		"postconf -e, $lost lost\"; "
		"test $lost = 0 && test $(cat $D/ok-a $D/ok-b | wc -l) -gt 2",
		saves),
	    0);
}
END_TEST

/* The lock is the one that postconf -e waits for. */
START_TEST(postconf_waits)
{
	struct err e;
	int lock, again;
	pid_t pid;

	lock = maincf_lock(&t.conf, 1000, &e);
	ck_assert_int_ge(lock, 0);
	if ((pid = fork()) == 0) {
		/* flock() belongs to the open file: ours goes with the fd. */
		(void)close(lock);
		_exit(
		    instance_sh(&t, "postconf -c $D/conf -e waited=yes") != 0);
	}
	(void)poll(NULL, 0, 500);
	ck_assert_int_ne(instance_sh(&t, "grep -q ^waited $D/conf/main.cf"), 0);
	/* A second administrator is told, not kept for ever. */
	again = maincf_lock(&t.conf, 100, &e);
	ck_assert_int_eq(again, -1);
	ck_assert_int_eq(e.code, ERR_APPLY_BUSY);
	(void)close(lock);
	ck_assert_int_eq(waitpid(pid, &again, 0), pid);
	ck_assert_int_eq(again, 0);
	ck_assert_int_eq(instance_sh(&t, "grep -q ^waited $D/conf/main.cf"), 0);
}
END_TEST

/* While we wait, postconf renames main.cf.tmp away: the lock that we then
 * hold is on main.cf itself, and must not count. */
START_TEST(name_moves_away)
{
	char tmp[400], real[400];
	struct stat by_fd, by_name;
	struct err e;
	int fd, lock, status;
	pid_t pid;

	(void)snprintf(tmp, sizeof(tmp), "%s/conf/main.cf.tmp", t.dir);
	(void)snprintf(real, sizeof(real), "%s/conf/elsewhere", t.dir);
	fd = open(tmp, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	if ((pid = fork()) == 0) {
		(void)poll(NULL, 0, 300);
		(void)rename(tmp, real);
		_exit(0);
	}
	(void)close(fd);
	lock = maincf_lock(&t.conf, 5000, &e);
	ck_assert_int_ge(lock, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (lock >= 0 && stat(tmp, &by_name) == -1) {
		/* We were first and had it before the rename. */
		(void)close(lock);
		lock = maincf_lock(&t.conf, 5000, &e);
		ck_assert_int_ge(lock, 0);
	}
	ck_assert_int_eq(fstat(lock, &by_fd), 0);
	ck_assert_int_eq(stat(tmp, &by_name), 0);
	ck_assert_uint_eq(by_fd.st_ino, by_name.st_ino);
	(void)close(lock);
	(void)unlink(real);
}
END_TEST

/* What a lock leaves behind must not get into postconf's way. */
START_TEST(postconf_after_us)
{
	struct err e;
	int lock, i;

	for (i = 0; i < 3; i++) {
		lock = maincf_lock(&t.conf, 1000, &e);
		ck_assert_int_ge(lock, 0);
		(void)close(lock);
		ck_assert_int_eq(
		    instance_sh(&t,
			"postconf -c $D/conf -e after_%d=yes && "
			"grep -q '^after_%d = yes' $D/conf/main.cf && "
			"grep -q ^queue_directory $D/conf/main.cf && "
			"test $(stat -c %%a $D/conf/main.cf) = 644",
			i, i),
		    0);
	}
}
END_TEST

static void
serves(const struct conf *conf, const char *what)
{
	struct json_object *o = NULL;
	struct probe_want w = {.starttls = true};
	struct postfix_info info;
	struct err e = {0};

	ck_assert_int_eq(postfix_info_read(conf, NULL, &info, &e), 0);
	ck_assert_msg(info.kind == POSTFIX_OK, "%s: %s", what, info.detail);
	ck_assert_msg(
	    service_restart(conf, &info, &e) == 0, "%s: %s", what, e.msg);
	ck_assert_msg(
	    service_restart(conf, &info, &e) == 0, "%s: %s", what, e.msg);
	w.door.host = info.probe_host;
	w.door.port = info.probe_port;
	ck_assert_msg(prove(&w, &o, &e) == 0, "%s: %s", what, e.msg);
	json_object_put(o);
	ck_assert_msg(
	    service_reload(conf, &info, &e) == 0, "%s: %s", what, e.msg);
	ck_assert_msg(prove(&w, &o, &e) == 0, "%s: %s", what, e.msg);
	json_object_put(o);
	ck_assert_int_eq(instance_sh(&t, "pfi_stop $D"), 0);
	ck_assert(!postfix_running(&info));
}

/* smtpd in a chroot: the chain file lies outside, 0600 in a 0700 directory. */
START_TEST(chrooted)
{
	ck_assert_int_eq(
	    instance_sh(&t,
		"mkdir -m 700 $D/secret; cd $D && openssl req -x509 -newkey ec "
		"-pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k -out c "
		"-days 9 "
		"-subj /CN=x 2>/dev/null && cat k c >secret/inbound.pem && "
		"chmod 600 secret/inbound.pem && pfi_conf $D "
		"smtpd_tls_security_level=may "
		"smtpd_tls_chain_files=$D/secret/inbound.pem && sed -i "
		"'1s/ n - n - - smtpd/ n - y - - smtpd/' $D/conf/master.cf && "
		"pfi_cool $D && grep -q ' n - y - - smtpd' $D/conf/master.cf"),
	    0);
	serves(&t.conf, "chroot");
	ck_assert_int_eq(instance_sh(&t, "sed -i '1s/ n - y - - smtpd/ n - n - "
					 "- smtpd/' $D/conf/master.cf; "
					 "pfi_cool $D"),
	    0);
	serves(&t.conf, "no chroot");
}
END_TEST

/* config_directory as a symlink, and with a trailing slash. */
START_TEST(unusual_paths)
{
	static const char *const names[] = {
	    "linked", "conf/", "conf/../conf", "a=b,c", "very/deep/./conf"};
	struct conf conf = t.conf;
	size_t i;

	ck_assert_int_eq(instance_sh(&t, "ln -s conf $D/linked; ln -s conf "
					 "\"$D/a=b,c\"; mkdir -p $D/very/deep;"
					 " ln -s ../../conf $D/very/deep/conf"),
	    0);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(conf.config_directory,
		    sizeof(conf.config_directory), "%s/%s", t.dir, names[i]);
		serves(&conf, names[i]);
	}
}
END_TEST

/* Two instances under a third's postmulti: ours is restarted alone. */
START_TEST(multi_instance)
{
	struct postfix_info a, b;
	struct instance other;
	struct err e;
	char cmd[300];

	ck_assert_int_eq(instance_make(&other, "second"), 0);
	(void)snprintf(cmd, sizeof(cmd), "%s/conf", other.dir);
	ck_assert_int_eq(
	    instance_sh(&t,
		"pfi_conf $D multi_instance_directories=%s "
		"multi_instance_enable=yes multi_instance_name=- "
		"'multi_instance_wrapper=${command_directory}/postmulti -p --'",
		cmd),
	    0);
	ck_assert_int_eq(instance_sh(&other,
			     "pfi_conf $D multi_instance_name=postfix-second "
			     "multi_instance_enable=yes"),
	    0);
	ck_assert_int_eq(postfix_info_read(&t.conf, NULL, &a, &e), 0);
	ck_assert_int_eq(postfix_info_read(&other.conf, NULL, &b, &e), 0);
	ck_assert_int_eq(service_start(&t.conf, &a, &e), 0);
	ck_assert(postfix_running(&a));
	ck_assert_msg(!postfix_running(&b), "the other one was started too");
	ck_assert_int_eq(service_start(&other.conf, &b, &e), 0);
	ck_assert(postfix_running(&b));
	ck_assert_int_eq(service_restart(&t.conf, &a, &e), 0);
	ck_assert(postfix_running(&a) && postfix_running(&b));
	ck_assert_int_eq(instance_sh(&t, "pfi_stop $D"), 0);
	ck_assert(!postfix_running(&a));
	ck_assert_msg(postfix_running(&b), "the other one was stopped too");
	ck_assert_int_eq(instance_sh(&other, "pfi_stop $D"), 0);
	/* The secondary one, which its own main.cf may have disabled. */
	ck_assert_int_eq(
	    instance_sh(&other, "pfi_conf $D multi_instance_enable=no"), 0);
	ck_assert_msg(service_start(&other.conf, &b, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(instance_sh(&other, "pfi_stop $D"), 0);
	instance_remove(&other, 0);
}
END_TEST

int
main(void)
{
	TCase *c = tcase_create("writers");
	int failed;

	if (instance_skip("test_writers"))
		return 0;
	if (instance_make(&t, "writers") == -1) {
		fprintf(stderr, "test_writers: no instance\n");
		return 1;
	}
	tcase_set_timeout(c, 60 + 2 * writers_ms() / 1000);
	tcase_add_test(c, nothing_is_lost);
	tcase_add_test(c, postconf_waits);
	tcase_add_test(c, name_moves_away);
	tcase_add_test(c, postconf_after_us);
	tcase_add_test(c, chrooted);
	tcase_add_test(c, unusual_paths);
	tcase_add_test(c, multi_instance);
	failed = suite_run("writers", c);
	instance_remove(&t, failed);
	return failed != 0;
}
