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
 *
 * chain_write is the parsing child's part, the rest is for the second child,
 * which has the keys: what it says is one of a few words.
 */
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "checks.h"
#include "describe.h"
#include "join.h"
#include "sigalgs.h"

#define ROUNDS_MAX 12

static int
record(struct buf *out, char kind, const unsigned char *p, int len)
{
	unsigned char head[RECORD_HEAD] = {(unsigned char)kind};

	if (len <= 0)
		return -1;
	jail_put32(head + 1, (size_t)len);
	return buf_add(out, head, sizeof(head)) == -1 ||
		       buf_add(out, p, (size_t)len) == -1
		   ? -1
		   : 0;
}

int
write_cert(struct buf *out, X509 *x)
{
	unsigned char *der = NULL;
	int n = i2d_X509(x, &der), rc = record(out, RECORD_CERT, der, n);

	OPENSSL_free(der);
	return rc;
}

static int
write_key(struct buf *out, const struct pki_pair *p)
{
	PKCS8_PRIV_KEY_INFO *p8;
	unsigned char *der = NULL, md[32];
	int n, rc;

	if (p->key->held) {
		n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(p->leaf->x), &der);
		rc = n > 0 && EVP_Digest(der, (size_t)n, md, NULL, EVP_sha256(),
				  NULL) == 1
			 ? record(out, p->kept ? RECORD_STAYS : RECORD_HELD, md,
			       sizeof(md))
			 : -1;
		OPENSSL_free(der);
		return rc;
	}
	if ((p8 = EVP_PKEY2PKCS8(p->key->pkey)) == NULL)
		return -1;
	n = i2d_PKCS8_PRIV_KEY_INFO(p8, &der);
	rc = record(out, RECORD_UPLOADED, der, n);
	OPENSSL_clear_free(der, n > 0 ? (size_t)n : 0);
	PKCS8_PRIV_KEY_INFO_free(p8);
	return rc;
}

/* key1 leaf1 issuers1 key2 leaf2 ..., all encoded anew. */
int
chain_write(const struct pki_plan *plan, struct buf *out)
{
	const struct pki_pair *p;
	size_t i, k;

	for (i = 0; i < plan->n; i++) {
		p = &plan->pair[i];
		if (write_key(out, p) == -1 ||
		    write_cert(out, p->leaf->x) == -1)
			return -1;
		for (k = 0; k < p->n_chain; k++)
			if (write_cert(out, p->chain[k]->x) == -1)
				return -1;
	}
	return 0;
}

/* What is read from the chain file. */
struct loaded {
	EVP_PKEY *key;
	X509 *leaf;
	STACK_OF(X509) * chain;
};

struct loading {
	struct loaded pair[PKI_PAIRS_MAX];
	size_t n;
};

static void
load_clear(struct loading *l)
{
	while (l->n-- > 0) {
		EVP_PKEY_free(l->pair[l->n].key);
		X509_free(l->pair[l->n].leaf);
		sk_X509_pop_free(l->pair[l->n].chain, X509_free);
	}
	l->n = 0;
}

static int
load_key(struct loading *l, const unsigned char *der, long len)
{
	PKCS8_PRIV_KEY_INFO *p8;

	if (l->n == PKI_PAIRS_MAX ||
	    (p8 = d2i_PKCS8_PRIV_KEY_INFO(NULL, &der, len)) == NULL)
		return -1;
	memset(&l->pair[l->n], 0, sizeof(l->pair[0]));
	l->pair[l->n++].key = EVP_PKCS82PKEY(p8);
	PKCS8_PRIV_KEY_INFO_free(p8);
	return l->pair[l->n - 1].key != NULL ? 0 : -1;
}

static int
load_object(
    struct loading *l, const char *name, const unsigned char *der, long len)
{
	struct loaded *p;
	X509 *x;

	if (strcmp(name, PEM_STRING_PKCS8INF) == 0)
		return load_key(l, der, len);
	if (strcmp(name, PEM_STRING_X509) != 0 || l->n == 0 ||
	    (x = d2i_X509(NULL, &der, len)) == NULL)
		return -1;
	p = &l->pair[l->n - 1];
	if (p->leaf == NULL) {
		p->leaf = x;
		return 0;
	}
	if (p->chain == NULL)
		p->chain = sk_X509_new_null();
	if (p->chain != NULL && sk_X509_push(p->chain, x) > 0)
		return 0;
	X509_free(x);
	return -1;
}

static int
load_chain(struct loading *l, const struct pki_bytes *pem)
{
	unsigned char *der = NULL;
	char *name = NULL, *header = NULL;
	long len;
	BIO *bio;
	int rc = 0;

	if ((bio = BIO_new_mem_buf(pem->data, (int)pem->len)) == NULL)
		return -1;
	while (rc == 0 && PEM_read_bio(bio, &name, &header, &der, &len) == 1) {
		rc = load_object(l, name, der, len);
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_clear_free(der, (size_t)len);
	}
	if (rc == 0)
		ERR_clear_error(); /* "no start line" at the end */
	BIO_free(bio);
	return rc;
}

static int
use_all(SSL_CTX *ctx, const struct loading *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (l->pair[i].leaf == NULL ||
		    SSL_CTX_use_cert_and_key(ctx, l->pair[i].leaf,
			l->pair[i].key, l->pair[i].chain, 1) != 1)
			return -1;
	return 0;
}

static SSL_CTX *
postfix_ctx(const SSL_METHOD *method, const struct loading *l)
{
	SSL_CTX *ctx;

	if ((ctx = SSL_CTX_new(method)) == NULL)
		return NULL;
	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	SSL_CTX_set_num_tickets(ctx, 0);
	SSL_CTX_set_dh_auto(ctx, 1);
	if (use_all(ctx, l) == 0)
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

/* With several algorithms the client asks for one of them. */
static const char *
sigalgs_for(const struct loaded *p)
{
	struct key_facts f;

	key_facts(p->key, &f);
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
same_chain(SSL *ssl, const struct loaded *p)
{
	STACK_OF(X509) *got = SSL_get_peer_cert_chain(ssl);
	int first = SSL_is_server(ssl) ? 0 : 1, n = sk_X509_num(got);
	int want = p->chain == NULL ? 0 : sk_X509_num(p->chain), i;
	X509 *leaf = SSL_get1_peer_certificate(ssl);
	bool same = leaf != NULL && X509_cmp(leaf, p->leaf) == 0 &&
		    (n < 0 ? 0 : n - first) == want;

	for (i = 0; same && i < want; i++)
		same = X509_cmp(sk_X509_value(got, i + first),
			   sk_X509_value(p->chain, i)) == 0;
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
shake(SSL_CTX *cctx, SSL_CTX *sctx, int version, const char *sigalgs, bool asks,
    const struct loaded *p)
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

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
#define N_VERSIONS (sizeof(versions) / sizeof(versions[0]))

/* when: 1 = before any handshake, then the versions. */
static int
broken(struct shaken *s, size_t when)
{
	unsigned long code = ERR_peek_error();

	s->when = (unsigned char)when;
	s->why = handshake_why(ERR_GET_LIB(code), ERR_GET_REASON(code));
	ERR_clear_error();
	return -1;
}

/* Each pair with each version.  asks: the server does, and it is the client
 * that has the chain.  In TLS 1.2 OpenSSL's client has one certificate to
 * show, the last that was loaded. */
static int
shake_all(SSL_CTX *cctx, SSL_CTX *sctx, const struct loading *l,
    const struct trial *t, bool asks, struct shaken *s)
{
	const char *sigalgs;
	size_t i, v;

	for (i = 0; i < l->n; i++) {
		if (t->stays[i])
			continue;
		sigalgs = l->n > 1 ? sigalgs_for(&l->pair[i]) : NULL;
		for (v = asks && i + 1 < l->n ? 1 : 0; v < N_VERSIONS; v++)
			if (shake(cctx, sctx, versions[v],
				asks && v == 0 ? NULL : sigalgs, asks,
				&l->pair[i]) == -1)
				return broken(s, 2 + v);
	}
	return 0;
}

int
handshake_chain(const struct trial *t, struct shaken *s)
{
	SSL_CTX *client = NULL, *server = NULL;
	SSL_CTX *strict = SSL_CTX_new(TLS_client_method());
	struct loading l = {.n = 0};
	int rc = 0;

	memset(s, 0, sizeof(*s));
	ERR_clear_error();
	if (load_chain(&l, &t->pem) == 0) {
		server = postfix_ctx(TLS_server_method(), &l);
		if (t->client)
			client = postfix_ctx(TLS_client_method(), &l);
	}
	if (strict == NULL || server == NULL || (t->client && client == NULL)) {
		rc = broken(s, 1);
		goto out;
	}
	SSL_CTX_set_security_level(strict, 2);
	SSL_CTX_set_verify(strict, SSL_VERIFY_NONE, NULL);
	if (client != NULL)
		SSL_CTX_set_verify(client, SSL_VERIFY_NONE, NULL);
	if (!t->client_only)
		rc = shake_all(strict, server, &l, t, false, s);
	if (rc == 0 && t->client)
		rc = shake_all(client, server, &l, t, true, s);
out:
	ERR_clear_error();
	SSL_CTX_free(client);
	SSL_CTX_free(server);
	SSL_CTX_free(strict);
	load_clear(&l);
	return rc;
}
