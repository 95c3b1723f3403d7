/*
 * tidy.c - bundles of hosts that came or went after a publication.
 */
#include <stdio.h>
#include <string.h>

#include "jsonx.h"
#include "sync.h"
#include "util.h"

/* A host that was enrolled after the publication, or again with a new
 * identity: its bundle is missing, or cannot be opened by it. */
static int
tidy_host(struct sync *s, struct host *h, bool again, struct err *err)
{
	const char *dir = jsonx_path_str(s->desired, "bundle", "");
	struct json_object *kvs = NULL, *what = NULL, *o = NULL;
	char key[KEY_MAX];
	int rc = -1;
	size_t n;

	if (strcmp(h->sealed, dir) == 0 && !again)
		return 0;
	(void)snprintf(key, sizeof(key), KEY_BUNDLE "%s/%s", h->name, dir);
	if (etcd_range(s->etcd, key, NULL, &kvs, NULL, err) == -1)
		return -1;
	n = json_object_array_length(kvs);
	json_object_put(kvs);
	(void)snprintf(h->sealed, sizeof(h->sealed), "%s", dir);
	if (n > 0 && !again)
		return 0;
	if (json_object_deep_copy(s->desired, &what, NULL) == -1)
		return err_set(err, ERR_NOMEM, "", "desired");
	jsonx_put_int(what, "local", jsonx_path_int(s->me, "local"));
	if (console_seal(s, h->name, what, 1, &o, err) == 0)
		rc = etcd_put(s->etcd, key,
		    json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN),
		    0, err);
	if (rc == 0)
		log_info("%s: sealed generation %lld", h->name,
		    (long long)jsonx_path_int(what, "generation"));
	else
		h->sealed[0] = '\0';
	json_object_put(o);
	json_object_put(what);
	return rc;
}

/* Removed: nothing stays that it could fetch. */
static int
tidy_removed(struct sync *s, struct host *h, struct err *err)
{
	struct json_object *ops;
	char key[KEY_MAX], end[KEY_MAX];

	if (strcmp(h->sealed, "-") == 0)
		return 0;
	(void)snprintf(key, sizeof(key), KEY_BUNDLE "%s/", h->name);
	(void)snprintf(end, sizeof(end), KEY_BUNDLE "%s0", h->name);
	ops = json_object_new_array();
	json_object_array_add(ops, etcd_op_delete(key, end));
	if (console_flush(s, &ops, err) == -1)
		return -1;
	memcpy(h->sealed, "-", 2);
	return 0;
}

/* Only a console that has this very generation can seal it. */
static bool
can_seal(struct sync *s)
{
	int64_t wanted = jsonx_path_int(s->desired, "generation");

	return s->me != NULL && wanted > 0 && console_leads(s) &&
	       !jsonx_path_bool(s->me, "own") &&
	       jsonx_path_int(s->me, "generation") == wanted;
}

int
console_tidy(struct sync *s, struct err *err)
{
	int64_t wanted = jsonx_path_int(s->desired, "generation");
	struct host *h;
	size_t i;
	int rc;

	if (!s->tidy_due || !can_seal(s))
		return 0;
	for (i = 0; i < s->n_hosts; i++) {
		h = &s->hosts[i];
		if (strcmp(h->name, s->conf->cluster_name) == 0)
			continue;
		rc = 0;
		if (!model_enrolled(s, h->name))
			rc = tidy_removed(s, h, err);
		else if (!h->own && (!h->valid || h->generation < wanted))
			rc = tidy_host(s, h, false, err);
		if (rc == -1)
			return -1;
	}
	s->tidy_due = false;
	return 0;
}

/* Before a retry: a host that could not open its bundle may have been
 * enrolled again with another identity since. */
int
console_reseal(struct sync *s, struct err *err)
{
	int64_t wanted = jsonx_path_int(s->desired, "generation");
	size_t i;

	if (!can_seal(s))
		return 0;
	for (i = 0; i < s->n_hosts; i++) {
		if (s->hosts[i].failed == wanted &&
		    model_enrolled(s, s->hosts[i].name) &&
		    tidy_host(s, &s->hosts[i], true, err) == -1)
			return -1;
	}
	return 0;
}
