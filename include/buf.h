/*
 * buf.h - a growing byte buffer with a hard limit.
 *
 * Purpose: the one way to collect bytes of unknown number: bodies, program
 * output, file contents, HTML.  data is always NUL-terminated beyond len.
 * Limits: max bytes as given at init; beyond it every add fails with -1 and
 * sets failed, so that many adds can be checked once at the end.
 * Ownership: the buffer owns data.  buf_clear wipes (OPENSSL_cleanse) before
 * it frees, also on growth, so it may hold keys.
 */
#ifndef POSTSEAL_BUF_H
#define POSTSEAL_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
	char	*data;
	size_t	 len, cap, max;
	bool	 failed;
};

void	 buf_init(struct buf *, size_t max);
void	 buf_clear(struct buf *);		/* wipe, free, ready for reuse */
void	 buf_reset(struct buf *);		/* empty, memory kept unwiped */
int	 buf_add(struct buf *, const void *, size_t);
int	 buf_adds(struct buf *, const char *);
int	 buf_addc(struct buf *, char);
int	 buf_printf(struct buf *, const char *fmt, ...)
	    __attribute__((__format__ (printf, 2, 3)));
int	 buf_reserve(struct buf *, size_t more);	/* room for more bytes */

#endif
