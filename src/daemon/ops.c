/*
 * ops.c - the fixed table of operations, and one connection from frame to
 * reply.
 *
 * A row of ops.def says who may ask, how long the frame may be and what its
 * args may hold; the handler sees nothing that the row does not allow.
 * The frame may hold a key and a passphrase: its strings are overwritten
 * before the object is given back.
 */
#include <sys/socket.h>
#include <arpa/inet.h>
#include <poll.h>
#include <string.h>

#include "call.h"
#include "cluster.h"
#include "drafts.h"
#include "jsonx.h"
#include "keystore.h"
#include "note.h"
#include "op_auth.h"
#include "util.h"

#define BOTH	 (PEER_ROOT | PEER_WEB)
#define SMALL	 (8 * 1024)
#define RECV_MS	 5000
#define REPLY_MS 500 /* that a client still waits for the reply */

/* What the rows of ops.def are written with. */
#define ROW(name, type, need, min, max) {name, type, need, min, max},
#define END				ROW(NULL, ARG_BOOL, OPT, 0, 0)
#define ARG(name, type, need, min, max) ROW(#name, type, need, min, max)
#define OPT				false
#define NEED				true
#define BOOL(name)			ARG(name, ARG_BOOL, OPT, 0, 0)
#define INT(name, need, min, max)	ARG(name, ARG_INT, need, min, max)
#define STR(name, need, max)		ARG(name, ARG_STR, need, 0, max)
#define STRS(name, max)			ARG(name, ARG_STRS, OPT, 0, max)
#define OBJ(name, need)			ARG(name, ARG_OBJ, need, 0, 0)
#define LIST(name, max)			ARG(name, ARG_LIST, OPT, 0, max)
#define NONE
/* Of whatever applies. */
#define HOW \
	BOOL(accepted) \
	STR(apply, OPT, 16) \
	STRS(confirm, CONFIRM_MAX) \
	BOOL(dry_run) \
	STR(if_match, OPT, 128) \
	STR(note, OPT, NOTE_SENT_MAX) \
	BOOL(wait)

#define O(symbol, text, peers, size, patience, run, args) \
	{text, peers, size, (const struct op_arg[]){args END}, run},
const struct op ops[] = {
#include "ops.def"
    {0},
};
#undef O

static const struct op *
op_find(const char *name)
{
	const struct op *op;

	for (op = ops; op->name != NULL; op++) {
		if (strcmp(op->name, name) == 0)
			return op;
	}
	return NULL;
}

/* Of the web process an address, or none; it goes into the audit log and to
 * PAM as the remote host.  Root and postseal-sync have words of their own. */
static bool
is_from(const char *s, unsigned peer)
{
	unsigned char addr[sizeof(struct in6_addr)];

	return *s == '\0' || peer != PEER_WEB ||
	       inet_pton(AF_INET, s, addr) == 1 ||
	       inet_pton(AF_INET6, s, addr) == 1;
}

/* "via" is what the peer may claim: the web process is not a shell. */
static int
read_actor(struct call *c, struct json_object *req, struct err *err)
{
	static const char *const names[] = {"user", "from", "via", NULL};
	struct json_object *o = NULL;
	const char *user = "", *from = "", *via = "";

	if (jsonx_obj(req, "actor", "actor", &o, err) == -1)
		return -1;
	if (o == NULL)
		return err_set(
		    err, ERR_FIELD_MISSING, "actor", "actor is missing");
	if (jsonx_only(o, "actor", names, err) == -1 ||
	    jsonx_str(o, "user", "actor.user", 256, &user, err) == -1 ||
	    jsonx_str(o, "from", "actor.from", 256, &from, err) == -1 ||
	    jsonx_str(o, "via", "actor.via", 8, &via, err) == -1)
		return -1;
	if (strcmp(via, "web") != 0 && strcmp(via, "api") != 0 &&
	    !(strcmp(via, "ctl") == 0 && c->peer == PEER_ROOT) &&
	    !(strcmp(via, "sync") == 0 && c->peer == PEER_SYNC))
		return err_set(
		    err, ERR_FIELD_INVALID, "actor.via", "expected web or api");
	/* Whatever it says: it speaks for nobody. */
	if (c->peer == PEER_SYNC) {
		user = "postseal-sync";
		from = "";
		via = "sync";
	}
	if (!is_from(from, c->peer))
		return err_set(err, ERR_FIELD_INVALID, "actor.from",
		    "expected an address");
	clean_copy(c->actor.user, sizeof(c->actor.user), user);
	clean_copy(c->actor.from, sizeof(c->actor.from), from);
	clean_copy(c->actor.via, sizeof(c->actor.via), via);
	return 0;
}

/* The length in front of the frame, before the frame is taken. */
static int
peek_length(int fd, size_t *ret_len, struct err *err)
{
	struct pollfd p = {.fd = fd, .events = POLLIN | POLLRDHUP};
	int64_t deadline = now_ms() + RECV_MS;
	uint32_t len;
	ssize_t n;

	do {
		if (poll(&p, 1, 100) == -1)
			continue;
		n = recv(fd, &len, sizeof(len), MSG_PEEK | MSG_DONTWAIT);
		if (n == 0 || (n > 0 && n < (ssize_t)sizeof(len) &&
				  (p.revents & (POLLRDHUP | POLLHUP)) != 0))
			return err_set(err, ERR_DAEMON_UNREACHABLE, "",
			    "the client went away");
		if (n == (ssize_t)sizeof(len)) {
			*ret_len = ntohl(len);
			return 0;
		}
		if (n > 0) /* a torn header keeps poll from waiting */
			(void)poll(NULL, 0, 20);
	} while (now_ms() < deadline);
	return err_set(err, ERR_TIMEOUT, "", "no request came");
}

static int
read_request(struct call *c, struct json_object *req, size_t len,
    const struct op **ret_op, struct json_object **ret_args, struct err *err)
{
	static const char *const names[] = {"op", "actor", "args", NULL};
	struct json_object *args = NULL;
	const char *name = NULL;
	const struct op *op;

	if (jsonx_only(req, "", names, err) == -1 ||
	    jsonx_str(req, "op", "op", 64, &name, err) == -1)
		return -1;
	if (name == NULL || (op = op_find(name)) == NULL)
		return err_set(
		    err, ERR_OP_UNKNOWN, "op", "there is no such operation");
	if ((op->peers & c->peer) == 0)
		return err_set(err, ERR_OP_DENIED, "op",
		    "%s is not for this user", op->name);
	if (len > op->max)
		return err_set(err, ERR_FRAME_TOO_LARGE, "",
		    "%s: at most %zu bytes, got %zu", op->name, op->max, len);
	if (read_actor(c, req, err) == -1 ||
	    jsonx_obj(req, "args", "args", &args, err) == -1)
		return -1;
	if (args == NULL)
		return err_set(
		    err, ERR_FIELD_MISSING, "args", "args is missing");
	if (args_check(op, args, err) == -1)
		return -1;
	*ret_op = op;
	*ret_args = args;
	return 0;
}

static int
answer(struct call *c, struct json_object *req, size_t len,
    struct json_object **data, struct err *err)
{
	struct json_object *args = NULL;
	const struct conf *conf = c->conf;
	struct conf limit = *conf;
	const struct op *op = NULL;
	int rc;

	if (read_request(c, req, len, &op, &args, err) == -1 || op == NULL)
		return -1;
	limit.until = now_ms() + op_patience(op->name) +
		      jsonx_path_int(args, "wait_ms") - REPLY_MS;
	c->conf = &limit;
	rc = op->run(c, args, data, err);
	c->conf = conf;
	if (rc == -1)
		return -1;
	if (*data == NULL)
		*data = json_object_new_object();
	return 0;
}

void
serve(const struct conf *conf, int fd, unsigned peer)
{
	struct json_object *req = NULL, *data = NULL;
	struct call c;
	struct err err;
	size_t len = 0;
	int rc = -1;

	memset(&c, 0, sizeof(c));
	c.conf = conf;
	c.fd = fd;
	c.peer = peer;
	err_clear(&err);
	if (peek_length(fd, &len, &err) == 0 &&
	    ipc_recv(fd, &req, IPC_FRAME_MAX, RECV_MS, &err) == 0)
		rc = answer(&c, req, len, &data, &err);
	if (rc == -1 && err.code == ERR_DAEMON_UNREACHABLE && req == NULL)
		goto out;
	if (!c.replied)
		(void)call_reply(&c, data, rc == 0 ? NULL : &err);
out:
	jsonx_wipe(req);
	json_object_put(data);
	json_object_put(c.error);
}
