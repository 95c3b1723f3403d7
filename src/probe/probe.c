/*
 * probe.c - does Postfix serve what the settings say?  Only a handshake
 * tells: postfix check, start and reload succeed with every bad certificate
 * (shared/POSTFIX.md 1.1), and a level of "may" without a usable key goes on
 * in plaintext.
 *
 * One try is one connection for each TLS version that OpenSSL here allows,
 * or a single one when STARTTLS shall not be offered.  A version that the
 * server turns down as such counts as switched off, if another works.  The
 * handshake verifies nothing: which certificate is served is compared by its
 * SHA-256, and whether it is good was decided before the apply.
 * Security level 1, so that a weak certificate that was set by hand can be
 * seen too.
 *
 * Gap: where smtpd_discard_ehlo_keyword_address_maps hides STARTTLS from
 * loopback, the probe cannot see it.
 */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "jsonx.h"
#include "probe.h"
#include "smtp_conn.h"
#include "util.h"

#define TOTAL_MS_DEFAULT 5000
#define TRY_MS_MAX	 2500
#define PAUSE_MS	 50
#define EHLO		 "EHLO postseal-probe.invalid"

#define CIPHERS		 "DEFAULT:!aNULL:!eNULL:@SECLEVEL=1"

static const struct version {
	int version;
	const char *name;
} versions[] = {
    {TLS1_3_VERSION, "TLSv1.3"},
    {TLS1_2_VERSION, "TLSv1.2"},
};
#define N_VERSIONS (sizeof(versions) / sizeof(versions[0]))

struct seen {
	bool starttls, refused;
	bool version[N_VERSIONS];
	char protocol[16], cipher[64], sha256[SHA256_HEX];
};

SSL_CTX *
probe_client_ctx(int version)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (ctx == NULL)
		return NULL;
	(void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	if (SSL_CTX_set_cipher_list(ctx, CIPHERS) != 1 ||
	    SSL_CTX_set_min_proto_version(ctx, version) != 1 ||
	    SSL_CTX_set_max_proto_version(ctx, version) != 1) {
		SSL_CTX_free(ctx);
		return NULL;
	}
	return ctx;
}

static int
leaf_sha256(SSL *ssl, char dst[SHA256_HEX])
{
	X509 *leaf = SSL_get1_peer_certificate(ssl);
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	int rc = -1;

	if (leaf != NULL && X509_digest(leaf, EVP_sha256(), md, &len) == 1 &&
	    len == 32) {
		hex_encode(dst, md, len);
		rc = 0;
	}
	X509_free(leaf);
	return rc;
}

/* Banner and EHLO. */
static int
open_session(
    struct smtp_conn *c, const struct probe_want *want, struct err *err)
{
	char quote[120];

	if (smtp_connect(c, want->host, want->port, err) == -1 ||
	    smtp_reply(c, ERR_PROBE_BANNER, err) == -1)
		return -1;
	smtp_quote(c, quote, sizeof(quote));
	if (c->code != 220)
		return err_set(err, ERR_PROBE_BANNER, "",
		    "banner: expected 220, got \"%s\"", quote);
	if (smtp_command(c, EHLO, ERR_PROBE_BANNER, err) == -1)
		return -1;
	smtp_quote(c, quote, sizeof(quote));
	if (c->code != 250)
		return err_set(err, ERR_PROBE_BANNER, "",
		    "EHLO: expected 250, got \"%s\"", quote);
	return 0;
}

/* "TLS only": mail without TLS must be turned down. */
static int
check_refused(struct smtp_conn *c, struct seen *seen, struct err *err)
{
	char quote[120];

	if (smtp_command(c, "MAIL FROM:<>", ERR_PROBE_POLICY, err) == -1)
		return -1;
	smtp_quote(c, quote, sizeof(quote));
	if (c->code != 530)
		return err_set(err, ERR_PROBE_POLICY, "",
		    "MAIL without TLS: expected 530, got \"%s\"", quote);
	seen->refused = true;
	return 0;
}

static int
check_certificate(const struct probe_want *want, struct smtp_conn *c,
    struct seen *seen, struct err *err)
{
	char sha256[SHA256_HEX];

	if (leaf_sha256(c->ssl, sha256) == -1)
		return err_set(err, ERR_PROBE_CERTIFICATE, "",
		    "the server sent no certificate");
	if (want->sha256 != NULL && strcasecmp(want->sha256, sha256) != 0)
		return err_set(err, ERR_PROBE_CERTIFICATE, "",
		    "expected certificate %.16s..., got %.16s...", want->sha256,
		    sha256);
	memcpy(seen->sha256, sha256, sizeof(sha256));
	return 0;
}

static int
try_tls(const struct probe_want *want, size_t v, int64_t deadline,
    struct seen *seen, struct err *err)
{
	struct smtp_conn c;
	SSL_CTX *ctx = NULL;
	char quote[120];
	int rc = -1;

	smtp_init(&c, deadline);
	if (open_session(&c, want, err) == -1)
		goto out;
	if (!smtp_offers(&c, "STARTTLS")) {
		err_set(err, ERR_PROBE_STARTTLS, "", "STARTTLS not offered");
		goto out;
	}
	if (want->tls_only && check_refused(&c, seen, err) == -1)
		goto out;
	if (smtp_command(&c, "STARTTLS", ERR_PROBE_STARTTLS, err) == -1)
		goto out;
	if (c.code != 220) {
		smtp_quote(&c, quote, sizeof(quote));
		err_set(err, ERR_PROBE_STARTTLS, "",
		    "STARTTLS: expected 220, got \"%s\"", quote);
		goto out;
	}
	if ((ctx = probe_client_ctx(versions[v].version)) == NULL) {
		err_set(err, ERR_INTERNAL, "", "TLS context");
		goto out;
	}
	if (smtp_starttls(&c, ctx, err) == -1 ||
	    check_certificate(want, &c, seen, err) == -1 ||
	    smtp_command(&c, EHLO, ERR_PROBE_HANDSHAKE, err) == -1)
		goto out;
	if (seen->protocol[0] == '\0') {
		(void)snprintf(seen->protocol, sizeof(seen->protocol), "%s",
		    SSL_get_version(c.ssl));
		(void)snprintf(seen->cipher, sizeof(seen->cipher), "%s",
		    SSL_get_cipher_name(c.ssl));
	}
	seen->starttls = seen->version[v] = true;
	rc = 0;
out:
	if (c.fd != -1 && c.code != 0 &&
	    (rc == 0 || err == NULL || err->code != ERR_PROBE_HANDSHAKE))
		(void)smtp_command(&c, "QUIT", ERR_PROBE_BANNER, NULL);
	smtp_close(&c);
	SSL_CTX_free(ctx);
	return rc;
}

static int
try_plain(const struct probe_want *want, int64_t deadline, struct err *err)
{
	struct smtp_conn c;
	int rc = -1;

	smtp_init(&c, deadline);
	if (open_session(&c, want, err) == -1)
		goto out;
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

static int
try_all(const struct probe_want *want, int64_t deadline, struct seen *seen,
    struct err *err)
{
	struct err e, last;
	size_t v, n = 0;

	memset(seen, 0, sizeof(*seen));
	if (!want->starttls)
		return try_plain(want, deadline, err);
	err_clear(&last);
	for (v = 0; v < N_VERSIONS; v++) {
		if (try_tls(want, v, deadline, seen, &e) == 0) {
			n++;
			continue;
		}
		last = e;
		if (!version_refused(&e)) {
			if (err != NULL)
				*err = e;
			return -1;
		}
	}
	if (n == 0 && err != NULL)
		*err = last;
	return n == 0 ? -1 : 0;
}

static struct json_object *
to_json(const struct seen *seen, int tries)
{
	struct json_object *o = json_object_new_object(), *list;
	char at[32];
	size_t v;

	if (o == NULL || (list = json_object_new_array()) == NULL)
		goto fail;
	time_iso(time(NULL), at);
	if (seen->starttls) {
		json_object_object_add(
		    o, "protocol", json_object_new_string(seen->protocol));
		json_object_object_add(
		    o, "cipher", json_object_new_string(seen->cipher));
		json_object_object_add(o, "certificate_sha256",
		    json_object_new_string(seen->sha256));
	}
	json_object_object_add(
	    o, "starttls", json_object_new_boolean(seen->starttls));
	json_object_object_add(
	    o, "plaintext_refused", json_object_new_boolean(seen->refused));
	for (v = N_VERSIONS; v-- > 0;)
		if (seen->version[v])
			json_object_array_add(
			    list, json_object_new_string(versions[v].name));
	json_object_object_add(o, "protocols", list);
	json_object_object_add(o, "at", json_object_new_string(at));
	json_object_object_add(o, "tries", json_object_new_int(tries));
	return o;
fail:
	json_object_put(o);
	return NULL;
}

int
probe_run(const struct probe_want *want, struct json_object **ret_result,
    struct err *err)
{
	int total = want->total_ms > 0 ? want->total_ms : TOTAL_MS_DEFAULT;
	int64_t end = now_ms() + total, deadline;
	struct json_object *o;
	struct seen seen;
	struct err why, last;
	int tries = 0;

	err_clear(&why);

	do {
		last = why;
		deadline = now_ms() + TRY_MS_MAX;
		if (deadline > end)
			deadline = end;
		tries++;
		if (try_all(want, deadline, &seen, &why) == 0) {
			if ((o = to_json(&seen, tries)) == NULL)
				return err_set(err, ERR_NOMEM, "", "probe");
			*ret_result = o;
			return 0;
		}
		/* A try that the end cut short says less than one before. */
		if (tries > 1 && now_ms() >= end)
			why = last;
		(void)poll(NULL, 0, PAUSE_MS);
	} while (now_ms() < end);
	if (err != NULL)
		*err = why;
	return -1;
}
