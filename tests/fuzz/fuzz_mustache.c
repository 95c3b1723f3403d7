/*
 * fuzz_mustache.c - a template, NUL, and data as JSON.  What parses renders or
 * ends with an error in bounded time, and nothing of the data that could be
 * markup, turn a line around or end it comes out as it went in.
 *
 * The data is sought in the output by what html_escape must have changed: in
 * the template these characters are replaced first, so that each one in the
 * output would have come from the data.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "core.h"
#include "jsonx.h"
#include "mustache.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct mustache *partial;

static const struct mustache *
get_partial(void *arg, const char *name)
{
	(void)arg;
	return strcmp(name, "none") == 0 ? NULL : partial;
}

static const char *
get_text(void *arg, const char *key)
{
	(void)arg;
	return *key == 'a' ? "{a} {b.c} {x} {" : "plain";
}

/* No character of the template is one that is looked for. */
static void
harmless(char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (strchr("<\"'\x01\x7f", s[i]) != NULL ||
		    (unsigned char)s[i] >= 0x80)
			s[i] = '_';
	}
}

static void
check(const char *out)
{
	static const char *const never[] = {"<", "\"", "'", "\x01", "\x7f",
	    "\xe2\x80\xaa", "\xe2\x80\xab", "\xe2\x80\xac", "\xe2\x80\xad",
	    "\xe2\x80\xae", "\xe2\x80\x8e", "\xe2\x80\x8f", "\xe2\x80\x8b",
	    "\xe2\x81\xa6", "\xe2\x81\xa7", "\xe2\x81\xa8", "\xe2\x81\xa9"};

	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (strstr(out, never[i]) != NULL)
			abort();
	if (!utf8_valid(out, strlen(out)))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char inner[] = "[{{a}}{{#l}}{{.}}{{/l}}]\n";
	static const struct mustache_env env = {get_partial, get_text, NULL};
	const uint8_t *end = memchr(data, '\0', len);
	size_t n = end == NULL ? len : (size_t)(end - data);
	struct json_object *ctx = NULL;
	struct mustache *m = NULL;
	struct buf out;
	char *src;

	if (partial == NULL &&
	    mustache_parse("p", inner, strlen(inner), &partial, NULL) == -1)
		abort();
	if ((src = malloc(n + 1)) == NULL)
		return 0;
	memcpy(src, data, n);
	src[n] = '\0';
	harmless(src, n);
	if (end != NULL)
		jsonx_parse((const char *)end + 1, len - n - 1, JSON_DEPTH_MAX,
		    &ctx, NULL);
	buf_init(&out, 64 * 1024);
	if (mustache_parse("t", src, n, &m, NULL) == 0 &&
	    mustache_render(m, ctx, &env, &out, NULL) == 0 && out.len > 0)
		check(out.data);
	mustache_free(m);
	buf_clear(&out);
	json_object_put(ctx);
	free(src);
	return 0;
}
