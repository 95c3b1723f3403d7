/*
 * Passwords that are guessed first, built as people build them: nearly a
 * thousand of at least 12 characters, all refused; and phrases that pass.
 */
#include "../suite.h"
#include "rig.h"
#include "../../../src/store/db.h"
#include "users.h"

static const char *const bases[] = {"password", "iloveyou", "princess",
    "sunshine", "football", "baseball", "superman", "trustno1", "michelle",
    "jennifer", "jonathan", "december", "computer", "starwars", "whatever",
    "liverpool", "chocolate", "butterfly", "metallica", "alexander",
    "christine", "qwertyuiop", "basketball", "elizabeth", "letmein", "welcome",
    "monkey", "dragon", "shadow", "charlie", "summer", "winter",
    "administrator", "changeme", "passwort", "motdepasse", "postseal",
    "postmaster", "hatsunemiku", "tinkerbell"};
static const char *const tails[] = {"1234", "12345", "123456", "1234567890",
    "2024", "2026!", "2026!!", "!@#$", "123!", "321321", "0000", "1111", "1990",
    "1985", "abc123", "qwerty", "1q2w3e", "007", "99"};

/* How a base is written. */
static void
write_base(int how, const char *base, char *dst)
{
	static const char from[] = "aeios", to[] = "43105";
	const char *p;
	size_t i;

	for (i = 0; base[i] != '\0'; i++) {
		dst[i] = base[i];
		if (how == 1 && i == 0 && base[i] >= 'a')
			dst[i] = (char)(base[i] - 'a' + 'A');
		if (how == 2 && (p = strchr(from, base[i])) != NULL)
			dst[i] = to[p - from];
	}
	dst[i] = '\0';
}

static bool
refused(const char *s)
{
	return password_acceptable(s, "admin", &err) == -1 &&
	       err.code == ERR_PASSWORD_COMMON;
}

START_TEST(built_passwords)
{
	char base[32], s[80];
	int tried = 0, passed = 0;

	for (int how = 0; how < 3; how++) {
		for (int i = 0; i < N(bases); i++) {
			write_base(how, bases[i], base);
			for (int j = 0; j < N(tails); j++) {
				snprintf(s, sizeof(s), "%s%s", base, tails[j]);
				if (strlen(s) < PASSWORD_MIN)
					continue;
				tried++;
				if (!refused(s)) {
					passed++;
					fprintf(stderr, "passes: %s\n", s);
				}
			}
			snprintf(s, sizeof(s), "%s%s", base, base);
			tried++;
			if (!refused(s)) {
				passed++;
				fprintf(stderr, "passes: %s\n", s);
			}
		}
	}
	printf("common: %d built passwords, %d pass\n", tried, passed);
	ck_assert_int_gt(tried, 900);
	ck_assert_int_eq(passed, 0);
}
END_TEST

/* As they stand in lists, of 12 characters and more. */
static const char *const known[] = {"1qaz2wsx3edc", "1qaz2wsx3edc4rfv",
    "zaq12wsxcde3", "q1w2e3r4t5y6", "q1w2e3r4t5y6u7i8", "q1w2e3r4t5y6u7",
    "1q2w3e4r5t6y7u8i9o", "1q2w3e4r5t6y7u8i9o0p", "1q2w3e4r5t6y",
    "qazwsxedcrfv", "qwertyuiop[]", "qwerty123456", "asdfghjkl123",
    "asdfghjkl;'\\", "zxcvbnm,./12", "123456789012",
    "1234567890-=", "123123123123", "112233445566", "987654321987",
    "111222333444", "121212121212", "147258369147", "741852963741",
    "000000000000", "abcdefghijkl", "abcabcabcabc", "abcd1234abcd",
    "abc123abc123", "aaaaaaaaaaaaaaaaaaaa", "zzzzzzzzzzzz", "unbelievable",
    "thunderstorm", "relationship", "professional", "intelligence",
    "headquarters", "masturbation", "mississippi1", "philadelphia",
    "massachusetts", "johannesburg", "manchesterunited", "michaeljordan",
    "michaeljackson", "harrypotter1", "harrypotter123", "leonardodicaprio",
    "jamesbond007007", "correcthorsebatterystaple",
    "correct horse battery staple", "supercalifragilistic", "letmeinplease",
    "opensesame123", "thisismypassword", "mypasswordis1", "iamtheboss123",
    "iloveyouforever", "iloveyousomuch", "ihateyou1234", "fuckyou12345",
    "nevergiveup123", "12december1985", "31.12.1999!!", "19851224 1985",
    "24/12/1985 24", "password1password1", "secretsecret", "P@ssw0rdP@ssw0rd",
    "Passw0rd!Passw0rd!", "pa$$w0rd1234", "adminadmin12", "root12345678",
    "Administrator1!", "Administrator2026", "Welcome2026!!", "Summer2026!!!",
    "Winter2025/26", "Company2026!", "changeme1234", "Changeme2026!",
    "default12345", "guestguest12", "testtest1234", "user12345678",
    "ncc1701denterprise", "GoldenState2015", "october10october",
    "TrendMicro2026!", "ImssAdmin2026!", "gateway-mail-tls1", "Trend.Micro1!",
    "InterScan2026", "onetwothreefour", "alphabetagamma", "redbluegreen12"};

START_TEST(known_passwords)
{
	ck_assert_msg(refused(known[_i]), "passes: %s", known[_i]);
}
END_TEST

/* No kind of characters is asked for: phrases, random letters, other
 * scripts, what managers and we make up. */
static const char *const good[] = {"vole kettle lantern mango",
    "otter kettle 77 lantern", "purple walrus eats umbrella",
    "mango-thimble-orbit-cactus", "green lamps sing softly",
    "teapot glacier violin", "four lazy llamas jumped",
    "kartoffel fenster wolke dampf", "wir fahren nachts mit kerzen",
    "la tortue mange du charbon", "tfk3x9qmw2rz", "x7#Lq2vB9!tz",
    "nrjvhdkqwlxz", "QGZWTRKDNMPV", "7302 9518 4460 8837",
    "saru wa ki kara ochita yo",
    "\xe9\x9b\xa8\xe3\x81\xae\xe6\x97\xa5\xe3\x81"
    "\xab\xe3\x81\xaf\xe9\xb3\xa5\xe3\x81\x8c\xe9\xa3\x9b\xe3\x81\xb0\xe3\x81"
    "\xaa\xe3\x81\x84\xe3\x81\xad",
    "kbqwz4tnxr7dm2vslp5hyc3g", "a sentence that nobody else has written",
    "the gateway hums at four", "blue ducks audit my pantry"};

START_TEST(good_passwords)
{
	ck_assert_msg(password_acceptable(good[_i], "admin", &err) == 0,
	    "%s: %s", good[_i], err.msg);
}
END_TEST

/* The longest, and what is made to cost time, is answered at once. */
START_TEST(no_input_is_slow)
{
	char s[PASSWORD_MAX + 1];
	struct timespec a, b;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
	for (int i = 0; i < 20; i++) {
		for (size_t j = 0; j < PASSWORD_CHARS_MAX; j++)
			s[j] =
			    "e3a@o0i1s$lt7b8"[(j * 7 + j * j + (size_t)i) % 15];
		s[PASSWORD_CHARS_MAX] = '\0';
		(void)password_acceptable(s, "admin", &err);
		memset(s, 'a', PASSWORD_CHARS_MAX);
		ck_assert(refused(s));
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
	ck_assert_int_lt(b.tv_sec - a.tv_sec, 3);
}
END_TEST

/* An administrator's own list: all of 20,000 lines are refused, in whatever
 * case, for a new user and a new password; shorter and other ones are not
 * there. */
START_TEST(own_list)
{
	char path[128], line[64];
	FILE *f;

	setup();
	snprintf(path, sizeof(path), "%s/list", dir);
	ck_assert_ptr_nonnull(f = fopen(path, "w"));
	for (int i = 0; i < 20000; i++)
		fprintf(f, "Vole%05d kettle lantern%s", i * 7 % 20000,
		    i % 3 == 0 ? "\r\n" : "\n");
	fputs("short\n\nno end of the last line, mango", f);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(db_password_list(db, path, &err), 0);
	for (int i = 0; i < 20000; i++) {
		snprintf(line, sizeof(line), "%s%05d KETTLE lantern",
		    i % 2 == 0 ? "vole" : "VOLE", i);
		ck_assert(is(users_add(db, "one", line, NOW, &err),
		    ERR_PASSWORD_COMMON));
	}
	ck_assert(is(
	    users_add(db, "one", "no end of the last line, mango", NOW, &err),
	    ERR_PASSWORD_COMMON));
	ck_assert_int_eq(
	    users_add(db, "one", "vole00000 kettle lanterns", NOW, &err), 0);
	ck_assert(
	    is(users_passwd(db, "one", "vole00000 kettle lantern", NOW, &err),
		ERR_PASSWORD_COMMON));
	ck_assert_int_gt(user_id_with("one", "vole00000 kettle lanterns"), 0);
	/* None, and one that is not there: the old one stays. */
	ck_assert(
	    is(db_password_list(db, "/nonexistent/list", &err), ERR_CONFIG));
	ck_assert(is(db_password_list(db, "/dev/zero", &err), ERR_CONFIG));
	ck_assert(
	    is(users_passwd(db, "one", "vole00000 kettle lantern", NOW, &err),
		ERR_PASSWORD_COMMON));
	ck_assert_int_eq(db_password_list(db, "", &err), 0);
	ck_assert_int_eq(
	    users_passwd(db, "one", "vole00000 kettle lantern", NOW, &err), 0);
	teardown();
}
END_TEST

/* One's own name, also in other letters, is no password. */
START_TEST(own_name)
{
	ck_assert(
	    password_acceptable("Yamada.Hanako1", "yamada.hanako", &err) == -1);
	/* Nor are its parts. */
	ck_assert(password_acceptable("Hanako-Yamada-2026",
		      "yamada.hanako@example.jp", &err) == -1);
	ck_assert(
	    password_acceptable("y4m4d4.h4n4k0!", "yamada.hanako", &err) == -1);
}
END_TEST

/* Host, domain, organisation: whoever sees the banner knows them. */
START_TEST(own_gateway)
{
	static const char *const bad[] = {"Lighthouse2026!", "mx1-lighthouse!!",
	    "L1ghth0use-Mail", "lighthouse.example", "Kaisha.Lighthouse1"};
	struct db none = {0};
	static const char *const fine[] = {
	    "vole+kettle+lantern", "lighthouse in a winter storm"};

	strcpy(none.here, "mx1 lighthouse.kaisha.example");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err_clear(&err);
		ck_assert_msg(users_password_acceptable(
				  &none, bad[i], "admin", &err) == -1,
		    "%s", bad[i]);
		ck_assert_int_eq(err.code, ERR_PASSWORD_COMMON);
	}
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
		ck_assert_int_eq(
		    users_password_acceptable(&none, fine[i], "admin", &err),
		    0);
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("all");

	tcase_add_test(t, built_passwords);
	tcase_add_loop_test(t, known_passwords, 0, N(known));
	tcase_add_loop_test(t, good_passwords, 0, N(good));
	tcase_add_test(t, no_input_is_slow);
	tcase_set_timeout(t, 60); /* own_list: 20,000 estimates */
	tcase_add_test(t, own_list);
	tcase_add_test(t, own_name);
	tcase_add_test(t, own_gateway);
	return suite_run("common", t) == 0 ? 0 : 1;
}
