/*
 * test_unit.c - which unit of systemd a Postfix instance is, and what
 * systemctl says of it.  What systemd then does is seen in
 * tests/systemd (make check-systemd).
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../../../src/postfix/unit.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

static const struct {
	const char *dir, *instance, *want;
} instances[] = {
    {"/etc/postfix", "", "-"},
    {"/etc/postfix", "postfix-main", "-"},
    {"/etc/postfix-internal", "postfix-internal", "postfix-internal"},
    {"/srv/mail", "postfix-b_2.x", "postfix-b_2.x"},
    /* `make run`, or whoever starts it by hand */
    {"/etc/postfix-internal", "", ""},
    {"/etc/postfix/", "", ""},
    /* names that postmulti would not take */
    {"/srv/mail", "postfix-", ""},
    {"/srv/mail", "sshd", ""},
    {"/srv/mail", "postfix-a b", ""},
    {"/srv/mail", "postfix-../../x", ""},
    {"/srv/mail", "postfix-a;reboot", ""},
    {"/srv/mail", "postfix-a@b", ""},
    {"/srv/mail",
	"postfix-123456789012345678901234567890123456789012345678901234567890",
	""},
};

START_TEST(instance)
{
	char got[64] = "x";

	unit_instance(instances[_i].dir, instances[_i].instance, got);
	ck_assert_str_eq(got, instances[_i].want);
}
END_TEST

static const struct {
	const char *text;
	bool loaded, oneshot, active;
} shows[] = {
    {"Type=oneshot\nLoadState=loaded\nActiveState=active\n", true, true, true},
    {"Type=forking\nLoadState=loaded\nActiveState=active\n", true, false, true},
    {"Type=forking\nLoadState=loaded\nActiveState=failed\n", true, false,
	false},
    {"Type=forking\nLoadState=loaded\nActiveState=reloading", true, false,
	true},
    {"Type=forking\nLoadState=loaded\nActiveState=inactive\n", true, false,
	false},
    {"Type=forking\nLoadState=loaded\nActiveState=activating\n", true, false,
	false},
    {"LoadState=not-found\nActiveState=inactive\n", false, false, false},
    {"LoadState=masked\nActiveState=inactive\n", false, false, false},
    {"XLoadState=loaded\nActiveState=actively\n", false, false, false},
    {"", false, false, false},
};

START_TEST(parse)
{
	struct unit_facts f = {true, true, true};

	unit_parse(shows[_i].text, &f);
	ck_assert_int_eq(f.loaded, shows[_i].loaded);
	ck_assert_int_eq(f.oneshot, shows[_i].oneshot);
	ck_assert_int_eq(f.active, shows[_i].active);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("unit");
	TCase *t = tcase_create("unit");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_loop_test(t, instance, 0, N(instances));
	tcase_add_loop_test(t, parse, 0, N(shows));
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
