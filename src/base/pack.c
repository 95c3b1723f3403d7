/*
 * pack.c - numbers and strings in a row, see pack.h.
 */
#include <string.h>

#include "pack.h"

#define NONE UINT32_MAX

void
pack_u32(struct buf *b, uint32_t n)
{
	const unsigned char p[4] = {(unsigned char)(n >> 24),
	    (unsigned char)(n >> 16), (unsigned char)(n >> 8),
	    (unsigned char)n};

	(void)buf_add(b, p, sizeof(p));
}

void
pack_i64(struct buf *b, int64_t n)
{
	pack_u32(b, (uint32_t)((uint64_t)n >> 32));
	pack_u32(b, (uint32_t)n);
}

void
pack_bytes(struct buf *b, const void *data, size_t len)
{
	if (data == NULL) {
		pack_u32(b, NONE);
		return;
	}
	if (len >= NONE) {
		b->failed = true;
		return;
	}
	pack_u32(b, (uint32_t)len);
	if (len > 0)
		(void)buf_add(b, data, len);
}

void
pack_str(struct buf *b, const char *s)
{
	pack_bytes(b, s, s == NULL ? 0 : strlen(s) + 1);
}

void
unpack_init(struct unpack *u, const void *data, size_t len)
{
	u->p = data;
	u->left = len;
	u->bad = false;
}

/* n bytes, or NULL. */
static const unsigned char *
take(struct unpack *u, size_t n)
{
	const unsigned char *p = u->p;

	if (u->bad || n > u->left) {
		u->bad = true;
		return NULL;
	}
	u->p += n;
	u->left -= n;
	return p;
}

uint32_t
unpack_u32(struct unpack *u)
{
	const unsigned char *p = take(u, 4);

	return p == NULL ? 0
			 : (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
			       (uint32_t)p[2] << 8 | p[3];
}

int64_t
unpack_i64(struct unpack *u)
{
	uint64_t high = unpack_u32(u);

	return (int64_t)(high << 32 | unpack_u32(u));
}

const void *
unpack_bytes(struct unpack *u, size_t *ret_len)
{
	uint32_t n = unpack_u32(u);
	const void *p = NULL;

	*ret_len = 0;
	if (!u->bad && n != NONE && (p = take(u, n)) != NULL)
		*ret_len = n;
	return p;
}

const char *
unpack_str(struct unpack *u)
{
	size_t n;
	const char *s = unpack_bytes(u, &n);

	if (s != NULL && (n == 0 || memchr(s, '\0', n) != s + n - 1)) {
		u->bad = true;
		return NULL;
	}
	return s;
}

bool
unpack_end(const struct unpack *u)
{
	return !u->bad && u->left == 0;
}
