/*
 * test_hangs.c - a Save whose Nth call of a program of Postfix never ends,
 * for each program and N, and one where it never ends from then on: the Save
 * ends in its time, with the old state or the new one, and nothing of what
 * hung is left running.
 *
 * The programs are run through a script that counts its calls and, where
 * $R/hang says so, waits in a child of its own: the whole group must be
 * killed.  Every third call, unless POSTSEAL_FAULTS is set.
 */
#include "rig.h"

#define SAVE_MS	 6000
#define SLACK_MS 2000

static const char *const program[] = {"postconf", "postmap", "postfix"};

static const char wrapper[] =
    "#!/bin/sh\n"
    "r=${0%/bin/*} p=${0##*/}\n"
    "n=$(($(cat $r/calls-$p 2>/dev/null || echo 0) + 1))\n"
    "echo $n >$r/calls-$p\n"
    "if read -r name first last 2>/dev/null <$r/hang &&\n"
    "    [ \"$name\" = $p ] && [ $n -ge $first ] && [ $n -le $last ]; then\n"
    "	sleep 600 &\n"
    "	echo $! >>$r/hung\n"
    "	wait\n"
    "fi\n"
    "exec /usr/sbin/$p \"$@\"\n";

static const struct ask ways[] = {
    {.settings = "{\"outbound\": {\"enabled\": false}, \"interface\": "
		 "{\"max_connections\": 60}}"},
    {.settings = "{\"outbound\": {\"enabled\": true}, \"interface\": "
		 "{\"max_connections\": 61}}"},
};
static int turn;

static void
put_programs(void)
{
	char name[64];
	size_t i;

	for (i = 0; i < sizeof(program) / sizeof(program[0]); i++) {
		snprintf(name, sizeof(name), "bin/%s", program[i]);
		rig_write(name, wrapper, 0755);
	}
}

static void
hang(const char *name, long first, long last)
{
	char text[128];

	snprintf(text, sizeof(text), "%s %ld %ld\n", name, first, last);
	rig_write("hang", text, 0644);
	ck_assert_int_eq(rig_sh("rm -f $R/calls-* $R/hung"), 0);
}

static void
nothing_hangs(void)
{
	ck_assert_int_eq(rig_sh("rm -f $R/hang"), 0);
}

/* What waited is gone, or will be in a moment; 1 when nothing waited. */
static int
hung_is_gone(void)
{
	return rig_sh("test -s $R/hung || exit 1; n=0; "
		      "while ps -o stat= -p \"$(tr -s '\\n' ' ' <$R/hung)\" "
		      "| grep -qv '^Z'; do "
		      "[ $((n += 1)) -lt 200 ] || exit 2; sleep 0.05; done");
}

/* The Save under its deadline; false: no call hung. */
static bool
save(const char *name, long n, struct outcome *o)
{
	int64_t start = now_ms();
	int gone;

	rig_conf.until = start + SAVE_MS;
	*o = rig_apply(&ways[turn % 2]);
	rig_conf.until = 0;
	ck_assert_msg(now_ms() - start < SAVE_MS + SLACK_MS, "%s %ld: %lld ms",
	    name, n, (long long)(now_ms() - start));
	gone = hung_is_gone();
	ck_assert_msg(gone != 2, "%s %ld: it still runs", name, n);
	nothing_hangs();
	return gone == 0;
}

static bool
says_hangs(const struct outcome *o)
{
	return o->err.code == ERR_POSTFIX_HANGS ||
	       strcmp(jsonx_path_str(o->job, "error.cause.code", ""),
		   "postfix.hangs") == 0;
}

static int hung, told, kept, became;

/* One call hangs: what was tried is told, and Postfix is whole. */
static void
judge(const char *name, long n, struct outcome *o, long was)
{
	struct err err;

	hung++;
	told += says_hangs(o);
	if (o->rc == 0) {
		became++;
		turn++;
	} else {
		kept++;
		ck_assert_msg(err_http(o->err.code) >= 500, "%s %ld: %s", name,
		    n, err_name(o->err.code));
		ck_assert_msg(apply_recover(&rig_conf, &err) == 0, "%s %ld: %s",
		    name, n, err.msg);
		if (rig_current() != was)
			turn++;
	}
	rig_assert_whole();
	rig_assert_no_stray_key();
}

START_TEST(one_call)
{
	const char *name = program[_i];
	long n, was, step = getenv("POSTSEAL_FAULTS") == NULL ? 3 : 1;
	struct outcome o;
	bool reached;

	put_programs();
	(void)rig_ensure(&rig_self_pair);
	(void)rig_ensure(&ways[turn++ % 2]);
	hung = told = kept = became = 0;
	for (n = 1;; n += name[4] == 'c' ? step : 1) {
		was = rig_current();
		hang(name, n, n);
		reached = save(name, n, &o);
		if (reached)
			judge(name, n, &o, was);
		rig_done(&o);
		if (!reached)
			break;
	}
	turn++;
	ck_assert_int_gt(hung, 0);
	ck_assert_int_gt(told, 0);
	printf("%s: %d calls hung, told %d, old state %d, new state %d\n", name,
	    hung, told, kept, became);
}
END_TEST

/* From the Nth call on none ends, those of the way back neither. */
START_TEST(for_ever)
{
	const char *name = program[_i];
	struct outcome o;
	struct err err;
	long n;

	put_programs();
	(void)rig_ensure(&rig_self_pair);
	(void)rig_ensure(&ways[turn++ % 2]);
	for (n = 1; n < 30; n = n * 2 + 1) {
		hang(name, n, 1000);
		if (!save(name, n, &o)) {
			rig_done(&o);
			turn++;
			break;
		}
		ck_assert_msg(o.rc == 0 || err_http(o.err.code) >= 500,
		    "%s %ld: %s", name, n, err_name(o.err.code));
		turn += o.rc == 0;
		rig_done(&o);
		ck_assert_msg(apply_recover(&rig_conf, &err) == 0, "%s %ld: %s",
		    name, n, err.msg);
		rig_assert_whole();
	}
	ck_assert_int_gt(n, 1);
}
END_TEST

static void
add(TCase *tc)
{
	int n = (int)(sizeof(program) / sizeof(program[0]));

	tcase_add_loop_test(tc, one_call, 0, n);
	tcase_add_loop_test(tc, for_ever, 0, n);
}

int
main(void)
{
	return rig_run("hangs", add, 600, RIG_POSTFIX);
}
