/*
 * fuzz_logline.c - lines of a log: what is borrowed lies within the line, and
 * the report of any text is well-formed.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "../../src/report/stamp.h"
#include "../../src/report/tally.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
within(struct text t, const char *p, size_t len)
{
	if (t.len > 0 && (t.p < p || t.p + t.len > p + len))
		abort();
}

static void
one(struct track *track, struct stamps *stamps, const char *p, size_t len)
{
	struct line l;

	line_read(p, len, &l);
	if (l.kind == LINE_OTHER)
		return;
	within(l.stamp, p, len);
	within(l.name, p, len);
	within(l.address, p, len);
	within(l.port, p, len);
	within(l.domain, p, len);
	track_line(track, &l, stamp_read(stamps, l.stamp));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct report_query q = {.direction = INBOUND, .limit = 100};
	const char *p = (const char *)data, *end = p + len, *newline;
	struct tally *tally = tally_new();
	struct track *track = track_new(tally_event, tally);
	struct json_object *o;
	struct stamps stamps;

	if (tally == NULL || track == NULL)
		abort();
	stamps_init(&stamps, 1790000000);
	for (; p < end; p = newline + 1) {
		newline = memchr(p, '\n', (size_t)(end - p));
		if (newline == NULL)
			newline = end;
		one(track, &stamps, p, (size_t)(newline - p));
	}
	track_end(track);
	for (; q.direction < DIRECTION__MAX; q.direction++) {
		if ((o = tally_json(tally, &q)) == NULL)
			abort();
		json_object_put(o);
	}
	track_free(track);
	tally_free(tally);
	return 0;
}
