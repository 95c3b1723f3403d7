/*
 * txn_record.c - a transaction as JSON: meta.json, RESULT, ERROR (ops.h).
 */
#include <string.h>

#include "jsonx.h"
#include "settings_table.h"
#include "txn_given.h"
#include "txn_plan.h"
#include "txn_switch.h"

static void
add_string(struct json_object *o, const char *name, const char *value)
{
	json_object_object_add(o, name, json_object_new_string(value));
}

/* Borrowed value into a new owner. */
static void
add_shared(struct json_object *o, const char *name, struct json_object *v)
{
	json_object_object_add(o, name, json_object_get(v));
}

/* What became of the running Postfix, and for how long nobody was served. */
static void
add_outage(struct json_object *o, const struct txn *t)
{
	add_string(o, "postfix",
	    !t->running			 ? "stopped"
	    : !t->restarted		 ? "untouched"
	    : t->mode == APPLY_RELOAD ? "reloaded"
					 : "restarted");
	json_object_object_add(o, "outage_ms",
	    t->outage_ms == OUTAGE_UNKNOWN ? NULL
					   : json_object_new_int(t->outage_ms));
}

/* The job goes on changing its rows; a record keeps them as they are. */
static struct json_object *
steps_copy(const struct txn *t)
{
	struct json_object *copy = NULL;

	if (json_object_deep_copy(t->steps, &copy, NULL) == -1)
		return NULL;
	return copy;
}

/* The name of the service in master.cf, where postseal.conf does not say it:
 * it is how the console finds the service again. */
static void
add_service(struct json_object *m, const struct txn *t)
{
	const char *name = t->service;

	if (t->settings.listen != SETTING_KEEP ||
	    t->settings.smtp_port != SETTING_KEEP ||
	    strcmp(name, t->conf->service) != 0)
		add_string(m, "service", name);
}

/* What changed in one look: ["inbound.enabled", "certificate"]. */
static struct json_object *
summary(const struct txn *t, struct json_object *names)
{
	struct json_object *list = json_object_new_array();
	settings_mask m = settings_differ(&t->former.settings, &t->settings);
	int i;

	for (i = 0; i < SETTING__MAX; i++)
		if (m & SETTING_BIT(i))
			json_object_array_add(list,
			    json_object_new_string(settings_fields[i].path));
	if (!cert_same(txn_cert(t), txn_stored(t)))
		json_object_array_add(
		    list, json_object_new_string("certificate"));
	if (jsonx_len(names) > 0)
		json_object_array_add(list, json_object_new_string("names"));
	return list;
}

/* Where the log was at the commit: for mail that waits since then. */
static void
add_mark(struct json_object *m, const struct txn *t)
{
	struct json_object *o;

	if (!t->marked || !txn_changes_way_out(t) ||
	    (o = json_object_new_object()) == NULL)
		return;
	jsonx_put_int(o, "offset", (int64_t)t->mark.off);
	jsonx_put_int(o, "inode", (int64_t)t->mark.ino);
	jsonx_put_int(o, "device", (int64_t)t->mark.dev);
	jsonx_put_int(o, "usec", t->mark.usec);
	json_object_object_add(m, "log_mark", o);
}

struct json_object *
txn_meta(const struct txn *t, const char *outcome)
{
	struct json_object *m, *names = certs_changed(&t->stored, &t->certs);
	char at[32];
	int i;

	if ((m = json_object_new_object()) == NULL) {
		json_object_put(names);
		return NULL;
	}
	time_iso(time(NULL), at);
	json_object_object_add(m, "id", json_object_new_int64(t->id));
	add_string(m, "at", at);
	add_string(m, "by", t->req->actor.user);
	add_string(m, "from", t->req->actor.from);
	add_string(m, "via", t->req->actor.via);
	if (t->req->note != NULL && t->req->note[0] != '\0')
		add_string(m, "note", t->req->note);
	add_string(m, "outcome", outcome);
	add_string(m, "apply", apply_mode_name(t->mode));
	add_string(m, "kind", txn_kind(t));
	if (txn_restores(t) && !t->leave)
		json_object_object_add(
		    m, "restored", json_object_new_int64(t->req->restore));
	for (i = 0; i < GEN_FILE__MAX; i++)
		if (t->file_sha256[i][0] != '\0')
			add_string(m, gen_files[i].record, t->file_sha256[i]);
	add_string(m, "job", t->req->job);
	json_object_object_add(m, "previous", json_object_new_int64(t->prev));
	json_object_object_add(
	    m, "former_known", json_object_new_boolean(t->former.known));
	if (t->unread)
		jsonx_put_bool(m, "unread", true);
	add_service(m, t);
	json_object_object_add(m, "owned", params_to_json(t->owned_after));
	given_record(t, m);
	if (t->originals != NULL)
		add_shared(m, "originals", t->originals);
	add_outage(m, t);
	json_object_object_add(
	    m, "settings", settings_brief(&t->settings, SETTINGS_FIRST));
	json_object_object_add(m, "summary", summary(t, names));
	json_object_object_add(m, "names", names);
	(void)certs_to_meta(&t->certs, m);
	json_object_object_add(m, "changes", param_plan_to_json(&t->plan));
	json_object_object_add(m, "findings", findings_to_json(&t->findings));
	add_shared(m, "baseline", t->baseline);
	add_shared(m, "blind", t->blind);
	add_shared(m, "probe", t->probe);
	add_shared(m, "hop", t->hop);
	add_mark(m, t);
	json_object_object_add(m, "steps", steps_copy(t));
	return m;
}

struct json_object *
txn_result(const struct txn *t)
{
	static const char *const name[] = {"applied", "unchanged", "dry_run"};
	struct json_object *r;
	struct buf diff;
	long id = t->end == TXN_APPLIED ? t->id : t->prev;

	if ((r = json_object_new_object()) == NULL)
		return NULL;
	json_object_object_add(
	    r, "generation", id == 0 ? NULL : json_object_new_int64(id));
	add_string(r, "result", name[t->end]);
	add_string(r, "apply", apply_mode_name(t->mode));
	if (t->leave)
		json_object_object_add(
		    r, "left", json_object_new_boolean(t->end != TXN_DRY_RUN));
	add_outage(r, t);
	json_object_object_add(r, "steps", steps_copy(t));
	add_shared(r, "probe", t->probe);
	add_shared(r, "hop", t->hop);
	json_object_object_add(r, "changes", param_plan_to_json(&t->plan));
	json_object_object_add(r, "findings", findings_to_json(&t->findings));
	add_string(r, "job", t->req->job);
	if (t->end != TXN_DRY_RUN)
		return r;
	buf_init(&diff, 256 * 1024);
	if (diff_unified("main.cf", t->before.data, t->before.len,
		t->after.data, t->after.len, &diff, NULL) == 0 &&
	    (!txn_touches_master(t) ||
		diff_unified("master.cf", t->master_before.data,
		    t->master_before.len, t->master_after.data,
		    t->master_after.len, &diff, NULL) == 0))
		add_string(r, "diff", diff.data == NULL ? "" : diff.data);
	buf_clear(&diff);
	return r;
}

struct json_object *
txn_error(const struct txn *t, const struct err *outer, const struct err *cause)
{
	struct json_object *e;

	if ((e = err_to_json(outer)) == NULL)
		return NULL;
	if (t->findings.n > 0)
		json_object_object_add(
		    e, "findings", findings_to_json(&t->findings));
	if (t->step != NULL)
		add_string(e, "step", t->step);
	if (outer->code != cause->code)
		json_object_object_add(e, "cause", err_to_json(cause));
	if (t->log != NULL)
		add_shared(e, "log", t->log);
	json_object_object_add(e, "generation",
	    t->prev == 0 ? NULL : json_object_new_int64(t->prev));
	add_string(e, "job", t->req->job);
	return e;
}
