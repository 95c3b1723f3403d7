/*
 * audit.c - who did what, of postseald itself and of the web process.
 */
#include <string.h>

#include "audit_int.h"

int
audit_add(const struct conf *conf, const struct actor *actor, enum event event,
    const char *outcome, const char *detail, struct err *err)
{
	return audit_change(conf, actor, event, outcome, detail, NULL, err);
}

int
audit_change(const struct conf *conf, const struct actor *actor,
    enum event event, const char *outcome, const char *detail,
    const char *note, struct err *err)
{
	const struct audit_line l = {.actor = actor,
	    .event = event_name(event),
	    .outcome = outcome,
	    .detail = detail,
	    .note = note != NULL && *note != '\0' ? note : NULL};

	return (strcmp(outcome, "refused") == 0 ? audit_bounded : audit_write)(
	    conf, &l, err);
}

int
audit_claim(const struct conf *conf, const struct actor *actor,
    enum event event, const char *outcome, const char *detail, struct err *err)
{
	const struct audit_line l = {.actor = actor,
	    .event = event_name(event),
	    .outcome = outcome,
	    .detail = detail,
	    .claimed = true};

	return audit_bounded(conf, &l, err);
}
