/*
 * chain.c - order the certificates by who signed whom.
 *
 * set->issued holds every proven link (name, signature).  From the leaf all
 * paths are walked, with a bound on the steps; the best one is that of rank[]
 * below.  What is sent must verify for a peer that knows any one of the roots
 * concerned, so a path may end above a root that is known here: a root signed
 * by an older one is sent for those who know the older one only, and to the
 * others it does no harm, as they stop at what they trust.
 * A root itself is never sent: it is known to the peer or worthless.
 *
 *   leaf <- YE1 <- YE signed by X2 <- X2 signed by X1 <- (X1)
 *                  = (YE, signed by itself: an anchor of the path as well)
 *
 * A path that could go on is a candidate only if it has such an anchor:
 * otherwise an expired issuer would just be left out, and nobody would be
 * told.
 */
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "describe.h"
#include "pki_int.h"

#define STEPS_MAX  2000
#define VERIFY_MAX 40 /* signatures; an honest set needs its size, twice */
#define DEPTH_MAX  PKI_OBJECTS_MAX

/* The first difference decides; of equals the one that lasts longer. */
enum {
	USABLE, /* nobody's time is over, and there is an anchor */
	ALIVE,
	ANCHORED,
	FIRM,	 /* all name their issuer as it is */
	OWN,	 /* the first issuer was uploaded */
	TRUSTED, /* an anchor is in the trust file */
	REACH,	 /* how many authorities it comes by, or names */
	FEW,	 /* certificates to send */
	FRESH,	 /* uploaded, not stored */
	RANKS
};

struct path {
	size_t at[DEPTH_MAX + 2];
	size_t n;
	int rank[RANKS];
	time_t until; /* the first end of an issuer */
};

struct walk {
	struct pki_set *s;
	const struct pki_input *in;
	bool stored_too; /* stored intermediates may fill gaps */
	bool stored_only;
	bool found; /* best is one */
	int steps;
	struct path cur, best;
};

/*
 * Some keys make one check cost as much as a signature, or more: a huge
 * public exponent, a curve made to measure, DSA of 10,000 bits.
 */
static bool
cheap_to_verify(EVP_PKEY *pkey)
{
	struct key_facts f;
	BIGNUM *e = NULL;
	bool ok;

	if (pkey == NULL)
		return false;
	switch (EVP_PKEY_get_base_id(pkey)) {
	case EVP_PKEY_RSA:
	case EVP_PKEY_RSA_PSS:
		ok = EVP_PKEY_get_bits(pkey) <= 8192 &&
		     EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) ==
			 1 &&
		     BN_num_bits(e) <= 64;
		BN_free(e);
		return ok;
	case EVP_PKEY_EC:
		key_facts(pkey, &f);
		return !f.explicit_curve && f.bits <= 521;
	case EVP_PKEY_ED25519:
	case EVP_PKEY_ED448:
		return true;
	default:
		return false;
	}
}

static bool
may_verify(struct pki_set *s, EVP_PKEY *issuer)
{
	return cheap_to_verify(issuer) && s->signatures++ < VERIFY_MAX;
}

bool
chain_signed(struct pki_set *s, const struct pki_cert *c, EVP_PKEY *issuer)
{
	bool ok = may_verify(s, issuer) && X509_verify(c->x, issuer) == 1;

	ERR_clear_error();
	return ok;
}

/* OpenSSL's peers take an issuer only if the identifiers fit, too. */
static enum pki_link
signed_by(struct pki_set *s, const struct pki_cert *c, const struct pki_cert *d)
{
	if (X509_NAME_cmp(
		X509_get_issuer_name(c->x), X509_get_subject_name(d->x)) != 0 ||
	    !chain_signed(s, c, X509_get0_pubkey(d->x)))
		return LINK_NONE;
	return X509_check_issued(d->x, c->x) == X509_V_OK ? LINK_FIRM
							  : LINK_LOOSE;
}

bool
chain_same_ca(const X509 *a, const X509 *b)
{
	EVP_PKEY *p = X509_get0_pubkey(a), *q = X509_get0_pubkey(b);
	bool same;

	same = X509_NAME_cmp(
		   X509_get_subject_name(a), X509_get_subject_name(b)) == 0 &&
	       p != NULL && q != NULL && EVP_PKEY_eq(p, q) == 1;
	ERR_clear_error();
	return same;
}

void
chain_link(struct pki_set *s)
{
	struct pki_cert *c, *d;
	size_t i, j;

	for (i = 0; i < s->n_cert; i++) {
		c = &s->cert[i];
		if (c->role == PKI_ROLE_DUPLICATE)
			continue;
		if (c->self_issued) {
			c->unchecked = !may_verify(s, X509_get0_pubkey(c->x));
			c->self_signed =
			    !c->unchecked && X509_self_signed(c->x, 1) == 1;
		}
		for (c->who = 0; c->who < i; c->who++)
			if (chain_same_ca(s->cert[c->who].x, c->x))
				break;
		for (j = 0; j < s->n_cert; j++) {
			d = &s->cert[j];
			if (i != j && d->role != PKI_ROLE_DUPLICATE)
				s->issued[i][j] = signed_by(s, c, d);
		}
	}
	ERR_clear_error();
}

/* The same authority as a root, in the set; NULL = none. */
static struct pki_cert *
twin_root(struct pki_set *s, const struct pki_cert *c)
{
	size_t i;

	for (i = 0; i < s->n_cert; i++)
		if (s->cert[i].self_signed &&
		    s->cert[i].role != PKI_ROLE_DUPLICATE &&
		    s->cert[i].who == c->who)
			return &s->cert[i];
	return NULL;
}

static bool
is_alive(const struct walk *w, const struct pki_cert *c)
{
	time_t now = w->in->now;

	return X509_cmp_time(X509_get0_notBefore(c->x), &now) < 0 &&
	       X509_cmp_time(X509_get0_notAfter(c->x), &now) > 0 &&
	       revoked_on(c, w->in) == NULL;
}

/* Its issuer is one of the path already, or itself. */
static bool
comes_round(const struct walk *w, size_t last)
{
	size_t i;

	for (i = 0; i < w->cur.n; i++)
		if (w->s->issued[last][w->cur.at[i]] != LINK_NONE)
			return true;
	return w->s->cert[last].self_signed;
}

static void
judge(struct walk *w)
{
	struct path *p = &w->cur;
	const struct pki_cert *c = &w->s->cert[p->at[0]];
	int *r = p->rank;
	time_t until;
	size_t i;

	memset(r, 0, sizeof(p->rank));
	r[ALIVE] = 1;
	r[TRUSTED] = c->root != NULL;
	r[ANCHORED] = c->root != NULL || c->self_signed;
	r[OWN] = p->n > 1 && w->s->cert[p->at[1]].field != PKI_STORED;
	p->until = 0;
	for (i = 1; i < p->n; i++) {
		if (w->s->issued[p->at[i - 1]][p->at[i]] == LINK_LOOSE)
			r[FIRM]--;
		c = &w->s->cert[p->at[i]];
		r[ALIVE] &= is_alive(w, c);
		r[TRUSTED] |= c->root != NULL;
		r[ANCHORED] |= c->root != NULL || twin_root(w->s, c) != NULL;
		r[FEW] -= !c->self_signed;
		r[FRESH] -= c->field == PKI_STORED;
		if (cert_time(X509_get0_notAfter(c->x), &until) == 0 &&
		    (i == 1 || until < p->until))
			p->until = until;
	}
	r[REACH] = (int)p->n + !comes_round(w, p->at[p->n - 1]);
	r[USABLE] = r[ALIVE] && r[ANCHORED];
}

static bool
is_better(const struct path *a, const struct path *b)
{
	size_t i;

	for (i = 0; i < RANKS; i++)
		if (a->rank[i] != b->rank[i])
			return a->rank[i] > b->rank[i];
	return a->until > b->until;
}

static bool
may_follow(const struct walk *w, size_t j)
{
	const struct pki_cert *c = &w->s->cert[j];
	size_t i;

	if (c->role == PKI_ROLE_DUPLICATE || c->role == PKI_ROLE_LEAF)
		return false;
	if (c->field == PKI_STORED
		? !w->stored_too ||
		      (!w->stored_only && revoked_on(c, w->in) != NULL)
		: w->stored_only)
		return false;
	for (i = 0; i < w->cur.n; i++)
		if (w->s->cert[w->cur.at[i]].who == c->who)
			return false;
	return true;
}

/* Depth first; the first best one stays. */
static void
walk(struct walk *w)
{
	size_t j, at = w->cur.at[w->cur.n - 1];
	bool ends = true;

	if (!w->s->cert[at].self_signed && w->cur.n <= DEPTH_MAX &&
	    ++w->steps <= STEPS_MAX)
		for (j = 0; j < w->s->n_cert; j++) {
			if (w->s->issued[at][j] == LINK_NONE ||
			    !may_follow(w, j))
				continue;
			ends = false;
			w->cur.at[w->cur.n++] = j;
			walk(w);
			w->cur.n--;
		}
	judge(w);
	if ((ends || w->cur.rank[ANCHORED]) &&
	    (!w->found || is_better(&w->cur, &w->best))) {
		w->best = w->cur;
		w->found = true;
	}
}

static void
take_path(struct pki_set *s, struct pki_pair *p, const struct path *path)
{
	struct pki_cert *c, *twin;
	size_t i;

	for (i = 1; i < path->n; i++) {
		c = &s->cert[path->at[i]];
		if (c->self_signed) {
			p->sent_root = c;
			c->role = PKI_ROLE_ROOT;
		} else if (p->n_chain < PKI_OBJECTS_MAX) {
			p->chain[p->n_chain++] = c;
			c->role = PKI_ROLE_INTERMEDIATE;
		}
	}
	/* The highest that is known: a trusted one, or one of the set. */
	for (i = path->n; i-- > 0 && !p->root_trusted;) {
		c = &s->cert[path->at[i]];
		if (i == 0 && c->self_signed) {
			p->root_trusted = c->root != NULL;
			break;
		}
		if (c->root != NULL) {
			p->root = c->root;
			p->root_trusted = true;
		} else if (i > 0 && p->root == NULL &&
			   (twin = twin_root(s, c)) != NULL)
			p->root = twin->x;
	}
	p->complete = p->root != NULL || p->leaf->self_signed;
}

static void
best_path(struct walk *w, const struct pki_cert *leaf)
{
	w->cur.at[0] = (size_t)(leaf - w->s->cert);
	w->cur.n = 1;
	walk(w);
}

/* How many intermediates the stored chain of the same kind of key has. */
static size_t
stored_length(
    struct pki_set *s, const struct pki_pair *p, const struct pki_input *in)
{
	struct walk w = {
	    .s = s, .in = in, .stored_too = true, .stored_only = true};
	EVP_PKEY *pub = X509_get0_pubkey(p->leaf->x);
	size_t i;

	for (i = 0; i < s->n_cert && !w.found && pub != NULL; i++)
		if (s->cert[i].field == PKI_STORED && !s->cert[i].is_ca &&
		    X509_get0_pubkey(s->cert[i].x) != NULL &&
		    key_slot(X509_get0_pubkey(s->cert[i].x)) == key_slot(pub))
			best_path(&w, &s->cert[i]);
	return w.found ? w.best.n - 1 : 0;
}

void
chain_build(struct pki_set *s, struct pki_pair *p, const struct pki_input *in)
{
	struct walk w = {.s = s, .in = in, .stored_only = p->kept};

	w.stored_too = p->kept || !pki_confirmed(in, ERR_CHAIN_STORED);
	best_path(&w, p->leaf);
	take_path(s, p, &w.best);
	if (!p->kept && !p->complete && !in->partial &&
	    p->leaf->field != PKI_STORED)
		p->stored_chain = stored_length(s, p, in);
}
