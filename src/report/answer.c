/*
 * answer.c - a request, its report, or its error.
 */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "answer.h"
#include "ipc.h"
#include "jsonx.h"
#include "util.h"

#define REQUEST_MAX 4096
#define ASK_MS	    1000 /* nobody else is served meanwhile */
#define DAY_S	    (24 * 60 * 60)

static int
choice(struct json_object *args, const char *key, const char *const *words,
    int *ret, struct err *err)
{
	const char *s = NULL;

	if (jsonx_str(args, key, key, 16, &s, err) == -1)
		return -1;
	for (int i = 0; s != NULL && words[i] != NULL; i++)
		if (strcmp(words[i], s) == 0) {
			*ret = i;
			return 0;
		}
	return s == NULL ? 0
			 : err_set(err, ERR_FIELD_INVALID, key, "%s: not %.20s",
			       key, s);
}

static int
read_args(struct json_object *args, struct report_query *q, int64_t *days,
    struct err *err)
{
	static const char *const keys[] = {
	    "direction", "days", "only", "limit", NULL};
	static const char *const ways[] = {"inbound", "outbound", NULL};
	static const char *const onlys[] = {"", "plain", "old", "failed", NULL};
	int way = INBOUND, only = ONLY_ALL;
	int64_t limit = 20;

	*days = 30;
	if (jsonx_only(args, "", keys, err) == -1 ||
	    choice(args, "direction", ways, &way, err) == -1 ||
	    choice(args, "only", onlys, &only, err) == -1 ||
	    jsonx_int(args, "days", "days", 1, COUNTS_DAYS, days, err) == -1 ||
	    jsonx_int(
		args, "limit", "limit", 1, REPORT_ROWS_MAX, &limit, err) == -1)
		return -1;
	q->direction = (enum direction)way;
	q->only = (enum report_only)only;
	q->limit = (size_t)limit;
	return 0;
}

static void
put_source(struct json_object *o, const struct follow *f, bool reading)
{
	struct json_object *files = json_object_new_array(), *p = NULL;

	json_object_array_add(
	    files, json_object_new_string(
		       f->place.cursor[0] == '\0' ? f->path : "journal"));
	json_object_object_add(o, "files", files);
	if (reading && (p = json_object_new_object()) != NULL) {
		jsonx_put_int(p, "done", f->done);
		jsonx_put_int(p, "total", f->all);
	}
	json_object_object_add(o, "progress", p);
	if (!reading)
		return;
	jsonx_put_bool(o, "known", false);
	jsonx_put_str(o, "reason", "reading");
	json_object_object_add(o, "impact", NULL);
}

static int
put_ever(
    struct json_object *o, struct follow *f, enum direction d, struct err *err)
{
	unsigned long long n[TLS__MAX] = {0};
	struct json_object *ever;

	if (counts_ever(f->counts, d, n, err) == -1 ||
	    (ever = json_object_new_object()) == NULL)
		return -1;
	for (int v = 0; v < TLS__MAX; v++)
		jsonx_put_int(
		    ever, tls_version_name((enum tls_version)v), (int64_t)n[v]);
	json_object_object_add(o, "ever", ever);
	return 0;
}

static struct json_object *
report(struct follow *f, struct json_object *args, struct err *err)
{
	struct report_query q = {.limit = 0};
	struct tally *t = tally_new();
	struct json_object *o = NULL;
	time_t now = time(NULL);
	int64_t days;

	if (t == NULL)
		(void)err_set(err, ERR_NOMEM, "", "out of memory");
	else if (read_args(args, &q, &days, err) == 0 &&
		 counts_load(f->counts, (int)days, now, t, err) == 0) {
		q.unreadable =
		    f->unreadable || f->place.gap > now / DAY_S - days;
		if ((o = tally_json(t, &q)) != NULL) {
			jsonx_put_int(o, "days_asked", days);
			put_source(o, f, f->reading);
			if (put_ever(o, f, q.direction, err) == -1) {
				json_object_put(o);
				o = NULL;
			}
		}
	}
	tally_free(t);
	return o;
}

/* The result frame of a request. */
static struct json_object *
result(struct follow *f, struct json_object *request)
{
	struct json_object *reply = json_object_new_object(), *o = NULL;
	struct err err;

	err_clear(&err);
	if (strcmp(jsonx_path_str(request, "op", ""), "report.tls") != 0)
		(void)err_set(&err, ERR_OP_UNKNOWN, "", "no such operation");
	else
		o = report(f, jsonx_path(request, "args"), &err);
	jsonx_put_str(reply, "type", "result");
	jsonx_put_bool(reply, "ok", o != NULL);
	json_object_object_add(reply, o != NULL ? "data" : "error",
	    o != NULL ? o : err_to_json(&err));
	return reply;
}

void
answer(struct follow *f, int fd, uid_t web)
{
	struct json_object *request = NULL, *reply;
	struct ipc_peer peer;
	struct err err;

	if (ipc_peer(fd, &peer, &err) == 0 &&
	    (peer.uid == 0 || peer.uid == web || peer.uid == geteuid()) &&
	    ipc_recv(fd, &request, REQUEST_MAX, ASK_MS, &err) == 0) {
		reply = result(f, request);
		if (ipc_send(fd, reply, ASK_MS, &err) == -1)
			log_warn("an answer was not taken: %s", err.msg);
		json_object_put(reply);
	}
	json_object_put(request);
	(void)close(fd);
}
