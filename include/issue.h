/*
 * issue.h - a key made on this host, with a certificate request and, when
 * asked for, a self-signed certificate.
 *
 * Purpose: the private key need never travel.  issue_make_jailed makes it in
 * a child without files and network and with limits on time; the key comes
 * back to the caller (postseald, root) alone.
 * Trust: the request is built from an administrator's words through the two
 * functions below, which take a strict grammar: DNS names of letters, digits
 * and hyphens (international names as A-labels, whose Punycode is decoded),
 * subject parts of valid UTF-8 without controls and within X.520's lengths.
 * Limits: ISSUE_NAMES_MAX names, ISSUE_DAYS_MAX days, 45 s for the key.
 * Errors: ERR_KEYS_NAME, ERR_KEYS_SUBJECT, ERR_FIELD_INVALID with the field;
 * ERR_KEYS_FAILED when no key came out of the child.  msg may quote the
 * administrator's words, never a key.
 * Ownership: outputs by issue_output_clear, which wipes the key.
 */
#ifndef POSTSEAL_ISSUE_H
#define POSTSEAL_ISSUE_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "buf.h"
#include "err.h"

#define ISSUE_NAMES_MAX		32
#define ISSUE_NAME_SIZE		254	/* RFC 1035: 253 characters */
#define ISSUE_PART_SIZE		513	/* 128 characters of UTF-8 */
#define ISSUE_DAYS_MAX		3650
#define ISSUE_DAYS		365

struct json_object;

enum issue_algorithm {
	ISSUE_RSA3072,
	ISSUE_P256,
	ISSUE_P384,
	ISSUE_ALGORITHM__MAX
};
/* "rsa3072", "p256", "p384"; NULL at the end */
extern const char *const issue_algorithm_names[ISSUE_ALGORITHM__MAX + 1];

enum issue_part {
	ISSUE_CN,
	ISSUE_O,
	ISSUE_OU,
	ISSUE_L,
	ISSUE_ST,
	ISSUE_C,
	ISSUE_PART__MAX
};
/* "common_name", "organization", ..., "country"; NULL at the end */
extern const char *const issue_part_names[ISSUE_PART__MAX + 1];

struct issue_request {
	enum issue_algorithm	 algorithm;
	bool			 self_signed;
	int			 days;		/* of a self-signed one */
	char			 part[ISSUE_PART__MAX][ISSUE_PART_SIZE];
	char			 name[ISSUE_NAMES_MAX][ISSUE_NAME_SIZE];
	size_t			 n_names;
	time_t			 now;
};

struct issue_output {
	struct buf		 key;		/* PEM, PKCS#8 */
	struct buf		 csr;		/* PEM */
	struct buf		 certificate;	/* PEM; empty with a CSR only */
	struct buf		 described;	/* issue_describe, as text; of
						 * issue_make_jailed */
};

void	issue_request_init(struct issue_request *);	/* P-256, 365 days */
int	issue_algorithm_from_name(const char *, enum issue_algorithm *);
/* "" leaves the part out.  The country becomes upper case. */
int	issue_set_part(struct issue_request *, enum issue_part, const char *,
	    struct err *);
/* Becomes lower case; one that is there already is not added again. */
int	issue_add_name(struct issue_request *, const char *, struct err *);
/* A common name from the names when none was given; at least one name. */
int	issue_complete(struct issue_request *, struct err *);

void	issue_output_init(struct issue_output *);
void	issue_output_clear(struct issue_output *);
/* In this process; the request must be complete. */
int	issue_make(const struct issue_request *, struct issue_output *,
	    struct err *);
int	issue_make_jailed(const struct issue_request *, struct issue_output *,
	    struct err *);
/* {"subject": "CN=..", "names": [..], "key": KEYINFO} of a request that we
 * made; its signature is checked. */
int	issue_describe(const void *csr_pem, size_t, struct json_object **,
	    struct err *);

#endif
