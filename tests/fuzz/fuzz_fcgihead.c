/*
 * fuzz_fcgihead.c - the head of a FastCGI request: the verdict on a part
 * never contradicts the verdict on more of it, and a good head is found by
 * its own bytes alone.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "fcgihead.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	enum fcgi_head all, part;
	uint8_t *copy;
	size_t n = len > 0 ? data[len - 1] % len : 0;

	all = fcgi_head_check(data, len);
	/* on the heap, so that a byte too far is seen */
	if ((copy = malloc(n + 1)) == NULL)
		return 0;
	memcpy(copy, data, n);
	part = fcgi_head_check(copy, n);
	free(copy);
	if (part != FCGI_HEAD_MORE && part != all)
		abort();
	return 0;
}
