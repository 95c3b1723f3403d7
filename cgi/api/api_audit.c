/*
 * api_audit.c - GET /api/v1/audit: who did what, newest first.  The filters
 * are those of the page; both go to postseald as they are, which alone can
 * read the log.
 */
#include <string.h>

#include "api.h"
#include "jsonx.h"
#include "ops.h"

#define LIMIT_MAX 1000

int
audit_args(const struct request *req, struct json_object *args, struct err *err)
{
	static const char *const names[] = {"user", "event", "outcome", "text"};
	const char *s;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		s = fields_str(&req->query, names[i], "");
		if (*s != '\0' &&
		    api_put(args, names[i], json_object_new_string(s)) == -1)
			return err_set(err, ERR_NOMEM, "", "out of memory");
	}
	if (api_put_number(req, args, "before", INT64_MAX, err) == -1 ||
	    api_put_number(req, args, "limit", LIMIT_MAX, err) == -1)
		return -1;
	return 0;
}

int
api_audit(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct json_object *args = json_object_new_object(), *data = NULL;
	int rc;

	if (audit_args(req, args, err) == -1) {
		json_object_put(args);
		return -1;
	}
	if (api_call(app, req, OP_AUDIT_LIST, args, &data, err) == -1)
		return -1;
	rc = api_answer(reply, 200, data, err);
	json_object_put(data);
	return rc;
}
