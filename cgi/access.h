/*
 * access.h - users, tokens and sessions: what the page and the API both do.
 *
 * Each changes the database, then tells the audit.  Whether the caller may is
 * already decided (may.c).  Secrets that come out are shown once; the caller
 * wipes them.
 */
#ifndef POSTSEAL_ACCESS_H
#define POSTSEAL_ACCESS_H

#include "page.h"

#include "core.h"

#define GENERATED_LEN 24

/* password "": one is made up, and given in made; else made becomes "". */
int access_user_add(struct app *, const struct request *, const char *name,
    enum role, const char *password, char made[GENERATED_LEN + 1],
    struct err *);
int access_user_password(struct app *, const struct request *, const char *name,
    const char *password, char made[GENERATED_LEN + 1], struct err *);
/* The asker's own, on the proof of the current one, which becomes one of the
 * new: ERR_AUTH_FAILED, field "current", when another was faster. */
int access_own_password(struct app *, const struct request *, struct proof *,
    const char *password, struct err *);
int access_user_role(struct app *, const struct request *, const char *name,
    enum role, struct err *);
int access_user_delete(
    struct app *, const struct request *, const char *name, struct err *);
/* Ends the user's sessions, too. */
int access_totp_reset(
    struct app *, const struct request *, const char *name, struct err *);
int access_token_add(struct app *, const struct request *,
    const struct token_want *, char token[TOKEN_LEN + 1], long *ret_id,
    struct err *);
int access_token_delete(
    struct app *, const struct request *, const char *id, struct err *);
/* user NULL: anybody's. */
int access_session_end(struct app *, const struct request *, const char *user,
    const char *id, struct err *);
/* All of the user's; keep: but this one. */
int access_sign_out(struct app *, const struct request *, const char *user,
    long keep, struct err *);
/* A number of days of a form, "" = 0; ERR_FIELD_INVALID. */
int access_days(const char *, int *, struct err *);

/* page_access.c, page_account.c: what the page says besides its lists. */
struct access_page {
	const char *done;     /* key of a text, NULL = nothing was done */
	const char *made_for; /* a secret to show once: key of its title */
	const char *made;     /* borrowed; NULL = none */
	/* borrowed; n_codes lines */
	char (*codes)[RECOVERY_LEN + 1];
	const struct err *why; /* what was refused */
};
int access_render(const struct page *, struct reply *,
    const struct access_page *, struct err *);
/* page_narrow.c: the lists of ctx by "text" and "sort" of the address. */
void access_narrow(const struct page *, struct json_object *ctx);
/* The password of whoever presses, once more: field "current". */
int account_password_again(
    const struct page *, struct reply *, struct proof *ret, struct err *why);
/* One's own account; 0 = answered, -1 = *why. */
int account_password(
    const struct page *, struct reply *, const char *arg, struct err *why);
int account_totp_start(
    const struct page *, struct reply *, const char *arg, struct err *why);
int account_totp_confirm(
    const struct page *, struct reply *, const char *arg, struct err *why);
int account_totp_off(
    const struct page *, struct reply *, const char *arg, struct err *why);
int account_end(
    const struct page *, struct reply *, const char *arg, struct err *why);
int account_sign_out(
    const struct page *, struct reply *, const char *arg, struct err *why);
/* "account" of the context. */
int account_put(const struct page *, struct json_object *ctx, struct err *);
/* 303 to /access?done=WORD#anchor */
int access_back(
    struct reply *, const char *done, const char *anchor, struct err *why);

/* qr.c: the squares of a QR code as the path of an SVG; *ret_size: its width
 * and height with the quiet zone. */
int qr_path(const char *text, struct buf *, int *ret_size);

#endif
