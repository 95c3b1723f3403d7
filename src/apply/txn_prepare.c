/*
 * txn_prepare.c - steps lock and plan: what stands, and what would change.
 * With inspect between them, whatever can be refused is refused here, before
 * anything was written.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "jsonx.h"
#include "txn.h"

#define POSTCONF_WAIT_MS 3000
#define SERVING_WAIT_MS	 5000 /* a hot main.cf takes two of them */

/* What stands now: generation in force, its settings, chain and facts. */
int
txn_load_former(struct txn *t, struct err *err)
{
	struct json_object *meta = NULL, *drift = NULL, *v;
	int rc = -1;

	if (generation_current(t->conf, &t->prev, err) == -1 ||
	    generation_settings(t->conf, t->prev, &t->former.settings, err) ==
		-1 ||
	    generation_chain(t->conf, t->prev, &t->stored, err) == -1)
		goto out;
	if (settings_copy(&t->settings, &t->former.settings) == -1) {
		err_set(err, ERR_NOMEM, "", "settings");
		goto out;
	}
	if (t->prev > 0) {
		if (generation_meta(t->conf, t->prev, &meta, err) == -1)
			goto out;
		v = jsonx_path(meta, "certificate");
		if (json_object_is_type(v, json_type_object))
			t->stored_cert = json_object_get(v);
		t->stored_changed = t->stored_cert != NULL &&
				    !chain_is_intact(meta, &t->stored);
	}
	(void)snprintf(t->former.sha256, sizeof(t->former.sha256), "%s",
	    jsonx_path_str(t->stored_cert, "sha256", ""));
	if (drift_find(t->conf, &t->facts, t->prev, &t->former.settings, meta,
		&drift, err) == -1)
		goto out;
	t->former.drifted = json_object_array_length(drift) > 0;
	t->former.known = t->prev > 0 && !t->former.drifted;
	rc = 0;
out:
	json_object_put(meta);
	json_object_put(drift);
	return rc;
}

static int
check_etag(const struct txn *t, struct err *err)
{
	char etag[APPLY_ETAG_MAX];

	if (t->req->if_match == NULL || strcmp(t->req->if_match, "*") == 0)
		return 0;
	apply_etag(t->prev, t->facts.maincf_sha256, etag);
	if (strcmp(t->req->if_match, etag) == 0)
		return 0;
	return err_set(err, ERR_SETTINGS_STALE, "",
	    "expected %.40s, the settings are at %.40s", t->req->if_match,
	    etag);
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
	if ((t->lock = state_lock(t->conf, 0, err)) == -1)
		return -1;
	if (journal_read(t->conf, &j, err) == -1)
		return -1;
	if (j.pending && recover_locked(t->conf, err) == -1)
		return -1;
	if (lock_and_ask(t, err) == -1)
		return -1;
	t->running = postfix_running(&t->facts.info);
	if (txn_load_former(t, err) == -1)
		return -1;
	return check_etag(t, err);
}

int
undo_lock(struct txn *t, struct err *err)
{
	if (t->maincf_lock != -1)
		state_unlock_maincf(t->conf, t->maincf_lock);
	if (t->lock != -1)
		close(t->lock);
	t->maincf_lock = t->lock = -1;
	return 0;
}

/*
 * A reload is enough for every TLS parameter (POSTFIX.md 1.5), but it does
 * not wake a service that master has throttled (1.14), and it needs a Postfix
 * that runs.  The table is for parameters of later screens.
 */
static const char *const needs_restart[] = {
    "inet_interfaces", "inet_protocols", "alternate_config_directories", NULL};

static int
check_reload(const struct txn *t, struct err *err)
{
	const struct postfix_info *info = &t->facts.info;
	struct probe_want want = {.host = info->probe_host,
	    .port = info->probe_port,
	    .starttls = t->former.settings.inbound_enabled,
	    .total_ms = SERVING_WAIT_MS};
	struct json_object *result = NULL;
	struct err cause;
	size_t i, j;

	for (i = 0; i < t->plan.n; i++) {
		for (j = 0; needs_restart[j] != NULL; j++) {
			if (strcmp(t->plan.v[i].name, needs_restart[j]) == 0)
				return err_set(err, ERR_APPLY_RELOAD, "apply",
				    "%s needs a restart", needs_restart[j]);
		}
	}
	if (!t->running)
		return 0;
	if (probe_run(&want, &result, &cause) == 0) {
		json_object_put(result);
		return 0;
	}
	if (cause.code != ERR_PROBE_CONNECT && cause.code != ERR_PROBE_BANNER)
		return 0;
	return err_set(err, ERR_APPLY_RELOAD, "apply",
	    "Postfix does not answer, which a reload cannot mend: %.120s",
	    cause.msg);
}

/* Parameters as they would be with this generation's chain file. */
static int
plan_for(struct txn *t, long id, struct err *err)
{
	char path[STATE_PATH_MAX] = "";

	if (t->chain.len > 0 &&
	    generation_path(t->conf, id, "inbound.pem", path, err) == -1)
		return -1;
	json_object_put(t->wanted);
	t->wanted = NULL;
	param_plan_clear(&t->plan);
	if (params_wanted(&t->settings, &t->facts.info,
		t->chain.len > 0 ? path : NULL, &t->wanted, err) == -1)
		return -1;
	return params_plan(t->facts.params, t->wanted, &t->plan, err);
}

static bool
nothing_new(const struct txn *t)
{
	return settings_equal(&t->settings, &t->former.settings) &&
	       t->chain.len == t->stored.len &&
	       (t->chain.len == 0 ||
		   memcmp(t->chain.data, t->stored.data, t->chain.len) == 0) &&
	       !t->former.drifted;
}

int
step_plan(struct txn *t, struct err *err)
{
	if (nothing_new(t)) {
		t->end = TXN_UNCHANGED;
		t->finished = true;
		return 0;
	}
	if (generation_next(t->conf, &t->id, err) == -1 ||
	    plan_for(t, t->id, err) == -1)
		return -1;
	if (!t->running)
		findings_add(&t->findings, ERR_APPLY_STOPPED, "", NULL);
	if (t->mode == APPLY_RELOAD && t->plan.n > 0)
		return check_reload(t, err);
	return 0;
}
