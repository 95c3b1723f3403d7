/*
 * intake.c - the uploads as one unit: which key belongs to which leaf.
 *
 * Pairing is by public key, never by modulus, header or field.  An object in
 * a foreign field is taken where the set is unambiguous, and said so; only
 * when no pair comes out is the field named as wrong.  Without a key among
 * the uploads the stored one may serve a renewed certificate; with nothing
 * but a CA certificate the stored pair gets it.
 */
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "describe.h"
#include "pki_int.h"

static bool
same_key(const struct pki_key *k, const struct pki_cert *c)
{
	EVP_PKEY *pub = X509_get0_pubkey(c->x);
	bool same;

	same = pub != NULL && EVP_PKEY_eq(pub, k->pkey) == 1;
	ERR_clear_error();
	return same;
}

struct pki_pair *
plan_add(struct pki_plan *plan, struct pki_key *key, struct pki_cert *leaf)
{
	struct pki_pair *p;

	if (plan->n >= PKI_PAIRS_MAX)
		return NULL;
	p = &plan->pair[plan->n++];
	memset(p, 0, sizeof(*p));
	p->key = key;
	p->leaf = leaf;
	p->trusted = -1;
	if (key != NULL)
		key->used = true;
	leaf->role = PKI_ROLE_LEAF;
	return p;
}

static void
drop_duplicates(struct pki_set *s)
{
	size_t i, j;
	char name[PKI_NAME_MAX];

	for (i = 0; i < s->n_cert; i++) {
		for (j = 0; j < i; j++) {
			if (s->cert[j].role == PKI_ROLE_DUPLICATE ||
			    (s->cert[i].field == PKI_STORED) !=
				(s->cert[j].field == PKI_STORED) ||
			    memcmp(s->cert[i].sha256, s->cert[j].sha256, 32) !=
				0)
				continue;
			s->cert[i].role = PKI_ROLE_DUPLICATE;
			if (s->cert[i].field == PKI_STORED)
				break;
			cert_subject(s->cert[i].x, name, sizeof(name));
			findings_add(&s->found, ERR_CHAIN_DUPLICATE,
			    field_name(s->cert[i].field), "subject", name,
			    NULL);
			break;
		}
	}
}

static bool
is_upload(const struct pki_cert *c)
{
	return c->field != PKI_STORED && c->role != PKI_ROLE_DUPLICATE;
}

static bool
issues_another(const struct pki_set *s, size_t j)
{
	size_t i;

	for (i = 0; i < s->n_cert; i++)
		if (i != j && s->issued[i][j] && is_upload(&s->cert[i]))
			return true;
	return false;
}

/* The upload that is most likely meant as the server's, or NULL. */
static struct pki_cert *
likely_leaf(struct pki_set *s)
{
	struct pki_cert *c, *best = NULL;
	int score, best_score = -1;
	size_t i;

	for (i = 0; i < s->n_cert; i++) {
		c = &s->cert[i];
		if (!is_upload(c) || c->role == PKI_ROLE_LEAF)
			continue;
		score = (c->field == PKI_SERVER_CERTIFICATE) * 4 +
			!c->is_ca * 2 + !issues_another(s, i);
		if (c->field == PKI_CA_CERTIFICATE && c->is_ca)
			continue;
		if (score > best_score) {
			best = c;
			best_score = score;
		}
	}
	return best;
}

/* In the field of the CA, and not newer: what was in use before. */
static bool
is_former(const struct pki_cert *c, const struct pki_cert *than)
{
	return c->field == PKI_CA_CERTIFICATE &&
	       than->field != PKI_CA_CERTIFICATE &&
	       ASN1_TIME_compare(X509_get0_notBefore(c->x),
		   X509_get0_notBefore(than->x)) <= 0;
}

/* The one certificate for a key; *ret_two = there are two equals. */
static struct pki_cert *
leaf_for(struct pki_set *s, const struct pki_key *k, bool stored,
    struct pki_cert **ret_two)
{
	struct pki_cert *c, *best = NULL;
	size_t i;

	*ret_two = NULL;
	for (i = 0; i < s->n_cert; i++) {
		c = &s->cert[i];
		if (c->role == PKI_ROLE_DUPLICATE ||
		    (c->field == PKI_STORED) != stored || !same_key(k, c))
			continue;
		if (best == NULL || (best->is_ca && !c->is_ca) ||
		    is_former(best, c)) {
			best = c;
			*ret_two = NULL;
		} else if (best->is_ca == c->is_ca && !is_former(c, best))
			*ret_two = c;
	}
	return best;
}

static void
say_two(struct pki_set *s, const struct pki_cert *a, const struct pki_cert *b)
{
	char one[PKI_SHORT_FP], two[PKI_SHORT_FP];
	struct key_facts f;

	key_facts(X509_get0_pubkey(b->x), &f);
	cert_print(a, one);
	cert_print(b, two);
	findings_add(&s->found, ERR_CERT_DUPLICATE_ALGORITHM,
	    field_name(b->field), "first", one, "second", two, "algorithm",
	    f.type, NULL);
}

/* Uploaded keys first, then the stored ones for what is still alone. */
static void
pair_uploads(struct pki_set *s, struct pki_plan *plan, bool stored_keys)
{
	struct pki_cert *c, *two;
	struct pki_key *k;
	size_t i;

	for (i = 0; i < s->n_key; i++) {
		k = &s->key[i];
		if (k->used || (k->field == PKI_STORED) != stored_keys)
			continue;
		if ((c = leaf_for(s, k, false, &two)) == NULL ||
		    c->role == PKI_ROLE_LEAF ||
		    (stored_keys && plan->n > 0 &&
			c->field == PKI_CA_CERTIFICATE))
			continue;
		if (two != NULL)
			say_two(s, c, two);
		if (plan_add(plan, k, c) != NULL && stored_keys) {
			char print[PKI_SHORT_FP];

			key_print(k->pkey, print);
			findings_add(&s->found, ERR_KEY_STORED,
			    field_name(PKI_PRIVATE_KEY), "key", print, NULL);
		}
	}
}

static void
say_stored_leaf(struct pki_set *s, const struct pki_cert *c)
{
	char name[PKI_NAME_MAX], print[PKI_SHORT_FP];

	cert_subject(c->x, name, sizeof(name));
	cert_print(c, print);
	findings_add(&s->found, ERR_CERT_STORED,
	    field_name(PKI_SERVER_CERTIFICATE), "subject", name, "certificate",
	    print, NULL);
}

/*
 * The stored certificate serves when its own key was sent again, or when
 * nothing but CA certificates came (only_ca).
 */
static void
pair_stored_leaf(struct pki_set *s, struct pki_plan *plan, bool only_ca)
{
	struct pki_cert *c, *two;
	struct pki_key *k;
	size_t i;

	for (i = 0; i < s->n_key; i++) {
		k = &s->key[i];
		if (k->used || (k->field == PKI_STORED) != only_ca)
			continue;
		if ((c = leaf_for(s, k, true, &two)) == NULL ||
		    c->role == PKI_ROLE_LEAF)
			continue;
		if (plan_add(plan, k, c) != NULL)
			say_stored_leaf(s, c);
	}
}

/* The stored key may still get its successor in a draft: only a warning. */
static void
say_mismatch(struct pki_set *s, const struct pki_key *k,
    const struct pki_cert *c, int field, bool partial)
{
	char key[PKI_SHORT_FP], cert[PKI_SHORT_FP], name[PKI_NAME_MAX];
	bool stored = k->field == PKI_STORED;
	struct key_facts kf, cf;

	key_facts(k->pkey, &kf);
	key_facts(X509_get0_pubkey(c->x), &cf);
	key_print(k->pkey, key);
	key_print(X509_get0_pubkey(c->x), cert);
	cert_subject(c->x, name, sizeof(name));
	findings_add_sev(&s->found, ERR_KEY_MISMATCH,
	    stored && partial ? SEV_WARN : SEV_ERROR, field_name(field), "key",
	    key, "key_type", kf.label, "certificate", cert, "certificate_type",
	    cf.label, "subject", name, "stored", stored ? "true" : "false",
	    NULL);
}

struct counts {
	size_t key[PKI_FIELD__MAX + 1];
	size_t cert[PKI_FIELD__MAX + 1];
	size_t keys, certs; /* of the uploads */
};

static void
count(const struct pki_set *s, struct counts *n)
{
	size_t i;

	memset(n, 0, sizeof(*n));
	for (i = 0; i < s->n_key; i++)
		n->key[s->key[i].field]++;
	for (i = 0; i < s->n_cert; i++)
		n->cert[s->cert[i].field]++;
	for (i = 0; i < PKI_FIELD__MAX; i++) {
		n->keys += n->key[i];
		n->certs += n->cert[i];
	}
}

/* A file without any object of its own kind, and no pair that uses it. */
static bool
wrong_field(struct pki_set *s, const struct pki_plan *plan, int field,
    const struct counts *n)
{
	const struct pki_file *f = &s->file[field];
	bool is_key = field == PKI_PRIVATE_KEY;
	size_t i;

	if (!f->given || f->failed || plan->n > 0 ||
	    (is_key ? n->key[field] > 0 || n->cert[field] == 0
		    : n->cert[field] > 0 || n->key[field] == 0))
		return false;
	for (i = 0; is_key && i < s->n_cert; i++)
		if (s->cert[i].field == field && !s->cert[i].is_ca)
			break;
	findings_add(&s->found, ERR_FILE_WRONG_FIELD, field_name(field),
	    "found", is_key ? "CERTIFICATE" : "PRIVATE KEY", "expected",
	    field_name(!is_key	       ? PKI_PRIVATE_KEY
		       : i < s->n_cert ? PKI_SERVER_CERTIFICATE
				       : PKI_CA_CERTIFICATE),
	    NULL);
	return true;
}

static void
say_missing(struct pki_set *s, enum err_code code, int field)
{
	findings_add(&s->found, code, field_name(field), NULL);
}

static void
report_unpaired(struct pki_set *s, const struct pki_input *in,
    const struct pki_plan *plan, const struct counts *n)
{
	struct pki_cert *leaf = likely_leaf(s);
	struct pki_key *k, *alone = NULL;
	bool wrong = false, failed = false;
	size_t i;
	int f;

	for (f = 0; f < PKI_FIELD__MAX; f++) {
		wrong |= wrong_field(s, plan, f, n);
		failed |= s->file[f].failed;
	}
	for (i = 0; i < s->n_key; i++) {
		k = &s->key[i];
		if (k->used ||
		    (k->field == PKI_STORED &&
			(n->keys > 0 || plan->n > 0 || alone != NULL)))
			continue;
		alone = k;
		if (leaf != NULL && !(failed && k->field == PKI_STORED) &&
		    !s->file[PKI_SERVER_CERTIFICATE].failed)
			say_mismatch(s, k, leaf,
			    k->field == PKI_STORED ? PKI_SERVER_CERTIFICATE
						   : k->field,
			    in->partial);
		else if (k->field != PKI_STORED && plan->n > 0)
			say_mismatch(
			    s, k, plan->pair[0].leaf, k->field, in->partial);
		else if (k->field != PKI_STORED && !in->partial && !wrong &&
			 !failed)
			say_missing(
			    s, ERR_CERT_MISSING, PKI_SERVER_CERTIFICATE);
	}
	if (plan->n > 0 || alone != NULL || in->partial || wrong || failed)
		return;
	if (leaf == NULL)
		say_missing(s, ERR_CERT_MISSING, PKI_SERVER_CERTIFICATE);
	say_missing(s, ERR_KEY_MISSING, PKI_PRIVATE_KEY);
}

static void
check_slots(struct pki_set *s, const struct pki_plan *plan)
{
	size_t i, j;

	for (i = 0; i < plan->n; i++)
		for (j = 0; j < i; j++)
			if (key_slot(plan->pair[i].key->pkey) ==
			    key_slot(plan->pair[j].key->pkey))
				say_two(
				    s, plan->pair[j].leaf, plan->pair[i].leaf);
}

/* A CA's own certificate, not one that a server made for itself: the usual
 * way to make one of those (openssl req -x509) marks it as a CA, too. */
static bool
is_authority(const struct pki_cert *c)
{
	char cn[PKI_NAME_MAX], dns[PKI_NAME_MAX];

	name_common(X509_get_subject_name(c->x), cn, sizeof(cn));
	name_first(c->x, dns, sizeof(dns));
	if (!c->is_ca || dns[0] != '\0' ||
	    (strchr(cn, '.') != NULL && strchr(cn, ' ') == NULL))
		return false;
	return c->field == PKI_CA_CERTIFICATE ||
	       ((X509_get_extension_flags(c->x) & EXFLAG_KUSAGE) &&
		   (X509_get_key_usage(c->x) & X509v3_KU_KEY_CERT_SIGN));
}

/* The name of the CA whose key this is, or "". */
static void
authority_of(
    struct pki_set *s, const struct pki_key *k, char *dst, size_t dst_len)
{
	const struct pki_cert *c;
	size_t i;

	dst[0] = '\0';
	for (i = 0; i < s->n_cert && dst[0] == '\0'; i++) {
		c = &s->cert[i];
		if (c->role == PKI_ROLE_DUPLICATE)
			continue;
		if (same_key(k, c)) {
			if (is_authority(c))
				cert_subject(c->x, dst, dst_len);
		} else if (chain_signed(s, c, k->pkey))
			cert_issuer(c->x, dst, dst_len);
	}
}

/* Whatever else is there: first of all that key must go. */
static bool
refuse_authority(struct pki_set *s)
{
	char name[PKI_NAME_MAX];
	bool any = false;
	size_t i;

	for (i = 0; i < s->n_key; i++) {
		if (s->key[i].field == PKI_STORED)
			continue;
		authority_of(s, &s->key[i], name, sizeof(name));
		if (name[0] == '\0')
			continue;
		any = s->key[i].of_ca = true;
		findings_add(&s->found, ERR_KEY_OF_CA,
		    field_name(s->key[i].field), "subject", name, NULL);
	}
	return any;
}

void
intake(struct pki_set *s, const struct pki_input *in, struct pki_plan *plan)
{
	struct pki_cert *leaf;
	struct counts n;

	memset(plan, 0, sizeof(*plan));
	drop_duplicates(s);
	count(s, &n);
	chain_link(s);
	if (refuse_authority(s))
		return;
	pair_uploads(s, plan, false);
	pair_stored_leaf(s, plan, false);
	if (n.keys == 0 || plan->n > 0)
		pair_uploads(s, plan, true);
	if (plan->n == 0 && n.keys == 0 && n.certs > 0 &&
	    likely_leaf(s) == NULL)
		pair_stored_leaf(s, plan, true);
	if (n.keys + n.certs > 0 || in->stored.data == NULL)
		report_unpaired(s, in, plan, &n);
	check_slots(s, plan);
	if (plan->n == 0 && (leaf = likely_leaf(s)) != NULL)
		plan_add(plan, NULL, leaf);
}

/* Say where objects in a foreign field were taken from, and which files a
 * passphrase opened. */
void
intake_fields(struct pki_set *s, const struct pki_plan *plan)
{
	bool said[PKI_FIELD__MAX + 1] = {[PKI_STORED] = true};
	const struct pki_pair *p;
	const struct pki_key *k;
	size_t i;

	for (i = 0; i < s->n_key; i++) {
		k = &s->key[i];
		if (!k->encrypted || k->of_ca || said[k->field])
			continue;
		said[k->field] = true;
		findings_add(
		    &s->found, ERR_KEY_DECRYPTED, field_name(k->field), NULL);
	}
	for (i = 0; i < plan->n; i++) {
		p = &plan->pair[i];
		if (p->key == NULL || p->kept)
			continue;
		if (p->key->field != PKI_PRIVATE_KEY && !p->key->bundled &&
		    p->key->field != PKI_STORED)
			findings_add(&s->found, ERR_FILE_KEY_ELSEWHERE,
			    field_name(p->key->field), "expected",
			    field_name(PKI_PRIVATE_KEY), NULL);
		if (p->leaf->field != PKI_SERVER_CERTIFICATE &&
		    !p->leaf->bundled && p->leaf->field != PKI_STORED)
			findings_add(&s->found, ERR_FILE_CERT_ELSEWHERE,
			    field_name(p->leaf->field), "expected",
			    field_name(PKI_SERVER_CERTIFICATE), NULL);
	}
}
