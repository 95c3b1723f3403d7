/*
 * test_list.c - lists of settings, as text of a form, as a file, as JSON: the
 * access list stands for them all.
 */
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "findings.h"
#include "jsonx.h"
#include "netlist.h"
#include "settings.h"
#include "../tmp.h"

struct sent {
	const char *name, *text;
	size_t len;
};

static const char *
get(void *arg, const char *name, size_t *len)
{
	const struct sent *sent = arg;

	if (strcmp(name, sent->name) != 0)
		return NULL;
	*len = sent->len;
	return sent->text;
}

/* The text through the form and the patch into settings. */
static int
take(const char *name, const char *text, size_t len, struct settings *s,
    struct findings *f, struct err *err)
{
	struct json_object *patch = json_object_new_object();
	struct sent sent = {name, text, len};
	int rc;

	settings_default(s);
	findings_init(f);
	rc = settings_from_form(patch, get, &sent, f, err);
	if (rc == 0)
		rc = settings_check_json(s, patch, f, err);
	else
		ck_assert_int_eq(json_object_object_length(patch), 0);
	json_object_put(patch);
	return rc;
}

START_TEST(lines)
{
	static const char text[] =
	    "\xef\xbb\xbf# head\r\n\r\n192.168.1.1\r\n"
	    "  192.168.2.0:255.255.255.0\t# office\r\n2001:db8::/32\n"
	    "192.168.1.1\n\n#\n10.0.0.0/8\n192.168.1.1/32";
	struct settings s;
	struct findings f;
	struct err err;

	ck_assert_int_eq(
	    take("access_list", text, sizeof(text) - 1, &s, &f, &err), 0);
	ck_assert_str_eq(s.access_list,
	    "192.168.1.1\n192.168.2.0/24\n2001:db8::/32\n10.0.0.0/8\n");
	ck_assert_uint_eq(s.dropped[SETTING_access_list], 2);
	ck_assert(settings_managed(&s) & SETTING_BIT(SETTING_access_list));
	settings_clear(&s);
	ck_assert(!(settings_managed(&s) & SETTING_BIT(SETTING_access_list)));
	findings_clear(&f);
}
END_TEST

/* All bad lines are told, with number, entry and cure. */
START_TEST(bad_lines)
{
	static const char text[] = "10.0.0.1\n# fine\n10.0.0.7/24\nhost\n\n"
				   "fe80::1%lo\n1.2.3.0:255.0.255.0\n";
	static const struct {
		enum err_code code;
		const char *line, *entry, *instead;
	} want[] = {{ERR_ACCESS_HOST_BITS, "3", "10.0.0.7/24", "10.0.0.0/24"},
	    {ERR_ACCESS_ENTRY, "4", "host", ""},
	    {ERR_ACCESS_ZONE, "6", "fe80::1%lo", ""},
	    {ERR_ACCESS_MASK, "7", "1.2.3.0:255.0.255.0", ""}};
	struct settings s;
	struct findings f;
	struct err err;
	size_t i;

	ck_assert_int_eq(
	    take("access_file", text, sizeof(text) - 1, &s, &f, &err), -1);
	ck_assert_int_eq(err.code, ERR_ACCESS_HOST_BITS);
	ck_assert_str_eq(err.field, "access_file");
	ck_assert_ptr_nonnull(strstr(err.msg, "line 3"));
	ck_assert_uint_eq(f.n, 4);
	for (i = 0; i < f.n; i++) {
		ck_assert_int_eq(f.v[i].code, want[i].code);
		ck_assert_str_eq(f.v[i].field, "access_file");
		ck_assert_str_eq(
		    jsonx_path_str(f.v[i].args, "line", ""), want[i].line);
		ck_assert_str_eq(
		    jsonx_path_str(f.v[i].args, "entry", ""), want[i].entry);
		ck_assert_str_eq(jsonx_path_str(f.v[i].args, "instead", ""),
		    want[i].instead);
	}
	findings_clear(&f);
	settings_clear(&s);
}
END_TEST

/* Of a thousand bad lines twenty are told. */
START_TEST(twenty_bad_lines)
{
	struct settings s;
	struct findings f;
	struct err err;
	char text[2000];
	size_t i;

	for (i = 0; i < sizeof(text); i += 2)
		memcpy(text + i, "x\n", 2);
	ck_assert_int_eq(
	    take("access_list", text, sizeof(text), &s, &f, &err), -1);
	ck_assert_uint_eq(f.n, 20);
	findings_clear(&f);
	settings_clear(&s);
}
END_TEST

/* Ten thousand are fine, ten thousand with a copy of each too; one more, or
 * more than two of each, is not. */
static const struct {
	int n, copies;
	const char *got;
} many_rows[] = {
    {NETLIST_MAX, 1, NULL},
    {NETLIST_MAX, 2, NULL},
    {NETLIST_MAX + 1, 1, "10001"},
    {NETLIST_MAX, 3, "30000"},
    {3, 20000 / 3 + 1, "20001"},
};

START_TEST(many)
{
	int i, n = many_rows[_i].n;
	struct settings s;
	struct findings f;
	struct err err;
	struct buf b;

	buf_init(&b, NETLIST_BYTES);
	for (i = 0; i < n * many_rows[_i].copies; i++)
		ck_assert_int_eq(buf_printf(&b, "10.%d.%d.%d\n", i % n / 65536,
				     i % n / 256 % 256, i % n % 256),
		    0);
	ck_assert_int_eq(take("access_list", b.data, b.len, &s, &f, &err),
	    many_rows[_i].got == NULL ? 0 : -1);
	if (many_rows[_i].got == NULL) {
		ck_assert_uint_eq(s.dropped[SETTING_access_list],
		    (size_t)(n * (many_rows[_i].copies - 1)));
	} else {
		ck_assert_int_eq(err.code, ERR_ACCESS_TOO_MANY);
		ck_assert_str_eq(err.field, "access_list");
		ck_assert_uint_eq(f.n, 1);
		ck_assert_str_eq(
		    jsonx_path_str(f.v[0].args, "got", ""), many_rows[_i].got);
		ck_assert_str_eq(
		    jsonx_path_str(f.v[0].args, "max", ""), "10000");
	}
	findings_clear(&f);
	settings_clear(&s);
	buf_clear(&b);
}
END_TEST

/* The same limit for JSON, which keeps the list that stood. */
START_TEST(many_as_json)
{
	struct json_object *o = json_object_new_object();
	struct json_object *list = json_object_new_array();
	struct settings s;
	struct findings f;
	struct err err;
	char text[32];
	int i;

	for (i = 0; i < NETLIST_MAX + 1; i++) {
		snprintf(text, sizeof(text), "10.0.%d.%d", i / 256, i % 256);
		json_object_array_add(list, json_object_new_string(text));
	}
	ck_assert_int_eq(settings_put(o, "access.list", list), 0);
	ck_assert_int_eq(take("access_list", "192.0.2.1", 9, &s, &f, &err), 0);
	ck_assert_int_eq(settings_check_json(&s, o, &f, &err), -1);
	ck_assert_int_eq(err.code, ERR_ACCESS_TOO_MANY);
	ck_assert_str_eq(err.field, "access.list");
	ck_assert_str_eq(s.access_list, "192.0.2.1\n");
	json_object_put(o);
	findings_clear(&f);
	settings_clear(&s);
}
END_TEST

START_TEST(too_many_bytes)
{
	static char text[NETLIST_BYTES + 1];
	struct settings s;
	struct findings f;
	struct err err;

	memset(text, '#', sizeof(text));
	ck_assert_int_eq(
	    take("access_file", text, NETLIST_BYTES, &s, &f, &err), 0);
	findings_clear(&f);
	ck_assert_int_eq(
	    take("access_file", text, sizeof(text), &s, &f, &err), -1);
	ck_assert_int_eq(err.code, ERR_FIELD_TOO_LONG);
	ck_assert_str_eq(err.field, "access_file");
	findings_clear(&f);
	settings_clear(&s);
}
END_TEST

/* Byte order marks and blanks: where they are skipped, and where not. */
static const struct {
	const char *text;
	size_t len, n; /* n: entries, or 99: refused */
} blanks[] = {
    {"\xef\xbb\xbf", 3, 0},
    {"\xef\xbb\xbf\n", 3, 0},
    {"\xef\xbb\xbf"
     "10.0.0.1",
	11, 1},
    {"\xef\xbb", 2, 99},
    {"\xef\xbb\xbe"
     "10.0.0.1",
	11, 99},
    {"10.0.0.1\xef\xbb\xbf", 11, 99},
    {"", 0, 0},
    {" ", 1, 0},
    {"\t\v\f\r 10.0.0.1 \r\f\v\t", 18, 1},
    {"\x08"
     "10.0.0.1",
	9, 99},
    {"10.0.0.1\x0e", 9, 99},
    {"10.0.0.1\x08", 9, 99},
    {"\x0e"
     "10.0.0.1",
	9, 99},
    {"!10.0.0.1", 9, 99},
    {"#10.0.0.1", 9, 0},
    {"10.0.0.1#", 9, 1},
    {"10.0.0.1 # a # b", 16, 1},
    {"10.0.0.1\n10.0.0.2", 17, 2},
    {"10.0.0.1\n10.0.0.2\n", 18, 2},
    {"10.0.0.1\n10.0.0.22\n", 17, 2},
    {"#\n#\n", 4, 0},
};

START_TEST(blank)
{
	size_t len = blanks[_i].len, n = 0;
	char *copy = malloc(len + 1);
	struct settings s;
	struct findings f;
	struct err err;
	int rc;

	memcpy(copy, blanks[_i].text, len);
	copy[len] = '\0';
	rc = take("access_list", copy, len, &s, &f, &err);
	ck_assert_int_eq(rc, blanks[_i].n == 99 ? -1 : 0);
	if (rc == -1)
		ck_assert_int_eq(err.code, ERR_ACCESS_ENTRY);
	for (const char *p = s.access_list; p != NULL && *p != '\0'; p++)
		n += *p == '\n';
	if (rc == 0)
		ck_assert_uint_eq(n, blanks[_i].n);
	findings_clear(&f);
	settings_clear(&s);
	free(copy);
}
END_TEST

/* Of many that are wrong the first twenty; what is behind is not read. */
START_TEST(at_most_twenty)
{
	struct settings s;
	struct findings f;
	struct err err;
	char text[512] = "", *p = text;
	int i;

	for (i = 0; i < 20 + _i; i++)
		p = stpcpy(p, "host\n");
	(void)stpcpy(p, "10.0.0.1/8\n");
	ck_assert_int_eq(
	    take("access_list", text, strlen(text), &s, &f, &err), -1);
	ck_assert_uint_eq(f.n, 20);
	ck_assert_int_eq(
	    f.v[19].code, _i == -1 ? ERR_ACCESS_HOST_BITS : ERR_ACCESS_ENTRY);
	ck_assert_str_eq(err.msg, "line 1: \"host\"");
	findings_clear(&f);
	settings_clear(&s);
}
END_TEST

/* An entry is shown as far as it fits a line, with its cure. */
START_TEST(is_shown)
{
	struct settings s;
	struct findings f;
	struct err err;
	char text[140];
	size_t len;

	memset(text, 'x', sizeof(text));
	text[59] = '\n';
	ck_assert_int_eq(
	    take("access_list", text, sizeof(text), &s, &f, &err), -1);
	ck_assert_uint_eq(f.n, 2);
	ck_assert_uint_eq(strlen(jsonx_path_str(f.v[0].args, "entry", "")), 59);
	len = strlen(jsonx_path_str(f.v[1].args, "entry", ""));
	ck_assert(len > 55 && len < 60);
	ck_assert_str_eq(jsonx_path_str(f.v[1].args, "line", ""), "2");
	findings_clear(&f);
	ck_assert_int_eq(
	    take("access_list", "\n10.0.0.7/24", 12, &s, &f, &err), -1);
	ck_assert_str_eq(
	    err.msg, "line 2: \"10.0.0.7/24\", perhaps 10.0.0.0/24");
	findings_clear(&f);
	settings_clear(&s);
}
END_TEST

/* The first of equal ones stays, and the order with it. */
static const struct {
	const char *list, *text;
	size_t dropped;
} copies[] = {
    {"10.0.0.1", "10.0.0.1\n", 0},
    {"10.0.0.1\n10.0.0.1", "10.0.0.1\n", 1},
    {"10.0.0.2\n10.0.0.1\n10.0.0.2\n10.0.0.1\n10.0.0.3",
	"10.0.0.2\n10.0.0.1\n10.0.0.3\n", 2},
    {"10.0.0.0/8\n10.0.0.0/9\n10.0.0.0/8\n10.0.0.0",
	"10.0.0.0/8\n10.0.0.0/9\n10.0.0.0\n", 1},
    {"3::\n2::\n1::\n3::\n2::\n1::\n3::", "3::\n2::\n1::\n", 4},
    {"10.0.0.10\n10.0.0.1\n10.0.0.10\n10.0.0.1", "10.0.0.10\n10.0.0.1\n", 2},
    {"10.0.0.1\n::ffff:10.0.0.1\n10.0.0.1/32", "10.0.0.1\n", 2},
};

START_TEST(without_copies)
{
	struct settings s;
	struct findings f;
	struct err err;

	ck_assert_int_eq(take("access_list", copies[_i].list,
			     strlen(copies[_i].list), &s, &f, &err),
	    0);
	ck_assert_str_eq(s.access_list, copies[_i].text);
	ck_assert_uint_eq(s.dropped[SETTING_access_list], copies[_i].dropped);
	findings_clear(&f);
	settings_clear(&s);
}
END_TEST

/* From JSON, where a number is no entry, and what is wrong is numbered. */
static const struct {
	const char *json;
	const char *list; /* NULL: refused */
	const char *line; /* of the first finding, or "" */
	enum err_code code;
} arrays[] = {
    {"[]", "", "", ERR_NONE},
    {"null", "192.0.2.1\n", "", ERR_NONE},
    {"[\"::1\",\"::1\"]", "::1\n", "", ERR_NONE},
    {"[\"::1\",1]", NULL, "", ERR_FIELD_INVALID},
    {"[\"::1\",null]", NULL, "", ERR_FIELD_INVALID},
    {"[\"::1\",\"\",\"x\"]", NULL, "2", ERR_ACCESS_ENTRY},
    {"[\"::1 \"]", NULL, "1", ERR_ACCESS_ENTRY},
    {"[\"::1\\u0000\"]", NULL, "1", ERR_ACCESS_ENTRY},
};

START_TEST(from_array)
{
	struct json_object *o = NULL;
	struct settings s;
	struct findings f;
	struct err err;
	char text[128];
	int rc;

	ck_assert_int_eq(take("access_list", "192.0.2.1", 9, &s, &f, &err), 0);
	snprintf(
	    text, sizeof(text), "{\"access\":{\"list\":%s}}", arrays[_i].json);
	ck_assert_ptr_nonnull(o = json_tokener_parse(text));
	rc = settings_check_json(&s, o, &f, &err);
	ck_assert_int_eq(rc, arrays[_i].list == NULL ? -1 : 0);
	if (rc == -1) {
		ck_assert_int_eq(err.code, arrays[_i].code);
		ck_assert_str_eq(err.field, "access.list");
	}
	ck_assert_str_eq(s.access_list == NULL ? "" : s.access_list,
	    arrays[_i].list != NULL ? arrays[_i].list : "192.0.2.1\n");
	ck_assert_str_eq(
	    f.n == 0 ? "" : jsonx_path_str(f.v[0].args, "line", ""),
	    arrays[_i].line);
	json_object_put(o);
	findings_clear(&f);
	settings_clear(&s);
}
END_TEST

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

static void
add(TCase *tc)
{
	tcase_add_loop_test(tc, blank, 0, N(blanks));
	tcase_add_loop_test(tc, at_most_twenty, -1, 3);
	tcase_add_test(tc, is_shown);
	tcase_add_loop_test(tc, without_copies, 0, N(copies));
	tcase_add_loop_test(tc, from_array, 0, N(arrays));
	tcase_add_test(tc, lines);
	tcase_add_test(tc, bad_lines);
	tcase_add_test(tc, twenty_bad_lines);
	tcase_add_loop_test(tc, many, 0, N(many_rows));
	tcase_add_test(tc, many_as_json);
	tcase_add_test(tc, too_many_bytes);
}

int
main(void)
{
	return tmp_run("list", add, 20);
}
