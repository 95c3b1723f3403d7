/*
 * track.h - lines joined to what happened: a session with its messages and its
 * TLS, a delivery with the TLS of its connection, a message with its sender.
 *
 * Purpose: from lines (line.h) to events, in one pass.
 * Rules, as real logs need them: a client's address is the one of its message
 * or of its end (the begin names a proxy, XCLIENT); what counts is the TLS
 * line, so port 465 is TLS though nobody said STARTTLS; a session that did
 * STARTTLS without one is TLS_UNKNOWN; a session whose begin is not in the log
 * and that shows no TLS tells nothing.  Outbound, a TLS line holds for one
 * message of its process, matched by address and port: with connection reuse
 * its name is another's.
 * Limits: 8,192 processes at a time, each in one of 8 places; where those are
 * taken, the one of the 8 that has been idle for longest makes room, and its
 * session ends there.  4,096 messages without TLS wait for their sender, each
 * in one place; a later one with the same place takes it, and the domain of the
 * earlier is not told.
 * Memory: 1 MiB, by track_new.  Errors: only that there is none.
 */
#ifndef POSTSEAL_REPORT_TRACK_H
#define POSTSEAL_REPORT_TRACK_H

#include <time.h>

#include "buf.h"
#include "line.h"
#include "logreport.h"

#define ADDRESS_SIZE 16 /* IPv4 as ::ffff:a.b.c.d */
#define ADDRESS_V4   12 /* there from this byte on */

bool address_is_v4(const unsigned char address[ADDRESS_SIZE]);

struct event {
	enum direction direction;
	const unsigned char *address;
	struct text name; /* as it stands; may be empty */
	enum tls_version version;
	unsigned messages; /* may be 0 */
	bool refused;	   /* its mail was not taken, and it had no TLS */
	bool failed;	   /* its STARTTLS failed */
	bool unseen;	   /* messages of which the log does not tell */
	struct text domain; /* of one message without TLS: of the sender, and
			     * nothing else is set but address; outbound of the
			     * recipient */
	time_t at;
};

struct track;

struct track *track_new(void (*)(void *arg, const struct event *), void *arg);
void track_line(struct track *, const struct line *, time_t);
/* The log has ended: so have all sessions. */
void track_end(struct track *);
void track_free(struct track *);
/* What is open, to go on from in another process of the same build: added to
 * the buffer.  -1: not that build's, or no memory; nothing is open then.
 * Sessions that no line has told of for an hour end before. */
int track_save(struct track *, struct buf *);
int track_load(struct track *, const void *, size_t len);

#endif
