/*
 * check_names.c - checks of settings: certificates by name (SNI), that of
 * outbound connections, and those of clients.
 *
 * Only names that come are asked about; a Save of something else does not ask
 * again.
 */
#include <string.h>
#include <strings.h>

#include "jsonx.h"
#include "levels.h"
#include "setting_checks.h"
#include "sni_map.h"

static bool
is_new(const struct txn *t, const struct cert *c)
{
	return c->name[0] != '\0' &&
	       certs_find(&t->stored, c->use, c->name) == NULL;
}

/* Without one, Postfix turns every client away that asks for no name of
 * these (454). */
SETTING_CHECK(no_default)
{
	size_t i;

	if (txn_cert(t)->chain.len > 0 ||
	    params_own_certificate(t->facts.params))
		return;
	for (i = 0; i < t->certs.n; i++)
		if (is_new(t, &t->certs.v[i])) {
			findings_add(&t->findings, row->code, row->field, NULL);
			return;
		}
}

/* The administrator's table stands in front, and would answer. */
SETTING_CHECK(name_taken)
{
	const char *maps = jsonx_path_str(t->facts.params, SNI_MAPS, "");
	char map[SNI_MAP_MAX];
	struct gen_paths paths;
	const struct cert *c;
	size_t i;

	if (maps[0] == '\0' || gen_paths(t->conf, t->id, &paths, NULL) == -1)
		return;
	for (i = 0; i < t->certs.n; i++) {
		c = &t->certs.v[i];
		if (is_new(t, c) && sni_map_taken(t->conf, maps,
					paths.v[GEN_SNI], c->name, map))
			findings_add(&t->findings, row->code, row->field,
			    "name", c->name, "map", map, NULL);
	}
}

/* "The same as inbound", and there is none that is kept here. */
SETTING_CHECK(client_none)
{
	if (t->settings.client_certificate && txn_cert(t)->chain.len == 0)
		findings_add(&t->findings, row->code, row->field, NULL);
}

static bool
comes(const struct txn *t, enum cert_use use)
{
	const struct cert *c = certs_find(&t->certs, use, "");
	const struct cert *was = certs_find(&t->stored, use, "");

	return c != NULL && (was == NULL || !cert_same(c, was));
}

static bool
is_written(const struct txn *t, const char *name)
{
	const struct param_change *c = txn_planned(t, name);

	return c != NULL && c->after != NULL;
}

/* One of its own comes, and the tick goes before it. */
SETTING_CHECK(client_unused)
{
	if (t->settings.client_certificate && comes(t, CERT_OUTBOUND))
		findings_add(&t->findings, row->code, row->field, NULL);
}

/* Neither is proven by a probe: the words of the outcome say so. */
SETTING_CHECK(client_unseen)
{
	bool tick = t->settings.client_certificate;
	bool new_tick = tick && !t->former.settings.client_certificate;

	if (is_written(t, OUT_CHAIN) &&
	    (new_tick || comes(t, tick ? CERT_INBOUND : CERT_OUTBOUND)))
		findings_add(&t->findings, row->code, row->field, NULL);
}

SETTING_CHECK(client_ca_untried)
{
	if (is_written(t, IN_CAFILE) && comes(t, CERT_CLIENT_CA))
		findings_add(&t->findings, row->code, row->field, NULL);
}

/* Every mail server of the Internet without one is turned away. */
SETTING_CHECK(ccert_required)
{
	if (t->settings.ccert == CCERT_REQUIRE && t->settings.tls_only)
		findings_add(&t->findings, row->code, row->field, NULL);
}

/* One is required, and there is no CA that it could be of: asked by the Save
 * that changes the first, and by the one that takes the CAs. */
SETTING_CHECK(ccert_no_ca)
{
	const struct param_change *ca = txn_planned(t, IN_CAFILE);
	const char *file = ca != NULL
			       ? ca->after
			       : jsonx_path_str(t->facts.params, IN_CAFILE, "");

	if (t->settings.ccert == CCERT_REQUIRE && t->settings.tls_only &&
	    (file == NULL || *file == '\0') &&
	    (row->changed != 0 || ca != NULL))
		findings_add(&t->findings, row->code, row->field, NULL);
}

SETTING_CHECK(ccert_no_effect)
{
	if (t->settings.ccert == CCERT_REQUIRE && !t->settings.tls_only)
		findings_add(&t->findings, row->code, row->field, NULL);
}

SETTING_CHECK(ccert_lowered)
{
	const struct param_change *c = txn_planned(t, REQ_CCERT);

	if (c != NULL && c->before != NULL &&
	    strcasecmp(c->before, "yes") == 0 &&
	    (t->owned & param_bit(c->name)) == 0)
		findings_add(&t->findings, row->code, row->field, "parameter",
		    c->name, "value", c->before, "after",
		    c->after == NULL ? "" : c->after, NULL);
}

SETTING_CHECK(ccert_not_asked)
{
	if (t->settings.ccert == SETTING_KEEP &&
	    !params_ask_clients(t->facts.params))
		findings_add(&t->findings, row->code, row->field, NULL);
}

SETTING_CHECK(client_ca_unused)
{
	if (certs_find(&t->certs, CERT_CLIENT_CA, "") != NULL &&
	    certs_find(&t->stored, CERT_CLIENT_CA, "") == NULL)
		check_ccert_not_asked(row, t, access);
}

SETTING_CHECK(ccert_not_permitted)
{
	if (jsonx_member(t->facts.params, PARAM_PERMIT) == NULL)
		findings_add(&t->findings, row->code, row->field, NULL);
}

/* Fingerprints of somebody else's tables would match no more. */
SETTING_CHECK(ccert_digest)
{
	const struct param_change *c = txn_planned(t, CCERT_DIGEST);
	const char *maps = jsonx_path_str(t->facts.params, CCERT_MAPS, "");
	struct gen_paths paths;

	if (c == NULL || gen_paths(t->conf, t->id, &paths, NULL) == -1 ||
	    (!map_others(maps, paths.v[GEN_CCERTS]) &&
		jsonx_member(t->facts.params, PARAM_LOOKS) == NULL))
		return;
	findings_add(&t->findings, row->code, row->field, "parameter",
	    CCERT_DIGEST, "value", c->before == NULL ? "" : c->before, "maps",
	    maps[0] != '\0' ? maps : "check_ccert_access", NULL);
}
