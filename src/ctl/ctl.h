/*
 * ctl.h - postsealctl: the way in for root at a shell.
 *
 * A command is a row of commands.def: its name, arguments, options, where it
 * works, its help and its function.
 * Output: a table for people, with --json one object a command on stdout.
 * An error is one line on stderr, with --json {"error": {...}} on stdout.
 */
#ifndef POSTSEAL_CTL_H
#define POSTSEAL_CTL_H

#include <stdbool.h>
#include <stdio.h>

#include "conf.h"
#include "err.h"
#include "recorded.h"
#include "settings.h"
#include "store.h"
#include "users.h"

struct json_object;
struct command;
struct option_row;

/* Exit states; postsealctl.8 lists them. */
enum ctl_exit {
	EXIT_OK,
	EXIT_FAILED, /* the operation failed */
	EXIT_USAGE,
	EXIT_NO_SUCH, /* no such user, token, generation; or there already */
	EXIT_UNREACHABLE, /* postseald does not answer */
	EXIT_ATTENTION,	  /* something is not as it should be */
	EXIT_CHANGED = 10 /* setup: something was not there yet */
};

#define CTL_NAMES_MAX 64 /* postseald's limits are lower, and say so */

/* Of an option that may come again. */
struct ctl_texts {
	const char *text[CTL_NAMES_MAX];
	size_t n;
};

struct ctl {
	struct conf conf;
	struct db *db;
	bool json;
	bool help;
	bool password_stdin;
	bool generate;
	const char *user;  /* --user */
	const char *limit, *days; /* --limit, --days */
	const char *role;  /* --role */
	struct ctl_token { /* token add */
		const char *scope, *certificate, *expires, *from;
	} token;
	struct ctl_key { /* keys add */
		const char *algorithm;
		struct ctl_texts names, subject; /* "O=Example" */
	} key;
	struct ctl_change { /* restore, adopt */
		const char *apply, *note;
		bool dry_run;
		struct ctl_texts confirm;
	} change;
	struct ctl_filter { /* audit */
		const char *event, *outcome, *text, *before;
	} filter;
	const struct command *commands;	  /* for help.c */
	const struct option_row *options;
	struct ctl_report { /* report tls */
		struct ctl_texts files;
		const char *only;
		bool csv;
	} report;
	struct ctl_setup {
		bool check;
		const char *hostname, *listen, *admin, *web;
	} setup;
	const char *conf_path;
	char caller[64];	     /* who runs us, for the audit */
	struct json_object *problem; /* postseald's ERROR; owned */
	FILE *in, *out;		     /* stdin, stdout; tests have their own */
};

int ctl_run(struct ctl *, int argc, char **argv);

/* Commands: 0 or -1 with *err; *status when another exit state fits. */
typedef int (*ctl_fn)(
    struct ctl *, char **args, enum ctl_exit *status, struct err *);

/* commands.def: its functions, and the table of them in table.c. */
#define C(function, ...) \
	int ctl_##function(struct ctl *, char **, enum ctl_exit *, struct err *);
#include "commands.def"
#undef C

/* output.c */
/* A table of rows (array of objects); columns end with NULL. */
void ctl_table(FILE *, struct json_object *rows, const char *const *columns);
/* "label        value"; what a terminal would obey becomes '?'. */
void ctl_line(struct ctl *, const char *label, const char *value);
/* Lines of text, in the same way. */
void ctl_text(FILE *, const char *);
/* Takes the object over. */
int ctl_json(struct ctl *, struct json_object *, struct err *);
/* {key: value, ...} of strings, closed by NULL. */
struct json_object *ctl_object(const char *key, ...)
    __attribute__((__sentinel__));

/* setting.c */
/* A line a setting, but for those that are told already: what Postfix has (of
 * a VIEW's "current", or NULL) with "*" where the console sees to it, or what
 * the console made it. */
void ctl_settings(struct ctl *, struct json_object *settings,
    struct json_object *current, settings_mask told);

/* daemon.c */
int ctl_call(struct ctl *, const char *op, struct json_object *args,
    struct json_object **data, struct err *);
/* One audit line; a daemon that is not there is no failure. */
void ctl_audit(struct ctl *, enum event event, const char *detail);

/* password.c: from --password-stdin, --generate or the terminal. */
#define CTL_PASSWORD_SIZE (PASSWORD_MAX + 2)
int ctl_password(struct ctl *, char dst[CTL_PASSWORD_SIZE], struct err *);

#endif
