/*
 * test_page_keys.c - the page of keys: what it shows, what its buttons ask,
 * and that a refused form comes back as it was.
 */
#include "page_rig.h"

#define ID   "0123456789abcdef"
#define EVIL "<script>alert(1)</script>"
#define TLSA(usage, of) \
	"{\"usage\":" usage ",\"of\":\"" of "\",\"record\":\"_25._tcp.mx. IN " \
	"TLSA " usage " 1 1 00112233445566778899aabbccddeeff\"}"
#define KEY(kind, more) \
	"{\"id\":\"" ID "\",\"kind\":\"" kind "\",\"by\":\"admin\",\"at\":" \
	"\"2026-11-24T04:00:00Z\",\"subject\":\"CN=" EVIL "\",\"names\":[" \
	"\"mx.example.test\"],\"key\":{\"label\":\"RSA 3072\"},\"csr\":" \
	"\"-----BEGIN X-----\",\"tlsa\":[" TLSA("3", "mx") "]" more "}"
#define LIST(keys) \
	"{\"host\":\"mx.example.test\",\"keys\":[" keys "],\"in_use\":{" \
	"\"key\":{\"label\":\"ECDSA P-256\"},\"leaf\":{\"common_name\":" \
	"\"in.use.test\"}},\"tlsa\":[" TLSA("3", "in.use.test") "," TLSA( \
	    "2", "Some CA") "]}"

static const struct shown shown[] = {
    {"en", "{\"host\":\"mx\",\"keys\":[],\"in_use\":null,\"tlsa\":[]}",
	{"No certificate is in use", "No key is waiting", ">mx</textarea>",
	    "value=\"csr\""},
	{"TLSA 3 1 1", "value=\"use:"}, "keys-none"},
    {"en", LIST(KEY("csr", "")),
	{"in.use.test", "TLSA 2 1 1", "the key of the issuer Some CA",
	    "/smtp-routing/keys/" ID "/csr", "value=\"delete:" ID "\"",
	    "waiting for the CA"},
	{"value=\"use:", EVIL, "self-signed, until"}, "keys-csr"},
    {"en", LIST(KEY("self_signed", ",\"not_after\":\"2027-01-31T00:00:00Z\"")),
	{"value=\"use:" ID "\"", "self-signed, until 2027-01-31",
	    "data-copy=\"_25._tcp.mx. IN TLSA 3 1 1 "
	    "00112233445566778899aabbccddeeff\""},
	{EVIL}, "keys-self"},
    {"ja", LIST(KEY("csr", "")),
	{"待機中の鍵", "発行者 Some CA の鍵", "認証局の証明書を待っています",
	    "lang=\"ja\""},
	{EVIL, "Waiting"}, "keys-csr"},
    /* a postseald that leaves everything out */
    {"en", "{}", {"No key is waiting"}, {NULL}, NULL},
    {"en", "{\"keys\":[{}],\"in_use\":{}}", {"id=\"key-\""}, {NULL}, NULL},
};

START_TEST(shows)
{
	shows_page(&shown[_i], "/smtp-routing/keys", "keys.list", page_keys);
	lacks("PRIVATE KEY");
}
END_TEST

static const struct {
	const char *button, *names, *days, *kind;
	const char *op, *args, *where;
} buttons[] = {
    {"create", "a.test\r\nb.test, c.test;d.test\n\n", "90", "csr", "keys.add",
	"{\"kind\":\"csr\",\"algorithm\":\"p384\",\"names\":[\"a.test\","
	"\"b.test\",\"c.test\",\"d.test\"],\"subject\":{\"organization\":"
	"\"A B\"}}",
	"/smtp-routing/keys#key-" ID},
    {"create", "", "90", "self_signed", "keys.add",
	"{\"kind\":\"self_signed\",\"algorithm\":\"p384\",\"names\":[],"
	"\"subject\":{\"organization\":\"A B\"},\"days\":90}",
	"/smtp-routing/keys#key-" ID},
    {"use:" ID, "", "", "csr", "draft.put", NULL,
	"/smtp-routing/connection#at-server_certificate"},
    {"delete:" ID, "", "", "csr", "keys.delete", "{\"id\":\"" ID "\"}",
	"/smtp-routing/keys"},
};

static void
fill(const char *button, const char *kind, const char *names, const char *days)
{
	req.method = HTTP_POST;
	req.path = "/smtp-routing/keys";
	add(&req.form, "do", button, NULL);
	add(&req.form, "kind", kind, NULL);
	add(&req.form, "algorithm", "p384", NULL);
	add(&req.form, "names", names, NULL);
	add(&req.form, "days", days, NULL);
	add(&req.form, "organization", "  A B ", NULL);
	add(&req.form, "country", "", NULL);
}

START_TEST(presses)
{
	struct json_object *args;

	says("keys.add", "{\"id\":\"" ID "\"}");
	says("keys.delete", "{}");
	says("draft.put", "{}");
	fill(buttons[_i].button, buttons[_i].kind, buttons[_i].names,
	    buttons[_i].days);
	ck_assert_msg(page_keys(&app, &req, &reply, &err) == 0, "%s", err.msg);
	leads_to(buttons[_i].where);
	ck_assert_uint_eq(json_object_array_length(calls), 1);
	args = args_of(buttons[_i].op);
	ck_assert_ptr_nonnull(args);
	if (buttons[_i].args != NULL) {
		ck_assert_str_eq(json_object_to_json_string_ext(
				     args, JSON_C_TO_STRING_PLAIN),
		    buttons[_i].args);
		return;
	}
	ck_assert_str_eq(jsonx_path_str(args, "key_id", ""), ID);
	ck_assert_uint_eq(strlen(jsonx_path_str(args, "draft", "")), 64);
}
END_TEST

static const struct {
	const char *button, *kind, *days, *op, *error;
	int status;
	const char *has[4];
} refused[] = {
    {"create", "csr", "90", "keys.add",
	"{\"ERROR\":{\"code\":\"keys.name_invalid\",\"field\":\"names\","
	"\"detail\":\"x_y: expected letters\"}}",
	400,
	{"id=\"errors\"", "href=\"#names\"", "x_y: expected letters",
	    "a &amp; b</textarea>"}},
    {"create", "self_signed", "90", "keys.add",
	"{\"ERROR\":{\"code\":\"keys.subject_invalid\",\"field\":"
	"\"country\"}}",
	400,
	{"href=\"#country\"", "Country, two letters (C)",
	    "value=\"self_signed\" aria-describedby=\"kind-self-help\" "
	    "checked",
	    "<option value=\"p384\" selected>"}},
    {"create", "csr", "90", "keys.add",
	"{\"ERROR\":{\"code\":\"keys.too_many\"}}", 409,
	{"Too many keys", "value=\"  A B \""}},
    {"create", "self_signed", "x", NULL, NULL, 400, {"href=\"#days\""}},
    {"create", "self_signed", "99999", NULL, NULL, 400, {"href=\"#days\""}},
    {"create", "self_signed", "", NULL, NULL, 400, {"href=\"#days\""}},
    {"use:" ID, "csr", "1", "draft.put",
	"{\"ERROR\":{\"code\":\"keys.no_certificate\"}}", 409,
	{"still waiting for its certificate"}},
    {"delete:x", "csr", "1", "keys.delete",
	"{\"ERROR\":{\"code\":\"keys.unknown\"}}", 404,
	{"There is no such key"}},
    {"sign", "csr", "1", NULL, NULL, 400, {"id=\"errors\""}},
    {"", "csr", "1", NULL, NULL, 400, {"id=\"errors\""}},
};

START_TEST(comes_back)
{
	size_t i;

	says("keys.list", LIST(KEY("csr", "")));
	if (refused[_i].op != NULL)
		says(refused[_i].op, refused[_i].error);
	fill(refused[_i].button, refused[_i].kind, "a & b", refused[_i].days);
	ck_assert_msg(page_keys(&app, &req, &reply, &err) == 0, "%s", err.msg);
	ck_assert_int_eq(reply.status, refused[_i].status);
	for (i = 0; i < 4 && refused[_i].has[i] != NULL; i++)
		has(refused[_i].has[i]);
	if (_i == 0)
		keep_both("keys-refused", page_keys);
}
END_TEST

START_TEST(strange_forms)
{
	says("keys.list", LIST(""));
	fill("create", "csr", "a.test", "1");
	add(&req.form, _i == 0 ? "path" : "kind", "x", NULL);
	ck_assert_int_eq(page_keys(&app, &req, &reply, &err), -1);
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
	return run_suite("page keys", fill_suite);
}
