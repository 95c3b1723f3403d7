/*
 * tidy.c - bundles of hosts that came or went after a publication, and of
 * those that are away for long: a bundle is good for 30 days only (seal.c of
 * src/cluster), so that it is sealed anew each week.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "jsonx.h"
#include "sync.h"
#include "util.h"

#define RENEW_S	   (7 * 24 * 3600)
#define RENEW_MS   (24 * 3600 * (int64_t)1000) /* how often that is looked at */
#define REFUSED_MS (10 * 60 * 1000) /* a host may have this version by then */

/* Only a console that has this very generation can seal it. */
static bool
can_seal(struct sync *s)
{
	int64_t wanted = jsonx_path_int(s->desired, "generation");

	return s->me != NULL && wanted > 0 && model_leads(s, TRACK_ALL) &&
	       !jsonx_path_bool(s->me, "own") &&
	       jsonx_path_int(s->me, "generation") == wanted;
}

/*
 * The wave of a bundle that is made now.  One that was sealed for a host which
 * took it in vain is put in its place.  A host that is new gets what all get
 * once that is proven everywhere else; only the canary is the canary, also
 * with another identity.
 */
static int
tidy_wave(const struct sync *s, const struct host *h, bool again)
{
	if (again ||
	    strcmp(jsonx_path_str(s->desired, "state", ""), "done") == 0 ||
	    strcmp(jsonx_path_str(s->desired, "canary", ""), h->name) == 0)
		return 1;
	return WAVE_LATE;
}

static int
tidy_seal(struct sync *s, struct host *h, const char *key, int64_t wave,
    struct err *err)
{
	struct json_object *o = NULL;
	int rc = -1;

	if (console_seal(s, h->name, s->desired, (int)wave, &o, err) == 0)
		rc = etcd_put(s->etcd, key,
		    json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN),
		    0, err);
	if (rc == 0)
		log_info("%s: sealed generation %lld", h->name,
		    (long long)jsonx_path_int(s->desired, "generation"));
	json_object_put(o);
	return rc;
}

/* The wave of a bundle that is there; 0: there is none.  Is it an old one? */
static int
tidy_there(struct sync *s, const char *key, int64_t *ret_wave, bool *ret_old,
    struct err *err)
{
	int64_t at = 0;
	struct json_object *kvs = NULL, *o = NULL;
	const char *text;

	*ret_wave = 0;
	*ret_old = false;
	if (etcd_range(s->etcd, key, NULL, &kvs, NULL, err) == -1)
		return -1;
	if (json_object_array_length(kvs) > 0) {
		text = jsonx_path_str(
		    json_object_array_get_idx(kvs, 0), "value", "");
		*ret_wave = 1;
		if (jsonx_parse(text, strlen(text), 4, &o, NULL) == 0)
			*ret_wave = jsonx_path_int(o, "wave");
		at = jsonx_path_int(o, "sealed");
		*ret_old = at > 0 && time(NULL) - at > RENEW_S;
	}
	json_object_put(o);
	json_object_put(kvs);
	return 0;
}

static int
tidy_bundle(struct sync *s, struct host *h, const char *dir, bool again,
    struct err *err)
{
	char key[KEY_MAX];
	int64_t wave;
	bool old, due;

	(void)snprintf(key, sizeof(key), KEY_BUNDLE "%s/%s", h->name, dir);
	if (tidy_there(s, key, &wave, &old, err) == -1)
		return -1;
	due = wave == 0 || again || old;
	if (wave == 0 || again)
		wave = tidy_wave(s, h, again);
	(void)snprintf(
	    h->late, sizeof(h->late), "%s", wave == WAVE_LATE ? dir : "");
	/* Only who has it can seal it, but nobody waits for it. */
	if (due && can_seal(s) && tidy_seal(s, h, key, wave, err) == -1)
		return -1;
	(void)snprintf(h->sealed, sizeof(h->sealed), "%s",
	    due && !can_seal(s) ? "" : dir);
	return 0;
}

/* A host that was enrolled after the publication, or again with a new
 * identity: its bundle is missing, or cannot be opened by it.  What cannot be
 * sealed for one, as its version is a former one, keeps no other waiting. */
static int
tidy_host(struct sync *s, struct host *h, bool again, struct err *err)
{
	const char *dir = jsonx_path_str(s->desired, "bundle", "");

	if (strcmp(h->sealed, dir) == 0 && !again)
		return 0;
	if (tidy_bundle(s, h, dir, again, err) == 0) {
		h->unsealed[0] = '\0';
		return 0;
	}
	if (console_later(err))
		return -1;
	if (strcmp(h->unsealed, dir) != 0)
		log_warn("%s: generation %lld was not sealed: %s", h->name,
		    (long long)jsonx_path_int(s->desired, "generation"),
		    err->msg);
	(void)snprintf(h->unsealed, sizeof(h->unsealed), "%s", dir);
	(void)snprintf(h->sealed, sizeof(h->sealed), "%s", dir);
	if (s->renew_at > now_ms() + REFUSED_MS)
		s->renew_at = now_ms() + REFUSED_MS;
	return 0;
}

size_t
tidy_late(struct sync *s, struct rollout_host *v, size_t n)
{
	const char *dir = jsonx_path_str(s->desired, "bundle", "");
	const struct host *h;
	size_t i, left = 0;

	for (i = 0; i < n; i++) {
		h = model_host(s, v[i].name, false);
		if (h == NULL || h->late[0] == '\0' ||
		    strcmp(h->late, dir) != 0)
			v[left++] = v[i];
	}
	return left;
}

/* Removed: nothing stays that it could fetch.  That needs no key. */
static int
tidy_removed(struct sync *s, const char *name, struct err *err)
{
	struct json_object *ops;
	char key[KEY_MAX], end[KEY_MAX];

	(void)snprintf(key, sizeof(key), KEY_BUNDLE "%s/", name);
	(void)snprintf(end, sizeof(end), KEY_BUNDLE "%s0", name);
	ops = json_object_new_array();
	json_object_array_add(ops, etcd_op_delete(key, end));
	if (console_flush(s, &ops, err) == -1)
		return -1;
	log_info("%s: removed, and its bundles", name);
	return 0;
}

/* Hosts that were enrolled here when this was last done, and no longer are.
 * What another console has enrolled alone is its own affair. */
static int
tidy_former(struct sync *s, struct err *err)
{
	struct json_object *names = jsonx_path(s->me, "hosts");
	const char *name;
	size_t i, n;

	n = jsonx_len(s->former);
	for (i = 0; i < n; i++) {
		name = json_object_get_string(
		    json_object_array_get_idx(s->former, i));
		if (!model_enrolled(s, name) &&
		    tidy_removed(s, name, err) == -1)
			return -1;
	}
	json_object_put(s->former);
	s->former = json_object_get(names);
	return 0;
}

/* Whoever leads has enrolled all that its Save is for: a host that speaks, but
 * is none of them, was removed while this program did not run. */
static int
tidy_stranger(struct sync *s, struct host *h, struct err *err)
{
	if (strcmp(h->sealed, "-") == 0 ||
	    jsonx_path_str(s->desired, "console", "")[0] == '\0' ||
	    !model_leads(s, TRACK_ALL))
		return 0;
	if (tidy_removed(s, h->name, err) == -1)
		return -1;
	memcpy(h->sealed, "-", 2);
	return 0;
}

/* Each bundle is looked at once a day; sooner after a refusal. */
static void
tidy_daily(struct sync *s)
{
	size_t i;

	if (now_ms() < s->renew_at)
		return;
	s->renew_at = now_ms() + RENEW_MS;
	for (i = 0; i < s->n_hosts; i++)
		if (strcmp(s->hosts[i].sealed, "-") != 0)
			s->hosts[i].sealed[0] = '\0';
	s->tidy_due = true;
}

int
console_tidy(struct sync *s, struct err *err)
{
	int64_t wanted = jsonx_path_int(s->desired, "generation");
	struct host *h;
	size_t i;
	int rc;

	tidy_daily(s);
	if (!s->tidy_due || s->me == NULL)
		return 0;
	if (tidy_former(s, err) == -1)
		return -1;
	for (i = 0; i < s->n_hosts; i++) {
		h = &s->hosts[i];
		if (strcmp(h->name, s->conf->cluster_name) == 0)
			continue;
		rc = 0;
		if (!model_enrolled(s, h->name))
			rc = tidy_stranger(s, h, err);
		else if (wanted > 0 && model_leads(s, TRACK_ALL) && !h->own &&
			 (!h->valid || h->generation < wanted))
			rc = tidy_host(s, h, false, err);
		if (rc == -1)
			return -1;
	}
	s->tidy_due = false;
	return 0;
}

/* Before a retry: a host that could not open its bundle may have been
 * enrolled again with another identity since. */
int
console_reseal(struct sync *s, struct err *err)
{
	int64_t wanted = jsonx_path_int(s->desired, "generation");
	size_t i;

	if (!can_seal(s))
		return 0;
	for (i = 0; i < s->n_hosts; i++) {
		if (s->hosts[i].failed == wanted &&
		    model_enrolled(s, s->hosts[i].name) &&
		    tidy_host(s, &s->hosts[i], true, err) == -1)
			return -1;
	}
	return 0;
}
