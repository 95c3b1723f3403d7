/*
 * test_keys.c - keys made on the host, through the socket: what is refused,
 * what lies on the disk, that the CA's answer finds its key, and that no
 * answer ever holds one.
 */
#include "keystore.h"
#include "talk.h"

#define DRAFT "00000000000000000000000000000000000000000000000000000000000000bb"

static struct answer answer;
static char id[KEY_ID_LEN + 1];

static struct json_object *
ask(const char *op, const char *args)
{
	talk_done(&answer);
	(void)talk(op, args_new(args), &answer);
	assert_no_secret(&answer);
	ck_assert_ptr_nonnull(answer.last);
	return json_object_get_boolean(jsonx_path(answer.last, "ok"))
		   ? jsonx_path(answer.last, "data")
		   : NULL;
}

static struct json_object *
must(const char *op, const char *args)
{
	struct json_object *data = ask(op, args);

	ck_assert_msg(data != NULL, "%s: %s %s", op, talk_code(&answer),
	    jsonx_path_str(answer.last, "error.detail", ""));
	return data;
}

static struct json_object *
ask_id(const char *op, const char *member)
{
	char args[128];

	snprintf(args, sizeof(args), "{\"%s\":\"%s\"}", member, id);
	return ask(op, args);
}

/* Make one; its ID. */
static struct json_object *
add_key(const char *args)
{
	struct json_object *key = must("keys.add", args);

	snprintf(id, sizeof(id), "%s", jsonx_path_str(key, "id", ""));
	ck_assert_uint_eq(strlen(id), KEY_ID_LEN);
	return key;
}

static size_t
waiting(void)
{
	return json_object_array_length(
	    jsonx_path(must("keys.list", "{}"), "keys"));
}

static void
delete_all(void)
{
	while (waiting() > 0) {
		snprintf(id, sizeof(id), "%s",
		    jsonx_path_str(json_object_array_get_idx(
				       jsonx_path(answer.last, "data.keys"), 0),
			"id", ""));
		ck_assert_ptr_nonnull(ask_id("keys.delete", "id"));
	}
	ck_assert_int_eq(rig_sh("[ \"$(ls $R/state/keys)\" = lock ]"), 0);
}

/* The key file's own base64, without its first line. */
static void
key_body(char *dst, size_t size)
{
	char path[256];
	struct buf b;

	snprintf(path, sizeof(path), "%s/state/keys/%s/key.pem", rig_root, id);
	b = rig_read(path);
	snprintf(dst, size, "%.40s", strchr(b.data, '\n') + 1);
	buf_clear(&b);
}

static const struct {
	const char *args, *want_code, *want_field;
} bad[] = {
    {"{}", "field.missing", "kind"},
    {"{\"kind\":7}", "field.invalid", "kind"},
    {"{\"kind\":\"pfx\"}", "field.invalid", "kind"},
    {"{\"kind\":\"csr\",\"algorithm\":\"rsa1024\"}", "field.invalid",
	"algorithm"},
    {"{\"kind\":\"csr\",\"algorithm\":3}", "field.invalid", "algorithm"},
    {"{\"kind\":\"csr\",\"days\":0}", "field.invalid", "days"},
    {"{\"kind\":\"csr\",\"days\":3651}", "field.invalid", "days"},
    {"{\"kind\":\"csr\",\"days\":\"9\"}", "field.invalid", "days"},
    {"{\"kind\":\"csr\",\"names\":\"mx.example.test\"}", "field.invalid",
	"names"},
    {"{\"kind\":\"csr\",\"names\":[1]}", "field.invalid", "names"},
    {"{\"kind\":\"csr\",\"names\":[\"\"]}", "keys.name_invalid", "names"},
    {"{\"kind\":\"csr\",\"names\":[\"a b\"]}", "keys.name_invalid", "names"},
    {"{\"kind\":\"csr\",\"names\":[\"\u65e5.jp\"]}", "keys.name_invalid",
	"names"},
    {"{\"kind\":\"csr\",\"subject\":[]}", "field.invalid", "subject"},
    {"{\"kind\":\"csr\",\"subject\":{\"CN\":\"x\"}}", "field.unknown", NULL},
    {"{\"kind\":\"csr\",\"subject\":{\"country\":\"JPN\"}}",
	"keys.subject_invalid", "country"},
    {"{\"kind\":\"csr\",\"subject\":{\"organization\":\"a\\nb\"}}",
	"keys.subject_invalid", "organization"},
    {"{\"kind\":\"csr\",\"private_key\":\"x\"}", "field.unknown", NULL},
    {"{\"kind\":\"csr\",\"path\":\"/etc\"}", "field.unknown", NULL},
};

START_TEST(refused)
{
	ck_assert_ptr_null(ask("keys.add", bad[_i].args));
	ck_assert_str_eq(talk_code(&answer), bad[_i].want_code);
	if (bad[_i].want_field != NULL)
		ck_assert_str_eq(jsonx_path_str(answer.last, "error.field", ""),
		    bad[_i].want_field);
	ck_assert_uint_eq(waiting(), 0);
	talk_done(&answer);
}
END_TEST

static const char *const bad_ids[] = {"", "0", "0123456789abcde",
    "0123456789abcdef", "0123456789ABCDEF", "../../generation", "lock",
    "new-0123456789ab", "..", "0123456789abcd/."};

START_TEST(unknown_id)
{
	static const char *const calls[][2] = {{"keys.get", "id"},
	    {"keys.delete", "id"}, {"connection.apply", "key_id"}};
	size_t i;

	snprintf(id, sizeof(id), "%s", bad_ids[_i]);
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		ck_assert_ptr_null(ask_id(calls[i][0], calls[i][1]));
		ck_assert_str_eq(talk_code(&answer), "keys.unknown");
	}
	talk_done(&answer);
}
END_TEST

START_TEST(made_and_deleted)
{
	struct json_object *key;
	char body[64], want[1024];

	key = add_key("{\"kind\":\"csr\",\"subject\":{\"country\":\"jp\","
		      "\"organization\":\"\u682a\"}}");
	ck_assert_str_eq(jsonx_path_str(key, "subject", ""),
	    "CN=mx.example.test, O=\u682a, C=JP");
	ck_assert_str_eq(jsonx_path_str(key, "by", ""), "admin");
	ck_assert_ptr_null(jsonx_path(key, "certificate"));
	key = json_object_array_get_idx(jsonx_path(key, "tlsa"), 0);
	ck_assert_ptr_nonnull(strstr(jsonx_path_str(key, "record", ""),
	    "_25._tcp.mx.example.test. IN TLSA 3 1 1 "));
	snprintf(want, sizeof(want), "%s", jsonx_path_str(key, "data", ""));
	/* the record is the hash of the key that openssl sees */
	ck_assert_int_eq(
	    rig_sh("[ $(openssl pkey -in $R/state/keys/%s/key.pem -pubout "
		   "-outform DER | sha256sum | cut -c1-64) = %s ]",
		id, want),
	    0);
	ck_assert_int_eq(rig_sh("openssl req -in $R/state/keys/%s/csr.pem "
				"-verify -noout 2>/dev/null",
			     id),
	    0);
	ck_assert_int_eq(
	    rig_sh("cd $R/state/keys && [ \"$(stat -c %%a . %s | sort -u)\" = "
		   "700 ] && [ \"$(stat -c %%a %s/* lock | sort -u)\" = 600 ]",
		id, id),
	    0);
	/* and none of it went out, in base64 either */
	key_body(body, sizeof(body));
	ck_assert_ptr_nonnull(ask_id("keys.get", "id"));
	ck_assert_ptr_null(strstr(answer.all, body));
	ck_assert_uint_eq(waiting(), 1);
	ck_assert_ptr_null(strstr(answer.all, body));
	ck_assert_int_eq(
	    rig_sh("! grep -rqF '%s' $R/stderr $R/state/audit.log", body), 0);
	ck_assert_ptr_null(ask_id("connection.apply", "key_id"));
	ck_assert_str_eq(talk_code(&answer), "keys.no_certificate");
	ck_assert_ptr_nonnull(ask_id("keys.delete", "id"));
	ck_assert_int_eq(rig_sh("! grep -rqF '%s' $R/state", body), 0);
	ck_assert_int_eq(rig_sh("grep -q '\"event\":\"keys.add\","
				"\"outcome\":\"ok\",\"detail\":\"%s' "
				"$R/state/audit.log && grep -q "
				"'\"event\":\"keys.delete\",\"outcome\":\"ok\","
				"\"detail\":\"%s' $R/state/audit.log",
			     id, id),
	    0);
	ck_assert_ptr_null(ask_id("keys.delete", "id"));
	ck_assert_str_eq(talk_code(&answer), "keys.unknown");
	delete_all();
	talk_done(&answer);
}
END_TEST

START_TEST(limit_and_sweep)
{
	size_t i;

	for (i = 0; i < KEYSTORE_MAX; i++)
		(void)add_key("{\"kind\":\"csr\"}");
	ck_assert_ptr_null(ask("keys.add", "{\"kind\":\"csr\"}"));
	ck_assert_str_eq(talk_code(&answer), "keys.too_many");
	ck_assert_uint_eq(waiting(), KEYSTORE_MAX);
	ck_assert_ptr_nonnull(ask_id("keys.delete", "id"));
	/* what kills left: not listed, and wiped by the next one */
	ck_assert_int_eq(
	    rig_sh("cd $R/state/keys && mkdir new-%s old-%s && "
		   "echo secret >new-%s/key.pem && echo x >old-%s/key.pem",
		id, id, id, id),
	    0);
	ck_assert_uint_eq(waiting(), KEYSTORE_MAX - 1);
	(void)add_key("{\"kind\":\"csr\"}");
	ck_assert_int_eq(rig_sh("set -- $R/state/keys/*-*; [ ! -e $1 ]"), 0);
	delete_all();
	talk_done(&answer);
}
END_TEST

/* A damaged record is an error with its path and takes nothing else down. */
START_TEST(damaged)
{
	(void)add_key("{\"kind\":\"csr\"}");
	ck_assert_int_eq(
	    rig_sh("echo '{\"id\":' >$R/state/keys/%s/meta.json", id), 0);
	ck_assert_ptr_null(ask("keys.list", "{}"));
	ck_assert_ptr_null(ask_id("keys.get", "id"));
	(void)must("generations.list", "{}");
	ck_assert_int_eq(rig_sh("rm -r $R/state/keys/%s", id), 0);
	delete_all();
	talk_done(&answer);
}
END_TEST

/* $R/cert/NAME.pem: the CA's answer to the request of the last key. */
static void
ca_answers(const char *name)
{
	ck_assert_int_eq(
	    rig_sh("cd $R/cert && openssl x509 -req -in "
		   "$R/state/keys/%s/csr.pem -copy_extensions copy -CA "
		   "int.pem -CAkey int.key -CAcreateserial -days 90 -out "
		   "%s.pem 2>/dev/null",
		id, name),
	    0);
}

static bool
found(struct json_object *list, const char *code)
{
	size_t i;

	for (i = 0; i < json_object_array_length(list); i++)
		if (strcmp(jsonx_path_str(
			       json_object_array_get_idx(list, i), "code", ""),
			code) == 0)
			return true;
	return false;
}

static void
check_served(const char *pem)
{
	ck_assert_int_eq(
	    rig_sh("a=$(echo QUIT | openssl s_client -connect 127.0.0.1:$(cat "
		   "$R/port) -starttls smtp 2>/dev/null | openssl x509 "
		   "-fingerprint -sha256 -noout) && b=$(openssl x509 -in %s "
		   "-fingerprint -sha256 -noout) && [ \"$a\" = \"$b\" ]",
		pem),
	    0);
}

/* A search for primes takes minutes there. */
static bool
under_valgrind(void)
{
	const char *s = getenv("LD_PRELOAD");

	return s != NULL && strstr(s, "vgpreload") != NULL;
}

static const char *const algorithms[] = {"p256", "rsa3072", "p384"};

/* Request, answer alone: inspect, draft, Save. */
START_TEST(answer_finds_key)
{
	struct json_object *args, *data;
	char text[128], pem[256];

	if (strcmp(algorithms[_i], "rsa3072") == 0 && under_valgrind())
		return;
	rig_must_apply(
	    &(struct ask){.settings = "{\"inbound\":{\"enabled\":true}}",
		.certificate = "self.pem",
		.key = "self.key"});
	snprintf(text, sizeof(text), "{\"kind\":\"csr\",\"algorithm\":\"%s\"}",
	    algorithms[_i]);
	(void)add_key("{\"kind\":\"csr\"}"); /* one that does not fit */
	(void)add_key(text);
	ca_answers("answer");

	args = args_new("{}");
	args_file(args, "server_certificate", "answer.pem");
	args_file(args, "ca_certificate", "int.pem");
	data = must("inspect", json_object_to_json_string(args));
	ck_assert(json_object_get_boolean(jsonx_path(data, "report.ok")));
	ck_assert(found(jsonx_path(data, "report.findings"), "key.pending"));
	ck_assert_ptr_null(jsonx_path(data, "report.files.private_key"));
	ck_assert_ptr_nonnull(jsonx_path(data, "report.certificate.key"));

	json_object_object_add(args, "draft", json_object_new_string(DRAFT));
	data = must("draft.put", json_object_to_json_string(args));
	ck_assert(
	    found(jsonx_path(data, "draft.report.findings"), "key.pending"));
	ck_assert(
	    !found(jsonx_path(data, "draft.report.findings"), "key.mismatch"));
	ck_assert_ptr_null(jsonx_path(data, "draft.files.private_key"));
	json_object_put(args);
	ck_assert_int_eq(rig_sh("! grep -rq PRIVATE $R/state/drafts"), 0);

	data = must(
	    "connection.apply", "{\"draft\":\"" DRAFT "\",\"dry_run\":true}");
	ck_assert_str_eq(jsonx_path_str(data, "result", ""), "dry_run");
	ck_assert_uint_eq(waiting(), 2);
	data = must("connection.apply", "{\"draft\":\"" DRAFT "\"}");
	ck_assert_str_eq(jsonx_path_str(data, "result", ""), "applied");
	ck_assert(found(jsonx_path(data, "findings"), "key.pending"));
	snprintf(pem, sizeof(pem), "%s/cert/answer.pem", rig_root);
	check_served(pem);
	rig_assert_whole();

	/* it waits no more, the other one does; its issuer has a record */
	data = must("keys.list", "{}");
	ck_assert_uint_eq(
	    json_object_array_length(jsonx_path(data, "keys")), 1);
	ck_assert_uint_eq(
	    json_object_array_length(jsonx_path(data, "tlsa")), 2);
	ck_assert_ptr_null(ask_id("keys.get", "id"));
	delete_all();

	talk_done(&answer);
}
END_TEST

/* A self-signed one needs no file at all. */
START_TEST(self_signed_used)
{
	struct json_object *data;
	char args[256], pem[256];

	(void)add_key("{\"kind\":\"self_signed\",\"days\":30}");
	snprintf(pem, sizeof(pem), "%s/self-made.pem", rig_root);
	ck_assert_int_eq(rig_sh("cp $R/state/keys/%s/cert.pem %s", id, pem), 0);
	if (_i == 0) {
		snprintf(args, sizeof(args),
		    "{\"key_id\":\"%s\",\"settings\":"
		    "{\"inbound\":{\"enabled\":true}}}",
		    id);
		data = must("connection.apply", args);
	} else {
		snprintf(args, sizeof(args),
		    "{\"draft\":\"" DRAFT "\",\"key_id\":\"%s\"}", id);
		data = must("draft.put", args);
		ck_assert(json_object_get_boolean(
		    jsonx_path(data, "draft.report.ok")));
		ck_assert_str_eq(jsonx_path_str(data,
				     "draft.files.server_certificate.name", ""),
		    "CN=mx.example.test");
		data = must("connection.apply", "{\"draft\":\"" DRAFT "\"}");
	}
	ck_assert_str_eq(jsonx_path_str(data, "result", ""), "applied");
	check_served(pem);
	ck_assert_uint_eq(waiting(), 0);
	rig_assert_whole();
	talk_done(&answer);
}
END_TEST

/* With files beside it, it is not clear what is meant. */
START_TEST(key_id_and_files)
{
	struct json_object *args = args_new("{}");

	(void)add_key("{\"kind\":\"self_signed\"}");
	args_file(args, "private_key", "self.key");
	json_object_object_add(args, "key_id", json_object_new_string(id));
	talk_done(&answer);
	ck_assert_int_eq(talk("connection.apply", args, &answer), -1);
	ck_assert_str_eq(talk_code(&answer), "field.invalid");
	/* an uploaded key that does not fit is not replaced in silence */
	args = args_new("{}");
	ca_answers("again");
	args_file(args, "server_certificate", "again.pem");
	args_file(args, "private_key", "self.key");
	talk_done(&answer);
	ck_assert_int_eq(talk("connection.apply", args, &answer), -1);
	ck_assert_str_eq(talk_code(&answer), "key.mismatch");
	assert_no_secret(&answer);
	delete_all();
	talk_done(&answer);
}
END_TEST

/* Two algorithms in one go: both keys are found. */
START_TEST(two_at_once)
{
	struct json_object *args, *data;

	if (under_valgrind())
		return;
	args = args_new("{}");
	(void)add_key("{\"kind\":\"csr\",\"algorithm\":\"rsa3072\"}");
	ca_answers("one");
	(void)add_key("{\"kind\":\"csr\",\"algorithm\":\"p256\"}");
	ca_answers("two");
	ck_assert_int_eq(
	    rig_sh("cd $R/cert && cat one.pem two.pem >both.pem"), 0);
	args_file(args, "server_certificate", "both.pem");
	args_file(args, "ca_certificate", "int.pem");
	data = must("connection.apply", json_object_to_json_string(args));
	ck_assert_str_eq(jsonx_path_str(data, "result", ""), "applied");
	ck_assert_uint_eq(waiting(), 0);
	ck_assert_uint_eq(json_object_array_length(
			      jsonx_path(must("keys.list", "{}"), "tlsa")),
	    3);
	json_object_put(args);
	rig_assert_whole();
	talk_done(&answer);
}
END_TEST

/* The call of progress before that step, and the last. */
#define AT(step) (STEP_##step + 2)
#define AT_END	 (STEP__MAX + 2)

static int kill_at, calls;

static void
killer(struct json_object *job, void *arg)
{
	if (++calls == kill_at)
		kill(getpid(), SIGKILL);
}

/* A Save is killed before each step from "journal" on; after the recovery the
 * key waits, or is in use, and never both nor neither. */
START_TEST(killed)
{
	struct ask a = {.certificate = "made.pem", .progress = killer};
	struct err err;
	long was;
	pid_t pid;

	(void)add_key("{\"kind\":\"self_signed\"}");
	ck_assert_int_eq(rig_sh("cp $R/state/keys/%s/cert.pem "
				"$R/cert/made.pem",
			     id),
	    0);
	was = rig_current();
	kill_at = _i;
	ck_assert_int_ne(pid = fork(), -1);
	if (pid == 0) {
		(void)rig_apply(&a);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_msg(apply_recover(&rig_conf, &err) == 0, "%s", err.msg);
	rig_assert_whole();
	ck_assert_uint_eq(waiting(), rig_current() == was ? 1 : 0);
	if (_i >= AT(close))
		ck_assert_int_ne(rig_current(), was);
	delete_all();
	talk_done(&answer);
}
END_TEST

/* What cannot be recorded is not done, and leaves nothing. */
START_TEST(not_recorded)
{
	(void)add_key("{\"kind\":\"csr\"}");
	ck_assert_int_eq(rig_sh("cd $R/state && mv audit.log former && "
				"mkdir audit.log"),
	    0);
	ck_assert_ptr_null(ask("keys.add", "{\"kind\":\"csr\"}"));
	ck_assert_str_eq(talk_code(&answer), "audit.unwritable");
	ck_assert_ptr_null(ask_id("keys.delete", "id"));
	ck_assert_str_eq(talk_code(&answer), "audit.unwritable");
	ck_assert_uint_eq(waiting(), 1);
	ck_assert_int_eq(
	    rig_sh("[ \"$(ls $R/state/keys | grep -v lock)\" = %s ]", id), 0);
	ck_assert_int_eq(rig_sh("cd $R/state && rmdir audit.log && "
				"mv former audit.log"),
	    0);
	delete_all();
	talk_done(&answer);
}
END_TEST

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

static void
add(TCase *tc)
{
	tcase_add_loop_test(tc, refused, 0, N(bad));
	tcase_add_loop_test(tc, unknown_id, 0, N(bad_ids));
	tcase_add_test(tc, made_and_deleted);
	tcase_add_test(tc, limit_and_sweep);
	tcase_add_test(tc, damaged);
	tcase_add_loop_test(tc, answer_finds_key, 0, N(algorithms));
	tcase_add_loop_test(tc, self_signed_used, 0, 2);
	tcase_add_test(tc, key_id_and_files);
	tcase_add_test(tc, two_at_once);
	tcase_add_test(tc, not_recorded);
	tcase_add_loop_test(tc, killed, AT(journal), AT_END + 1);
}

int
main(void)
{
	return rig_run("keys", add, 120, RIG_POSTFIX);
}
