/*
 * services.c - master.cf: which service takes the mail from outside, which
 * others are beside it.
 *
 * The inbound service is the first of the names asked for that master.cf has,
 * then that of postseal.conf.  If somebody renamed it by hand, it is the one
 * smtpd or postscreen service that can be meant: not submission, not smtps,
 * and not on a loopback address unless that is what was asked for.
 * Where there is none, nothing listens for mail: a null client.  Services with
 * the same port on other addresses take mail from outside as well.
 *
 * Two postconf calls at most: -M for the services, -P for their overrides
 * (only when a service that matters has options).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jsonx.h"
#include "postfix_int.h"

#define LINES_MAX 256

/* One "postconf -M" line: name type private unpriv chroot wakeup limit cmd */
struct line {
	const char *name, *type, *limit, *command;
	bool options; /* -o */
};

struct scan {
	const struct conf *conf;
	struct postfix_info *info;
	struct json_object *values, *overrides;
	bool by_service; /* does main.cf say different things to them? */
	struct line *v;
	size_t n;
	const struct line *own;
	struct endpoint at; /* of own */
};

int
postfix_service_port(const char *service)
{
	struct endpoint e;

	/* An address that need not be looked up stands for any. */
	return endpoint_resolve(service, "127.0.0.1", "ipv4", &e, NULL) == -1
		   ? 0
		   : e.port;
}

void
postfix_service_host(const char *service, char dst[64])
{
	const char *colon = strrchr(service, ':');
	size_t len;

	dst[0] = '\0';
	if (colon == NULL)
		return;
	if (*service == '[' && colon > service && colon[-1] == ']') {
		service++;
		colon--;
	}
	len = (size_t)(colon - service);
	if (len < 64)
		(void)snprintf(dst, 64, "%.*s", (int)len, service);
}

static void
parse(char *text, struct line *l)
{
	char *field[8], *save = NULL, *word;
	size_t n = 0;

	memset(l, 0, sizeof(*l));
	for (word = strtok_r(text, " \t", &save); word != NULL;
	     word = strtok_r(NULL, " \t", &save)) {
		if (n < 8)
			field[n++] = word;
		else if (strncmp(word, "-o", 2) == 0)
			l->options = true;
	}
	if (n < 8)
		return;
	l->name = field[0];
	l->type = field[1];
	l->limit = field[6];
	l->command = field[7];
}

static bool
is_inet(const struct line *l)
{
	return l->name != NULL && strcmp(l->type, "inet") == 0;
}

static bool
takes_mail(const struct line *l)
{
	return strcmp(l->command, "smtpd") == 0 ||
	       strcmp(l->command, "postscreen") == 0;
}

static int
resolve(
    const struct scan *s, const char *name, struct endpoint *e, struct err *err)
{
	const struct postfix_inbound *in = &s->info->inbound;

	return endpoint_resolve(name, in->interfaces, in->protocols, e, err);
}

static const struct line *
by_name(const struct scan *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (is_inet(&s->v[i]) && strcmp(s->v[i].name, name) == 0)
			return &s->v[i];
	return NULL;
}

/* The same address and port, written in another way. */
static const struct line *
by_endpoint(const struct scan *s, const char *name)
{
	struct endpoint want, is;
	size_t i;

	if (resolve(s, name, &want, NULL) == -1)
		return NULL;
	for (i = 0; i < s->n; i++)
		if (is_inet(&s->v[i]) &&
		    resolve(s, s->v[i].name, &is, NULL) == 0 &&
		    is.port == want.port && strcmp(is.host, want.host) == 0)
			return &s->v[i];
	return NULL;
}

/* Renamed by hand? */
static const struct line *
by_kind(const struct scan *s, const char *name)
{
	const struct line *found = NULL;
	struct endpoint want, is;
	bool loopback;
	size_t i;

	loopback = resolve(s, name, &want, NULL) == 0 && want.loopback;
	for (i = 0; i < s->n; i++) {
		if (!is_inet(&s->v[i]) || !takes_mail(&s->v[i]) ||
		    resolve(s, s->v[i].name, &is, NULL) == -1 ||
		    is.port == 465 || is.port == 587 ||
		    (is.loopback && !loopback))
			continue;
		if (found != NULL)
			return NULL;
		found = &s->v[i];
	}
	return found;
}

static const struct line *
find_own(const struct scan *s, const char *const *names)
{
	const struct line *l;
	size_t i;

	for (i = 0; names[i] != NULL; i++)
		if ((l = by_name(s, names[i])) != NULL)
			return l;
	if ((l = by_name(s, s->conf->service)) != NULL ||
	    (l = by_endpoint(s, s->conf->service)) != NULL)
		return l;
	/* Without a name of ours postseal.conf is wrong. */
	return names[0] == NULL ? NULL : by_kind(s, names[0]);
}

static bool
overrides(struct json_object *all, const struct line *l, const char *name)
{
	char key[256];

	(void)snprintf(key, sizeof(key), "%s/%s/%s", l->name, l->type, name);
	return all != NULL && json_object_object_get_ex(all, key, NULL);
}

/* Does it need no exemption from "TLS only"? */
static bool
has_own_level(struct json_object *all, const struct line *l)
{
	return overrides(all, l, "smtpd_tls_security_level") ||
	       overrides(all, l, "smtpd_tls_wrappermode") ||
	       overrides(all, l, "smtpd_enforce_tls");
}

/* An inet service beside the inbound one. */
static void
take_other(struct scan *s, const struct line *l, struct json_object *all)
{
	struct postfix_info *info = s->info;
	struct postfix_inbound *in = &info->inbound;
	struct endpoint e;
	size_t len;

	if (strlen(l->name) >= sizeof(info->exempt[0]) ||
	    resolve(s, l->name, &e, NULL) == -1 ||
	    (s->own != NULL && e.port == s->at.port &&
		strcmp(e.host, s->at.host) == 0))
		return;
	if (in->n_inet < POSTFIX_INET_MAX) {
		(void)snprintf(in->inet[in->n_inet].name,
		    sizeof(in->inet[0].name), "%s", l->name);
		in->inet[in->n_inet++].port = e.port;
	}
	if (strcmp(l->command, "smtpd") != 0)
		return;
	if (e.loopback && info->n_exempt < POSTFIX_EXEMPT_MAX &&
	    !has_own_level(all, l))
		(void)snprintf(info->exempt[info->n_exempt++],
		    sizeof(info->exempt[0]), "%s", l->name);
	len = strlen(in->others);
	if (!overrides(all, l, "smtpd_client_restrictions") &&
	    len + strlen(l->name) + 3 < sizeof(in->others))
		(void)snprintf(in->others + len, sizeof(in->others) - len,
		    "%s%s", len == 0 ? "" : ", ", l->name);
}

/* The columns of the inbound service, and of the one behind postscreen. */
static void
take_own(struct scan *s, struct json_object *all)
{
	struct postfix_inbound *in = &s->info->inbound;
	const struct line *limited = s->own;
	size_t i;

	(void)snprintf(in->service, sizeof(in->service), "%s", s->own->name);
	in->postscreen = strcmp(s->own->command, "postscreen") == 0;
	for (i = 0; in->postscreen && i < s->n; i++)
		if (s->v[i].name != NULL &&
		    strcmp(s->v[i].name, "smtpd") == 0 &&
		    strcmp(s->v[i].type, "pass") == 0) {
			in->smtpd_pass = true;
			limited = &s->v[i];
		}
	if (!in->postscreen || in->smtpd_pass)
		(void)snprintf(in->process_limit, sizeof(in->process_limit),
		    "%s", limited->limit);
	in->own_timeout = overrides(all, limited, "smtpd_timeout");
	in->own_restrictions =
	    overrides(all, limited, "smtpd_client_restrictions");
}

static bool
needs_overrides(const struct scan *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->v[i].name != NULL && s->v[i].options &&
		    takes_mail(&s->v[i]))
			return true;
	return false;
}

static int
read_overrides(const struct scan *s, struct json_object **ret, struct err *err)
{
	static const char *const args[] = {"-P", "-x", NULL};
	struct run_result r;
	int rc;

	if ((rc = postconf_ask(s->conf, args, &r, s->info, err)) == 0)
		rc = postconf_parse(&r.out, ret, err);
	run_result_clear(&r);
	return rc;
}

static int
not_there(struct postfix_info *info, const char *why)
{
	info->kind = POSTFIX_BROKEN;
	(void)snprintf(info->detail, sizeof(info->detail), "%s", why);
	return 1;
}

/* main.cf's values as this service has them. */
static struct json_object *
values_for(const struct scan *s, const struct line *l)
{
	static const char level[] = "smtpd_tls_security_level";
	struct json_object *all = NULL, *v;

	if (!s->by_service ||
	    json_object_deep_copy(s->values, &all, NULL) == -1)
		return json_object_get(s->values);
	v = value_by_service(s->conf, level,
	    strcmp(l->command, "postscreen") == 0 ? "smtpd" : l->name);
	if (v != NULL)
		json_object_object_add(all, level, v);
	return all;
}

static void
take_listener(const struct scan *s, const struct line *l)
{
	struct listener_of of = {.service = l->name,
	    .postscreen = strcmp(l->command, "postscreen") == 0,
	    .overrides = s->overrides};

	of.values = values_for(s, l);
	listeners_add(s->info, &of);
	json_object_put(of.values);
}

/* The inbound service first, then those with its port. */
static void
take_listeners(struct scan *s)
{
	struct endpoint e;
	size_t i;

	s->by_service = main_cf_by_service(s->conf);
	take_listener(s, s->own);
	for (i = 0; i < s->n; i++)
		if (is_inet(&s->v[i]) && &s->v[i] != s->own &&
		    takes_mail(&s->v[i]) &&
		    resolve(s, s->v[i].name, &e, NULL) == 0 &&
		    e.port == s->at.port)
			take_listener(s, &s->v[i]);
}

static int
take_all(struct scan *s, struct err *err)
{
	struct err why;
	size_t i;
	int rc;

	if (s->own != NULL && resolve(s, s->own->name, &s->at, &why) == -1)
		return not_there(s->info, why.msg);
	if (needs_overrides(s) &&
	    (rc = read_overrides(s, &s->overrides, err)) != 0)
		return rc;
	if (s->own != NULL) {
		memcpy(s->info->probe_host, s->at.host,
		    sizeof(s->info->probe_host));
		s->info->probe_port = s->at.port;
		take_own(s, s->overrides);
		take_listeners(s);
	}
	for (i = 0; i < s->n; i++)
		if (is_inet(&s->v[i]) && &s->v[i] != s->own)
			take_other(s, &s->v[i], s->overrides);
	return 0;
}

static int
scan(struct scan *s, const char *const *names, struct err *err)
{
	struct postfix_info *info = s->info;
	struct endpoint e;
	struct err why;

	if ((s->own = find_own(s, names)) == NULL) {
		if (resolve(s, s->conf->service, &e, &why) == -1)
			return not_there(info, why.msg);
		(void)snprintf(info->closed, sizeof(info->closed),
		    "master.cf has no inet service \"%.100s\"",
		    s->conf->service);
	}
	return take_all(s, err);
}

int
services_read(const struct conf *conf, const char *const *names,
    struct json_object *values, struct postfix_info *info, struct err *err)
{
	static const char *const args[] = {"-M", NULL};
	struct scan s = {.conf = conf, .info = info, .values = values};
	char *line, *save = NULL;
	struct run_result r;
	int rc;

	if ((rc = postconf_ask(conf, args, &r, info, err)) != 0)
		goto out;
	if ((s.v = calloc(LINES_MAX, sizeof(*s.v))) == NULL) {
		rc = err_set(err, ERR_NOMEM, "", "master.cf");
		goto out;
	}
	for (line = strtok_r(r.out.data, "\n", &save);
	     line != NULL && s.n < LINES_MAX;
	     line = strtok_r(NULL, "\n", &save))
		parse(line, &s.v[s.n++]);
	rc = scan(&s, names, err);
out:
	json_object_put(s.overrides);
	free(s.v);
	run_result_clear(&r);
	return rc;
}
