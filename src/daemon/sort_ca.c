/*
 * sort_ca.c - certificates of CAs among loose files: with each set, and each
 * certificate in use, that they or one below them issued.
 *
 * One that issued nothing here is for nobody unless somebody says so: whom
 * clients are trusted by is not guessed.
 */
#include <stdio.h>
#include <string.h>

#include "jsonx.h"
#include "sort.h"

/* Has the chain in use a certificate of this CA; of CAs of clients: the same
 * CA? */
static bool
issued_in_use(const struct cert *c, struct json_object *ca)
{
	struct json_object *one, *chain;
	size_t i, j;

	for (i = 0; (one = stored_cert(c, i)) != NULL; i++) {
		chain = jsonx_path(one, "chain");
		for (j = 0; j < jsonx_len(chain); j++)
			if (c->use == CERT_CLIENT_CA
				? same(at(chain, j), "subject", ca, "subject")
				: same(at(chain, j), "issuer", ca, "subject"))
				return true;
	}
	return false;
}

/* What is in use and the set is for, where its leaf is not here. */
static const struct cert *
goes_on(const struct sorting *s, const struct sorted_set *set)
{
	size_t i;

	for (i = 0; !set->leaf && i < s->now.n; i++)
		if (strcmp(cert_called(&s->now.v[i]), set->call) == 0)
			return &s->now.v[i];
	return NULL;
}

/* Did the file issue anything of the set, its leaf or one of a chain? */
static bool
issued_in_set(
    struct sorting *s, struct sorted_set *set, struct json_object *list)
{
	const struct cert *c = goes_on(s, set);
	size_t i;

	if (set->issuers == NULL) {
		set->issuers = json_object_new_object();
		for (i = 0; i < s->n; i++)
			if (set->in[i] != 0)
				issuers_add(
				    set->issuers, certs_of(&s->item[i]));
	}
	for (i = 0; i < jsonx_len(list); i++)
		if (issuers_have(set->issuers, at(list, i)) ||
		    (c != NULL && issued_in_use(c, at(list, i))))
			return true;
	return false;
}

/* One round; true when a file found a set that it was not in. */
static bool
follow_issuers(struct sorting *s)
{
	struct json_object *list;
	struct sorted_set *set;
	bool moved = false;
	size_t i, k;

	for (i = 0; i < s->n; i++) {
		list = s->item[i].leaves ? NULL : certs_of(&s->item[i]);
		for (k = 0; list != NULL && k < s->out->n; k++) {
			set = &s->out->v[k];
			if (set->in[i] != 0 || !issued_in_set(s, set, list))
				continue;
			set->in[i] = PKI_CA_CERTIFICATE + 1;
			issuers_add(set->issuers, list);
			moved = true;
		}
	}
	return moved;
}

/* A CA that is of no set here: for a certificate in use that it issued, or
 * where somebody put it. */
static int
place_authority(struct sorting *s, size_t i, bool *ret_moved)
{
	struct json_object *list = certs_of(&s->item[i]), *c;
	struct item *it = &s->item[i];
	char call[CERT_NAME_MAX];
	size_t j, k;

	for (j = 0; j < jsonx_len(list); j++) {
		c = at(list, j);
		(void)snprintf(it->id, sizeof(it->id), "%.*s", LOOSE_ID,
		    text(c, "sha256"));
		if (sort_decided(s, it->id, call)) {
			*ret_moved = true;
			return sort_put(s, call, i, PKI_CA_CERTIFICATE);
		}
		for (k = 0; k < s->now.n; k++)
			if (issued_in_use(&s->now.v[k], c)) {
				*ret_moved = true;
				return sort_put(s, cert_called(&s->now.v[k]), i,
				    PKI_CA_CERTIFICATE);
			}
	}
	return 0;
}

int
sort_authorities(struct sorting *s)
{
	bool moved;
	size_t i;

	do {
		while (follow_issuers(s))
			;
		moved = false;
		for (i = 0; i < s->n && !moved; i++)
			if (!s->item[i].leaves && !s->item[i].keys &&
			    sort_count(s, i) == 0 &&
			    place_authority(s, i, &moved) == -1)
				return -1;
	} while (moved);
	for (i = 0; i < s->n; i++)
		if (!s->item[i].leaves && !s->item[i].keys &&
		    sort_count(s, i) == 0 && jsonx_len(certs_of(&s->item[i])) > 0)
			item_left_out(&s->item[i], ERR_FILES_CA, "subject",
			    text(at(certs_of(&s->item[i]), 0), "subject"));
	return 0;
}
