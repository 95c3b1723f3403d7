/*
 * chain.c - order the certificates by who signed whom.
 *
 * set->issued holds every proven link (name, key identifiers, signature).
 * From the leaf all paths are walked, with a bound on the steps; the best one
 * is the one that ends in a trusted root, else in any root, has no expired
 * member, uses more of what the administrator sent, and lasts longer.  So of
 * two cross-signed alternatives the living one is taken.
 * The root itself is never sent: it is known to the peer or worthless.
 */
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "pki_int.h"

#define STEPS_MAX  2000
#define VERIFY_MAX 40 /* signatures; an honest set needs its size, twice */
#define DEPTH_MAX  PKI_OBJECTS_MAX

struct path {
	size_t at[DEPTH_MAX + 2];
	size_t n;
	int score;
	time_t until; /* the first end of an issuer */
};

struct walk {
	struct pki_set *s;
	time_t now;
	bool stored_too; /* stored intermediates may fill gaps */
	bool stored_only;
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

static bool
signed_by(
    struct pki_set *s, const struct pki_cert *c, const struct pki_cert *issuer)
{
	return X509_check_issued(issuer->x, c->x) == X509_V_OK &&
	       chain_signed(s, c, X509_get0_pubkey(issuer->x));
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
		for (j = 0; j < s->n_cert; j++) {
			d = &s->cert[j];
			if (i == j || d->role == PKI_ROLE_DUPLICATE ||
			    X509_NAME_cmp(X509_get_issuer_name(c->x),
				X509_get_subject_name(d->x)) != 0)
				continue;
			s->issued[i][j] = signed_by(s, c, d);
		}
	}
	ERR_clear_error();
}

static bool
is_alive(const struct pki_cert *c, time_t now)
{
	return X509_cmp_time(X509_get0_notBefore(c->x), &now) < 0 &&
	       X509_cmp_time(X509_get0_notAfter(c->x), &now) > 0;
}

static void
judge(struct walk *w)
{
	struct path *p = &w->cur;
	const struct pki_cert *c = &w->s->cert[p->at[p->n - 1]];
	bool alive = true;
	time_t until;
	size_t i;

	p->score = (int)p->n;
	p->until = 0;
	if (c->root != NULL)
		p->score += 4000;
	if (c->root != NULL || c->self_signed)
		p->score += 2000;
	for (i = 1; i < p->n; i++) {
		c = &w->s->cert[p->at[i]];
		alive = alive && is_alive(c, w->now);
		p->score += c->field != PKI_STORED ? 20 : 0;
		if (cert_time(X509_get0_notAfter(c->x), &until) == 0 &&
		    (i == 1 || until < p->until))
			p->until = until;
	}
	if (alive)
		p->score += 1000;
}

static bool
may_follow(const struct walk *w, size_t j)
{
	const struct pki_cert *c = &w->s->cert[j];
	size_t i;

	if (c->role == PKI_ROLE_DUPLICATE || c->role == PKI_ROLE_LEAF)
		return false;
	if (c->field == PKI_STORED ? !w->stored_too : w->stored_only)
		return false;
	for (i = 0; i < w->cur.n; i++)
		if (w->cur.at[i] == j)
			return false;
	return true;
}

/* Depth first; every prefix is a candidate, the first best one stays. */
static void
walk(struct walk *w)
{
	size_t j, at = w->cur.at[w->cur.n - 1];

	judge(w);
	if (w->cur.score > w->best.score ||
	    (w->cur.score == w->best.score && w->cur.until > w->best.until))
		w->best = w->cur;
	if (w->s->cert[at].self_signed || w->cur.n > DEPTH_MAX ||
	    ++w->steps > STEPS_MAX)
		return;
	for (j = 0; j < w->s->n_cert; j++) {
		if (!w->s->issued[at][j] || !may_follow(w, j))
			continue;
		w->cur.at[w->cur.n++] = j;
		walk(w);
		w->cur.n--;
	}
}

static void
take_path(struct pki_set *s, struct pki_pair *p, const struct path *path)
{
	struct pki_cert *c = p->leaf;
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
	p->root_trusted = c->root != NULL;
	p->complete = c->root != NULL || c->self_signed;
	if (p->sent_root != NULL)
		p->root = p->sent_root->x;
	else if (!c->self_signed)
		p->root = c->root;
}

void
chain_build(struct pki_set *s, struct pki_pair *p, const struct pki_input *in)
{
	struct walk w = {.s = s, .now = in->now};

	w.stored_only = p->kept;
	w.stored_too = p->kept || in->file[PKI_CA_CERTIFICATE].data == NULL;
	w.cur.at[0] = (size_t)(p->leaf - s->cert);
	w.cur.n = 1;
	w.best.score = -1;
	walk(&w);
	take_path(s, p, &w.best);
}
