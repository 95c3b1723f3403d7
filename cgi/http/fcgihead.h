/*
 * fcgihead.h - a look at what a web server sends, before libfcgi reads it.
 */
#ifndef POSTSEAL_FCGIHEAD_H
#define POSTSEAL_FCGIHEAD_H

#include <stddef.h>

/* Is what libfcgi will read the head of one sound request, and
 * of a size that is allowed? */
enum fcgi_head {
	FCGI_HEAD_GOOD,
	FCGI_HEAD_MORE, /* so far */
	FCGI_HEAD_BAD,
	FCGI_HEAD_LARGE,
	FCGI_HEAD_GONE /* the peer, or its time */
};
#define FCGI_ANSWER_MAX 512
enum fcgi_head fcgi_head_check(const void *, size_t);
/* Looks at what comes, and takes none of it. */
enum fcgi_head fcgi_head_wait(int fd, int timeout_ms);
/* The bytes to say so; 0 = nothing to say. */
size_t fcgi_head_answer(enum fcgi_head, unsigned char[FCGI_ANSWER_MAX]);

#endif
