/*
 * tls_child.h - what the child that speaks TLS tells, of one handshake.
 */
#ifndef POSTSEAL_TLS_CHILD_H
#define POSTSEAL_TLS_CHILD_H

#define TLS_WHY_MAX 120

struct tls_told {
	unsigned char good; /* 1 = the handshake came to its end */
	unsigned char has_leaf;
	unsigned char sha256[32]; /* of the leaf */
	char protocol[16], cipher[64];
	char why[TLS_WHY_MAX]; /* not good: in OpenSSL's words */
};

#endif
