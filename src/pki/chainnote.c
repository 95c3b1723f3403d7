/*
 * chainnote.c - say what was done with the certificates that were sent, and
 * which link is missing.
 */
#include <ctype.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

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

/* The right name, but another key than the one that signed. */
static bool
say_namesake(struct pki_set *s, const struct pki_cert *last)
{
	char name[PKI_NAME_MAX], issuer[PKI_NAME_MAX];
	const struct pki_cert *c;
	size_t i;

	for (i = 0; i < s->n_cert; i++) {
		c = &s->cert[i];
		if (c == last || c->field == PKI_STORED ||
		    c->role == PKI_ROLE_DUPLICATE ||
		    X509_NAME_cmp(X509_get_subject_name(c->x),
			X509_get_issuer_name(last->x)) != 0)
			continue;
		cert_subject(last->x, name, sizeof(name));
		cert_subject(c->x, issuer, sizeof(issuer));
		findings_add(&s->found, ERR_CHAIN_NAMESAKE,
		    field_name(c->field), "subject", name, "issuer", issuer,
		    NULL);
		return true;
	}
	return false;
}

static void
say_gap(struct pki_set *s, const struct pki_pair *p)
{
	const struct pki_cert *last;
	char subject[PKI_NAME_MAX], issuer[PKI_NAME_MAX], url[PKI_NAME_MAX];

	last = p->n_chain > 0 ? p->chain[p->n_chain - 1] : p->leaf;
	if (p->complete || last->self_issued ||
	    (X509_get_extension_flags(last->x) & EXFLAG_INVALID))
		return;
	say_namesake(s, last);
	cert_subject(last->x, subject, sizeof(subject));
	cert_issuer(last->x, issuer, sizeof(issuer));
	issuer_url(last->x, url, sizeof(url));
	/* A sub-CA without an address: its issuer may be a private root. */
	findings_add(&s->found,
	    p->n_chain > 0 && url[0] == '\0' ? ERR_CHAIN_ROOT_UNKNOWN
					     : ERR_CHAIN_INCOMPLETE,
	    field_name(PKI_CA_CERTIFICATE), "subject", subject, "issuer",
	    issuer, "url", url[0] != '\0' ? url : "-", NULL);
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
	say_gap(s, p);
}

static bool
is_alternative(const struct pki_set *s, const struct pki_plan *plan,
    const struct pki_cert *c)
{
	const struct pki_cert *d;
	EVP_PKEY *a = X509_get0_pubkey(c->x), *b;
	size_t i;
	bool same = false;

	for (i = 0; i < s->n_cert + plan->n && !same; i++) {
		X509 *x = NULL;

		if (i < s->n_cert) {
			d = &s->cert[i];
			if (d != c && (d->role == PKI_ROLE_INTERMEDIATE ||
					  d->role == PKI_ROLE_ROOT))
				x = d->x;
		} else
			x = plan->pair[i - s->n_cert].root;
		if (x == NULL || X509_NAME_cmp(X509_get_subject_name(x),
				     X509_get_subject_name(c->x)) != 0)
			continue;
		b = X509_get0_pubkey(x);
		same = a != NULL && b != NULL && EVP_PKEY_eq(a, b) == 1;
	}
	ERR_clear_error();
	return same;
}

/* Uploads that no chain uses. */
static void
say_unused(struct pki_set *s, const struct pki_plan *plan)
{
	struct pki_cert *c;
	size_t i;

	for (i = 0; i < s->n_cert; i++) {
		c = &s->cert[i];
		if (c->field == PKI_STORED || c->role != PKI_ROLE_UNUSED)
			continue;
		if (is_alternative(s, plan, c)) {
			c->role = PKI_ROLE_ALTERNATIVE;
			say_cert(s, ERR_CHAIN_ALTERNATIVE, c);
		} else
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
chain_leftovers(struct pki_set *s, const struct pki_plan *plan)
{
	size_t i;

	for (i = 0; i < plan->n; i++)
		if (!plan->pair[i].kept)
			say_pair(s, &plan->pair[i]);
	if (plan->n == 0 ||
	    (X509_get_extension_flags(plan->pair[0].leaf->x) & EXFLAG_INVALID))
		return;
	say_stranger(s, plan);
	say_unused(s, plan);
}
