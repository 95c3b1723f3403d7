/*
 * confine.c - what this process keeps of root's powers, and whether the child
 * that parses uploads gets its sandbox: tried out, by a child that enters it
 * and reports, once at the start (a console that cannot look at an upload had
 * better say so then) and again with each status.
 */
#include <sys/socket.h>
#include <sys/wait.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "apply.h"
#include "jsonx.h"
#include "pki.h"
#include "sandbox.h"
#include "server.h"
#include "util.h"

struct told {
	struct sandbox_state state;
	struct err err;
	bool ok;
};

static _Noreturn void
tell(const struct conf *conf, int fd)
{
	const struct sandbox_paths none = {.rw = {NULL}};
	struct told t;

	memset(&t, 0, sizeof(t));
	err_clear(&t.err);
	t.ok =
	    (geteuid() != 0 ||
		sandbox_drop_user(conf->inspect_user, &t.err) == 0) &&
	    sandbox_enter_state(SANDBOX_INSPECT, &none, &t.state, &t.err) == 0;
	_exit(send(fd, &t, sizeof(t), MSG_NOSIGNAL) == sizeof(t) ? 0 : 1);
}

static int
confine_inspect(
    const struct conf *conf, struct sandbox_state *ret, struct err *err)
{
	struct told t;
	ssize_t n;
	int fd[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) == -1 ||
	    (pid = fork()) == -1)
		return err_sys(err, ERR_INTERNAL, "", "a child");
	if (pid == 0)
		tell(conf, fd[1]);
	close(fd[1]);
	do
		n = recv(fd[0], &t, sizeof(t), MSG_WAITALL);
	while (n == -1 && errno == EINTR);
	close(fd[0]);
	while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		;
	if (n != sizeof(t))
		return err_set(
		    err, ERR_CONFIG, "", "sandbox inspect: the child died");
	if (!t.ok) {
		t.err.msg[sizeof(t.err.msg) - 1] = '\0';
		return err_set(err, ERR_CONFIG, "", "%s", t.err.msg);
	}
	*ret = t.state;
	return 0;
}

/* At the start: fewer powers, and the walls tried. */
int
confine_start(const struct conf *conf, struct err *err)
{
	struct sandbox_state s;

	sandbox_require(conf->sandbox_required);
	if (sandbox_forbid(FORBID_ROOT, err) == -1 ||
	    sandbox_bound_capabilities(err) == -1 ||
	    confine_inspect(conf, &s, err) == -1)
		return -1;
	if (s.landlock == 0 || !s.seccomp)
		log_warn("uploads are parsed without %s%s%s",
		    s.landlock == 0 ? "Landlock" : "",
		    s.landlock == 0 && !s.seccomp ? " and " : "",
		    s.seccomp ? "" : "seccomp");
	return 0;
}

static const struct jail_job *const parser_jobs[] = {
    &pki_parse_job, &pki_handshake_job, &bundle_open_job, &bundle_encrypt_job,
    &bundle_identity_job, &bundle_verify_job, NULL};

static const struct jail_job *const *const jobs[JAIL_KEEPERS] = {
    [JAIL_PARSER] = parser_jobs,
    [JAIL_PROBER] = apply_prober_jobs,
};

/* What OpenSSL does once in a process is done before the fork. */
int
confine_keep(const struct conf *conf, enum jail_keeper which, pid_t *ret_pid,
    struct err *err)
{
	const char *const user[JAIL_KEEPERS] = {
	    [JAIL_PARSER] = conf->inspect_user,
	    [JAIL_PROBER] = conf->probe_user,
	};

	pki_warm_up();
	return jail_keep(which, user[which], jobs[which], ret_pid, err);
}

/* {"postseald": {"user", "capabilities"}, "inspect": STATE} */
struct json_object *
confine_to_json(const struct conf *conf)
{
	struct json_object *o = json_object_new_object();
	struct json_object *self = json_object_new_object();
	struct sandbox_state s = {0};

	json_object_object_add(self, "user",
	    json_object_new_string(geteuid() == 0 ? "root" : "other"));
	json_object_object_add(self, "capabilities", sandbox_capabilities());
	json_object_object_add(o, "postseald", self);
	if (confine_inspect(conf, &s, NULL) == -1)
		log_warn("status: the inspection's sandbox cannot be entered");
	json_object_object_add(
	    o, "inspect", sandbox_state_to_json(&s, conf->inspect_user));
	return o;
}
