/*
 * certname.h - what a certificate is called: CERTINFO of pki.h in one word.
 *
 * Purpose: one answer for history, screen, API and cluster.  "name" stands in
 * reports made since it exists; older ones have a common name, or the first
 * of their DNS names.  Borrowed from the object; "" for no certificate.
 */
#ifndef POSTSEAL_CERTNAME_H
#define POSTSEAL_CERTNAME_H

#include <stddef.h>

struct json_object;

const char	*cert_name(struct json_object *info);
const char	*cert_issuer_name(struct json_object *info);
/* Of a CERT with several algorithms the first, the second, ...; borrowed.
 * NULL: there are no more. */
struct json_object *cert_of(struct json_object *cert, size_t i);

#endif
