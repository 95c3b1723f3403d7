/*
 * record.c - a change of access stands in the audit log, or it is not made.
 *
 * The change and its line are one transaction of the console's database: the
 * line is asked for when the change is in it, and only then is it committed.
 * When the commit fails, or no answer comes in time, though the line may stand,
 * a second line says that it was not made.
 */
#include <json-c/json.h>

#include "auth.h"
#include "core.h"
#include "jsonx.h"
#include "ops.h"

static int
line(struct app *app, const struct request *req, enum event event,
    const char *detail, struct err *err)
{
	struct json_object *args = json_object_new_object(), *data = NULL;
	int rc;

	if (args == NULL ||
	    jsonx_put_str(args, "event", event_name(event)) == -1 ||
	    jsonx_put_str(args, "outcome", "ok") == -1 ||
	    (detail != NULL && jsonx_put_str(args, "detail", detail) == -1)) {
		json_object_put(args);
		return err_set(err, ERR_NOMEM, "", "out of memory");
	}
	rc = backend_call(app, req, OP_AUDIT_ADD, args, &data, NULL, err);
	json_object_put(data);
	return rc;
}

int
record_begin(struct app *app, struct err *err)
{
	return db_begin(app->db, err);
}

int
record_end(struct app *app, const struct request *req, int rc, enum event event,
    const char *detail, struct err *err)
{
	if (rc == -1) {
		db_rollback(app->db);
		return -1;
	}
	if (line(app, req, event, detail, err) == 0 &&
	    db_commit(app->db, err) == 0)
		return 0;
	db_rollback(app->db);
	backend_audit(app, req, event, "failed", detail);
	return -1;
}
