/*
 * issuename.c - what may stand in the subject and in the names of a request.
 *
 * A CA refuses what is not a host name only after days, and a client compares
 * A-labels, so the grammar is checked here: RFC 5890's LDH labels, with the
 * Punycode behind "xn--" decoded (RFC 3492) to see that there is a name in
 * it.  Names in other scripts are refused and not mapped: which mapping is
 * right (RFC 5895, UTS 46) is the registry's question.
 */
#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "issue.h"
#include "issue_int.h"
#include "jsonx.h"
#include "util.h"

#define LABEL_MAX 63

const char *const issue_algorithm_names[ISSUE_ALGORITHM__MAX + 1] = {
    [ISSUE_RSA3072] = "rsa3072",
    [ISSUE_P256] = "p256",
    [ISSUE_P384] = "p384",
    NULL,
};

const char *const issue_part_names[ISSUE_PART__MAX + 1] = {
    [ISSUE_CN] = "common_name",
    [ISSUE_O] = "organization",
    [ISSUE_OU] = "organizational_unit",
    [ISSUE_L] = "locality",
    [ISSUE_ST] = "state",
    [ISSUE_C] = "country",
    NULL,
};

/* X.520's upper bounds, in characters. */
static const size_t part_max[ISSUE_PART__MAX] = {
    [ISSUE_CN] = 64,
    [ISSUE_O] = 64,
    [ISSUE_OU] = 64,
    [ISSUE_L] = 128,
    [ISSUE_ST] = 128,
    [ISSUE_C] = 2,
};

void
issue_request_init(struct issue_request *r)
{
	memset(r, 0, sizeof(*r));
	r->algorithm = ISSUE_P256;
	r->days = ISSUE_DAYS;
	r->now = time(NULL);
}

int
issue_algorithm_from_name(const char *name, enum issue_algorithm *ret)
{
	int i;

	for (i = 0; i < ISSUE_ALGORITHM__MAX; i++) {
		if (strcmp(issue_algorithm_names[i], name) == 0) {
			*ret = (enum issue_algorithm)i;
			return 0;
		}
	}
	return -1;
}

/* One character of valid UTF-8; *s moves behind it. */
static uint32_t
next_char(const char **s)
{
	const unsigned char *p = (const unsigned char *)*s;
	uint32_t c = *p++;
	int more = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;

	if (more > 0)
		c &= 0x3fu >> more;
	while (more-- > 0)
		c = c << 6 | (*p++ & 0x3f);
	*s = (const char *)p;
	return c;
}

/* Controls, line ends and what turns a line around. */
static bool
is_unprintable(uint32_t c)
{
	static const uint32_t ranges[][2] = {
	    {0x00, 0x1f},
	    {0x7f, 0x9f},
	    {0x200b, 0x200f},
	    {0x2028, 0x202e},
	    {0x2060, 0x2069},
	    {0xfeff, 0xfeff},
	    {0xfff0, 0xffff},
	};
	size_t i;

	for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		if (c >= ranges[i][0] && c <= ranges[i][1])
			return true;
	}
	return false;
}

int
issue_set_part(struct issue_request *r, enum issue_part part, const char *s,
    struct err *err)
{
	const char *field = issue_part_names[part], *p = s;
	size_t len = strlen(s), n = 0;
	char *c;

	if (!utf8_valid(s, len))
		return err_set(
		    err, ERR_KEYS_SUBJECT, field, "%s: not UTF-8", field);
	while (*p != '\0') {
		n++;
		if (is_unprintable(next_char(&p)))
			return err_set(err, ERR_KEYS_SUBJECT, field,
			    "%s: a control character", field);
	}
	if (n > part_max[part] || len >= ISSUE_PART_SIZE)
		return err_set(err, ERR_KEYS_SUBJECT, field,
		    "%s: at most %zu characters", field, part_max[part]);
	if (len > 0 && (s[0] == ' ' || s[len - 1] == ' '))
		return err_set(err, ERR_KEYS_SUBJECT, field,
		    "%s: a blank at its edge", field);
	if (part == ISSUE_C && len > 0 &&
	    (len != 2 || !isascii((unsigned char)s[0]) ||
		!isalpha((unsigned char)s[0]) || !isalpha((unsigned char)s[1])))
		return err_set(err, ERR_KEYS_SUBJECT, field,
		    "%s: expected two letters", field);
	memcpy(r->part[part], s, len + 1);
	for (c = r->part[ISSUE_C]; *c != '\0'; c++)
		*c = (char)toupper((unsigned char)*c);
	return 0;
}

static int
puny_digit(char c)
{
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	return c >= '0' && c <= '9' ? c - '0' + 26 : -1;
}

/* RFC 3492 section 6.1. */
static uint32_t
puny_adapt(uint32_t delta, uint32_t points, bool first)
{
	uint32_t k = 0;

	delta = first ? delta / 700 : delta / 2;
	delta += delta / points;
	for (; delta > 455; k += 36)
		delta /= 35;
	return k + 36 * delta / (delta + 38);
}

/* Does it decode to characters that can be shown?  RFC 3492 section 6.2; what
 * comes out is not needed. */
static bool
puny_valid(const char *s, size_t len)
{
	uint32_t n = 128, i = 0, bias = 72, points = 0, old, w, k, t;
	size_t at = 0, j;
	int digit;

	for (j = len; j-- > 0;) {
		if (s[j] == '-') {
			points = (uint32_t)j;
			at = j + 1;
			break;
		}
	}
	if (at >= len)
		return false; /* all of it is ASCII: needs no "xn--" */
	while (at < len) {
		old = i;
		for (w = 1, k = 36;; k += 36) {
			if (at >= len || (digit = puny_digit(s[at++])) == -1 ||
			    (uint32_t)digit > (UINT32_MAX - i) / w)
				return false;
			i += (uint32_t)digit * w;
			t = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
			if ((uint32_t)digit < t)
				break;
			if (w > UINT32_MAX / (36 - t))
				return false;
			w *= 36 - t;
		}
		points++;
		bias = puny_adapt(i - old, points, old == 0);
		n += i / points;
		i = i % points + 1;
		if (n > 0x10ffff || (n >= 0xd800 && n <= 0xdfff) ||
		    is_unprintable(n))
			return false;
	}
	return true;
}

static const char *
label_fault(const char *s, size_t len)
{
	size_t i;

	if (len == 0)
		return "an empty label";
	if (len > LABEL_MAX)
		return "a label of over 63 characters";
	for (i = 0; i < len; i++) {
		if (!((s[i] >= 'a' && s[i] <= 'z') ||
			(s[i] >= '0' && s[i] <= '9') || s[i] == '-'))
			return "expected letters, digits and hyphens";
	}
	if (s[0] == '-' || s[len - 1] == '-')
		return "a hyphen at the edge of a label";
	if (len >= 4 && s[2] == '-' && s[3] == '-' &&
	    (strncmp(s, "xn--", 4) != 0 || !puny_valid(s + 4, len - 4)))
		return "not a valid A-label";
	return NULL;
}

/* What is wrong with a name in lower case, or NULL. */
static const char *
name_fault(const char *s)
{
	const char *dot, *fault;
	size_t len, labels = 0;
	bool wildcard = strncmp(s, "*.", 2) == 0;

	if (*s == '\0')
		return "empty";
	for (s += wildcard ? 2 : 0;; s = dot + 1) {
		dot = strchr(s, '.');
		len = dot != NULL ? (size_t)(dot - s) : strlen(s);
		if ((fault = label_fault(s, len)) != NULL)
			return fault;
		labels++;
		if (dot == NULL)
			break;
	}
	if (strspn(s, "0123456789") == len)
		return "an address or a number, expected a name";
	if (wildcard && labels < 2)
		return "a wildcard over a whole top-level domain";
	return NULL;
}

int
issue_add_name(struct issue_request *r, const char *name, struct err *err)
{
	char lower[ISSUE_NAME_SIZE] = "", shown[96];
	const char *fault;
	size_t len = strlen(name), i;

	text_clean(shown, sizeof(shown), name, len);
	if (len >= sizeof(lower))
		return err_set(err, ERR_KEYS_NAME, "names",
		    "%s: over 253 characters", shown);
	for (i = 0; i < len; i++) {
		if ((unsigned char)name[i] >= 0x80)
			return err_set(err, ERR_KEYS_NAME, "names",
			    "%s: expected the form with xn--", shown);
		lower[i] = (char)tolower((unsigned char)name[i]);
	}
	lower[len] = '\0';
	if ((fault = name_fault(lower)) != NULL)
		return err_set(
		    err, ERR_KEYS_NAME, "names", "%s: %s", shown, fault);
	for (i = 0; i < r->n_names; i++) {
		if (strcmp(r->name[i], lower) == 0)
			return 0;
	}
	if (r->n_names >= ISSUE_NAMES_MAX)
		return err_set(err, ERR_KEYS_NAME, "names", "at most %d names",
		    ISSUE_NAMES_MAX);
	memcpy(r->name[r->n_names++], lower, len + 1);
	return 0;
}

int
issue_complete(struct issue_request *r, struct err *err)
{
	size_t i;

	if (r->n_names == 0)
		return err_set(err, ERR_KEYS_NAME, "names",
		    "expected at least one DNS name");
	if (r->days < 1 || r->days > ISSUE_DAYS_MAX)
		return err_set(err, ERR_FIELD_INVALID, "days",
		    "expected 1 to %d", ISSUE_DAYS_MAX);
	/* A common name is optional; one that is too long is left out. */
	for (i = 0; i < r->n_names && r->part[ISSUE_CN][0] == '\0'; i++) {
		if (strlen(r->name[i]) <= part_max[ISSUE_CN])
			memcpy(r->part[ISSUE_CN], r->name[i],
			    strlen(r->name[i]) + 1);
	}
	return 0;
}

void
issue_output_init(struct issue_output *o)
{
	buf_init(&o->key, ISSUE_KEY_MAX);
	buf_init(&o->csr, ISSUE_PART_MAX);
	buf_init(&o->certificate, ISSUE_PART_MAX);
	buf_init(&o->described, ISSUE_PART_MAX);
}

void
issue_output_clear(struct issue_output *o)
{
	buf_clear(&o->key);
	buf_clear(&o->csr);
	buf_clear(&o->certificate);
	buf_clear(&o->described);
}
