/*
 * mustache_node.h - what mustache_parse.c hands to mustache_render.c.
 */
#ifndef POSTSEAL_MUSTACHE_NODE_H
#define POSTSEAL_MUSTACHE_NODE_H

#include <stdbool.h>
#include <stddef.h>

enum mustache_kind {
	MUSTACHE_TEXT,
	MUSTACHE_VAR,
	MUSTACHE_MESSAGE,
	MUSTACHE_SECTION,
	MUSTACHE_INVERTED,
	MUSTACHE_PARTIAL
};

struct mustache_node {
	enum mustache_kind kind;
	size_t off, len; /* TEXT: in src; len also of name */
	size_t next;	 /* sections: first node after */
	char *name;	 /* parts closed by NUL */
	size_t parts;
};

struct mustache {
	char *name;
	char *src;
	struct mustache_node *v;
	size_t n, cap;
};

#endif
