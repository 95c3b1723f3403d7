/*
 * pack.h - numbers and strings in a row, for a frame between two processes of
 * ours: what the parent has is written so that a child that shares no memory
 * with it can read it.
 *
 * A number is four or eight bytes, the highest first; bytes are their length
 * and themselves, and NULL a length that none has.  A string is bytes with
 * its NUL.
 * Trust: a reader believes nothing.  What does not fit makes `bad`, and from
 * there on all is 0 and NULL; unpack_end says whether everything was good and
 * nothing is left.
 * Ownership: what is read is borrowed from the bytes that are read.
 */
#ifndef POSTSEAL_PACK_H
#define POSTSEAL_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

/* The buffer's `failed` says whether all of it went in. */
void	pack_u32(struct buf *, uint32_t);
void	pack_i64(struct buf *, int64_t);
void	pack_bytes(struct buf *, const void *, size_t);	/* NULL: none */
void	pack_str(struct buf *, const char *);		/* NULL: none */

struct unpack {
	const unsigned char	*p;
	size_t			 left;
	bool			 bad;
};
void	unpack_init(struct unpack *, const void *, size_t);
uint32_t unpack_u32(struct unpack *);
int64_t	unpack_i64(struct unpack *);
const void *unpack_bytes(struct unpack *, size_t *ret_len);
const char *unpack_str(struct unpack *);
bool	unpack_end(const struct unpack *);

#endif
