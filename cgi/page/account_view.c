/*
 * account_view.c - what /access shows of one's own account: its log-ins, its
 * password, and the second factor with the secret to scan.
 */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "access_page.h"
#include "jsonx.h"
#include "mustache.h"
#include "passkey.h"
#include "sessions.h"
#include "tokens.h"
#include "totp.h"
#include "util.h"

#define URI_MAX	  512
#define GROUP_LEN 4

/* The secret in groups to type, and as a QR code to scan. */
static void
put_secret(const struct page *p, const char *secret, struct json_object *o)
{
	struct json_object *list = json_object_new_array();
	char host[128] = "";
	struct buf b, path;
	int size = 0;

	for (const char *s = secret; *s != '\0'; s += GROUP_LEN)
		json_object_array_add(
		    list, json_object_new_string_len(s, GROUP_LEN));
	json_object_object_add(o, "groups", list);
	buf_init(&b, URI_MAX);
	buf_init(&path, 128 * 1024);
	buf_adds(&b, "otpauth://totp/Postseal:");
	url_escape(&b, p->req->who.user);
	buf_adds(&b, "%40");
	(void)gethostname(host, sizeof(host) - 1);
	url_escape(&b, host[0] != '\0' ? host : "postseal");
	buf_adds(&b, "?secret=");
	for (const char *s = secret; *s != '\0'; s++)
		buf_addc(&b, *s >= 'a' ? (char)(*s - 'a' + 'A') : *s);
	buf_adds(&b, "&issuer=Postseal");
	put_str(o, "qr",
	    !b.failed && qr_path(b.data, &path, &size) == 0 ? path.data : "");
	put_str(o, "uri", b.failed ? "" : b.data);
	put_int(o, "size", size);
	buf_clear(&b);
	buf_clear(&path);
}

/* The log-in before this one, and what was tried in between. */
static int
put_last(const struct page *p, struct json_object *o, struct err *err)
{
	struct last_login last = {0};
	struct json_object *t = json_object_new_object(), *args;
	char iso[32] = "";

	json_object_object_add(o, "last", t);
	if (sessions_last(p->app->db, p->req->who.session, &last, err) == -1)
		return -1;
	if (last.at != 0)
		time_iso(last.at, iso);
	put_time(p, t, iso);
	put_str(t, "from", last.from);
	args = json_object_new_object();
	put_int(args, "n", last.fails);
	put_str(args, "from", last.fail_from);
	if (last.fails > 0)
		put_text(p, o, "fails", "access.fails_text", args);
	else
		put_str(o, "fails", "0");
	json_object_put(args);
	/* Read, when the account itself was asked for. */
	if (last.news == 0 || p->req->method != HTTP_GET ||
	    sessions_news_read(p->app->db, p->req->who.session, err) == 0)
		return 0;
	return -1;
}

static void
put_when(const struct page *p, struct json_object *o, const char *key, time_t t)
{
	struct json_object *at = json_object_new_object();
	char iso[32] = "";

	if (t != 0)
		time_iso(t, iso);
	put_time(p, at, iso);
	json_object_object_add(o, key, at);
}

static int
put_passkeys(const struct page *p, struct json_object *o, struct err *err)
{
	struct json_object *list = NULL, *rows, *row, *from, *t;

	if (passkeys_list(p->app->db, p->req->who.user, &list, err) == -1)
		return -1;
	rows = json_object_new_array();
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		from = json_object_array_get_idx(list, i);
		row = json_object_new_object();
		put_int(
		    row, "id", json_object_get_int64(jsonx_path(from, "id")));
		put_str(row, "name", jsonx_path_str(from, "name", ""));
		t = json_object_new_object();
		put_time(p, t, jsonx_path_str(from, "last_used_at", ""));
		json_object_object_add(row, "used", t);
		json_object_array_add(rows, row);
	}
	json_object_put(list);
	json_object_object_add(o, "keys", rows);
	put_bool(o, "possible", passkeys_possible(p->app));
	return 0;
}

int
account_put(const struct page *p, struct json_object *ctx, struct err *err)
{
	struct json_object *o = json_object_new_object(), *args, *pending;
	char secret[TOTP_SECRET_LEN + 1] = "";
	struct user_row user;
	int left = 0, tokens = 0;

	json_object_object_add(ctx, "account", o);
	if (users_get(p->app->db, p->req->who.user, &user, err) == -1 ||
	    totp_pending(p->app->db, user.name, secret, err) == -1 ||
	    recovery_left(p->app->db, user.name, &left, err) == -1 ||
	    tokens_count_of(p->app->db, user.name, &tokens, err) == -1 ||
	    put_passkeys(p, o, err) == -1 || put_last(p, o, err) == -1)
		return -1;
	put_bool(o, "tokens", tokens > 0);
	args = json_object_new_object();
	put_int(args, "n", tokens);
	put_text(p, o, "revoke", "access.password.revoke", args);
	json_object_put(args);
	put_bool(o, "must_enrol", p->req->who.must_enrol);
	put_bool(o, "must_change", p->req->who.must_change);
	put_bool(o, "of_host", user.pam);
	put_when(p, o, "changed", user.changed);
	put_when(p, o, "factor_changed", user.factor_changed);
	put_bool(o, "some_factor", user.second_factor);
	put_bool(o, "factor", user.totp);
	put_bool(o, "start", !user.totp && secret[0] == '\0');
	args = json_object_new_object();
	put_int(args, "n", left);
	put_text(p, o, "recovery", "access.totp.left", args);
	json_object_put(args);
	pending = secret[0] != '\0' ? json_object_new_object() : NULL;
	if (pending != NULL)
		put_secret(p, secret, pending);
	json_object_object_add(o, "pending", pending);
	OPENSSL_cleanse(secret, sizeof(secret));
	return 0;
}
