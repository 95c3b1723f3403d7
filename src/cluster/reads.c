/*
 * reads.c - which certificates do the hosts of a cluster know what to do with?
 *
 * A host of a former version refuses a bundle that has one of a use that it
 * does not know.  So each host says which it reads, signed with the rest of its
 * report; one that says nothing of it reads those of inbound and of outbound
 * connections, and no CA of clients.  A host with settings of its own gets
 * nothing of what is for all.
 * Of a host that nobody has heard of nothing is known: it is not held up.
 */
#include <string.h>

#include "host.h"
#include "jsonx.h"
#include "rollout.h"

void
cluster_reads_put(struct json_object *status)
{
	struct json_object *list = json_object_new_array();
	int i;

	for (i = 0; i < CERT_USE__MAX; i++)
		json_object_array_add(
		    list, json_object_new_string(cert_uses[i]));
	json_object_object_add(status, "reads", list);
}

static bool
reads(struct json_object *says, enum cert_use use)
{
	struct json_object *list = jsonx_path(says, "reads");
	size_t i;

	if (list == NULL)
		return use == CERT_INBOUND || use == CERT_OUTBOUND;
	for (i = 0; i < jsonx_len(list); i++)
		if (strcmp(jsonx_str_at(list, i), cert_uses[use]) == 0)
			return true;
	return false;
}

int
cluster_reads(const struct conf *conf, const char *host, bool own,
    unsigned uses, struct err *err)
{
	struct json_object *seen = NULL, *rows, *says;
	const char *name;
	bool fresh;
	size_t i;
	int use, rc = 0;

	if ((uses & ~CERT_USE_BIT(CERT_INBOUND)) == 0)
		return 0;
	if (cluster_seen(conf, &seen, &fresh, err) == -1)
		return -1;
	rows = jsonx_path(seen, "hosts");
	for (i = 0; rc == 0 && i < jsonx_len(rows); i++) {
		says = jsonx_path(json_object_array_get_idx(rows, i), "says");
		name = jsonx_path_str(says, "name", "");
		if (*name == '\0' ||
		    (host != NULL && strcmp(name, host) != 0) ||
		    (!own && jsonx_path_bool(says, "own")))
			continue;
		for (use = 0; rc == 0 && use < CERT_USE__MAX; use++)
			if ((uses & CERT_USE_BIT(use)) != 0 &&
			    !reads(says, (enum cert_use)use))
				rc = err_set(err, ERR_SCANNER_FORMER,
				    "all_scanners", "%s: %s", name,
				    cert_uses[use]);
	}
	json_object_put(seen);
	return rc;
}

unsigned
cluster_uses(const struct certs *certs)
{
	unsigned uses = 0;
	size_t i;

	for (i = 0; i < certs->n; i++)
		uses |= CERT_USE_BIT(certs->v[i].use);
	return uses;
}

/* By the record: no chain is read. */
static int
recorded(const struct conf *conf, long id, struct certs *certs, struct err *err)
{
	struct json_object *meta = NULL;
	int rc;

	if (certs_init(certs) == -1)
		return err_set(err, ERR_NOMEM, "", "certificates");
	if (id == 0 && generation_current(conf, &id, err) == -1)
		return -1;
	if (id == 0)
		return 0;
	if (generation_meta(conf, id, &meta, err) == -1)
		return -1;
	rc = certs_of_meta(certs, meta, err);
	json_object_put(meta);
	return rc;
}

int
cluster_uses_then(const struct conf *conf, const struct apply_request *req,
    unsigned *ret, struct err *err)
{
	struct certs certs = {NULL, 0};
	const char *name;
	enum cert_use use;
	size_t i;
	int rc = recorded(conf, req->restore, &certs, err);

	if (rc == 0) {
		*ret = cluster_uses(&certs);
		cert_by_call(
		    req->cert_name == NULL ? "" : req->cert_name, &use, &name);
		if (!req->cert_drop)
			*ret |= CERT_USE_BIT(use);
		else if (use != CERT_INBOUND)
			*ret &= ~CERT_USE_BIT(use);
		for (i = 0; i < req->n_set; i++) {
			cert_by_call(req->set[i].call, &use, &name);
			*ret |= CERT_USE_BIT(use);
		}
		if (req->client_ca.data != NULL)
			*ret |= CERT_USE_BIT(CERT_CLIENT_CA);
	}
	certs_clear(&certs);
	return rc;
}
