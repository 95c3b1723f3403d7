/*
 * etcd_int.h - what etcd.c, etcd_http.c and etcd_watch.c share.
 */
#ifndef POSTSEAL_ETCD_INT_H
#define POSTSEAL_ETCD_INT_H

#include <curl/curl.h>

#include "buf.h"
#include "model.h"

#define ENDPOINTS_MAX 8
#define TOKEN_MAX     256
#define PASSWORD_MAX  256
#define REPLY_MAX     (8 * 1024 * 1024)
#define LINE_MAX_LEN  (4 * 1024 * 1024)

struct etcd {
	const struct conf *conf;
	char endpoint[ENDPOINTS_MAX][128];
	size_t n, at;
	char user[64];
	char password[PASSWORD_MAX]; /* "" = no authentication */
	char token[TOKEN_MAX];
	CURL *easy;
	CURLM *multi;

	CURL *watch; /* NULL: none */
	struct curl_slist *watch_headers;
	char *watch_body;
	struct buf line;
	struct json_object *events; /* array of kv */
	size_t events_at;
	int64_t next;
	enum watch_state state;
	size_t watch_endpoint;
};

/* body is taken over. */
int etcd_call(struct etcd *, const char *path, struct json_object *body,
    struct json_object **reply, struct err *);
/* TLS, headers, URL of path at the current endpoint. */
int etcd_prepare(struct etcd *, CURL *, const char *path,
    struct curl_slist **headers, struct err *);
/* {"key", "value"?, "mod"} of a gateway's KeyValue; NULL when it is none. */
struct json_object *etcd_kv(struct json_object *, bool deleted);
void etcd_put_b64(struct json_object *, const char *key, const char *text);
int64_t etcd_number(struct json_object *, const char *path);

#endif
