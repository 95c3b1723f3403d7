/*
 * fuzz_multipart.c - multipart/form-data with the boundary "B".  The first
 * byte is the size of the pieces; the outcome must be that of one piece.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "upload.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static int
parse(const uint8_t *data, size_t len, size_t piece, struct fields *fs)
{
	struct multipart *m = NULL;
	struct err err;
	size_t n;
	int rc;

	err_clear(&err);
	fs->n = 0;
	fs->limits = upload_limit;
	if (multipart_new("B", fs, &m, &err) == -1)
		return -1;
	for (rc = 0; rc == 0 && len > 0; data += n, len -= n) {
		n = len < piece ? len : piece;
		rc = multipart_feed(m, data, n, &err);
	}
	if (rc == 0)
		rc = multipart_finish(m, &err);
	multipart_free(m);
	return rc == 0 ? 0 : (int)err.code;
}

static void
compare(const struct fields *a, const struct fields *b)
{
	if (a->n != b->n || a->n > FIELDS_MAX)
		abort();
	for (size_t i = 0; i < a->n; i++) {
		if (strcmp(a->v[i].name, b->v[i].name) != 0 ||
		    a->v[i].len != b->v[i].len || a->v[i].len > FILE_KEEP_MAX ||
		    memcmp(a->v[i].value, b->v[i].value, a->v[i].len) != 0)
			abort();
		if (a->v[i].is_file &&
		    (strchr(a->v[i].filename, '/') != NULL ||
			strlen(a->v[i].filename) > FILE_NAME_MAX))
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fields a, b;
	size_t piece;

	if (len == 0)
		return 0;
	piece = (size_t)data[0] % 64 + 1;
	if (parse(data + 1, len - 1, len, &a) !=
	    parse(data + 1, len - 1, piece, &b))
		abort();
	compare(&a, &b);
	fields_clear(&a);
	fields_clear(&b);
	return 0;
}
