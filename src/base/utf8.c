/*
 * utf8.c - well-formedness by the table of RFC 3629 section 4: the lead byte
 * decides the length and the range of the second byte, which is what rules
 * out overlong forms (C0, C1, E0 80..9F, F0 80..8F), surrogates (ED A0..BF)
 * and code points past U+10FFFF (F4 90.., F5..).
 */
#include <string.h>

#include "utf8.h"
#include "jsonx.h"
#include "util.h"

struct lead {
	unsigned char first, last; /* lead byte */
	unsigned char len;
	unsigned char lo, hi; /* second byte */
};

static const struct lead leads[] = {
    {0x00, 0x7f, 1, 0x00, 0x00},
    {0xc2, 0xdf, 2, 0x80, 0xbf},
    {0xe0, 0xe0, 3, 0xa0, 0xbf},
    {0xe1, 0xec, 3, 0x80, 0xbf},
    {0xed, 0xed, 3, 0x80, 0x9f},
    {0xee, 0xef, 3, 0x80, 0xbf},
    {0xf0, 0xf0, 4, 0x90, 0xbf},
    {0xf1, 0xf3, 4, 0x80, 0xbf},
    {0xf4, 0xf4, 4, 0x80, 0x8f},
};

size_t
utf8_step(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	const struct lead *l = NULL;
	size_t i;

	if (len == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	for (i = 0; i < sizeof(leads) / sizeof(leads[0]); i++) {
		if (p[0] >= leads[i].first && p[0] <= leads[i].last) {
			l = &leads[i];
			break;
		}
	}
	if (l == NULL || len < l->len || p[1] < l->lo || p[1] > l->hi)
		return 0;
	for (i = 2; i < l->len; i++) {
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
	}
	return l->len;
}

size_t
utf8_put(char dst[4], uint32_t c)
{
	if (c < 0x80) {
		dst[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		dst[0] = (char)(0xc0 | c >> 6);
		dst[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		dst[0] = (char)(0xe0 | c >> 12);
		dst[1] = (char)(0x80 | (c >> 6 & 0x3f));
		dst[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	dst[0] = (char)(0xf0 | c >> 18);
	dst[1] = (char)(0x80 | (c >> 12 & 0x3f));
	dst[2] = (char)(0x80 | (c >> 6 & 0x3f));
	dst[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

bool
utf8_valid(const char *s, size_t len)
{
	size_t n;

	for (; len > 0; s += n, len -= n) {
		if ((n = utf8_step(s, len)) == 0)
			return false;
	}
	return true;
}

/*
 * C1 controls (U+0080..U+009F) move a terminal's cursor as ESC does, U+2028
 * and U+2029 end a line for some readers: they go with the C0 ones.
 */
static const struct range {
	uint32_t first, last;
} controls[] = {
    {0x00, 0x1f},
    {0x7f, 0x9f},
    {0x2028, 0x2029},
};

/* Soft hyphen, marks and overrides of direction, characters of no width or
 * that are a blank and no space (Unicode's Default_Ignorable_Code_Point; a
 * blank of Braille), annotations, tags.  Not what chooses an emoji's form. */
static const struct range hidden[] = {
    {0xad, 0xad},
    {0x34f, 0x34f},
    {0x61c, 0x61c},
    {0x115f, 0x1160},
    {0x17b4, 0x17b5},
    {0x180b, 0x180f},
    {0x200b, 0x200f},
    {0x202a, 0x202e},
    {0x2060, 0x206f},
    {0x2800, 0x2800},
    {0x3164, 0x3164},
    {0xfeff, 0xfeff},
    {0xffa0, 0xffa0},
    {0xfff0, 0xfffb},
    {0x1bca0, 0x1bca3},
    {0x1d173, 0x1d17a},
    {0xe0000, 0xe0fff},
};

uint32_t
utf8_code(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	uint32_t c = n == 1 ? p[0] : p[0] & (0xffU >> (n + 1));

	for (size_t i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3f);
	return c;
}

#define IN(c, ranges) is_in((c), (ranges), sizeof(ranges) / sizeof((ranges)[0]))

static bool
is_in(uint32_t c, const struct range *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (c >= r[i].first && c <= r[i].last)
			return true;
	return false;
}

size_t
text_unseen(const char *s, size_t len)
{
	size_t n = utf8_step(s, len);
	uint32_t c;

	if (n == 0)
		return len == 0 ? 0 : 1;
	c = utf8_code(s, n);
	return IN(c, controls) || IN(c, hidden) ? n : 0;
}

bool
text_is_seen(const char *s, size_t len)
{
	for (size_t n; len > 0; s += n, len -= n)
		if (text_unseen(s, len) > 0 || (n = utf8_step(s, len)) == 0)
			return false;
	return true;
}

/* Bytes of the blank that s begins or, from its end, ends with; 0: none.  One
 * of them is as wide as a Japanese letter, and one does not break. */
static size_t
blank(const char *s, size_t len, bool end)
{
	static const char *const blanks[] = {" ", "\xc2\xa0", "\xe3\x80\x80"};
	size_t i, n;

	for (i = 0; i < sizeof(blanks) / sizeof(blanks[0]); i++)
		if ((n = strlen(blanks[i])) <= len &&
		    memcmp(end ? s + len - n : s, blanks[i], n) == 0)
			return n;
	return 0;
}

const char *
text_trim(const char *s, size_t *len)
{
	size_t n;

	for (; (n = blank(s, *len, false)) > 0; *len -= n)
		s += n;
	while ((n = blank(s, *len, true)) > 0)
		*len -= n;
	return s;
}

/* What is put in the place of the character at s, of n bytes; 0: nothing. */
static const char *
replacement(const char *s, size_t n)
{
	uint32_t c;

	if (n == 0)
		return "?";
	c = utf8_code(s, n);
	return IN(c, controls) ? " " : IN(c, hidden) ? "\xef\xbf\xbd" : NULL;
}

size_t
text_clean(char *dst, size_t size, const char *src, size_t len)
{
	const char *put;
	size_t n, put_len, used = 0;

	if (size == 0)
		return 0;
	while (len > 0) {
		n = utf8_step(src, len);
		put = replacement(src, n);
		put_len = put != NULL ? strlen(put) : n;
		if (used + put_len >= size)
			break;
		memcpy(dst + used, put != NULL ? put : src, put_len);
		used += put_len;
		n = n == 0 ? 1 : n;
		src += n;
		len -= n;
	}
	dst[used] = '\0';
	return used;
}

size_t
text_clean_name(char *dst, size_t size, const char *src, size_t len)
{
	size_t n = text_clean(dst, size, src, len), seen = n;

	(void)text_trim(dst, &seen);
	if (seen == 0 && n > 0)
		dst[n = 0] = '\0';
	return n;
}
