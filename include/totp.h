/*
 * totp.h - the second factor of a log-in.
 *
 * TOTP (RFC 6238: SHA-1, 6 digits, 30 s), one step early or
 * late, each step once; and recovery codes, each once, stored hashed.  The
 * secret itself has to be readable to whoever checks codes: it lies in the
 * database, which belongs to the web user alone.
 */
#ifndef POSTSEAL_TOTP_H
#define POSTSEAL_TOTP_H

#include "store.h"

#define TOTP_SECRET_LEN	32	/* base32 of 160 bits */
#define TOTP_STEP_S	30
#define RECOVERY_CODES	10
#define RECOVERY_LEN	19	/* "abcd-efgh-ijkl-mnop" */

/* base32 of RFC 4648, lower case, without padding: n a multiple of 5. */
void	base32_encode(char *dst, const unsigned char *, size_t n);
/* The code of a step (seconds / 30) for a key in base32. */
int	totp_code(const char *secret, uint64_t step, char dst[7]);
/* A new secret that is not in force yet; replaces one that is not. */
int	totp_start(struct db *, const char *user,
	    char dst[TOTP_SECRET_LEN + 1], struct err *);
/* The secret that waits for its first code; "" = none. */
int	totp_pending(struct db *, const char *user,
	    char dst[TOTP_SECRET_LEN + 1], struct err *);
/* The first code puts it in force; *codes are shown once. ERR_AUTH_CODE. */
int	totp_confirm(struct db *, const char *user, const char *code,
	    time_t now, char codes[RECOVERY_CODES][RECOVERY_LEN + 1],
	    struct err *);
/* A code of the device, or a recovery code: ERR_AUTH_CODE. */
int	totp_check(struct db *, const char *user, const char *code,
	    time_t now, struct err *);
/* No second factor any more. */
int	totp_reset(struct db *, const char *user, time_t now, struct err *);
int	recovery_left(struct db *, const char *user, int *, struct err *);

#endif
