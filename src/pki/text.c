/*
 * text.c - whatever text encoding an upload has -> plain lines of UTF-8.
 *
 * Windows editors write UTF-16 and byte order marks, mail programs CRLF, JSON
 * pasted by hand has the two characters "\n".  Line numbers in findings must
 * be those of the administrator's editor, so every line ending becomes exactly
 * one '\n'.  Web pages and word processors put in blanks that look like others
 * or like nothing: they become ordinary ones, or go.  Other characters may
 * stand outside the blocks ("friendlyName: ..."), or are reported by the
 * reader that stumbles over them; what is no UTF-8 becomes '?'.
 */
#include <stdio.h>
#include <string.h>

#include "decode.h"
#include "utf8.h"

static bool
looks_utf16(const unsigned char *p, size_t len, bool *big)
{
	size_t i, even = 0, odd = 0;

	if (len < 4 || len % 2 != 0)
		return false;
	if ((p[0] == 0xff && p[1] == 0xfe) || (p[0] == 0xfe && p[1] == 0xff)) {
		*big = p[0] == 0xfe;
		return true;
	}
	for (i = 0; i + 1 < len && i < 128; i += 2) {
		even += p[i] == 0;
		odd += p[i + 1] == 0;
	}
	*big = even > odd;
	return (even == i / 2 && odd == 0) || (odd == i / 2 && even == 0);
}

/* Words that stay the same in every language. */
static const struct {
	unsigned bit;
	uint32_t blank; /* of this number */
	bool width;	/* a blank that one sees */
	const char *word;
} words[] = {
    {TEXT_UTF16, 0, false, "UTF-16"},
    {TEXT_BOM, 0xfeff, false, "BOM"},
    {TEXT_CRLF, 0, false, "CRLF"},
    {TEXT_CR, 0, false, "CR"},
    {TEXT_ESCAPED, 0, false, "\\n"},
    {TEXT_BARE, 0, false, "Base64"},
    {TEXT_PARAMS, 0, false, "EC PARAMETERS"},
    {TEXT_INDENT, 0, false, "TAB/SPACE"},
    {TEXT_TWICE, 0, false, "Base64 (Base64)"},
    {TEXT_BLANK << 0, 0xa0, true, "NO-BREAK SPACE U+00A0"},
    {TEXT_BLANK << 1, 0x202f, true, "NARROW NO-BREAK SPACE U+202F"},
    {TEXT_BLANK << 2, 0x3000, true, "IDEOGRAPHIC SPACE U+3000"},
    {TEXT_BLANK << 3, 0x2028, true, "LINE SEPARATOR U+2028"},
    {TEXT_BLANK << 4, 0x85, true, "NEXT LINE U+0085"},
    {TEXT_BLANK << 5, 0x200b, false, "ZERO WIDTH SPACE U+200B"},
    {TEXT_BLANK << 6, 0x200e, false, "LEFT-TO-RIGHT MARK U+200E"},
    {TEXT_BLANK << 7, 0xad, false, "SOFT HYPHEN U+00AD"},
    {TEXT_BLANK << 8, 0x2060, false, "WORD JOINER U+2060"},
};
#define N_WORDS (sizeof(words) / sizeof(words[0]))

/* One character of the source; *ret_n is how many bytes it took. */
static uint32_t
next_char(
    const unsigned char *p, size_t left, bool wide, bool big, size_t *ret_n)
{
	const char *s = (const char *)p;
	uint32_t c;

	if (!wide) {
		if ((*ret_n = utf8_step(s, left)) > 0)
			return utf8_code(s, *ret_n);
		*ret_n = 1;
		return p[0] == 0xa0 ? p[0] : '?'; /* Latin-1 */
	}
	*ret_n = left < 2 ? left : 2;
	if (left < 2)
		return '?';
	c = big ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
	return c >= 0xd800 && c < 0xe000 ? '?' : c;
}

/* An unusual blank, as what it is to be; anything else as it is. */
static uint32_t
plain_blank(uint32_t c, unsigned *notes)
{
	size_t i;

	for (i = 0; i < N_WORDS; i++) {
		if (c < 0x80 || words[i].blank != c)
			continue;
		*notes |= words[i].bit;
		return words[i].width ? ' ' : 0;
	}
	return c == 0 ? '?' : c;
}

/* "-----BEGIN X-----\nMII...", as in JSON, with \n spelled out. */
static void
unescape(struct buf *b, unsigned *notes)
{
	size_t i, o = 0;

	if (b->len == 0 || strstr(b->data, "-----BEGIN ") == NULL ||
	    (strstr(b->data, "-----\\n") == NULL &&
		strstr(b->data, "-----\\r\\n") == NULL))
		return;
	for (i = 0; i < b->len; i++) {
		if (b->data[i] == '\\' && b->data[i + 1] == 'n') {
			b->data[o++] = '\n';
			i++;
		} else if (b->data[i] == '\\' && b->data[i + 1] == 'r')
			i++;
		else
			b->data[o++] = b->data[i];
	}
	b->data[o] = '\0';
	b->len = o;
	*notes |= TEXT_ESCAPED;
}

int
text_decode(const void *data, size_t len, struct buf *out, unsigned *notes)
{
	const unsigned char *p = data;
	bool big = false, wide;
	uint32_t c, prev = 0;
	char put[4];
	size_t i, n;

	wide = looks_utf16(p, len, &big);
	i = 0;
	if (wide) {
		*notes |= TEXT_UTF16;
		if (p[0] >= 0xfe)
			i = 2;
	} else if (len >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) {
		*notes |= TEXT_BOM;
		i = 3;
	}
	if (buf_reserve(out, 2 * len + 1) == -1)
		return -1;
	for (; i < len; i += n) {
		c = next_char(p + i, len - i, wide, big, &n);
		if (c == '\n' && prev == '\r') {
			*notes |= TEXT_CRLF;
			prev = c;
			continue;
		}
		if (prev == '\r')
			*notes |= TEXT_CR;
		prev = c;
		if (c == '\r')
			c = '\n';
		c = plain_blank(c, notes);
		if (c != 0 && buf_add(out, put, utf8_put(put, c)) == -1)
			return -1;
	}
	if (*notes & TEXT_CRLF)
		*notes &= ~TEXT_CR;
	unescape(out, notes);
	return 0;
}

void
text_notes(unsigned notes, char *dst, size_t dst_len)
{
	size_t i, o = 0;

	dst[0] = '\0';
	for (i = 0; i < N_WORDS && o < dst_len; i++)
		if (notes & words[i].bit)
			o += (size_t)snprintf(dst + o, dst_len - o, "%s%s",
			    o == 0 ? "" : ", ", words[i].word);
}
