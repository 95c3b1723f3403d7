/*
 * ipc.c - Unix socket and frames.
 *
 * All reading and writing is MSG_DONTWAIT plus poll() against one deadline
 * for the whole frame, so a peer that sends a byte a second gains nothing.
 * What went over the wire may hold keys: buffers are wiped.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "buf.h"
#include "ipc.h"
#include "jsonx.h"
#include "util.h"

#define BACKLOG	    128
#define HEADER_LEN  4
#define CROWD_MS    20
#define CROWD_TRIES 50

static int
address(struct sockaddr_un *sun, const char *path, struct err *err)
{
	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	if (path[0] == '\0' || strlen(path) >= sizeof(sun->sun_path))
		return err_set(err, ERR_CONFIG, NULL,
		    "socket path %s: expected 1 to %zu bytes", path,
		    sizeof(sun->sun_path) - 1);
	memcpy(sun->sun_path, path, strlen(path));
	return 0;
}

/* Remove a socket that nobody answers on. */
static int
remove_stale(const char *path, struct err *err)
{
	struct stat st;
	int fd;

	if (lstat(path, &st) != 0)
		return errno == ENOENT
			   ? 0
			   : err_sys(err, ERR_IO, NULL, "stat %s", path);
	if (!S_ISSOCK(st.st_mode))
		return err_set(
		    err, ERR_CONFIG, NULL, "%s: is there and no socket", path);
	fd = ipc_connect(path, NULL);
	if (fd != -1) {
		close(fd);
		errno = EADDRINUSE;
		return err_sys(err, ERR_CONFIG, NULL, "listen on %s", path);
	}
	if (unlink(path) != 0 && errno != ENOENT)
		return err_sys(err, ERR_IO, NULL, "unlink %s", path);
	return 0;
}

/*
 * bind() makes the file with 0777 less the umask, so the umask gives exactly
 * our mode.  The group is still our own then; it changes before listen(), and
 * before listen() nobody can connect.
 */
int
ipc_listen(const char *path, mode_t mode, gid_t gid, struct err *err)
{
	struct sockaddr_un sun;
	bool bound = false;
	mode_t old;
	int fd, rc;

	if (address(&sun, path, err) != 0 || remove_stale(path, err) != 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return err_sys(err, ERR_IO, NULL, "socket");
	old = umask(~mode & 0777);
	rc = bind(fd, (struct sockaddr *)&sun, sizeof(sun));
	umask(old);
	if (rc != 0)
		goto fail;
	bound = true;
	if (gid != (gid_t)-1 && lchown(path, (uid_t)-1, gid) != 0)
		goto fail;
	if (listen(fd, BACKLOG) != 0)
		goto fail;
	return fd;
fail:
	err_sys(err, ERR_IO, NULL, "listen on %s", path);
	close(fd);
	if (bound)
		unlink(path);
	return -1;
}

int
ipc_connect(const char *path, struct err *err)
{
	int fd, rc, tries = CROWD_TRIES;
	struct sockaddr_un sun;

	if (address(&sun, path, err) != 0)
		return -1;
	/* NONBLOCK: with a full backlog connect() would wait for ever. */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return err_sys(err, ERR_IO, NULL, "socket");
	/* EAGAIN: a crowd stands before the door, and it moves. */
	while ((rc = connect(fd, (struct sockaddr *)&sun, sizeof(sun))) != 0 &&
	       errno == EAGAIN && tries-- > 0)
		(void)poll(NULL, 0, CROWD_MS);
	if (rc != 0 || fcntl(fd, F_SETFL, 0) != 0) {
		err_sys(
		    err, ERR_DAEMON_UNREACHABLE, NULL, "connect to %s", path);
		close(fd);
		return -1;
	}
	return fd;
}

int
ipc_peer(int fd, struct ipc_peer *peer, struct err *err)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0)
		return err_sys(err, ERR_IO, NULL, "SO_PEERCRED");
	peer->pid = cred.pid;
	peer->uid = cred.uid;
	peer->gid = cred.gid;
	return 0;
}

static int
gone(struct err *err)
{
	return err_set(err, ERR_DAEMON_UNREACHABLE, NULL,
	    "the peer has closed the socket");
}

/* 0 = ready (or an error that the next call will report). */
static int
wait_for(int fd, short events, int64_t deadline, struct err *err)
{
	struct pollfd p = {.fd = fd, .events = events};
	int64_t left;
	int rc;

	for (;;) {
		left = deadline - now_ms();
		if (left <= 0)
			return err_set(
			    err, ERR_TIMEOUT, NULL, "the peer was too slow");
		rc = poll(&p, 1, left > 60000 ? 60000 : (int)left);
		if (rc > 0)
			return 0;
		if (rc < 0 && errno != EINTR)
			return err_sys(err, ERR_IO, NULL, "poll");
	}
}

static int
send_all(
    int fd, const void *data, size_t len, int64_t deadline, struct err *err)
{
	const char *p = data;
	ssize_t n;

	while (len > 0) {
		n = send(fd, p, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n > 0) {
			p += n;
			len -= (size_t)n;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
			return gone(err);
		if (n < 0 && errno != EAGAIN)
			return err_sys(err, ERR_IO, NULL, "send");
		if (wait_for(fd, POLLOUT, deadline, err) != 0)
			return -1;
	}
	return 0;
}

static int
recv_all(int fd, struct buf *b, size_t len, int64_t deadline, struct err *err)
{
	ssize_t n;

	if (buf_reserve(b, len) != 0)
		return err_set(err, ERR_NOMEM, NULL, "no memory for a frame");
	while (len > 0) {
		n = recv(fd, b->data + b->len, len, MSG_DONTWAIT);
		if (n > 0) {
			b->len += (size_t)n;
			b->data[b->len] = '\0';
			len -= (size_t)n;
			continue;
		}
		if (n == 0 || errno == ECONNRESET)
			return gone(err);
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return err_sys(err, ERR_IO, NULL, "recv");
		if (wait_for(fd, POLLIN, deadline, err) != 0)
			return -1;
	}
	return 0;
}

int
ipc_send(int fd, struct json_object *o, int timeout_ms, struct err *err)
{
	int64_t deadline = now_ms() + timeout_ms;
	unsigned char head[HEADER_LEN];
	struct buf frame;
	const char *text;
	size_t len = 0;
	int rc = -1;

	text = json_object_to_json_string_length(
	    o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
	if (text == NULL)
		return err_set(err, ERR_NOMEM, NULL, "no memory for a frame");
	buf_init(&frame, HEADER_LEN + IPC_FRAME_MAX);
	if (len == 0 || len > IPC_FRAME_MAX) {
		err_set(err, ERR_FRAME_TOO_LARGE, NULL,
		    "frame: at most %d bytes, got %zu", IPC_FRAME_MAX, len);
		goto out;
	}
	head[0] = (unsigned char)(len >> 24);
	head[1] = (unsigned char)(len >> 16 & 0xff);
	head[2] = (unsigned char)(len >> 8 & 0xff);
	head[3] = (unsigned char)(len & 0xff);
	if (buf_reserve(&frame, HEADER_LEN + len) != 0 ||
	    buf_add(&frame, head, HEADER_LEN) != 0 ||
	    buf_add(&frame, text, len) != 0) {
		err_set(err, ERR_NOMEM, NULL, "no memory for a frame");
		goto out;
	}
	rc = send_all(fd, frame.data, frame.len, deadline, err);
out:
	/* json-c keeps its text in the object until the next one or put. */
	OPENSSL_cleanse((void *)(uintptr_t)text, len);
	buf_clear(&frame);
	return rc;
}

int
ipc_recv(int fd, struct json_object **ret, size_t max, int timeout_ms,
    struct err *err)
{
	int64_t deadline = now_ms() + timeout_ms;
	struct json_object *o = NULL;
	const unsigned char *p;
	struct err why;
	struct buf b;
	size_t len;
	int rc = -1;

	if (max > IPC_FRAME_MAX)
		max = IPC_FRAME_MAX;
	buf_init(&b, IPC_FRAME_MAX);
	if (recv_all(fd, &b, HEADER_LEN, deadline, err) != 0)
		goto out;
	p = (const unsigned char *)b.data;
	len = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 |
	      (size_t)p[3];
	buf_reset(&b);
	if (len == 0) {
		err_set(err, ERR_FRAME, NULL, "frame of 0 bytes");
		goto out;
	}
	if (len > max) {
		err_set(err, ERR_FRAME_TOO_LARGE, NULL,
		    "frame: at most %zu bytes, got %zu", max, len);
		goto out;
	}
	if (recv_all(fd, &b, len, deadline, err) != 0)
		goto out;
	if (jsonx_parse(b.data, b.len, IPC_DEPTH_MAX, &o, &why) != 0) {
		err_set(err, ERR_FRAME, NULL, "%s", why.msg);
		goto out;
	}
	if (!json_object_is_type(o, json_type_object)) {
		err_set(err, ERR_FRAME, NULL, "frame: expected an object");
		goto out;
	}
	*ret = o;
	o = NULL;
	rc = 0;
out:
	jsonx_wipe(o);
	buf_clear(&b);
	return rc;
}
