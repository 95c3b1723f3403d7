/*
 * fuzz_form.c - urlencoded forms, paths and Content-Type headers.  The first
 * byte chooses.  What is accepted must keep what the header promises.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "jsonx.h"
#include "upload.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_fields(const struct fields *fs)
{
	for (size_t i = 0; i < fs->n; i++) {
		if (strlen(fs->v[i].name) > FIELD_NAME_MAX ||
		    fs->v[i].value[fs->v[i].len] != '\0' ||
		    memchr(fs->v[i].value, '\0', fs->v[i].len) != NULL ||
		    !utf8_valid(fs->v[i].value, fs->v[i].len))
			abort();
	}
}

static void
form(const uint8_t *data, size_t len)
{
	struct fields fs = {.n = 0, .limits = upload_limit};

	urlencoded_parse((const char *)data, len, &fs, NULL);
	check_fields(&fs);
	fields_clear(&fs);
}

static void
path(char *s)
{
	if (path_decode(s, NULL) == 0 &&
	    (s[0] != '/' || strstr(s, "//") != NULL ||
		strstr(s, "/../") != NULL || strchr(s, '\\') != NULL ||
		strchr(s, '\n') != NULL || !utf8_valid(s, strlen(s))))
		abort();
}

static void
type(const char *s)
{
	char boundary[BOUNDARY_MAX + 1];
	enum route_type t = BODY_NONE;

	if (content_type_parse(s, &t, boundary, NULL) == 0 &&
	    (t == BODY_NONE || (t == BODY_MULTIPART) != (*boundary != '\0')))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *s;

	if (len == 0)
		return 0;
	if (data[0] == 'f') {
		form(data + 1, len - 1);
		return 0;
	}
	if ((s = malloc(len)) == NULL)
		return 0;
	memcpy(s, data + 1, len - 1);
	s[len - 1] = '\0';
	if (data[0] == 'p')
		path(s);
	else
		type(s);
	free(s);
	return 0;
}
