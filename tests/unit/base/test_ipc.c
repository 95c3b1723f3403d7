/*
 * test_ipc.c - the socket and its frames, with peers that lie, stall, and go
 * away.
 */
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "ipc.h"
#include "jsonx.h"
#include "../tmp.h"
#include "util.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

static void
pair(int fd[2])
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
}

/* A frame's bytes, its length field as given. */
static void
put_frame(int fd, unsigned int said, const char *text, size_t len)
{
	unsigned char head[4] = {(unsigned char)(said >> 24),
	    (unsigned char)(said >> 16), (unsigned char)(said >> 8),
	    (unsigned char)said};

	ck_assert_int_eq(write(fd, head, 4), 4);
	ck_assert_int_eq(write(fd, text, len), (int)len);
}

START_TEST(listen_mode_and_group)
{
	static const mode_t modes[] = {0600, 0660, 0666, 0700, 0};
	static const mode_t masks[] = {0, 022, 077};
	const char *path = tmp_path("modes.sock");
	mode_t mode = modes[_i];
	struct stat st;
	struct err err;
	size_t u;
	int fd;

	for (u = 0; u < 3; u++) {
		umask(masks[u]);
		fd = ipc_listen(
		    path, mode, geteuid() == 0 ? 12345 : (gid_t)-1, &err);
		ck_assert_msg(fd >= 0, "%s", err.msg);
		ck_assert_uint_eq(umask(022), masks[u]);
		ck_assert_int_eq(lstat(path, &st), 0);
		ck_assert(S_ISSOCK(st.st_mode));
		ck_assert_uint_eq(st.st_mode & 07777, mode);
		if (geteuid() == 0)
			ck_assert_uint_eq(st.st_gid, 12345);
		ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
		close(fd);
		/* nobody answers on it: the next round replaces it */
	}
	unlink(path);
}
END_TEST

START_TEST(listen_in_use)
{
	const char *path = tmp_path("used.sock");
	struct err err;
	int fd, c;

	fd = ipc_listen(path, 0600, (gid_t)-1, &err);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ipc_listen(path, 0600, (gid_t)-1, &err), -1);
	ck_assert_int_eq(err.sys, EADDRINUSE);
	c = ipc_connect(path, &err);
	ck_assert_int_ge(c, 0);
	close(c);
	close(fd);
}
END_TEST

START_TEST(listen_where_it_cannot)
{
	const char *file = tmp_path("file"), *link = tmp_path("link.sock");
	char long_path[200];
	struct err err;

	tmp_write(file, "keep");
	ck_assert_int_eq(ipc_listen(file, 0600, (gid_t)-1, &err), -1);
	tmp_expect(file, "keep");
	ck_assert_int_eq(symlink("nowhere", link), 0);
	ck_assert_int_eq(ipc_listen(link, 0600, (gid_t)-1, &err), -1);
	ck_assert(tmp_exists(link));
	ck_assert_int_eq(
	    ipc_listen(tmp_path("no/such"), 0600, (gid_t)-1, &err), -1);
	memset(long_path, 'x', sizeof(long_path));
	long_path[0] = '/';
	long_path[199] = '\0';
	ck_assert_int_eq(ipc_listen(long_path, 0600, (gid_t)-1, &err), -1);
	ck_assert_int_eq(err.code, ERR_CONFIG);
	ck_assert_int_eq(ipc_connect(long_path, &err), -1);
	ck_assert_int_eq(ipc_connect("", &err), -1);
}
END_TEST

START_TEST(connect_to_nobody)
{
	const char *path = tmp_path("nobody.sock");
	struct err err;
	int fd;

	ck_assert_int_eq(ipc_connect(path, &err), -1);
	ck_assert_int_eq(err.code, ERR_DAEMON_UNREACHABLE);
	ck_assert_int_eq(err.sys, ENOENT);
	fd = ipc_listen(path, 0600, (gid_t)-1, &err);
	close(fd);
	ck_assert_int_eq(ipc_connect(path, &err), -1);
	ck_assert_int_eq(err.code, ERR_DAEMON_UNREACHABLE);
	ck_assert_int_eq(err.sys, ECONNREFUSED);
}
END_TEST

/* A backlog that nobody empties must not hold a client for ever. */
START_TEST(connect_to_a_full_backlog)
{
	const char *path = tmp_path("full.sock");
	int64_t start = now_ms();
	int fd, c[200], n;
	struct err err;

	fd = ipc_listen(path, 0600, (gid_t)-1, &err);
	for (n = 0; n < 200; n++) {
		if ((c[n] = ipc_connect(path, &err)) == -1)
			break;
	}
	ck_assert_int_lt(n, 200);
	ck_assert_int_gt(n, 30);
	ck_assert_int_eq(err.code, ERR_DAEMON_UNREACHABLE);
	ck_assert_int_lt(now_ms() - start, 2000);
	while (n-- > 0)
		close(c[n]);
	close(fd);
}
END_TEST

START_TEST(peer_is_known)
{
	const char *path = tmp_path("peer.sock");
	struct ipc_peer peer;
	int fd, c, s;
	struct err err;
	pid_t pid;
	char x;

	fd = ipc_listen(path, 0666, (gid_t)-1, &err);
	chmod(tmp_root, 0711);
	if ((pid = fork()) == 0) {
		if (geteuid() == 0 && (setgid(54321) || setuid(54321)))
			_exit(1);
		c = ipc_connect(path, NULL);
		_exit(read(c, &x, 1) == 1 ? 0 : 2);
	}
	s = accept(fd, NULL, NULL);
	ck_assert_int_ge(s, 0);
	ck_assert_int_eq(ipc_peer(s, &peer, &err), 0);
	ck_assert_int_eq(peer.pid, pid);
	if (geteuid() == 0) {
		ck_assert_uint_eq(peer.uid, 54321);
		ck_assert_uint_eq(peer.gid, 54321);
	}
	ck_assert_int_eq(write(s, "x", 1), 1);
	waitpid(pid, NULL, 0);
	close(s);
	close(fd);
	ck_assert_int_eq(ipc_peer(fd, &peer, &err), -1);
}
END_TEST

START_TEST(frames_there_and_back)
{
	static const char *const texts[] = {"{}", "{\"op\":\"status\"}",
	    "{\"a\":[1,2,{\"b\":null}],\"c\":\"\xe6\x97\xa5/\\u0001\"}"};
	struct json_object *o = NULL, *in = NULL;
	struct err err;
	int fd[2], i;

	pair(fd);
	ck_assert_int_eq(
	    jsonx_parse(texts[_i], strlen(texts[_i]), 8, &o, &err), 0);
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(ipc_send(fd[0], o, 1000, &err), 0);
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(ipc_recv(fd[1], &in, 4096, 1000, &err), 0);
		ck_assert(json_object_equal(o, in));
		json_object_put(in);
	}
	json_object_put(o);
	close(fd[0]);
	ck_assert_int_eq(ipc_recv(fd[1], &in, 4096, 1000, &err), -1);
	ck_assert_int_eq(err.code, ERR_DAEMON_UNREACHABLE);
	close(fd[1]);
}
END_TEST

/* Up to the limit, through a socket that holds less. */
START_TEST(large_frames)
{
	static const size_t size[] = {
	    200000, IPC_FRAME_MAX - 8, IPC_FRAME_MAX - 7};
	struct json_object *o = json_object_new_object(), *in = NULL;
	size_t len = size[_i];
	char *text = malloc(len + 1);
	int fd[2], status, fits = len <= IPC_FRAME_MAX - 8;
	struct err err;
	pid_t pid;

	memset(text, 'x', len);
	json_object_object_add(
	    o, "k", json_object_new_string_len(text, (int)len));
	pair(fd);
	free(text);
	if ((pid = fork()) == 0) {
		close(fd[0]);
		status =
		    ipc_recv(fd[1], &in, IPC_FRAME_MAX, 10000, NULL) != 0 ||
		    !json_object_equal(o, in);
		json_object_put(o);
		json_object_put(in);
		_exit(status);
	}
	close(fd[1]);
	ck_assert_int_eq(ipc_send(fd[0], o, 10000, &err), fits ? 0 : -1);
	if (!fits)
		ck_assert_int_eq(err.code, ERR_FRAME_TOO_LARGE);
	close(fd[0]);
	waitpid(pid, &status, 0);
	ck_assert_int_eq(status != 0, !fits);
	json_object_put(o);
}
END_TEST

static const struct {
	unsigned int said;
	const char *text;
	enum err_code code;
} bad[] = {
    {0, "", ERR_FRAME},
    {4097, "", ERR_FRAME_TOO_LARGE},
    {IPC_FRAME_MAX + 1, "", ERR_FRAME_TOO_LARGE},
    {0x7fffffff, "", ERR_FRAME_TOO_LARGE},
    {0x80000000, "", ERR_FRAME_TOO_LARGE},
    {0xffffffff, "", ERR_FRAME_TOO_LARGE},
    {2, "[]", ERR_FRAME},
    {4, "null", ERR_FRAME},
    {3, "\"x\"", ERR_FRAME},
    {1, "5", ERR_FRAME},
    {4, "{}{}", ERR_FRAME},
    {3, "{}\n{}", 0},
    {3, "{}x", ERR_FRAME},
    {1, "{}", ERR_FRAME},
    {13, "{\"a\":1,\"a\":2}", ERR_FRAME},
    {9, "{\"a\":\"\xff\"}", ERR_FRAME},
    {14, "{\"a\":\"\\u0000\"}", ERR_FRAME},
    {22, "{\"a\":[[[[[[[[[[[[[[[[1]", ERR_FRAME},
    {10, "GET / HTTP/1.1\r\n\r\n", ERR_FRAME},
    {3, "\xef\xbb\xbf{}", ERR_FRAME},
    /* less than was said, then closed */
    {5, "", ERR_DAEMON_UNREACHABLE},
    {5, "{\"a\"", ERR_DAEMON_UNREACHABLE},
    {4096, "{}", ERR_DAEMON_UNREACHABLE},
};

START_TEST(frames_of_a_liar)
{
	struct json_object *in = (void *)&bad;
	struct err err;
	int fd[2], rc;

	pair(fd);
	put_frame(fd[0], bad[_i].said, bad[_i].text, strlen(bad[_i].text));
	close(fd[0]);
	rc = ipc_recv(fd[1], &in, 4096, 1000, &err);
	if (bad[_i].code == ERR_NONE) {
		ck_assert_int_eq(rc, 0);
		json_object_put(in);
	} else {
		ck_assert_int_eq(rc, -1);
		ck_assert_str_eq(err_name(err.code), err_name(bad[_i].code));
		ck_assert_ptr_eq(in, &bad);
	}
	close(fd[1]);
}
END_TEST

START_TEST(header_cut_short)
{
	struct json_object *in = NULL;
	struct err err;
	int fd[2];

	pair(fd);
	ck_assert_int_eq(write(fd[0], "\0\0\0\2", (size_t)_i), _i);
	ck_assert_int_eq(ipc_recv(fd[1], &in, 4096, 50, &err), -1);
	ck_assert_int_eq(err.code, ERR_TIMEOUT);
	close(fd[0]);
	ck_assert_int_eq(ipc_recv(fd[1], &in, 4096, 50, &err), -1);
	ck_assert_int_eq(err.code, ERR_DAEMON_UNREACHABLE);
	close(fd[1]);
}
END_TEST

/* A byte every 20 ms: the deadline is for the whole frame. */
START_TEST(drip_feed)
{
	struct json_object *in = NULL;
	int64_t start;
	struct err err;
	int fd[2], i;
	pid_t pid;

	pair(fd);
	if ((pid = fork()) == 0) {
		close(fd[1]);
		put_frame(fd[0], 200, "{", 1);
		for (i = 0; i < 200; i++) {
			usleep(20000);
			if (send(fd[0], " ", 1, MSG_NOSIGNAL) != 1)
				break;
		}
		_exit(0);
	}
	close(fd[0]);
	start = now_ms();
	ck_assert_int_eq(ipc_recv(fd[1], &in, 4096, 200, &err), -1);
	ck_assert_int_eq(err.code, ERR_TIMEOUT);
	ck_assert_int_ge(now_ms() - start, 199);
	ck_assert_int_lt(now_ms() - start, 2000);
	close(fd[1]);
	waitpid(pid, NULL, 0);
}
END_TEST

START_TEST(frame_in_single_bytes)
{
	static const char bytes[] = "\0\0\0\7{\"a\":1}\0\0\0\2{}";
	struct json_object *in = NULL;
	struct err err;
	int fd[2];
	size_t i;
	pid_t pid;

	pair(fd);
	if ((pid = fork()) == 0) {
		for (i = 0; i < sizeof(bytes) - 1; i++) {
			if (write(fd[0], bytes + i, 1) != 1)
				_exit(1);
			usleep(500);
		}
		_exit(0);
	}
	ck_assert_int_eq(ipc_recv(fd[1], &in, 4096, 5000, &err), 0);
	ck_assert_int_eq(json_object_object_length(in), 1);
	json_object_put(in);
	ck_assert_int_eq(ipc_recv(fd[1], &in, 4096, 5000, &err), 0);
	ck_assert_int_eq(json_object_object_length(in), 0);
	json_object_put(in);
	waitpid(pid, NULL, 0);
}
END_TEST

/* Nobody reads: the sender is not held, and no SIGPIPE at the end. */
START_TEST(send_to_the_deaf)
{
	struct json_object *o = json_object_new_object();
	char *text = malloc(1000000);
	struct err err;
	int fd[2];

	memset(text, 'x', 1000000);
	json_object_object_add(
	    o, "k", json_object_new_string_len(text, 1000000));
	pair(fd);
	ck_assert_int_eq(ipc_send(fd[0], o, 100, &err), -1);
	ck_assert_int_eq(err.code, ERR_TIMEOUT);
	close(fd[1]);
	signal(SIGPIPE, SIG_DFL);
	ck_assert_int_eq(ipc_send(fd[0], o, 100, &err), -1);
	ck_assert_int_eq(err.code, ERR_DAEMON_UNREACHABLE);
	close(fd[0]);
	ck_assert_int_eq(ipc_send(fd[0], o, 100, &err), -1);
	ck_assert_int_eq(err.code, ERR_IO);
	json_object_put(o);
	free(text);
}
END_TEST

/* Garbage, then still serving: one listener, many liars, one good client. */
START_TEST(garbage_then_still_serving)
{
	const char *path = tmp_path("serve.sock");
	struct json_object *in = NULL, *o = json_object_new_object();
	unsigned char junk[64];
	int fd, c, s, i;
	struct err err;

	fd = ipc_listen(path, 0600, (gid_t)-1, &err);
	for (i = 0; i < 300; i++) {
		c = ipc_connect(path, &err);
		ck_assert_int_ge(c, 0);
		random_bytes(junk, sizeof(junk), &err);
		if (i % 3 == 0)
			memset(junk, 0, 3); /* a length that is allowed */
		ck_assert_int_eq(write(c, junk, sizeof(junk)), 64);
		close(c);
		s = accept(fd, NULL, NULL);
		ck_assert_int_eq(ipc_recv(s, &in, 4096, 1000, &err), -1);
		close(s);
	}
	c = ipc_connect(path, &err);
	ck_assert_int_eq(ipc_send(c, o, 1000, &err), 0);
	s = accept(fd, NULL, NULL);
	ck_assert_int_eq(ipc_recv(s, &in, 4096, 1000, &err), 0);
	json_object_put(in);
	json_object_put(o);
	close(c);
	close(s);
	close(fd);
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_loop_test(tc, listen_mode_and_group, 0, 5);
	tcase_add_test(tc, listen_in_use);
	tcase_add_test(tc, listen_where_it_cannot);
	tcase_add_test(tc, connect_to_nobody);
	tcase_add_test(tc, connect_to_a_full_backlog);
	tcase_add_test(tc, peer_is_known);
	tcase_add_loop_test(tc, frames_there_and_back, 0, 3);
	tcase_add_loop_test(tc, large_frames, 0, 3);
	tcase_add_loop_test(tc, frames_of_a_liar, 0, N(bad));
	tcase_add_loop_test(tc, header_cut_short, 0, 4);
	tcase_add_test(tc, drip_feed);
	tcase_add_test(tc, frame_in_single_bytes);
	tcase_add_test(tc, send_to_the_deaf);
	tcase_add_test(tc, garbage_then_still_serving);
}

int
main(void)
{
	return tmp_run("ipc", add, 60);
}
