/*
 * check_names.c - checks of settings: certificates by name (SNI), and that of
 * outbound connections.
 *
 * Only names that come are asked about; a Save of something else does not ask
 * again.
 */

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

/* One of its own comes, and the tick goes before it. */
SETTING_CHECK(client_unused)
{
	const struct cert *c = certs_find(&t->certs, CERT_OUTBOUND, "");
	const struct cert *was = certs_find(&t->stored, CERT_OUTBOUND, "");

	if (t->settings.client_certificate && c != NULL &&
	    (was == NULL || !cert_same(c, was)))
		findings_add(&t->findings, row->code, row->field, NULL);
}
