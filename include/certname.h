/*
 * certname.h - what a certificate is called: CERTINFO of pki.h in one word.
 *
 * Purpose: one answer for history, screen, API and cluster.  "name" stands in
 * reports made since it exists; older ones have a common name, or the first
 * of their DNS names.  Borrowed from the object; "" for no certificate.
 */
#ifndef POSTSEAL_CERTNAME_H
#define POSTSEAL_CERTNAME_H

struct json_object;

const char	*cert_name(struct json_object *info);
const char	*cert_issuer_name(struct json_object *info);

#endif
