/*
 * notify.c - one datagram to the service manager.
 *
 * Without it "systemctl start" returns as soon as the process exists, and the
 * command that follows in a script finds no socket yet.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "notify.h"

int
notify_open(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un sun;
	size_t len;
	int fd;

	if (path == NULL)
		return NOTIFY_NOBODY;
	len = strlen(path);
	if ((path[0] != '/' && path[0] != '@') || len < 2 ||
	    len >= sizeof(sun.sun_path))
		return -1;
	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	memcpy(sun.sun_path, path, len);
	if (path[0] == '@')
		sun.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd != -1 && connect(fd, (struct sockaddr *)&sun,
			    (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
					len)) == -1) {
		(void)close(fd);
		fd = -1;
	}
	return fd;
}

int
notify_on(int fd, const char *state)
{
	size_t len = strlen(state);
	ssize_t n;

	if (fd == NOTIFY_NOBODY)
		return 0;
	if (fd == -1)
		return -1;
	n = send(fd, state, len, MSG_NOSIGNAL);
	(void)close(fd);
	return n == (ssize_t)len ? 0 : -1;
}

int
notify_state(const char *state)
{
	return notify_on(notify_open(), state);
}
