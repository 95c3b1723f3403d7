/*
 * console.c - a console's postseal-sync publishes a Save for all hosts.
 *
 * All bundles first, under a name that nobody knows yet; then "desired" by
 * compare-and-swap, which names them.  A crash in between, or a lost race,
 * leaves bundles that are removed with the next publication.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "jsonx.h"
#include "ops.h"
#include "sync.h"
#include "util.h"

#define OPS_MAX	   32		/* in one transaction; etcd allows 128 */
#define BYTES_MAX  (512 * 1024) /* etcd allows 1.5 MiB */
#define KEEP_EVERY 20
#define SWAPS	   5
#define SEALS	   4

/* Enrolled hosts for rollout.c; names are borrowed from s->hosts. */
struct rollout_host *
console_roster(struct sync *s, size_t *ret_n)
{
	struct json_object *list = jsonx_path(s->me, "hosts");
	struct rollout_host *v;
	const struct host *h;
	size_t i, n;

	n = jsonx_len(list);
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
		v[*ret_n].own =
		    (h->valid && h->own) || model_chosen(s, h->name) > 0;
		v[*ret_n].unproven = h->valid && h->unproven;
		v[*ret_n].refused = h->valid && h->refused;
		v[*ret_n].generation = h->valid ? h->generation : 0;
		v[*ret_n].failed = h->valid ? h->failed : 0;
		v[*ret_n].attempt = h->valid ? h->attempt : 0;
		v[(*ret_n)++].self =
		    strcmp(h->name, s->conf->cluster_name) == 0;
	}
	return v;
}

static int
seal_start(
    struct sync *s, const char *host, struct json_object *what, struct err *err)
{
	struct json_object *args = json_object_new_object();
	const char *id = jsonx_path_str(what, "id", NULL);

	jsonx_put_str(args, "host", host);
	if (id != NULL)
		jsonx_put_str(args, "id", id);
	return daemon_start(s->conf, OP_CLUSTER_SEAL, args, err);
}

static int
seal_finish(int fd, struct json_object *what, int wave,
    struct json_object **ret, struct err *err)
{
	struct json_object *data = NULL, *o;

	if (client_finish(fd, op_patience(OP_CLUSTER_SEAL), &data, NULL, err) ==
	    -1)
		return -1;
	o = json_object_new_object();
	jsonx_put_int(o, "generation", jsonx_path_int(what, "generation"));
	jsonx_put_int(o, "wave", wave);
	jsonx_put_int(o, "sealed", (int64_t)time(NULL));
	json_object_object_add(
	    o, "blob", json_object_get(jsonx_path(data, "blob")));
	json_object_put(data);
	*ret = o;
	return 0;
}

int
console_seal(struct sync *s, const char *host, struct json_object *what,
    int wave, struct json_object **ret, struct err *err)
{
	int fd = seal_start(s, host, what, err);

	return fd == -1 ? -1 : seal_finish(fd, what, wave, ret, err);
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

/* One bundle on its way into etcd, with as many others as fit. */
static int
put_bundle(struct sync *s, const char *host, const char *dir,
    struct json_object *o, struct json_object **ops, size_t *bytes,
    struct err *err)
{
	const char *text =
	    json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
	char key[KEY_MAX];

	(void)snprintf(key, sizeof(key), KEY_BUNDLE "%s/%s", host, dir);
	*bytes += strlen(text) * 4 / 3;
	json_object_array_add(*ops, etcd_op_put(key, text));
	if (json_object_array_length(*ops) < OPS_MAX && *bytes <= BYTES_MAX)
		return 0;
	if (console_flush(s, ops, err) == -1)
		return -1;
	*ops = json_object_new_array();
	*bytes = 0;
	return 0;
}

/* Several are sealed at once, by one process of postseald each; they are taken
 * in their order. */
static int
put_bundles(struct sync *s, struct json_object *what, const char *dir,
    const struct rollout *r, const struct rollout_host *h, size_t n,
    struct err *err)
{
	struct json_object *ops = json_object_new_array(), *o = NULL;
	size_t i, begun = 0, bytes = 0;
	int ahead[SEALS], rc = 0;
	bool alive;

	for (i = 0; i < SEALS; i++)
		ahead[i] = -1;
	for (i = 0; rc == 0 && i < n; i++) {
		for (; rc == 0 && begun < n && begun < i + SEALS; begun++) {
			if (h[begun].self)
				continue;
			ahead[begun % SEALS] =
			    seal_start(s, h[begun].name, what, err);
			if (ahead[begun % SEALS] == -1)
				rc = -1;
		}
		if (rc == -1 || h[i].self)
			continue;
		rc = seal_finish(
		    ahead[i % SEALS], what, rollout_wave(r, h, n, i), &o, err);
		ahead[i % SEALS] = -1;
		if (rc == 0) {
			rc =
			    put_bundle(s, h[i].name, dir, o, &ops, &bytes, err);
			json_object_put(o);
		}
		/* Many hosts take longer than the lease lasts. */
		if (rc == 0 && i % KEEP_EVERY == KEEP_EVERY - 1 &&
		    s->lease != 0)
			rc = etcd_keepalive(s->etcd, s->lease, &alive, err);
	}
	for (i = 0; i < SEALS; i++)
		if (ahead[i] != -1)
			close(ahead[i]);
	if (rc == 0)
		return console_flush(s, &ops, err);
	json_object_put(ops);
	return -1;
}

int
console_drop_bundles(struct sync *s, const char *prefix, const char *dir,
    bool keep, const struct rollout_host *h, size_t n, struct err *err)
{
	struct json_object *ops = json_object_new_array();
	char first[KEY_MAX], own[KEY_MAX];
	size_t i;

	for (i = 0; i < n; i++) {
		(void)snprintf(first, sizeof(first), KEY_BUNDLE "%s/%s",
		    h[i].name, prefix);
		(void)snprintf(
		    own, sizeof(own), KEY_BUNDLE "%s/%s", h[i].name, dir);
		json_object_array_add(ops, keep ? etcd_op_delete(first, own)
						: etcd_op_delete(own, NULL));
		if (json_object_array_length(ops) >= OPS_MAX) {
			if (console_flush(s, &ops, err) == -1)
				return -1;
			ops = json_object_new_array();
		}
	}
	return console_flush(s, &ops, err);
}

struct json_object *
console_rollout(struct sync *s, struct json_object *what, const char *at,
    const char *dir, const struct rollout *r, int waves)
{
	struct json_object *o = json_object_new_object();

	jsonx_put_int(o, "generation", r->generation);
	jsonx_put_str(o, "bundle", dir);
	jsonx_put_str(o, "console", s->conf->cluster_name);
	jsonx_put_str(o, "by", jsonx_path_str(what, "by", ""));
	jsonx_put_str(o, "at", at);
	jsonx_put_str(o, "apply", jsonx_path_str(what, "apply", "restart"));
	jsonx_put_str(o, "state", waves == 0 ? "done" : "rolling");
	jsonx_put_int(o, "wave", waves == 0 ? 0 : 1);
	jsonx_put_int(o, "waves", waves);
	jsonx_put_int(o, "attempt", 1);
	jsonx_put_str(o, "canary", r->canary);
	jsonx_put_int(o, "batch", r->batch);
	json_object_object_add(o, "failed", json_object_new_array());
	return o;
}

int
console_swap(struct sync *s, struct json_object *o, int64_t mod, bool *done,
    struct err *err)
{
	struct json_object *ops = json_object_new_array();

	json_object_array_add(ops,
	    etcd_op_put(KEY_DESIRED,
		json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN)));
	return etcd_txn(s->etcd, KEY_DESIRED, mod, ops, done, err);
}

int
console_settle(struct sync *s, const char *id, const char *outcome,
    const char *detail, struct err *err)
{
	struct json_object *args = json_object_new_object(), *data = NULL;
	int rc;

	jsonx_put_str(args, "id", id); /* a copy: id may be of s->me */
	jsonx_put_str(args, "outcome", outcome);
	jsonx_put_str(args, "detail", detail);
	rc = daemon_call(s->conf, OP_CLUSTER_PUBLISHED, args, &data, err);
	json_object_put(data);
	/* Done with, before the next poll says so. */
	json_object_object_del(s->me, "publish");
	json_object_object_del(s->me, "command");
	json_object_object_del(s->me, "chosen");
	return rc;
}

int
console_desired(
    struct sync *s, struct json_object **ret, int64_t *ret_mod, struct err *err)
{
	struct json_object *kvs = NULL, *kv, *o = NULL;
	const char *text;

	if (etcd_range(s->etcd, KEY_DESIRED, NULL, &kvs, NULL, err) == -1)
		return -1;
	*ret_mod = 0;
	if (json_object_array_length(kvs) > 0) {
		kv = json_object_array_get_idx(kvs, 0);
		text = jsonx_path_str(kv, "value", "");
		*ret_mod = jsonx_path_int(kv, "mod");
		if (jsonx_parse(text, strlen(text), 8, &o, NULL) == 0 &&
		    !json_object_is_type(o, json_type_object)) {
			json_object_put(o);
			o = NULL;
		}
	}
	json_object_put(kvs);
	*ret = o;
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
    struct json_object *before, int64_t mod, bool *done, struct err *err)
{
	struct rollout r = {.attempt = 1, .batch = s->conf->cluster_batch};
	struct json_object *o, *chosen = jsonx_path(before, "chosen");
	struct rollout_host *h;
	char at[32];
	size_t n = 0;
	int rc = -1;

	if ((h = console_roster(s, &n)) == NULL)
		return err_set(err, ERR_NOMEM, "", "hosts");
	r.generation = jsonx_path_int(what, "generation");
	r.canary = rollout_canary(h, n, s->conf->cluster_canary);
	time_iso(time(NULL), at);
	o = console_rollout(s, what, at, dir, &r, rollout_waves(&r, h, n));
	if (chosen != NULL)
		json_object_object_add(o, "chosen", json_object_get(chosen));
	if (put_bundles(s, what, dir, &r, h, n, err) == 0 &&
	    console_swap(s, o, mod, done, err) == 0)
		rc = 0;
	if (rc == 0 &&
	    console_drop_bundles(s, "", dir, *done, h, n, NULL) == -1)
		log_warn("old bundles were not removed");
	if (rc == 0 && *done)
		note_sealed(s, dir);
	json_object_put(o);
	free(h);
	return rc;
}

/*
 * Until it is in, or another Save is.  A swap that is lost to a step of a
 * roll-out is no reason to give up; an etcd that has lost everything, that is
 * new, or that was put back to an older state gets what is in force here, under
 * a number that no host has seen (src/cluster/numbers.c).  Of two consoles
 * that do so the second one finds a number above its base.
 */
static int
publish(struct sync *s, struct json_object *what, const char *dir, bool *done,
    struct err *err)
{
	struct json_object *before = NULL;
	int64_t mod = 0, base = jsonx_path_int(what, "base"), there;
	int tries, rc = 0;
	bool stale = false;

	for (tries = 0; rc == 0 && !*done && !stale && tries < SWAPS; tries++) {
		if (console_desired(s, &before, &mod, err) == -1)
			return -1;
		there = jsonx_path_int(before, "generation");
		if (strcmp(jsonx_path_str(before, "bundle", ""), dir) == 0)
			*done = true; /* ours, and the answer was lost */
		else if (there > base)
			stale = true;
		else
			rc = publish_to(s, what, dir, before, mod, done, err);
		if (rc == 0 && *done && there < base)
			log_warn("etcd had lost generation %lld (it had %lld): "
				 "it has the one in force again",
			    (long long)base, (long long)there);
		json_object_put(before);
		before = NULL;
	}
	return rc;
}

bool
console_later(const struct err *err)
{
	return err->code == ERR_TIMEOUT || err->code == ERR_DAEMON_UNREACHABLE;
}

int
console_publish(struct sync *s, struct err *err)
{
	struct json_object *what = jsonx_path(s->me, "publish");
	const char *from = jsonx_path_str(what, "id", "");
	int64_t generation = jsonx_path_int(what, "generation");
	char dir[64], id[64];
	bool done = false;

	if (what == NULL || from[0] == '\0')
		return 0;
	/* settle lets go of what it came from. */
	(void)snprintf(id, sizeof(id), "%s", from);
	(void)snprintf(
	    dir, sizeof(dir), "%010lld-%.8s", (long long)generation, id);
	if (publish(s, what, dir, &done, err) == -1) {
		if (console_later(err))
			return -1;
		log_warn("publishing failed: %s", err->msg);
		return console_settle(s, id, "failed", err->msg, err);
	}
	log_info("generation %lld: %s", (long long)generation,
	    done ? "published" : "another console was faster");
	return console_settle(s, id, done ? "published" : "stale", "", err);
}
