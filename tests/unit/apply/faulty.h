/*
 * faulty.h - a Save whose Nth file operation or child process fails, or
 * kills; see src/base/fault.h.  To be included first: it brings the sources
 * with the hook compiled in, so that the linker takes none of these from the
 * libraries.
 */
#ifndef TEST_FAULTY_H
#define TEST_FAULTY_H

#define POSTSEAL_FAULT 1

#include "../../../src/base/fault.c"
#define fail fsx_fail
#include "../../../src/base/fsx.c"
#undef fail
#define fail tree_fail
#include "../../../src/base/fsxtree.c"
#undef fail
#include "../../../src/base/run.c"
#include "../../../src/postfix/maincf_commit.c"

#include "rig.h"

/* One and the other; the chain stays, so both ways are alike.  Each changes
 * main.cf, master.cf and the access map. */
static const struct ask faulty_ways[] = {
    {.settings = "{\"outbound\": {\"enabled\": false}, \"interface\": "
		 "{\"max_connections\": 60}, \"access\": {\"policy\": "
		 "\"accept_except\", \"list\": [\"10.0.0.1\"]}}",
	.apply = "reload"},
    {.settings = "{\"outbound\": {\"enabled\": true}, \"interface\": "
		 "{\"max_connections\": 61}, \"access\": {\"policy\": "
		 "\"accept_except\", \"list\": [\"10.0.0.2\"]}}",
	.apply = "reload"},
};

/* Both directions on, a few generations of history. */
static inline void
faulty_prepare(void)
{
	int i;

	rig_conf.generations = 3;
	unsetenv("POSTSEAL_FAULT_COUNT");
	(void)rig_ensure(&rig_self_pair);
	for (i = 0; i < 4; i++)
		(void)rig_ensure(&faulty_ways[i % 2]);
}

/* The way that changes something now. */
static inline const struct ask *
faulty_next(void)
{
	struct settings s = rig_settings();
	struct err err;
	bool outbound;

	ck_assert_int_eq(
	    generation_settings(&rig_conf, rig_current(), &s, &err), 0);
	outbound = s.outbound_enabled;
	settings_clear(&s);
	return &faulty_ways[outbound ? 0 : 1];
}

struct faulty_result {
	bool reached; /* there was an Nth operation */
	bool killed;
	bool near; /* Postfix had been asked to do something before it */
	bool over; /* the journal was closed before it */
	int rc;
	enum err_code code;
	char op[256]; /* what the Nth was */
};

static inline void
faulty_report(int fd, const struct outcome *o)
{
	int text[2] = {o->rc, o->rc == 0 ? 0 : (int)o->err.code};

	if (write(fd, text, sizeof(text)) != (ssize_t)sizeof(text))
		_exit(3);
}

/* Quick look where nothing had come near Postfix. */
static inline void
faulty_assert_untouched(const char *op)
{
	struct journal j;

	ck_assert_msg(rig_count("pf/conf", "") == 2, "%s", op);
	ck_assert_msg(rig_count("state", "scratch") == 0, "%s", op);
	ck_assert_msg(rig_count("state", ".tmp-") == 0, "%s", op);
	ck_assert_int_eq(journal_read(&rig_conf, &j, NULL), 0);
	ck_assert_msg(!j.pending, "%s", op);
}

/* The operation with this number, from the trace. */
static inline void
faulty_find(long nth, struct faulty_result *r)
{
	char path[256], line[1024];
	int renames = 0;
	long n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/trace", rig_root);
	r->op[0] = '\0';
	if ((f = fopen(path, "r")) == NULL)
		return;
	while (fgets(line, sizeof(line), f) != NULL) {
		renames += strstr(line, " rename ") != NULL &&
			   strstr(line, "/state/journal\n") != NULL;
		r->over = renames >= 2;
		r->near = r->near || strstr(line, "/bin/postfix\n") != NULL;
		if (sscanf(line, "%ld %255[^\n]", &n, r->op) == 2 && n == nth) {
			r->reached = true;
			break;
		}
	}
	fclose(f);
	if (!r->reached)
		r->op[0] = '\0';
}

/* Number of the first operation that asked Postfix to do something. */
static inline long
faulty_first_near(void)
{
	char path[256], line[1024];
	long n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/trace", rig_root);
	ck_assert_ptr_nonnull(f = fopen(path, "r"));
	while (fgets(line, sizeof(line), f) != NULL) {
		if (strstr(line, "/bin/postfix\n") != NULL) {
			n = strtol(line, NULL, 10);
			break;
		}
	}
	fclose(f);
	ck_assert_int_gt(n, 0);
	return n;
}

static inline void
faulty_setenv(const char *name, long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", value);
	ck_assert_int_eq(setenv(name, text, 1), 0);
}

/* Worth asking Postfix? */
static inline bool
faulty_is_close(const struct faulty_result *r, long n)
{
	return (r->near && !r->over) || n % 16 == 0;
}

/* How many operations to leave out after this one. */
static inline long
faulty_skip(const struct faulty_result *r, bool all)
{
	return all || (r->near && !r->over) ? 0 : 4;
}

/* One Save in a child of its own, with the fault in its environment. */
static inline struct faulty_result
faulty_apply(const struct ask *ask, long nth, int e, bool deadly, bool late)
{
	struct faulty_result r = {0};
	char count[256], trace_to[256];
	struct outcome o;
	int fd[2], status, text[2];
	pid_t pid;

	snprintf(count, sizeof(count), "%s/count", rig_root);
	snprintf(trace_to, sizeof(trace_to), "%s/trace", rig_root);
	(void)unlink(count);
	(void)unlink(trace_to);
	ck_assert_int_eq(pipe(fd), 0);
	ck_assert_int_ne(pid = fork(), -1);
	if (pid == 0) {
		close(fd[0]);
		faulty_setenv("POSTSEAL_FAULT_NTH", nth);
		faulty_setenv("POSTSEAL_FAULT_ERRNO", e);
		faulty_setenv("POSTSEAL_FAULT_KILL", deadly);
		faulty_setenv("POSTSEAL_FAULT_LATE", late);
		setenv("POSTSEAL_FAULT_TRACE", trace_to, 1);
		setenv("POSTSEAL_FAULT_COUNT", count, 1);
		o = rig_apply(ask);
		unsetenv("POSTSEAL_FAULT_COUNT");
		faulty_report(fd[1], &o);
		_exit(0);
	}
	close(fd[1]);
	r.rc = -1;
	if (read(fd[0], text, sizeof(text)) == (ssize_t)sizeof(text)) {
		r.rc = text[0];
		r.code = (enum err_code)text[1];
	}
	close(fd[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	r.killed = WIFSIGNALED(status);
	ck_assert(
	    r.killed ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
	faulty_find(nth, &r);
	return r;
}

#endif
