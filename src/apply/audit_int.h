/*
 * audit_int.h - between the parts of the audit log: the line (audit_write.c), its
 * place in the chain (audit_chain.c), repeats (audit_repeat.c), and the files
 * as they are read (audit_read.c, audit_verify.c).
 *
 * A line ends in ,"seq":N,"hash":"H"}.  H is the SHA-256, in hex, of the H
 * before it and of the line up to ,"hash":  The first line of all follows 64
 * zeros.
 */
#ifndef POSTSEAL_AUDIT_INT_H
#define POSTSEAL_AUDIT_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "state.h"

#define AUDIT_LINE_MAX	8192
#define AUDIT_FILES_MAX 64

struct audit_line {
	const struct actor *actor;
	const char *event, *outcome, *detail; /* NULL = none */
	const char *note;		      /* of a change; NULL = none */
	bool claimed;			      /* by the web process */
	int64_t repeats; /* it is the last of so many; 0 = of itself alone */
};
/* Append it; ERR_AUDIT when it does not stand there. */
int audit_write(const struct conf *, const struct audit_line *, struct err *);

/* audit_repeat.c: the same over and over is counted instead. */
int audit_bounded(const struct conf *, const struct audit_line *, struct err *);

/* As it is now; what cannot be read is nothing. */
struct audit_held {
	int64_t lines;	/* counted, and not written yet */
	bool throttled; /* in the last minute a change found no room */
};
void audit_held(const struct conf *, struct audit_held *);

/* audit_chain.c: the last line, as STATE/audit.head has it; its lock is that
 * of the log. */
struct audit_head {
	int fd;
	int64_t seq; /* 0: no line yet */
	char hash[SHA256_HEX];
};
int audit_head_open(const struct conf *, struct audit_head *, struct err *);
void audit_head_close(struct audit_head *);
/* As it is now, without waiting for who writes; seq 0: not known. */
void audit_head_look(const struct conf *, struct audit_head *);
/* The log may be ahead of audit.head after a crash.  fd: audit.log. */
void audit_head_catch_up(const struct conf *, int fd, struct audit_head *);
/* line ("{...}") gets its number and hash; head becomes this line. */
int audit_seal(struct audit_head *, const char *line, struct buf *, struct err *);
/* Best effort: audit_head_catch_up makes up for it. */
void audit_head_store(const struct audit_head *);
/* The end of a line, without its newline: which one it is.  False: it has
 * none. */
bool audit_line_end(
    const char *line, size_t len, int64_t *ret_seq, const char **ret_hash);
/* Is H of it what follows from the one before? */
bool audit_line_follows(const char *line, size_t len, const char *before);

/* audit_read.c.  The newest first. */
struct audit_files {
	int fd[AUDIT_FILES_MAX];
	int64_t size[AUDIT_FILES_MAX], total;
	int n;
};
int audit_files_open(const struct conf *, struct audit_files *, struct err *);
void audit_files_close(struct audit_files *);

#endif
