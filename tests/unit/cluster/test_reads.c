/*
 * test_reads.c - which hosts keep a Save from being sealed, by what they said
 * that they read.
 */
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "../tmp.h"
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

int __wrap_cluster_seen(
    const struct conf *, struct json_object **ret, bool *fresh, struct err *);

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

/* Generation 1 has all, 2 is in force and has the default one alone. */
static const struct {
	struct apply_request req;
	unsigned uses;
} then[] = {
    {{.restore = 0}, IN},
    {{.restore = 1}, IN | OUT | CA},
    {{.cert_name = "outbound"}, IN | OUT},
    {{.cert_name = "mx2.example.jp"}, IN},
    {{.client_ca = {"x", 1}}, IN | CA},
    {{.cert_name = "outbound", .client_ca = {"x", 1}}, IN | OUT | CA},
    {{.restore = 1, .cert_name = "client_ca", .cert_drop = true}, IN | OUT},
    {{.restore = 1, .cert_name = "mx2.example.jp", .cert_drop = true},
	IN | OUT | CA},
};

static void
put(const char *file, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", tmp_root, file);
	if ((f = fopen(path, "w")) == NULL || fputs(text, f) == EOF ||
	    fclose(f) != 0)
		exit(1);
}

START_TEST(uses_then)
{
	struct conf conf = {.cluster_name = "console"};
	struct err err;
	unsigned uses = 0;

	snprintf(
	    conf.state_directory, sizeof(conf.state_directory), "%s", tmp_root);
	ck_assert_msg(cluster_uses_then(&conf, &then[_i].req, &uses, &err) == 0,
	    "%s", err.msg);
	ck_assert_uint_eq(uses, then[_i].uses);
}
END_TEST

/* As certs_to_meta writes them. */
static void
generations(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/generations", tmp_root);
	mkdir(path, 0700);
	strcat(path, "/gen-1");
	mkdir(path, 0700);
	path[strlen(path) - 1] = '2';
	mkdir(path, 0700);
	put("current", "2\n");
	put("generations/gen-2/meta.json", "{\"outcome\":\"applied\"}");
	put("generations/gen-1/meta.json",
	    "{\"outcome\":\"applied\",\"certificates\":["
	    "{\"use\":\"outbound\",\"name\":\"\",\"file\":\"outbound.pem\"},"
	    "{\"use\":\"client_ca\",\"name\":\"\","
	    "\"file\":\"client_ca.pem\"}]}");
}

int
main(void)
{
	TCase *tc = tcase_create("reads");

	tmp_open();
	generations();
	tcase_add_loop_test(tc, reads, 0, (int)(sizeof(t) / sizeof(t[0])));
	tcase_add_loop_test(
	    tc, uses_then, 0, (int)(sizeof(then) / sizeof(then[0])));
	return tmp_close(suite_run("reads", tc));
}
