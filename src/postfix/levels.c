/*
 * levels.c - the TLS levels that main.cf has now, read with Postfix's eyes.
 *
 * A level that is not empty counts; else "enforce" before "use" of the older
 * names (smtpd(8), smtp(8) of 3.4 to 3.11).  For smtpd all that asks for more
 * than encrypt is encrypt, with a warning.
 * A level that is a reference ("$strict") is what that comes to; "$NAME" of a
 * set holds the value of a parameter that is not ours.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "jsonx.h"
#include "levels.h"
#include "param_row.h"
#include "postfix_int.h"

#define REFERENCE_MAX 128
#define REFERENCES    8

#define ALWAYS	      (DEMAND_TLS | DEMAND_ALWAYS)

static const struct direction {
	const char *level, *enforce, *use;
	/* words that Postfix takes for more than may */
	struct {
		const char *word;
		unsigned demands;
	} strong[8];
} directions[] = {
    [TLS_INBOUND] = {IN_LEVEL, "smtpd_enforce_tls", "smtpd_use_tls",
	{{"encrypt", ALWAYS}, {"verify", ALWAYS}, {"secure", ALWAYS},
	    {"fingerprint", ALWAYS}}},
    [TLS_OUTBOUND] = {OUT_LEVEL, "smtp_enforce_tls", "smtp_use_tls",
	{{"encrypt", ALWAYS}, {"dane", DEMAND_TLS | DEMAND_TLSA},
	    {"dane-only", ALWAYS | DEMAND_TLSA},
	    {"fingerprint", ALWAYS | DEMAND_PRINT},
	    {"verify", ALWAYS | DEMAND_NAME},
	    {"secure", ALWAYS | DEMAND_NAME | DEMAND_NEXT_HOP},
	    {"halfdane", DEMAND_TLS | DEMAND_TLSA}}},
};

/* Encrypt but for listeners with an address, which is what "TLS only" of the
 * console comes to where there are such. */
static bool
exempts_loopback(const char *value)
{
	const char *name = value + strlen(LEVEL_CONDITIONAL);

	return strncmp(value, LEVEL_CONDITIONAL, strlen(LEVEL_CONDITIONAL)) ==
		   0 &&
	       name[strcspn(name, ":}")] == ':' &&
	       strstr(name, "{encrypt}") != NULL &&
	       strstr(name, "{none}") == NULL;
}

static enum tls_rank
rank_of(const struct direction *d, const char *value, unsigned *demands)
{
	size_t i;

	*demands = 0;
	if (strcasecmp(value, "none") == 0)
		return RANK_NONE;
	*demands = DEMAND_TLS;
	if (strcasecmp(value, "may") == 0)
		return RANK_MAY;
	for (i = 0; d->strong[i].word != NULL; i++) {
		*demands = d->strong[i].demands;
		if (strcasecmp(value, d->strong[i].word) == 0)
			return RANK_ENCRYPT;
	}
	*demands = ALWAYS;
	if (d == &directions[TLS_INBOUND] && exempts_loopback(value))
		return RANK_ENCRYPT;
	return strchr(value, '$') != NULL ? RANK_OWN : RANK_BAD;
}

/* "$name", "${name}" or "$(name)", and nothing else. */
static bool
reference(const char *value, char name[REFERENCE_MAX])
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
	const char *p = value + 1, *end;
	size_t len;

	if (*value != '$')
		return false;
	end = *p == '{' ? "}" : *p == '(' ? ")" : "";
	p += *end != '\0';
	len = strspn(p, chars);
	if (len == 0 || len >= REFERENCE_MAX - 1 || strcmp(p + len, end) != 0)
		return false;
	(void)snprintf(name, REFERENCE_MAX, "$%.*s", (int)len, p);
	return true;
}

/* What it names, of this set, or NULL.  Ours are there by their names, as a
 * plan may change them. */
static const char *
named(struct json_object *set, const char *name)
{
	return jsonx_path_str(set, name + 1, jsonx_path_str(set, name, NULL));
}

/* Where references end; the value itself where that is not known. */
static const char *
followed(struct json_object *set, const char *value)
{
	const char *v = value;
	char name[REFERENCE_MAX];
	int n;

	for (n = 0; v != NULL && reference(v, name); n++)
		v = n < REFERENCES ? named(set, name) : NULL;
	return v == NULL ? value : v;
}

int
levels_references(struct json_object *all, struct json_object *ret)
{
	static const char *const from[] = {IN_LEVEL, OUT_LEVEL};
	char name[REFERENCE_MAX];
	const char *v;
	size_t i;
	int n;

	for (i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
		v = jsonx_path_str(all, from[i], "");
		for (n = 0; n < REFERENCES && reference(v, name); n++) {
			v = jsonx_path_str(all, name + 1, "");
			if (jsonx_member(ret, name + 1) == NULL &&
			    v[0] != '\0' && jsonx_put_str(ret, name, v) != 0)
				return -1;
		}
	}
	return 0;
}

static bool
says_yes(struct json_object *set, const char *name, const char **value)
{
	*value = jsonx_path_str(set, name, "");
	return **value != '\0' && strcasecmp(*value, "no") != 0;
}

void
level_read(struct json_object *set, enum tls_direction direction,
    struct tls_level *ret)
{
	const struct direction *d = &directions[direction];

	ret->parameter = d->level;
	ret->value = jsonx_path_str(set, d->level, "");
	ret->rank = RANK_NONE;
	ret->demands = 0;
	if (ret->value[0] != '\0') {
		const char *v = followed(set, ret->value);

		ret->rank = rank_of(d, v[0] == '\0' ? "$" : v, &ret->demands);
	} else if (says_yes(set, d->enforce, &ret->value)) {
		ret->parameter = d->enforce;
		ret->rank = RANK_ENCRYPT;
		ret->demands = ALWAYS;
		/* smtp(8) checks the name then, unless it is told not to. */
		if (direction == TLS_OUTBOUND &&
		    strcasecmp(jsonx_path_str(set, OUT_PEERNAME, "yes"),
			"no") != 0)
			ret->demands |= DEMAND_NAME;
	} else if (says_yes(set, d->use, &ret->value)) {
		ret->parameter = d->use;
		ret->rank = RANK_MAY;
		ret->demands = DEMAND_TLS;
	}
}

bool
chain_path_ours(const char *value)
{
	static const char head[] = "/generations/gen-";
	const char *p = strstr(value, head);
	size_t digits;

	if (value[0] != '/' || p == NULL)
		return false;
	p += sizeof(head) - 1;
	digits = strspn(p, "0123456789");
	p += digits;
	return digits > 0 && (strcmp(p, "/inbound.pem") == 0 ||
				 strcmp(p, "/outbound.pem") == 0 ||
				 strcmp(p, "/client_ca.pem") == 0);
}

bool
params_name_ours(struct json_object *set, const char *name)
{
	return chain_path_ours(jsonx_path_str(set, name, ""));
}

bool
params_ask_clients(struct json_object *set)
{
	return strcasecmp(jsonx_path_str(set, ASK_CCERT, ""), "yes") == 0 ||
	       strcasecmp(jsonx_path_str(set, REQ_CCERT, ""), "yes") == 0;
}

bool
params_own_certificate(struct json_object *set)
{
	static const char *const names[] = {
	    "smtpd_tls_cert_file", "smtpd_tls_eccert_file"};
	const char *v = jsonx_path_str(set, IN_CHAIN, "");
	size_t i;

	if (v[0] != '\0')
		return !chain_path_ours(v);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		v = jsonx_path_str(set, names[i], "");
		if (v[0] != '\0' && strcmp(v, "none") != 0)
			return true;
	}
	return false;
}

/*
 * Lists of protocols: "!SSLv3, !TLSv1", "TLSv1.2", ">=TLSv1.2 <=TLSv1.3".
 */
static const char *const protocols[] = {
    "SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"};
#define N_PROTOCOLS (sizeof(protocols) / sizeof(protocols[0]))
#define ALL_OF_THEM ((1u << N_PROTOCOLS) - 1)
#define OURS	    (1u << 4 | 1u << 5)

/* Index, or -1. */
static int
protocol_find(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < N_PROTOCOLS; i++)
		if (strlen(protocols[i]) == len &&
		    strncasecmp(protocols[i], s, len) == 0)
			return (int)i;
	return -1;
}

bool
protocols_loosened(const char *s)
{
	unsigned without = 0, with = 0;
	size_t len, head;
	int at;

	for (;; s += len) {
		s += strspn(s, ", \t\r\n:");
		if ((len = strcspn(s, ", \t\r\n:")) == 0)
			break;
		head = strspn(s, "!<>=");
		if ((at = protocol_find(s + head, len - head)) == -1)
			return true;
		if (head == 0)
			with |= 1u << at;
		else if (head == 1 && *s == '!')
			without |= 1u << at;
		else if (head == 2 && strncmp(s, ">=", 2) == 0)
			without |= (1u << at) - 1;
		else if (head == 2 && strncmp(s, "<=", 2) == 0)
			without |= ALL_OF_THEM & ~((2u << at) - 1);
		else
			return true;
	}
	if (with == 0)
		with = ALL_OF_THEM;
	return (OURS & ~(with & ~without)) != 0;
}
