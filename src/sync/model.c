/*
 * model.c - what etcd holds, as far as this host may see it, kept current by
 * the watch.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "jsonx.h"
#include "model.h"
#include "util.h"

#define DEPTH 8
/* A status is 1 KB.  One host's must not make the report of all too large. */
#define STATUS_MAX 8192

bool
model_enrolled(const struct sync *s, const char *name)
{
	struct json_object *list = jsonx_path(s->me, "hosts");
	size_t i, n;

	n = jsonx_len(list);
	for (i = 0; i < n; i++) {
		if (strcmp(json_object_get_string(
			       json_object_array_get_idx(list, i)),
			name) == 0)
			return true;
	}
	return false;
}

/* Sorted by name: waves go by it. */
struct host *
model_host(struct sync *s, const char *name, bool make)
{
	struct host *grown;
	size_t lo = 0, hi = s->n_hosts, mid;
	int c;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		c = strcmp(name, s->hosts[mid].name);
		if (c == 0)
			return &s->hosts[mid];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	if (!make || name[0] == '\0' || strlen(name) >= HOST_MAX)
		return NULL;
	if (s->n_hosts == s->cap_hosts) {
		grown = reallocarray(
		    s->hosts, s->cap_hosts + 64, sizeof(*s->hosts));
		if (grown == NULL)
			return NULL;
		s->hosts = grown;
		s->cap_hosts += 64;
	}
	memmove(&s->hosts[lo + 1], &s->hosts[lo],
	    (s->n_hosts - lo) * sizeof(*s->hosts));
	s->n_hosts++;
	memset(&s->hosts[lo], 0, sizeof(s->hosts[lo]));
	memcpy(s->hosts[lo].name, name, strlen(name) + 1);
	return &s->hosts[lo];
}

void
model_clear(struct sync *s)
{
	size_t i;

	for (i = 0; i < s->n_hosts; i++)
		json_object_put(s->hosts[i].status);
	free(s->hosts);
	s->hosts = NULL;
	s->n_hosts = s->cap_hosts = 0;
	json_object_put(s->desired);
	s->desired = NULL;
	s->desired_mod = 0;
}

static struct json_object *
parse(const char *text)
{
	struct json_object *o = NULL;

	if (text == NULL ||
	    jsonx_parse(text, strlen(text), DEPTH, &o, NULL) == -1)
		return NULL;
	if (json_object_is_type(o, json_type_object))
		return o;
	json_object_put(o);
	return NULL;
}

static void
host_alive(struct host *h, bool alive)
{
	if (h->alive && !alive)
		time_iso(time(NULL), h->seen);
	h->alive = alive;
}

static void
host_status(struct host *h, const char *text)
{
	const char *at;

	json_object_put(h->status);
	h->status =
	    text != NULL && strlen(text) <= STATUS_MAX ? parse(text) : NULL;
	at = jsonx_path_str(h->status, "at", "");
	if (!h->alive && strlen(at) < sizeof(h->seen))
		memcpy(h->seen, at, strlen(at) + 1);
}

void
model_event(struct sync *s, struct json_object *kv)
{
	const char *key = jsonx_path_str(kv, "key", "");
	const char *value = jsonx_path_str(kv, "value", NULL);
	struct host *h;

	if (strcmp(key, KEY_DESIRED) == 0) {
		json_object_put(s->desired);
		s->desired = parse(value);
		s->desired_mod = value == NULL ? 0 : jsonx_path_int(kv, "mod");
		s->fetch_at = 0;
		s->tidy_due = true;
	} else if (strncmp(key, KEY_ALIVE, strlen(KEY_ALIVE)) == 0) {
		h = model_host(s, key + strlen(KEY_ALIVE), true);
		if (h != NULL)
			host_alive(h, value != NULL);
	} else if (strncmp(key, KEY_STATUS, strlen(KEY_STATUS)) == 0) {
		h = model_host(s, key + strlen(KEY_STATUS), true);
		if (h != NULL)
			host_status(h, value);
	} else {
		return;
	}
	s->report_due = true;
}

/* The leases are not forgotten: whoever leads goes on from there. */
void
model_lost(struct sync *s)
{
	size_t i;

	for (i = 0; s->heard_at != 0 && i < s->n_hosts; i++) {
		if (s->hosts[i].alive &&
		    (s->connected || s->hosts[i].seen[0] == '\0'))
			time_iso(s->heard_at, s->hosts[i].seen);
	}
}

/* Of who is away what was known before, if its last report is older. */
static void
keep_seen(struct sync *s, struct host *was, size_t n)
{
	struct host *h;
	size_t i;

	for (i = 0; i < n; i++) {
		h = model_host(s, was[i].name, false);
		if (h != NULL && !h->alive && strcmp(was[i].seen, h->seen) > 0)
			memcpy(h->seen, was[i].seen, sizeof(h->seen));
		json_object_put(was[i].status);
	}
	free(was);
}

void
model_fill(struct sync *s, struct json_object *kvs)
{
	struct host *was = s->hosts;
	size_t i, n = s->n_hosts;

	model_lost(s);
	s->hosts = NULL;
	s->n_hosts = s->cap_hosts = 0;
	model_clear(s);
	for (i = 0; i < json_object_array_length(kvs); i++)
		model_event(s, json_object_array_get_idx(kvs, i));
	keep_seen(s, was, n);
	s->tidy_due = s->report_due = true;
}

/* Everything as of one revision; the watch goes on from there. */
int
model_read(struct sync *s, struct err *err)
{
	bool console = s->conf->cluster_console;
	const char *from = console ? KEY_ALIVE : KEY_DESIRED;
	const char *end = console ? KEY_WATCH_END : NULL;
	struct json_object *kvs = NULL;
	int64_t rev = 0;

	if (etcd_range(s->etcd, from, end, &kvs, &rev, err) == -1)
		return -1;
	if (rev + 1 < s->next_rev)
		log_warn("etcd was lost or put back to an older state: "
			 "revision %lld, it was at %lld",
		    (long long)rev, (long long)s->next_rev - 1);
	model_fill(s, kvs);
	json_object_put(kvs);
	s->next_rev = rev + 1;
	return etcd_watch_start(s->etcd, from, end, s->next_rev, err);
}

static struct json_object *
entry_of(const struct sync *s, const char *name)
{
	struct json_object *v = NULL;

	(void)json_object_object_get_ex(
	    jsonx_path(s->desired, "chosen.hosts"), name, &v);
	return v;
}

/* Does the host say that it has what this entry is about? */
bool
model_has(struct sync *s, const char *name, struct json_object *entry)
{
	const struct host *h = model_host(s, name, false);

	return h != NULL && h->valid &&
	       h->own_generation >= jsonx_path_int(entry, "generation");
}

/* The number that this host shall still get, or 0. */
int64_t
model_chosen(struct sync *s, const char *name)
{
	struct json_object *entry = entry_of(s, name);

	return entry == NULL || model_has(s, name, entry)
		   ? 0
		   : jsonx_path_int(entry, "generation");
}

struct json_object *
model_track(struct sync *s, enum track track)
{
	return track == TRACK_ALL ? s->desired
				  : jsonx_path(s->desired, "chosen");
}

bool
model_leads(struct sync *s, enum track track)
{
	const char *console =
	    jsonx_path_str(model_track(s, track), "console", "");
	const struct host *h;

	if (strcmp(console, s->conf->cluster_name) == 0)
		return true;
	h = model_host(s, console, false);
	return h == NULL || !h->alive;
}
