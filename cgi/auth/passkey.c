/*
 * passkey.c - see passkey.h; what is verified stands in webauthn.c.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>

#include "auth.h"
#include "jsonx.h"
#include "passkey.h"
#include "util.h"
#include "webauthn.h"

#define PART_MAX   4096
#define DETAIL_MAX 128

/* A browser takes no address for a site's name. */
bool
passkeys_possible(const struct app *app)
{
	char host[sizeof(app->conf.origin)];
	unsigned char addr[4];

	if (app->conf.origin[0] == '\0')
		return false;
	snprintf(
	    host, sizeof(host), "%s", app->conf.origin + strlen("https://"));
	host[strcspn(host, ":")] = '\0';
	return inet_pton(AF_INET, host, addr) != 1;
}

static int
not_here(struct err *err)
{
	return err_set(err, ERR_AUTH_PASSKEY, "",
	    "passkeys: [web] origin of postseal.conf is not set");
}

static long
session_of(const struct request *req)
{
	return req->who.session != 0 ? req->who.session : req->who.half;
}

static struct json_object *
credentials_of(struct json_object *list)
{
	struct json_object *out = json_object_new_array();

	for (size_t i = 0; i < json_object_array_length(list); i++)
		json_object_array_add(out,
		    json_object_new_string(jsonx_path_str(
			json_object_array_get_idx(list, i), "credential", "")));
	return out;
}

int
passkey_offer(struct app *app, const struct request *req, const char *user,
    struct json_object **ret, struct err *err)
{
	const char *host = app->conf.origin + strlen("https://");
	char challenge[CHALLENGE_TEXT], id[32], handle[64];
	struct json_object *list = NULL, *o;
	unsigned char raw[32];
	struct user_row row;

	if (!passkeys_possible(app))
		return not_here(err);
	if (random_bytes(raw, sizeof(raw), err) == -1 ||
	    users_get(app->db, user, &row, err) == -1)
		return -1;
	b64url_write(raw, sizeof(raw), challenge);
	/* No name: the authenticator keeps it. */
	snprintf(id, sizeof(id), "user %ld", row.id);
	b64url_write((unsigned char *)id, strlen(id), handle);
	if (challenge_set(
		app->db, session_of(req), challenge, time(NULL), err) == -1 ||
	    passkeys_list(app->db, user, &list, err) == -1)
		return -1;
	o = json_object_new_object();
	json_object_object_add(
	    o, "challenge", json_object_new_string(challenge));
	json_object_object_add(
	    o, "rp", json_object_new_string_len(host, (int)strcspn(host, ":")));
	json_object_object_add(o, "user", json_object_new_string(row.name));
	json_object_object_add(o, "handle", json_object_new_string(handle));
	json_object_object_add(o, "credentials", credentials_of(list));
	json_object_put(list);
	*ret = o;
	return 0;
}

/* The members of an answer, strings all of them. */
static int
read_answer(const char *answer, const char *const *names, const char **ret,
    struct json_object **ret_all, struct err *err)
{
	struct json_object *o = json_tokener_parse(answer);
	int rc = json_object_is_type(o, json_type_object) ? 0 : -1;

	for (size_t i = 0; rc == 0 && names[i] != NULL; i++) {
		ret[i] = NULL;
		rc = jsonx_str(o, names[i], names[i], PART_MAX, &ret[i], NULL);
		if (rc == 0 && ret[i] == NULL)
			rc = -1;
	}
	*ret_all = o;
	return rc == 0 ? 0
		       : err_set(err, ERR_AUTH_PASSKEY, "",
			     "passkey: the answer is not readable");
}

/* What is asked for is gone, whatever becomes of the answer. */
static int
want(struct app *app, const struct request *req, const char *type, time_t now,
    char challenge[CHALLENGE_TEXT], struct webauthn_want *ret, struct err *err)
{
	if (!passkeys_possible(app))
		return not_here(err);
	*ret = (struct webauthn_want){type, challenge, app->conf.origin};
	return challenge_take(app->db, session_of(req), now, challenge, err);
}

int
passkey_check(struct app *app, const struct request *req, const char *user,
    const char *answer, time_t now, struct err *err)
{
	static const char *const names[] = {
	    "id", "client", "data", "signature", NULL};
	char challenge[CHALLENGE_TEXT] = "";
	struct webauthn_want w;
	struct json_object *all = NULL;
	const char *v[4] = {NULL};
	struct passkey k;
	int64_t counter = 0;
	int rc = -1;

	if (want(app, req, "webauthn.get", now, challenge, &w, err) == 0 &&
	    read_answer(answer, names, v, &all, err) == 0 &&
	    passkeys_find(app->db, user, v[0], &k, err) == 0 &&
	    webauthn_get(&w, &k, v[1], v[2], v[3], &counter, err) == 0)
		rc = passkeys_used(app->db, k.id, counter, now, err);
	json_object_put(all);
	return rc;
}

int
passkey_add(struct app *app, const struct request *req, const char *name,
    const char *answer, struct err *err)
{
	static const char *const names[] = {"client", "data", "key", NULL};
	char challenge[CHALLENGE_TEXT] = "", detail[DETAIL_MAX];
	struct webauthn_want w;
	struct json_object *all = NULL;
	const char *v[3] = {NULL};
	struct passkey k;
	time_t now = time(NULL);
	int rc = -1;

	snprintf(detail, sizeof(detail), "on: %s", name);
	if (want(app, req, "webauthn.create", now, challenge, &w, err) == 0 &&
	    read_answer(answer, names, v, &all, err) == 0 &&
	    webauthn_create(&w, v[0], v[1], v[2],
		json_object_get_int(jsonx_path(all, "alg")), &k, err) == 0 &&
	    record_begin(app, err) == 0)
		rc = record_end(app, req,
		    passkeys_add(app->db, req->who.user, name, &k, now, err),
		    EVENT_USER_PASSKEY, detail, err);
	json_object_put(all);
	return rc;
}

int
passkey_remove(
    struct app *app, const struct request *req, const char *id, struct err *err)
{
	char detail[DETAIL_MAX];
	int64_t n = 0;

	(void)number_read(id, strlen(id), INT32_MAX, &n);
	snprintf(detail, sizeof(detail), "off: %ld", (long)n);
	if (record_begin(app, err) == -1)
		return -1;
	return record_end(app, req,
	    passkeys_remove(app->db, req->who.user, (long)n, time(NULL), err),
	    EVENT_USER_PASSKEY, detail, err);
}
