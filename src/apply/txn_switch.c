/*
 * txn_switch.c - steps journal, commit, restart, probe and close: the part
 * that a crash must not leave half done.
 *
 * The rename in commit is the switch.  From then on the way back is one
 * function, go_back: main.cf.before in place again, then a restart (a reload
 * would not wake a service that master throttled over the new values), then
 * the proof that Postfix answers as it did.  Undo of restart and of commit
 * both call it; the second call finds it done.
 */
#include <sys/stat.h>

#include <string.h>
#include <time.h>

#include "fsx.h"
#include "jsonx.h"
#include "keystore.h"
#include "maillog.h"
#include "maincf.h"
#include "service.h"
#include "txn_given.h"
#include "txn_plan.h"
#include "txn_switch.h"

#define PROBE_MS 6000
#define COLD_S	 3

/* A change that main.cf does not show (no parameter differs) leaves Postfix
 * alone. */
static bool
touches_postfix(const struct txn *t)
{
	return t->plan.n > 0 || t->origin_main.len > 0;
}

int
step_journal(struct txn *t, struct err *err)
{
	struct journal j;

	memset(&j, 0, sizeof(j));
	j.pending = true;
	j.id = t->id;
	j.running = t->running;
	memcpy(j.before, t->before_sha256, sizeof(j.before));
	memcpy(j.after, t->after_sha256, sizeof(j.after));
	memcpy(
	    j.master_before, t->master_before_sha256, sizeof(j.master_before));
	memcpy(j.master_after, t->master_after_sha256, sizeof(j.master_after));
	t->journaled = true;
	return journal_write(t->conf, &j, err);
}

int
undo_journal(struct txn *t, struct err *err)
{
	if (!t->journaled)
		return 0;
	return journal_remove(t->conf, err);
}

/*
 * Somebody wrote main.cf a moment ago: Postfix's programs that start now read
 * it again and again until it is two seconds old.  One that sees a value
 * change between two readings logs that; if it is postlogd, it waits for ever
 * for itself to read the line, and all of Postfix waits for postlogd (3.7.11,
 * maillog_file; seen under "postconf -e" in a loop).  So let it cool down; the
 * lock keeps postconf from heating it again.
 */
static void
wait_until_cold(const struct txn *t)
{
	const struct timespec nap = {.tv_nsec = 50 * 1000 * 1000};
	int64_t deadline = now_ms() + 1000 * (COLD_S + 1);
	char path[STATE_PATH_MAX];
	struct stat st;

	if (fsx_path(path, sizeof(path), NULL, "%s/main.cf",
		t->conf->config_directory) == -1)
		return;
	while (stat(path, &st) == 0 && st.st_mtime + COLD_S > time(NULL) &&
	       now_ms() < deadline)
		nanosleep(&nap, NULL);
}

/*
 * master.cf first: until a start or reload Postfix does not look at it, while
 * main.cf is in force with its rename (POSTFIX.md 1.12).  A crash in between
 * leaves the new master.cf beside the old main.cf; the recovery puts it back.
 */
static int
commit_files(struct txn *t, struct err *err)
{
	if (t->master_after_sha256[0] != '\0') {
		if (mastercf_commit(t->conf, t->master_after.data,
			t->master_after.len, t->master_before_sha256,
			err) == -1)
			return -1;
		t->master_committed = true;
	}
	if (!txn_touches_main(t))
		return 0;
	if (maincf_commit(t->conf, t->after.data, t->after.len,
		t->before_sha256, err) == -1)
		return -1;
	t->committed = true;
	return 0;
}

/* How long is nobody served?  One door is watched, and the one that it may
 * become. */
static void
watch_outage(struct txn *t, bool moved)
{
	const struct postfix_info *is = &t->facts.info, *next = &t->next;
	struct json_object *first = NULL;
	struct probe_door at, after;
	struct err cause;

	if (!t->running || is->n_listeners == 0 || next->n_listeners == 0)
		return;
	if (jsonx_len(t->baseline) > 0)
		first = json_object_array_get_idx(t->baseline, 0);
	postfix_door(is, &is->listener[0], &at);
	postfix_door(next, &next->listener[0], &after);
	at.bare = after.bare =
	    strcmp(jsonx_path_str(first, "state", "seen"), "blind") == 0;
	if (outage_start(&at, moved ? &after : NULL, &t->outage, &cause) == 0)
		return;
	log_warn("the outage will not be known: %s", cause.msg);
	t->outage = NULL;
	t->outage_ms = OUTAGE_UNKNOWN;
}

int
step_commit(struct txn *t, struct err *err)
{
	bool moved = t->next.probe_port != t->facts.info.probe_port ||
		     strcmp(t->next.probe_host, t->facts.info.probe_host) != 0;
	int rc;

	maillog_mark(t->conf, &t->facts.info, &t->mark);
	t->marked = true;
	if ((t->changes = param_plan_to_json(&t->plan)) == NULL)
		return err_set(err, ERR_NOMEM, "", "changes");
	if (!touches_postfix(t))
		return 0;
	wait_until_cold(t);
	txn_hop_before(t);
	watch_outage(t, moved);
	listeners_read(t->facts.info.probe_port, moved ? t->next.probe_port : 0,
	    &t->listeners);
	t->listeners_known = true;
	rc = commit_files(t, err);
	facts_drop(t->conf);
	return rc;
}

bool
txn_former_serves(const struct txn *t)
{
	return txn_probe_former(t, NULL) == 0;
}

static int
txn_go_back(struct txn *t, struct err *err)
{
	struct probed now;
	struct err why;

	if (t->outage != NULL)
		(void)outage_stop(t->outage, &t->outage_ms, NULL);
	t->outage = NULL;
	if (txn_put_back(t, err) == -1)
		return -1;
	/* A recovery knows Postfix as it found it. */
	if (t->req == NULL) {
		facts_clear(&t->facts);
		if (facts_get(t->conf, &t->facts, err) == -1)
			return -1;
	}
	if (!t->running || t->served_again)
		return 0;
	err_clear(&why);
	if (service_restart(t->conf, &t->facts.info, err) == -1)
		return -1;
	if (txn_probe_former(t, &why) == -1 &&
	    (!t->unread || txn_probe_files(t, &why) == -1)) {
		if (err != NULL)
			*err = why;
		return -1;
	}
	t->served_again = true;
	if (why.code != ERR_NONE) {
		log_warn("both files are as they were, and Postfix has now "
			 "read what it had not before: %s",
		    why.msg);
		return 0;
	}
	probed_now(
	    t->conf, &t->facts.info, t->facts.maincf_sha256, t->prev, &now);
	probe_renew(t->conf, &t->seen, &now);
	return 0;
}

/* As little as possible: a Postfix that was never touched is left alone. */
int
txn_go_back_if_needed(struct txn *t, struct err *err)
{
	bool same =
	    txn_main_state(t) == CF_BEFORE && txn_master_state(t) == CF_BEFORE;

	if (same && !t->committed && !t->master_committed && !t->restarted)
		return 0;
	return txn_go_back(t, err);
}

int
undo_commit(struct txn *t, struct err *err)
{
	if (t->before_sha256[0] == '\0' || !touches_postfix(t) || t->put_back)
		return 0;
	return txn_go_back_if_needed(t, err);
}

int
step_restart(struct txn *t, struct err *err)
{
	if (!touches_postfix(t) || !t->running)
		return 0;
	t->restarted = true;
	if (t->mode == APPLY_RELOAD)
		return service_reload(t->conf, &t->facts.info, err);
	return service_restart(t->conf, &t->facts.info, err);
}

int
undo_restart(struct txn *t, struct err *err)
{
	if (!t->restarted)
		return 0;
	return txn_go_back(t, err);
}

/*
 * An smtpd that took a session right at the reload can count as idle with
 * master; until that session ends nobody else gets a banner.  A restart ends
 * it; going back to the former settings would need one as well.
 */
static bool
wakes_with_restart(const struct txn *t, const struct err *cause)
{
	return t->mode == APPLY_RELOAD && (cause->code == ERR_PROBE_CONNECT ||
					      cause->code == ERR_PROBE_BANNER);
}

static int
restart_after_reload(struct txn *t, struct err *err)
{
	log_warn("no banner after the reload (%s): restarting", err->msg);
	t->mode = APPLY_RESTART;
	err_clear(err);
	if (service_restart(t->conf, &t->facts.info, err) == -1)
		return -1;
	return txn_probe(t, PROBE_MS, err);
}

int
step_probe(struct txn *t, struct err *err)
{
	struct err cause;

	/* What is taken over as it is, is looked at. */
	if (!(touches_postfix(t) || t->req->adopt) || !t->running)
		return 0;
	err_clear(&cause);
	if (txn_probe(t, PROBE_MS, &cause) == -1 &&
	    (!touches_postfix(t) || !wakes_with_restart(t, &cause) ||
		restart_after_reload(t, &cause) == -1)) {
		if (err != NULL)
			*err = cause;
		return -1;
	}
	if (txn_hop_after(t, err) == -1)
		return -1;
	/* The Save is proven; a watch that lost count does not undo it. */
	if (t->outage != NULL &&
	    outage_stop(t->outage, &t->outage_ms, &cause) == -1) {
		log_warn("the outage is not known: %s", cause.msg);
		t->outage_ms = OUTAGE_UNKNOWN;
	}
	t->outage = NULL;
	return 0;
}

/* Parameters as they stand now, for the next reader. */
static void
remember_facts(struct txn *t)
{
	struct json_object *p = t->facts.params;
	size_t i;

	/* A new master.cf is asked about again. */
	if (p == NULL || txn_touches_master(t))
		return;
	t->next.mastercf = t->facts.info.mastercf;
	for (i = 0; i < t->plan.n; i++) {
		if (t->plan.v[i].after == NULL)
			json_object_object_del(p, t->plan.v[i].name);
		else
			json_object_object_add(p, t->plan.v[i].name,
			    json_object_new_string(t->plan.v[i].after));
	}
	facts_update(t->conf, &t->next, p, t->after_sha256);
}

/* The generation in force is N: record, number, journal, in this order; a
 * recovery that finds the journal pending does the first two again. */
int
txn_close(struct txn *t, struct json_object *meta, struct err *err)
{
	struct journal j;

	memset(&j, 0, sizeof(j));
	j.id = t->id;
	if (generation_set_meta(t->conf, t->id, meta, err) == -1 ||
	    (t->leave && given_leave(t, err) == -1) ||
	    generation_set_current(t->conf, t->leave ? 0 : t->id, err) == -1)
		return -1;
	return journal_write(t->conf, &j, err);
}

/* What the change ended with is the last that was seen. */
void
txn_keep_probe(const struct txn *t, const char *maincf_sha256)
{
	struct probed p;

	if (t->probe == NULL)
		return;
	probed_now(t->conf, &t->next, maincf_sha256, t->leave ? 0 : t->id, &p);
	probe_keep(t->conf, &p, t->probe);
}

int
step_close(struct txn *t, struct err *err)
{
	struct json_object *meta, *steps, *last;
	int rc;

	if ((meta = txn_meta(t, "applied")) == NULL)
		return err_set(err, ERR_NOMEM, "", "generation record");
	steps = jsonx_path(meta, "steps");
	last = json_object_array_get_idx(
	    steps, json_object_array_length(steps) - 1);
	json_object_object_add(last, "state", json_object_new_string("done"));
	rc = txn_close(t, meta, err);
	json_object_put(meta);
	if (rc == -1)
		return -1;
	/* It holds; what is left is housekeeping. */
	t->closed = true;
	remember_facts(t);
	txn_keep_probe(t, t->after_sha256);
	keystore_retire(t->conf, &t->certs);
	txn_prune(t, &t->after);
	return 0;
}

int
undo_close(struct txn *t, struct err *err)
{
	long current;

	if (t->closed)
		return 0;
	if (given_stay(t, err) == -1 ||
	    generation_current(t->conf, &current, err) == -1)
		return -1;
	if (current == t->prev)
		return 0;
	return generation_set_current(t->conf, t->prev, err);
}
