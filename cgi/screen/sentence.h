/*
 * sentence.h - whether the gateway encrypts, and what is not known of it.
 */
#ifndef POSTSEAL_SENTENCE_H
#define POSTSEAL_SENTENCE_H

#include "screen.h"

/* sentence.c: "sentence": {kind, unknown, text}, after all other parts. */
void screen_sentence(const struct screen *, struct json_object *ctx);
/* Why what VIEW has set may not be what happens: a text, or NULL. */
const char *screen_inbound_doubt(struct json_object *view);
const char *screen_outbound_doubt(struct json_object *view);

#endif
