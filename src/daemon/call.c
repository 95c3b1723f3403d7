/*
 * call.c - what every operation needs of the connection that it answers.
 */
#include <string.h>

#include "call.h"
#include "jsonx.h"
#include "util.h"

#define SEND_MS 3000

void
clean_copy(char *dst, size_t size, const char *src)
{
	size_t n, len = strlen(src), used = 0;

	while (len > 0) {
		n = text_unseen(src, len);
		if (n > 0) {
			if (used + 1 >= size)
				break;
			dst[used++] = '?';
		} else {
			/* Not in the middle of a character. */
			do {
				n++;
			} while (
			    n < len && ((unsigned char)src[n] & 0xc0) == 0x80);
			if (used + n >= size)
				break;
			memcpy(dst + used, src, n);
			used += n;
		}
		src += n;
		len -= n;
	}
	dst[used] = '\0';
}

int
call_reply(struct call *c, struct json_object *data, const struct err *err)
{
	struct json_object *o = json_object_new_object(), *e;
	int rc;

	json_object_object_add(o, "type", json_object_new_string("result"));
	json_object_object_add(o, "ok", json_object_new_boolean(err == NULL));
	if (err == NULL) {
		json_object_object_add(o, "data", json_object_get(data));
	} else {
		e = c->error != NULL ? json_object_get(c->error)
				     : err_to_json(err);
		json_object_object_add(o, "error", e);
	}
	c->replied = true;
	rc = c->gone ? 0 : ipc_send(c->fd, o, SEND_MS, NULL);
	json_object_put(o);
	return rc;
}
