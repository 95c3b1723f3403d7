/*
 * sort.c - loose files into sets: whose key, whose certificate, whose issuer.
 *
 * Each file was inspected alone (sort_set.c).  By what its report says:
 *   1. a leaf says by its names which certificate it renews, or is (place.c);
 *      one that is no server's goes out; what somebody decided goes first
 *   2. a key follows its public key, to a leaf here or to one in use
 *   3. a CA's certificate follows its name, to all that it or one below it
 *      issued, here or in use
 * A file that is of two sets with a key or a leaf in it, and no text that could
 * be parted, can't be given to both; what follows nothing is left out, with
 * the reason.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "jsonx.h"
#include "sort.h"

/* --- what is a leaf ------------------------------------------------------ */

/* A server that made its certificate for itself has often one of a CA. */
static bool
is_leaf(const struct sorting *s, struct json_object *c)
{
	const char *cn = text(c, "common_name");

	if (!jsonx_path_bool(c, "is_ca"))
		return true;
	if (jsonx_len(jsonx_path(c, "names")) == 0 &&
	    (strchr(cn, '.') == NULL || strchr(cn, ' ') != NULL))
		return false;
	return !issuers_have(s->issuers, c);
}

static bool
has_code(const struct item *it, enum err_code code)
{
	struct json_object *list = jsonx_path(it->report, "findings");
	size_t i;

	for (i = 0; i < jsonx_len(list); i++)
		if (strcmp(text(at(list, i), "code"), err_name(code)) == 0)
			return true;
	return false;
}

/* --- 1: leaves ----------------------------------------------------------- */

/* The outbound one in use has this subject. */
static bool
goes_out(const struct sorting *s, struct json_object *leaf)
{
	const struct cert *c = certs_find(&s->now, CERT_OUTBOUND, "");
	struct json_object *one;
	size_t i;

	for (i = 0; c != NULL && (one = stored_cert(c, i)) != NULL; i++)
		if (same(one, "leaf.subject", leaf, "subject"))
			return true;
	return false;
}

/* None is in use, and these are for several: which one is for the rest? */
static bool
is_open(const struct sorting *s, struct json_object *leaf)
{
	return s->several && jsonx_path(s->view, "certificate.leaf") == NULL &&
	       !place_has(jsonx_path(leaf, "names"), text(s->view, "host"));
}

/* What is_leaf and is_open go by. */
static void
look_at_all(struct sorting *s)
{
	struct json_object *list, *first = NULL;
	size_t i, j;

	for (i = 0; i < s->n; i++)
		issuers_add(s->issuers, certs_of(&s->item[i]));
	for (i = 0; i < s->n; i++) {
		list = certs_of(&s->item[i]);
		for (j = 0; j < jsonx_len(list); j++) {
			if (!is_leaf(s, at(list, j)))
				continue;
			if (first == NULL)
				first = at(list, j);
			if (strcmp(text(first, "name"),
				text(at(list, j), "name")) != 0)
				s->several = true;
		}
	}
}

/* Later leaves see what this one is for. */
static void
remember(struct sorting *s, const char *call, struct json_object *leaf)
{
	struct json_object *rows = jsonx_path(s->view, "by_name");
	struct json_object *o, *leaves;
	size_t i;

	for (i = 0; i < jsonx_len(rows); i++)
		if (*call != '\0' && strcmp(text(at(rows, i), "name"), call) == 0)
			return;
	if (*call == '\0' && jsonx_path(s->view, "certificate.leaf") != NULL)
		return;
	o = json_object_new_object();
	if (*call != '\0') {
		jsonx_put_str(o, "name", strchr(call, '.') == NULL ? "" : call);
		json_object_array_add(rows, o);
		return;
	}
	leaves = json_object_new_object();
	json_object_object_add(
	    leaves, "names", json_object_get(jsonx_path(leaf, "names")));
	json_object_object_add(o, "leaf", leaves);
	json_object_object_add(s->view, "certificate", o);
}

/* By content: 0, *call says where; -1: the item says why not. */
static int
find_place(struct sorting *s, struct item *it, struct json_object *leaf,
    char call[CERT_NAME_MAX])
{
	struct json_object *names = jsonx_path(leaf, "names");
	struct err why;
	int rc;

	err_clear(&why);
	call[0] = '\0';
	rc = is_open(s, leaf)
		 ? err_set(&why, ERR_SNI_PLACE, "name",
		       "no certificate is in use yet, and one of these has to "
		       "be for all other names")
		 : place_names(s->view, names, call, &why);
	if (has_code(it, ERR_CERT_EKU) ||
	    ((rc == -1 || *call != '\0') &&
		certs_find(&s->now, CERT_INBOUND, call) == NULL &&
		goes_out(s, leaf))) {
		(void)snprintf(
		    call, CERT_NAME_MAX, "%s", cert_uses[CERT_OUTBOUND]);
		rc = 0;
	}
	if (rc == 0)
		remember(s, call, leaf);
	else
		(void)snprintf(it->detail, sizeof(it->detail), "%s", why.msg);
	return rc;
}

/* What is for the same by content goes the same way. */
static const char *
first_of(struct sorting *s, const char *call, const char *id)
{
	size_t i;

	for (i = 0; i < s->n_first; i++)
		if (strcmp(s->first[i].call, call) == 0)
			return s->first[i].id;
	if (i == SORT_ITEMS)
		return id;
	(void)snprintf(
	    s->first[i].call, sizeof(s->first[i].call), "%s", call);
	(void)snprintf(s->first[i].id, sizeof(s->first[i].id), "%s", id);
	s->n_first++;
	return s->first[i].id;
}

static int
put_leaf(struct sorting *s, size_t i, struct json_object *leaf)
{
	struct item *it = &s->item[i];
	char call[CERT_NAME_MAX], other[CERT_NAME_MAX];
	struct sorted_set *set;
	const char *id = it->id;
	int rc;

	(void)snprintf(it->id, sizeof(it->id), "%.*s", LOOSE_ID,
	    text(leaf, "sha256"));
	if ((rc = find_place(s, it, leaf, call)) == 0)
		id = first_of(s, call, it->id);
	if (sort_decided(s, id, other))
		memcpy(call, other, sizeof(call));
	else if (rc == -1) {
		item_left_out(it, ERR_SNI_PLACE, "detail", it->detail);
		return 0;
	}
	if (sort_put(s, call, i,
		strcmp(call, cert_uses[CERT_CLIENT_CA]) == 0
		    ? PKI_CA_CERTIFICATE
		    : PKI_SERVER_CERTIFICATE) == -1)
		return -1;
	set = sort_set(s, call);
	if (!set->leaf)
		(void)snprintf(set->id, sizeof(set->id), "%s", id);
	set->leaf = true;
	return 0;
}

/* Those for this host first: what is for all others is known then. */
static int
sort_leaves(struct sorting *s)
{
	struct json_object *list, *c;
	size_t i, j, pass;
	bool host;

	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < s->n; i++) {
			list = certs_of(&s->item[i]);
			for (j = 0; j < jsonx_len(list); j++) {
				c = at(list, j);
				host = place_has(jsonx_path(c, "names"),
				    text(s->view, "host"));
				if (host != (pass == 0) || !is_leaf(s, c))
					continue;
				s->item[i].leaves = true;
				if (put_leaf(s, i, c) == -1)
					return -1;
			}
		}
	return 0;
}

/* --- 2: keys ------------------------------------------------------------- */

/* With the sets that have a certificate for this key; the CA that has it. */
static int
follow_key(struct sorting *s, size_t i, struct json_object *key,
    struct json_object **ret_ca, bool *ret_any)
{
	struct json_object *list, *c;
	size_t j, k, n;

	for (j = 0; j < s->n; j++) {
		list = certs_of(&s->item[j]);
		for (k = 0; k < jsonx_len(list); k++) {
			c = at(list, k);
			if (!same(c, "key.spki_sha256", key, "spki_sha256"))
				continue;
			if (!is_leaf(s, c)) {
				*ret_ca = c;
				continue;
			}
			/* It is where its certificate is, placed or not. */
			*ret_any = true;
			for (n = 0; n < s->out->n; n++)
				if (s->out->v[n].in[j] != 0 &&
				    sort_put(s, s->out->v[n].call, i,
					PKI_PRIVATE_KEY) == -1)
					return -1;
			if (sort_count(s, j) == 0 && s->item[j].why != NULL)
				item_left_out(&s->item[i], ERR_FILES_WITH,
				    "other", s->in->v[j].name);
		}
	}
	for (j = 0; !*ret_any && j < s->now.n; j++)
		for (k = 0; (c = stored_cert(&s->now.v[j], k)) != NULL; k++)
			if (same(c, "key.spki_sha256", key, "spki_sha256")) {
				*ret_any = true;
				if (sort_put(s, cert_called(&s->now.v[j]), i,
					PKI_PRIVATE_KEY) == -1)
					return -1;
			}
	return 0;
}

static int
sort_keys(struct sorting *s)
{
	struct json_object *list, *ca;
	bool any;
	size_t i, j;

	for (i = 0; i < s->n; i++) {
		list = keys_of(&s->item[i]);
		for (j = 0; j < jsonx_len(list); j++) {
			ca = NULL;
			any = false;
			if (follow_key(s, i, at(list, j), &ca, &any) == -1)
				return -1;
			s->item[i].keys = true;
			if (any)
				continue;
			if (ca != NULL)
				item_left_out(&s->item[i], ERR_KEY_OF_CA,
				    "subject", text(ca, "subject"));
			else
				item_left_out(&s->item[i], ERR_FILES_KEY,
				    "key", text(at(list, j), "label"));
		}
	}
	return 0;
}

/* With leaves or keys of two, a file is of none; one key may be of several. */
static void
part_mixed(struct sorting *s)
{
	struct item *it;
	char calls[160];
	size_t i, k, len;

	for (i = 0; i < s->n; i++) {
		it = &s->item[i];
		if ((!it->leaves && jsonx_len(keys_of(it)) < 2) || sort_count(s, i) < 2)
			continue;
		len = 0;
		for (k = 0; k < s->out->n; k++) {
			if (s->out->v[k].in[i] == 0)
				continue;
			s->out->v[k].in[i] = 0;
			if (len < sizeof(calls))
				len += (size_t)snprintf(calls + len,
				    sizeof(calls) - len, "%s%s",
				    len > 0 ? ", " : "",
				    s->out->v[k].call[0] == '\0'
					? "default"
					: s->out->v[k].call);
		}
		item_left_out(it, ERR_FILES_MIXED, "names", calls);
	}
}

/* Sets that part_mixed left without a file are none. */
static void
drop_empty(struct sorted *out, size_t n)
{
	size_t i, k, kept = 0;
	bool any;

	for (i = 0; i < out->n; i++) {
		for (k = 0, any = false; k < n; k++)
			any = any || out->v[i].in[k] != 0;
		if (any)
			out->v[kept++] = out->v[i];
	}
	out->n = kept;
}

int
sort_items(struct sorting *s, struct err *err)
{
	if ((s->issuers = json_object_new_object()) == NULL)
		return err_set(err, ERR_NOMEM, "", "files");
	look_at_all(s);
	if (sort_leaves(s) == -1)
		return err_set(err, ERR_NOMEM, "", "files");
	part_mixed(s); /* whose keys are with it, then */
	if (sort_keys(s) == -1)
		return err_set(err, ERR_NOMEM, "", "files");
	part_mixed(s);
	drop_empty(s->out, s->n);
	return sort_authorities(s) == -1
		   ? err_set(err, ERR_NOMEM, "", "files")
		   : 0;
}
