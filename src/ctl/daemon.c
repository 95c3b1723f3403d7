/*
 * daemon.c - what postsealctl asks postseald.
 */
#include <stdio.h>

#include <json-c/json.h>

#include "client.h"
#include "ctl.h"
#include "ops.h"
#include "util.h"

int
ctl_call(struct ctl *ctl, const char *op, struct json_object *args,
    struct json_object **data, struct err *err)
{
	const struct client_actor who = {ctl->caller, "local", "ctl"};

	if (args == NULL)
		return err_set(err, ERR_NOMEM, "", "out of memory");
	json_object_put(ctl->problem);
	ctl->problem = NULL;
	return client_call(
	    ctl->conf.socket, &who, op, args, data, &ctl->problem, err);
}

void
ctl_audit(struct ctl *ctl, enum event event, const char *detail)
{
	struct json_object *args, *data = NULL;
	struct err err;

	err_clear(&err);
	args = ctl_object("event", event_name(event), "outcome", "ok", "detail",
	    detail, NULL);
	if (ctl_call(ctl, OP_AUDIT_ADD, args, &data, &err) == -1)
		log_warn("not in the audit: %s %s: %s", event_name(event),
		    detail, err.msg);
	json_object_put(data);
}
