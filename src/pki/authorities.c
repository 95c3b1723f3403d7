/*
 * authorities.c - the certificates of CAs that those of clients must come
 * from: what smtpd_tls_CAfile names.  No key belongs to it, and no server's
 * certificate; each of them is a trust anchor by itself.
 *
 * The report describes the list as one CERT: "chain" is all of them, and "leaf"
 * the first, which is the one that ends first.  Parsed here, in the jailed
 * child; the parent checks digests and DER frames, and encodes them anew.
 */
#include <string.h>

#include <json-c/json.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "checks.h"
#include "decode.h"
#include "describe.h"
#include "join.h"
#include "jsonx.h"

/* The certificates, each once, and the one that ends first in front. */
static size_t
take_all(struct pki_set *s, struct pki_cert *list[PKI_SET_MAX])
{
	struct pki_cert *c;
	size_t i, k, n = 0;

	for (i = 0; i < s->n_cert; i++) {
		c = &s->cert[i];
		for (k = 0; k < n; k++)
			if (memcmp(list[k]->sha256, c->sha256, 32) == 0)
				break;
		if (k < n || c->field == PKI_STORED)
			continue;
		list[n++] = c;
		if (ASN1_TIME_compare(X509_get0_notAfter(c->x),
			X509_get0_notAfter(list[0]->x)) < 0) {
			list[n - 1] = list[0];
			list[0] = c;
		}
	}
	ERR_clear_error();
	return n;
}

/* A path of OpenSSL's ends at a root. */
static void
say_no_root(struct pki_set *s, struct pki_cert *const *list, size_t n, size_t i)
{
	char name[PKI_NAME_MAX], issuer[PKI_NAME_MAX];
	size_t k;

	if (list[i]->self_issued)
		return;
	for (k = 0; k < n; k++)
		if (X509_check_issued(list[k]->x, list[i]->x) == X509_V_OK)
			return;
	cert_subject(list[i]->x, name, sizeof(name));
	cert_issuer(list[i]->x, issuer, sizeof(issuer));
	findings_add(&s->found, ERR_CLIENT_CA_NO_ROOT,
	    field_name(PKI_CA_CERTIFICATE), "subject", name, "issuer", issuer,
	    NULL);
}

static void
say_keys(struct pki_set *s)
{
	char print[PKI_SHORT_FP];
	size_t i;

	for (i = 0; i < s->n_key; i++) {
		key_print(s->key[i].pkey, print);
		findings_add(&s->found, ERR_CLIENT_CA_KEY,
		    field_name(PKI_CA_CERTIFICATE), "key", print, NULL);
	}
}

static struct json_object *
describe_all(struct pki_cert *const *list, size_t n, time_t now)
{
	struct json_object *o = json_object_new_object();
	struct json_object *all = json_object_new_array(), *leaf;
	size_t i;

	for (i = 0; i < n; i++)
		json_object_array_add(all, describe_cert(list[i]->x, now));
	leaf = json_object_array_get_idx(all, 0);
	json_object_object_add(
	    o, "key", json_object_get(jsonx_path(leaf, "key")));
	json_object_object_add(o, "root", NULL);
	json_object_object_add(o, "complete", json_object_new_boolean(true));
	json_object_object_add(
	    o, "self_signed", json_object_get(jsonx_path(leaf, "self_signed")));
	json_object_object_add(o, "trusted", NULL);
	json_object_object_add(
	    o, "sha256", json_object_get(jsonx_path(leaf, "sha256")));
	json_object_object_add(o, "leaf", json_object_get(leaf));
	json_object_object_add(o, "chain", all);
	return o;
}

int
authorities(struct pki_set *s, const struct pki_input *in,
    struct json_object **ret_cert, struct buf *records)
{
	struct pki_cert *list[PKI_SET_MAX];
	size_t i, n = take_all(s, list);

	say_keys(s);
	if (n == 0 && !set_has_error(s))
		findings_add(&s->found, ERR_CLIENT_CA_NONE,
		    field_name(PKI_CA_CERTIFICATE), NULL);
	for (i = 0; i < n; i++) {
		check_authority(s, list[i], in);
		say_no_root(s, list, n, i);
	}
	if (n > 0)
		*ret_cert = describe_all(list, n, in->now);
	for (i = 0; i < n && (in->as_it_is || !set_has_error(s)); i++)
		if (write_cert(records, list[i]->x) == -1)
			return -1;
	return 0;
}
