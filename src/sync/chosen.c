/*
 * chosen.c - settings that a console sends to chosen hosts: published like
 * those for all, in a member of "desired" of their own.
 *
 *   "chosen": {"generation": 3, "bundle": DIR, "console", "by", "at",
 *     "apply", "state", "wave", "waves", "attempt", "canary", "batch",
 *     "failed": [name], "hosts": {NAME: {"generation": 3, "wave": 1,
 *     "bundle": DIR}}}
 *
 * An entry stays until its host has it, also beyond the next such Save: a host
 * that is away gets it when it comes back.  A host that has an entry takes
 * part in no roll-out for all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jsonx.h"
#include "ops.h"
#include "sync.h"
#include "util.h"

#define SWAPS 5

/* Hosts of the newest such Save, in the order of its waves. */
struct rollout_host *
chosen_roster(struct sync *s, size_t *ret_n)
{
	struct json_object *c = jsonx_path(s->desired, "chosen"), *hosts;
	int64_t generation = jsonx_path_int(c, "generation");
	struct rollout_host *v;
	const struct host *h;

	hosts = jsonx_path(c, "hosts");
	if (!json_object_is_type(hosts, json_type_object))
		return calloc(1, sizeof(*v));
	v = calloc((size_t)json_object_object_length(hosts) + 1, sizeof(*v));
	*ret_n = 0;
	if (v == NULL)
		return NULL;
	json_object_object_foreach (hosts, name, entry) {
		if (jsonx_path_int(entry, "generation") != generation)
			continue;
		h = model_host(s, name, false);
		v[*ret_n].name = name;
		if (h == NULL || !model_enrolled(s, name)) {
			v[(*ret_n)++].own = true; /* removed: not waited for */
			continue;
		}
		v[*ret_n].alive = h->alive;
		v[*ret_n].unproven = h->valid && h->unproven;
		v[*ret_n].refused = h->valid && h->own_refused;
		v[*ret_n].generation = h->valid ? h->own_generation : 0;
		v[*ret_n].failed = h->valid ? h->own_failed : 0;
		v[(*ret_n)++].attempt = h->valid ? h->own_attempt : 0;
	}
	return v;
}

/*
 * Entries that are of no use any more: of hosts that have it, and, when the
 * roll-out is left as it is, of those who do not.
 */
bool
chosen_prune(struct sync *s, struct json_object *chosen)
{
	struct json_object *hosts = jsonx_path(chosen, "hosts"), *keep;
	int64_t generation = jsonx_path_int(chosen, "generation");
	bool left, less;

	if (!json_object_is_type(hosts, json_type_object))
		return false;
	left = strcmp(jsonx_path_str(chosen, "state", ""), "left") == 0;
	keep = json_object_new_object();
	json_object_object_foreach (hosts, name, entry) {
		if (!model_has(s, name, entry) && model_enrolled(s, name) &&
		    !(left &&
			jsonx_path_int(entry, "generation") == generation))
			json_object_object_add(
			    keep, name, json_object_get(entry));
	}
	less =
	    json_object_object_length(keep) < json_object_object_length(hosts);
	json_object_object_add(chosen, "hosts", keep);
	return less;
}

static int
put_bundle(struct sync *s, const char *name, const char *id, const char *dir,
    int64_t generation, int wave, struct err *err)
{
	struct json_object *args = json_object_new_object(), *data = NULL, *o;
	char key[KEY_MAX];
	int rc;

	jsonx_put_str(args, "host", name);
	jsonx_put_str(args, "id", id);
	if (daemon_call(s->conf, OP_CLUSTER_SEAL, args, &data, err) == -1)
		return -1;
	o = json_object_new_object();
	jsonx_put_int(o, "generation", generation);
	jsonx_put_int(o, "wave", wave);
	json_object_object_add(
	    o, "blob", json_object_get(jsonx_path(data, "blob")));
	json_object_put(data);
	(void)snprintf(key, sizeof(key), KEY_BUNDLE "%s/%s", name, dir);
	rc = etcd_put(s->etcd, key,
	    json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN), 0, err);
	json_object_put(o);
	return rc;
}

/* What other hosts still wait for, unless its roll-out stopped. */
static struct json_object *
carried(struct sync *s, struct json_object *before)
{
	struct json_object *hosts = jsonx_path(before, "chosen.hosts"), *keep;
	int64_t newest = jsonx_path_int(before, "chosen.generation");
	bool stopped;

	keep = json_object_new_object();
	if (!json_object_is_type(hosts, json_type_object))
		return keep;
	stopped = strcmp(jsonx_path_str(before, "chosen.state", ""), "done");
	json_object_object_foreach (hosts, name, entry) {
		if (model_has(s, name, entry) || !model_enrolled(s, name) ||
		    (stopped && jsonx_path_int(entry, "generation") == newest))
			continue;
		json_object_object_add(keep, name, json_object_get(entry));
	}
	return keep;
}

static struct rollout_host *
rows_of(struct sync *s, struct json_object *names, size_t n)
{
	struct rollout_host *v = calloc(n + 1, sizeof(*v));
	const struct host *h;
	size_t i;

	for (i = 0; v != NULL && i < n; i++) {
		v[i].name =
		    json_object_get_string(json_object_array_get_idx(names, i));
		h = model_host(s, v[i].name, false);
		v[i].alive = h != NULL && h->alive;
	}
	return v;
}

/* Bundles, and the entries of those who get them. */
static int
put_hosts(struct sync *s, struct json_object *what, const char *dir,
    const struct rollout *r, const struct rollout_host *h, size_t n,
    struct json_object *hosts, struct err *err)
{
	struct json_object *entry;
	size_t i;
	int wave;

	for (i = 0; i < n; i++) {
		wave = rollout_wave(r, h, n, i);
		if (put_bundle(s, h[i].name, jsonx_path_str(what, "id", ""),
			dir, r->generation, wave, err) == -1)
			return -1;
		entry = json_object_new_object();
		jsonx_put_int(entry, "generation", r->generation);
		jsonx_put_int(entry, "wave", wave);
		jsonx_put_str(entry, "bundle", dir);
		/* Last, whatever stood there: waves go by this order. */
		json_object_object_del(hosts, h[i].name);
		json_object_object_add(hosts, h[i].name, entry);
	}
	return 0;
}

static int
publish_to(struct sync *s, struct json_object *what, const char *dir,
    struct json_object *before, int64_t mod, bool *done, struct err *err)
{
	struct rollout r = {.attempt = 1, .batch = s->conf->cluster_batch};
	struct json_object *names = jsonx_path(what, "hosts"), *o = NULL, *c;
	struct json_object *hosts;
	struct rollout_host *h;
	size_t n = json_object_array_length(names);
	int rc = -1;

	if ((h = rows_of(s, names, n)) == NULL)
		return err_set(err, ERR_NOMEM, "", "hosts");
	r.generation = jsonx_path_int(what, "generation");
	r.canary = rollout_canary(h, n, s->conf->cluster_canary);
	hosts = carried(s, before);
	if (put_hosts(s, what, dir, &r, h, n, hosts, err) == -1)
		goto out;
	if (before == NULL)
		o = json_object_new_object();
	else if (json_object_deep_copy(before, &o, NULL) == -1) {
		err_set(err, ERR_NOMEM, "", "desired");
		goto out;
	}
	c = console_rollout(s, what, jsonx_path_str(what, "at", ""), dir, &r,
	    rollout_waves(&r, h, n));
	json_object_object_add(c, "hosts", json_object_get(hosts));
	json_object_object_add(o, "chosen", c);
	rc = console_swap(s, o, mod, done, err);
	if (rc == 0 && console_drop_bundles(
			   s, CHOSEN_PREFIX, dir, *done, h, n, NULL) == -1)
		log_warn("old bundles were not removed");
out:
	json_object_put(hosts);
	json_object_put(o);
	free(h);
	return rc;
}

static int
publish(struct sync *s, struct json_object *what, const char *dir, bool *done,
    struct err *err)
{
	struct json_object *before = NULL;
	bool stale = false;
	int64_t mod = 0;
	int tries, rc = 0;

	for (tries = 0; rc == 0 && !*done && !stale && tries < SWAPS; tries++) {
		if (console_desired(s, &before, &mod, err) == -1)
			return -1;
		if (strcmp(jsonx_path_str(before, "chosen.bundle", ""), dir) ==
		    0)
			*done = true; /* ours, and the answer was lost */
		/* Fewer: etcd was put back, as in console.c. */
		else if (jsonx_path_int(before, "chosen.generation") >
			     jsonx_path_int(what, "base") ||
			 strcmp(jsonx_path_str(before, "chosen.state", ""),
			     "rolling") == 0)
			stale = true;
		else
			rc = publish_to(s, what, dir, before, mod, done, err);
		json_object_put(before);
		before = NULL;
	}
	return rc;
}

int
chosen_publish(struct sync *s, struct err *err)
{
	struct json_object *what = jsonx_path(s->me, "chosen");
	int64_t generation = jsonx_path_int(what, "generation");
	char dir[64], id[64];
	bool done = false;

	(void)snprintf(id, sizeof(id), "%s", jsonx_path_str(what, "id", ""));
	if (id[0] == '\0' ||
	    !json_object_is_type(jsonx_path(what, "hosts"), json_type_array))
		return 0;
	(void)snprintf(dir, sizeof(dir), CHOSEN_PREFIX "%010lld-%.8s",
	    (long long)generation, id);
	if (publish(s, what, dir, &done, err) == -1) {
		if (console_later(err))
			return -1;
		log_warn("publishing for chosen hosts failed: %s", err->msg);
		return console_settle(s, id, "failed", err->msg, err);
	}
	log_info("chosen hosts %lld: %s", (long long)generation,
	    done ? "published" : "another console was faster");
	return console_settle(s, id, done ? "published" : "stale", "", err);
}
