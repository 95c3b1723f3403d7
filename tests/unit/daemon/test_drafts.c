/*
 * test_drafts.c - uploads that wait for Save: what is kept, what is shown,
 * what is on the disk, and that it goes.  No Postfix.
 */
#include <dirent.h>
#include <time.h>
#include <utime.h>

#include "talk.h"

#define ID "00000000000000000000000000000000000000000000000000000000000000aa"

static struct answer answer;

static struct json_object *
put_args(void)
{
	return args_new("{\"draft\":\"" ID "\"}");
}

/* DRAFT of the reply to a put, borrowed from answer. */
static struct json_object *
put(struct json_object *args)
{
	talk_done(&answer);
	ck_assert_msg(
	    talk("draft.put", args, &answer) == 0, "%s", talk_code(&answer));
	assert_no_secret(&answer);
	return jsonx_path(answer.last, "data.draft");
}

static struct json_object *
put_file(const char *field, const char *name)
{
	struct json_object *args = put_args();

	args_file(args, field, name);
	return put(args);
}

static struct json_object *
get(void)
{
	talk_done(&answer);
	ck_assert_int_eq(talk("connection.get", put_args(), &answer), 0);
	assert_no_secret(&answer);
	return jsonx_path(answer.last, "data.draft");
}

static void
drop(void)
{
	talk_done(&answer);
	ck_assert_int_eq(talk("draft.drop", put_args(), &answer), 0);
	talk_done(&answer);
}

static size_t
count(struct json_object *draft)
{
	return (size_t)json_object_object_length(jsonx_path(draft, "files"));
}

static bool
has_code(struct json_object *draft, const char *code, const char *field)
{
	struct json_object *list = jsonx_path(draft, "report.findings"), *row;
	size_t i;

	for (i = 0; list != NULL && i < json_object_array_length(list); i++) {
		row = json_object_array_get_idx(list, i);
		if (strcmp(jsonx_path_str(row, "code", ""), code) == 0 &&
		    (field == NULL ||
			strcmp(jsonx_path_str(row, "field", ""), field) == 0))
			return true;
	}
	return false;
}

START_TEST(one_after_the_other)
{
	struct json_object *d, *args;

	drop();
	ck_assert_ptr_null(get());
	args = put_args();
	args_file(args, "private_key", "leaf.key");
	json_object_object_add(args, "names",
	    args_new("{\"private_key\":\"C:\\\\keys\\\\le\\u0007af.key\"}"));
	d = put(args);
	ck_assert_uint_eq(count(d), 1);
	ck_assert_str_eq(jsonx_path_str(d, "files.private_key.name", ""),
	    "C:\\keys\\le?af.key");
	d = put_file("server_certificate", "leaf.pem");
	ck_assert_uint_eq(count(d), 2);
	d = put_file("ca_certificate", "int.pem");
	ck_assert_uint_eq(count(d), 3);
	ck_assert(json_object_get_boolean(jsonx_path(d, "report.ok")));
	ck_assert_str_eq(
	    jsonx_path_str(d, "report.certificate.leaf.common_name", ""),
	    "mx.example.test");
	/* It survives a reload of the page. */
	d = get();
	ck_assert_uint_eq(count(d), 3);
	ck_assert(json_object_get_boolean(jsonx_path(d, "report.ok")));
	ck_assert_str_eq(jsonx_path_str(d, "files.private_key.name", ""),
	    "C:\\keys\\le?af.key");
	ck_assert_int_eq(rig_sh("cd $R/state/drafts/" ID " && [ -z \"$(find . "
				"-type f ! -perm 600)\" ] && [ $(stat -c %%a "
				".) = 700 ]"),
	    0);
	drop();
	ck_assert_ptr_null(get());
	ck_assert_int_eq(rig_sh("[ ! -e $R/state/drafts/" ID " ]"), 0);
}
END_TEST

static struct json_object *
put_ca(const char *name)
{
	struct json_object *args = put_args();
	char path[256];
	struct buf b;

	snprintf(path, sizeof(path), "%s/cert/%s", rig_root, name);
	b = rig_read(path);
	json_object_object_add(args, "client_ca", jsonx_new_b64(b.data, b.len));
	buf_clear(&b);
	json_object_object_add(
	    args, "names", args_new("{\"client_ca\":\"clients.pem\"}"));
	return put(args);
}

/* CAs of clients' certificates wait beside the files of the certificate, and
 * neither speaks for the other. */
START_TEST(client_ca)
{
	struct json_object *d, *args;

	drop();
	d = put_ca("leaf.pem");
	ck_assert_ptr_null(jsonx_path(d, "client_ca"));
	ck_assert(has_code(d, "client_ca.not_ca", "client_ca"));
	d = put_ca("leaf.key");
	ck_assert_ptr_null(jsonx_path(d, "client_ca"));
	ck_assert(has_code(d, "client_ca.key", "client_ca"));
	d = put_ca("root.pem");
	ck_assert_uint_eq(count(d), 0);
	ck_assert_str_eq(
	    jsonx_path_str(d, "client_ca.name", ""), "clients.pem");
	ck_assert(jsonx_path_bool(d, "report.ok"));
	ck_assert_uint_eq(
	    jsonx_len(jsonx_path(d, "report.files.client_ca.certificates")), 1);
	d = put_file("private_key", "leaf.key");
	ck_assert_uint_eq(count(d), 1);
	ck_assert_ptr_nonnull(jsonx_path(d, "client_ca"));
	d = get();
	ck_assert_str_eq(
	    jsonx_path_str(d, "client_ca.name", ""), "clients.pem");
	ck_assert_int_eq(
	    rig_sh("cmp -s $R/cert/root.pem $R/state/drafts/" ID "/client_ca"),
	    0);
	args = put_args();
	json_object_object_add(args, "remove", args_new("[\"client_ca\"]"));
	d = put(args);
	ck_assert_ptr_null(jsonx_path(d, "client_ca"));
	ck_assert_uint_eq(count(d), 1);
	drop();
}
END_TEST

/* What the form was drawn from is the form's own: kept as it came, in bounds,
 * and replaced as a whole. */
static const struct {
	const char *was;
	bool taken;
} wases[] = {
    {"{\"idle_timeout\":\"5\",\"access_list\":\"\"}", true},
    {"{}", true},
    {"{\"x\":5}", false},
    {"{\"x\":null}", false},
    {"{\"x\":{\"y\":\"z\"}}", false},
    {"[]", false},
    {"\"x\"", false},
};

static void
refused_put(struct json_object *args)
{
	talk_done(&answer);
	ck_assert_int_eq(talk("draft.put", args, &answer), -1);
	ck_assert_str_eq(talk_code(&answer), "field.invalid");
	/* What was not kept takes no place. */
	ck_assert_int_eq(rig_sh("for d in $R/state/drafts/*; do [ ! -d $d ] || "
				"[ -e $d/draft.json ] || exit 1; done"),
	    0);
}

START_TEST(keeps_was)
{
	struct json_object *args, *d;
	char text[WAS_TEXT_MAX + 2];
	int i;

	drop();
	args = put_args();
	json_object_object_add(args, "was", args_new("{\"a\":\"b\"}"));
	d = put(args);
	ck_assert_str_eq(jsonx_path_str(d, "was.a", ""), "b");
	args = put_args();
	json_object_object_add(args, "was", json_tokener_parse(wases[_i].was));
	if (!wases[_i].taken) {
		refused_put(args);
		ck_assert_str_eq(jsonx_path_str(get(), "was.a", ""), "b");
		return;
	}
	put(args);
	ck_assert_str_eq(json_object_to_json_string_ext(
			     jsonx_path(get(), "was"), JSON_C_TO_STRING_PLAIN),
	    wases[_i].was);
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	args = put_args();
	d = json_object_new_object();
	json_object_object_add(d, "a", json_object_new_string(text));
	json_object_object_add(args, "was", d);
	refused_put(args);
	args = put_args();
	d = json_object_new_object();
	for (i = 0; i <= WAS_MAX; i++) {
		snprintf(text, sizeof(text), "f%d", i);
		json_object_object_add(d, text, json_object_new_string(""));
	}
	json_object_object_add(args, "was", d);
	refused_put(args);
	drop();
}
END_TEST

START_TEST(mismatch_is_kept_until_mended)
{
	struct json_object *d;

	drop();
	(void)put_file("private_key", "self.key");
	d = put_file("server_certificate", "leaf.pem");
	ck_assert_uint_eq(count(d), 2);
	ck_assert(has_code(d, "key.mismatch", NULL));
	ck_assert(!json_object_get_boolean(jsonx_path(d, "report.ok")));
	d = put_file("private_key", "leaf.key");
	ck_assert(!has_code(d, "key.mismatch", NULL));
	ck_assert(json_object_get_boolean(jsonx_path(d, "report.ok")));
	drop();
}
END_TEST

static const struct {
	const char *make, *field, *want_code;
} hopeless[] = {
    {": >x", "server_certificate", "file.empty"},
    {"echo rubbish >x", "server_certificate", NULL},
    {"head -c 3000 /dev/urandom >x", "private_key", NULL},
    {"{ cat self.pem; yes x | head -c 70000; } >x", "server_certificate",
	"file.too_large"},
    {"head -c 300 self.pem >x", "server_certificate", NULL},
    {"sed 's/^M/*/' self.pem >x", "server_certificate", NULL},
};

/* Reported, not kept; shown until the field is sent again. */
START_TEST(hopeless_files)
{
	struct json_object *d;
	const char *field = hopeless[_i].field;
	bool cert = strcmp(field, "server_certificate") == 0;

	drop();
	ck_assert_int_eq(rig_sh("cd $R/cert && %s", hopeless[_i].make), 0);
	(void)put_file(cert ? "private_key" : "server_certificate",
	    cert ? "self.key" : "self.pem");
	d = put_file(field, "x");
	ck_assert_uint_eq(count(d), 1);
	ck_assert(!json_object_get_boolean(jsonx_path(d, "report.ok")));
	if (hopeless[_i].want_code != NULL)
		ck_assert(has_code(d, hopeless[_i].want_code, field));
	d = get();
	ck_assert(!json_object_get_boolean(jsonx_path(d, "report.ok")));
	ck_assert_int_eq(
	    rig_sh("[ ! -e $R/state/drafts/" ID "/%s ]", field), 0);
	d = put_file(field, cert ? "self.pem" : "self.key");
	ck_assert_uint_eq(count(d), 2);
	ck_assert(json_object_get_boolean(jsonx_path(d, "report.ok")));
	drop();
}
END_TEST

/* A hopeless file does not take a good one with it. */
START_TEST(good_one_stays)
{
	struct json_object *d;

	drop();
	(void)put_file("server_certificate", "self.pem");
	ck_assert_int_eq(rig_sh("echo rubbish >$R/cert/x"), 0);
	d = put_file("server_certificate", "x");
	ck_assert_uint_eq(count(d), 0);
	ck_assert(!json_object_get_boolean(jsonx_path(d, "report.ok")));
	(void)put_file("server_certificate", "self.pem");
	(void)put_file("private_key", "self.key");
	d = put_file("ca_certificate", "x");
	ck_assert_uint_eq(count(d), 2);
	drop();
}
END_TEST

START_TEST(passphrase_is_kept_and_hidden)
{
	struct json_object *d, *args;

	drop();
	ck_assert_int_eq(rig_sh("cd $R/cert && openssl pkey -in self.key "
				"-aes256 -passout pass:'open sesame' -out "
				"enc.key"),
	    0);
	(void)put_file("server_certificate", "self.pem");
	d = put_file("private_key", "enc.key");
	ck_assert_uint_eq(count(d), 2);
	ck_assert(has_code(d, "key.encrypted", "private_key"));
	ck_assert(!json_object_get_boolean(jsonx_path(d, "passphrase")));
	args = put_args();
	json_object_object_add(
	    args, "passphrase", json_object_new_string("wrong"));
	d = put(args);
	ck_assert(has_code(d, "key.passphrase_wrong", NULL));
	args = put_args();
	json_object_object_add(
	    args, "passphrase", json_object_new_string("open sesame"));
	d = put(args);
	ck_assert(json_object_get_boolean(jsonx_path(d, "report.ok")));
	ck_assert(json_object_get_boolean(jsonx_path(d, "passphrase")));
	ck_assert_int_eq(rig_sh("[ $(stat -c %%a $R/state/drafts/" ID
				"/passphrase) = 600 ]"),
	    0);
	args = put_args();
	json_object_object_add(args, "passphrase", json_object_new_string(""));
	d = put(args);
	ck_assert(has_code(d, "key.encrypted", "private_key"));
	drop();
	ck_assert_int_eq(rig_sh("! grep -rq 'open sesame' $R/state"), 0);
}
END_TEST

START_TEST(choices_are_kept)
{
	struct json_object *d, *args = put_args();

	drop();
	json_object_object_add(args, "settings",
	    args_new("{\"inbound\":{\"enabled\":true},"
		     "\"outbound\":{\"enabled\":false}}"));
	json_object_object_add(args, "apply", json_object_new_string("reload"));
	(void)put(args);
	d = get();
	ck_assert(
	    json_object_get_boolean(jsonx_path(d, "settings.inbound.enabled")));
	ck_assert_str_eq(jsonx_path_str(d, "apply", ""), "reload");
	ck_assert_ptr_null(jsonx_path(d, "report"));
	/* A file later leaves them alone. */
	(void)put_file("server_certificate", "self.pem");
	d = get();
	ck_assert(
	    json_object_get_boolean(jsonx_path(d, "settings.inbound.enabled")));
	args = put_args();
	json_object_object_add(
	    args, "remove", args_new("[\"server_certificate\"]"));
	d = put(args);
	ck_assert_uint_eq(count(d), 0);
	ck_assert_ptr_null(jsonx_path(d, "report"));
	drop();
}
END_TEST

static void
age(const char *id, int seconds)
{
	struct utimbuf t = {time(NULL) - seconds, time(NULL) - seconds};
	char path[256];

	snprintf(
	    path, sizeof(path), "%s/state/drafts/%s/draft.json", rig_root, id);
	ck_assert_int_eq(utime(path, &t), 0);
}

START_TEST(swept)
{
	struct stat st;
	char path[256];

	drop();
	snprintf(path, sizeof(path), "%s/state/drafts/%s", rig_root, ID);
	(void)put_file("private_key", "self.key");
	drafts_sweep(&rig_conf);
	ck_assert_int_eq(stat(path, &st), 0);
	age(ID, 60 * rig_conf.draft_minutes - 5);
	drafts_sweep(&rig_conf);
	ck_assert_int_eq(stat(path, &st), 0);
	age(ID, 60 * rig_conf.draft_minutes + 5);
	drafts_sweep(&rig_conf);
	ck_assert_int_eq(stat(path, &st), -1);
}
END_TEST

/* What the first version (e01fcaf) left behind waits for today's Save. */
START_TEST(of_the_former_version)
{
	struct json_object *d;

	drop();
	ck_assert_int_eq(
	    rig_sh("d=$R/state/drafts; umask 077; mkdir -p $d && "
		   "cp -r tests/data/former/drafts/9* $d/" ID " && "
		   "sed -i 's/\"expires\":[0-9]*/\"expires\":9999999999/' "
		   "$d/" ID "/draft.json && chmod -R go= $d/" ID),
	    0);
	d = get();
	ck_assert_uint_eq(count(d), 2);
	ck_assert_str_eq(
	    jsonx_path_str(d, "files.private_key.name", ""), "b-key.pem");
	ck_assert(json_object_get_boolean(
	    jsonx_path(d, "settings.inbound.tls_only")));
	ck_assert_int_eq(json_object_get_int(
			     jsonx_path(d, "settings.interface.idle_timeout")),
	    9);
	/* One more choice goes on from there. */
	d = put_file("ca_certificate", "int.pem");
	ck_assert_uint_eq(count(d), 3);
	drop();
}
END_TEST

/* Past its time but not swept yet: as good as gone. */
START_TEST(expired)
{
	struct json_object *d;

	drop();
	(void)put_file("private_key", "self.key");
	ck_assert_int_eq(rig_sh("sed -i 's/\"expires\":[0-9]*/\"expires\":1/' "
				"$R/state/drafts/" ID "/draft.json"),
	    0);
	ck_assert_ptr_null(get());
	d = put_file("server_certificate", "self.pem");
	ck_assert_uint_eq(count(d), 1);
	ck_assert_int_eq(
	    rig_sh("[ ! -e $R/state/drafts/" ID "/private_key ]"), 0);
	drop();
}
END_TEST

START_TEST(at_most_so_many)
{
	struct json_object *args;
	char id[DRAFT_ID_LEN + 1];
	int i;

	drop();
	for (i = 0; i <= DRAFTS_MAX; i++) {
		snprintf(id, sizeof(id), "%064x", i);
		args = json_object_new_object();
		json_object_object_add(
		    args, "draft", json_object_new_string(id));
		json_object_object_add(args, "settings", args_new("{}"));
		talk_done(&answer);
		ck_assert_int_eq(
		    talk("draft.put", args, &answer), i < DRAFTS_MAX ? 0 : -1);
	}
	ck_assert_str_eq(talk_code(&answer), "draft.too_many");
	/* One that is there may still grow. */
	args = json_object_new_object();
	json_object_object_add(args, "draft",
	    json_object_new_string("000000000000000000000000000000000000000000"
				   "0000000000000000000001"));
	json_object_object_add(args, "settings", args_new("{}"));
	talk_done(&answer);
	ck_assert_int_eq(talk("draft.put", args, &answer), 0);
	talk_done(&answer);
	ck_assert_int_eq(rig_sh("rm -rf $R/state/drafts/*"), 0);
}
END_TEST

/* Damage on the disk is an error, not a crash, and drop gets rid of it. */
static const char *const damages[] = {"echo x >draft.json", ": >draft.json",
    "echo '{\"expires\":\"x\"}' >draft.json",
    "echo '{\"expires\":9999999999,\"report\":[]}' >draft.json",
    "rm private_key; mkdir private_key",
    "head -c 100000 /dev/zero >private_key"};

START_TEST(damaged)
{
	drop();
	(void)put_file("private_key", "self.key");
	ck_assert_int_eq(
	    rig_sh("cd $R/state/drafts/" ID " && %s", damages[_i]), 0);
	talk_done(&answer);
	ck_assert_int_eq(talk("connection.get", put_args(), &answer), -1);
	talk_done(&answer);
	drop();
	ck_assert_ptr_null(get());
}
END_TEST

START_TEST(inspect_stores_nothing)
{
	struct json_object *args = json_object_new_object();

	args_file(args, "server_certificate", "self.pem");
	args_file(args, "private_key", "self.key");
	talk_done(&answer);
	ck_assert_int_eq(talk("inspect", args, &answer), 0);
	assert_no_secret(&answer);
	ck_assert(
	    json_object_get_boolean(jsonx_path(answer.last, "data.report.ok")));
	args = json_object_new_object();
	args_file(args, "server_certificate", "self.pem");
	args_file(args, "private_key", "leaf.key");
	talk_done(&answer);
	ck_assert_int_eq(talk("inspect", args, &answer), 0);
	ck_assert(!json_object_get_boolean(
	    jsonx_path(answer.last, "data.report.ok")));
	talk_done(&answer);
	ck_assert_int_eq(rig_sh("[ -z \"$(ls $R/state/drafts "
				"$R/state/generations | grep -v :)\" ] && ! "
				"grep -rq PRIVATE $R/state"),
	    0);
}
END_TEST

/* What a second look costs is for one file of a user at a time. */
static int
lock_of(const char *user)
{
	char path[1024], hash[SHA256_HEX];
	int fd;

	ck_assert_int_eq(sha256_hex(user, strlen(user), hash), 0);
	snprintf(path, sizeof(path), "%s/inspect-%.16s.lock",
	    rig_conf.state_directory, hash);
	fd = fsx_lock(path, 0, NULL);
	ck_assert_int_ge(fd, 0);
	return fd;
}

static const char *
inspect_dear(const char *key)
{
	struct json_object *args = args_new("{\"passphrase\":\"open\"}");

	args_file(args, "server_certificate", "self.pem");
	args_file(args, "private_key", key);
	talk_done(&answer);
	if (talk("inspect", args, &answer) == -1)
		return talk_code(&answer);
	assert_no_secret(&answer);
	json_object_object_add(answer.last, "report",
	    json_object_get(jsonx_path(answer.last, "data.report")));
	return has_code(answer.last, "file.slow", "private_key")   ? "slow"
	       : has_code(answer.last, "file.cost", "private_key") ? "cost"
								   : "fast";
}

START_TEST(dear_files_one_at_a_time)
{
	int fd;

	ck_assert_int_eq(
	    rig_sh("cd $R/cert && openssl pkcs8 -topk8 -in self.key -passout "
		   "pass:open -iter 150000 -out dear.key && openssl pkcs8 "
		   "-topk8 -in self.key -passout pass:open -outform DER -iter "
		   "100001 | perl -0777 -pe 's/\\x02\\x03\\x01\\x86\\xa1/"
		   "\\x02\\x03\\x7f\\xff\\xff/' >toodear.key"),
	    0);
	ck_assert_str_eq(inspect_dear("self.key"), "fast");
	ck_assert_str_eq(inspect_dear("dear.key"), "slow");
	ck_assert_str_eq(inspect_dear("dear.key"), "slow");
	ck_assert_str_eq(inspect_dear("toodear.key"), "cost");
	fd = lock_of("tanaka");
	ck_assert_str_eq(inspect_dear("dear.key"), "slow");
	close(fd);
	fd = lock_of("admin");
	ck_assert_str_eq(inspect_dear("self.key"), "fast");
	ck_assert_str_eq(inspect_dear("dear.key"), "inspect.busy");
	close(fd);
	ck_assert_str_eq(inspect_dear("dear.key"), "slow");
}
END_TEST

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

static void
add(TCase *tc)
{
	tcase_add_test(tc, inspect_stores_nothing);
	tcase_add_test(tc, one_after_the_other);
	tcase_add_test(tc, client_ca);
	tcase_add_loop_test(tc, keeps_was, 0, sizeof(wases) / sizeof(wases[0]));
	tcase_add_test(tc, mismatch_is_kept_until_mended);
	tcase_add_loop_test(tc, hopeless_files, 0, COUNT(hopeless));
	tcase_add_test(tc, good_one_stays);
	tcase_add_test(tc, passphrase_is_kept_and_hidden);
	tcase_add_test(tc, dear_files_one_at_a_time);
	tcase_add_test(tc, choices_are_kept);
	tcase_add_test(tc, swept);
	tcase_add_test(tc, of_the_former_version);
	tcase_add_test(tc, expired);
	tcase_add_test(tc, at_most_so_many);
	tcase_add_loop_test(tc, damaged, 0, COUNT(damages));
}

int
main(void)
{
	return rig_run("drafts", add, 60, RIG_CERTS);
}
