/*
 * scanner.c - several hosts: who belongs to the cluster, and what becomes of
 * a roll-out.
 *
 * Enrolment carries two files by hand, so that nobody in between can slip in:
 *   on the scanner   postsealctl scanner identity >mx1.pem
 *   on the console   postsealctl scanner enrol mx1 <mx1.pem >mx1.join
 *   on the scanner   postsealctl scanner trust <mx1.join
 */
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "buf.h"
#include "ctl.h"
#include "jsonx.h"
#include "ops.h"

#define INPUT_MAX (32 * 1024)

static int
read_input(struct ctl *ctl, struct buf *b, struct err *err)
{
	char part[4096];
	size_t n;

	while ((n = fread(part, 1, sizeof(part), ctl->in)) > 0) {
		if (buf_add(b, part, n) == -1)
			return err_set(err, ERR_FILE_TOO_LARGE, "",
			    "standard input: expected at most %d bytes",
			    INPUT_MAX);
	}
	if (b->len == 0)
		return err_set(err, ERR_FIELD_MISSING, "",
		    "nothing came on standard input");
	return 0;
}

/* Ask, and show the answer as it is, or one member of it. */
static int
ask(struct ctl *ctl, const char *op, struct json_object *args,
    const char *member, struct err *err)
{
	struct json_object *data = NULL;

	if (ctl_call(ctl, op, args, &data, err) == -1)
		return -1;
	if (ctl->json)
		return ctl_json(ctl, data, err);
	if (member != NULL)
		fprintf(ctl->out, "%s", jsonx_path_str(data, member, ""));
	json_object_put(data);
	return 0;
}

int
ctl_scanner_identity(
    struct ctl *ctl, char **args, enum ctl_exit *status, struct err *err)
{
	(void)args;
	(void)status;
	return ask(ctl, OP_SCANNER_IDENTITY, json_object_new_object(),
	    "certificate", err);
}

int
ctl_scanner_rotate(
    struct ctl *ctl, char **args, enum ctl_exit *status, struct err *err)
{
	(void)args;
	(void)status;
	return ask(ctl, OP_SCANNER_ROTATE, json_object_new_object(),
	    "certificate", err);
}

int
ctl_scanner_enrol(
    struct ctl *ctl, char **args, enum ctl_exit *status, struct err *err)
{
	struct json_object *data = NULL;
	struct buf pem;
	int rc = -1;

	(void)status;
	buf_init(&pem, INPUT_MAX);
	if (read_input(ctl, &pem, err) == 0)
		rc = ctl_call(ctl, OP_SCANNER_ENROL,
		    ctl_object("name", args[0], "certificate", pem.data, NULL),
		    &data, err);
	buf_clear(&pem);
	/* For the other host, in either mode: what "trust" reads. */
	if (rc == 0)
		rc = ctl_json(
		    ctl, json_object_get(jsonx_path(data, "join")), err);
	json_object_put(data);
	return rc;
}

int
ctl_scanner_trust(
    struct ctl *ctl, char **args, enum ctl_exit *status, struct err *err)
{
	struct json_object *join = NULL, *o;
	struct buf text;
	int rc = -1;

	(void)args;
	(void)status;
	buf_init(&text, INPUT_MAX);
	if (read_input(ctl, &text, err) == 0 &&
	    jsonx_parse(text.data, text.len, 4, &join, err) == 0) {
		o = json_object_new_object();
		json_object_object_add(o, "join", join);
		rc = ask(ctl, OP_SCANNER_TRUST, o, NULL, err);
	}
	buf_clear(&text);
	return rc;
}

int
ctl_scanner_remove(
    struct ctl *ctl, char **args, enum ctl_exit *status, struct err *err)
{
	(void)status;
	return ask(ctl, OP_SCANNER_REMOVE, ctl_object("name", args[0], NULL),
	    NULL, err);
}

int
ctl_scanner_do(
    struct ctl *ctl, char **args, enum ctl_exit *status, struct err *err)
{
	static const char there[] = "rejoin:";
	struct json_object *o;

	(void)status;
	if (strncmp(args[0], there, sizeof(there) - 1) == 0)
		o = ctl_object("do", "rejoin", "scanner",
		    args[0] + sizeof(there) - 1, NULL);
	else
		o = ctl_object("do", args[0], NULL);
	return ask(ctl, OP_CLUSTER_COMMAND, o, NULL, err);
}

static void
print_rollout(struct ctl *ctl, struct json_object *data)
{
	struct json_object *d = jsonx_path(data, "desired");
	const char *error = jsonx_path_str(data, "etcd.error", "");

	if (d != NULL)
		fprintf(ctl->out, "generation %lld: %s, wave %lld of %lld\n",
		    (long long)json_object_get_int64(
			jsonx_path(d, "generation")),
		    jsonx_path_str(d, "state", ""),
		    (long long)json_object_get_int64(jsonx_path(d, "wave")),
		    (long long)json_object_get_int64(jsonx_path(d, "waves")));
	if (error[0] != '\0')
		fprintf(ctl->out, "etcd: %s\n", error);
}

/* Is anything not as it should be? */
static bool
attention(struct json_object *list)
{
	struct json_object *row;
	const char *state;
	size_t i;

	for (i = 0; i < json_object_array_length(list); i++) {
		row = json_object_array_get_idx(list, i);
		state = jsonx_path_str(row, "state", "");
		if ((strcmp(state, "current") != 0 &&
			strcmp(state, "own") != 0) ||
		    jsonx_path_str(row, "probe_error", "")[0] != '\0')
			return true;
	}
	return false;
}

int
ctl_scanner_list(
    struct ctl *ctl, char **args, enum ctl_exit *status, struct err *err)
{
	static const char *const columns[] = {"name", "state", "alive", "seen",
	    "generation", "postfix", "probe_error", "drift", NULL};
	struct json_object *data = NULL, *list;

	(void)args;
	if (ctl_call(ctl, OP_SCANNERS_GET, json_object_new_object(), &data,
		err) == -1)
		return -1;
	list = jsonx_path(data, "scanners");
	if (json_object_is_type(list, json_type_array) && attention(list))
		*status = EXIT_ATTENTION;
	if (ctl->json)
		return ctl_json(ctl, data, err);
	if (!jsonx_path_bool(data, "sync_running")) {
		*status = EXIT_ATTENTION;
		(void)fprintf(ctl->out,
		    "postseal-sync does not run here: this is what it last "
		    "saw\n");
	}
	print_rollout(ctl, data);
	if (json_object_is_type(list, json_type_array))
		ctl_table(ctl->out, list, columns);
	json_object_put(data);
	return 0;
}
