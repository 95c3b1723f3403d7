/*
 * compare.c - two generations beside each other: settings, certificate, and
 * what each of them wants in main.cf.
 *
 * The parameters are computed anew from the settings for the Postfix that is
 * here now, not taken from the record of the change: that one says what was
 * different then from what had been there.
 */
#include <stdio.h>
#include <string.h>

#include "certname.h"
#include "gen_file.h"
#include "jsonx.h"
#include "original.h"
#include "settings_table.h"

#define TEXT_MAX_LEN (64 * 1024)
#define SHOWN_MAX    50

struct side {
	long id;
	struct json_object *gen, *meta, *settings, *wanted;
	struct certs certs;
	struct json_object *cert; /* the default one; borrowed, or NULL */
};

static void
side_clear(struct side *s)
{
	json_object_put(s->gen);
	json_object_put(s->meta);
	json_object_put(s->settings);
	json_object_put(s->wanted);
	certs_clear(&s->certs);
}

/* Of a failed one only the record is left, without the list. */
static int
side_settings(const struct conf *conf, struct side *s, struct settings *ret)
{
	if (generation_settings(conf, s->id, ret, NULL) == -1) {
		s->settings = json_object_get(jsonx_path(s->meta, "settings"));
		return s->settings == NULL
			   ? -1
			   : settings_from_brief(ret, s->settings, NULL);
	}
	s->settings = settings_to_json(ret);
	return s->settings == NULL ? -1 : 0;
}

/* What stood before the first, of what the console has written since. */
static int
side_original(const struct conf *conf, const struct facts *facts, long current,
    struct side *s, struct err *err)
{
	struct json_object *meta = NULL;
	struct original o = {0};
	int rc = -1;

	if ((current > 0 && generation_meta(conf, current, &meta, err) == -1) ||
	    original_read(conf, current, meta, &o, err) == -1)
		goto out;
	if (o.id == 0) {
		err_set(err, ERR_GEN_UNKNOWN, "id",
		    "nothing has been written that could be taken back");
		goto out;
	}
	s->meta = s->gen = original_gen(conf, facts, &o);
	s->wanted = original_pick(o.values, o.written);
	if (s->gen == NULL || s->wanted == NULL) {
		err_set(err, ERR_NOMEM, "", "generation 0");
		goto out;
	}
	(void)json_object_get(s->meta);
	s->settings = json_object_get(jsonx_path(s->gen, "settings"));
	s->cert = jsonx_path(s->gen, "certificate");
	rc = 0;
out:
	original_clear(&o);
	json_object_put(meta);
	return rc;
}

static int
side_read(const struct conf *conf, const struct facts *facts, long current,
    struct side *s, struct err *err)
{
	struct settings settings;
	struct params_context c = {.settings = &settings};
	struct gen_paths paths;
	int rc = -1;

	if (s->id == 0)
		return side_original(conf, facts, current, s, err);
	settings_default(&settings);
	if (generation_brief(conf, s->id, &s->gen, &s->meta, err) == -1)
		return -1;
	json_object_object_add(
	    s->gen, "in_force", json_object_new_boolean(s->id == current));
	if (side_settings(conf, s, &settings) == -1) {
		err_set(
		    err, ERR_IO, "", "generation %ld has no settings", s->id);
		goto out;
	}
	if (certs_init(&s->certs) == -1 ||
	    certs_of_meta(&s->certs, s->meta, err) == -1)
		goto out;
	s->cert = s->certs.v[CERTS_DEFAULT].facts;
	cert_set_days_left(s->cert, time(NULL));
	rc = 0;
	if (facts->info.kind != POSTFIX_OK)
		goto out;
	c.info = &facts->info;
	c.originals = jsonx_path(s->meta, "originals");
	c.leave = ~generation_owned(s->meta);
	rc = gen_paths(conf, s->id, &paths, err);
	gen_paths_use(&paths, &s->certs, &c);
	if (rc == 0)
		rc = params_wanted(&c, &s->wanted, err);
out:
	settings_clear(&settings);
	return rc;
}

static void
add_row(struct json_object *list, const char *label, const char *name,
    struct json_object *a, struct json_object *b)
{
	struct json_object *row = json_object_new_object();

	json_object_object_add(row, label, json_object_new_string(name));
	json_object_object_add(row, "a", json_object_get(a));
	json_object_object_add(row, "b", json_object_get(b));
	json_object_array_add(list, row);
}

/* Ten thousand entries on both sides are no comparison: how many there are,
 * and the first that came and went. */
static struct json_object *
only_in(struct json_object *list, struct json_object *other)
{
	struct json_object *seen = json_object_new_object(), *v;
	struct json_object *out = json_object_new_array();
	size_t i;

	for (i = 0; other != NULL && i < json_object_array_length(other); i++)
		json_object_object_add(seen,
		    json_object_get_string(json_object_array_get_idx(other, i)),
		    NULL);
	for (i = 0; list != NULL && i < json_object_array_length(list) &&
		    json_object_array_length(out) < SHOWN_MAX;
	     i++) {
		v = json_object_array_get_idx(list, i);
		if (!json_object_object_get_ex(
			seen, json_object_get_string(v), NULL))
			json_object_array_add(out, json_object_get(v));
	}
	json_object_put(seen);
	return out;
}

static struct json_object *
count(struct json_object *list)
{
	return json_object_new_int64(
	    list == NULL ? 0 : (int64_t)json_object_array_length(list));
}

static void
add_list(struct json_object *rows, const char *path, struct json_object *a,
    struct json_object *b)
{
	struct json_object *row = json_object_new_object();

	json_object_object_add(row, "path", json_object_new_string(path));
	json_object_object_add(row, "a", count(a));
	json_object_object_add(row, "b", count(b));
	json_object_object_add(row, "removed", only_in(a, b));
	json_object_object_add(row, "added", only_in(b, a));
	json_object_array_add(rows, row);
}

static struct json_object *
compare_settings(const struct side *a, const struct side *b)
{
	struct json_object *list = json_object_new_array(), *va, *vb;
	size_t i;

	for (i = 0; settings_fields[i].path != NULL; i++) {
		va = jsonx_path(a->settings, settings_fields[i].path);
		vb = jsonx_path(b->settings, settings_fields[i].path);
		if (json_object_equal(va, vb))
			continue;
		if (settings_fields[i].kind == SETTING_LIST)
			add_list(list, settings_fields[i].path, va, vb);
		else
			add_row(list, "path", settings_fields[i].path, va, vb);
	}
	return list;
}

static struct json_object *
compare_parameters(const struct side *a, const struct side *b)
{
	struct json_object *list = json_object_new_array();

	if (a->wanted == NULL || b->wanted == NULL)
		return list;
	json_object_object_foreach (a->wanted, name, va) {
		if (!json_object_equal(va, jsonx_member(b->wanted, name)))
			add_row(list, "parameter", name, va,
			    jsonx_member(b->wanted, name));
	}
	json_object_object_foreach (b->wanted, other, vb) {
		if (!json_object_object_get_ex(a->wanted, other, NULL) &&
		    vb != NULL)
			add_row(list, "parameter", other, NULL, vb);
	}
	return list;
}

/* Each algorithm's leaf, in any order. */
static bool
has_leaves(struct json_object *cert, struct json_object *other)
{
	struct json_object *one, *v;
	const char *sha256;
	size_t i, k;

	for (i = 0; (one = cert_of(cert, i)) != NULL; i++) {
		sha256 = jsonx_path_str(one, "sha256", "");
		for (k = 0; (v = cert_of(other, k)) != NULL; k++)
			if (strcmp(jsonx_path_str(v, "sha256", ""), sha256) ==
			    0)
				break;
		if (v == NULL)
			return false;
	}
	return true;
}

/* By the whole file where both had one here; what stood before was elsewhere,
 * and is known by its leaves. */
static bool
same_certificate(const struct side *a, const struct side *b)
{
	const char *of_a = jsonx_path_str(a->meta, "chain_sha256", "");
	const char *of_b = jsonx_path_str(b->meta, "chain_sha256", "");

	if (of_a[0] != '\0' && of_b[0] != '\0')
		return strcmp(of_a, of_b) == 0;
	return (a->cert == NULL) == (b->cert == NULL) &&
	       (a->cert == NULL || (has_leaves(a->cert, b->cert) &&
				       has_leaves(b->cert, a->cert)));
}

static struct json_object *
compare_certificates(const struct side *a, const struct side *b)
{
	struct json_object *o = json_object_new_object();
	bool same = same_certificate(a, b);

	json_object_object_add(o, "a", json_object_get(a->cert));
	json_object_object_add(o, "b", json_object_get(b->cert));
	json_object_object_add(o, "same", json_object_new_boolean(same));
	return o;
}

/* The managed part of main.cf, in the order of the table. */
static void
as_text(const struct side *s, struct buf *b)
{
	if (s->wanted == NULL)
		return;
	json_object_object_foreach (s->wanted, name, v) {
		if (v != NULL && !param_in_master(name))
			buf_printf(
			    b, "%s = %s\n", name, json_object_get_string(v));
	}
}

static struct json_object *
compare_text(const struct side *a, const struct side *b)
{
	struct json_object *text = NULL;
	struct buf ta, tb, diff;

	buf_init(&ta, TEXT_MAX_LEN);
	buf_init(&tb, TEXT_MAX_LEN);
	buf_init(&diff, 2 * TEXT_MAX_LEN);
	as_text(a, &ta);
	as_text(b, &tb);
	if (!ta.failed && !tb.failed &&
	    diff_unified("main.cf", ta.data == NULL ? "" : ta.data, ta.len,
		tb.data == NULL ? "" : tb.data, tb.len, &diff, NULL) == 0)
		text =
		    json_object_new_string(diff.data == NULL ? "" : diff.data);
	buf_clear(&ta);
	buf_clear(&tb);
	buf_clear(&diff);
	return text;
}

int
generation_diff(const struct conf *conf, long a, long b,
    struct json_object **ret, struct err *err)
{
	struct side sa = {.id = a}, sb = {.id = b};
	struct json_object *o;
	struct facts facts;
	long current;
	int rc = -1;

	memset(&facts, 0, sizeof(facts));
	if (facts_get(conf, &facts, err) == -1 ||
	    generation_current(conf, &current, err) == -1 ||
	    side_read(conf, &facts, current, &sa, err) == -1 ||
	    side_read(conf, &facts, current, &sb, err) == -1)
		goto out;
	if ((o = json_object_new_object()) == NULL) {
		err_set(err, ERR_NOMEM, "", "comparison");
		goto out;
	}
	json_object_object_add(o, "a", json_object_get(sa.gen));
	json_object_object_add(o, "b", json_object_get(sb.gen));
	json_object_object_add(o, "settings", compare_settings(&sa, &sb));
	json_object_object_add(
	    o, "certificate", compare_certificates(&sa, &sb));
	json_object_object_add(o, "names", certs_changed(&sa.certs, &sb.certs));
	json_object_object_add(o, "parameters", compare_parameters(&sa, &sb));
	json_object_object_add(o, "diff", compare_text(&sa, &sb));
	*ret = o;
	rc = 0;
out:
	side_clear(&sa);
	side_clear(&sb);
	facts_clear(&facts);
	return rc;
}
