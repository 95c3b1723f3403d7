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

static void
add(TCase *tc)
{
	tcase_add_test(tc, lines);
	tcase_add_test(tc, bad_lines);
	tcase_add_test(tc, twenty_bad_lines);
	tcase_add_loop_test(
	    tc, many, 0, (int)(sizeof(many_rows) / sizeof(many_rows[0])));
	tcase_add_test(tc, many_as_json);
	tcase_add_test(tc, too_many_bytes);
}

int
main(void)
{
	return tmp_run("list", add, 20);
}
