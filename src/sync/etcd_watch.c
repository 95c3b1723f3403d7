/*
 * etcd_watch.c - the watch: one HTTP answer that never ends, a JSON object a
 * line.
 *
 *   start(revision) --events--> next = revision of the last + 1
 *        |                         |
 *        |   connection lost: start(next), nothing is missed
 *        +-- compact_revision: too old, the caller reads everything anew
 */
#include <stdlib.h>
#include <string.h>

#include "etcd_int.h"
#include "jsonx.h"
#include "util.h"

#define DEPTH 16

static void
take_events(struct etcd *e, struct json_object *result)
{
	struct json_object *list = jsonx_path(result, "events"), *ev, *kv;
	int64_t rev = etcd_number(result, "header.revision");
	size_t i, n;

	n = jsonx_len(list);
	for (i = 0; i < n; i++) {
		ev = json_object_array_get_idx(list, i);
		kv = etcd_kv(jsonx_path(ev, "kv"),
		    strcmp(jsonx_path_str(ev, "type", ""), "DELETE") == 0);
		if (kv != NULL)
			json_object_array_add(e->events, kv);
	}
	/* All events of a revision come in one answer. */
	if (n > 0 && rev >= e->next)
		e->next = rev + 1;
}

static void
take_line(struct etcd *e)
{
	struct json_object *o = NULL, *result;

	if (e->line.len == 0)
		return;
	if (jsonx_parse(e->line.data, e->line.len, DEPTH, &o, NULL) == -1) {
		e->state = WATCH_BROKEN;
		return;
	}
	result = jsonx_path(o, "result");
	if (etcd_number(result, "compact_revision") > 0)
		e->state = WATCH_COMPACTED;
	else if (result == NULL ||
		 json_object_get_boolean(jsonx_path(result, "canceled")))
		e->state = WATCH_BROKEN;
	else
		take_events(e, result);
	json_object_put(o);
}

static size_t
on_watch(char *data, size_t size, size_t n, void *arg)
{
	struct etcd *e = arg;
	size_t len = size * n, i;

	for (i = 0; i < len && e->state == WATCH_OK; i++) {
		if (data[i] == '\n') {
			take_line(e);
			buf_reset(&e->line);
		} else if (buf_addc(&e->line, data[i]) == -1) {
			e->state = WATCH_BROKEN;
		}
	}
	return e->state == WATCH_OK ? len : 0;
}

void
etcd_watch_stop(struct etcd *e)
{
	if (e->watch != NULL) {
		(void)curl_multi_remove_handle(e->multi, e->watch);
		curl_easy_cleanup(e->watch);
		e->watch = NULL;
	}
	curl_slist_free_all(e->watch_headers);
	e->watch_headers = NULL;
	free(e->watch_body);
	e->watch_body = NULL;
	buf_reset(&e->line);
}

static char *
create_request(const char *key, const char *end, int64_t revision)
{
	struct json_object *o = json_object_new_object(), *c;
	char rev[24], *text;

	(void)snprintf(rev, sizeof(rev), "%lld", (long long)revision);
	c = json_object_new_object();
	etcd_put_b64(c, "key", key);
	if (end != NULL)
		etcd_put_b64(c, "range_end", end);
	json_object_object_add(
	    c, "start_revision", json_object_new_string(rev));
	json_object_object_add(o, "create_request", c);
	text =
	    strdup(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
	json_object_put(o);
	return text;
}

int
etcd_watch_start(struct etcd *e, const char *key, const char *end,
    int64_t revision, struct err *err)
{
	etcd_watch_stop(e);
	e->state = WATCH_OK;
	e->next = revision;
	e->watch_endpoint = e->at;
	e->watch = curl_easy_init();
	e->watch_body = create_request(key, end, revision);
	if (e->watch == NULL || e->watch_body == NULL)
		return err_set(err, ERR_NOMEM, "", "watch");
	if (etcd_prepare(e, e->watch, "/v3/watch", &e->watch_headers, err) ==
	    -1)
		return -1;
	(void)curl_easy_setopt(e->watch, CURLOPT_POSTFIELDS, e->watch_body);
	(void)curl_easy_setopt(e->watch, CURLOPT_WRITEFUNCTION, on_watch);
	(void)curl_easy_setopt(e->watch, CURLOPT_WRITEDATA, e);
	/* Only this notices a connection that was lost silently, and
	 * follow() in main.c, which asks. */
	(void)curl_easy_setopt(e->watch, CURLOPT_TCP_KEEPALIVE, 1L);
	(void)curl_easy_setopt(e->watch, CURLOPT_TCP_KEEPIDLE, 10L);
	(void)curl_easy_setopt(e->watch, CURLOPT_TCP_KEEPINTVL, 5L);
	if (curl_multi_add_handle(e->multi, e->watch) != CURLM_OK)
		return err_set(err, ERR_INTERNAL, "", "watch");
	return 0;
}

void
etcd_wait(struct etcd *e, struct curl_waitfd *fds, unsigned int n, int ms)
{
	int running = 0, left;
	CURLMsg *m;

	if (e->watch != NULL)
		(void)curl_multi_perform(e->multi, &running);
	if (e->events_at < json_object_array_length(e->events) ||
	    e->state != WATCH_OK)
		ms = 0;
	(void)curl_multi_poll(e->multi, fds, n, ms, NULL);
	if (e->watch == NULL)
		return;
	(void)curl_multi_perform(e->multi, &running);
	while ((m = curl_multi_info_read(e->multi, &left)) != NULL) {
		if (m->msg == CURLMSG_DONE && e->state == WATCH_OK)
			e->state = WATCH_BROKEN;
	}
}

struct json_object *
etcd_watch_next(struct etcd *e, int64_t *ret_next)
{
	struct json_object *kv;

	*ret_next = e->next;
	if (e->events_at >= json_object_array_length(e->events)) {
		json_object_put(e->events);
		e->events = json_object_new_array();
		e->events_at = 0;
		return NULL;
	}
	kv = json_object_array_get_idx(e->events, e->events_at++);
	return json_object_get(kv);
}

enum watch_state
etcd_watch_state(const struct etcd *e)
{
	if (e->watch == NULL)
		return WATCH_BROKEN;
	/* The endpoint was left because it did not answer. */
	if (e->state == WATCH_OK && e->watch_endpoint != e->at)
		return WATCH_BROKEN;
	return e->state;
}
