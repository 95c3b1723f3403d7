/*
 * fuzz_cookie.c - the Cookie header: what is returned is exactly a value that
 * stands there once, and fits.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char name[] = "HTTP_COOKIE=";
	char *env[2] = {NULL, NULL}, pair[96];
	char dst[65];
	struct request req;

	if ((env[0] = malloc(sizeof(name) + len)) == NULL)
		return 0;
	memcpy(env[0], name, sizeof(name) - 1);
	memcpy(env[0] + sizeof(name) - 1, data, len);
	env[0][sizeof(name) - 1 + len] = '\0';
	request_init(&req, env);
	if (request_cookie(&req, "a", dst, sizeof(dst)) != NULL) {
		if (strlen(dst) >= sizeof(dst) || strchr(dst, ';') != NULL)
			abort();
		snprintf(pair, sizeof(pair), "a=%s", dst);
		if (strstr(env[0], pair) == NULL)
			abort();
	}
	request_cookie(&req, "", dst, sizeof(dst));
	request_clear(&req);
	if (env[0][sizeof(name) - 1] != '\0') /* wiped */
		abort();
	free(env[0]);
	return 0;
}
