/*
 * logreport.c - the child that reads the files, and its answer.
 */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "jsonx.h"
#include "logfile.h"
#include "logreport.h"
#include "tally.h"

#define ANSWER_MAX (4 * 1024 * 1024)
#define CPU_S	   300
#define WALL_MS	   (3600 * 1000) /* standard input may wait for a person */

struct work {
	size_t n;
	struct report_query query;
};

static int
send_answer(int fd, struct json_object *o)
{
	const char *text =
	    json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
	int rc = text == NULL ? -1 : jail_send(fd, text, strlen(text));

	json_object_put(o);
	return rc;
}

static struct json_object *
answer(struct tally *tally, const struct report_query *query,
    unsigned long long lines, struct json_object *unread)
{
	struct json_object *o = json_object_new_object();
	struct report_query q = *query;

	q.unreadable = jsonx_len(unread) > 0;
	q.direction = INBOUND;
	json_object_object_add(o, "inbound", tally_json(tally, &q));
	q.direction = OUTBOUND;
	json_object_object_add(o, "outbound", tally_json(tally, &q));
	jsonx_put_int(o, "lines", (int64_t)lines);
	json_object_object_add(o, "unread", unread);
	return o;
}

/* jail_body: its memory goes with it. */
static int
read_files(int fd, const void *arg)
{
	const struct work *w = arg;
	struct tally *tally = tally_new();
	struct track *track = track_new(tally_event, tally);
	struct json_object *unread = json_object_new_array();
	unsigned long long lines = 0;
	struct logplace at;
	struct err err;

	if (tally == NULL || track == NULL || unread == NULL)
		return -1;
	for (size_t i = 0; i < w->n; i++) {
		memset(&at, 0, sizeof(at));
		if (logfile_read(JAIL_FILE(i), track, &at, &err) == -1)
			json_object_array_add(
			    unread, json_object_new_int64((int64_t)i));
		lines += at.lines;
	}
	track_end(track);
	return send_answer(fd, answer(tally, &w->query, lines, unread));
}

int
report_files(const int *files, size_t n, const struct report_query *query,
    struct json_object **ret_report, struct err *err)
{
	struct work work = {.n = n, .query = *query};
	struct pki_jail jail = {.user = geteuid() == 0 ? "nobody" : NULL,
	    .timeout_ms = WALL_MS,
	    .cpu_s = CPU_S,
	    .role = SANDBOX_FILES,
	    .files = files,
	    .n_files = n};
	struct buf b;
	int rc;

	tzset(); /* before there are no files */
	buf_init(&b, ANSWER_MAX);
	rc = jail_spawn(&jail, read_files, &work, &b, err);
	if (rc > 0)
		rc = err_set(err, ERR_INTERNAL, "",
		    rc == JAIL_LATE ? "the log took too long to read"
				    : "the reader of the log has failed");
	else if (rc == 0)
		rc = jsonx_parse(b.data, b.len, 8, ret_report, err);
	buf_clear(&b);
	return rc;
}
