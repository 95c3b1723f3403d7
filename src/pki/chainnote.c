/*
 * chainnote.c - say what was done with the certificates that were sent, and
 * which link is missing.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "describe.h"
#include "pki_int.h"

/* The caIssuers URL (RFC 5280 section 4.2.2.1), or "". */
static void
issuer_url(X509 *x, char *dst, size_t dst_len)
{
	AUTHORITY_INFO_ACCESS *aia;
	ACCESS_DESCRIPTION *ad;
	const ASN1_IA5STRING *uri;
	size_t n, k;
	int i;

	dst[0] = '\0';
	aia = X509_get_ext_d2i(x, NID_info_access, NULL, NULL);
	for (i = 0; i < sk_ACCESS_DESCRIPTION_num(aia); i++) {
		ad = sk_ACCESS_DESCRIPTION_value(aia, i);
		if (OBJ_obj2nid(ad->method) != NID_ad_ca_issuers ||
		    ad->location->type != GEN_URI)
			continue;
		uri = ad->location->d.uniformResourceIdentifier;
		n = (size_t)uri->length;
		for (k = 0; k < n; k++)
			if (!isgraph(uri->data[k]))
				break;
		if (k != n || n >= dst_len)
			continue;
		memcpy(dst, uri->data, n);
		dst[n] = '\0';
		break;
	}
	AUTHORITY_INFO_ACCESS_free(aia);
	ERR_clear_error();
}

static void
say_cert(struct pki_set *s, enum err_code code, const struct pki_cert *c)
{
	char name[PKI_NAME_MAX], print[PKI_SHORT_FP];

	cert_subject(c->x, name, sizeof(name));
	cert_print(c, print);
	findings_add(&s->found, code, field_name(c->field), "subject", name,
	    "certificate", print, NULL);
}

/* The right name, but another key than the one that signed: it is said here,
 * and not once more as one that has nothing to do with the chain. */
static void
say_namesake(struct pki_set *s, const struct pki_cert *last)
{
	char name[PKI_NAME_MAX], issuer[PKI_NAME_MAX];
	struct pki_cert *c;
	size_t i;

	for (i = 0; i < s->n_cert; i++) {
		c = &s->cert[i];
		if (c == last || c->field == PKI_STORED ||
		    c->role != PKI_ROLE_UNUSED ||
		    X509_NAME_cmp(X509_get_subject_name(c->x),
			X509_get_issuer_name(last->x)) != 0)
			continue;
		c->role = PKI_ROLE_ALTERNATIVE;
		cert_subject(last->x, name, sizeof(name));
		cert_subject(c->x, issuer, sizeof(issuer));
		findings_add(&s->found, ERR_CHAIN_NAMESAKE,
		    field_name(c->field), "subject", name, "issuer", issuer,
		    NULL);
	}
}

/* The chain in force has an issuer of that name, only not one that fits. */
static bool
stored_has_issuer(const struct pki_set *s, const struct pki_cert *last)
{
	size_t i;

	for (i = 0; i < s->n_cert; i++)
		if (s->cert[i].field == PKI_STORED &&
		    X509_NAME_cmp(X509_get_subject_name(s->cert[i].x),
			X509_get_issuer_name(last->x)) == 0)
			return true;
	return false;
}

static enum err_code
gap_code(const struct pki_set *s, const struct pki_pair *p,
    const struct pki_cert *last, const char *url)
{
	/* A sub-CA without an address: its issuer may be a private root. */
	bool own_root =
	    p->n_chain > 0 && url[0] == '\0' && !stored_has_issuer(s, last);

	if (p->n_chain < p->stored_chain && !own_root)
		return ERR_CHAIN_SHORTER;
	return own_root ? ERR_CHAIN_ROOT_UNKNOWN : ERR_CHAIN_INCOMPLETE;
}

static void
say_gap(struct pki_set *s, const struct pki_pair *p)
{
	const struct pki_cert *last;
	char subject[PKI_NAME_MAX], issuer[PKI_NAME_MAX], url[PKI_NAME_MAX];
	char now[24], before[24];

	last = p->n_chain > 0 ? p->chain[p->n_chain - 1] : p->leaf;
	if (p->complete || last->unchecked ||
	    (last->self_issued && last == p->leaf) ||
	    (X509_get_extension_flags(last->x) & EXFLAG_INVALID))
		return;
	say_namesake(s, last);
	cert_subject(last->x, subject, sizeof(subject));
	cert_issuer(last->x, issuer, sizeof(issuer));
	issuer_url(last->x, url, sizeof(url));
	snprintf(now, sizeof(now), "%zu", p->n_chain);
	snprintf(before, sizeof(before), "%zu", p->stored_chain);
	findings_add(&s->found, gap_code(s, p, last, url),
	    field_name(PKI_CA_CERTIFICATE), "subject", subject, "issuer",
	    issuer, "url", url[0] != '\0' ? url : "-", "sent", now, "stored",
	    before, NULL);
}

/* The same authority as a root of its own: known here, or among the files. */
static bool
is_root_too(const struct pki_set *s, const struct pki_pair *p, size_t i)
{
	const struct pki_cert *c = p->chain[i];
	const X509 *known = i > 0 ? p->chain[i - 1]->root : p->leaf->root;
	size_t k;

	for (k = 0; k < s->n_cert; k++)
		if (s->cert[k].self_signed && s->cert[k].who == c->who)
			return true;
	return known != NULL && chain_same_ca(known, c->x);
}

/* Peers that know the new root need it no more; the others do. */
static void
say_cross_signed(struct pki_set *s, const struct pki_pair *p)
{
	char name[PKI_NAME_MAX], issuer[PKI_NAME_MAX], until[32];
	X509 *x;
	size_t i;

	for (i = 0; i < p->n_chain; i++) {
		x = p->chain[i]->x;
		if (!is_root_too(s, p, i))
			continue;
		cert_subject(x, name, sizeof(name));
		cert_issuer(x, issuer, sizeof(issuer));
		time_date(X509_get0_notAfter(x), until);
		findings_add(&s->found, ERR_CHAIN_CROSS_SIGNED,
		    field_name(PKI_CA_CERTIFICATE), "subject", name, "issuer",
		    issuer, "until", until, NULL);
	}
}

/* Within one file the members should follow each other, leaf first. */
static void
say_order(struct pki_set *s, const struct pki_pair *p)
{
	const struct pki_cert *c, *last[PKI_FIELD__MAX + 1] = {NULL};
	bool said[PKI_FIELD__MAX + 1] = {false};
	size_t i;

	last[p->leaf->field] = p->leaf;
	for (i = 0; i <= p->n_chain; i++) {
		c = i < p->n_chain ? p->chain[i] : p->sent_root;
		if (c == NULL || c->field == PKI_STORED)
			continue;
		if (last[c->field] != NULL && c < last[c->field] &&
		    !said[c->field]) {
			said[c->field] = true;
			findings_add(&s->found, ERR_CHAIN_REORDERED,
			    field_name(c->field), NULL);
		}
		last[c->field] = c;
	}
}

static void
say_pair(struct pki_set *s, const struct pki_pair *p)
{
	char name[PKI_NAME_MAX];
	size_t i;

	if (p->sent_root != NULL && p->sent_root->field != PKI_STORED)
		say_cert(s, ERR_CHAIN_ROOT_DROPPED, p->sent_root);
	say_order(s, p);
	for (i = 0; i < p->n_chain && p->leaf->field != PKI_STORED; i++) {
		if (p->chain[i]->field != PKI_STORED)
			continue;
		cert_subject(p->chain[i]->x, name, sizeof(name));
		findings_add(&s->found, ERR_CHAIN_STORED,
		    field_name(PKI_CA_CERTIFICATE), "subject", name, NULL);
	}
	say_cross_signed(s, p);
	say_gap(s, p);
}

/* Another certificate of an authority of the chain, or of its root. */
static bool
is_alternative(const struct pki_set *s, const struct pki_plan *plan,
    const struct pki_cert *c)
{
	const struct pki_cert *d;
	size_t i;

	for (i = 0; i < s->n_cert; i++) {
		d = &s->cert[i];
		if (d != c && d->who == c->who &&
		    (d->role == PKI_ROLE_INTERMEDIATE ||
			d->role == PKI_ROLE_ROOT))
			return true;
	}
	for (i = 0; i < plan->n; i++)
		if (plan->pair[i].root != NULL &&
		    chain_same_ca(plan->pair[i].root, c->x))
			return true;
	return false;
}

/* It issued one that was sent as well and that is no stranger here. */
static bool
issued_a_relative(const struct pki_set *s, size_t j)
{
	size_t i;

	for (i = 0; i < s->n_cert; i++)
		if (s->issued[i][j] != LINK_NONE &&
		    s->cert[i].role != PKI_ROLE_UNUSED &&
		    s->cert[i].role != PKI_ROLE_DUPLICATE)
			return true;
	return false;
}

/* Uploads that no chain uses, but that belong to another way to a root. */
static void
say_alternatives(struct pki_set *s, const struct pki_plan *plan)
{
	struct pki_cert *c;
	bool more = true;
	size_t i;

	while (more) {
		more = false;
		for (i = 0; i < s->n_cert; i++) {
			c = &s->cert[i];
			if (c->field == PKI_STORED ||
			    c->role != PKI_ROLE_UNUSED ||
			    (!is_alternative(s, plan, c) &&
				!issued_a_relative(s, i)))
				continue;
			more = true;
			c->role = c->self_signed ? PKI_ROLE_ROOT
						 : PKI_ROLE_ALTERNATIVE;
			say_cert(s,
			    c->self_signed ? ERR_CHAIN_ROOT_DROPPED
					   : ERR_CHAIN_ALTERNATIVE,
			    c);
		}
	}
}

/* The certificate of before, sent along with its successor. */
static bool
is_superseded(const struct pki_plan *plan, const struct pki_cert *c)
{
	const struct pki_cert *leaf;
	size_t i;

	for (i = 0; i < plan->n && !c->is_ca; i++) {
		leaf = plan->pair[i].leaf;
		if (ASN1_TIME_compare(X509_get0_notBefore(c->x),
			X509_get0_notBefore(leaf->x)) <= 0 &&
		    (X509_NAME_cmp(X509_get_subject_name(c->x),
			 X509_get_subject_name(leaf->x)) == 0 ||
			chain_same_ca(c->x, leaf->x)))
			return true;
	}
	return false;
}

static void
say_unused(
    struct pki_set *s, const struct pki_plan *plan, const struct pki_input *in)
{
	struct pki_cert *c;
	size_t i;

	for (i = 0; i < s->n_cert; i++) {
		c = &s->cert[i];
		if (c->field == PKI_STORED || c->role != PKI_ROLE_UNUSED)
			continue;
		if (is_superseded(plan, c))
			say_cert(s, ERR_CERT_SUPERSEDED, c);
		/* In a draft the rest of the new set is still to come. */
		else if (!in->partial ||
			 plan->pair[0].leaf->field != PKI_STORED)
			say_cert(s, ERR_CHAIN_UNRELATED, c);
	}
}

/* The server certificate field was given, and nothing of it fits the key. */
static void
say_stranger(struct pki_set *s, const struct pki_plan *plan)
{
	const struct pki_cert *c, *first = NULL;
	char key[PKI_SHORT_FP], cert[PKI_SHORT_FP], name[PKI_NAME_MAX];
	size_t i;

	for (i = 0; i < s->n_cert; i++) {
		c = &s->cert[i];
		if (c->field != PKI_SERVER_CERTIFICATE)
			continue;
		if (c->role != PKI_ROLE_UNUSED)
			return;
		if (first == NULL)
			first = c;
	}
	if (first == NULL || plan->pair[0].key == NULL)
		return;
	key_print(plan->pair[0].key->pkey, key);
	key_print(X509_get0_pubkey(first->x), cert);
	cert_subject(first->x, name, sizeof(name));
	findings_add(&s->found, ERR_KEY_MISMATCH,
	    field_name(PKI_SERVER_CERTIFICATE), "key", key, "certificate", cert,
	    "subject", name, NULL);
}

void
chain_leftovers(
    struct pki_set *s, const struct pki_plan *plan, const struct pki_input *in)
{
	size_t i;

	for (i = 0; i < plan->n; i++)
		if (!plan->pair[i].kept)
			say_pair(s, &plan->pair[i]);
	if (plan->n == 0 ||
	    (X509_get_extension_flags(plan->pair[0].leaf->x) & EXFLAG_INVALID))
		return;
	say_stranger(s, plan);
	say_alternatives(s, plan);
	say_unused(s, plan, in);
}
