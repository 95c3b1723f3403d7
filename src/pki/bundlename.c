/*
 * bundlename.c - names of hosts, and room for the parts of a bundle.
 */
#include <string.h>

#include "bundle_int.h"

bool
bundle_name_valid(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n <= BUNDLE_NAME_MAX && s[0] != '.' && s[0] != '-' &&
	       s[0] != '_' &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789.-_") == n;
}

void
bundle_parts_init(struct bundle_parts *p)
{
	buf_init(&p->content, BUNDLE_BODY_MAX);
	buf_init(&p->attributes, BUNDLE_ATTRIBUTES_MAX);
	buf_init(&p->signature, BUNDLE_SIGNATURE_MAX);
}

void
bundle_parts_clear(struct bundle_parts *p)
{
	buf_clear(&p->content);
	buf_clear(&p->attributes);
	buf_clear(&p->signature);
}
