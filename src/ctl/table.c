/*
 * table.c - the commands of commands.def and their options, found by words.
 */
#include <stddef.h>
#include <string.h>

#include "command.h"

enum option_bit {
	PASSWORD = 1,
	USER = 2,
	LIMIT = 4,
	KEY = 8,
	CHANGE = 16,
	FILTER = 32,
	ROLE = 64,
	TOKEN = 128,
	SETUP = 256,
	REPORT = 512
};

const struct option_row option_rows[] = {
#define AT(member) offsetof(struct ctl, member)
    {"json", 0, FLAG, AT(json), ""},
    {"help", 0, FLAG, AT(help), ""},
    {"password-stdin", PASSWORD, FLAG, AT(password_stdin),
	"[--password-stdin | --generate]"},
    {"generate", PASSWORD, FLAG, AT(generate), ""},
    {"role", ROLE, TEXT, AT(role), "[--role administrator|operator|viewer]"},
    {"user", USER, TEXT, AT(user), "[--user NAME]"},
    {"scope", TOKEN, TEXT, AT(token.scope),
	"[--scope read|write|certificates]"},
    {"certificate", TOKEN, TEXT, AT(token.certificate), "[--certificate NAME]"},
    {"expires", TOKEN, TEXT, AT(token.expires), "[--expires DAYS]"},
    {"from", TOKEN, TEXT, AT(token.from), "[--from NETWORK,...]"},
    {"algorithm", KEY, TEXT, AT(key.algorithm),
	"[--algorithm p256|p384|rsa3072]"},
    {"name", KEY, TEXTS, AT(key.names), "[--name DNSNAME]..."},
    {"subject", KEY, TEXTS, AT(key.subject), "[--subject O=TEXT]..."},
    {"days", KEY | REPORT, TEXT, AT(days), "[--days N]"},
    {"apply", CHANGE, TEXT, AT(change.apply), "[--apply restart|reload]"},
    {"dry-run", CHANGE, FLAG, AT(change.dry_run), "[--dry-run]"},
    {"confirm", CHANGE, TEXTS, AT(change.confirm), "[--confirm CODE]..."},
    {"note", CHANGE, TEXT, AT(change.note), "[--note TEXT]"},
    {"event", FILTER, TEXT, AT(filter.event), "[--event NAME]"},
    {"outcome", FILTER, TEXT, AT(filter.outcome), "[--outcome NAME]"},
    {"text", FILTER, TEXT, AT(filter.text), "[--text TEXT]"},
    {"before", FILTER, TEXT, AT(filter.before), "[--before OFFSET]"},
    {"check", SETUP, FLAG, AT(setup.check), "[--check]"},
    {"hostname", SETUP, TEXT, AT(setup.hostname), "[--hostname NAME]"},
    {"listen", SETUP, TEXT, AT(setup.listen), "[--listen ADDRESS:PORT]"},
    {"admin", SETUP, TEXT, AT(setup.admin), "[--admin NAME]"},
    {"web", SETUP, TEXT, AT(setup.web), "[--web nginx|apache|lighttpd]"},
    {"file", REPORT, TEXTS, AT(report.files), "[--file LOG]..."},
    {"only", REPORT, TEXT, AT(report.only), "[--only plain|old|failed]"},
    {"csv", REPORT, FLAG, AT(report.csv), "[--csv]"},
    {"limit", LIMIT, TEXT, AT(limit), "[--limit N]"},
#undef AT
    {NULL, 0, FLAG, 0, NULL},
};

_Static_assert(sizeof(option_rows) / sizeof(option_rows[0]) <= OPTIONS_MAX,
    "read_options()");

const struct command commands[] = {
#define C(function, name, arguments, options, where, event, help, example) \
	{name, arguments, options, where, EVENT_##event, ctl_##function, help, \
	    example},
#include "commands.def"
#undef C
    {NULL, NULL, 0, NOWHERE, EVENT_NONE, NULL, NULL, NULL},
};

/* Of the arguments the one behind i others; its length in *len, 0: none. */
static const char *
argument(const struct command *c, int i, int *len)
{
	const char *s = c->arguments;

	for (; i > 0 && *s != '\0'; i--) {
		s += strcspn(s, " ");
		s += *s == ' ';
	}
	*len = (int)strcspn(s, " ");
	return s;
}

/* As many as it takes. */
static int
check_arguments(
    const struct command *c, char **words, int used, int n, struct err *err)
{
	const char *s;
	int len;

	for (int i = used; i < n; i++) {
		argument(c, i - used, &len);
		if (len == 0)
			return err_set(err, ERR_FIELD_UNKNOWN, "",
			    "%s: \"%.60s\" is too much", c->name, words[i]);
	}
	s = argument(c, n - used, &len);
	if (len > 0)
		return err_set(err, ERR_FIELD_MISSING, "",
		    "%s: %.*s is missing", c->name, len, s);
	return 0;
}

/* "user: add, role, passwd or list"; nothing when no command begins so. */
static void
second_words(const char *word, char *dst, size_t size)
{
	const struct command *c;
	size_t len = strlen(word), at = 0;

	*dst = '\0';
	for (c = commands; c->name != NULL && at < size; c++) {
		if (strncmp(c->name, word, len) == 0 && c->name[len] == ' ')
			at += (size_t)snprintf(dst + at, size - at, "%s%s",
			    at == 0 ? "" : ", ", c->name + len + 1);
	}
}

static void
no_such(char **words, int n, struct err *err)
{
	char known[160];

	if (n == 0) {
		err_set(err, ERR_FIELD_MISSING, "",
		    "no command; postsealctl --help has them all");
		return;
	}
	second_words(words[0], known, sizeof(known));
	if (*known != '\0' && n > 1)
		err_set(err, ERR_FIELD_UNKNOWN, "",
		    "there is no \"%.30s %.40s\"; %.30s: %s", words[0],
		    words[1], words[0], known);
	else if (*known != '\0')
		err_set(err, ERR_FIELD_MISSING, "", "%.30s what? %s", words[0],
		    known);
	else
		err_set(err, ERR_FIELD_UNKNOWN, "",
		    "there is no command \"%.60s\"; postsealctl --help has "
		    "them all",
		    words[0]);
}

const struct command *
command_find(char **words, int n, char ***ret_args, struct err *err)
{
	const struct command *c;
	int used;

	for (c = commands; c->name != NULL; c++) {
		if ((used = command_named(c->name, words, n)) == 0)
			continue;
		*ret_args = words + used;
		return check_arguments(c, words, used, n, err) == 0 ? c : NULL;
	}
	no_such(words, n, err);
	return NULL;
}

int
command_options(const struct command *c, uint64_t given, struct err *err)
{
	for (size_t i = 0; option_rows[i].name != NULL; i++) {
		if ((given >> i & 1) != 0 && option_rows[i].bit != 0 &&
		    (option_rows[i].bit & c->options) == 0)
			return err_set(err, ERR_FIELD_UNKNOWN, "",
			    "%s takes no --%s", c->name, option_rows[i].name);
	}
	return 0;
}
