/*
 * test_each_word.c - each setting alone, in words: its label in both
 * languages, and what history, a generation, a comparison, the guide and an
 * error call it.
 */
#include "../each_setting.h"
#include "history.h"
#include "page_rig.h"
#include "settings_table.h"

static const char *const langs[] = {"en", "ja"};

static const struct settings_field *
row(int i)
{
	return &settings_fields[i];
}

/* A text of the catalog: there, and not the key itself. */
static const char *
text_of(const char *key)
{
	const struct page p = {&app, &req};

	ck_assert_ptr_nonnull(key);
	ck_assert_str_ne(page_text(&p, key), "");
	ck_assert_str_ne(page_text(&p, key), key);
	return page_text(&p, key);
}

/* As the page has it, where markup is escaped. */
static void
has_text(const char *key)
{
	ck_assert_msg(strpbrk(text_of(key), "<>&\"'") == NULL, "%s", key);
	has(text_of(key));
}

/* A field has a label, and no other field has the same. */
START_TEST(label)
{
	const struct settings_field *f = row(_i), *other;

	for (int i = 0; i < N(langs); i++) {
		req.lang = langs[i];
		(void)text_of(field_label(f->form));
		for (other = settings_fields; other < f; other++)
			ck_assert_msg(
			    strcmp(text_of(field_label(f->form)),
				text_of(field_label(other->form))) != 0,
			    "%s", f->form);
	}
	ck_assert_str_eq(f->text, field_label(f->form));
	if (f->form2 != NULL)
		(void)text_of(field_label(f->form2));
}
END_TEST

/* The one word for a generation that changed nothing but this. */
static char *
what(const struct settings_field *f)
{
	const struct page p = {&app, &req};
	struct json_object *gen = json_tokener_parse("{\"summary\":[]}");
	struct json_object *list;
	char *s;

	json_object_array_add(
	    jsonx_path(gen, "summary"), json_object_new_string(f->path));
	list = gen_what(&p, gen);
	ck_assert_uint_eq(json_object_array_length(list), 1);
	s = strdup(json_object_get_string(json_object_array_get_idx(list, 0)));
	ck_assert_str_ne(s, "");
	ck_assert_str_ne(s, text_of("history.values"));
	json_object_put(list);
	json_object_put(gen);
	return s;
}

START_TEST(in_history)
{
	const struct settings_field *f = row(_i), *other;
	char *a, *b;

	for (int i = 0; i < N(langs); i++) {
		req.lang = langs[i];
		a = what(f);
		if (f->kind != SETTING_SWITCH)
			ck_assert_str_eq(a, text_of(f->text));
		for (other = settings_fields; other < f; other++) {
			b = what(other);
			ck_assert_msg(strcmp(a, b) != 0, "%s", a);
			free(b);
		}
		free(a);
	}
}
END_TEST

/* The values of the filter "what changed", as the page offers them. */
static size_t
filters(char names[][32], size_t max)
{
	const char *at;
	size_t n = 0;

	ck_assert_int_eq(page_history(&app, &req, &reply, &err), 0);
	at = strstr(reply.body.data, "name=\"changed\"");
	ck_assert_ptr_nonnull(at);
	while ((at = strstr(at, "<option value=\"")) != NULL && n < max) {
		at += strlen("<option value=\"");
		snprintf(names[n], 32, "%.*s", (int)strcspn(at, "\""), at);
		n += names[n][0] != '\0';
	}
	return n;
}

/* One of the filters shows a generation that changed only this. */
START_TEST(filtered)
{
	const struct settings_field *f = row(_i);
	struct json_object *gen, *list;
	char names[16][32];
	size_t i, n, found = 0;

	load_state("history");
	gen = json_tokener_parse("{\"id\":77,\"at\":\"2026-11-24T01:52:19Z\","
				 "\"by\":\"admin\",\"outcome\":\"applied\","
				 "\"summary\":[]}");
	json_object_array_add(
	    jsonx_path(gen, "summary"), json_object_new_string(f->path));
	list = json_object_new_array();
	json_object_array_add(list, gen);
	json_object_object_add(
	    json_object_object_get(state, OP_GENERATIONS_LIST), "generations",
	    list);
	n = filters(names, 16);
	ck_assert_uint_gt(n, 4);
	for (i = 0; i < n; i++) {
		add(&req.query, "changed", names[i], NULL);
		reply_clear(&reply);
		reply_init(&reply);
		ck_assert_int_eq(page_history(&app, &req, &reply, &err), 0);
		found += strstr(reply.body.data, "history/77\"") != NULL;
		fields_clear(&req.query);
	}
	ck_assert_msg(found == 1, "%s: %zu filters", f->path, found);
}
END_TEST

/* Its value as a person reads it, not as JSON has it. */
static void
value_is_told(const struct settings_field *f, int k, const char *told)
{
	char text[EACH_TEXT];

	(void)each_text(f, k, text);
	switch (f->kind) {
	case SETTING_NUMBER:
	case SETTING_LIMIT:
		ck_assert_ptr_nonnull(strstr(told, text));
		break;
	case SETTING_LIST:
		ck_assert_ptr_nonnull(strchr(told, '1' + k));
		break;
	default:
		ck_assert_str_ne(told, text);
	}
	ck_assert_str_ne(told, "");
}

/* Of a generation: one row for each setting that is managed; switches are
 * told by their levels. */
START_TEST(managed)
{
	const struct page p = {&app, &req};
	const struct settings_field *f = row(_i);
	struct json_object *o, *rows, *one;
	struct settings s;

	for (int k = 0; k < EACH_VALUES; k++) {
		settings_default(&s);
		each_set(&s, f, k);
		o = settings_to_json(&s);
		settings_clear(&s);
		rows = managed_rows(&p, o);
		json_object_put(o);
		if (f->kind != SETTING_SWITCH) {
			ck_assert_uint_eq(json_object_array_length(rows), 1);
			one = json_object_array_get_idx(rows, 0);
			ck_assert_str_eq(
			    jsonx_path_str(one, "label", ""), text_of(f->text));
			value_is_told(f, k, jsonx_path_str(one, "value", ""));
		}
		json_object_put(rows);
	}
}
END_TEST

/* What a number counts is said with it, and no limit is no number. */
START_TEST(units)
{
	static const struct {
		const char *path, *en, *ja;
		int n;
	} told[] = {
	    {"interface.idle_timeout", "5 minutes", "5分", 5},
	    {"interface.port", "2525", "2525", 2525},
	    {"interface.max_connections", "No limit", "無制限", 0},
	};
	const struct page p = {&app, &req};
	struct json_object *o = json_object_new_object();

	for (int i = 0; i < N(told); i++)
		for (int k = 0; k < N(langs); k++) {
			struct json_object *n = json_object_new_int(told[i].n);

			req.lang = langs[k];
			put_setting(&p, o, "value",
			    settings_by_path(told[i].path), n);
			json_object_put(n);
			ck_assert_str_eq(jsonx_path_str(o, "value", ""),
			    k == 0 ? told[i].en : told[i].ja);
		}
	json_object_put(o);
}
END_TEST

/* The switches of a generation, as levels and words of the page. */
START_TEST(of_a_generation)
{
	const struct settings_field *f = row(_i);
	struct json_object *gen, *o;
	char *pages[EACH_VALUES];
	struct settings s;
	int k;

	for (k = 0; k < EACH_VALUES; k++) {
		load_state("generation");
		gen = json_object_object_get(state, OP_GENERATION_GET);
		each_all(&s, EACH_A);
		each_set(&s, f, k);
		o = settings_to_json(&s);
		settings_clear(&s);
		json_object_object_add(gen, "settings", o);
		reply_clear(&reply);
		reply_init(&reply);
		request_clear(&req);
		request_init(&req, envp);
		req.lang = "en";
		req.path = "/smtp-routing/history/12";
		req.who.role = ROLE_ADMINISTRATOR;
		ck_assert_msg(page_generation(&app, &req, &reply, &err) == 0,
		    "%s", err.msg);
		pages[k] = strdup(reply.body.data);
	}
	ck_assert_msg(strcmp(pages[0], pages[1]) != 0, "%s", f->form);
	free(pages[0]);
	free(pages[1]);
}
END_TEST

/* Two generations beside each other that differ in this alone. */
static void
compare(const struct settings_field *f, const char *lang)
{
	struct json_object *diff, *rows = json_object_new_array();
	struct json_object *one = json_object_new_object(), *list;
	bool many = f->kind == SETTING_LIST;

	load_state("compare");
	diff = json_object_object_get(state, OP_GENERATION_DIFF);
	json_object_object_add(one, "path", json_object_new_string(f->path));
	json_object_object_add(
	    one, "a", many ? json_object_new_int(1) : each_json(f, EACH_A));
	json_object_object_add(
	    one, "b", many ? json_object_new_int(2) : each_json(f, EACH_B));
	if (many) {
		list = json_object_new_array();
		json_object_array_add(list, json_object_new_string("came"));
		json_object_object_add(one, "added", list);
	}
	json_object_array_add(rows, one);
	json_object_object_add(diff, "settings", rows);
	add(&req.query, "with", "12", NULL);
	req.path = "/smtp-routing/history/7";
	req.lang = lang;
	reply_clear(&reply);
	reply_init(&reply);
	ck_assert_msg(
	    page_generation(&app, &req, &reply, &err) == 0, "%s", err.msg);
}

START_TEST(compared)
{
	const struct settings_field *f = row(_i);
	char text[EACH_TEXT];

	for (int i = 0; i < N(langs); i++) {
		compare(f, langs[i]);
		fields_clear(&req.query);
		has_text(field_label(f->form));
		lacks(f->path);
		if (each_is_number(f)) {
			has(each_text(f, EACH_A, text));
			has(each_text(f, EACH_B, text));
		} else if (f->kind == SETTING_LIST) {
			has("+came");
		} else if (f->kind == SETTING_SWITCH) {
			has_text("compare.on");
			has_text("compare.off");
		} else {
			snprintf(text, sizeof(text), ">%s<", f->names[EACH_B]);
			lacks(text);
		}
	}
}
END_TEST

START_TEST(in_the_guide)
{
	const struct settings_field *f = row(_i);

	for (int i = 0; i < N(langs); i++) {
		req.lang = langs[i];
		reply_clear(&reply);
		reply_init(&reply);
		ck_assert_int_eq(page_guide(&app, &req, &reply, &err), 0);
		has_text(field_label(f->form));
	}
}
END_TEST

/* An argument that is a field's name is its label to the reader. */
START_TEST(in_an_error)
{
	const struct settings_field *f = row(_i);
	struct json_object *args;
	char *s;

	if (f->kind == SETTING_SWITCH)
		return; /* no browser sends one wrong */
	for (int i = 0; i < N(langs); i++) {
		req.lang = langs[i];
		args = json_object_new_object();
		json_object_object_add(
		    args, "got", json_object_new_string(f->form));
		s = localise_code(&app, langs[i], "interface.value", args);
		ck_assert_ptr_nonnull(s);
		ck_assert_msg(
		    strstr(s, text_of(field_label(f->form))) != NULL, "%s", s);
		free(s);
		json_object_put(args);
	}
}
END_TEST

static void
fill(TCase *tc)
{
	int n = each_count();

	tcase_add_loop_test(tc, label, 0, n);
	tcase_add_loop_test(tc, in_history, 0, n);
	tcase_add_loop_test(tc, filtered, 0, n);
	tcase_add_loop_test(tc, managed, 0, n);
	tcase_add_test(tc, units);
	tcase_add_loop_test(tc, of_a_generation, 0, n);
	tcase_add_loop_test(tc, compared, 0, n);
	tcase_add_loop_test(tc, in_the_guide, 0, n);
	tcase_add_loop_test(tc, in_an_error, 0, n);
}

int
main(void)
{
	return run_suite("each_word", fill);
}
