/*
 * page.h - what the pages share: small writers for the template context,
 * and the parts of the Connection screen.
 *
 * A context is a JSON object built for one reply.  Because Mustache looks
 * outwards for a name that an inner object lacks, every object sets all the
 * names that its template asks for, "" or false included.
 * Running out of memory in a writer leaves the name out; the page then lacks
 * a word, and the frame's own allocations fail the request properly.
 */
#ifndef POSTSEAL_PAGE_H
#define POSTSEAL_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "app.h"
#include "ops.h"

#define PATH_SCANNERS	"/smtp-routing/scanners"
#define PATH_CONNECTION "/smtp-routing/connection"
#define PATH_JOB	PATH_CONNECTION "/job/"
#define PATH_HISTORY	"/smtp-routing/history"
#define PATH_ACCESS	"/access"
#define PATH_AUDIT	"/audit"
#define PATH_GUIDE	"/guide"
#define PATH_KEYS	"/smtp-routing/keys"

struct page {
	struct app *app;
	struct request *req;
};

void put_str(struct json_object *, const char *key, const char *);
void put_bool(struct json_object *, const char *key, bool);
void put_int(struct json_object *, const char *key, int64_t);
/* The flags that partial "_icon" reads: "ok", "info", "warn", "error". */
void put_icon(struct json_object *, const char *kind);
/* A text of the catalog, with {placeholders} from args (borrowed, may be
 * NULL). */
void put_text(const struct page *, struct json_object *, const char *key,
    const char *text, struct json_object *args);
/* The sentence of a code. */
void put_error(const struct page *, struct json_object *, const char *key,
    const char *code, struct json_object *args);
/* The same as put_text as a new string, for arrays. */
struct json_object *new_text(
    const struct page *, const char *text, struct json_object *args);
const char *page_text(const struct page *, const char *text);
/* "at": the ISO time, "at_text": readable in UTC, "ago": relative. */
void put_time(const struct page *, struct json_object *, const char *iso);
/* "2026-11-24" of an ISO time, or "". */
void date_of(const char *iso, char dst[11]);
int time_parse(const char *iso, int64_t *ret);

/* Path of our own that a form may send the browser back to? */
bool path_is_ours(const char *);

/* One load of the Connection screen. */
struct screen {
	struct page page;
	struct json_object *view;     /* VIEW, owned */
	struct json_object *job;      /* JOB or NULL, owned */
	struct json_object *preview;  /* RESULT or NULL, owned */
	struct json_object *patch;    /* asked for by this form; owned */
	struct json_object *confirm;  /* array of codes, owned */
	struct json_object *scanners; /* names that were chosen, owned */
	struct json_object *problem;  /* ERROR of this request, owned */
	struct err err;		      /* the same, as code */
	bool failed;		      /* *err and problem hold */
	char apply[16];		      /* "", "restart", "reload" */
	char unchosen[32];	      /* Upload without a file */
	bool restoring;		      /* about Restore, not about the form */
	const char *anchor; /* then: where errors are put right, or NULL */
};

void screen_init(struct screen *, struct app *, struct request *);
void screen_clear(struct screen *);
/* One request to postseald; on failure s->err and s->problem say why. */
int screen_call(struct screen *, const char *op, struct json_object *args,
    struct json_object **data);
struct json_object *screen_args(const struct screen *); /* {"draft": ID} */
/* Arguments of connection.apply: what the form, or the draft, asks for. */
struct json_object *screen_apply_args(const struct screen *);
/* A copy of SETTINGS into arguments. */
int screen_put_settings(struct json_object *args, struct json_object *settings);
int screen_load(struct screen *, bool probe);
/* page_chosen.c: which hosts, when "Apply to all" is not ticked */
void screen_chosen_read(struct screen *, const struct fields *);
/* The names into arguments; none: as an empty list, or not at all. */
void screen_put_chosen(
    const struct screen *, struct json_object *args, bool none);
void screen_chosen(const struct screen *, struct json_object *ctx);
void screen_chosen_lines(const struct screen *, struct json_object *hosts,
    struct json_object *lines);
/* Add the codes of "a.b,c.d" to s->confirm; what is no code is left out. */
void screen_confirm(struct screen *, const char *list);
bool screen_is_job(const char *id);
int screen_render(struct screen *, struct reply *, int status, struct err *);
/* 303 to the screen, with a query ("" or "a=b") and an anchor ("" or "id"). */
int screen_back(const struct screen *, struct reply *, const char *query,
    const char *anchor, struct err *);
/* 303 to the screen with that job, or to its progress when not waited for. */
int screen_to_job(const struct screen *, struct reply *, const char *id,
    bool wait, struct err *);
/* Ask for a change in two steps: first without doing it, so that a refusal
 * comes back here with its findings (-1); then for good, 303 to its progress.
 * args: without "confirm", "dry_run", "wait"; taken over. */
int screen_change(struct screen *, struct reply *, const char *op,
    struct json_object *args, struct err *);
/* The screen again, with the reason in s->err and s->problem on it. */
int screen_refused(struct screen *, struct reply *, struct err *);
/* page_press.c: a POST of the form. */
int screen_press(struct app *, struct request *, struct reply *, struct err *);

/* page_events.c: the JOB in s->job, and each of its states from now on, as
 * events; 204 when there is no room for one more. */
int screen_events(struct screen *, struct reply *, const char *id);
int screen_job(struct screen *, const char *id); /* into s->job */

/* Parts of the context; each adds its members to ctx. */
void screen_state(const struct screen *, struct json_object *ctx);
void screen_sandbox(const struct screen *, struct json_object *ctx);
void screen_form(const struct screen *, struct json_object *ctx);
/* page_interface.c: SMTP Interface and Connection Control. */
void screen_interface(const struct screen *, struct json_object *ctx);
bool screen_interface_differs(const struct screen *);
/* {text, lines: [{kind, text}], more} of two lists of strings; NULL when they
 * hold the same. */
struct json_object *list_diff(
    const struct page *, struct json_object *before, struct json_object *after);
/* "1 entry", "10,000 entries" */
void put_entries(
    const struct page *, struct json_object *, const char *key, size_t n);
/* The text key of a setting below interface or access, or NULL. */
const char *setting_label(const char *path);
/* Its value in words; NULL is "as Postfix has it". */
void put_setting(const struct page *, struct json_object *, const char *key,
    const char *path, struct json_object *value);
/* [{label, value}] of those that the console manages. */
struct json_object *managed_rows(
    const struct page *, struct json_object *settings);
/* The same of what is in force and what is asked for. */
struct json_object *screen_list_diff(const struct screen *);
/* The same, without the text, of the lines alone. */
struct json_object *list_lines(
    struct json_object *removed, struct json_object *added);
/* Findings of every source that name the field; *bad when one is an error. */
struct json_object *findings_at(
    const struct screen *, const char *field, bool *bad);
void screen_outcome(const struct screen *, struct json_object *ctx);
void screen_preview(const struct screen *, struct json_object *ctx);
void screen_drift(const struct screen *, struct json_object *ctx);
/* "inbound", "outbound": {kind, word, text} of SETTINGS; probe may be NULL. */
void screen_levels(const struct page *, struct json_object *ctx,
    struct json_object *settings, struct json_object *probe);
/* "certificate" of a CERT, or NULL when it has no leaf. */
void screen_certificate(
    const struct page *, struct json_object *ctx, struct json_object *cert);
/* "probe" of a probe result, or NULL. */
void screen_probe(
    const struct page *, struct json_object *ctx, struct json_object *probe);
/* FINDINGs above info, and those about the apply itself; a decision is asked
 * for once a code, with a box of the
 * form whose id is given ("connection" is the form of the screen). */
struct json_object *finding_rows(
    const struct screen *, struct json_object *findings, const char *form);
/* A unified diff as {"lines": [{kind, text}]}, or NULL. */
struct json_object *diff_lines(const char *diff);
/* Postfix's lines as {"text"}, or NULL. */
struct json_object *log_text(struct json_object *lines);
/* The outage: {"seconds": "0.8"}; of the texts for none, for less than a
 * tenth of a second and for more that which says it. */
const char *put_outage(
    struct json_object *, int64_t ms, const char *const texts[3]);
/* What a GEN changed, as words. */
struct json_object *gen_what(const struct page *, struct json_object *gen);
/* "192.0.2.1, API" */
void put_origin(
    const struct page *, struct json_object *, struct json_object *gen);
/* A link into one of our lists: path?name=value&...; empty values are left
 * out. */
struct pair {
	const char *name, *value;
};
void put_link(struct json_object *, const char *key, const char *path,
    const struct pair *, size_t n);
/* {"value", "label", "selected"} into a list of options. */
void option_add(struct json_object *list, const char *value, const char *label,
    const char *chosen);
/* page_compare.c */
int compare_render(struct screen *, struct reply *, struct json_object *diff,
    struct json_object *others, struct err *);
/* Other generations to choose from; but: left out. */
struct json_object *generation_options(
    const struct page *, struct json_object *list, int64_t but, int64_t chosen);
/* {"rows": [{label, value, mono, note}]} of a CERTINFO or a KEYINFO. */
struct json_object *facts_of_cert(const struct page *, struct json_object *);
struct json_object *facts_of_key(const struct page *, struct json_object *);
/* A FINDING made ready for partial "_finding". */
struct json_object *finding_row(const struct screen *, struct json_object *);
/* The steps of a JOB or RESULT made ready for partial "_steps"; with all ten
 * when the job runs. */
struct json_object *steps_rows(
    const struct page *, struct json_object *, bool all);
bool is_confirmed(const struct screen *, const char *code);
/* Field names of the form, and the text key of their label; NULL if none. */
const char *field_label(const char *field);

#endif
