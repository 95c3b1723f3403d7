/*
 * chosen.c - "Apply to all" is not ticked: which hosts, then?  Their
 * check boxes on the Connection screen, and what each of them said.
 *
 * They are there only on the console of a cluster.  Without script, and where
 * CSS has no :has(), they are always shown; ticked while "Apply to all" is,
 * they mean nothing, as the words beside them say.
 */
#include <stdio.h>
#include <string.h>

#include "jsonx.h"
#include "parts.h"

#define NAMES_MAX 1024

static bool
is_chosen(struct json_object *names, const char *name)
{
	size_t i;

	for (i = 0; json_object_is_type(names, json_type_array) &&
		    i < json_object_array_length(names);
	     i++) {
		if (strcmp(json_object_get_string(
			       json_object_array_get_idx(names, i)),
			name) == 0)
			return true;
	}
	return false;
}

void
screen_chosen_read(struct screen *s, const struct fields *form)
{
	struct json_object *v = jsonx_path(s->patch, "all_scanners");
	size_t i;

	json_object_put(s->scanners);
	s->scanners = NULL;
	if (json_object_get_boolean(v))
		return;
	for (i = 0; i < form->n; i++) {
		if (strcmp(form->v[i].name, "scanner") != 0)
			continue;
		if (s->scanners == NULL)
			s->scanners = json_object_new_array();
		json_object_array_add(
		    s->scanners, json_object_new_string(form->v[i].value));
	}
}

/* A copy: arguments are overwritten once they are sent. */
void
screen_put_chosen(const struct screen *s, struct json_object *args)
{
	struct json_object *copy = NULL;

	if (s->page.app->conf.cluster_name[0] == '\0')
		return;
	if (s->scanners != NULL)
		(void)json_object_deep_copy(s->scanners, &copy, NULL);
	if (copy == NULL)
		copy = json_object_new_array();
	json_object_object_add(args, "scanners", copy);
}

/* A roll-out that stopped: the sentence of the page of scanners. */
static void
put_stopped(const struct screen *s, struct json_object *ctx,
    struct json_object *data)
{
	static const char *const tracks[][2] = {
	    {"desired", "scanners.rollout.stopped"},
	    {"desired.chosen", "scanners.chosen.stopped"}};
	struct json_object *lines = json_object_new_array(), *d;
	size_t i;

	for (i = 0; i < sizeof(tracks) / sizeof(tracks[0]); i++) {
		d = jsonx_path(data, tracks[i][0]);
		if (strcmp(jsonx_path_str(d, "state", ""), "stopped") == 0)
			json_object_array_add(
			    lines, new_text(&s->page, tracks[i][1], d));
	}
	put_bool(ctx, "rollout_stopped", jsonx_len(lines) > 0);
	json_object_object_add(ctx, "rollout", lines);
}

/* "gw2, gw3" */
static void
name_add(struct buf *b, const char *name)
{
	buf_printf(b, "%s%s", b->len > 0 ? ", " : "", name);
}

/* Is that one of these words? */
static bool
is_one_of(const char *state, const char *const *words)
{
	while (*words != NULL && strcmp(state, *words) != 0)
		words++;
	return *words != NULL;
}

/* One that does not have what was saved: does a roll-out still come to it? */
static bool
is_coming(struct json_object *data, const char *state)
{
	const char *track = strcmp(state, "chosen") == 0 ? "desired.chosen.state"
							 : "desired.state";

	return strcmp(jsonx_path_str(data, track, ""), "rolling") == 0;
}

/* "others_differ", "others_coming", "others_away": names of scanners that are
 * not as they should be, that a roll-out has not come to yet, or of which
 * nothing is heard. */
static void
put_others(struct json_object *ctx, struct json_object *data)
{
	static const char *const wrong[] = {
	    "ahead", "failed", "untrusted", NULL};
	static const char *const left[] = {"behind", "chosen", NULL};
	struct json_object *row, *rows = jsonx_path(data, "scanners");
	struct buf differ, coming, away;
	const char *state, *name;
	size_t i;

	buf_init(&differ, NAMES_MAX);
	buf_init(&coming, NAMES_MAX);
	buf_init(&away, NAMES_MAX);
	for (i = 0; i < jsonx_len(rows); i++) {
		row = json_object_array_get_idx(rows, i);
		state = jsonx_path_str(row, "state", "");
		name = jsonx_path_str(row, "name", "");
		if (jsonx_path_bool(row, "this_host") ||
		    strcmp(state, "removed") == 0)
			continue;
		if (!jsonx_path_bool(row, "alive") ||
		    strcmp(state, "unchecked") == 0)
			name_add(&away, name);
		else if (is_one_of(state, left) && is_coming(data, state))
			name_add(&coming, name);
		else if (is_one_of(state, wrong) || is_one_of(state, left) ||
			 jsonx_path_int(row, "drift") > 0 ||
			 jsonx_path_str(row, "probe_error", "")[0] != '\0')
			name_add(&differ, name);
	}
	put_str(ctx, "others_differ", differ.len > 0 ? differ.data : "");
	put_str(ctx, "others_coming", coming.len > 0 ? coming.data : "");
	put_str(ctx, "others_away", away.len > 0 ? away.data : "");
	buf_clear(&differ);
	buf_clear(&coming);
	buf_clear(&away);
}

void
screen_chosen(const struct screen *s, struct json_object *ctx)
{
	struct json_object *list = json_object_new_array(), *data = NULL, *o;
	struct json_object *rows, *row, *names = s->scanners;
	const char *name;
	size_t i;

	json_object_object_add(ctx, "chosen_hosts", list);
	put_bool(ctx, "choosing", false);
	put_bool(ctx, "rollout_stopped", false);
	if (s->page.app->conf.cluster_name[0] == '\0' ||
	    backend_call(s->page.app, s->page.req, OP_SCANNERS_GET,
		json_object_new_object(), &data, NULL, NULL) == -1)
		return;
	put_stopped(s, ctx, data);
	if (names == NULL)
		names = jsonx_path(s->view, "draft.scanners");
	rows = jsonx_path(data, "scanners");
	put_others(ctx, data);
	for (i = 0;
	     json_object_is_type(rows, json_type_array) &&
	     json_object_get_boolean(jsonx_path(data, "cluster.console")) &&
	     i < json_object_array_length(rows);
	     i++) {
		row = json_object_array_get_idx(rows, i);
		name = jsonx_path_str(row, "name", "");
		if (strcmp(jsonx_path_str(row, "state", ""), "removed") == 0)
			continue;
		o = json_object_new_object();
		put_str(o, "name", name);
		put_bool(o, "here",
		    json_object_get_boolean(jsonx_path(row, "this_host")));
		put_bool(o, "checked", is_chosen(names, name));
		json_object_array_add(list, o);
	}
	put_bool(ctx, "choosing", json_object_array_length(list) > 1);
	json_object_put(data);
}

/* One line a host: applied, failed, waiting or away. */
void
screen_chosen_lines(const struct screen *s, struct json_object *hosts,
    struct json_object *lines)
{
	struct json_object *h, *args;
	const char *state, *code;
	char key[64];
	size_t i;

	for (i = 0; json_object_is_type(hosts, json_type_array) &&
		    i < json_object_array_length(hosts);
	     i++) {
		h = json_object_array_get_idx(hosts, i);
		state = jsonx_path_str(h, "state", "");
		code = jsonx_path_str(h, "code", "");
		args = json_object_new_object();
		put_str(args, "name", jsonx_path_str(h, "name", ""));
		put_str(args, "reason", "");
		if (code[0] != '\0')
			put_error(&s->page, args, "reason", code, NULL);
		(void)snprintf(key, sizeof(key), "outcome.chosen.%.32s", state);
		json_object_array_add(lines, new_text(&s->page, key, args));
		json_object_put(args);
	}
}
