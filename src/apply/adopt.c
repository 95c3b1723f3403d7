/*
 * adopt.c - hand edits of managed parameters become settings.
 *
 * What can be said in settings is taken over: the levels of both directions,
 * also by their legacy names, and the certificate, from whatever files main.cf
 * names; those are read as root and then inspected like an upload.  An
 * outbound level above "may" counts as on and stays, and so does an inbound
 * one that the console has no word for and has never written; over one of
 * ours it is refused with its name.  Any other value
 * set by hand goes back to the managed one, and only after the administrator
 * has said yes to that (drift.reset).
 */
#include <string.h>

#include "jsonx.h"
#include "levels.h"
#include "sni_map.h"
#include "txn_plan.h"

static const char *
value_of(const struct txn *t, const char *name)
{
	return jsonx_path_str(t->facts.params, name, "");
}

static void
not_adoptable(struct txn *t, const char *name)
{
	findings_add(&t->findings, ERR_DRIFT_NOT_ADOPTABLE, "", "parameter",
	    name, "value", value_of(t, name), NULL);
}

static void
adopt_levels(struct txn *t)
{
	struct tls_level in, out;

	level_read(t->facts.params, TLS_INBOUND, &in);
	level_read(t->facts.params, TLS_OUTBOUND, &out);
	/* What the console has never written stays, said or not. */
	if ((in.rank == RANK_OWN &&
		(t->owned & param_bit(in.parameter)) != 0) ||
	    in.rank == RANK_BAD)
		not_adoptable(t, in.parameter);
	if (out.rank == RANK_BAD)
		not_adoptable(t, out.parameter);
}

/* What the console cannot say in its own words is left to the administrator:
 * that setting is no longer managed, and Postfix keeps what it has, now and
 * when the setting is given up. */
static int
adopt_settings(struct txn *t, struct err *err)
{
	settings_mask managed = settings_managed(&t->settings);
	struct params_context c;
	struct gen_paths paths;

	if (txn_context(t, t->prev, &c, &paths, err) == -1)
		return -1;
	adopt_levels(t);
	(void)params_take(&c, PARAMS_ALL, &t->settings);
	params_forget(
	    t->former.originals, managed & ~settings_managed(&t->settings));
	return 0;
}

static int
adopt_certificate(struct txn *t, struct err *err)
{
	const char *chain = value_of(t, IN_CHAIN);
	char ours[STATE_PATH_MAX] = "";
	struct buf *all = &t->certs.v[CERTS_DEFAULT].chain;
	const char *unread[STANDING_FILES_MAX];
	size_t i, n = 0;

	if (t->prev > 0 && generation_path(t->conf, t->prev, CERT_DEFAULT_FILE,
			       ours, err) == -1)
		return -1;
	if (strcmp(chain, ours) == 0 && ours[0] != '\0' &&
	    !txn_stored(t)->changed)
		return 0;
	if (standing_files(t->conf, t->facts.params, all, unread, &n,
		err) == -1)
		return -1;
	for (i = 0; i < n; i++)
		not_adoptable(t, unread[i]);
	return 0;
}

/* One that main.cf names no more is none of ours: whatever stands there instead
 * is the administrator's. */
static void
adopt_named(struct txn *t, enum cert_use use, const char *parameter)
{
	const struct cert *c = certs_find(&t->certs, use, "");

	if (c != NULL && (t->owned & param_bit(parameter)) != 0 &&
	    !params_name_ours(t->facts.params, parameter))
		certs_drop(&t->certs, c);
}

int
adopt_source(struct txn *t, struct err *err)
{
	if (adopt_settings(t, err) == -1 || txn_same_certs(t, err) == -1)
		return -1;
	adopt_named(t, CERT_OUTBOUND, OUT_CHAIN);
	adopt_named(t, CERT_CLIENT_CA, IN_CAFILE);
	/* Where the chain file has never been ours nothing is touched: whoever
	 * renews the files that are there goes on doing so. */
	if ((t->owned & param_bit(IN_CHAIN)) == 0 ||
	    !t->settings.inbound_enabled)
		return 0;
	return adopt_certificate(t, err);
}

/* Taken over above, or only another name for it.  The access map that
 * stands behind other restrictions goes to the front, so it is not one of
 * these. */
static bool
is_adopted(const char *name, const char *value, const struct gen_paths *paths)
{
	const char *access = paths->v[GEN_ACCESS];

	if (strcmp(name, IN_CLIENTS) == 0)
		return restrictions_map_first(value, access) ||
		       !restrictions_have_map(value, access);
	if (strcmp(name, SNI_MAPS) == 0) /* of another generation */
		return map_named(value, paths->v[GEN_SNI]);
	if (strcmp(name, CCERT_MAPS) == 0)
		return map_named(value, paths->v[GEN_CCERTS]);
	return (param_bit(name) & params_marked(PARAM_ADOPT)) != 0;
}

/* Hand-set values that the new generation would not have. */
void
adopt_check(struct txn *t)
{
	struct param_plan plan = {NULL, 0};
	const struct param_change *c;
	struct params_context context;
	struct gen_paths paths;
	size_t i;

	/* Any number will do: the chain file's name is not looked at. */
	if (txn_context(t, t->prev + 1, &context, &paths, NULL) == -1 ||
	    params_plan_all(&context, &plan, NULL) == -1)
		return; /* the plan step will say why */
	for (i = 0; i < plan.n; i++) {
		c = &plan.v[i];
		if (c->before == NULL ||
		    is_adopted(c->name, c->before, &paths) ||
		    params_name_ours(t->facts.params, c->name))
			continue;
		findings_add(&t->findings, ERR_DRIFT_RESET, "", "parameter",
		    c->name, "value", c->before, "managed",
		    c->after == NULL ? "" : c->after, NULL);
	}
	param_plan_clear(&plan);
}
