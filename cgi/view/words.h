/*
 * words.h - settings, lists, certificates, keys and steps in words, for every
 * page that shows them.
 */
#ifndef POSTSEAL_WORDS_H
#define POSTSEAL_WORDS_H

#include "page.h"
#include "settings_table.h"

struct settings_field;

/* list_diff.c */
/* {text, lines: [{kind, text}], more} of two lists of strings; NULL when they
 * hold the same. */
struct json_object *list_diff(
    const struct page *, struct json_object *before, struct json_object *after);
/* The same, without the text, of the lines alone. */
struct json_object *list_lines(
    struct json_object *removed, struct json_object *added);
/* "1 entry", "10,000 entries" */
void put_entries(
    const struct page *, struct json_object *, const char *key, size_t n);

/* setting_words.c */
/* The text "setting.NAME" and tail, or NULL. */
const char *setting_text(
    const struct page *, const struct settings_field *, const char *tail);
/* A word of a choice. */
const char *setting_word(
    const struct page *, const struct settings_field *, const char *word);
/* Its name in a list of what changed. */
/* What an unset one comes to: ".unset", or "as Postfix has it". */
const char *setting_unset(const struct page *, const struct settings_field *);
const char *setting_short(const struct page *, const struct settings_field *);
/* Its value in words; NULL is "as Postfix has it". */
void put_setting(const struct page *, struct json_object *, const char *key,
    const struct settings_field *, struct json_object *value);
/* [{label, value}] of those that the console manages. */
struct json_object *managed_rows(
    const struct page *, struct json_object *settings);

/* label.c */
/* A field of the form: the text key of its label; NULL if none. */
const char *field_label(const char *field);

/* cert_words.c */
/* {"rows": [{label, value, mono, note}]} of a CERTINFO or a KEYINFO. */
struct json_object *facts_of_cert(const struct page *, struct json_object *);
/* o.names: the first max names of a certificate, and how many more. */
#define NAMES_SHOWN 4
void put_names(const struct page *, struct json_object *o,
    struct json_object *cert, size_t max);
/* "gone", "soon" or "fresh": of a leaf, or of a row of "by_name" (VIEW). */
const char *cert_life(struct json_object *leaf);
/* A host's name as it is; what a use without names is called. */
const char *cert_call(const struct page *, const char *name);
/* Why no client gets the certificate of this row of VIEW's "by_name"; NULL:
 * they do, or it is not known. */
const char *cert_unused(const struct page *, struct json_object *view,
    struct json_object *row);
struct json_object *facts_of_key(const struct page *, struct json_object *);
/* The steps of a JOB or RESULT made ready for partial "_steps"; with all ten
 * when the job runs. */
struct json_object *steps_rows(
    const struct page *, struct json_object *, bool all);
#endif
