/*
 * txn_prepare.c - steps lock, inspect and plan: whatever can be refused is
 * refused here, before anything was written.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "jsonx.h"
#include "txn.h"

#define POSTCONF_WAIT_MS 3000
#define SERVING_WAIT_MS	 1500

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
	t->settings = t->former.settings;
	if (t->prev > 0) {
		if (generation_meta(t->conf, t->prev, &meta, err) == -1)
			goto out;
		v = jsonx_path(meta, "certificate");
		if (t->stored.len > 0 &&
		    json_object_is_type(v, json_type_object))
			t->stored_cert = json_object_get(v);
	}
	(void)snprintf(t->former.sha256, sizeof(t->former.sha256), "%s",
	    jsonx_path_str(t->stored_cert, "sha256", ""));
	if (drift_find(t->conf, &t->facts, t->prev, &t->former.settings,
		t->stored_cert != NULL, &drift, err) == -1)
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
	if (facts_get(t->conf, &t->facts, err) == -1 ||
	    postfix_usable(&t->facts.info, err) == -1)
		return -1;
	t->maincf_lock = maincf_lock(t->conf, POSTCONF_WAIT_MS, err);
	if (t->maincf_lock == -1)
		return -1;
	/* Somebody may have written while we waited for the lock. */
	if (!postfix_info_fresh(t->conf, &t->facts.info)) {
		facts_clear(&t->facts);
		if (facts_get(t->conf, &t->facts, err) == -1 ||
		    postfix_usable(&t->facts.info, err) == -1)
			return -1;
	}
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

static bool
files_given(const struct txn *t)
{
	size_t i;

	for (i = 0; i < PKI_FIELD__MAX; i++) {
		if (t->req->file[i].data != NULL)
			return true;
	}
	return false;
}

/* Take over the child's report: findings, CERT and chain. */
static int
take_report(struct txn *t, struct pki_output *out, struct err *err)
{
	struct json_object *v;

	v = jsonx_path(out->report, "findings");
	if (findings_from_json(&t->findings, v, err) == -1)
		return -1;
	if (out->chain.len == 0)
		return 0;
	if (buf_add(&t->chain, out->chain.data, out->chain.len) == -1)
		return err_set(err, ERR_NOMEM, "", "chain");
	v = jsonx_path(out->report, "certificate");
	if (!json_object_is_type(v, json_type_object))
		return err_set(err, ERR_INSPECT_FAILED, "",
		    "the inspection gave a chain without its description");
	t->cert = json_object_get(v);
	return 0;
}

static int
inspect_files(struct txn *t, struct err *err)
{
	const struct pki_jail jail = {
	    .user = geteuid() == 0 ? t->conf->inspect_user : NULL};
	struct pki_input in;
	struct pki_output out;
	int rc = -1;

	memset(&in, 0, sizeof(in));
	memcpy(in.file, t->req->file, sizeof(in.file));
	in.passphrase = t->req->passphrase;
	in.hostname = t->facts.info.myhostname;
	in.now = time(NULL);
	in.confirm = t->req->confirm;
	in.n_confirm = t->req->n_confirm;
	if (t->stored.len > 0) {
		in.stored.data = t->stored.data;
		in.stored.len = t->stored.len;
	}
	pki_output_init(&out);
	if (pki_inspect_jailed(&jail, &in, &out, err) == 0)
		rc = take_report(t, &out, err);
	pki_output_clear(&out);
	return rc;
}

/* Nothing new was given: what is stored stays, unexamined; a check that is
 * newer than the certificate must not block another change. */
static int
keep_stored(struct txn *t, struct err *err)
{
	if (t->stored.len > 0 &&
	    buf_add(&t->chain, t->stored.data, t->stored.len) == -1)
		return err_set(err, ERR_NOMEM, "", "chain");
	t->cert = json_object_get(t->stored_cert);
	return 0;
}

/* Inbound turned off turns "TLS only" off, unless the patch asks for it. */
static int
patch_settings(struct txn *t, struct err *err)
{
	if (t->req->settings == NULL)
		return 0;
	if (settings_from_json(&t->settings, t->req->settings, err) == -1)
		return -1;
	if (!t->settings.inbound_enabled &&
	    jsonx_path(t->req->settings, "inbound.tls_only") == NULL)
		t->settings.tls_only = false;
	return 0;
}

static void
check_rules(struct txn *t)
{
	const struct settings *s = &t->settings;

	if (s->tls_only && !s->inbound_enabled)
		findings_add(
		    &t->findings, ERR_SETTINGS_TLS_ONLY, "tls_only", NULL);
	if (s->inbound_enabled && s->tls_only)
		findings_add(&t->findings, ERR_SETTINGS_MX, "tls_only", NULL);
	if (s->inbound_enabled && !files_given(t) && t->chain.len == 0)
		findings_add(&t->findings, ERR_SETTINGS_CERT_MISSING,
		    "server_certificate", NULL);
}

int
step_inspect(struct txn *t, struct err *err)
{
	const struct finding *f;

	if (patch_settings(t, err) == -1)
		return -1;
	if ((files_given(t) ? inspect_files(t, err) : keep_stored(t, err)) ==
	    -1)
		return -1;
	check_rules(t);
	f = findings_blocking(&t->findings, t->req->confirm, t->req->n_confirm);
	if (f != NULL)
		return err_set(err, f->code, f->field, "%s", "refused");
	if (files_given(t) && t->chain.len == 0)
		return err_set(err, ERR_INSPECT_FAILED, "",
		    "the inspection gave no chain");
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
