/*
 * test_passkeys.c - passkeys at log-in, for a step-up, added and removed.
 */
#include "../suite.h"
#include "harness.h"
#include "authenticator.h"
#include "auth.h"
#include "jsonx.h"
#include "passkeys.h"

#define FORM "application/x-www-form-urlencoded"
#define JSON "application/json"

static struct err err;
static char session[256], csrf[65];

static void
took_session(void)
{
	char v[96];

	if (got_cookie(COOKIE_SESSION, v, sizeof(v)) == NULL || v[0] == '\0')
		return;
	snprintf(session, sizeof(session), COOKIE_SESSION "=%s", v);
	ck_assert_int_eq(hmac_sha256_hex(v, strlen(v), "csrf", csrf), 0);
}

static int
call(const char *path, const char *text)
{
	ask("POST", path);
	param("HTTP_COOKIE", session);
	param("HTTP_X_CSRF_TOKEN", csrf);
	body(JSON, text);
	return go();
}

/* fields, and the answer as "code". */
static int
press(const char *path, const char *fields, const char *code)
{
	static char text[20000];
	int n = snprintf(text, sizeof(text), "csrf=%s&%s%s", csrf, fields,
	    code != NULL ? "&code=" : "");

	for (; code != NULL && *code != '\0'; code++)
		n += snprintf(
		    text + n, sizeof(text) - (size_t)n, "%%%02X", *code & 0xff);
	ask("POST", path);
	param("HTTP_COOKIE", session);
	body(FORM, text);
	go();
	took_session();
	return ex.status;
}

static void
challenge(char dst[CHALLENGE_TEXT])
{
	struct json_object *o;

	ck_assert_int_eq(call("/api/v1/proof/challenge", "{}"), 200);
	o = json_tokener_parse(got_body());
	ck_assert_str_eq(jsonx_path_str(o, "rp", ""), RP);
	snprintf(dst, CHALLENGE_TEXT, "%s", jsonx_path_str(o, "challenge", ""));
	ck_assert_uint_eq(strlen(dst), CHALLENGE_TEXT - 1);
	json_object_put(o);
}

static const char *
answer(EVP_PKEY *key, const char *what, const char *to, uint32_t counter)
{
	static char text[6000];
	struct answer a = good(key, -7);

	a.type = what;
	a.challenge = to;
	a.counter = counter;
	if (strcmp(what, "webauthn.create") == 0)
		a.flags |= AT;
	speak(&a);
	if ((a.flags & AT) != 0)
		snprintf(text, sizeof(text),
		    "{\"client\":\"%s\",\"data\":\"%s\",\"key\":\"%s\",\"alg\":"
		    "-7}",
		    a.client, a.data, a.key_text);
	else
		snprintf(text, sizeof(text),
		    "{\"id\":\"WlpaWlpaWlpaWlpaWlpaWg\",\"client\":\"%s\","
		    "\"data\":\"%s\",\"signature\":\"%s\"}",
		    a.client, a.data, a.signature);
	return text;
}

static void
log_in(int status)
{
	char v[96], text[512], value[65];

	session[0] = '\0';
	ask("GET", "/login");
	go();
	ck_assert_ptr_nonnull(got_cookie(COOKIE_LOGIN, v, sizeof(v)));
	snprintf(session, sizeof(session), COOKIE_LOGIN "=%s", v);
	got_csrf(value);
	snprintf(text, sizeof(text),
	    "csrf=%s&user=" USER "&password=correct+horse+battery", value);
	ask("POST", "/login");
	param("HTTP_COOKIE", session);
	body(FORM, text);
	ck_assert_int_eq(go(), status);
	if (status != 200) {
		took_session();
		return;
	}
	/* Half-way: the log-in's own cookie, too. */
	ck_assert_ptr_nonnull(got_cookie(COOKIE_SESSION, text, 96));
	snprintf(session, sizeof(session),
	    COOKIE_LOGIN "=%.80s; " COOKIE_SESSION "=%.80s", v, text);
	snprintf(csrf, sizeof(csrf), "%s", value);
}

/* The challenge that the page of the second step has. */
static void
offered(char dst[CHALLENGE_TEXT])
{
	const char *s = strstr(got_body(), "challenge&quot;:");

	if (s == NULL)
		s = strstr(got_body(), "challenge&quot;: ");
	ck_assert_ptr_nonnull(s);
	s = strstr(s + 16, "&quot;");
	ck_assert_ptr_nonnull(s);
	snprintf(dst, CHALLENGE_TEXT, "%s", s + 6);
}

static void
setup(void)
{
	con_setup();
	strcpy(con.app.conf.origin, ORIGIN);
	sql("DELETE FROM passkeys; DELETE FROM sessions; DELETE FROM throttle");
	err_clear(&err);
}

static void
teardown(void)
{
	con.app.conf.origin[0] = '\0';
	sql("DELETE FROM passkeys; DELETE FROM sessions; DELETE FROM throttle");
	con_teardown();
}

static EVP_PKEY *
enrol(void)
{
	EVP_PKEY *key = key_of(-7);
	char c[CHALLENGE_TEXT];

	log_in(303);
	challenge(c);
	ck_assert_int_eq(press("/access", "do=passkey_add&name=phone",
			     answer(key, "webauthn.create", c, 3)),
	    303);
	return key;
}

START_TEST(second_step)
{
	EVP_PKEY *key = enrol(), *other = key_of(-7);
	char c[CHALLENGE_TEXT], before[CHALLENGE_TEXT];
	struct json_object *o;
	struct user_row user;
	char good_one[6000];

	ck_assert_int_eq(users_get(con.app.db, USER, &user, &err), 0);
	ck_assert(user.second_factor && !user.totp);
	log_in(200);
	offered(c);
	/* Half a session opens nothing else. */
	ck_assert_int_ne(call("/api/v1/proof/challenge", "{}"), 200);
	ck_assert_int_eq(
	    press("/login", "next=/", answer(other, "webauthn.get", c, 4)),
	    401);
	o = daemon_heard("audit.add");
	ck_assert_str_eq(jsonx_path_str(o, "args.event", ""), "login_failed");
	json_object_put(o);
	/* That one was its one use. */
	snprintf(before, sizeof(before), "%s", c);
	offered(c);
	ck_assert_str_ne(before, c);
	ck_assert_int_eq(
	    press("/login", "next=/", answer(key, "webauthn.get", before, 4)),
	    401);
	offered(c);
	/* Too late. */
	sql("UPDATE sessions SET challenge_at = challenge_at - 180");
	ck_assert_int_eq(
	    press("/login", "next=/", answer(key, "webauthn.get", c, 4)), 401);
	/* The counter of a copy. */
	for (uint32_t n = 2; n <= 3; n++) {
		offered(c);
		ck_assert_int_eq(press("/login", "next=/",
				     answer(key, "webauthn.get", c, n)),
		    401);
	}
	sql("DELETE FROM throttle");
	offered(c);
	snprintf(good_one, sizeof(good_one), "%s",
	    answer(key, "webauthn.get", c, 4));
	ck_assert_int_eq(press("/login", "next=/", good_one), 303);
	ask("GET", "/access");
	param("HTTP_COOKIE", session);
	ck_assert_int_eq(go(), 200);
	ck_assert_ptr_nonnull(strstr(got_body(), "<bdi>phone</bdi>"));
	/* Once more, in a new half session. */
	log_in(200);
	ck_assert_int_eq(press("/login", "next=/", good_one), 401);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}
END_TEST

START_TEST(step_up)
{
	EVP_PKEY *key = enrol();
	char c[CHALLENGE_TEXT], text[8000];
	struct json_object *list = NULL, *o;
	int id;

	/* Stale: a passkey, or the password. */
	sql("UPDATE sessions SET proven = 0");
	ck_assert_int_eq(passkeys_list(con.app.db, USER, &list, &err), 0);
	id = json_object_get_int(
	    jsonx_path(json_object_array_get_idx(list, 0), "id"));
	json_object_put(list);
	snprintf(text, sizeof(text), "do=passkey_remove:%d", id);
	ck_assert_int_eq(press("/access", text, NULL), 403);
	ck_assert_ptr_nonnull(strstr(got_body(), "auth.step_up"));
	ck_assert_ptr_nonnull(strstr(got_body(), "data-again"));
	for (int i = 0; i < 2; i++) {
		challenge(c);
		if (i == 0)
			sql("UPDATE sessions SET challenge = ''");
		o = json_object_new_object();
		jsonx_put_str(o, "code", answer(key, "webauthn.get", c, 9));
		snprintf(
		    text, sizeof(text), "%s", json_object_to_json_string(o));
		json_object_put(o);
		ck_assert_int_eq(
		    call("/api/v1/proof", text), i == 0 ? 401 : 204);
	}
	ck_assert_int_eq(call("/api/v1/proof", text), 401);
	snprintf(text, sizeof(text), "do=passkey_remove:%d", id + 1);
	ck_assert_int_eq(press("/access", text, NULL), 404);
	snprintf(text, sizeof(text), "do=passkey_remove:%d", id);
	ck_assert_int_eq(press("/access", text, NULL), 303);
	log_in(303);
	EVP_PKEY_free(key);
}
END_TEST

/* A button for a passkey comes with the script that shows it. */
START_TEST(buttons)
{
	static const char *const pages[] = {"/access", "/access/users",
	    "/access/users/" USER, "/access/tokens", NULL};
	EVP_PKEY *key = enrol();
	char path[64];
	long id;

	ck_assert_int_eq(users_create(con.app.db, "other", PASSWORD,
			     ROLE_VIEWER, time(NULL), &err),
	    0);
	id =
	    sql("INSERT INTO sessions (hash, user_id, origin, created, seen)"
		" SELECT 'x', max(id), '', unixepoch(), unixepoch() FROM users;"
		"UPDATE sessions SET proven = 0; SELECT max(id) FROM sessions");
	snprintf(path, sizeof(path), "/access/sessions/%ld", id);
	for (size_t i = 0; i < N(pages); i++) {
		ask("GET", pages[i] != NULL ? pages[i] : path);
		param("HTTP_COOKIE", session);
		ck_assert_int_eq(go(), 200);
		ck_assert_ptr_nonnull(strstr(got_body(), "data-again"));
		ck_assert_ptr_nonnull(strstr(got_body(), "passkey.js"));
	}
	ck_assert_int_eq(users_delete(con.app.db, "other", &err), 0);
	EVP_PKEY_free(key);
}
END_TEST

/* Passkeys alone, and the console's name is gone: there is a way that says
 * so, and no form without a field. */
START_TEST(name_gone)
{
	static const char *const names[] = {
	    ORIGIN, "", "https://192.0.2.1:8443"};
	EVP_PKEY *key = enrol();

	for (size_t i = 0; i < N(names); i++) {
		strcpy(con.app.conf.origin, names[i]);
		log_in(200);
		ck_assert_int_eq(
		    strstr(got_body(), "data-passkey=") != NULL, i == 0);
		ck_assert_int_eq(
		    strstr(got_body(), "id=\"passkey-none\"") != NULL, i == 0);
		ck_assert_int_eq(
		    strstr(got_body(), "set origin in") != NULL, i != 0);
		ck_assert_ptr_nonnull(
		    strstr(got_body(), "postsealctl user totp-reset"));
		ck_assert_ptr_null(strstr(got_body(), "name=\"code\""));
	}
	/* With an app there is its code. */
	sql("UPDATE users SET totp_on = 1");
	log_in(200);
	ck_assert_ptr_nonnull(strstr(got_body(), "name=\"code\""));
	ck_assert_ptr_null(strstr(got_body(), "totp-reset"));
	sql("UPDATE users SET totp_on = 0");
	EVP_PKEY_free(key);
}
END_TEST

/* What does not become a passkey. */
START_TEST(not_added)
{
	static const char *const bad[] = {"", "{", "[]", "{}", "7", "null",
	    "{\"client\":1,\"data\":\"\",\"key\":\"\"}",
	    "{\"client\":\"\",\"data\":\"\",\"key\":\"\",\"alg\":-7}"};
	EVP_PKEY *key = enrol();
	char c[CHALLENGE_TEXT], first[6000];
	struct json_object *list = NULL;

	for (size_t i = 0; i < N(bad); i++) {
		challenge(c);
		ck_assert_int_eq(
		    press("/access", "do=passkey_add&name=x", bad[i]), 422);
	}
	challenge(c);
	snprintf(
	    first, sizeof(first), "%s", answer(key, "webauthn.create", c, 1));
	/* The same again; without a name; with one that is not seen. */
	ck_assert_int_eq(press("/access", "do=passkey_add&name=x", first), 422);
	challenge(c);
	sql("UPDATE passkeys SET credential = 'AAAA'");
	ck_assert_int_eq(press("/access", "do=passkey_add&name=",
			     answer(key, "webauthn.create", c, 1)),
	    400);
	challenge(c);
	ck_assert_int_eq(press("/access", "do=passkey_add&name=a%E2%80%AEb",
			     answer(key, "webauthn.create", c, 1)),
	    400);
	/* Not where the console has no name, or an address for one. */
	for (int i = 0; i < 2; i++) {
		strcpy(con.app.conf.origin, i == 0 ? "" : "https://192.0.2.1");
		ck_assert_int_eq(call("/api/v1/proof/challenge", "{}"), 401);
		ck_assert_int_eq(
		    press("/access", "do=passkey_add&name=x", first), 422);
	}
	strcpy(con.app.conf.origin, ORIGIN);
	/* Ten of them. */
	for (int i = 1; i < PASSKEYS_MAX; i++) {
		struct passkey k = {.key = "x", .alg = -7};

		snprintf(k.credential, sizeof(k.credential), "c%d", i);
		ck_assert_int_eq(
		    passkeys_add(con.app.db, USER, "n", &k, time(NULL), &err),
		    0);
	}
	challenge(c);
	ck_assert_int_eq(press("/access", "do=passkey_add&name=x",
			     answer(key, "webauthn.create", c, 1)),
	    422);
	ck_assert_int_eq(passkeys_list(con.app.db, USER, &list, &err), 0);
	ck_assert_uint_eq(json_object_array_length(list), PASSKEYS_MAX);
	json_object_put(list);
	/* The rescue takes all of them. */
	ck_assert_int_eq(factor_reset(con.app.db, USER, time(NULL), &err), 0);
	log_in(303);
	EVP_PKEY_free(key);
}
END_TEST

/* Somebody else's passkey is none, and another session's challenge neither. */
START_TEST(not_ones_own)
{
	EVP_PKEY *key = enrol();
	char c[CHALLENGE_TEXT];

	challenge(c);
	log_in(200);
	ck_assert_int_eq(
	    press("/login", "next=/", answer(key, "webauthn.get", c, 5)), 401);
	offered(c);
	ck_assert_int_eq(users_create(con.app.db, "other", PASSWORD,
			     ROLE_VIEWER, time(NULL), &err),
	    0);
	sql("UPDATE passkeys SET user_id = (SELECT id FROM users WHERE name ="
	    " 'other')");
	ck_assert_int_eq(
	    press("/login", "next=/", answer(key, "webauthn.get", c, 5)), 401);
	ck_assert_int_eq(users_delete(con.app.db, "other", &err), 0);
	EVP_PKEY_free(key);
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("all");

	con_open();
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, second_step);
	tcase_add_test(t, step_up);
	tcase_add_test(t, buttons);
	tcase_add_test(t, name_gone);
	tcase_add_test(t, not_added);
	tcase_add_test(t, not_ones_own);
	return con_close(suite_run("passkeys", t));
}
