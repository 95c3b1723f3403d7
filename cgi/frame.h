/*
 * frame.h - a request from its parameters to its reply, and the workers that do it.
 */
#ifndef POSTSEAL_FRAME_H
#define POSTSEAL_FRAME_H

#include "core.h"

/* serve.c: one request, from its parameters to the answer's bytes. */
int serve(struct app *, const struct route *, size_t n, char **env,
    const struct source *, struct buf *out);

/* worker.c: serves until it is told to stop, has served enough, or cannot
 * go on; the value is the process's exit status. */
#define WORKER_REQUESTS 10000
#define WORKER_UNFIT	3
int worker_run(struct app *, int listen_fd);

#endif
