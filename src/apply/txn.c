/*
 * txn.c - one Save: the steps down, and on a failure the undos back up.
 *
 * Everything that can be refused is refused by lock, inspect and plan, before
 * anything was written.  A failure from stage on is "rolled back": the undos
 * run from the failed step to the first.  An undo that fails leaves journal
 * and generation where they are, so that the next start, or the next Save,
 * tries again; the answer then is apply.undo_failed.
 */
#include <stdio.h>
#include <string.h>

#include "jsonx.h"
#include "maillog.h"
#include "ops.h"
#include "txn_given.h"

enum { WRITES = 1, DRY_END = 2 };

static const struct {
	const char *name;
	int (*run)(struct txn *, struct err *);
	int (*undo)(struct txn *, struct err *);
	unsigned flags;
} txn_steps[STEP__MAX] = {
#define UNDO(name)	     undo_##name
#define NONE(name)	     NULL
#define S(name, undo, flags) {#name, step_##name, undo(name), flags},
#include "steps.def"
#undef S
};

#define LOG_LINES 20

static bool
writes(size_t step)
{
	return (txn_steps[step].flags & WRITES) != 0;
}

static int
job_begin(struct txn *t, struct err *err)
{
	char at[32];

	t->job = json_object_new_object();
	t->steps = json_object_new_array();
	if (t->job == NULL || t->steps == NULL) {
		json_object_put(t->steps);
		return err_set(err, ERR_NOMEM, "", "job");
	}
	time_iso(time(NULL), at);
	json_object_object_add(
	    t->job, "id", json_object_new_string(t->req->job));
	json_object_object_add(
	    t->job, "state", json_object_new_string("running"));
	json_object_object_add(
	    t->job, "started_at", json_object_new_string(at));
	json_object_object_add(
	    t->job, "by", json_object_new_string(t->req->actor.user));
	json_object_object_add(t->job, "steps", t->steps);
	json_object_object_add(t->job, "result", NULL);
	json_object_object_add(t->job, "error", NULL);
	return 0;
}

static void
tell(const struct txn *t)
{
	if (t->progress != NULL)
		t->progress(t->job, t->arg);
}

static void
step_state(struct txn *t, size_t i, const char *state)
{
	struct json_object *row = json_object_array_get_idx(t->steps, i);

	if (row != NULL)
		json_object_object_add(
		    row, "state", json_object_new_string(state));
}

static int
step_run(struct txn *t, size_t i, struct err *err)
{
	struct json_object *row;
	int64_t start = now_ms();
	int rc;

	t->step = txn_steps[i].name;
	if ((row = json_object_new_object()) == NULL)
		return err_set(err, ERR_NOMEM, "", "step");
	json_object_object_add(row, "name", json_object_new_string(t->step));
	json_object_object_add(row, "state", json_object_new_string("running"));
	json_object_array_add(t->steps, row);
	tell(t);
	rc = txn_steps[i].run(t, err);
	json_object_object_add(
	    row, "ms", json_object_new_int64(now_ms() - start));
	step_state(t, i, rc == -1 ? "failed" : "done");
	return rc;
}

/*
 * Undo steps from `last` to the second; the lock stays until the outcome is
 * recorded.  An undo that fails ends it: what is left is for the recovery.
 */
static void
walk_back(struct txn *t, size_t last, bool show)
{
	size_t i;

	for (i = last; i > 0; i--) {
		if (txn_steps[i].undo == NULL)
			continue;
		err_clear(&t->undo_err);
		if (txn_steps[i].undo(t, &t->undo_err) == -1) {
			t->undo_failed = true;
			log_warn("undo of %s failed: %s", txn_steps[i].name,
			    t->undo_err.msg);
			return;
		}
		if (show && i < last && writes(i)) {
			step_state(t, i, "undone");
			tell(t);
		}
	}
}

static const char *
failure_state(enum err_code code)
{
	if (code == ERR_APPLY_ROLLED_BACK)
		return "rolled_back";
	return err_http(code) >= 400 && err_http(code) < 500 ? "refused"
							     : "failed";
}

static void
audit(const struct txn *t, const char *outcome, const struct err *err)
{
	char detail[320];
	long id = t->finished || err != NULL ? t->prev : t->id;

	if (err != NULL)
		(void)snprintf(detail, sizeof(detail),
		    "generation %ld; %s; step %s; %s", id, err_name(err->code),
		    t->step, err->msg);
	else
		(void)snprintf(detail, sizeof(detail), "generation %ld", id);
	if (audit_change(t->conf, &t->req->actor, txn_event(t), outcome, detail,
		t->req->note, NULL) == -1)
		log_warn("the audit log cannot be written");
}

/* Wrap the reason in what it meant for the Save as a whole. */
static void
outer_error(const struct txn *t, size_t failed, const struct err *cause,
    struct err *outer)
{
	if (t->undo_failed)
		err_set(outer, ERR_APPLY_UNDO_FAILED, "",
		    "%s: %.80s; then: %.80s", t->step, cause->msg,
		    t->undo_err.msg);
	else if (!writes(failed) ||
		 (cause->code == ERR_SETTINGS_STALE && !t->committed) ||
		 (cause->code == ERR_POSTFIX_CONFIG && !t->journaled))
		*outer = *cause;
	else
		err_set(outer, ERR_APPLY_ROLLED_BACK, "", "%s: %.180s", t->step,
		    cause->msg);
}

/* After an undo that failed its files stay, and the recovery keeps the
 * reason. */
static void
record_failed(struct txn *t, struct json_object *error)
{
	struct json_object *meta;
	int rc;

	meta = txn_meta(t, t->undo_failed ? "pending" : "failed");
	if (meta == NULL)
		return;
	json_object_object_add(meta, "error", json_object_get(error));
	if (t->undo_failed)
		rc = generation_set_meta(t->conf, t->id, meta, NULL);
	else
		rc = generation_fail(t->conf, t->id, meta, NULL);
	if (rc == -1)
		log_warn("failed generation %ld was not recorded", t->id);
	json_object_put(meta);
	if (!t->undo_failed)
		txn_prune(t, &t->before);
}

static void
finish_failed(
    struct txn *t, size_t failed, const struct err *cause, struct err *outer)
{
	bool staged = t->staged && !t->req->dry_run;
	struct json_object *error;
	const char *state;

	/* Postfix's words about the failure, before the undo adds more. */
	if (writes(failed) && t->marked)
		t->log =
		    maillog_since(t->conf, &t->facts.info, &t->mark, LOG_LINES);
	t->limited.until = t->until;
	walk_back(t, failed, true);
	outer_error(t, failed, cause, outer);
	state = failure_state(outer->code);
	error = txn_error(t, outer, cause);
	if (staged && outer->code != ERR_SETTINGS_STALE)
		record_failed(t, error);
	(void)undo_lock(t, NULL);
	json_object_object_add(t->job, "state", json_object_new_string(state));
	json_object_object_add(t->job, "error", error);
	if (!t->req->dry_run)
		audit(t, state, outer);
}

static void
finish_done(struct txn *t)
{
	static const char *const state[] = {"applied", "unchanged", "dry_run"};

	(void)undo_lock(t, NULL);
	json_object_object_add(t->job, "result", txn_result(t));
	json_object_object_add(
	    t->job, "state", json_object_new_string(state[t->end]));
	if (!t->req->dry_run)
		audit(t, state[t->end], NULL);
}

int
txn_look(struct txn *t, struct err *err)
{
	size_t i;

	for (i = 0; i < STEP__MAX && !writes(i); i++) {
		t->step = txn_steps[i].name;
		if (txn_steps[i].run(t, err) == -1)
			return -1;
	}
	return 0;
}

/* Two fifths of the time are kept for the way back. */
static void
keep_time(struct txn *t)
{
	int64_t left = t->until - now_ms();

	if (t->until != 0)
		t->limited.until = t->until - left * 2 / 5;
}

int
txn_run(const struct conf *conf, const struct apply_request *req,
    apply_progress progress, void *arg, struct json_object **ret_job,
    struct err *err)
{
	struct err cause, outer;
	struct txn *t;
	size_t i;
	int rc = -1;

	if ((t = txn_new(conf, req)) == NULL)
		return err_set(err, ERR_NOMEM, "", "transaction");
	t->progress = progress;
	t->arg = arg;
	keep_time(t);
	if (job_begin(t, err) == -1)
		goto out;
	tell(t);
	err_clear(&cause);
	err_clear(&outer);
	for (i = 0; i < STEP__MAX && !t->finished; i++) {
		if (step_run(t, i, &cause) == -1) {
			finish_failed(t, i, &cause, &outer);
			goto report;
		}
		if (req->dry_run && (txn_steps[i].flags & DRY_END) != 0) {
			t->end = TXN_DRY_RUN;
			t->finished = true;
		}
	}
	if (t->finished)
		walk_back(t, i - 1, false);
	finish_done(t);
	rc = 0;
report:
	tell(t);
	*ret_job = json_object_get(t->job);
	if (rc == -1 && err != NULL)
		*err = outer;
out:
	txn_free(t);
	return rc;
}
