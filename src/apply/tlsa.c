/*
 * tlsa.c - the DNS records by which senders know this server's key (RFC 6698,
 * RFC 7672).
 *
 * 3 1 1 is the server's own key: it holds as long as the key is kept, whoever
 * signs the certificate.  2 1 1 is an issuer's key, and only of an issuer
 * that is sent: RFC 7672 section 3.1.1 wants the trust anchor in the chain,
 * so a record of a root that stays out of it would match nothing.
 */
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "certname.h"
#include "jsonx.h"
#include "keystore.h"
#include "util.h"

#define SMTP_PORT 25
#define NAME_SIZE 512

static bool
has_record(struct json_object *array, const char *record)
{
	size_t i;

	for (i = 0; i < json_object_array_length(array); i++) {
		if (strcmp(jsonx_path_str(json_object_array_get_idx(array, i),
			       "record", ""),
			record) == 0)
			return true;
	}
	return false;
}

static void
add(const char *host, int usage, const char *spki, const char *of,
    struct json_object *array)
{
	struct json_object *o;
	char name[NAME_SIZE], record[2 * NAME_SIZE];

	if (*host == '\0' || strlen(spki) != SHA256_HEX - 1)
		return;
	(void)snprintf(name, sizeof(name), "_%d._tcp.%s.", SMTP_PORT, host);
	(void)snprintf(
	    record, sizeof(record), "%s IN TLSA %d 1 1 %s", name, usage, spki);
	if (has_record(array, record))
		return;
	o = json_object_new_object();
	json_object_object_add(o, "name", json_object_new_string(name));
	json_object_object_add(o, "usage", json_object_new_int(usage));
	json_object_object_add(o, "selector", json_object_new_int(1));
	json_object_object_add(o, "matching", json_object_new_int(1));
	json_object_object_add(o, "data", json_object_new_string(spki));
	json_object_object_add(o, "of", json_object_new_string(of));
	json_object_object_add(o, "record", json_object_new_string(record));
	json_object_array_add(array, o);
}

static void
add_chain(const char *host, struct json_object *cert, struct json_object *array)
{
	struct json_object *chain = jsonx_path(cert, "chain"), *c;
	size_t i, n;

	n = jsonx_len(chain);
	for (i = 0; i < n; i++) {
		c = json_object_array_get_idx(chain, i);
		add(host, i == 0 ? 3 : 2,
		    jsonx_path_str(c, "key.spki_sha256", ""), cert_name(c),
		    array);
	}
}

void
tlsa_of_cert(
    const char *host, struct json_object *cert, struct json_object *array)
{
	struct json_object *one;
	size_t i;

	for (i = 0; (one = cert_of(cert, i)) != NULL; i++)
		add_chain(host, one, array);
}

void
tlsa_of_key(const char *host, struct json_object *key_info, const char *of,
    struct json_object *array)
{
	add(host, 3, jsonx_path_str(key_info, "spki_sha256", ""), of, array);
}
