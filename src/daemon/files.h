/*
 * files.h - the certificate files of one request, and their inspection.
 *
 * Trust: a stranger's bytes; they are parsed in pki's jail alone.
 * Ownership: files_init first; files_clear wipes.
 */
#ifndef POSTSEAL_FILES_H
#define POSTSEAL_FILES_H

#include "call.h"

#define FILE_SENT_MAX (2 * PKI_FILE_MAX) /* pki says "too large" */

/* Beside those of a certificate, CAs of clients' certificates. */
enum { FILE_CLIENT_CA = PKI_FIELD__MAX, FILES__MAX };
extern const char *const file_names[FILES__MAX + 1]; /* NULL closes it */

struct files {
	struct buf data[FILES__MAX];
	bool given[FILES__MAX];
};
void files_init(struct files *);
void files_clear(struct files *); /* wipes */
/* "files" and "client_ca" of args. */
int files_read(struct json_object *args, struct files *, struct err *);
/* Of a certificate: how many, and their bytes. */
size_t files_count(const struct files *);
void files_bytes(const struct files *, struct pki_bytes[PKI_FIELD__MAX]);
/* One of all of them; data NULL: not given. */
struct pki_bytes file_bytes(const struct files *, size_t);
/* A set, a part of one, or CAs alone. */
enum files_kind { FILES_SET, FILES_PART, FILES_AUTHORITIES };
int files_inspect(const struct call *, const struct pki_bytes[PKI_FIELD__MAX],
    const char *passphrase, enum files_kind, struct json_object **report,
    struct err *);
/* place.c: the name of the certificate that these renew, or are new for; "":
 * the default one.  only: the one that whoever asks may renew, or NULL. */
int place_files(const struct call *, const struct pki_bytes[PKI_FIELD__MAX],
    const char *passphrase, const char *only, char name[CERT_NAME_MAX],
    struct err *);
/* Field number of an HTTP name, or -1. */
int field_number(const char *name);

#endif
