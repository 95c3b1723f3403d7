/*
 * test_record.c - a change of access that the audit log does not take is not
 * made: not by the API, not on the page, not one's own; and /healthz says so.
 */
#include "harness.h"
#include "auth.h"
#include "sessions.h"
#include "totp.h"

#define FULL                                                            \
	"{\"type\":\"result\",\"ok\":false,\"error\":{\"code\":"        \
	"\"audit.unwritable\",\"detail\":\"no room for audit.log\"}}"
#define LATE   "hang up"
#define FORM   "application/x-www-form-urlencoded"
#define TYPED  "correct+horse+battery"
#define SECRET \
	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static struct err err;
static char csrf[SHA256_HEX];

static void
setup(void)
{
	struct user_row user;

	con_setup();
	err_clear(&err);
	(void)users_delete(con.app.db, "colleague", NULL);
	ck_assert_int_eq(users_create(con.app.db, "colleague",
			     "vole+kettle+lantern", ROLE_VIEWER, time(NULL),
			     &err),
	    0);
	ck_assert_int_eq(users_get(con.app.db, USER, &user, &err), 0);
	(void)sessions_end_others(con.app.db, USER, 0, NULL);
	ck_assert_int_eq(sessions_add(con.app.db, user.id, SECRET,
			     "192.0.2.1", time(NULL), &err),
	    0);
	ck_assert_int_eq(
	    hmac_sha256_hex(SECRET, strlen(SECRET), "csrf", csrf), 0);
}

/* All of it, as text. */
static void
access_of(char *dst, size_t size)
{
	struct json_object *users = NULL, *tokens = NULL;
	struct proof proof;

	ck_assert_int_eq(users_list(con.app.db, &users, &err), 0);
	ck_assert_int_eq(tokens_list(con.app.db, &tokens, &err), 0);
	snprintf(dst, size, "%s %s %d %d", json_object_to_json_string(users),
	    json_object_to_json_string(tokens),
	    users_verify(con.app.db, USER, PASSWORD, &proof, &err),
	    users_verify(con.app.db, "colleague", "vole+kettle+lantern", &proof,
		&err));
	json_object_put(users);
	json_object_put(tokens);
}

static const char *const presses[] = {
    "do=user_add&user=eve&role=viewer&password=&current=" TYPED,
    "do=user_role:colleague&role=administrator&current=" TYPED,
    "do=user_password:colleague&current=" TYPED,
    "do=user_delete:colleague&current=" TYPED,
    "do=totp_reset:colleague&current=" TYPED,
    "do=token_add&name=x&owner=" USER "&scope=read&current=" TYPED,
    "do=password&current=" TYPED
    "&password=vole%2Bkettle%2Bfern&again=vole%2Bkettle%2Bfern",
};

/* One press while the log answers so: nothing is changed, and the last that
 * postseald heard is that it failed. */
static void
not_made(const char *press, const char *says, const char *code)
{
	char before[4096], after[4096], text[512], cookie[128];
	struct json_object *heard;

	access_of(before, sizeof(before));
	daemon_says("audit.add", says);
	snprintf(text, sizeof(text), "csrf=%s&%s", csrf, press);
	ask("POST", "/access");
	snprintf(cookie, sizeof(cookie), COOKIE_SESSION "=" SECRET);
	param("HTTP_COOKIE", cookie);
	body(FORM, text);
	ck_assert_msg(go() == 503, "%d %s", ex.status, ex.out.data);
	ck_assert_ptr_nonnull(strstr(ex.out.data, code));
	access_of(after, sizeof(after));
	ck_assert_str_eq(before, after);
	heard = daemon_heard("audit.add");
	ck_assert_str_eq(
	    jsonx_path_str(heard, "args.outcome", ""), "failed");
	json_object_put(heard);
}

START_TEST(on_the_page)
{
	not_made(presses[_i], FULL, "audit.unwritable");
}
END_TEST

/* The line may stand there, without an answer. */
START_TEST(no_answer)
{
	not_made(presses[_i], LATE, "daemon.unreachable");
}
END_TEST

START_TEST(healthz)
{
	daemon_says("audit.state",
	    "{\"type\":\"result\",\"ok\":true,\"data\":{\"audit\":"
	    "{\"writable\":false,\"error\":\"x\"}}}");
	con.app.health_ms = 0;
	ask("GET", "/healthz");
	ck_assert_int_eq(go(), 503);
	ck_assert_ptr_nonnull(strstr(ex.out.data, "audit.unwritable"));
	daemon_says("audit.state", "hang up");
	ask("GET", "/healthz");
	ck_assert_int_eq(go(), 503); /* not asked again so soon */
	con.app.health_ms = 0;
	ask("GET", "/healthz");
	ck_assert_int_eq(go(), 200); /* not known */
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("all");

	con_open();
	tcase_add_checked_fixture(t, setup, con_teardown);
	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, on_the_page, 0, N(presses));
	tcase_add_loop_test(t, no_answer, 0, N(presses));
	tcase_add_test(t, healthz);
	return con_close(suite_run("record", t));
}
