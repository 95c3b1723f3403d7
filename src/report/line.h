/*
 * line.h - one line of Postfix's log, read by position.
 *
 * Purpose: says what a line tells of TLS: who connected, which version, which
 * message, where to.  Pure: no allocation, no state, no clock.
 * Trust: everything behind "service[pid]: " may be chosen by strangers: sender,
 * recipient, message-id, the replies of remote servers.  So nothing is ever
 * searched for in a line; each field is read where Postfix puts it, and a line
 * that is laid out otherwise is LINE_OTHER.
 * Shapes: "Mon DD HH:MM:SS host tag[pid]: text" or with an RFC 3339 stamp; the
 * tag is syslog_name, which may be any word, "/", and the program.
 * Ownership: texts are borrowed from the line.
 * Known gap: with info_log_addr_form = internal an address is not quoted, and
 * its sender can write what looks like the end of it.
 */
#ifndef POSTSEAL_REPORT_LINE_H
#define POSTSEAL_REPORT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINE_READ_MAX 8192 /* bytes of a line that are looked at */

enum line_kind {
	LINE_OTHER,
	LINE_CONNECT,	 /* smtpd: a client came; not yet who */
	LINE_TLS_IN,	 /* smtpd: and has TLS */
	LINE_MESSAGE,	 /* smtpd: a message of its own */
	LINE_DISCONNECT, /* smtpd: it went; what it did */
	LINE_SENDER,	 /* qmgr: a message's sender */
	LINE_TLS_OUT,	 /* smtp, lmtp: a server gave TLS, or still has it */
	LINE_DELIVERY	 /* smtp, lmtp: what became of one recipient */
};

/* Worst first; the order of the columns of a report. */
enum tls_version {
	TLS_NONE,
	TLS_UNKNOWN, /* there was TLS, its version was not logged */
	TLS_SSL3,
	TLS_1_0,
	TLS_1_1,
	TLS_1_2,
	TLS_1_3,
	TLS__MAX
};

struct text {
	const char *p;
	size_t len;
};

struct line {
	enum line_kind kind;
	struct text stamp;
	uint64_t process; /* of host, tag and pid */
	uint64_t queue;	  /* of the queue id */
	struct text name, address; /* the peer's: "mx.example", "192.0.2.7" */
	struct text port;	   /* outbound */
	enum tls_version version;  /* TLS_IN, TLS_OUT */
	struct text domain; /* SENDER, DELIVERY: behind the address's last @ */
	bool sent;	    /* DELIVERY */
	bool starttls, starttls_failed, mail, mail_failed; /* DISCONNECT */
};

/* Of len bytes without the newline.  Of LINE_OTHER there is only the kind. */
void line_read(const char *, size_t len, struct line *ret);

/* Of names of processes and messages, which no stranger chooses: as good as the
 * text; of what strangers choose, with a seed that they do not know. */
uint64_t line_hash(uint64_t seed, const void *, size_t len);

const char *tls_version_name(enum tls_version); /* "TLSv1.3", "plain" */

#endif
