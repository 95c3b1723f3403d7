/*
 * command.c - the commands of commands.def, and the way from argv to one of
 * them.
 *
 * As root, everything that touches the database is done as the web user:
 * SQLite makes its files with the rights of whoever runs it, and one file of
 * root would lock the console out of its own database.
 */
#include <sys/stat.h>
#include <sys/wait.h>
#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "ctl.h"
#include "jsonx.h"
#include "users.h"
#include "util.h"

enum option_bit {
	PASSWORD = 1,
	USER = 2,
	LIMIT = 4,
	KEY = 8,
	CHANGE = 16,
	FILTER = 32,
	ROLE = 64,
	TOKEN = 128
};

/* What usage says of each, in the order of the bits. */
static const struct {
	int bit;
	const char *text;
} option_usage[] = {
    {PASSWORD, " [--password-stdin | --generate]"},
    {USER, " [--user NAME]"},
    {LIMIT, " [--limit N]"},
    {KEY, " [--algorithm p256|p384|rsa3072]\n"
	  "           [--name DNSNAME]... "
	  "[--subject O=TEXT]... [--days N]"},
    {CHANGE, " [--apply restart|reload] [--dry-run]\n"
	     "           [--confirm CODE]..."},
    {FILTER, "\n           [--event NAME] [--outcome NAME] "
	     "[--text TEXT] [--before OFFSET]"},
    {ROLE, " [--role administrator|operator|viewer]"},
    {TOKEN, "\n           [--scope read|write|certificates] "
	    "[--expires DAYS] [--from NETWORK,...]"},
};

#define OPTIONS (sizeof(option_usage) / sizeof(option_usage[0]))

enum where { HOST, DATABASE };

static const struct command {
	const char *name;      /* one word or two */
	const char *arguments; /* "N M": their names; "" = none */
	int options;
	enum where where;
	const char *event; /* for the audit, NULL = nothing changes */
	ctl_fn fn;
	const char *help;
} commands[] = {
#define C(function, name, arguments, options, where, event, help) \
	{name, arguments, options, where, event, ctl_##function, help},
#include "commands.def"
#undef C
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static bool
begins(const struct command *c, const char *word)
{
	size_t len = strcspn(c->name, " ");

	return strlen(word) == len && strncmp(word, c->name, len) == 0;
}

/* Of the commands that begin with the word, or of all when none does. */
static int
usage(const char *word)
{
	const struct command *c;
	bool some = false;

	for (size_t i = 0; word != NULL && i < COMMANDS; i++)
		some |= begins(&commands[i], word);
	fprintf(stderr, "usage: postsealctl [-c CONF] [--json] COMMAND\n");
	for (size_t i = 0; i < COMMANDS; i++) {
		c = &commands[i];
		if (some && !begins(c, word))
			continue;
		fprintf(stderr, "  %s%s%s", c->name, *c->arguments ? " " : "",
		    c->arguments);
		for (size_t j = 0; j < OPTIONS; j++)
			if ((c->options & option_usage[j].bit) != 0)
				fputs(option_usage[j].text, stderr);
		fprintf(stderr, "\n           %s\n", c->help);
	}
	fprintf(stderr,
	    "exit: 0 done, 1 failed, 2 usage, 3 no such or already there,\n"
	    "      4 postseald unreachable, 5 needs attention\n");
	return EXIT_USAGE;
}

/* How many words[] the name takes; 0 when they say something else. */
static int
named(const char *name, char **words, int n)
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

/* The command, its arguments in *ret_args; NULL: there is none like that. */
static const struct command *
find(char **words, int n, char ***ret_args)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		const struct command *c = &commands[i];
		int used = named(c->name, words, n), want = *c->arguments != 0;

		for (const char *s = c->arguments; *s != '\0'; s++)
			want += *s == ' ';
		if (used > 0 && n == used + want) {
			*ret_args = words + used;
			return c;
		}
	}
	return NULL;
}

static int
list_add(const char **list, size_t *n, const char *value)
{
	if (*n >= CTL_NAMES_MAX)
		return -1;
	list[(*n)++] = value;
	return 0;
}

/* What "keys add" takes; -1 = usage. */
static int
read_key_option(struct ctl_key *key, int c, int *used)
{
	*used |= KEY;
	switch (c) {
	case 'A':
		key->algorithm = optarg;
		return 0;
	case 'D':
		key->days = optarg;
		return 0;
	case 'N':
		return list_add(key->name, &key->n_names, optarg);
	case 'S':
		return list_add(key->subject, &key->n_subject, optarg);
	default:
		return -1;
	}
}

/* What "restore", "adopt" and "audit" take; -1 = usage. */
static int
read_history_option(struct ctl *ctl, int c, int *used)
{
	struct ctl_change *change = &ctl->change;

	*used |= strchr("aRC", c) != NULL ? CHANGE : FILTER;
	switch (c) {
	case 'a':
		change->apply = optarg;
		return 0;
	case 'R':
		change->dry_run = true;
		return 0;
	case 'C':
		return list_add(change->confirm, &change->n_confirm, optarg);
	case 'e':
		ctl->filter.event = optarg;
		return 0;
	case 'o':
		ctl->filter.outcome = optarg;
		return 0;
	case 't':
		ctl->filter.text = optarg;
		return 0;
	default:
		ctl->filter.before = optarg;
		return 0;
	}
}

/* What users and tokens take. */
static int
read_access_option(struct ctl *ctl, int c, int *used)
{
	const struct {
		int c, bit;
		const char **to;
	} options[] = {
	    {'W', ROLE, &ctl->role},
	    {'X', TOKEN, &ctl->token.scope},
	    {'Y', TOKEN, &ctl->token.expires},
	    {'Z', TOKEN, &ctl->token.from},
	    {'u', USER, &ctl->user},
	    {'l', LIMIT, &ctl->limit},
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (options[i].c == c) {
			*options[i].to = optarg;
			*used |= options[i].bit;
			return 0;
		}
	}
	return -1;
}

/* -1 = usage. */
static int
read_options(
    struct ctl *ctl, int argc, char **argv, const char **conf, int *used)
{
	static const struct option longs[] = {
	    {"json", no_argument, NULL, 'j'},
	    {"password-stdin", no_argument, NULL, 'p'},
	    {"generate", no_argument, NULL, 'g'},
	    {"user", required_argument, NULL, 'u'},
	    {"limit", required_argument, NULL, 'l'},
	    {"role", required_argument, NULL, 'W'},
	    {"scope", required_argument, NULL, 'X'},
	    {"expires", required_argument, NULL, 'Y'},
	    {"from", required_argument, NULL, 'Z'},
	    {"algorithm", required_argument, NULL, 'A'},
	    {"name", required_argument, NULL, 'N'},
	    {"subject", required_argument, NULL, 'S'},
	    {"days", required_argument, NULL, 'D'},
	    {"apply", required_argument, NULL, 'a'},
	    {"dry-run", no_argument, NULL, 'R'},
	    {"confirm", required_argument, NULL, 'C'},
	    {"event", required_argument, NULL, 'e'},
	    {"outcome", required_argument, NULL, 'o'},
	    {"text", required_argument, NULL, 't'},
	    {"before", required_argument, NULL, 'b'},
	    {NULL, 0, NULL, 0},
	};
	int c;

	optind = 0;
	while ((c = getopt_long(argc, argv, "c:", longs, NULL)) != -1) {
		switch (c) {
		case 'c':
			*conf = optarg;
			break;
		case 'j':
			ctl->json = true;
			break;
		case 'p':
			ctl->password_stdin = true;
			*used |= PASSWORD;
			break;
		case 'g':
			ctl->generate = true;
			*used |= PASSWORD;
			break;
		case 'u':
		case 'l':
		case 'W':
		case 'X':
		case 'Y':
		case 'Z':
			if (read_access_option(ctl, c, used) == -1)
				return -1;
			break;
		case 'A':
		case 'N':
		case 'S':
		case 'D':
			if (read_key_option(&ctl->key, c, used) == -1)
				return -1;
			break;
		case '?':
			return -1;
		default:
			if (read_history_option(ctl, c, used) == -1)
				return -1;
		}
	}
	return ctl->password_stdin && ctl->generate ? -1 : 0;
}

static void
set_caller(struct ctl *ctl)
{
	const char *sudo = getenv("SUDO_USER");
	struct passwd *pw = getpwuid(getuid());

	if (sudo != NULL && user_name_valid(sudo))
		snprintf(ctl->caller, sizeof(ctl->caller), "%s", sudo);
	else
		snprintf(ctl->caller, sizeof(ctl->caller), "%s",
		    pw == NULL ? "unknown" : pw->pw_name);
}

static int
become_web_user(struct ctl *ctl, struct err *err)
{
	const char *dir = ctl->conf.web_state_directory;
	const char *name = ctl->conf.web_user;
	struct passwd *pw;

	if (geteuid() != 0)
		return db_prepare(dir, geteuid(), getegid(), err);
	if ((pw = getpwnam(name)) == NULL)
		return err_set(
		    err, ERR_CONFIG, "", "no user %s ([web] user)", name);
	if (db_prepare(dir, pw->pw_uid, pw->pw_gid, err) == -1)
		return -1;
	if (initgroups(name, pw->pw_gid) == -1 ||
	    setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) == -1 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) == -1)
		return err_sys(err, ERR_CONFIG, "", "become user %s", name);
	return 0;
}

static enum ctl_exit
exit_for(const struct err *err)
{
	static const struct {
		enum err_code code;
		enum ctl_exit status;
	} map[] = {
	    {ERR_USER_UNKNOWN, EXIT_NO_SUCH},
	    {ERR_USER_EXISTS, EXIT_NO_SUCH},
	    {ERR_TOKEN_UNKNOWN, EXIT_NO_SUCH},
	    {ERR_SESSION_UNKNOWN, EXIT_NO_SUCH},
	    {ERR_KEYS_UNKNOWN, EXIT_NO_SUCH},
	    {ERR_GEN_UNKNOWN, EXIT_NO_SUCH},
	    {ERR_APPLY_UNDO_FAILED, EXIT_ATTENTION},
	    {ERR_DAEMON_UNREACHABLE, EXIT_UNREACHABLE},
	    {ERR_FIELD_MISSING, EXIT_USAGE},
	};

	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++) {
		if (map[i].code == err->code)
			return map[i].status;
	}
	return EXIT_FAILED;
}

/* What stands in the way, and what Postfix said. */
static void
print_problem(struct json_object *problem)
{
	static const char *const lists[] = {"findings", "log"};
	struct json_object *list, *row;
	const char *parameter;

	for (size_t i = 0; i < 2; i++) {
		list = jsonx_path(problem, lists[i]);
		if (!json_object_is_type(list, json_type_array))
			continue;
		for (size_t j = 0; j < json_object_array_length(list); j++) {
			row = json_object_array_get_idx(list, j);
			if (i == 1) {
				ctl_text(stderr, json_object_get_string(row));
				continue;
			}
			parameter = jsonx_path_str(row, "args.parameter",
			    jsonx_path_str(row, "field", ""));
			fprintf(stderr, "  %s %s ",
			    jsonx_path_str(row, "severity", ""),
			    jsonx_path_str(row, "code", ""));
			ctl_text(stderr, parameter);
		}
	}
}

static void
print_error(struct ctl *ctl, const struct err *err)
{
	struct json_object *o, *e;

	fprintf(stderr, "postsealctl: %s: %s\n", err_name(err->code), err->msg);
	if (!ctl->json) {
		print_problem(ctl->problem);
		return;
	}
	o = json_object_new_object();
	e = ctl->problem != NULL ? json_object_get(ctl->problem)
				 : err_to_json(err);
	if (o != NULL && e != NULL &&
	    json_object_object_add(o, "error", e) == 0)
		e = NULL;
	if (o != NULL && e == NULL)
		ctl_json(ctl, json_object_get(o), NULL);
	json_object_put(o);
	json_object_put(e);
}

/* Run the command; its exit state. */
static enum ctl_exit
execute(struct ctl *ctl, const struct command *c, char **words)
{
	enum ctl_exit status = EXIT_OK;
	struct err err;

	err_clear(&err);
	if ((c->where == DATABASE && (become_web_user(ctl, &err) == -1 ||
					 db_open(ctl->conf.web_state_directory,
					     &ctl->db, &err) == -1)) ||
	    c->fn(ctl, words, &status, &err) == -1) {
		print_error(ctl, &err);
		status = exit_for(&err);
	}
	json_object_put(ctl->problem);
	ctl->problem = NULL;
	db_close(ctl->db);
	ctl->db = NULL;
	if (fflush(ctl->out) != 0 && status == EXIT_OK)
		status = EXIT_FAILED;
	return status;
}

/*
 * The child gives root up for good before it reads a file that the web
 * process can write; the parent keeps it, as postseald believes "ctl" of
 * root alone.
 */
static enum ctl_exit
execute_in_child(struct ctl *ctl, const struct command *c, char **words)
{
	int status;
	pid_t pid;

	fflush(ctl->out);
	if ((pid = fork()) == 0)
		_exit((int)execute(ctl, c, words));
	if (pid == -1 || waitpid(pid, &status, 0) == -1 || !WIFEXITED(status)) {
		log_warn("the child failed");
		return EXIT_FAILED;
	}
	if (WEXITSTATUS(status) == EXIT_OK && c->event != NULL)
		ctl_audit(ctl, c->event, words[0]);
	return (enum ctl_exit)WEXITSTATUS(status);
}

int
ctl_run(struct ctl *ctl, int argc, char **argv)
{
	const char *conf = CONF_DEFAULT_PATH;
	const struct command *c;
	char **words;
	struct err err;
	int used = 0;

	err_clear(&err);
	umask(0077);
	if (read_options(ctl, argc, argv, &conf, &used) == -1 ||
	    (c = find(argv + optind, argc - optind, &words)) == NULL ||
	    (used & ~c->options) != 0)
		return usage(optind < argc ? argv[optind] : NULL);
	conf_default(&ctl->conf);
	if (conf_read(&ctl->conf, conf, &err) == -1) {
		print_error(ctl, &err);
		return EXIT_FAILED;
	}
	set_caller(ctl);
	if (c->where == DATABASE)
		return execute_in_child(ctl, c, words);
	return execute(ctl, c, words);
}
