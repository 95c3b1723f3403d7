/*
 * help.c - what postsealctl says of itself: --help, version, and the words
 * that bash completes.
 */
#include <string.h>

#include "command.h"
#include "version.h"

int
command_named(const char *name, char **words, int n)
{
	size_t len;

	for (int i = 0; i < n; i++, name++) {
		len = strcspn(name, " ");
		if (strlen(words[i]) != len ||
		    strncmp(words[i], name, len) != 0)
			return 0;
		name += len;
		if (*name == '\0')
			return i + 1;
	}
	return 0;
}

static bool
begins(const struct command *c, const char *word)
{
	size_t len = strcspn(c->name, " ");

	return strlen(word) == len && strncmp(word, c->name, len) == 0;
}

/* A command with its arguments and options, in lines of 78 columns. */
static void
usage_of(const struct ctl *ctl, const struct command *c)
{
	FILE *out = ctl->out;
	const struct option_row *row;
	int column;

	column = fprintf(
	    out, "  %s%s%s", c->name, *c->arguments ? " " : "", c->arguments);
	for (row = ctl->options; row->name != NULL; row++) {
		if ((c->options & row->bit) == 0 || *row->usage == '\0')
			continue;
		if (column + 1 + (int)strlen(row->usage) > 78)
			column = fprintf(out, "\n         ") - 1;
		column += fprintf(out, " %s", row->usage);
	}
	fprintf(out, "\n          %s\n", c->help);
}

void
command_help(const struct ctl *ctl, char **words, int n)
{
	const struct command *c, *one = NULL;
	FILE *out = ctl->out;
	bool some = false;

	for (c = ctl->commands; c->name != NULL && n > 0; c++) {
		some |= begins(c, words[0]);
		if (one == NULL && command_named(c->name, words, n) > 0)
			one = c;
	}
	fprintf(out, "usage: postsealctl [-c CONF] [--json] COMMAND\n");
	for (c = ctl->commands; c->name != NULL; c++)
		if (one != NULL ? c == one : !some || begins(c, words[0]))
			usage_of(ctl, c);
	if (one != NULL)
		fprintf(out, "example:\n  postsealctl %s%s%s\n", one->name,
		    *one->example ? " " : "", one->example);
	else
		fprintf(out,
		    "postsealctl COMMAND --help has an example of each.\n");
	fprintf(out,
	    "exit: 0 done, 1 failed, 2 usage, 3 no such or already there,\n"
	    "      4 postseald unreachable, 5 needs attention, 10 setup: "
	    "changed\n");
}

int
ctl_version(
    struct ctl *ctl, char **args, enum ctl_exit *status, struct err *err)
{
	(void)args;
	(void)status;
	if (ctl->json)
		return ctl_json(
		    ctl, ctl_object("version", postseal_version, NULL), err);
	fprintf(ctl->out, "postseal %s\n", postseal_version);
	return 0;
}

/* What may follow an option: of "[--role administrator|viewer]" the choices,
 * spaces between them; "" where anything may. */
static void
choices(const struct option_row *row, char *dst, size_t size)
{
	const char *s = strchr(row->usage, ' ');

	*dst = '\0';
	if (row->kind == FLAG || s == NULL || strchr(s, '|') == NULL)
		return;
	(void)snprintf(dst, size, "%.*s", (int)strcspn(s + 1, "]"), s + 1);
	for (; *dst != '\0'; dst++)
		if (*dst == '|')
			*dst = ' ';
}

static void
complete_values(const struct ctl *ctl)
{
	FILE *out = ctl->out;
	const struct option_row *row;
	char words[128];

	fprintf(out,
	    "\tcase ${COMP_WORDS[COMP_CWORD - 1]} in\n"
	    "\t-c) COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n");
	for (row = ctl->options; row->name != NULL; row++) {
		if (row->kind == FLAG)
			continue;
		choices(row, words, sizeof(words));
		fprintf(out, "\t--%s) words=\"%s\" ;;\n", row->name, words);
	}
	fprintf(out, "\t*) words=$(_postsealctl_words \"$said\") ;;\n\tesac\n");
}

/* Does a command before this one begin with the same word. */
static bool
told(const struct ctl *ctl, const struct command *c)
{
	char word[32];

	(void)snprintf(
	    word, sizeof(word), "%.*s", (int)strcspn(c->name, " "), c->name);
	for (const struct command *k = ctl->commands; k < c; k++)
		if (begins(k, word))
			return true;
	return false;
}

static void
complete_options(const struct ctl *ctl, unsigned options)
{
	const struct option_row *row;

	for (row = ctl->options; row->name != NULL; row++)
		if (row->bit == 0 || (row->bit & options) != 0)
			fprintf(ctl->out, " --%s", row->name);
	fprintf(ctl->out, " ;;\n");
}

/* A line for each first word, which may be a command itself, and one for each
 * command. */
static void
complete_words(const struct ctl *ctl)
{
	FILE *out = ctl->out;
	const struct command *c, *k;
	unsigned options;
	int len;

	fprintf(out, "_postsealctl_words()\n{\n\tcase $1 in\n\t\"\") echo");
	for (c = ctl->commands; c->name != NULL; c++)
		if (!told(ctl, c))
			fprintf(
			    out, " %.*s", (int)strcspn(c->name, " "), c->name);
	fprintf(out, " --help --json -c ;;\n");
	for (c = ctl->commands; c->name != NULL; c++) {
		len = (int)strcspn(c->name, " ");
		if (c->name[len] == '\0' || told(ctl, c))
			continue;
		fprintf(out, "\t\" %.*s\") echo", len, c->name);
		options = 0;
		for (k = c; k->name != NULL; k++) {
			if (strncmp(k->name, c->name, (size_t)len) != 0)
				continue;
			if (k->name[len] == ' ')
				fprintf(out, " %s", k->name + len + 1);
			else if (k->name[len] == '\0')
				options = k->options;
		}
		complete_options(ctl, options);
	}
	for (c = ctl->commands; c->name != NULL; c++) {
		fprintf(out, "\t\" %s\"*) echo", c->name);
		complete_options(ctl, c->options);
	}
	fprintf(out, "\tesac\n}\n\n");
}

int
ctl_completion(
    struct ctl *ctl, char **args, enum ctl_exit *status, struct err *err)
{
	(void)args;
	(void)status;
	(void)err;
	fprintf(ctl->out,
	    "# bash completion, printed by \"postsealctl completion\".\n");
	complete_words(ctl);
	fprintf(ctl->out,
	    "_postsealctl()\n{\n"
	    "\tlocal cur=${COMP_WORDS[COMP_CWORD]} said= words i\n\n"
	    "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	    "\t\tcase ${COMP_WORDS[i]} in\n"
	    "\t\t-c) ((i++)) ;;\n"
	    "\t\t-*) ;;\n"
	    "\t\t*) said+=\" ${COMP_WORDS[i]}\" ;;\n"
	    "\t\tesac\n"
	    "\tdone\n");
	complete_values(ctl);
	fprintf(ctl->out,
	    "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\n"
	    "complete -F _postsealctl postsealctl\n");
	return 0;
}
