/*
 * resolver.c - the nameservers that smtp(8) asks, and whether they validate.
 */
#include <arpa/inet.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "fsx.h"
#include "jsonx.h"
#include "postfix_int.h"
#include "resolver.h"
#include "util.h"

#define RESOLV_CONF   "/etc/resolv.conf"
#define RESOLV_MAX    (64 * 1024)
#define CHROOT	      "smtp/unix/chroot"
#define DEFAULT_PROBE "ns:."

void
resolver_read(const char *text, struct resolver *r)
{
	static const char word[] = "nameserver";
	const char *p;
	size_t len, n;

	r->n_servers = 0;
	for (; *text != '\0'; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		if (strncmp(text, word, sizeof(word) - 1) != 0 ||
		    strspn(text + sizeof(word) - 1, " \t") == 0)
			continue;
		p = text + sizeof(word) - 1;
		p += strspn(p, " \t");
		n = strcspn(p, " \t\r\n");
		if (n > 0 && n < sizeof(r->server[0]) &&
		    r->n_servers < RESOLVER_SERVERS)
			(void)snprintf(r->server[r->n_servers++],
			    sizeof(r->server[0]), "%.*s", (int)n, p);
	}
	if (r->n_servers == 0)
		(void)snprintf(r->server[r->n_servers++],
		    sizeof(r->server[0]), "127.0.0.1");
}

bool
resolver_is_remote(const struct resolver *r)
{
	const char *server = r->server[r->asked];

	return strncmp(server, "127.", 4) != 0 && strcmp(server, "::1") != 0;
}

/* "y", or "-", which says "y" below compatibility_level 1 (master(5)). */
static bool
is_chrooted(const struct conf *conf)
{
	static const char *const args[] = {"-F", CHROOT, NULL};
	static const char *const level[] = {"-x", "compatibility_level", NULL};
	struct json_object *o = NULL, *l = NULL;
	const char *v = "";
	bool yes;

	if (postconf_values(conf, args, &o, NULL) == 0)
		v = jsonx_path_str(o, CHROOT, "");
	yes = strcmp(v, "y") == 0;
	if (strcmp(v, "-") == 0 && postconf_values(conf, level, &l, NULL) == 0)
		yes = atoi(jsonx_path_str(l, level[1], "0")) < 1;
	json_object_put(o);
	json_object_put(l);
	return yes;
}

static bool
same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len &&
	       (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

static void
read_servers(
    const struct conf *conf, const struct postfix_info *info, struct resolver *r)
{
	struct buf own, system;

	buf_init(&own, RESOLV_MAX);
	buf_init(&system, RESOLV_MAX);
	(void)snprintf(r->file, sizeof(r->file), "%s", RESOLV_CONF);
	(void)fsx_read(RESOLV_CONF, RESOLV_MAX, &system, NULL);
	if (is_chrooted(conf)) {
		(void)snprintf(r->file, sizeof(r->file), "%.490s%s",
		    info->queue_directory, RESOLV_CONF);
		(void)fsx_read(r->file, RESOLV_MAX, &own, NULL);
		r->stale = !same(&own, &system);
	} else {
		(void)buf_add(&own, system.data, system.len);
	}
	resolver_read(own.len > 0 ? own.data : "", r);
	buf_clear(&own);
	buf_clear(&system);
}

/* "ns:example.jp"; another type asks for more than a zone's names. */
static const char *
zone_of(const char *probe)
{
	return strncasecmp(probe, "ns:", 3) == 0 && probe[3] != '\0' ? probe + 3
								     : ".";
}

static void
ask(const struct conf *conf, const char *zone, struct resolver *r)
{
	const struct pki_jail jail = {
	    .user = geteuid() == 0 ? conf->probe_user : NULL};
	size_t i;

	for (i = 0; i < r->n_servers && r->answer == RESOLVER_SILENT; i++) {
		r->asked = i;
		r->answer = resolver_ask(&jail, r->server[i], DNS_PORT,
		    zone, conf_ms(conf, RESOLVER_MS));
	}
}

int
resolver_look(const struct conf *conf, const struct postfix_info *info,
    struct resolver *ret, struct err *err)
{
	/* An older Postfix only warns that it does not know dnssec_probe. */
	static const char *const args[] = {
	    "-x", "smtp_host_lookup", "dnssec_probe", NULL};
	struct json_object *set = NULL;
	const char *lookup;

	memset(ret, 0, sizeof(*ret));
	read_servers(conf, info, ret);
	if (postconf_values(conf, args, &set, err) == -1)
		return -1;
	lookup = jsonx_path_str(set, args[1], "dns");
	(void)text_clean(
	    ret->lookup, sizeof(ret->lookup), lookup, strlen(lookup));
	ret->native = strstr(lookup, "dns") == NULL;
	ask(conf, zone_of(jsonx_path_str(set, args[2], DEFAULT_PROBE)), ret);
	json_object_put(set);
	return 0;
}
