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

static const char *const names[PLACE__MAX] = {
    [PLACE_PAM] = "pam.lock",
    [PLACE_STREAM] = "streams.lock",
};

static int
place_open(const struct app *app, enum place which, struct err *err)
{
	char path[CONF_STR_MAX + 32];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", app->conf.web_state_directory,
	    names[which]);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd != -1 ? fd : err_sys(err, ERR_IO, "", "%s", path);
}

int
places_make(const struct app *app, struct err *err)
{
	int i, fd;

	for (i = 0; i < PLACE__MAX; i++) {
		if ((fd = place_open(app, i, err)) == -1)
			return -1;
		close(fd);
	}
	return 0;
}

int
place_take(const struct app *app, enum place which, int n)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct err err;
	int fd;

	if ((fd = place_open(app, which, &err)) == -1) {
		log_warn("%s", err.msg);
		return -1;
	}
	lock.l_len = 1;
	for (lock.l_start = 0; lock.l_start < n; lock.l_start++)
		if (fcntl(fd, F_SETLK, &lock) == 0)
			return fd;
	close(fd);
	return -1;
}
