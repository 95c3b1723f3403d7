/*
 * op_read.c - operations that only look, and the audit line.
 */
#include <stdio.h>
#include <string.h>

#include "daemon.h"
#include "jsonx.h"

#define LIST_MAX     1000
#define LIST_DEFAULT 100

static int
add_draft(struct call *c, struct json_object *args, struct json_object *view,
    struct err *err)
{
	const char *id = NULL;
	struct draft d;
	int rc;

	if (jsonx_str(args, "draft", "draft", DRAFT_ID_LEN, &id, err) == -1)
		return -1;
	if (id == NULL)
		return 0;
	draft_init(&d);
	rc = draft_load(c->conf, id, &d, err);
	if (rc == 0 && d.exists)
		json_object_object_add(view, "draft", draft_to_json(&d));
	draft_clear(&d);
	return rc;
}

int
op_connection_get(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	bool sandbox = false;

	if (jsonx_bool(args, "sandbox", "sandbox", &sandbox, err) == -1 ||
	    apply_view(c->conf, data, err) == -1)
		return -1;
	if (sandbox)
		json_object_object_add(
		    *data, "sandbox", confine_to_json(c->conf));
	return add_draft(c, args, *data, err);
}

int
op_status(struct call *c, struct json_object *args, struct json_object **data,
    struct err *err)
{
	struct json_object *live = NULL;
	bool probe = false;

	if (jsonx_bool(args, "probe", "probe", &probe, err) == -1)
		return -1;
	if (probe)
		live = apply_live(c->conf);
	if (apply_view(c->conf, data, err) == -1) {
		json_object_put(live);
		return -1;
	}
	json_object_object_add(*data, "live", live);
	json_object_object_add(*data, "sandbox", confine_to_json(c->conf));
	return 0;
}

int
op_job_get(struct call *c, struct json_object *args, struct json_object **data,
    struct err *err)
{
	const char *id = NULL;

	if (jsonx_str(args, "job", "job", JOB_ID_LEN, &id, err) == -1)
		return -1;
	if (id == NULL)
		return err_set(err, ERR_FIELD_MISSING, "job", "job is missing");
	return job_read(c->conf, id, data, err);
}

int
op_generations_list(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	struct json_object *list;
	int64_t limit = LIST_DEFAULT;

	if (jsonx_int(args, "limit", "limit", 1, LIST_MAX, &limit, err) == -1 ||
	    generations_list(c->conf, (size_t)limit, &list, err) == -1)
		return -1;
	*data = json_object_new_object();
	json_object_object_add(*data, "generations", list);
	return 0;
}

int
op_generation_get(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	int64_t id = 0;

	if (jsonx_int(args, "id", "id", 1, INT32_MAX, &id, err) == -1)
		return -1;
	if (id == 0)
		return err_set(err, ERR_FIELD_MISSING, "id", "id is missing");
	return generation_get(c->conf, (long)id, data, err);
}

int
op_generation_diff(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	int64_t a = 0, b = 0;

	if (jsonx_int(args, "a", "a", 1, INT32_MAX, &a, err) == -1 ||
	    jsonx_int(args, "b", "b", 1, INT32_MAX, &b, err) == -1)
		return -1;
	if (a == 0 || b == 0)
		return err_set(err, ERR_FIELD_MISSING, a == 0 ? "a" : "b",
		    "two generations are needed");
	return generation_diff(c->conf, (long)a, (long)b, data, err);
}

/* By hand, what the start of postseald and the next Save do by themselves. */
int
op_recover(struct call *c, struct json_object *args, struct json_object **data,
    struct err *err)
{
	struct json_object *view = NULL;

	if (txn_recover(c->conf, err) == -1 ||
	    apply_view(c->conf, &view, err) == -1)
		return -1;
	*data = view;
	return 0;
}

int
op_audit_list(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	struct audit_query q = {.limit = LIST_DEFAULT};
	int64_t limit = LIST_DEFAULT;

	if (jsonx_str(args, "user", "user", 64, &q.user, err) == -1 ||
	    jsonx_str(args, "event", "event", 48, &q.event, err) == -1 ||
	    jsonx_str(args, "outcome", "outcome", 16, &q.outcome, err) == -1 ||
	    jsonx_str(args, "text", "text", 128, &q.text, err) == -1 ||
	    jsonx_int(args, "before", "before", 0, INT64_MAX, &q.before, err) ==
		-1 ||
	    jsonx_int(args, "limit", "limit", 1, LIST_MAX, &limit, err) == -1)
		return -1;
	q.limit = (size_t)limit;
	return audit_read(c->conf, &q, data, err);
}

static bool
is_event(const char *s)
{
	size_t n = strlen(s);

	return n >= 1 && n <= 48 &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_.") == n;
}

/* What postseald does itself it also records itself; a web process may only
 * add that it refused to ask. */
static bool
is_ours(const char *event)
{
	static const char *const prefix[] = {"connection.", "generation.",
	    "recover", "keys.", "scanner.", "cluster.", NULL};
	size_t i;

	for (i = 0; prefix[i] != NULL; i++)
		if (strncmp(event, prefix[i], strlen(prefix[i])) == 0)
			return true;
	return false;
}

int
op_audit_add(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	const char *event = NULL, *outcome = NULL, *detail = NULL;
	char text[512];

	if (jsonx_str(args, "event", "event", 48, &event, err) == -1 ||
	    jsonx_str(args, "outcome", "outcome", 16, &outcome, err) == -1 ||
	    jsonx_str(args, "detail", "detail", 2048, &detail, err) == -1)
		return -1;
	if (event == NULL || !is_event(event))
		return err_set(err, ERR_FIELD_INVALID, "event",
		    "expected a name like login_failed");
	if (outcome == NULL ||
	    (strcmp(outcome, "ok") != 0 && strcmp(outcome, "refused") != 0 &&
		strcmp(outcome, "failed") != 0))
		return err_set(err, ERR_FIELD_INVALID, "outcome",
		    "expected ok, refused or failed");
	if (c->peer != PEER_ROOT && is_ours(event) &&
	    strcmp(outcome, "refused") != 0)
		return err_set(err, ERR_OP_DENIED, "event",
		    "%s is recorded by postseald itself", event);
	if (detail != NULL)
		clean_copy(text, sizeof(text), detail);
	return audit_add(c->conf, &c->actor, event, outcome,
	    detail == NULL ? NULL : text, err);
}
