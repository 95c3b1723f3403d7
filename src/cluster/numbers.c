/*
 * numbers.c - the highest numbers that Saves have had, whatever etcd
 * says of it.
 *
 * A host takes nothing that has the number of what it has, or a lower one: it
 * could be a replay.  An etcd that was put back to an older state, or lost,
 * would count from there again, so a Save gets a number above all that this
 * host has had itself and that other hosts have signed: highest.json.  etcd's
 * own word does not count here, as anybody who can write there could use up
 * all numbers; nor does a host's that claims to be far ahead.
 */
#include <string.h>

#include "jsonx.h"
#include "rollout.h"

#define FILE_NAME "highest.json"
#define AHEAD_MAX 10000

static void
raise_to(int64_t *n, int64_t said)
{
	if (said > *n)
		*n = said;
}

/* What is on disk; *from: what this console itself has had or sent. */
static int
highest(const struct conf *conf, struct cluster_numbers *h,
    struct cluster_numbers *from, struct err *err)
{
	struct json_object *kept = NULL, *chosen = NULL;
	struct cluster_state s;

	if (cluster_state_read(conf, &s, err) == -1 ||
	    cluster_file_read(conf, FILE_NAME, &kept, err) == -1)
		return -1;
	if (cluster_file_read(conf, "chosen.json", &chosen, err) == -1) {
		json_object_put(kept);
		return -1;
	}
	from->all = s.generation;
	raise_to(&from->all, s.newest);
	from->own = s.own_generation;
	raise_to(&from->own, jsonx_path_int(chosen, "generation"));
	h->all = jsonx_path_int(kept, "generation");
	h->own = jsonx_path_int(kept, "own_generation");
	raise_to(&h->all, from->all);
	raise_to(&h->own, s.own_generation);
	if (strcmp(jsonx_path_str(chosen, "outcome", ""), "published") == 0)
		raise_to(&h->own, jsonx_path_int(chosen, "generation"));
	json_object_put(kept);
	json_object_put(chosen);
	return 0;
}

int
cluster_numbers_read(
    const struct conf *conf, struct cluster_numbers *h, struct err *err)
{
	struct cluster_numbers from;

	return highest(conf, h, &from, err);
}

static void
hear(int64_t *n, int64_t from, int64_t said)
{
	if (said <= from + AHEAD_MAX)
		raise_to(n, said);
}

int64_t
cluster_number_heard(int64_t highest, int64_t said)
{
	return said <= highest + AHEAD_MAX ? said : highest;
}

int
cluster_numbers_note(
    const struct conf *conf, struct json_object *rows, struct err *err)
{
	struct cluster_numbers h, was, from;
	struct json_object *row, *o;
	size_t i, n = jsonx_len(rows);
	int rc;

	if (!conf->cluster_console)
		return 0;
	if (highest(conf, &h, &from, err) == -1)
		return -1;
	was = h;
	for (i = 0; i < n; i++) {
		row = json_object_array_get_idx(rows, i);
		hear(&h.all, from.all, jsonx_path_int(row, "says.generation"));
		hear(&h.own, from.own,
		    jsonx_path_int(row, "says.own_generation"));
	}
	if (h.all == was.all && h.own == was.own)
		return 0;
	o = json_object_new_object();
	jsonx_put_int(o, "generation", h.all);
	jsonx_put_int(o, "own_generation", h.own);
	rc = cluster_file_write(conf, FILE_NAME, o, err);
	json_object_put(o);
	return rc;
}
