/*
 * removed.c - scanners that were removed and still know the key that was in
 * force when they went: removed.json.
 */
#include <string.h>

#include "host.h"
#include "jsonx.h"
#include "util.h"

struct json_object *
cluster_key_known_to(const struct conf *conf)
{
	struct json_object *o = NULL, *view = NULL, *names = NULL;
	const char *was, *is;

	if (cluster_file_read(conf, "removed.json", &o, NULL) == 0 &&
	    o != NULL && apply_view(conf, &view, NULL) == 0) {
		was = jsonx_path_str(o, "spki", "");
		is = jsonx_path_str(view, "certificate.key.spki_sha256", "");
		if (was[0] != '\0' && strcmp(was, is) == 0)
			names = json_object_get(jsonx_path(o, "names"));
	}
	json_object_put(o);
	json_object_put(view);
	return names;
}

/* Enrolled again, it may know the key. */
void
cluster_removed_forget(const struct conf *conf, const char *name)
{
	struct json_object *o = NULL, *was, *left = json_object_new_array();
	const char *other;
	size_t i, n;

	(void)cluster_file_read(conf, "removed.json", &o, NULL);
	was = jsonx_path(o, "names");
	n = jsonx_len(was);
	for (i = 0; i < n; i++) {
		other =
		    json_object_get_string(json_object_array_get_idx(was, i));
		if (strcmp(other, name) != 0)
			json_object_array_add(
			    left, json_object_new_string(other));
	}
	if (json_object_array_length(left) == n) {
		json_object_put(left);
	} else {
		json_object_object_add(o, "names", left);
		if (cluster_file_write(conf, "removed.json", o, NULL) == -1)
			log_warn("the return of %s was not noted", name);
	}
	json_object_put(o);
}

/* It still has the key that was in force when it went. */
void
cluster_removed_note(const struct conf *conf, const char *name)
{
	struct json_object *o = NULL, *view = NULL, *names;
	const char *spki;

	if (apply_view(conf, &view, NULL) == -1)
		return;
	spki = jsonx_path_str(view, "certificate.key.spki_sha256", "");
	if (cluster_file_read(conf, "removed.json", &o, NULL) == -1 ||
	    o == NULL || strcmp(jsonx_path_str(o, "spki", ""), spki) != 0) {
		json_object_put(o);
		o = json_object_new_object();
		jsonx_put_str(o, "spki", spki);
		json_object_object_add(o, "names", json_object_new_array());
	}
	names = jsonx_path(o, "names");
	if (json_object_is_type(names, json_type_array))
		json_object_array_add(names, json_object_new_string(name));
	if (cluster_file_write(conf, "removed.json", o, NULL) == -1)
		log_warn("the removal of %s was not noted", name);
	json_object_put(o);
	json_object_put(view);
}
