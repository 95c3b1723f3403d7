/*
 * ipc.h - frames on the Unix socket between postseald and its clients: the
 * web process, postsealctl, postseal-sync.
 *
 * A frame is a 4-byte big-endian length (1 to IPC_FRAME_MAX) and that many
 * bytes of one JSON object (UTF-8, depth at most 16, no NUL, nothing after
 * it).  ops.h says what the objects hold.
 * Trust: both sides treat the other's frames as hostile.
 * Errors: ERR_FRAME, ERR_FRAME_TOO_LARGE, ERR_TIMEOUT; a closed peer is
 * ERR_DAEMON_UNREACHABLE.  Deadlines are CLOCK_MONOTONIC, for the whole
 * frame, in ms from the call.
 * SIGPIPE is not raised (MSG_NOSIGNAL).
 */
#ifndef POSTSEAL_IPC_H
#define POSTSEAL_IPC_H

#include <sys/types.h>
#include <stddef.h>

#include "err.h"

#define IPC_FRAME_MAX	(1024 * 1024)
#define IPC_DEPTH_MAX	16

struct json_object;

struct ipc_peer {
	pid_t	pid;
	uid_t	uid;
	gid_t	gid;
};

/* Socket file created with mode and group at once; an old one is replaced
 * only if nobody answers on it. */
int	ipc_listen(const char *path, mode_t, gid_t, struct err *);
/* Tries again for a second where the queue of the socket is full. */
int	ipc_connect(const char *path, struct err *);
int	ipc_peer(int fd, struct ipc_peer *, struct err *);	/* SO_PEERCRED */
int	ipc_send(int fd, struct json_object *, int timeout_ms, struct err *);
int	ipc_recv(int fd, struct json_object **, size_t max, int timeout_ms,
	    struct err *);

#endif
