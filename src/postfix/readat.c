/*
 * readat.c - since when the running Postfix has what is in its files.
 *
 * master(8) reads main.cf and master.cf when it starts and at a reload, and
 * starts the queue manager and pickup anew with each.  Neither was started
 * before that, so the start of the older one is the answer: the queue manager
 * may have crashed since, and pickup ends by itself after hours (3.7.11,
 * 3.10).  Not seen is a crash of the one after the other has ended: then an
 * edit from before it counts as read.  The kernel counts from its own start.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fsx.h"
#include "postfix_int.h"

#define PROC_MAX  (64 * 1024)
#define START_POS 19 /* fields from the state to starttime, proc(5) */

static int64_t
clock_ms(clockid_t id)
{
	struct timespec ts;

	if (clock_gettime(id, &ts) == -1)
		return 0;
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Is "qmgr" of "123 (qmgr) S ..." one of those? */
static bool
is_witness(const char *name, size_t len)
{
	return (len == 4 && strncmp(name, "qmgr", len) == 0) ||
	       (len == 6 && strncmp(name, "pickup", len) == 0);
}

/* "123 (qmgr) S 1 ... starttime": when this process was started, 0: it is
 * another one. */
static int64_t
started(long pid)
{
	char path[64], *p, *end;
	int64_t at = 0;
	struct buf b;
	int i;

	buf_init(&b, PROC_MAX);
	(void)snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	if (fsx_read(path, PROC_MAX, &b, NULL) == -1 || b.len == 0 ||
	    (p = strchr(b.data, '(')) == NULL ||
	    (end = strrchr(p, ')')) == NULL ||
	    !is_witness(p + 1, (size_t)(end - p - 1)))
		goto out;
	for (p = end + 1, i = 0; p != NULL && i < START_POS; i++)
		p = strchr(p + 1, ' ');
	if (p != NULL)
		at = clock_ms(CLOCK_REALTIME) - clock_ms(CLOCK_BOOTTIME) +
		     strtoll(p, NULL, 10) * 1000 / sysconf(_SC_CLK_TCK);
out:
	buf_clear(&b);
	return at;
}

int64_t
postfix_read_at(const struct postfix_info *info)
{
	char path[64], *p, *end;
	pid_t master = master_group(info);
	int64_t at = 0, one;
	struct buf b;
	long pid;

	if (master == 0)
		return 0;
	buf_init(&b, PROC_MAX);
	(void)snprintf(path, sizeof(path), "/proc/%ld/task/%ld/children",
	    (long)master, (long)master);
	if (fsx_read(path, PROC_MAX, &b, NULL) == 0 && b.len > 0)
		for (p = b.data; (pid = strtol(p, &end, 10)), end != p; p = end)
			if ((one = started(pid)) != 0 && (at == 0 || one < at))
				at = one;
	buf_clear(&b);
	return at;
}
