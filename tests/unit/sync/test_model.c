/*
 * test_model.c - what is known of the hosts when etcd does not answer.
 */
#include <string.h>

#include <json-c/json.h>

#include "../suite.h"
#include "../../../src/sync/sync.h"

#define EARLY 1700000000
#define LATER 1700000100

static struct sync s;

static void
event(const char *key, const char *value)
{
	struct json_object *kv = json_object_new_object();

	json_object_object_add(kv, "key", json_object_new_string(key));
	if (value != NULL)
		json_object_object_add(
		    kv, "value", json_object_new_string(value));
	model_event(&s, kv);
	json_object_put(kv);
}

static const struct host *
host(const char *name)
{
	const struct host *h = model_host(&s, name, false);

	ck_assert_ptr_nonnull(h);
	return h;
}

static void
setup(void)
{
	memset(&s, 0, sizeof(s));
	s.connected = true;
	s.heard_at = EARLY;
	event(KEY_ALIVE "mx1", "{}");
	event(KEY_STATUS "mx2", "{\"text\": \"\", \"sig\": \"\", \"at\": "
				"\"2020-01-01T00:00:00Z\"}");
}

static void
teardown(void)
{
	model_clear(&s);
}

START_TEST(lost)
{
	model_lost(&s);
	s.connected = false;
	ck_assert_str_eq(host("mx1")->seen, "2023-11-14T22:13:20Z");
	/* who was away already stays where it was */
	ck_assert_str_eq(host("mx2")->seen, "2020-01-01T00:00:00Z");
	/* Half a connection says nothing of the others. */
	s.heard_at = LATER;
	model_lost(&s);
	ck_assert_str_eq(host("mx1")->seen, "2023-11-14T22:13:20Z");
	/* Leads again where it was. */
	ck_assert(host("mx1")->alive);
}
END_TEST

START_TEST(lost_twice)
{
	model_lost(&s);
	s.heard_at = LATER;
	model_lost(&s);
	ck_assert_str_eq(host("mx1")->seen, "2023-11-14T22:15:00Z");
}
END_TEST

START_TEST(never_heard)
{
	s.heard_at = 0;
	model_lost(&s);
	ck_assert_str_eq(host("mx1")->seen, "");
}
END_TEST

/* Read anew: mx1 did not come back, and had reported long ago. */
START_TEST(read_anew)
{
	static const char text[] =
	    "[{\"key\": \"" KEY_STATUS "mx1\", \"value\": \"{\\\"at\\\": "
	    "\\\"2021-01-01T00:00:00Z\\\"}\"}, {\"key\": \"" KEY_STATUS
	    "mx2\", \"value\": \"{\\\"at\\\": "
	    "\\\"2024-01-01T00:00:00Z\\\"}\"}]";
	struct json_object *kvs = json_tokener_parse(text);

	ck_assert_ptr_nonnull(kvs);
	event(KEY_ALIVE "mx3", "{}");
	model_fill(&s, kvs);
	json_object_put(kvs);
	ck_assert(!host("mx1")->alive);
	ck_assert_str_eq(host("mx1")->seen, "2023-11-14T22:13:20Z");
	ck_assert_str_eq(host("mx2")->seen, "2024-01-01T00:00:00Z");
	ck_assert_ptr_null(model_host(&s, "mx3", false));
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("model");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, lost);
	tcase_add_test(tc, lost_twice);
	tcase_add_test(tc, never_heard);
	tcase_add_test(tc, read_anew);
	return suite_run("model", tc);
}
