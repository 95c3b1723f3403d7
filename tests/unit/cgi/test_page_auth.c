/*
 * test_page_auth.c - log-in, language, progress, and the page for errors.
 */
#include "page_rig.h"

START_TEST(without_postseald_says_so)
{
	req.lang = _i == 0 ? "en" : "ja";
	state = json_object_new_object();
	ck_assert_int_eq(page_connection(&app, &req, &reply, &err), -1);
	ck_assert_int_eq(err.code, ERR_DAEMON_UNREACHABLE);
	ck_assert_int_eq(page_error(&app, &req, &reply, &err), 0);
	ck_assert_int_eq(reply.status, 503);
	has(_i == 0 ? "The settings service does not answer"
		    : "設定サービスが応答しません");
	has("daemon.unreachable");
	has("href=\"" SCREEN "\"");
	keep_page("unreachable");
}
END_TEST

static void
progress_request(void)
{
	req.path = SCREEN "/job/" JOB;
	req.route = route_find(
	    routes, routes_n, HTTP_GET, req.path, (char[ALLOW_MAX]){0}, &err);
	ck_assert_ptr_nonnull(req.route);
}

START_TEST(progress_refreshes_itself_and_ends)
{
	load_state("running");
	req.lang = _i == 0 ? "en" : "ja";
	progress_request();
	ck_assert_int_eq(page_progress(&app, &req, &reply, &err), 0);
	has("http-equiv=\"refresh\" content=\"1\"");
	has("class=\"running\" data-step=\"restart\"");
	has("class=\"waiting\" data-step=\"close\"");
	keep_page("progress");
	reply_clear(&reply);
	reply_init(&reply);
	load_state("applied");
	ck_assert_int_eq(page_progress(&app, &req, &reply, &err), 0);
	leads_to(SCREEN "?job=" JOB);
}
END_TEST

START_TEST(progress_speaks_json)
{
	struct json_object *o;
	char accept[] = "HTTP_ACCEPT=application/json";

	envp[0] = accept;
	load_state("running");
	progress_request();
	ck_assert_int_eq(page_progress(&app, &req, &reply, &err), 0);
	envp[0] = NULL;
	ck_assert_ptr_nonnull(o = json_tokener_parse(reply.body.data));
	ck_assert_str_eq(jsonx_path_str(o, "state", ""), "running");
	json_object_put(o);
}
END_TEST

START_TEST(an_unknown_job_is_no_trap)
{
	load_state("force");
	json_object_object_add(state, OP_JOB_GET,
	    json_tokener_parse("{\"ERROR\":{\"code\":\"job.unknown\"}}"));
	add(&req.query, "job", _i == 0 ? JOB : "<b>", NULL);
	ck_assert_int_eq(page_connection(&app, &req, &reply, &err), 0);
	ck_assert_int_eq(reply.status, 200);
	lacks("id=\"outcome\"");
}
END_TEST

/* Where a form may lead back to. */
static const struct {
	const char *back, *where;
} backs[] = {
    {SCREEN "?job=" JOB, SCREEN "?job=" JOB},
    {"/", "/"},
    {"", "/"},
    {"//evil.test/", "/"},
    {"/\\evil.test/", "/"},
    {"https://evil.test/", "/"},
    {"/a b", "/"},
    {"/a\r\nSet-Cookie: x=y", "/"},
    {"/\xe6\x97\xa5", "/"},
    {"javascript:alert(1)", "/"},
};

START_TEST(language_leads_back_safely)
{
	req.method = HTTP_POST;
	req.path = "/language";
	add(&req.form, "lang", "ja", NULL);
	add(&req.form, "back", backs[_i].back, NULL);
	ck_assert_int_eq(page_language(&app, &req, &reply, &err), 0);
	leads_to(backs[_i].where);
	ck_assert_ptr_nonnull(
	    strstr(reply.headers.data, "Set-Cookie: " COOKIE_LANG "=ja;"));
}
END_TEST

START_TEST(language_is_one_of_ours)
{
	req.method = HTTP_POST;
	add(&req.form, "lang", "fr", NULL);
	ck_assert_int_eq(page_language(&app, &req, &reply, &err), -1);
	ck_assert_int_eq(err.code, ERR_FIELD_INVALID);
}
END_TEST

START_TEST(login_page_keeps_the_way)
{
	char next[256];

	req.who.known = false;
	req.path = "/login";
	req.lang = _i % 2 == 0 ? "en" : "ja";
	add(&req.query, "next", backs[_i].back, NULL);
	ck_assert_int_eq(page_login(&app, &req, &reply, &err), 0);
	ck_assert_int_eq(reply.status, 200);
	has("type=\"password\"");
	has("name=\"csrf\" value=\"");
	lacks("class=\"side\"");
	snprintf(
	    next, sizeof(next), "name=\"next\" value=\"%s\"", backs[_i].where);
	has(next);
	keep_page("login");
}
END_TEST

START_TEST(who_is_in_goes_on)
{
	req.path = "/login";
	add(&req.query, "next", backs[_i].back, NULL);
	ck_assert_int_eq(page_login(&app, &req, &reply, &err), 0);
	leads_to(backs[_i].where);
}
END_TEST

START_TEST(root_leads_to_the_screen)
{
	ck_assert_int_eq(page_root(&app, &req, &reply, &err), 0);
	leads_to(SCREEN);
}
END_TEST

static void
fill(TCase *tc)
{
	tcase_add_loop_test(tc, without_postseald_says_so, 0, 2);
	tcase_add_loop_test(tc, progress_refreshes_itself_and_ends, 0, 2);
	tcase_add_test(tc, progress_speaks_json);
	tcase_add_loop_test(tc, an_unknown_job_is_no_trap, 0, 2);
	tcase_add_loop_test(tc, language_leads_back_safely, 0, N(backs));
	tcase_add_test(tc, language_is_one_of_ours);
	tcase_add_loop_test(tc, login_page_keeps_the_way, 0, N(backs));
	tcase_add_loop_test(tc, who_is_in_goes_on, 0, N(backs));
	tcase_add_test(tc, root_leads_to_the_screen);
}

int
main(void)
{
	return run_suite("page_auth", fill);
}
