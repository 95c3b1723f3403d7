/*
 * check_outbound.c - checks of settings: what a level of outbound mail would
 * do to it, and whether the resolver is one that DANE can rely on.
 *
 * Asked once, by the Save that chooses the level.
 */
#include <string.h>
#include <strings.h>

#include "check_outbound.h"
#include "hop.h"
#include "jsonx.h"
#include "resolver.h"
#include "settings_table.h"

#define WRAPPERMODE "smtp_tls_wrappermode"

static const char *
word(const struct txn *t)
{
	return settings_fields[SETTING_outbound_level]
	    .names[t->settings.outbound_level];
}

static bool
is_dane(const struct txn *t)
{
	return t->settings.outbound_enabled &&
	       (t->settings.outbound_level == OUT_DANE ||
		   t->settings.outbound_level == OUT_DANE_ONLY);
}

SETTING_CHECK(out_no_effect)
{
	if (!t->settings.outbound_enabled)
		findings_add(&t->findings, row->code, row->field, NULL);
}

/* smtp defers all mail then (smtp(8): "wrappermode requires encrypt"). */
SETTING_CHECK(out_wrappermode)
{
	if (t->settings.outbound_enabled &&
	    (t->settings.outbound_level == OUT_MAY ||
		t->settings.outbound_level == OUT_DANE) &&
	    strcasecmp(jsonx_path_str(t->facts.params, WRAPPERMODE, ""),
		"yes") == 0)
		findings_add(&t->findings, row->code, row->field, "parameter",
		    WRAPPERMODE, "level", word(t), NULL);
}

/* Servers without TLS, or without the right certificate, are no servers for it
 * any more; nobody but a relay of one's own has promised to have both. */
SETTING_CHECK(out_internet)
{
	char relay[HOP_NAME_MAX + 1];

	if (!t->settings.outbound_enabled ||
	    t->settings.outbound_level == OUT_MAY ||
	    t->settings.outbound_level == OUT_DANE ||
	    hop_relayhost(t->conf, relay))
		return;
	findings_add(
	    &t->findings, row->code, row->field, "level", word(t), NULL);
}

static const char *const answers[] = {
    [RESOLVER_SILENT] = "no answer",
    [RESOLVER_FAILS] = "an error",
    [RESOLVER_PLAIN] = "an answer without AD",
    [RESOLVER_VALIDATES] = ""};

SETTING_CHECK(dane)
{
	struct resolver r;
	const char *server;

	if (!is_dane(t))
		return;
	/* Who could not be asked has not said that it validates. */
	(void)resolver_look(t->conf, &t->facts.info, &r, NULL);
	server = r.server[r.asked];
	if (r.native)
		findings_add(&t->findings, ERR_DANE_LOOKUP, row->field,
		    "parameter", "smtp_host_lookup", "value", r.lookup, NULL);
	if (r.stale)
		findings_add(&t->findings, ERR_DANE_STALE, row->field, "path",
		    r.file, NULL);
	if (r.answer != RESOLVER_VALIDATES)
		findings_add_sev(&t->findings, row->code,
		    t->settings.outbound_level == OUT_DANE_ONLY ? SEV_ERROR
								: SEV_CONFIRM,
		    row->field, "server", server, "path", r.file, "detail",
		    answers[r.answer], NULL);
	else if (resolver_is_remote(&r))
		findings_add(&t->findings, ERR_DANE_REMOTE, row->field,
		    "server", server, "path", r.file, NULL);
}
