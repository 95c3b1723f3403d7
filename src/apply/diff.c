/*
 * diff.c - unified diff of two texts, for the preview of a Save.
 *
 * An apply changes a handful of lines of a file of some hundred, so the
 * nearest point where both texts agree again is looked for, at growing
 * distance, after each difference.  The result is always a right diff, though
 * not always the shortest; beyond LOOK_AHEAD lines the rest is shown as
 * replaced.
 * Lines are (pointer, length) slices of the inputs; nothing is copied.
 */
#include <stdlib.h>
#include <string.h>

#include "state.h"

#define LOOK_AHEAD 400
#define CONTEXT	   3

struct line {
	const char *s;
	size_t len;
};

struct text {
	struct line *v;
	size_t n;
	bool open_end; /* last line has no newline */
};

/* Lines a[a0..a1) became b[b0..b1). */
struct hunk {
	size_t a0, a1, b0, b1;
};

static int
text_split(struct text *t, const char *s, size_t len)
{
	const char *end = s + len, *nl;
	size_t n = 0, i;

	for (i = 0; i < len; i++)
		n += s[i] == '\n';
	t->open_end = len > 0 && s[len - 1] != '\n';
	t->n = n + (t->open_end ? 1 : 0);
	if ((t->v = calloc(t->n + 1, sizeof(*t->v))) == NULL)
		return -1;
	for (i = 0; i < t->n; i++) {
		nl = memchr(s, '\n', (size_t)(end - s));
		if (nl == NULL)
			nl = end;
		t->v[i].s = s;
		t->v[i].len = (size_t)(nl - s);
		s = nl + 1;
	}
	return 0;
}

/* The last line counts as another when only one of them is ended. */
static bool
line_equal(const struct text *a, size_t i, const struct text *b, size_t j)
{
	bool open_a = a->open_end && i + 1 == a->n;
	bool open_b = b->open_end && j + 1 == b->n;

	return a->v[i].len == b->v[j].len && open_a == open_b &&
	       memcmp(a->v[i].s, b->v[j].s, a->v[i].len) == 0;
}

/* Nearest agreement after the difference at (h->a0, h->b0). */
static void
resync(const struct text *a, const struct text *b, struct hunk *h)
{
	size_t d, p, q;

	for (d = 1; d <= LOOK_AHEAD; d++) {
		for (p = 0; p <= d; p++) {
			q = d - p;
			if (h->a0 + p > a->n || h->b0 + q > b->n)
				continue;
			if ((h->a0 + p == a->n) != (h->b0 + q == b->n))
				continue;
			if (h->a0 + p < a->n &&
			    !line_equal(a, h->a0 + p, b, h->b0 + q))
				continue;
			h->a1 = h->a0 + p;
			h->b1 = h->b0 + q;
			return;
		}
	}
	h->a1 = a->n;
	h->b1 = b->n;
}

/* The next difference at or after (i, j), which agree in offset. */
static bool
next_hunk(const struct text *a, const struct text *b, size_t i, size_t j,
    struct hunk *h)
{
	while (i < a->n && j < b->n && line_equal(a, i, b, j)) {
		i++;
		j++;
	}
	if (i == a->n && j == b->n)
		return false;
	h->a0 = i;
	h->b0 = j;
	resync(a, b, h);
	return true;
}

static void
put_lines(
    struct buf *out, char mark, const struct text *t, size_t from, size_t to)
{
	for (; from < to; from++) {
		buf_addc(out, mark);
		buf_add(out, t->v[from].s, t->v[from].len);
		buf_addc(out, '\n');
		if (t->open_end && from + 1 == t->n)
			buf_adds(out, "\\ No newline at end of file\n");
	}
}

/* A group of hunks that are near each other goes under one "@@" line. */
static void
put_group(struct buf *out, const struct text *a, const struct text *b,
    const struct hunk *h, size_t n)
{
	size_t a0, b0, a1, b1, i, at;

	a0 = h[0].a0 > CONTEXT ? h[0].a0 - CONTEXT : 0;
	b0 = h[0].b0 - (h[0].a0 - a0);
	a1 = h[n - 1].a1 + CONTEXT < a->n ? h[n - 1].a1 + CONTEXT : a->n;
	b1 = h[n - 1].b1 + (a1 - h[n - 1].a1);
	buf_printf(out, "@@ -%zu,%zu +%zu,%zu @@\n", a1 > a0 ? a0 + 1 : a0,
	    a1 - a0, b1 > b0 ? b0 + 1 : b0, b1 - b0);
	at = a0;
	for (i = 0; i < n; i++) {
		put_lines(out, ' ', a, at, h[i].a0);
		put_lines(out, '-', a, h[i].a0, h[i].a1);
		put_lines(out, '+', b, h[i].b0, h[i].b1);
		at = h[i].a1;
	}
	put_lines(out, ' ', a, at, a1);
}

#define GROUP_MAX 512

static void
put_hunks(struct buf *out, const struct text *a, const struct text *b)
{
	struct hunk group[GROUP_MAX], h;
	size_t n = 0, i = 0, j = 0;

	while (next_hunk(a, b, i, j, &h)) {
		if (n == GROUP_MAX ||
		    (n > 0 && h.a0 - group[n - 1].a1 > 2 * CONTEXT)) {
			put_group(out, a, b, group, n);
			n = 0;
		}
		group[n++] = h;
		i = h.a1;
		j = h.b1;
	}
	if (n > 0)
		put_group(out, a, b, group, n);
}

int
diff_unified(const char *name, const char *a, size_t a_len, const char *b,
    size_t b_len, struct buf *out, struct err *err)
{
	struct text ta = {NULL, 0, false}, tb = {NULL, 0, false};
	int rc = -1;

	if (text_split(&ta, a, a_len) == -1 ||
	    text_split(&tb, b, b_len) == -1) {
		err_set(err, ERR_NOMEM, "", "diff");
		goto out;
	}
	if (a_len != b_len || (a_len > 0 && memcmp(a, b, a_len) != 0)) {
		buf_printf(out, "--- %s\n+++ %s\n", name, name);
		put_hunks(out, &ta, &tb);
	}
	if (out->failed) {
		err_set(err, ERR_NOMEM, "", "the difference is too long");
		goto out;
	}
	rc = 0;
out:
	free(ta.v);
	free(tb.v);
	return rc;
}
