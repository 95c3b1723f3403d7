/*
 * fault.c - see fault.h.  Empty in a normal build.
 *
 * Nothing here goes through fsx, or it would count itself.
 */
#include "fault.h"

#ifdef POSTSEAL_FAULT
#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Add one to the number in the file; returns the new number, 0 on failure. */
static long
count_up(const char *path)
{
	char text[32] = "";
	ssize_t got;
	long n = 0;
	int fd, len;

	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd == -1)
		return 0;
	if (flock(fd, LOCK_EX) != 0)
		goto out;
	got = pread(fd, text, sizeof(text) - 1, 0);
	if (got >= 0)
		n = strtol(text, NULL, 10) + 1;
	len = snprintf(text, sizeof(text), "%ld\n", n);
	if (pwrite(fd, text, (size_t)len, 0) != len)
		n = 0;
out:
	close(fd);
	return n;
}

static void
trace(const char *path, long n, const char *op, const char *what)
{
	FILE *f;

	if (path == NULL || (f = fopen(path, "ae")) == NULL)
		return;
	fprintf(f, "%ld %s %s\n", n, op, what);
	fclose(f);
}

bool
fault_late(void)
{
	const char *late = getenv("POSTSEAL_FAULT_LATE");

	return late != NULL && late[0] == '1';
}

int
fsx_fault(const char *op, const char *path)
{
	const char *count = getenv("POSTSEAL_FAULT_COUNT");
	const char *nth = getenv("POSTSEAL_FAULT_NTH");
	const char *code = getenv("POSTSEAL_FAULT_ERRNO");
	const char *deadly = getenv("POSTSEAL_FAULT_KILL");
	int saved = errno;
	long n;

	if (count == NULL || (n = count_up(count)) == 0)
		goto pass;
	trace(getenv("POSTSEAL_FAULT_TRACE"), n, op, path);
	if (nth == NULL || strtol(nth, NULL, 10) != n)
		goto pass;
	if (deadly != NULL && deadly[0] == '1')
		kill(getpid(), SIGKILL);
	return code == NULL ? EIO : atoi(code);
pass:
	errno = saved;
	return 0;
}
#endif
