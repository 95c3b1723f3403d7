/*
 * history.c - generations from a shell: show one, compare two, restore one,
 * adopt hand edits, finish what a crash left; and the audit log.
 *
 * This is the way back when the web is down or its own change locked somebody
 * out, so nothing here needs more than postseald's socket.
 */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "ctl.h"
#include "jsonx.h"
#include "ops.h"
#include "util.h"

/* A whole number from the command line into args. */
static int
put_number(struct json_object *args, const char *name, const char *s,
    long long min, long long max, struct err *err)
{
	int64_t n;

	if (!number_read(s, strlen(s), max, &n) || n < min)
		return err_set(err, ERR_FIELD_MISSING, name,
		    "%s: expected %lld to %lld, got %.20s", name, min, max, s);
	if (json_object_object_add(args, name, json_object_new_int64(n)) != 0)
		return err_set(err, ERR_NOMEM, "", "out of memory");
	return 0;
}

static struct json_object *
id_args(char **words, const char *const *names, struct err *err)
{
	struct json_object *args = json_object_new_object();

	for (; args != NULL && *names != NULL; names++, words++) {
		if (put_number(args, *names, *words, 0, INT32_MAX, err) == 0)
			continue;
		json_object_put(args);
		return NULL;
	}
	if (args == NULL)
		err_set(err, ERR_NOMEM, "", "out of memory");
	return args;
}

static void
print_table(struct ctl *ctl, const char *title, struct json_object *rows,
    const char *const *columns)
{
	if (jsonx_len(rows) == 0)
		return;
	fprintf(ctl->out, "\n%s\n", title);
	ctl_table(ctl->out, rows, columns);
}

/* Lines of Postfix's log, or of a diff. */
static void
print_lines(struct ctl *ctl, const char *title, struct json_object *list)
{
	size_t i;

	if (jsonx_len(list) == 0)
		return;
	fprintf(ctl->out, "\n%s\n", title);
	for (i = 0; i < jsonx_len(list); i++)
		ctl_text(ctl->out,
		    json_object_get_string(json_object_array_get_idx(list, i)));
}

static void
print_generation(struct ctl *ctl, struct json_object *gen)
{
	static const char *const brief[][2] = {{"generation", "id"},
	    {"at", "at"}, {"by", "by"}, {"from", "from"}, {"via", "via"},
	    {"note", "note"}, {"kind", "kind"}, {"outcome", "outcome"}, {"in force", "in_force"},
	    {"apply", "apply"}, {"postfix", "postfix"},
	    {"outage ms", "outage_ms"},
	    {"certificate", "certificate.leaf.subject"},
	    {"until", "certificate.leaf.not_after"},
	    {"sha256", "certificate.sha256"},
	    {"probe", "result.probe.protocol"}, {"error", "error.code"},
	    {"cause", "error.cause.code"}, {"step", "error.step"},
	    {"detail", "error.detail"}};
	static const char *const changes[] = {
	    "parameter", "before", "after", NULL};
	static const char *const steps[] = {"name", "state", "ms", NULL};
	static const char *const findings[] = {
	    "code", "severity", "field", NULL};
	struct json_object *v;

	for (size_t i = 0; i < sizeof(brief) / sizeof(brief[0]); i++) {
		v = jsonx_path(gen, brief[i][1]);
		if (v != NULL)
			ctl_line(ctl, brief[i][0], json_object_get_string(v));
	}
	ctl_settings(ctl, jsonx_path(gen, "settings"), NULL, 0);
	print_table(ctl, "changes", jsonx_path(gen, "result.changes"), changes);
	print_table(
	    ctl, "findings", jsonx_path(gen, "result.findings"), findings);
	print_table(ctl, "steps", jsonx_path(gen, "result.steps"), steps);
	print_lines(ctl, "log", jsonx_path(gen, "error.log"));
}

int
ctl_show(struct ctl *ctl, char **words, enum ctl_exit *status, struct err *err)
{
	static const char *const names[] = {"id", NULL};
	struct json_object *args, *data = NULL;

	(void)status;
	if ((args = id_args(words, names, err)) == NULL ||
	    ctl_call(ctl, OP_GENERATION_GET, args, &data, err) == -1)
		return -1;
	if (ctl->json)
		return ctl_json(ctl, data, err);
	print_generation(ctl, data);
	json_object_put(data);
	return 0;
}

static void
print_diff(struct ctl *ctl, struct json_object *data)
{
	static const char *const settings[] = {"path", "a", "b", NULL};
	static const char *const parameters[] = {"parameter", "a", "b", NULL};
	static const char *const names[] = {"name", "change", NULL};
	struct json_object *same = jsonx_path(data, "certificate.same");

	ctl_line(ctl, "certificate",
	    json_object_get_boolean(same) ? "the same" : "not the same");
	ctl_line(ctl, "  a",
	    jsonx_path_str(data, "certificate.a.leaf.subject", "none"));
	ctl_line(ctl, "  b",
	    jsonx_path_str(data, "certificate.b.leaf.subject", "none"));
	print_table(ctl, "names", jsonx_path(data, "names"), names);
	print_table(ctl, "settings", jsonx_path(data, "settings"), settings);
	print_table(
	    ctl, "parameters", jsonx_path(data, "parameters"), parameters);
	if (*jsonx_path_str(data, "diff", "") != '\0') {
		fputc('\n', ctl->out);
		ctl_text(ctl->out, jsonx_path_str(data, "diff", ""));
	}
}

int
ctl_diff(struct ctl *ctl, char **words, enum ctl_exit *status, struct err *err)
{
	static const char *const names[] = {"a", "b", NULL};
	struct json_object *args, *data = NULL;

	(void)status;
	if ((args = id_args(words, names, err)) == NULL ||
	    ctl_call(ctl, OP_GENERATION_DIFF, args, &data, err) == -1)
		return -1;
	if (ctl->json)
		return ctl_json(ctl, data, err);
	print_diff(ctl, data);
	json_object_put(data);
	return 0;
}

/* --apply, --note, --dry-run, --confirm; unknown codes are postseald's to refuse. */
static int
put_choices(struct ctl *ctl, struct json_object *args, struct err *err)
{
	const struct ctl_change *c = &ctl->change;
	struct json_object *list;

	if (c->apply != NULL)
		json_object_object_add(
		    args, "apply", json_object_new_string(c->apply));
	if (c->note != NULL)
		json_object_object_add(
		    args, "note", json_object_new_string(c->note));
	if (c->dry_run)
		json_object_object_add(
		    args, "dry_run", json_object_new_boolean(1));
	if (c->confirm.n == 0)
		return 0;
	if ((list = json_object_new_array()) == NULL)
		return err_set(err, ERR_NOMEM, "", "out of memory");
	for (size_t i = 0; i < c->confirm.n; i++)
		json_object_array_add(
		    list, json_object_new_string(c->confirm.text[i]));
	json_object_object_add(args, "confirm", list);
	return 0;
}

/* What the change says besides: a line each, with its facts. */
static void
print_told(struct ctl *ctl, struct json_object *findings)
{
	struct json_object *row, *args;
	char text[1024];
	size_t i, len;

	for (i = 0; i < jsonx_len(findings); i++) {
		row = json_object_array_get_idx(findings, i);
		args = jsonx_path(row, "args");
		text[0] = '\0';
		len = 0;
		if (args == NULL)
			args = row;
		json_object_object_foreach (args, name, v) {
			if (args != row && len < sizeof(text))
				len += (size_t)snprintf(text + len,
				    sizeof(text) - len, "%s%s=%s",
				    len == 0 ? "" : " ", name,
				    json_object_get_string(v));
		}
		ctl_line(ctl, jsonx_path_str(row, "code", ""), text);
	}
}

static int
change(
    struct ctl *ctl, const char *op, struct json_object *args, struct err *err)
{
	static const char *const changes[] = {
	    "parameter", "before", "after", NULL};
	struct json_object *data = NULL, *v;

	if (put_choices(ctl, args, err) == -1) {
		json_object_put(args);
		return -1;
	}
	if (ctl_call(ctl, op, args, &data, err) == -1)
		return -1;
	if (ctl->json)
		return ctl_json(ctl, data, err);
	ctl_line(ctl, "result", jsonx_path_str(data, "result", ""));
	v = jsonx_path(data, "generation");
	ctl_line(
	    ctl, "generation", v != NULL ? json_object_get_string(v) : "none");
	if (*jsonx_path_str(data, "postfix", "") != '\0')
		ctl_line(ctl, "postfix", jsonx_path_str(data, "postfix", ""));
	v = jsonx_path(data, "outage_ms");
	if (v != NULL)
		ctl_line(ctl, "outage ms", json_object_get_string(v));
	/* Nothing is looked at where nothing was done. */
	if (jsonx_path(data, "probe") != NULL)
		ctl_line(ctl, "probe",
		    jsonx_path_str(data, "probe.protocol", "no TLS"));
	print_table(ctl, "changes", jsonx_path(data, "changes"), changes);
	print_told(ctl, jsonx_path(data, "findings"));
	if (jsonx_path_bool(data, "left"))
		fputs("Nothing is managed here any more. What postseal set has "
		      "the value of before again; what others changed "
		      "stays.\n",
		    ctl->out);
	if (*jsonx_path_str(data, "diff", "") != '\0') {
		fputc('\n', ctl->out);
		ctl_text(ctl->out, jsonx_path_str(data, "diff", ""));
	}
	json_object_put(data);
	return 0;
}

int
ctl_restore(
    struct ctl *ctl, char **words, enum ctl_exit *status, struct err *err)
{
	static const char *const names[] = {"id", NULL};
	struct json_object *args;

	(void)status;
	if ((args = id_args(words, names, err)) == NULL)
		return -1;
	return change(ctl, OP_GENERATION_RESTORE, args, err);
}

int
ctl_adopt(struct ctl *ctl, char **words, enum ctl_exit *status, struct err *err)
{
	(void)words;
	(void)status;
	return change(ctl, OP_CONNECTION_ADOPT, json_object_new_object(), err);
}

int
ctl_leave(struct ctl *ctl, char **words, enum ctl_exit *status, struct err *err)
{
	(void)words;
	(void)status;
	return change(ctl, OP_CONNECTION_LEAVE, json_object_new_object(), err);
}

int
ctl_recover(
    struct ctl *ctl, char **words, enum ctl_exit *status, struct err *err)
{
	struct json_object *data = NULL;

	(void)words;
	(void)status;
	if (ctl_call(ctl, OP_RECOVER, json_object_new_object(), &data, err) ==
	    -1)
		return -1;
	json_object_object_del(data, "draft");
	if (ctl->json)
		return ctl_json(ctl, data, err);
	ctl_line(ctl, "generation",
	    jsonx_path(data, "generation.id") != NULL
		? json_object_get_string(jsonx_path(data, "generation.id"))
		: "none");
	ctl_line(
	    ctl, "postfix", jsonx_path_str(data, "postfix.state", "unknown"));
	json_object_put(data);
	return 0;
}

int
ctl_test(struct ctl *ctl, char **words, enum ctl_exit *status, struct err *err)
{
	static const char *const shown[] = {"next_hop", "level", "state",
	    "reason", "address", "protocol", "cipher", "trust", "detail",
	    "transport"};
	struct json_object *args, *data = NULL, *hop;
	const char *text;

	args = strcmp(words[0], "relayhost") == 0
		   ? json_object_new_object()
		   : ctl_object("next_hop", words[0], NULL);
	if (ctl_call(ctl, OP_CONNECTION_TEST, args, &data, err) == -1)
		return -1;
	hop = jsonx_path(data, "hop");
	if (strcmp(jsonx_path_str(hop, "state", ""), "seen") != 0)
		*status = EXIT_ATTENTION;
	if (ctl->json)
		return ctl_json(ctl, data, err);
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		if ((text = jsonx_path_str(hop, shown[i], NULL)) != NULL)
			ctl_line(ctl, shown[i], text);
	json_object_put(data);
	return 0;
}

int
ctl_audit_log(
    struct ctl *ctl, char **words, enum ctl_exit *status, struct err *err)
{
	static const char *const columns[] = {
	    "at", "user", "from", "via", "event", "outcome", "note", "detail",
	    NULL};
	const struct {
		const char *name, *value;
	} filter[] = {{"user", ctl->user}, {"event", ctl->filter.event},
	    {"outcome", ctl->filter.outcome}, {"text", ctl->filter.text}};
	struct json_object *args = json_object_new_object(), *data = NULL, *v;

	(void)words;
	(void)status;
	for (size_t i = 0; i < sizeof(filter) / sizeof(filter[0]); i++) {
		if (filter[i].value != NULL)
			json_object_object_add(args, filter[i].name,
			    json_object_new_string(filter[i].value));
	}
	if ((ctl->limit != NULL &&
		put_number(args, "limit", ctl->limit, 1, 1000, err) == -1) ||
	    (ctl->filter.before != NULL &&
		put_number(args, "before", ctl->filter.before, 1, INT64_MAX,
		    err) == -1)) {
		json_object_put(args);
		return -1;
	}
	if (ctl_call(ctl, OP_AUDIT_LIST, args, &data, err) == -1)
		return -1;
	if (ctl->json)
		return ctl_json(ctl, data, err);
	v = jsonx_path(data, "entries");
	if (json_object_is_type(v, json_type_array))
		ctl_table(ctl->out, v, columns);
	if ((v = jsonx_path(data, "next")) != NULL &&
	    jsonx_len(jsonx_path(data, "entries")) > 0)
		fprintf(ctl->out, "older: --before %s\n",
		    json_object_get_string(v));
	json_object_put(data);
	return 0;
}

int
ctl_audit_verify(
    struct ctl *ctl, char **words, enum ctl_exit *status, struct err *err)
{
	static const char *const columns[] = {"file", "line", "fault", NULL};
	static const char *const shown[] = {
	    "files", "lines", "old", "torn", "first", "last", "hash"};
	struct json_object *data = NULL;
	bool holds;

	(void)words;
	if (ctl_call(ctl, OP_AUDIT_VERIFY, json_object_new_object(), &data,
		err) == -1)
		return -1;
	holds = jsonx_path_bool(data, "holds");
	if (!holds)
		*status = EXIT_ATTENTION;
	if (ctl->json)
		return ctl_json(ctl, data, err);
	ctl_line(ctl, "chain", holds ? "holds" : "broken");
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		ctl_line(ctl, shown[i],
		    json_object_get_string(jsonx_path(data, shown[i])));
	if (!holds)
		ctl_table(ctl->out, jsonx_path(data, "faults"), columns);
	json_object_put(data);
	return 0;
}
