/*
 * txn_listeners.c - step plan: do the listeners of master.cf let the change
 * through?
 *
 * Refused is what could have no effect where the console's service is: nothing
 * listens, "-o" of master.cf overrules the level, STARTTLS is hidden from
 * everybody.  Where another address with the same port overrules it, that
 * address is named; where STARTTLS is hidden from this host alone, the
 * administrator is told that nothing can be proven.
 */
#include <stdio.h>
#include <string.h>

#include "jsonx.h"
#include "txn_plan.h"

static const struct param_change *
planned(const struct txn *t, const char *name)
{
	size_t i;

	for (i = 0; i < t->plan.n; i++)
		if (strcmp(t->plan.v[i].name, name) == 0)
			return &t->plan.v[i];
	return NULL;
}

static enum postfix_tls
level_of(const char *value)
{
	if (value == NULL || strcmp(value, "none") == 0)
		return POSTFIX_TLS_NONE;
	return strcmp(value, "may") == 0 ? POSTFIX_TLS_MAY
					 : POSTFIX_TLS_ENCRYPT;
}

/* Settings that need a listener, over one that is not there. */
static void
check_closed(struct txn *t, bool tls)
{
	const struct {
		const char *field;
		bool wanted;
	} row[] = {{"inbound_enabled", tls},
	    {"listen", t->settings.listen != SETTING_KEEP},
	    {"smtp_port", t->settings.smtp_port != SETTING_KEEP},
	    {"max_connections", t->settings.max_connections != SETTING_KEEP},
	    {"access_policy", t->settings.access_policy != SETTING_KEEP}};
	size_t i;

	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		if (row[i].wanted)
			findings_add(&t->findings, ERR_INBOUND_CLOSED,
			    row[i].field, "detail", t->facts.info.closed, NULL);
}

static void
shadowed(struct txn *t, size_t i, const char *parameter)
{
	const struct postfix_listener *l = &t->facts.info.listener[i];

	findings_add_sev(&t->findings, ERR_INBOUND_SHADOWED,
	    i == 0 ? SEV_ERROR : SEV_WARN, "inbound_enabled", "service",
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
	const struct param_change *c = planned(t, "smtpd_tls_chain_files");

	return c != NULL && c->after != NULL &&
	       (t->chain.len != t->stored.len || t->chain.len == 0 ||
		   memcmp(t->chain.data, t->stored.data, t->chain.len) != 0);
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

void
listeners_check(struct txn *t)
{
	const struct postfix_info *info = &t->facts.info;
	const struct param_change *c = planned(t, "smtpd_tls_security_level");
	enum postfix_tls to = level_of(c == NULL ? NULL : c->after);
	const struct postfix_listener *l;
	bool chain = chain_changes(t);
	size_t i;

	if (info->n_listeners == 0)
		check_closed(t, to != POSTFIX_TLS_NONE);
	for (i = 0; i < info->n_listeners; i++) {
		l = &info->listener[i];
		if (c == NULL)
			to = l->main_tls;
		if (chain && l->own_chain && to != POSTFIX_TLS_NONE)
			shadowed(t, i, "smtpd_tls_chain_files");
		if ((c != NULL && l->own_level && l->tls != to) ||
		    (chain && to != POSTFIX_TLS_NONE &&
			l->tls == POSTFIX_TLS_NONE && l->own_level))
			shadowed(t, i, "smtpd_tls_security_level");
		else if (c != NULL && to != POSTFIX_TLS_NONE)
			check_offered(t, i);
	}
}
