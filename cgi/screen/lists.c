/*
 * lists.c - two people at one list: who changed different entries of it has
 * changed different things.
 *
 * The form has no more than a digest of the list that it was drawn from; the
 * list itself is in the generation that the form's ETag names, if it is still
 * there.  What this person took out is out, what came is in, and the rest is
 * as others left it.  Entries are compared as whole texts, each once.
 *
 * The entries of a list are judged by the settings beside it: where somebody
 * changed one of these, nothing is merged.
 */
#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "jsonx.h"
#include "merge.h"
#include "ops.h"

static struct json_object *
set_of(struct json_object *list)
{
	struct json_object *o = json_object_new_object();
	size_t i;

	for (i = 0; i < jsonx_len(list); i++)
		json_object_object_add(o,
		    json_object_get_string(json_object_array_get_idx(list, i)),
		    NULL);
	return o;
}

static bool
is_in(struct json_object *set, struct json_object *entry)
{
	return json_object_object_get_ex(
	    set, json_object_get_string(entry), NULL);
}

struct json_object *
list_merge(struct json_object *base, struct json_object *mine,
    struct json_object *theirs)
{
	struct json_object *out = json_object_new_array(), *v;
	struct json_object *was = set_of(base), *own = set_of(mine);
	struct json_object *now = set_of(theirs);
	size_t i;

	for (i = 0; i < jsonx_len(theirs); i++) {
		v = json_object_array_get_idx(theirs, i);
		if (is_in(own, v) || !is_in(was, v))
			json_object_array_add(out, json_object_get(v));
	}
	for (i = 0; i < jsonx_len(mine); i++) {
		v = json_object_array_get_idx(mine, i);
		if (!is_in(was, v) && !is_in(now, v))
			json_object_array_add(out, json_object_get(v));
	}
	json_object_put(was);
	json_object_put(own);
	json_object_put(now);
	return out;
}

struct json_object *
list_of_etag(struct screen *s, const struct settings_field *f)
{
	const char *etag = fields_str(&s->page.req->form, "etag", "");
	struct json_object *args, *gen = NULL, *problem = NULL, *v = NULL;
	long id = *etag == '"' ? strtol(etag + 1, NULL, 10) : 0;

	if (id <= 0)
		return NULL;
	args = json_object_new_object();
	json_object_object_add(args, "id", json_object_new_int64(id));
	/* One that is gone is no failure of this form. */
	if (backend_call(s->page.app, s->page.req, OP_GENERATION_GET, args,
		&gen, &problem, NULL) == 0)
		(void)settings_find(jsonx_path(gen, "settings"), f->path, &v);
	(void)json_object_get(v);
	json_object_put(gen);
	json_object_put(problem);
	return v;
}
