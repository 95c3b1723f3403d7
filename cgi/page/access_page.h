/*
 * access_page.h - between the parts of the page /access: the buttons (access.c;
 * account.c of one's own account) and what is shown (access_view.c,
 * account_view.c, access_list.c, qr.c).
 */
#ifndef POSTSEAL_ACCESS_PAGE_H
#define POSTSEAL_ACCESS_PAGE_H

#include "access.h"
#include "page.h"
#include "totp.h"
#include "users.h"

/* access_view.c: what the page says besides its lists. */
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
/* 303 to /access?done=WORD#anchor */
int access_back(
    struct reply *, const char *done, const char *anchor, struct err *why);
/* account_view.c: "account" of the context. */
int account_put(const struct page *, struct json_object *ctx, struct err *);
/* access_list.c: the lists of ctx by "text" and "sort" of the address. */
void access_narrow(const struct page *, struct json_object *ctx);
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
int account_end(
    const struct page *, struct reply *, const char *arg, struct err *why);
int account_sign_out(
    const struct page *, struct reply *, const char *arg, struct err *why);

/* qr.c: the squares of a QR code as the path of an SVG; *ret_size: its width
 * and height with the quiet zone. */
int qr_path(const char *text, struct buf *, int *ret_size);

#endif
