/*
 * state.c - layout of the state directory, small JSON files, the apply lock.
 *
 * The lock is an open-file-description lock on STATE/lock and not a flock,
 * because F_OFD_GETLK tells whether an apply runs without taking anything: a
 * page view that took even a shared lock for a moment could make a Save that
 * starts in that moment answer "busy".
 */
#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fsx.h"
#include "state.h"

#define LOOKERS_MS 5000 /* many times what dry runs in a row take */

static const char *const directories[] = {"generations", "jobs", "drafts"};

int
apply_state_init(const struct conf *conf, struct err *err)
{
	char path[STATE_PATH_MAX];
	size_t i;

	if (fsx_mkdir_p(conf->state_directory, 0700, err) == -1)
		return -1;
	for (i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		if (fsx_path(path, sizeof(path), err, "%s/%s",
			conf->state_directory, directories[i]) == -1 ||
		    fsx_mkdir_p(path, 0700, err) == -1)
			return -1;
	}
	return 0;
}

static int
lock_open(const struct conf *conf, struct err *err)
{
	char path[STATE_PATH_MAX];
	int fd;

	if (fsx_path(path, sizeof(path), err, "%s/lock",
		conf->state_directory) == -1)
		return -1;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1)
		return err_sys(err, ERR_IO, "", "open %s", path);
	return fd;
}

/*
 * Two bytes of one file.  Whoever works in the state directory holds WORK;
 * whoever is going to change something holds CHANGE as well, and first: so
 * a Save waits for a dry run, which is short, and nobody waits for a Save.
 */
enum lock_byte { WORK, CHANGE };

static struct flock
lock_at(enum lock_byte at)
{
	return (struct flock){
	    .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = at, .l_len = 1};
}

static bool
held(int fd, enum lock_byte at)
{
	struct flock fl = lock_at(at);

	return fcntl(fd, F_OFD_GETLK, &fl) == 0 && fl.l_type != F_UNLCK;
}

/* 1 taken, 0 somebody else has it, -1. */
static int
take(int fd, enum lock_byte at, struct err *err)
{
	struct flock fl = lock_at(at);

	while (fcntl(fd, F_OFD_SETLK, &fl) == -1) {
		if (errno == EAGAIN || errno == EACCES)
			return 0;
		if (errno != EINTR)
			return err_sys(
			    err, ERR_IO, "", "lock the state directory");
	}
	return 1;
}

static int
take_until(
    int fd, enum lock_byte at, int64_t deadline, bool give_way, struct err *err)
{
	const struct timespec nap = {.tv_nsec = 10 * 1000 * 1000};
	int rc;

	for (;;) {
		if (give_way && held(fd, CHANGE))
			break;
		if ((rc = take(fd, at, err)) != 0)
			return rc;
		if (now_ms() >= deadline)
			break;
		nanosleep(&nap, NULL);
	}
	return err_set(
	    err, ERR_APPLY_BUSY, "", "another change is being applied");
}

int
state_lock(
    const struct conf *conf, enum lock_for what, int wait_ms, struct err *err)
{
	int64_t now = now_ms();
	int fd;

	if ((fd = lock_open(conf, err)) == -1)
		return -1;
	if ((what == LOCK_CHANGE &&
		take_until(fd, CHANGE, now + wait_ms, false, err) == -1) ||
	    take_until(fd, WORK, now + wait_ms + LOOKERS_MS, what == LOCK_LOOK,
		err) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

bool
state_busy(const struct conf *conf)
{
	bool busy;
	int fd;

	if ((fd = lock_open(conf, NULL)) == -1)
		return false;
	busy = held(fd, CHANGE);
	close(fd);
	return busy;
}

/* The lock file goes while we hold it: whoever waits for it, postconf
 * included, looks at the name again. */
static void
unlock(const struct conf *conf, const char *name, int fd)
{
	char path[STATE_PATH_MAX];
	struct stat st, named;

	if (fsx_path(path, sizeof(path), NULL, "%s/%s.tmp",
		conf->config_directory, name) == 0 &&
	    fstat(fd, &st) == 0 && stat(path, &named) == 0 &&
	    st.st_ino == named.st_ino && st.st_dev == named.st_dev)
		(void)unlink(path);
	close(fd);
}

void
state_unlock_maincf(const struct conf *conf, int fd)
{
	unlock(conf, "main.cf", fd);
}

void
state_unlock_mastercf(const struct conf *conf, int fd)
{
	unlock(conf, "master.cf", fd);
}

int
state_scratch(const struct conf *conf, const char *dir, const char *name,
    const struct buf *text, struct err *err)
{
	const struct fsx_attr attr = {.mode = 0600,
	    .uid = (uid_t)-1,
	    .gid = (gid_t)-1,
	    .mtime = time(NULL) - 10};
	char path[STATE_PATH_MAX];
	struct buf b;
	int rc = -1;

	buf_init(&b, text->len + sizeof(path));
	(void)buf_add(&b, text->data == NULL ? "" : text->data, text->len);
	if (strcmp(name, "main.cf") == 0)
		(void)buf_printf(
		    &b, "\nconfig_directory = %s\n", conf->config_directory);
	if (b.failed)
		err_set(err, ERR_NOMEM, "", "%s", name);
	else if (fsx_path(path, sizeof(path), err, "%s/%s", dir, name) == 0)
		rc = fsx_replace(
		    path, b.len > 0 ? b.data : "", b.len, &attr, err);
	buf_clear(&b);
	return rc;
}
