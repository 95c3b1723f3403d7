/*
 * setting_checks.h - the checks of settings against this host, one row each:
 * what a change of interface, port and access list would mean for the mail
 * that arrives, before anything is written.
 *
 * Refused: what could have no effect (an option of master.cf shadows it),
 * what cannot work (a port that is taken), and what would cut the scanner's
 * hops.  To be confirmed: what cuts others off knowingly.  Severities stand
 * in err_codes.def.  All rows run, all are reported.
 */
#ifndef POSTSEAL_SETTING_CHECKS_H
#define POSTSEAL_SETTING_CHECKS_H

#include "netlist.h"
#include "txn_plan.h"

struct setting_check {
	enum err_code code;
	const char *field;
	settings_mask of;	/* while this one is managed; 0 = always */
	settings_mask changed;	/* and one of these is not as before; 0 = be
				 * that as it may */
	void (*fn)(const struct setting_check *, struct txn *,
	    const struct netlist *access);
};
#define SETTING_CHECK(name) \
	void check_##name(const struct setting_check *row, struct txn *t, \
	    const struct netlist *access)

/* -1 with the first finding that blocks. */
int setting_checks_run(struct txn *, struct err *);

/* check_listeners.c: do the listeners of master.cf let it through? */
SETTING_CHECK(closed);
SETTING_CHECK(listeners);
/* check_names.c: certificates by name */
SETTING_CHECK(no_default);
SETTING_CHECK(name_taken);
SETTING_CHECK(client_none);
SETTING_CHECK(client_unused);
SETTING_CHECK(ccert_required);
SETTING_CHECK(ccert_no_ca);
SETTING_CHECK(ccert_no_effect);
SETTING_CHECK(ccert_lowered);
SETTING_CHECK(ccert_not_asked);
SETTING_CHECK(client_unseen);
SETTING_CHECK(client_ca_unused);
SETTING_CHECK(client_ca_untried);
SETTING_CHECK(ccert_not_permitted);
SETTING_CHECK(ccert_digest);
/* check_sockets.c: addresses and port */
SETTING_CHECK(opens);
SETTING_CHECK(loopback_only);
SETTING_CHECK(address);
SETTING_CHECK(port_taken);
SETTING_CHECK(port);

/* Of an address or network as text. */
bool net_parse_word(const char *text, size_t len, struct net *);
bool net_is_loopback(const struct net *);

#endif
