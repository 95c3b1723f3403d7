/*
 * routes.c - routes.def as the table that a request is looked up in.
 */
#include "core.h"

#define KIB   1024
#define SMALL (8 * KIB)
/* Three files of 64 KiB and as much again, so that a file somewhat too large
 * is named by the answer instead of cutting the request off. */
#define UPLOAD (512 * KIB)
/* The same and an access list of 10,000 entries. */
#define WHOLE			(1024 * KIB)
#define FORMS			(BODY_FORM | BODY_MULTIPART)

#define Q(...)			((const char *const[]){__VA_ARGS__, NULL})
#define NO_QUERY		NULL
#define BODY(size, types, name) size, types
#define NO_BODY			0, BODY_NONE
/* "apply" and "confirm", or nothing. */
#define CHOICES		 SMALL, BODY_JSON | BODY_MULTIPART | BODY_EMPTY

#define AUTH(need, auth) ((need) == MAY_ANYONE ? AUTH_NONE : (auth))
#define PAGE(path, run, need, query, nav) \
	{HTTP_GET, path, AUTH(need, AUTH_SESSION), false, NO_BODY, run, query, \
	    need},
#define FORM(path, run, need, size) \
	{HTTP_POST, path, AUTH(need, AUTH_SESSION), true, size, FORMS, run, \
	    NULL, need},
#define CALL(method, path, run, need, query, body, ...) \
	{HTTP_##method, path, AUTH(need, AUTH_TOKEN), false, body, run, query, \
	    need},
const struct route routes[] = {
#include "routes.def"
    {.path = NULL},
};
const size_t routes_n = sizeof(routes) / sizeof(routes[0]) - 1;
