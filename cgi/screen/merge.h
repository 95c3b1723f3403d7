/*
 * merge.h - this form and what others changed meanwhile.
 *
 * A form is compared with what is in force each time it is sent and each time
 * it is shown; screen_load comes first.  Fields of the page are SETTINGs and,
 * as SETTINGS_FILES, the certificate.
 */
#ifndef POSTSEAL_MERGE_H
#define POSTSEAL_MERGE_H

#include "screen.h"
#include "settings_table.h"

/* merge.c */
/* s->patch from all that the form shows to what it changes in what is in
 * force now, with s->was and s->also. */
int screen_merge(struct screen *);
/* What waits for Save: of this form, else of the draft. */
struct json_object *screen_pending(const struct screen *);
/* Of that, what somebody else changed meanwhile. */
settings_mask screen_conflicts(const struct screen *);
/* The person has chosen; "theirs" of the files is to remove them. */
void screen_settle(struct screen *, const char *field, bool mine);
/* Does a file of the certificate wait in the draft? */
bool screen_has_files(const struct screen *);
/* Do files wait that the page of this form has not shown?  A form that says
 * nothing of them is not asked. */
bool screen_unseen_files(const struct screen *);
void screen_put_was(const struct screen *, struct json_object *args);
bool screen_has_was(const char *field); /* "was_NAME" of the form */
/* "was", "was_certificate", "was_files": what the form is drawn from. */
void put_was(const struct screen *, struct json_object *o,
    const struct settings_field *);
void put_was_certificate(const struct screen *, struct json_object *ctx);
/* The switch that it means something with, or "". */
const char *setting_master(const struct settings_field *);

/* lists.c */
/* base with what mine changed in it and what theirs did; owned. */
struct json_object *list_merge(struct json_object *base,
    struct json_object *mine, struct json_object *theirs);
/* As the generation of the form's ETag has it; owned, NULL: it is gone. */
struct json_object *list_of_etag(
    struct screen *, const struct settings_field *);

/* others.c: in words, with who and when; by s->conflicts and s->also */
/* "mx.example.jp (RSA 3072), until 2027-01-24", one for each algorithm. */
void put_certificates(const struct screen *, struct json_object *o,
    const char *key, struct json_object *cert);
void screen_load_history(struct screen *);
void screen_also(const struct screen *, struct json_object *ctx);
/* "conflict": {field, label, who, at, text, theirs, mine, diff}, or NULL. */
void put_conflict(const struct screen *, struct json_object *ctx,
    const struct settings_field *);
void put_conflict_of_files(
    const struct screen *, struct json_object *ctx, const char *field);

#endif
