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
#include <stddef.h>
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

enum option_kind { FLAG, TEXT, TEXTS };

static const struct option_row {
	const char *name;
	int bit; /* 0: every command takes it */
	enum option_kind kind;
	size_t at;	   /* bool, const char *, struct ctl_texts */
	const char *usage; /* "": as the one before says */
} option_rows[] = {
#define AT(member) offsetof(struct ctl, member)
    {"json", 0, FLAG, AT(json), ""},
    {"password-stdin", PASSWORD, FLAG, AT(password_stdin),
	"[--password-stdin | --generate]"},
    {"generate", PASSWORD, FLAG, AT(generate), ""},
    {"role", ROLE, TEXT, AT(role), "[--role administrator|operator|viewer]"},
    {"user", USER, TEXT, AT(user), "[--user NAME]"},
    {"scope", TOKEN, TEXT, AT(token.scope),
	"[--scope read|write|certificates]"},
    {"expires", TOKEN, TEXT, AT(token.expires), "[--expires DAYS]"},
    {"from", TOKEN, TEXT, AT(token.from), "[--from NETWORK,...]"},
    {"algorithm", KEY, TEXT, AT(key.algorithm),
	"[--algorithm p256|p384|rsa3072]"},
    {"name", KEY, TEXTS, AT(key.names), "[--name DNSNAME]..."},
    {"subject", KEY, TEXTS, AT(key.subject), "[--subject O=TEXT]..."},
    {"days", KEY, TEXT, AT(key.days), "[--days N]"},
    {"apply", CHANGE, TEXT, AT(change.apply), "[--apply restart|reload]"},
    {"dry-run", CHANGE, FLAG, AT(change.dry_run), "[--dry-run]"},
    {"confirm", CHANGE, TEXTS, AT(change.confirm), "[--confirm CODE]..."},
    {"event", FILTER, TEXT, AT(filter.event), "[--event NAME]"},
    {"outcome", FILTER, TEXT, AT(filter.outcome), "[--outcome NAME]"},
    {"text", FILTER, TEXT, AT(filter.text), "[--text TEXT]"},
    {"before", FILTER, TEXT, AT(filter.before), "[--before OFFSET]"},
    {"limit", LIMIT, TEXT, AT(limit), "[--limit N]"},
#undef AT
};

#define OPTIONS (sizeof(option_rows) / sizeof(option_rows[0]))

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

/* A command with its arguments and options, in lines of 78 columns. */
static void
usage_of(const struct command *c)
{
	int column;

	column = fprintf(stderr, "  %s%s%s", c->name, *c->arguments ? " " : "",
	    c->arguments);
	for (size_t i = 0; i < OPTIONS; i++) {
		const char *text = option_rows[i].usage;

		if ((c->options & option_rows[i].bit) == 0 || *text == '\0')
			continue;
		if (column + 1 + (int)strlen(text) > 78)
			column = fprintf(stderr, "\n         ") - 1;
		column += fprintf(stderr, " %s", text);
	}
	fprintf(stderr, "\n          %s\n", c->help);
}

/* Of the commands that begin with the word, or of all when none does. */
static int
usage(const char *word)
{
	bool some = false;

	for (size_t i = 0; word != NULL && i < COMMANDS; i++)
		some |= begins(&commands[i], word);
	fprintf(stderr, "usage: postsealctl [-c CONF] [--json] COMMAND\n");
	for (size_t i = 0; i < COMMANDS; i++)
		if (!some || begins(&commands[i], word))
			usage_of(&commands[i]);
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

/* The option into its place; -1 = usage. */
static int
take(struct ctl *ctl, const struct option_row *row, const char *value)
{
	void *at = (char *)ctl + row->at;
	struct ctl_texts *texts = at;

	if (row->kind == FLAG) {
		*(bool *)at = true;
	} else if (row->kind == TEXT) {
		*(const char **)at = value;
	} else {
		if (texts->n >= CTL_NAMES_MAX)
			return -1;
		texts->text[texts->n++] = value;
	}
	return 0;
}

/* -1 = usage. */
static int
read_options(
    struct ctl *ctl, int argc, char **argv, const char **conf, int *used)
{
	struct option longs[OPTIONS + 1] = {0};
	const struct option_row *row;
	int c, i;

	for (size_t n = 0; n < OPTIONS; n++) {
		longs[n].name = option_rows[n].name;
		longs[n].has_arg = option_rows[n].kind == FLAG
				       ? no_argument
				       : required_argument;
	}
	optind = 0;
	while ((c = getopt_long(argc, argv, "c:", longs, &i)) != -1) {
		if (c == 'c') {
			*conf = optarg;
			continue;
		}
		if (c != 0)
			return -1;
		row = &option_rows[i];
		*used |= row->bit;
		if (take(ctl, row, optarg) == -1)
			return -1;
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
