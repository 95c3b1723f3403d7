/*
 * test_page_certificates.c - the page of certificates by name: its rows, what
 * its buttons ask for, and what comes back when that was refused.
 */
#include "page_rig.h"

#define EVIL "<script>alert(1)</script>"
#define ROW(name, subject, days) \
	"{\"use\":\"inbound\",\"name\":\"" name "\",\"subject\":\"CN=" subject \
	"\",\"issuer_common_name\":\"Some CA\",\"not_after\":" \
	"\"2027-01-31T00:00:00Z\",\"days_left\":" days ",\"sha256\":\"00\"," \
	"\"keys\":[\"RSA 3072\",\"ECDSA P-256\"]}"
#define VIEW(rows) "{\"host\":\"mx\",\"by_name\":[" rows "]}"
#define LONG \
	"a123456789012345678901234567890123456789012345678901234567890.b1234" \
	"56789012345678901234567890123456789012345678901234567890.example.jp"

static const struct shown shown[] = {
    {"en", VIEW(""), {"No certificate is in use", "id=\"named\""},
	{"<table", "value=\"remove:"}, "certificates-none"},
    {"en",
	VIEW(ROW("", "mx.example.jp", "61") "," ROW(
	    "mx2.example.jp", EVIL, "12") "," ROW(LONG, "b", "-3")),
	{"Default (all other names)", "61 days left", "12 days left",
	    "expired 3 days ago", "value=\"remove:mx2.example.jp\"",
	    "RSA 3072, ECDSA P-256"},
	{EVIL, "value=\"remove:\"", "value=\"remove:mx.example.jp\""},
	"certificates"},
    {"ja", VIEW(ROW("mx2.example.jp", "a", "-3")),
	{"3日前に期限切れ", "送信接続用"}, {EVIL, "days left"}, NULL},
    {"en",
	"{\"settings\":{\"inbound\":{\"enabled\":true}},"
	"\"by_name\":[" ROW("", "mx",
	    "61") ",{\"use\":\"outbound\","
		  "\"name\":\"\",\"subject\":\"CN=out\",\"days_left\":9,"
		  "\"in_use\":false}]}",
	{"Outbound connections", "main.cf does not name it",
	    "value=\"remove:outbound\"", "no longer shown this one"},
	{"value=\"remove:\""}, NULL},
    {"en", "{\"by_name\":[{\"use\":\"outbound\",\"name\":\"\"}]}",
	{"Outbound connections"}, {"stored, not in use"}, NULL},
    /* a postseald that leaves everything out */
    {"en", "{}", {"No certificate is in use"}, {NULL}, NULL},
    {"en", "{\"by_name\":[{}]}", {"0 days left"}, {NULL}, NULL},
};

START_TEST(shows)
{
	shows_page(&shown[_i], "/smtp-routing/certificates", "connection.get",
	    page_certificates);
}
END_TEST

static void
fill(const char *button, const char *name, const char *file)
{
	req.method = HTTP_POST;
	req.path = "/smtp-routing/certificates";
	add(&req.form, "do", button, NULL);
	add(&req.form, "name", name, NULL);
	add(&req.form, "passphrase", "", NULL);
	if (file != NULL)
		add(&req.form, "server_certificate", file, "a.pem");
}

static const struct {
	const char *button, *name, *file;
	const char *certificate;
	bool drop;
} buttons[] = {
    {"save", "", "pem", "*", false},
    {"save", "mx2.example.jp", "pem", "mx2.example.jp", false},
    {"remove:mx2.example.jp", "", NULL, "mx2.example.jp", true},
};

START_TEST(presses)
{
	struct json_object *args;

	says("connection.apply",
	    "{\"job\":\"0123456789abcdef0123456789abcdef\"}");
	fill(buttons[_i].button, buttons[_i].name, buttons[_i].file);
	ck_assert_msg(
	    page_certificates(&app, &req, &reply, &err) == 0, "%s", err.msg);
	ck_assert_int_eq(reply.status, 303);
	args = args_of("connection.apply");
	ck_assert_ptr_nonnull(args);
	ck_assert_str_eq(
	    jsonx_path_str(args, "certificate", ""), buttons[_i].certificate);
	ck_assert(jsonx_path_bool(args, "drop") == buttons[_i].drop);
	ck_assert(
	    (jsonx_path(args, "files") != NULL) == (buttons[_i].file != NULL));
	ck_assert_ptr_null(jsonx_path(args, "settings"));
}
END_TEST

static const struct {
	const char *button, *file, *error;
	int status;
	const char *has[3];
} refused[] = {
    {"save", "pem",
	"{\"ERROR\":{\"code\":\"sni.shadowed\",\"field\":\"name\","
	"\"findings\":[{\"code\":\"sni.shadowed\",\"severity\":\"error\","
	"\"field\":\"name\",\"args\":{\"name\":\"a.b\",\"map\":"
	"\"hash:/etc/sni\"}}]}}",
	422, {"id=\"errors\"", "hash:/etc/sni", "value=\"a &amp; b\""}},
    {"save", "pem",
	"{\"ERROR\":{\"code\":\"cert.expired\",\"findings\":[{\"code\":"
	"\"cert.expired\",\"severity\":\"confirm\",\"field\":"
	"\"server_certificate\",\"args\":{}}]}}",
	422, {"name=\"confirm\" value=\"cert.expired\"", "form=\"named\""}},
    {"save", NULL, NULL, 422, {"No file was chosen"}},
    {"remove:x", NULL, "{\"ERROR\":{\"code\":\"sni.unknown\"}}", 404,
	{"no certificate for this name"}},
    {"", NULL, NULL, 422, {"id=\"errors\""}},
};

START_TEST(comes_back)
{
	size_t i;

	says("connection.get", VIEW(ROW("mx2.example.jp", "a", "9")));
	if (refused[_i].error != NULL)
		says("connection.apply", refused[_i].error);
	fill(refused[_i].button, "a & b", refused[_i].file);
	ck_assert_msg(
	    page_certificates(&app, &req, &reply, &err) == 0, "%s", err.msg);
	ck_assert_int_eq(reply.status, refused[_i].status);
	for (i = 0; i < 3 && refused[_i].has[i] != NULL; i++)
		has(refused[_i].has[i]);
	if (_i == 1)
		keep_both("certificates-refused", page_certificates);
}
END_TEST

START_TEST(strange_forms)
{
	says("connection.get", VIEW(""));
	fill("save", "a.b", "pem");
	add(&req.form, _i == 0 ? "settings" : "name", "x", NULL);
	ck_assert_int_eq(page_certificates(&app, &req, &reply, &err), -1);
	ck_assert_int_eq(
	    err.code, _i == 0 ? ERR_FIELD_UNKNOWN : ERR_FIELD_DUPLICATE);
	ck_assert_uint_eq(json_object_array_length(calls), 0);
}
END_TEST

static void
fill_suite(TCase *tc)
{
	tcase_add_loop_test(tc, shows, 0, N(shown));
	tcase_add_loop_test(tc, presses, 0, N(buttons));
	tcase_add_loop_test(tc, comes_back, 0, N(refused));
	tcase_add_loop_test(tc, strange_forms, 0, 2);
}

int
main(void)
{
	return run_suite("page certificates", fill_suite);
}
