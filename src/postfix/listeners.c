/*
 * listeners.c - every address on which this Postfix takes mail from outside,
 * and how a client is received there.
 *
 * main.cf says how smtpd behaves, and "-o" in master.cf overrules it for one
 * service; so two addresses with the same port may behave differently.
 * postscreen hands its clients on to "smtpd pass", whose options count then.
 * A service without an address listens on those of inet_interfaces; a wildcard
 * is looked at on the loopback address of each protocol.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jsonx.h"
#include "postfix_int.h"

/* Of one service: "-o" first, then main.cf (both expanded). */
struct source {
	struct json_object *main, *master;
	char prefix[160]; /* "smtp/inet/" */
};

static const char *
own_value(const struct source *s, const char *name)
{
	struct json_object *v;
	char key[256];

	(void)snprintf(key, sizeof(key), "%s%s", s->prefix, name);
	return s->master != NULL &&
		       json_object_object_get_ex(s->master, key, &v)
		   ? json_object_get_string(v)
		   : NULL;
}

static const char *
value(const struct source *s, const char *name)
{
	const char *own = own_value(s, name);
	struct json_object *v;

	if (own != NULL)
		return own;
	return s->main != NULL && json_object_object_get_ex(s->main, name, &v)
		   ? json_object_get_string(v)
		   : "";
}

static bool
is_yes(const struct source *s, const char *name)
{
	return strcasecmp(value(s, name), "yes") == 0;
}

static enum postfix_tls
level(const struct source *s)
{
	static const struct {
		const char *name;
		enum postfix_tls tls;
	} levels[] = {{"none", POSTFIX_TLS_NONE}, {"may", POSTFIX_TLS_MAY},
	    {"encrypt", POSTFIX_TLS_ENCRYPT},
	    /* smtpd(8) takes these for encrypt. */
	    {"verify", POSTFIX_TLS_ENCRYPT}, {"secure", POSTFIX_TLS_ENCRYPT},
	    {"fingerprint", POSTFIX_TLS_ENCRYPT}};
	const char *v = value(s, "smtpd_tls_security_level");
	size_t i;

	for (i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (strcasecmp(v, levels[i].name) == 0)
			return levels[i].tls;
	if (is_yes(s, "smtpd_enforce_tls"))
		return POSTFIX_TLS_ENCRYPT;
	return is_yes(s, "smtpd_use_tls") ? POSTFIX_TLS_MAY : POSTFIX_TLS_NONE;
}

/* "6s", "2m", "6": seconds. */
static int
seconds(const char *text)
{
	static const struct {
		char unit;
		int s;
	} units[] = {{'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
	char *end;
	long n = strtol(text, &end, 10);
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (*end == units[i].unit)
			n *= units[i].s;
	return n < 0 ? 0 : n > POSTFIX_GREET_MAX ? POSTFIX_GREET_MAX : (int)n;
}

static bool
has_word(const char *list, const char *word)
{
	size_t n = strlen(word), len;

	for (;; list += len) {
		list += strspn(list, ", \t\r\n");
		if ((len = strcspn(list, ", \t\r\n")) == 0)
			return false;
		if (len == n && strncasecmp(list, word, n) == 0)
			return true;
	}
}

/* "-o" for any of these? */
static bool
owns(const struct source *s, const char *const *names)
{
	for (; *names != NULL; names++)
		if (own_value(s, *names) != NULL)
			return true;
	return false;
}

static void
tls_of(const struct source *s, struct postfix_listener *l)
{
	static const char *const levels[] = {"smtpd_tls_security_level",
	    "smtpd_use_tls", "smtpd_enforce_tls", NULL};
	static const char *const chains[] = {"smtpd_tls_chain_files",
	    "smtpd_tls_cert_file", "smtpd_tls_eccert_file",
	    "smtpd_tls_dcert_file", NULL};
	static const char *const maps[] = {"tls_server_sni_maps", NULL};
	const char *hides = "smtpd_discard_ehlo_keyword_address_maps";
	const struct source main_cf = {.main = s->main};

	l->tls = level(s);
	l->main_tls = level(&main_cf);
	l->own_level = owns(s, levels);
	l->own_chain = owns(s, chains);
	l->own_sni = owns(s, maps);
	l->sni = *value(s, "tls_server_sni_maps") != '\0';
	l->wants_certificate = is_yes(s, "smtpd_tls_req_ccert");
	l->hides_all =
	    *value(s, hides) == '\0' &&
	    has_word(value(s, "smtpd_discard_ehlo_keywords"), "starttls");
	if (l->hides_all)
		hides = "smtpd_discard_ehlo_keywords";
	else
		(void)snprintf(l->hides_maps, sizeof(l->hides_maps), "%s",
		    value(s, hides));
	if (l->hides_all || l->hides_maps[0] != '\0')
		(void)snprintf(l->hides, sizeof(l->hides), "%s", hides);
}

static void
describe(const struct listener_of *of, struct postfix_listener *l)
{
	struct source s = {of->values, of->overrides, ""};

	(void)snprintf(s.prefix, sizeof(s.prefix), "%.100s/inet/", of->service);
	l->postscreen = of->postscreen;
	l->proxy =
	    strcasecmp(
		value(&s, of->postscreen ? "postscreen_upstream_proxy_protocol"
					 : "smtpd_upstream_proxy_protocol"),
		"haproxy") == 0;
	if (of->postscreen) {
		l->greet_s = seconds(value(&s, "postscreen_greet_wait"));
		(void)snprintf(s.prefix, sizeof(s.prefix), "smtpd/pass/");
	} else {
		l->wrapper = is_yes(&s, "smtpd_tls_wrappermode");
	}
	tls_of(&s, l);
}

static bool
known(const struct postfix_info *info, const struct endpoint *e)
{
	size_t i;

	for (i = 0; i < info->n_listeners; i++)
		if (info->listener[i].port == e->port &&
		    strcmp(info->listener[i].host, e->host) == 0)
			return true;
	return false;
}

void
listeners_add(struct postfix_info *info, const struct listener_of *of)
{
	struct endpoint all[POSTFIX_LISTENERS_MAX];
	struct postfix_listener *l;
	size_t i, n;

	n = endpoint_all(of->service, info->inbound.interfaces,
	    info->inbound.protocols, all, POSTFIX_LISTENERS_MAX);
	for (i = 0; i < n; i++) {
		if (known(info, &all[i]))
			continue;
		if (info->n_listeners == POSTFIX_LISTENERS_MAX) {
			info->more_listeners = true;
			return;
		}
		l = &info->listener[info->n_listeners++];
		(void)snprintf(
		    l->service, sizeof(l->service), "%s", of->service);
		memcpy(l->host, all[i].host, sizeof(l->host));
		l->port = all[i].port;
		l->derived = i > 0;
		describe(of, l);
	}
}

void
postfix_door(const struct postfix_info *info, const struct postfix_listener *l,
    struct probe_door *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->host = l->host;
	ret->port = l->port;
	ret->proxy = l->proxy;
	ret->wrapper = l->wrapper;
	ret->greet_ms = l->greet_s * 1000;
	ret->helo = info->myhostname[0] == '\0' ? NULL : info->myhostname;
}

static bool
table_hides(const struct conf *conf, const char *key, const char *table)
{
	struct run_result r;
	bool yes;

	yes = postmap_ask(conf, conf->config_directory, key, table, &r, NULL) ==
		  0 &&
	      r.exit_code == 0 && r.out.len > 0 &&
	      has_word(r.out.data, "starttls");
	run_result_clear(&r);
	return yes;
}

bool
listener_hidden(const struct conf *conf, const struct postfix_listener *l)
{
	const char *p = l->hides_maps;
	char table[sizeof(l->hides_maps)];
	size_t n;

	for (; (n = map_element(&p)) > 0; p += n) {
		(void)snprintf(table, sizeof(table), "%.*s", (int)n, p);
		if (table_hides(conf, l->host, table))
			return true;
	}
	return false;
}
