/*
 * readat.c - since when the running Postfix has what is in its files.
 *
 * master(8) reads main.cf and master.cf when it starts and at a reload, and
 * starts the queue manager anew with each; nothing else ends that one (3.7.11,
 * 3.10).  So the start of the queue manager is the answer; the kernel counts
 * it from its own start.
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

/* "123 (qmgr) S 1 ... starttime": when this process was started, 0: it is
 * none of that name. */
static int64_t
started(long pid, const char *name)
{
	char path[64], *p, *end;
	int64_t at = 0;
	struct buf b;
	size_t n = strlen(name);
	int i;

	buf_init(&b, PROC_MAX);
	(void)snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	if (fsx_read(path, PROC_MAX, &b, NULL) == -1 || b.len == 0 ||
	    (p = strchr(b.data, '(')) == NULL ||
	    (end = strrchr(p, ')')) == NULL || (size_t)(end - p - 1) != n ||
	    strncmp(p + 1, name, n) != 0)
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
	int64_t at = 0;
	struct buf b;
	long pid;

	if (master == 0)
		return 0;
	buf_init(&b, PROC_MAX);
	(void)snprintf(path, sizeof(path), "/proc/%ld/task/%ld/children",
	    (long)master, (long)master);
	if (fsx_read(path, PROC_MAX, &b, NULL) == 0 && b.len > 0)
		for (p = b.data; at == 0; p = end) {
			pid = strtol(p, &end, 10);
			if (end == p)
				break;
			at = started(pid, "qmgr");
		}
	buf_clear(&b);
	return at;
}
