/*
 * finding.h - FINDINGs as rows of words for the screen, with the box that
 * confirms one.
 */
#ifndef POSTSEAL_FINDING_H
#define POSTSEAL_FINDING_H

#include "screen.h"

/* FINDINGs above info, and those about the apply itself; a decision is asked
 * for once a code, with a box of the form whose id is given ("connection" is
 * the form of the screen). */
struct json_object *finding_rows(
    const struct screen *, struct json_object *findings, const char *form);
/* The same, and what is merely good to know. */
struct json_object *finding_rows_all(
    const struct screen *, struct json_object *findings, const char *form);
/* Findings of every source that name the field; *bad when one is an error. */
struct json_object *findings_at(
    const struct screen *, const char *field, bool *bad);
/* Is one of these rows of that code?  Is one still to be decided? */
bool findings_have(struct json_object *rows, const char *code);
bool findings_undecided(struct json_object *rows);
bool is_confirmed(const struct screen *, const char *code);
/* "unwritable" of an answer with "audit"; not known is not broken. */
void screen_audit(
    const struct page *, struct json_object *ctx, struct json_object *answer);

#endif
