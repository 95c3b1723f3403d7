/*
 * version.c - the one object that knows the number.
 */
#include "version.h"

#ifndef POSTSEAL_VERSION /* a linter's run */
#define POSTSEAL_VERSION "0"
#endif

const char postseal_version[] = POSTSEAL_VERSION;
