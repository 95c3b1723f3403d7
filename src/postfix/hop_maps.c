/*
 * hop_maps.c - what Postfix's tables have for a next hop, asked by postmap(1).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hop.h"
#include "hop_int.h"
#include "jsonx.h"
#include "postfix_int.h"
#include "util.h"

static int
ask_table(const struct conf *conf, const struct hop_maps *m, const char *table,
    const char *key, char **ret, struct err *err)
{
	struct run_result r;
	char diag[DIAG_MAX];
	int rc;

	rc = postmap_ask(conf, conf->config_directory, key, table, &r, err);
	if (rc == 0 && r.exit_code == 0 && r.out.len > 0) {
		*ret = strdup(r.out.data);
		rc = *ret != NULL ? 1 : err_set(err, ERR_NOMEM, "", "%s", key);
	} else if (rc == 0 && r.err.len > 0) {
		diag_pick(&r.err, diag);
		rc = err_set(
		    err, ERR_POSTFIX_READBACK, "", "%s: %s", m->name, diag);
	}
	run_result_clear(&r);
	return rc;
}

int
hop_ask(const struct conf *conf, const struct hop_maps *m, const char *key,
    char **ret, struct err *err)
{
	const char *p = m->list;
	char *table;
	size_t n;
	int rc;

	for (; (n = map_element(&p)) > 0; p += n) {
		if ((table = strndup(p, n)) == NULL)
			return err_set(err, ERR_NOMEM, "", "%s", m->name);
		rc = ask_table(conf, m, table, key, ret, err);
		free(table);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* As transport(5): the domain, its parents, "*". */
static int
ask_transport(const struct conf *conf, const struct hop_maps *m,
    const char *domain, bool dots, char **ret, struct err *err)
{
	const char *key = domain;
	int rc;

	do {
		if ((rc = hop_ask(conf, m, key, ret, err)) != 0)
			return rc;
		key = strchr(key + 1, '.');
		if (key != NULL && !dots)
			key++;
	} while (key != NULL);
	return hop_ask(conf, m, "*", ret, err);
}

int
hop_transport(const struct conf *conf, const char *next_hop,
    char dst[HOP_TRANSPORT_MAX], struct err *err)
{
	static const char *const args[] = {
	    "-x", "transport_maps", "parent_domain_matches_subdomains", NULL};
	struct json_object *set = NULL;
	struct hop_maps m = {.name = "transport_maps"};
	char *text = NULL;
	bool dots;
	int rc;

	dst[0] = '\0';
	if (strpbrk(next_hop, "[:") != NULL)
		return 0; /* a host, no destination of mail */
	if (postconf_values(conf, args, &set, err) == -1)
		return -1;
	m.list = jsonx_path_str(set, m.name, "");
	dots = strstr(jsonx_path_str(set, args[2], ""), m.name) == NULL;
	rc = ask_transport(conf, &m, next_hop, dots, &text, err);
	if (rc == 1)
		(void)text_clean(
		    dst, HOP_TRANSPORT_MAX, text, strcspn(text, "\n"));
	free(text);
	json_object_put(set);
	return rc == -1 ? -1 : 0;
}
