/*
 * access.h - users, tokens and sessions: what the page and the API both do.
 *
 * Each changes the database and writes to the audit log, or does neither
 * (record.c); sessions end in any case.  Whether the caller
 * may is already decided (may.c).  Secrets that come out are shown once; the
 * caller wipes them.
 */
#ifndef POSTSEAL_ACCESS_H
#define POSTSEAL_ACCESS_H

#include "core.h"
#include "tokens.h"
#include "users.h"

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
    const char *password, bool revoke_tokens, struct err *);
int access_user_role(struct app *, const struct request *, const char *name,
    enum role, struct err *);
int access_user_delete(
    struct app *, const struct request *, const char *name, struct err *);
/* A second factor for everybody, or as the configuration has it. */
int access_require_factor(
    struct app *, const struct request *, bool, struct err *);
/* The console's own address, "https://name:port": as configured, else as the
 * request came. */
#define ORIGIN_MAX 300
void access_origin(
    const struct app *, const struct request *, char dst[ORIGIN_MAX]);
/* Where somebody whose password was made up chooses another. */
#define JOIN_MAX 400
void access_join(const struct app *, const struct request *, const char *user,
    char dst[JOIN_MAX]);
/* Ends the user's sessions, too. */
int access_totp_reset(
    struct app *, const struct request *, const char *name, struct err *);
int access_token_add(struct app *, const struct request *,
    const struct token_want *, char token[TOKEN_LEN + 1], long *ret_id,
    struct err *);
/* All of the user's. */
int access_tokens_revoke(
    struct app *, const struct request *, const char *user, struct err *);
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

#endif
