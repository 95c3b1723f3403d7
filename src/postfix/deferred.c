/*
 * deferred.c - mail that waits since a change of the way out.
 *
 *   ... postfix/smtp[7]: QID: to=<a@b>, relay=..., dsn=4.7.5, status=deferred
 * (REASON)
 *
 * Mail that waited before goes on to be deferred; so a line counts only where
 * its reason does not stand in front of the mark as well.
 */
#include <string.h>

#include "jsonx.h"
#include "maillog.h"
#include "util.h"

#define DEFERRED   "status=deferred ("
#define SAMPLE_MAX 301

/* The reason, with its parentheses, in this line; NULL: it is no deferral of
 * smtp(8). */
static const char *
reason_of(const char *line, size_t len, size_t *ret_len)
{
	const char *p;

	if (memmem(line, len, "/smtp[", 6) == NULL ||
	    (p = memmem(line, len, DEFERRED, strlen(DEFERRED))) == NULL)
		return NULL;
	p += strlen(DEFERRED) - 1;
	*ret_len = (size_t)(line + len - p);
	return p;
}

static void
take_sample(struct json_object *o, const char *line, size_t len)
{
	const char *to = memmem(line, len, "to=<", 4);
	char clean[SAMPLE_MAX];

	if (to == NULL)
		to = line;
	(void)text_clean(clean, sizeof(clean), to, (size_t)(line + len - to));
	jsonx_put_str(o, "sample", clean);
}

struct json_object *
maillog_deferred(const struct conf *conf, const struct postfix_info *info,
    const struct maillog_mark *mark)
{
	struct json_object *o = json_object_new_object();
	const char *p, *end, *nl, *reason;
	struct buf before, after;
	size_t len, count = 0;

	if (o == NULL)
		return NULL;
	json_object_object_add(o, "sample", NULL);
	buf_init(&before, MAILLOG_BEFORE_MAX);
	buf_init(&after, MAILLOG_AFTER_MAX);
	maillog_around(conf, info, mark, &before, &after);
	end = after.data + after.len;
	for (p = after.data; p < end; p = nl + 1) {
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			nl = end;
		reason = reason_of(p, (size_t)(nl - p), &len);
		if (reason == NULL ||
		    (before.len > 0 &&
			memmem(before.data, before.len, reason, len) != NULL))
			continue;
		if (count++ == 0)
			take_sample(o, p, (size_t)(nl - p));
	}
	jsonx_put_int(o, "count", (int64_t)count);
	buf_clear(&before);
	buf_clear(&after);
	return o;
}
