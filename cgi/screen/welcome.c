/*
 * welcome.c - first sight: what this Postfix does before the console has
 * changed anything, each sentence with where it was seen, and the two ways on.
 */
#include "certname.h"
#include "finding.h"
#include "jsonx.h"
#include "parts.h"

static void
add_line(const struct page *p, struct json_object *lines, const char *text,
    const char *source, struct json_object *args)
{
	struct json_object *o = json_object_new_object();

	put_text(p, o, "text", text, args);
	put_str(o, "source", page_text(p, source));
	json_object_array_add(lines, o);
}

static void
add_inbound(const struct page *p, struct json_object *lines,
    struct json_object *view, struct json_object *args)
{
	bool on = jsonx_path_bool(view, "settings.inbound.enabled");
	bool only = jsonx_path_bool(view, "settings.inbound.tls_only");
	bool known = jsonx_path(view, "certificate.leaf") != NULL;

	add_line(p, lines,
	    !on	     ? "welcome.in_off"
	    : !known ? "welcome.in_no_certificate"
	    : only   ? "welcome.in_required"
		     : "welcome.in_offered",
	    "welcome.read", args);
}

static void
add_own(const struct page *p, struct json_object *o, struct json_object *own)
{
	struct json_object *rows = json_object_new_array(), *row, *from;
	size_t i;

	for (i = 0; i < jsonx_len(own); i++) {
		from = json_object_array_get_idx(own, i);
		row = json_object_new_object();
		put_str(
		    row, "parameter", jsonx_path_str(from, "parameter", ""));
		put_str(row, "value", jsonx_path_str(from, "value", ""));
		json_object_array_add(rows, row);
	}
	put_bool(o, "has_own", jsonx_len(own) > 0);
	json_object_object_add(o, "own", rows);
}

void
screen_welcome(const struct screen *s, struct json_object *ctx)
{
	const struct page *p = &s->page;
	struct json_object *view = s->view, *o, *lines, *args, *leaf, *own;
	bool out = jsonx_path_bool(view, "settings.outbound.enabled");
	bool in = jsonx_path_bool(view, "settings.inbound.enabled");
	char date[11];

	if (jsonx_path(view, "generation.id") != NULL ||
	    !jsonx_path_bool(view, "usable")) {
		json_object_object_add(ctx, "welcome", NULL);
		return;
	}
	o = json_object_new_object();
	lines = json_object_new_array();
	args = json_object_new_object();
	leaf = jsonx_path(view, "certificate.leaf");
	own = jsonx_path(view, "own");
	date_of(jsonx_path_str(leaf, "not_after", NULL), date);
	put_str(args, "host", jsonx_path_str(view, "host", ""));
	put_str(args, "name", cert_name(leaf));
	put_str(args, "date", date);
	put_int(args, "count", (int64_t)jsonx_len(own));
	add_inbound(p, lines, view, args);
	add_line(p, lines, out ? "welcome.out_on" : "welcome.out_off",
	    "welcome.read", args);
	if (jsonx_len(own) > 0)
		add_line(p, lines, "welcome.own", "welcome.read", args);
	json_object_object_add(o, "lines", lines);
	add_own(p, o, own);
	put_bool(o, "can_adopt", in || out || jsonx_len(own) > 0);
	json_object_object_add(o, "notes",
	    finding_rows(s,
		s->failed && s->restoring ? jsonx_path(s->problem, "findings")
					  : NULL,
		"welcome"));
	json_object_object_add(ctx, "welcome", o);
	json_object_put(args);
}
