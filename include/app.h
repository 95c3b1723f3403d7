/*
 * app.h - what a worker of postseal.fcgi has at hand: configuration, database,
 * templates, texts.
 *
 * Everything is opened before the sandbox is entered; templates, locale and
 * the list of common words live in memory afterwards.
 */
#ifndef POSTSEAL_APP_H
#define POSTSEAL_APP_H

#include <stdint.h>

#include "catalog.h"
#include "conf.h"
#include "http.h"
#include "sandbox.h"

struct db;			/* store.h: SQLite */
struct wordlist;		/* store.h */
struct templates;		/* template.h */

struct app {
	struct conf		 conf;
	struct catalog		*texts;
	struct templates	*templates;
	struct buf		 openapi;	/* openapi.json, without paths */
	struct db		*db;
	struct wordlist		*list;		/* db owns it, in a worker */
	struct sandbox_state	 sandbox;	/* of this worker */
	int64_t			 refusal_ms;	/* when a stranger's refusal
						 * may be recorded again */
	int64_t			 health_ms;	/* when /healthz asks again */
	bool			 unrecorded;	/* what it heard last: the
						 * audit log has no room */
	int			 late_ms;	/* of a refused log-in with
						 * PAM; 0 = the usual */
};

#endif
