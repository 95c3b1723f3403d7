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

int
note_read(const char *s, char dst[NOTE_SIZE], struct err *err)
{
	size_t len, chars;

	if (s == NULL)
		s = "";
	len = strlen(s);
	s = text_trim(s, &len);
	if (count(s, len, &chars, err) == -1)
		return -1;
	if (chars > NOTE_MAX)
		return err_set(err, ERR_NOTE, "note",
		    "expected at most %d characters, got %zu", NOTE_MAX, chars);
	memcpy(dst, s, len);
	dst[len] = '\0';
	return 0;
}
