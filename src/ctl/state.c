/*
 * state.c - what is and what was, as postseald tells it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "certname.h"
#include "ctl.h"
#include "jsonx.h"
#include "ops.h"
#include "settings.h"

#define LIMIT_MAX 1000

static bool
is_true(struct json_object *o, const char *path)
{
	struct json_object *v = jsonx_path(o, path);

	return json_object_is_type(v, json_type_boolean) &&
	       json_object_get_boolean(v);
}

static size_t
drift_count(struct json_object *view)
{
	struct json_object *v = jsonx_path(view, "drift");

	return jsonx_len(v);
}

/* It is there, and false. */
static bool
is_false(struct json_object *view, const char *path)
{
	return jsonx_path(view, path) != NULL && !is_true(view, path);
}

/* The audit log cannot be written, is not as it was, or takes no more. */
static bool
audit_is_bad(struct json_object *view)
{
	return is_false(view, "audit.writable") ||
	       is_false(view, "audit.chain.holds") ||
	       is_true(view, "audit.throttled");
}

static void
print_audit(struct ctl *ctl, struct json_object *view)
{
	char text[160];

	if (is_false(view, "audit.writable"))
		ctl_line(ctl, "audit",
		    jsonx_path_str(view, "audit.error", "unknown"));
	(void)snprintf(text, sizeof(text),
	    "not as it was written: %.32s, line %lld, %.16s (audit verify)",
	    jsonx_path_str(view, "audit.chain.file", "?"),
	    (long long)jsonx_path_int(view, "audit.chain.line"),
	    jsonx_path_str(view, "audit.chain.fault", "?"));
	if (is_false(view, "audit.chain.holds"))
		ctl_line(ctl, "audit", text);
	if (is_true(view, "audit.throttled"))
		ctl_line(ctl, "audit",
		    "too much at once: changes of access "
		    "are refused");
	(void)snprintf(text, sizeof(text), "%lld refusals counted together",
	    (long long)jsonx_path_int(view, "audit.collapsed"));
	if (jsonx_path_int(view, "audit.collapsed") > 0)
		ctl_line(ctl, "audit", text);
}

/* Is all as an administrator wants it to be? */
static bool
healthy(struct json_object *view)
{
	return strcmp(jsonx_path_str(view, "postfix.state", ""), "running") ==
		   0 &&
	       is_true(view, "usable") && drift_count(view) == 0 &&
	       !audit_is_bad(view) && jsonx_path(view, "live") != NULL &&
	       jsonx_path(view, "live.error") == NULL;
}

/* One of each algorithm. */
static void
print_certificate(struct ctl *ctl, struct json_object *view)
{
	struct json_object *cert = jsonx_path(view, "certificate"), *one, *all;
	char text[64];
	size_t i;

	if (jsonx_path(cert, "leaf") == NULL)
		ctl_line(ctl, "certificate", "none");
	for (i = 0; (one = cert_of(cert, i)) != NULL; i++) {
		if (jsonx_path(one, "leaf") == NULL)
			continue;
		ctl_line(ctl, "certificate",
		    jsonx_path_str(one, "leaf.subject", ""));
		ctl_line(ctl, "key", jsonx_path_str(one, "leaf.key.label", ""));
		ctl_line(ctl, "sha256", jsonx_path_str(one, "sha256", ""));
		snprintf(text, sizeof(text), "%lld days left",
		    (long long)jsonx_path_int(one, "leaf.days_left"));
		ctl_line(ctl, "validity", text);
	}
	all = jsonx_path(view, "by_name");
	one = jsonx_len(all) > 0 ? json_object_array_get_idx(all, 0) : NULL;
	if (jsonx_path(one, "in_use") != NULL && !is_true(one, "in_use") &&
	    *jsonx_path_str(one, "name", "") == '\0' &&
	    strcmp(jsonx_path_str(one, "use", "inbound"), "inbound") == 0)
		ctl_line(ctl, "in use", "no: stored only");
}

/* What Postfix has that the settings have no words for. */
static void
print_own(struct ctl *ctl, struct json_object *own)
{
	struct json_object *row;
	char text[1024];
	size_t i;

	for (i = 0; i < jsonx_len(own); i++) {
		row = json_object_array_get_idx(own, i);
		snprintf(text, sizeof(text), "%s = %s",
		    jsonx_path_str(row, "parameter", ""),
		    jsonx_path_str(row, "value", ""));
		ctl_line(ctl, i == 0 ? "kept" : "", text);
	}
}

/* Both values, as the screen shows them. */
static void
print_drift(struct ctl *ctl, struct json_object *row)
{
	char text[1024];

	snprintf(text, sizeof(text), "%s: expected %s, is %s",
	    jsonx_path_str(row, "parameter", ""),
	    jsonx_path_str(row, "expected", "nothing"),
	    jsonx_path_str(row, "actual", "not set"));
	ctl_line(ctl, "", text);
}

/* What was proven, and each address that was not seen. */
static void
print_probe(struct ctl *ctl, struct json_object *live)
{
	struct json_object *list = jsonx_path(live, "addresses"), *row;
	bool closed = list != NULL && jsonx_len(list) == 0, bare;
	const char *state;
	char text[1024];
	size_t i;

	if (jsonx_path(live, "error") != NULL)
		snprintf(text, sizeof(text), "failed: %s",
		    jsonx_path_str(live, "error.code", ""));
	else if (closed)
		snprintf(text, sizeof(text), "nothing listens: %s",
		    jsonx_path_str(live, "closed", ""));
	else
		snprintf(text, sizeof(text), "%s %s",
		    jsonx_path_str(live, "protocol", "no TLS"),
		    jsonx_path_str(live, "cipher", ""));
	ctl_line(ctl, "probe", text);
	for (i = 0; i < jsonx_len(list); i++) {
		row = json_object_array_get_idx(list, i);
		state = jsonx_path_str(row, "state", "");
		bare = jsonx_path(row, "tls_error") != NULL;
		snprintf(text, sizeof(text), "%s port %lld: %s%s%s",
		    jsonx_path_str(row, "address", ""),
		    (long long)jsonx_path_int(row, "port"),
		    strcmp(state, "proven") == 0 ? "proven"
		    : bare			 ? "answers, "
						 : "not seen, ",
		    strcmp(state, "proven") == 0  ? ""
		    : bare			  ? "but has no certificate: "
		    : strcmp(state, "blind") == 0 ? "this host is turned away: "
						  : "no answer: ",
		    strcmp(state, "proven") == 0
			? ""
			: jsonx_path_str(row, "detail", ""));
		ctl_line(ctl, "", text);
	}
}

static void
print_status(struct ctl *ctl, struct json_object *view)
{
	struct json_object *gen = jsonx_path(view, "generation.id");
	const char *level =
	    jsonx_path_str(view, "settings.outbound.level", "may");
	char text[128];

	ctl_line(ctl, "host", jsonx_path_str(view, "host", ""));
	snprintf(text, sizeof(text), "%s %s",
	    jsonx_path_str(view, "postfix.state", "unknown"),
	    jsonx_path_str(view, "postfix.version", ""));
	ctl_line(ctl, "postfix", text);
	ctl_line(ctl, "generation",
	    gen == NULL ? "none: not managed yet, as Postfix has it"
			: json_object_get_string(gen));
	ctl_line(ctl, "inbound",
	    !is_true(view, "settings.inbound.enabled")	 ? "off"
	    : is_true(view, "settings.inbound.tls_only") ? "required"
							 : "offered");
	ctl_line(ctl, "outbound",
	    !is_true(view, "settings.outbound.enabled") ? "off"
	    : strcmp(level, "may") == 0			? "used when offered"
							: level);
	ctl_settings(ctl, jsonx_path(view, "settings"),
	    jsonx_path(view, "current"), SETTINGS_LEVELS);
	print_own(ctl, jsonx_path(view, "own"));
	print_certificate(ctl, view);
	print_probe(ctl, jsonx_path(view, "live"));
	if (jsonx_path_int(view, "deferred.count") > 0) {
		snprintf(text, sizeof(text), "%lld since %.30s",
		    (long long)jsonx_path_int(view, "deferred.count"),
		    jsonx_path_str(view, "deferred.since", ""));
		ctl_line(ctl, "deferred", text);
		ctl_line(ctl, "the first",
		    jsonx_path_str(view, "deferred.sample", ""));
	}
	print_audit(ctl, view);
	snprintf(text, sizeof(text), "%zu", drift_count(view));
	ctl_line(ctl, "drift", text);
	for (size_t i = 0; i < drift_count(view); i++)
		print_drift(ctl,
		    json_object_array_get_idx(jsonx_path(view, "drift"), i));
}

int
ctl_status(struct ctl *ctl, char **args, enum ctl_exit *status, struct err *err)
{
	struct json_object *o = json_object_new_object(), *view = NULL;

	(void)args;
	if (o != NULL)
		json_object_object_add(o, "probe", json_object_new_boolean(1));
	if (ctl_call(ctl, OP_STATUS, o, &view, err) == -1)
		return -1;
	json_object_object_del(view, "draft");
	if (!healthy(view))
		*status = EXIT_ATTENTION;
	if (ctl->json)
		return ctl_json(ctl, view, err);
	print_status(ctl, view);
	json_object_put(view);
	return 0;
}

static int
put_limit(struct ctl *ctl, struct json_object *args, struct err *err)
{
	char *end;
	long n;

	if (ctl->limit == NULL)
		return 0;
	errno = 0;
	n = strtol(ctl->limit, &end, 10);
	if (errno != 0 || *end != '\0' || n < 1 || n > LIMIT_MAX)
		return err_set(err, ERR_FIELD_INVALID, "limit",
		    "--limit: expected 1 to %d", LIMIT_MAX);
	json_object_object_add(args, "limit", json_object_new_int64(n));
	return 0;
}

int
ctl_history(
    struct ctl *ctl, char **args, enum ctl_exit *status, struct err *err)
{
	static const char *const columns[] = {
	    "id", "at", "by", "from", "via", "outcome", "in_force",
	    "note", NULL};
	struct json_object *o = json_object_new_object(), *data = NULL, *list;

	(void)args;
	(void)status;
	if (o == NULL)
		return err_set(err, ERR_NOMEM, "", "out of memory");
	if (put_limit(ctl, o, err) == -1) {
		json_object_put(o);
		return -1;
	}
	if (ctl_call(ctl, OP_GENERATIONS_LIST, o, &data, err) == -1)
		return -1;
	if (ctl->json)
		return ctl_json(ctl, data, err);
	list = jsonx_path(data, "generations");
	if (json_object_is_type(list, json_type_array))
		ctl_table(ctl->out, list, columns);
	json_object_put(data);
	return 0;
}
