/*
 * logfile.c - bytes to lines.
 *
 * read() and no mmap(): logrotate's copytruncate would end a process that has
 * the file mapped.
 */
#include <sys/stat.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "logfile.h"
#include "stamp.h"

#define SIZE	  (128 * 1024)
#define GZIP_SIZE (64 * 1024)

struct logfile {
	int fd;
	struct track *track;
	struct stamps stamps;
	unsigned long long lines;
	bool skipping;	  /* the rest of a line that is too long */
	bool gzip, ended; /* ended: a whole member was read */
	z_stream z;
	char data[SIZE];
	unsigned char packed[GZIP_SIZE];
};

static void
one(struct logfile *f, const char *p, size_t len)
{
	struct line line;

	f->lines++;
	line_read(p, len, &line);
	if (line.kind == LINE_OTHER)
		return;
	track_line(f->track, &line, stamp_read(&f->stamps, line.stamp));
}

/* The whole lines of n bytes; what is left of them comes to the front. */
static size_t
split(struct logfile *f, size_t n)
{
	char *p = f->data, *end = p + n, *newline;

	for (; (newline = memchr(p, '\n', (size_t)(end - p))) != NULL;
	     p = newline + 1) {
		if (!f->skipping)
			one(f, p, (size_t)(newline - p));
		f->skipping = false;
	}
	n = (size_t)(end - p);
	if (n == SIZE) {
		if (!f->skipping)
			one(f, p, n);
		f->skipping = true;
		n = 0;
	}
	memmove(f->data, p, n);
	return n;
}

static ssize_t
read_some(int fd, void *dst, size_t size)
{
	ssize_t n;

	do {
		n = read(fd, dst, size);
	} while (n == -1 && errno == EINTR);
	return n;
}

/* Members of a gzip file stand one behind the other. */
static ssize_t
unpack(struct logfile *f, char *dst, size_t size, struct err *err)
{
	ssize_t n;
	int rc;

	f->z.next_out = (unsigned char *)dst;
	f->z.avail_out = (unsigned)size;
	while (f->z.avail_out == size) {
		if (f->z.avail_in == 0) {
			n = read_some(f->fd, f->packed, sizeof(f->packed));
			if (n == -1)
				return err_sys(err, ERR_IO, "", "read");
			if (n == 0)
				return f->ended ? 0
						: err_set(err, ERR_IO, "",
						      "gzip: cut short");
			f->z.next_in = f->packed;
			f->z.avail_in = (unsigned)n;
		}
		if (f->ended && inflateReset(&f->z) != Z_OK)
			return err_set(err, ERR_IO, "", "gzip: reset");
		rc = inflate(&f->z, Z_NO_FLUSH);
		if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
			return err_set(err, ERR_IO, "", "gzip: %.60s",
			    f->z.msg != NULL ? f->z.msg : "broken");
		f->ended = rc == Z_STREAM_END;
	}
	return (ssize_t)(size - f->z.avail_out);
}

static ssize_t
more(struct logfile *f, size_t have, struct err *err)
{
	ssize_t n;

	if (f->gzip)
		return unpack(f, f->data + have, SIZE - have, err);
	n = read_some(f->fd, f->data + have, SIZE - have);
	return n == -1 ? err_sys(err, ERR_IO, "", "read") : n;
}

/* Its first bytes; by these it is known. */
static ssize_t
begin(struct logfile *f, struct err *err)
{
	ssize_t n = read_some(f->fd, f->packed, sizeof(f->packed));

	if (n == -1)
		return err_sys(err, ERR_IO, "", "read");
	if (n < 2 || f->packed[0] != 0x1f || f->packed[1] != 0x8b) {
		memcpy(f->data, f->packed, (size_t)n);
		return n;
	}
	if (inflateInit2(&f->z, 15 + 16) != Z_OK)
		return err_set(err, ERR_NOMEM, "", "gzip: no memory");
	f->gzip = true;
	f->z.next_in = f->packed;
	f->z.avail_in = (unsigned)n;
	return unpack(f, f->data, SIZE, err);
}

int
logfile_read(
    int fd, struct track *track, unsigned long long *lines, struct err *err)
{
	struct logfile *f = calloc(1, sizeof(*f));
	struct stat st;
	size_t have = 0;
	ssize_t n;

	if (f == NULL)
		return err_set(err, ERR_NOMEM, "", "out of memory");
	f->fd = fd;
	f->track = track;
	stamps_init(&f->stamps, fstat(fd, &st) == 0 && S_ISREG(st.st_mode)
				    ? st.st_mtime
				    : time(NULL));
	for (n = begin(f, err); n > 0; n = more(f, have, err))
		have = split(f, have + (size_t)n);
	if (have > 0 && !f->skipping)
		one(f, f->data, have);
	if (f->gzip)
		(void)inflateEnd(&f->z);
	*lines += f->lines;
	free(f);
	return n == 0 ? 0 : -1;
}
