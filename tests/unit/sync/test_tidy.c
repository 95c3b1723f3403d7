/*
 * test_tidy.c - one host for which nothing can be sealed keeps no other
 * waiting; etcd and postseald are waited for.
 */
#include <string.h>

#include <json-c/json.h>

#include "../suite.h"
#include "../../../src/sync/sync.h"
#include "jsonx.h"

#define DIR "0000000007-aa"

static const struct conf conf = {.cluster_name = "console"};
static struct sync s;
static struct err err;
static enum err_code why; /* of what becomes of mx1's */
static int asked, sealed; /* bundles of mx1, and those of all in etcd */

int __wrap_etcd_range(struct etcd *, const char *key, const char *end,
    struct json_object **kvs, int64_t *rev, struct err *);
int __wrap_etcd_put(struct etcd *, const char *key, const char *value,
    int64_t lease, struct err *);
int __wrap_console_seal(struct sync *, const char *host,
    struct json_object *what, int wave, struct json_object **, struct err *);

int
__wrap_etcd_range(struct etcd *e, const char *key, const char *end,
    struct json_object **kvs, int64_t *rev, struct err *er)
{
	*kvs = json_object_new_array();
	return 0;
}

int
__wrap_etcd_put(struct etcd *e, const char *key, const char *value,
    int64_t lease, struct err *er)
{
	ck_assert_str_eq(key, KEY_BUNDLE "mx2/" DIR);
	sealed++;
	return 0;
}

int
__wrap_console_seal(struct sync *sy, const char *host, struct json_object *what,
    int wave, struct json_object **ret, struct err *er)
{
	if (strcmp(host, "mx1") == 0) {
		asked++;
		return err_set(er, why, "", "mx1: client_ca");
	}
	*ret = json_object_new_object();
	return 0;
}

static void
setup(void)
{
	memset(&s, 0, sizeof(s));
	err_clear(&err);
	asked = sealed = 0;
	s.conf = &conf;
	s.me = json_tokener_parse(
	    "{\"hosts\":[\"mx1\",\"mx2\"],\"generation\":7}");
	s.desired = json_tokener_parse("{\"generation\":7,\"bundle\":\"" DIR
				       "\",\"console\":\"console\","
				       "\"state\":\"rolling\"}");
	ck_assert_ptr_nonnull(model_host(&s, "mx1", true));
	ck_assert_ptr_nonnull(model_host(&s, "mx2", true));
	s.tidy_due = true;
}

static void
teardown(void)
{
	json_object_put(s.me);
	json_object_put(s.former);
	model_clear(&s);
}

START_TEST(refused)
{
	why = ERR_SCANNER_FORMER;
	ck_assert_int_eq(console_tidy(&s, &err), 0);
	ck_assert_int_eq(asked, 1);
	ck_assert_int_eq(sealed, 1);
	ck_assert(!s.tidy_due);
	/* It is not waited for. */
	ck_assert_str_eq(model_host(&s, "mx1", false)->late, DIR);

	/* Another turn does not ask again; a later look does. */
	s.tidy_due = true;
	ck_assert_int_eq(console_tidy(&s, &err), 0);
	ck_assert_int_eq(asked, 1);
	s.renew_at = 0;
	ck_assert_int_eq(console_tidy(&s, &err), 0);
	ck_assert_int_eq(asked, 2);
}
END_TEST

/* A retry goes on for those for whom it can be sealed. */
START_TEST(resealed)
{
	size_t i;

	why = ERR_SCANNER_FORMER;
	for (i = 0; i < s.n_hosts; i++)
		s.hosts[i].failed = 7;
	ck_assert_int_eq(console_reseal(&s, &err), 0);
	ck_assert_int_eq(asked, 1);
	ck_assert_int_eq(sealed, 1);
}
END_TEST

static const enum err_code away[] = {ERR_TIMEOUT, ERR_DAEMON_UNREACHABLE};

START_TEST(waited_for)
{
	why = away[_i];
	ck_assert_int_eq(console_tidy(&s, &err), -1);
	ck_assert_int_eq(err.code, why);
	ck_assert(s.tidy_due);
	ck_assert_int_eq(console_tidy(&s, &err), -1);
	ck_assert_int_eq(asked, 2);
	ck_assert_int_eq(sealed, 0);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("tidy");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, refused);
	tcase_add_test(tc, resealed);
	tcase_add_loop_test(tc, waited_for, 0, 2);
	return suite_run("tidy", tc);
}
