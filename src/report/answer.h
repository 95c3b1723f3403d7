/*
 * answer.h - what postseal-logs says on its socket: frames of ipc.h, one
 * request a connection, in the shapes of ops.h.
 *
 * {"op": "report.tls", "args": {"direction": "inbound"|"outbound", "days": 1 to
 * 400 (30), "only": "plain"|"old"|"failed", "limit": 1 to 1000 (20)}} -> the
 * report of postsealctl(8) with "ever": {VERSION: messages of all days},
 * "files": [what is followed], "days_asked" and
 * "progress": {"done", "total"} in bytes while the first reading lasts, else
 * null.
 * Trust: root and the web process may ask; their frames are checked as any.
 */
#ifndef POSTSEAL_REPORT_ANSWER_H
#define POSTSEAL_REPORT_ANSWER_H

#include "follow.h"

/* Takes the connection, and closes it. */
void answer(struct follow *, int fd, uid_t web);

#endif
