/*
 * scanners.c - SMTP Routing > Scanners: every host of the cluster as it really
 * is, and the three ways to go on from a roll-out that stopped.
 *
 * The page is there only on a host that is in a cluster.
 */
#include <stdio.h>
#include <string.h>

#include "jsonx.h"
#include "page.h"

/* A scanner's state in postseald's words: its icon; the words are
 * "scanners.state.<state>". */
static const struct {
	const char *state, *icon;
} states[] = {
    {"current", "ok"},
    {"behind", "info"},
    {"own", "info"},
    {"chosen", "info"},
    {"new", "info"},
    {"waiting", "info"},
    {"ahead", "warn"},
    {"failed", "error"},
    {"untrusted", "error"},
    {"unchecked", "warn"},
    {"removed", "warn"},
};

/* What the buttons may ask for. */
static const char *const orders[] = {"retry", "rollback", "leave", "rejoin",
    "retry_chosen", "leave_chosen", NULL};

static const char *
icon_of(const char *state, bool alive)
{
	size_t i;

	for (i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (strcmp(states[i].state, state) == 0)
			return !alive && strcmp(states[i].icon, "error") != 0
				   ? "warn"
				   : states[i].icon;
	}
	return "warn";
}

/* "7C:36:FE:F4" of a fingerprint in hex. */
static void
put_short(struct json_object *o, const char *key, const char *hex)
{
	char text[16] = "";

	if (strlen(hex) >= 8)
		(void)snprintf(text, sizeof(text), "%.2s:%.2s:%.2s:%.2s", hex,
		    hex + 2, hex + 4, hex + 6);
	put_str(o, key, text);
}

static void
put_postfix(const struct page *p, struct json_object *o, struct json_object *s)
{
	const char *state = jsonx_path_str(s, "postfix", "");
	struct json_object *args = json_object_new_object();
	char key[64];

	put_str(o, "postfix", "");
	put_str(args, "version", jsonx_path_str(s, "version", ""));
	(void)snprintf(key, sizeof(key), "postfix.state.%.32s", state);
	if (state[0] != '\0')
		put_text(p, o, "postfix", key, args);
	json_object_put(args);
}

static struct json_object *
row_of(const struct page *p, struct json_object *s, bool console)
{
	struct json_object *o = json_object_new_object();
	const char *state = jsonx_path_str(s, "state", "");
	const char *code = jsonx_path_str(s, "code", "");
	const char *probe = jsonx_path_str(s, "probe_error", "");
	bool alive = jsonx_path_bool(s, "alive"),
	     here = jsonx_path_bool(s, "this_host");
	char key[64];

	put_str(o, "name", jsonx_path_str(s, "name", ""));
	put_bool(o, "here", here);
	put_icon(
	    o, probe[0] != '\0' && alive ? "error" : icon_of(state, alive));
	(void)snprintf(key, sizeof(key), "scanners.state.%.32s", state);
	put_str(o, "state", page_text(p, key));
	put_str(o, "why", "");
	put_str(o, "code", "");
	if (strcmp(state, "failed") == 0 && code[0] != '\0') {
		put_error(p, o, "why", code, NULL);
		put_str(o, "code", code);
	} else if (probe[0] != '\0') {
		put_error(p, o, "why", probe, NULL);
		put_str(o, "code", probe);
	}
	put_bool(o, "unproven", probe[0] != '\0');
	put_bool(o, "alive", alive);
	put_time(p, o, jsonx_path_str(s, "seen", NULL));
	put_str(o, "generation", "");
	if (jsonx_path(s, "generation") != NULL)
		put_int(o, "generation",
		    json_object_get_int64(jsonx_path(s, "generation")));
	put_postfix(p, o, s);
	put_str(
	    o, "certificate_name", jsonx_path_str(s, "certificate_name", ""));
	put_short(
	    o, "fingerprint", jsonx_path_str(s, "certificate_sha256", ""));
	put_str(o, "sha256", jsonx_path_str(s, "certificate_sha256", ""));
	put_bool(
	    o, "drifted", json_object_get_int64(jsonx_path(s, "drift")) > 0);
	put_bool(o, "removable", console && !here);
	put_str(o, "retry", console ? jsonx_path_str(s, "retry", "") : "");
	put_bool(o, "rejoins", console && !here && strcmp(state, "own") == 0);
	return o;
}

/* The two roll-outs: for all, and for chosen hosts; with their names in the
 * template. */
static const struct track {
	const char *path, *text, *stopped, *failed, *words;
} tracks[] = {
    {"desired", "rollout", "stopped", "failed_names", "scanners.rollout."},
    {"desired.chosen", "chosen_rollout", "chosen_stopped", "chosen_failed",
	"scanners.chosen."},
};

static void
put_names(struct json_object *ctx, const char *key, struct json_object *names,
    const char *none)
{
	struct buf list;
	size_t i, n;

	buf_init(&list, 4096);
	n = jsonx_len(names);
	for (i = 0; i < n; i++)
		(void)buf_printf(&list, "%s%s", i > 0 ? ", " : "",
		    json_object_get_string(
			json_object_array_get_idx(names, i)));
	put_str(ctx, key, list.len > 0 ? list.data : none);
	buf_clear(&list);
}

static void
put_rollout(const struct page *p, struct json_object *ctx,
    const struct track *t, struct json_object *d)
{
	const char *state = jsonx_path_str(d, "state", "");
	struct json_object *o = json_object_new_object();
	char key[64];

	put_bool(ctx, t->stopped, strcmp(state, "stopped") == 0);
	if (strcmp(state, "rolling") == 0)
		put_str(ctx, "refresh", "2");
	put_str(ctx, t->text, "");
	put_str(ctx, t->failed, "");
	if (state[0] != '\0') {
		put_names(ctx, t->failed, jsonx_path(d, "failed"),
		    page_text(p, "scanners.silent"));
		put_int(o, "generation",
		    json_object_get_int64(jsonx_path(d, "generation")));
		put_int(
		    o, "wave", json_object_get_int64(jsonx_path(d, "wave")));
		put_int(
		    o, "waves", json_object_get_int64(jsonx_path(d, "waves")));
		put_str(o, "by", jsonx_path_str(d, "by", ""));
		(void)snprintf(key, sizeof(key), "%s%.32s", t->words, state);
		put_text(p, ctx, t->text, key, o);
	}
	json_object_put(o);
}

static void
put_notes(
    const struct page *p, struct json_object *ctx, struct json_object *data)
{
	struct json_object *names = jsonx_path(data, "cluster.key_known_to");
	struct json_object *args;
	bool console = jsonx_path_bool(data, "cluster.console"),
	     running = jsonx_path_bool(data, "sync_running");
	const char *error = jsonx_path_str(data, "etcd.error", "");

	put_bool(ctx, "console", console);
	put_bool(ctx, "own", jsonx_path_bool(data, "cluster.own"));
	put_bool(ctx, "waiting", jsonx_path_bool(data, "cluster.waiting"));
	put_bool(ctx, "no_sync", !running);
	put_bool(ctx, "no_etcd",
	    running && jsonx_path(data, "etcd") != NULL &&
		!jsonx_path_bool(data, "etcd.connected"));
	put_str(ctx, "etcd_error", error);
	put_str(ctx, "rotate", "");
	if (jsonx_len(names) == 0)
		return;
	args = json_object_new_object();
	put_names(args, "names", names, "");
	put_text(p, ctx, "rotate", "scanners.rotate", args);
	json_object_put(args);
}

static int
show(struct app *app, struct request *req, struct reply *reply,
    const struct err *why, struct err *err)
{
	const struct page p = {app, req};
	struct json_object *ctx, *data = NULL, *list, *rows, *o;
	size_t i, n;
	int rc;

	if (backend_call(app, req, OP_SCANNERS_GET, json_object_new_object(),
		&data, NULL, err) == -1)
		return -1;
	ctx = json_object_new_object();
	put_str(ctx, "title", page_text(&p, "nav.scanners"));
	put_str(ctx, "problem", "");
	put_str(ctx, "problem_code", "");
	if (why != NULL) {
		o = json_object_new_object();
		put_str(o, "detail", why->msg);
		put_error(&p, ctx, "problem", err_name(why->code), o);
		put_str(ctx, "problem_code", err_name(why->code));
		json_object_put(o);
	}
	put_str(ctx, "refresh", "");
	for (i = 0; i < sizeof(tracks) / sizeof(tracks[0]); i++)
		put_rollout(
		    &p, ctx, &tracks[i], jsonx_path(data, tracks[i].path));
	put_notes(&p, ctx, data);
	rows = json_object_new_array();
	list = jsonx_path(data, "scanners");
	n = jsonx_len(list);
	for (i = 0; i < n; i++)
		json_object_array_add(
		    rows, row_of(&p, json_object_array_get_idx(list, i),
			      jsonx_path_bool(data, "cluster.console")));
	put_bool(ctx, "some", n > 0);
	json_object_object_add(ctx, "rows", rows);
	rc = page_render(app, req, reply,
	    why == NULL ? 200 : err_http(why->code), "scanners", ctx, err);
	json_object_put(ctx);
	json_object_put(data);
	return rc;
}

static int
press(struct app *app, struct request *req, struct err *err)
{
	static const char *const once[] = {"csrf", "do", NULL};
	struct json_object *args = json_object_new_object(), *data = NULL;
	const char *button, *op = NULL;
	size_t i;
	int rc;

	if (fields_check(&req->form, once, NULL, err) == -1) {
		json_object_put(args);
		return -1;
	}
	button = fields_str(&req->form, "do", "");
	for (i = 0; orders[i] != NULL; i++) {
		if (strcmp(button, orders[i]) == 0) {
			op = OP_CLUSTER_COMMAND;
			put_str(args, "do", button);
		}
	}
	if (strncmp(button, "rejoin:", 7) == 0) {
		op = OP_CLUSTER_COMMAND;
		put_str(args, "do", "rejoin");
		put_str(args, "scanner", button + 7);
	}
	if (strncmp(button, "remove:", 7) == 0) {
		op = OP_SCANNER_REMOVE;
		put_str(args, "name", button + 7);
	}
	if (op == NULL) {
		json_object_put(args);
		return err_set(err, ERR_FIELD_INVALID, "do", "no such button");
	}
	rc = backend_call(app, req, op, args, &data, NULL, err);
	json_object_put(data);
	return rc;
}

int
page_scanners(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct err why;

	if (app->conf.cluster_name[0] == '\0')
		return err_set(err, ERR_REQ_NOT_FOUND, "", "no cluster here");
	if (req->method != HTTP_POST)
		return show(app, req, reply, NULL, err);
	err_clear(&why);
	if (press(app, req, &why) == -1)
		return show(app, req, reply, &why, err);
	if (reply_redirect(reply, PATH_SCANNERS) == -1)
		return err_set(err, ERR_INTERNAL, "", "redirect");
	return 0;
}
