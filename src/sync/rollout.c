/*
 * rollout.c - in which order the hosts get a generation.
 *
 * The console that saved has proven it on itself (wave 0).  The canary, the
 * first other host, has to report a verified probe whatever else happens, so
 * one whose Postfix does not answer is the last choice; after it, hosts that
 * are away are not waited for: they catch up.  One failure stops everything,
 * but that of a host that would have to give up what somebody set on it: that
 * says nothing about the others.
 */
#include <string.h>

#include "sync.h"

static bool
takes_part(const struct rollout_host *h)
{
	return !h->own && !h->self;
}

const char *
rollout_canary(const struct rollout_host *h, size_t n, const char *preferred)
{
	const char *first = "", *proven = "";
	size_t i;

	for (i = 0; i < n; i++) {
		if (!takes_part(&h[i]) || !h[i].alive)
			continue;
		if (strcmp(h[i].name, preferred) == 0)
			return h[i].name;
		if (first[0] == '\0')
			first = h[i].name;
		if (proven[0] == '\0' && !h[i].unproven)
			proven = h[i].name;
	}
	return proven[0] != '\0' ? proven : first;
}

/* From host to host, so that ten thousand are one walk. */
struct walk {
	int others;
};

static int
walk_wave(struct walk *w, const struct rollout *r, const struct rollout_host *h)
{
	int base = r->canary[0] != '\0' ? 2 : 1;

	if (h->self)
		return 0;
	if (base == 2 && strcmp(h->name, r->canary) == 0)
		return 1;
	return base + (r->batch > 0 ? w->others++ / r->batch : 0);
}

int
rollout_wave(
    const struct rollout *r, const struct rollout_host *h, size_t n, size_t i)
{
	struct walk w = {0};
	int wave = 0;
	size_t j;

	for (j = 0; j < n && j <= i; j++)
		wave = walk_wave(&w, r, &h[j]);
	return wave;
}

int
rollout_waves(const struct rollout *r, const struct rollout_host *h, size_t n)
{
	struct walk w = {0};
	int wave, last = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		wave = walk_wave(&w, r, &h[i]);
		if (wave > last)
			last = wave;
	}
	return last;
}

bool
rollout_failed(const struct rollout *r, const struct rollout_host *h)
{
	return takes_part(h) && h->generation < r->generation &&
	       h->failed == r->generation && h->attempt >= r->attempt;
}

bool
rollout_unproven(const struct rollout *r, const struct rollout_host *h)
{
	return takes_part(h) && h->unproven && r->canary[0] != '\0' &&
	       strcmp(h->name, r->canary) == 0 &&
	       h->generation >= r->generation;
}

enum rollout_verdict
rollout_judge(const struct rollout *r, const struct rollout_host *h, size_t n,
    int64_t waited_ms)
{
	struct walk w = {0};
	bool pending = false, canary;
	int wave, last = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		wave = walk_wave(&w, r, &h[i]);
		if (wave > last)
			last = wave;
		if (r->wave == 1 && rollout_unproven(r, &h[i]))
			pending = true;
		if (wave == 0 || wave > r->wave || !takes_part(&h[i]) ||
		    h[i].generation >= r->generation)
			continue;
		if (rollout_failed(r, &h[i])) {
			if (h[i].refused)
				continue;
			return ROLLOUT_STOP;
		}
		canary = r->canary[0] != '\0' && wave == 1;
		pending = pending || h[i].alive || canary;
	}
	if (pending)
		return waited_ms > ROLLOUT_PATIENCE_MS ? ROLLOUT_STOP
						       : ROLLOUT_WAIT;
	return r->wave >= last ? ROLLOUT_DONE : ROLLOUT_NEXT;
}
