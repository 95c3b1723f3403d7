/*
 * maincf_lines.c - the proof that nothing of others was touched: main.cf
 * without the planned parameters must be the same bytes before and after.
 *
 * The rules are those of Postfix's readlline(3), as postconf(1) applies them
 * when it edits: a line that is blank or whose first character after blanks
 * is '#' is a comment wherever it stands; a line that begins with a blank
 * continues the logical line before it; any other line begins one.
 *
 *   state      line is       next
 *   keep|skip  comment       same state, the line is kept
 *   keep|skip  continuation  same state, kept or skipped with it
 *   keep|skip  name = ...    skip if the name is listed, else keep
 */
#include <stdbool.h>
#include <string.h>

#include "postfix_int.h"

/* isspace() of the C locale, as Postfix uses it. */
static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool
is_listed(const char *line, const char *end, const char *const *names)
{
	size_t n = 0;

	while (line + n < end && !is_space(line[n]) && line[n] != '=')
		n++;
	for (; *names != NULL; names++)
		if (strlen(*names) == n && memcmp(*names, line, n) == 0)
			return true;
	return false;
}

int
maincf_without(const struct buf *src, const char *const *names, struct buf *dst)
{
	const char *p = src->data, *end = src->data + src->len, *nl, *text;
	bool skip = false;

	for (; p < end; p = nl) {
		nl = memchr(p, '\n', (size_t)(end - p));
		nl = nl == NULL ? end : nl + 1;
		for (text = p; text < nl && is_space(*text); text++)
			continue;
		if (text == nl || *text == '#') {
			(void)buf_add(dst, p, (size_t)(nl - p));
			continue;
		}
		if (text == p)
			skip = is_listed(p, nl, names);
		if (!skip)
			(void)buf_add(dst, p, (size_t)(nl - p));
	}
	return dst->failed ? -1 : 0;
}
