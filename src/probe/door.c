/*
 * door.c - how a listener of Postfix is entered.
 *
 *   connect -> [PROXY line] -> [TLS at once] -> greeting -> EHLO
 *
 * smtpd and postscreen behind a load balancer wait for a PROXY line and say
 * nothing without one; it names our own address, so nobody is impersonated.
 * postscreen sends the first line of its greeting ("220-...") at once and the
 * last after postscreen_greet_wait: the caller's deadline allows for that.
 * The name in EHLO exists nowhere.  Where smtpd_delay_reject is off and a rule
 * refuses such a name, the host's own is tried.
 */
#include <stdio.h>

#include "probe.h"
#include "smtp_conn.h"

#define HELLO_NAME "postseal-probe.invalid"

static int
unexpected(struct smtp_conn *c, enum err_code code, const char *to, int want,
    struct err *err)
{
	char quote[120];

	smtp_quote(c, quote, sizeof(quote));
	return err_set(
	    err, code, "", "%s: expected %d, got \"%s\"", to, want, quote);
}

/* 1 = refused, and the server still listens. */
static int
say_hello(
    struct smtp_conn *c, const char *name, enum err_code code, struct err *err)
{
	char line[256];

	(void)snprintf(line, sizeof(line), "EHLO %.240s", name);
	if (smtp_command(c, line, code, err) == -1)
		return -1;
	if (c->code == 250)
		return 0;
	(void)unexpected(c, code, "EHLO", 250, err);
	return c->code == 421 ? -1 : 1;
}

int
door_hello(struct smtp_conn *c, const struct probe_door *d, enum err_code code,
    struct err *err)
{
	int rc = say_hello(c, HELLO_NAME, code, err);

	if (rc == 1 && d->helo != NULL)
		rc = say_hello(c, d->helo, code, err);
	return rc == 0 ? 0 : -1;
}

int
door_open(struct smtp_conn *c, const struct probe_door *d, int version,
    struct err *err)
{
	if (smtp_connect(c, d->host, d->port, err) == -1 ||
	    (d->proxy && smtp_proxy(c, err) == -1) ||
	    (d->wrapper && smtp_starttls(c, version, err) == -1) ||
	    smtp_reply(c, ERR_PROBE_BANNER, err) == -1)
		return -1;
	if (c->code != 220)
		return unexpected(c, ERR_PROBE_BANNER, "banner", 220, err);
	return door_hello(c, d, ERR_PROBE_BANNER, err);
}
