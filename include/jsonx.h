/*
 * jsonx.h - strict reading of JSON that came from outside (json-c below), and
 * members of objects that are our own.
 *
 * jsonx_parse refuses: more than max bytes, depth over depth_max, duplicate
 * keys, bytes after the value, invalid UTF-8, NUL (also as an escape),
 * comments and other relaxations of json-c.
 * The getters return 0 and leave the output alone when the key is absent or
 * null, and -1 with ERR_FIELD_INVALID (field = dotted path given) when it has
 * another type (ERR_FIELD_TOO_LONG, ERR_FIELD_ENCODING where it is that).
 * Strings are borrowed from the object.
 * jsonx_parse fails with ERR_REQ_MALFORMED (grammar, depth, a number out of
 * range; the message gives the byte), ERR_FIELD_DUPLICATE (field = the key),
 * ERR_FIELD_ENCODING (UTF-8, NUL, lone surrogate) or ERR_NOMEM.  It is an own
 * reader that builds json-c objects: json-c's tokener overwrites duplicate
 * keys silently and has no switch for it.
 */
#ifndef POSTSEAL_JSONX_H
#define POSTSEAL_JSONX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "buf.h"
#include "err.h"
#include "utf8.h"

/* depth_max counts nested objects and arrays: {} is 1. */
int	jsonx_parse(const char *, size_t len, int depth_max,
	    struct json_object **, struct err *);
int	jsonx_bool(struct json_object *, const char *key, const char *field,
	    bool *, struct err *);
int	jsonx_int(struct json_object *, const char *key, const char *field,
	    int64_t min, int64_t max, int64_t *, struct err *);
int	jsonx_str(struct json_object *, const char *key, const char *field,
	    size_t max, const char **, struct err *);
int	jsonx_obj(struct json_object *, const char *key, const char *field,
	    struct json_object **, struct err *);
int	jsonx_array(struct json_object *, const char *key, const char *field,
	    size_t max, struct json_object **, struct err *);
/* Any key that is not in the NULL-terminated list: ERR_FIELD_UNKNOWN. */
int	jsonx_only(struct json_object *, const char *prefix,
	    const char *const *keys, struct err *);
/* Base64 (RFC 4648 section 4, strict) of a string member into buf. */
int	jsonx_b64(struct json_object *, const char *key, const char *field,
	    size_t max, struct buf *, struct err *);
struct json_object *jsonx_new_b64(const void *, size_t);
/* How many bytes a base64 text is; SIZE_MAX: its length is wrong.  They go to
 * dst, which may be the text itself; -1: it is none. */
size_t	b64_size(const char *, size_t len);
int	b64_decode(const char *, size_t size, char *dst);
/* Borrowed member, or by path "a.b.c", or NULL; for our own objects. */
struct json_object *jsonx_member(struct json_object *, const char *key);
struct json_object *jsonx_path(struct json_object *, const char *path);
const char	*jsonx_path_str(struct json_object *, const char *path,
		    const char *fallback);
/* As json-c converts what is there; 0 and false where nothing is. */
int64_t		 jsonx_path_int(struct json_object *, const char *path);
bool		 jsonx_path_bool(struct json_object *, const char *path);
/* Elements of an array; 0 for anything else.  The string at i is borrowed. */
size_t		 jsonx_len(struct json_object *);
const char	*jsonx_str_at(struct json_object *, size_t i);
/* A member of an object that we make: 0, or -1 without memory. */
int	jsonx_put_str(struct json_object *, const char *key, const char *);
int	jsonx_put_int(struct json_object *, const char *key, int64_t);
int	jsonx_put_bool(struct json_object *, const char *key, bool);
/* A small file that holds one object, with the strict parser; and its durable
 * replacement, mode 0600. */
int	jsonx_file_read(const char *path, struct json_object **, struct err *);
int	jsonx_file_write(const char *path, struct json_object *,
	    struct err *);
/* Wipe every string below, then put: for objects with keys, passphrases. */
void		 jsonx_wipe(struct json_object *);

#endif
