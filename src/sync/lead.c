/*
 * lead.c - the console that saved leads the roll-out, wave by wave; another
 * one only while that one is away.
 *
 * There are two of them in "desired", side by side: what all hosts shall
 * have, and, in its member "chosen", what some have for themselves.  Each has
 * the same members: state, wave, attempt, canary, batch, failed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jsonx.h"
#include "sync.h"
#include "util.h"

/* A copy of desired with some members of one of the two changed, swapped in;
 * failed is taken over. */
static int
desired_change(struct sync *s, enum track track, const char *state,
    int64_t wave, int64_t attempt, struct json_object *failed, bool *done,
    struct err *err)
{
	struct json_object *o = NULL, *t;
	int rc;

	if (json_object_deep_copy(s->desired, &o, NULL) == -1) {
		json_object_put(failed);
		return err_set(err, ERR_NOMEM, "", "desired");
	}
	t = track == TRACK_ALL ? o : jsonx_path(o, "chosen");
	jsonx_put_str(t, "state", state);
	jsonx_put_int(t, "wave", wave);
	jsonx_put_int(t, "attempt", attempt);
	json_object_object_add(
	    t, "failed", failed != NULL ? failed : json_object_new_array());
	if (track == TRACK_CHOSEN && strcmp(state, "left") == 0)
		(void)chosen_prune(s, t);
	rc = console_swap(s, o, s->desired_mod, done, err);
	if (rc == 0 && *done)
		log_info("%s %lld: %s, wave %lld of %lld",
		    track == TRACK_ALL ? "generation" : "chosen hosts",
		    (long long)jsonx_path_int(t, "generation"), state,
		    (long long)wave, (long long)jsonx_path_int(t, "waves"));
	json_object_put(o);
	return rc;
}

static struct json_object *
failed_names(const struct rollout *r, const struct rollout_host *h, size_t n)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	for (i = 0; i < n; i++) {
		if (rollout_failed(r, &h[i]) || rollout_unproven(r, &h[i]))
			json_object_array_add(
			    list, json_object_new_string(h[i].name));
	}
	return list;
}

static int
drive(struct sync *s, enum track track, const struct rollout *r,
    const struct rollout_host *h, size_t n, struct err *err)
{
	int64_t waited = now_ms() - s->wave[track].since;
	bool done = false;

	switch (rollout_judge(r, h, n, waited)) {
	case ROLLOUT_WAIT:
		return 0;
	case ROLLOUT_NEXT:
		return desired_change(s, track, "rolling", r->wave + 1,
		    r->attempt, NULL, &done, err);
	case ROLLOUT_DONE:
		return desired_change(
		    s, track, "done", r->wave, r->attempt, NULL, &done, err);
	case ROLLOUT_STOP:
		return desired_change(s, track, "stopped", r->wave, r->attempt,
		    failed_names(r, h, n), &done, err);
	}
	return 0;
}

static int
drive_track(struct sync *s, enum track track, struct err *err)
{
	struct json_object *t = model_track(s, track);
	struct rollout_host *h;
	struct rollout r;
	struct wave *w = &s->wave[track];
	size_t n = 0;
	int rc;

	if (s->me == NULL ||
	    strcmp(jsonx_path_str(t, "state", ""), "rolling") != 0 ||
	    !model_leads(s, track))
		return 0;
	r.generation = jsonx_path_int(t, "generation");
	r.attempt = jsonx_path_int(t, "attempt");
	r.wave = (int)jsonx_path_int(t, "wave");
	r.batch = (int)jsonx_path_int(t, "batch");
	r.canary = jsonx_path_str(t, "canary", "");
	/* A retry, also another console's, has its own time. */
	if (w->seen != r.wave || w->generation != r.generation ||
	    w->attempt != r.attempt) {
		w->seen = r.wave;
		w->generation = r.generation;
		w->attempt = r.attempt;
		w->since = now_ms();
	}
	h = track == TRACK_ALL ? console_roster(s, &n) : chosen_roster(s, &n);
	if (h == NULL)
		return err_set(err, ERR_NOMEM, "", "hosts");
	if (track == TRACK_ALL)
		n = tidy_late(s, h, n);
	rc = drive(s, track, &r, h, n, err);
	free(h);
	return rc;
}

/* Entries of hosts that came back and have theirs. */
static int
prune(struct sync *s, struct err *err)
{
	struct json_object *o = NULL, *t = model_track(s, TRACK_CHOSEN);
	const char *state = jsonx_path_str(t, "state", "");
	bool done = false;
	int rc = 0;

	if (s->me == NULL || t == NULL || !model_leads(s, TRACK_CHOSEN) ||
	    (strcmp(state, "done") != 0 && strcmp(state, "left") != 0))
		return 0;
	if (json_object_deep_copy(s->desired, &o, NULL) == -1)
		return err_set(err, ERR_NOMEM, "", "desired");
	if (chosen_prune(s, jsonx_path(o, "chosen")))
		rc = console_swap(s, o, s->desired_mod, &done, err);
	json_object_put(o);
	return rc;
}

int
console_drive(struct sync *s, struct err *err)
{
	if (drive_track(s, TRACK_ALL, err) == -1 ||
	    drive_track(s, TRACK_CHOSEN, err) == -1)
		return -1;
	return prune(s, err);
}

static int
retry(struct sync *s, enum track track, bool *done, struct err *err)
{
	struct json_object *t = model_track(s, track);
	const char *state = jsonx_path_str(t, "state", "");

	if (track == TRACK_ALL && console_reseal(s, err) == -1)
		return -1;
	return desired_change(s, track,
	    strcmp(state, "done") == 0 ? state : "rolling",
	    jsonx_path_int(t, "wave"), jsonx_path_int(t, "attempt") + 1, NULL,
	    done, err);
}

static int
leave(struct sync *s, enum track track, bool *done, struct err *err)
{
	struct json_object *t = model_track(s, track);

	return desired_change(s, track, "left", jsonx_path_int(t, "wave"),
	    jsonx_path_int(t, "attempt"),
	    json_object_get(jsonx_path(t, "failed")), done, err);
}

int
console_command(struct sync *s, struct err *err)
{
	struct json_object *c = jsonx_path(s->me, "command");
	const char *what = jsonx_path_str(c, "do", ""), *state;
	enum track track = TRACK_ALL;
	bool done = false;
	char id[64];
	int rc;

	(void)snprintf(id, sizeof(id), "%s", jsonx_path_str(c, "id", ""));
	if (c == NULL || id[0] == '\0')
		return 0;
	if (strstr(what, "_chosen") != NULL)
		track = TRACK_CHOSEN;
	state = jsonx_path_str(model_track(s, track), "state", "");
	if (strncmp(what, "retry", 5) == 0 && state[0] != '\0')
		rc = retry(s, track, &done, err);
	else if (strncmp(what, "leave", 5) == 0 &&
		 strcmp(state, "stopped") == 0)
		rc = leave(s, track, &done, err);
	else
		return console_settle(
		    s, id, "stale", "there is no such roll-out", err);
	if (rc == -1) {
		if (console_later(err))
			return -1;
		log_warn("%s: %s", what, err->msg);
		return console_settle(s, id, "failed", err->msg, err);
	}
	/* Not done: desired has changed meanwhile; the watch will tell. */
	return done ? console_settle(s, id, "published", "", err) : 0;
}
