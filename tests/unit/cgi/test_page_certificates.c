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
	{"3日前に期限切れ", "振り分ける"}, {EVIL, "days left"}, NULL},
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

#define SET(call, change, id, more) \
	"{\"certificate\":\"" call "\",\"change\":\"" change "\",\"id\":\"" id \
	"\",\"files\":[{\"id\":\"aaaaaaaaaaaa\",\"name\":\"" EVIL \
	"\",\"field\":\"private_key\"}],\"report\":{\"findings\":[" more \
	"],\"certificate\":{\"leaf\":{\"not_after\":\"2027-01-31T00:00:00Z\"," \
	"\"key\":{\"label\":\"RSA 3072\"}}}}}"
#define SORTED(sets, left) \
	"{\"draft\":{\"sorted\":{\"sets\":[" sets "],\"left_out\":[" left "]}}}"
#define LEFT \
	"{\"code\":\"files.key_alone\",\"args\":{\"key\":\"RSA 2048\"},\"id\":" \
	"\"bbbbbbbbbbbb\",\"name\":\"b.key\",\"place\":\"\"}"
#define NO_PLACE \
	"{\"code\":\"sni.place\",\"args\":{\"detail\":\"x\"},\"id\":" \
	"\"cccccccccccc\",\"name\":\"c.pem\",\"place\":\"dddddddddddd\"}"

static const struct shown sorted[] = {
    {"en", SORTED(SET("a.b", "new", "abcdefabcdef", "") ","
		SET("default", "renewed", "", "{\"code\":\"cert.expired\","
		"\"severity\":\"confirm\",\"field\":\"server_certificate\","
		"\"args\":{}}"), LEFT "," NO_PLACE),
	{"2 certificates from 4 files", "New: <bdi>a.b</bdi>",
	    "Renews: <bdi>default</bdi>",
	    "The certificate for this key (RSA 2048) is missing",
	    "value=\"forget:bbbbbbbbbbbb\"", "what is not used is left out"},
	{EVIL, "name=\"set\" value=\"\""}, "certificates-sorted"},
    {"ja", SORTED(SET("client_ca", "added", "", ""), ""),
	{"1個のファイルを1枚の証明書", "<bdi>client_ca</bdi>", "秘密鍵",
	    "value=\"save\">保存"}, {EVIL, "使用しないファイル"}, NULL},
    {"en", SORTED("", LEFT), {"Not used", "value=\"discard\""},
	{"value=\"save\""}, NULL},
};

START_TEST(shows_sorted)
{
	shows_page(&sorted[_i], "/smtp-routing/certificates", "connection.get",
	    page_certificates);
}
END_TEST

static void
fill(const char *button, const char *place, const char *file)
{
	req.method = HTTP_POST;
	req.path = "/smtp-routing/certificates";
	snprintf(req.who.loose, sizeof(req.who.loose), "%064d", 7);
	add(&req.form, "do", button, NULL);
	add(&req.form, "passphrase", "", NULL);
	if (place != NULL) {
		add(&req.form, "set", "abcdefabcdef", NULL);
		add(&req.form, "place", place, NULL);
	}
	if (file != NULL) {
		add(&req.form, "files", file, "a.pem");
		add(&req.form, "files", "more", "b.pem");
	}
}

/* files: how many go along, -1: no such member. */
static const struct {
	const char *button, *place, *file, *op;
	int files;
} buttons[] = {
    {"sort", NULL, "pem", "draft.put", 2},
    {"sort", "mx2.example.jp", NULL, "draft.put", 0},
    {"save", NULL, NULL, "connection.apply", 0},
    {"save", "outbound", NULL, "connection.apply", 0},
    /* not shown yet: that first */
    {"save", NULL, "pem", "draft.put", 2},
    {"discard", NULL, NULL, "draft.drop", -1},
    {"forget:aaaaaaaaaaaa", NULL, NULL, "draft.put", -1},
    {"remove:mx2.example.jp", NULL, NULL, "connection.apply", -1},
};

START_TEST(presses)
{
	struct json_object *args;

	says("connection.apply",
	    "{\"job\":\"0123456789abcdef0123456789abcdef\"}");
	says("draft.put", "{}");
	says("draft.drop", "{}");
	fill(buttons[_i].button, buttons[_i].place, buttons[_i].file);
	ck_assert_msg(
	    page_certificates(&app, &req, &reply, &err) == 0, "%s", err.msg);
	ck_assert_int_eq(reply.status, 303);
	args = args_of(buttons[_i].op);
	ck_assert_ptr_nonnull(args);
	ck_assert((jsonx_path(args, "loose") == NULL) ==
		  (buttons[_i].files == -1));
	if (buttons[_i].files != -1)
		ck_assert_int_eq(
		    (int)jsonx_len(jsonx_path(args, "loose")), buttons[_i].files);
	if (buttons[_i].place != NULL)
		ck_assert_str_eq(
		    jsonx_path_str(args, "places.abcdefabcdef", ""),
		    buttons[_i].place);
	ck_assert((jsonx_path(args, "draft") == NULL) ==
		  (strncmp(buttons[_i].button, "remove:", 7) == 0));
	ck_assert_ptr_null(jsonx_path(args, "settings"));
}
END_TEST

static const struct {
	const char *button, *error;
	int status;
	const char *has[3];
} refused[] = {
    {"save",
	"{\"ERROR\":{\"code\":\"sni.shadowed\",\"field\":\"name\","
	"\"findings\":[{\"code\":\"sni.shadowed\",\"severity\":\"error\","
	"\"field\":\"name\",\"args\":{\"name\":\"a.b\",\"map\":"
	"\"hash:/etc/sni\"}}]}}",
	422, {"id=\"errors\"", "hash:/etc/sni"}},
    {"save",
	"{\"ERROR\":{\"code\":\"cert.expired\",\"findings\":[{\"code\":"
	"\"cert.expired\",\"severity\":\"confirm\",\"field\":"
	"\"server_certificate\",\"args\":{}}]}}",
	422, {"name=\"confirm\" value=\"cert.expired\"", "form=\"named\""}},
    {"remove:x", "{\"ERROR\":{\"code\":\"sni.unknown\"}}", 404,
	{"no certificate for this name"}},
    {"", NULL, 400, {"id=\"errors\""}},
};

START_TEST(comes_back)
{
	size_t i;

	says("connection.get", VIEW(ROW("mx2.example.jp", "a", "9")));
	if (refused[_i].error != NULL)
		says("connection.apply", refused[_i].error);
	fill(refused[_i].button, "a & b", NULL);
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
	fill("save", NULL, "pem");
	add(&req.form, _i == 0 ? "settings" : "do", "x", NULL);
	ck_assert_int_eq(page_certificates(&app, &req, &reply, &err), -1);
	ck_assert_int_eq(
	    err.code, _i == 0 ? ERR_FIELD_UNKNOWN : ERR_FIELD_DUPLICATE);
	ck_assert_uint_eq(json_object_array_length(calls), 0);
}
END_TEST

/* 129 of them, and 721 KiB. */
START_TEST(too_many)
{
	static char large[60 * 1024 + 1];
	int i;

	memset(large, 'a', sizeof(large) - 1);
	says("connection.get", VIEW(""));
	fill("sort", NULL, NULL);
	for (i = 0; i < (_i == 0 ? 129 : 13); i++)
		add(&req.form, "files", _i == 0 ? "x" : large, "a.pem");
	ck_assert_int_eq(page_certificates(&app, &req, &reply, &err), 0);
	ck_assert_int_eq(reply.status, 422);
	has("files.too_many");
	ck_assert_ptr_null(args_of("draft.put"));
}
END_TEST

static void
fill_suite(TCase *tc)
{
	tcase_add_loop_test(tc, shows, 0, N(shown));
	tcase_add_loop_test(tc, shows_sorted, 0, N(sorted));
	tcase_add_loop_test(tc, too_many, 0, 2);
	tcase_add_loop_test(tc, presses, 0, N(buttons));
	tcase_add_loop_test(tc, comes_back, 0, N(refused));
	tcase_add_loop_test(tc, strange_forms, 0, 2);
}

int
main(void)
{
	return run_suite("page certificates", fill_suite);
}
