/*
 * command.c - the table of commands, and the way from argv to one of them.
 *
 * As root, everything that touches the database is done as the web user:
 * SQLite makes its files with the rights of who runs it, and one file of root
 * would lock the console out of its own database.
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
	OPT_PASSWORD = 1,
	OPT_USER = 2,
	OPT_LIMIT = 4,
	OPT_KEY = 8,
	OPT_CHANGE = 16,
	OPT_FILTER = 32,
	OPT_ROLE = 64,
	OPT_TOKEN = 128
};

/* What usage says of each, in the order of the bits. */
static const struct {
	int bit;
	const char *text;
} option_usage[] = {
    {OPT_PASSWORD, " [--password-stdin | --generate]"},
    {OPT_USER, " [--user NAME]"},
    {OPT_LIMIT, " [--limit N]"},
    {OPT_KEY, " [--algorithm p256|p384|rsa3072]\n"
	      "           [--name DNSNAME]... "
	      "[--subject O=TEXT]... [--days N]"},
    {OPT_CHANGE, " [--apply restart|reload] [--dry-run]\n"
		 "           [--confirm CODE]..."},
    {OPT_FILTER, "\n           [--event NAME] [--outcome NAME] "
		 "[--text TEXT] [--before OFFSET]"},
    {OPT_ROLE, " [--role administrator|operator|viewer]"},
    {OPT_TOKEN, "\n           [--scope read|write|certificates] "
		"[--expires DAYS] [--from NETWORK,...]"},
};

#define OPTIONS (sizeof(option_usage) / sizeof(option_usage[0]))

static const struct command {
	const char *group;
	const char *name;     /* "" = the group is the command */
	const char *argument; /* names for usage, NULL = none */
	int options;
	bool needs_db;
	const char *event; /* for the audit, NULL = nothing changes */
	ctl_fn fn;
} commands[] = {
    {"user", "add", "NAME", OPT_PASSWORD | OPT_ROLE, true, "user.add",
	ctl_user_add},
    {"user", "role", "NAME", OPT_ROLE, true, "user.role", ctl_user_role},
    {"user", "passwd", "NAME", OPT_PASSWORD, true, "user.passwd",
	ctl_user_passwd},
    {"user", "list", NULL, 0, true, NULL, ctl_user_list},
    {"user", "delete", "NAME", 0, true, "user.delete", ctl_user_delete},
    {"user", "totp-reset", "NAME", 0, true, "user.totp_reset",
	ctl_user_totp_reset},
    {"session", "list", NULL, 0, true, NULL, ctl_session_list},
    {"session", "delete", "ID", 0, true, "session.end", ctl_session_delete},
    {"token", "add", "NAME", OPT_USER | OPT_TOKEN, true, "token.add",
	ctl_token_add},
    {"token", "list", NULL, 0, true, NULL, ctl_token_list},
    {"token", "delete", "ID", 0, true, "token.delete", ctl_token_delete},
    {"status", "", NULL, 0, false, NULL, ctl_status},
    {"history", "", NULL, OPT_LIMIT, false, NULL, ctl_history},
    {"show", "", "N", 0, false, NULL, ctl_show},
    {"diff", "", "N M", 0, false, NULL, ctl_diff},
    {"restore", "", "N", OPT_CHANGE, false, NULL, ctl_restore},
    {"adopt", "", NULL, OPT_CHANGE, false, NULL, ctl_adopt},
    {"recover", "", NULL, 0, false, NULL, ctl_recover},
    {"audit", "", NULL, OPT_USER | OPT_LIMIT | OPT_FILTER, false, NULL,
	ctl_audit_log},
    {"keys", "list", NULL, 0, false, NULL, ctl_keys_list},
    {"keys", "add", "csr|self_signed", OPT_KEY, false, NULL, ctl_keys_add},
    {"keys", "delete", "ID", 0, false, NULL, ctl_keys_delete},
    {"keys", "csr", "ID", 0, false, NULL, ctl_keys_csr},
    {"scanner", "list", NULL, 0, false, NULL, ctl_scanner_list},
    {"scanner", "identity", NULL, 0, false, NULL, ctl_scanner_identity},
    {"scanner", "enrol", "NAME", 0, false, NULL, ctl_scanner_enrol},
    {"scanner", "trust", NULL, 0, false, NULL, ctl_scanner_trust},
    {"scanner", "remove", "NAME", 0, false, NULL, ctl_scanner_remove},
    {"scanner", "rotate", NULL, 0, false, NULL, ctl_scanner_rotate},
    {"scanner", "do", "WHAT", 0, false, NULL, ctl_scanner_do},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int
usage(void)
{
	fprintf(stderr, "usage: postsealctl [-c CONF] [--json] COMMAND\n");
	for (size_t i = 0; i < COMMANDS; i++) {
		fprintf(stderr, "       %s%s%s%s%s", commands[i].group,
		    *commands[i].name ? " " : "", commands[i].name,
		    commands[i].argument != NULL ? " " : "",
		    commands[i].argument != NULL ? commands[i].argument : "");
		for (size_t j = 0; j < OPTIONS; j++)
			if ((commands[i].options & option_usage[j].bit) != 0)
				fputs(option_usage[j].text, stderr);
		fputc('\n', stderr);
	}
	fprintf(stderr,
	    "exit: 0 done, 1 failed, 2 usage, 3 no such or already there,\n"
	    "      4 postseald unreachable, 5 needs attention\n");
	return EXIT_USAGE;
}

/* "N M" are two words. */
static int
arguments(const struct command *c)
{
	const char *s = c->argument;
	int n = s != NULL;

	for (; s != NULL && *s != '\0'; s++)
		n += *s == ' ';
	return n;
}

static const struct command *
find(char **words, int n)
{
	const struct command *c;
	int want;

	for (size_t i = 0; i < COMMANDS; i++) {
		c = &commands[i];
		want = 1 + (*c->name != '\0') + arguments(c);
		if (n == want && strcmp(words[0], c->group) == 0 &&
		    (*c->name == '\0' || strcmp(words[1], c->name) == 0))
			return c;
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
	*used |= OPT_KEY;
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

	*used |= strchr("aRC", c) != NULL ? OPT_CHANGE : OPT_FILTER;
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
	    {'W', OPT_ROLE, &ctl->role},
	    {'X', OPT_TOKEN, &ctl->token.scope},
	    {'Y', OPT_TOKEN, &ctl->token.expires},
	    {'Z', OPT_TOKEN, &ctl->token.from},
	    {'u', OPT_USER, &ctl->user},
	    {'l', OPT_LIMIT, &ctl->limit},
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
			*used |= OPT_PASSWORD;
			break;
		case 'g':
			ctl->generate = true;
			*used |= OPT_PASSWORD;
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
	if ((c->needs_db && (become_web_user(ctl, &err) == -1 ||
				db_open(ctl->conf.web_state_directory, &ctl->db,
				    &err) == -1)) ||
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
	    optind >= argc ||
	    (c = find(argv + optind, argc - optind)) == NULL ||
	    (used & ~c->options) != 0)
		return usage();
	conf_default(&ctl->conf);
	if (conf_read(&ctl->conf, conf, &err) == -1) {
		print_error(ctl, &err);
		return EXIT_FAILED;
	}
	set_caller(ctl);
	words = argv + optind + 1 + (*c->name != '\0');
	if (c->needs_db)
		return execute_in_child(ctl, c, words);
	return execute(ctl, c, words);
}
