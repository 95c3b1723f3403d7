/*
 * test_save.c - a Save by the form: one request, one inspection, one reading
 * of the settings, and a draft that is there when it is refused.
 */
#include "keystore.h"

#include "talk.h"

#define ID    "00000000000000000000000000000000000000000000000000000000000000cc"
#define DRAFT "{\"draft\":\"" ID "\"}"
#define STALE "\"0-00000000\""

static struct answer answer;
static int inspections, validations;

/* The linker puts these in front (Makefile). */
int __real_keystore_inspect(const struct conf *, const char *,
    const struct pki_jail *, const struct pki_input *, struct pki_output *,
    struct err *);
int __wrap_keystore_inspect(const struct conf *, const char *,
    const struct pki_jail *, const struct pki_input *, struct pki_output *,
    struct err *);
int __real_settings_from_json(
    struct settings *, struct json_object *, struct err *);
int __wrap_settings_from_json(
    struct settings *, struct json_object *, struct err *);

int
__wrap_keystore_inspect(const struct conf *conf, const char *user,
    const struct pki_jail *jail, const struct pki_input *in,
    struct pki_output *out, struct err *err)
{
	inspections++;
	return __real_keystore_inspect(conf, user, jail, in, out, err);
}

/* Of what was sent; a generation has all settings. */
int
__wrap_settings_from_json(
    struct settings *s, struct json_object *o, struct err *err)
{
	settings_mask named = settings_named(o);

	validations += named != 0 && (named & SETTING_BIT(SETTING_listen)) == 0;
	return __real_settings_from_json(s, o, err);
}

/* What the form sends, with files of cert/ or NULL. */
static struct json_object *
form(const char *certificate, const char *key)
{
	struct json_object *args = args_new(DRAFT);

	json_object_object_add(args, "keep", json_object_new_boolean(true));
	json_object_object_add(args, "apply", json_object_new_string("reload"));
	json_object_object_add(args, "settings",
	    args_new("{\"inbound\":{\"enabled\":true},"
		     "\"interface\":{\"idle_timeout\":7}}"));
	json_object_object_add(
	    args, "names", args_new("{\"server_certificate\":\"the.pem\"}"));
	if (certificate != NULL)
		args_file(args, "server_certificate", certificate);
	if (key != NULL)
		args_file(args, "private_key", key);
	return args;
}

static int
save(struct json_object *args)
{
	talk_done(&answer);
	inspections = validations = 0;
	return talk("connection.apply", args, &answer);
}

static void
refused(struct json_object *args, const char *code)
{
	ck_assert_int_eq(save(args), -1);
	assert_no_secret(&answer);
	ck_assert_str_eq(talk_code(&answer), code);
}

/* Borrowed from answer. */
static struct json_object *
draft(void)
{
	talk_done(&answer);
	ck_assert_int_eq(talk("connection.get", args_new(DRAFT), &answer), 0);
	assert_no_secret(&answer);
	return jsonx_path(answer.last, "data.draft");
}

static void
drop(void)
{
	talk_done(&answer);
	ck_assert_int_eq(talk("draft.drop", args_new(DRAFT), &answer), 0);
}

/* What was typed is in the draft. */
static void
assert_typed(struct json_object *d)
{
	ck_assert_int_eq(
	    jsonx_path_int(d, "settings.interface.idle_timeout"), 7);
	ck_assert_str_eq(jsonx_path_str(d, "apply", ""), "reload");
}

static void
restart_for(struct json_object *args)
{
	json_object_object_add(
	    args, "apply", json_object_new_string("restart"));
}

START_TEST(takes_one_look)
{
	struct json_object *args = form("self.pem", "self.key");

	restart_for(args);
	ck_assert_msg(save(args) == 0, "%s", talk_code(&answer));
	ck_assert_str_eq(
	    jsonx_path_str(answer.last, "data.result", ""), "applied");
	ck_assert_int_eq(inspections, 1);
	ck_assert_int_eq(validations, 1);
	ck_assert_ptr_null(draft());
	ck_assert_int_eq(rig_sh("! ls $R/state/drafts | grep -q ."), 0);
	rig_assert_whole();
}
END_TEST

/* The other half of a pair waits in the draft since before. */
START_TEST(takes_form_and_draft)
{
	struct json_object *args = args_new(DRAFT);

	args_file(args, "private_key", "leaf.key");
	talk_done(&answer);
	ck_assert_int_eq(talk("draft.put", args, &answer), 0);
	args = form("leaf.pem", NULL);
	restart_for(args);
	ck_assert_msg(save(args) == 0, "%s", talk_code(&answer));
	ck_assert_int_eq(inspections, 1);
	ck_assert_ptr_null(draft());
	ck_assert_str_eq(rig_parameter("smtpd_tls_security_level"), "may");
	rig_assert_whole();
}
END_TEST

/* By the inspection: its report is the draft's, without another one. */
START_TEST(refused_by_the_inspection)
{
	struct json_object *d;

	refused(form("leaf.pem", "self.key"), "key.mismatch");
	ck_assert_int_eq(inspections, 1);
	ck_assert_int_eq(validations, 1);
	d = draft();
	assert_typed(d);
	ck_assert_str_eq(
	    jsonx_path_str(d, "files.server_certificate.name", ""), "the.pem");
	ck_assert_ptr_nonnull(jsonx_path(d, "files.private_key"));
	ck_assert(
	    rig_has_finding(jsonx_path(d, "report.findings"), "key.mismatch"));
	drop();
}
END_TEST

/* Before it was looked at: then the draft is looked at. */
START_TEST(refused_as_stale)
{
	struct json_object *args = form("self.pem", "self.key"), *d;

	json_object_object_add(args, "if_match", json_object_new_string(STALE));
	json_object_object_add(
	    args, "passphrase", json_object_new_string("open sesame"));
	refused(args, "settings.stale");
	ck_assert_int_eq(inspections, 1);
	ck_assert_int_eq(validations, 1);
	d = draft();
	assert_typed(d);
	ck_assert(json_object_get_boolean(jsonx_path(d, "passphrase")));
	ck_assert(json_object_get_boolean(jsonx_path(d, "report.ok")));
	drop();
}
END_TEST

/* One that no other file can mend is told, and does not wait. */
START_TEST(refused_for_a_hopeless_file)
{
	struct json_object *d;

	ck_assert_int_eq(rig_sh("echo rubbish >$R/cert/x"), 0);
	ck_assert_int_eq(save(form("leaf.pem", "x")), -1);
	d = draft();
	assert_typed(d);
	ck_assert_ptr_nonnull(jsonx_path(d, "files.server_certificate"));
	ck_assert_ptr_null(jsonx_path(d, "files.private_key"));
	ck_assert(!json_object_get_boolean(jsonx_path(d, "report.ok")));
	ck_assert_int_eq(rig_sh("! grep -rq rubbish $R/state/drafts"), 0);
	drop();
}
END_TEST

/* By Postfix, after everything here was content. */
START_TEST(rolled_back)
{
	struct json_object *args = form("self.pem", "self.key"), *d;

	restart_for(args);
	rig_write("fault", "start failnew\n", 0600);
	refused(args, "apply.rolled_back");
	rig_write("fault", "", 0600);
	ck_assert_int_eq(inspections, 1);
	ck_assert_int_eq(validations, 1);
	d = draft();
	ck_assert_int_eq(
	    jsonx_path_int(d, "settings.interface.idle_timeout"), 7);
	ck_assert(json_object_get_boolean(jsonx_path(d, "report.ok")));
	ck_assert_ptr_nonnull(jsonx_path(d, "files.private_key"));
	drop();
}
END_TEST

/* Settings that cannot be read, and what cannot be kept. */
static const struct {
	const char *member, *value, *code;
} bad[] = {
    {"settings", "{\"interface\":{\"idle_timeout\":0}}", "field.invalid"},
    {"settings", "{\"x\":1}", "field.unknown"},
    {"names", "{\"key\":\"x\"}", "field.unknown"},
    {"scanners", "[\"../x\"]", "field.invalid"},
    {"draft", "null", "field.missing"},
    {"draft", "\"x\"", "field.invalid"},
};

START_TEST(bad_ones)
{
	struct json_object *args = form(NULL, NULL);

	json_object_object_add(
	    args, bad[_i].member, json_tokener_parse(bad[_i].value));
	refused(args, bad[_i].code);
	ck_assert_ptr_null(jsonx_path(draft(), "settings"));
	drop();
}
END_TEST

#define NAME63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* A name that cannot be, or goes with something else: refused before anything
 * of it is kept. */
static const struct {
	const char *name;
	bool drop, alone;
	const char *code, *field;
} bad_names[] = {
    {"nodots", false, true, "sni.name", "name"},
    {NAME63 "a.example", false, true, "sni.name", "name"},
    {NAME63 "." NAME63 "." NAME63 "." NAME63, false, true, "field.too_long",
	"certificate"},
    {"", true, true, "sni.name", "name"},
    {"*", true, true, "sni.name", "name"},
    {"mx2.example.test", true, false, "field.invalid", "drop"},
};

START_TEST(bad_name)
{
	struct json_object *args =
	    bad_names[_i].alone ? json_object_new_object() : form(NULL, NULL);

	json_object_object_add(
	    args, "certificate", json_object_new_string(bad_names[_i].name));
	json_object_object_add(
	    args, "drop", json_object_new_boolean(bad_names[_i].drop));
	refused(args, bad_names[_i].code);
	ck_assert_str_eq(jsonx_path_str(answer.last, "error.field", ""),
	    bad_names[_i].field);
	ck_assert_ptr_null(draft());
}
END_TEST

/* Files find their place by all that there is of them: the certificate waits
 * in the draft. */
START_TEST(placed_with_the_draft)
{
	struct json_object *args = args_new(DRAFT);

	args_file(args, "server_certificate", "leaf.pem");
	talk_done(&answer);
	ck_assert_int_eq(talk("draft.put", args, &answer), 0);
	args = args_new(DRAFT);
	args_file(args, "private_key", "leaf.key");
	json_object_object_add(
	    args, "certificate", json_object_new_string("*"));
	json_object_object_add(args, "keep", json_object_new_boolean(true));
	json_object_object_add(args, "dry_run", json_object_new_boolean(true));
	ck_assert_msg(save(args) == 0, "%s", talk_code(&answer));
	drop();
}
END_TEST

/* One file at a time, then Save: with the draft's CAs, as it is called when a
 * Save is refused and when it is not. */
START_TEST(client_ca_of_the_draft)
{
	struct json_object *args = args_new(DRAFT);
	char path[256];
	struct buf b;

	snprintf(path, sizeof(path), "%s/cert/root.pem", rig_root);
	b = rig_read(path);
	json_object_object_add(args, "client_ca", jsonx_new_b64(b.data, b.len));
	buf_clear(&b);
	talk_done(&answer);
	ck_assert_int_eq(talk("draft.put", args, &answer), 0);
	refused(form("leaf.pem", "self.key"), "key.mismatch");
	ck_assert_ptr_nonnull(jsonx_path(draft(), "client_ca"));
	ck_assert_msg(
	    save(form("self.pem", "self.key")) == 0, "%s", talk_code(&answer));
	ck_assert_ptr_null(draft());
	ck_assert_int_eq(
	    rig_sh("[ -s $R/state/generations/gen-%ld/client_ca.pem ]",
		rig_current()),
	    0);
}
END_TEST

/* A dry run keeps nothing. */
START_TEST(dry)
{
	struct json_object *args = form("self.pem", "self.key");

	json_object_object_add(args, "dry_run", json_object_new_boolean(true));
	ck_assert_msg(save(args) == 0, "%s", talk_code(&answer));
	ck_assert_ptr_null(draft());
	drop();
}
END_TEST

/* "accepted": a refusal is the answer, and no job; then the job at once. */
START_TEST(refused_or_accepted)
{
	struct json_object *args = form("leaf.pem", "self.key");
	const char *job;

	json_object_object_add(args, "wait", json_object_new_boolean(false));
	ck_assert_int_eq(save(args), 0);
	ck_assert_uint_eq(
	    strlen(jsonx_path_str(answer.last, "data.job", "")), JOB_ID_LEN);

	args = form("leaf.pem", "self.key");
	json_object_object_add(args, "wait", json_object_new_boolean(false));
	json_object_object_add(args, "accepted", json_object_new_boolean(true));
	refused(args, "key.mismatch");

	args = form("self.pem", "self.key");
	restart_for(args);
	json_object_object_add(args, "wait", json_object_new_boolean(false));
	json_object_object_add(args, "accepted", json_object_new_boolean(true));
	ck_assert_msg(save(args) == 0, "%s", talk_code(&answer));
	ck_assert_uint_eq(answer.progress, 0);
	ck_assert_ptr_null(jsonx_path(answer.last, "data.result"));
	job = jsonx_path_str(answer.last, "data.job", "");
	ck_assert_uint_eq(strlen(job), JOB_ID_LEN);
	args = json_object_new_object();
	json_object_object_add(args, "job", json_object_new_string(job));
	talk_done(&answer);
	ck_assert_int_eq(talk("job.get", args, &answer), 0);
	ck_assert_str_eq(
	    jsonx_path_str(answer.last, "data.state", ""), "applied");
	rig_assert_whole();
}
END_TEST

static struct json_object *
dear_form(const char *certificate, const char *how)
{
	struct json_object *args = form(certificate, "dear.key");

	json_object_object_add(
	    args, "passphrase", json_object_new_string("open"));
	json_object_object_add(args, how, json_object_new_boolean(true));
	return args;
}

static bool
told(const char *text)
{
	return memmem(answer.all, answer.all_len, text, strlen(text)) != NULL;
}

/* What takes so long is told while it does, and stays in the job. */
START_TEST(costly_is_told)
{
	static const char costly[] = "\"costly\":\"PBKDF2, 150000\"";
	struct json_object *args;

	ck_assert_int_eq(
	    rig_sh("cd $R/cert && openssl pkcs8 -topk8 -in self.key -passout "
		   "pass:open -iter 150000 -out dear.key"),
	    0);
	refused(dear_form("leaf.pem", "wait"), "key.mismatch");
	ck_assert(told(costly));
	ck_assert_uint_gt(answer.progress, 2);
	refused(form("leaf.pem", "self.key"), "key.mismatch");
	ck_assert(!told("\"costly\""));
	drop();

	args = dear_form("leaf.pem", "keep");
	json_object_object_add(args, "wait", json_object_new_boolean(false));
	ck_assert_int_eq(save(args), 0);
	args = json_object_new_object();
	json_object_object_add(args, "job",
	    json_object_new_string(
		jsonx_path_str(answer.last, "data.job", "")));
	talk_done(&answer);
	ck_assert_int_eq(talk("job.get", args, &answer), 0);
	ck_assert_str_eq(
	    jsonx_path_str(answer.last, "data.error.code", ""), "key.mismatch");
	ck_assert(told(costly));
	drop();

	args = dear_form("self.pem", "wait");
	restart_for(args);
	ck_assert_msg(save(args) == 0, "%s", talk_code(&answer));
	ck_assert(told(costly));
	rig_assert_whole();
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_test(tc, takes_one_look);
	tcase_add_test(tc, takes_form_and_draft);
	tcase_add_test(tc, refused_by_the_inspection);
	tcase_add_test(tc, refused_as_stale);
	tcase_add_test(tc, refused_for_a_hopeless_file);
	tcase_add_test(tc, rolled_back);
	tcase_add_loop_test(tc, bad_ones, 0, sizeof(bad) / sizeof(bad[0]));
	tcase_add_loop_test(
	    tc, bad_name, 0, sizeof(bad_names) / sizeof(bad_names[0]));
	tcase_add_test(tc, placed_with_the_draft);
	tcase_add_test(tc, dry);
	tcase_add_test(tc, refused_or_accepted);
	tcase_add_test(tc, costly_is_told);
	tcase_add_test(tc, client_ca_of_the_draft);
}

int
main(void)
{
	return rig_run("save", add, 120, RIG_POSTFIX);
}
