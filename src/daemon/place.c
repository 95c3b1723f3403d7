/*
 * place.c - uploaded files find their place by what is in them.
 *
 * The leaf says for which names it is.  Where one of them is a name that has a
 * certificate of its own, the files renew that.  Where none is, they renew the
 * default one if they are for this host or for a name that it has; else the
 * first name that can be one is a new row.  Several rows, or one and all that
 * the default one is for, are no answer: the caller has to say.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "call.h"
#include "files.h"
#include "jsonx.h"
#include "loose.h"

bool
place_has(struct json_object *names, const char *name)
{
	const char *n, *dot = strchr(name, '.');
	size_t i;

	for (i = 0; i < jsonx_len(names); i++) {
		n = jsonx_str_at(names, i);
		if (strcasecmp(n, name) == 0 ||
		    (strncmp(n, "*.", 2) == 0 && dot != NULL &&
			strcasecmp(n + 1, dot) == 0))
			return true;
	}
	return false;
}

/* How many names of a b is for. */
static size_t
count_shared(struct json_object *a, struct json_object *b)
{
	size_t i, n = 0;

	for (i = 0; i < jsonx_len(a); i++)
		n += place_has(b, jsonx_str_at(a, i));
	return n;
}

/* The rows that are for one of the names; with the first of them. */
static size_t
count_rows(struct json_object *rows, struct json_object *names,
    char name[CERT_NAME_MAX])
{
	const char *row;
	size_t i, n = 0;

	for (i = 0; i < jsonx_len(rows); i++) {
		row = jsonx_path_str(
		    json_object_array_get_idx(rows, i), "name", "");
		if (*row != '\0' && place_has(names, row) && n++ == 0)
			(void)snprintf(name, CERT_NAME_MAX, "%s", row);
	}
	return n;
}

static int
new_row(struct json_object *names, char name[CERT_NAME_MAX])
{
	size_t i;

	for (i = 0; i < jsonx_len(names); i++)
		if (cert_name_read(jsonx_str_at(names, i), name, NULL) == 0 &&
		    name[0] != '\0')
			return 0;
	return -1;
}

int
place_names(struct json_object *view, struct json_object *names,
    char name[CERT_NAME_MAX], struct err *err)
{
	struct json_object *now = jsonx_path(view, "certificate.leaf.names");
	size_t n = count_rows(jsonx_path(view, "by_name"), names, name);
	size_t shared = count_shared(now, names);
	bool covers = place_has(names, jsonx_path_str(view, "host", "")) ||
		      (shared > 0 && shared == jsonx_len(now));

	if (n + (covers ? 1 : 0) > 1)
		return err_set(err, ERR_SNI_PLACE, "name",
		    "these files are for more than one certificate in use");
	if (n == 1)
		return 0;
	name[0] = '\0';
	if (covers || shared > 0 || jsonx_path(view, "certificate") == NULL)
		return 0;
	return new_row(names, name) == 0
		   ? 0
		   : err_set(err, ERR_SNI_PLACE, "name",
			 "the certificate has no name of a host");
}

int
place_files(const struct call *c, const struct pki_bytes file[PKI_FIELD__MAX],
    const char *passphrase, const char *only, char name[CERT_NAME_MAX],
    struct err *err)
{
	struct json_object *report = NULL, *view = NULL, *names;
	int rc = -1;

	if (files_inspect(c, file, passphrase, FILES_PART, &report, err) ==
		-1 ||
	    apply_view(c->conf, &view, err) == -1)
		goto out;
	names = jsonx_path(report, "certificate.leaf.names");
	if (jsonx_path(report, "certificate.leaf") == NULL)
		err_set(err, ERR_SNI_PLACE, "name",
		    "there is no certificate among the files");
	else
		rc = place_names(view, names, name, err);
	if (rc == 0 && only != NULL && strcmp(only, name) != 0)
		rc = err_set(err, ERR_AUTH_SCOPE, "name",
		    "the files are for %.120s, the token is not",
		    name[0] == '\0' ? "the default certificate" : name);
out:
	json_object_put(report);
	json_object_put(view);
	return rc;
}
