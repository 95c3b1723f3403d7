/*
 * proof.h - what a probe (PROBE of look.h) saw of each address, in words:
 * nothing is called proven that no client of ours got.
 */
#ifndef POSTSEAL_PROOF_H
#define POSTSEAL_PROOF_H

#include "page.h"

/* How much of what listens was seen. */
enum proven {
	PROOF_NONE,
	PROOF_ALL,
	PROOF_PART,
	PROOF_UNSEEN,
	PROOF_BARE,	 /* all answer, without a certificate */
	PROOF_CLOSED,	 /* nothing listens */
	PROOF_STOPPED,	 /* of a Save: Postfix did not run */
	PROOF_UNTOUCHED, /* of a Save: Postfix had it already */
};

enum proven proof_of(struct json_object *probe);
/* "proof": a row for each address, or NULL. */
void put_proof(
    const struct page *, struct json_object *ctx, struct json_object *probe);
/* Title, its colour, and first sentence of the RESULT of a Save that was
 * applied. */
const char *proof_title(struct json_object *result, const char **kind);
const char *proof_sentence(struct json_object *result, bool inbound);
/* Does this ADDRESS answer, but have no certificate? */
bool address_is_bare(struct json_object *address);
/* "192.0.2.1:25", "[2001:db8::1]:25" of an ADDRESS */
void address_port(struct json_object *address, char *dst, size_t size);
/* "1.2, 1.3" of ["TLSv1.2", "TLSv1.3"] */
void tls_versions(struct json_object *protocols, char *dst, size_t size);

#endif
