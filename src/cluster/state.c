/*
 * state.c - state.json: which generation of the cluster is in force
 * on this host, whether it has settings of its own, and what failed here.
 *
 * Generations for all hosts and those for this host alone are two counts;
 * whether a bundle is older, or was sent before, is seen in its own count.
 */
#include <string.h>

#include "host.h"
#include "jsonx.h"

#define AT(member) offsetof(struct cluster_state, member)

static const struct {
	const char *name;
	size_t offset;
} numbers[] =
    {
	{"generation", AT(generation)},
	{"local", AT(local)},
	{"previous", AT(previous)},
	{"newest", AT(newest)},
	{"failed", AT(failed)},
	{"attempt", AT(attempt)},
	{"own_generation", AT(own_generation)},
	{"own_failed", AT(own_failed)},
	{"own_attempt", AT(own_attempt)},
},
  texts[] = {
      {"code", AT(code)},
      {"own_code", AT(own_code)},
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static int
numbers_read(struct json_object *o, struct cluster_state *s, struct err *err)
{
	size_t i;

	for (i = 0; i < COUNT(numbers); i++) {
		if (jsonx_int(o, numbers[i].name, numbers[i].name, 0, INT32_MAX,
			(int64_t *)(void *)((char *)s + numbers[i].offset),
			err) == -1)
			return -1;
	}
	return 0;
}

static int
texts_read(struct json_object *o, struct cluster_state *s, struct err *err)
{
	const char *text;
	size_t i;

	for (i = 0; i < COUNT(texts); i++) {
		text = "";
		if (jsonx_str(o, texts[i].name, texts[i].name,
			CLUSTER_CODE_MAX - 1, &text, err) == -1)
			return -1;
		memcpy((char *)s + texts[i].offset, text, strlen(text) + 1);
	}
	return 0;
}

int
cluster_state_read(
    const struct conf *conf, struct cluster_state *ret, struct err *err)
{
	struct json_object *o = NULL;
	struct cluster_state s;
	const char *id = "";
	int rc = -1;

	memset(&s, 0, sizeof(s));
	if (!cluster_on(conf))
		return err_set(err, ERR_CLUSTER_NONE, "", "no [cluster]");
	if (cluster_file_read(conf, "state.json", &o, err) == -1)
		return -1;
	if (o == NULL ||
	    (jsonx_str(o, "id", "id", BUNDLE_CLUSTER_LEN, &id, err) == 0 &&
		jsonx_bool(o, "own", "own", &s.own, err) == 0 &&
		numbers_read(o, &s, err) == 0 && texts_read(o, &s, err) == 0)) {
		memcpy(s.id, id, strlen(id) + 1);
		*ret = s;
		rc = 0;
	}
	json_object_put(o);
	return rc;
}

struct json_object *
cluster_state_json(const struct cluster_state *s)
{
	struct json_object *o = json_object_new_object();
	const char *at = (const char *)s;
	size_t i;

	jsonx_put_str(o, "id", s->id);
	jsonx_put_bool(o, "own", s->own);
	for (i = 0; i < COUNT(numbers); i++)
		jsonx_put_int(o, numbers[i].name,
		    *(const int64_t *)(const void *)(at + numbers[i].offset));
	for (i = 0; i < COUNT(texts); i++)
		jsonx_put_str(o, texts[i].name, at + texts[i].offset);
	return o;
}

void
cluster_counts_put(struct json_object *o, const struct cluster_state *s)
{
	jsonx_put_int(o, "generation", s->generation);
	jsonx_put_bool(o, "own", s->own);
	jsonx_put_int(o, "failed", s->failed);
	jsonx_put_int(o, "attempt", s->attempt);
	jsonx_put_int(o, "own_generation", s->own_generation);
	jsonx_put_int(o, "own_failed", s->own_failed);
	jsonx_put_int(o, "own_attempt", s->own_attempt);
}

int
cluster_state_write(
    const struct conf *conf, const struct cluster_state *s, struct err *err)
{
	struct json_object *o = cluster_state_json(s);
	int rc;

	rc = cluster_file_write(conf, "state.json", o, err);
	json_object_put(o);
	return rc;
}

void
cluster_state_rejoin(struct cluster_state *s)
{
	/* So that the very same generation is taken once more. */
	if (s->own && s->generation > 0)
		s->generation--;
	s->own = false;
}

void
cluster_state_keep(const struct cluster_state *s, long keep[2])
{
	keep[0] = (long)s->local;
	keep[1] = (long)s->previous;
}
