/*
 * sandbox_int.h - between sandroles.c (the tables) and sandbox.c, which builds
 * the walls by them.
 */
#ifndef POSTSEAL_SANDBOX_INT_H
#define POSTSEAL_SANDBOX_INT_H

#include <sys/resource.h>

#include <stddef.h>
#include <stdint.h>

#include "sandbox.h"

struct limit {
	__rlimit_resource_t what;
	rlim_t max;
};

/* A call that is allowed only where argument == value, and, with zero, the
 * next one is 0. */
struct where {
	int call;
	unsigned int arg;
	uint64_t value;
	bool zero;
};

struct role {
	const char *name;
	const int *allow; /* system calls */
	size_t n_allow;
	const int *refuse; /* with EACCES, no kill */
	size_t n_refuse;
	const struct where *where;
	size_t n_where;
	const int *not_listening; /* not on the listening socket */
	size_t n_not_listening;
	const struct limit *limits;
	size_t n_limits;
	const char *ro[8]; /* on every host, if there */
	uint32_t otherwise; /* action */
	bool sends; /* only to who is connected already */
	bool threads;
};

/* sandbox.c: is there to be a filter?  1, 0, or -1: this kernel has none. */
int sandbox_wants_filter(const char *name, struct err *);

/* All of them: memory, time, end. */
extern const int sandbox_common[];
extern const size_t sandbox_n_common;

/* The other way round, for what runs programs of others: all but these. */
struct forbidden {
	const char *name;
	const int *calls; /* besides those that nobody calls */
	size_t n_calls;
	bool internet; /* sockets, too, and not only Unix ones */
	bool forks;
};
extern const int sandbox_never[];
extern const size_t sandbox_n_never;
extern const struct forbidden sandbox_forbidden[FORBID__MAX];
extern const struct role sandbox_roles[SANDBOX__MAX];

#endif
