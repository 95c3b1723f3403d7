/*
 * history.h - between the pages of the history: its list, a generation, and
 * two of them side by side.
 */
#ifndef POSTSEAL_HISTORY_H
#define POSTSEAL_HISTORY_H

#include "finding.h"
#include "parts.h"

/* gen_words.c */
/* What a GEN changed, as words. */
struct json_object *gen_what(const struct page *, struct json_object *gen);
/* Certificates by name that came, went or were renewed, as words; the first
 * max of them. */
void add_names(const struct page *, struct json_object *names, size_t max,
    struct json_object *list);
/* history.c */
/* "192.0.2.1, API" */
void put_origin(
    const struct page *, struct json_object *, struct json_object *gen);
/* "Generation 7"; 0 is what stood before the first. */
void put_generation_name(
    const struct page *, struct json_object *, const char *name, int64_t id);
/* Other generations to choose from, out of generations.list; but: left out. */
struct json_object *generation_options(
    const struct page *, struct json_object *all, int64_t but, int64_t chosen);
/* audit_words.c */
/* o gets "said", the sentence of a line of the audit log; "" when its event is
 * none of ours.  gens: answer of generations.list, or NULL. */
void audit_say(const struct page *, struct json_object *o,
    struct json_object *line, struct json_object *gens);
/* compare.c */
int compare_render(struct screen *, struct reply *, struct json_object *diff,
    struct json_object *others, struct err *);

#endif
