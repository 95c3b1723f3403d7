/*
 * client.h - a client of postseald: one request frame, one result (ops.h).
 * Shared by postseal.fcgi, postsealctl and postseal-sync.
 *
 * The reply is a peer's frame: its shape is checked before it is used.
 * The request may hold a private key: it is wiped once sent.
 * Errors: ERR_DAEMON_UNREACHABLE, ERR_TIMEOUT, or what the daemon's ERROR
 * says; ERR_INTERNAL for a reply that ops.h does not know.
 */
#ifndef POSTSEAL_CLIENT_H
#define POSTSEAL_CLIENT_H

#include "err.h"

struct json_object;

struct client_actor {
	const char	*user;
	const char	*from;
	const char	*via;		/* "web", "api", "ctl", "sync" */
};

/*
 * args is taken over and wiped, also on failure.  0 with *data owned by the
 * caller; -1 with *err, and *error (owned; NULL when the daemon said nothing)
 * its whole ERROR.  When the connection ends or takes too long while a job
 * runs, *error is {"code", "job", "lost": true}.  error may be NULL.
 */
int	client_call(const char *socket, const struct client_actor *,
	    const char *op, struct json_object *args,
	    struct json_object **data, struct json_object **error,
	    struct err *);
/*
 * The two halves of it, for a caller that does other things meanwhile.  Start:
 * the connection, or -1; args stays the caller's and is not wiped.  Finish:
 * waits ms at most, and closes the connection.
 */
int	client_start(const char *socket, const struct client_actor *,
	    const char *op, struct json_object *args, struct err *);
int	client_finish(int fd, int ms, struct json_object **data,
	    struct json_object **error, struct err *);

#endif
