/*
 * item_fingerprint.c - a line of a list of certificates: the SHA-256 of one,
 * or of its public key, as openssl and Postfix write it.
 */
#include <ctype.h>
#include <string.h>

#include "kind.h"

#define DIGITS 64 /* of SHA-256 */

_Static_assert(ITEM_TEXT_MAX >= DIGITS / 2 * 3, "an entry fits");

/* "sha256 Fingerprint=AB:CD..." */
static void
skip_name(const char **s, size_t *len)
{
	const char *eq = memchr(*s, '=', *len);

	if (eq == NULL)
		return;
	*len -= (size_t)(eq + 1 - *s);
	*s = eq + 1;
}

static int
read_fingerprint(const char *s, size_t len, char text[ITEM_TEXT_MAX],
    enum err_code *why, char instead[ITEM_TEXT_MAX])
{
	size_t i, n = 0, o = 0;

	(void)instead;
	*why = ERR_CCERT_ENTRY;
	skip_name(&s, &len);
	for (i = 0; i < len; i++) {
		if (s[i] == ':' && n > 0 && n % 2 == 0)
			continue;
		if (!isxdigit((unsigned char)s[i]) || n == DIGITS)
			return -1;
		if (n > 0 && n % 2 == 0)
			text[o++] = ':';
		text[o++] = (char)toupper((unsigned char)s[i]);
		n++;
	}
	text[o] = '\0';
	return n == DIGITS && s[len - 1] != ':' ? 0 : -1;
}

static const char *const examples[] = {
    "0A:13:EF:0F:A5:29:77:8A:FE:54:85:C0:C1:F6:F9:41:"
    "F1:84:0D:21:1E:10:AD:46:4B:D9:0B:DD:52:D4:3E:8B",
    "E3:B0:C4:42:98:FC:1C:14:9A:FB:F4:C8:99:6F:B9:24:"
    "27:AE:41:E4:64:9B:93:4C:A4:95:99:1B:78:52:B8:55",
    NULL};

const struct setting_item item_fingerprint = {
    read_fingerprint, ERR_CCERT_TOO_MANY, examples};
