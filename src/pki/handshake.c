/*
 * handshake.c - the last word: load the chain file as Postfix does and shake
 * hands with a strict client, in memory.
 *
 * Postfix (tls_certkey.c) reads key, leaf, issuers object by object, calls
 * SSL_CTX_use_cert_and_key, and runs its server at security level 0; peers
 * on today's systems run at level 2.  So do we: TLS 1.2, then TLS 1.3, and
 * the client must be handed exactly the uploaded leaf and chain.
 * A certificate of outbound connections is loaded the same way on the other
 * side, and the server asks for it.
 */
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "checks.h"
#include "describe.h"
#include "pki_int.h"
#include "sigalgs.h"

#define ROUNDS_MAX 12

static int
write_pair(BIO *bio, const struct pki_pair *p)
{
	size_t i;

	if (PEM_write_bio_PrivateKey(
		bio, p->key->pkey, NULL, NULL, 0, NULL, NULL) != 1 ||
	    PEM_write_bio_X509(bio, p->leaf->x) != 1)
		return -1;
	for (i = 0; i < p->n_chain; i++)
		if (PEM_write_bio_X509(bio, p->chain[i]->x) != 1)
			return -1;
	return 0;
}

/* key1 leaf1 issuers1 key2 leaf2 ..., all encoded anew. */
int
chain_write(const struct pki_plan *plan, struct buf *out)
{
	BIO *bio;
	char *p;
	long n;
	size_t i;
	int rc = -1;

	if ((bio = BIO_new(BIO_s_mem())) == NULL)
		return -1;
	for (i = 0; i < plan->n; i++)
		if (write_pair(bio, &plan->pair[i]) == -1)
			goto out;
	if ((n = BIO_get_mem_data(bio, &p)) > 0)
		rc = buf_add(out, p, (size_t)n);
out:
	BIO_free(bio); /* wipes */
	return rc;
}

struct loading {
	SSL_CTX *ctx;
	EVP_PKEY *key;
	X509 *leaf;
	STACK_OF(X509) * chain;
};

/* A key ends the chain before it. */
static int
load_flush(struct loading *l)
{
	bool whole = l->key != NULL && l->leaf != NULL;
	bool none = l->key == NULL && l->leaf == NULL;
	int rc = none ? 0 : -1;

	if (whole &&
	    SSL_CTX_use_cert_and_key(l->ctx, l->leaf, l->key, l->chain, 1) == 1)
		rc = 0;
	EVP_PKEY_free(l->key);
	X509_free(l->leaf);
	sk_X509_pop_free(l->chain, X509_free);
	l->key = NULL;
	l->leaf = NULL;
	l->chain = NULL;
	return rc;
}

static int
load_object(
    struct loading *l, const char *name, const unsigned char *der, long len)
{
	PKCS8_PRIV_KEY_INFO *p8;
	X509 *x;

	if (strcmp(name, PEM_STRING_PKCS8INF) == 0) {
		if (load_flush(l) == -1)
			return -1;
		if ((p8 = d2i_PKCS8_PRIV_KEY_INFO(NULL, &der, len)) == NULL)
			return -1;
		l->key = EVP_PKCS82PKEY(p8);
		PKCS8_PRIV_KEY_INFO_free(p8);
		return l->key != NULL ? 0 : -1;
	}
	if (strcmp(name, PEM_STRING_X509) != 0 || l->key == NULL ||
	    (x = d2i_X509(NULL, &der, len)) == NULL)
		return -1;
	if (l->leaf == NULL) {
		l->leaf = x;
		return 0;
	}
	if (l->chain == NULL)
		l->chain = sk_X509_new_null();
	if (l->chain != NULL && sk_X509_push(l->chain, x) > 0)
		return 0;
	X509_free(x);
	return -1;
}

static int
load_chain(SSL_CTX *ctx, const struct buf *chain)
{
	struct loading l = {.ctx = ctx};
	unsigned char *der = NULL;
	char *name = NULL, *header = NULL;
	long len;
	BIO *bio;
	int rc = 0;

	if ((bio = BIO_new_mem_buf(chain->data, (int)chain->len)) == NULL)
		return -1;
	while (rc == 0 && PEM_read_bio(bio, &name, &header, &der, &len) == 1) {
		rc = load_object(&l, name, der, len);
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_clear_free(der, (size_t)len);
	}
	if (rc == 0)
		ERR_clear_error(); /* "no start line" at the end */
	if (load_flush(&l) == -1)
		rc = -1;
	BIO_free(bio);
	return rc;
}

static SSL_CTX *
postfix_ctx(const SSL_METHOD *method, const struct buf *chain)
{
	SSL_CTX *ctx;

	if ((ctx = SSL_CTX_new(method)) == NULL)
		return NULL;
	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	SSL_CTX_set_num_tickets(ctx, 0);
	SSL_CTX_set_dh_auto(ctx, 1);
	if (load_chain(ctx, chain) == 0)
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

/* With several algorithms the client asks for one of them. */
static const char *
sigalgs_for(const struct pki_pair *p)
{
	struct key_facts f;

	key_facts(p->key->pkey, &f);
	return sigalgs_of(f.type);
}

static int
connect_bios(SSL *a, SSL *b)
{
	BIO *x = BIO_new(BIO_s_mem()), *y = BIO_new(BIO_s_mem());

	if (x == NULL || y == NULL) {
		BIO_free(x);
		BIO_free(y);
		return -1;
	}
	BIO_up_ref(x);
	BIO_up_ref(y);
	SSL_set_bio(a, x, y);
	SSL_set_bio(b, y, x);
	return 0;
}

/* Is it still going on, rather than broken? */
static bool
pending(SSL *ssl, int rc)
{
	int e = SSL_get_error(ssl, rc);

	return e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE;
}

static int
drive(SSL *client, SSL *server)
{
	int i, c = 0, s = 0;

	for (i = 0; i < ROUNDS_MAX && (c != 1 || s != 1); i++) {
		if (c != 1 && (c = SSL_do_handshake(client)) != 1 &&
		    !pending(client, c))
			return -1;
		if (s != 1 && (s = SSL_do_handshake(server)) != 1 &&
		    !pending(server, s))
			return -1;
	}
	return c == 1 && s == 1 ? 0 : -1;
}

/* What a server is handed has no leaf in its list. */
static int
same_chain(SSL *ssl, const struct pki_pair *p)
{
	STACK_OF(X509) *got = SSL_get_peer_cert_chain(ssl);
	int first = SSL_is_server(ssl) ? 0 : 1, n = sk_X509_num(got);
	X509 *leaf = SSL_get_peer_certificate(ssl);
	bool same = leaf != NULL && X509_cmp(leaf, p->leaf->x) == 0 &&
		    (n < 0 ? 0 : n - first) == (int)p->n_chain;
	size_t i;

	for (i = 0; same && i < p->n_chain; i++)
		same = X509_cmp(sk_X509_value(got, (int)i + first),
			   p->chain[i]->x) == 0;
	X509_free(leaf);
	return same ? 0 : -1;
}

/* Whom it trusts is the server's affair, not ours. */
static int
take_any(int ok, X509_STORE_CTX *ctx)
{
	(void)ok;
	(void)ctx;
	return 1;
}

static int
shake(SSL_CTX *cctx, SSL_CTX *sctx, int version, const char *sigalgs,
    bool asks, const struct pki_pair *p)
{
	SSL *client = SSL_new(cctx), *server = SSL_new(sctx);
	int rc = -1;

	if (client == NULL || server == NULL)
		goto out;
	SSL_set_connect_state(client);
	SSL_set_accept_state(server);
	if (SSL_set_min_proto_version(client, version) != 1 ||
	    SSL_set_max_proto_version(client, version) != 1 ||
	    (sigalgs != NULL && !asks &&
		SSL_set1_sigalgs_list(client, sigalgs) != 1) ||
	    (sigalgs != NULL && asks &&
		SSL_set1_client_sigalgs_list(server, sigalgs) != 1) ||
	    connect_bios(client, server) == -1)
		goto out;
	if (asks)
		SSL_set_verify(server,
		    SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
		    take_any);
	if (drive(client, server) == 0 &&
	    same_chain(asks ? server : client, p) == 0)
		rc = 0;
out:
	SSL_free(client);
	SSL_free(server);
	return rc;
}

static int
broken(struct err *e, const char *when)
{
	unsigned long code = ERR_peek_error();
	const char *why = code != 0 ? ERR_reason_error_string(code) : NULL;

	ERR_clear_error();
	return err_set(e, ERR_HANDSHAKE_FAILED, "server_certificate", "%s: %s",
	    when, why != NULL ? why : "the peer gave up");
}

/* asks: the server does, and it is the client that has the chain.  In TLS 1.2
 * OpenSSL's client has one certificate to show, the last that was loaded. */
static int
both_versions(SSL_CTX *cctx, SSL_CTX *sctx, const struct pki_plan *plan,
    bool asks, struct err *e)
{
	static const struct {
		int version;
		const char *name;
	} versions[] = {
	    {TLS1_2_VERSION, "TLSv1.2"},
	    {TLS1_3_VERSION, "TLSv1.3"},
	};
	const char *sigalgs;
	size_t i, v;

	for (i = 0; i < plan->n; i++) {
		if (plan->pair[i].kept)
			continue;
		sigalgs = plan->n > 1 ? sigalgs_for(&plan->pair[i]) : NULL;
		for (v = asks && i + 1 < plan->n ? 1 : 0; v < 2; v++)
			if (shake(cctx, sctx, versions[v].version,
				asks && v == 0 ? NULL : sigalgs, asks,
				&plan->pair[i]) == -1)
				return broken(e, versions[v].name);
	}
	return 0;
}

int
handshake_chain(const struct buf *chain, const struct pki_plan *plan,
    const struct pki_input *in, struct err *e)
{
	SSL_CTX *client = NULL, *server = NULL, *strict = NULL;
	int rc = -1;

	ERR_clear_error();
	server = postfix_ctx(TLS_server_method(), chain);
	if (in->client)
		client = postfix_ctx(TLS_client_method(), chain);
	strict = SSL_CTX_new(TLS_client_method());
	if (server == NULL || strict == NULL ||
	    (in->client && client == NULL)) {
		(void)broken(e, "SSL_CTX");
		goto out;
	}
	SSL_CTX_set_security_level(strict, 2);
	SSL_CTX_set_verify(strict, SSL_VERIFY_NONE, NULL);
	if (client != NULL)
		SSL_CTX_set_verify(client, SSL_VERIFY_NONE, NULL);
	if ((in->client_only ||
		both_versions(strict, server, plan, false, e) == 0) &&
	    (!in->client || both_versions(client, server, plan, true, e) == 0))
		rc = 0;
	ERR_clear_error();
out:
	SSL_CTX_free(client);
	SSL_CTX_free(server);
	SSL_CTX_free(strict);
	return rc;
}
