/*
 * buf.c - the growing buffer.  Growth copies into a new block and wipes the
 * old one (realloc would leave key bytes behind in freed memory).
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "buf.h"

#define BUF_FIRST 256

/*
 * An empty buffer still has a string to print.  cap == 0 says that data is
 * not ours to free; this byte is never anything but NUL.
 */
static char nothing[1];

void
buf_init(struct buf *b, size_t max)
{
	b->data = nothing;
	b->len = b->cap = 0;
	b->max = max;
	b->failed = false;
}

void
buf_clear(struct buf *b)
{
	if (b->cap > 0) {
		OPENSSL_cleanse(b->data, b->cap);
		free(b->data);
	}
	buf_init(b, b->max);
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->cap > 0)
		b->data[0] = '\0';
}

int
buf_reserve(struct buf *b, size_t more)
{
	size_t cap, need;
	char *data;

	if (b->failed || b->len > b->max || more > b->max - b->len ||
	    b->max == SIZE_MAX) {
		b->failed = true;
		return -1;
	}
	need = b->len + more + 1;
	if (need <= b->cap)
		return 0;
	cap = b->cap < BUF_FIRST ? BUF_FIRST : b->cap;
	while (cap < need && cap <= SIZE_MAX / 2)
		cap *= 2;
	if (cap < need)
		cap = need;
	if (cap > b->max + 1)
		cap = b->max + 1;
	if ((data = malloc(cap)) == NULL) {
		b->failed = true;
		return -1;
	}
	if (b->len > 0)
		memcpy(data, b->data, b->len);
	data[b->len] = '\0';
	if (b->cap > 0) {
		OPENSSL_cleanse(b->data, b->cap);
		free(b->data);
	}
	b->data = data;
	b->cap = cap;
	return 0;
}

int
buf_add(struct buf *b, const void *p, size_t len)
{
	if (buf_reserve(b, len) != 0)
		return -1;
	if (len > 0)
		memcpy(b->data + b->len, p, len);
	b->len += len;
	b->data[b->len] = '\0';
	return 0;
}

int
buf_adds(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

int
buf_addc(struct buf *b, char c)
{
	return buf_add(b, &c, 1);
}

int
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0) {
		b->failed = true;
		return -1;
	}
	if (buf_reserve(b, (size_t)n) != 0)
		return -1;
	va_start(ap, fmt);
	vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
	return 0;
}
