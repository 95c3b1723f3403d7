/*
 * ctl_rig.h - postsealctl with a directory of its own, and a child in the
 * place of postseald that answers what the test laid down and keeps what it
 * was asked.
 */
#ifndef CTL_RIG_H
#define CTL_RIG_H

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <dirent.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>
#include <json-c/json.h>

#include "../../../src/ctl/ctl.h"
#include "fsx.h"
#include "ipc.h"
#include "jsonx.h"
#include "util.h"

#define N(a)	 ((int)(sizeof(a) / sizeof((a)[0])))
#define ARGS_MAX 24

static char dir[64], conf_path[96];
static pid_t daemon_pid;
static char out[65536];

static inline const char *
path_of(const char *name)
{
	static char p[4][512];
	static int next;
	char *s = p[next++ % 4];

	snprintf(s, sizeof(p[0]), "%s/%s", dir, name);
	return s;
}

static inline void
write_file(const char *name, const char *text)
{
	struct err err;

	ck_assert_msg(fsx_replace_fast(
			  path_of(name), text, strlen(text), 0644, &err) == 0,
	    "%s", err.msg);
}

/* Answers with the file named like the op, keeps what was heard. */
static inline void
daemon_one(int fd)
{
	struct json_object *in = NULL, *answer = NULL;
	const char *op, *text;
	char name[64];
	struct buf b;

	if (ipc_recv(fd, &in, IPC_FRAME_MAX, 5000, NULL) == -1)
		return;
	op = jsonx_path_str(in, "op", "none");
	text = json_object_to_json_string_ext(in, JSON_C_TO_STRING_PLAIN);
	snprintf(name, sizeof(name), "%s.heard", op);
	fsx_replace_fast(path_of(name), text, strlen(text), 0600, NULL);
	buf_init(&b, 1 << 16);
	if (fsx_read(path_of(op), 1 << 16, &b, NULL) == -1)
		buf_adds(&b, "{\"type\":\"result\",\"ok\":true,\"data\":{}}");
	if (jsonx_parse(b.data, b.len, 16, &answer, NULL) == 0)
		ipc_send(fd, answer, 5000, NULL);
	buf_clear(&b);
	json_object_put(answer);
	json_object_put(in);
}

static inline void
daemon_start(void)
{
	struct err err;
	int c, fd = ipc_listen(path_of("sock"), 0666, (gid_t)-1, &err);

	ck_assert_msg(fd != -1, "%s", err.msg);
	if ((daemon_pid = fork()) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while ((c = accept(fd, NULL, NULL)) != -1) {
			daemon_one(c);
			close(c);
		}
		_exit(0);
	}
	close(fd);
}

static inline void
daemon_stop(void)
{
	if (daemon_pid > 0) {
		kill(daemon_pid, SIGKILL);
		waitpid(daemon_pid, NULL, 0);
	}
	daemon_pid = 0;
	unlink(path_of("sock"));
}

static inline void
setup(void)
{
	char text[512];

	strcpy(dir, "/tmp/ctl-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chmod(dir, 0755), 0);
	snprintf(conf_path, sizeof(conf_path), "%s/postseal.conf", dir);
	snprintf(text, sizeof(text),
	    "[daemon]\nsocket = %s/sock\n[web]\nuser = nobody\n"
	    "state_directory = %s/web\n",
	    dir, dir);
	write_file("postseal.conf", text);
	daemon_start();
}

static inline void
teardown(void)
{
	daemon_stop();
	fsx_wipe_tree(dir, NULL);
}

/* postsealctl -c CONF words..., input on stdin; output goes to out. */
static inline int
ctl(const char *input, const char *words)
{
	char copy[512], *argv[ARGS_MAX], *w, *save = NULL;
	struct ctl ctx = {.json = false};
	int argc = 0, status;
	size_t n;

	argv[argc++] = (char *)(uintptr_t) "postsealctl";
	argv[argc++] = (char *)(uintptr_t) "-c";
	argv[argc++] = conf_path;
	snprintf(copy, sizeof(copy), "%s", words);
	for (w = strtok_r(copy, " ", &save); w != NULL && argc < ARGS_MAX - 1;
	     w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	argv[argc] = NULL;
	ctx.in = tmpfile();
	ctx.out = tmpfile();
	ck_assert(ctx.in != NULL && ctx.out != NULL);
	fputs(input, ctx.in);
	rewind(ctx.in);
	status = ctl_run(&ctx, argc, argv);
	fflush(ctx.out);
	rewind(ctx.out);
	n = fread(out, 1, sizeof(out) - 1, ctx.out);
	out[n] = '\0';
	fclose(ctx.in);
	fclose(ctx.out);
	return status;
}

static inline struct json_object *
out_json(void)
{
	struct json_object *o = NULL;
	struct err err;

	ck_assert_msg(jsonx_parse(out, strlen(out), 16, &o, &err) == 0,
	    "%s: %s", err.msg, out);
	return o;
}

static inline struct json_object *
heard(const char *op)
{
	struct json_object *o = NULL;
	char name[64];
	struct buf b;

	snprintf(name, sizeof(name), "%s.heard", op);
	buf_init(&b, 1 << 16);
	if (fsx_read(path_of(name), 1 << 16, &b, NULL) == 0)
		ck_assert_int_eq(jsonx_parse(b.data, b.len, 16, &o, NULL), 0);
	buf_clear(&b);
	return o;
}

#endif
