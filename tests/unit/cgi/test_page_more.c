/*
 * test_page_more.c - the guide, and the Scanners page as a browser gets it.
 */
#include "page_rig.h"

START_TEST(the_guide_has_all_of_it)
{
	static const char *const anchors[] = {"interface", "control", "tls",
	    "save", "state", "listen", "port", "idle", "connections",
	    "deny_except", "list", "tls_only", "files", "drift"};
	char id[64];
	size_t i;

	req.lang = _i == 0 ? "en" : "ja";
	req.path = "/guide";
	ck_assert_int_eq(page_guide(&app, &req, &reply, &err), 0);
	for (i = 0; i < sizeof(anchors) / sizeof(anchors[0]); i++) {
		snprintf(id, sizeof(id), " id=\"%s\"", anchors[i]);
		has(id);
	}
	has("href=\"/guide\" aria-current=\"page\"");
	has("RFC 3207");
	has(_i == 0 ? "Deny all, except the following list"
		    : "次のリストに含まれているコンピュータを除くすべての接続を"
		      "拒否する");
	lacks("{{");
	keep_page("guide");
}
END_TEST

/* Every "Guide" of the screen leads to a place that is there. */
START_TEST(links_to_the_guide_hold)
{
	static const char key[] = "href=\"/guide#";
	char ids[8][64];
	const char *s;
	size_t n = 0, i;

	load_state("force");
	ck_assert_int_eq(page_connection(&app, &req, &reply, &err), 0);
	for (s = reply.body.data; (s = strstr(s, key)) != NULL && n < 8;) {
		s += sizeof(key) - 1;
		snprintf(ids[n++], sizeof(ids[0]), " id=\"%.*s\"",
		    (int)strcspn(s, "\""), s);
	}
	ck_assert_uint_ge(n, 3);
	reply_clear(&reply);
	reply_init(&reply);
	req.path = "/guide";
	ck_assert_int_eq(page_guide(&app, &req, &reply, &err), 0);
	for (i = 0; i < n; i++)
		has(ids[i]);
}
END_TEST

START_TEST(scanners_are_told_one_by_one)
{
	req.lang = _i == 0 ? "en" : "ja";
	req.path = "/smtp-routing/scanners";
	snprintf(app.conf.cluster_name, sizeof(app.conf.cluster_name), "gw1");
	load_state("scanners");
	ck_assert_int_eq(page_scanners(&app, &req, &reply, &err), 0);
	has("gw2.branch-office.example.jp");
	has("value=\"retry\"");
	has("mx2.example.jp");
	lacks("{{");
	keep_page("scanners");
	app.conf.cluster_name[0] = '\0';
}
END_TEST

/* A copy of templates/locale with one file more: every text of en.json in
 * brackets. */
static void
third_language(char *dir)
{
	struct json_object *en, *xx = json_object_new_object();
	char text[4096], path[128];

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "cp templates/locale/*.json %s", dir);
	ck_assert_int_eq(system(path), 0);
	en = json_object_from_file("templates/locale/en.json");
	ck_assert_ptr_nonnull(en);
	json_object_object_foreach (en, key, v) {
		snprintf(text, sizeof(text), "[%s]", json_object_get_string(v));
		json_object_object_add(xx, key, json_object_new_string(text));
	}
	snprintf(path, sizeof(path), "%s/xx.json", dir);
	ck_assert_int_eq(json_object_to_file(path, xx), 0);
	json_object_put(en);
	json_object_put(xx);
}

/* One file more is one language more: offered, chosen, and used for all. */
START_TEST(a_third_language_is_one_file)
{
	char dir[] = "/tmp/postseal-locale-XXXXXX", command[64];
	struct catalog *all = app.texts;

	third_language(dir);
	app.texts = NULL;
	ck_assert_msg(catalog_load(dir, &app.texts, &err) == 0, "%s", err.msg);
	req.lang = catalog_negotiate(app.texts, "xx-YY, ja;q=0.5");
	ck_assert_str_eq(req.lang, "xx");
	load_state("bad");
	ck_assert_int_eq(page_connection(&app, &req, &reply, &err), 0);
	has("<html lang=\"xx\">");
	has("value=\"xx\" lang=\"xx\" aria-current=\"true\">[English]<");
	has("value=\"ja\" lang=\"ja\">");
	has(">[Apply to all scanner services]</label>");
	has("[The private key (4F:2A:00:11)");
	has("[61 of 90 days left");
	lacks(">Apply to all scanner services<");
	lacks(">Browse<");
	catalog_free(app.texts);
	app.texts = all;
	snprintf(command, sizeof(command), "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
}
END_TEST

static void
fill(TCase *tc)
{
	tcase_add_loop_test(tc, the_guide_has_all_of_it, 0, 2);
	tcase_add_test(tc, links_to_the_guide_hold);
	tcase_add_test(tc, a_third_language_is_one_file);
	tcase_add_loop_test(tc, scanners_are_told_one_by_one, 0, 2);
}

int
main(void)
{
	return run_suite("page more", fill);
}
