/*
 * probed.h - what the last look at the running Postfix said, kept between
 * requests in probe.json: the last one that was passed, and a failure since.
 *
 * It is about one generation; before the first (or after leaving) about main.cf
 * and master.cf as they were then, for there is nothing that they could be held
 * against.
 */
#ifndef POSTSEAL_PROBED_H
#define POSTSEAL_PROBED_H

#include "state.h"

/* What is looked at; borrowed. */
struct probed {
	long id;
	const struct facts *facts;
};

/* "probe", "probe_error" and "probe_stale" of a VIEW. */
void probe_put(const struct conf *, const struct probed *,
    struct json_object *meta, struct json_object *view);
void probe_keep(
    const struct conf *, const struct probed *, struct json_object *probe);
/* Since when it fails; while somebody changes something a failure says
 * nothing. */
void probe_keep_failure(
    const struct conf *, const struct probed *, enum err_code);

#endif
