/*
 * test_numbers.c - the number of the next Save, whatever became of etcd.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "../suite.h"
#include "../../../src/cluster/rollout.h"
#include "fsx.h"

static char dir[] = "/tmp/postseal-highest.XXXXXX";
static struct conf conf;

static void
put(const char *file, const char *text)
{
	struct json_object *o = json_tokener_parse(text);

	ck_assert_ptr_nonnull(o);
	ck_assert_int_eq(cluster_file_write(&conf, file, o, NULL), 0);
	json_object_put(o);
}

static void
hear(const char *rows)
{
	struct json_object *o = json_tokener_parse(rows);

	ck_assert_ptr_nonnull(o);
	ck_assert_int_eq(cluster_numbers_note(&conf, o, NULL), 0);
	json_object_put(o);
}

static void
expect(int64_t all, int64_t own)
{
	struct cluster_numbers h;

	ck_assert_int_eq(cluster_numbers_read(&conf, &h, NULL), 0);
	ck_assert_int_eq(h.all, all);
	ck_assert_int_eq(h.own, own);
}

static void
setup(void)
{
	char path[256];

	memcpy(strrchr(dir, '.'), ".XXXXXX", 7);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	conf_default(&conf);
	(void)snprintf(
	    conf.state_directory, sizeof(conf.state_directory), "%s", dir);
	memcpy(conf.cluster_name, "mx1", 4);
	conf.cluster_console = true;
	(void)snprintf(path, sizeof(path), "%s/cluster", dir);
	ck_assert_int_eq(fsx_mkdir_p(path, 0700, NULL), 0);
}

static void
teardown(void)
{
	char cmd[128];

	(void)snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	ck_assert_int_eq(system(cmd), 0);
}

START_TEST(what_this_host_had)
{
	expect(0, 0);
	put("state.json", "{\"generation\": 9, \"newest\": 10, "
			  "\"own_generation\": 2}");
	expect(10, 2);
	/* One that another console took is not this one's. */
	put("chosen.json", "{\"generation\": 5, \"outcome\": \"stale\"}");
	expect(10, 2);
	put("chosen.json", "{\"generation\": 5, \"outcome\": \"published\"}");
	expect(10, 5);
}
END_TEST

START_TEST(what_others_had)
{
	put("state.json", "{\"generation\": 6, \"newest\": 6}");
	hear("[{\"says\": {\"generation\": 10, \"own_generation\": 1}}, "
	     "{\"says\": {\"generation\": 8, \"own_generation\": 4}}, "
	     "{\"says\": null}]");
	expect(10, 4);
	/* It stays, also when they are gone or put back themselves. */
	hear("[]");
	hear("[{\"says\": {\"generation\": 3, \"own_generation\": 0}}]");
	expect(10, 4);
}
END_TEST

/* Who is enrolled cannot use up all numbers. */
START_TEST(who_claims_too_much)
{
	static const char *const claims[] = {"2147483647",
	    "9223372036854775807", "-9223372036854775808", "10007", "\"x\""};
	char rows[256];
	size_t i, j;

	put("state.json", "{\"generation\": 6, \"newest\": 6}");
	for (j = 0; j < 3; j++) {
		for (i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
			(void)snprintf(rows, sizeof(rows),
			    "[{\"says\": {\"generation\": %s, "
			    "\"own_generation\": %s}}]",
			    claims[i], claims[i]);
			hear(rows);
			expect(6, 0);
		}
	}
	/* Nor step by step: only this host's own Saves move the limit. */
	hear("[{\"says\": {\"generation\": 10006}}]");
	hear("[{\"says\": {\"generation\": 20006}}]");
	expect(10006, 0);
}
END_TEST

/* A Save that builds on what etcd is said to have. */
START_TEST(what_etcd_is_said_to_have)
{
	ck_assert_int_eq(cluster_number_heard(6, 0), 0);
	ck_assert_int_eq(cluster_number_heard(6, 10006), 10006);
	ck_assert_int_eq(cluster_number_heard(6, 10007), 6);
	ck_assert_int_eq(cluster_number_heard(6, INT32_MAX - 1), 6);
}
END_TEST

START_TEST(only_a_console_keeps_it)
{
	put("state.json", "{\"generation\": 6, \"newest\": 6}");
	conf.cluster_console = false;
	hear("[{\"says\": {\"generation\": 10}}]");
	expect(6, 0);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("highest");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, what_this_host_had);
	tcase_add_test(tc, what_others_had);
	tcase_add_test(tc, who_claims_too_much);
	tcase_add_test(tc, what_etcd_is_said_to_have);
	tcase_add_test(tc, only_a_console_keeps_it);
	return suite_run("highest", tc);
}
