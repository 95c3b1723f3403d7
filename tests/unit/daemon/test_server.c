/*
 * test_server.c - the whole daemon around a private Postfix: a Save over the
 * socket, clients that go away, children that die, more clients than children.
 */
#include <poll.h>
#include <pwd.h>
#include <time.h>

#include "talk.h"

static int signal_pipe[2];
static pid_t server_pid;

static void
nothing(void)
{
}

static void
on_child(int sig)
{
	if (write(signal_pipe[1], "C", 1) == -1)
		_exit(9);
}

/* postseald without its main: the test is root and has no user postseal. */
static void
start_server(void)
{
	struct server s;
	struct err err;

	memset(&s, 0, sizeof(s));
	s.conf = &rig_conf;
	s.web_uid = getpwnam("nobody")->pw_uid;
	s.child_signals = nothing;
	s.listen_fd = ipc_listen(rig_conf.socket, 0666, getgid(), &err);
	ck_assert_msg(s.listen_fd != -1, "%s", err.msg);
	ck_assert_int_eq(pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK), 0);
	s.signal_fd = signal_pipe[0];
	ck_assert_int_ne(server_pid = fork(), -1);
	if (server_pid == 0) {
		signal(SIGCHLD, on_child);
		_exit(server_run(&s, &err) == 0 ? 0 : 1);
	}
	close(s.listen_fd);
	close(signal_pipe[0]);
}

static void
stop_server(void)
{
	int status;

	ck_assert_int_eq(write(signal_pipe[1], "T", 1), 1);
	ck_assert_int_eq(waitpid(server_pid, &status, 0), server_pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	(void)unlink(rig_conf.socket);
}

static int
connect_server(void)
{
	struct err err;
	int fd = ipc_connect(rig_conf.socket, &err);

	ck_assert_msg(fd != -1, "%s", err.msg);
	return fd;
}

static struct json_object *
request(const char *op, struct json_object *args)
{
	struct json_object *o = args_new("{\"actor\":{\"user\":\"admin\","
					 "\"from\":\"::1\",\"via\":\"api\"}}");

	json_object_object_add(o, "op", json_object_new_string(op));
	json_object_object_add(o, "args", args);
	return o;
}

static int
send_request(const char *op, struct json_object *args)
{
	struct json_object *o = request(op, args);
	struct err err;
	int fd = connect_server();

	ck_assert_msg(ipc_send(fd, o, 5000, &err) == 0, "%s", err.msg);
	json_object_put(o);
	return fd;
}

/* The next frame, or NULL. */
static struct json_object *
next_frame(int fd, int ms)
{
	struct json_object *o = NULL;

	if (ipc_recv(fd, &o, IPC_FRAME_MAX, ms, NULL) == -1)
		return NULL;
	return o;
}

/* The result frame; counts what came before. */
static struct json_object *
result_of(int fd, size_t *progress)
{
	struct json_object *o;

	for (*progress = 0;; ++*progress) {
		o = next_frame(fd, 40000);
		ck_assert_ptr_nonnull(o);
		if (strcmp(jsonx_path_str(o, "type", ""), "result") == 0)
			break;
		json_object_put(o);
	}
	close(fd);
	return o;
}

static struct json_object *
ask_server(const char *op, struct json_object *args)
{
	size_t n;

	return result_of(send_request(op, args), &n);
}

static struct json_object *
apply_args(bool outbound)
{
	struct json_object *a = args_new(
	    outbound
		? "{\"settings\":{\"inbound\":{\"enabled\":true},"
		  "\"outbound\":{\"enabled\":true}},\"apply\":\"reload\"}"
		: "{\"settings\":{\"inbound\":{\"enabled\":true},"
		  "\"outbound\":{\"enabled\":false}},\"apply\":\"restart\"}");

	args_file(a, "server_certificate", outbound ? "self.pem" : "leaf.pem");
	args_file(a, "private_key", outbound ? "self.key" : "leaf.key");
	return a;
}

static void
must(struct json_object *o)
{
	ck_assert_msg(json_object_get_boolean(jsonx_path(o, "ok")), "%s",
	    json_object_to_json_string(o));
	json_object_put(o);
}

static void
wait_idle(void)
{
	struct journal j = {.pending = true};
	int64_t deadline = now_ms() + 15000;

	while (now_ms() < deadline) {
		if (!state_busy(&rig_conf) &&
		    journal_read(&rig_conf, &j, NULL) == 0 && !j.pending)
			return;
		poll(NULL, 0, 20);
	}
	ck_abort_msg("the apply did not come to an end");
}

START_TEST(save_over_the_socket)
{
	struct json_object *o, *job;
	size_t progress;

	start_server();
	o = result_of(
	    send_request("connection.apply", apply_args(true)), &progress);
	ck_assert_uint_gt(progress, 9);
	ck_assert_str_eq(jsonx_path_str(o, "data.result", ""), "applied");
	job = ask_server("job.get", args_new("{\"job\":\"\"}"));
	ck_assert_str_eq(jsonx_path_str(job, "error.code", ""), "job.unknown");
	json_object_put(job);
	job = json_object_new_object();
	json_object_object_add(
	    job, "job", json_object_get(jsonx_path(o, "data.job")));
	job = ask_server("job.get", job);
	ck_assert_str_eq(jsonx_path_str(job, "data.state", ""), "applied");
	json_object_put(job);
	json_object_put(o);
	rig_assert_whole();
	stop_server();
}
END_TEST

START_TEST(draft_then_save)
{
	static const char id[] = "{\"draft\":\"00000000000000000000000000000000"
				 "000000000000000000000000000000bb\"}";
	struct json_object *a;

	start_server();
	must(ask_server("connection.apply", apply_args(true)));
	a = args_new(id);
	args_file(a, "private_key", "leaf.key");
	must(ask_server("draft.put", a));
	a = args_new(id);
	args_file(a, "server_certificate", "leaf.pem");
	must(ask_server("draft.put", a));
	/* Refused: the draft waits on. */
	a = args_new(id);
	json_object_object_add(a, "if_match", json_object_new_string("\"x\""));
	a = ask_server("connection.apply", a);
	ck_assert_str_eq(jsonx_path_str(a, "error.code", ""), "settings.stale");
	json_object_put(a);
	/* Dry: it waits on. */
	a = args_new(id);
	json_object_object_add(a, "dry_run", json_object_new_boolean(true));
	a = ask_server("connection.apply", a);
	ck_assert_str_eq(jsonx_path_str(a, "data.result", ""), "dry_run");
	json_object_put(a);
	a = args_new(id);
	a = ask_server("connection.apply", a);
	ck_assert_str_eq(jsonx_path_str(a, "data.result", ""), "applied");
	json_object_put(a);
	a = ask_server("connection.get", args_new(id));
	ck_assert_ptr_null(jsonx_path(a, "data.draft"));
	ck_assert_str_eq(jsonx_path_str(a, "data.certificate.leaf.issuer", ""),
	    "CN=Test Inter");
	json_object_put(a);
	rig_assert_whole();
	stop_server();
}
END_TEST

START_TEST(no_wait)
{
	struct json_object *a = apply_args(false), *o, *job;
	size_t progress;
	int i;

	start_server();
	must(ask_server("connection.apply", apply_args(true)));
	json_object_object_add(a, "wait", json_object_new_boolean(false));
	o = result_of(send_request("connection.apply", a), &progress);
	ck_assert_uint_eq(progress, 0);
	for (i = 0; i < 500; i++) {
		job = json_object_new_object();
		json_object_object_add(
		    job, "job", json_object_get(jsonx_path(o, "data.job")));
		job = ask_server("job.get", job);
		if (strcmp(jsonx_path_str(job, "data.state", ""), "running") !=
		    0)
			break;
		json_object_put(job);
		poll(NULL, 0, 20);
	}
	ck_assert_int_lt(i, 500);
	ck_assert_str_eq(jsonx_path_str(job, "data.state", ""), "applied");
	json_object_put(job);
	json_object_put(o);
	rig_assert_whole();
	stop_server();
}
END_TEST

START_TEST(two_at_once)
{
	struct json_object *o[2];
	size_t n, won = 0, busy = 0, i;
	int fd[2];

	start_server();
	must(ask_server("connection.apply", apply_args(true)));
	for (i = 0; i < 2; i++)
		fd[i] = send_request("connection.apply", apply_args(false));
	for (i = 0; i < 2; i++) {
		o[i] = result_of(fd[i], &n);
		if (json_object_get_boolean(jsonx_path(o[i], "ok")))
			won++;
		else if (strcmp(jsonx_path_str(o[i], "error.code", ""),
			     "apply.busy") == 0)
			busy++;
		json_object_put(o[i]);
	}
	ck_assert_uint_eq(won, 1);
	ck_assert_uint_eq(busy, 1);
	rig_assert_whole();
	stop_server();
}
END_TEST

/* The client is gone before the step: the Save goes on. */
START_TEST(client_goes_away)
{
	struct json_object *o = NULL;
	long before;
	int fd, i;

	start_server();
	must(ask_server("connection.apply", apply_args(true)));
	before = rig_current();
	fd = send_request("connection.apply", apply_args(false));
	for (i = 0; i <= _i; i++) {
		json_object_put(o);
		o = next_frame(fd, 5000);
	}
	json_object_put(o);
	close(fd);
	for (i = 0; i < 500 && rig_current() == before; i++)
		poll(NULL, 0, 20);
	ck_assert_int_eq(rig_current(), before + 1);
	wait_idle();
	rig_assert_whole();
	stop_server();
}
END_TEST

static void
kill_children(void)
{
	ck_assert_int_eq(rig_sh("kill -9 $(cat /proc/%d/task/%d/children)",
			     (int)server_pid, (int)server_pid),
	    0);
}

/* The child of an apply is killed: the parent has it recovered. */
START_TEST(child_dies)
{
	static const char *const steps[] = {"commit", "restart", "probe"};
	struct json_object *o;
	const char *name;
	int fd;
	size_t n;

	start_server();
	must(ask_server("connection.apply", apply_args(true)));
	fd = send_request("connection.apply", apply_args(false));
	do {
		o = next_frame(fd, 20000);
		ck_assert_ptr_nonnull(o);
		n = json_object_array_length(jsonx_path(o, "job.steps"));
		name = n == 0 ? ""
			      : jsonx_path_str(
				    json_object_array_get_idx(
					jsonx_path(o, "job.steps"), n - 1),
				    "name", "");
		n = strcmp(name, steps[_i]) == 0;
		json_object_put(o);
	} while (n == 0);
	kill_children();
	close(fd);
	poll(NULL, 0, 100);
	wait_idle();
	rig_assert_whole();
	rig_assert_no_stray_key();
	must(ask_server("connection.get", args_new("{}")));
	stop_server();
}
END_TEST

/* More connections than children: the rest waits and is served. */
START_TEST(crowd)
{
	struct json_object *o = request("generations.list", args_new("{}"));
	int fd[CHILDREN_MAX + 8], i, n = (int)(sizeof(fd) / sizeof(fd[0]));

	start_server();
	for (i = 0; i < n; i++)
		fd[i] = connect_server();
	for (i = n; i-- > 0;)
		ck_assert_int_eq(ipc_send(fd[i], o, 1000, NULL), 0);
	json_object_put(o);
	for (i = 0; i < n; i++) {
		o = next_frame(fd[i], 15000);
		ck_assert_msg(o != NULL, "client %d", i);
		must(o);
		close(fd[i]);
	}
	stop_server();
}
END_TEST

/* The web user holds every place it can get; root is served all the same. */
START_TEST(root_has_room)
{
	struct json_object *o;
	int hold[2], held[2], root, i;
	char c;
	pid_t pid;

	start_server();
	ck_assert_int_eq(pipe(hold), 0);
	ck_assert_int_eq(pipe(held), 0);
	ck_assert_int_ne(pid = fork(), -1);
	if (pid == 0) {
		close(hold[1]);
		if (setuid(getpwnam("nobody")->pw_uid) == -1)
			_exit(3);
		for (i = 0; i < CHILDREN_MAX; i++)
			(void)ipc_connect(rig_conf.socket, NULL);
		if (write(held[1], "x", 1) != 1)
			_exit(4);
		_exit(read(hold[0], &c, 1) == 0 ? 0 : 5);
	}
	ck_assert_int_eq(read(held[0], &c, 1), 1);
	root = send_request("generations.list", args_new("{}"));
	o = next_frame(root, 3000);
	ck_assert_msg(o != NULL, "root was shut out");
	must(o);
	close(root);
	close(hold[0]);
	close(hold[1]);
	ck_assert_int_eq(waitpid(pid, &i, 0), pid);
	ck_assert(WIFEXITED(i) && WEXITSTATUS(i) == 0);
	stop_server();
}
END_TEST

/* A stranger is shown the door, the web user is not. */
START_TEST(strangers)
{
	static const char *const user[] = {"daemon", "nobody"};
	struct json_object *o;
	int status;
	pid_t pid;

	start_server();
	ck_assert_int_ne(pid = fork(), -1);
	if (pid == 0) {
		struct passwd *pw = getpwnam(user[_i]);
		int fd;

		if (setgid(pw->pw_gid) == -1 || setuid(pw->pw_uid) == -1)
			_exit(3);
		if ((fd = ipc_connect(rig_conf.socket, NULL)) == -1)
			_exit(4);
		o = request("generations.list", args_new("{}"));
		(void)ipc_send(fd, o, 1000, NULL);
		o = next_frame(fd, 5000);
		_exit(o != NULL && json_object_get_boolean(jsonx_path(o, "ok"))
			  ? 0
			  : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WEXITSTATUS(status), _i == 0 ? 1 : 0);
	stop_server();
}
END_TEST

/* SIGTERM in the middle: the apply comes to its end first. */
START_TEST(ends_after_the_apply)
{
	long before;
	int fd;

	start_server();
	must(ask_server("connection.apply", apply_args(true)));
	before = rig_current();
	fd = send_request("connection.apply", apply_args(false));
	json_object_put(next_frame(fd, 5000));
	stop_server();
	close(fd);
	ck_assert(!state_busy(&rig_conf));
	ck_assert_int_eq(rig_current(), before + 1);
	rig_assert_whole();
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_test(tc, save_over_the_socket);
	tcase_add_test(tc, draft_then_save);
	tcase_add_test(tc, no_wait);
	tcase_add_test(tc, two_at_once);
	tcase_add_loop_test(tc, client_goes_away, 0, 3);
	tcase_add_loop_test(tc, child_dies, 0, 3);
	tcase_add_test(tc, crowd);
	tcase_add_test(tc, root_has_room);
	tcase_add_loop_test(tc, strangers, 0, 2);
	tcase_add_test(tc, ends_after_the_apply);
}

int
main(void)
{
	return rig_run("server", add, 90, RIG_POSTFIX);
}
