/*
 * fuzz_request.c - a whole request up to its handler: parameters as lines
 * "NAME=value", an empty line, then the body.  A handler in the place of the
 * real ones looks at what the frame let through.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "core.h"
#include "jsonx.h"
#include "upload.h"

#define ENV_MAX 24

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct rest {
	const char *data;
	size_t len;
};

static ssize_t
read_rest(void *arg, void *dst, size_t max)
{
	struct rest *r = arg;
	size_t n = r->len < max ? r->len : max;

	memcpy(dst, r->data, n);
	r->data += n;
	r->len -= n;
	return (ssize_t)n;
}

static void
check(const struct request *req)
{
	char cookie[65];

	if (req->path[0] != '/' || !utf8_valid(req->path, strlen(req->path)))
		abort();
	if (req->json != NULL &&
	    !json_object_is_type(req->json, json_type_object))
		abort();
	if (strpbrk(req->remote, " \r\n<\"") != NULL)
		abort();
	request_cookie(req, "__Host-postseal", cookie, sizeof(cookie));
	request_header(req, "Accept-Language");
	request_path_arg(req);
}

static void
one_request(char **env, struct rest *rest)
{
	static const struct route any = {.max_body = 512 * 1024,
	    .types = BODY_FORM | BODY_MULTIPART | BODY_JSON};
	const struct source src = {read_rest, NULL, rest, NULL};
	char allow[ALLOW_MAX], boundary[BOUNDARY_MAX + 1] = "";
	enum route_type type;
	struct request req;
	struct err err;
	size_t len;

	err_clear(&err);
	request_init(&req, env);
	req.form.limits = upload_limit;
	if (request_head(&req, &err) == 0) {
		route_find(routes, routes_n, req.method, req.path, allow, &err);
		if (body_check(&req, &any, &type, boundary, &len, &err) == 0)
			body_read(&req, type, boundary, len, &src, &err);
	}
	check(&req);
	request_clear(&req);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *copy = malloc(len + 1), *line, *end;
	char *env[ENV_MAX + 1] = {NULL};
	struct rest rest = {"", 0};
	size_t n = 0;

	if (copy == NULL)
		return 0;
	memcpy(copy, data, len);
	copy[len] = '\0';
	for (line = copy; line < copy + len && n < ENV_MAX; line = end + 1) {
		end = memchr(line, '\n', (size_t)(copy + len - line));
		if (end == NULL)
			end = copy + len;
		*end = '\0';
		if (*line == '\0') {
			rest.data = end < copy + len ? end + 1 : end;
			rest.len = (size_t)(copy + len - rest.data);
			break;
		}
		env[n++] = line;
	}
	env[n] = NULL;
	one_request(env, &rest);
	free(copy);
	return 0;
}
