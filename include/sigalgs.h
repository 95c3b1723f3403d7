/*
 * sigalgs.h - with which signature algorithms does a client get the
 * certificate of one kind of key, where a server has several?
 *
 * key_type as in KEYINFO of pki.h: "RSA", "EC" ...
 */
#ifndef POSTSEAL_SIGALGS_H
#define POSTSEAL_SIGALGS_H

/* For SSL_set1_sigalgs_list; NULL for a type that is not known. */
const char *sigalgs_of(const char *key_type);

#endif
