/*
 * setting_checks.c - the table of the checks of settings against this host,
 * and those of the access list and the limits.
 */
#include <stdio.h>
#include <string.h>

#include "check_outbound.h"
#include "check_report.h"
#include "jsonx.h"
#include "setting_checks.h"
#include "settings_table.h"

#define FEW_CONNECTIONS 10

/* Would a client with all of these addresses be let in? */
static bool
lets_all_in(
    const struct settings *s, const struct netlist *l, const struct net *n)
{
	return s->access_policy == ACCESS_DENY_EXCEPT ? netlist_covers(l, n)
						      : !netlist_overlaps(l, n);
}

static bool
lets_nobody_in(const struct settings *s, const struct netlist *l)
{
	return s->access_policy == ACCESS_DENY_EXCEPT && l->n == 0;
}

/* The map lets loopback pass whatever the list says; a list that says
 * otherwise is a mistake that must not look as if it worked. */
static SETTING_CHECK(cuts_loopback)
{
	static const char *const own[] = {"127.0.0.1", "::1"};
	char entry[NET_TEXT_MAX];
	struct net n;
	size_t i, j;

	if (t->settings.access_policy != ACCESS_ACCEPT_EXCEPT)
		return;
	for (i = 0; i < 2; i++) {
		(void)net_parse_word(own[i], strlen(own[i]), &n);
		for (j = 0; j < access->n; j++) {
			if (!net_contains(&access->v[j], &n))
				continue;
			net_format(&access->v[j], entry);
			findings_add(&t->findings, row->code, row->field,
			    "address", own[i], "entry", entry, NULL);
			break;
		}
	}
}

/* "192.0.2.0/24", "[2001:db8::]/32"; tables and exceptions are left out. */
static bool
parse_mynetwork(const char *word, size_t len, struct net *n)
{
	char text[NET_TEXT_MAX];
	size_t i, k = 0;

	for (i = 0; i < len && k < sizeof(text) - 1; i++)
		if (word[i] != '[' && word[i] != ']')
			text[k++] = word[i];
	return net_parse_word(text, k, n);
}

static SETTING_CHECK(mynetworks)
{
	const char *p = t->facts.info.inbound.mynetworks;
	char text[NET_TEXT_MAX];
	struct net n;
	size_t len;

	for (; !lets_nobody_in(&t->settings, access); p += len) {
		p += strspn(p, ", \t\r\n");
		if ((len = strcspn(p, ", \t\r\n")) == 0)
			return;
		if (!parse_mynetwork(p, len, &n) || net_is_loopback(&n) ||
		    lets_all_in(&t->settings, access, &n))
			continue;
		net_format(&n, text);
		findings_add(
		    &t->findings, row->code, row->field, "network", text, NULL);
		return;
	}
}

static SETTING_CHECK(you)
{
	const char *from = t->req->actor.from;
	struct net n;

	if (!lets_nobody_in(&t->settings, access) &&
	    net_parse_word(from, strlen(from), &n) && !net_is_loopback(&n) &&
	    !lets_all_in(&t->settings, access, &n))
		findings_add(
		    &t->findings, row->code, row->field, "address", from, NULL);
}

static SETTING_CHECK(denies_all)
{
	if (lets_nobody_in(&t->settings, access))
		findings_add(&t->findings, row->code, row->field, NULL);
}

static SETTING_CHECK(other_services)
{
	const char *others = t->facts.info.inbound.others;

	if (others[0] != '\0')
		findings_add(&t->findings, row->code, row->field, "services",
		    others, NULL);
}

static SETTING_CHECK(access_shadowed)
{
	const struct postfix_inbound *in = &t->facts.info.inbound;

	if (in->own_restrictions)
		findings_add(&t->findings, row->code, row->field, "service",
		    in->service, NULL);
}

/* Our element cannot be put beside what could not be read as text. */
static SETTING_CHECK(access_bytes)
{
	const struct param_change *c = txn_planned(t, IN_CLIENTS);

	if (c != NULL &&
	    json_object_object_get_ex(t->facts.params, PARAM_BYTES, NULL))
		findings_add(&t->findings, row->code, row->field, "value",
		    c->before, NULL);
}

static SETTING_CHECK(timeout_shadowed)
{
	const struct postfix_inbound *in = &t->facts.info.inbound;

	if (in->own_timeout)
		findings_add(&t->findings, row->code, row->field, "service",
		    in->service, "parameter", "smtpd_timeout", NULL);
}

static SETTING_CHECK(no_smtpd)
{
	const struct postfix_inbound *in = &t->facts.info.inbound;

	if (in->postscreen && !in->smtpd_pass)
		findings_add(&t->findings, row->code, row->field, NULL);
}

static SETTING_CHECK(few)
{
	const struct settings *s = &t->settings;
	char number[16];

	if (s->max_connections == 0 || s->max_connections >= FEW_CONNECTIONS)
		return;
	(void)snprintf(number, sizeof(number), "%d", s->max_connections);
	findings_add(&t->findings, row->code, row->field, "number", number,
	    "default", t->facts.info.inbound.default_limit, NULL);
}

static SETTING_CHECK(duplicates)
{
	char number[24];
	size_t i, n;

	for (i = 0; i < SETTING__MAX; i++) {
		if ((n = t->settings.dropped[i]) == 0)
			continue;
		(void)snprintf(number, sizeof(number), "%zu", n);
		findings_add(&t->findings, row->code, settings_fields[i].form,
		    "number", number, NULL);
	}
}

#define M(id)  SETTING_BIT(SETTING_##id)
#define OUTBOUND (M(outbound_level) | M(outbound_enabled))
#define ACCESS (M(access_policy) | M(access_list))

/* clang-format off */
static const struct setting_check setting_checks[] = {
	{ ERR_ACCESS_DUPLICATES, "access_list", 0, 0, check_duplicates },
	{ ERR_INBOUND_CLOSED, "inbound_enabled", 0, 0, check_closed },
	{ ERR_INBOUND_CLOSED, "listen", M(listen), 0, check_closed },
	{ ERR_INBOUND_CLOSED, "smtp_port", M(smtp_port), 0, check_closed },
	{ ERR_INBOUND_CLOSED, "max_connections", M(max_connections), 0,
	    check_closed },
	{ ERR_INBOUND_CLOSED, "access_policy", M(access_policy), 0,
	    check_closed },
	{ ERR_INBOUND_SHADOWED, "inbound_enabled", 0, 0, check_listeners },
	{ ERR_SNI_NO_DEFAULT, "server_certificate", 0, 0, check_no_default },
	{ ERR_SNI_SHADOWED, "name", 0, 0, check_name_taken },
	{ ERR_CLIENT_CERT_NONE, "client_certificate", 0,
	    M(client_certificate), check_client_none },
	{ ERR_CLIENT_CERT_UNUSED, "client_certificate", 0, 0,
	    check_client_unused },
	{ ERR_CLIENT_CERT_UNSEEN, "", 0, 0, check_client_unseen },
	{ ERR_CLIENT_CA_UNTRIED, "client_ca", 0, 0, check_client_ca_untried },
	{ ERR_OUT_NO_EFFECT, "outbound_level", M(outbound_level),
	    M(outbound_level), check_out_no_effect },
	{ ERR_OUT_WRAPPERMODE, "outbound_level", M(outbound_level), OUTBOUND,
	    check_out_wrappermode },
	{ ERR_OUT_INTERNET, "outbound_level", M(outbound_level), OUTBOUND,
	    check_out_internet },
	{ ERR_DANE_RESOLVER, "outbound_level", M(outbound_level), OUTBOUND,
	    check_dane },
	{ ERR_CCERT_REQUIRED, "ccert", M(ccert), M(ccert) | M(tls_only),
	    check_ccert_required },
	{ ERR_CCERT_NO_CA, "client_ca", M(ccert), M(ccert) | M(tls_only),
	    check_ccert_no_ca },
	{ ERR_CCERT_NO_CA, "client_ca", M(ccert), 0, check_ccert_no_ca },
	{ ERR_CCERT_NO_EFFECT, "ccert", M(ccert), M(ccert) | M(tls_only),
	    check_ccert_no_effect },
	{ ERR_LEVEL_LOWERED, "ccert", M(ccert), M(ccert),
	    check_ccert_lowered },
	{ ERR_CCERT_NOT_ASKED, "ccert_relay", M(ccert_relay),
	    M(ccert) | M(ccert_relay), check_ccert_not_asked },
	{ ERR_CCERT_NOT_ASKED, "client_ca", 0, 0, check_client_ca_unused },
	{ ERR_CCERT_NOT_PERMITTED, "ccert_relay", M(ccert_relay),
	    M(ccert_relay), check_ccert_not_permitted },
	{ ERR_CCERT_DIGEST, "ccert_relay", M(ccert_relay), M(ccert_relay),
	    check_ccert_digest },
	{ ERR_POLICY_CUTS_OFF, "tls_only", 0, M(tls_only),
	    check_cuts_off },
	{ ERR_INTERFACE_OPENS, "listen", 0, 0, check_opens },
	{ ERR_INTERFACE_LOOPBACK, "listen", 0, 0, check_loopback_only },
	{ ERR_INTERFACE_SHADOWED, "idle_timeout", M(idle_timeout), 0,
	    check_timeout_shadowed },
	{ ERR_INTERFACE_NO_SMTPD, "max_connections", M(max_connections), 0,
	    check_no_smtpd },
	{ ERR_INTERFACE_FEW, "max_connections", M(max_connections),
	    M(max_connections), check_few },
	{ ERR_ACCESS_BYTES, "access_policy", 0, 0, check_access_bytes },
	{ ERR_INTERFACE_ADDRESS, "listen", 0, 0, check_address },
	{ ERR_INTERFACE_PORT_TAKEN, "smtp_port", 0, 0, check_port_taken },
	{ ERR_INTERFACE_PORT, "smtp_port", 0, 0, check_port },
	{ ERR_ACCESS_SHADOWED, "access_policy", M(access_policy), 0,
	    check_access_shadowed },
	{ ERR_ACCESS_LOOPBACK, "access_list", M(access_policy), 0,
	    check_cuts_loopback },
	/* Asked once: a Save of something else does not ask again. */
	{ ERR_ACCESS_NOBODY, "access_policy", M(access_policy), ACCESS,
	    check_denies_all },
	{ ERR_ACCESS_MYNETWORKS, "access_list", M(access_policy), ACCESS,
	    check_mynetworks },
	{ ERR_ACCESS_YOU, "access_list", M(access_policy), ACCESS, check_you },
	{ ERR_ACCESS_OTHERS, "access_policy", M(access_policy), ACCESS,
	    check_other_services },
};
/* clang-format on */

int
setting_checks_run(struct txn *t, struct err *err)
{
	settings_mask managed = settings_managed(&t->settings);
	settings_mask changed =
	    settings_differ(&t->settings, &t->former.settings);
	const struct setting_check *row;
	struct netlist access;
	size_t i;
	int rc = -1;

	netlist_init(&access);
	if (netlist_from_canonical(&access, t->settings.access_list) == -1) {
		err_set(err, ERR_NOMEM, "", "access list");
		goto out;
	}
	for (i = 0; i < sizeof(setting_checks) / sizeof(*row); i++) {
		row = &setting_checks[i];
		if ((row->of == 0 || (row->of & managed) != 0) &&
		    (row->changed == 0 || (row->changed & changed) != 0))
			row->fn(row, t, &access);
	}
	rc = txn_refuse(t, err);
out:
	netlist_clear(&access);
	return rc;
}
