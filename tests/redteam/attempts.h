/*
 * attempts.h - what code inside a sandboxed process would try.  Each attempt
 * runs in that process itself: its own process is what it may lose.
 */
#ifndef REDTEAM_ATTEMPTS_H
#define REDTEAM_ATTEMPTS_H

#include <stddef.h>

extern const size_t attempts_n;
const char	*attempt_name(size_t);
/* "key", "value", "root", "session", "line" or "stop": what it is for. */
const char	*attempt_aim(size_t);
/* 0: it worked, which it must not.  1: refused by the kernel (EPERM, EACCES,
 * ENOSYS).  2: failed for another reason, which proves nothing. */
int		 attempt_run(size_t);

#endif
