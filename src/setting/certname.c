/*
 * certname.c - see certname.h.
 */
#include "certname.h"
#include "jsonx.h"

const char *
cert_name(struct json_object *info)
{
	const char *s = jsonx_path_str(info, "name", "");

	if (*s == '\0')
		s = jsonx_path_str(info, "common_name", "");
	if (*s == '\0' && jsonx_len(jsonx_path(info, "names")) > 0)
		s = jsonx_str_at(jsonx_path(info, "names"), 0);
	return *s != '\0' ? s : jsonx_path_str(info, "subject", "");
}

const char *
cert_issuer_name(struct json_object *info)
{
	const char *s = jsonx_path_str(info, "issuer_common_name", "");

	return *s != '\0' ? s : jsonx_path_str(info, "issuer", "?");
}

struct json_object *
cert_of(struct json_object *cert, size_t i)
{
	struct json_object *more = jsonx_path(cert, "more");

	if (i == 0)
		return cert;
	return i - 1 < jsonx_len(more) ? json_object_array_get_idx(more, i - 1)
				       : NULL;
}
