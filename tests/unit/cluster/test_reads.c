/*
 * test_reads.c - which hosts keep a Save from being sealed, by what they said
 * that they read.
 */
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "../suite.h"
#include "../../../src/cluster/rollout.h"
#include "jsonx.h"

#define IN  CERT_USE_BIT(CERT_INBOUND)
#define OUT CERT_USE_BIT(CERT_OUTBOUND)
#define CA  CERT_USE_BIT(CERT_CLIENT_CA)
#define ALL "\"reads\":[\"inbound\",\"outbound\",\"client_ca\"]"

/* What mx1 says, for whom and what, and the host that is named. */
static const struct {
	const char *says, *host;
	bool own;
	unsigned uses;
	const char *refused;
} t[] = {
    {ALL, NULL, false, IN | OUT | CA, ""},
    {"\"reads\":[\"inbound\"]", NULL, false, IN, ""},
    {"\"reads\":[\"inbound\"]", NULL, false, IN | OUT, "mx1: outbound"},
    /* A former version. */
    {"\"own\":false", NULL, false, IN | OUT, ""},
    {"\"own\":false", NULL, false, IN | CA, "mx1: client_ca"},
    {"\"own\":false", "mx1", false, IN | CA, "mx1: client_ca"},
    {"\"own\":false", "mx2", false, IN | CA, ""},
    /* With settings of its own it gets only those that it is chosen for. */
    {"\"own\":true", NULL, false, IN | CA, ""},
    {"\"own\":true", "mx1", false, IN | CA, ""},
    {"\"own\":true", "mx1", true, IN | CA, "mx1: client_ca"},
    {"\"own\":true", "mx1", true, IN | OUT, ""},
};

static const char *now;

int __wrap_cluster_seen(const struct conf *, struct json_object **ret,
    bool *fresh, struct err *);

int
__wrap_cluster_seen(const struct conf *conf, struct json_object **ret,
    bool *fresh, struct err *err)
{
	char text[512];

	snprintf(text, sizeof(text),
	    "{\"hosts\":[{\"says\":{\"name\":\"mx1\",%s}},"
	    "{\"says\":{\"name\":\"mx2\"," ALL "}},{\"says\":null}]}",
	    now);
	*ret = json_tokener_parse(text);
	*fresh = true;
	ck_assert_ptr_nonnull(*ret);
	return 0;
}

START_TEST(reads)
{
	static const struct conf conf = {.cluster_name = "console"};
	struct err err;
	int rc;

	err_clear(&err);
	now = t[_i].says;
	rc = cluster_reads(&conf, t[_i].host, t[_i].own, t[_i].uses, &err);
	ck_assert_int_eq(rc, t[_i].refused[0] == '\0' ? 0 : -1);
	ck_assert_str_eq(err.msg, t[_i].refused);
	if (rc == -1)
		ck_assert_int_eq(err.code, ERR_SCANNER_FORMER);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("reads");

	tcase_add_loop_test(tc, reads, 0, (int)(sizeof(t) / sizeof(t[0])));
	return suite_run("reads", tc);
}
