/*
 * args.c - the args of a request against its row in ops.def, before the
 * handler sees them.
 */
#include <string.h>

#include "call.h"
#include "jsonx.h"

static int
check_strings(struct json_object *args, const struct op_arg *a, struct err *err)
{
	struct json_object *list = NULL;
	size_t i, n;

	if (jsonx_array(args, a->name, a->name, (size_t)a->max, &list, err) ==
	    -1)
		return -1;
	n = jsonx_len(list);
	for (i = 0; i < n; i++) {
		if (!json_object_is_type(
			json_object_array_get_idx(list, i), json_type_string))
			return err_set(err, ERR_FIELD_INVALID, a->name,
			    "%s: expected strings", a->name);
	}
	return 0;
}

/* Absent and null are the same, and right where it is not needed. */
static int
check_one(struct json_object *args, const struct op_arg *a, struct err *err)
{
	struct json_object *o;
	const char *s;
	int64_t n;
	bool yes;

	switch (a->type) {
	case ARG_BOOL:
		return jsonx_bool(args, a->name, a->name, &yes, err);
	case ARG_INT:
		return jsonx_int(
		    args, a->name, a->name, a->min, a->max, &n, err);
	case ARG_STR:
		return jsonx_str(
		    args, a->name, a->name, (size_t)a->max, &s, err);
	case ARG_OBJ:
		return jsonx_obj(args, a->name, a->name, &o, err);
	case ARG_LIST:
		return jsonx_array(
		    args, a->name, a->name, (size_t)a->max, &o, err);
	case ARG_STRS:
		return check_strings(args, a, err);
	}
	return err_set(err, ERR_INTERNAL, a->name, "no such type");
}

static bool
is_known(const struct op_arg *a, const char *name)
{
	for (; a->name != NULL; a++) {
		if (strcmp(a->name, name) == 0)
			return true;
	}
	return false;
}

int
args_check(const struct op *op, struct json_object *args, struct err *err)
{
	const struct op_arg *a;

	json_object_object_foreach (args, name, value) {
		(void)value;
		if (!is_known(op->args, name))
			return err_set(err, ERR_FIELD_UNKNOWN, name,
			    "unknown member \"%s\"", name);
	}
	for (a = op->args; a->name != NULL; a++) {
		if (check_one(args, a, err) == -1)
			return -1;
	}
	for (a = op->args; a->name != NULL; a++) {
		if (a->need && jsonx_member(args, a->name) == NULL)
			return err_set(err, ERR_FIELD_MISSING, a->name,
			    "%s is missing", a->name);
	}
	return 0;
}
