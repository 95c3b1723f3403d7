/*
 * command.h - the tables behind postsealctl's words: its commands, from
 * commands.def, and its options; how a command is found, and what is said of
 * it.
 */
#ifndef POSTSEAL_CTL_COMMAND_H
#define POSTSEAL_CTL_COMMAND_H

#include <stdint.h>

#include "ctl.h"

enum option_kind { FLAG, TEXT, TEXTS };

struct option_row {
	const char *name;
	int bit; /* of command.options; 0: every command takes it */
	enum option_kind kind;
	size_t at;	   /* in struct ctl: bool, const char *, ctl_texts */
	const char *usage; /* "": as the one before says */
};

enum where { NOWHERE, HOST, DATABASE };

struct command {
	const char *name;      /* one word or two */
	const char *arguments; /* "N M": their names; "" = none */
	int options;
	enum where where;
	enum event event; /* EVENT_NONE = nothing changes */
	ctl_fn fn;
	const char *help, *example;
};

/* Both end with a row without a name. */
extern const struct option_row option_rows[];
extern const struct command commands[];
#define OPTIONS_MAX 64

/* The command that these words name, its arguments in *ret_args; NULL and one
 * line in *err when there is none like that. */
const struct command *command_find(
    char **words, int n, char ***ret_args, struct err *);
/* -1 and one line when an option that is given (1 << its row) is none of its. */
int command_options(const struct command *, uint64_t given, struct err *);

/* help.c.  How many words[] the name takes; 0 when they say something else. */
int command_named(const char *name, char **words, int n);
/* Help: of the command that the words name, of those that begin with the
 * first, or of all. */
void command_help(const struct ctl *, char **words, int n);

#endif
