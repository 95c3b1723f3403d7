/*
 * save.c - what a Save means on a host of a cluster.
 *
 * "Apply to all" ticked, on a console: the Save is applied here first, where
 * its probe proves it, then left in outbox.json for postseal-sync, which puts
 * it into etcd if there is no generation newer than the one that this Save was
 * based on.  If another console was faster the answer is 412, and this host
 * takes over the other's settings like any scanner.  Not ticked: the host has
 * its own settings from now on; for other hosts that were chosen see chosen.c.
 * A host without [cluster] passes through here without a single file access.
 */
#include <string.h>
#include <time.h>

#include "jsonx.h"
#include "rollout.h"
#include "util.h"

/* Settings without the tick itself. */
static struct json_object *
plain_settings(struct json_object *view)
{
	struct json_object *copy = NULL;

	if (json_object_deep_copy(jsonx_path(view, "settings"), &copy, NULL) ==
	    -1)
		return NULL;
	json_object_object_del(copy, "all_scanners");
	return copy;
}

/* The newest generation that postseal-sync has seen in etcd. */
static int
newest(const struct conf *conf, int64_t *ret, bool *fresh, struct err *err)
{
	struct json_object *o = NULL;

	*ret = 0;
	if (cluster_seen(conf, &o, fresh, err) == -1)
		return -1;
	*ret = jsonx_path_int(o, "desired.generation");
	json_object_put(o);
	return 0;
}

int
cluster_up_to_date(int64_t seen, int64_t here, struct err *err)
{
	if (seen <= here)
		return 0;
	return err_set(err, ERR_SETTINGS_STALE, "",
	    "generation %lld of the cluster is newer than the one in "
	    "force here (%lld)",
	    (long long)seen, (long long)here);
}

int
cluster_save_begin(const struct conf *conf, const struct apply_request *req,
    struct cluster_save *save, struct err *err)
{
	struct json_object *view = NULL, *v;
	struct cluster_numbers highest;
	struct cluster_state s;
	unsigned uses = 0;
	int64_t seen = 0;

	memset(save, 0, sizeof(*save));
	if (!cluster_on(conf))
		return 0;
	if (cluster_state_read(conf, &s, err) == -1 ||
	    cluster_numbers_read(conf, &highest, err) == -1 ||
	    newest(conf, &seen, &save->fresh, err) == -1 ||
	    cluster_uses_then(conf, req, &uses, err) == -1 ||
	    apply_view(conf, &view, err) == -1)
		return -1;
	v = jsonx_path(req->settings, "all_scanners");
	if (v == NULL)
		v = jsonx_path(view, "settings.all_scanners");
	cluster_state_keep(&s, save->keep);
	save->all = json_object_get_boolean(v);
	save->before = plain_settings(view);
	json_object_put(view);
	save->on = true;
	save->base =
	    s.own ? cluster_number_heard(highest.all, seen) : s.generation;
	if (!save->all)
		return 0;
	if (!conf->cluster_console)
		return err_set(err, ERR_CLUSTER_NOT_CONSOLE, "all_scanners",
		    "this host is no console of the cluster");
	if (cluster_reads(conf, NULL, false, uses, err) == -1)
		return -1;
	return cluster_up_to_date(seen, save->base, err);
}

bool
cluster_save_holds(const struct cluster_save *save, struct json_object *job)
{
	const char *state = jsonx_path_str(job, "state", "");

	return save->on && (strcmp(state, "applied") == 0 ||
			       strcmp(state, "unchanged") == 0);
}

void
cluster_save_clear(struct cluster_save *save)
{
	json_object_put(save->before);
	save->before = NULL;
}

/* Its own settings, unless only its own certificate has changed. */
static int
keep_own(
    const struct conf *conf, const struct cluster_save *save, struct err *err)
{
	struct json_object *view = NULL, *after;
	struct cluster_state s;
	bool same;

	if (cluster_state_read(conf, &s, err) == -1 ||
	    apply_view(conf, &view, err) == -1)
		return -1;
	after = plain_settings(view);
	json_object_put(view);
	same = after != NULL && save->before != NULL &&
	       json_object_equal(after, save->before);
	json_object_put(after);
	if (s.own || (same && conf->cluster_own_certificate))
		return 0;
	s.own = true;
	return cluster_state_write(conf, &s, err);
}

/* Does the cluster have what is in force here?  Not when etcd was put back. */
static int
published_already(
    const struct conf *conf, int64_t local, bool *ret, struct err *err)
{
	struct json_object *box = NULL, *seen = NULL;
	struct cluster_state s;
	bool fresh, lost;

	*ret = false;
	if (cluster_state_read(conf, &s, err) == -1 ||
	    cluster_seen(conf, &seen, &fresh, err) == -1)
		return -1;
	lost = jsonx_path_bool(seen, "etcd.connected") &&
	       jsonx_path_int(seen, "desired.generation") < s.generation;
	json_object_put(seen);
	if (lost)
		return 0;
	if (cluster_file_read(conf, "outbox.json", &box, err) == -1)
		return -1;
	*ret =
	    s.generation > 0 && !s.own && s.local == local &&
	    (box == NULL ||
		strcmp(jsonx_path_str(box, "outcome", ""), "published") == 0 ||
		jsonx_path_int(box, "generation") <= s.generation);
	json_object_put(box);
	return 0;
}

static int
outbox_put(const struct conf *conf, const char *by, int64_t base,
    int64_t generation, int64_t local, const char *apply, char id[33],
    struct err *err)
{
	struct json_object *o;
	char at[32];
	int rc;

	if (random_hex(id, 16, err) == -1)
		return -1;
	time_iso(time(NULL), at);
	o = json_object_new_object();
	json_object_object_add(o, "id", json_object_new_string(id));
	json_object_object_add(o, "base", json_object_new_int64(base));
	json_object_object_add(
	    o, "generation", json_object_new_int64(generation));
	json_object_object_add(o, "local", json_object_new_int64(local));
	json_object_object_add(o, "by", json_object_new_string(by));
	json_object_object_add(o, "at", json_object_new_string(at));
	json_object_object_add(o, "apply", json_object_new_string(apply));
	json_object_object_add(o, "outcome", json_object_new_string(""));
	rc = cluster_file_write(conf, "outbox.json", o, err);
	json_object_put(o);
	return rc;
}

void
cluster_add_finding(
    struct json_object *result, enum err_code code, const char *detail)
{
	struct json_object *list = jsonx_path(result, "findings"), *f, *args;

	if (!json_object_is_type(list, json_type_array))
		return;
	f = json_object_new_object();
	args = json_object_new_object();
	json_object_object_add(args, "detail", json_object_new_string(detail));
	json_object_object_add(
	    f, "code", json_object_new_string(err_name(code)));
	json_object_object_add(f, "severity",
	    json_object_new_string(severity_name(err_severity(code))));
	json_object_object_add(
	    f, "field", json_object_new_string("all_scanners"));
	json_object_object_add(f, "args", args);
	json_object_array_add(list, f);
}

static void
add_cluster(const struct conf *conf, struct json_object *result,
    const char *state, int64_t generation)
{
	struct json_object *o = json_object_new_object(), *hosts = NULL;
	size_t n = 0;

	if (cluster_hosts(conf, &hosts, NULL) == 0)
		n = json_object_array_length(hosts);
	json_object_put(hosts);
	json_object_object_add(o, "state", json_object_new_string(state));
	json_object_object_add(
	    o, "generation", json_object_new_int64(generation));
	json_object_object_add(
	    o, "scanners", json_object_new_int64((int64_t)n));
	json_object_object_add(result, "cluster", o);
}

int
cluster_publish(const struct conf *conf, const char *by,
    const struct cluster_save *save, struct json_object *result,
    struct err *err)
{
	char id[33], state[16], detail[200];
	struct cluster_numbers highest;
	int64_t generation;

	if (cluster_numbers_read(conf, &highest, err) == -1)
		return -1;
	generation = (highest.all > save->base ? highest.all : save->base) + 1;
	if (outbox_put(conf, by, save->base, generation,
		jsonx_path_int(result, "generation"),
		jsonx_path_str(result, "apply", "restart"), id, err) == -1 ||
	    cluster_outcome(
		conf, "outbox.json", id, save->fresh, state, detail, err) == -1)
		return -1;
	if (strcmp(state, "stale") == 0)
		return err_set(err, ERR_SETTINGS_STALE, "",
		    "another console has saved since generation %lld",
		    (long long)save->base);
	add_cluster(conf, result, state, generation);
	if (strcmp(state, "waiting") == 0)
		cluster_add_finding(result, ERR_CLUSTER_WAITING, "");
	if (strcmp(state, "failed") == 0)
		cluster_add_finding(result, ERR_CLUSTER_FAILED, detail);
	return 0;
}

static int
end(const struct conf *conf, const char *by, const struct cluster_save *save,
    struct json_object *result, struct err *err)
{
	bool already = false;

	if (!save->all)
		return keep_own(conf, save, err);
	if (published_already(conf, jsonx_path_int(result, "generation"),
		&already, err) == -1)
		return -1;
	return already ? 0 : cluster_publish(conf, by, save, result, err);
}

int
cluster_save_end(const struct conf *conf, const char *by,
    const struct cluster_save *save, struct json_object *job, struct err *err)
{
	struct json_object *result = jsonx_path(job, "result"), *e;
	struct err why;

	if (!save->on)
		return 0;
	err_clear(&why);
	if (end(conf, by, save, result, &why) == 0) {
		(void)job_write(conf, job, NULL);
		return 0;
	}
	if ((e = err_to_json(&why)) != NULL) {
		json_object_object_add(
		    e, "job", json_object_get(jsonx_path(job, "id")));
		json_object_object_add(e, "generation",
		    json_object_get(jsonx_path(result, "generation")));
	}
	json_object_object_add(job, "error", e);
	json_object_object_add(job, "state",
	    json_object_new_string(
		why.code == ERR_SETTINGS_STALE ? "refused" : "failed"));
	(void)job_write(conf, job, NULL);
	if (err != NULL)
		*err = why;
	return -1;
}
