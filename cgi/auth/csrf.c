/*
 * csrf.c - the value that a form must bring back.
 *
 * With a session it is HMAC-SHA256(secret of the session, "csrf"): nothing to
 * store, and it changes with every log-in.  Before log-in a cookie of its own
 * holds a random value, and the form the HMAC of that ("double submit"): the
 * __Host- prefix keeps another host of the same domain from planting one, so
 * nobody can be logged in to a stranger's account.
 * API calls that come with the cookie instead of a token bring the same value
 * as X-CSRF-Token.
 */
#include <string.h>

#include <openssl/crypto.h>

#include "auth.h"
#include "core.h"
#include "util.h"

#define SECRET_BYTES 32
#define SECRET_HEX   (2 * SECRET_BYTES)

static bool
pre_cookie(const struct request *req, char dst[SECRET_HEX + 1])
{
	return request_cookie(req, COOKIE_LOGIN, dst, SECRET_HEX + 1) != NULL &&
	       strlen(dst) == SECRET_HEX &&
	       strspn(dst, "0123456789abcdef") == SECRET_HEX;
}

static int
derive(const char *secret, char dst[SHA256_HEX])
{
	return hmac_sha256_hex(secret, strlen(secret), "csrf", dst);
}

const char *
csrf_for_form(struct app *app, struct request *req, struct reply *reply)
{
	char secret[SECRET_HEX + 1];

	(void)app;
	if (req->who.known)
		return req->who.csrf;
	if (req->pre_csrf[0] != '\0')
		return req->pre_csrf;
	if (!pre_cookie(req, secret) &&
	    (random_hex(secret, SECRET_BYTES, NULL) == -1 ||
		reply_cookie(reply, COOKIE_LOGIN, secret, -1) == -1))
		goto out;
	if (derive(secret, req->pre_csrf) == -1)
		req->pre_csrf[0] = '\0';
out:
	OPENSSL_cleanse(secret, sizeof(secret));
	return req->pre_csrf;
}

static int
check(const char *want, const char *got, struct err *err)
{
	if (want[0] == '\0' || got == NULL || !str_equal_secret(want, got))
		return err_set(err, ERR_AUTH_CSRF, "csrf",
		    "the form's csrf value is not the one of this session");
	return 0;
}

int
csrf_check_form(struct app *app, struct request *req, struct err *err)
{
	const char *got = fields_str(&req->form, "csrf", NULL);
	char secret[SECRET_HEX + 1], want[SHA256_HEX] = "";
	int rc;

	(void)app;
	if (req->who.known)
		return check(req->who.csrf, got, err);
	if (pre_cookie(req, secret) && derive(secret, want) == -1)
		want[0] = '\0';
	rc = check(want, got, err);
	OPENSSL_cleanse(secret, sizeof(secret));
	return rc;
}

int
csrf_check_header(const struct request *req, struct err *err)
{
	return check(req->who.csrf, request_header(req, "X-CSRF-Token"), err);
}
