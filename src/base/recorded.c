/*
 * recorded.c - the names of the audit log's events.
 */
#include <stddef.h>
#include <string.h>

#include "recorded.h"

enum writer { DAEMON, CONSOLE };
enum kind { DEED, REFUSAL };

static const struct {
	const char *name;
	enum writer writer;
	enum kind kind;
} rows[EVENT__MAX] = {
    [EVENT_NONE] = {"", CONSOLE, DEED},
#define E(symbol, name, writer, kind) [EVENT_##symbol] = {name, writer, kind},
#include "recorded.def"
#undef E
};

const char *
event_name(enum event e)
{
	return rows[e].name;
}

enum event
event_named(const char *name)
{
	int e = EVENT__MAX;

	while (--e > EVENT_NONE && strcmp(rows[e].name, name) != 0)
		;
	return (enum event)e;
}

bool
event_is_daemons(enum event e)
{
	return rows[e].writer == DAEMON;
}

bool
event_is_refusal(enum event e)
{
	return rows[e].kind == REFUSAL;
}
