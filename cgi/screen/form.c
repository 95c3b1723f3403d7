/*
 * form.c - the form of the Connection screen: the three
 * files with what is in use, what waits for Save and what is wrong with it.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "certname.h"
#include "finding.h"
#include "jsonx.h"
#include "merge.h"
#include "parts.h"
#include "settings_table.h"
#include "upload.h"
#include "widget.h"

/* In the order of the original screen. */
static const char *const file_fields[] = {
    "ca_certificate", "private_key", "server_certificate"};

#define WHAT_MAX 8192 /* names of a chain */

static bool
field_is_key(const char *field)
{
	return strcmp(field, "private_key") == 0;
}

static void
put_apply(const struct screen *s, struct json_object *ctx)
{
	struct json_object *o = json_object_new_object();
	const char *apply = s->apply;
	bool reload;

	if (*apply == '\0')
		apply = jsonx_path_str(s->view, "draft.apply", "");
	if (*apply == '\0')
		apply = jsonx_path_str(s->view, "apply_default", "restart");
	reload = strcmp(apply, "reload") == 0;
	put_bool(o, "reload", reload);
	put_bool(o, "restart", !reload);
	json_object_object_add(ctx, "form", o);
}

/* What a field holds of a CERT, one after the other; NULL: no more. */
static struct json_object *
part_at(struct json_object *pair, const char *field, size_t i)
{
	struct json_object *chain = jsonx_path(pair, "chain");

	if (strcmp(field, "ca_certificate") == 0)
		return i + 1 < jsonx_len(chain)
			   ? json_object_array_get_idx(chain, i + 1)
			   : NULL;
	return i > 0		     ? NULL
	       : field_is_key(field) ? jsonx_path(pair, "key")
				     : jsonx_path(pair, "leaf");
}

static bool
is_said(const struct buf *b, const char *name)
{
	size_t len = strlen(name);
	const char *at = b->len > 0 ? b->data : NULL;

	for (; at != NULL && (at = strstr(at, name)) != NULL; at++)
		if ((at == b->data || at[-1] == ' ') &&
		    (at[len] == '\0' || at[len] == ','))
			return true;
	return false;
}

static void
say_part(struct buf *b, struct json_object *part, bool key)
{
	const char *name =
	    key ? jsonx_path_str(part, "label", "") : cert_name(part);

	/* Both certificates of one name, or a chain that two share. */
	if (*name != '\0' && !is_said(b, name))
		buf_printf(b, "%s%s", b->len > 0 ? ", " : "", name);
}

/* The parts that are in use for a field. */
static void
in_use(const struct screen *s, const char *field, struct buf *b)
{
	struct json_object *cert = jsonx_path(s->view, "certificate");
	struct json_object *pair, *part;
	size_t i, j;

	for (i = 0; (pair = cert_of(cert, i)) != NULL; i++)
		for (j = 0; (part = part_at(pair, field, j)) != NULL; j++)
			say_part(b, part, field_is_key(field));
}

/* Does a Save of the draft put this certificate or key in that field's place?
 * Before there is a pair, a file's key and its kind of certificate do. */
static bool
is_part(struct json_object *plan, const char *field, struct json_object *one)
{
	const char *id = field_is_key(field) ? "spki_sha256" : "sha256";
	struct json_object *pair, *part;
	size_t i, j;

	if (plan == NULL)
		return field_is_key(field) ||
		       jsonx_path_bool(one, "is_ca") ==
			   (strcmp(field, "ca_certificate") == 0);
	for (i = 0; (pair = cert_of(plan, i)) != NULL; i++)
		for (j = 0; (part = part_at(pair, field, j)) != NULL; j++)
			if (strcmp(jsonx_path_str(part, id, ""),
				jsonx_path_str(one, id, "-")) == 0)
				return true;
	return false;
}

/* What files of other fields bring for this one; *name: of the first. */
static void
brought(
    const struct screen *s, const char *field, struct buf *b, const char **name)
{
	struct json_object *files = jsonx_path(s->view, "draft.files");
	struct json_object *plan =
	    jsonx_path(s->view, "draft.report.certificate");
	struct json_object *list, *one;
	char path[64];
	size_t i, j;

	for (i = 0; i < sizeof(file_fields) / sizeof(file_fields[0]); i++) {
		if (jsonx_path(files, file_fields[i]) == NULL)
			continue;
		snprintf(path, sizeof(path), "draft.report.files.%s.%s",
		    file_fields[i],
		    field_is_key(field) ? "keys" : "certificates");
		list = jsonx_path(s->view, path);
		for (j = 0; j < jsonx_len(list); j++) {
			one = json_object_array_get_idx(list, j);
			if (!is_part(plan, field, one))
				continue;
			say_part(b, one, field_is_key(field));
			if (*name == NULL)
				*name = jsonx_path_str(
				    jsonx_path(files, file_fields[i]), "name",
				    "");
		}
	}
}

/* Keys that a Save takes into use and that no file brings: made here. */
static void
made_here(const struct screen *s, struct buf *b)
{
	static const char field[] = "private_key";
	struct json_object *cert = jsonx_path(s->view, "certificate");
	struct json_object *plan =
	    jsonx_path(s->view, "draft.report.certificate");
	struct json_object *found =
	    jsonx_path(s->view, "draft.report.findings");
	struct json_object *pair, *key;
	size_t i;

	/* The facts of a certificate alone have a key as well. */
	if (!findings_have(found, "key.pending"))
		return;
	for (i = 0; (pair = cert_of(plan, i)) != NULL; i++)
		if ((key = part_at(pair, field, 0)) != NULL &&
		    (cert == NULL || !is_part(cert, field, key)))
			say_part(b, key, true);
}

static void
put_file_state(const struct screen *s, struct json_object *o, const char *field,
    struct json_object *pending, bool bad, bool decide)
{
	struct json_object *args = json_object_new_object();
	const char *kind = "empty", *text = "file.state.none";
	const char *name = jsonx_path_str(pending, "name", NULL);
	struct buf what;

	buf_init(&what, WHAT_MAX);
	if (pending == NULL)
		brought(s, field, &what, &name);
	if (pending == NULL && name == NULL && field_is_key(field))
		made_here(s, &what);
	if (pending != NULL && bad) {
		kind = "refused";
		text = "file.state.refused";
	} else if (pending != NULL && decide) {
		kind = "decide";
		text = "file.state.decide";
	} else if (pending != NULL) {
		kind = "new";
		text = "file.state.new";
	} else if (what.len > 0) {
		kind = "new";
		text = name != NULL ? "file.state.brought" : "file.state.made";
	} else {
		in_use(s, field, &what);
		if (what.len > 0) {
			kind = "stored";
			text = *screen_unused(s) != '\0' ? "file.state.kept"
							 : "file.state.stored";
		}
	}
	put_str(args, "what", what.len > 0 ? what.data : "");
	put_str(args, "name", name != NULL ? name : "");
	put_str(o, "state_kind", kind);
	put_text(&s->page, o, "state_text", text, args);
	json_object_put(args);
	buf_clear(&what);
}

static void
contents_add(const struct screen *s, struct json_object *list, const char *text,
    size_t i, size_t n, struct json_object *facts)
{
	struct json_object *o = json_object_new_object(), *args;

	put_str(o, "title", "");
	if (n > 1) {
		args = json_object_new_object();
		put_int(args, "n", (int64_t)i + 1);
		put_int(args, "of", (int64_t)n);
		put_text(&s->page, o, "title", text, args);
		json_object_put(args);
	}
	json_object_object_add(o, "facts", facts);
	json_object_array_add(list, o);
}

/* What was found in the file that waits for Save. */
static struct json_object *
contents_of(const struct screen *s, struct json_object *file)
{
	struct json_object *list = json_object_new_array();
	struct json_object *certs = jsonx_path(file, "certificates");
	struct json_object *keys = jsonx_path(file, "keys"), *one;
	size_t i, n;

	n = jsonx_len(certs);
	for (i = 0; i < n; i++) {
		one = json_object_array_get_idx(certs, i);
		contents_add(s, list, "file.certificate_of", i, n,
		    facts_of_cert(&s->page, one));
	}
	n = jsonx_len(keys);
	for (i = 0; i < n; i++) {
		one = json_object_array_get_idx(keys, i);
		contents_add(
		    s, list, "file.key_of", i, n, facts_of_key(&s->page, one));
	}
	return list;
}

static struct json_object *
file_row(const struct screen *s, const char *field, bool *asked)
{
	struct json_object *o = json_object_new_object(), *rows;
	struct json_object *pending, *report;
	bool bad = false, ask, ca = strcmp(field, UPLOAD_CLIENT_CA) == 0;
	char path[64], key[64];

	snprintf(path, sizeof(path), "draft.%s%s", ca ? "" : "files.", field);
	pending = jsonx_path(s->view, path);
	snprintf(path, sizeof(path), "draft.report.files.%s", field);
	report = pending != NULL ? jsonx_path(s->view, path) : NULL;
	rows = findings_at(s, field, &bad);
	ask = !*asked && (findings_have(rows, "key.encrypted") ||
			     findings_have(rows, "key.passphrase_wrong"));
	*asked = *asked || ask;
	put_str(o, "field", field);
	put_str(o, "label", page_text(&s->page, field_label(field)));
	snprintf(key, sizeof(key), "file.%s_help", field);
	put_str(o, "help", page_text(&s->page, key));
	put_bool(o, "bad", bad);
	put_bool(o, "pending", pending != NULL);
	put_bool(o, "passphrase", ask);
	put_file_state(s, o, field, pending, bad, findings_undecided(rows));
	put_conflict_of_files(s, o, field);
	json_object_object_add(o, "findings", rows);
	json_object_object_add(o, "contents", contents_of(s, report));
	return o;
}

/* Of the console's own CAs the first to end; false: there are none. */
static bool
put_client_ca_now(const struct screen *s, struct json_object *o)
{
	struct json_object *all = jsonx_path(s->view, "by_name"), *row, *args;
	char date[11];
	bool any = false;
	size_t i;

	for (i = 0; i < jsonx_len(all); i++) {
		row = json_object_array_get_idx(all, i);
		if (strcmp(jsonx_path_str(row, "use", ""), UPLOAD_CLIENT_CA) !=
		    0)
			continue;
		any = true;
		args = json_object_new_object();
		date_of(jsonx_path_str(row, "not_after", ""), date);
		put_str(args, "name", jsonx_path_str(row, "subject", ""));
		put_str(args, "date", date);
		put_text(&s->page, o, "now", "client_ca.now", args);
		json_object_put(args);
	}
	return any;
}

/* CAs for clients' certificates, where these are asked for. */
static void
put_client_ca(const struct screen *s, struct json_object *ctx)
{
	bool asked = true; /* for a passphrase: there is no key */
	struct json_object *o = file_row(s, UPLOAD_CLIENT_CA, &asked);
	bool waits = jsonx_path_bool(o, "pending");
	bool shown = put_client_ca_now(s, o) || waits ||
		     jsonx_path_bool(o, "bad") ||
		     screen_wanted(s, settings_by_form("ccert")) != NULL;

	if (!waits) {
		put_str(o, "state_kind", "");
		put_str(o, "state_text",
		    jsonx_path_str(
			o, "now", page_text(&s->page, "client_ca.none")));
	}
	put_bool(o, "authorities", true);
	put_bool(o, "changed", waits);
	if (shown)
		json_object_array_add(jsonx_path(ctx, "card.control"), o);
	else
		json_object_put(o);
}

void
screen_form(const struct screen *s, struct json_object *ctx)
{
	struct json_object *list = json_object_new_array();
	bool asked = false;
	bool usable = json_object_get_boolean(jsonx_path(s->view, "usable"));
	int64_t until;
	size_t i;

	put_str(ctx, "etag", jsonx_path_str(s->view, "etag", ""));
	put_was_certificate(s, ctx);
	put_bool(ctx, "disabled", !usable);
	put_apply(s, ctx);
	put_str(ctx, "note_text",
	    s->note != NULL ? s->note
			    : jsonx_path_str(s->view, "draft.note", ""));
	put_bool(ctx, "note_wrong", s->failed && s->err.code == ERR_NOTE);
	screen_settings(s, ctx);
	put_client_ca(s, ctx);
	screen_chosen(s, ctx);
	for (i = 0; i < sizeof(file_fields) / sizeof(file_fields[0]); i++)
		json_object_array_add(
		    list, file_row(s, file_fields[i], &asked));
	json_object_object_add(ctx, "files", list);
	screen_sections(s, ctx);
	put_str(ctx, "minutes", "");
	if ((screen_has_files(s) ||
		jsonx_path(s->view, "draft.client_ca") != NULL) &&
	    time_parse(jsonx_path_str(s->view, "draft.expires_at", NULL),
		&until) == 0 &&
	    until > (int64_t)time(NULL))
		put_int(
		    ctx, "minutes", (until - (int64_t)time(NULL) + 59) / 60);
}
