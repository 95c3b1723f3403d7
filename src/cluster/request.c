/*
 * request.c - what an administrator's press leaves for postseal-sync to do in
 * etcd, and what became of it: outbox.json, chosen.json, command.json.
 *
 * Each holds an id, and "outcome", which is "" until it is dealt with.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "jsonx.h"
#include "rollout.h"
#include "util.h"

#define PUBLISH_MS	10000
#define PUBLISH_DEAD_MS 1000 /* nobody is there to hand it on */
#define LOOK_MS		20

/* The file's object while nobody has dealt with it, or NULL. */
int
cluster_request_open(const struct conf *conf, const char *file,
    struct json_object **ret, struct err *err)
{
	if (cluster_file_read(conf, file, ret, err) == -1)
		return -1;
	if (*ret != NULL &&
	    strcmp(jsonx_path_str(*ret, "outcome", ""), "") != 0) {
		json_object_put(*ret);
		*ret = NULL;
	}
	return 0;
}

bool
cluster_on_its_way(const struct conf *conf, const char *file)
{
	struct json_object *o = NULL;
	bool open;

	open = cluster_request_open(conf, file, &o, NULL) == 0 && o != NULL;
	json_object_put(o);
	return open;
}

int
cluster_outcome(const struct conf *conf, const char *file, const char *id,
    bool fresh, char ret[16], char detail[200], struct err *err)
{
	int64_t end = now_ms() + (fresh ? PUBLISH_MS : PUBLISH_DEAD_MS);
	struct json_object *o;
	const char *outcome;

	for (;;) {
		if (cluster_file_read(conf, file, &o, err) == -1)
			return -1;
		outcome = strcmp(jsonx_path_str(o, "id", ""), id) == 0
			      ? jsonx_path_str(o, "outcome", "")
			      : "stale";
		(void)snprintf(
		    ret, 16, "%s", outcome[0] == '\0' ? "waiting" : outcome);
		(void)snprintf(
		    detail, 200, "%s", jsonx_path_str(o, "detail", ""));
		json_object_put(o);
		if (strcmp(ret, "waiting") != 0 || now_ms() >= end)
			return 0;
		(void)poll(NULL, 0, LOOK_MS);
	}
}

/* The Save that is published is the cluster's generation on this host too. */
static int
published(const struct conf *conf, struct json_object *box, struct err *err)
{
	struct cluster_state s;

	if (cluster_state_read(conf, &s, err) == -1)
		return -1;
	s.previous = s.local;
	s.local = (long)json_object_get_int64(jsonx_path(box, "local"));
	s.generation = json_object_get_int64(jsonx_path(box, "generation"));
	s.newest = s.generation;
	s.own = false;
	s.failed = s.attempt = 0;
	s.code[0] = '\0';
	return cluster_state_write(conf, &s, err);
}

static int
settle(const struct conf *conf, const char *file, const char *id,
    const char *outcome, const char *detail, struct err *err)
{
	struct json_object *o = NULL;
	int rc = 0;

	if (cluster_file_read(conf, file, &o, err) == -1)
		return -1;
	if (o != NULL && strcmp(jsonx_path_str(o, "id", ""), id) == 0 &&
	    strcmp(jsonx_path_str(o, "outcome", ""), "") == 0) {
		jsonx_put_str(o, "outcome", outcome);
		jsonx_put_str(o, "detail", detail);
		if (strcmp(file, "outbox.json") == 0 &&
		    strcmp(outcome, "published") == 0)
			rc = published(conf, o, err);
		if (rc == 0)
			rc = cluster_file_write(conf, file, o, err);
	}
	json_object_put(o);
	return rc;
}

int
cluster_settle(const struct conf *conf, const char *id, const char *outcome,
    const char *detail, struct err *err)
{
	static const char *const files[] = {
	    "outbox.json", "chosen.json", "command.json"};
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (settle(conf, files[i], id, outcome, detail, err) == -1)
			return -1;
	return 0;
}
