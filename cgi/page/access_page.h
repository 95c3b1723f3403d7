/*
 * access_page.h - between the parts of the page /access: the buttons (access.c;
 * account.c of one's own account) and what is shown (access_view.c,
 * account_view.c, access_list.c, qr.c).
 */
#ifndef POSTSEAL_ACCESS_PAGE_H
#define POSTSEAL_ACCESS_PAGE_H

#include "access.h"
#include "once.h"
#include "page.h"
#include "totp.h"
#include "users.h"

/* access_view.c: what the page says besides its lists. */
struct access_page {
	const char *done;      /* key of a text, NULL = nothing was done */
	const struct err *why; /* what was refused */
};
int access_render(const struct page *, struct reply *,
    const struct access_page *, struct err *);
/* 303 */
int access_back(struct reply *, const char *to, struct err *why);
/* account_view.c: "account" of the context. */
int account_put(const struct page *, struct json_object *ctx, struct err *);
/* access_list.c: a list of ctx by "text", "sort" and "page" of the address,
 * `shown` of it, with the links to the others; path: its address. */
void access_narrow(const struct page *, struct json_object *ctx,
    const char *list, const char *path, size_t shown);
/* access_rows.c: "users", "tokens", "sessions" (user NULL: of all). */
int access_put_users(const struct page *, struct json_object *, struct err *);
int access_put_tokens(const struct page *, struct json_object *, struct err *);
int access_put_sessions(const struct page *, struct json_object *,
    const char *user, struct err *);
/* The forms as they were filled in, or their first state. */
void access_put_forms(const struct page *, struct json_object *);
/* account.c: the password of whoever presses, once more: field "current". */
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
int account_passkey_add(
    const struct page *, struct reply *, const char *arg, struct err *why);
int account_passkey_remove(
    const struct page *, struct reply *, const char *arg, struct err *why);
int account_end(
    const struct page *, struct reply *, const char *arg, struct err *why);
int account_sign_out(
    const struct page *, struct reply *, const char *arg, struct err *why);

/* qr.c: the squares of a QR code as the path of an SVG; *ret_size: its width
 * and height with the quiet zone. */
int qr_path(const char *text, struct buf *, int *ret_size);

#endif
