/*
 * daemon.c - what postseal-sync asks postseald.
 */
#include "client.h"
#include "ops.h"
#include "sync.h"

int
daemon_start(const struct conf *conf, const char *op, struct json_object *args,
    struct err *err)
{
	const struct client_actor who = {
	    "postseal-sync", conf->cluster_name, "sync"};
	int fd = client_start(conf->socket, &who, op, args, err);

	json_object_put(args);
	return fd;
}

int
daemon_call(const struct conf *conf, const char *op, struct json_object *args,
    struct json_object **data, struct err *err)
{
	int fd = daemon_start(conf, op, args, err);

	return fd == -1 ? -1
			: client_finish(fd, op_patience(op), data, NULL, err);
}
