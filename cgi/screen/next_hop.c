/*
 * next_hop.c - the way out, tried: one destination as Postfix's client would meet
 * it by main.cf as it stands.  The button is one of the form's, so nothing
 * that was filled in is lost by it.
 */
#include <stdio.h>
#include <string.h>

#include "jsonx.h"
#include "localise.h"
#include "parts.h"

int
screen_test_hop(struct screen *s)
{
	const char *name = fields_str(&s->page.req->form, "next_hop", "");
	struct json_object *args = json_object_new_object(), *data = NULL;

	name += strspn(name, " ");
	if (*name != '\0') /* else relayhost */
		json_object_object_add(args, "next_hop",
		    json_object_new_string_len(
			name, (int)strcspn(name, " ")));
	if (screen_call(s, OP_CONNECTION_TEST, args, &data) == -1)
		return -1;
	s->hop = json_object_get(jsonx_path(data, "hop"));
	json_object_put(data);
	return 0;
}

static void
put_sentence(const struct page *p, struct json_object *o,
    struct json_object *hop, bool seen)
{
	struct json_object *args = NULL;
	char key[64];

	if (json_object_deep_copy(hop, &args, NULL) == -1)
		return;
	snprintf(key, sizeof(key), "hop.reason.%.24s",
	    jsonx_path_str(hop, "reason", "failed"));
	if (!seen)
		put_str(args, "why", page_text(p, key));
	if (jsonx_path(hop, "level") == NULL)
		put_str(args, "level", "-");
	if (!seen)
		put_text(p, o, "text", "hop.not_seen", args);
	else
		put_error(p, o, "text",
		    jsonx_path_bool(hop, "tls") ? "hop.seen" : "hop.plaintext",
		    hop);
	json_object_put(args);
}

void
screen_hop(const struct screen *s, struct json_object *ctx)
{
	const struct page *p = &s->page;
	bool wrong = strcmp(s->err.field, "next_hop") == 0;
	const char *state = jsonx_path_str(s->job, "state", "");
	struct json_object *o = NULL;
	const char *kind;
	bool seen;

	put_str(ctx, "next_hop", fields_str(&p->req->form, "next_hop", ""));
	/* At first sight, and beside a Save that goes on or went wrong, other
	 * things come first. */
	put_bool(ctx, "hop_form",
	    jsonx_path(s->view, "generation.id") != NULL &&
		(s->job == NULL || strcmp(state, "applied") == 0 ||
		    strcmp(state, "unchanged") == 0));
	put_bool(ctx, "hop_open", s->hop != NULL || wrong);
	if (s->hop != NULL) {
		seen = strcmp(jsonx_path_str(s->hop, "state", ""), "seen") == 0;
		kind = !seen				? "error"
		       : jsonx_path_bool(s->hop, "tls") ? "ok"
							: "warn";
		o = json_object_new_object();
		put_sentence(p, o, s->hop, seen);
		put_str(o, "severity", kind);
		put_icon(o, kind);
		put_str(o, "detail",
		    seen ? "" : jsonx_path_str(s->hop, "detail", ""));
		put_str(o, "transport", "");
		if (jsonx_path(s->hop, "transport") != NULL)
			put_text(p, o, "transport", "hop.transport", s->hop);
	}
	json_object_object_add(ctx, "hop", o);
}
