/*
 * place.c - how many workers may wait for something slow at a time.
 *
 * There are eight, and whoever holds one for seconds keeps others out.  Each
 * place is a lock on a byte of a file, which the kernel gives back whatever
 * becomes of the worker.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core.h"
#include "util.h"

int
place_take(const struct app *app, const char *name, int n)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char path[CONF_STR_MAX + 32];
	int fd;

	snprintf(
	    path, sizeof(path), "%s/%s", app->conf.web_state_directory, name);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1) {
		log_warn("%s: %s", path, strerror(errno));
		return -1;
	}
	lock.l_len = 1;
	for (lock.l_start = 0; lock.l_start < n; lock.l_start++)
		if (fcntl(fd, F_SETLK, &lock) == 0)
			return fd;
	close(fd);
	return -1;
}
