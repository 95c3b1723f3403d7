/*
 * test_store.c - the console's database: migrations, users, sessions, tokens.
 */
#include "rig.h"
#include "sessions.h"
#include "tokens.h"

START_TEST(files_are_private)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", dir, STORE_FILE);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	add("admin");
	snprintf(path, sizeof(path), "%s/%s-wal", dir, STORE_FILE);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 0077, 0);
}
END_TEST

START_TEST(opens_again)
{
	add("admin");
	db_close(db);
	ck_assert_int_eq(db_open(dir, &db, &err), 0);
	user_id("admin");
}
END_TEST

/* A database of a newer program is refused, and left alone. */
START_TEST(refuses_newer)
{
	char path[128];
	sqlite3 *h;
	struct db *other = NULL;

	snprintf(path, sizeof(path), "%s/%s", dir, STORE_FILE);
	ck_assert_int_eq(sqlite3_open(path, &h), SQLITE_OK);
	ck_assert_int_eq(
	    sqlite3_exec(h, "PRAGMA user_version = 99", NULL, NULL, NULL),
	    SQLITE_OK);
	sqlite3_close(h);
	ck_assert(is(db_open(dir, &other, &err), ERR_CONFIG));
}
END_TEST

static void
damage(const char *d, int how)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", d, STORE_FILE);
	switch (how) {
	case 0: /* no database at all */
		f = fopen(path, "w");
		for (int i = 0; i < 8192; i++)
			fputc(i * 7, f);
		fclose(f);
		break;
	case 1: /* a directory in its place */
		mkdir(path, 0700);
		break;
	case 2: /* a symbolic link */
		ck_assert_int_eq(symlink("/dev/null", path), 0);
		break;
	default: /* a directory that is not there */
		rmdir(d);
		break;
	}
}

START_TEST(refuses_damage)
{
	char d[64] = "/tmp/store-bad-XXXXXX";
	struct db *other = NULL;

	ck_assert_ptr_nonnull(mkdtemp(d));
	damage(d, _i);
	ck_assert_int_eq(db_open(d, &other, &err), -1);
	ck_assert_ptr_null(other);
	ck_assert_str_ne(err.msg, "");
	fsx_wipe_tree(d, NULL);
}
END_TEST

START_TEST(prepare_directory)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/web", dir);
	ck_assert_int_eq(db_prepare(path, getuid(), getgid(), &err), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0700);
	ck_assert_int_eq(db_prepare(path, getuid(), getgid(), &err), 0);
	ck_assert(
	    is(db_prepare(path, getuid() + 1, getgid(), &err), ERR_CONFIG));
	snprintf(path, sizeof(path), "%s/a/b", dir);
	ck_assert(is(db_prepare(path, getuid(), getgid(), &err), ERR_IO));
}
END_TEST

static const struct {
	const char *name;
	bool ok;
} names[] = {
    {"a", true},
    {"admin", true},
    {"A.b_c-d@e.jp", true},
    {"0", true},
    {"_x", true},
    {"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff123", true},
    {"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff1234", false},
    {"", false},
    {"-a", false},
    {".a", false},
    {"a b", false},
    {"a\n", false},
    {"a/b", false},
    {"a'b", false},
    {"a\"b", false},
    {"a;b", false},
    {"a%b", false},
    {"\xe6\x97\xa5", false},
    {"a\x7f", false},
};

START_TEST(user_names)
{
	ck_assert_int_eq(user_name_valid(names[_i].name), names[_i].ok);
	if (!names[_i].ok)
		ck_assert(is(users_add(db, names[_i].name, GOOD, NOW, &err),
		    ERR_USER_NAME));
}
END_TEST

START_TEST(passwords)
{
	/* of two, three and four bytes */
	static const char *const chars[] = {
	    "\xc3\xa9", "\xe5\xad\x97", "\xf0\x9f\x90\x9f"};
	char longest[PASSWORD_CHARS_MAX + 2], wide[600];

	for (size_t i = 0; i < sizeof(longest); i++)
		longest[i] = (char)('a' + i * i % 26);
	longest[PASSWORD_CHARS_MAX + 1] = '\0';
	ck_assert(is(users_add(db, "a", "", NOW, &err), ERR_PASSWORD_LENGTH));
	ck_assert(is(
	    users_add(db, "a", "elevenchars", NOW, &err), ERR_PASSWORD_LENGTH));
	ck_assert(
	    is(users_add(db, "a", longest, NOW, &err), ERR_PASSWORD_LENGTH));
	ck_assert(is(users_add(db, "a", "not utf-8 \xff\xfe", NOW, &err),
	    ERR_FIELD_ENCODING));
	longest[PASSWORD_CHARS_MAX] = '\0';
	ck_assert_int_eq(users_add(db, "a", longest, NOW, &err), 0);
	ck_assert_int_gt(user_id_with("a", longest), 0);
	/* No character is cut off. */
	longest[PASSWORD_CHARS_MAX - 1] ^= 1;
	ck_assert_int_eq(user_id_with("a", longest), -1);
	for (int i = 0; i < N(chars); i++) {
		strcpy(wide, "vole kettle ");
		for (size_t n = strlen(wide); n < PASSWORD_CHARS_MAX; n++)
			strcat(wide, chars[i]);
		ck_assert_msg(users_passwd(db, "a", wide, NOW, &err) == 0,
		    "%d: %s", i, err.msg);
		ck_assert_int_gt(user_id_with("a", wide), 0);
		strcat(wide, chars[i]);
		ck_assert(is(users_passwd(db, "a", wide, NOW, &err),
		    ERR_PASSWORD_LENGTH));
	}
}
END_TEST

START_TEST(users)
{
	struct json_object *list = NULL, *o;
	struct proof proof = {.id = 7};

	add("Admin");
	ck_assert(is(users_add(db, "admin", GOOD, NOW, &err), ERR_USER_EXISTS));
	ck_assert(is(users_verify(db, "admin", GOOD "x", &proof, &err),
	    ERR_AUTH_FAILED));
	ck_assert(is(
	    users_verify(db, "nobody", GOOD, &proof, &err), ERR_AUTH_FAILED));
	ck_assert(is(users_verify(db, "' OR 1=1 --", GOOD, &proof, &err),
	    ERR_AUTH_FAILED));
	ck_assert_int_eq(proof.id, 7);
	ck_assert_int_gt(user_id("ADMIN"), 0);
	ck_assert_int_eq(users_passwd(db, "admin", GOOD "2", NOW + 9, &err), 0);
	ck_assert(
	    is(users_verify(db, "admin", GOOD, &proof, &err), ERR_AUTH_FAILED));
	ck_assert_int_eq(users_verify(db, "admin", GOOD "2", &proof, &err), 0);
	ck_assert(
	    is(users_passwd(db, "who", GOOD, NOW, &err), ERR_USER_UNKNOWN));
	ck_assert_int_eq(users_list(db, &list, &err), 0);
	ck_assert_uint_eq(json_object_array_length(list), 1);
	o = json_object_array_get_idx(list, 0);
	ck_assert_str_eq(
	    json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN),
	    "{\"name\":\"Admin\",\"role\":\"administrator\","
	    "\"second_factor\":false,\"created_at\":\"2027-01-15T08:00:00Z\","
	    "\"changed_at\":\"2027-01-15T08:00:09Z\","
	    "\"last_login_at\":null,\"source\":\"local\",\"invited_at\":null}");
	json_object_put(list);
	ck_assert(is(users_delete(db, "who", &err), ERR_USER_UNKNOWN));
	ck_assert_int_eq(users_delete(db, "admin", &err), 0);
	ck_assert(is(users_verify(db, "admin", GOOD "2", &proof, &err),
	    ERR_AUTH_FAILED));
}
END_TEST

/* A failed change leaves no transaction behind. */
START_TEST(passwd_unknown_leaves_no_lock)
{
	ck_assert(
	    is(users_passwd(db, "who", GOOD, NOW, &err), ERR_USER_UNKNOWN));
	add("admin");
	ck_assert_int_eq(users_passwd(db, "admin", GOOD, NOW, &err), 0);
}
END_TEST

/* What this process has computed, however busy the machine is. */
static int64_t
spent_ms(void)
{
	struct timespec t;

	ck_assert_int_eq(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* An unknown user must cost what a wrong password costs. */
START_TEST(same_time)
{
	int64_t t0, t1, t2;
	struct proof proof;

	add("admin");
	t0 = spent_ms();
	for (int i = 0; i < 3; i++)
		users_verify(db, "admin", GOOD "x", &proof, &err);
	t1 = spent_ms();
	for (int i = 0; i < 3; i++)
		users_verify(db,
		    i == 0   ? "nobody"
		    : i == 1 ? "a b"
			     : "",
		    GOOD, &proof, &err);
	t2 = spent_ms();
	ck_assert_int_gt((t2 - t1) * 3, t1 - t0);
	ck_assert_int_gt((t1 - t0) * 3, t2 - t1);
}
END_TEST

static const struct {
	int at; /* seconds after log-in */
	int idle, max;
	bool ok;
} ages[] = {
    {0, 900, 28800, true},
    {899, 900, 28800, true},
    {900, 900, 28800, false},
    {5000, 900, 28800, false},
    {899, 900, 800, false},
    {799, 900, 800, true},
    {-50, 900, 28800, true},
};

START_TEST(session_age)
{
	struct session_row row;
	int rc;

	add("admin");
	ck_assert_int_eq(
	    sessions_add(db, user_id("admin"), SECRET, "192.0.2.1", NOW, &err),
	    0);
	rc = sessions_find(db, SECRET, NOW + ages[_i].at, ages[_i].idle,
	    ages[_i].max, &row, &err);
	if (!ages[_i].ok) {
		ck_assert(is(rc, ERR_AUTH_REQUIRED));
		return;
	}
	ck_assert_int_eq(rc, 0);
	ck_assert_str_eq(row.user, "admin");
	ck_assert_int_eq(row.created, NOW);
}
END_TEST

/* Each visit within the idle time keeps it alive, up to the maximum. */
START_TEST(session_slides)
{
	struct session_row row;
	int t, rc = 0;

	add("admin");
	sessions_add(db, user_id("admin"), SECRET, "", NOW, &err);
	for (t = 0; t <= 4000 && rc == 0; t += 500)
		rc = sessions_find(db, SECRET, NOW + t, 600, 3600, &row, &err);
	ck_assert(is(rc, ERR_AUTH_REQUIRED));
	ck_assert_int_eq(t, 4500); /* the look at 4000 failed */
}
END_TEST

START_TEST(session_ends)
{
	struct session_row row;
	long id;

	add("admin");
	id = user_id("admin");
	ck_assert_int_eq(sessions_add(db, id, SECRET, "", NOW, &err), 0);
	ck_assert_int_eq(sessions_find(db, SECRET, NOW, 9, 9, &row, &err), 0);
	switch (_i) {
	case 0:
		ck_assert_int_eq(sessions_drop(db, row.id, &err), 0);
		break;
	case 1:
		ck_assert_int_eq(users_passwd(db, "admin", GOOD, NOW, &err), 0);
		break;
	case 2:
		ck_assert_int_eq(users_delete(db, "admin", &err), 0);
		break;
	default:
		ck_assert_int_eq(db_sweep(db, NOW + 9, 9, 99, &err), 0);
		break;
	}
	ck_assert(is(sessions_find(db, SECRET, NOW, 9, 9, &row, &err),
	    ERR_AUTH_REQUIRED));
}
END_TEST

START_TEST(session_of_nobody)
{
	ck_assert_int_eq(sessions_add(db, 4711, SECRET, "", NOW, &err), -1);
}
END_TEST

/* Counts the pages that were written, by a second handle. */
static int
changes(void)
{
	char path[128];
	sqlite3_stmt *st;
	static sqlite3 *h;
	int v;

	snprintf(path, sizeof(path), "%s/%s", dir, STORE_FILE);
	if (h == NULL)
		ck_assert_int_eq(sqlite3_open(path, &h), SQLITE_OK);
	ck_assert_int_eq(
	    sqlite3_prepare_v2(h, "PRAGMA data_version", -1, &st, NULL),
	    SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(st), SQLITE_ROW);
	v = sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	return v;
}

/* A visit costs a write at most once a minute. */
START_TEST(visits_are_cheap)
{
	char token[TOKEN_LEN + 1];
	struct session_row row;
	struct token_row tok;
	long id;
	int before;

	add("admin");
	sessions_add(db, user_id("admin"), SECRET, "", NOW, &err);
	tokens_add(db, "admin", "t", NOW, token, &id, &err);
	ck_assert_int_eq(tokens_find(db, token, "::1", NOW, &tok, &err), 0);
	before = changes();
	for (int t = 0; t < 60; t++) {
		ck_assert_int_eq(
		    sessions_find(db, SECRET, NOW + t, 900, 9000, &row, &err),
		    0);
		ck_assert_int_eq(
		    tokens_find(db, token, "::1", NOW + t, &tok, &err), 0);
	}
	ck_assert_int_eq(changes(), before);
	ck_assert_int_eq(
	    sessions_find(db, SECRET, NOW + 60, 900, 9000, &row, &err), 0);
	ck_assert_int_ne(changes(), before);
}
END_TEST

START_TEST(tokens)
{
	char a[TOKEN_LEN + 1] = "", b[TOKEN_LEN + 1] = "";
	struct json_object *list = NULL;
	struct token_row row;
	long id_a = 0, id_b = 0;

	add("admin");
	ck_assert(is(
	    tokens_add(db, "who", "t", NOW, a, &id_a, &err), ERR_USER_UNKNOWN));
	ck_assert_str_eq(a, "");
	ck_assert_int_eq(tokens_add(db, "admin", "t", NOW, a, &id_a, &err), 0);
	ck_assert_int_eq(
	    tokens_add(db, "admin", "\xe6\x97\xa5", NOW, b, &id_b, &err), 0);
	ck_assert_int_ne(id_a, id_b);
	ck_assert_str_ne(a, b);
	ck_assert_uint_eq(strlen(a), TOKEN_LEN);
	ck_assert_int_eq(strncmp(a, "pst_", 4), 0);
	ck_assert_int_eq(tokens_find(db, a, "::1", NOW, &row, &err), 0);
	ck_assert_str_eq(row.user, "admin");
	ck_assert_str_eq(row.name, "t");
	ck_assert_int_eq(row.id, id_a);
	ck_assert_int_eq(tokens_list(db, &list, &err), 0);
	ck_assert_uint_eq(json_object_array_length(list), 2);
	json_object_put(list);
	ck_assert_int_eq(tokens_delete(db, id_a, &err), 0);
	ck_assert(is(tokens_delete(db, id_a, &err), ERR_TOKEN_UNKNOWN));
	ck_assert(is(tokens_find(db, a, "", NOW, &row, &err), ERR_AUTH_FAILED));
	ck_assert_int_eq(users_delete(db, "admin", &err), 0);
	ck_assert(is(tokens_find(db, b, "", NOW, &row, &err), ERR_AUTH_FAILED));
}
END_TEST

static const char *const bad_tokens[] = {
    "", "pst_", "pst_short", "PST_0123456789012345678901234567890123456789012",
    "xxx_0123456789012345678901234567890123456789012",
    "pst_01234567890123456789012345678901234567890123",
    "pst_012345678901234567890123456789012345678901",
    "pst_0123456789012345678901234567890123456789 12",
    "pst_0123456789012345678901234567890123456789+12",
    "pst_0123456789012345678901234567890123456789/12",
    "pst_0123456789012345678901234567890123456789'12",
    "pst_0123456789012345678901234567890123456789%12",
    "pst_0123456789012345678901234567890123456789012", /* well-formed */
};

START_TEST(refuses_token)
{
	struct token_row row;

	ck_assert(is(tokens_find(db, bad_tokens[_i], "", NOW, &row, &err),
	    ERR_AUTH_FAILED));
}
END_TEST

/* No secret is in the file: not the password, the cookie, or the token. */
START_TEST(stores_no_secret)
{
	char path[128], token[TOKEN_LEN + 1];
	const char *const secrets[] = {GOOD, SECRET, token, token + 4};
	static const char *const files[] = {"", "-wal"};
	struct buf b;
	long id;

	add("admin");
	sessions_add(db, user_id("admin"), SECRET, "", NOW, &err);
	tokens_add(db, "admin", "t", NOW, token, &id, &err);
	for (int i = 0; i < N(files); i++) {
		snprintf(
		    path, sizeof(path), "%s/%s%s", dir, STORE_FILE, files[i]);
		buf_init(&b, 1 << 20);
		ck_assert_int_eq(fsx_read(path, 1 << 20, &b, &err), 0);
		for (int k = 0; k < N(secrets); k++)
			ck_assert_ptr_null(memmem(
			    b.data, b.len, secrets[k], strlen(secrets[k])));
		buf_clear(&b);
	}
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, files_are_private);
	tcase_add_test(t, opens_again);
	tcase_add_test(t, refuses_newer);
	tcase_add_loop_test(t, refuses_damage, 0, 4);
	tcase_add_test(t, prepare_directory);
	tcase_add_loop_test(t, user_names, 0, N(names));
	tcase_add_test(t, passwords);
	tcase_add_test(t, users);
	tcase_add_test(t, passwd_unknown_leaves_no_lock);
	tcase_add_test(t, same_time);
	tcase_add_loop_test(t, session_age, 0, N(ages));
	tcase_add_test(t, session_slides);
	tcase_add_loop_test(t, session_ends, 0, 4);
	tcase_add_test(t, session_of_nobody);
	tcase_add_test(t, visits_are_cheap);
	tcase_add_test(t, tokens);
	tcase_add_loop_test(t, refuses_token, 0, N(bad_tokens));
	tcase_add_test(t, stores_no_secret);
	return suite_run("store", t) == 0 ? 0 : 1;
}
