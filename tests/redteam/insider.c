/*
 * insider.c - code of somebody else inside a real worker: postseal.fcgi with
 * its own main program, its own workers and their sandbox, and a table of
 * routes whose handlers try to get out.  The linker takes this table instead
 * of the one in the archive.
 *
 * GET /attempt/N answers with the attempt's number, result, aim and name;
 * N at the end is a number beyond the last.  GET /leave ends the worker.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core.h"
#include "attempts.h"

static int
try_it(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	size_t i = strtoul(request_path_arg(req), NULL, 10);

	(void)app;
	if (i >= attempts_n)
		return err_set(err, ERR_REQ_NOT_FOUND, "", "no more");
	/* before: an attempt may end the process */
	buf_printf(&reply->body, "%zu %d %s %s\n", i, attempt_run(i),
	    attempt_aim(i), attempt_name(i));
	return reply_header(reply, "Content-Type", "text/plain");
}

/* A worker that goes as if it had done its work. */
static int
leave(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	(void)app;
	(void)req;
	(void)reply;
	(void)err;
	_exit(0);
}

const struct route routes[] = {
    {HTTP_GET, "/leave", AUTH_NONE, false, 0, BODY_NONE, leave, NULL,
	MAY_ANYONE},
    {HTTP_GET, "/attempt/{name}", AUTH_NONE, false, 0, BODY_NONE, try_it, NULL,
	MAY_ANYONE},
    {HTTP_GET, NULL, AUTH_NONE, false, 0, BODY_NONE, NULL, NULL, MAY_NOTHING},
};
const size_t routes_n = sizeof(routes) / sizeof(routes[0]) - 1;
