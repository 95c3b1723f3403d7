/*
 * params_inbound.c - the rows of the sections SMTP Interface and Connection
 * Control.
 *
 * - A setting that is not managed leaves its parameter alone; one that is no
 *   longer managed goes back to what it was before (originals), unless
 *   somebody changed it by hand since.
 * - inet_interfaces has no effect on a service whose name holds an address
 *   ("127.0.0.1:10025"), so that address goes while `listen` is managed.
 * - The port of a service is kept as it is written ("smtp") as long as the
 *   number is the same.
 * - smtpd_timeout keeps Postfix's way of shortening it under stress.
 * - The process limit is the number of simultaneous connections in all, as
 *   the original screen means it; smtpd_client_connection_count_limit is per
 *   client.  Behind postscreen it is that of "smtpd pass".
 * - Of smtpd_client_restrictions only one element is ours, and it is the
 *   first; the rest of the value stays as it is.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "jsonx.h"
#include "param_rules.h"
#include "postfix_int.h"

#define ELEMENT	  "check_client_access"
#define WARN_ONLY "warn_if_reject"
#define BLANKS	  ", \t\r\n"
#define MAP_HEAD  "cidr:"
#define MAP_DIR	  "/generations/gen-"
#define STRESS_IS "${stress?{10}:{%d}}s"

bool
param_in_master(const char *name)
{
	return strncmp(name, "master.cf:", 10) == 0;
}

int
params_add_master(struct json_object *o, const struct postfix_info *info)
{
	const struct postfix_inbound *in = &info->inbound;

	if (json_object_object_add(
		o, PARAM_SERVICE, json_object_new_string(in->service)) != 0 ||
	    (in->process_limit[0] != '\0' &&
		json_object_object_add(o, PARAM_LIMIT,
		    json_object_new_string(in->process_limit)) != 0))
		return -1;
	return 0;
}

static int
value(struct want *w, const char *text)
{
	w->kind = WANT_VALUE;
	(void)snprintf(w->value, sizeof(w->value), "%s", text);
	return 0;
}

static struct json_object *
original(const struct params_context *c, const char *name)
{
	struct json_object *row = NULL;

	if (c->originals != NULL)
		(void)json_object_object_get_ex(c->originals, name, &row);
	return row;
}

int
rule_listen(const struct params_context *c, struct want *w, struct err *err)
{
	(void)err;
	return value(
	    w, c->settings->listen == LISTEN_ALL ? "all" : "loopback-only");
}

int
rule_timeout(const struct params_context *c, struct want *w, struct err *err)
{
	char text[64];

	(void)err;
	(void)snprintf(
	    text, sizeof(text), STRESS_IS, c->settings->idle_timeout * 60);
	return value(w, text);
}

int
rule_limit(const struct params_context *c, struct want *w, struct err *err)
{
	char text[16];

	(void)err;
	(void)snprintf(text, sizeof(text), "%d", c->settings->max_connections);
	return value(w, text);
}

int
rule_service(const struct params_context *c, struct want *w, struct err *err)
{
	const struct settings *s = c->settings;
	const char *base, *port, *colon;
	char host[64], text[128], number[16];

	base = jsonx_path_str(
	    original(c, PARAM_SERVICE), "was", c->info->inbound.service);
	colon = strrchr(base, ':');
	port = colon == NULL ? base : colon + 1;
	if (s->smtp_port != SETTING_KEEP &&
	    postfix_service_port(base) != s->smtp_port) {
		(void)snprintf(number, sizeof(number), "%d", s->smtp_port);
		port = number;
	}
	postfix_service_host(base, host);
	if (s->listen != SETTING_KEEP || host[0] == '\0')
		return value(w, port);
	if (snprintf(text, sizeof(text),
		strchr(host, ':') != NULL ? "[%s]:%s" : "%s:%s", host,
		port) >= (int)sizeof(text))
		return err_set(err, ERR_CONFIG, "smtp_port",
		    "service \"%.100s\": the name is too long", base);
	return value(w, text);
}

/* Up to the number of the generation; 0 = not the path of a map. */
static size_t
map_dir(const char *path)
{
	const char *p = path, *last = NULL;

	while (p != NULL && (p = strstr(p, MAP_DIR)) != NULL)
		last = p += strlen(MAP_DIR);
	return last == NULL ? 0 : (size_t)(last - path);
}

bool
map_is_ours(const char *s, size_t len, const char *head, const char *file)
{
	const char *p = s + strlen(head), *end = s + len, *digits, *name;
	size_t n = map_dir(file);

	if (n == 0 || len <= strlen(head) + n ||
	    strncmp(s, head, strlen(head)) != 0 || strncmp(p, file, n) != 0)
		return false;
	digits = p += n;
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	name = strchr(file + n, '/');
	return p > digits && name != NULL &&
	       (size_t)(end - p) == strlen(name) &&
	       memcmp(p, name, strlen(name)) == 0;
}

/* At "check_client_access MAP" with our map: its length and that of what
 * parts it from the next element; else 0.  A warn_if_reject that somebody put
 * before it goes with it, or it would hold for what stands behind. */
static size_t
our_element(const char *s, const char *access_file)
{
	const char *p = s;
	size_t len = strcspn(p, BLANKS);

	if (len == strlen(WARN_ONLY) && strncmp(p, WARN_ONLY, len) == 0) {
		p += len;
		p += strspn(p, BLANKS);
		len = strcspn(p, BLANKS);
	}
	if (len != strlen(ELEMENT) || strncmp(p, ELEMENT, len) != 0)
		return 0;
	p += len;
	p += strspn(p, BLANKS);
	len = strcspn(p, BLANKS);
	if (!map_is_ours(p, len, MAP_HEAD, access_file))
		return 0;
	p += len;
	return (size_t)(p + strspn(p, BLANKS) - s);
}

bool
restrictions_have_map(const char *text, const char *access_file)
{
	for (; *text != '\0'; text += strspn(text, BLANKS)) {
		if (our_element(text, access_file) > 0)
			return true;
		text += strcspn(text, BLANKS);
	}
	return false;
}

bool
restrictions_map_first(const char *text, const char *access_file)
{
	return strncmp(text, ELEMENT, strlen(ELEMENT)) == 0 &&
	       our_element(text, access_file) > 0 &&
	       !restrictions_have_map(
		   text + our_element(text, access_file), access_file);
}

int
restrictions_without(
    const char *text, const char *access_file, char *dst, size_t size)
{
	const char *p = text == NULL ? "" : text;
	size_t n, len = 0;

	while (*p != '\0') {
		if ((n = our_element(p, access_file)) > 0) {
			p += n;
			continue;
		}
		n = strcspn(p, BLANKS);
		n += strspn(p + n, BLANKS);
		if (len + n >= size)
			return -1;
		memcpy(dst + len, p, n);
		len += n;
		p += n;
	}
	while (len > 0 && strchr(BLANKS, dst[len - 1]) != NULL)
		len--;
	dst[len] = '\0';
	return 0;
}

bool
path_is_plain(const char *path)
{
	return path[0] == '/' && path[strspn(path, "abcdefghijklmnopqrstuvwxyz"
						   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
						   "0123456789/._+@-")] == '\0';
}

int
rule_access(const struct params_context *c, struct want *w, struct err *err)
{
	const char *now = NULL;
	char rest[sizeof(w->value) - 2048];
	struct json_object *v;

	if (c->current != NULL &&
	    json_object_object_get_ex(c->current, IN_CLIENTS, &v))
		now = json_object_get_string(v);
	if (restrictions_without(now, c->access_file, rest, sizeof(rest)) == -1)
		return err_set(err, ERR_CONFIG, "access_policy",
		    "smtpd_client_restrictions: the value is too long");
	if (c->settings->access_policy == SETTING_KEEP) {
		if (now == NULL || strcmp(rest, now) == 0)
			return 0; /* nothing of ours */
		if (rest[0] != '\0')
			return value(w, rest);
		w->kind = WANT_UNSET;
		return 0;
	}
	if (c->access_file == NULL)
		return 0;
	if (!path_is_plain(c->access_file))
		return err_set(err, ERR_CONFIG, "",
		    "state_directory: main.cf cannot name \"%.100s\"",
		    c->access_file);
	w->kind = WANT_VALUE;
	(void)snprintf(w->value, sizeof(w->value), "%s cidr:%.1500s%s%s",
	    ELEMENT, c->access_file, rest[0] == '\0' ? "" : ", ", rest);
	return 0;
}

int
rule_ask(const struct params_context *c, struct want *w, struct err *err)
{
	(void)c;
	(void)err;
	return value(w, "yes");
}

/* "Ask" is less than what a "yes" here says. */
int
rule_require(const struct params_context *c, struct want *w, struct err *err)
{
	(void)err;
	if (c->settings->ccert == CCERT_REQUIRE)
		return value(w, "yes");
	if (strcasecmp(jsonx_path_str(c->current, REQ_CCERT, ""), "yes") == 0)
		return value(w, "no");
	return 0;
}

/* The default was MD5 once. */
int
rule_digest(const struct params_context *c, struct want *w, struct err *err)
{
	(void)c;
	(void)err;
	return value(w, "sha256");
}
