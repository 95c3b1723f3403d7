/*
 * passphrase.c - the bytes that a passphrase may have been when a file was
 * encrypted with it.
 *
 * What a browser sends is UTF-8, as it was typed.  The program that made the
 * file may have had another keyboard (a composed or a decomposed "ü", Japanese
 * full-width letters), or another character set (Latin-1, on Japanese Windows
 * CP932), and OpenSSL before 1.1.0 took each byte of UTF-8 for a character of
 * a PKCS#12.  Nothing of that can be seen in a file, so it is tried.
 *
 * CP932 needs a module of the C library, which the jailed child can't load:
 * passphrase_warm_up does it before, and the library keeps it.
 */
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <uninorm.h>

#include "decode.h"
#include "pki_int.h"
#include "utf8.h"

#define JAPANESE "CP932"

/* Takes the text, which is wiped if it is one of those before it. */
static void
form_add(struct pki_set *s, const char *name, char *text)
{
	size_t i;

	for (i = 0; text != NULL && i < s->n_form; i++)
		if (strcmp(s->form[i].text, text) == 0)
			break;
	if (text == NULL || i < s->n_form || s->n_form >= PKI_FORMS_MAX) {
		if (text != NULL)
			OPENSSL_cleanse(text, strlen(text));
		free(text);
		return;
	}
	s->form[s->n_form].name = name;
	s->form[s->n_form++].text = text;
}

static char *
normal(const char *s, uninorm_t how)
{
	size_t n = 0;
	uint8_t *got;
	char *text;

	got = u8_normalize(how, (const uint8_t *)s, strlen(s), NULL, &n);
	if (got == NULL)
		return NULL;
	text = strndup((char *)got, n);
	OPENSSL_cleanse(got, n);
	free(got);
	return text;
}

/* NULL when it has a character that Latin-1 lacks. */
static char *
latin1(const char *s)
{
	char *text = malloc(strlen(s) + 1), *p = text;
	size_t n;
	uint32_t c;

	for (; text != NULL && *s != '\0'; s += n) {
		n = utf8_step(s, strlen(s));
		c = n > 0 ? utf8_code(s, n) : 256;
		if (c > 255) {
			OPENSSL_cleanse(text, (size_t)(p - text));
			free(text);
			return NULL;
		}
		*p++ = (char)c;
	}
	if (text != NULL)
		*p = '\0';
	return text;
}

static char *
japanese(const char *s)
{
	size_t left = strlen(s), room = 2 * left + 1, got;
	char *text = calloc(1, room), *out = text, *in = strdup(s), *p = in;
	iconv_t cd = iconv_open(JAPANESE, "UTF-8");

	got = (size_t)-1;
	if (cd != (iconv_t)-1 && text != NULL && in != NULL)
		got = iconv(cd, &p, &left, &out, &room);
	if (got != 0 && text != NULL) {
		OPENSSL_cleanse(text, 2 * strlen(s));
		free(text);
		text = NULL;
	}
	if (in != NULL)
		OPENSSL_cleanse(in, strlen(in));
	free(in);
	if (cd != (iconv_t)-1)
		iconv_close(cd);
	return text;
}

/* Each byte as a character. */
static char *
twice(const char *s)
{
	char *text = malloc(2 * strlen(s) + 1), *p = text;

	for (; text != NULL && *s != '\0'; s++)
		p += utf8_put(p, (unsigned char)*s);
	if (text != NULL)
		*p = '\0';
	return text;
}

static void
add_line(struct pki_set *s, const char *given)
{
	char *nfc = NULL;
	const char *p;

	if (*given != '\0')
		form_add(s, "", strdup(given));
	for (p = given; *p != '\0' && (*p & 0x80) == 0; p++)
		;
	if (*p != '\0' &&
	    (nfc = normal(given, UNINORM_NFC)) != NULL) {
		form_add(s, "Unicode NFC", strdup(nfc));
		form_add(s, "Unicode NFD", normal(given, UNINORM_NFD));
		form_add(s, "Unicode NFKC", normal(given, UNINORM_NFKC));
		form_add(s, "ISO-8859-1", latin1(nfc));
		form_add(s, JAPANESE, japanese(nfc));
		form_add(s, "UTF-8 (UTF-8)", twice(nfc));
		OPENSSL_cleanse(nfc, strlen(nfc));
		free(nfc);
	}
}

/* One a line: files of several sets have several. */
void
passphrase_set(struct pki_set *s, const char *given)
{
	char *copy = given == NULL ? NULL : strdup(given), *rest = copy, *line;

	while ((line = strsep(&rest, "\n")) != NULL)
		add_line(s, line);
	if (copy != NULL)
		OPENSSL_cleanse(copy, strlen(given));
	free(copy);
}

void
passphrase_clear(struct pki_set *s)
{
	size_t i;

	for (i = 0; i < s->n_form; i++) {
		OPENSSL_cleanse(s->form[i].text, strlen(s->form[i].text));
		free(s->form[i].text);
	}
	s->n_form = 0;
}

void
passphrase_warm_up(void)
{
	iconv_t cd = iconv_open(JAPANESE, "UTF-8");

	if (cd != (iconv_t)-1)
		iconv_close(cd);
}
