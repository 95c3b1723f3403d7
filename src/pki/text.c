/*
 * text.c - whatever text encoding an upload has -> plain ASCII lines.
 *
 * Windows editors write UTF-16 and byte order marks, mail programs CRLF,
 * JSON pasted by hand has the two characters "\n".  Line numbers in findings
 * must be those of the administrator's editor, so every line ending becomes
 * exactly one '\n'.  Non-ASCII characters may stand outside the blocks
 * ("friendlyName: ..."): they are kept as '?'.
 */
#include <stdio.h>
#include <string.h>

#include "pki_int.h"

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

/* One character of the source; *ret_n is how many bytes it took. */
static int
next_char(
    const unsigned char *p, size_t left, bool wide, bool big, size_t *ret_n)
{
	unsigned c;

	if (!wide) {
		*ret_n = 1;
		return p[0] < 0x80 ? p[0] : '?';
	}
	*ret_n = left < 2 ? left : 2;
	if (left < 2)
		return '?';
	c = big ? (unsigned)p[0] << 8 | p[1] : (unsigned)p[1] << 8 | p[0];
	return c < 0x80 ? (int)c : '?';
}

/* "-----BEGIN X-----\nMII..." on one line, with \n spelled out. */
static void
unescape(struct buf *b, unsigned *notes)
{
	size_t i, o = 0;

	if (b->len == 0 || memchr(b->data, '\n', b->len - 1) != NULL ||
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
	size_t i, n;
	int c, prev = 0;

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
	if (buf_reserve(out, len + 1) == -1)
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
		if (c == '\0')
			c = '?';
		if (buf_addc(out, (char)c) == -1)
			return -1;
	}
	if (*notes & TEXT_CRLF)
		*notes &= ~TEXT_CR;
	unescape(out, notes);
	return 0;
}

/* Words that stay the same in every language. */
void
text_notes(unsigned notes, char *dst, size_t dst_len)
{
	static const struct {
		unsigned bit;
		const char *word;
	} words[] = {
	    {TEXT_UTF16, "UTF-16"},
	    {TEXT_BOM, "BOM"},
	    {TEXT_CRLF, "CRLF"},
	    {TEXT_CR, "CR"},
	    {TEXT_ESCAPED, "\\n"},
	    {TEXT_BARE, "Base64"},
	    {TEXT_PARAMS, "EC PARAMETERS"},
	    {TEXT_INDENT, "TAB/SPACE"},
	};
	size_t i, o = 0;

	dst[0] = '\0';
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!(notes & words[i].bit))
			continue;
		o += (size_t)snprintf(dst + o, dst_len - o, "%s%s",
		    o == 0 ? "" : ", ", words[i].word);
		if (o >= dst_len)
			break;
	}
}
