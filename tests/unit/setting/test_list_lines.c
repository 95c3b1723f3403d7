/*
 * test_list_lines.c - the lines of a list as people write them: comments,
 * blanks, and what is told of those that are wrong.
 */
#include "list_rig.h"

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

static void
add(TCase *tc)
{
	tcase_add_loop_test(tc, blank, 0, N(blanks));
	tcase_add_loop_test(tc, at_most_twenty, -1, 3);
	tcase_add_test(tc, is_shown);
	tcase_add_test(tc, lines);
	tcase_add_test(tc, bad_lines);
	tcase_add_test(tc, twenty_bad_lines);
}

int
main(void)
{
	return tmp_run("list_lines", add, 20);
}
