/*
 * Whom a host believes: one identity a console, the newest.
 */
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "bundle.h"

struct made {
	struct buf key, cert;
};

static void
make(struct made *m, const char *name)
{
	struct err err;

	buf_init(&m->key, BUNDLE_PEM_MAX);
	buf_init(&m->cert, BUNDLE_PEM_MAX);
	ck_assert_int_eq(bundle_identity_new(name, &m->key, &m->cert, &err), 0);
}

static void
unmake(struct made *m)
{
	buf_clear(&m->key);
	buf_clear(&m->cert);
}

/* list with m in it instead of before. */
static void
add(struct buf *list, const struct made *m)
{
	const struct pki_bytes console = {m->cert.data, m->cert.len};
	const struct pki_bytes had = {
	    list->len > 0 ? list->data : "", list->len};
	struct buf out;
	struct err err;

	buf_init(&out, 4 * BUNDLE_PEM_MAX);
	ck_assert_int_eq(bundle_consoles_add(&had, &console, &out, &err), 0);
	buf_clear(list);
	*list = out;
}

static bool
has(const struct buf *list, const struct made *m)
{
	return strstr(list->data, m->cert.data) != NULL;
}

START_TEST(one_identity_a_console)
{
	struct made old, new, other;
	struct buf list;
	size_t len;

	make(&old, "mx1");
	make(&new, "mx1");
	make(&other, "mx10");
	buf_init(&list, 4 * BUNDLE_PEM_MAX);
	add(&list, &old);
	add(&list, &other);
	ck_assert(has(&list, &old) && has(&list, &other));
	add(&list, &new);
	ck_assert(has(&list, &new) && has(&list, &other));
	ck_assert(!has(&list, &old));
	len = list.len;
	add(&list, &new);
	ck_assert_uint_eq(list.len, len);
	unmake(&old);
	unmake(&new);
	unmake(&other);
	buf_clear(&list);
}
END_TEST

START_TEST(junk_is_refused)
{
	const struct pki_bytes none = {"", 0}, junk = {"junk", 4};
	struct buf out;
	struct err err;

	buf_init(&out, BUNDLE_PEM_MAX);
	ck_assert_int_eq(bundle_consoles_add(&none, &junk, &out, &err), -1);
	ck_assert_int_eq(err.code, ERR_SCANNER_IDENTITY);
	ck_assert_uint_eq(out.len, 0);
	buf_clear(&out);
}
END_TEST

int
main(void)
{
	TCase *c = tcase_create("consoles");

	tcase_add_test(c, one_identity_a_console);
	tcase_add_test(c, junk_is_refused);
	return suite_run("consoles", c) == 0 ? 0 : 1;
}
