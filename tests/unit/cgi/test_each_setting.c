/*
 * test_each_setting.c - each setting alone, as the Connection screen has it:
 * its widget, "Not saved yet", what a form with it asks postseald for, what
 * Postfix has where it is not managed; and the same from the API.
 */
#include "../each_setting.h"
#include "api.h"
#include "page.h"
#include "page_rig.h"
#include "settings_table.h"

static const struct settings_field *
row(int i)
{
	return &settings_fields[i];
}

/* All settings at A, this one at k (EACH_VALUES = not managed). */
static struct json_object *
settings_with(const struct settings_field *f, int k)
{
	struct json_object *o;
	struct settings s;

	each_all(&s, EACH_A);
	if (k == EACH_VALUES)
		each_unset(&s, f);
	else
		each_set(&s, f, k);
	o = settings_to_json(&s);
	settings_clear(&s);
	return o;
}

/* settings and draft: taken over; draft may be NULL. */
static void
in_force(struct json_object *settings, struct json_object *draft)
{
	struct json_object *view, *o;

	load_state("force");
	view = json_object_object_get(state, OP_CONNECTION_GET);
	json_object_object_add(view, "settings", settings);
	if (draft != NULL) {
		o = json_object_new_object();
		json_object_object_add(o, "settings", draft);
		json_object_object_add(o, "files", json_object_new_object());
		json_object_object_add(view, "draft", o);
	}
	json_object_object_add(state, OP_DRAFT_PUT, json_object_new_object());
}

static void
render(void)
{
	reply_clear(&reply);
	reply_init(&reply);
	ck_assert_int_eq(page_connection(&app, &req, &reply, &err), 0);
	ck_assert_int_eq(reply.status, 200);
}

static struct json_object *
value(const struct settings_field *f, int k)
{
	return k == EACH_VALUES ? NULL : each_json(f, k);
}

static bool
is_pending(const struct settings_field *f, int now, int draft)
{
	in_force(settings_with(f, now), each_patch(f->path, value(f, draft)));
	render();
	return strstr(reply.body.data, "id=\"pending\"") != NULL;
}

START_TEST(pending)
{
	const struct settings_field *f = row(_i);
	int values = each_may_be_unset(f) ? EACH_VALUES + 1 : EACH_VALUES;
	int i, j;

	for (i = 0; i < values; i++)
		for (j = 0; j < values; j++)
			ck_assert_msg(is_pending(f, i, j) == (i != j),
			    "%s from %d to %d", f->form, i, j);
}
END_TEST

/* The page with the value of the row in force, or only in the draft. */
static char *
page_with(const struct settings_field *f, int k, bool in_draft)
{
	if (in_draft)
		in_force(settings_with(f, k == EACH_A ? EACH_B : EACH_A),
		    each_patch(f->path, value(f, k)));
	else
		in_force(settings_with(f, k), NULL);
	render();
	return strdup(reply.body.data);
}

/* What stands in the widget: the tag behind name="FORM", and all that is
 * checked or typed there. */
static void
shows(const struct settings_field *f, int k, bool in_draft)
{
	char text[EACH_TEXT], tag[2 * EACH_TEXT];
	char *html = page_with(f, k, in_draft);

	(void)each_text(f, k, text);
	switch (f->kind) {
	case SETTING_NUMBER:
	case SETTING_LIMIT:
		snprintf(tag, sizeof(tag), "name=\"%s\" value=\"%s\"", f->form,
		    text);
		break;
	case SETTING_CHOICE:
		snprintf(tag, sizeof(tag), "name=\"%s\" value=\"%s\" checked",
		    f->form, text);
		break;
	case SETTING_LIST:
		snprintf(tag, sizeof(tag), "%s</textarea>", text);
		break;
	default:
		snprintf(tag, sizeof(tag), "id=\"%s\" name=\"%s\" value=\"on\"",
		    f->form, f->form);
		ck_assert_ptr_nonnull(strstr(html, tag));
		snprintf(tag, sizeof(tag), "%s", strstr(html, tag));
		ck_assert_int_eq(
		    memmem(tag, strcspn(tag, ">"), " checked", 8) != NULL,
		    k == EACH_A);
	}
	ck_assert_msg(strstr(html, tag) != NULL, "no %s", tag);
	free(html);
}

START_TEST(widget)
{
	const struct settings_field *f = row(_i);
	int k;

	for (k = 0; k < EACH_VALUES; k++) {
		shows(f, k, false);
		shows(f, k, true);
	}
}
END_TEST

/* Words behind the tag that has this attribute, up to the next tag. */
static const char *
words_at(const char *attribute)
{
	static char words[512];
	const char *at = strstr(reply.body.data, attribute);

	ck_assert_msg(at != NULL, "no %s", attribute);
	at += strcspn(at, ">") + 1;
	at += strspn(at, " \n");
	snprintf(words, sizeof(words), "%.*s", (int)strcspn(at, "<"), at);
	return words;
}

static const char *
help_of(const struct settings_field *f)
{
	char key[96];

	snprintf(key, sizeof(key), "id=\"%s-help\"", f->form);
	return words_at(key);
}

/* In each language a help of its own, which the widget names, and a place to
 * link to. */
START_TEST(help)
{
	static const char *const langs[] = {"en", "ja"};
	const struct settings_field *f = row(_i), *other;
	char key[96], text[512], former[512] = "";

	for (int i = 0; i < N(langs); i++) {
		req.lang = langs[i];
		in_force(settings_with(f, EACH_A), NULL);
		render();
		snprintf(text, sizeof(text), "%s", help_of(f));
		ck_assert_str_ne(text, "");
		ck_assert_str_ne(text, former);
		ck_assert_msg(strncmp(text, "setting.", 8) != 0, "%s", text);
		for (other = settings_fields; other < f; other++)
			ck_assert_str_ne(text, help_of(other));
		snprintf(former, sizeof(former), "%s", text);
		snprintf(key, sizeof(key), "\"%s-help", f->form);
		has(key); /* aria-describedby */
		snprintf(key, sizeof(key), "id=\"at-%s\"", f->form);
		has(key);
	}
}
END_TEST

static void
post(const struct settings_field *f, const char *text)
{
	req.method = HTTP_POST;
	add(&req.form, "do", "keep", NULL);
	if (f->kind != SETTING_LIST)
		add(&req.form, "access_list", "", NULL);
	add(&req.form, f->form, text, NULL);
}

/* From the form into the draft, and nothing else of its kind with it. */
START_TEST(pressed)
{
	const struct settings_field *f = row(_i), *other;
	struct json_object *sent, *v = NULL, *want = each_json(f, EACH_A);
	char text[EACH_TEXT];

	in_force(settings_with(f, EACH_B), NULL);
	post(f, each_text(f, EACH_A, text));
	ck_assert_msg(page_connection(&app, &req, &reply, &err) == 0, "%s: %s",
	    err.field, err.msg);
	leads_to(SCREEN);
	sent = jsonx_path(args_of(OP_DRAFT_PUT), "settings");
	ck_assert_msg(
	    each_find(sent, f->path, &v) && json_object_equal(v, want),
	    "%s: %s", f->path, json_object_to_json_string(sent));
	for (other = settings_fields; other->form != NULL; other++)
		if (other != f && each_may_be_unset(other))
			ck_assert(!each_find(sent, other->path, &v));
	json_object_put(want);
}
END_TEST

/* Typed wrong: told at the field, and what was typed still stands there. */
START_TEST(typed_wrong)
{
	const struct settings_field *f = row(_i);
	char text[160];

	if (f->kind == SETTING_SWITCH)
		return;
	in_force(settings_with(f, EACH_A), NULL);
	post(f, "7<wrong");
	ck_assert_int_eq(page_connection(&app, &req, &reply, &err), 0);
	ck_assert_int_eq(reply.status, 422);
	snprintf(text, sizeof(text), "href=\"#at-%s\"", f->form);
	has(text);
	if (f->kind != SETTING_CHOICE)
		has("7&lt;wrong");
}
END_TEST

/* One decision about several settings is one box, at the first of them. */
START_TEST(asked_once)
{
	static const char box[] = "value=\"interface.port_changed\"";
	const struct settings_field *f;
	struct json_object *list = json_object_new_array(), *o;
	const char *at;
	int n = 0;

	in_force(settings_with(row(0), EACH_A), NULL);
	for (f = settings_fields; f->form != NULL; f++) {
		o = json_tokener_parse("{\"code\":\"interface.port_changed\","
				       "\"severity\":\"confirm\"}");
		json_object_object_add(
		    o, "field", json_object_new_string(f->form));
		json_object_array_add(list, o);
	}
	o = json_object_new_object();
	json_object_object_add(o, "findings", list);
	json_object_object_add(state, OP_CONNECTION_APPLY, o);
	add(&req.query, "preview", "1", NULL);
	render();
	for (at = reply.body.data; (at = strstr(at, box)) != NULL; at++)
		n++;
	ck_assert_int_eq(n, 1);
}
END_TEST

/* What VIEW's "current" may have. */
static const char *const members[] = {"address", "inet_interfaces", "port",
    "smtpd_timeout", "process_limit", "default_process_limit"};

/* Each is what one setting is when it is left to Postfix. */
START_TEST(of_one_setting)
{
	const struct settings_field *f;
	struct json_object *current;
	size_t i;
	int n;

	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		current = json_object_new_object();
		json_object_object_add(
		    current, members[i], json_object_new_string("as-it-is"));
		for (n = 0, f = settings_fields; f->form != NULL; f++)
			n += strcmp(settings_current(current, f), "") != 0;
		ck_assert_msg(n == 1, "%s: %d", members[i], n);
		json_object_put(current);
	}
}
END_TEST

/* Where it is left to Postfix the screen says what Postfix has. */
START_TEST(as_postfix_has_it)
{
	const struct settings_field *f = row(_i);
	struct json_object *current;
	size_t i;
	int k;

	if (!each_may_be_unset(f))
		return;
	for (k = EACH_A; k <= EACH_VALUES; k += EACH_VALUES) {
		in_force(settings_with(f, k), NULL);
		current = json_object_new_object();
		for (i = 0; i < sizeof(members) / sizeof(members[0]); i++)
			json_object_object_add(current, members[i],
			    json_object_new_string("as-it-is"));
		json_object_object_add(
		    json_object_object_get(state, OP_CONNECTION_GET), "current",
		    current);
		render();
		ck_assert_msg((strstr(reply.body.data, "as-it-is") != NULL) ==
				  (k == EACH_VALUES && *f->current != '\0'),
		    "%s", f->form);
	}
}
END_TEST

/* POST /api/v1/connection, with a form and with JSON. */
START_TEST(from_the_api)
{
	const struct settings_field *f = row(_i);
	struct json_object *want = each_patch(f->path, each_json(f, EACH_B));
	struct api_input in = {0};
	char text[EACH_TEXT];

	add(&req.form, f->form, each_text(f, EACH_B, text), NULL);
	ck_assert_msg(
	    api_input_read(&req, false, &in, &err) == 0, "%s", err.msg);
	ck_assert_msg(json_object_equal(in.settings, want), "%s",
	    json_object_to_json_string(in.settings));
	api_input_clear(&in);
	json_object_deep_copy(want, &req.json, NULL);
	ck_assert_msg(
	    api_input_read(&req, false, &in, &err) == 0, "%s", err.msg);
	ck_assert_msg(json_object_equal(in.settings, want), "%s",
	    json_object_to_json_string(in.settings));
	api_input_clear(&in);
	json_object_put(want);
}
END_TEST

/* An inspection of files asks for no setting. */
START_TEST(not_with_files)
{
	const struct settings_field *f = row(_i);
	struct api_input in = {0};
	char text[EACH_TEXT];

	add(&req.form, f->form, each_text(f, EACH_B, text), NULL);
	ck_assert_int_eq(api_input_read(&req, true, &in, &err), -1);
	ck_assert_int_eq(err.code, ERR_FIELD_UNKNOWN);
	ck_assert_str_eq(err.field, f->form);
}
END_TEST

static void
fill(TCase *tc)
{
	int n = each_count();

	tcase_add_loop_test(tc, pending, 0, n);
	tcase_add_loop_test(tc, widget, 0, n);
	tcase_add_loop_test(tc, help, 0, n);
	tcase_add_loop_test(tc, pressed, 0, n);
	tcase_add_loop_test(tc, typed_wrong, 0, n);
	tcase_add_test(tc, asked_once);
	tcase_add_test(tc, of_one_setting);
	tcase_add_loop_test(tc, as_postfix_has_it, 0, n);
	tcase_add_loop_test(tc, from_the_api, 0, n);
	tcase_add_loop_test(tc, not_with_files, 0, n);
}

int
main(void)
{
	return run_suite("each_setting", fill);
}
