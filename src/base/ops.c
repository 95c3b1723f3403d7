/*
 * ops.c - the names of the operations, and how long their clients wait.
 */
#include <string.h>

#include "ops.h"

/* Above APPLY_LONGEST_MS of apply.h, and what a cluster is told after it;
 * below the 120 s of the web server. */
#define APPLY_MS 110000

#define O(symbol, name, peers, size, patience, ...) \
	const char OP_##symbol[] = name;
#include "ops.def"
#undef O

static const struct {
	const char *name;
	int ms;
} rows[] = {
#define O(symbol, name, peers, size, patience, ...) {name, patience},
#include "ops.def"
#undef O
};

int
op_patience(const char *name)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].name, name) == 0)
			return rows[i].ms;
	}
	return 0;
}
