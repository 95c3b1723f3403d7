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
	struct logplace *at;
	bool gzip, ended; /* ended: a whole member was read */
	z_stream z;
	char data[SIZE];
	unsigned char packed[GZIP_SIZE];
};

static void
one(struct logfile *f, const char *p, size_t len)
{
	struct line line;

	f->at->lines++;
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
	bool *skipping = &f->at->skipping;

	for (; (newline = memchr(p, '\n', (size_t)(end - p))) != NULL;
	     p = newline + 1) {
		if (!*skipping)
			one(f, p, (size_t)(newline - p));
		*skipping = false;
	}
	if (end - p == SIZE) {
		if (!*skipping)
			one(f, p, SIZE);
		*skipping = true;
		p = end;
	}
	f->at->offset += (uint64_t)(p - f->data);
	n = (size_t)(end - p);
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

/* To where the reading goes on; what is there of it already. */
static ssize_t
go_to(struct logfile *f, struct err *err)
{
	uint64_t left = f->at->offset;
	ssize_t n = begin(f, err);

	if (n <= 0 || left < (uint64_t)n) {
		if (n > 0)
			memmove(f->data, f->data + left, (size_t)n - left);
		return n <= 0 ? n : n - (ssize_t)left;
	}
	if (!f->gzip)
		return lseek(f->fd, (off_t)left, SEEK_SET) == -1
			   ? err_sys(err, ERR_IO, "", "seek")
			   : more(f, 0, err);
	for (; n > 0 && left >= (uint64_t)n; n = unpack(f, f->data, SIZE, err))
		left -= (uint64_t)n;
	if (n > 0)
		memmove(f->data, f->data + left, (size_t)n - left);
	return n <= 0 ? n : n - (ssize_t)left;
}

static void
end_line(struct logfile *f, size_t have)
{
	if (have == 0 || f->at->growing)
		return;
	if (!f->at->skipping)
		one(f, f->data, have);
	f->at->offset += have;
}

static struct logfile *
logfile_new(int fd, struct err *err)
{
	struct logfile *f = calloc(1, sizeof(*f));

	if (f == NULL)
		(void)err_set(err, ERR_NOMEM, "", "out of memory");
	else
		f->fd = fd;
	return f;
}

static void
logfile_free(struct logfile *f)
{
	if (f->gzip)
		(void)inflateEnd(&f->z);
	free(f);
}

/* Have we read as much as was asked for? */
static bool
enough(const struct logfile *f, uint64_t begun)
{
	return f->at->most > 0 && !f->gzip &&
	       f->at->offset - begun >= f->at->most;
}

int
logfile_read(int fd, struct track *track, struct logplace *at, struct err *err)
{
	struct logfile *f = logfile_new(fd, err);
	const uint64_t begun = at->offset;
	struct stat st;
	size_t have = 0;
	ssize_t n;

	if (f == NULL)
		return -1;
	f->track = track;
	f->at = at;
	stamps_init(&f->stamps, fstat(fd, &st) == 0 && S_ISREG(st.st_mode)
				    ? st.st_mtime
				    : time(NULL));
	for (n = go_to(f, err); n > 0 && !enough(f, begun);
	     n = more(f, have, err))
		have = split(f, have + (size_t)n);
	at->ended = n == 0;
	if (n <= 0)
		end_line(f, have);
	logfile_free(f);
	return n >= 0 ? 0 : -1;
}

int
logfile_head(int fd, char head[LOGFILE_HEAD], size_t *ret_len, bool *ret_gzip,
    struct err *err)
{
	struct logfile *f = logfile_new(fd, err);
	ssize_t n;

	if (f == NULL)
		return -1;
	if ((n = begin(f, err)) >= 0 && lseek(fd, 0, SEEK_SET) == -1)
		n = err_sys(err, ERR_IO, "", "seek");
	*ret_gzip = f->gzip;
	*ret_len = n > LOGFILE_HEAD ? LOGFILE_HEAD : n < 0 ? 0 : (size_t)n;
	memcpy(head, f->data, *ret_len);
	logfile_free(f);
	return n < 0 ? -1 : 0;
}
