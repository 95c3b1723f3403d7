/*
 * keystore_int.h - between keystore.c and keyinspect.c.
 */
#ifndef POSTSEAL_KEYSTORE_INT_H
#define POSTSEAL_KEYSTORE_INT_H

#include "keystore.h"

/* Append key.pem, csr.pem or cert.pem of a key to the buffer. */
int keystore_read(const struct conf *, const char *id, const char *file,
    struct buf *, struct err *);

#endif
