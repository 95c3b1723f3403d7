/*
 * page.h - what the pages share: small writers for the template context.
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

#include "auth.h"
#include "localise.h"
#include "ops.h"

#define PATH_SCANNERS	"/smtp-routing/scanners"
#define PATH_CONNECTION "/smtp-routing/connection"
#define PATH_JOB	PATH_CONNECTION "/job/"
#define PATH_HISTORY	"/smtp-routing/history"
#define PATH_AUDIT_CSV	"/audit.csv"
#define PATH_ACCESS	"/access"
#define PATH_USERS	PATH_ACCESS "/users"
#define PATH_TOKENS	PATH_ACCESS "/tokens"
#define PATH_SESSIONS	PATH_ACCESS "/sessions"
#define PATH_AUDIT	"/audit"
#define PATH_GUIDE	"/guide"
#define PATH_KEYS	"/smtp-routing/keys"

struct page {
	struct app *app;
	struct request *req;
};

/* Render NAME.html with ctx into the reply (text/html,
 * no-store, CSP).  The frame adds to ctx: lang, languages, t (lambda-free
 * texts: {{t.key}}), user, csrf, nav, path. */
int	page_render(struct app *, struct request *, struct reply *,
	    int status, const char *name, struct json_object *ctx,
	    struct err *);

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
/* "detail": args.detail, unless it stands in what is said (put_error); for the
 * partial "_detail", which has it for English readers as it is. */
void put_detail(
    struct json_object *, const char *said, struct json_object *args);
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

#endif
