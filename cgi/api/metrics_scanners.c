/*
 * metrics_scanners.c - the scanners of a cluster for GET /metrics.
 *
 * A name is of a-z 0-9 . - _ where it was enrolled; what else may stand in
 * etcd is cleaned, so that no line can be made up.
 */
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "jsonx.h"
#include "ops.h"
#include "page.h"

static const char *const states[] = {"current", "behind", "own", "chosen",
    "waiting", "ahead", "new", "failed", "untrusted", "unchecked", "removed"};

static void
label_of(const char *name, char *dst, size_t size)
{
	size_t i;

	(void)snprintf(dst, size, "%s", name);
	for (i = 0; dst[i] != '\0'; i++) {
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789.-_", dst[i]) ==
		    NULL)
			dst[i] = '_';
	}
}

/* One line for each scanner. */
static void
each(struct buf *b, struct json_object *list, const char *name,
    const char *help, int64_t (*value)(struct json_object *))
{
	struct json_object *row;
	char label[64];
	size_t i;

	buf_printf(b, "# HELP postseal_%s %s\n# TYPE postseal_%s gauge\n", name,
	    help, name);
	for (i = 0; i < json_object_array_length(list); i++) {
		row = json_object_array_get_idx(list, i);
		label_of(jsonx_path_str(row, "name", ""), label, sizeof(label));
		buf_printf(b, "postseal_%s{scanner=\"%s\"} %lld\n", name, label,
		    (long long)value(row));
	}
}

static int64_t
is_alive(struct json_object *row)
{
	return json_object_get_boolean(jsonx_path(row, "alive"));
}

static int64_t
generation(struct json_object *row)
{
	return json_object_get_int64(jsonx_path(row, "generation"));
}

static int64_t
is_running(struct json_object *row)
{
	return strcmp(jsonx_path_str(row, "postfix", ""), "running") == 0;
}

/* Of the host's last probe; what does not report is not fine. */
static int64_t
probe_ok(struct json_object *row)
{
	return jsonx_path(row, "probe_error") != NULL &&
	       jsonx_path_str(row, "probe_error", "")[0] == '\0';
}

/* Of the certificate that is served; 0: none, or not known. */
static int64_t
served_until(struct json_object *row)
{
	int64_t t = 0;

	if (jsonx_path_str(row, "certificate_sha256", "")[0] != '\0')
		(void)time_parse(jsonx_path_str(row, "not_after", NULL), &t);
	return t;
}

static int64_t
drift(struct json_object *row)
{
	return json_object_get_int64(jsonx_path(row, "drift"));
}

static int64_t
last_seen(struct json_object *row)
{
	int64_t t = 0;

	(void)time_parse(jsonx_path_str(row, "seen", NULL), &t);
	return t;
}

static void
count_states(struct buf *b, struct json_object *list)
{
	size_t i, j;
	int n;

	buf_adds(b, "# HELP postseal_scanners Scanners by state.\n"
		    "# TYPE postseal_scanners gauge\n");
	for (j = 0; j < sizeof(states) / sizeof(states[0]); j++) {
		for (i = 0, n = 0; i < json_object_array_length(list); i++)
			n += strcmp(jsonx_path_str(
					json_object_array_get_idx(list, i),
					"state", ""),
				 states[j]) == 0;
		buf_printf(
		    b, "postseal_scanners{state=\"%s\"} %d\n", states[j], n);
	}
}

void
metrics_scanners(struct app *app, struct request *req, struct buf *b)
{
	struct json_object *data = NULL, *list;
	struct err why;

	if (app->conf.cluster_name[0] == '\0')
		return;
	err_clear(&why);
	if (backend_call(app, req, OP_SCANNERS_GET, json_object_new_object(),
		&data, NULL, &why) == -1)
		return;
	buf_printf(b,
	    "# HELP postseal_sync_up Does postseal-sync run here.\n"
	    "# TYPE postseal_sync_up gauge\npostseal_sync_up %d\n",
	    json_object_get_boolean(jsonx_path(data, "sync_running")));
	buf_printf(b,
	    "# HELP postseal_etcd_up Does etcd answer.\n"
	    "# TYPE postseal_etcd_up gauge\npostseal_etcd_up %d\n",
	    json_object_get_boolean(jsonx_path(data, "etcd.connected")));
	buf_printf(b,
	    "# HELP postseal_cluster_generation Generation that all shall "
	    "have.\n# TYPE postseal_cluster_generation gauge\n"
	    "postseal_cluster_generation %lld\n",
	    (long long)json_object_get_int64(
		jsonx_path(data, "desired.generation")));
	list = jsonx_path(data, "scanners");
	if (json_object_is_type(list, json_type_array) &&
	    json_object_array_length(list) > 0) {
		count_states(b, list);
		each(
		    b, list, "scanner_alive", "Does its lease hold.", is_alive);
		each(b, list, "scanner_generation",
		    "Generation in force there.", generation);
		each(b, list, "scanner_postfix_running",
		    "Is Postfix running there.", is_running);
		each(b, list, "scanner_probe_ok",
		    "Does Postfix there serve what it should.", probe_ok);
		each(b, list, "scanner_certificate_not_after_timestamp_seconds",
		    "When the certificate served there ends; 0 not known.",
		    served_until);
		each(b, list, "scanner_drift_parameters",
		    "Changed there outside the console.", drift);
		each(b, list, "scanner_last_seen_timestamp_seconds",
		    "When it was last heard of.", last_seen);
	}
	json_object_put(data);
}
