/*
 * scanners.c - every host of the cluster as it really is, for the page and the
 * command.
 */
#include <stdio.h>
#include <string.h>

#include "jsonx.h"
#include "rollout.h"

static void
share(struct json_object *o, const char *key, struct json_object *from,
    const char *path)
{
	json_object_object_add(o, key, json_object_get(jsonx_path(from, path)));
}

/* The number of the settings that this host was chosen for and does not have
 * (yet), or 0. */
static int64_t
chosen_for(struct json_object *row, struct json_object *desired)
{
	struct json_object *entry = NULL;
	int64_t n;

	if (!json_object_object_get_ex(jsonx_path(desired, "chosen.hosts"),
		jsonx_path_str(row, "name", ""), &entry))
		return 0;
	n = jsonx_path_int(entry, "generation");
	return n > jsonx_path_int(row, "says.own_generation") ? n : 0;
}

/* One word for a scanner. */
static const char *
scanner_state(struct json_object *row, struct json_object *desired)
{
	int64_t wanted = jsonx_path_int(desired, "generation");
	int64_t chosen = chosen_for(row, desired);
	int64_t has = jsonx_path_int(row, "says.generation");

	if (!jsonx_path_bool(row, "known"))
		return "removed";
	if (!jsonx_path_bool(row, "reported"))
		return "new";
	if (jsonx_path_bool(row, "unchecked"))
		return "unchecked";
	if (!jsonx_path_bool(row, "valid"))
		return "untrusted";
	if (wanted == 0 && has == 0 && chosen == 0 &&
	    !jsonx_path_bool(row, "says.own"))
		return "waiting";
	if (chosen > 0)
		return jsonx_path_int(row, "says.own_failed") == chosen
			   ? "failed"
			   : "chosen";
	if (jsonx_path_bool(row, "says.own"))
		return "own";
	if (wanted > 0 && has == wanted)
		return "current";
	/* etcd was lost, or put back to an older state. */
	if (has > wanted)
		return "ahead";
	if (wanted > 0 && jsonx_path_int(row, "says.failed") == wanted)
		return "failed";
	return "behind";
}

const char *
cluster_retry_of(struct json_object *row, struct json_object *desired)
{
	if (strcmp(scanner_state(row, desired), "failed") != 0)
		return NULL;
	if (chosen_for(row, desired) == 0)
		return "retry";
	/* Sealed once and for all. */
	if (strcmp(jsonx_path_str(row, "says.own_code", ""),
		err_name(ERR_BUNDLE_EXPIRED)) == 0)
		return NULL;
	return "retry_chosen";
}

static struct json_object *
scanner_json(const struct conf *conf, struct json_object *row,
    struct json_object *desired)
{
	static const char *const said[] = {"generation", "local", "postfix",
	    "version", "certificate_sha256", "certificate_name", "not_after",
	    "drift", "code", "probe_error", "probe_error_at"};
	struct json_object *o = json_object_new_object();
	const char *retry;
	char path[64];
	size_t i;

	share(o, "name", row, "name");
	jsonx_put_str(o, "state", scanner_state(row, desired));
	jsonx_put_bool(o, "alive", jsonx_path_bool(row, "alive"));
	share(o, "seen", row, "seen");
	jsonx_put_bool(o, "this_host",
	    strcmp(jsonx_path_str(row, "name", ""), conf->cluster_name) == 0);
	for (i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		(void)snprintf(path, sizeof(path), "says.%s", said[i]);
		share(o, said[i], row, path);
	}
	if (chosen_for(row, desired) > 0)
		share(o, "code", row, "says.own_code");
	if ((retry = cluster_retry_of(row, desired)) != NULL)
		jsonx_put_str(o, "retry", retry);
	share(o, "own_generation", row, "says.own_generation");
	return o;
}

static bool
has_name(struct json_object *rows, const char *name)
{
	size_t i;

	for (i = 0; i < json_object_array_length(rows); i++) {
		if (strcmp(jsonx_path_str(
			       json_object_array_get_idx(rows, i), "name", ""),
			name) == 0)
			return true;
	}
	return false;
}

/* Enrolled, but nobody has heard of it yet. */
static void
add_silent(const struct conf *conf, struct json_object *list)
{
	struct json_object *names = NULL, *row;
	const char *name;
	size_t i;

	if (cluster_hosts(conf, &names, NULL) == -1)
		return;
	for (i = 0; i < json_object_array_length(names); i++) {
		name =
		    json_object_get_string(json_object_array_get_idx(names, i));
		if (has_name(list, name))
			continue;
		row = json_object_new_object();
		jsonx_put_str(row, "name", name);
		jsonx_put_bool(row, "known", true);
		json_object_array_add(list, scanner_json(conf, row, NULL));
		json_object_put(row);
	}
	json_object_put(names);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(
	    jsonx_path_str(*(struct json_object *const *)a, "name", ""),
	    jsonx_path_str(*(struct json_object *const *)b, "name", ""));
}

static void
put_cluster(const struct conf *conf, const struct cluster_state *s,
    struct json_object *o)
{
	struct json_object *c = cluster_state_json(s);

	jsonx_put_str(c, "name", conf->cluster_name);
	jsonx_put_bool(c, "console", conf->cluster_console);
	jsonx_put_bool(c, "own_certificate", conf->cluster_own_certificate);
	jsonx_put_bool(c, "joined", s->id[0] != '\0');
	jsonx_put_bool(c, "waiting",
	    cluster_on_its_way(conf, "outbox.json") ||
		cluster_on_its_way(conf, "chosen.json"));
	json_object_object_add(c, "key_known_to", cluster_key_known_to(conf));
	json_object_object_add(o, "cluster", c);
}

/* What postseal-sync saw last is current only while it runs: without it
 * neither hosts nor etcd are known to be there. */
static void
doubt_report(struct json_object *seen)
{
	struct json_object *etcd = jsonx_path(seen, "etcd"), *rows;
	size_t i, n;

	if (etcd != NULL)
		jsonx_put_bool(etcd, "connected", false);
	rows = jsonx_path(seen, "hosts");
	n = jsonx_len(rows);
	for (i = 0; i < n; i++)
		jsonx_put_bool(
		    json_object_array_get_idx(rows, i), "alive", false);
}

int
cluster_scanners(
    const struct conf *conf, struct json_object **ret, struct err *err)
{
	struct json_object *o, *seen = NULL, *list, *rows;
	struct cluster_state s;
	bool running;
	size_t i, n;

	if (cluster_state_read(conf, &s, err) == -1 ||
	    cluster_seen(conf, &seen, &running, err) == -1)
		return -1;
	if (!running)
		doubt_report(seen);
	o = json_object_new_object();
	list = json_object_new_array();
	rows = jsonx_path(seen, "hosts");
	n = jsonx_len(rows);
	for (i = 0; i < n; i++)
		json_object_array_add(
		    list, scanner_json(conf, json_object_array_get_idx(rows, i),
			      jsonx_path(seen, "desired")));
	if (conf->cluster_console)
		add_silent(conf, list);
	json_object_array_sort(list, by_name);
	put_cluster(conf, &s, o);
	share(o, "at", seen, "at");
	jsonx_put_bool(o, "sync_running", running);
	share(o, "etcd", seen, "etcd");
	share(o, "desired", seen, "desired");
	json_object_object_add(o, "scanners", list);
	json_object_put(seen);
	*ret = o;
	return 0;
}
