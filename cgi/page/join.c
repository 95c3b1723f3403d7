/*
 * join.c - /join: whoever was invited chooses a password.
 *
 * The code is the password that was made up (access_user_add): good for some
 * days, hashed, and gone with the first one of one's own.  It comes in the
 * form, never in an address.  Wrong ones are counted as wrong passwords.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "access.h"
#include "page.h"

static int
show(const struct page *p, struct reply *reply, const char *name,
    const struct err *why, struct err *err)
{
	struct json_object *ctx = json_object_new_object(), *e = NULL;
	int rc, status = 200;
	char *s;

	put_str(ctx, "title", page_text(p, "join.title"));
	put_str(ctx, "refresh", "");
	put_str(ctx, "name", name);
	if (why != NULL) {
		e = json_object_new_object();
		s = localise_error(p->app, p->req->lang, why);
		put_str(e, "message", s);
		free(s);
		status = err_http(why->code);
	}
	json_object_object_add(ctx, "error", e);
	rc = page_render(p->app, p->req, reply, status, "join", ctx, err);
	json_object_put(ctx);
	return rc;
}

/* As it was shown, or as it was read out: with blanks, in capitals. */
static void
code_of(const char *text, char dst[GENERATED_LEN + 1])
{
	size_t n = 0;

	for (; *text != '\0'; text++) {
		if (*text == ' ' || *text == '-')
			continue;
		if (n == GENERATED_LEN) {
			n = 0; /* more is no code */
			break;
		}
		dst[n++] = *text >= 'A' && *text <= 'Z'
			       ? (char)(*text - 'A' + 'a')
			       : *text;
	}
	dst[n] = '\0';
}

static int
join(const struct page *p, struct reply *reply, const char *name,
    const char *code, struct err *why)
{
	const char *new = fields_str(&p->req->form, "password", "");
	struct proof proof = {0};
	struct user_row user;

	if (strcmp(new, fields_str(&p->req->form, "again", "")) != 0)
		return err_set(why, ERR_PASSWORD_AGAIN, "again",
		    "the two passwords differ");
	if (users_password_acceptable(p->app->db, new, name, why) == -1 ||
	    session_invitation(
		p->app, p->req, reply, name, code, &proof, why) == -1 ||
	    users_get(p->app->db, name, &user, why) == -1)
		return -1;
	snprintf(p->req->who.user, sizeof(p->req->who.user), "%s", user.name);
	if (access_own_password(p->app, p->req, &proof, new, false, why) ==
		-1 ||
	    users_get(p->app->db, name, &user, why) == -1 ||
	    session_login_open(p->app, p->req, reply, proof.id, &proof,
		user.second_factor ? STAGE_CODE : session_stage(p->app, &user),
		why) == -1)
		return -1;
	/* A new code for somebody who has a second factor still asks for it. */
	if (!user.second_factor)
		backend_audit(p->app, p->req, EVENT_LOGIN, "ok", "invited");
	return reply_redirect(reply, user.second_factor ? "/login"
							: PATH_ACCESS
					 "?done=joined") == 0
		   ? 0
		   : err_set(why, ERR_INTERNAL, "", "redirect");
}

int
page_join(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	static const char *const once[] = {
	    "csrf", "user", "code", "password", "again", NULL};
	const struct page p = {app, req};
	char code[GENERATED_LEN + 1] = "";
	const char *name;
	struct err why;
	int rc;

	err_clear(&why);
	if (req->who.known)
		return reply_redirect(reply, PATH_ACCESS) == 0
			   ? 0
			   : err_set(err, ERR_INTERNAL, "", "redirect");
	if (req->method != HTTP_POST)
		return show(
		    &p, reply, fields_str(&req->query, "user", ""), NULL, err);
	if (fields_check(&req->form, once, NULL, err) == -1)
		return -1;
	name = fields_str(&req->form, "user", "");
	code_of(fields_str(&req->form, "code", ""), code);
	rc = join(&p, reply, name, code, &why);
	OPENSSL_cleanse(code, sizeof(code));
	if (rc == 0)
		return 0;
	if (!req->who.known)
		req->who.user[0] = '\0';
	if (err_http(why.code) >= 500 && why.code != ERR_AUTH_UNAVAILABLE) {
		*err = why;
		return -1;
	}
	return show(&p, reply, name, &why, err);
}
