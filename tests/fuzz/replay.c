/*
 * replay.c - run a fuzzer's entry point over a directory of files: the fuzz
 * corpus is part of `make check`, without libFuzzer.
 *
 * usage: fuzz_NAME DIRECTORY...; a crash is the failure.  Besides each file
 * as it is, its prefixes at some lengths are run too: parsers fail at ends.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX (4 * 1024 * 1024)
#define PREFIXES  16

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* An allocation of exactly len bytes, so that ASan and valgrind see a read
 * beyond the end. */
static int
run_prefix(const uint8_t *data, size_t len)
{
	uint8_t *copy;

	copy = malloc(len ? len : 1);
	if (copy == NULL)
		return -1;
	memcpy(copy, data, len);
	LLVMFuzzerTestOneInput(copy, len);
	free(copy);
	return 0;
}

static int
run_file(const char *path, unsigned long *runs)
{
	FILE *f;
	uint8_t *data = NULL;
	size_t len;
	int i, rc = -1;

	f = fopen(path, "rb");
	if (f == NULL) {
		perror(path);
		return -1;
	}
	data = malloc(INPUT_MAX);
	if (data == NULL)
		goto out;
	len = fread(data, 1, INPUT_MAX, f);
	if (ferror(f))
		goto out;
	for (i = 0; i <= PREFIXES; i++) {
		if (run_prefix(data, len * (size_t)i / PREFIXES) == -1)
			goto out;
		(*runs)++;
	}
	rc = 0;
out:
	free(data);
	fclose(f);
	return rc;
}

static int
run_directory(const char *dir, unsigned long *files, unsigned long *runs)
{
	DIR *d;
	struct dirent *e;
	struct stat st;
	char path[PATH_MAX];
	int n, rc = -1;

	d = opendir(dir);
	if (d == NULL) {
		perror(dir);
		return -1;
	}
	while ((e = readdir(d)) != NULL) {
		n = snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (n < 0 || (size_t)n >= sizeof(path))
			goto out;
		if (stat(path, &st) == -1 || !S_ISREG(st.st_mode))
			continue;
		if (run_file(path, runs) == -1)
			goto out;
		(*files)++;
	}
	rc = 0;
out:
	closedir(d);
	return rc;
}

int
main(int argc, char **argv)
{
	unsigned long files = 0, runs = 0;
	const char *name;
	int i;

	for (i = 1; i < argc; i++)
		if (run_directory(argv[i], &files, &runs) == -1)
			return 1;
	name = strrchr(argv[0], '/');
	printf("corpus: %s: %lu files, %lu runs\n",
	    name != NULL ? name + 1 : argv[0], files, runs);
	return files > 0 ? 0 : 1;
}
