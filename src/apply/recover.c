/*
 * recover.c - what a crash left is brought to one complete generation.
 *
 * The journal says "pending N", main.cf (and master.cf, if N changes it: both
 * must say the same, or it counts as not switched and goes back) says where
 * the crash was:
 *   main.cf is BEFORE   it was not switched, or is switched back already:
 *                       see that Postfix serves it, drop N
 *   main.cf is AFTER    switched: if Postfix and the probe agree, N is
 *                       complete and only the record was missing; otherwise
 *                       back to BEFORE
 *   neither             somebody edited it since: N stays if Postfix and the
 *                       probe agree, otherwise our parameters go back and
 *                       the edit stays
 * Main.cf and its files come first: once they are whole the journal is
 * closed, even if Postfix then does not answer; the next Save must be able to
 * mend that.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fsx.h"
#include "jsonx.h"
#include "keystore.h"
#include "maincf.h"
#include "service.h"
#include "txn_switch.h"

#define WAIT_MS	 30000 /* for locks of main.cf and master.cf */
#define AGREE_MS 2500

/* NAME.tmp of postconf is beside the link; NAME.postseal-PID of ours beside
 * the file, which may have any name there. */
static bool
is_leftover(const char *name, const char *head, bool link)
{
	size_t n = strlen(head);

	return strncmp(name, head, n) == 0 &&
	       ((link && strcmp(name + n, ".tmp") == 0) ||
		   strncmp(name + n, ".postseal-", 10) == 0);
}

static const struct actor recovery = {"postseald", "", "ctl"};

static void
note(const struct conf *conf, long id, const char *outcome)
{
	char detail[64];

	(void)snprintf(detail, sizeof(detail), "generation %ld", id);
	if (audit_add(conf, &recovery, EVENT_RECOVER, outcome, detail, NULL) ==
	    -1)
		log_warn("the audit log cannot be written");
}

static int
load_master(struct txn *t, struct err *err)
{
	char path[STATE_PATH_MAX];

	if (t->master_after_sha256[0] == '\0')
		return 0;
	if (generation_path(t->conf, t->id, "master.cf.before", path, err) ==
	    -1)
		return -1;
	return fsx_read(path, MAINCF_MAX, &t->master_before, err);
}

static int
load_new(struct txn *t, struct json_object **ret_meta, struct err *err)
{
	struct json_object *v;
	char path[STATE_PATH_MAX];

	if (generation_path(t->conf, t->id, NULL, t->dir, err) == -1 ||
	    generation_path(t->conf, t->id, "main.cf.before", path, err) ==
		-1 ||
	    fsx_read(path, MAINCF_MAX, &t->before, err) == -1 ||
	    load_master(t, err) == -1 ||
	    generation_settings(t->conf, t->id, &t->settings, err) == -1 ||
	    generation_certs(t->conf, t->id, &t->certs, err) == -1 ||
	    generation_meta(t->conf, t->id, ret_meta, err) == -1)
		return -1;
	t->staged = true;
	t->changes = json_object_get(jsonx_path(*ret_meta, "changes"));
	t->baseline = json_object_get(jsonx_path(*ret_meta, "baseline"));
	t->blind = json_object_get(jsonx_path(*ret_meta, "blind"));
	(void)snprintf(t->service, sizeof(t->service), "%s",
	    jsonx_path_str(*ret_meta, "service", ""));
	t->unread = jsonx_path_bool(*ret_meta, "unread");
	v = jsonx_path(*ret_meta, "former_known");
	t->former.known = json_object_get_boolean(v) && t->prev > 0;
	if (!json_object_is_type(t->changes, json_type_array))
		return err_set(err, ERR_IO, "",
		    "generation %ld does not say what it changes", t->id);
	return 0;
}

/* The generation in force before; "current" may name N already, or nothing
 * where N leaves. */
static int
load_former(struct txn *t, const struct journal *j, struct err *err)
{
	struct json_object *meta = NULL;
	long current;
	int rc = -1;

	if (generation_current(t->conf, &current, err) == -1)
		return -1;
	t->prev = current;
	if (generation_meta(t->conf, j->id, &meta, err) == 0) {
		t->prev =
		    (long)json_object_get_int64(jsonx_path(meta, "previous"));
		t->leave =
		    strcmp(jsonx_path_str(meta, "kind", ""), "leave") == 0;
		json_object_put(meta);
		meta = NULL;
	} else if (current == j->id) {
		return -1;
	}
	if (generation_settings(t->conf, t->prev, &t->former.settings, err) ==
	    -1)
		goto out;
	if (t->prev > 0 && generation_meta(t->conf, t->prev, &meta, NULL) == 0)
		(void)snprintf(t->former.sha256, sizeof(t->former.sha256), "%s",
		    jsonx_path_str(meta, "certificate.sha256", ""));
	rc = 0;
out:
	json_object_put(meta);
	return rc;
}

/* Has this file been switched?  One that somebody edited since has, if it
 * still names what N brought. */
static bool
main_switched(const struct txn *t)
{
	enum cf_state state = txn_main_state(t);
	char name[64];
	struct buf now;
	bool yes = state == CF_AFTER;

	if (state != CF_OTHER)
		return yes;
	buf_init(&now, MAINCF_MAX);
	(void)snprintf(name, sizeof(name), "/gen-%ld/", t->id);
	if (maincf_read(t->conf, &now, NULL) == 0)
		yes = strstr(now.data, name) != NULL;
	buf_clear(&now);
	return yes;
}

/* The facts were read with the names of N and of the one before, N's first. */
static bool
master_switched(const struct txn *t)
{
	enum cf_state state = txn_master_state(t);

	if (state != CF_OTHER)
		return state == CF_AFTER;
	return t->service[0] != '\0' &&
	       strcmp(t->service, t->facts.info.inbound.service) == 0;
}

/* Is any of both still (or already) the new one?  A change that shows in
 * neither is switched as soon as it was journaled. */
static bool
switched_any(const struct txn *t)
{
	bool main_same = strcmp(t->before_sha256, t->after_sha256) == 0;

	if (main_same && t->master_after_sha256[0] == '\0')
		return true;
	return main_switched(t) || master_switched(t);
}

static bool
switched(const struct txn *t)
{
	if (!switched_any(t))
		return false;
	if (strcmp(t->before_sha256, t->after_sha256) != 0 && !main_switched(t))
		return false;
	return t->master_after_sha256[0] == '\0' || master_switched(t);
}

/* Does the running Postfix already serve generation N? */
static bool
agrees(struct txn *t)
{
	if (!switched(t))
		return false;
	if (!t->running || json_object_array_length(t->changes) == 0)
		return true;
	if (!postfix_running(&t->facts.info))
		return false;
	/* Perhaps master(8) was not told yet, and no probe sees its limit. */
	if (t->master_after_sha256[0] != '\0' &&
	    service_reload(t->conf, &t->facts.info, NULL) == -1)
		return false;
	return txn_probe(t, AGREE_MS, NULL) == 0;
}

static struct json_object *
job_result(const struct txn *t)
{
	struct json_object *gen = NULL, *res = NULL;

	if (generation_get(t->conf, t->id, &gen, NULL) == -1)
		return NULL;
	if ((res = json_object_get(jsonx_path(gen, "result"))) != NULL) {
		json_object_object_add(
		    res, "generation", json_object_new_int64(t->id));
		json_object_object_add(
		    res, "result", json_object_new_string("applied"));
	}
	json_object_put(gen);
	return res;
}

/* Whoever waits for the Save by its job learns how it ended.  Best effort:
 * the generation's record says the same. */
static void
close_job(const struct txn *t, struct json_object *meta, bool applied)
{
	struct json_object *job = NULL, *steps, *row;
	size_t i;

	if (job_read(t->conf, jsonx_path_str(meta, "job", ""), &job, NULL) ==
	    -1)
		return;
	json_object_object_add(job, "state",
	    json_object_new_string(applied ? "applied" : "rolled_back"));
	json_object_object_add(job, "result", applied ? job_result(t) : NULL);
	json_object_object_add(job, "error",
	    applied ? NULL : json_object_get(jsonx_path(meta, "error")));
	steps = jsonx_path(job, "steps");
	for (i = 0; steps != NULL && i < json_object_array_length(steps); i++) {
		row = json_object_array_get_idx(steps, i);
		if (strcmp(jsonx_path_str(row, "state", ""), "running") == 0)
			json_object_object_add(row, "state",
			    json_object_new_string(
				applied ? "done" : "undone"));
	}
	if (job_write(t->conf, job, NULL) == -1)
		log_warn("the job of generation %ld stays open", t->id);
	json_object_put(job);
}

static int
complete(struct txn *t, struct json_object *meta, struct err *err)
{
	json_object_object_add(
	    meta, "outcome", json_object_new_string("applied"));
	/* What became of Postfix only the one that was cut off knew. */
	json_object_object_del(meta, "postfix");
	json_object_object_add(meta, "outage_ms", NULL);
	if (t->probe != NULL)
		json_object_object_add(
		    meta, "probe", json_object_get(t->probe));
	if (txn_close(t, meta, err) == -1)
		return -1;
	txn_keep_probe(t, t->facts.maincf_sha256);
	keystore_retire(t->conf, &t->certs);
	close_job(t, meta, true);
	log_info("generation %ld was complete but for its record", t->id);
	note(t->conf, t->id, "completed");
	return 0;
}

static bool
whole(const struct txn *t)
{
	return t->put_back || !switched_any(t);
}

/*
 * Can Postfix be left alone?  With one of the files still the new one the
 * restart is due anyway, and the facts name the new port.  (A kill between
 * the two renames looks like one while they were taken back, when Postfix had
 * loaded both; so that, too, ends with a restart.)
 */
static bool
serves_former(const struct txn *t)
{
	return txn_main_state(t) == CF_BEFORE &&
	       txn_master_state(t) == CF_BEFORE &&
	       postfix_running(&t->facts.info) && txn_former_serves(t);
}

static int
give_up(struct txn *t, struct json_object *meta, struct err *err)
{
	struct json_object *o;
	struct err why, cause;

	err_clear(&cause);
	t->restarted = t->running && !serves_former(t);
	if (txn_go_back_if_needed(t, &cause) == -1) {
		if (!whole(t)) {
			if (err != NULL)
				*err = cause;
			return -1;
		}
		log_warn("main.cf is the former one again, but: %s", cause.msg);
	}
	if (generation_set_current(t->conf, t->prev, err) == -1)
		return -1;
	err_set(&why, ERR_APPLY_INTERRUPTED, "",
	    "postseald was stopped in the middle of it");
	json_object_object_add(
	    meta, "outcome", json_object_new_string("failed"));
	if (jsonx_path(meta, "error") == NULL &&
	    (o = err_to_json(&why)) != NULL)
		json_object_object_add(meta, "error", o);
	/* Journal first: without its files the pending N could not be read
	 * again; without its journal N is swept. */
	if (journal_remove(t->conf, err) == -1 ||
	    generation_fail(t->conf, t->id, meta, err) == -1)
		return -1;
	close_job(t, meta, false);
	log_info("generation %ld was interrupted; generation %ld is in force",
	    t->id, t->prev);
	note(t->conf, t->id,
	    cause.code == ERR_NONE ? "rolled_back" : "not_serving");
	return 0;
}

static int
recover_pending(struct txn *t, const struct journal *j, struct err *err)
{
	struct json_object *meta = NULL;
	struct err cause;
	int rc = -1;

	t->id = j->id;
	t->running = j->running;
	memcpy(t->before_sha256, j->before, sizeof(j->before));
	memcpy(t->after_sha256, j->after, sizeof(j->after));
	memcpy(t->master_before_sha256, j->master_before,
	    sizeof(j->master_before));
	memcpy(
	    t->master_after_sha256, j->master_after, sizeof(j->master_after));
	if (facts_get(t->conf, &t->facts, err) == -1 ||
	    load_former(t, j, err) == -1)
		goto out;
	t->next = t->facts.info;
	if (load_new(t, &meta, &cause) == -1) {
		if (switched_any(t)) {
			if (err != NULL)
				*err = cause;
			goto out;
		}
		log_warn("generation %ld, not in force, is damaged: %s", t->id,
		    cause.msg);
		rc = journal_remove(t->conf, err);
		goto out;
	}
	rc = agrees(t) ? complete(t, meta, err) : give_up(t, meta, err);
out:
	json_object_put(meta);
	return rc;
}

/* Is there a file of ours, or of a postconf that was killed, beside this
 * one? */
static bool
leftovers(const char *dir, const char *head, bool link)
{
	const struct dirent *e;
	bool found = false;
	DIR *d;

	if ((d = opendir(dir)) == NULL)
		return false;
	while (!found && (e = readdir(d)) != NULL)
		found = is_leftover(e->d_name, head, link);
	closedir(d);
	return found;
}

/* Under the lock that a living postconf would hold. */
static void
remove_leftovers(
    const struct conf *conf, const char *dir, const char *head, bool link)
{
	char path[STATE_PATH_MAX];
	const struct dirent *e;
	int lock, master;
	DIR *d;

	if ((lock = maincf_lock(conf, 0, NULL)) == -1)
		return;
	if ((master = mastercf_lock(conf, 0, NULL)) == -1) {
		state_unlock_maincf(conf, lock);
		return;
	}
	if ((d = opendir(dir)) != NULL) {
		while ((e = readdir(d)) != NULL) {
			if (is_leftover(e->d_name, head, link) &&
			    fsx_path(path, sizeof(path), NULL, "%s/%s", dir,
				e->d_name) == 0)
				(void)fsx_unlink(path, NULL);
		}
		closedir(d);
	}
	state_unlock_mastercf(conf, master);
	state_unlock_maincf(conf, lock);
}

/* Beside the link, where the lock is, and beside what it points to. */
static void
sweep_file(const struct conf *conf, const char *name)
{
	char path[STATE_PATH_MAX], *real, *slash;

	if (leftovers(conf->config_directory, name, true))
		remove_leftovers(conf, conf->config_directory, name, true);
	if (fsx_path(path, sizeof(path), NULL, "%s/%s", conf->config_directory,
		name) == -1 ||
	    (real = realpath(path, NULL)) == NULL)
		return;
	if ((slash = strrchr(real, '/')) != NULL && slash != real) {
		*slash = '\0';
		if (leftovers(real, slash + 1, false))
			remove_leftovers(conf, real, slash + 1, false);
	}
	free(real);
}

static int
sweep(const struct conf *conf, struct err *err)
{
	sweep_file(conf, "main.cf");
	sweep_file(conf, "master.cf");
	return generation_sweep(conf, err);
}

int
recover_locked(const struct conf *conf, struct err *err)
{
	struct journal j;
	struct txn *t = NULL;
	int rc = -1;

	if (journal_read(conf, &j, err) == -1)
		return -1;
	if (!j.pending)
		return sweep(conf, err);
	if ((t = txn_new(conf, NULL)) == NULL)
		return err_set(err, ERR_NOMEM, "", "transaction");
	facts_drop(conf);
	t->maincf_lock = maincf_lock(conf, WAIT_MS, err);
	if (t->maincf_lock == -1)
		goto out;
	if (j.master_after[0] != '\0' &&
	    (t->mastercf_lock = mastercf_lock(conf, WAIT_MS, err)) == -1)
		goto out;
	rc = recover_pending(t, &j, err);
out:
	txn_free(t);
	return rc == 0 ? sweep(conf, err) : -1;
}
