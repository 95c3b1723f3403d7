/*
 * model.c - one load of the Connection screen: what postseald says, what this
 * request asks for, and what goes to postseald.
 */
#include <stdio.h>
#include <string.h>

#include "jsonx.h"
#include "merge.h"
#include "screen.h"

void
screen_init(struct screen *s, struct app *app, struct request *req)
{
	memset(s, 0, sizeof(*s));
	s->page.app = app;
	s->page.req = req;
	s->confirm = json_object_new_array();
}

void
screen_clear(struct screen *s)
{
	json_object_put(s->view);
	json_object_put(s->job);
	json_object_put(s->preview);
	json_object_put(s->hop);
	json_object_put(s->patch);
	json_object_put(s->was);
	json_object_put(s->history);
	json_object_put(s->confirm);
	json_object_put(s->scanners);
	json_object_put(s->problem);
	memset(s, 0, sizeof(*s));
}

int
screen_call(struct screen *s, const char *op, struct json_object *args,
    struct json_object **data)
{
	json_object_put(s->problem);
	s->problem = NULL;
	return backend_call(
	    s->page.app, s->page.req, op, args, data, &s->problem, &s->err);
}

struct json_object *
screen_args(const struct screen *s)
{
	struct json_object *args = json_object_new_object();

	put_str(args, "draft", s->page.req->who.draft);
	return args;
}

bool
screen_is_job(const char *id)
{
	return id != NULL && strlen(id) == JOB_ID_LEN &&
	       strspn(id, "0123456789abcdef") == JOB_ID_LEN;
}

/* The view, with the live probe when one is asked for. */
int
screen_load(struct screen *s, bool probe)
{
	struct json_object *args = screen_args(s), *live = NULL;

	put_bool(args, "sandbox", true);
	if (screen_call(s, OP_CONNECTION_GET, args, &s->view) == -1)
		return -1;
	if (!probe)
		return 0;
	args = json_object_new_object();
	put_bool(args, "probe", true);
	if (screen_call(s, OP_STATUS, args, &live) == -1)
		return -1;
	json_object_object_add(
	    s->view, "live", json_object_get(jsonx_path(live, "live")));
	json_object_put(live);
	return 0;
}

int
screen_job(struct screen *s, const char *id)
{
	struct json_object *args;

	if (!screen_is_job(id))
		return err_set(&s->err, ERR_JOB_UNKNOWN, "", "job");
	args = json_object_new_object();
	put_str(args, "job", id);
	json_object_put(s->job);
	s->job = NULL;
	return screen_call(s, OP_JOB_GET, args, &s->job);
}

/* "cert.expired,chain.expired" of the address, codes of ours only. */
void
screen_confirm(struct screen *s, const char *list)
{
	enum err_code code;
	char name[48];
	size_t n;

	while (*list != '\0') {
		n = strcspn(list, ",");
		if (n < sizeof(name)) {
			memcpy(name, list, n);
			name[n] = '\0';
			if (err_from_name(name, &code) == 0)
				json_object_array_add(
				    s->confirm, json_object_new_string(name));
		}
		list += n;
		if (*list == ',')
			list++;
	}
}

/* A copy: what is sent to postseald is wiped afterwards, strings and all. */
int
screen_put_settings(struct json_object *args, struct json_object *settings)
{
	struct json_object *copy = NULL;

	if (json_object_deep_copy(settings, &copy, NULL) == -1)
		return -1;
	return json_object_object_add(args, "settings", copy);
}

struct json_object *
screen_apply_args(const struct screen *s)
{
	struct json_object *args = screen_args(s);
	struct json_object *patch = screen_pending(s);
	const char *apply = s->apply;

	if (patch != NULL)
		screen_put_settings(args, patch);
	if (*apply == '\0')
		apply = jsonx_path_str(s->view, "draft.apply", "");
	if (*apply != '\0')
		put_str(args, "apply", apply);
	put_bool(args, "form", true);
	json_object_object_add(args, "confirm", json_object_get(s->confirm));
	return args;
}
