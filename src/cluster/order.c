/*
 * order.c - what is to become of a roll-out that has stopped, and of a host
 * with settings of its own: orders of an administrator, which postseal-sync
 * carries out in etcd.
 */
#include <string.h>

#include "jsonx.h"
#include "ops.h"
#include "rollout.h"
#include "util.h"

/* What the buttons of a roll-out order: of which of the two, for a failed
 * scanner too, or only where the roll-out has stopped. */
static const struct order {
	const char *name, *track;
	bool failed;
} orders[] = {
    {"retry", "desired", true},
    {"leave", "desired", false},
    {"rollback", "desired", false},
    {"retry_chosen", "desired.chosen", true},
    {"leave_chosen", "desired.chosen", false},
};

static const struct order *
order_of(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		if (strcmp(orders[i].name, name) == 0)
			return &orders[i];
	}
	return NULL;
}

/* A scanner that this order would have try again. */
static bool
somebody_failed(struct json_object *seen, const struct order *what)
{
	struct json_object *rows = jsonx_path(seen, "hosts");
	size_t i, n = jsonx_len(rows);
	const char *retry;

	for (i = 0; i < n; i++) {
		retry = cluster_retry_of(json_object_array_get_idx(rows, i),
		    jsonx_path(seen, "desired"));
		if (retry != NULL && strcmp(retry, what->name) == 0)
			return true;
	}
	return false;
}

/* What an order is about must be there: the button may be of an old page, or
 * somebody else's press was faster. */
static int
order_check(const struct conf *conf, const struct order *what, struct err *err)
{
	struct json_object *seen = NULL, *track;
	struct cluster_state s;
	bool about, up;

	if (cluster_state_read(conf, &s, err) == -1 ||
	    cluster_file_read(conf, "scanners.json", &seen, err) == -1)
		return -1;
	track = jsonx_path(seen, what->track);
	about = strcmp(jsonx_path_str(track, "state", ""), "stopped") == 0 ||
		(what->failed && somebody_failed(seen, what));
	up = jsonx_path_bool(seen, "etcd.connected");
	/* A Save or another's roll back has taken its place already. */
	if (strcmp(what->name, "rollback") == 0) {
		about = about &&
			jsonx_path_int(track, "generation") == s.generation;
		up = true; /* begins here, as every Save */
	}
	json_object_put(seen);
	if (!about)
		return err_set(err, ERR_CLUSTER_NOT_STOPPED, "do",
		    "%s: nothing has stopped or failed", what->name);
	if (!up)
		return err_set(err, ERR_CLUSTER_NO_ETCD, "do",
		    "%s: etcd does not answer", what->name);
	return 0;
}

/* For postseal-sync, which changes the desired state in etcd. */
static int
order_sync(const struct conf *conf, const char *what, struct err *err)
{
	struct json_object *o;
	char id[33];
	int rc;

	if (cluster_on_its_way(conf, "command.json"))
		return err_set(err, ERR_APPLY_BUSY, "do",
		    "another order is on its way to etcd");
	o = json_object_new_object();
	if ((rc = random_hex(id, 16, err)) == 0) {
		jsonx_put_str(o, "id", id);
		jsonx_put_str(o, "do", what);
		jsonx_put_str(o, "outcome", "");
		rc = cluster_file_write(conf, "command.json", o, err);
	}
	json_object_put(o);
	return rc;
}

/* All back to the generation before: as a new one, first here, as always. */
static int
roll_back(const struct conf *conf, const struct actor *who,
    struct json_object **data, struct json_object **ret_error, struct err *err)
{
	struct cluster_save save = {.on = true, .all = true, .fresh = true};
	struct json_object *job = NULL;
	struct cluster_state s;
	char id[JOB_ID_LEN + 1];
	int rc = -1;

	if (cluster_state_read(conf, &s, err) == -1)
		return -1;
	if (s.previous == 0)
		return err_set(err, ERR_GEN_UNKNOWN, "",
		    "there is no generation before this one");
	save.base = s.generation;
	if (random_hex(id, JOB_ID_LEN / 2, err) == -1)
		return -1;
	rc = cluster_restore(conf, s.previous, who, id, &job, err);
	if (rc == 0)
		rc = cluster_publish(
		    conf, who->user, &save, jsonx_path(job, "result"), err);
	if (rc == 0)
		*data = json_object_get(jsonx_path(job, "result"));
	else
		*ret_error = json_object_get(jsonx_path(job, "error"));
	json_object_put(job);
	return rc;
}

/* A console has what it published itself on its own disk, and nowhere else. */
static int
rejoin_console(const struct conf *conf, const struct actor *who,
    const struct cluster_state *now, struct json_object **ret_error,
    struct err *err)
{
	struct cluster_state s = *now;
	struct json_object *job = NULL;
	char id[JOB_ID_LEN + 1];
	int rc = -1;

	if (random_hex(id, JOB_ID_LEN / 2, err) == -1)
		return -1;
	if (cluster_restore(conf, (long)s.local, who, id, &job, err) == 0) {
		s.own = false;
		s.local = jsonx_path_int(job, "result.generation");
		rc = cluster_state_write(conf, &s, err);
	} else {
		*ret_error = json_object_get(jsonx_path(job, "error"));
	}
	json_object_put(job);
	return rc;
}

/* The cluster's settings again, instead of its own: here, or at a scanner
 * that is ordered to. */
static int
rejoin(const struct conf *conf, const struct actor *who, const char *scanner,
    struct json_object **ret_error, struct err *err)
{
	struct cluster_state s;

	if (scanner != NULL && strcmp(scanner, conf->cluster_name) != 0)
		return chosen_rejoin(conf, who->user, scanner, err);
	if (cluster_state_read(conf, &s, err) == -1)
		return -1;
	if (!s.own)
		return 0;
	if (conf->cluster_console && s.local > 0)
		return rejoin_console(conf, who, &s, ret_error, err);
	cluster_state_rejoin(&s);
	return cluster_state_write(conf, &s, err);
}

static int
give_order(const struct conf *conf, const struct actor *who, const char *name,
    struct json_object **data, struct json_object **ret_error, struct err *err)
{
	const struct order *what = order_of(name);

	if (what == NULL)
		return err_set(err, ERR_FIELD_INVALID, "do",
		    "expected retry, leave, rollback, rejoin, retry_chosen or "
		    "leave_chosen");
	if (!conf->cluster_console)
		return err_set(err, ERR_CLUSTER_NOT_CONSOLE, "",
		    "this host is no console of the cluster");
	if (order_check(conf, what, err) == -1)
		return -1;
	return strcmp(name, "rollback") == 0
		   ? roll_back(conf, who, data, ret_error, err)
		   : order_sync(conf, name, err);
}

int
cluster_command(const struct conf *conf, const struct actor *who,
    const char *what, const char *scanner, struct json_object **data,
    struct json_object **ret_error, struct err *err)
{
	return strcmp(what, "rejoin") == 0
		   ? rejoin(conf, who, scanner, ret_error, err)
		   : give_order(conf, who, what, data, ret_error, err);
}
