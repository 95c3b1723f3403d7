/*
 * op_apply.c - connection.apply: args and draft into one apply_request, the
 * progress out to the client and into the job file.
 *
 * The client may go away at any moment; the apply goes on and the job file
 * tells how it ended.
 *
 * With "keep" what was sent is put into the draft, which stays locked, and is
 * written once: with the report of this very inspection before the first step
 * that writes, or before a refusal goes out.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "call.h"
#include "cluster.h"
#include "drafts.h"
#include "jsonx.h"
#include "keystore.h"
#include "note.h"
#include "util.h"

#define PROGRESS_MS 500

static const char *const steps[] = {
#define S(name, undo, flags) #name,
#include "steps.def"
#undef S
};
enum {
#define S(name, undo, flags) AT_##name,
#include "steps.def"
#undef S
};

struct apply_call {
	struct call *call;
	struct apply_request req;
	struct files files;
	struct draft draft;
	struct buf made; /* certificate of a key made here */
	char note[NOTE_SIZE];
	struct cluster_save save;
	char name[CERT_NAME_MAX];     /* of the certificate, or "" */
	bool place;		      /* by what is in the files */
	struct loose_apply loose;
	struct json_object *scanners; /* names, borrowed, or NULL */
	struct json_object *settings; /* patch that is ours, or NULL */
	const char *draft_id;
	const char *confirm[CONFIRM_MAX];
	bool wait;
	bool accepted;		    /* no reply while it may be refused */
	int keep_lock;		    /* of the draft until it is kept, or -1 */
	struct json_object *report; /* of the inspection, or NULL */
};

/* The step that runs, or ran last; -1: none. */
static int
step_of(struct json_object *job)
{
	struct json_object *list = jsonx_path(job, "steps");
	size_t n = jsonx_len(list);
	struct json_object *last;
	const char *name;
	int i;

	if (n == 0)
		return -1;
	last = json_object_array_get_idx(list, n - 1);
	name = jsonx_path_str(last, "name", "");
	for (i = 0; i < (int)(sizeof(steps) / sizeof(steps[0])); i++)
		if (strcmp(steps[i], name) == 0)
			return i;
	return -1;
}

static bool
is_running(struct json_object *job)
{
	return strcmp(jsonx_path_str(job, "state", ""), "running") == 0;
}

/* What the Save has not looked at before it was refused is looked at here;
 * settings that cannot be read are not kept. */
static void
describe_draft(struct apply_call *a, int step)
{
	struct draft *d = &a->draft;
	int rc;

	json_object_put(d->report);
	d->report = json_object_get(a->report);
	if (step <= AT_inspect && d->report == NULL &&
	    draft_check_settings(d->settings, NULL) == -1) {
		json_object_put(d->settings);
		d->settings = NULL;
	}
	rc = step < AT_inspect && d->report == NULL
		 ? draft_inspect(a->call, d, NULL)
		 : draft_inspect_authorities(a->call, d, NULL);
	if (rc == -1 ||
	    (step <= AT_inspect && draft_drop_hopeless(d, &a->files) &&
		draft_inspect(a->call, d, NULL) == -1))
		log_warn("the files of a draft could not be inspected");
}

/* step: at which the Save is, or was refused. */
static void
keep_draft(struct apply_call *a, int step)
{
	struct err err;

	if (a->keep_lock == -1)
		return;
	describe_draft(a, step);
	if (draft_save(a->call->conf, a->draft_id, &a->draft, &err) == -1)
		log_warn("a draft could not be kept: %s", err.msg);
	close(a->keep_lock);
	a->keep_lock = -1;
}

static void
progress(struct json_object *job, void *arg)
{
	struct apply_call *a = arg;
	struct json_object *o;
	int step = step_of(job);

	if (step > AT_inspect || !is_running(job))
		keep_draft(a, step);
	/* In a cluster the job ends when the others have been told. */
	if (!a->req.dry_run && !cluster_save_holds(&a->save, job))
		(void)job_write(a->call->conf, job, NULL);
	if (a->call->replied || a->call->gone ||
	    (a->accepted && (step <= AT_check || !is_running(job))))
		return;
	o = json_object_new_object();
	if (!a->wait) {
		json_object_object_add(
		    o, "job", json_object_new_string(a->req.job));
		(void)call_reply(a->call, o, NULL);
	} else if (is_running(job)) {
		json_object_object_add(
		    o, "type", json_object_new_string("progress"));
		json_object_object_add(o, "job", json_object_get(job));
		if (ipc_send(a->call->fd, o, PROGRESS_MS, NULL) == -1)
			a->call->gone = true;
	}
	json_object_put(o);
}

static int
read_confirm(struct apply_call *a, struct json_object *args, struct err *err)
{
	struct json_object *list = jsonx_member(args, "confirm");
	size_t i, n = jsonx_len(list);
	enum err_code code;

	for (i = 0; i < n; i++) {
		a->confirm[i] = jsonx_str_at(list, i);
		if (err_from_name(a->confirm[i], &code) == -1)
			return err_set(err, ERR_FIELD_INVALID, "confirm",
			    "expected codes of findings");
	}
	a->req.confirm = a->confirm;
	a->req.n_confirm = n;
	return 0;
}

static int
read_choices(struct apply_call *a, struct json_object *args, struct err *err)
{
	const char *mode = jsonx_path_str(args, "apply", NULL);

	a->req.settings = jsonx_member(args, "settings");
	a->req.if_match = jsonx_path_str(args, "if_match", NULL);
	a->req.dry_run = jsonx_path_bool(args, "dry_run");
	a->req.form = jsonx_path_bool(args, "form");
	a->scanners = jsonx_member(args, "scanners");
	a->wait = a->req.dry_run || jsonx_member(args, "wait") == NULL ||
		  jsonx_path_bool(args, "wait");
	a->accepted = !a->wait && jsonx_path_bool(args, "accepted");
	if (note_read(jsonx_path_str(args, "note", NULL), a->note, err) == -1)
		return -1;
	a->req.note = a->note;
	if (mode != NULL) {
		if (apply_mode_from_name(mode, &a->req.mode) == -1)
			return err_set(err, ERR_FIELD_INVALID, "apply",
			    "expected restart or reload");
		a->req.mode_given = true;
	}
	return read_confirm(a, args, err);
}

/* "key_id": the self-signed certificate of a key that waits here, whose key
 * the inspection then finds; it takes the place of all files. */
static int
read_key_id(struct apply_call *a, struct json_object *args, struct err *err)
{
	const char *id = jsonx_path_str(args, "key_id", NULL);
	size_t i;

	if (id == NULL)
		return 0;
	if (files_count(&a->files) > 0)
		return err_set(err, ERR_FIELD_INVALID, "key_id",
		    "key_id stands in place of files");
	if (keystore_certificate(a->call->conf, id, &a->made, err) == -1)
		return -1;
	for (i = 0; i < PKI_FIELD__MAX; i++)
		a->req.file[i] = (struct pki_bytes){NULL, 0};
	a->req.file[PKI_SERVER_CERTIFICATE].data = a->made.data;
	a->req.file[PKI_SERVER_CERTIFICATE].len = a->made.len;
	return 0;
}

/* All that was sent and what waits there already, as one; a dry run does not
 * write it. */
static int
read_kept(struct apply_call *a, struct json_object *args, struct err *err)
{
	const struct conf *conf = a->call->conf;

	if ((a->keep_lock = draft_lock(conf, a->draft_id, err)) == -1 ||
	    draft_load(conf, a->draft_id, &a->draft, err) == -1 ||
	    draft_merge(conf, args, &a->files, &a->draft, err) == -1)
		return -1;
	files_bytes(&a->draft.files, a->req.file);
	a->req.client_ca = file_bytes(&a->draft.files, FILE_CLIENT_CA);
	if (a->draft.passphrase[0] != '\0')
		a->req.passphrase = a->draft.passphrase;
	a->req.report = &a->report;
	if (a->req.dry_run) {
		draft_release(conf, a->draft_id, a->keep_lock);
		a->keep_lock = -1;
	}
	return 0;
}

/* A name goes, and nothing else is asked for with it. */
static int
check_drop(struct apply_call *a, struct json_object *args, struct err *err)
{
	if (a->name[0] == '\0')
		return err_set(err, ERR_SNI_NAME, "name", "default");
	if (a->draft_id == NULL && a->req.settings == NULL &&
	    jsonx_member(args, "client_ca") == NULL && a->scanners == NULL &&
	    files_count(&a->files) == 0 && jsonx_member(args, "key_id") == NULL)
		return 0;
	return err_set(err, ERR_FIELD_INVALID, "drop",
	    "a certificate that goes comes with nothing else");
}

/* The certificate that this is about: by its name, or by what is in it. */
static int
read_name(struct apply_call *a, struct json_object *args, struct err *err)
{
	const char *name = jsonx_path_str(args, "certificate", NULL), *host;
	enum cert_use use;

	a->req.cert_drop = jsonx_path_bool(args, "drop");
	a->req.cert_renew = jsonx_path_bool(args, "renew");
	if (name == NULL)
		return a->req.cert_drop ? err_set(err, ERR_FIELD_MISSING,
					      "certificate", "drop: which?")
					: 0;
	a->req.cert_name = a->name;
	a->place = strcmp(name, "*") == 0 && !a->req.cert_drop;
	cert_by_call(name, &use, &host);
	if (!a->place && use == CERT_INBOUND &&
	    cert_name_read(name, a->name, err) == -1)
		return -1;
	if (use != CERT_INBOUND)
		(void)snprintf(a->name, sizeof(a->name), "%s", name);
	return a->req.cert_drop ? check_drop(a, args, err) : 0;
}

/* Files of the request first; the draft fills the other fields. */
static int
gather_files(struct apply_call *a, struct json_object *args, struct err *err)
{
	struct pki_bytes drafted[PKI_FIELD__MAX];
	size_t i;

	if (jsonx_path_bool(args, "keep"))
		return read_kept(a, args, err);
	files_bytes(&a->files, a->req.file);
	a->req.client_ca = file_bytes(&a->files, FILE_CLIENT_CA);
	if (a->draft_id == NULL)
		return read_key_id(a, args, err);
	if (draft_load(a->call->conf, a->draft_id, &a->draft, err) == -1)
		return -1;
	files_bytes(&a->draft.files, drafted);
	for (i = 0; i < PKI_FIELD__MAX; i++) {
		if (a->req.file[i].data == NULL)
			a->req.file[i] = drafted[i];
	}
	if (a->req.client_ca.data == NULL)
		a->req.client_ca = file_bytes(&a->draft.files, FILE_CLIENT_CA);
	if (a->req.passphrase == NULL && a->draft.passphrase[0] != '\0')
		a->req.passphrase = a->draft.passphrase;
	return read_key_id(a, args, err);
}

static int
read_files(struct apply_call *a, struct json_object *args, struct err *err)
{
	if (files_read(args, &a->files, err) == -1)
		return -1;
	a->req.passphrase = jsonx_path_str(args, "passphrase", NULL);
	a->draft_id = jsonx_path_str(args, "draft", NULL);
	if (jsonx_member(args, "loose") != NULL)
		return loose_apply(a->call, args, &a->draft, &a->loose,
		    &a->req, err);
	if (read_name(a, args, err) == -1 || gather_files(a, args, err) == -1)
		return -1;
	return a->place ? place_files(a->call, a->req.file, a->req.passphrase,
			      jsonx_path_str(args, "only", NULL), a->name, err)
			: 0;
}

static bool
is_elsewhere(const struct chosen *ch)
{
	return ch->names != NULL && !ch->here;
}

/* All that is asked of the cluster before a step is done, and of a dry run no
 * less.  Hosts were chosen: "for all" is not ticked, whatever was there. */
static int
ask(struct apply_call *a, struct chosen *ch, struct err *err)
{
	if (chosen_begin(a->call->conf, a->scanners, &a->req, ch, err) == -1)
		return -1;
	if (is_elsewhere(ch))
		return 0;
	if (ch->here && a->req.settings == NULL)
		a->req.settings = a->settings = json_object_new_object();
	if (ch->here)
		json_object_object_add(a->req.settings, "all_scanners",
		    json_object_new_boolean(false));
	if (cluster_save_begin(a->call->conf, &a->req, &a->save, err) == -1)
		return -1;
	memcpy(a->req.keep, a->save.keep, sizeof(a->req.keep));
	return 0;
}

/* A Save here, and what it means for the others. */
static int
run_here(struct apply_call *a, const struct chosen *ch,
    struct json_object **job, struct err *err)
{
	if (apply_run(a->call->conf, &a->req, progress, a, job, err) == -1)
		return -1;
	if (a->req.dry_run)
		return 0;
	if (cluster_save_end(
		a->call->conf, a->call->actor.user, &a->save, *job, err) == -1)
		return -1;
	return chosen_end(a->call->conf, ch, &a->req, *job, progress, a, err);
}

static int
run_apply(struct apply_call *a, struct json_object **data, struct err *err)
{
	struct json_object *job = NULL;
	struct chosen ch = {.names = NULL};
	int rc;

	if (ask(a, &ch, err) == -1)
		return -1;
	if (is_elsewhere(&ch) && !a->req.dry_run)
		rc = chosen_run(
		    a->call->conf, &ch, &a->req, progress, a, &job, err);
	else
		rc = run_here(a, &ch, &job, err);
	if (rc == 0) {
		*data = json_object_get(jsonx_path(job, "result"));
		if (a->loose.sorted.json != NULL)
			json_object_object_add(*data, "sorted",
			    json_object_get(a->loose.sorted.json));
		if (a->draft_id != NULL && !a->req.dry_run &&
		    draft_drop(a->call->conf, a->draft_id, NULL) == -1)
			log_warn("a draft could not be wiped");
	} else if (job != NULL) {
		a->call->error = json_object_get(jsonx_path(job, "error"));
	}
	json_object_put(job);
	return rc;
}

/* What the handlers differ in: where settings and files come from. */
typedef int (*read_source)(
    struct apply_call *, struct json_object *args, struct err *);

static int
apply_from(struct call *c, read_source source, struct json_object *args,
    struct json_object **data, struct err *err)
{
	struct apply_call a;
	int rc = -1;

	memset(&a, 0, sizeof(a));
	a.call = c;
	a.keep_lock = -1;
	a.req.actor = c->actor;
	files_init(&a.files);
	buf_init(&a.made, PKI_FILE_MAX);
	draft_init(&a.draft);
	if (read_choices(&a, args, err) == -1 || source(&a, args, err) == -1 ||
	    random_hex(a.req.job, JOB_ID_LEN / 2, err) == -1)
		goto out;
	job_prune(c->conf);
	rc = run_apply(&a, data, err);
	if (rc == -1)
		keep_draft(&a, -1); /* refused before there was a job */
out:
	draft_release(c->conf, a.draft_id, a.keep_lock);
	json_object_put(a.report);
	files_clear(&a.files);
	loose_apply_clear(&a.loose);
	buf_clear(&a.made);
	draft_clear(&a.draft);
	json_object_put(a.settings);
	cluster_save_clear(&a.save);
	return rc;
}

int
op_connection_apply(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	return apply_from(c, read_files, args, data, err);
}

/* What stood before is this host's own, and no other's. */
static int
read_original(struct apply_call *a, struct json_object *args, struct err *err)
{
	a->req.original = true;
	if (!cluster_on(a->call->conf))
		return 0;
	a->req.settings = a->settings = json_object_new_object();
	json_object_object_add(
	    a->settings, "all_scanners", json_object_new_boolean(false));
	return 0;
}

static int
read_generation(struct apply_call *a, struct json_object *args, struct err *err)
{
	a->req.restore = (long)jsonx_path_int(args, "id");
	return a->req.restore == 0 ? read_original(a, args, err) : 0;
}

int
op_generation_restore(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	return apply_from(c, read_generation, args, data, err);
}

static int
read_leave(struct apply_call *a, struct json_object *args, struct err *err)
{
	a->req.leave = true;
	return read_original(a, args, err);
}

int
op_connection_leave(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	return apply_from(c, read_leave, args, data, err);
}

static int
read_main_cf(struct apply_call *a, struct json_object *args, struct err *err)
{
	a->req.adopt = true;
	return 0;
}

int
op_connection_adopt(struct call *c, struct json_object *args,
    struct json_object **data, struct err *err)
{
	return apply_from(c, read_main_cf, args, data, err);
}
