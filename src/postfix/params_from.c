/*
 * params_from.c - settings as Postfix has them: the other direction of the
 * rows of params.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "jsonx.h"
#include "levels.h"
#include "param_rules.h"
#include "postfix_int.h"
#include "settings_table.h"

#define DAY_S (24L * 60 * 60)

static const char *
value_now(const struct params_context *c, const char *name)
{
	return jsonx_path_str(c->current, name, "");
}

bool
from_in_level(const struct params_context *c, struct settings *s)
{
	struct tls_level now;

	level_read(c->current, TLS_INBOUND, &now);
	s->inbound_enabled = now.rank != RANK_NONE;
	/* Where there is no TLS the level says nothing of whether it is
	 * required once there is. */
	if (s->inbound_enabled)
		s->tls_only = now.rank == RANK_ENCRYPT;
	return now.rank != RANK_OWN && now.rank != RANK_BAD;
}

void
want_original(
    const struct params_context *c, const char *name, struct want *w)
{
	struct json_object *row = jsonx_member(c->originals, name);

	if (row == NULL)
		return;
	w->kind = WANT_OVER;
	w->over = jsonx_path_str(row, "set", NULL);
	(void)snprintf(
	    w->value, sizeof(w->value), "%s", jsonx_path_str(row, "was", ""));
}

static int
out_level(const char *word)
{
	const char *const *names = settings_fields[SETTING_outbound_level].names;
	int i;

	for (i = 0; names[i] != NULL; i++)
		if (strcasecmp(names[i], word) == 0)
			return i;
	return SETTING_KEEP;
}

/* "on" says that as much as can be is encrypted; what asks for more is
 * Postfix's own until a level is chosen.  A level that is off stays chosen. */
bool
from_out_level(const struct params_context *c, struct settings *s)
{
	struct tls_level now;

	level_read(c->current, TLS_OUTBOUND, &now);
	s->outbound_enabled = now.rank != RANK_NONE;
	if (s->outbound_level == SETTING_KEEP || now.rank == RANK_NONE)
		return now.rank == RANK_NONE || now.rank == RANK_MAY;
	s->outbound_level = out_level(
	    strcmp(now.parameter, OUT_LEVEL) == 0 ? now.value
	    : now.rank == RANK_MAY		  ? "may"
	    : (now.demands & DEMAND_NAME) != 0	  ? "verify"
						  : "encrypt");
	return s->outbound_level != SETTING_KEEP;
}

/* "On" is the file of the server's certificate, where that is ours; another
 * one, and a reference, is Postfix's own. */
bool
from_out_chain(const struct params_context *c, struct settings *s)
{
	const char *v = value_now(c, OUT_CHAIN);
	bool ours = chain_path_ours(v);

	s->client_certificate = ours && strstr(v, "/inbound.pem") != NULL;
	return ours || (v[0] == '\0' && value_now(c, OUT_CERT)[0] == '\0');
}

bool
from_listen(const struct params_context *c, struct settings *s)
{
	const char *v = value_now(c, "inet_interfaces");
	int listen = strcmp(v, "all") == 0	       ? LISTEN_ALL
		     : strcmp(v, "loopback-only") == 0 ? LISTEN_LOOPBACK
						       : SETTING_KEEP;

	if (s->listen != SETTING_KEEP)
		s->listen = listen;
	return listen != SETTING_KEEP || v[0] == '\0';
}

/* An address in the name of the service decides where it listens. */
bool
from_service(const struct params_context *c, struct settings *s)
{
	int port = postfix_service_port(c->info->inbound.service);
	char host[64];

	if (s->smtp_port != SETTING_KEEP)
		s->smtp_port = port > 0 ? port : SETTING_KEEP;
	postfix_service_host(c->info->inbound.service, host);
	if (host[0] != '\0')
		s->listen = SETTING_KEEP;
	return port > 0 && host[0] == '\0';
}

/* "600", "600s", "10m", or what the console itself writes; in minutes. */
static int
minutes(const char *v)
{
	static const char stress[] = "${stress?{10}:{";
	long n;
	char *end;

	if (strncmp(v, stress, sizeof(stress) - 1) == 0)
		v += sizeof(stress) - 1;
	n = strtol(v, &end, 10);
	if (end == v || n <= 0 || n > DAY_S)
		return SETTING_KEEP;
	if (strcmp(end, "m") == 0)
		return n <= DAY_S / 60 ? (int)n : SETTING_KEEP;
	if (strcmp(end, "") != 0 && strcmp(end, "s") != 0 &&
	    strcmp(end, "}}s") != 0)
		return SETTING_KEEP;
	return n % 60 == 0 ? (int)(n / 60) : SETTING_KEEP;
}

bool
from_timeout(const struct params_context *c, struct settings *s)
{
	const char *v = value_now(c, "smtpd_timeout");
	int n = minutes(v);

	if (s->idle_timeout != SETTING_KEEP)
		s->idle_timeout = n;
	return n != SETTING_KEEP || v[0] == '\0';
}

bool
from_limit(const struct params_context *c, struct settings *s)
{
	const char *v = c->info->inbound.process_limit;
	char *end;
	long n = strtol(v, &end, 10);
	bool good = end != v && *end == '\0' && n >= 0 && n <= 10000;

	/* No service: nothing is said of it. */
	if (s->max_connections != SETTING_KEEP && v[0] != '\0')
		s->max_connections = good ? (int)n : SETTING_KEEP;
	return good || strcmp(v, "-") == 0 || v[0] == '\0';
}

bool
from_ccert(const struct params_context *c, struct settings *s)
{
	if (s->ccert != SETTING_KEEP)
		s->ccert = strcasecmp(value_now(c, REQ_CCERT), "yes") == 0
			       ? CCERT_REQUIRE
			   : strcasecmp(value_now(c, ASK_CCERT), "yes") == 0
			       ? CCERT_ASK
			       : SETTING_KEEP;
	return true;
}

/* The map's list is the generation's; whether it is in force is asked. */
bool
from_access(const struct params_context *c, struct settings *s)
{
	if (c->access_file != NULL &&
	    !restrictions_have_map(
		value_now(c, "smtpd_client_restrictions"), c->access_file))
		s->access_policy = SETTING_KEEP;
	return true;
}
