/*
 * fuzz_findings.c - findings from a peer, and their sentences and HTML.
 *
 * Input: a byte (bit 0: the language, bit 1: a text before the JSON, up to a
 * line feed), then JSON.  What is accepted comes out the same a second time;
 * whatever it is, it becomes UTF-8 without the markup of its sender.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "findings.h"
#include "jsonx.h"
#include "mustache.h"
#include "template.h"
#include "localise.h"

#define DEPTH	    8
#define TEXT_MAX    256
#define FORMAT_MAX  4096
#define ESCAPED_MAX (FORMAT_MAX * 8)

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
open_once(struct app *app)
{
	struct err e;

	err_clear(&e);
	if (app->texts == NULL &&
	    (catalog_load("templates/locale", &app->texts, &e) == -1 ||
		templates_load("templates", &app->templates, &e) == -1)) {
		fprintf(stderr, "fuzz_findings: %s\n", e.msg);
		exit(1);
	}
}

/* Accepted once is accepted always, and is the same. */
static struct json_object *
round_trip(struct json_object *o)
{
	struct findings f, g;
	struct json_object *a, *b;
	struct err e;

	err_clear(&e);
	findings_init(&f);
	findings_init(&g);
	if (findings_from_json(&f, o, &e) == -1) {
		if (f.n != 0 || e.code == ERR_NONE)
			abort();
		return NULL;
	}
	a = findings_to_json(&f);
	if (f.n > FINDINGS_MAX || findings_from_json(&g, a, &e) == -1)
		abort();
	b = findings_to_json(&g);
	if (f.n != g.n || !json_object_equal(a, b))
		abort();
	findings_blocking(&f, NULL, 0);
	json_object_put(b);
	findings_clear(&f);
	findings_clear(&g);
	return a;
}

static size_t
tags(struct app *app, const char *lang, struct json_object *row)
{
	struct buf b;
	struct err e;
	size_t n = 0;
	const char *p;

	buf_init(&b, TEMPLATE_OUT_MAX);
	err_clear(&e);
	if (templates_render(app->templates, app->texts, lang, "_finding", row,
		&b, &e) == -1)
		abort();
	for (p = b.data; p != NULL && (p = strpbrk(p, "<>\"")) != NULL; p++)
		n++;
	buf_clear(&b);
	return n;
}

/* As many tags with the peer's words as with ours. */
static void
show(struct app *app, const char *lang, struct json_object *row)
{
	struct json_object *s = NULL;
	size_t n;

	if (!json_object_object_get_ex(row, "message", &s) ||
	    json_object_get_string_len(s) == 0)
		abort();
	n = tags(app, lang, row);
	json_object_object_add(row, "message", json_object_new_string("words"));
	if (tags(app, lang, row) != n)
		abort();
}

static void
sentences(struct app *app, const char *lang, struct json_object *o)
{
	struct json_object *accepted = round_trip(o);
	size_t i, n;

	if (accepted != NULL) {
		localise_findings(app, lang, accepted);
		n = json_object_array_length(accepted);
		for (i = 0; i < n; i++)
			show(app, lang, json_object_array_get_idx(accepted, i));
		json_object_put(accepted);
	}
	/* the worker takes the daemon's list as it comes */
	localise_findings(app, lang, o);
}

/* A key that no language has is its own text: braces of all kinds. */
static void
text(struct app *app, const char *lang, const uint8_t *data, size_t len,
    struct json_object *args)
{
	struct buf b, html;
	char key[TEXT_MAX];

	if (len >= sizeof(key))
		len = sizeof(key) - 1;
	memcpy(key, data, len);
	key[len] = '\0';
	buf_init(&b, FORMAT_MAX);
	buf_init(&html, ESCAPED_MAX);
	if (catalog_format(app->texts, lang, key, args, &b) == 0 && b.len > 0) {
		if (html_escape(&html, b.data, b.len) == -1 ||
		    strpbrk(html.data, "<>\"'") != NULL)
			abort();
	}
	buf_clear(&b);
	buf_clear(&html);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct app app;
	const uint8_t *end;
	struct json_object *o = NULL;
	const char *lang;
	struct err e;
	size_t n = 0;

	open_once(&app);
	if (len < 1)
		return 0;
	lang = data[0] & 1 ? "ja" : "en";
	if (data[0] & 2) {
		end = memchr(data + 1, '\n', len - 1);
		n = end != NULL ? (size_t)(end - data) : len - 1;
	}
	err_clear(&e);
	if (jsonx_parse(
		(const char *)data + 1 + n, len - 1 - n, DEPTH, &o, &e) == -1)
		o = NULL;
	if (data[0] & 2)
		text(&app, lang, data + 1, n, o);
	else if (o != NULL)
		sentences(&app, lang, o);
	json_object_put(o);
	return 0;
}
