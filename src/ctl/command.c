/*
 * command.c - the way from argv to a command, and what it ran into.
 *
 * As root, everything that touches the database is done as the web user:
 * SQLite makes its files with the rights of whoever runs it, and one file of
 * root would lock the console out of its own database.
 */
#include <sys/stat.h>
#include <sys/wait.h>
#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "command.h"
#include "jsonx.h"
#include "users.h"
#include "util.h"

/* The option into its place; -1: too many. */
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

/* What getopt_long() did not take. */
static int
bad_option(int c, char **argv, struct err *err)
{
	return c == ':' ? err_set(err, ERR_FIELD_MISSING, "",
			      "%.60s needs a value", argv[optind - 1])
			: err_set(err, ERR_FIELD_UNKNOWN, "",
			      "there is no option %.60s", argv[optind - 1]);
}

/* *given: 1 << row of each. */
static int
read_options(struct ctl *ctl, int argc, char **argv, const char **conf,
    uint64_t *given, struct err *err)
{
	struct option longs[OPTIONS_MAX] = {0};
	int c, i;

	for (size_t n = 0; option_rows[n].name != NULL; n++) {
		longs[n].name = option_rows[n].name;
		longs[n].has_arg = option_rows[n].kind == FLAG
				       ? no_argument
				       : required_argument;
	}
	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":c:", longs, &i)) != -1) {
		if (c == 'c') {
			*conf = optarg;
			continue;
		}
		if (c != 0)
			return bad_option(c, argv, err);
		*given |= (uint64_t)1 << i;
		if (take(ctl, &option_rows[i], optarg) == -1)
			return err_set(err, ERR_FIELD_INVALID, "",
			    "--%s: at most %d of it", option_rows[i].name,
			    CTL_NAMES_MAX);
	}
	if (ctl->password_stdin && ctl->generate)
		return err_set(err, ERR_FIELD_INVALID, "",
		    "--password-stdin or --generate, not both");
	return 0;
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

	if (geteuid() != 0) {
		if (db_prepare(dir, geteuid(), getegid(), err) == 0)
			return 0;
		err->sys = EPERM; /* root's, or the web user's */
		return -1;
	}
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

	fprintf(stderr, "postsealctl: %s: %s%s\n", err_name(err->code),
	    err->msg,
	    geteuid() != 0 && (err->sys == EACCES || err->sys == EPERM)
		? ": run it as root"
		: "");
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
	if (WEXITSTATUS(status) == EXIT_OK && c->event != EVENT_NONE)
		ctl_audit(ctl, c->event, words[0]);
	return (enum ctl_exit)WEXITSTATUS(status);
}

/* A command that needs neither root nor the file works without them. */
static enum ctl_exit
run_command(
    struct ctl *ctl, const struct command *c, const char *conf, char **words)
{
	struct err err;

	err_clear(&err);
	ctl->conf_path = conf;
	if (c->where == NOWHERE)
		return execute(ctl, c, words);
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

int
ctl_run(struct ctl *ctl, int argc, char **argv)
{
	const char *conf = CONF_DEFAULT_PATH;
	const struct command *c;
	char **words;
	uint64_t given = 0;
	struct err err;

	err_clear(&err);
	umask(0077);
	ctl->commands = commands;
	ctl->options = option_rows;
	if (read_options(ctl, argc, argv, &conf, &given, &err) == 0) {
		if (ctl->help) {
			command_help(ctl, argv + optind, argc - optind);
			return EXIT_OK;
		}
		c = command_find(argv + optind, argc - optind, &words, &err);
		if (c != NULL && command_options(c, given, &err) == 0)
			return run_command(ctl, c, conf, words);
	}
	print_error(ctl, &err);
	return EXIT_USAGE;
}
