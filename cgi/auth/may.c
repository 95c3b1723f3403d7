/*
 * may.c - the one place that decides who may do what.
 *
 * Each row of routes[] names what it needs; serve.c asks here before a byte
 * of the body is read.  The pages ask the same table which controls to show,
 * and /access for each of its buttons, so that a control that is shown works
 * and one that is not shown is refused.
 *
 * postseald is told the user's name for its records and knows no roles: it
 * trusts the web process as far as an administrator.
 */
#include "core.h"

#define S(scope) (1u << SCOPE_##scope)

static const struct {
	enum role least;
	unsigned int scopes;  /* of a token that may */
	unsigned int reading; /* of a token that may GET */
	bool cookie_only;
	bool fresh; /* to change something, in a session */
} needs[MAY__MAX] = {
    [MAY_NOTHING] = {ROLE__MAX, 0, 0, true},
    [MAY_ANYONE] = {ROLE_NONE, 0, 0, false},
    [MAY_OWN] = {ROLE_VIEWER, 0, 0, true},
    [MAY_CHECK] = {ROLE_VIEWER, S(READ) | S(WRITE) | S(CERTIFICATES), 0, false},
    [MAY_READ] = {ROLE_VIEWER, S(READ) | S(WRITE), 0, false},
    [MAY_RENEW] = {ROLE_OPERATOR, S(WRITE) | S(CERTIFICATES), 0, false},
    [MAY_CHANGE] = {ROLE_OPERATOR, S(WRITE), 0, false},
    [MAY_ACCESS] = {ROLE_ADMINISTRATOR, S(WRITE), S(READ), false},
    /* No token: one that was found would make others, and users.  To revoke
     * one is done in a hurry, and lets nobody in. */
    [MAY_REVOKE] = {ROLE_ADMINISTRATOR, 0, S(WRITE) | S(READ), false, false},
    [MAY_GRANT] = {ROLE_ADMINISTRATOR, 0, S(WRITE) | S(READ), false, true},
};

int
may_check(const struct identity *who, enum need need, enum http_method method,
    struct err *err)
{
	const bool looks = method == HTTP_GET || method == HTTP_HEAD;
	unsigned int scopes;

	if (need == MAY_ANYONE)
		return 0;
	if ((unsigned int)need >= MAY__MAX || !who->known ||
	    who->role < needs[need].least)
		return err_set(
		    err, ERR_AUTH_FORBIDDEN, "", "not with this role");
	if (who->session == 0) {
		scopes = needs[need].scopes;
		if (looks)
			scopes |= needs[need].reading;
		if (needs[need].cookie_only || (scopes & 1u << who->scope) == 0)
			return err_set(err, ERR_AUTH_SCOPE, "",
			    "not with a token of scope %s",
			    scope_name(who->scope));
	}
	if (who->must_change && need != MAY_OWN)
		return err_set(err, ERR_AUTH_CHANGE, "",
		    "a password of one's own has to be chosen first");
	if (who->must_enrol && need != MAY_OWN)
		return err_set(err, ERR_AUTH_ENROL, "",
		    "a second factor has to be set up first");
	if (needs[need].fresh && !looks && !who->fresh)
		return err_set(err, ERR_AUTH_STEP_UP, "current",
		    "send {\"password\"} or {\"code\"} to POST /api/v1/proof, "
		    "then this again");
	return 0;
}

bool
may(const struct identity *who, enum need need)
{
	return may_check(who, need, HTTP_GET, NULL) == 0;
}
