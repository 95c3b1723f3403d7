/*
 * gen_words.c - what a generation changed, in words.
 */
#include <string.h>

#include "jsonx.h"
#include "settings_table.h"
#include "history.h"

#define CERTS_SHOWN 3

void
add_names(const struct page *p, struct json_object *names, size_t max,
    struct json_object *list)
{
	static const char *const texts[][2] = {{"added", "history.name.added"},
	    {"renewed", "history.name.renewed"},
	    {"removed", "history.name.removed"}};
	struct json_object *row, *args;
	size_t i, k;

	for (i = 0; i < jsonx_len(names) && i < max; i++) {
		row = json_object_array_get_idx(names, i);
		args = json_object_new_object();
		put_str(args, "name",
		    cert_call(p, jsonx_path_str(row, "name", "")));
		for (k = 0; k < sizeof(texts) / sizeof(texts[0]); k++)
			if (strcmp(jsonx_path_str(row, "change", ""),
				texts[k][0]) == 0)
				json_object_array_add(
				    list, new_text(p, texts[k][1], args));
		json_object_put(args);
	}
	if (i < jsonx_len(names))
		json_object_array_add(list, json_object_new_string("..."));
}

/* "TLS only: off -> on", or what it is about where that is all that is kept. */
static struct json_object *
changed_text(const struct page *p, struct json_object *gen,
    const struct settings_field *f)
{
	struct json_object *list = jsonx_path(gen, "changed"), *row, *args;
	struct json_object *text;
	size_t i;

	for (i = 0; i < jsonx_len(list); i++) {
		row = json_object_array_get_idx(list, i);
		if (strcmp(jsonx_path_str(row, "setting", ""), f->path) != 0)
			continue;
		args = json_object_new_object();
		put_str(args, "label", setting_short(p, f));
		put_setting(p, args, "before", f, jsonx_path(row, "before"));
		put_setting(p, args, "after", f, jsonx_path(row, "after"));
		text = new_text(p, "changes.value", args);
		json_object_put(args);
		return text;
	}
	return json_object_new_string(setting_short(p, f));
}

struct json_object *
gen_what(const struct page *p, struct json_object *gen)
{
	struct json_object *list = json_object_new_array(), *v;
	struct json_object *summary = jsonx_path(gen, "summary");
	const char *kind = jsonx_path_str(gen, "kind", ""), *s;
	const struct settings_field *f;
	size_t i;

	if (strcmp(kind, "restore") == 0)
		json_object_array_add(
		    list, new_text(p,
			      jsonx_path_int(gen, "restored") == 0
				  ? "history.restored_original"
				  : "history.restored",
			      gen));
	if (strcmp(kind, "leave") == 0)
		json_object_array_add(list, new_text(p, "history.left", NULL));
	if (strcmp(kind, "original") == 0)
		json_object_array_add(
		    list, new_text(p, "history.original", NULL));
	if (strcmp(kind, "adopt") == 0)
		json_object_array_add(
		    list, new_text(p, "history.adopted", NULL));
	for (i = 0; i < jsonx_len(summary); i++) {
		v = json_object_array_get_idx(summary, i);
		s = json_object_is_type(v, json_type_string)
			? json_object_get_string(v)
			: "";
		if ((f = settings_by_path(s)) != NULL)
			json_object_array_add(list, changed_text(p, gen, f));
		if (strcmp(s, "names") == 0)
			add_names(
			    p, jsonx_path(gen, "names"), CERTS_SHOWN, list);
		if (strcmp(s, "certificate") == 0)
			json_object_array_add(list,
			    jsonx_path(gen, "certificate_name") != NULL
				? new_text(p, "history.certificate_is", gen)
				: new_text(
				      p, "history.certificate_gone", NULL));
	}
	if (json_object_array_length(list) == 0)
		json_object_array_add(
		    list, new_text(p, "history.values", NULL));
	return list;
}
