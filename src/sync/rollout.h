/*
 * rollout.h - which host gets it when?  Pure, for tests and simulation.
 *
 * Wave 0 is the console that saved; wave 1 the canary, if there is one; then
 * batches by name.
 */
#ifndef POSTSEAL_ROLLOUT_H
#define POSTSEAL_ROLLOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rollout_host {
	const char *name;
	bool alive, own, self;
	bool unproven;		 /* its last probe failed */
	bool refused;		 /* failed: a value of its own is in the way */
	int64_t generation;	 /* in force */
	int64_t failed, attempt; /* generation that failed there, or 0 */
};
struct rollout {
	int64_t generation, attempt;
	int wave, batch;
	const char *canary; /* "" = none */
};
enum rollout_verdict {
	ROLLOUT_WAIT,
	ROLLOUT_NEXT, /* the next wave may begin */
	ROLLOUT_STOP, /* somebody failed, or does not answer */
	ROLLOUT_DONE
};
#define ROLLOUT_PATIENCE_MS 180000
const char *rollout_canary(
    const struct rollout_host *, size_t n, const char *preferred);
int rollout_wave(
    const struct rollout *, const struct rollout_host *, size_t n, size_t i);
int rollout_waves(
    const struct rollout *, const struct rollout_host *, size_t n);
enum rollout_verdict rollout_judge(const struct rollout *,
    const struct rollout_host *, size_t n, int64_t waited_ms);
/* Did this host fail the generation, or is it a canary that has it and cannot
 * show that it is served? */
bool rollout_failed(const struct rollout *, const struct rollout_host *);
bool rollout_unproven(const struct rollout *, const struct rollout_host *);

#endif
