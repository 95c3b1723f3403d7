/*
 * chaincheck.c - the checks on the issuers, and X509_verify_cert as the
 * verifying peer will run it.
 *
 * The verification uses the root that we know of (trusted or not) as its
 * anchor, and then the last certificate that is sent, for the peers that know
 * what is above it; it finds what needs the whole path: path length, name
 * constraints, purposes.  What a static row says better is not said twice.
 * The rows look at the root as well: peers that know it refuse it, if it is
 * expired, too short or has an extension that nobody knows.
 */
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "checks.h"
#include "describe.h"
#include "pki_int.h"

#define DAYS_SOON  30
#define DAYS_YOUNG (3 * 365)
#define LEVEL	   2

/* ERR_NONE: another row or a note of the chain says it. */
static const struct {
	int error;
	enum err_code code;
} verify_codes[] = {
    {X509_V_ERR_PATH_LENGTH_EXCEEDED, ERR_CHAIN_PATH_LENGTH},
    {X509_V_ERR_INVALID_CA, ERR_CHAIN_NOT_CA},
    {X509_V_ERR_KEYUSAGE_NO_CERTSIGN, ERR_CHAIN_NOT_CA},
    {X509_V_ERR_PERMITTED_VIOLATION, ERR_CHAIN_NAMES},
    {X509_V_ERR_EXCLUDED_VIOLATION, ERR_CHAIN_NAMES},
    {X509_V_ERR_SUBTREE_MINMAX, ERR_CHAIN_NAMES},
    {X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE, ERR_CHAIN_NAMES},
    {X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX, ERR_CHAIN_NAMES},
    {X509_V_ERR_UNSUPPORTED_NAME_SYNTAX, ERR_CHAIN_NAMES},
    {X509_V_ERR_INVALID_PURPOSE, ERR_CHAIN_PURPOSE},
    {X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, ERR_NONE},
    {X509_V_ERR_CERT_HAS_EXPIRED, ERR_NONE},
    {X509_V_ERR_CERT_NOT_YET_VALID, ERR_NONE},
    {X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD, ERR_CHAIN_INVALID},
    {X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD, ERR_CHAIN_INVALID},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, ERR_NONE},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, ERR_NONE},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, ERR_NONE},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, ERR_NONE},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, ERR_NONE},
    {X509_V_ERR_EE_KEY_TOO_SMALL, ERR_NONE},
    {X509_V_ERR_CA_KEY_TOO_SMALL, ERR_NONE},
    {X509_V_ERR_CA_MD_TOO_WEAK, ERR_NONE},
    {X509_V_ERR_EC_KEY_EXPLICIT_PARAMS, ERR_NONE},
    {X509_V_ERR_INVALID_EXTENSION, ERR_NONE},
};

static int
collect(int ok, X509_STORE_CTX *store)
{
	struct check_ctx *c = X509_STORE_CTX_get_app_data(store);
	int error = X509_STORE_CTX_get_error(store);

	if (!ok && c->n_v < CHECK_ERRORS_MAX) {
		c->v[c->n_v].error = error;
		c->v[c->n_v].x = X509_STORE_CTX_get_current_cert(store);
		if (c->v[c->n_v].x == NULL)
			c->v[c->n_v].x = c->leaf;
		c->n_v++;
	}
	return 1;
}

static STACK_OF(X509) * sent_chain(const struct pki_pair *p)
{
	STACK_OF(X509) *sk = sk_X509_new_null();
	size_t i;

	for (i = 0; sk != NULL && i < p->n_chain; i++)
		if (sk_X509_push(sk, p->chain[i]->x) == 0)
			break;
	return sk;
}

/* The issuers from the leaf on, and the root, if it is known; NULL = no more.
 */
static X509 *
issuer_at(const struct pki_pair *p, size_t i)
{
	if (i < p->n_chain)
		return p->chain[i]->x;
	return i == p->n_chain ? p->root : NULL;
}

static X509 *
last_sent(const struct pki_pair *p)
{
	return p->n_chain > 0 ? p->chain[p->n_chain - 1]->x : p->leaf->x;
}

static void
verify_up_to(struct check_ctx *c, X509 *anchor)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *chain = sent_chain(c->pair);
	X509_VERIFY_PARAM *param;

	if (store == NULL || ctx == NULL || chain == NULL ||
	    X509_STORE_add_cert(store, anchor) != 1 ||
	    X509_STORE_CTX_init(ctx, store, c->leaf, chain) != 1) {
		c->v[0].error = X509_V_ERR_OUT_OF_MEM;
		c->v[0].x = c->leaf;
		c->n_v = 1;
		goto out;
	}
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_time(param, c->in->now);
	X509_VERIFY_PARAM_set_purpose(param,
	    c->in->client_only ? X509_PURPOSE_SSL_CLIENT
			       : X509_PURPOSE_SSL_SERVER);
	X509_VERIFY_PARAM_set_auth_level(param, LEVEL);
	X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
	X509_STORE_CTX_set_app_data(ctx, c);
	X509_STORE_CTX_set_verify_cb(ctx, collect);
	if (X509_verify_cert(ctx) != 1 && c->n_v == 0) {
		c->v[0].error = X509_STORE_CTX_get_error(ctx);
		c->v[0].x = c->leaf;
		c->n_v = 1;
	}
out:
	sk_X509_free(chain);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	ERR_clear_error();
}

bool
verify_run(struct check_ctx *c)
{
	X509 *root = c->pair->root, *last = last_sent(c->pair);
	bool good;

	verify_up_to(c, root != NULL ? root : last);
	good = c->n_v == 0;
	/* A root below the end of what is sent: the rest is for others. */
	if (root != NULL && X509_check_issued(root, last) != X509_V_OK)
		verify_up_to(c, last);
	return good;
}

static void
say(struct check_ctx *c, const struct check_row *row, X509 *x, const char *what)
{
	char name[PKI_NAME_MAX];

	cert_subject(x, name, sizeof(name));
	findings_add(&c->set->found, row->code, field_name(row->field),
	    "subject", name, "what", what, NULL);
}

static enum err_code
code_of(int error)
{
	size_t i;

	for (i = 0; i < sizeof(verify_codes) / sizeof(verify_codes[0]); i++)
		if (verify_codes[i].error == error)
			return verify_codes[i].code;
	return ERR_CHAIN_INVALID;
}

/* What may not issue at all has no purpose either. */
static bool
found_before(
    const struct check_ctx *c, size_t n, const X509 *x, enum err_code code)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (c->v[i].x == x && code_of(c->v[i].error) == code)
			return true;
	return false;
}

/* The leaf's own checks say it. */
static bool
said_of_leaf(const struct check_ctx *c, size_t i)
{
	return c->v[i].x == c->leaf &&
	       (code_of(c->v[i].error) == ERR_CHAIN_PURPOSE ||
		   c->v[i].error == X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD ||
		   c->v[i].error == X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD);
}

/* Once for each certificate. */
static void
check_verified(struct check_ctx *c, const struct check_row *row)
{
	X509 *x;
	size_t i;

	for (i = 0; i < c->n_v; i++) {
		x = c->v[i].x;
		if (code_of(c->v[i].error) != row->code ||
		    found_before(c, i, x, row->code) || said_of_leaf(c, i) ||
		    (row->code == ERR_CHAIN_PURPOSE &&
			found_before(c, c->n_v, x, ERR_CHAIN_NOT_CA)))
			continue;
		say(c, row, x, X509_verify_cert_error_string(c->v[i].error));
	}
}

/*
 * OpenSSL's peers don't take an issuer for one whose key usage forbids it, or
 * whose serial or key identifier is not the one that its subject asks for:
 * they stop below it and look no further, so verify_run sees nothing of it.
 */
static void
check_link(struct check_ctx *c, const struct check_row *row)
{
	bool usage = row->code == ERR_CHAIN_NOT_CA;
	X509 *x, *below = c->leaf;
	size_t i;
	int rc;

	for (i = 0; (x = issuer_at(c->pair, i)) != NULL; below = x, i++) {
		if (chain_same_ca(x, below))
			break; /* the same as a root: not its issuer */
		rc = X509_check_issued(x, below);
		if (usage ? rc != X509_V_ERR_KEYUSAGE_NO_CERTSIGN
			  : rc != X509_V_ERR_AKID_SKID_MISMATCH &&
				rc != X509_V_ERR_AKID_ISSUER_SERIAL_MISMATCH)
			continue;
		say(c, row, usage ? x : below,
		    X509_verify_cert_error_string(rc));
	}
	if (usage)
		check_verified(c, row);
}

static void
check_revoked(struct check_ctx *c, const struct check_row *row)
{
	const char *date;
	size_t i;

	for (i = 0; i < c->pair->n_chain; i++)
		if ((date = revoked_on(c->pair->chain[i], c->in)) != NULL)
			say(c, row, c->pair->chain[i]->x, date);
}

/* Common systems get a new root with their updates, over years.  Only public
 * CAs log what they issue; a root of one's own is nobody's surprise. */
static void
check_young(struct check_ctx *c, const struct check_row *row)
{
	const struct pki_pair *p = c->pair;
	char date[32];
	time_t from;

	if (p->root == NULL || !p->root_trusted ||
	    X509_get_ext_by_NID(c->leaf, NID_ct_precert_scts, -1) < 0 ||
	    X509_check_issued(p->root, last_sent(p)) != X509_V_OK ||
	    cert_time(X509_get0_notBefore(p->root), &from) == -1 ||
	    (c->in->now - from) / 86400 > DAYS_YOUNG)
		return;
	time_date(X509_get0_notBefore(p->root), date);
	say(c, row, p->root, date);
}

static void
check_weak(struct check_ctx *c, const struct check_row *row)
{
	struct key_facts f;
	const char *name;
	X509 *x;
	size_t i;
	int md, id;

	for (i = 0; (x = issuer_at(c->pair, i)) != NULL; i++) {
		key_facts(X509_get0_pubkey(x), &f);
		id = X509_get0_pubkey(x) == NULL
			 ? EVP_PKEY_NONE
			 : EVP_PKEY_get_base_id(X509_get0_pubkey(x));
		name = digest_name(x, &md);
		if (((id == EVP_PKEY_RSA || id == EVP_PKEY_RSA_PSS) &&
			f.bits < 2048) ||
		    (id == EVP_PKEY_EC && f.bits < 256) || id == EVP_PKEY_DSA ||
		    id == EVP_PKEY_NONE)
			say(c, row, x, f.label);
		/* Nobody looks at the signature of a root. */
		if (i < c->pair->n_chain &&
		    (md == NID_sha1 || md == NID_md5 || md == NID_md4 ||
			md == NID_md2 || md == NID_md5_sha1))
			say(c, row, x, name);
	}
	ERR_clear_error();
}

static void
check_times(struct check_ctx *c, const struct check_row *row)
{
	char date[32];
	time_t from, to;
	bool dead, soon, want_soon = row->code == ERR_CHAIN_EXPIRES_SOON;
	size_t i;
	X509 *x;

	for (i = 0; (x = issuer_at(c->pair, i)) != NULL; i++) {
		if (cert_time(X509_get0_notBefore(x), &from) == -1 ||
		    cert_time(X509_get0_notAfter(x), &to) == -1)
			from = to = 0;
		dead = to <= c->in->now || from > c->in->now;
		soon = !dead && (to - c->in->now) / 86400 < DAYS_SOON;
		if (want_soon ? !soon : !dead)
			continue;
		time_date(from > c->in->now ? X509_get0_notBefore(x)
					    : X509_get0_notAfter(x),
		    date);
		say(c, row, x, date);
	}
}

static void
check_critical(struct check_ctx *c, const struct check_row *row)
{
	X509_EXTENSION *ext;
	char oid[80];
	X509 *x;
	size_t i;
	int k;

	for (i = 0; (x = issuer_at(c->pair, i)) != NULL; i++) {
		for (k = 0; k < X509_get_ext_count(x); k++) {
			ext = X509_get_ext(x, k);
			if (!X509_EXTENSION_get_critical(ext) ||
			    X509_supported_extension(ext))
				continue;
			OBJ_obj2txt(oid, sizeof(oid),
			    X509_EXTENSION_get_object(ext), 1);
			say(c, row, x, oid);
		}
	}
}

const struct check_row chain_rows[] = {
    {ERR_CHAIN_WEAK, PKI_CA_CERTIFICATE, check_weak},
    {ERR_CHAIN_EXPIRED, PKI_CA_CERTIFICATE, check_times},
    {ERR_CHAIN_EXPIRES_SOON, PKI_CA_CERTIFICATE, check_times},
    {ERR_CHAIN_CRITICAL, PKI_CA_CERTIFICATE, check_critical},
    {ERR_CHAIN_REVOKED, PKI_CA_CERTIFICATE, check_revoked},
    {ERR_CHAIN_YOUNG_ROOT, PKI_CA_CERTIFICATE, check_young},
    {ERR_CHAIN_IDENTIFIER, PKI_CA_CERTIFICATE, check_link},
    {ERR_CHAIN_NOT_CA, PKI_CA_CERTIFICATE, check_link},
    {ERR_CHAIN_PATH_LENGTH, PKI_CA_CERTIFICATE, check_verified},
    {ERR_CHAIN_NAMES, PKI_CA_CERTIFICATE, check_verified},
    {ERR_CHAIN_PURPOSE, PKI_CA_CERTIFICATE, check_verified},
    {ERR_CHAIN_INVALID, PKI_CA_CERTIFICATE, check_verified},
    {ERR_NONE, 0, NULL},
};
