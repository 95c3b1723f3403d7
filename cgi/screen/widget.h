/*
 * widget.h - the settings of the Connection screen one by one: their widgets,
 * what is asked for, and the rows that they stand in.
 */
#ifndef POSTSEAL_WIDGET_H
#define POSTSEAL_WIDGET_H

#include "screen.h"
#include "settings_table.h"

/* widget.c */
/* "card": {CARD: [widget]}, for partial "_setting". */
void screen_settings(const struct screen *, struct json_object *ctx);
/* Asked for just now, kept in the draft, or in force; NULL: left to Postfix. */
struct json_object *screen_wanted(
    const struct screen *, const struct settings_field *);
/* Is that another than what is in force? */
bool screen_differs(const struct screen *, const struct settings_field *);

/* list_diff, with "label", of each list in force and as it is asked for. */
struct json_object *screen_list_diffs(const struct screen *);
/* sections.c: "sections", "pending", "waits": after form.c. */
void screen_sections(const struct screen *, struct json_object *ctx);

#endif
