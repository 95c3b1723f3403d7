/*
 * note.c - what may be in a note.
 */
#include <string.h>

#include "note.h"
#include "utf8.h"
#include "util.h"

/* Characters of it; -1: one of them is not seen. */
static int
count(const char *s, size_t len, size_t *ret, struct err *err)
{
	size_t n;

	for (*ret = 0; len > 0; s += n, len -= n, ++*ret) {
		if (text_unseen(s, len) > 0)
			return err_set(err, ERR_NOTE, "note",
			    "expected one line without hidden characters, "
			    "character %zu is one",
			    *ret + 1);
		n = utf8_step(s, len);
	}
	return 0;
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

int
note_read(const char *s, char dst[NOTE_SIZE], struct err *err)
{
	size_t len, chars, n;

	if (s == NULL)
		s = "";
	for (len = strlen(s); (n = blank(s, len, false)) > 0; len -= n)
		s += n;
	while ((n = blank(s, len, true)) > 0)
		len -= n;
	if (count(s, len, &chars, err) == -1)
		return -1;
	if (chars > NOTE_MAX)
		return err_set(err, ERR_NOTE, "note",
		    "expected at most %d characters, got %zu", NOTE_MAX, chars);
	memcpy(dst, s, len);
	dst[len] = '\0';
	return 0;
}
