/*
 * chosen.c - "Apply to all" is not ticked: a Save for chosen hosts.
 *
 *   begin    names, and is this console up to date?
 *   (here)   with this host among them: a Save here first, as always
 *   (not)    inspected here, applied nowhere (apply_look)
 *   seal     for each other host, in chosen/NAME.json
 *   outbox   chosen.json: postseal-sync swaps it into etcd's "desired"
 *   wait     until each host has proved it or failed: that is the answer
 *
 * These Saves are numbered separately from those for all.  The one that is
 * sealed is the number after the newest that this console has seen, in etcd or
 * at any host, so of two consoles that choose at once one gets 412.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fsx.h"
#include "jsonx.h"
#include "rollout.h"
#include "util.h"

#define LOCK_MS 10000

static bool
is_self(const struct conf *conf, const char *name)
{
	return strcmp(name, conf->cluster_name) == 0;
}

/* Each is enrolled, and there once. */
static int
check_names(const struct conf *conf, struct chosen *ch, struct err *err)
{
	size_t i, j, n = json_object_array_length(ch->names);
	const char *name;
	struct buf pem;
	int rc;

	for (i = 0; i < n; i++) {
		if (!json_object_is_type(
			json_object_array_get_idx(ch->names, i),
			json_type_string))
			return err_set(err, ERR_FIELD_INVALID, "scanners",
			    "expected names of scanners");
		name = jsonx_str_at(ch->names, i);
		for (j = 0; j < i; j++) {
			if (strcmp(jsonx_str_at(ch->names, j), name) == 0)
				return err_set(err, ERR_FIELD_DUPLICATE,
				    "scanners", "%.64s is there twice", name);
		}
		buf_init(&pem, BUNDLE_PEM_MAX);
		rc = cluster_host_cert(conf, name, &pem, err);
		buf_clear(&pem);
		if (rc == -1)
			return -1;
		if (is_self(conf, name))
			ch->here = true;
		else
			ch->others++;
	}
	return 0;
}

/* One that postseal-sync could not hand on yet: the next would take its
 * place, and its hosts would never hear of it. */
static int
check_waiting(const struct conf *conf, struct err *err)
{
	struct json_object *o = NULL;
	int rc = 0;

	if (cluster_file_read(conf, "chosen.json", &o, err) == -1)
		return -1;
	if (o != NULL && jsonx_path_str(o, "outcome", "")[0] == '\0')
		rc = err_set(err, ERR_APPLY_BUSY, "scanners",
		    "a Save for chosen hosts waits for etcd");
	json_object_put(o);
	return rc;
}

/* None of the others is too old for what there is to be: asked before this
 * host has it. */
static int
check_reads(const struct conf *conf, const struct chosen *ch,
    const struct apply_request *req, struct err *err)
{
	const char *name;
	unsigned uses = 0;
	size_t i;
	int rc = cluster_uses_then(conf, req, &uses, err);

	for (i = 0; rc == 0 && i < jsonx_len(ch->names); i++) {
		name = jsonx_str_at(ch->names, i);
		if (!is_self(conf, name))
			rc = cluster_reads(conf, name, true, uses, err);
	}
	return rc;
}

int
chosen_begin(const struct conf *conf, struct json_object *names,
    const struct apply_request *req, struct chosen *ch, struct err *err)
{
	struct json_object *seen = NULL;
	struct cluster_numbers highest;
	struct cluster_state s;
	int rc = -1;

	memset(ch, 0, sizeof(*ch));
	if (names == NULL || json_object_array_length(names) == 0)
		return 0;
	ch->names = names;
	if (cluster_state_read(conf, &s, err) == -1)
		return -1;
	if (!conf->cluster_console)
		return err_set(err, ERR_CLUSTER_NOT_CONSOLE, "scanners",
		    "this host is no console of the cluster");
	if (req != NULL &&
	    json_object_get_boolean(jsonx_path(req->settings, "all_scanners")))
		return err_set(err, ERR_FIELD_INVALID, "scanners",
		    "scanners: not together with all_scanners");
	if (check_names(conf, ch, err) == -1 ||
	    (req != NULL && check_reads(conf, ch, req, err) == -1) ||
	    (ch->others > 0 && check_waiting(conf, err) == -1) ||
	    cluster_numbers_read(conf, &highest, err) == -1 ||
	    cluster_seen(conf, &seen, &ch->fresh, err) == -1)
		return -1;
	ch->base = cluster_number_heard(
	    highest.own, jsonx_path_int(seen, "desired.chosen.generation"));
	ch->generation = (highest.own > ch->base ? highest.own : ch->base) + 1;
	if (ch->others > 0 &&
	    strcmp(jsonx_path_str(seen, "desired.chosen.state", ""),
		"rolling") == 0)
		err_set(err, ERR_APPLY_BUSY, "scanners",
		    "a Save for chosen hosts is still on its way");
	else
		rc = s.own ? 0
			   : cluster_up_to_date(
				 jsonx_path_int(seen, "desired.generation"),
				 s.generation, err);
	json_object_put(seen);
	return rc;
}

/* What a host gets, by its name, until the next such Save. */
static int
keep_sealed(const struct conf *conf, const char *name, const char *id,
    const struct buf *sealed, struct err *err)
{
	char file[BUNDLE_NAME_MAX + 16];
	struct json_object *o = json_object_new_object();
	int rc;

	(void)snprintf(file, sizeof(file), "chosen/%s.json", name);
	jsonx_put_str(o, "id", id);
	json_object_object_add(
	    o, "blob", jsonx_new_b64(sealed->data, sealed->len));
	rc = cluster_file_write(conf, file, o, err);
	json_object_put(o);
	return rc;
}

static int
seal_all(const struct conf *conf, struct json_object *names, const char *id,
    const struct cluster_content *content, struct err *err)
{
	struct buf sealed;
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < json_object_array_length(names); i++) {
		if (is_self(conf, jsonx_str_at(names, i)))
			continue;
		buf_init(&sealed, BUNDLE_SEALED_MAX);
		rc = cluster_seal(
		    conf, jsonx_str_at(names, i), content, &sealed, err);
		if (rc == 0)
			rc = keep_sealed(
			    conf, jsonx_str_at(names, i), id, &sealed, err);
		buf_clear(&sealed);
	}
	return rc;
}

/* The others of the names, as an array of its own. */
static struct json_object *
others_of(const struct conf *conf, struct json_object *names)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	for (i = 0; i < json_object_array_length(names); i++) {
		if (!is_self(conf, jsonx_str_at(names, i)))
			json_object_array_add(
			    list, json_object_get(
				      json_object_array_get_idx(names, i)));
	}
	return list;
}

/* Sealed, and on its way to etcd; under chosen.lock, as of two at once the
 * second would take the first one's place. */
static int
send_locked(const struct conf *conf, const struct chosen *ch,
    struct json_object *names, struct cluster_content *content, char id[33],
    struct err *err)
{
	struct json_object *o;
	char at[32];
	int rc;

	content->own = true;
	content->generation = ch->generation;
	if (check_waiting(conf, err) == -1)
		return -1;
	if (random_hex(id, 16, err) == -1 ||
	    seal_all(conf, names, id, content, err) == -1)
		return -1;
	time_iso(time(NULL), at);
	o = json_object_new_object();
	jsonx_put_str(o, "id", id);
	jsonx_put_int(o, "base", ch->base);
	jsonx_put_int(o, "generation", ch->generation);
	jsonx_put_str(o, "by", content->by);
	jsonx_put_str(o, "at", at);
	jsonx_put_str(o, "apply", content->apply);
	json_object_object_add(o, "hosts", others_of(conf, names));
	jsonx_put_str(o, "outcome", "");
	rc = cluster_file_write(conf, "chosen.json", o, err);
	json_object_put(o);
	return rc;
}

static int
send_off(const struct conf *conf, const struct chosen *ch,
    struct json_object *names, struct cluster_content *content, char id[33],
    struct err *err)
{
	char path[1024];
	int fd, rc;

	if (cluster_path(conf, "chosen.lock", path, sizeof(path), err) == -1 ||
	    (fd = fsx_lock(path, LOCK_MS, err)) == -1)
		return -1;
	rc = send_locked(conf, ch, names, content, id, err);
	close(fd);
	return rc;
}

/* Published, and proved by each of them; content is in force nowhere yet. */
static int
hand_on(const struct conf *conf, const struct chosen *ch,
    struct cluster_content *content, struct json_object *result,
    struct err *err)
{
	struct json_object *hosts = NULL, *seen = NULL;
	char id[33], state[16], detail[200];
	bool fresh;

	if (send_off(conf, ch, ch->names, content, id, err) == -1 ||
	    cluster_outcome(
		conf, "chosen.json", id, ch->fresh, state, detail, err) == -1)
		return -1;
	if (strcmp(state, "stale") == 0)
		return err_set(err, ERR_SETTINGS_STALE, "",
		    "another console has saved for chosen hosts meanwhile");
	if (strcmp(state, "failed") == 0)
		return err_set(err, ERR_SCANNER_FAILED, "", "%s", detail);
	if (strcmp(state, "published") == 0) {
		if (chosen_wait(conf, ch, &hosts, err) == -1)
			return -1;
	} else {
		if (cluster_seen(conf, &seen, &fresh, err) == -1)
			return -1;
		hosts = chosen_hosts(conf, seen, ch->names, ch->generation);
		json_object_put(seen);
	}
	return chosen_conclude(result, hosts, state, ch->generation, err);
}

/* The others' proofs as one step of the job. */
static int
prove(const struct conf *conf, const struct chosen *ch,
    struct cluster_content *content, struct json_object *job,
    apply_progress progress, void *arg, struct err *err)
{
	struct json_object *steps = jsonx_path(job, "steps");
	struct json_object *step = json_object_new_object();
	int64_t start = now_ms();
	int rc;

	jsonx_put_str(step, "name", "probe");
	jsonx_put_str(step, "state", "running");
	json_object_array_add(steps, step);
	progress(job, arg);
	rc = hand_on(conf, ch, content, jsonx_path(job, "result"), err);
	jsonx_put_int(step, "ms", now_ms() - start);
	jsonx_put_str(step, "state", rc == 0 ? "done" : "failed");
	return rc;
}

static void
note(const struct conf *conf, const struct apply_request *req,
    const struct chosen *ch, const char *outcome)
{
	char text[300];

	(void)snprintf(text, sizeof(text), "chosen %lld: %.250s",
	    (long long)ch->generation,
	    json_object_to_json_string_ext(ch->names, JSON_C_TO_STRING_PLAIN));
	if (audit_change(conf, &req->actor, EVENT_CONNECTION_APPLY, outcome,
		text, req->note, NULL) == -1)
		log_warn("the audit log cannot be written");
}

/* The job's last words. */
static void
finish(const struct conf *conf, const struct apply_request *req,
    const struct chosen *ch, struct json_object *job, const struct err *why,
    int rc, struct json_object *error)
{
	const char *state = "applied";
	struct json_object *e = error;

	if (rc == -1) {
		state = err_http(why->code) >= 400 && err_http(why->code) < 500
			    ? "refused"
			    : "failed";
		if (e == NULL)
			e = err_to_json(why);
		json_object_object_add(
		    e, "job", json_object_get(jsonx_path(job, "id")));
		json_object_object_add(e, "hosts",
		    json_object_get(jsonx_path(job, "result.cluster.hosts")));
		json_object_object_add(job, "error", e);
	}
	jsonx_put_str(job, "state", state);
	json_object_object_add(job, "scanners", json_object_get(ch->names));
	note(conf, req, ch, state);
}

static struct json_object *
job_begin(const struct apply_request *req)
{
	struct json_object *job = json_object_new_object(), *step;
	struct json_object *steps = json_object_new_array();
	char at[32];

	time_iso(time(NULL), at);
	jsonx_put_str(job, "id", req->job);
	jsonx_put_str(job, "state", "running");
	jsonx_put_str(job, "started_at", at);
	jsonx_put_str(job, "by", req->actor.user);
	step = json_object_new_object();
	jsonx_put_str(step, "name", "inspect");
	jsonx_put_str(step, "state", "running");
	json_object_array_add(steps, step);
	json_object_object_add(job, "steps", steps);
	json_object_object_add(job, "result", NULL);
	json_object_object_add(job, "error", NULL);
	return job;
}

/* RESULT without anything that happened here. */
static void
put_result(const struct apply_request *req, struct json_object *job,
    const char *apply, struct json_object *findings)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "generation", NULL);
	jsonx_put_str(o, "result", "applied");
	jsonx_put_str(o, "apply", apply);
	json_object_object_add(o, "outage_ms", NULL);
	json_object_object_add(
	    o, "steps", json_object_get(jsonx_path(job, "steps")));
	json_object_object_add(o, "probe", NULL);
	json_object_object_add(o, "changes", json_object_new_array());
	json_object_object_add(o, "findings", findings);
	jsonx_put_str(o, "job", req->job);
	json_object_object_add(job, "result", o);
}

static int
offer(const struct conf *conf, const struct chosen *ch,
    const struct apply_request *req, struct json_object *job,
    apply_progress progress, void *arg, struct json_object **ret_error,
    struct err *err)
{
	struct json_object *step =
	    json_object_array_get_idx(jsonx_path(job, "steps"), 0);
	struct apply_looked made = {.findings = NULL};
	struct cluster_content content = {0};
	int64_t start = now_ms();
	int rc;

	settings_default(&made.settings);
	rc = apply_look(conf, req, &made, ret_error, err);
	jsonx_put_int(step, "ms", now_ms() - start);
	jsonx_put_str(step, "state", rc == 0 ? "done" : "failed");
	if (rc == 0) {
		content.by = req->actor.user;
		content.settings = &made.settings;
		content.certs = &made.certs;
		content.findings = made.findings;
		content.note = req->note;
		content.apply =
		    apply_mode_name(req->mode_given ? req->mode : conf->apply);
		put_result(req, job, content.apply, made.findings);
		rc = prove(conf, ch, &content, job, progress, arg, err);
	}
	settings_clear(&made.settings);
	certs_clear(&made.certs);
	return rc;
}

int
chosen_run(const struct conf *conf, const struct chosen *ch,
    const struct apply_request *req, apply_progress progress, void *arg,
    struct json_object **ret_job, struct err *err)
{
	struct json_object *job = job_begin(req), *error = NULL;
	struct err why;
	int rc;

	err_clear(&why);
	progress(job, arg);
	rc = offer(conf, ch, req, job, progress, arg, &error, &why);
	finish(conf, req, ch, job, &why, rc, error);
	progress(job, arg);
	if (rc == -1)
		json_object_object_add(job, "result", NULL);
	*ret_job = job;
	if (rc == -1 && err != NULL)
		*err = why;
	return rc;
}

int
chosen_end(const struct conf *conf, const struct chosen *ch,
    const struct apply_request *req, struct json_object *job,
    apply_progress progress, void *arg, struct err *err)
{
	struct cluster_content content = {0};
	struct err why;
	int rc;

	if (ch->others == 0)
		return 0;
	err_clear(&why);
	content.by = req->actor.user;
	content.local = (long)jsonx_path_int(job, "result.generation");
	content.apply = jsonx_path_str(job, "result.apply", "restart");
	jsonx_put_str(job, "state", "running");
	rc = prove(conf, ch, &content, job, progress, arg, &why);
	/* This host has the settings already: not "nothing was done". */
	if (rc == -1 && why.code == ERR_SETTINGS_STALE)
		rc = err_set(&why, ERR_SCANNER_FAILED, "",
		    "another console has saved for chosen hosts meanwhile; "
		    "only this host has the new settings");
	(void)finish(conf, req, ch, job, &why, rc, NULL);
	if (rc == -1 && err != NULL)
		*err = why;
	return rc;
}

int
chosen_rejoin(
    const struct conf *conf, const char *by, const char *name, struct err *err)
{
	struct cluster_content content = {
	    .rejoin = true, .by = by, .apply = "restart"};
	struct json_object *names = json_object_new_array();
	char id[33], state[16] = "", detail[200] = "";
	struct chosen ch;
	int rc;

	json_object_array_add(names, json_object_new_string(name));
	if ((rc = chosen_begin(conf, names, NULL, &ch, err)) == 0 &&
	    (rc = send_off(conf, &ch, names, &content, id, err)) == 0)
		rc = cluster_outcome(
		    conf, "chosen.json", id, ch.fresh, state, detail, err);
	json_object_put(names);
	if (rc == 0 && strcmp(state, "stale") == 0)
		rc = err_set(err, ERR_SETTINGS_STALE, "",
		    "another console has saved for chosen hosts meanwhile");
	if (rc == 0 && strcmp(state, "failed") == 0)
		rc = err_set(err, ERR_SCANNER_FAILED, "", "%s", detail);
	return rc;
}
