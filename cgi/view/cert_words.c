/*
 * cert_words.c - what a certificate, key or finding is, as rows of words.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jsonx.h"
#include "words.h"

#define JOINED_MAX 32768 /* a hundred of the longest */
#define NAMES_OPEN 12	 /* more are folded */
#define DAYS_SOON  21	 /* amber from here on */

static void
row_add(const struct page *p, struct json_object *rows, const char *label,
    const char *value, bool mono, struct json_object *note)
{
	struct json_object *row;

	if (value == NULL || *value == '\0') {
		json_object_put(note);
		return;
	}
	row = json_object_new_object();
	put_str(row, "whole", "");
	put_str(row, "label", page_text(p, label));
	put_str(row, "value", value);
	put_bool(row, "mono", mono);
	json_object_object_add(row, "note", note);
	json_object_array_add(rows, row);
}

/*
 * "9f86..." as "9F:86:..", what openssl prints, in groups of eight bytes, so
 * that lines break between groups and eyes can compare.
 */
static void
row_add_print(const struct page *p, struct json_object *rows, const char *label,
    const char *hex)
{
	struct json_object *row, *groups = json_object_new_array();
	char text[3 * 64 + 1];
	size_t i, n = 0, from = 0;

	for (i = 0; hex[i] != '\0' && n + 3 < sizeof(text); i++) {
		if (i > 0 && i % 2 == 0)
			text[n++] = ':';
		if (i > 0 && i % 16 == 0) {
			json_object_array_add(
			    groups, json_object_new_string_len(
					text + from, (int)(n - from)));
			from = n;
		}
		text[n++] =
		    (char)(hex[i] >= 'a' && hex[i] <= 'f' ? hex[i] - 'a' + 'A'
							  : hex[i]);
	}
	text[n] = '\0';
	json_object_array_add(groups, json_object_new_string(text + from));
	row_add(p, rows, label, text, true, NULL);
	row = n > 0 ? json_object_array_get_idx(
			  rows, json_object_array_length(rows) - 1)
		    : NULL;
	if (row != NULL)
		json_object_object_add(row, "groups", groups);
	else
		json_object_put(groups);
}

void
put_names(const struct page *p, struct json_object *o, struct json_object *cert,
    size_t max)
{
	struct json_object *names = jsonx_path(cert, "names"), *args;
	int64_t total = jsonx_path_int(cert, "names_total");
	size_t i, n = jsonx_len(names);
	struct buf b;

	buf_init(&b, JOINED_MAX);
	for (i = 0; i < n && i < max; i++)
		buf_printf(
		    &b, "%s%s", i > 0 ? ", " : "", jsonx_str_at(names, i));
	args = json_object_new_object();
	put_str(args, "names", b.len > 0 ? b.data : "");
	put_int(
	    args, "n", (total > (int64_t)n ? total : (int64_t)n) - (int64_t)i);
	if (jsonx_path_int(args, "n") > 0)
		put_text(p, o, "names", "cert.names_more", args);
	else
		put_str(o, "names", b.len > 0 ? b.data : "");
	json_object_put(args);
	buf_clear(&b);
}

static void
row_add_names(
    const struct page *p, struct json_object *rows, struct json_object *cert)
{
	struct json_object *o = json_object_new_object();
	size_t n = jsonx_len(jsonx_path(cert, "names"));

	put_names(p, o, cert, n > NAMES_OPEN ? NAMES_SHOWN : SIZE_MAX);
	row_add(
	    p, rows, "cert.names", jsonx_path_str(o, "names", ""), false, NULL);
	if (n > NAMES_OPEN) {
		put_names(p, o, cert, SIZE_MAX);
		put_str(json_object_array_get_idx(rows, jsonx_len(rows) - 1),
		    "whole", jsonx_path_str(o, "names", ""));
	}
	json_object_put(o);
}

static void
row_add_validity(
    const struct page *p, struct json_object *rows, struct json_object *cert)
{
	struct json_object *args = json_object_new_object(), *text;
	char from[11], to[11];
	int64_t left;

	date_of(jsonx_path_str(cert, "not_before", NULL), from);
	date_of(jsonx_path_str(cert, "not_after", NULL), to);
	left = json_object_get_int64(jsonx_path(cert, "days_left"));
	put_str(args, "from", from);
	put_str(args, "to", to);
	put_int(args, "left", left < 0 ? -left : left);
	text = new_text(p, "cert.validity_range", args);
	row_add(p, rows, "cert.validity", json_object_get_string(text), false,
	    new_text(p, left < 0 ? "cert.days_gone" : "cert.days_left", args));
	json_object_put(text);
	json_object_put(args);
}

struct json_object *
facts_of_cert(const struct page *p, struct json_object *cert)
{
	struct json_object *o = json_object_new_object();
	struct json_object *rows = json_object_new_array();

	row_add(p, rows, "cert.subject", jsonx_path_str(cert, "subject", ""),
	    false, NULL);
	row_add(p, rows, "cert.issuer", jsonx_path_str(cert, "issuer", ""),
	    false,
	    json_object_get_boolean(jsonx_path(cert, "self_signed"))
		? new_text(p, "cert.is_self_signed", NULL)
		: NULL);
	row_add_names(p, rows, cert);
	row_add_validity(p, rows, cert);
	row_add(p, rows, "cert.key", jsonx_path_str(cert, "key.label", ""),
	    false, NULL);
	row_add_print(
	    p, rows, "cert.fingerprint", jsonx_path_str(cert, "sha256", ""));
	json_object_object_add(o, "rows", rows);
	return o;
}

struct json_object *
facts_of_key(const struct page *p, struct json_object *key)
{
	struct json_object *o = json_object_new_object();
	struct json_object *rows = json_object_new_array();

	row_add(p, rows, "cert.key", jsonx_path_str(key, "label", ""), false,
	    json_object_get_boolean(jsonx_path(key, "encrypted"))
		? new_text(p, "cert.key_encrypted", NULL)
		: NULL);
	row_add_print(p, rows, "cert.key_fingerprint",
	    jsonx_path_str(key, "spki_sha256", ""));
	json_object_object_add(o, "rows", rows);
	return o;
}

static struct json_object *
step_row(const struct page *p, const char *name, struct json_object *step)
{
	const char *state = jsonx_path_str(step, "state", "waiting");
	struct json_object *o = json_object_new_object();
	struct json_object *ms = jsonx_path(step, "ms");
	char key[64];

	put_str(o, "name", name);
	put_str(o, "state", state);
	snprintf(key, sizeof(key), "step.%.32s", name);
	put_str(o, "label", page_text(p, key));
	snprintf(key, sizeof(key), "step.state.%.32s", state);
	put_str(o, "state_label", page_text(p, key));
	put_str(o, "costly",
	    strcmp(state, "running") == 0 ? jsonx_path_str(step, "costly", "")
					  : "");
	json_object_object_add(o, "ms",
	    strcmp(state, "running") != 0 ? json_object_get(ms) : NULL);
	return o;
}

struct json_object *
steps_rows(const struct page *p, struct json_object *steps, bool all)
{
	static const char *const names[] = {
#define S(name, undo, flags) #name,
#include "steps.def"
#undef S
	};
	struct json_object *list = json_object_new_array(), *step, *found;
	size_t i, j, n;

	n = jsonx_len(steps);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (found = NULL, j = 0; j < n && found == NULL; j++) {
			step = json_object_array_get_idx(steps, j);
			if (strcmp(jsonx_path_str(step, "name", ""),
				names[i]) == 0)
				found = step;
		}
		if (found != NULL || all)
			json_object_array_add(
			    list, step_row(p, names[i], found));
	}
	return list;
}

/* One of a few weeks is not old on its first day. */
const char *
cert_life(struct json_object *leaf)
{
	int64_t left = jsonx_path_int(leaf, "days_left"), soon = DAYS_SOON;
	int64_t total = jsonx_path_int(leaf, "days_total");

	if (total > 0 && total / 3 < soon)
		soon = total / 3;
	return left < 0 ? "gone" : left <= soon ? "soon" : "fresh";
}

const char *
cert_call(const struct page *p, const char *name)
{
	if (strcmp(name, "outbound") == 0)
		return page_text(p, "names.outbound");
	if (strcmp(name, "client_ca") == 0)
		return page_text(p, "names.client_ca");
	return name;
}

const char *
cert_unused(const struct page *p, struct json_object *view,
    struct json_object *row)
{
	bool on = strcmp(jsonx_path_str(row, "use", "inbound"), "inbound") != 0 ||
		  jsonx_path_bool(view, "settings.inbound.enabled");

	if (jsonx_path(row, "in_use") == NULL || jsonx_path_bool(row, "in_use"))
		return NULL;
	return page_text(p, on ? "cert.unused.other" : "cert.unused.off");
}
