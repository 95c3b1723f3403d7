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
#define FETCH_AGAIN_MS 3000
#define PROBE_AGAIN_MS 15000 /* one that failed */

/* One of the two things that a host may have to take. */
struct want {
	bool own;	    /* it was chosen for it */
	int64_t generation; /* 0: nothing */
	int64_t attempt;
	const char *dir; /* where its bundle is */
	bool open;	 /* released whatever its wave */
	int64_t wave, reached;
};

/* Failed here already: only a retry tries again. */
static bool
tried(int64_t failed, int64_t attempt, const struct want *w)
{
	return failed == w->generation && attempt >= w->attempt;
}

/* What this host alone was chosen for. */
static void
want_own(const struct sync *s, struct want *w)
{
	struct json_object *c = jsonx_path(s->desired, "chosen"), *mine = NULL;

	if (!json_object_object_get_ex(
		jsonx_path(c, "hosts"), s->conf->cluster_name, &mine) ||
	    jsonx_path_int(mine, "generation") <=
		jsonx_path_int(s->me, "own_generation"))
		return;
	w->own = true;
	w->generation = jsonx_path_int(mine, "generation");
	w->attempt = jsonx_path_int(c, "attempt");
	w->dir = jsonx_path_str(mine, "bundle", "");
	/* The rest of an earlier Save: its roll-out is over. */
	w->open = w->generation != jsonx_path_int(c, "generation") ||
		  strcmp(jsonx_path_str(c, "state", ""), "done") == 0;
	w->wave = jsonx_path_int(mine, "wave");
	w->reached = jsonx_path_int(c, "wave");
}

/* What all shall have. */
static void
want_all(const struct sync *s, struct want *w)
{
	int64_t generation = jsonx_path_int(s->desired, "generation");
	const char *state = jsonx_path_str(s->desired, "state", "");

	if (generation == 0 || jsonx_path_bool(s->me, "own") ||
	    generation <= jsonx_path_int(s->me, "generation"))
		return;
	w->generation = generation;
	w->attempt = jsonx_path_int(s->desired, "attempt");
	w->dir = jsonx_path_str(s->desired, "bundle", "");
	w->open = strcmp(state, "done") == 0;
	w->wave = -1; /* the bundle says */
	/* Nothing moves after a failure. */
	w->reached = strcmp(state, "rolling") == 0
			 ? jsonx_path_int(s->desired, "wave")
			 : 0;
}

/* Is there a generation that this host should take and has not tried?  A
 * host that waits for settings of its own takes part in nothing else. */
static bool
wanted(const struct sync *s, struct want *w)
{
	memset(w, 0, sizeof(*w));
	if (s->me == NULL || jsonx_path_str(s->me, "cluster", "")[0] == '\0')
		return false;
	want_own(s, w);
	if (w->generation > 0)
		return !tried(jsonx_path_int(s->me, "own_failed"),
		    jsonx_path_int(s->me, "own_attempt"), w);
	want_all(s, w);
	return w->generation > 0 && !tried(jsonx_path_int(s->me, "failed"),
					jsonx_path_int(s->me, "attempt"), w);
}

static int
fetch(struct sync *s, const struct want *w, struct json_object **ret,
    struct err *err)
{
	struct json_object *kvs = NULL, *o = NULL;
	const char *text;
	char key[KEY_MAX];

	(void)snprintf(key, sizeof(key), KEY_BUNDLE "%s/%s",
	    s->conf->cluster_name, w->dir);
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
released(const struct want *w, struct json_object *bundle)
{
	int64_t wave = w->wave >= 0 ? w->wave : jsonx_path_int(bundle, "wave");

	return w->open || wave <= w->reached;
}

static int
hand_over(struct sync *s, const struct want *w, struct json_object *bundle,
    struct err *err)
{
	struct json_object *args = json_object_new_object();

	json_object_object_add(
	    args, "blob", json_object_get(jsonx_path(bundle, "blob")));
	jsonx_put_int(args, "generation", w->generation);
	jsonx_put_int(args, "attempt", w->attempt);
	json_object_object_add(args, "own", json_object_new_boolean(w->own));
	log_info("%s %lld: applying", w->own ? "own settings" : "generation",
	    (long long)w->generation);
	s->work.until = now_ms() + op_patience(OP_CLUSTER_APPLY);
	s->work.fd = daemon_start(s->conf, OP_CLUSTER_APPLY, args, err);
	return s->work.fd == -1 ? -1 : 0;
}

int
scanner_take(struct sync *s, struct err *err)
{
	struct json_object *bundle = NULL;
	struct want w;
	int rc = 0;

	if (s->work.fd != -1 || !wanted(s, &w) || now_ms() < s->fetch_at)
		return 0;
	s->fetch_at = now_ms() + FETCH_AGAIN_MS;
	if (fetch(s, &w, &bundle, err) == -1)
		return -1;
	if (bundle != NULL && released(&w, bundle))
		rc = hand_over(s, &w, bundle, err);
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

	if (strstr(text, "\"probe_error\":\"\"") == NULL &&
	    s->probe_at > now_ms() + PROBE_AGAIN_MS)
		s->probe_at = now_ms() + PROBE_AGAIN_MS;
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
