/*
 * proof.c - what each chosen host says of the settings that were sent
 * to it, as postseal-sync has seen it in etcd: the answer of such a Save.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "jsonx.h"
#include "rollout.h"
#include "util.h"

#define PROVE_MS 60000
#define LOOK_MS	 100

static struct json_object *
row_of(struct json_object *seen, const char *name)
{
	struct json_object *rows = jsonx_path(seen, "hosts"), *row;
	size_t i;

	for (i = 0; json_object_is_type(rows, json_type_array) &&
		    i < json_object_array_length(rows);
	     i++) {
		row = json_object_array_get_idx(rows, i);
		if (strcmp(jsonx_path_str(row, "name", ""), name) == 0)
			return row;
	}
	return NULL;
}

/*
 * {"name", "state": "applied"|"failed"|"waiting"|"away", ...}.  A host that
 * has taken a later Save than etcd knows of (etcd's data was lost, or an old
 * copy put back) takes this one for a replay.
 */
static struct json_object *
host_truth(struct json_object *seen, const char *name, int64_t generation)
{
	struct json_object *row = row_of(seen, name), *o;
	int64_t has = jsonx_path_int(row, "says.own_generation");
	int64_t newest = jsonx_path_int(seen, "desired.chosen.generation");
	const char *state = "waiting", *code = "";

	if (has > generation && has > newest) {
		state = "failed";
		code = err_name(ERR_BUNDLE_REPLAYED);
	} else if (has >= generation)
		state = "applied";
	else if (jsonx_path_int(row, "says.own_failed") == generation)
		state = "failed";
	/* Without etcd nobody knows who is there. */
	else if (jsonx_path_bool(seen, "etcd.connected") &&
		 !jsonx_path_bool(row, "alive"))
		state = "away";
	o = json_object_new_object();
	jsonx_put_str(o, "name", name);
	jsonx_put_str(o, "state", state);
	jsonx_put_str(o, "certificate_sha256",
	    jsonx_path_str(row, "says.certificate_sha256", ""));
	if (strcmp(state, "failed") == 0 && code[0] == '\0')
		code = jsonx_path_str(row, "says.own_code", "");
	json_object_object_add(
	    o, "code", code[0] == '\0' ? NULL : json_object_new_string(code));
	return o;
}

struct json_object *
chosen_hosts(const struct conf *conf, struct json_object *seen,
    struct json_object *names, int64_t generation)
{
	struct json_object *list = json_object_new_array(), *o;
	size_t i;

	for (i = 0; i < json_object_array_length(names); i++) {
		if (strcmp(jsonx_str_at(names, i), conf->cluster_name) == 0) {
			o = json_object_new_object();
			jsonx_put_str(o, "name", jsonx_str_at(names, i));
			jsonx_put_str(o, "state", "applied");
		} else {
			o = host_truth(
			    seen, jsonx_str_at(names, i), generation);
		}
		json_object_array_add(list, o);
	}
	return list;
}

/* "mx2: probe.starttls, mx3: ..." of the hosts in that state. */
static size_t
list_hosts(struct json_object *hosts, const char *state, char *dst, size_t size)
{
	struct json_object *o;
	size_t i, n = 0, len = 0;
	const char *code;

	dst[0] = '\0';
	for (i = 0; i < json_object_array_length(hosts); i++) {
		o = json_object_array_get_idx(hosts, i);
		if (strcmp(jsonx_path_str(o, "state", ""), state) != 0)
			continue;
		code = jsonx_path_str(o, "code", "");
		if (len < size)
			len += (size_t)snprintf(dst + len, size - len,
			    "%s%s%s%s", n > 0 ? ", " : "",
			    jsonx_path_str(o, "name", ""),
			    code[0] != '\0' ? ": " : "", code);
		n++;
	}
	return n;
}

/* What postseal-sync has seen, once nobody is waited for any more. */
int
chosen_wait(const struct conf *conf, const struct chosen *ch,
    struct json_object **ret_hosts, struct err *err)
{
	int64_t end = now_ms() + PROVE_MS, generation = ch->generation;
	struct json_object *seen = NULL;
	char text[200];
	bool fresh, rolling;

	for (;;) {
		if (cluster_seen(conf, &seen, &fresh, err) == -1)
			return -1;
		*ret_hosts = chosen_hosts(conf, seen, ch->names, generation);
		rolling =
		    jsonx_path_int(seen, "desired.chosen.generation") <
			generation ||
		    strcmp(jsonx_path_str(seen, "desired.chosen.state", ""),
			"rolling") == 0;
		json_object_put(seen);
		if (!rolling || now_ms() >= end ||
		    list_hosts(*ret_hosts, "failed", text, sizeof(text)) > 0 ||
		    (list_hosts(*ret_hosts, "waiting", text, sizeof(text)) ==
			    0 &&
			list_hosts(*ret_hosts, "away", text, sizeof(text)) ==
			    0))
			return 0;
		json_object_put(*ret_hosts);
		(void)poll(NULL, 0, LOOK_MS);
	}
}

/* The hosts' word as the end of the Save. */
int
chosen_conclude(struct json_object *result, struct json_object *hosts,
    const char *state, int64_t generation, struct err *err)
{
	struct json_object *o = json_object_new_object();
	char failed[160], away[160], waiting[160], text[330];

	jsonx_put_str(o, "state", state);
	json_object_object_add(o, "chosen", json_object_new_int64(generation));
	json_object_object_add(o, "scanners",
	    json_object_new_int64((int64_t)json_object_array_length(hosts)));
	json_object_object_add(o, "hosts", hosts);
	json_object_object_add(result, "cluster", o);
	if (list_hosts(hosts, "failed", failed, sizeof(failed)) > 0)
		return err_set(err, ERR_SCANNER_FAILED, "", "%s", failed);
	if (list_hosts(hosts, "away", away, sizeof(away)) +
		list_hosts(hosts, "waiting", waiting, sizeof(waiting)) >
	    0) {
		(void)snprintf(text, sizeof(text), "%s%s%s", away,
		    away[0] != '\0' && waiting[0] != '\0' ? ", " : "", waiting);
		cluster_add_finding(result, ERR_SCANNER_AWAY, text);
	}
	return 0;
}
