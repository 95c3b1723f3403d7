/*
 * parts.h - the parts of the Connection screen, some of which other pages show
 * too.  Each adds its members to ctx.
 */
#ifndef POSTSEAL_PARTS_H
#define POSTSEAL_PARTS_H

#include "screen.h"
#include "words.h"

/* state.c */
void screen_state(const struct screen *, struct json_object *ctx);
/* welcome.c: "welcome", before the first Save. */
void screen_welcome(const struct screen *, struct json_object *ctx);
/* "inbound", "outbound": {kind, word, text} of SETTINGS; probe may be NULL. */
void screen_levels(const struct page *, struct json_object *ctx,
    struct json_object *settings, struct json_object *probe);
/* "probe" of a probe result, or NULL. */
void screen_probe(
    const struct page *, struct json_object *ctx, struct json_object *probe);
/* next_hop.c: try the destination of this form, into s->hop; "next_hop",
 * "hop_open", "hop" */
int screen_test_hop(struct screen *);
void screen_hop(const struct screen *, struct json_object *ctx);
/* certificate.c */
/* "certificate": one of each algorithm of a CERT that has a leaf. */
void screen_certificate(
    const struct page *, struct json_object *ctx, struct json_object *cert);
/* Of the certificates that clients get, the one that ends first, or NULL. */
struct json_object *oldest_leaf(struct json_object *cert);
/* Why no client gets the certificate in force; "": they do. */
const char *screen_unused(const struct screen *);
/* sandbox_view.c */
void screen_sandbox(const struct screen *, struct json_object *ctx);

/* form.c */
void screen_form(const struct screen *, struct json_object *ctx);
/* others.c: "mine": the certificate that waits, or its files. */
void screen_own_certificate(const struct screen *, struct json_object *);

/* pasted.c: text that was pasted beside a field without a file is its file. */
int screen_take_pasted(struct screen *, struct fields *form);

/* chosen.c: which hosts, when "Apply to all" is not ticked */
void screen_chosen_read(struct screen *, const struct fields *);
/* The names into arguments; none: as an empty list. */
void screen_put_chosen(const struct screen *, struct json_object *args);
void screen_chosen(const struct screen *, struct json_object *ctx);
void screen_chosen_lines(const struct screen *, struct json_object *hosts,
    struct json_object *lines);

/* errors.c: "errors" */
void screen_errors(const struct screen *, struct json_object *ctx);
/* A refused Save that is told by its errors alone. */
bool screen_told_as_errors(const struct screen *);

/* outcome.c */
void screen_outcome(const struct screen *, struct json_object *ctx);
/* preview.c: gen is the one that would be restored; NULL: of the form */
void screen_preview(
    const struct screen *, struct json_object *gen, struct json_object *ctx);
/* A unified diff as {"lines": [{kind, text}]}, or NULL. */
struct json_object *diff_lines(const char *diff);
/* Postfix's lines as {"text"}, or NULL. */
struct json_object *log_text(struct json_object *lines);
/* What became of the running Postfix (RESULT or GEN), and for how long nobody
 * was served. */
struct json_object *how_text(const struct page *, struct json_object *result);

#endif
