/*
 * auth.pam: what a helper says becomes data, and the gate that no web process
 * gets around.  A script plays postseal-pam; the real one is asked by
 * tests/func/95-pam.t.
 */
#include "talk.h"

#define T0 1800000000

/* The password says what the script answers; "argv" shows how it is called. */
static const char script[] = "#!/bin/sh\n"
			     "in=$(tr '\\0' '\\n')\n"
			     "user=${in%%\n"
			     "*}\n"
			     "case $in in\n"
			     "*\"\n"
			     "\"*) password=${in#*\n"
			     "} ;;\n"
			     "*) password=account ;;\n"
			     "esac\n"
			     "echo \"$# $*\" >\"$0.argv\"\n"
			     "case $password in\n"
			     "good) echo ok operator 19000 ;;\n"
			     "account) echo ok viewer locked19000 ;;\n"
			     "long) head -c 100000 /dev/zero | tr '\\0' a ;;\n"
			     "status) exit 3 ;;\n"
			     "crash) kill -SEGV $$ ;;\n"
			     "half) echo ok ;;\n"
			     "silent) ;;\n"
			     "*) echo $password ;;\n"
			     "esac\n";

static void
setup(void)
{
	char path[CONF_STR_MAX + 16];
	struct err err;

	snprintf(rig_conf.pam_helper, sizeof(rig_conf.pam_helper),
	    "%s/pam-helper", rig_root);
	ck_assert_int_eq(fsx_replace_fast(rig_conf.pam_helper, script,
			     strlen(script), 0700, &err),
	    0);
	snprintf(path, sizeof(path), "%s/pam-gate", rig_conf.state_directory);
	(void)unlink(path);
	strcpy(rig_conf.auth_source, "both");
	strcpy(rig_conf.pam_service, "postseal");
	strcpy(rig_conf.pam_directory, "/x y");
	strcpy(rig_conf.pam_administrators, "wheel");
	strcpy(rig_conf.pam_operators, "");
	strcpy(rig_conf.pam_viewers, "staff");
}

static const struct {
	const char *args, *code, *answer, *role, *stamp;
} cases[] = {
    {"{\"user\":\"u\",\"password\":\"good\"}", NULL, "ok", "operator", "19000"},
    {"{\"user\":\"u\"}", NULL, "ok", "viewer", "locked19000"},
    {"{\"user\":\"u\",\"password\":\"denied\"}", NULL, "denied", "", ""},
    {"{\"user\":\"u\",\"password\":\"nobody\"}", NULL, "denied", "", ""},
    {"{\"user\":\"u\",\"password\":\"expired\"}", NULL, "expired", "", ""},
    {"{\"user\":\"u\",\"password\":\"unavailable x y\"}", NULL, "unavailable",
	"", ""},
    {"{\"user\":\"u\",\"password\":\"yes\"}", "internal", "", "", ""},
    {"{\"user\":\"u\",\"password\":\"okay\"}", "internal", "", "", ""},
    {"{\"user\":\"u\",\"password\":\"half\"}", "internal", "", "", ""},
    {"{\"user\":\"u\",\"password\":\"silent\"}", "internal", "", "", ""},
    {"{\"user\":\"u\",\"password\":\"status\"}", "internal", "", "", ""},
    {"{\"user\":\"u\",\"password\":\"crash\"}", "internal", "", "", ""},
    {"{\"user\":\"u\",\"password\":\"long\"}", "internal", "", "", ""},
    {"{\"password\":\"good\"}", "field.missing", "", "", ""},
    {"{\"user\":\"\",\"password\":\"good\"}", "field.invalid", "", "", ""},
    {"{\"user\":\"-c\",\"password\":\"good\"}", "field.invalid", "", "", ""},
    {"{\"user\":\"a b\",\"password\":\"good\"}", "field.invalid", "", "", ""},
    {"{\"user\":\"a\\nb\",\"password\":\"good\"}", "field.invalid", "", "", ""},
    {"{\"user\":\"u\",\"password\":7}", "field.invalid", "", "", ""},
    {"{\"user\":\"u\",\"password\":\"a\\u0000b\"}", "frame.invalid", "", "",
	""},
    {"{\"user\":\"u\",\"service\":\"login\"}", "field.unknown", "", "", ""},
};

START_TEST(answers)
{
	struct answer a;
	int rc;

	setup();
	rc = talk("auth.pam", args_new(cases[_i].args), &a);
	if (cases[_i].code != NULL) {
		ck_assert_int_eq(rc, -1);
		ck_assert_str_eq(talk_code(&a), cases[_i].code);
	} else {
		ck_assert_msg(rc == 0, "%s", a.all + 4);
		ck_assert_str_eq(jsonx_path_str(a.last, "data.answer", "-"),
		    cases[_i].answer);
		ck_assert_str_eq(
		    jsonx_path_str(a.last, "data.role", ""), cases[_i].role);
		ck_assert_str_eq(
		    jsonx_path_str(a.last, "data.stamp", ""), cases[_i].stamp);
	}
	talk_done(&a);
}
END_TEST

/* The password is never in argv; groups, place and service are. */
START_TEST(arguments)
{
	struct answer a;
	struct buf b;
	char path[600];

	setup();
	snprintf(path, sizeof(path), "%s.argv", rig_conf.pam_helper);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(
		    talk("auth.pam",
			args_new(i == 0 ? "{\"user\":\"u\",\"password\":"
					  "\"good\"}"
					: "{\"user\":\"u\"}"),
			&a),
		    0);
		talk_done(&a);
		b = rig_read(path);
		ck_assert_str_eq(b.data,
		    i == 0 ? "12 -d /x y -f 192.0.2.1 -a wheel -o  -v staff "
			     "-- postseal\n"
			   : "13 -c -d /x y -f 192.0.2.1 -a wheel -o  -v staff "
			     "-- postseal\n");
		buf_clear(&b);
	}
	strcpy(rig_conf.auth_source, "local");
	ck_assert_int_eq(
	    talk("auth.pam", args_new("{\"user\":\"u\"}"), &a), -1);
	ck_assert_str_eq(talk_code(&a), "op.denied");
	talk_done(&a);
}
END_TEST

static int
enter(const char *user, int64_t now)
{
	struct err err;
	int wait = -1;

	ck_assert_msg(pam_gate_enter(&rig_conf, user, now, &wait, &err) == 0,
	    "%s", err.msg);
	return wait;
}

/* Sixty, then 1, 2, 4, .. 15 s; a quarter of an hour later all is new. */
START_TEST(gate_waits)
{
	int64_t now = T0;
	int last = 0, guesses = 0;

	setup();
	for (int i = 0; i < 60; i++)
		ck_assert_int_eq(enter("u", now), 0);
	for (int want = 1; want < 30; want *= 2) {
		last = enter("u", now);
		ck_assert_int_eq(last, want < 15 ? want : 15);
		ck_assert_int_eq(enter("u", now + last - 1), 1);
		now += last;
		ck_assert_int_eq(enter("u", now), 0);
	}
	ck_assert_int_eq(enter("v", now), 0);
	ck_assert_int_eq(enter("u", now - 4000), 0); /* the clock went back */
	/* A day of guessing. */
	for (now = T0 + 5000; now < T0 + 5000 + 86400; now++)
		guesses += enter("u", now) == 0;
	ck_assert_int_lt(guesses, 86400 / 15 + 60);
	ck_assert_int_eq(enter("u", now + 900), 0);
	ck_assert_int_eq(enter("u", now + 900), 0);
}
END_TEST

/* Neither questions about the account, nor names that nobody has, nor a host
 * that cannot tell open the gate; the right password does. */
START_TEST(gate_has_no_way_round)
{
	static const char *const other[] = {"{\"user\":\"u\"}",
	    "{\"user\":\"u\",\"password\":\"nobody\"}",
	    "{\"user\":\"u\",\"password\":\"unavailable\"}"};
	struct answer a;
	char name[32];
	int n = 0;

	setup();
	for (int i = 0; i < 59; i++)
		ck_assert_int_eq(enter("u", (int64_t)time(NULL)), 0);
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		ck_assert_int_eq(talk("auth.pam", args_new(other[i]), &a), 0);
		talk_done(&a);
	}
	/* Fewer at a time than there are slots: none is pushed out. */
	for (int i = 0; i < CHILDREN_MAX; i++) {
		snprintf(name, sizeof(name), "name%d", i);
		ck_assert_int_eq(enter(name, (int64_t)time(NULL)), 0);
	}
	ck_assert_int_eq(enter("u", (int64_t)time(NULL)), 0);
	while (talk("auth.pam",
		   args_new("{\"user\":\"u\",\"password\":\"denied\"}"),
		   &a) == 0 &&
	       n++ < 3)
		talk_done(&a);
	ck_assert_str_eq(talk_code(&a), "auth.throttled");
	ck_assert_int_lt(n, 3);
	talk_done(&a);
	ck_assert_int_eq(pam_gate_leave(&rig_conf, "u", true, NULL), 0);
	ck_assert_int_eq(
	    talk("auth.pam", args_new("{\"user\":\"u\",\"password\":\"good\"}"),
		&a),
	    0);
	talk_done(&a);
}
END_TEST

/* Many at once: each is counted before PAM is asked. */
START_TEST(gate_at_once)
{
	pid_t pid[90];
	int status, in = 0, n = (int)(sizeof(pid) / sizeof(pid[0]));

	setup();
	for (int i = 0; i < n; i++) {
		if ((pid[i] = fork()) == 0)
			_exit(enter("u", T0));
	}
	for (int i = 0; i < n; i++) {
		ck_assert_int_eq(waitpid(pid[i], &status, 0), pid[i]);
		in += WIFEXITED(status) && WEXITSTATUS(status) == 0;
	}
	ck_assert_int_eq(in, 60);
}
END_TEST

/* A file that is no table is an empty one; one that cannot be is an error,
 * not an open gate. */
START_TEST(gate_damaged)
{
	char path[CONF_STR_MAX + 16];
	struct err err;
	int wait = 0;

	setup();
	snprintf(path, sizeof(path), "%s/pam-gate", rig_conf.state_directory);
	fsx_replace_fast(path, "garbage", 7, 0600, &err);
	ck_assert_int_eq(enter("u", T0), 0);
	for (int i = 0; i < 59; i++)
		enter("u", T0);
	ck_assert_int_eq(enter("u", T0), 1);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink("/etc/passwd", path), 0);
	ck_assert_int_eq(pam_gate_enter(&rig_conf, "u", T0, &wait, &err), -1);
	ck_assert_int_eq(err.code, ERR_IO);
	ck_assert_int_eq(unlink(path), 0);
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_loop_test(
	    tc, answers, 0, (int)(sizeof(cases) / sizeof(cases[0])));
	tcase_add_test(tc, arguments);
	tcase_add_test(tc, gate_waits);
	tcase_add_test(tc, gate_has_no_way_round);
	tcase_add_test(tc, gate_at_once);
	tcase_add_test(tc, gate_damaged);
}

int
main(void)
{
	return rig_run("auth", add, 60, RIG_FILES);
}
