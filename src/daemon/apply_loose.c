/*
 * apply_loose.c - loose files as what a Save is asked for: every set that came
 * out of them at once, as one generation, or none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drafts.h"
#include "jsonx.h"

void
loose_apply_clear(struct loose_apply *l)
{
	sorted_clear(&l->sorted);
	loose_clear(&l->loose);
	free(l->set);
	memset(l, 0, sizeof(*l));
}

static bool
is_confirmed(const struct apply_request *req, enum err_code code)
{
	size_t i;

	for (i = 0; i < req->n_confirm; i++)
		if (strcmp(req->confirm[i], err_name(code)) == 0)
			return true;
	return false;
}

/* What fits nowhere is not dropped in silence. */
static int
check_left_out(struct call *c, const struct sorted *sorted,
    const struct apply_request *req, struct err *err)
{
	struct json_object *rest = jsonx_path(sorted->json, "left_out"), *all;
	size_t i, n = jsonx_len(rest);
	struct findings asks;
	char text[24];

	if (sorted->n > 0 &&
	    (n == 0 || req->dry_run || is_confirmed(req, ERR_FILES_LEFT)))
		return 0;
	findings_init(&asks);
	(void)snprintf(text, sizeof(text), "%zu", n);
	if (sorted->n > 0) {
		err_set(err, ERR_FILES_LEFT, "files", "%s", text);
		findings_add(&asks, ERR_FILES_LEFT, "files", "detail", text,
		    NULL);
	} else
		err_set(err, ERR_FILES_NONE, "files", "%s", text);
	all = findings_to_json(&asks);
	for (i = 0; i < n; i++)
		json_object_array_add(all,
		    json_object_get(json_object_array_get_idx(rest, i)));
	findings_clear(&asks);
	c->error = err_to_json(err);
	json_object_object_add(c->error, "findings", all);
	json_object_object_add(
	    c->error, "sorted", json_object_get(sorted->json));
	return -1;
}

/* A token for one certificate renews that, and none for renewals says by the
 * way which clients are trusted. */
static int
check_scope(const struct sorted *sorted, const char *only, bool renew,
    struct err *err)
{
	const char *call;
	size_t i;

	for (i = 0; i < sorted->n; i++) {
		call = sorted->v[i].call;
		if (only != NULL
			? strcmp(call, only) != 0
			: renew && strcmp(call, cert_uses[CERT_CLIENT_CA]) == 0)
			return err_set(err, ERR_AUTH_SCOPE, "name",
			    "the files are for %.120s, the token is not",
			    *call == '\0' ? "the default certificate" : call);
	}
	return 0;
}

static int
make_sets(struct loose_apply *l, struct err *err)
{
	struct sorted_set *from;
	size_t i, k;

	if ((l->set = calloc(l->sorted.n + 1, sizeof(*l->set))) == NULL)
		return err_set(err, ERR_NOMEM, "", "files");
	for (i = 0; i < l->sorted.n; i++) {
		from = &l->sorted.v[i];
		l->set[i].call = from->call;
		for (k = 0; k < PKI_FIELD__MAX; k++)
			if (from->file[k].len > 0)
				l->set[i].file[k] = (struct pki_bytes){
				    from->file[k].data, from->file[k].len};
	}
	return 0;
}

int
loose_apply(struct call *c, struct json_object *args, struct draft *d,
    struct loose_apply *l, struct apply_request *req, struct err *err)
{
	const char *id = jsonx_path_str(args, "draft", NULL);
	struct files none;
	int rc;

	req->cert_renew = jsonx_path_bool(args, "renew");
	files_init(&none);
	if (id != NULL) {
		if (draft_load(c->conf, id, d, err) == -1 ||
		    draft_merge(c->conf, args, &none, d, err) == -1)
			return -1;
		if (d->passphrase[0] != '\0')
			req->passphrase = d->passphrase;
		rc = draft_sort(c, d, &l->sorted, err);
	} else if ((rc = loose_read(args, &l->loose, err)) == 0)
		rc = loose_sort(
		    c, &l->loose, req->passphrase, NULL, &l->sorted, err);
	if (rc == -1 || check_left_out(c, &l->sorted, req, err) == -1 ||
	    check_scope(&l->sorted, jsonx_path_str(args, "only", NULL),
		req->cert_renew, err) == -1 ||
	    make_sets(l, err) == -1)
		return -1;
	req->set = l->set;
	req->n_set = l->sorted.n;
	return 0;
}
