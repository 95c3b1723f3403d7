/*
 * scanner.c - what every host does: take the generation that is released for
 * it, and say how it is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "jsonx.h"
#include "ops.h"
#include "sync.h"
#include "util.h"

#define DEPTH	       4
#define APPLY_MS       300000
#define FETCH_AGAIN_MS 3000

/* Is there a generation that this host should take and has not tried? */
static bool
wanted(const struct sync *s)
{
	int64_t generation = member_int(s->desired, "generation");

	if (s->me == NULL || generation == 0 || member_bool(s->me, "own") ||
	    jsonx_path_str(s->me, "cluster", "")[0] == '\0' ||
	    generation <= member_int(s->me, "generation"))
		return false;
	/* Failed here already: only a retry tries again. */
	return member_int(s->me, "failed") != generation ||
	       member_int(s->me, "attempt") < member_int(s->desired, "attempt");
}

static int
fetch(struct sync *s, struct json_object **ret, struct err *err)
{
	const char *dir = jsonx_path_str(s->desired, "bundle", "");
	struct json_object *kvs = NULL, *o = NULL;
	const char *text;
	char key[KEY_MAX];

	(void)snprintf(
	    key, sizeof(key), KEY_BUNDLE "%s/%s", s->conf->cluster_name, dir);
	if (etcd_range(s->etcd, key, NULL, &kvs, NULL, err) == -1)
		return -1;
	if (json_object_array_length(kvs) > 0) {
		text = jsonx_path_str(
		    json_object_array_get_idx(kvs, 0), "value", "");
		if (jsonx_parse(text, strlen(text), DEPTH, &o, NULL) == -1)
			log_warn("the bundle in etcd is no JSON");
	}
	json_object_put(kvs);
	*ret = o; /* NULL: not there (yet) */
	return 0;
}

/* Everybody once the roll-out is done, until then wave by wave. */
static bool
released(const struct sync *s, struct json_object *bundle)
{
	return strcmp(jsonx_path_str(s->desired, "state", ""), "done") == 0 ||
	       member_int(bundle, "wave") <= member_int(s->desired, "wave");
}

int
scanner_take(struct sync *s, struct err *err)
{
	struct json_object *bundle = NULL, *args;
	int rc = 0;

	if (s->work.fd != -1 || !wanted(s) || now_ms() < s->fetch_at)
		return 0;
	s->fetch_at = now_ms() + FETCH_AGAIN_MS;
	if (fetch(s, &bundle, err) == -1)
		return -1;
	if (bundle != NULL && released(s, bundle)) {
		args = json_object_new_object();
		json_object_object_add(
		    args, "blob", json_object_get(jsonx_path(bundle, "blob")));
		json_object_object_add(args, "generation",
		    json_object_get(jsonx_path(s->desired, "generation")));
		json_object_object_add(args, "attempt",
		    json_object_get(jsonx_path(s->desired, "attempt")));
		log_info("generation %lld: applying",
		    (long long)member_int(s->desired, "generation"));
		rc = link_start(
		    &s->work, s->conf, OP_CLUSTER_APPLY, args, APPLY_MS, err);
	}
	json_object_put(bundle);
	return rc;
}

int
scanner_status(struct sync *s, struct err *err)
{
	struct json_object *status = jsonx_path(s->me, "status"), *o;
	const char *text = jsonx_path_str(status, "text", "");
	char key[KEY_MAX], at[32];
	int rc;

	if (text[0] == '\0' ||
	    (s->put_text != NULL && strcmp(s->put_text, text) == 0))
		return 0;
	time_iso(time(NULL), at);
	o = json_object_new_object();
	json_object_object_add(o, "text", json_object_new_string(text));
	json_object_object_add(
	    o, "sig", json_object_get(jsonx_path(status, "sig")));
	json_object_object_add(o, "at", json_object_new_string(at));
	(void)snprintf(
	    key, sizeof(key), KEY_STATUS "%s", s->conf->cluster_name);
	rc = etcd_put(s->etcd, key,
	    json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN), 0, err);
	json_object_put(o);
	if (rc == -1)
		return -1;
	free(s->put_text);
	s->put_text = strdup(text);
	return 0;
}
