/*
 * console.c - what a console's postseal-sync does beside being a scanner:
 * publish a Save, and lead the roll-out.
 *
 * Publish: all bundles first, under a name that nobody knows yet; then
 * "desired" by compare-and-swap, which names them.  A crash in between, or a
 * lost race, leaves bundles that are removed with the next publication.
 * Lead: the console that saved; another one only while that one is away.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "jsonx.h"
#include "ops.h"
#include "sync.h"
#include "util.h"

#define OPS_MAX	   32		/* in one transaction; etcd allows 128 */
#define BYTES_MAX  (512 * 1024) /* etcd allows 1.5 MiB */
#define KEEP_EVERY 20

static void
put_str(struct json_object *o, const char *key, const char *value)
{
	json_object_object_add(o, key, json_object_new_string(value));
}

static void
put_int(struct json_object *o, const char *key, int64_t value)
{
	json_object_object_add(o, key, json_object_new_int64(value));
}

/* Enrolled hosts for rollout.c; names are borrowed from s->hosts. */
static struct rollout_host *
roster(struct sync *s, size_t *ret_n)
{
	struct json_object *list = jsonx_path(s->me, "hosts");
	struct rollout_host *v;
	const struct host *h;
	size_t i, n;

	n = json_object_is_type(list, json_type_array)
		? json_object_array_length(list)
		: 0;
	/* All of them first: making one moves the others. */
	for (i = 0; i < n; i++)
		(void)model_host(s,
		    json_object_get_string(json_object_array_get_idx(list, i)),
		    true);
	if ((v = calloc(n + 1, sizeof(*v))) == NULL)
		return NULL;
	*ret_n = 0;
	for (i = 0; i < n; i++) {
		h = model_host(s,
		    json_object_get_string(json_object_array_get_idx(list, i)),
		    false);
		if (h == NULL)
			continue;
		v[*ret_n].name = h->name;
		v[*ret_n].alive = h->alive;
		v[*ret_n].own = h->valid && h->own;
		v[*ret_n].generation = h->valid ? h->generation : 0;
		v[*ret_n].failed = h->valid ? h->failed : 0;
		v[*ret_n].attempt = h->valid ? h->attempt : 0;
		v[(*ret_n)++].self =
		    strcmp(h->name, s->conf->cluster_name) == 0;
	}
	return v;
}

int
console_seal(struct sync *s, const char *host, struct json_object *what,
    int wave, struct json_object **ret, struct err *err)
{
	struct json_object *args = json_object_new_object(), *data = NULL, *o;

	put_str(args, "host", host);
	put_int(args, "generation", member_int(what, "generation"));
	put_int(args, "local", member_int(what, "local"));
	put_str(args, "by", jsonx_path_str(what, "by", ""));
	put_str(args, "apply", jsonx_path_str(what, "apply", "restart"));
	if (link_call(s->conf, OP_CLUSTER_SEAL, args, &data, err) == -1)
		return -1;
	o = json_object_new_object();
	put_int(o, "generation", member_int(what, "generation"));
	put_int(o, "wave", wave);
	json_object_object_add(
	    o, "blob", json_object_get(jsonx_path(data, "blob")));
	json_object_put(data);
	*ret = o;
	return 0;
}

int
console_flush(struct sync *s, struct json_object **ops, struct err *err)
{
	struct json_object *send = *ops;
	bool done = false;

	*ops = NULL;
	if (send == NULL || json_object_array_length(send) == 0) {
		json_object_put(send);
		return 0;
	}
	return etcd_txn(s->etcd, KEY_DESIRED, -1, send, &done, err);
}

static int
put_bundles(struct sync *s, struct json_object *what, const char *dir,
    const struct rollout *r, const struct rollout_host *h, size_t n,
    struct err *err)
{
	struct json_object *ops = json_object_new_array(), *o = NULL;
	size_t i, bytes = 0;
	const char *text;
	char key[KEY_MAX];
	bool alive;

	for (i = 0; i < n; i++) {
		if (h[i].self)
			continue;
		if (console_seal(s, h[i].name, what, rollout_wave(r, h, n, i),
			&o, err) == -1)
			goto fail;
		(void)snprintf(
		    key, sizeof(key), KEY_BUNDLE "%s/%s", h[i].name, dir);
		text =
		    json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
		bytes += strlen(text) * 4 / 3;
		json_object_array_add(ops, etcd_op_put(key, text));
		json_object_put(o);
		if (json_object_array_length(ops) >= OPS_MAX ||
		    bytes > BYTES_MAX) {
			if (console_flush(s, &ops, err) == -1)
				goto fail;
			ops = json_object_new_array();
			bytes = 0;
		}
		/* Many hosts take longer than the lease lasts. */
		if (i % KEEP_EVERY == KEEP_EVERY - 1 && s->lease != 0 &&
		    etcd_keepalive(s->etcd, s->lease, &alive, err) == -1)
			goto fail;
	}
	return console_flush(s, &ops, err);
fail:
	json_object_put(ops);
	return -1;
}

/* Bundles of other publications, before or beside this one. */
static int
drop_bundles(struct sync *s, const char *dir, bool keep,
    const struct rollout_host *h, size_t n, struct err *err)
{
	struct json_object *ops = json_object_new_array();
	char key[KEY_MAX], end[KEY_MAX];
	size_t i;

	for (i = 0; i < n; i++) {
		(void)snprintf(
		    end, sizeof(end), KEY_BUNDLE "%s/%s", h[i].name, dir);
		if (keep) { /* all that sorts before it */
			(void)snprintf(
			    key, sizeof(key), KEY_BUNDLE "%s/", h[i].name);
			json_object_array_add(ops, etcd_op_delete(key, end));
		} else {
			json_object_array_add(ops, etcd_op_delete(end, NULL));
		}
		if (json_object_array_length(ops) >= OPS_MAX) {
			if (console_flush(s, &ops, err) == -1)
				return -1;
			ops = json_object_new_array();
		}
	}
	return console_flush(s, &ops, err);
}

static struct json_object *
desired_make(struct sync *s, struct json_object *what, const char *dir,
    const struct rollout *r, int waves)
{
	struct json_object *o = json_object_new_object();
	char at[32];

	time_iso(time(NULL), at);
	put_int(o, "generation", member_int(what, "generation"));
	put_str(o, "bundle", dir);
	put_str(o, "console", s->conf->cluster_name);
	put_str(o, "by", jsonx_path_str(what, "by", ""));
	put_str(o, "at", at);
	put_str(o, "apply", jsonx_path_str(what, "apply", "restart"));
	put_str(o, "state", waves == 0 ? "done" : "rolling");
	put_int(o, "wave", waves == 0 ? 0 : 1);
	put_int(o, "waves", waves);
	put_int(o, "attempt", 1);
	put_str(o, "canary", r->canary);
	put_int(o, "batch", r->batch);
	json_object_object_add(o, "failed", json_object_new_array());
	return o;
}

static int
desired_swap(struct sync *s, struct json_object *o, int64_t mod, bool *done,
    struct err *err)
{
	struct json_object *ops = json_object_new_array();

	json_object_array_add(ops,
	    etcd_op_put(KEY_DESIRED,
		json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN)));
	return etcd_txn(s->etcd, KEY_DESIRED, mod, ops, done, err);
}

static int
settle(struct sync *s, const char *id, const char *outcome, const char *detail,
    struct err *err)
{
	struct json_object *args = json_object_new_object(), *data = NULL;
	int rc;

	put_str(args, "id", id); /* a copy: id may be of s->me */
	put_str(args, "outcome", outcome);
	put_str(args, "detail", detail);
	rc = link_call(s->conf, OP_CLUSTER_PUBLISHED, args, &data, err);
	json_object_put(data);
	/* Done with, before the next poll says so. */
	json_object_object_del(s->me, "publish");
	json_object_object_del(s->me, "command");
	return rc;
}

/* desired as it is now, not as the watch last told. */
static int
desired_read(struct sync *s, int64_t *ret_generation, int64_t *ret_mod,
    char *bundle, size_t size, struct err *err)
{
	struct json_object *kvs = NULL, *kv, *o = NULL;
	const char *text;

	if (etcd_range(s->etcd, KEY_DESIRED, NULL, &kvs, NULL, err) == -1)
		return -1;
	*ret_generation = *ret_mod = 0;
	bundle[0] = '\0';
	if (json_object_array_length(kvs) > 0) {
		kv = json_object_array_get_idx(kvs, 0);
		text = jsonx_path_str(kv, "value", "");
		*ret_mod = member_int(kv, "mod");
		if (jsonx_parse(text, strlen(text), 8, &o, NULL) == 0) {
			*ret_generation = member_int(o, "generation");
			(void)snprintf(bundle, size, "%s",
			    jsonx_path_str(o, "bundle", ""));
		}
		json_object_put(o);
	}
	json_object_put(kvs);
	return 0;
}

/* Those that the publication was for need no second look. */
static void
note_sealed(struct sync *s, const char *dir)
{
	size_t i;

	for (i = 0; i < s->n_hosts; i++) {
		if (model_enrolled(s, s->hosts[i].name))
			(void)snprintf(s->hosts[i].sealed,
			    sizeof(s->hosts[i].sealed), "%s", dir);
	}
}

static int
publish_to(struct sync *s, struct json_object *what, const char *dir,
    int64_t mod, bool *done, struct err *err)
{
	struct rollout r = {.attempt = 1, .batch = s->conf->cluster_batch};
	struct rollout_host *h;
	struct json_object *o;
	size_t n = 0;
	int rc = -1;

	if ((h = roster(s, &n)) == NULL)
		return err_set(err, ERR_NOMEM, "", "hosts");
	r.generation = member_int(what, "generation");
	r.canary = rollout_canary(h, n, s->conf->cluster_canary);
	o = desired_make(s, what, dir, &r, rollout_waves(&r, h, n));
	if (put_bundles(s, what, dir, &r, h, n, err) == 0 &&
	    desired_swap(s, o, mod, done, err) == 0)
		rc = 0;
	if (rc == 0 && drop_bundles(s, dir, *done, h, n, NULL) == -1)
		log_warn("old bundles were not removed");
	if (rc == 0 && *done)
		note_sealed(s, dir);
	json_object_put(o);
	free(h);
	return rc;
}

int
console_publish(struct sync *s, struct err *err)
{
	struct json_object *what = jsonx_path(s->me, "publish");
	const char *from = jsonx_path_str(what, "id", "");
	int64_t generation = 0, mod = 0;
	char dir[64], there[64], id[64];
	bool done = false;

	if (what == NULL || from[0] == '\0')
		return 0;
	/* settle lets go of what it came from. */
	(void)snprintf(id, sizeof(id), "%s", from);
	(void)snprintf(dir, sizeof(dir), "%010lld-%.8s",
	    (long long)member_int(what, "generation"), id);
	if (desired_read(s, &generation, &mod, there, sizeof(there), err) == -1)
		return -1;
	if (strcmp(there, dir) == 0) {
		done = true; /* ours, and the answer was lost */
	} else if (generation == member_int(what, "base") &&
		   publish_to(s, what, dir, mod, &done, err) == -1) {
		if (err->code == ERR_TIMEOUT)
			return -1; /* etcd is away: later */
		log_warn("publishing failed: %s", err->msg);
		return settle(s, id, "failed", err->msg, err);
	}
	log_info("generation %lld: %s",
	    (long long)member_int(what, "generation"),
	    done ? "published" : "another console was faster");
	return settle(s, id, done ? "published" : "stale", "", err);
}

/* A copy of desired with some members changed, swapped in. */
static int
desired_change(struct sync *s, const char *state, int64_t wave, int64_t attempt,
    struct json_object *failed, bool *done, struct err *err)
{
	struct json_object *o = NULL;
	int rc;

	if (json_object_deep_copy(s->desired, &o, NULL) == -1) {
		json_object_put(failed);
		return err_set(err, ERR_NOMEM, "", "desired");
	}
	put_str(o, "state", state);
	put_int(o, "wave", wave);
	put_int(o, "attempt", attempt);
	json_object_object_add(
	    o, "failed", failed != NULL ? failed : json_object_new_array());
	rc = desired_swap(s, o, s->desired_mod, done, err);
	if (rc == 0 && *done)
		log_info("generation %lld: %s, wave %lld of %lld",
		    (long long)member_int(o, "generation"), state,
		    (long long)wave, (long long)member_int(o, "waves"));
	json_object_put(o);
	return rc;
}

/* This console leads, or the one that does is away. */
bool
console_leads(struct sync *s)
{
	const char *console = jsonx_path_str(s->desired, "console", "");
	const struct host *h;

	if (strcmp(console, s->conf->cluster_name) == 0)
		return true;
	h = model_host(s, console, false);
	return h == NULL || !h->alive;
}

static struct json_object *
failed_names(const struct rollout *r, const struct rollout_host *h, size_t n)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	for (i = 0; i < n; i++) {
		if (rollout_failed(r, &h[i]))
			json_object_array_add(
			    list, json_object_new_string(h[i].name));
	}
	return list;
}

static int
drive(struct sync *s, const struct rollout *r, const struct rollout_host *h,
    size_t n, struct err *err)
{
	bool done = false;

	switch (rollout_judge(r, h, n, now_ms() - s->wave_since)) {
	case ROLLOUT_WAIT:
		return 0;
	case ROLLOUT_NEXT:
		return desired_change(
		    s, "rolling", r->wave + 1, r->attempt, NULL, &done, err);
	case ROLLOUT_DONE:
		return desired_change(
		    s, "done", r->wave, r->attempt, NULL, &done, err);
	case ROLLOUT_STOP:
		return desired_change(s, "stopped", r->wave, r->attempt,
		    failed_names(r, h, n), &done, err);
	}
	return 0;
}

int
console_drive(struct sync *s, struct err *err)
{
	struct rollout_host *h;
	struct rollout r;
	size_t n = 0;
	int rc;

	if (s->me == NULL ||
	    strcmp(jsonx_path_str(s->desired, "state", ""), "rolling") != 0 ||
	    !console_leads(s))
		return 0;
	r.generation = member_int(s->desired, "generation");
	r.attempt = member_int(s->desired, "attempt");
	r.wave = (int)member_int(s->desired, "wave");
	r.batch = (int)member_int(s->desired, "batch");
	r.canary = jsonx_path_str(s->desired, "canary", "");
	if (s->wave_seen != r.wave || s->wave_generation != r.generation) {
		s->wave_seen = r.wave;
		s->wave_generation = r.generation;
		s->wave_since = now_ms();
	}
	if ((h = roster(s, &n)) == NULL)
		return err_set(err, ERR_NOMEM, "", "hosts");
	rc = drive(s, &r, h, n, err);
	free(h);
	return rc;
}

int
console_command(struct sync *s, struct err *err)
{
	struct json_object *c = jsonx_path(s->me, "command");
	const char *id = jsonx_path_str(c, "id", "");
	const char *what = jsonx_path_str(c, "do", "");
	const char *state = jsonx_path_str(s->desired, "state", "");
	int64_t wave = member_int(s->desired, "wave");
	int64_t attempt = member_int(s->desired, "attempt");
	bool done = false;

	if (c == NULL || id[0] == '\0')
		return 0;
	if (strcmp(what, "retry") == 0 && state[0] != '\0') {
		s->wave_seen = -1;
		if (console_reseal(s, err) == -1 ||
		    desired_change(s,
			strcmp(state, "done") == 0 ? state : "rolling", wave,
			attempt + 1, NULL, &done, err) == -1)
			return -1;
	} else if (strcmp(what, "leave") == 0 &&
		   strcmp(state, "stopped") == 0) {
		if (desired_change(s, "left", wave, attempt,
			json_object_get(jsonx_path(s->desired, "failed")),
			&done, err) == -1)
			return -1;
	} else {
		return settle(s, id, "stale", "there is no such roll-out", err);
	}
	/* Not done: desired has changed meanwhile; the watch will tell. */
	return done ? settle(s, id, "published", "", err) : 0;
}
