/*
 * asleep.h - wait until another process waits for something.
 */
#ifndef TEST_ASLEEP_H
#define TEST_ASLEEP_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

static inline char
state_of(pid_t pid)
{
	char path[64], state = '?';
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if ((f = fopen(path, "r")) == NULL)
		return '?';
	if (fscanf(f, "%*d %*s %c", &state) != 1)
		state = '?';
	(void)fclose(f);
	return state;
}

/* At most 10 s. */
static inline bool
asleep(pid_t pid)
{
	for (int i = 0; i < 10000; i++) {
		if (state_of(pid) == 'S')
			return true;
		usleep(1000);
	}
	return false;
}

#endif
