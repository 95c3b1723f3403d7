/*
 * uses.c - which of the older parameters something else needs.
 *
 * They go when the console's chain file takes their place, but not where
 * another line names them ("smtp_tls_cert_file = $smtpd_tls_cert_file", a
 * line of many guides: the outbound certificate would be empty without a
 * word), nor smtpd_tls_CAfile where clients are asked for a certificate or
 * let in by it: without it they would all be turned away.
 * The same of older names of a level: they go when a level takes their place,
 * but a service of master.cf with an empty level of its own
 * ("-o smtpd_tls_security_level=") goes by them.
 * One that goes itself needs nothing; one that stays does, so it is gone
 * through until nothing changes.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "jsonx.h"
#include "param_row.h"
#include "postfix_int.h"

#define NAME_CHARS \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

/* "$name", "${name}", "$(name)", "${name?...}" */
static bool
refers_to(const char *value, const char *name)
{
	size_t len = strlen(name);
	const char *p;

	for (p = strchr(value, '$'); p != NULL; p = strchr(p, '$')) {
		p++;
		if (*p == '{' || *p == '(')
			p++;
		p += strspn(p, " \t");
		if (strncmp(p, name, len) == 0 &&
		    strspn(p + len, NAME_CHARS) == 0)
			return true;
	}
	return false;
}

/* Does this line ask clients for certificates, or let them in by one? */
static bool
uses_client_ca(const char *name, const char *value)
{
	static const char *const asks[] = {
	    "smtpd_tls_ask_ccert", "smtpd_tls_req_ccert"};
	static const char *const lets[] = {"permit_tls_clientcerts",
	    "permit_tls_all_clientcerts", "check_ccert_access"};
	const char *slash = strrchr(name, '/');
	size_t i;

	name = slash == NULL ? name : slash + 1;
	for (i = 0; i < sizeof(asks) / sizeof(asks[0]); i++)
		if (strcmp(name, asks[i]) == 0 && value[0] != '\0' &&
		    strcasecmp(value, "no") != 0)
			return true;
	for (i = 0; i < sizeof(lets) / sizeof(lets[0]); i++)
		if (strstr(value, lets[i]) != NULL)
			return true;
	return false;
}

/* "-o LEVEL=", of the level that takes the place of this older name. */
static bool
empties_level(const char *line, const char *value, const char *name)
{
	const struct param_row *row = param_find(name);
	const char *slash = strrchr(line, '/');

	return slash != NULL && value[0] == '\0' &&
	       strcmp(row->replaced_by, IN_CHAIN) != 0 &&
	       strcmp(row->replaced_by, OUT_CHAIN) != 0 &&
	       strcmp(slash + 1, row->replaced_by) == 0;
}

static bool
is_candidate(const char *name)
{
	const struct param_row *row = param_find(name);

	return row != NULL && row->replaced_by != NULL;
}

/* Do both go when the same parameter takes their place? */
static bool
goes_with(const char *line, const char *name)
{
	return is_candidate(line) && strcmp(param_find(line)->replaced_by,
					 param_find(name)->replaced_by) == 0;
}

static void
mark_of(const char *name, char dst[128])
{
	(void)snprintf(dst, 128, "%s%s", name, PARAM_USED);
}

static bool
stays(struct json_object *values, const char *name)
{
	char mark[128];

	mark_of(name, mark);
	return json_object_object_get_ex(values, mark, NULL);
}

/* The line among these that needs the parameter, or NULL. */
static const char *
user_of(struct json_object *lines, struct json_object *values, const char *name)
{
	const char *value;

	json_object_object_foreach (lines, line, v) {
		value = json_object_get_string(v);
		if (strcmp(line, name) == 0 ||
		    (goes_with(line, name) && !stays(values, line)))
			continue;
		if (refers_to(value, name) ||
		    empties_level(line, value, name) ||
		    (strcmp(name, IN_CAFILE) == 0 &&
			uses_client_ca(line, value)))
			return line;
	}
	return NULL;
}

/* One round: 1 when somebody stays of whom that was not known, -1. */
static int
mark_more(struct json_object *all, struct json_object *master,
    struct json_object *values)
{
	const char *by, *name;
	char mark[128];
	int more = 0;
	size_t i;

	for (i = 0; i < n_params; i++) {
		name = params[i].name;
		if (!is_candidate(name) || stays(values, name) ||
		    !json_object_object_get_ex(all, name, NULL))
			continue;
		if ((by = user_of(all, values, name)) == NULL &&
		    (by = user_of(master, values, name)) == NULL)
			continue;
		mark_of(name, mark);
		if (jsonx_put_str(values, mark, by) != 0)
			return -1;
		more = 1;
	}
	return more;
}

static bool
any_candidate(struct json_object *all)
{
	size_t i;

	for (i = 0; i < n_params; i++)
		if (is_candidate(params[i].name) &&
		    json_object_object_get_ex(all, params[i].name, NULL))
			return true;
	return false;
}

/* "smtp_tls_chain_files = $smtpd_tls_chain_files": goes out as well.  And who
 * goes by the certificates of clients. */
static int
mark_client(struct json_object *all, struct json_object *values)
{
	json_object_object_foreach (all, name, v) {
		if (strncmp(name, "smtp_tls_", 9) == 0 &&
		    refers_to(json_object_get_string(v), IN_CHAIN) &&
		    jsonx_put_str(values, PARAM_CLIENT, name) != 0)
			return -1;
		if (strstr(json_object_get_string(v),
			"permit_tls_clientcerts") != NULL &&
		    jsonx_put_str(values, PARAM_PERMIT, name) != 0)
			return -1;
		if (strstr(json_object_get_string(v), "check_ccert_access") !=
			NULL &&
		    jsonx_put_str(values, PARAM_LOOKS, name) != 0)
			return -1;
	}
	return 0;
}

/* The -o options of master.cf; a Postfix that cannot say them has none. */
int
uses_find(const struct conf *conf, struct json_object *all,
    struct json_object *values, struct err *err)
{
	static const char *const overrides[] = {"-P", NULL};
	struct json_object *master = NULL;
	int more;

	if (mark_client(all, values) == -1)
		return err_set(err, ERR_NOMEM, "", "parameters");
	if (!any_candidate(all))
		return 0;
	if (postconf_values(conf, overrides, &master, err) == -1)
		return -1;
	while ((more = mark_more(all, master, values)) == 1)
		continue;
	json_object_put(master);
	return more == -1 ? err_set(err, ERR_NOMEM, "", "parameters") : 0;
}
