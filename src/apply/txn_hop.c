/*
 * txn_hop.c - the way out, before a change of it and after.
 *
 * Where main.cf sends all mail to one host (relayhost), that host is looked at
 * as Postfix's client would meet it (hop.h) before the commit and after the
 * probe.  A remote that fails is no fault of the Save: it is said, and the
 * Save stays.  Only what worked before it and does not after it is: then the
 * remote is met once more by the former main.cf, and if that still works, the
 * change is what cut it off.
 * Other mail has no one next hop; an administrator may name some
 * (connection.test).
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fsx.h"
#include "hop.h"
#include "jsonx.h"
#include "txn_switch.h"

static bool
was_seen(struct json_object *hop)
{
	return strcmp(jsonx_path_str(hop, "state", ""), "seen") == 0;
}

bool
txn_changes_way_out(const struct txn *t)
{
	size_t i;

	for (i = 0; i < t->plan.n; i++)
		if (strncmp(t->plan.v[i].name, "smtp_", 5) == 0)
			return true;
	return false;
}

/* One look; what cannot be tried is as good as not seen. */
static struct json_object *
look(const struct conf *conf, const char *next_hop)
{
	struct json_object *o = NULL;
	struct err why;

	err_clear(&why);
	if (hop_look(conf, next_hop, &o, &why) == 0)
		return o;
	log_warn("%s: %s", next_hop, why.msg);
	if ((o = json_object_new_object()) == NULL)
		return NULL;
	jsonx_put_str(o, "next_hop", next_hop);
	jsonx_put_str(o, "state", "not_seen");
	jsonx_put_str(o, "reason", "failed");
	jsonx_put_str(o, "detail", why.msg);
	return o;
}

void
txn_hop_before(struct txn *t)
{
	char next_hop[HOP_NAME_MAX + 1];

	if (txn_changes_way_out(t) && hop_relayhost(t->conf, next_hop))
		t->hop_before = look(t->conf, next_hop);
}

/* By main.cf as it was. */
static struct json_object *
look_as_before(const struct txn *t, const char *next_hop)
{
	struct conf former = *t->conf;
	struct json_object *o = NULL;

	if (fsx_path(former.config_directory, sizeof(former.config_directory),
		NULL, "%s/scratch-hop", t->conf->state_directory) == -1 ||
	    fsx_wipe_tree(former.config_directory, NULL) == -1 ||
	    fsx_mkdir(former.config_directory, 0700, NULL) == -1)
		return NULL;
	if (state_scratch(t->conf, former.config_directory, "main.cf",
		&t->before, NULL) == 0)
		o = look(&former, next_hop);
	(void)fsx_wipe_tree(former.config_directory, NULL);
	return o;
}

static void
tell(struct txn *t, struct json_object *hop)
{
	const char *next_hop = jsonx_path_str(hop, "next_hop", "");

	if (!was_seen(hop))
		findings_add(&t->findings, ERR_HOP_UNSEEN, "", "next_hop",
		    next_hop, "detail", jsonx_path_str(hop, "detail", ""),
		    NULL);
	else if (!jsonx_path_bool(hop, "tls"))
		findings_add(&t->findings, ERR_HOP_PLAIN, "", "next_hop",
		    next_hop, NULL);
	else
		findings_add(&t->findings, ERR_HOP_SEEN, "", "next_hop",
		    next_hop, "address", jsonx_path_str(hop, "address", ""),
		    "protocol", jsonx_path_str(hop, "protocol", ""), "trust",
		    jsonx_path_str(hop, "trust", ""), NULL);
}

int
txn_hop_after(struct txn *t, struct err *err)
{
	const char *next_hop = jsonx_path_str(t->hop_before, "next_hop", "");
	struct json_object *former;
	bool cut = false;

	if (t->hop_before == NULL)
		return 0;
	if ((t->hop = look(t->conf, next_hop)) == NULL)
		return err_set(err, ERR_NOMEM, "", "next hop");
	jsonx_put_str(
	    t->hop, "before", jsonx_path_str(t->hop_before, "state", ""));
	if (was_seen(t->hop_before) && !was_seen(t->hop)) {
		former = look_as_before(t, next_hop);
		cut = was_seen(former);
		json_object_put(former);
	}
	if (cut)
		return err_set(err, ERR_PROBE_HOP, "", "%.80s: %.110s",
		    next_hop, jsonx_path_str(t->hop, "detail", ""));
	tell(t, t->hop);
	return 0;
}

int
apply_test_hop(const struct conf *conf, const char *named,
    struct json_object **ret, struct err *err)
{
	char next_hop[HOP_NAME_MAX + 1], path[STATE_PATH_MAX];
	char transport[HOP_TRANSPORT_MAX] = "";
	int lock, rc;

	if (named != NULL)
		(void)snprintf(next_hop, sizeof(next_hop), "%s", named);
	else if (!hop_relayhost(conf, next_hop))
		return err_set(err, ERR_FIELD_MISSING, "next_hop",
		    "main.cf has no relayhost: name a next hop");
	if (fsx_path(path, sizeof(path), err, "%s/hop.lock",
		conf->state_directory) == -1)
		return -1;
	if ((lock = fsx_lock(path, 0, NULL)) == -1)
		return err_set(err, ERR_APPLY_BUSY, "",
		    "another next hop is being looked at");
	rc = named == NULL ? 0 : hop_transport(conf, named, transport, err);
	if (rc == 0)
		rc = hop_look(conf, next_hop, ret, err);
	if (rc == 0 && transport[0] != '\0')
		jsonx_put_str(*ret, "transport", transport);
	(void)close(lock);
	return rc;
}
