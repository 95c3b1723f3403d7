/*
 * test_page_more.c - the guide, the events of a Save, one language more, and
 * the Scanners page as a browser gets it.
 */
#include <sys/wait.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "page_rig.h"

START_TEST(the_guide_has_all_of_it)
{
	static const char *const anchors[] = {"interface", "control", "tls",
	    "save", "state", "listen", "smtp_port", "idle_timeout",
	    "max_connections", "deny_except", "access_list", "tls_only",
	    "files", "drift", "role", "factor", "key-request", "hook", "api",
	    "metrics", "enrol", "rollout"};
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

/* By a word of the text, of the title of a part, in any case; none. */
START_TEST(the_guide_is_searched)
{
	static const struct {
		const char *text, *found, *not ;
	} cases[] = {
	    {"ENROLLED BY HAND", " id=\"enrol\"", " id=\"tls_only\""},
	    {"postsealctl token", " id=\"token\"", " id=\"roles\""},
	    {"Scripts and monitoring", " id=\"metrics\"", " id=\"enrol\""},
	    {"<b>no such thing", "&lt;b&gt;no such thing", "guide-list"},
	};

	req.lang = "en";
	req.path = "/guide";
	add(&req.query, "text", cases[_i].text, NULL);
	ck_assert_int_eq(page_guide(&app, &req, &reply, &err), 0);
	has(cases[_i].found);
	lacks(cases[_i].not );
	if (_i == 3)
		has("The guide says nothing about that.");
	else
		lacks("The guide says nothing about that.");
	has("href=\"/guide\">Show all</a>");
	keep_page(_i == 3 ? "guide-none" : "guide-found");
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

/* What a peer got, and after how many pieces it goes away. */
static struct buf stream;
static int pieces;

static int
take_piece(void *arg, const void *s, size_t len)
{
	(void)arg;
	if (pieces-- == 0)
		return -1;
	return buf_add(&stream, s, len);
}

/* Another worker that streams: holds a place until it is killed. */
static pid_t
stream_elsewhere(const char *path, off_t at)
{
	struct flock lock = {
	    .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = at, .l_len = 1};
	int fd, ready[2];
	pid_t pid;
	char c;

	ck_assert_int_eq(pipe(ready), 0);
	if ((pid = fork()) == 0) {
		fd = open(path, O_RDWR | O_CREAT, 0600);
		c = fcntl(fd, F_SETLK, &lock) == 0 ? 'y' : 'n';
		(void)!write(ready[1], &c, 1);
		for (;;)
			pause();
	}
	ck_assert_int_eq(read(ready[0], &c, 1), 1);
	ck_assert_int_eq(c, 'y');
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void
ask_for_events(const char *name)
{
	static const struct source src = {NULL, NULL, NULL, take_piece};
	static char accept[] = "HTTP_ACCEPT=text/event-stream";

	load_state(name);
	reply_clear(&reply);
	reply_init(&reply);
	buf_clear(&stream);
	buf_init(&stream, 1 << 20);
	envp[0] = accept;
	req.source = &src;
	req.path = SCREEN "/job/" JOB;
	req.route = route_find(
	    routes, routes_n, HTTP_GET, req.path, (char[ALLOW_MAX]){0}, &err);
	ck_assert_int_eq(page_progress(&app, &req, &reply, &err), 0);
	envp[0] = NULL;
}

/* Each state once; no more than two at a time; a place is given back. */
START_TEST(steps_come_as_events)
{
	char dir[] = "/tmp/postseal-events-XXXXXX", path[64];
	pid_t a, b;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(app.conf.web_state_directory,
	    sizeof(app.conf.web_state_directory), "%s", dir);
	snprintf(path, sizeof(path), "%s/streams.lock", dir);
	app.conf.workers = 8;
	pieces = 100;
	ask_for_events("applied");
	ck_assert(reply.sent);
	ck_assert_ptr_nonnull(
	    strstr(stream.data, "Content-Type: text/event-stream\r\n"));
	ck_assert_ptr_null(strstr(stream.data, "Content-Length"));
	ck_assert_ptr_nonnull(strstr(stream.data, "\r\n\r\ndata: {\"id\""));
	ck_assert_int_eq(pieces, 98); /* head, one event */
	/* It stays as it is: told once, then a sign of life, then gone. */
	pieces = 3;
	ask_for_events("running");
	ck_assert_ptr_eq(
	    strstr(strstr(stream.data, "data: ") + 1, "data: "), NULL);
	ck_assert_ptr_nonnull(strstr(stream.data, "\n\n:\n\n"));
	a = stream_elsewhere(path, 0);
	b = stream_elsewhere(path, 1);
	pieces = 100;
	ask_for_events("applied");
	ck_assert(!reply.sent);
	ck_assert_int_eq(reply.status, 204);
	kill(a, SIGKILL);
	ck_assert_int_eq(waitpid(a, NULL, 0), a);
	ask_for_events("applied");
	ck_assert(reply.sent);
	kill(b, SIGKILL);
	ck_assert_int_eq(waitpid(b, NULL, 0), b);
	buf_clear(&stream);
	unlink(path);
	ck_assert_int_eq(rmdir(dir), 0);
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
	tcase_add_loop_test(tc, the_guide_is_searched, 0, 4);
	tcase_add_test(tc, links_to_the_guide_hold);
	tcase_add_test(tc, steps_come_as_events);
	tcase_add_test(tc, a_third_language_is_one_file);
	tcase_add_loop_test(tc, scanners_are_told_one_by_one, 0, 2);
}

int
main(void)
{
	return run_suite("page more", fill);
}
