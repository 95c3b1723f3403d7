/*
 * test_audit_chain.c - the audit log as evidence: what was changed, put in or
 * taken out shows, a rotation loses nothing, and who repeats himself does not
 * push out of sight what others did.
 */
#include <sys/file.h>
#include <sys/wait.h>
#include <fcntl.h>

#include "rig.h"

static const struct actor admin = {"admin", "192.0.2.1", "web"};
static const struct actor viewer = {"viewer", "192.0.2.7", "web"};
static time_t shift;

/* In the place of libc's: minutes pass at once. */
time_t
time(time_t *ret)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (ret != NULL)
		*ret = now.tv_sec + shift;
	return now.tv_sec + shift;
}

static void
fresh_log(void)
{
	ck_assert_int_eq(rig_sh("rm -rf $R/state/audit.*"), 0);
	shift = 0;
}

static void
line(const char *event, const char *detail)
{
	struct err err;

	ck_assert_msg(audit_add(&rig_conf, &admin, event_named(event), "ok",
			  detail, &err) == 0,
	    "%s", err.msg);
}

static struct json_object *
verify(void)
{
	struct json_object *o = NULL;
	struct err err;

	ck_assert_msg(
	    audit_verify(&rig_conf, &o, &err) == 0, "%s", err.msg);
	return o;
}

static void
holds(int64_t last)
{
	struct json_object *o = verify();

	ck_assert_msg(jsonx_path_bool(o, "holds"), "%s",
	    json_object_to_json_string(o));
	ck_assert_int_eq(jsonx_path_int(o, "last"), last);
	json_object_put(o);
}

static int
count(const char *pattern)
{
	char path[256];
	int n = -1;
	FILE *in;

	ck_assert_int_eq(rig_sh("cat $R/state/audit.log* 2>/dev/null | "
				"grep -c -- '%s' >$R/count; true",
			     pattern),
	    0);
	snprintf(path, sizeof(path), "%s/count", rig_root);
	in = fopen(path, "r");
	ck_assert_ptr_nonnull(in);
	ck_assert_int_eq(fscanf(in, "%d", &n), 1);
	fclose(in);
	return n;
}

static struct json_object *
watched(void)
{
	struct json_object *o = audit_state(&rig_conf);

	ck_assert(jsonx_path_bool(o, "writable"));
	return o;
}

/* Old lines have no hash; the chain begins behind them. */
START_TEST(over_rotations)
{
	struct json_object *o;
	int i;

	fresh_log();
	holds(0);
	ck_assert_int_eq(
	    rig_sh("printf '{\"at\":\"x\",\"user\":\"old\"}\\n%%.0s' 1 2 3 "
		   ">$R/state/audit.log"),
	    0);
	for (i = 1; i <= 40; i++) {
		line("login", "one");
		if (i % 9 == 0)
			rig_rotate();
		holds(i);
	}
	o = verify();
	ck_assert_int_eq(jsonx_path_int(o, "old"), 3);
	ck_assert_int_eq(jsonx_path_int(o, "first"), 1);
	ck_assert_int_eq(jsonx_path_int(o, "files"), 5);
	json_object_put(o);
	/* What went with the oldest file is no fault, and is told. */
	ck_assert_int_eq(rig_sh("rm $R/state/audit.log.4"), 0);
	o = verify();
	ck_assert(jsonx_path_bool(o, "holds"));
	ck_assert_int_eq(jsonx_path_int(o, "first"), 10);
	json_object_put(o);
}
END_TEST

/* A hand in the log: what it does, and where that shows. */
static const struct {
	const char *hand, *fault;
	int64_t line;
} hands[] = {
    {"sed -i '4s/number 3/number 8/' audit.log", "changed", 4},
    {"sed -i '4s/admin/nobody/' audit.log", "changed", 4},
    {"sed -i 4d audit.log", "missing", 4},
    {"sed -i '4{h;d};5{G}' audit.log", "missing", 4},
    {"sed -i '4i{\"at\":\"x\",\"user\":\"admin\",\"event\":\"login\"}' "
     "audit.log",
	"unchained", 4},
    {"sed -i '4{p}' audit.log", "missing", 5},
    {"sed -i '4s/,\"seq.*/}/' audit.log", "unchained", 4},
    {"sed -i '9,$d' audit.log", "end", 0},
    {": >audit.log", "end", 0},
    {"rm audit.log", "end", 0},
    {"sed -i 2d audit.log.1", "missing", 2},
    {"sed -i 1,3d audit.log", "missing", 1},
    {"mv audit.log.1 elsewhere", NULL, 0},
};

START_TEST(a_hand_in_it)
{
	struct json_object *o, *f;
	char detail[32];
	int i;

	fresh_log();
	for (i = 0; i < 5; i++)
		line("login", "former");
	rig_rotate();
	for (i = 0; i < 10; i++) {
		snprintf(detail, sizeof(detail), "number %d", i);
		line("login", detail);
	}
	holds(15);
	o = watched();
	ck_assert(jsonx_path_bool(o, "chain.holds"));
	json_object_put(o);
	ck_assert_int_eq(rig_sh("cd $R/state && %s", hands[_i].hand), 0);
	o = verify();
	ck_assert_int_eq(jsonx_path_bool(o, "holds"), hands[_i].fault == NULL);
	if (hands[_i].fault != NULL) {
		f = json_object_array_get_idx(jsonx_path(o, "faults"), 0);
		ck_assert_str_eq(
		    jsonx_path_str(f, "fault", ""), hands[_i].fault);
		ck_assert_int_eq(jsonx_path_int(f, "line"), hands[_i].line);
	}
	json_object_put(o);
	/* Whoever watches is told as soon as he asks. */
	o = watched();
	ck_assert_int_eq(
	    jsonx_path_bool(o, "chain.holds"), hands[_i].fault == NULL);
	ck_assert_str_eq(jsonx_path_str(o, "chain.fault", "-"),
	    hands[_i].fault == NULL ? "-" : hands[_i].fault);
	ck_assert_int_eq(jsonx_path_int(o, "chain.line"), hands[_i].line);
	ck_assert(!audit_look_due(&rig_conf));
	json_object_put(o);
	/* Further lines do not heal it. */
	line("login", "later");
	o = verify();
	ck_assert_int_eq(jsonx_path_bool(o, "holds"), hands[_i].fault == NULL);
	json_object_put(o);
}
END_TEST

/* The line stands, the head does not yet say so; or a line was torn. */
static const char *const crashes[] = {
    "cp audit.head.before audit.head",
    "cp audit.head.before audit.head && mv audit.log audit.log.1",
    "rm audit.head",
    "rm audit.head && mv audit.log audit.log.1",
    ": >audit.head",
    "head -c 4000 /dev/urandom >audit.head",
    "printf '{\"at\":\"20' >>audit.log",
    "printf '\\n\\n' >>audit.log",
    "cp audit.head.before audit.head && truncate -s -1 audit.log",
    "rm audit.head && truncate -s -1 audit.log && mv audit.log audit.log.1",
};

START_TEST(crashed)
{
	fresh_log();
	line("login", "one");
	ck_assert_int_eq(
	    rig_sh("cd $R/state && cp audit.head audit.head.before"), 0);
	line("login", "two");
	line("login", "three");
	ck_assert_int_eq(rig_sh("cd $R/state && %s", crashes[_i]), 0);
	line("login", "four");
	line("login", "five");
	holds(5);
}
END_TEST

START_TEST(rotated_while_written)
{
	int status;

	fresh_log();
	for (int k = 0; k < 3; k++) {
		if (fork() == 0) {
			for (int i = 0; i < 100; i++)
				line("login", "one of many");
			_exit(0);
		}
	}
	for (int k = 0; k < 8; k++)
		rig_rotate();
	while (wait(&status) > 0)
		ck_assert_int_eq(status, 0);
	holds(300);
}
END_TEST

static int
claim(const struct actor *who, const char *event, const char *outcome,
    const char *detail)
{
	struct err err;

	err_clear(&err);
	return audit_claim(&rig_conf, who, event_named(event), outcome, detail,
		   &err) == 0
		   ? 0
		   : (int)err.code;
}

/* An hour of a viewer at his worst: what he does is in it, and how often; what
 * others do, as well. */
START_TEST(repeats)
{
	char path[64];
	int i;

	fresh_log();
	for (i = 0; i < 3000; i++) {
		snprintf(path, sizeof(path), "auth.forbidden; GET /%d", i);
		ck_assert_int_eq(claim(&viewer, "access", "refused", path), 0);
		if (i == 1500)
			ck_assert_int_eq(
			    claim(&admin, "token.add", "ok", "7 robot"), 0);
		if (i % 50 == 49)
			shift += 60;
	}
	ck_assert_int_le(count("\"viewer\""), 20 + 60);
	ck_assert_int_ge(count("\"viewer\""), 60);
	ck_assert_int_eq(count("token.add"), 1);
	ck_assert_int_ge(count("\"repeats\":50,"), 50);
	ck_assert_int_eq(count("\"claimed\":true"),
	    count("\"viewer\"") + count("token.add"));
	/* What was held back is said without another one. */
	i = count("\"viewer\"");
	shift += 60;
	audit_flush(&rig_conf);
	ck_assert_int_eq(count("\"viewer\""), i + 1);
	audit_flush(&rig_conf);
	ck_assert_int_eq(count("\"viewer\""), i + 1);
	/* All are told of: lines that stand for themselves, and the sums. */
	ck_assert_int_eq(
	    rig_sh("grep -h viewer $R/state/audit.log | sed "
		   "'s/.*\"repeats\":\\([0-9]*\\).*/\\1/;t;s/.*/1/' | "
		   "awk '{ n += $1 } END { exit n != 3000 }'"),
	    0);
}
END_TEST

/* Different ones are each written; what is done is never left out. */
START_TEST(not_repeats)
{
	char detail[64];
	int i;

	fresh_log();
	for (i = 0; i < 200; i++) {
		snprintf(detail, sizeof(detail), "user%d viewer", i);
		ck_assert_int_eq(claim(&admin, "user.add", "ok", detail), 0);
	}
	ck_assert_int_eq(count("user.add"), 200);
}
END_TEST

/* A log-in is counted, and a change has its line each time. */
START_TEST(the_same_change)
{
	int i;

	fresh_log();
	for (i = 0; i < 50; i++) {
		ck_assert_int_eq(claim(&admin, "login", "ok", NULL), 0);
		ck_assert_int_eq(claim(&admin, "user.role", "ok", "eve"), 0);
	}
	ck_assert_int_eq(count("\"login\""), 20);
	ck_assert_int_eq(count("user.role"), 50);
	/* ... also when there is no room on the disk. */
	ck_assert_int_eq(rig_sh("cd $R/state && mv audit.log away && "
				"mkdir audit.log"),
	    0);
	ck_assert_int_eq(claim(&admin, "user.role", "ok", "eve"), ERR_AUDIT);
	ck_assert_int_eq(
	    rig_sh("cd $R/state && rmdir audit.log && mv away audit.log"), 0);
	/* Who does so all the time stands in nobody else's way. */
	for (i = 0; i < 1000; i++)
		(void)claim(&admin, "user.role", "ok", "eve");
	ck_assert_int_eq(
	    claim(&admin, "user.role", "ok", "eve"), ERR_AUDIT_THROTTLED);
	ck_assert_int_eq(claim(&viewer, "user.passwd", "ok", NULL), 0);
	holds(count("\"seq\""));
}
END_TEST

/* The daemon itself writes them, and must not keep others waiting. */
START_TEST(flushed_in_parts)
{
	struct actor who = viewer;
	char path[1024];
	int i, j, fd, calls = 0;

	fresh_log();
	for (i = 0; i < 12; i++) {
		snprintf(who.user, sizeof(who.user), "n%d", i);
		for (j = 0; j < 22; j++)
			ck_assert_int_eq(
			    claim(&who, "access", "refused", "x"), 0);
	}
	ck_assert(!audit_flush(&rig_conf));
	ck_assert_int_eq(count("\"repeats\""), 0);
	shift += 60;
	snprintf(path, sizeof(path), "%s/audit.repeats",
	    rig_conf.state_directory);
	fd = open(path, O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	ck_assert(audit_flush(&rig_conf));
	ck_assert_int_eq(count("\"repeats\""), 0);
	close(fd);
	while (audit_flush(&rig_conf)) {
		calls++;
		ck_assert_int_eq(count("\"repeats\":2,"), 8 * calls);
	}
	ck_assert_int_eq(calls, 1);
	ck_assert_int_eq(count("\"repeats\":2,"), 12);
	ck_assert(!audit_flush(&rig_conf));
	ck_assert_int_eq(count("\"repeats\":2,"), 12);
}
END_TEST

/* Strangers, or a web process that was taken over, with another name each
 * time. */
START_TEST(of_many_names)
{
	struct actor who = viewer;
	struct json_object *o;
	int i, over = 0;

	fresh_log();
	for (i = 0; i < 5000; i++) {
		snprintf(who.user, sizeof(who.user), "n%d", i);
		ck_assert_int_eq(claim(&who, "access", "refused", "x"), 0);
	}
	ck_assert_int_le(count("\"access\""), 400);
	/* What others do has its place. */
	for (i = 0; i < 200; i++) {
		snprintf(who.user, sizeof(who.user), "m%d", i);
		ck_assert_int_eq(claim(&who, "user.add", "ok", "x"), 0);
	}
	for (i = 200; i < 500; i++) {
		snprintf(who.user, sizeof(who.user), "m%d", i);
		over += claim(&who, "user.add", "ok", "x") ==
			ERR_AUDIT_THROTTLED;
	}
	ck_assert_int_ge(over, 100);
	o = watched();
	ck_assert(jsonx_path_bool(o, "throttled"));
	ck_assert_int_ge(jsonx_path_int(o, "collapsed"), 4000);
	json_object_put(o);
	ck_assert_int_eq(claim(&admin, "login", "ok", NULL), 0);
	shift += 60;
	audit_flush(&rig_conf);
	ck_assert_int_eq(count("\"others\""), 1);
	ck_assert_int_eq(claim(&who, "user.add", "ok", "y"), 0);
	o = watched();
	ck_assert(!jsonx_path_bool(o, "throttled"));
	json_object_put(o);
}
END_TEST

static const char *const obstacles[] = {"mkdir audit.log", "mkdir audit.head",
    "ln -s /nowhere audit.log", "ln -s audit.head audit.head"};

START_TEST(unwritable)
{
	struct err err;

	fresh_log();
	ck_assert_int_eq(audit_check(&rig_conf, &err), 0);
	ck_assert_int_eq(
	    rig_sh("cd $R/state && rm -rf audit.* && %s", obstacles[_i]), 0);
	err_clear(&err);
	ck_assert_int_eq(audit_check(&rig_conf, &err), -1);
	ck_assert_int_eq(err.code, ERR_AUDIT);
	err_clear(&err);
	ck_assert_int_eq(
	    audit_add(&rig_conf, &admin, EVENT_LOGIN, "ok", NULL, &err), -1);
	ck_assert_int_eq(err.code, ERR_AUDIT);
	ck_assert_int_eq(claim(&admin, "user.add", "ok", "x"), ERR_AUDIT);
	fresh_log();
	ck_assert_int_eq(audit_check(&rig_conf, &err), 0);
	line("login", "again");
	holds(1);
}
END_TEST

/* A long one is left to postseald itself, and what it saw is kept. */
START_TEST(a_long_log)
{
	struct json_object *o;

	fresh_log();
	line("login", "one");
	o = watched();
	ck_assert(jsonx_path_bool(o, "chain.holds"));
	json_object_put(o);
	ck_assert_int_eq(rig_sh("cd $R/state && sed -i 's/one/two/' audit.log "
				"&& yes | head -c 1100000 >>audit.log"),
	    0);
	o = watched();
	ck_assert(jsonx_path_bool(o, "chain.holds"));
	json_object_put(o);
	shift += 600; /* however long the last look took */
	ck_assert(audit_look_due(&rig_conf));
	audit_look(&rig_conf);
	ck_assert(!audit_look_due(&rig_conf));
	o = watched();
	ck_assert(!jsonx_path_bool(o, "chain.holds"));
	ck_assert_str_eq(jsonx_path_str(o, "chain.fault", ""), "changed");
	json_object_put(o);
	/* What is kept may be anything. */
	ck_assert_int_eq(rig_sh("echo x >$R/state/audit.verified"), 0);
	o = watched();
	ck_assert_ptr_null(jsonx_path(o, "chain.holds"));
	json_object_put(o);
}
END_TEST

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

static void
add(TCase *tc)
{
	tcase_add_test(tc, over_rotations);
	tcase_add_loop_test(tc, a_hand_in_it, 0, COUNT(hands));
	tcase_add_loop_test(tc, crashed, 0, COUNT(crashes));
	tcase_add_test(tc, rotated_while_written);
	tcase_add_test(tc, repeats);
	tcase_add_test(tc, not_repeats);
	tcase_add_test(tc, the_same_change);
	tcase_add_test(tc, flushed_in_parts);
	tcase_add_test(tc, of_many_names);
	tcase_add_test(tc, a_long_log);
	tcase_add_loop_test(tc, unwritable, 0, COUNT(obstacles));
}

int
main(void)
{
	return rig_run("audit_chain", add, 60, RIG_FILES);
}
