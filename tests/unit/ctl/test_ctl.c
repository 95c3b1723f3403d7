/*
 * test_ctl.c - postsealctl from its arguments to its exit state, with a
 * database of its own and a child in the place of postseald.
 *
 * As root it must leave files of the web user's ("nobody" here) and no other.
 */
#include <ctype.h>

#include "../suite.h"
#include "ctl_rig.h"
#include "../../../src/ctl/command.h"
#include "tokens.h"

static const struct {
	const char *words, *input;
	int status;
} usages[] = {
    {"", "", EXIT_USAGE},
    {"bogus", "", EXIT_USAGE},
    {"use list", "", EXIT_USAGE},
    {"users list", "", EXIT_USAGE},
    {"user lis", "", EXIT_USAGE},
    {"user listed", "", EXIT_USAGE},
    {"list user", "", EXIT_USAGE},
    {"historyx", "", EXIT_USAGE},
    {"diff 1", "", EXIT_USAGE},
    {"diff 1 2 3", "", EXIT_USAGE},
    {"user list", "", EXIT_OK},
    {"user", "", EXIT_USAGE},
    {"user add", "", EXIT_USAGE},
    {"user add a b", "", EXIT_USAGE},
    {"user list x", "", EXIT_USAGE},
    {"user list --generate", "", EXIT_USAGE},
    {"user add a --user b", "", EXIT_USAGE},
    {"user add a --generate --password-stdin", "", EXIT_USAGE},
    {"user add a --password=x", "", EXIT_USAGE},
    {"user add a --generate --role", "", EXIT_USAGE},
    {"user add a --generate --role root", "", EXIT_FAILED},
    {"user add a --generate --scope read", "", EXIT_USAGE},
    {"user role a", "", EXIT_USAGE},
    {"user role a --role viewer", "", EXIT_NO_SUCH},
    {"user totp-reset a", "", EXIT_NO_SUCH},
    {"user add a --password-stdin", "Passw0rd2026!\n", EXIT_FAILED},
    {"session list", "", EXIT_OK},
    {"session delete 1", "", EXIT_NO_SUCH},
    {"session delete x", "", EXIT_NO_SUCH},
    {"token add t --user a --scope all", "", EXIT_FAILED},
    {"token add t --user a --expires never", "", EXIT_FAILED},
    {"token add t --user a --from here", "", EXIT_FAILED},
    {"token add t --user a --role viewer", "", EXIT_USAGE},
    {"user add a", "", EXIT_USAGE}, /* no terminal */
    {"token", "", EXIT_USAGE},
    {"token add", "", EXIT_USAGE},
    {"token add t --limit 3", "", EXIT_USAGE},
    {"token add t", "", EXIT_USAGE}, /* whose? there is nobody */
    {"status x", "", EXIT_USAGE},
    {"status --limit 3", "", EXIT_USAGE},
    {"history --limit", "", EXIT_USAGE},
    {"keys", "", EXIT_USAGE},
    {"keys add", "", EXIT_USAGE},
    {"keys list csr", "", EXIT_USAGE},
    {"keys list --days 3", "", EXIT_USAGE},
    {"keys delete", "", EXIT_USAGE},
    {"keys csr 1 2", "", EXIT_USAGE},
    {"keys add csr --limit 3", "", EXIT_USAGE},
    {"keys add csr --name", "", EXIT_USAGE},
    {"keys add csr --subject Example", "", EXIT_USAGE},
    {"keys add csr --subject X=Example", "", EXIT_USAGE},
    {"keys add csr --subject =Example", "", EXIT_USAGE},
    {"keys add self_signed --days x", "", EXIT_USAGE},
    {"keys add self_signed --days -1", "", EXIT_USAGE},
    {"user list --name a", "", EXIT_USAGE},
    {"test", "", EXIT_USAGE},
    {"test a b", "", EXIT_USAGE},
    {"test a --apply reload", "", EXIT_USAGE},
    {"test --limit 3 a", "", EXIT_USAGE},
    {"leave now", "", EXIT_USAGE},
    {"leave --limit 3", "", EXIT_USAGE},
    {"leave --confirm", "", EXIT_USAGE},
    {"history --limit 0", "", EXIT_FAILED},
    {"history --limit 1001", "", EXIT_FAILED},
    {"history --limit x", "", EXIT_FAILED},
    {"user add -a --generate", "", EXIT_USAGE},
    {"user add a/b --generate", "", EXIT_FAILED},
    {"user add a --password-stdin", "", EXIT_FAILED},
    {"user add a --password-stdin", "\n", EXIT_FAILED},
    {"user add a --password-stdin", "short\n", EXIT_FAILED},
    {"user add a --password-stdin",
	"\xff\xfe\xff\xfe\xff\xfe\xff\xfe\xff"
	"\xfe\xff\xfe\n",
	EXIT_FAILED},
    {"user passwd a --generate", "", EXIT_NO_SUCH},
    {"user delete a", "", EXIT_NO_SUCH},
    {"token delete 1", "", EXIT_NO_SUCH},
    {"token delete x", "", EXIT_NO_SUCH},
    {"token delete -- -1", "", EXIT_NO_SUCH},
    {"token delete 99999999999999999999", "", EXIT_NO_SUCH},
    {"token add t --user nobody", "", EXIT_NO_SUCH},
    {"-c /nonexistent/postseal.conf status", "", EXIT_FAILED},
};

START_TEST(exit_states)
{
	ck_assert_int_eq(
	    ctl(usages[_i].input, usages[_i].words), usages[_i].status);
	ck_assert_ptr_null(heard("audit.add"));
}
END_TEST

/* The same with --json: the error as JSON, its code known. */
/* Whoever is told to look up a command finds it, and what it shows works. */
START_TEST(examples)
{
	const struct command *c, *found;
	char words[512], *argv[ARGS_MAX], **args, *save = NULL, *w;
	struct err err;
	int n;

	for (c = commands; c->name != NULL; c++) {
		snprintf(words, sizeof(words), "%s --help", c->name);
		ck_assert_int_eq(ctl("", words), EXIT_OK);
		snprintf(words, sizeof(words), "  postsealctl %s", c->name);
		ck_assert_msg(strstr(out, words) != NULL &&
				  strstr(out, c->help) != NULL &&
				  strstr(out, c->example) != NULL,
		    "%s", out);

		snprintf(words, sizeof(words), "%s %s", c->name, c->example);
		n = 0;
		for (w = strtok_r(words, " ", &save); w != NULL;
		     w = strtok_r(NULL, " ", &save)) {
			if (strchr("-<>", *w) != NULL)
				break;
			argv[n++] = w;
		}
		found = command_find(argv, n, &args, &err);
		ck_assert_msg(found == c, "%s: %s", c->name, err.msg);
		snprintf(words, sizeof(words), "%s %s", c->name, c->example);
		words[strcspn(words, "<>")] = '\0';
		strncat(words, " --help", sizeof(words) - strlen(words) - 1);
		ck_assert_int_eq(ctl("", words), EXIT_OK);
	}
}
END_TEST

static const struct {
	const char *words, *says;
} faults[] = {
    {"", "no command"},
    {"usr add", "\"usr\""},
    {"user ad", "\"user ad\""},
    {"user", "user what? add, role"},
    {"user add", "NAME is missing"},
    {"diff 1", "diff: M is missing"},
    {"diff 1 2 3", "\"3\" is too much"},
    {"status --generate", "status takes no --generate"},
    {"status --password-stdin", "status takes no --password-stdin"},
    {"status --bogus", "no option --bogus"},
    {"history --limit", "--limit needs a value"},
};

START_TEST(names_what_was_wrong)
{
	struct json_object *o;
	char words[128];

	snprintf(words, sizeof(words), "--json %s", faults[_i].words);
	ck_assert_int_eq(ctl("", words), EXIT_USAGE);
	o = out_json();
	ck_assert_msg(strstr(jsonx_path_str(o, "error.detail", ""),
			  faults[_i].says) != NULL,
	    "%s", out);
	json_object_put(o);
}
END_TEST

START_TEST(errors_as_json)
{
	struct json_object *o;
	enum err_code code;

	ck_assert_int_eq(ctl("", "--json user delete a"), EXIT_NO_SUCH);
	o = out_json();
	ck_assert_int_eq(
	    err_from_name(jsonx_path_str(o, "error.code", ""), &code), 0);
	ck_assert_int_eq(code, ERR_USER_UNKNOWN);
	json_object_put(o);
}
END_TEST

static void
expect_audit(const char *event, const char *detail)
{
	struct json_object *o = heard("audit.add");

	ck_assert_str_eq(jsonx_path_str(o, "args.event", ""), event);
	ck_assert_str_eq(jsonx_path_str(o, "args.detail", ""), detail);
	ck_assert_str_eq(jsonx_path_str(o, "actor.via", ""), "ctl");
	ck_assert_str_ne(jsonx_path_str(o, "actor.user", ""), "");
	json_object_put(o);
}

START_TEST(users)
{
	struct json_object *o;
	char first[64];

	ck_assert_int_eq(
	    ctl("correct horse battery\n", "user add admin --password-stdin"),
	    EXIT_OK);
	ck_assert_str_eq(out, "");
	expect_audit("user.add", "admin");
	ck_assert_int_eq(ctl("", "user add Admin --generate"), EXIT_NO_SUCH);
	ck_assert_int_eq(ctl("", "user add bob --generate"), EXIT_OK);
	ck_assert_uint_eq(strlen(out), 25);
	strcpy(first, out);
	ck_assert_int_eq(ctl("", "user passwd bob --generate --json"), EXIT_OK);
	expect_audit("user.passwd", "bob");
	o = out_json();
	ck_assert_uint_eq(strlen(jsonx_path_str(o, "password", "")), 24);
	ck_assert_int_ne(
	    strncmp(first, jsonx_path_str(o, "password", ""), 24), 0);
	json_object_put(o);
	ck_assert_int_eq(ctl("", "user list --json"), EXIT_OK);
	o = out_json();
	ck_assert_uint_eq(json_object_array_length(jsonx_path(o, "users")), 2);
	json_object_put(o);
	ck_assert_int_eq(ctl("", "user list"), EXIT_OK);
	ck_assert_int_eq(strncmp(out, "name ", 5), 0);
	ck_assert_ptr_nonnull(strstr(out, "\nbob "));
	ck_assert_int_eq(ctl("", "user delete bob"), EXIT_OK);
	expect_audit("user.delete", "bob");
	ck_assert_int_eq(ctl("", "user list"), EXIT_OK);
	ck_assert_ptr_null(strstr(out, "bob"));
}
END_TEST

START_TEST(tokens)
{
	struct json_object *o;

	ctl("", "user add admin --generate");
	ck_assert_int_eq(ctl("", "token add renewal"), EXIT_OK);
	ck_assert_int_eq(strncmp(out, "pst_", 4), 0);
	ck_assert_uint_eq(strlen(out), TOKEN_LEN + 1);
	expect_audit("token.add", "renewal");
	ctl("", "user add bob --generate");
	ck_assert_int_eq(ctl("", "token add t"), EXIT_USAGE);
	ck_assert_int_eq(ctl("", "token add t --user bob --json"), EXIT_OK);
	o = out_json();
	ck_assert_str_eq(jsonx_path_str(o, "user", ""), "bob");
	ck_assert_int_eq(json_object_get_int(jsonx_path(o, "id")), 2);
	json_object_put(o);
	ck_assert_int_eq(ctl("", "token list"), EXIT_OK);
	ck_assert_ptr_nonnull(strstr(out, "renewal"));
	ck_assert_ptr_null(strstr(out, "pst_"));
	ck_assert_int_eq(ctl("", "token delete 1"), EXIT_OK);
	expect_audit("token.delete", "1");
	ck_assert_int_eq(ctl("", "token delete 1"), EXIT_NO_SUCH);
	ck_assert_int_eq(ctl("", "--json token list"), EXIT_OK);
	o = out_json();
	ck_assert_uint_eq(json_object_array_length(jsonx_path(o, "tokens")), 1);
	json_object_put(o);
}
END_TEST

/* Everything in the directory is the web user's, and private. */
START_TEST(files_of_the_web_user)
{
	struct passwd *pw = getpwnam("nobody");
	struct dirent *e;
	struct stat st;
	char name[300];
	DIR *d;
	int n = 0;

	ctl("", "user add admin --generate");
	ck_assert_int_eq(stat(path_of("web"), &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0700);
	d = opendir(path_of("web"));
	ck_assert_ptr_nonnull(d);
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "web/%s", e->d_name);
		ck_assert_int_eq(stat(path_of(name), &st), 0);
		ck_assert_int_eq(st.st_mode & 0077, 0);
		ck_assert_uint_eq(
		    st.st_uid, geteuid() == 0 ? pw->pw_uid : geteuid());
		n++;
	}
	closedir(d);
	ck_assert_int_ge(n, 1);
}
END_TEST

/* Roles and scopes as they come back. */
START_TEST(roles_and_scopes)
{
	struct json_object *o;

	ck_assert_int_eq(ctl("", "user add boss --generate"), EXIT_OK);
	ck_assert_int_eq(
	    ctl("", "user add vic --generate --role viewer"), EXIT_OK);
	ck_assert_int_eq(ctl("", "user role vic --role operator"), EXIT_OK);
	ck_assert_int_eq(ctl("", "user role boss --role viewer"), EXIT_FAILED);
	ck_assert_int_eq(ctl("", "--json user list"), EXIT_OK);
	o = out_json();
	ck_assert_ptr_nonnull(strstr(json_object_to_json_string_ext(o, 0),
	    "\"name\":\"boss\",\"role\":\"administrator\""));
	ck_assert_ptr_nonnull(strstr(json_object_to_json_string_ext(o, 0),
	    "\"name\":\"vic\",\"role\":\"operator\""));
	json_object_put(o);
	ck_assert_int_eq(ctl("", "token add all --user boss"), EXIT_OK);
	ck_assert_int_eq(ctl("", "token add some --user vic --scope "
				 "certificates --expires 9 --from 10.0.0.0/8"),
	    EXIT_OK);
	ck_assert_int_eq(ctl("", "--json token list"), EXIT_OK);
	o = out_json();
	ck_assert_ptr_nonnull(strstr(json_object_to_json_string_ext(o, 0),
	    "\"name\":\"all\",\"user\":\"boss\",\"scope\":\"write\""));
	ck_assert_ptr_nonnull(strstr(json_object_to_json_string_ext(o, 0),
	    "\"scope\":\"certificates\""));
	json_object_put(o);
	ck_assert_int_eq(ctl("", "user totp-reset vic"), EXIT_OK);
	/* the shell may leave nobody */
	ck_assert_int_eq(ctl("", "user delete boss"), EXIT_OK);
}
END_TEST

START_TEST(works_without_daemon)
{
	daemon_stop();
	ck_assert_int_eq(ctl("", "user add admin --generate"), EXIT_OK);
	ck_assert_int_eq(ctl("", "token add t"), EXIT_OK);
	ck_assert_int_eq(ctl("", "status"), EXIT_UNREACHABLE);
	ck_assert_int_eq(ctl("", "history"), EXIT_UNREACHABLE);
	ck_assert_int_eq(ctl("", "history --json"), EXIT_UNREACHABLE);
	json_object_put(out_json());
}
END_TEST

#define VIEW(postfix, usable, drift, live) \
	"{\"type\":\"result\",\"ok\":true,\"data\":{\"host\":\"mx\"," \
	"\"settings\":{\"inbound\":{\"enabled\":true,\"tls_only\":true}," \
	"\"outbound\":{\"enabled\":false}},\"generation\":{\"id\":7}," \
	"\"certificate\":{\"sha256\":\"ab\",\"leaf\":{\"subject\":" \
	"\"CN=mx\\u001b[0m\",\"days_left\":61}},\"postfix\":{\"state\":" \
	"\"" postfix "\",\"version\":\"3.7.11\"},\"usable\":" usable \
	",\"drift\":" drift ",\"draft\":{\"secret\":1},\"live\":" live "}}"
#define UNSEEN \
	"{\"proven\":false,\"protocol\":\"TLSv1.3\",\"cipher\":\"X\"," \
	"\"addresses\":[{\"address\":\"192.0.2.1\",\"port\":25,\"state\":" \
	"\"proven\"},{\"address\":\"192.0.2.2\",\"port\":25,\"state\":" \
	"\"blind\",\"detail\":\"554 no\"}]}"
#define CLOSED \
	"{\"proven\":false,\"addresses\":[],\"closed\":\"no inet service\"}"
#define LIVE "{\"protocol\":\"TLSv1.3\",\"cipher\":\"X\"}"

#define AUDIT(audit) VIEW("running", "true", "[]", LIVE ",\"audit\":" audit)

static const struct {
	const char *frame;
	int status;
	const char *says;
} views[] = {
    {VIEW("running", "true", "[]", LIVE), EXIT_OK, NULL},
    {VIEW("stopped", "true", "[]", LIVE), EXIT_ATTENTION, NULL},
    {VIEW("running", "false", "[]", LIVE), EXIT_ATTENTION, NULL},
    {VIEW("running", "true", "[{}]", LIVE), EXIT_ATTENTION, NULL},
    {VIEW("running", "true", "[]", "{\"error\":{\"code\":\"probe.connect\"}}"),
	EXIT_ATTENTION, NULL},
    {VIEW("running", "true", "[]", "null"), EXIT_ATTENTION, NULL},
    {"{\"type\":\"result\",\"ok\":true,\"data\":{}}", EXIT_ATTENTION, NULL},
    {AUDIT("{\"writable\":true,\"chain\":{\"holds\":true},"
	   "\"throttled\":false,\"collapsed\":0}"),
	EXIT_OK, NULL},
    {AUDIT("{\"writable\":true,\"chain\":null,\"collapsed\":7}"), EXIT_OK,
	"7 refusals counted together"},
    {AUDIT("{\"writable\":true,\"chain\":{\"holds\":false,\"file\":"
	   "\"audit.log.1\",\"line\":4,\"fault\":\"changed\"}}"),
	EXIT_ATTENTION, "audit.log.1, line 4, changed"},
    {AUDIT("{\"writable\":true,\"throttled\":true}"), EXIT_ATTENTION,
	"too much at once"},
    {AUDIT("{\"writable\":false,\"error\":\"no room\"}"), EXIT_ATTENTION,
	"no room"},
    {"{\"type\":\"result\",\"ok\":false,\"error\":{\"code\":"
     "\"postfix.missing\"}}",
	EXIT_FAILED, NULL},
    {"{\"type\":\"result\"}", EXIT_FAILED, NULL},
    {"[]", EXIT_FAILED, NULL},
};

START_TEST(shows_status)
{
	struct json_object *o;

	write_file("status", views[_i].frame);
	ck_assert_int_eq(ctl("", "status"), views[_i].status);
	if (_i == 0) {
		ck_assert_ptr_nonnull(strstr(out, "required"));
		ck_assert_ptr_nonnull(strstr(out, "61 days left"));
		ck_assert_ptr_nonnull(strstr(out, "TLSv1.3"));
		ck_assert_ptr_null(strchr(out, '\x1b'));
	}
	if (views[_i].says != NULL)
		ck_assert_msg(strstr(out, views[_i].says) != NULL, "%s", out);
	ck_assert_int_eq(ctl("", "status --json"), views[_i].status);
	o = out_json();
	ck_assert_ptr_null(jsonx_path(o, "draft"));
	json_object_put(o);
	o = heard("status");
	ck_assert(json_object_get_boolean(jsonx_path(o, "args.probe")));
	json_object_put(o);
}
END_TEST

/* What the last look at each address saw. */
START_TEST(says_what_was_seen)
{
	write_file("status", VIEW("running", "true", "[]", UNSEEN));
	ck_assert_int_eq(ctl("", "status"), EXIT_OK);
	ck_assert_ptr_nonnull(strstr(out, "192.0.2.1 port 25: proven\n"));
	ck_assert_ptr_nonnull(strstr(out,
	    "192.0.2.2 port 25: not seen, this host is turned away: 554 no\n"));
	write_file("status", VIEW("running", "true", "[]", CLOSED));
	ck_assert_int_eq(ctl("", "status"), EXIT_OK);
	ck_assert_ptr_nonnull(strstr(out, "nothing listens: no inet service"));
	ck_assert_ptr_null(strstr(out, "no TLS"));
}
END_TEST

/* Before the first Save: what Postfix has, whoever set it. */
START_TEST(shows_first_sight)
{
	static const char *const told[] = {"not managed yet",
	    "smtp_tls_security_level = dane", "CN=rsa", "RSA 3072",
	    "61 days left", "CN=ec", "EC P-256", "9 days left", NULL};
	size_t i;

	write_file("status",
	    "{\"type\":\"result\",\"ok\":true,\"data\":{\"host\":\"mx\","
	    "\"settings\":{\"inbound\":{\"enabled\":true}},\"generation\":"
	    "null,\"own\":[{\"parameter\":\"smtp_tls_security_level\","
	    "\"value\":\"dane\"}],\"certificate\":{\"leaf\":{\"subject\":"
	    "\"CN=rsa\",\"key\":{\"label\":\"RSA 3072\"},\"days_left\":61},"
	    "\"more\":[{\"leaf\":{\"subject\":\"CN=ec\",\"key\":{\"label\":"
	    "\"EC P-256\"},\"days_left\":9}}]},\"postfix\":{\"state\":"
	    "\"running\"},\"usable\":true,\"drift\":[],\"live\":" LIVE "}}");
	ck_assert_int_eq(ctl("", "status"), EXIT_OK);
	for (i = 0; told[i] != NULL; i++)
		ck_assert_msg(
		    strstr(out, told[i]) != NULL, "no %s: %s", told[i], out);
}
END_TEST

/* A terminal obeys C1 controls and lines that turn around: told, not sent. */
START_TEST(nothing_for_the_terminal)
{
	static const char name[] = "a\xc2\x9b"
				   "2J\x7f\xe2\x80\xae"
				   "b\xf3\xa0\x81\x81"
				   "\xe6\x97\xa5";
	struct json_object *o;

	write_file("generations.list",
	    "{\"type\":\"result\",\"ok\":true,\"data\":{\"generations\":["
	    "{\"id\":2,\"by\":\"a\\u009b2J\\u007f\\u202eb\\udb40\\udc41"
	    "\\u65e5\"}]}}");
	ck_assert_int_eq(ctl("", "history --json"), EXIT_OK);
	ck_assert_ptr_null(strstr(out, "\xc2\x9b"));
	ck_assert_ptr_null(strstr(out, "\xe2\x80\xae"));
	ck_assert_ptr_null(strchr(out, '\x7f'));
	ck_assert_ptr_nonnull(strstr(out, "\\u009b"));
	ck_assert_ptr_nonnull(strstr(out, "\xe6\x97\xa5"));
	ck_assert_int_eq(ctl("", "history"), EXIT_OK);
	ck_assert_ptr_nonnull(strstr(out, "\xe6\x97\xa5"));
	ck_assert_ptr_null(strstr(out, "\xc2\x9b"));
	ck_assert_int_eq(ctl("", "history --json"), EXIT_OK);
	/* It says what it said. */
	o = out_json();
	ck_assert_str_eq(
	    json_object_get_string(jsonx_path(
		json_object_array_get_idx(jsonx_path(o, "generations"), 0),
		"by")),
	    name);
	json_object_put(o);
}
END_TEST

START_TEST(shows_history)
{
	struct json_object *o;

	write_file("generations.list",
	    "{\"type\":\"result\",\"ok\":true,\"data\":{\"generations\":["
	    "{\"id\":2,\"at\":\"2026-11-24T04:00:00Z\",\"by\":\"admin\","
	    "\"outcome\":\"applied\",\"in_force\":true},{\"id\":1}]}}");
	ck_assert_int_eq(ctl("", "history --limit 5"), EXIT_OK);
	ck_assert_ptr_nonnull(strstr(out, "\n2   2026-11-24T04:00:00Z"));
	ck_assert_ptr_nonnull(strstr(out, "\n1   -"));
	o = heard("generations.list");
	ck_assert_int_eq(json_object_get_int(jsonx_path(o, "args.limit")), 5);
	json_object_put(o);
	ck_assert_int_eq(ctl("", "history --json"), EXIT_OK);
	o = out_json();
	ck_assert_uint_eq(
	    json_object_array_length(jsonx_path(o, "generations")), 2);
	json_object_put(o);
}
END_TEST

#define KEY \
	"{\"id\":\"0123456789abcdef\",\"kind\":\"csr\",\"subject\":\"CN=mx\"," \
	"\"csr\":\"-----BEGIN X-----\\n\",\"tlsa\":[{\"record\":\"_25 b\"}]}"
#define RESULT(data) "{\"type\":\"result\",\"ok\":true,\"data\":" data "}"

START_TEST(keys_made_here)
{
	struct json_object *o;

	write_file("keys.add", RESULT(KEY));
	write_file("keys.get", RESULT(KEY));
	write_file("keys.delete", RESULT("{}"));
	write_file("keys.list",
	    RESULT("{\"keys\":[" KEY "],\"tlsa\":[{\"record\":\"_25 a\"}]}"));
	ck_assert_int_eq(
	    ctl("", "keys add csr --algorithm rsa3072 --name a.test --name "
		    "b.test --subject O=X=Y --subject C=JP --days 90"),
	    EXIT_OK);
	ck_assert_str_eq(out, "0123456789abcdef\n");
	o = heard("keys.add");
	ck_assert_str_eq(json_object_to_json_string_ext(
			     jsonx_path(o, "args"), JSON_C_TO_STRING_PLAIN),
	    "{\"kind\":\"csr\",\"algorithm\":\"rsa3072\",\"names\":["
	    "\"a.test\",\"b.test\"],\"subject\":{\"organization\":\"X=Y\","
	    "\"country\":\"JP\"},\"days\":90}");
	json_object_put(o);
	ck_assert_int_eq(ctl("", "keys list"), EXIT_OK);
	ck_assert_ptr_nonnull(strstr(out, "_25 a ; in use\n"));
	ck_assert_ptr_nonnull(strstr(out, "_25 b ; 0123456789abcdef\n"));
	ck_assert_int_eq(ctl("", "keys csr 0123456789abcdef"), EXIT_OK);
	ck_assert_str_eq(out, "-----BEGIN X-----\n");
	ck_assert_int_eq(ctl("", "keys csr 0123456789abcdef --json"), EXIT_OK);
	json_object_put(out_json());
	ck_assert_int_eq(ctl("", "keys delete 0123456789abcdef"), EXIT_OK);
	ck_assert_str_eq(out, "");
	write_file("keys.delete",
	    "{\"type\":\"result\",\"ok\":false,\"error\":{\"code\":"
	    "\"keys.unknown\"}}");
	ck_assert_int_eq(ctl("", "keys delete 1"), EXIT_NO_SUCH);
}
END_TEST

/* Generated passwords use the whole alphabet evenly. */
START_TEST(generated_is_even)
{
	char pw[CTL_PASSWORD_SIZE];
	struct ctl ctx = {.generate = true};
	int count[128] = {0}, kinds = 0;

	for (int i = 0; i < 400; i++) {
		ck_assert_int_eq(ctl_password(&ctx, pw, NULL), 0);
		for (char *p = pw; *p != '\0'; p++)
			count[(int)*p]++;
	}
	for (int c = 0; c < 128; c++) {
		if (count[c] == 0)
			continue;
		kinds++;
		/* 9600 characters of 32: 300 each, 17 the deviation */
		ck_assert_int_gt(count[c], 190);
		ck_assert_int_lt(count[c], 410);
		/* as the page for invitations folds them */
		ck_assert_int_eq(c, tolower(c));
	}
	ck_assert_int_eq(kinds, 32);
	ck_assert_int_eq(count['0'] + count['o'] + count['l'] + count['1'], 0);
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, exit_states, 0, N(usages));
	tcase_add_test(t, examples);
	tcase_add_loop_test(t, names_what_was_wrong, 0, N(faults));
	tcase_add_test(t, errors_as_json);
	tcase_add_test(t, users);
	tcase_add_test(t, tokens);
	tcase_add_test(t, files_of_the_web_user);
	tcase_add_test(t, works_without_daemon);
	tcase_add_test(t, roles_and_scopes);
	tcase_add_loop_test(t, shows_status, 0, N(views));
	tcase_add_test(t, shows_first_sight);
	tcase_add_test(t, says_what_was_seen);
	tcase_add_test(t, nothing_for_the_terminal);
	tcase_add_test(t, shows_history);
	tcase_add_test(t, keys_made_here);
	tcase_add_test(t, generated_is_even);
	return suite_run("ctl", t) == 0 ? 0 : 1;
}
