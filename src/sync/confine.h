/*
 * confine.h - the sandbox of postseal-sync, once all is open and loaded that
 * needs more.  Errors: ERR_CONFIG.
 */
#ifndef POSTSEAL_SYNC_CONFINE_H
#define POSTSEAL_SYNC_CONFINE_H

#include "conf.h"
#include "err.h"

int sync_confine(const struct conf *, struct err *);

#endif
