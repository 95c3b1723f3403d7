/*
 * adopt_inbound.c - hand edits of interface, port, limits and access list
 * become settings.
 *
 * What the console cannot say in its own words is left to the administrator:
 * that setting is no longer managed, and Postfix keeps what it has.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jsonx.h"
#include "txn.h"

static const char *
value_of(const struct txn *t, const char *name)
{
	struct json_object *v = NULL;

	if (t->facts.params == NULL ||
	    !json_object_object_get_ex(t->facts.params, name, &v))
		return "";
	return json_object_get_string(v);
}

static void
adopt_listen(struct txn *t)
{
	const char *v = value_of(t, "inet_interfaces");
	char host[64];

	if (t->settings.listen == SETTING_KEEP)
		return;
	postfix_service_host(t->facts.info.inbound.service, host);
	if (host[0] == '\0' && strcmp(v, "all") == 0)
		t->settings.listen = LISTEN_ALL;
	else if (host[0] == '\0' && strcmp(v, "loopback-only") == 0)
		t->settings.listen = LISTEN_LOOPBACK;
	else
		t->settings.listen = SETTING_KEEP;
}

static void
adopt_port(struct txn *t)
{
	int port = postfix_service_port(t->facts.info.inbound.service);

	if (t->settings.smtp_port != SETTING_KEEP)
		t->settings.smtp_port = port > 0 ? port : SETTING_KEEP;
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
	if (end == v || n <= 0 || n > 1440L * 60)
		return SETTING_KEEP;
	if (strcmp(end, "m") == 0)
		return n <= 1440 ? (int)n : SETTING_KEEP;
	if (strcmp(end, "") != 0 && strcmp(end, "s") != 0 &&
	    strcmp(end, "}}s") != 0)
		return SETTING_KEEP;
	return n % 60 == 0 ? (int)(n / 60) : SETTING_KEEP;
}

static void
adopt_limits(struct txn *t)
{
	const char *limit = t->facts.info.inbound.process_limit;
	struct settings *s = &t->settings;
	long n;
	char *end;

	if (s->idle_timeout != SETTING_KEEP)
		s->idle_timeout = minutes(value_of(t, "smtpd_timeout"));
	if (s->max_connections == SETTING_KEEP)
		return;
	n = strtol(limit, &end, 10);
	s->max_connections =
	    end != limit && *end == '\0' && n >= 0 && n <= 10000 ? (int)n
								 : SETTING_KEEP;
}

/* What is managed no longer stays as it is now: it does not go back to what
 * it was before the console took it over. */
static void
forget_originals(const struct txn *t, const struct settings *was)
{
	const struct settings *is = &t->settings;
	const struct {
		int was, is;
		const char *name;
	} row[] = {{was->listen, is->listen, "inet_interfaces"},
	    {was->listen, is->listen, PARAM_SERVICE},
	    {was->smtp_port, is->smtp_port, PARAM_SERVICE},
	    {was->idle_timeout, is->idle_timeout, "smtpd_timeout"},
	    {was->max_connections, is->max_connections, PARAM_LIMIT}};
	size_t i;

	if (t->former.originals == NULL)
		return;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		if (row[i].was != SETTING_KEEP && row[i].is == SETTING_KEEP)
			json_object_object_del(
			    t->former.originals, row[i].name);
}

static bool
has_map(const struct txn *t)
{
	char access[STATE_PATH_MAX];

	return generation_path(t->conf, t->prev, "access.cidr", access, NULL) ==
		   0 &&
	       restrictions_have_map(
		   value_of(t, "smtpd_client_restrictions"), access);
}

void
adopt_inbound(struct txn *t)
{
	adopt_listen(t);
	adopt_port(t);
	adopt_limits(t);
	forget_originals(t, &t->former.settings);
	if (!has_map(t))
		t->settings.access_policy = SETTING_KEEP;
}
