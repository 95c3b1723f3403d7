/*
 * test_proof.c - what a Save for chosen hosts answers of each, from what
 * postseal-sync has seen.
 */
#include <string.h>

#include <json-c/json.h>

#include "../suite.h"
#include "../../../src/cluster/rollout.h"
#include "jsonx.h"

#define GENERATION 5

/* What is seen of mx2, and the state and code of the answer. */
static const struct {
	const char *seen, *state, *code;
} t[] = {
    {"{\"etcd\":{\"connected\":true},\"hosts\":[]}", "away", ""},
    {"{\"etcd\":{\"connected\":true},\"hosts\":[{\"name\":\"mx2\","
     "\"alive\":true,\"says\":{\"own_generation\":4}}]}",
	"waiting", ""},
    {"{\"etcd\":{\"connected\":true},\"hosts\":[{\"name\":\"mx2\","
     "\"alive\":false,\"says\":{\"own_generation\":4}}]}",
	"away", ""},
    /* Nobody knows who is there. */
    {"{\"etcd\":{\"connected\":false},\"hosts\":[{\"name\":\"mx2\","
     "\"alive\":false,\"says\":{\"own_generation\":4}}]}",
	"waiting", ""},
    {"{\"etcd\":{\"connected\":true},\"hosts\":[{\"name\":\"mx2\","
     "\"alive\":true,\"says\":{\"own_generation\":4,\"own_failed\":5,"
     "\"own_code\":\"probe.starttls\"}}]}",
	"failed", "probe.starttls"},
    {"{\"etcd\":{\"connected\":true},\"hosts\":[{\"name\":\"mx2\","
     "\"alive\":false,\"says\":{\"own_generation\":5}}]}",
	"applied", ""},
    /* A later one has come meanwhile, */
    {"{\"etcd\":{\"connected\":true},\"desired\":{\"chosen\":"
     "{\"generation\":6}},\"hosts\":[{\"name\":\"mx2\","
     "\"alive\":true,\"says\":{\"own_generation\":6}}]}",
	"applied", ""},
    /* or the host is ahead of all that etcd knows. */
    {"{\"etcd\":{\"connected\":true},\"desired\":{\"chosen\":"
     "{\"generation\":5}},\"hosts\":[{\"name\":\"mx2\","
     "\"alive\":true,\"says\":{\"own_generation\":99999}}]}",
	"failed", "bundle.replayed"},
};

START_TEST(truth)
{
	static const struct conf conf = {.cluster_name = "mx1"};
	struct json_object *seen = json_tokener_parse(t[_i].seen), *list;
	struct json_object *names = json_tokener_parse("[\"mx1\", \"mx2\"]");

	ck_assert_ptr_nonnull(seen);
	list = chosen_hosts(&conf, seen, names, GENERATION);
	ck_assert_uint_eq(json_object_array_length(list), 2);
	/* This host has them before they are sent. */
	ck_assert_str_eq(
	    jsonx_path_str(json_object_array_get_idx(list, 0), "state", ""),
	    "applied");
	ck_assert_str_eq(
	    jsonx_path_str(json_object_array_get_idx(list, 1), "state", ""),
	    t[_i].state);
	ck_assert_str_eq(
	    jsonx_path_str(json_object_array_get_idx(list, 1), "code", ""),
	    t[_i].code);
	json_object_put(list);
	json_object_put(names);
	json_object_put(seen);
}
END_TEST

/* What was sealed once for chosen hosts cannot be taken by trying again. */
static const struct {
	const char *row, *retry;
} again[] = {
    {"{\"own_failed\":5,\"own_code\":\"probe.starttls\"}", "retry_chosen"},
    {"{\"own_failed\":5,\"own_code\":\"bundle.expired\"}", ""},
    {"{\"own_generation\":5,\"failed\":7,\"code\":\"bundle.expired\","
     "\"own_code\":\"bundle.expired\"}",
	"retry"},
    {"{\"own_generation\":5,\"generation\":7}", ""},
};

START_TEST(tries_again)
{
	struct json_object *row = json_tokener_parse(
	    "{\"name\":\"mx2\",\"known\":true,\"reported\":true,"
	    "\"valid\":true}");
	struct json_object *desired = json_tokener_parse(
	    "{\"generation\":7,\"chosen\":{\"hosts\":{\"mx2\":"
	    "{\"generation\":5}}}}");
	const char *retry;

	json_object_object_add(row, "says", json_tokener_parse(again[_i].row));
	retry = cluster_retry_of(row, desired);
	ck_assert_str_eq(retry != NULL ? retry : "", again[_i].retry);
	json_object_put(row);
	json_object_put(desired);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("prove");

	tcase_add_loop_test(tc, truth, 0, sizeof(t) / sizeof(t[0]));
	tcase_add_loop_test(
	    tc, tries_again, 0, sizeof(again) / sizeof(again[0]));
	return suite_run("prove", tc);
}
