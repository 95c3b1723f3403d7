/*
 * test_worker.c - a worker process behind its socket: FastCGI spoken by hand,
 * broken and slow peers, and its ways to end.
 */
#include <sys/ioctl.h>

#include <dirent.h>
#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>

#include "../asleep.h"
#include "harness.h"
#include "frame.h"

#define RECORDS_MAX 65536

static int listen_fd = -1;
static pid_t worker;
static char answer[RECORDS_MAX];

struct records {
	unsigned char data[RECORDS_MAX];
	size_t len;
};

static void
record(struct records *r, int type, const void *data, size_t len)
{
	unsigned char head[8] = {1, (unsigned char)type, 0, 1,
	    (unsigned char)(len >> 8), (unsigned char)len, 0, 0};

	ck_assert_uint_le(r->len + 8 + len, sizeof(r->data));
	memcpy(r->data + r->len, head, 8);
	memcpy(r->data + r->len + 8, data, len);
	r->len += 8 + len;
}

static void
begin(struct records *r, bool keep)
{
	const unsigned char role[8] = {0, 1, keep, 0, 0, 0, 0, 0};

	r->len = 0;
	record(r, 1, role, 8);
}

/* name, value, ..., NULL as one FCGI_PARAMS record and its end */
static void
params(struct records *r, const char *const *pairs)
{
	unsigned char data[4096];
	size_t n = 0, name, value;

	for (; *pairs != NULL; pairs += 2) {
		name = strlen(pairs[0]);
		value = strlen(pairs[1]);
		data[n++] = (unsigned char)name;
		data[n++] = (unsigned char)value;
		memcpy(data + n, pairs[0], name);
		memcpy(data + n + name, pairs[1], value);
		n += name + value;
	}
	record(r, 4, data, n);
	record(r, 4, "", 0);
}

static int
dial(void)
{
	struct err err;
	int fd = -1;

	/* The queue may be full for a moment. */
	for (int i = 0; i < 1000 && fd == -1; i++) {
		fd = ipc_connect(con_path("fcgi.sock"), &err);
		if (fd == -1)
			usleep(10000);
	}
	ck_assert_msg(fd != -1, "%s", err.msg);
	return fd;
}

/* Until the peer closes, at most ms; false = it did not. */
static bool
read_all(int fd, int ms)
{
	int64_t end = now_ms() + ms;
	struct pollfd p = {fd, POLLIN, 0};
	size_t n = 0;
	ssize_t got;

	for (;;) {
		if (poll(&p, 1, (int)(end - now_ms())) <= 0) {
			answer[n] = '\0';
			return false;
		}
		got = read(fd, answer + n, sizeof(answer) - n - 1);
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	for (size_t i = 0; i < n; i++) {
		if (answer[i] == '\0')
			answer[i] = '.'; /* record heads, for strstr */
	}
	answer[n] = '\0';
	return true;
}

static void
send_all(int fd, const void *data, size_t len)
{
	const char *p = data;
	ssize_t n;

	while (len > 0 && (n = send(fd, p, len, MSG_NOSIGNAL)) > 0) {
		p += n;
		len -= (size_t)n;
	}
}

static const char *const health[] = {
    "REQUEST_METHOD", "GET", "REQUEST_URI", "/healthz", NULL};

static bool
served(bool keep, int ms)
{
	struct records r;
	int fd = dial();
	bool ended;

	begin(&r, keep);
	params(&r, health);
	record(&r, 5, "", 0);
	send_all(fd, r.data, r.len);
	ended = read_all(fd, ms);
	close(fd);
	return ended && strstr(answer, "Status: 200 OK") != NULL;
}

static pid_t
start_worker(void)
{
	pid_t pid = fork();

	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(worker_run(&con.app, listen_fd));
	}
	return pid;
}

static void
setup(void)
{
	struct err err;

	con_setup();
	db_close(con.app.db);
	con.app.db = NULL;
	snprintf(con.app.conf.web_state_directory,
	    sizeof(con.app.conf.web_state_directory), "%s", con.dir);
	listen_fd = ipc_listen(con_path("fcgi.sock"), 0600, getgid(), &err);
	ck_assert_msg(listen_fd != -1, "%s", err.msg);
	worker = start_worker();
	ck_assert(served(false, 20000));
}

static void
teardown(void)
{
	if (worker > 0) {
		kill(worker, SIGKILL);
		waitpid(worker, NULL, 0);
	}
	worker = 0;
	close(listen_fd);
	daemon_stop();
}

static int
files_of(pid_t pid)
{
	char path[64];
	DIR *d;
	int n = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	d = opendir(path);
	ck_assert_ptr_nonnull(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

/* Exit state of the worker, or -1 if it does not end in time. */
static int
ended(int ms)
{
	int status;

	do {
		if (waitpid(worker, &status, WNOHANG) == worker) {
			worker = 0;
			return WIFEXITED(status) ? WEXITSTATUS(status)
						 : 256 + WTERMSIG(status);
		}
		if (ms > 0)
			usleep(20000);
	} while ((ms -= 20) > 0);
	return -1;
}

/* Until the peer of fd has read all of it. */
static void
wait_drained(int fd)
{
	int left = 1;

	for (int i = 0; i < 5000 && left > 0; i++) {
		ck_assert_int_eq(ioctl(fd, SIOCOUTQ, &left), 0);
		usleep(1000);
	}
	ck_assert_int_eq(left, 0);
}

/* Until the worker waits for something, with more than files open. */
static void
wait_asleep(int files)
{
	for (int i = 0; i < 5000; i++) {
		if (state_of(worker) == 'S' && files_of(worker) > files)
			return;
		usleep(1000);
	}
	ck_abort_msg("the worker is %c", state_of(worker));
}

START_TEST(serves)
{
	for (int i = 0; i < 50; i++)
		ck_assert(served(false, 5000));
	/* A peer that wants to keep the connection does not pin it. */
	ck_assert(served(true, 5000));
}
END_TEST

START_TEST(body_comes_through)
{
	const char *const head[] = {"REQUEST_METHOD", "POST", "REQUEST_URI",
	    "/api/v1/connection", "CONTENT_TYPE", "application/json",
	    "CONTENT_LENGTH", "2", "HTTP_AUTHORIZATION", "", NULL};
	const char *copy[N(head)];
	char bearer_value[96];
	struct records r;
	int fd = dial();

	snprintf(bearer_value, sizeof(bearer_value), "Bearer %s", con.token);
	memcpy(copy, head, sizeof(head));
	copy[9] = bearer_value;
	begin(&r, false);
	params(&r, copy);
	record(&r, 5, "{", 1);
	send_all(fd, r.data, r.len);
	wait_drained(fd);
	r.len = 0;
	record(&r, 5, "}", 1);
	record(&r, 5, "", 0);
	send_all(fd, r.data, r.len);
	ck_assert(read_all(fd, 5000));
	ck_assert_msg(strstr(answer, "Status: 200 OK") != NULL, "%s", answer);
	close(fd);
	json_object_put(daemon_heard("connection.apply"));
}
END_TEST

/* A body shorter than it says. */
START_TEST(short_body)
{
	const char *const head[] = {"REQUEST_METHOD", "POST", "REQUEST_URI",
	    "/login", "CONTENT_TYPE", "application/x-www-form-urlencoded",
	    "CONTENT_LENGTH", "5", NULL};
	struct records r;
	int fd = dial();

	begin(&r, false);
	params(&r, head);
	record(&r, 5, "a=b", 3);
	record(&r, 5, "", 0);
	send_all(fd, r.data, r.len);
	ck_assert(read_all(fd, 5000));
	ck_assert_ptr_nonnull(strstr(answer, "Status: 400 "));
	close(fd);
	ck_assert(served(false, 5000));
}
END_TEST

/*
 * Good requests with some bytes changed: the worker serves on.  One end is
 * libfcgi's own: it aborts when a length is beyond all memory, and the parent
 * starts another worker.
 */
START_TEST(garbage)
{
	unsigned int seed = 1 + (unsigned int)_i;
	struct records r;
	int fd, status = -1;

	for (int i = 0; i < 100 && status == -1; i++) {
		begin(&r, false);
		params(&r, health);
		record(&r, 5, "", 0);
		for (int k = 0; k < 1 + i % 8; k++)
			r.data[(size_t)rand_r(&seed) % r.len] =
			    (unsigned char)rand_r(&seed);
		fd = dial();
		send_all(fd, r.data, i % 3 == 0 ? r.len / 2 : r.len);
		close(fd);
		status = ended(0);
	}
	if (status == -1 && !served(false, 10000))
		status = ended(5000);
	ck_assert(status == -1 || status == 256 + SIGABRT);
}
END_TEST

/*
 * Heads that never come, in whole or in part, or a byte now and then: each
 * holds a worker for seconds, not for ever.  Three workers, so that we wait
 * for all three at once.
 */
START_TEST(slow_heads)
{
	struct pollfd peers[3] = {{.fd = -1}};
	pid_t more[2];
	struct records r;
	int64_t start = now_ms();
	size_t sent = 3, open = N(peers);

	for (size_t i = 0; i < N(more); i++)
		more[i] = start_worker();
	begin(&r, false);
	params(&r, health);
	for (size_t i = 0; i < N(peers); i++) {
		peers[i] = (struct pollfd){dial(), POLLIN, 0};
		send_all(peers[i].fd, r.data, i == 0 ? 16 : sent);
	}
	ck_assert(!served(false, 500));
	while (open > 0 && now_ms() - start < 8000) {
		(void)send(peers[2].fd, r.data + sent++, 1, MSG_NOSIGNAL);
		ck_assert_uint_lt(sent, r.len);
		/* a peer that is closed is left out of the next look */
		for (int64_t tick = now_ms() + 300; now_ms() < tick;) {
			if (poll(peers, N(peers), (int)(tick - now_ms())) <= 0)
				continue;
			for (size_t i = 0; i < N(peers); i++) {
				if (peers[i].fd == -1 || peers[i].revents == 0)
					continue;
				close(peers[i].fd);
				peers[i].fd = -1;
				open--;
			}
		}
	}
	ck_assert_uint_eq(open, 0);
	ck_assert(served(false, 5000));
	for (size_t i = 0; i < N(more); i++) {
		kill(more[i], SIGKILL);
		waitpid(more[i], NULL, 0);
	}
}
END_TEST

/* The parent closes the door: idle or busy, the worker ends well. */
START_TEST(ends_with_listener)
{
	ck_assert_int_eq(shutdown(listen_fd, SHUT_RDWR), 0);
	ck_assert_int_eq(ended(5000), 0);
}
END_TEST

START_TEST(ends_by_signal)
{
	wait_asleep(0);
	kill(worker, _i == 0 ? SIGTERM : SIGINT);
	ck_assert_int_eq(ended(5000), 0);
}
END_TEST

/* SIGTERM while a request comes in: it is answered first. */
START_TEST(finishes_its_request)
{
	struct records r;
	int fd, files;

	wait_asleep(0);
	files = files_of(worker);
	fd = dial();
	begin(&r, false);
	send_all(fd, r.data, r.len);
	wait_asleep(files);
	kill(worker, SIGTERM);
	wait_asleep(files);
	r.len = 0;
	params(&r, health);
	record(&r, 5, "", 0);
	send_all(fd, r.data, r.len);
	ck_assert(read_all(fd, 5000));
	ck_assert_ptr_nonnull(strstr(answer, "Status: 200 OK"));
	close(fd);
	ck_assert_int_eq(ended(5000), 0);
}
END_TEST

START_TEST(sandboxed)
{
	char path[64], line[256];
	bool no_new_privs = false, filter = false;
	const char *off = getenv("POSTSEAL_SANDBOX");
	FILE *f;

	if (off != NULL && strcmp(off, "off") == 0)
		return;
	snprintf(path, sizeof(path), "/proc/%d/status", (int)worker);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (strcmp(line, "NoNewPrivs:\t1\n") == 0)
			no_new_privs = true;
		if (strcmp(line, "Seccomp:\t2\n") == 0)
			filter = true;
	}
	fclose(f);
	ck_assert(no_new_privs);
	ck_assert(filter);
}
END_TEST

/* Without its database it says that it cannot start. */
START_TEST(unfit)
{
	int status;
	pid_t pid;

	snprintf(con.app.conf.web_state_directory,
	    sizeof(con.app.conf.web_state_directory), "%s/none", con.dir);
	if ((pid = fork()) == 0)
		_exit(worker_run(&con.app, listen_fd));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), WORKER_UNFIT);
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("all");

	con_open();
	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, serves);
	tcase_add_test(t, body_comes_through);
	tcase_add_test(t, short_body);
	tcase_add_loop_test(t, garbage, 0, 3);
	tcase_add_test(t, slow_heads);
	tcase_add_test(t, ends_with_listener);
	tcase_add_loop_test(t, ends_by_signal, 0, 2);
	tcase_add_test(t, finishes_its_request);
	tcase_add_test(t, sandboxed);
	tcase_add_test(t, unfit);
	return con_close(suite_run("worker", t));
}
