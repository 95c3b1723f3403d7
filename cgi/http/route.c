/*
 * route.c - from method and path to a row of routes[].
 */
#include <stdio.h>
#include <string.h>

#include "core.h"

static const char *const method_names[] = {
    [HTTP_GET] = "GET, HEAD",
    [HTTP_HEAD] = "",
    [HTTP_POST] = "POST",
    [HTTP_DELETE] = "DELETE",
    [HTTP_OTHER] = "",
};

bool
path_is_api(const char *path)
{
	return strncmp(path, "/api/", 5) == 0 ||
	       strcmp(path, "/healthz") == 0 || strcmp(path, "/metrics") == 0;
}

/* A {name} takes exactly one part; a pattern has one at most. */
static bool
matches(const char *pattern, const char *path)
{
	size_t n = strcspn(pattern, "{"), part;

	if (pattern[n] == '\0')
		return strcmp(pattern, path) == 0;
	if (strncmp(pattern, path, n) != 0)
		return false;
	part = strcspn(path + n, "/");
	return part > 0 &&
	       strcmp(strchr(pattern + n, '}') + 1, path + n + part) == 0;
}

const struct route *
route_find(const struct route *table, size_t n, enum http_method method,
    const char *path, char allow[ALLOW_MAX], struct err *err)
{
	size_t len = 0;

	if (method == HTTP_HEAD)
		method = HTTP_GET;
	allow[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		if (!matches(table[i].path, path))
			continue;
		if (table[i].method == method) {
			allow[0] = '\0';
			return &table[i];
		}
		len += (size_t)snprintf(allow + len, ALLOW_MAX - len, "%s%s",
		    len > 0 ? ", " : "", method_names[table[i].method]);
	}
	if (len > 0)
		err_set(err, ERR_REQ_METHOD, "", "expected %s", allow);
	else
		err_set(err, ERR_REQ_NOT_FOUND, "", "nothing at this address");
	return NULL;
}
