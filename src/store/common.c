/*
 * common.c - would this password be guessed early?
 *
 * Lists of leaked passwords hold few entries of 12 characters, and those that
 * they hold are built: words and names lengthened ("Password2026!!",
 * "jonathan12345"), doubled, walked on the keyboard, dates.  So a list is the
 * wrong measure for this length.  Two rules, each enough to refuse:
 *
 * 1. libzxcvbn estimates how many guesses someone needs who tries, in that
 *    order, its 47,000 leaked passwords, names and words, with letters
 *    replaced, capitals, repeats, sequences, keyboard walks and dates, and
 *    what is put together of them: fewer than 2^BITS_MIN is refused.
 * 2. What it does not know is ours: words of common.def (the product's own,
 *    and those of other languages), the user's name, what the gateway is
 *    called, with its parts, years, and runs are taken out; fewer than LEFT_MIN characters left over is refused.
 *
 * Neither asks for kinds of characters (ASVS 2.1.9): a phrase of four words in
 * lower case passes.  In rule 2 the longest part that fits is taken at each
 * place: a guess at the best division, which is enough for a list of guesses.
 */
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <zxcvbn.h>

#include "db.h"

#define BITS_MIN 35.0
#define LEFT_MIN 4
#define RUN_MIN	 3
#define OWN_MAX	 24
#define OWN_TEXT 512

/* The user's name, the gateway's, and their parts; borrowed. */
struct own {
	const char *word[OWN_MAX];
	size_t n;
};

static const char *const words[] = {
#define W(word) word,
#include "common.def"
#undef W
};

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* What the character stands for in a word. */
static char
fold(char c)
{
	static const char from[] = "0134578@$!|+";
	static const char to[] = "oieastbasiit";
	const char *p = c == '\0' ? NULL : strchr(from, c);

	return p == NULL ? lower(c) : to[p - from];
}

/* Length of the word at s, or 0. */
static size_t
word_at(const char *s, const char *word)
{
	size_t i;

	for (i = 0; word[i] != '\0'; i++) {
		if (s[i] == '\0' || (fold(s[i]) != lower(word[i]) &&
					lower(s[i]) != lower(word[i])))
			return 0;
	}
	return i;
}

/* Length of aaa, 123, cba at s; less than RUN_MIN is no run. */
static size_t
run_at(const char *s)
{
	size_t n, best = 0;

	for (int step = -1; step <= 1; step++) {
		n = 1;
		while (s[n] != '\0' && lower(s[n]) - lower(s[n - 1]) == step)
			n++;
		if (n > best)
			best = n;
	}
	return best >= RUN_MIN ? best : 0;
}

static size_t
year_at(const char *s)
{
	return ((s[0] == '1' && s[1] == '9') || (s[0] == '2' && s[1] == '0')) &&
		       s[2] != '\0' && s[3] != '\0' &&
		       strspn(s + 2, "0123456789") >= 2
		   ? 4
		   : 0;
}

/* The longest word of them at s. */
static size_t
own_at(const char *s, const struct own *own)
{
	size_t n, best = 0;

	for (size_t i = 0; i < own->n; i++)
		if (strlen(own->word[i]) >= 3 &&
		    (n = word_at(s, own->word[i])) > best)
			best = n;
	return best;
}

static size_t
part_at(const char *s, const struct own *own)
{
	size_t n, best = run_at(s);

	if ((n = year_at(s)) > best)
		best = n;
	if ((n = own_at(s, own)) > best)
		best = n;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if ((n = word_at(s, words[i])) > best)
			best = n;
	}
	return best;
}

static bool
guessed_early(const char *password, struct own *own)
{
	const char *dict[OWN_MAX + 2] = {"postseal"};

	for (size_t i = 0; i < own->n; i++)
		dict[i + 1] = own->word[i];
	return ZxcvbnMatch(password, dict, NULL) < BITS_MIN;
}

static bool
nothing_left(const char *password, const struct own *own)
{
	size_t n, left = 0, at = 0, len = strlen(password);
	char last = '\0';

	while (at < len && left < LEFT_MIN) {
		if ((n = part_at(password + at, own)) > 0) {
			at += n;
			last = '\0';
			continue;
		}
		/* The same again, as "x!x!", is counted once a place. */
		if (password[at] != last)
			left++;
		last = password[at++];
	}
	OPENSSL_cleanse(&last, sizeof(last));
	return left < LEFT_MIN;
}

/* The text, and its parts between dots and the like. */
static void
own_add(struct own *own, char *text)
{
	char *save = NULL, *word;

	for (word = strtok_r(text, ".-_@ \n", &save);
	     word != NULL && own->n < OWN_MAX;
	     word = strtok_r(NULL, ".-_@ \n", &save))
		own->word[own->n++] = word;
}

bool
password_is_common(const char *password, const char *name, const char *here)
{
	char parts[OWN_TEXT], places[OWN_TEXT];
	struct own own = {.n = 0};

	if (name != NULL && *name != '\0')
		own.word[own.n++] = name;
	snprintf(parts, sizeof(parts), "%s", name != NULL ? name : "");
	snprintf(places, sizeof(places), "%s", here != NULL ? here : "");
	own_add(&own, parts);
	own_add(&own, places);
	return guessed_early(password, &own) || nothing_left(password, &own);
}
