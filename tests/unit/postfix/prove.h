/*
 * prove.h - probe_address where only a proof counts.
 */
#ifndef PROVE_H
#define PROVE_H

#include "probe.h"

/* 0 with ADDRESS in *ret, or -1. */
static inline int
prove(const struct probe_want *want, struct json_object **ret, struct err *err)
{
	struct json_object *o = NULL;

	if (probe_address(want, &o, err) == 0 && o != NULL) {
		*ret = o;
		return 0;
	}
	json_object_put(o);
	return -1;
}

#endif
