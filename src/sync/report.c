/*
 * report.c - tell postseald what was seen, and learn how much of it is true:
 * it has the certificates of the enrolled hosts.
 */
#include <string.h>
#include <time.h>

#include "jsonx.h"
#include "ops.h"
#include "sync.h"
#include "util.h"

/* Leases are etcd's word: without it nobody is known to be alive. */
static struct json_object *
host_row(const struct sync *s, const struct host *h)
{
	struct json_object *o = json_object_new_object();
	bool alive = s->connected && h->alive;
	char heard[32];

	time_iso(s->heard_at, heard);
	json_object_object_add(o, "name", json_object_new_string(h->name));
	json_object_object_add(o, "alive", json_object_new_boolean(alive));
	json_object_object_add(
	    o, "seen", json_object_new_string(alive ? heard : h->seen));
	if (h->status != NULL) {
		json_object_object_add(
		    o, "text", json_object_get(jsonx_path(h->status, "text")));
		json_object_object_add(
		    o, "sig", json_object_get(jsonx_path(h->status, "sig")));
	}
	return o;
}

/* It was asked for something that only an administrator of that host could
 * confirm. */
static bool
is_refusal(struct json_object *row, const char *path)
{
	const char *code = jsonx_path_str(row, path, "");

	return strcmp(code, err_name(ERR_LEVEL_LOWERED)) == 0 ||
	       strcmp(code, err_name(ERR_DRIFT_OVERWRITES)) == 0;
}

static void
take_row(struct sync *s, struct json_object *row)
{
	struct host *h;

	h = model_host(s, jsonx_path_str(row, "name", ""), false);
	if (h == NULL)
		return;
	h->known = jsonx_path_bool(row, "known");
	h->valid = jsonx_path_bool(row, "valid");
	h->own = jsonx_path_bool(row, "says.own");
	h->unproven = jsonx_path_str(row, "says.probe_error", "")[0] != '\0';
	h->generation = jsonx_path_int(row, "says.generation");
	h->failed = jsonx_path_int(row, "says.failed");
	h->attempt = jsonx_path_int(row, "says.attempt");
	h->refused = is_refusal(row, "says.code");
	h->own_refused = is_refusal(row, "says.own_code");
	h->own_generation = jsonx_path_int(row, "says.own_generation");
	h->own_failed = jsonx_path_int(row, "says.own_failed");
	h->own_attempt = jsonx_path_int(row, "says.own_attempt");
}

int
report_send(struct sync *s, struct err *err)
{
	struct json_object *args = json_object_new_object(), *etcd, *hosts;
	struct json_object *data = NULL, *list;
	size_t i;

	etcd = json_object_new_object();
	hosts = json_object_new_array();
	json_object_object_add(
	    etcd, "connected", json_object_new_boolean(s->connected));
	json_object_object_add(
	    etcd, "endpoint", json_object_new_string(etcd_endpoint(s->etcd)));
	json_object_object_add(
	    etcd, "error", json_object_new_string(s->etcd_error));
	json_object_object_add(
	    etcd, "ended", json_object_new_boolean(s->ended));
	for (i = 0; i < s->n_hosts; i++)
		json_object_array_add(hosts, host_row(s, &s->hosts[i]));
	json_object_object_add(args, "etcd", etcd);
	json_object_object_add(args, "desired", json_object_get(s->desired));
	json_object_object_add(args, "hosts", hosts);
	if (daemon_call(s->conf, OP_CLUSTER_REPORT, args, &data, err) == -1)
		return -1;
	list = jsonx_path(data, "hosts");
	for (i = 0; json_object_is_type(list, json_type_array) &&
		    i < json_object_array_length(list);
	     i++)
		take_row(s, json_object_array_get_idx(list, i));
	json_object_put(data);
	return 0;
}
