/*
 * sandbox_view.c - below the state card: how the processes are confined on
 * this host.  postseald reports on itself and on the child that parses
 * uploads, this worker on itself.
 */
#include <string.h>

#include "jsonx.h"
#include "parts.h"
#include "sandbox.h"

static void
put_word(const struct page *p, struct json_object *row, const char *key,
    struct json_object *value)
{
	struct json_object *args;
	bool on;

	if (json_object_is_type(value, json_type_int)) {
		on = json_object_get_int64(value) > 0;
		args = json_object_new_object();
		put_int(args, "abi", json_object_get_int64(value));
		put_text(p, row, key, on ? "sandbox.abi" : "sandbox.no", args);
		json_object_put(args);
		return;
	}
	on = json_object_get_boolean(value);
	put_text(p, row, key, on ? "sandbox.yes" : "sandbox.no", NULL);
}

static bool
put_row(const struct page *p, struct json_object *rows, const char *name,
    struct json_object *state)
{
	static const char *const keys[] = {
	    "landlock", "seccomp", "no_new_privs", "limits"};
	struct json_object *row = json_object_new_object();
	size_t i;

	put_text(p, row, "name", name, NULL);
	put_str(row, "user", jsonx_path_str(state, "user", ""));
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		put_word(p, row, keys[i], jsonx_path(state, keys[i]));
	json_object_array_add(rows, row);
	return json_object_get_boolean(jsonx_path(state, "complete"));
}

/* What is left of root's powers, as one sentence. */
static void
put_powers(
    const struct page *p, struct json_object *o, struct json_object *self)
{
	struct json_object *list = jsonx_path(self, "capabilities");
	struct json_object *args = json_object_new_object();
	struct buf names;
	size_t i, n = 0;

	buf_init(&names, 1024);
	if (json_object_is_type(list, json_type_array))
		n = json_object_array_length(list);
	for (i = 0; i < n; i++)
		buf_printf(&names, "%s%s", i > 0 ? ", " : "",
		    json_object_get_string(json_object_array_get_idx(list, i)));
	put_str(args, "user", jsonx_path_str(self, "user", ""));
	put_str(args, "list", names.data);
	put_text(p, o, "powers", "sandbox.powers", args);
	json_object_put(args);
	buf_clear(&names);
}

void
screen_sandbox(const struct screen *s, struct json_object *ctx)
{
	struct json_object *told = jsonx_path(s->view, "sandbox"), *o, *rows,
			   *web;
	const struct page *p = &s->page;
	bool complete;

	if (told == NULL)
		return;
	o = json_object_new_object();
	rows = json_object_new_array();
	web = sandbox_state_to_json(&p->app->sandbox, p->app->conf.web_user);
	complete = put_row(p, rows, "sandbox.web", web);
	complete =
	    put_row(p, rows, "sandbox.inspect", jsonx_path(told, "inspect")) &&
	    complete;
	put_str(o, "kind", complete ? "offered" : "off");
	put_text(p, o, "word",
	    complete ? "sandbox.complete" : "sandbox.partial", NULL);
	json_object_object_add(o, "rows", rows);
	put_powers(p, o, jsonx_path(told, "postseald"));
	json_object_object_add(ctx, "sandbox", o);
	json_object_put(web);
}
