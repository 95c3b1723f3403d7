/*
 * csv.c - the cell of a table.
 */
#include <string.h>

#include "csv.h"
#include "utf8.h"
#include "util.h"

/* A spreadsheet in Japanese takes the wide forms as well.  "-" alone is what a
 * table has for nothing. */
static bool
is_formula(const char *s)
{
	static const char *const begins[] = {
	    "=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"};

	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (strncmp(s, begins[i], strlen(begins[i])) == 0)
			return strcmp(s, "-") != 0;
	return false;
}

void
csv_cell(struct buf *b, const char *s, const char *end)
{
	size_t len = strlen(s), n;

	buf_adds(b, is_formula(s) ? "\"'" : "\"");
	for (; len > 0; s += n, len -= n) {
		if ((n = text_unseen(s, len)) > 0) {
			buf_addc(b, '?');
			continue;
		}
		n = utf8_step(s, len);
		if (*s == '"')
			buf_addc(b, '"');
		buf_add(b, s, n);
	}
	buf_addc(b, '"');
	buf_adds(b, end);
}
