/*
 * probed.h - what the last look at the running Postfix said, kept between
 * requests in probe.json: the last one that was passed, and a failure since.
 *
 * It is about one Postfix: main.cf, master.cf and master(8) as they were then.
 * Where one of them is another now, by a hand or by a restart, it is stale,
 * and says nothing of what is there.
 */
#ifndef POSTSEAL_PROBED_H
#define POSTSEAL_PROBED_H

#include "state.h"

/* What a look is about. */
struct probed {
	long id;	 /* in force */
	time_t changed;	 /* the last of the files */
	char files[200]; /* which they are */
};

void probed_now(const struct conf *, const struct postfix_info *,
    const char *maincf_sha256, long id, struct probed *);
/* "probe", "probe_error" and "probe_stale" of a VIEW. */
void probe_put(const struct conf *, const struct probed *,
    struct json_object *meta, struct json_object *view);
/* Nothing is kept where another generation came into force meanwhile. */
void probe_keep(
    const struct conf *, const struct probed *, struct json_object *probe);
/* Since when it fails; while somebody changes something a failure says
 * nothing. */
void probe_keep_failure(
    const struct conf *, const struct probed *, enum err_code);
/* It was restarted, and seen to be as it was. */
void probe_renew(
    const struct conf *, const struct probed *was, const struct probed *is);

#endif
