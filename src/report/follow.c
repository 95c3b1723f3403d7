/*
 * follow.c - which file is read on, and from where.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "entries.h"
#include "follow.h"
#include "logfile.h"
#include "own_log.h"
#include "util.h"

#define STATE_MAX (2 * 1024 * 1024)
#define CHUNK	  (16 * 1024 * 1024)
#define ENTRIES	  20000
#define DAY_S	  (24 * 60 * 60)

/* One of the log's files, open. */
struct piece {
	int fd;
	struct stat st;
	char head[LOGFILE_HEAD];
	size_t head_len;
	bool gzip;
};

static int64_t
hash_of(const struct piece *x, size_t len)
{
	return (int64_t)line_hash(1, x->head, len);
}

static bool
piece_open(const char *name, struct piece *x)
{
	struct err err;

	memset(x, 0, sizeof(*x));
	x->fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (x->fd != -1 && fstat(x->fd, &x->st) == 0 &&
	    logfile_head(x->fd, x->head, &x->head_len, &x->gzip, &err) == 0)
		return true;
	if (x->fd != -1)
		(void)close(x->fd);
	return false;
}

/* Is it what was read, and not what copytruncate left of it? */
static bool
is_place(const struct piece *x, const struct place *p)
{
	return p->head_len > 0 && x->head_len >= (size_t)p->head_len &&
	       hash_of(x, (size_t)p->head_len) == p->head &&
	       (x->gzip || x->st.st_size >= p->offset);
}

/* Where to go on: the file that was read, the one that it still is rather than
 * a copy; else the first that was written since. */
static size_t
find_place(const struct piece *x, size_t n, struct place *p)
{
	size_t found = n, i;

	for (i = 0; i < n; i++)
		if (is_place(&x[i], p) &&
		    (found == n || (int64_t)x[i].st.st_ino == p->inode))
			found = i;
	if (found < n)
		return found;
	p->offset = p->skipping = 0;
	for (i = 0;
	     i < n && p->written > 0 && (int64_t)x[i].st.st_mtime < p->written;)
		i++;
	return i;
}

static void
set_place(struct place *p, const struct piece *x)
{
	p->inode = (int64_t)x->st.st_ino;
	p->written = (int64_t)x->st.st_mtime;
	p->head_len = (int64_t)x->head_len;
	p->head = hash_of(x, x->head_len);
}

static int
commit(struct follow *f, struct err *err)
{
	struct buf state;
	int rc;

	buf_init(&state, STATE_MAX);
	rc = track_save(f->track, &state) == -1
		 ? err_set(err, ERR_NOMEM, "", "out of memory")
		 : counts_commit(f->counts, &f->place, &state, err);
	buf_clear(&state);
	return rc;
}

/* As it was committed last. */
static int
go_back(struct follow *f, struct err *err)
{
	struct buf state;
	int rc;

	buf_init(&state, STATE_MAX);
	if ((rc = counts_place(f->counts, &f->place, &state, err)) == 0 &&
	    track_load(f->track, state.data, state.len) == -1 && state.len > 0)
		log_warn("open sessions are forgotten: of another version");
	buf_clear(&state);
	return rc;
}

static int
undo(struct follow *f)
{
	struct err err;

	counts_rollback(f->counts);
	return go_back(f, &err);
}

/* A piece of one file; *ended: there is no more of it. */
static int
read_piece(struct follow *f, const struct piece *x, bool newest, bool *ended,
    struct err *err)
{
	struct place *p = &f->place;
	struct logplace at = {.offset = (uint64_t)p->offset,
	    .skipping = p->skipping != 0,
	    .most = f->chunk > 0 ? f->chunk : CHUNK,
	    .growing = newest};

	set_place(p, x);
	if (logfile_read(x->fd, f->track, &at, err) == -1) {
		if (newest)
			return -1;
		log_warn("a part of an old log: %s", err->msg);
		p->gap = time(NULL) / DAY_S;
		at.ended = true;
	}
	p->offset = (int64_t)at.offset;
	p->skipping = at.skipping;
	*ended = at.ended;
	return 0;
}

/* Of the files from i on, one piece in one transaction. */
static int
read_pieces(struct follow *f, const struct piece *x, size_t n, size_t i,
    bool *more, struct err *err)
{
	bool ended = false;

	if (counts_begin(f->counts, err) == -1 ||
	    read_piece(f, &x[i], i + 1 == n, &ended, err) == -1)
		return -1;
	if (ended && i + 1 < n) {
		f->place.offset = f->place.skipping = 0;
		set_place(&f->place, &x[i + 1]);
	}
	*more = !ended || i + 1 < n;
	return commit(f, err);
}

static void
measure(struct follow *f, const struct piece *x, size_t n, size_t at)
{
	f->all = f->done = 0;
	for (size_t i = 0; i < n; i++) {
		f->all += x[i].st.st_size;
		if (i < at)
			f->done += x[i].st.st_size;
	}
	if (at < n && !x[at].gzip)
		f->done += f->place.offset;
}

/* Is there more of it than was read? */
static bool
has_more(const struct piece *x, const struct place *p)
{
	return x->gzip ? p->offset == 0 || (int64_t)x->st.st_ino != p->inode ||
			     (int64_t)x->st.st_mtime != p->written
		       : x->st.st_size > p->offset;
}

/* Those that can be opened; of the newest, *newest. */
static size_t
open_pieces(
    struct follow *f, const struct own_log *log, struct piece *x, bool *newest)
{
	size_t n = 0;

	*newest = log->n == 0 && access(f->path, R_OK) == 0; /* empty */
	for (size_t i = 0; i < log->n; i++)
		if ((*newest = piece_open(log->names[i], &x[n])))
			n++;
		else
			f->place.gap = time(NULL) / DAY_S;
	return n;
}

static int
step_files(
    struct follow *f, const struct own_log *log, bool *more, struct err *err)
{
	struct piece x[REPORT_FILES_MAX];
	bool newest;
	size_t n = open_pieces(f, log, x, &newest), i;
	int rc = 0;

	i = find_place(x, n, &f->place);
	if (!newest)
		rc = err_set(err, ERR_IO, "", "%.100s cannot be read", f->path);
	else if (i + 1 < n || (i < n && has_more(&x[i], &f->place)))
		rc = read_pieces(f, x, n, i, more, err);
	measure(f, x, n, i);
	for (i = 0; i < n; i++)
		(void)close(x[i].fd);
	return rc;
}

static int
step_journal(struct follow *f, bool *more, struct err *err)
{
	struct place *p = &f->place, was = *p;

	if (counts_begin(f->counts, err) == -1 ||
	    entries_read(f->journal, f->track, p, ENTRIES, more, err) == -1)
		return -1;
	if (memcmp(&was, p, sizeof(was)) != 0)
		return commit(f, err);
	counts_rollback(f->counts);
	return 0;
}

int
follow_step(struct follow *f, bool *more, struct err *err)
{
	struct own_log log = {.n = 0};
	int rc = 0;

	*more = false;
	if (f->named || f->place.cursor[0] == '\0')
		rc = own_log_names(f->path, &log, err);
	if (rc == 0)
		rc = f->named || log.n > 0 || f->place.head_len > 0
			 ? step_files(f, &log, more, err)
			 : step_journal(f, more, err);
	f->unreadable = rc == -1;
	if (rc == -1)
		(void)undo(f);
	return rc;
}

int
follow_open(struct follow *f, const char *dir, bool domains, struct err *err)
{
	if (counts_open(dir, domains, &f->counts, err) == -1)
		return -1;
	if ((f->track = track_new(counts_event, f->counts)) == NULL)
		return err_set(err, ERR_NOMEM, "", "out of memory");
	return go_back(f, err);
}

void
follow_close(struct follow *f)
{
	track_free(f->track);
	counts_close(f->counts);
	f->counts = NULL;
	f->track = NULL;
}
