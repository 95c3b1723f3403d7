/*
 * check_listeners.c - checks of settings: do the listeners of master.cf let the
 * change through?
 *
 * Refused is what could have no effect where the console's service is: nothing
 * listens, "-o" of master.cf overrules the level, STARTTLS is hidden from
 * everybody.  Where another address with the same port overrules it, that
 * address is named; where STARTTLS is hidden from this host alone, the
 * administrator is told that nothing can be proven.
 */
#include <stdio.h>
#include <string.h>

#include "setting_checks.h"
#include "sni_map.h"

static enum postfix_tls
level_of(const char *value)
{
	if (value == NULL || strcmp(value, "none") == 0)
		return POSTFIX_TLS_NONE;
	return strcmp(value, "may") == 0 ? POSTFIX_TLS_MAY
					 : POSTFIX_TLS_ENCRYPT;
}

/* The level that would be. */
static enum postfix_tls
level_after(const struct param_change *c, const struct postfix_listener *l)
{
	if (c == NULL && l != NULL)
		return l->main_tls;
	return level_of(c == NULL ? NULL : c->after);
}

/* A setting that needs a listener, over one that is not there. */
SETTING_CHECK(closed)
{
	const struct param_change *c = txn_planned(t, IN_LEVEL);

	if (t->facts.info.n_listeners == 0 &&
	    (row->of != 0 || level_after(c, NULL) != POSTFIX_TLS_NONE))
		findings_add(&t->findings, row->code, row->field, "detail",
		    t->facts.info.closed, NULL);
}

/* What stood before was overruled then, too: no reason to keep it from coming
 * back. */
static void
shadowed(struct txn *t, size_t i, const char *parameter)
{
	const struct postfix_listener *l = &t->facts.info.listener[i];

	findings_add_sev(&t->findings, ERR_INBOUND_SHADOWED,
	    i == 0 && !t->req->original ? SEV_ERROR : SEV_WARN, "inbound_enabled", "service",
	    l->service, "address", l->host, "parameter", parameter, NULL);
}

static void
hidden_here(struct txn *t, const struct postfix_listener *l)
{
	char port[16], detail[120];

	(void)snprintf(port, sizeof(port), "%d", l->port);
	(void)snprintf(detail, sizeof(detail),
	    "%s hides STARTTLS from this address", l->hides);
	findings_add(&t->findings, ERR_PROBE_BLIND, "", "address", l->host,
	    "port", port, "detail", detail, NULL);
}

/* Is another certificate to be served than was? */
static bool
chain_changes(const struct txn *t)
{
	const struct param_change *c = txn_planned(t, IN_CHAIN);

	return c != NULL && c->after != NULL &&
	       (txn_cert(t)->chain.len == 0 ||
		   !cert_same(txn_cert(t), txn_stored(t)));
}

/* Does a certificate by name come, or another one for a name? */
static bool
names_come(const struct txn *t)
{
	const struct cert *c, *was;
	size_t i;

	for (i = CERTS_DEFAULT + 1; i < t->certs.n; i++) {
		c = &t->certs.v[i];
		was = certs_find(&t->stored, c->use, c->name);
		if (c->use == CERT_INBOUND &&
		    (was == NULL || !cert_same(c, was)))
			return true;
	}
	return false;
}

/* TLS comes: will a client, and will the probe, see it? */
static void
check_offered(struct txn *t, size_t i)
{
	const struct postfix_listener *l = &t->facts.info.listener[i];

	if (l->hides_all)
		shadowed(t, i, l->hides);
	else if (l->hides[0] != '\0' && l->tls == POSTFIX_TLS_NONE &&
		 listener_hidden(t->conf, l))
		hidden_here(t, l);
}

SETTING_CHECK(listeners)
{
	const struct postfix_info *info = &t->facts.info;
	const struct param_change *c = txn_planned(t, IN_LEVEL);
	const struct postfix_listener *l;
	bool chain = chain_changes(t), names = names_come(t);
	enum postfix_tls to;
	size_t i;

	for (i = 0; i < info->n_listeners; i++) {
		l = &info->listener[i];
		to = level_after(c, l);
		if (chain && l->own_chain && to != POSTFIX_TLS_NONE)
			shadowed(t, i, IN_CHAIN);
		if (names && l->own_sni && to != POSTFIX_TLS_NONE)
			shadowed(t, i, SNI_MAPS);
		if ((c != NULL && l->own_level && l->tls != to) ||
		    (chain && to != POSTFIX_TLS_NONE &&
			l->tls == POSTFIX_TLS_NONE && l->own_level))
			shadowed(t, i, IN_LEVEL);
		else if (c != NULL && to != POSTFIX_TLS_NONE)
			check_offered(t, i);
	}
}
