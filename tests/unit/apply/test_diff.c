/*
 * test_diff.c - the preview's diff: a strict reader of unified diffs makes
 * the new text from the old one and the diff, line numbers checked.
 */
#include "rig.h"

static const struct {
	const char *a, *b;
} texts[] = {
    {"", ""},
    {"a\n", "a\n"},
    {"", "a\n"},
    {"a\n", ""},
    {"a\nb\nc\n", "a\nx\nc\n"},
    {"a\nb\nc\n", "a\nc\n"},
    {"a\nc\n", "a\nb\nc\n"},
    {"a\nb\nc", "a\nb\nc\n"},
    {"a\nb\nc\n", "a\nb\nc"},
    {"a\nb\nc", "a\nb\nd"},
    {"1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n18\n",
	"1\nx\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\ny\nz\n17\n18\n"},
    {"1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n",
	"0\n1\n2\n3\n4\n5\n6\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n"},
    {"a\na\na\na\n", "a\na\n"},
    {"\n\n\nx\n\n\n", "\n\nx\n\n\n\n"},
    {"a\nb\nc\nd\n", "e\nf\n"},
};

/* End of the line at p. */
static const char *
line_end(const char *p)
{
	const char *nl = strchr(p, '\n');

	ck_assert_ptr_nonnull(nl);
	return nl;
}

/* One line of a hunk onto the output or against the old text. */
static void
take(const char **d, const char **a, struct buf *out, size_t *na, size_t *nb)
{
	static const char open_end[] = "\\ No newline at end of file\n";
	const char *nl = line_end(*d), *text = *d + 1;
	size_t len = (size_t)(nl - text) + 1;
	char mark = **d;

	*d = nl + 1;
	if (strncmp(*d, open_end, sizeof(open_end) - 1) == 0) {
		*d += sizeof(open_end) - 1;
		len--;
	}
	if (mark != '+') {
		ck_assert_int_eq(strncmp(*a, text, len), 0);
		*a += len;
		++*na;
	}
	if (mark != '-') {
		ck_assert_int_eq(buf_add(out, text, len), 0);
		++*nb;
	}
}

/* Old text and diff to new text. */
static void
apply_diff(const char *d, const char *a, struct buf *out)
{
	size_t a0, an, b0, bn, na = 0, nb = 0, from_a, from_b;
	const char *nl;

	ck_assert_int_eq(strncmp(d, "--- main.cf\n+++ main.cf\n", 24), 0);
	for (d += 24; *d != '\0';) {
		ck_assert_int_eq(
		    sscanf(d, "@@ -%zu,%zu +%zu,%zu @@\n", &a0, &an, &b0, &bn),
		    4);
		d = line_end(d) + 1;
		for (; na < a0 - (an > 0); na++, nb++) {
			nl = line_end(a);
			buf_add(out, a, (size_t)(nl - a) + 1);
			a = nl + 1;
		}
		ck_assert_uint_eq(nb, b0 - (bn > 0));
		from_a = na;
		from_b = nb;
		while (*d == ' ' || *d == '-' || *d == '+')
			take(&d, &a, out, &na, &nb);
		ck_assert_uint_eq(na - from_a, an);
		ck_assert_uint_eq(nb - from_b, bn);
	}
	ck_assert_int_eq(buf_adds(out, a), 0);
}

static void
judge(const char *a, const char *b)
{
	struct buf diff, out;
	struct err err;

	buf_init(&diff, 4 << 20);
	buf_init(&out, 4 << 20);
	ck_assert_int_eq(
	    diff_unified("main.cf", a, strlen(a), b, strlen(b), &diff, &err),
	    0);
	if (strcmp(a, b) == 0) {
		ck_assert_uint_eq(diff.len, 0);
	} else {
		apply_diff(diff.data, a, &out);
		ck_assert_str_eq(out.data, b);
	}
	buf_clear(&diff);
	buf_clear(&out);
}

START_TEST(pairs)
{
	judge(texts[_i].a, texts[_i].b);
}
END_TEST

/* Files of some hundred lines with a few random edits. */
START_TEST(random_edits)
{
	struct buf a, b;
	int i, what;

	srandom((unsigned)_i + 1);
	buf_init(&a, 1 << 20);
	buf_init(&b, 1 << 20);
	for (i = 0; i < 300; i++) {
		what = (int)(random() % 40);
		if (what != 0)
			buf_printf(&a, "line %ld\n", random() % 50);
		if (what == 1)
			buf_printf(&b, "changed %d\n", i);
		else if (what == 2)
			buf_printf(&b, "new %d\nnew too\n", i);
		else if (what != 3 && a.len > 0)
			buf_printf(&b, "line %ld\n", random() % 50);
	}
	judge(a.data, b.data);
	/* Nothing in common, and more lines than are looked ahead. */
	b.len = 0;
	for (i = 0; i < 900; i++)
		buf_printf(&b, "other %d\n", i);
	judge(a.data, b.data);
	buf_clear(&a);
	buf_clear(&b);
}
END_TEST

START_TEST(too_long)
{
	struct err err;
	struct buf out;

	buf_init(&out, 64);
	ck_assert_int_eq(diff_unified("main.cf", "a\nb\nc\n", 6,
			     "a long line that does not fit\n", 30, &out, &err),
	    -1);
	buf_clear(&out);
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_loop_test(
	    tc, pairs, 0, (int)(sizeof(texts) / sizeof(texts[0])));
	tcase_add_loop_test(tc, random_edits, 0, 20);
	tcase_add_test(tc, too_long);
}

int
main(void)
{
	return rig_run("diff", add, 30, RIG_FILES);
}
