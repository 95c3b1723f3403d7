/*
 * audit_chain.c - each line of the audit log holds a hash of it and of the
 * line before, so that a line that was changed, put in or taken out shows.
 *
 * STATE/audit.head holds the number and the hash of the last one, "N H\n": it
 * carries the chain over a rotation, and shows that lines are missing at the
 * end.  It is written after the line, without a sync: after a crash the log is
 * ahead of it, and believed.
 * Whoever is root can write a chain anew; the lines, with their hashes, also
 * go to the journal, and from there to wherever that goes.
 */
#include <sys/file.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit_int.h"
#include "fsx.h"

#define HASH_LEN (SHA256_HEX - 1)
#define HEAD_MAX (20 + 1 + HASH_LEN + 1)
#define TAIL_MAX (2 * AUDIT_LINE_MAX)

static const char hash_begin[] = ",\"hash\":\"", hash_end[] = "\"}";
static const char seq_begin[] = ",\"seq\":";

#define LEN(s)	 (sizeof(s) - 1)
#define HASH_ALL (LEN(hash_begin) + HASH_LEN + LEN(hash_end))

static bool
is_hash(const char *s)
{
	return strspn(s, "0123456789abcdef") >= HASH_LEN;
}

static void
head_none(struct audit_head *h)
{
	h->seq = 0;
	memset(h->hash, '0', HASH_LEN);
	h->hash[HASH_LEN] = '\0';
}

/* What is not a head is none: the log itself says where it ends. */
static void
head_read(struct audit_head *h)
{
	char text[HEAD_MAX + 1], *end;
	ssize_t n = pread(h->fd, text, HEAD_MAX, 0);
	int64_t seq;

	head_none(h);
	if (n <= 0)
		return;
	text[n] = '\0';
	seq = strtoll(text, &end, 10);
	if (seq < 1 || *end != ' ' || !is_hash(end + 1))
		return;
	h->seq = seq;
	memcpy(h->hash, end + 1, HASH_LEN);
}

static int
head_path(const struct conf *conf, char path[STATE_PATH_MAX], struct err *err)
{
	return fsx_path(
	    path, STATE_PATH_MAX, err, "%s/audit.head", conf->state_directory);
}

int
audit_head_open(const struct conf *conf, struct audit_head *h, struct err *err)
{
	char path[STATE_PATH_MAX];

	if (head_path(conf, path, err) == -1)
		return -1;
	h->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (h->fd == -1)
		return err_sys(err, ERR_AUDIT, "", "open %s", path);
	while (flock(h->fd, LOCK_EX) == -1) {
		if (errno == EINTR)
			continue;
		err_sys(err, ERR_AUDIT, "", "lock %s", path);
		audit_head_close(h);
		return -1;
	}
	head_read(h);
	return 0;
}

void
audit_head_close(struct audit_head *h)
{
	close(h->fd);
	h->fd = -1;
}

void
audit_head_look(const struct conf *conf, struct audit_head *h)
{
	char path[STATE_PATH_MAX];

	head_none(h);
	if (head_path(conf, path, NULL) == -1 ||
	    (h->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) == -1)
		return;
	head_read(h);
	audit_head_close(h);
}

void
audit_head_store(const struct audit_head *h)
{
	char text[HEAD_MAX + 1];
	int n = snprintf(
	    text, sizeof(text), "%lld %s\n", (long long)h->seq, h->hash);

	if (n < 0 || pwrite(h->fd, text, (size_t)n, 0) != n ||
	    ftruncate(h->fd, n) == -1)
		log_warn("audit.head cannot be written");
}

bool
audit_line_end(
    const char *line, size_t len, int64_t *ret_seq, const char **ret_hash)
{
	const char *hash, *s;

	if (len < HASH_ALL || len > AUDIT_LINE_MAX)
		return false;
	s = line + len - HASH_ALL;
	hash = s + LEN(hash_begin);
	/* The quote ends what is_hash looks at. */
	if (memcmp(s, hash_begin, LEN(hash_begin)) != 0 ||
	    memcmp(hash + HASH_LEN, hash_end, LEN(hash_end)) != 0 ||
	    !is_hash(hash))
		return false;
	while (s > line && s[-1] >= '0' && s[-1] <= '9')
		s--;
	if ((size_t)(s - line) < LEN(seq_begin) ||
	    memcmp(s - LEN(seq_begin), seq_begin, LEN(seq_begin)) != 0 ||
	    !number_read(s, strspn(s, "0123456789"), INT64_MAX, ret_seq))
		return false;
	*ret_hash = hash;
	return true;
}

/* Of the hash before and what stands in front of ,"hash": */
static int
link_hash(
    const char *before, const char *text, size_t len, char dst[SHA256_HEX])
{
	struct buf b;
	int rc;

	buf_init(&b, HASH_LEN + AUDIT_LINE_MAX);
	rc = buf_add(&b, before, HASH_LEN) == -1 ||
		     buf_add(&b, text, len) == -1 ||
		     sha256_hex(b.data, b.len, dst) == -1
		 ? -1
		 : 0;
	buf_clear(&b);
	return rc;
}

bool
audit_line_follows(const char *line, size_t len, const char *before)
{
	char want[SHA256_HEX];
	const char *hash;
	int64_t seq;

	return audit_line_end(line, len, &seq, &hash) &&
	       link_hash(before, line, len - HASH_ALL, want) == 0 &&
	       memcmp(want, hash, HASH_LEN) == 0;
}

int
audit_seal(
    struct audit_head *h, const char *line, struct buf *b, struct err *err)
{
	char hash[SHA256_HEX];
	size_t len = strlen(line);

	if (buf_add(b, line, len - 1) == -1 ||
	    buf_printf(b, "%s%lld", seq_begin, (long long)h->seq + 1) == -1 ||
	    link_hash(h->hash, b->data, b->len, hash) == -1 ||
	    buf_printf(b, "%s%s%s\n", hash_begin, hash, hash_end) == -1)
		return err_set(err, ERR_NOMEM, "", "audit line");
	h->seq++;
	memcpy(h->hash, hash, sizeof(hash));
	return 0;
}

/* The last line with a hash that ends in the last bytes of a file. */
static void
take_last(int fd, struct audit_head *h)
{
	char text[TAIL_MAX];
	off_t size = lseek(fd, 0, SEEK_END);
	const char *hash;
	int64_t seq;
	size_t end, start;
	ssize_t n;

	n = pread(fd, text, sizeof(text),
	    size > (off_t)sizeof(text) ? size - (off_t)sizeof(text) : 0);
	for (end = n > 0 ? (size_t)n : 0; end > 0; end = start) {
		/* text[end - 1] is the newline, or what was torn, of which
		 * only the newline may be lacking */
		for (start = end - 1; start > 0 && text[start - 1] != '\n';)
			start--;
		if (!audit_line_end(text + start,
			end - start - (text[end - 1] == '\n'), &seq, &hash))
			continue;
		if (seq > h->seq) {
			h->seq = seq;
			memcpy(h->hash, hash, HASH_LEN);
		}
		return;
	}
}

void
audit_head_catch_up(const struct conf *conf, int fd, struct audit_head *h)
{
	char path[STATE_PATH_MAX];
	int64_t seq = h->seq;
	int former;

	take_last(fd, h);
	if (h->seq > seq || lseek(fd, 0, SEEK_END) > 0 ||
	    fsx_path(path, sizeof(path), NULL, "%s/audit.log.1",
		conf->state_directory) == -1)
		return;
	/* It has just been rotated. */
	former = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (former == -1)
		return;
	take_last(former, h);
	close(former);
}
