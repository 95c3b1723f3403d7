/*
 * test_tally.c - the report: what is in it, its order, its limits, and what it
 * says that it does not know.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "../../../src/report/tally.h"
#include "../suite.h"
#include "jsonx.h"

#define BEGIN 1790000000 /* 2026-09-21T14:13:20Z */
#define DAY   86400

static struct tally *tally;

static void
setup(void)
{
	tally = tally_new();
	ck_assert_ptr_nonnull(tally);
}

static void
teardown(void)
{
	tally_free(tally);
}

static struct event
event_of(const char *address, enum tls_version version, unsigned messages)
{
	static unsigned char a[ADDRESS_SIZE];
	static const char name[] = "Host.Example";
	struct event e = {.address = a,
	    .name = {name, strlen(name)},
	    .version = version,
	    .messages = messages,
	    .at = BEGIN};

	memset(a, 0, sizeof(a));
	if (strchr(address, ':') != NULL) {
		ck_assert_int_eq(inet_pton(AF_INET6, address, a), 1);
	} else {
		a[10] = a[11] = 0xff;
		ck_assert_int_eq(inet_pton(AF_INET, address, a + 12), 1);
	}
	return e;
}

static void
add(const char *address, enum tls_version version, unsigned messages, int day)
{
	struct event e = event_of(address, version, messages);

	e.at += (time_t)day * DAY;
	tally_event(tally, &e);
}

static void
add_domain(const char *address, const char *domain)
{
	struct event e = event_of(address, TLS_NONE, 0);

	e.domain.p = domain;
	e.domain.len = strlen(domain);
	tally_event(tally, &e);
}

static struct json_object *
report(enum direction d, enum report_only only, size_t limit)
{
	struct report_query q = {.direction = d, .only = only, .limit = limit};
	struct json_object *o = tally_json(tally, &q);

	ck_assert_ptr_nonnull(o);
	return o;
}

static void
want(struct json_object *o, const char *path, const char *value)
{
	struct json_object *v = jsonx_path(o, path);

	ck_assert_msg(strcmp(v == NULL ? "null"
				       : json_object_to_json_string_ext(
					     v, JSON_C_TO_STRING_PLAIN),
			  value) == 0,
	    "%s: %s", path, json_object_to_json_string(v));
}

START_TEST(whole)
{
	struct json_object *o, *row;

	add("192.0.2.7", TLS_NONE, 3, 0);
	add("192.0.2.7", TLS_NONE, 1, 9);
	add_domain("192.0.2.7", "Example.ORG");
	add_domain("192.0.2.7", "example.org");
	add_domain("192.0.2.7", "a b");
	add_domain("192.0.2.7", "\xff");
	add_domain("192.0.2.7", "a\xc2\x9b.example");
	add_domain("192.0.2.7", "a\xe2\x80\xae.example");
	add("2001:db8::1", TLS_1_0, 2, 2);
	add("192.0.2.9", TLS_1_3, 94, 3);
	add("127.0.0.1", TLS_NONE, 50, 3);
	add("::1", TLS_NONE, 50, 3);
	o = report(INBOUND, ONLY_ALL, 9);
	want(o, "known", "true");
	want(o, "reason", "null");
	want(o, "from", "\"2026-09-21T14:13:20Z\"");
	want(o, "to", "\"2026-09-30T14:13:20Z\"");
	want(o, "coverage", "1.0000");
	want(o, "messages", "{\"total\":100,\"tls\":96,\"plain\":4,\"old\":2}");
	want(o, "clients", "{\"total\":3,\"plain\":1,\"old\":1,\"refused\":0}");
	want(o, "impact",
	    "{\"change\":\"tls_only\",\"clients\":1,\"messages\":4,\"share\":"
	    "0.0400,\"domains\":1,\"last_seen\":\"2026-09-30T14:13:20Z\"}");
	want(o, "protocols",
	    "[{\"name\":\"TLSv1.3\",\"messages\":94},"
	    "{\"name\":\"TLSv1\",\"messages\":2}]");
	want(o, "days",
	    "[{\"day\":\"2026-09-21\",\"plain\":3},"
	    "{\"day\":\"2026-09-23\",\"TLSv1\":2},"
	    "{\"day\":\"2026-09-24\",\"TLSv1.3\":94},"
	    "{\"day\":\"2026-09-30\",\"plain\":1}]");
	ck_assert_int_eq(jsonx_len(jsonx_path(o, "rows")), 2);
	row = json_object_array_get_idx(jsonx_path(o, "rows"), 0);
	want(row, "address", "\"192.0.2.7\"");
	want(row, "network", "\"192.0.2.0\\/24\"");
	want(row, "name", "\"host.example\"");
	want(row, "plain", "4");
	want(row, "ever_tls", "null");
	want(row, "protocol", "null");
	want(row, "domains", "[\"example.org\"]");
	row = json_object_array_get_idx(jsonx_path(o, "rows"), 1);
	want(row, "address", "\"2001:db8::1\"");
	want(row, "network", "\"2001:db8::\\/48\"");
	want(row, "ever_tls", "\"2026-09-23T14:13:20Z\"");
	want(row, "protocol", "\"TLSv1\"");
	want(row, "domains", "[]");
	json_object_put(o);
}
END_TEST

/* only, limit and order */
START_TEST(rows)
{
	struct event e = event_of("192.0.2.4", TLS_NONE, 0);
	struct json_object *o;
	static const struct {
		enum report_only only;
		size_t limit, n;
		const char *first;
	} cases[] = {
	    {ONLY_ALL, 9, 4, "\"192.0.2.2\""},
	    {ONLY_ALL, 2, 2, "\"192.0.2.2\""},
	    {ONLY_PLAIN, 9, 2, "\"192.0.2.2\""},
	    {ONLY_OLD, 9, 1, "\"192.0.2.3\""},
	    {ONLY_FAILED, 9, 1, "\"192.0.2.4\""},
	};

	e.refused = true;
	tally_event(tally, &e);
	add("192.0.2.1", TLS_NONE, 1, 0);
	add("192.0.2.2", TLS_NONE, 5, 0);
	add("192.0.2.3", TLS_1_1, 7, 0);
	add("192.0.2.5", TLS_1_2, 7, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		o = report(INBOUND, cases[i].only, cases[i].limit);
		ck_assert_uint_eq(jsonx_len(jsonx_path(o, "rows")), cases[i].n);
		want(json_object_array_get_idx(jsonx_path(o, "rows"), 0),
		    "address", cases[i].first);
		ck_assert_int_eq(
		    jsonx_path_int(o, "rows_left"), i == 1 ? 2 : 0);
		want(o, "clients.total", "4");
		want(o, "clients.refused", "1");
		json_object_put(o);
	}
}
END_TEST

static const struct {
	enum direction direction;
	enum tls_version version;
	int days;
	const char *reason;
} unknown[] = {
    {INBOUND, TLS_NONE, 8, "\"no_tls_offered\""},
    {INBOUND, TLS_UNKNOWN, 8, "\"loglevel\""},
    {INBOUND, TLS_1_2, 6, "\"too_short\""},
    {INBOUND, TLS_1_2, 7, "null"},
    {OUTBOUND, TLS_NONE, 8, "\"loglevel\""},
    {OUTBOUND, TLS_1_3, 6, "\"too_short\""},
    {OUTBOUND, TLS_1_3, 7, "null"},
};

START_TEST(not_known)
{
	struct event e = event_of("192.0.2.7", unknown[_i].version, 1);
	struct json_object *o;

	e.direction = unknown[_i].direction;
	tally_event(tally, &e);
	e.at += (time_t)unknown[_i].days * DAY;
	tally_event(tally, &e);
	o = report(unknown[_i].direction, ONLY_ALL, 9);
	want(o, "reason", unknown[_i].reason);
	if (jsonx_path(o, "reason") != NULL)
		want(o, "impact", "null");
	json_object_put(o);
}
END_TEST

/* Not even where a part of it could not be read. */
START_TEST(no_line_of_tls)
{
	static const char *const null[] = {"messages.tls", "messages.plain",
	    "messages.old", "clients.plain", "clients.old", "clients.refused",
	    "impact", "protocols", "days", "rows", "rows_left"};
	struct event e = event_of("192.0.2.7", TLS_UNKNOWN, 3);
	struct report_query q = {.limit = 9, .unreadable = _i >= 2};
	struct json_object *o;

	q.direction = e.direction = _i % 2 == 0 ? INBOUND : OUTBOUND;
	e.version = q.direction == INBOUND ? TLS_UNKNOWN : TLS_NONE;
	tally_event(tally, &e);
	e.version = TLS_NONE;
	tally_event(tally, &e);
	o = tally_json(tally, &q);
	want(o, "reason", _i >= 2 ? "\"log_unreadable\"" : "\"loglevel\"");
	want(o, "messages.total", "6");
	want(o, "clients.total", "1");
	for (size_t i = 0; i < sizeof(null) / sizeof(null[0]); i++)
		want(o, null[i], "null");
	json_object_put(o);
}
END_TEST

START_TEST(nothing_seen)
{
	struct json_object *o = report(INBOUND, ONLY_ALL, 9);

	want(o, "known", "false");
	want(o, "coverage", "null");
	want(o, "from", "null");
	want(o, "rows", "[]");
	json_object_put(o);
}
END_TEST

START_TEST(unseen)
{
	struct event e = event_of("192.0.2.7", TLS_NONE, 1);
	struct json_object *o;

	e.unseen = true;
	tally_event(tally, &e);
	add("192.0.2.8", TLS_1_3, 3, 8);
	o = report(INBOUND, ONLY_ALL, 9);
	want(o, "coverage", "0.7500");
	want(o, "messages.plain", "0");
	json_object_put(o);
}
END_TEST

/* Totals stay whole when there is no room for more rows, domains, days. */
START_TEST(full)
{
	struct json_object *o;
	char text[64], domain[64];

	for (int i = 0; i < 70000; i++) {
		snprintf(text, sizeof(text), "10.%d.%d.%d", i >> 16,
		    i >> 8 & 255, i & 255);
		add(text, TLS_NONE, 1, i / 100);
		snprintf(domain, sizeof(domain), "d%d.example", i);
		add_domain("10.0.0.0", domain);
		add_domain(text, domain);
	}
	add("10.9.9.9", TLS_1_3, 1, 0);
	o = report(INBOUND, ONLY_ALL, 9);
	want(o, "messages.plain", "70000");
	want(o, "clients.total", "60000");
	want(o, "more_clients", "true");
	ck_assert_int_eq(jsonx_path_int(o, "impact.domains"), DOMAINS * 7 / 8);
	ck_assert_uint_eq(jsonx_len(jsonx_path(o, "days")), 512);
	json_object_put(o);
	ck_assert_uint_lt(sizeof(*tally), 16 * 1024 * 1024);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("tally");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, whole);
	tcase_add_test(tc, rows);
	tcase_add_loop_test(
	    tc, not_known, 0, sizeof(unknown) / sizeof(unknown[0]));
	tcase_add_loop_test(tc, no_line_of_tls, 0, 4);
	tcase_add_test(tc, nothing_seen);
	tcase_add_test(tc, unseen);
	tcase_add_test(tc, full);
	return suite_run("report/tally", tc);
}
