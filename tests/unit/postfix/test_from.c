/*
 * test_from.c - settings as Postfix has them: each value of a parameter that
 * can be said, and what lies right beside it and cannot.
 */
#include <stdio.h>
#include <string.h>

#include "../../../src/postfix/postfix_int.h"
#include "../suite.h"
#include "jsonx.h"
#include "../../../src/postfix/param_row.h"

#define N(a)	((int)(sizeof(a) / sizeof((a)[0])))
#define MAP	"/s/generations/gen-7/access.cidr"
#define ELEMENT "check_client_access cidr:" MAP
#define KEEP	SETTING_KEEP
#define IN	"smtpd_tls_security_level"
#define OUT	"smtp_tls_security_level"

static struct params_context c;
static struct postfix_info info;
static struct settings s;

/* Everything is managed, and none of it is what Postfix has. */
static void
setup(void)
{
	memset(&info, 0, sizeof(info));
	info.version = 31000;
	strcpy(info.inbound.service, "smtp");
	c = (struct params_context){
	    .settings = &s, .info = &info, .access_file = MAP};
	c.current = json_object_new_object();
	settings_default(&s);
	s.listen = s.smtp_port = s.idle_timeout = s.max_connections = 77;
	s.access_policy = ACCESS_DENY_EXCEPT;
}

static void
teardown(void)
{
	json_object_put(c.current);
}

static void
has(const char *name, const char *value)
{
	if (strcmp(name, PARAM_SERVICE) == 0)
		snprintf(info.inbound.service, sizeof(info.inbound.service),
		    "%s", value);
	else if (strcmp(name, PARAM_LIMIT) == 0)
		snprintf(info.inbound.process_limit,
		    sizeof(info.inbound.process_limit), "%s", value);
	else if (value != NULL)
		json_object_object_add(
		    c.current, name, json_object_new_string(value));
}

/* One parameter, what the number becomes, and whether that is all of it. */
static const struct {
	const char *name, *value; /* value: NULL = not set */
	int number;
	bool said;
} numbers[] = {
    {"smtpd_timeout", NULL, KEEP, true},
    {"smtpd_timeout", "", KEEP, true},
    {"smtpd_timeout", "60", 1, true},
    {"smtpd_timeout", "600", 10, true},
    {"smtpd_timeout", "600s", 10, true},
    {"smtpd_timeout", "10m", 10, true},
    {"smtpd_timeout", "1m", 1, true},
    {"smtpd_timeout", "${stress?{10}:{420}}s", 7, true},
    {"smtpd_timeout", "${stress?{10}:{420}}", KEEP, false},
    {"smtpd_timeout", "${stress?{11}:{420}}s", KEEP, false},
    {"smtpd_timeout", "59", KEEP, false},
    {"smtpd_timeout", "61s", KEEP, false},
    {"smtpd_timeout", "0", KEEP, false},
    {"smtpd_timeout", "0m", KEEP, false},
    {"smtpd_timeout", "-60", KEEP, false},
    {"smtpd_timeout", "-1m", KEEP, false},
    {"smtpd_timeout", "1h", KEEP, false},
    {"smtpd_timeout", "60 s", KEEP, false},
    {"smtpd_timeout", "s", KEEP, false},
    {"smtpd_timeout", "$x", KEEP, false},
    {"smtpd_timeout", "86400", 1440, true},
    {"smtpd_timeout", "86460", KEEP, false},
    {"smtpd_timeout", "1440m", 1440, true},
    {"smtpd_timeout", "1441m", KEEP, false},
    {"smtpd_timeout", "86400m", KEEP, false},
    {"inet_interfaces", NULL, KEEP, true},
    {"inet_interfaces", "", KEEP, true},
    {"inet_interfaces", "all", LISTEN_ALL, true},
    {"inet_interfaces", "loopback-only", LISTEN_LOOPBACK, true},
    {"inet_interfaces", "127.0.0.1", KEEP, false},
    {"inet_interfaces", "all, localhost", KEEP, false},
    {PARAM_LIMIT, "", 77, true}, /* no service: as it was */
    {PARAM_LIMIT, "-", KEEP, true},
    {PARAM_LIMIT, "0", 0, true},
    {PARAM_LIMIT, "1", 1, true},
    {PARAM_LIMIT, "10000", 10000, true},
    {PARAM_LIMIT, "10001", KEEP, false},
    {PARAM_LIMIT, "-1", KEEP, false},
    {PARAM_LIMIT, "5x", KEEP, false},
    {PARAM_LIMIT, "x", KEEP, false},
    {PARAM_SERVICE, "smtp", 25, true},
    {PARAM_SERVICE, "2525", 2525, true},
    {PARAM_SERVICE, "by-hand", KEEP, false},
};

static int *
number_of(const char *name)
{
	return strcmp(name, "smtpd_timeout") == 0     ? &s.idle_timeout
	       : strcmp(name, "inet_interfaces") == 0 ? &s.listen
	       : strcmp(name, PARAM_LIMIT) == 0	      ? &s.max_connections
						      : &s.smtp_port;
}

START_TEST(number)
{
	const char *name = numbers[_i].name;
	param_mask bit = param_bit(name), unsaid = numbers[_i].said ? 0 : bit;
	struct settings before;

	has(name, numbers[_i].value);
	before = s;
	ck_assert_uint_eq(params_take(&c, bit, &s), unsaid);
	ck_assert_int_eq(*number_of(name), numbers[_i].number);
	/* That one, and no other. */
	*number_of(name) = 77;
	ck_assert(settings_equal(&s, &before));
	/* What is not managed is not, whatever Postfix has. */
	*number_of(name) = KEEP;
	ck_assert_uint_eq(params_take(&c, bit, &s), unsaid);
	ck_assert_int_eq(*number_of(name), KEEP);
	/* A row that is not asked for is not looked at. */
	*number_of(name) = 77;
	ck_assert_uint_eq(params_take(&c, 0, &s), 0);
	ck_assert_int_eq(*number_of(name), 77);
}
END_TEST

/* An address in the name decides where the service listens. */
START_TEST(address)
{
	const param_mask bit = param_bit(PARAM_SERVICE);

	has(PARAM_SERVICE, "127.0.0.1:2525");
	ck_assert_uint_eq(params_take(&c, bit, &s), bit);
	ck_assert_int_eq(s.smtp_port, 2525);
	ck_assert_int_eq(s.listen, KEEP);
}
END_TEST

/* Is the map in force?  A Save without a map's name does not ask. */
static const struct {
	const char *value, *map;
	bool kept;
} maps[] = {
    {NULL, MAP, false},
    {"permit", MAP, false},
    {ELEMENT, MAP, true},
    {"permit_mynetworks, " ELEMENT, MAP, true},
    {"check_client_access cidr:/t/generations/gen-7/access.cidr", MAP, false},
    {"permit", NULL, true},
};

START_TEST(map)
{
	const param_mask bit = param_bit("smtpd_client_restrictions");

	has("smtpd_client_restrictions", maps[_i].value);
	c.access_file = maps[_i].map;
	ck_assert_uint_eq(params_take(&c, bit, &s), 0);
	ck_assert_int_eq(
	    s.access_policy, maps[_i].kept ? ACCESS_DENY_EXCEPT : KEEP);
}
END_TEST

static const struct {
	const char *name, *value;
	const char *settings; /* "in only out" */
	bool said;
} levels[] = {
    {IN, "none", "", true}, /* and "only" stays as it was */
    {IN, "may", "in ", true},
    {IN, "encrypt", "in only ", true},
    {IN, "verify", "in only ", true},
    {IN, "${x}", "in ", false},
    {IN, "dane", "in ", false},
    {"smtpd_use_tls", "yes", "in ", true},
    {"smtpd_enforce_tls", "yes", "in only ", true},
    {OUT, "none", "", true},
    {OUT, "may", "out ", true},
    {OUT, "encrypt", "out ", false},
    {OUT, "dane", "out ", false},
    {OUT, "${x}", "out ", false},
    {OUT, "bogus", "out ", false},
    {"smtp_use_tls", "yes", "out ", true},
};

START_TEST(level)
{
	bool in = strncmp(levels[_i].name, "smtpd_", 6) == 0;
	const param_mask bit = param_bit(in ? IN : OUT);
	char got[32];
	int round;

	has(levels[_i].name, levels[_i].value);
	for (round = 0; round < 2; round++) {
		settings_default(&s);
		if (in)
			s.inbound_enabled = s.tls_only = round == 1;
		else
			s.outbound_enabled = round == 1;
		ck_assert_uint_eq(
		    params_take(&c, bit, &s), levels[_i].said ? 0 : bit);
		if (in && !s.inbound_enabled) {
			ck_assert_int_eq(s.tls_only, round);
			s.tls_only = false;
		}
		snprintf(got, sizeof(got), "%s%s%s",
		    s.inbound_enabled ? "in " : "", s.tls_only ? "only " : "",
		    s.outbound_enabled ? "out " : "");
		ck_assert_str_eq(got, levels[_i].settings);
	}
}
END_TEST

static const struct {
	const char *name, *value;
	int level;
	bool on, said;
} out_levels[] = {
    {OUT, "may", OUT_MAY, true, true},
    {OUT, "DANE", OUT_DANE, true, true},
    {OUT, "dane-only", OUT_DANE_ONLY, true, true},
    {OUT, "verify", OUT_VERIFY, true, true},
    {OUT, "secure", OUT_SECURE, true, true},
    {"smtp_use_tls", "yes", OUT_MAY, true, true},
    {"smtp_enforce_tls", "yes", OUT_VERIFY, true, true},
    {OUT, "none", OUT_SECURE, false, true}, /* stays chosen */
    {OUT, "fingerprint", KEEP, true, false},
    {OUT, "${x}", KEEP, true, false},
    {OUT, "bogus", KEEP, true, false},
};

/* While a level is managed. */
START_TEST(out_level)
{
	has(out_levels[_i].name, out_levels[_i].value);
	settings_default(&s);
	s.outbound_level = OUT_SECURE;
	ck_assert_uint_eq(params_take(&c, param_bit(OUT), &s),
	    out_levels[_i].said ? 0 : param_bit(OUT));
	ck_assert_int_eq(s.outbound_level, out_levels[_i].level);
	ck_assert_int_eq(s.outbound_enabled, out_levels[_i].on);
}
END_TEST

/* What settings have no words for, by the name that says it. */
static const struct {
	const char *current, *own;
} owns[] = {
    {NULL, "[]"},
    {"{}", "[]"},
    {"{\"" IN "\":\"may\",\"" OUT "\":\"may\"}", "[]"},
    {"{\"" OUT "\":\"dane\"}",
	"[{\"parameter\":\"" OUT "\",\"value\":\"dane\"}]"},
    {"{\"smtp_enforce_tls\":\"yes\"}",
	"[{\"parameter\":\"smtp_enforce_tls\",\"value\":\"yes\"}]"},
    {"{\"" IN "\":\"${x}\",\"" OUT "\":\"${y}\"}",
	"[{\"parameter\":\"" IN "\",\"value\":\"${x}\"},"
	"{\"parameter\":\"" OUT "\",\"value\":\"${y}\"}]"},
    /* Interface, port and limits are told elsewhere. */
    {"{\"inet_interfaces\":\"127.0.0.1\",\"smtpd_timeout\":\"61s\"}", "[]"},
};

START_TEST(own)
{
	struct json_object *list, *want;

	json_object_put(c.current);
	c.current = owns[_i].current == NULL
			? NULL
			: json_tokener_parse(owns[_i].current);
	list = params_own(&c);
	want = json_tokener_parse(owns[_i].own);
	ck_assert_msg(json_object_equal(list, want), "%s",
	    json_object_to_json_string(list));
	json_object_put(list);
	json_object_put(want);
}
END_TEST

/* So are those that a rule only looks at, where they are set. */
START_TEST(looked_at)
{
	const char *name = params_looked_at[_i];
	struct json_object *list;

	if (name == NULL)
		return;
	has(name, "");
	list = params_own(&c);
	ck_assert_uint_eq(json_object_array_length(list), 0);
	json_object_put(list);
	has(name, "a value");
	list = params_own(&c);
	ck_assert_uint_eq(json_object_array_length(list), 1);
	ck_assert_str_eq(
	    jsonx_path_str(json_object_array_get_idx(list, 0), "parameter", ""),
	    name);
	ck_assert_str_eq(
	    jsonx_path_str(json_object_array_get_idx(list, 0), "value", ""),
	    "a value");
	json_object_put(list);
}
END_TEST

/* Postfix reads a yes in any case. */
static const struct {
	const char *ask, *require;
	int ccert;
} ccerts[] = {
    {"yes", NULL, CCERT_ASK},
    {"YES", "no", CCERT_ASK},
    {"Yes", "yes", CCERT_REQUIRE},
    {"no", "Yes", CCERT_REQUIRE},
    {NULL, "YES", CCERT_REQUIRE},
    {"No", "NO", KEEP},
    {NULL, NULL, KEEP},
};

START_TEST(client_certificates)
{
	has("smtpd_tls_ask_ccert", ccerts[_i].ask);
	has("smtpd_tls_req_ccert", ccerts[_i].require);
	s.ccert = CCERT_ASK;
	(void)params_take(&c, param_bit("smtpd_tls_ask_ccert"), &s);
	ck_assert_int_eq(s.ccert, ccerts[_i].ccert);
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("from");
	int n = 0;

	while (params_looked_at[n] != NULL)
		n++;
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, number, 0, N(numbers));
	tcase_add_test(t, address);
	tcase_add_loop_test(t, out_level, 0, N(out_levels));
	tcase_add_loop_test(t, client_certificates, 0, N(ccerts));
	tcase_add_loop_test(t, map, 0, N(maps));
	tcase_add_loop_test(t, level, 0, N(levels));
	tcase_add_loop_test(t, own, 0, N(owns));
	tcase_add_loop_test(t, looked_at, 0, n);
	return suite_run("from", t) == 0 ? 0 : 1;
}
