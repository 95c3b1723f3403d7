/*
 * txn_prepare.c - steps lock and plan: what is there, and what would change.
 * With inspect between them, whatever can be refused is refused here, before
 * anything was written.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "jsonx.h"
#include "maincf.h"
#include "original.h"
#include "setting_checks.h"
#include "txn_given.h"
#include "txn_switch.h"

#define POSTCONF_WAIT_MS 3000

/* What the record of the generation in force says. */
static void
take_record(struct txn *t, struct json_object *meta)
{
	t->former.originals = json_object_get(jsonx_path(meta, "originals"));
	(void)snprintf(t->former.sha256, sizeof(t->former.sha256), "%s",
	    jsonx_path_str(txn_stored(t)->facts, "sha256", ""));
}

/* What is there now: generation in force, its settings, chain and facts. */
static int
txn_load_former(struct txn *t, struct err *err)
{
	struct json_object *meta = NULL;
	int rc = -1;

	if (generation_current(t->conf, &t->prev, err) == -1 ||
	    (t->prev > 0 &&
		generation_meta(t->conf, t->prev, &meta, err) == -1) ||
	    settings_in_force(t->conf, &t->facts, t->prev, meta,
		&t->former.settings, err) == -1 ||
	    generation_certs(t->conf, t->prev, &t->stored, err) == -1)
		goto out;
	if (settings_copy(&t->settings, &t->former.settings) == -1) {
		err_set(err, ERR_NOMEM, "", "settings");
		goto out;
	}
	t->owned = generation_owned(meta);
	t->written = original_written(meta);
	/* Who cannot say any more where it began can save all the same. */
	(void)original_id(t->conf, t->prev, meta, &t->origin, NULL);
	if (t->prev > 0)
		take_record(t, meta);
	if (drift_find(t->conf, &t->facts, t->prev, &t->former.settings, meta,
		&t->drift, err) == -1)
		goto out;
	t->former.drifted = json_object_array_length(t->drift) > 0;
	t->former.known = t->prev > 0 && !t->former.drifted;
	rc = 0;
out:
	json_object_put(meta);
	return rc;
}

static int
check_etag(const struct txn *t, struct err *err)
{
	char etag[APPLY_ETAG_MAX];

	if (t->req->if_match == NULL || strcmp(t->req->if_match, "*") == 0)
		return 0;
	apply_etag(
	    t->prev, t->facts.maincf_sha256, &t->facts.info.inbound, etag);
	if (strcmp(t->req->if_match, etag) == 0)
		return 0;
	return err_set(err, ERR_SETTINGS_STALE, "",
	    "If-Match names another state; the settings are at %.40s", etag);
}

/*
 * First the lock that keeps "postconf -e" out, then the questions: with a
 * script that edits all the time, answers would be stale before they are in.
 * Where there is no Postfix there is nothing to lock, and the facts say why.
 */
static int
lock_and_ask(struct txn *t, struct err *err)
{
	struct err cause;

	t->maincf_lock = maincf_lock(t->conf, POSTCONF_WAIT_MS, &cause);
	if (facts_get(t->conf, &t->facts, err) == -1 ||
	    postfix_usable(&t->facts.info, err) == -1)
		return -1;
	if (t->maincf_lock == -1) {
		if (err != NULL)
			*err = cause;
		return -1;
	}
	return 0;
}

int
step_lock(struct txn *t, struct err *err)
{
	struct journal j;

	/* Also for the answer "busy". */
	if (generation_current(t->conf, &t->prev, err) == -1)
		return -1;
	t->lock = state_lock(
	    t->conf, t->req->dry_run ? LOCK_LOOK : LOCK_CHANGE, 0, err);
	if (t->lock == -1 || journal_read(t->conf, &j, err) == -1)
		return -1;
	if (j.pending)
		return err_set(err, ERR_APPLY_UNSETTLED, "",
		    "generation %ld was interrupted and is not settled", j.id);
	if (lock_and_ask(t, err) == -1)
		return -1;
	t->running = postfix_running(&t->facts.info);
	if (txn_load_former(t, err) == -1)
		return -1;
	return check_etag(t, err);
}

/*
 * A reload is enough for every TLS parameter (POSTFIX.md 1.5), but not for
 * the sockets that master listens on; then the restart takes its place.
 */
static void
escalate(struct txn *t)
{
	const char *name = txn_changes(t, PARAM_SOCKETS);

	if (name == NULL)
		return;
	t->mode = APPLY_RESTART;
	findings_add(&t->findings, ERR_APPLY_ESCALATED, "apply", "parameter",
	    name, NULL);
}

static void
name_service(struct txn *t)
{
	const char *name = t->facts.info.inbound.service;
	const struct param_change *c = txn_planned(t, PARAM_SERVICE);

	if (c != NULL && c->after != NULL)
		name = c->after;
	(void)snprintf(t->service, sizeof(t->service), "%s", name);
}

/* Parameters as they would be with this generation's files. */
static int
plan_for(struct txn *t, long id, struct err *err)
{
	struct params_context c;
	struct gen_paths paths;

	json_object_put(t->wanted);
	t->wanted = NULL;
	json_object_put(t->originals);
	t->originals = NULL;
	param_plan_clear(&t->plan);
	if (txn_context(t, id, &c, &paths, err) == -1 ||
	    params_wanted(&c, &t->wanted, err) == -1)
		return -1;
	t->originals = params_originals(&c, t->wanted);
	t->owned_after = params_owned(&c, t->wanted) & ~t->given_rows;
	if (t->req->original)
		t->owned_after = 0;
	if (given_want(t, err) == -1 ||
	    params_plan(t->facts.params, t->wanted, &t->plan, err) == -1)
		return -1;
	name_service(t);
	return 0;
}

/* Whoever edits master.cf with postconf is kept out, and the plan must be
 * made from what is there now. */
static int
lock_master(struct txn *t, struct err *err)
{
	if (!txn_touches_master(t))
		return 0;
	t->mastercf_lock = mastercf_lock(t->conf, POSTCONF_WAIT_MS, err);
	if (t->mastercf_lock == -1)
		return -1;
	if (postfix_info_fresh(t->conf, &t->facts.info))
		return 0;
	return err_set(err, ERR_SETTINGS_STALE, "",
	    "main.cf or master.cf was changed by somebody else meanwhile");
}

/* A file that nobody can replace is known before anything is stopped. */
static int
check_writable(const struct txn *t, struct err *err)
{
	if (txn_touches_main(t) && cf_writable(t->conf, "main.cf", err) == -1)
		return -1;
	return txn_touches_master(t) ? cf_writable(t->conf, "master.cf", err)
				     : 0;
}

static int
unchanged(struct txn *t)
{
	scope_tell_drift(t);
	if (!t->running)
		findings_add(&t->findings, ERR_APPLY_STOPPED, "", NULL);
	t->end = TXN_UNCHANGED;
	t->finished = true;
	return 0;
}

int
step_plan(struct txn *t, struct err *err)
{
	scope_parameters(t);
	if (scope_is_empty(t))
		return unchanged(t);
	if (generation_next(t->conf, &t->id, err) == -1 ||
	    plan_for(t, t->id, err) == -1)
		return -1;
	if (scope_came_to_nothing(t))
		return unchanged(t);
	if (t->written == 0)
		t->origin = t->plan.n > 0 ? t->id : 0;
	if (scope_check(t, err) == -1 || given_check(t, err) == -1 ||
	    setting_checks_run(t, err) == -1 || lock_master(t, err) == -1 ||
	    check_writable(t, err) == -1)
		return -1;
	if (!t->running)
		findings_add(&t->findings, ERR_APPLY_STOPPED, "", NULL);
	if (t->mode == APPLY_RELOAD)
		escalate(t);
	return txn_baseline(t, err);
}
