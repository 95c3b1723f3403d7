/*
 * probe.c - does Postfix serve what the settings say?  Only a handshake
 * tells: postfix check, start and reload succeed with every bad certificate
 * (shared/POSTFIX.md 1.1), and a level of "may" without a usable key goes on
 * in plaintext.
 *
 * One try is one connection for each TLS version that OpenSSL here allows,
 * and for each certificate that is wanted (with several, the client takes the
 * signature algorithms of one alone), or a single one when STARTTLS shall not
 * be offered.  A version that the server turns down as such counts as
 * switched off, if another works.  The handshake verifies nothing: which
 * certificate is served is compared by its SHA-256, and whether it is good
 * was decided before the apply.  The reply to EHLO after it counts too: a
 * server that cannot check clients' certificates ends every session there.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "jsonx.h"
#include "probe.h"
#include "probe_int.h"
#include "sigalgs.h"
#include "smtp_conn.h"

#define TOTAL_MS_DEFAULT 5000
#define TRY_MS_MAX	 2500
#define PAUSE_MS	 50

/* Why nobody got in, from where it ended. */
static enum probe_reason
door_reason(const struct smtp_conn *c, const struct err *e)
{
	if (e->code == ERR_PROBE_CONNECT)
		return REASON_CONNECTION;
	if (e->code != ERR_PROBE_BANNER)
		return REASON_DIFFERS;
	return c->code == 0 ? REASON_GREETING : REASON_REFUSED;
}

/* "TLS only": mail without TLS must be turned down. */
static int
check_refused(const struct probe_want *want, struct smtp_conn *c,
    struct seen *seen, struct err *err)
{
	char quote[120];

	if (smtp_command(c, "MAIL FROM:<>", ERR_PROBE_POLICY, err) == -1)
		return -1;
	smtp_quote(c, quote, sizeof(quote));
	seen->refused = c->code == 530;
	if (!seen->refused && !want->observe)
		return err_set(err, ERR_PROBE_POLICY, "",
		    "MAIL without TLS: expected 530, got \"%s\"", quote);
	if (!seen->refused)
		return smtp_command(c, "RSET", ERR_PROBE_POLICY, err);
	return 0;
}

static int
check_certificate(const char *expected, struct smtp_conn *c,
    char sha256[SHA256_HEX], struct err *err)
{
	if (c->tls.sha256[0] == '\0')
		return err_set(err, ERR_PROBE_CERTIFICATE, "",
		    "the server sent no certificate");
	(void)snprintf(sha256, SHA256_HEX, "%s", c->tls.sha256);
	if (expected != NULL && strcasecmp(expected, sha256) != 0)
		return err_set(err, ERR_PROBE_CERTIFICATE, "",
		    "expected certificate %.16s..., got %.16s...", expected,
		    sha256);
	return 0;
}

/* From EHLO on into TLS.  1 = it is not offered, and that is seen. */
static int
start_tls(const struct probe_want *want, struct smtp_conn *c, int version,
    struct seen *seen, struct err *err)
{
	char quote[120];

	if (!smtp_offers(c, "STARTTLS")) {
		if (want->hidden == NULL && want->observe)
			return 1;
		seen->reason =
		    want->hidden == NULL ? REASON_DIFFERS : REASON_HIDDEN;
		return err_set(err, ERR_PROBE_STARTTLS, "",
		    "STARTTLS not offered%s%s",
		    want->hidden == NULL ? "" : ", see ",
		    want->hidden == NULL ? "" : want->hidden);
	}
	if ((want->tls_only || want->observe) &&
	    check_refused(want, c, seen, err) == -1)
		return -1;
	if (smtp_command(c, "STARTTLS", ERR_PROBE_STARTTLS, err) == -1)
		return -1;
	if (c->code != 220) {
		smtp_quote(c, quote, sizeof(quote));
		return err_set(err, ERR_PROBE_STARTTLS, "",
		    "STARTTLS: expected 220, got \"%s\"", quote);
	}
	return smtp_starttls(c, version, err);
}

/* The session that the handshake was for. */
static int
after_tls(const struct probe_want *want, struct smtp_conn *c, struct seen *seen,
    struct err *err)
{
	if (want->door.wrapper || want->cuts_off ||
	    door_hello(c, &want->door, ERR_PROBE_SESSION, err) == 0)
		return 0;
	seen->reason = REASON_SESSION;
	seen->code = c->code;
	return -1;
}

/* One connection into TLS; the certificate served is left in sha256. */
static int
session(const struct probe_want *want, const char *expected, int version,
    struct smtp_conn *c, char sha256[SHA256_HEX], struct seen *seen,
    struct err *err)
{
	int rc;

	if (door_open(c, &want->door, version, err) == -1) {
		seen->reason = door_reason(c, err);
		seen->code = c->code;
		return -1;
	}
	seen->inside = true;
	if (!want->door.wrapper &&
	    (rc = start_tls(want, c, version, seen, err)) != 0)
		return rc;
	if (check_certificate(expected, c, sha256, err) == -1)
		return -1;
	return after_tls(want, c, seen, err);
}

static void
leave(struct smtp_conn *c, bool in_step)
{
	if (c->fd != -1 && c->code != 0 && in_step)
		(void)smtp_command(c, "QUIT", ERR_PROBE_BANNER, NULL);
	smtp_close(c);
}

/* Which leaf of want, or the only one that there may be. */
struct turn {
	size_t v, leaf;
	const char *name; /* by SNI, or NULL */
};

static int
try_tls(const struct probe_want *want, const struct turn *turn,
    int64_t deadline, struct seen *seen, char sha256[SHA256_HEX],
    struct err *err)
{
	const struct probe_leaf *leaf =
	    want->n_leaf > 0 ? &want->leaf[turn->leaf] : NULL;
	bool named = turn->name != NULL;
	struct smtp_conn c;
	int rc;

	smtp_init(&c, deadline);
	c.servername = named ? turn->name : want->sni;
	if (want->n_leaf > 1 && !named)
		c.sigalgs = sigalgs_of(leaf->key_type);
	rc = session(want, leaf == NULL || named ? NULL : leaf->sha256,
	    named ? 0 : probe_versions[turn->v].version, &c, sha256, seen, err);
	if (rc == 0 && !named && seen->protocol[0] == '\0') {
		memcpy(seen->protocol, c.tls.protocol, sizeof(seen->protocol));
		memcpy(seen->cipher, c.tls.cipher, sizeof(seen->cipher));
	}
	leave(&c, rc >= 0 || err == NULL || err->code != ERR_PROBE_HANDSHAKE);
	return rc;
}

static int
try_plain(const struct probe_want *want, int64_t deadline, struct seen *seen,
    struct err *err)
{
	struct smtp_conn c;
	int rc = -1;

	smtp_init(&c, deadline);
	if (door_open(&c, &want->door, 0, err) == -1) {
		seen->reason = door_reason(&c, err);
		seen->code = c.code;
		goto out;
	}
	seen->inside = true;
	if (smtp_offers(&c, "STARTTLS"))
		err_set(err, ERR_PROBE_STARTTLS, "",
		    "STARTTLS is offered, though inbound TLS is off");
	else
		rc = 0;
	(void)smtp_command(&c, "QUIT", ERR_PROBE_BANNER, NULL);
out:
	smtp_close(&c);
	return rc;
}

/* Did the server turn down the version, rather than the certificate? */
static bool
version_refused(const struct err *e)
{
	return e->code == ERR_PROBE_HANDSHAKE &&
	       strstr(e->msg, "protocol version") != NULL;
}

/* All versions with one certificate: 0 when one works, 1 = no TLS here. */
static int
try_leaf(const struct probe_want *want, size_t leaf, int64_t deadline,
    struct seen *seen, struct err *err)
{
	struct turn turn = {.leaf = leaf};
	struct err e, last;
	size_t n = 0;
	int rc;

	err_clear(&last);
	for (turn.v = 0; turn.v < PROBE_VERSIONS; turn.v++) {
		rc = try_tls(
		    want, &turn, deadline, seen, seen->sha256[leaf], &e);
		if (rc == 1)
			return 1;
		if (rc == 0) {
			n++;
			seen->starttls = seen->version[leaf][turn.v] = true;
			continue;
		}
		last = e;
		if (!version_refused(&e)) {
			n = 0;
			break;
		}
	}
	if (n == 0)
		*err = last;
	return n == 0 ? -1 : 0;
}

/* Which certificate does a client get that asks for this name? */
static enum probe_named
try_name(const struct probe_want *want, const char *name, struct seen *seen)
{
	const struct turn turn = {.name = name};
	char sha256[SHA256_HEX] = "";
	struct err e;
	size_t k;

	if (try_tls(want, &turn, now_ms() + TRY_MS_MAX, seen, sha256, &e) !=
	    0) {
		seen->reason = REASON_NONE;
		return e.code == ERR_PROBE_HANDSHAKE ? NAMED_OTHER
						     : NAMED_UNKNOWN;
	}
	for (k = 0; k < want->n_leaf; k++)
		if (strcasecmp(want->leaf[k].sha256, sha256) == 0)
			return NAMED_OURS;
	return NAMED_OTHER;
}

/* Offered, and not to be had: that, too, has been seen. */
static int
observe_broken(struct seen *seen, const struct err *e)
{
	if (!seen->inside || seen->reason != REASON_NONE ||
	    e->code == ERR_PROBE_UNABLE)
		return -1;
	seen->starttls = true;
	(void)snprintf(
	    seen->tls_error, sizeof(seen->tls_error), "%.119s", e->msg);
	return 0;
}

static int
try_all(const struct probe_want *want, int64_t deadline, struct seen *seen,
    struct err *err)
{
	size_t i, n = want->n_leaf == 0 || want->observe ? 1 : want->n_leaf;
	int rc;

	memset(seen, 0, sizeof(*seen));
	if (!want->starttls && !want->observe && !want->door.wrapper)
		return try_plain(want, deadline, seen, err);
	seen->wrapper = want->door.wrapper;
	for (i = 0; i < n; i++) {
		if ((rc = try_leaf(want, i, deadline, seen, err)) == 0)
			continue;
		if (rc == 1)
			return 0;
		return want->observe ? observe_broken(seen, err) : -1;
	}
	if (seen->wrapper)
		seen->refused = true;
	for (i = 0; i < want->n_name && want->n_leaf > 0; i++)
		seen->named[i] = try_name(want, want->name[i], seen);
	return 0;
}

/* Does what turned us away answer the question, so that asking again is no
 * use?  Right after a reload it may be a process of before. */
static bool
is_settled(const struct probe_want *want, const struct seen *seen)
{
	return want->observe && seen->reason != REASON_NONE &&
	       seen->reason != REASON_GREETING;
}

static int
verdict(const struct seen *seen)
{
	return seen->reason == REASON_NONE || seen->reason == REASON_DIFFERS
		   ? -1
		   : 1;
}

/* Until it is as wanted, or the time is over. */
static int
try_until(const struct probe_want *want, int64_t end, struct seen *seen,
    struct err *why)
{
	int64_t deadline;
	struct seen now;
	struct err e;
	int tries = 0, rc;

	do {
		deadline = now_ms() + TRY_MS_MAX + want->door.greet_ms;
		rc = try_all(want, deadline < end ? deadline : end, &now, &e);
		/* A try that the end cut short says less than one before. */
		if (rc == 0 || tries == 0 || now_ms() < end) {
			*seen = now;
			*why = e;
		}
		seen->tries = ++tries;
		if (rc == 0 || is_settled(want, seen))
			return rc;
		(void)poll(NULL, 0, PAUSE_MS);
	} while (now_ms() < end);
	return rc;
}

int
probe_address(
    const struct probe_want *want, struct json_object **ret, struct err *err)
{
	int ms = want->total_ms > 0 ? want->total_ms : TOTAL_MS_DEFAULT;
	struct seen seen;
	struct err why;
	int rc;

	err_clear(&why);
	rc = try_until(want, now_ms() + ms + want->door.greet_ms, &seen, &why);
	if (rc != 0)
		rc = verdict(&seen);
	*ret = probe_json(want, &seen, rc, &why);
	if (rc != 0 && err != NULL)
		*err = why;
	return rc;
}
