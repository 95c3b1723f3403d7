/*
 * hop_words.c - what posttls-finger's words mean.
 *
 * It says nothing when all went well in plaintext, one line
 *   Verified|Trusted|Untrusted|Anonymous TLS connection established to
 *   HOST[ADDRESS]:PORT: PROTOCOL with cipher CIPHER ...
 * when TLS was had (at any level; whether the level is satisfied is for the
 * caller to say), and the reason otherwise; always with exit status 0.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "hop_int.h"
#include "jsonx.h"
#include "util.h"

#define CLIENT	    "posttls-finger: "
#define ESTABLISHED " TLS connection established to "

bool
hop_is_mandatory(const char *level)
{
	return strcasecmp(level, "none") != 0 && strcasecmp(level, "may") != 0;
}

static const struct {
	const char *word, *trust;
} trusts[] = {{"Verified", "verified"}, {"Trusted", "trusted"},
    {"Untrusted", "untrusted"}, {"Anonymous", "anonymous"}};

/* Behind "TRUST TLS connection established to "; NULL: another line. */
static const char *
established(const char *line, const char **ret_trust)
{
	size_t i, n;

	for (i = 0; i < sizeof(trusts) / sizeof(trusts[0]); i++) {
		n = strlen(trusts[i].word);
		if (strncmp(line, trusts[i].word, n) != 0 ||
		    strncmp(line + n, ESTABLISHED, strlen(ESTABLISHED)) != 0)
			continue;
		*ret_trust = trusts[i].trust;
		return line + n + strlen(ESTABLISHED);
	}
	return NULL;
}

/* The next line of the program's own, behind its name; NULL at the end.  What
 * a server says stands inside a line, never at its beginning. */
static const char *
next_line(const char **text, size_t *ret_len)
{
	const char *p;

	while (**text != '\0') {
		p = *text;
		*ret_len = strcspn(p, "\n");
		*text = p + *ret_len + (p[*ret_len] == '\n');
		if (strncmp(p, CLIENT, strlen(CLIENT)) == 0) {
			*ret_len -= strlen(CLIENT);
			return p + strlen(CLIENT);
		}
	}
	return NULL;
}

/* Whose fault, from how Postfix's client words it. */
static const char *
reason_of(const char *words)
{
	static const struct {
		const char *begin, *reason;
	} known[] = {
	    {"Destination address lookup failed", "lookup"},
	    {"MX lookup", "lookup"},
	    {"Failed to establish session", "connection"},
	    {"connect to ", "connection"},
	    {"STARTTLS rejected", "starttls"},
	    {"SSL_connect error", "handshake"},
	    {"TLSA lookup error", "lookup"},
	    {"fatal: timeout", "session"},
	    {"fatal: lost connection", "session"},
	    {"fatal: ", "failed"},
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strncmp(words, known[i].begin, strlen(known[i].begin)) == 0)
			return known[i].reason;
	return "session";
}

/* Address, protocol and cipher of "... established to ...". */
static void
take_tls(struct json_object *o, const char *line, const char *trust)
{
	char at[200] = "", protocol[24] = "", cipher[64] = "", clean[200];

	(void)sscanf(line,
	    "%199[^ \n] %23[A-Za-z0-9.] with cipher %63[A-Za-z0-9_-]", at,
	    protocol, cipher);
	if (at[0] != '\0' && at[strlen(at) - 1] == ':')
		at[strlen(at) - 1] = '\0';
	(void)text_clean(clean, sizeof(clean), at, strlen(at));
	jsonx_put_str(o, "trust", trust);
	jsonx_put_str(o, "address", clean);
	jsonx_put_str(o, "protocol", protocol);
	jsonx_put_str(o, "cipher", cipher);
}

/* Is it a word on the way, of which another line is the end? */
static bool
is_aside(const char *line, size_t len)
{
	return strncmp(line, "warning: ", 9) == 0 ||
	       memmem(line, len, "fingerprint=", 12) != NULL ||
	       memmem(line, len, "DANE RR", 7) != NULL ||
	       memmem(line, len, "verification failed", 19) != NULL;
}

static bool
needs_proof(const struct hop_way *w, const char *text)
{
	static const char *const always[] = {
	    "verify", "secure", "fingerprint", "dane-only"};
	size_t i;

	for (i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		if (strcasecmp(w->level, always[i]) == 0)
			return true;
	/* dane asks for it where there are such records. */
	return strncasecmp(w->level, "dane", 4) == 0 &&
	       strstr(text, "using DANE RR") != NULL;
}

void
hop_not_seen(struct json_object *o, const char *reason, const char *detail)
{
	jsonx_put_str(o, "state", "not_seen");
	jsonx_put_str(o, "reason", reason);
	jsonx_put_str(o, "detail", detail);
}

/* TLS, or the last words that are no aside. */
static bool
take_words(const char *text, struct json_object *o, char words[200])
{
	const char *line, *at, *trust = NULL;
	size_t len;

	words[0] = '\0';
	while ((line = next_line(&text, &len)) != NULL) {
		if ((at = established(line, &trust)) != NULL) {
			take_tls(o, at, trust);
			return true;
		}
		if (!is_aside(line, len))
			(void)text_clean(words, 200, line, len);
	}
	return false;
}

void
hop_judge(
    const struct hop_way *w, const struct run_result *r, struct json_object *o)
{
	const char *text = r->out.len > 0 ? r->out.data : "";
	char words[200];
	bool tls;

	jsonx_put_str(o, "state", "seen");
	json_object_object_add(o, "reason", NULL);
	tls = take_words(text, o, words);
	jsonx_put_bool(o, "tls", tls);
	if (tls && needs_proof(w, text) &&
	    strcmp(jsonx_path_str(o, "trust", ""), "verified") != 0)
		hop_not_seen(o, "certificate",
		    strstr(text, "verification failed") != NULL
			? "the certificate could not be verified"
			: "the certificate is not one that this level takes");
	else if (!tls && words[0] != '\0')
		hop_not_seen(o, reason_of(words), words);
	else if (!tls && r->exit_code != 0)
		hop_not_seen(o, "failed", "posttls-finger failed");
	else if (!tls && hop_is_mandatory(w->level) &&
		 strcasecmp(w->level, "dane") != 0)
		hop_not_seen(o, "starttls", "STARTTLS is not offered");
}
