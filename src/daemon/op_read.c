/*
 * op_read.c - operations that only look, and the audit line.
 */
#include <stdio.h>
#include <string.h>

#include "call.h"
#include "drafts.h"
#include "jsonx.h"
#include "server.h"
#include "util.h"

#define LIST_DEFAULT 100

static int
add_draft(struct call *c, struct json_object *args, struct json_object *view,
    struct err *err)
{
	const char *id = jsonx_path_str(args, "draft", NULL);
	struct draft d;
	int rc;

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
	if (apply_view(c->conf, data, err) == -1)
		return -1;
	json_object_object_add(*data, "audit", audit_state(c->conf));
	if (jsonx_path_bool(args, "sandbox")) {
		json_object_object_add(
		    *data, "sandbox", confine_to_json(c->conf));
		json_object_object_add(
		    *data, "deferred", apply_deferred(c->conf));
	}
	return add_draft(c, args, *data, err);
}

int
op_status(struct call *c, struct json_object *args, struct json_object **data,
    struct err *err)
{
	struct json_object *live = NULL;

	if (jsonx_path_bool(args, "probe"))
		live = apply_live(c->conf);
	if (apply_view(c->conf, data, err) == -1) {
		json_object_put(live);
		return -1;
	}
	json_object_object_add(*data, "live", live);
	json_object_object_add(*data, "audit", audit_state(c->conf));
	json_object_object_add(*data, "deferred", apply_deferred(c->conf));
	json_object_object_add(*data, "sandbox", confine_to_json(c->conf));
	return 0;
}

int
op_job_get(struct call *c, struct json_object *args, struct json_object **data,
    struct err *err)
{
	return job_read(c->conf, jsonx_path_str(args, "job", ""), data, err);
}

static size_t
list_limit(struct json_object *args)
{
	int64_t limit = jsonx_path_int(args, "limit");

	return limit == 0 ? LIST_DEFAULT : (size_t)limit;
}

int
op_generations_list(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	struct json_object *list, *original;

	if (generations_list(c->conf, list_limit(args), &list, err) == -1)
		return -1;
	*data = json_object_new_object();
	json_object_object_add(*data, "generations", list);
	if ((original = generations_original(c->conf)) != NULL)
		json_object_object_add(*data, "original", original);
	return 0;
}

int
op_generation_get(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	return generation_get(
	    c->conf, (long)jsonx_path_int(args, "id"), data, err);
}

int
op_generation_diff(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	return generation_diff(c->conf, (long)jsonx_path_int(args, "a"),
	    (long)jsonx_path_int(args, "b"), data, err);
}

/* By hand, what the start of postseald and the next Save do by themselves. */
int
op_recover(struct call *c, struct json_object *args, struct json_object **data,
    struct err *err)
{
	struct json_object *view = NULL;

	if (apply_recover(c->conf, err) == -1 ||
	    apply_view(c->conf, &view, err) == -1)
		return -1;
	*data = view;
	return 0;
}

int
op_audit_list(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	const struct audit_query q = {
	    .user = jsonx_path_str(args, "user", NULL),
	    .event = jsonx_path_str(args, "event", NULL),
	    .outcome = jsonx_path_str(args, "outcome", NULL),
	    .text = jsonx_path_str(args, "text", NULL),
	    .before = jsonx_path_int(args, "before"),
	    .limit = list_limit(args),
	};

	return audit_read(c->conf, &q, data, err);
}

int
op_audit_state(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	*data = json_object_new_object();
	json_object_object_add(*data, "audit", audit_state(c->conf));
	return 0;
}

int
op_audit_verify(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	return audit_verify(c->conf, data, err);
}

int
op_audit_add(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	enum event event = event_named(jsonx_path_str(args, "event", ""));
	const char *outcome = jsonx_path_str(args, "outcome", "");
	const char *detail = jsonx_path_str(args, "detail", NULL);
	char text[512];

	if (event == EVENT_NONE)
		return err_set(err, ERR_FIELD_INVALID, "event",
		    "expected a name like login_failed");
	if (strcmp(outcome, "ok") != 0 && strcmp(outcome, "refused") != 0 &&
	    strcmp(outcome, "failed") != 0)
		return err_set(err, ERR_FIELD_INVALID, "outcome",
		    "expected ok, refused or failed");
	/* A web process may only add that it refused to ask. */
	if (c->peer != PEER_ROOT && event_is_daemons(event) &&
	    strcmp(outcome, "refused") != 0)
		return err_set(err, ERR_OP_DENIED, "event",
		    "%s is recorded by postseald itself", event_name(event));
	if (detail != NULL)
		clean_copy(text, sizeof(text), detail);
	return (c->peer == PEER_WEB ? audit_claim : audit_add)(c->conf,
	    &c->actor, event, outcome, detail == NULL ? NULL : text, err);
}

static void
add_code(char *text, size_t size, const struct err *err)
{
	size_t n = strlen(text);

	(void)snprintf(text + n, size - n, "; %s", err_name(err->code));
}

int
op_connection_test(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	const char *next_hop = jsonx_path_str(args, "next_hop", NULL);
	struct json_object *hop = NULL;
	char text[HOP_NAME_MAX + 64];
	int rc = apply_test_hop(c->conf, next_hop, &hop, err);

	if (rc == 0) {
		*data = json_object_new_object();
		json_object_object_add(*data, "hop", hop);
	}
	clean_copy(
	    text, HOP_NAME_MAX + 1, next_hop == NULL ? "relayhost" : next_hop);
	if (rc == -1)
		add_code(text, sizeof(text), err);
	if (audit_add(c->conf, &c->actor, EVENT_CONNECTION_TEST,
		rc == 0 ? "ok" : "refused", text, NULL) == -1)
		log_warn("the audit log cannot be written");
	return rc;
}
