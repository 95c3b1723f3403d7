/*
 * txn_scope.c - what of Postfix a Save is about, and what it must not do
 * unasked.
 *
 * A Save is a patch: a parameter is written when a setting that it follows
 * from is changed by the request (before generation 1: is named by it), or
 * when it is ours and names a file of the generation in force.  All else
 * stays, whoever set it; drift stays drift, and is reported.  To be confirmed:
 * a level set by hand that would be lowered, and a value set by hand over ours
 * that would be overwritten.
 */
#include <stdio.h>
#include <string.h>

#include "jsonx.h"
#include "levels.h"
#include "settings_table.h"
#include "txn_given.h"
#include "txn_plan.h"

static bool
is_save(const struct txn *t)
{
	return !txn_restores(t) && !t->req->adopt;
}

/* Parameters that are not what the generation in force says. */
static param_mask
drifted(const struct txn *t)
{
	param_mask mask = 0;
	size_t i;

	for (i = 0; t->prev > 0 && i < jsonx_len(t->drift); i++)
		mask |= param_bit(jsonx_path_str(
		    json_object_array_get_idx(t->drift, i), "parameter", ""));
	return mask;
}

/* Settings that a patch says something about; a null that keeps what was
 * there says nothing. */
static settings_mask
asked_for(struct json_object *patch)
{
	const struct settings_field *f;
	settings_mask mask = settings_named(patch);
	struct json_object *v;

	for (f = settings_fields; f->form != NULL; f++)
		if ((f->kind == SETTING_SWITCH || f->kind == SETTING_LIST) &&
		    settings_find(patch, f->path, &v) && v == NULL)
			mask &= ~SETTING_BIT(f->id);
	return mask;
}

void
scope_settings(struct txn *t)
{
	t->touched = settings_differ(&t->settings, &t->former.settings);
	if (t->prev == 0 && !t->req->form)
		t->touched |= asked_for(t->req->settings);
}

static bool
client_ca_changes(const struct txn *t)
{
	const struct cert *is = certs_find(&t->certs, CERT_CLIENT_CA, "");
	const struct cert *was = certs_find(&t->stored, CERT_CLIENT_CA, "");

	return is == NULL || was == NULL ? is != was : !cert_same(is, was);
}

void
scope_parameters(struct txn *t)
{
	param_mask hand = drifted(t);

	t->asserted = t->owned;
	if (txn_restores(t)) {
		t->rows = (t->owned | t->restored) & ~t->given_rows;
		t->asserted = t->restored;
		return;
	}
	if (t->req->adopt && t->prev == 0) {
		t->rows = 0;
		return;
	}
	if (t->req->adopt) {
		/* What is as good as ours is taken over as it is, and what the
		 * console has never written is none of its concern. */
		t->rows = t->owned;
		t->asserted &= ~(param_bit(OUT_LEVEL) | param_bit(OUT_CAFILE));
		return;
	}
	if (!certs_same(&t->certs, &t->stored))
		t->touched |= SETTINGS_FILES;
	t->rows = params_of(t->touched) |
		  (params_marked(PARAM_FILE) & t->owned & ~hand);
	/* A chosen level that comes into force asks DNS as it must. */
	if ((t->rows & param_bit(OUT_LEVEL)) != 0 &&
	    t->settings.outbound_level != SETTING_KEEP)
		t->rows |= param_bit(DNS_SUPPORT);
	/* An older name without effect is no concern of this Save. */
	t->rows &= ~hand | params_without_orphans(hand);
	if (client_ca_changes(t))
		t->rows |= param_bit(IN_CAFILE);
}

bool
scope_certificate_missing(const struct txn *t)
{
	const settings_mask level = SETTING_BIT(SETTING_inbound_enabled) |
				    SETTING_BIT(SETTING_tls_only);
	struct tls_level now;
	bool asks;

	/* What stood before comes back as it stood, without one too. */
	if (!t->settings.inbound_enabled || t->req->original ||
	    (t->req->adopt && t->prev == 0) || given_certificate(t))
		return false;
	level_read(t->facts.params, TLS_INBOUND, &now);
	if ((!t->req->adopt || (t->owned & param_bit(IN_CHAIN)) == 0) &&
	    now.rank != RANK_NONE && params_own_certificate(t->facts.params))
		return false;
	asks = is_save(t)
		   ? (t->touched & level) != 0
		   : ((t->owned | t->restored) & param_bit(IN_LEVEL)) != 0;
	return asks || (t->owned & param_bit(IN_CHAIN)) != 0;
}

/* Our own files are mended by whatever Save comes. */
static bool
files_drifted(const struct txn *t)
{
	size_t i;

	for (i = 0; i < jsonx_len(t->drift); i++)
		if (jsonx_path_str(json_object_array_get_idx(t->drift, i),
			"parameter", "")[0] == '/')
			return true;
	return false;
}

bool
scope_is_empty(const struct txn *t)
{
	if (t->req->original)
		return t->written == 0 && !(t->leave && t->prev > 0);
	if (!certs_same(&t->certs, &t->stored))
		return false;
	if (is_save(t))
		return t->touched == 0 && !files_drifted(t);
	/* The first adopt is the record that somebody has looked. */
	return !(t->req->adopt && t->prev == 0) &&
	       settings_equal(&t->settings, &t->former.settings) &&
	       !t->former.drifted;
}

bool
scope_came_to_nothing(const struct txn *t)
{
	return is_save(t) && t->plan.n == 0 &&
	       certs_same(&t->certs, &t->stored) && !files_drifted(t) &&
	       settings_equal(&t->settings, &t->former.settings);
}

static const char *
text(const char *value)
{
	return value == NULL ? "" : value;
}

/* The field of the form that the first of them has. */
static const char *
form_of(settings_mask mask)
{
	const struct settings_field *f;

	for (f = settings_fields; f->form != NULL; f++)
		if ((mask & SETTING_BIT(f->id)) != 0)
			return f->form;
	return (mask & SETTINGS_FILES) != 0 ? "server_certificate" : "";
}

/* Something that was demanded of a peer is not any more.  A level that the
 * console wrote itself may be lowered by a request that names it. */
static void
check_lowered(struct txn *t, enum tls_direction direction,
    struct json_object *next, param_mask hand)
{
	const char *level = direction == TLS_INBOUND ? IN_LEVEL : OUT_LEVEL;
	struct tls_level was, is;

	level_read(t->facts.params, direction, &was);
	level_read(next, direction, &is);
	if (was.rank == RANK_BAD || is.rank >= RANK_OWN ||
	    (was.demands & ~is.demands) == 0 ||
	    (t->owned & ~hand & param_bit(level)) != 0)
		return;
	findings_add(&t->findings, ERR_LEVEL_LOWERED,
	    direction == TLS_INBOUND && is.rank != RANK_NONE
		? "tls_only"
	    : direction == TLS_OUTBOUND && is.rank != RANK_NONE &&
		    (t->touched & SETTING_BIT(SETTING_outbound_level)) != 0
		? "outbound_level"
		: form_of(param_settings(level)),
	    "parameter", was.parameter, "value", was.value, "after",
	    is.value[0] == '\0' ? "none" : is.value, NULL);
}

static void
check_overwritten(struct txn *t, param_mask hand)
{
	const struct param_change *c;
	size_t i;

	for (i = 0; i < t->plan.n; i++) {
		c = &t->plan.v[i];
		if ((hand & param_bit(c->name)) == 0)
			continue;
		findings_add(&t->findings, ERR_DRIFT_OVERWRITES,
		    form_of(param_settings(c->name) & t->touched), "parameter",
		    c->name, "value", text(c->before), "managed",
		    text(c->after), NULL);
	}
}

void
scope_tell_drift(struct txn *t)
{
	struct json_object *row;
	const char *name;
	size_t i;

	for (i = 0; is_save(t) && t->prev > 0 && i < jsonx_len(t->drift); i++) {
		row = json_object_array_get_idx(t->drift, i);
		name = jsonx_path_str(row, "parameter", "");
		if (name[0] != '/' && txn_planned(t, name) == NULL)
			findings_add(&t->findings, ERR_DRIFT_STAYS, "",
			    "parameter", name, "value",
			    jsonx_path_str(row, "actual", ""), "managed",
			    jsonx_path_str(row, "expected", ""), NULL);
	}
}

/* When the chain file takes over: older names that something else needs. */
static void
tell_used(struct txn *t)
{
	const struct param_change *chain = txn_planned(t, IN_CHAIN);
	const char *mark;
	char name[128];

	if (chain == NULL || chain->after == NULL ||
	    (t->owned & param_bit(IN_CHAIN)) != 0)
		return;
	json_object_object_foreach (t->facts.params, key, by) {
		if ((mark = strstr(key, PARAM_USED)) == NULL)
			continue;
		(void)snprintf(
		    name, sizeof(name), "%.*s", (int)(mark - key), key);
		if (txn_planned(t, name) != NULL)
			continue;
		findings_add(&t->findings, ERR_PARAMETER_KEPT,
		    "server_certificate", "parameter", name, "by",
		    json_object_get_string(by), NULL);
	}
}

int
scope_check(struct txn *t, struct err *err)
{
	param_mask hand = drifted(t);
	struct json_object *next = params_after(t->facts.params, &t->plan);

	if (next == NULL)
		return err_set(err, ERR_NOMEM, "", "parameters");
	check_lowered(t, TLS_INBOUND, next, hand);
	check_lowered(t, TLS_OUTBOUND, next, hand);
	json_object_put(next);
	if (is_save(t))
		check_overwritten(t, hand);
	scope_tell_drift(t);
	tell_used(t);
	return 0;
}
