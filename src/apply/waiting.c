/*
 * waiting.c - mail that is deferred since the generation in force changed the
 * way out.  For a day; what happens later is no consequence of it.
 */
#include <time.h>

#include "jsonx.h"
#include "maillog.h"
#include "state.h"

#define DAY_S (24 * 3600)

static void
take_mark(struct json_object *o, struct maillog_mark *mark)
{
	mark->off = (off_t)jsonx_path_int(o, "offset");
	mark->ino = (ino_t)jsonx_path_int(o, "inode");
	mark->dev = (dev_t)jsonx_path_int(o, "device");
	mark->usec = jsonx_path_int(o, "usec");
}

struct json_object *
apply_deferred(const struct conf *conf)
{
	struct json_object *meta = NULL, *o = NULL, *v;
	struct maillog_mark mark;
	struct facts facts = {0};
	long id;

	if (generation_current(conf, &id, NULL) == -1 || id == 0 ||
	    generation_meta(conf, id, &meta, NULL) == -1)
		return NULL;
	if ((v = jsonx_path(meta, "log_mark")) != NULL) {
		take_mark(v, &mark);
		if (mark.usec / 1000000 + DAY_S > time(NULL) &&
		    facts_get(conf, &facts, NULL) == 0)
			o = maillog_deferred(conf, &facts.info, &mark);
		if (o != NULL)
			jsonx_put_str(
			    o, "since", jsonx_path_str(meta, "at", ""));
	}
	facts_clear(&facts);
	json_object_put(meta);
	return o;
}
