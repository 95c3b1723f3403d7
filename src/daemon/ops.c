/*
 * ops.c - the fixed table of operations, and one connection from frame to
 * reply.
 *
 * A row says who may ask, how long the frame may be and which members its
 * args may have; the handler sees nothing that the row does not allow.
 * The frame may hold a key and a passphrase: its strings are overwritten
 * before the object is given back.
 */
#include <sys/socket.h>
#include <arpa/inet.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "daemon.h"
#include "jsonx.h"
#include "util.h"

#define BOTH	(PEER_ROOT | PEER_WEB)
#define SYNC	PEER_SYNC
#define SMALL	(8 * 1024)
#define RECV_MS 5000

static const char *const no_args[] = {NULL};
static const char *const draft_args[] = {"draft", NULL};
static const char *const view_args[] = {"draft", "sandbox", NULL};
static const char *const status_args[] = {"probe", NULL};
static const char *const inspect_args[] = {
    "files", "passphrase", "partial", NULL};
static const char *const put_args[] = {"draft", "files", "names", "passphrase",
    "settings", "apply", "remove", "key_id", "scanners", NULL};
static const char *const apply_args[] = {"settings", "files", "passphrase",
    "draft", "apply", "confirm", "dry_run", "if_match", "wait", "key_id",
    "scanners", NULL};
static const char *const job_args[] = {"job", NULL};
static const char *const list_args[] = {"limit", NULL};
static const char *const get_args[] = {"id", NULL};
static const char *const restore_args[] = {
    "id", "apply", "confirm", "dry_run", "if_match", "wait", NULL};
static const char *const adopt_args[] = {
    "apply", "confirm", "dry_run", "if_match", "wait", NULL};
static const char *const diff_args[] = {"a", "b", NULL};
static const char *const log_args[] = {
    "user", "event", "outcome", "text", "before", "limit", NULL};
static const char *const audit_args[] = {"event", "outcome", "detail", NULL};
static const char *const pam_args[] = {"user", "password", NULL};
static const char *const key_args[] = {"id", NULL};
static const char *const key_add_args[] = {
    "kind", "algorithm", "subject", "names", "days", NULL};
static const char *const poll_args[] = {"serial", "wait_ms", "probe", NULL};
static const char *const seal_args[] = {
    "host", "generation", "local", "by", "apply", "chosen", NULL};
static const char *const published_args[] = {"id", "outcome", "detail", NULL};
static const char *const blob_args[] = {
    "blob", "generation", "attempt", "own", NULL};
static const char *const report_args[] = {"etcd", "desired", "hosts", NULL};
static const char *const command_args[] = {"do", "scanner", NULL};
static const char *const name_args[] = {"name", NULL};
static const char *const enrol_args[] = {"name", "certificate", NULL};
static const char *const trust_args[] = {"join", NULL};

const struct op ops[] = {
    {OP_CONNECTION_GET, BOTH, SMALL, view_args, op_connection_get},
    {OP_STATUS, BOTH, SMALL, status_args, op_status},
    {OP_INSPECT, BOTH, IPC_FRAME_MAX, inspect_args, op_inspect},
    {OP_DRAFT_PUT, BOTH, IPC_FRAME_MAX, put_args, op_draft_put},
    {OP_DRAFT_DROP, BOTH, SMALL, draft_args, op_draft_drop},
    {OP_CONNECTION_APPLY, BOTH, IPC_FRAME_MAX, apply_args, op_connection_apply},
    {OP_JOB_GET, BOTH, SMALL, job_args, op_job_get},
    {OP_GENERATIONS_LIST, BOTH, SMALL, list_args, op_generations_list},
    {OP_GENERATION_GET, BOTH, SMALL, get_args, op_generation_get},
    {OP_GENERATION_DIFF, BOTH, SMALL, diff_args, op_generation_diff},
    {OP_GENERATION_RESTORE, BOTH, SMALL, restore_args, op_generation_restore},
    {OP_CONNECTION_ADOPT, BOTH, SMALL, adopt_args, op_connection_adopt},
    {OP_RECOVER, PEER_ROOT, SMALL, no_args, op_recover},
    {OP_AUDIT_LIST, BOTH, SMALL, log_args, op_audit_list},
    {OP_AUDIT_ADD, BOTH, SMALL, audit_args, op_audit_add},
    {OP_AUTH_PAM, PEER_WEB, SMALL, pam_args, op_auth_pam},
    {OP_KEYS_ADD, BOTH, 4 * SMALL, key_add_args, op_keys_add},
    {OP_KEYS_LIST, BOTH, SMALL, no_args, op_keys_list},
    {OP_KEYS_GET, BOTH, SMALL, key_args, op_keys_get},
    {OP_KEYS_DELETE, BOTH, SMALL, key_args, op_keys_delete},
    {OP_CLUSTER_POLL, SYNC, SMALL, poll_args, op_cluster_poll},
    {OP_CLUSTER_SEAL, SYNC, SMALL, seal_args, op_cluster_seal},
    {OP_CLUSTER_PUBLISHED, SYNC, SMALL, published_args, op_cluster_published},
    {OP_CLUSTER_APPLY, SYNC, IPC_FRAME_MAX, blob_args, op_cluster_apply},
    {OP_CLUSTER_REPORT, SYNC, IPC_FRAME_MAX, report_args, op_cluster_report},
    {OP_CLUSTER_COMMAND, BOTH, SMALL, command_args, op_cluster_command},
    {OP_SCANNERS_GET, BOTH, SMALL, no_args, op_scanners_get},
    {OP_SCANNER_IDENTITY, PEER_ROOT, SMALL, no_args, op_scanner_identity},
    {OP_SCANNER_ENROL, PEER_ROOT, 4 * SMALL, enrol_args, op_scanner_enrol},
    {OP_SCANNER_TRUST, PEER_ROOT, 4 * SMALL, trust_args, op_scanner_trust},
    {OP_SCANNER_ROTATE, PEER_ROOT, SMALL, no_args, op_scanner_rotate},
    {OP_SCANNER_REMOVE, BOTH, SMALL, name_args, op_scanner_remove},
    {NULL, 0, 0, no_args, NULL},
};

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
	if (jsonx_only(args, "", op->args, err) == -1)
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
	const struct op *op = NULL;

	if (read_request(c, req, len, &op, &args, err) == -1 || op == NULL)
		return -1;
	if (op->run(c, args, data, err) == -1)
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
