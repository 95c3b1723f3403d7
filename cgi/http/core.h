/*
 * core.h - between the parts of cgi/http, which take a request in and send its
 * reply out.  Handlers need http.h and app.h only.
 *
 * Trust: every byte of a request is hostile.  The parsers below take bytes
 * and a length, keep to the limits named here, and never look at the rest of
 * the world, so that they can be fuzzed alone.
 */
#ifndef POSTSEAL_CORE_H
#define POSTSEAL_CORE_H

#include <sys/types.h>

#include "app.h"
#include "http.h"
#include "pki.h"

#define FIELD_NAME_MAX 64
#define FIELD_TEXT_MAX 4096 /* a text field, passphrase included */
#define FILE_NAME_MAX  255  /* cut at a character */
#define FILE_KEEP_MAX  (PKI_FILE_MAX + 1) /* one more: "too large" */
#define TARGET_MAX     2048		  /* path and query */
#define JSON_DEPTH_MAX 8

/* Where a body comes from: > 0 bytes, 0 at its end, -1 on failure. */
struct source {
	ssize_t (*read)(void *arg, void *dst, size_t max);
	void (*done)(void *arg); /* all that is wanted was read */
	void *arg;
	/* A piece of the answer, at once; -1: gone.  May be NULL. */
	int (*send)(void *arg, const void *, size_t);
};

/* fields.c.  What *f points to is taken over, also on failure. */
struct field_limit fields_limit(
    const struct fields *, const char *name, bool is_file);
int fields_add(struct fields *, struct field *, struct err *);

/* request.c: everything but the body.  The env stays borrowed. */
void request_init(struct request *, char **env);
int request_head(struct request *, struct err *);
const char *request_env(const struct request *, const char *name);
void request_clear(struct request *); /* wipes, also cookies in env */

/* urlcode.c: percent-decoding in place, strict. */
int path_decode(char *, struct err *);
int urlencoded_parse(const char *, size_t, struct fields *, struct err *);

/* multipart.c: fed with pieces of any size. */
struct multipart;
int multipart_new(
    const char *boundary, struct fields *, struct multipart **, struct err *);
int multipart_feed(struct multipart *, const void *, size_t, struct err *);
int multipart_finish(struct multipart *, struct err *);
void multipart_free(struct multipart *);

/* ctype.c: the media type of a Content-Type header, and its boundary. */
#define BOUNDARY_MAX 70
int content_type_parse(const char *header, enum route_type *,
    char boundary[BOUNDARY_MAX + 1], struct err *);

/* body.c */
int body_check(const struct request *, const struct route *, enum route_type *,
    char boundary[BOUNDARY_MAX + 1], size_t *len, struct err *);
int body_read(struct request *, enum route_type, const char *boundary,
    size_t len, const struct source *, struct err *);

/* route.c.  NULL with *err: not found, or method (allow: for the header). */
#define ALLOW_MAX 64
const struct route *route_find(const struct route *, size_t n, enum http_method,
    const char *path, char allow[ALLOW_MAX], struct err *);
bool path_is_api(const char *path);

/* place.c: a descriptor that holds one of n places of that kind among all
 * workers until it is closed; -1 = none is free.  A process must not hold two
 * of one kind. */
enum place { PLACE_PAM, PLACE_STREAM, PLACE__MAX };
int place_take(const struct app *, enum place, int n);
/* Their files, which a worker in its sandbox cannot make. */
int places_make(const struct app *, struct err *);

/* reply.c */
const char *reply_phrase(int status);
void reply_init(struct reply *);
void reply_clear(struct reply *);
/* Keeps the headers that an error answer still needs. */
void reply_restart(struct reply *);
/* The whole answer as bytes for FastCGI; head: without body. */
int reply_bytes(struct reply *, bool head, struct buf *);

#endif
