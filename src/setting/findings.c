/*
 * findings.c - the bounded list of findings and its JSON form.
 *
 * When the list is full a new row may take the place of the latest one of
 * the lowest severity, if that is lower than its own: a hostile upload that
 * causes 64 notes cannot push out the error that refuses it.
 */
#include <stdarg.h>
#include <string.h>

#include <json-c/json.h>

#include "findings.h"
#include "jsonx.h"
#include "util.h"

#define ARG_MAX_LEN  256
#define ARGS_MAX     16
#define ARG_NAME_MAX 40

void
findings_init(struct findings *f)
{
	f->n = 0;
}

void
findings_clear(struct findings *f)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		json_object_put(f->v[i].args);
	f->n = 0;
}

/* Index of a free row at the end, or -1 when the new one is dropped. */
static int
make_room(struct findings *f, enum severity severity)
{
	size_t i, low = 0;

	if (f->n < FINDINGS_MAX)
		return (int)f->n++;
	for (i = 1; i < f->n; i++) {
		if (f->v[i].severity <= f->v[low].severity)
			low = i;
	}
	if (f->v[low].severity >= severity)
		return -1;
	json_object_put(f->v[low].args);
	memmove(&f->v[low], &f->v[low + 1], (f->n - 1 - low) * sizeof(f->v[0]));
	return (int)f->n - 1;
}

/* A row without an arg (no memory) is better than no row. */
static struct json_object *
collect_args(va_list ap)
{
	struct json_object *args, *v;
	char text[ARG_MAX_LEN + 1];
	const char *name, *value;
	size_t len;
	int n;

	if ((args = json_object_new_object()) == NULL)
		return NULL;
	for (n = 0; (name = va_arg(ap, const char *)) != NULL; n++) {
		value = va_arg(ap, const char *);
		if (value == NULL)
			value = "";
		if (n >= ARGS_MAX)
			continue;
		len = text_clean(text, sizeof(text), value, strlen(value));
		v = json_object_new_string_len(text, (int)len);
		if (v != NULL && json_object_object_add(args, name, v) != 0)
			json_object_put(v);
	}
	return args;
}

static void
add(struct findings *f, enum err_code code, enum severity severity,
    const char *field, va_list ap)
{
	struct finding *row;
	int i;

	if ((i = make_room(f, severity)) < 0)
		return;
	row = &f->v[i];
	row->code = code;
	row->severity = severity;
	if (field == NULL)
		field = "";
	text_clean(row->field, sizeof(row->field), field, strlen(field));
	row->args = collect_args(ap);
}

void
findings_add(struct findings *f, enum err_code code, const char *field, ...)
{
	va_list ap;

	va_start(ap, field);
	add(f, code, err_severity(code), field, ap);
	va_end(ap);
}

void
findings_add_sev(struct findings *f, enum err_code code, enum severity severity,
    const char *field, ...)
{
	va_list ap;

	va_start(ap, field);
	add(f, code, severity, field, ap);
	va_end(ap);
}

static bool
confirmed(enum err_code code, const char *const *confirm, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (confirm[i] != NULL &&
		    strcmp(confirm[i], err_name(code)) == 0)
			return true;
	}
	return false;
}

const struct finding *
findings_blocking(
    const struct findings *f, const char *const *confirm, size_t n_confirm)
{
	const struct finding *row;
	size_t i;

	for (i = 0; i < f->n; i++) {
		row = &f->v[i];
		if (row->severity == SEV_ERROR ||
		    (row->severity == SEV_CONFIRM &&
			!confirmed(row->code, confirm, n_confirm)))
			return row;
	}
	return NULL;
}

static int
put(struct json_object *o, const char *key, struct json_object *v)
{
	if (v == NULL)
		return -1;
	if (json_object_object_add(o, key, v) != 0) {
		json_object_put(v);
		return -1;
	}
	return 0;
}

/* A copy: the receiver may add to it ("message") or keep it longer. */
static struct json_object *
copy_args(struct json_object *args)
{
	struct json_object *copy = NULL;

	if (args == NULL)
		return json_object_new_object();
	if (json_object_deep_copy(args, &copy, NULL) != 0)
		return NULL;
	return copy;
}

static struct json_object *
row_to_json(const struct finding *row)
{
	struct json_object *o;

	if ((o = json_object_new_object()) == NULL)
		return NULL;
	if (jsonx_put_str(o, "code", err_name(row->code)) != 0 ||
	    jsonx_put_str(o, "severity", severity_name(row->severity)) != 0 ||
	    jsonx_put_str(o, "field", row->field) != 0 ||
	    put(o, "args", copy_args(row->args)) != 0) {
		json_object_put(o);
		return NULL;
	}
	return o;
}

struct json_object *
findings_to_json(const struct findings *f)
{
	struct json_object *a, *o;
	size_t i;

	if ((a = json_object_new_array()) == NULL)
		return NULL;
	for (i = 0; i < f->n; i++) {
		if ((o = row_to_json(&f->v[i])) == NULL)
			goto fail;
		if (json_object_array_add(a, o) != 0) {
			json_object_put(o);
			goto fail;
		}
	}
	return a;
fail:
	json_object_put(a);
	return NULL;
}

static bool
arg_valid(const char *name, struct json_object *value)
{
	size_t len = strlen(name);

	return len > 0 && len <= ARG_NAME_MAX &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789") == len &&
	       json_object_is_type(value, json_type_string) &&
	       json_object_get_string_len(value) <= ARG_MAX_LEN;
}

/* A copy without control characters: they end on terminals and in logs. */
static int
args_from_json(
    struct json_object **ret, struct json_object *from, struct err *err)
{
	struct json_object *args;
	char text[ARG_MAX_LEN + 1];

	if (from != NULL && json_object_object_length(from) > ARGS_MAX)
		return err_set(err, ERR_FIELD_INVALID, "findings.args",
		    "more than %d args", ARGS_MAX);
	if ((args = json_object_new_object()) == NULL)
		return err_set(err, ERR_NOMEM, NULL, "no memory for args");
	if (from == NULL)
		goto done;
	json_object_object_foreach (from, key, val) {
		if (!arg_valid(key, val)) {
			json_object_put(args);
			return err_set(err, ERR_FIELD_INVALID, "findings.args",
			    "expected strings of at most %d bytes",
			    ARG_MAX_LEN);
		}
		text_clean(text, sizeof(text), json_object_get_string(val),
		    (size_t)json_object_get_string_len(val));
		if (jsonx_put_str(args, key, text) != 0) {
			json_object_put(args);
			return err_set(
			    err, ERR_NOMEM, NULL, "no memory for args");
		}
	}
done:
	*ret = args;
	return 0;
}

static int
row_from_json(struct finding *row, struct json_object *o, struct err *err)
{
	static const char *const keys[] = {
	    "code", "severity", "field", "args", NULL};
	const char *code = NULL, *severity = NULL, *field = "";
	struct json_object *args = NULL;

	if (jsonx_only(o, "findings", keys, err) != 0 ||
	    jsonx_str(o, "code", "findings.code", 64, &code, err) != 0 ||
	    jsonx_str(o, "severity", "findings.severity", 16, &severity, err) !=
		0 ||
	    jsonx_str(o, "field", "findings.field", sizeof(row->field) - 1,
		&field, err) != 0 ||
	    jsonx_obj(o, "args", "findings.args", &args, err) != 0)
		return -1;
	if (err_from_name(code, &row->code) != 0 || row->code == ERR_NONE)
		return err_set(err, ERR_FIELD_INVALID, "findings.code",
		    "unknown code \"%s\"", code == NULL ? "" : code);
	if (severity_from_name(severity, &row->severity) != 0)
		return err_set(err, ERR_FIELD_INVALID, "findings.severity",
		    "unknown severity \"%s\"",
		    severity == NULL ? "" : severity);
	text_clean(row->field, sizeof(row->field), field, strlen(field));
	return args_from_json(&row->args, args, err);
}

int
findings_from_json(struct findings *f, struct json_object *a, struct err *err)
{
	struct findings new;
	size_t i;

	if (!json_object_is_type(a, json_type_array) ||
	    json_object_array_length(a) > FINDINGS_MAX)
		return err_set(err, ERR_FIELD_INVALID, "findings",
		    "findings: expected an array of at most %d", FINDINGS_MAX);
	findings_init(&new);
	for (i = 0; i < json_object_array_length(a); i++) {
		if (row_from_json(
			&new.v[i], json_object_array_get_idx(a, i), err) != 0) {
			findings_clear(&new);
			return -1;
		}
		new.n++;
	}
	findings_clear(f);
	*f = new;
	return 0;
}
