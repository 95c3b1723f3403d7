/*
 * util.h - small things that several layers need.
 *
 * Random bytes come from RAND_bytes; a failure is fatal to the caller's
 * request (-1).  mem_equal is constant-time.  Times are UTC in ISO 8601
 * "2026-11-24T04:00:00Z".
 */
#ifndef POSTSEAL_UTIL_H
#define POSTSEAL_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "err.h"

#define SHA256_HEX	65	/* with NUL */

int	 random_bytes(void *, size_t, struct err *);
int	 random_hex(char *dst, size_t bytes, struct err *); /* 2*bytes+1 */
void	 hex_encode(char *dst, const void *, size_t);
int	 sha256_hex(const void *, size_t, char dst[SHA256_HEX]);
int	 hmac_sha256_hex(const void *key, size_t, const char *msg,
	    char dst[SHA256_HEX]);
bool	 mem_equal(const void *, size_t, const void *, size_t);
bool	 str_equal_secret(const char *, const char *);
/* Bytes of the character at s if it is a control, one of no width or one that
 * changes the direction of what stands around it, or is no UTF-8 (1); else
 * 0. */
size_t	 text_unseen(const char *, size_t len);
/* Is it UTF-8, and each character of it to be seen?  For names. */
bool	 text_is_seen(const char *, size_t len);
/* Without the blanks around it, wide and unbreakable ones too: where it begins,
 * and its length. */
const char *text_trim(const char *, size_t *len);
/* Copy as one clean line: control characters become blanks, bytes that are
 * not UTF-8 become '?', what else is unseen U+FFFD; cut at a character's edge,
 * always NUL-terminated.  Returns the length.  For text of peers, programs and
 * certificates. */
size_t	 text_clean(char *dst, size_t size, const char *src, size_t len);
/* The same of a name, which is none when it is nothing but blanks. */
size_t	 text_clean_name(char *dst, size_t size, const char *src, size_t len);
/* A whole number in digits, as it is written: no sign, no leading zero, at most
 * max.  false = it is none, and *ret stays. */
bool	 number_read(const char *, size_t len, int64_t max, int64_t *ret);
/* All of it, however often that takes; errno says why not. */
int	 write_all(int fd, const void *, size_t);
int64_t	 now_ms(void);				/* CLOCK_MONOTONIC */
void	 time_iso(time_t, char dst[32]);
/* syslog-like lines to stderr and syslog: "postseald: msg".  Only to syslog
 * where both would end in the same journal. */
void	 log_open(const char *program, bool to_syslog);
void	 log_info(const char *fmt, ...)
	    __attribute__((__format__ (printf, 1, 2)));
void	 log_warn(const char *fmt, ...)
	    __attribute__((__format__ (printf, 1, 2)));

#endif
