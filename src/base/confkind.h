/*
 * confkind.h - the kinds of values that postseal.conf has; for conf.c.
 */
#ifndef POSTSEAL_CONFKIND_H
#define POSTSEAL_CONFKIND_H

#include <stdbool.h>
#include <stddef.h>

enum conf_kind {
	KIND_PATH,	   /* absolute */
	KIND_PATH_OR_NONE, /* absolute or empty */
	KIND_SOCKET,	   /* absolute, fits sockaddr_un */
	KIND_NAME,	   /* user or group */
	KIND_SERVICE,	   /* master.cf inet service: [host:]port */
	KIND_APPLY,	   /* restart | reload */
	KIND_YES_NO,	   /* int, 1 or 0 */
	KIND_ROLES,	   /* of users, commas between; or empty */
	KIND_HOST_OR_NONE, /* name of a host in a cluster, or empty */
	KIND_ENDPOINTS,	   /* https://host:port, commas between; or empty */
	KIND_ORIGIN,	   /* https://name[:port], or empty */
	KIND_SOURCE,	   /* of users: local | pam | both */
	KIND_NAME_OR_NONE, /* group, or empty */
	KIND_INT	   /* min to max: its key knows them */
};

/* size: room for it. */
bool conf_kind_valid(enum conf_kind, const char *, size_t size);
/* What was expected, in words. */
const char *conf_kind_says(enum conf_kind);

#endif
