/*
 * rig.h - one Save on the rig, and what must hold after it.
 */
#ifndef TEST_RIG_H
#define TEST_RIG_H

#include "../../../src/apply/txn_plan.h"
#include "jsonx.h"
#include "ops.h"
#include "rig_root.h"

/* What one Save is asked for; every member may be left out. */
struct ask {
	const char *settings;		    /* JSON */
	const char *certificate, *key, *ca; /* names in cert/ */
	const char *apply;		    /* "restart" | "reload" */
	const char *if_match, *note;
	bool dry_run, adopt, whole, form, original, leave;
	long restore;
	const char *confirm; /* one code */
	const char *also;    /* and another */
	const char *name;    /* of the certificate */
	const struct certs *certs; /* of a roll-out */
	apply_progress progress;
};

/* The self-signed pair, in both directions: what many tests start from. */
static const struct ask rig_self_pair = {
    .settings = "{\"inbound\": {\"enabled\": true, \"tls_only\": false}, "
		"\"outbound\": {\"enabled\": true}, \"all_scanners\": true}",
    .certificate = "self.pem",
    .key = "self.key",
    .apply = "reload",
};

struct outcome {
	int rc;
	struct err err;
	struct json_object *job;
};

static inline struct outcome
rig_apply(const struct ask *a)
{
	const char *const name[PKI_FIELD__MAX] = {
	    [PKI_SERVER_CERTIFICATE] = a->certificate,
	    [PKI_PRIVATE_KEY] = a->key,
	    [PKI_CA_CERTIFICATE] = a->ca};
	struct buf file[PKI_FIELD__MAX];
	const char *confirm[2];
	struct apply_request req;
	struct outcome o;
	char path[256];
	size_t i;

	memset(&req, 0, sizeof(req));
	memset(&o, 0, sizeof(o));
	strcpy(req.actor.user, "admin");
	strcpy(req.actor.from, "192.0.2.1");
	strcpy(req.actor.via, "api");
	ck_assert_int_eq(random_hex(req.job, 16, &o.err), 0);
	if (a->settings != NULL) {
		req.settings = json_tokener_parse(a->settings);
		ck_assert_ptr_nonnull(req.settings);
	}
	for (i = 0; i < PKI_FIELD__MAX; i++) {
		buf_init(&file[i], 1 << 20);
		if (name[i] == NULL)
			continue;
		snprintf(path, sizeof(path), "%s/cert/%s", rig_root, name[i]);
		ck_assert_int_eq(fsx_read(path, 1 << 20, &file[i], &o.err), 0);
		req.file[i].data = file[i].data;
		req.file[i].len = file[i].len;
	}
	if (a->apply != NULL) {
		ck_assert_int_eq(apply_mode_from_name(a->apply, &req.mode), 0);
		req.mode_given = true;
	}
	req.if_match = a->if_match;
	req.note = a->note;
	req.dry_run = a->dry_run;
	req.adopt = a->adopt;
	req.original = a->original;
	req.leave = a->leave;
	req.whole = a->whole;
	req.form = a->form;
	req.restore = a->restore;
	req.cert_name = a->name;
	req.certs = a->certs;
	if (a->confirm != NULL)
		confirm[req.n_confirm++] = a->confirm;
	if (a->also != NULL)
		confirm[req.n_confirm++] = a->also;
	req.confirm = confirm;
	err_clear(&o.err);
	o.rc = apply_run(&rig_conf, &req, a->progress, NULL, &o.job, &o.err);
	for (i = 0; i < PKI_FIELD__MAX; i++)
		buf_clear(&file[i]);
	json_object_put(req.settings);
	return o;
}

static inline void
rig_done(struct outcome *o)
{
	json_object_put(o->job);
	o->job = NULL;
}

static inline bool
rig_has_finding(struct json_object *list, const char *code)
{
	size_t i;

	for (i = 0; list != NULL && i < json_object_array_length(list); i++) {
		if (strcmp(jsonx_path_str(
			       json_object_array_get_idx(list, i), "code", ""),
			code) == 0)
			return true;
	}
	return false;
}

/* What the leaf of cert/NAME hashes to. */
static inline void
rig_leaf_hash(const char *name, char dst[SHA256_HEX])
{
	char path[256];
	struct buf b;

	ck_assert_int_eq(rig_sh("openssl x509 -in $R/cert/%s.pem -outform DER |"
				" sha256sum >$R/cert/hash",
			     name),
	    0);
	snprintf(path, sizeof(path), "%s/cert/hash", rig_root);
	b = rig_read(path);
	snprintf(dst, SHA256_HEX, "%s", b.data);
	buf_clear(&b);
}

/* A parameter as main.cf has it; "" = not set. */
static inline const char *
rig_parameter(const char *name)
{
	static char value[1024];
	struct json_object *all = NULL;
	struct err err;

	ck_assert_int_eq(params_read(&rig_conf, &all, &err), 0);
	snprintf(value, sizeof(value), "%s", jsonx_path_str(all, name, ""));
	json_object_put(all);
	return value;
}

/* One that is in force afterwards, whether it changed something or not;
 * returns the generation. */
static inline long
rig_ensure(const struct ask *a)
{
	struct outcome o = rig_apply(a);
	long id;

	ck_assert_msg(o.rc == 0, "%s %s", err_name(o.err.code), o.err.msg);
	id =
	    (long)json_object_get_int64(jsonx_path(o.job, "result.generation"));
	rig_done(&o);
	return id;
}

/* One that must be applied; returns the generation. */
static inline long
rig_must_apply(const struct ask *a)
{
	struct outcome o = rig_apply(a);
	long id;

	ck_assert_msg(o.rc == 0, "%s %s", err_name(o.err.code), o.err.msg);
	ck_assert_str_eq(jsonx_path_str(o.job, "state", ""), "applied");
	id =
	    (long)json_object_get_int64(jsonx_path(o.job, "result.generation"));
	rig_done(&o);
	return id;
}

static inline long
rig_current(void)
{
	struct err err;
	long id = -1;

	ck_assert_int_eq(generation_current(&rig_conf, &id, &err), 0);
	return id;
}

/* What was set by hand, away: the generation in force, and Postfix anew. */
static inline void
rig_mend(void)
{
	const struct ask a = {
	    .restore = rig_current(), .confirm = "level.lowered"};

	(void)rig_must_apply(&a);
}

static inline struct settings
rig_settings(void)
{
	struct settings s;

	settings_default(&s);
	return s;
}

/* The number that the next generation gets. */
static inline long
rig_next(void)
{
	struct err err;
	long id = 0;

	ck_assert_int_eq(generation_next(&rig_conf, &id, &err), 0);
	return id;
}

/*
 * The promise: one complete generation, Postfix serves it, no drift, nothing
 * left over, no journal open.
 */
static inline void
rig_assert_whole(void)
{
	struct json_object *view = NULL, *live = NULL, *v;
	int64_t end = now_ms() + patience_ms(15000);
	struct journal j;
	struct err err;

	ck_assert_msg(apply_view(&rig_conf, &view, &err) == 0, "%s", err.msg);
	v = jsonx_path(view, "drift");
	ck_assert_msg(json_object_array_length(v) == 0, "drift %s",
	    json_object_to_json_string(v));
	/* A smtpd of before may answer for a while. */
	live = apply_live(&rig_conf);
	while (jsonx_path(live, "error") != NULL && now_ms() < end) {
		json_object_put(live);
		live = apply_live(&rig_conf);
	}
	ck_assert_msg(jsonx_path(live, "error") == NULL, "probe %s",
	    json_object_to_json_string(live));
	ck_assert_int_eq(journal_read(&rig_conf, &j, &err), 0);
	ck_assert(!j.pending);
	ck_assert_msg(
	    rig_count("pf/conf", "") == 2, "files left beside main.cf");
	ck_assert_msg(rig_count("state", "scratch") == 0 &&
			  rig_count("state", ".tmp-") == 0,
	    "files left in the state directory");
	json_object_put(view);
	json_object_put(live);
}

/* A key lies only in generations that were applied. */
static inline void
rig_assert_no_stray_key(void)
{
	struct json_object *meta = NULL;
	char path[STATE_PATH_MAX];
	struct stat st;
	struct err err;
	long *ids = NULL;
	size_t n = 0, i;

	ck_assert_int_eq(generation_ids(&rig_conf, &ids, &n, &err), 0);
	for (i = 0; i < n; i++) {
		meta = NULL;
		(void)generation_meta(&rig_conf, ids[i], &meta, &err);
		generation_path(&rig_conf, ids[i], "inbound.pem", path, NULL);
		if (strcmp(jsonx_path_str(meta, "outcome", ""), "applied") != 0)
			ck_assert_msg(stat(path, &st) == -1, "%s", path);
		json_object_put(meta);
	}
	free(ids);
}

/* The audit log, as logrotate does it. */
static inline void
rig_rotate(void)
{
	ck_assert_int_eq(
	    rig_sh("cd $R/state && for i in 9 8 7 6 5 4 3 2 1; do "
		   "[ ! -e audit.log.$i ] || mv audit.log.$i "
		   "audit.log.$((i + 1)); done; "
		   "[ ! -e audit.log ] || mv audit.log audit.log.1"),
	    0);
}

#endif
