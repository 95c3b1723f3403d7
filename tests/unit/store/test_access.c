/*
 * test_access.c - roles, common passwords, addresses, scopes of tokens, the
 * list of sessions, and databases of before there were any of these.
 */
#include "rig.h"

#include "../../../src/store/db.h"
#include "sessions.h"
#include "tokens.h"

static const struct {
	const char *password, *name;
	bool common;
} words[] = {
    {"password1234", NULL, true},
    {"PASSWORD1234", NULL, true},
    {"P@ssw0rd1234", NULL, true},
    {"p455w0rd2026", NULL, true},
    {"Password2026!!", NULL, true},
    {"passwordpassword", NULL, true},
    {"admin-admin-admin", NULL, true},
    {"administrator", NULL, true},
    {"Administrator1!", NULL, true},
    {"qwertyuiop123", NULL, true},
    {"qwertyuiopasdfghjkl", NULL, true},
    {"1qaz2wsx1qaz2wsx", NULL, true},
    {"123456789012", NULL, true},
    {"210987654321", NULL, true},
    {"aaaaaaaaaaaa", NULL, true},
    {"aaaabbbbcccc", NULL, true},
    {"abcdefghijklmn", NULL, true},
    {"111111111111", NULL, true},
    {"iloveyou2024", NULL, true},
    {"letmein12345", NULL, true},
    {"Welcome2024!", NULL, true},
    {"changeme1234", NULL, true},
    {"Summer2025!!", NULL, true},
    {"postsealpostseal", NULL, true},
    {"Postseal2026!", NULL, true},
    {"tanakatanaka", "tanaka", true},
    {"Tanaka-2026!", "tanaka", true},
    {"t4n4k4tanaka", "tanaka", true},
    {"tanakatanaka", "suzuki", true},
    {"correct horse battery", NULL, false},
    {"correcthorsebatterystaple", NULL, true},
    {"vole kettle 83af", NULL, false},
    {"xK9#mQ2$vL7!", NULL, false},
    {"hwzjqfkyvnbt", NULL, false},
    {"RS99zSug8S6qSebtnR8t", NULL, false},
    {"\xe7\x84\xa1\xe9\x96\xa2\xe4\xbf\x82\xe3\x81\xaa\xe8\xa8\x80", NULL,
	false},
    {"password of the quay, seven", NULL, false},
    {"849302751846", NULL, false},
};

START_TEST(common_words)
{
	int rc = password_acceptable(words[_i].password, words[_i].name, &err);
	bool common = rc == -1 && err.code == ERR_PASSWORD_COMMON;

	/* Japanese of five characters is too short, not common. */
	ck_assert_msg(common == words[_i].common, "%s", words[_i].password);
}
END_TEST

/* Lengths count characters, not bytes. */
START_TEST(length_in_characters)
{
	char s[64] = "";

	for (int i = 0; i < 11; i++)
		strcat(s, i % 3 == 0   ? "\xe7\x84\xa1"
			  : i % 3 == 1 ? "\xe9\x96\xa2"
				       : "\xe4\xbf\x82");
	ck_assert(is(password_acceptable(s, NULL, &err), ERR_PASSWORD_LENGTH));
	strcat(s, "\xe8\xa8\x80");
	ck_assert_int_eq(password_acceptable(s, NULL, &err), 0);
}
END_TEST

static const struct {
	const char *list, *normal; /* NULL = refused */
} lists[] = {
    {"", ""},
    {" \r\n, ", NULL},
    {"192.0.2.1", "192.0.2.1"},
    {"192.0.2.1/32", "192.0.2.1"},
    {"192.0.2.129/25", "192.0.2.128/25"},
    {"10.0.0.0/8 192.0.2.1", "10.0.0.0/8, 192.0.2.1"},
    {"10.0.0.0/8,192.0.2.1\r\n::1", "10.0.0.0/8, 192.0.2.1, ::1"},
    {"2001:DB8::/32", "2001:db8::/32"},
    {"2001:db8::1", "2001:db8::1"},
    {"::ffff:192.0.2.1", "192.0.2.1"},
    {"1.2.3.4/0", "0.0.0"
		  ".0/0"},
    {"::/0", "::/0"},
    {"192.0.2.1/33", NULL},
    {"192.0.2.1/", NULL},
    {"192.0.2.1/-1", NULL},
    {"192.0.2.1/ 8", NULL},
    {"192.0.2.1/08", NULL},
    {"192.0.2.1/255.255.255.0", "192.0.2.0/24"},
    {"192.0.2.0/255.0.255.0", NULL},
    {"192.0.2", NULL},
    {"192.0.2.256", NULL},
    {"192.0.02.1", NULL},
    {"2001:db8::/129", NULL},
    {"2001:db8:::1", NULL},
    {"fe80::1%eth0", NULL},
    {"::ffff:192.0.2.0/120", "192.0.2.0/24"},
    {"::ffff:192.0.2.0/129", NULL},
    {"localhost", NULL},
    {",", NULL},
    {" , ,\r\n", NULL},
    {" ", NULL},
    {"*", NULL},
    {"10.0.0.0/8;::1", NULL},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "a",
	NULL},
};

START_TEST(address_lists)
{
	char got[TOKEN_ALLOWED_MAX + 1];
	int rc = cidr_list_normal(lists[_i].list, got, sizeof(got), &err);

	if (lists[_i].normal == NULL) {
		ck_assert(is(rc, ERR_FIELD_INVALID));
		return;
	}
	ck_assert_int_eq(rc, 0);
	ck_assert_str_eq(got, lists[_i].normal);
	ck_assert_int_eq(
	    cidr_list_normal(lists[_i].normal, got, sizeof(got), &err), 0);
	ck_assert_str_eq(got, lists[_i].normal);
}
END_TEST

START_TEST(address_list_too_long)
{
	char list[4096] = "", got[TOKEN_ALLOWED_MAX + 1];

	for (int i = 0; i < 200; i++)
		strcat(list, "192.0.2.1 ");
	ck_assert(is(cidr_list_normal(list, got, sizeof(got), &err),
	    ERR_FIELD_TOO_LONG));
}
END_TEST

static const struct {
	const char *list, *address;
	bool allowed;
} matches[] = {
    {"", "192.0.2.1", true},
    {"", "", true},
    {"192.0.2.1", "192.0.2.1", true},
    {"192.0.2.1", "192.0.2.2", false},
    {"192.0.2.0/24", "192.0.2.255", true},
    {"192.0.2.0/24", "192.0.3.0", false},
    {"192.0.2.128/25", "192.0.2.127", false},
    {"192.0.2.128/25", "192.0.2.128", true},
    {"192.0.2.0/31", "192.0.2.1", true},
    {"192.0.2.0/31", "192.0.2.2", false},
    {"10.0.0.0/8, 192.0.2.1", "10.255.0.1", true},
    {"10.0.0.0/8, 192.0.2.1", "192.0.2.1", true},
    {"10.0.0.0/8, 192.0.2.1", "11.0.0.1", false},
    {"0.0.0"
     ".0/0",
	"203.0.113.7", true},
    {"0.0.0"
     ".0/0",
	"::1", false},
    {"::/0", "::1", true},
    {"::/0", "127.0.0.1", false},
    {"2001:db8::/33", "2001:db8:7fff::1", true},
    {"2001:db8::/33", "2001:db8:8000::1", false},
    {"192.0.2.1", "::ffff:192.0.2.1", true},
    {"192.0.2.1", "", false},
    {"192.0.2.1", "unix:", false},
    {"192.0.2.1", "192.0.2.1/32", false},
    {"192.0.2.0/24", "192.0.2.1:255.255.255.255", false},
    {"192.0.2.1", "192.0.2.1, 10.0.0.1", false},
};

START_TEST(address_allowed)
{
	ck_assert_int_eq(
	    cidr_list_allows(matches[_i].list, matches[_i].address),
	    matches[_i].allowed);
}
END_TEST

START_TEST(names_of_roles)
{
	static const char *const bad[] = {
	    "", "root", "Viewer", "viewer ", "administrators", "none"};
	enum role r = ROLE_VIEWER;
	enum scope s = SCOPE_READ;

	for (int i = 1; i < ROLE__MAX; i++) {
		ck_assert_int_eq(
		    role_from_name(role_name((enum role)i), &r, &err), 0);
		ck_assert_int_eq(r, i);
	}
	for (int i = 1; i < SCOPE__MAX; i++) {
		ck_assert_int_eq(
		    scope_from_name(scope_name((enum scope)i), &s, &err), 0);
		ck_assert_int_eq(s, i);
	}
	for (int i = 0; i < N(bad); i++) {
		ck_assert(
		    is(role_from_name(bad[i], &r, &err), ERR_FIELD_INVALID));
		ck_assert(
		    is(scope_from_name(bad[i], &s, &err), ERR_FIELD_INVALID));
	}
	ck_assert_str_eq(role_name(ROLE_NONE), "");
	ck_assert_str_eq(role_name((enum role)99), "");
	ck_assert_str_eq(scope_name((enum scope) - 1), "");
}
END_TEST

static enum role
role_of(const char *name)
{
	struct user_row row;

	ck_assert_int_eq(users_get(db, name, &row, &err), 0);
	return row.role;
}

START_TEST(last_administrator)
{
	add("one");
	ck_assert_int_eq(
	    users_create(db, "vic", GOOD, ROLE_VIEWER, NOW, &err), 0);
	ck_assert(is(users_remove(db, "one", &err), ERR_USER_LAST));
	ck_assert(
	    is(users_set_role(db, "ONE", ROLE_OPERATOR, &err), ERR_USER_LAST));
	ck_assert_int_eq(
	    users_set_role(db, "one", ROLE_ADMINISTRATOR, &err), 0);
	ck_assert(is(users_remove(db, "who", &err), ERR_USER_UNKNOWN));
	ck_assert(
	    is(users_set_role(db, "who", ROLE_VIEWER, &err), ERR_USER_UNKNOWN));
	ck_assert(is(users_remove(db, "' OR 1=1", &err), ERR_USER_NAME));
	ck_assert_int_eq(
	    users_set_role(db, "vic", ROLE_ADMINISTRATOR, &err), 0);
	ck_assert_int_eq(users_set_role(db, "one", ROLE_VIEWER, &err), 0);
	ck_assert_int_eq(role_of("one"), ROLE_VIEWER);
	ck_assert(is(users_remove(db, "vic", &err), ERR_USER_LAST));
	ck_assert_int_eq(users_remove(db, "one", &err), 0);
	/* the shell may */
	ck_assert_int_eq(users_delete(db, "vic", &err), 0);
}
END_TEST

static void
sql(const char *text)
{
	char path[128];
	sqlite3 *h;

	snprintf(path, sizeof(path), "%s/%s", dir, STORE_FILE);
	ck_assert_int_eq(sqlite3_open(path, &h), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(h, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(h);
}

/* A word that this program does not know gives no right. */
START_TEST(unknown_role)
{
	char token[TOKEN_LEN + 1];
	struct token_row row;
	long id;

	add("one");
	tokens_add(db, "one", "t", NOW, token, &id, &err);
	sql("UPDATE users SET role = 'Administrator';"
	    "UPDATE tokens SET scope = 'all'");
	ck_assert_int_eq(role_of("one"), ROLE_NONE);
	ck_assert_int_eq(tokens_find(db, token, "", NOW, &row, &err), 0);
	ck_assert_int_eq(row.role, ROLE_NONE);
	ck_assert_int_eq(row.scope, SCOPE_NONE);
}
END_TEST

/* Statements of a file into a database that is not there yet; HASH and TOKEN
 * become what they are in the one that was open. */
static void
lay_out(const char *file)
{
	char path[128], wal[160], *text, hash[512], token[128];
	struct buf b;
	sqlite3_stmt *st;
	sqlite3 *h;

	snprintf(path, sizeof(path), "%s/%s", dir, STORE_FILE);
	snprintf(wal, sizeof(wal), "%s-wal", path);
	ck_assert_int_eq(sqlite3_open(path, &h), SQLITE_OK);
	ck_assert_int_eq(
	    sqlite3_prepare_v2(h,
		"SELECT users.hash, tokens.hash FROM users, tokens", -1, &st,
		NULL),
	    SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(st), SQLITE_ROW);
	snprintf(hash, sizeof(hash), "%s", sqlite3_column_text(st, 0));
	snprintf(token, sizeof(token), "%s", sqlite3_column_text(st, 1));
	sqlite3_finalize(st);
	sqlite3_close(h);
	ck_assert_int_eq(unlink(path), 0);
	unlink(wal);

	buf_init(&b, 1 << 16);
	ck_assert_msg(fsx_read(file, 1 << 16, &b, &err) == 0, "%s", err.msg);
	ck_assert_int_eq(sqlite3_open(path, &h), SQLITE_OK);
	ck_assert_msg(sqlite3_exec(h, b.data, NULL, NULL, &text) == SQLITE_OK,
	    "%s", text);
	buf_clear(&b);
	text = sqlite3_mprintf("UPDATE users SET hash = %Q;"
			       "UPDATE tokens SET hash = %Q",
	    hash, token);
	ck_assert_int_eq(sqlite3_exec(h, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_free(text);
	sqlite3_close(h);
}

/* A copy of before is there, and it is no other. */
static void
kept(int version)
{
	char path[160];
	struct stat st;
	sqlite3 *h;
	sqlite3_stmt *q;

	snprintf(path, sizeof(path), "%s/%s.v%d", dir, STORE_FILE, version);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(sqlite3_open(path, &h), SQLITE_OK);
	ck_assert_int_eq(
	    sqlite3_prepare_v2(h, "PRAGMA user_version", -1, &q, NULL),
	    SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(q), SQLITE_ROW);
	ck_assert_int_eq(sqlite3_column_int(q, 0), version);
	sqlite3_finalize(q);
	sqlite3_close(h);
}

#define VERSIONS 5 /* tests/data/schema */

/* Users and tokens of each version go on as they were. */
START_TEST(migrates)
{
	bool known = false;
	char token[TOKEN_LEN + 1], path[64];
	struct token_row row;
	struct user_row user;
	long id;

	add("one");
	tokens_add(db, "one", "t", NOW, token, &id, &err);
	db_close(db);
	snprintf(path, sizeof(path), "tests/data/schema/v%d.sql", _i);
	lay_out(path);
	ck_assert_msg(db_open(dir, &db, &err) == 0, "%s", err.msg);
	if (_i < VERSIONS)
		kept(_i);
	ck_assert_int_eq(role_of("one"), ROLE_ADMINISTRATOR);
	ck_assert_int_gt(user_id("one"), 0);
	ck_assert_int_eq(users_get(db, "one", &user, &err), 0);
	ck_assert(!user.pam && user.made == 0 && user.factor_changed == 0);
	ck_assert_int_eq(
	    network_known(db, "one", "192.0.2.1", NOW, &known, &err), 0);
	ck_assert_int_eq(known, _i == 3);
	ck_assert_int_eq(tokens_find(db, token, "::1", NOW, &row, &err), 0);
	ck_assert_int_eq(row.scope, SCOPE_WRITE);
	ck_assert_str_eq(row.certificate, "");
	ck_assert_int_eq(row.role, ROLE_ADMINISTRATOR);
}
END_TEST

#define DAY 86400

static const struct {
	int days;
	const char *allowed, *from;
	int at;
	enum err_code code;
} uses[] = {
    {0, NULL, "192.0.2.1", 4000 * DAY, ERR_NONE},
    {1, NULL, "192.0.2.1", DAY - 1, ERR_NONE},
    {1, NULL, "192.0.2.1", DAY, ERR_TOKEN_EXPIRED},
    {30, NULL, "192.0.2.1", 30 * DAY - 1, ERR_NONE},
    {30, NULL, "192.0.2.1", 31 * DAY, ERR_TOKEN_EXPIRED},
    {0, "192.0.2.0/24", "192.0.2.9", 0, ERR_NONE},
    {0, "192.0.2.0/24", "192.0.3.9", 0, ERR_TOKEN_ADDRESS},
    {0, "192.0.2.0/24", "", 0, ERR_TOKEN_ADDRESS},
    {1, "192.0.2.0/24", "192.0.3.9", DAY, ERR_TOKEN_EXPIRED},
};

START_TEST(token_limits)
{
	struct token_want w = {
	    "one", "t", SCOPE_READ, uses[_i].days, uses[_i].allowed, NULL};
	char token[TOKEN_LEN + 1];
	struct token_row row;
	long id;
	int rc;

	add("one");
	ck_assert_int_eq(tokens_create(db, &w, NOW, token, &id, &err), 0);
	rc = tokens_find(
	    db, token, uses[_i].from, NOW + uses[_i].at, &row, &err);
	if (uses[_i].code != ERR_NONE) {
		ck_assert(is(rc, uses[_i].code));
		return;
	}
	ck_assert_int_eq(rc, 0);
	ck_assert_int_eq(row.scope, SCOPE_READ);
}
END_TEST

START_TEST(token_wants)
{
	static const char *const unseen[] = {"", "a\x1b[2J", "a\x7f",
	    "a\xc2\x9b" "b", "a\xe2\x80\xae" "b", "\xe2\x80\x8b",
	    "a\nb", "\xff"};
	struct token_want good = {"one", "t", SCOPE_READ, 1, "::1", NULL}, w;
	char token[TOKEN_LEN + 1] = "kept";
	long id = 7;

	add("one");
	for (size_t i = 0; i < N(unseen); i++) {
		w = good;
		w.name = unseen[i];
		ck_assert(is(tokens_create(db, &w, NOW, token, &id, &err),
		    ERR_FIELD_INVALID));
		ck_assert_str_eq(err.field, "name");
	}
	w = good;
	w.days = -1;
	ck_assert(is(
	    tokens_create(db, &w, NOW, token, &id, &err), ERR_FIELD_INVALID));
	w.days = TOKEN_DAYS_MAX + 1;
	ck_assert(is(
	    tokens_create(db, &w, NOW, token, &id, &err), ERR_FIELD_INVALID));
	w = good;
	w.allowed = "here";
	ck_assert(is(
	    tokens_create(db, &w, NOW, token, &id, &err), ERR_FIELD_INVALID));
	w = good;
	w.user = "two";
	ck_assert(
	    is(tokens_create(db, &w, NOW, token, &id, &err), ERR_USER_UNKNOWN));
	w = good;
	w.certificate = "mx2.example.jp";
	ck_assert(is(
	    tokens_create(db, &w, NOW, token, &id, &err), ERR_FIELD_INVALID));
	w.scope = SCOPE_CERTIFICATES;
	w.certificate = "a b";
	ck_assert(
	    is(tokens_create(db, &w, NOW, token, &id, &err), ERR_SNI_NAME));
	ck_assert_str_eq(token, "kept");
	ck_assert_int_eq(id, 7);
}
END_TEST

START_TEST(token_for_a_certificate)
{
	struct token_want w = {"one", "t", SCOPE_CERTIFICATES, 1, "::1",
	    "MX2.example.jp"};
	char token[TOKEN_LEN + 1];
	struct token_row row;
	long id;

	add("one");
	ck_assert_int_eq(tokens_create(db, &w, NOW, token, &id, &err), 0);
	ck_assert_int_eq(tokens_find(db, token, "::1", NOW, &row, &err), 0);
	ck_assert_str_eq(row.certificate, "mx2.example.jp");
	w.certificate = NULL;
	ck_assert_int_eq(tokens_create(db, &w, NOW, token, &id, &err), 0);
	ck_assert_int_eq(tokens_find(db, token, "::1", NOW, &row, &err), 0);
	ck_assert_str_eq(row.certificate, "");
}
END_TEST

static size_t
n_sessions(const char *user, int at)
{
	struct json_object *list = NULL;
	size_t n;

	ck_assert_int_eq(
	    sessions_list(db, user, NOW + at, 900, 9000, &list, &err), 0);
	n = json_object_array_length(list);
	json_object_put(list);
	return n;
}

START_TEST(sessions_listed_and_ended)
{
	char secret[16];
	struct session_row row;
	long one, two;

	add("one");
	add("two");
	one = user_id("one");
	two = user_id("two");
	for (int i = 0; i < 5; i++) {
		snprintf(secret, sizeof(secret), "s%d", i);
		ck_assert_int_eq(sessions_add(db, i < 3 ? one : two, secret,
				     "192.0.2.1", NOW, &err),
		    0);
	}
	ck_assert_uint_eq(n_sessions(NULL, 0), 5);
	ck_assert_uint_eq(n_sessions("ONE", 0), 3);
	ck_assert_uint_eq(n_sessions("who", 0), 0);
	ck_assert_uint_eq(n_sessions(NULL, 900), 0);
	sessions_find(db, "s0", NOW, 900, 9000, &row, &err);
	ck_assert_int_eq(row.role, ROLE_ADMINISTRATOR);
	ck_assert(
	    is(sessions_end(db, "two", row.id, &err), ERR_SESSION_UNKNOWN));
	ck_assert(is(sessions_end(db, NULL, 4711, &err), ERR_SESSION_UNKNOWN));
	ck_assert_int_eq(sessions_end_others(db, "one", row.id, &err), 0);
	ck_assert_uint_eq(n_sessions("one", 0), 1);
	ck_assert_uint_eq(n_sessions("two", 0), 2);
	ck_assert_int_eq(sessions_end(db, "one", row.id, &err), 0);
	ck_assert_int_eq(sessions_end_others(db, "two", 0, &err), 0);
	ck_assert_uint_eq(n_sessions(NULL, 0), 0);
}
END_TEST

/* One that waits for its code is not listed, and ends early. */
START_TEST(half_open_sessions)
{
	struct session_row row;

	add("one");
	sessions_add(db, user_id("one"), SECRET, "", NOW, &err);
	sessions_find(db, SECRET, NOW, 900, 9000, &row, &err);
	ck_assert_int_eq(row.stage, STAGE_FULL);
	ck_assert_int_eq(sessions_set_stage(db, row.id, STAGE_CODE, &err), 0);
	ck_assert_uint_eq(n_sessions(NULL, 0), 0);
	ck_assert_int_eq(sessions_find(db, SECRET, NOW + CODE_WAIT_S - 1, 900,
			     9000, &row, &err),
	    0);
	ck_assert_int_eq(row.stage, STAGE_CODE);
	ck_assert(is(
	    sessions_find(db, SECRET, NOW + CODE_WAIT_S, 900, 9000, &row, &err),
	    ERR_AUTH_REQUIRED));
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, common_words, 0, N(words));
	tcase_add_test(t, length_in_characters);
	tcase_add_loop_test(t, address_lists, 0, N(lists));
	tcase_add_test(t, address_list_too_long);
	tcase_add_loop_test(t, address_allowed, 0, N(matches));
	tcase_add_test(t, names_of_roles);
	tcase_add_test(t, last_administrator);
	tcase_add_test(t, unknown_role);
	tcase_add_loop_test(t, migrates, 1, VERSIONS + 1);
	tcase_add_loop_test(t, token_limits, 0, N(uses));
	tcase_add_test(t, token_wants);
	tcase_add_test(t, token_for_a_certificate);
	tcase_add_test(t, sessions_listed_and_ended);
	tcase_add_test(t, half_open_sessions);
	return suite_run("access", t) == 0 ? 0 : 1;
}
