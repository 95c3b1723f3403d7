/*
 * notify.h - tell the service manager how far we are: sd_notify(3) without
 * libsystemd.
 *
 * Trust: main programs, at their start and end.  The socket's name comes from
 * the environment that the service manager made.  Source: sd_notify(3).
 * NOTIFY_SOCKET is an absolute path, or "@name" in the abstract namespace; the
 * datagram holds NAME=VALUE lines.  Errors: -1 when there is a socket and it
 * did not take the line; a program goes on without (the manager's own time
 * limit applies then).
 */
#ifndef POSTSEAL_NOTIFY_H
#define POSTSEAL_NOTIFY_H

/* state: "READY=1", "STOPPING=1".  0 = sent, or nobody asked for it. */
int	notify_state(const char *state);
/* The same for a process that cannot make a socket any more: the descriptor,
 * NOTIFY_NOBODY or -1, all of which notify_on takes, once. */
#define NOTIFY_NOBODY	(-2)
int	notify_open(void);
int	notify_on(int fd, const char *state);

#endif
