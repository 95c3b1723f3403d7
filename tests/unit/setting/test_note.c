/*
 * test_note.c - one line of at most 200 characters, all of them seen.
 */
#include <string.h>

#include "../suite.h"
#include "note.h"

/* n times the character, then the rest. */
static const struct {
	const char *c;
	int n;
	const char *rest, *want; /* NULL: refused */
} cases[] = {
    {"", 0, "", ""},
    {" ", 3, "", ""},
    {"", 0, "  ticket 4711: <b> & \"printers\"  ",
	"ticket 4711: <b> & \"printers\""},
    {"", 0, "\xe6\x9b\xb4\xe6\x96\xb0", "\xe6\x9b\xb4\xe6\x96\xb0"},
    {"", 0, "\xe3\x80\x80\xc2\xa0 ", ""}, /* wide, unbreakable */
    {"", 0, "\xe3\x80\x80" "a\xe3\x80\x80" "b \xc2\xa0",
	"a\xe3\x80\x80" "b"},
    {"", 0, "\xe2\x9a\xa0\xef\xb8\x8f", "\xe2\x9a\xa0\xef\xb8\x8f"},
    {"x", 200, " ", "x"},
    {"x", 201, "", NULL},
    {"\xe6\x9b\xb4", 200, "", "\xe6\x9b\xb4"},
    {"\xe6\x9b\xb4", 201, "", NULL},
    {"\xf0\x9f\x94\x92", 200, "", "\xf0\x9f\x94\x92"},
    {"\xf0\x9f\x94\x92", 201, "", NULL},
    {"", 0, "a\nb", NULL},
    {"", 0, "a\rb", NULL},
    {"", 0, "a\tb", NULL},
    {"", 0, "\x1b[2J", NULL},
    {"", 0, "\x7f", NULL},
    {"", 0, "\xc2\x9b", NULL},			 /* a C1 control */
    {"", 0, "\xe2\x80\xae" "txt.exe", NULL},	 /* right to left */
    {"", 0, "\xe2\x81\xa6", NULL},		 /* isolate */
    {"", 0, "\xd8\x9c", NULL},			 /* Arabic letter mark */
    {"", 0, "a\xe2\x80\x8b", NULL},		 /* no width */
    {"", 0, "\xe2\x80\xa8", NULL},		 /* a line's end */
    {"", 0, "\xef\xbb\xbf", NULL},
    {"", 0, "\xe3\x85\xa4", NULL},	  /* Hangul's fillers */
    {"", 0, "\xe1\x85\xa0", NULL},
    {"", 0, "\xef\xbe\xa0", NULL},
    {"", 0, "a\xe2\xa0\x80", NULL},	  /* Braille's blank */
    {"", 0, "a\xcd\x8f", NULL},	  /* joins nothing */
    {"", 0, "a\xf0\x9d\x85\xb3", NULL}, /* of music */
    {"", 0, "\xff", NULL},
    {"", 0, "\xc3", NULL},
    {"", 0, "\xed\xa0\x80", NULL},
};

START_TEST(one_line)
{
	char sent[1024] = "", want[1024] = "", got[NOTE_SIZE] = "old";
	struct err err;
	int i, rc;

	for (i = 0; i < cases[_i].n; i++) {
		strcat(sent, cases[_i].c);
		if (cases[_i].n >= 200)
			strcat(want, cases[_i].c);
	}
	strcat(sent, cases[_i].rest);
	if (cases[_i].want == NULL)
		strcpy(want, "old");
	else if (cases[_i].n < 200)
		strcpy(want, cases[_i].want);
	rc = note_read(sent, got, &err);
	ck_assert_int_eq(rc, cases[_i].want == NULL ? -1 : 0);
	ck_assert_str_eq(got, want);
	if (rc == 0)
		return;
	ck_assert_int_eq(err.code, ERR_NOTE);
	ck_assert_str_eq(err.field, "note");
}
END_TEST

START_TEST(none)
{
	char got[NOTE_SIZE] = "old";

	ck_assert_int_eq(note_read(NULL, got, NULL), 0);
	ck_assert_str_eq(got, "");
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("note");

	tcase_add_loop_test(t, one_line, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(t, none);
	return suite_run("note", t) == 0 ? 0 : 1;
}
