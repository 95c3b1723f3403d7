/*
 * merge.c - a new pair and the stored ones: what stays in the chain file.
 *
 * Postfix serves one chain for each key algorithm.  A renewal of one of two
 * stored algorithms keeps the other (confirm "cert.replace_all" drops it); a
 * pair of an algorithm that is not stored takes the place of everything
 * (confirm "cert.add_algorithm" keeps both).  Both pairs sent together are
 * simply both used.  That is what one expects from "renew" and "replace".
 */
#include <string.h>

#include <openssl/err.h>

#include "describe.h"
#include "pki_int.h"

static struct pki_cert *
stored_leaf(struct pki_set *s, const struct pki_key *k)
{
	EVP_PKEY *pub;
	size_t i;

	for (i = 0; i < s->n_cert; i++) {
		if (s->cert[i].field != PKI_STORED ||
		    s->cert[i].role == PKI_ROLE_DUPLICATE)
			continue;
		pub = X509_get0_pubkey(s->cert[i].x);
		if (pub != NULL && EVP_PKEY_eq(pub, k->pkey) == 1)
			return &s->cert[i];
	}
	ERR_clear_error();
	return NULL;
}

static bool
has_slot(const struct pki_plan *plan, int slot)
{
	size_t i;

	for (i = 0; i < plan->n; i++)
		if (plan->pair[i].key != NULL &&
		    key_slot(plan->pair[i].key->pkey) == slot)
			return true;
	return false;
}

static bool
is_renewal(const struct pki_set *s, const struct pki_plan *plan)
{
	size_t i;

	for (i = 0; i < s->n_key; i++)
		if (s->key[i].field == PKI_STORED &&
		    has_slot(plan, key_slot(s->key[i].pkey)))
			return true;
	return false;
}

/* May this stored pair stay?  Says so either way. */
static bool
stays(struct pki_set *s, const struct pki_input *in, bool renewal,
    const struct pki_key *k, const struct pki_pair *new_pair)
{
	enum err_code code;
	struct key_facts old, new;

	code = renewal ? ERR_CERT_REPLACE_ALL : ERR_CERT_ADD_ALGORITHM;
	if (pki_confirmed(in, code))
		return !renewal;
	key_facts(k->pkey, &old);
	key_facts(new_pair->key->pkey, &new);
	findings_add(&s->found, code, field_name(PKI_SERVER_CERTIFICATE),
	    "stored", old.label, "new", new.label, NULL);
	return renewal;
}

void
merge_stored(
    struct pki_set *s, const struct pki_input *in, struct pki_plan *plan)
{
	struct pki_plan new = *plan;
	struct pki_cert *leaf;
	struct pki_pair *p;
	struct pki_key *k;
	bool uploads = plan->n > 0, renewal;
	size_t i;

	if (uploads && plan->pair[0].key == NULL)
		return;
	if (!uploads && s->objects > 0)
		return;
	renewal = is_renewal(s, plan);
	for (i = 0; i < s->n_key; i++) {
		k = &s->key[i];
		if (k->field != PKI_STORED || k->used ||
		    has_slot(&new, key_slot(k->pkey)) ||
		    (leaf = stored_leaf(s, k)) == NULL)
			continue;
		if (uploads && !stays(s, in, renewal, k, &new.pair[0]))
			continue;
		if ((p = plan_add(plan, k, leaf)) != NULL)
			p->kept = true;
	}
}
