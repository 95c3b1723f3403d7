/*
 * talk.h - one request to serve() over a socket pair, in this process, so
 * that sanitizers and valgrind see the daemon's side.
 */
#ifndef TEST_TALK_H
#define TEST_TALK_H

#include <sys/socket.h>

#include <arpa/inet.h>

#include "../../../src/daemon/call.h"
#include "../../../src/daemon/drafts.h"
#include "../../../src/daemon/op_auth.h"
#include "../../../src/daemon/server.h"
#include "../apply/rig.h"

/* Everything that came back: the last frame, and how many before it. */
struct answer {
	struct json_object *last;
	size_t progress;
	char all[256 * 1024]; /* every byte, for secrets that must not be */
	size_t all_len;
};

static inline void
talk_collect(int fd, struct answer *a)
{
	unsigned char *p = (unsigned char *)a->all;
	uint32_t len;
	ssize_t n;

	while ((n = read(fd, a->all + a->all_len,
		    sizeof(a->all) - 1 - a->all_len)) > 0)
		a->all_len += (size_t)n;
	a->all[a->all_len] = '\0';
	while (p < (unsigned char *)a->all + a->all_len) {
		memcpy(&len, p, 4);
		len = ntohl(len);
		if (a->last != NULL)
			a->progress++;
		json_object_put(a->last);
		a->last = NULL;
		ck_assert_int_eq(
		    jsonx_parse((char *)p + 4, len, 20, &a->last, NULL), 0);
		p += 4 + len;
	}
}

/* Raw bytes in, one answer out. */
static inline void
talk_raw(unsigned peer, const void *bytes, size_t n, struct answer *a)
{
	int fd[2], big = 4 << 20;

	memset(a, 0, sizeof(*a));
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	(void)setsockopt(fd[0], SOL_SOCKET, SO_SNDBUFFORCE, &big, sizeof(big));
	(void)setsockopt(fd[1], SOL_SOCKET, SO_SNDBUFFORCE, &big, sizeof(big));
	ck_assert_int_eq(write(fd[0], bytes, n), (int)n);
	ck_assert_int_eq(shutdown(fd[0], SHUT_WR), 0);
	serve(&rig_conf, fd[1], peer);
	close(fd[1]);
	talk_collect(fd[0], a);
	close(fd[0]);
}

static inline void
talk_text(unsigned peer, const char *text, struct answer *a)
{
	size_t n = strlen(text);
	char *frame = malloc(n + 5);
	uint32_t len = htonl((uint32_t)n);

	ck_assert_ptr_nonnull(frame);
	memcpy(frame, &len, 4);
	memcpy(frame + 4, text, n);
	talk_raw(peer, frame, n + 4, a);
	free(frame);
}

/* op with args (taken over) as the administrator; -1 = not ok. */
static inline int
talk(const char *op, struct json_object *args, struct answer *a)
{
	struct json_object *o = json_object_new_object();
	struct json_object *actor = json_object_new_object();

	json_object_object_add(actor, "user", json_object_new_string("admin"));
	json_object_object_add(
	    actor, "from", json_object_new_string("192.0.2.1"));
	json_object_object_add(actor, "via", json_object_new_string("web"));
	json_object_object_add(o, "op", json_object_new_string(op));
	json_object_object_add(o, "actor", actor);
	json_object_object_add(o, "args", args);
	talk_text(PEER_WEB, json_object_to_json_string(o), a);
	json_object_put(o);
	if (a->last == NULL)
		return -1;
	return json_object_get_boolean(jsonx_path(a->last, "ok")) ? 0 : -1;
}

static inline void
talk_done(struct answer *a)
{
	json_object_put(a->last);
	a->last = NULL;
}

static inline const char *
talk_code(const struct answer *a)
{
	return jsonx_path_str(a->last, "error.code", "(ok)");
}

static inline struct json_object *
args_new(const char *text)
{
	struct json_object *o = json_tokener_parse(text);

	ck_assert_ptr_nonnull(o);
	return o;
}

/* A file of cert/ as args.files.FIELD. */
static inline void
args_file(struct json_object *args, const char *field, const char *name)
{
	struct json_object *files;
	char path[256];
	struct buf b;

	if (!json_object_object_get_ex(args, "files", &files)) {
		files = json_object_new_object();
		json_object_object_add(args, "files", files);
	}
	snprintf(path, sizeof(path), "%s/cert/%s", rig_root, name);
	b = rig_read(path);
	json_object_object_add(files, field, jsonx_new_b64(b.data, b.len));
	buf_clear(&b);
}

/* Nothing of a private key, in text or base64, and no passphrase. */
static inline void
assert_no_secret(const struct answer *a)
{
	ck_assert_ptr_null(memmem(a->all, a->all_len, "PRIVATE KEY", 11));
	ck_assert_ptr_null(memmem(a->all, a->all_len, "UFJJVkFURSBLRVk", 15));
	ck_assert_ptr_null(memmem(a->all, a->all_len, "BSSVZBVEUgS0VZ", 14));
	ck_assert_ptr_null(memmem(a->all, a->all_len, "QUklWQVRFIEtFW", 14));
	ck_assert_ptr_null(memmem(a->all, a->all_len, "open sesame", 11));
}

#endif
