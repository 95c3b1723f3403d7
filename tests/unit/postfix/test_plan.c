/*
 * test_plan.c - what main.cf says now, read by Postfix's own postconf, and the
 * edges of a plan: whose parameter it is, since when, who needs it, and what
 * there will be afterwards.
 */
#include "../../../src/postfix/postfix_int.h"
#include "../tmp.h"
#include "jsonx.h"
#include "levels.h"
#include "../../../src/postfix/param_row.h"

#define N(a)  ((int)(sizeof(a) / sizeof((a)[0])))
#define CHAIN "/s/generations/gen-7/inbound.pem"
#define PLAIN JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE

/* As if written long ago: postconf waits for a file that may still grow. */
static void
old_file(const char *dir, const char *name, const char *text)
{
	const struct timespec then[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	char path[CONF_STR_MAX + 16];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	tmp_write(path, text);
	ck_assert_int_eq(utimensat(AT_FDCWD, path, then, 0), 0);
}

static struct conf
conf_with(const char *main_cf)
{
	static int round;
	struct conf c;
	struct err err;

	conf_default(&c);
	snprintf(c.config_directory, sizeof(c.config_directory), "%s/%ld-%d",
	    tmp_root, (long)getpid(), ++round);
	ck_assert_int_eq(fsx_mkdir(c.config_directory, 0700, &err), 0);
	if (main_cf == NULL)
		return c;
	old_file(c.config_directory, "main.cf", main_cf);
	old_file(
	    c.config_directory, "master.cf", "smtp inet n - n - - smtpd\n");
	return c;
}

/* Lines of main.cf, and what is read of them. */
static const struct {
	const char *lines, *values;
} files[] = {
    {"", "{}"},
    {"mydestination = a\nmyhostname = b.example\n", "{}"},
    {"smtpd_timeout = 5m\nmydestination = a\n", "{\"smtpd_timeout\":\"5m\"}"},
    {"smtpd_timeout =\n", "{\"smtpd_timeout\":\"\"}"},
    /* The first of the table, the last, and one that is only looked at. */
    {"smtp_tls_wrappermode = yes\nsmtpd_tls_CAfile = /ca\n"
     "smtpd_tls_security_level = may\n",
	"{\"smtpd_tls_security_level\":\"may\",\"smtpd_tls_CAfile\":\"/ca\","
	"\"smtp_tls_wrappermode\":\"yes\"}"},
    /* Not expanded. */
    {"x = 7\nsmtpd_timeout = ${x}s\n", "{\"smtpd_timeout\":\"${x}s\"}"},
    /* But what levels refer to is kept beside them. */
    {"a = $b\nb = ${smtp_tls_security_level}\nc = may\n"
     "smtpd_tls_security_level = $(a)\nsmtp_tls_security_level = $c\n",
	"{\"smtpd_tls_security_level\":\"$(a)\","
	"\"smtp_tls_security_level\":\"$c\",\"$a\":\"$b\","
	"\"$b\":\"${smtp_tls_security_level}\",\"$c\":\"may\"}"},
    /* What is no UTF-8 is cleaned; where it would be written back, marked. */
    {"smtpd_tls_CAfile = /\xe9\n", "{\"smtpd_tls_CAfile\":\"/?\"}"},
    {"smtpd_client_restrictions = permit\n",
	"{\"smtpd_client_restrictions\":\"permit\"}"},
    {"smtpd_client_restrictions = permit_mynetworks,\tpermit\n",
	"{\"smtpd_client_restrictions\":\"permit_mynetworks, permit\"}"},
    {"smtpd_client_restrictions = permit_mynetworks,\n\tpermit\n",
	"{\"smtpd_client_restrictions\":\"permit_mynetworks, permit\"}"},
    {"smtpd_client_restrictions = \xe3\x81\x82 permit\n",
	"{\"smtpd_client_restrictions\":\"\xe3\x81\x82 permit\"}"},
    {"smtpd_client_restrictions = \xe9 permit\n",
	"{\"smtpd_client_restrictions:bytes\":true,"
	"\"smtpd_client_restrictions\":\"? permit\"}"},
    {"smtpd_client_restrictions = permit \xe9\n",
	"{\"smtpd_client_restrictions:bytes\":true,"
	"\"smtpd_client_restrictions\":\"permit ?\"}"},
    {"smtpd_client_restrictions = a\x01z\n",
	"{\"smtpd_client_restrictions:bytes\":true,"
	"\"smtpd_client_restrictions\":\"a z\"}"},
};

START_TEST(reads)
{
	struct conf c = conf_with(files[_i].lines);
	struct json_object *o = NULL;
	struct err err;

	ck_assert_msg(params_read(&c, &o, &err) == 0, "%s", err.msg);
	ck_assert_str_eq(
	    json_object_to_json_string_ext(o, PLAIN), files[_i].values);
	json_object_put(o);
}
END_TEST

/* Older names of a level, and what goes by them. */
static const struct {
	const char *master, *lines, *values;
} older[] = {
    {"25 inet n - n - - smtpd -o smtpd_tls_security_level=\n",
	"smtpd_use_tls = yes\n",
	"{\"smtpd_use_tls\":\"yes\",\"smtpd_use_tls:used\":"
	"\"25/inet/smtpd_tls_security_level\"}"},
    {"25 inet n - n - - smtpd -o smtpd_tls_security_level=may\n",
	"smtpd_use_tls = yes\n", "{\"smtpd_use_tls\":\"yes\"}"},
    {"25 inet n - n - - smtpd -o smtpd_tls_security_level=\n",
	"smtp_use_tls = yes\nsmtpd_tls_cert_file = /c\n",
	"{\"smtp_use_tls\":\"yes\",\"smtpd_tls_cert_file\":\"/c\"}"},
    {"", "smtp_use_tls = $smtpd_use_tls\nsmtpd_use_tls = yes\n",
	"{\"smtp_use_tls\":\"$smtpd_use_tls\",\"smtpd_use_tls\":\"yes\","
	"\"smtpd_use_tls:used\":\"smtp_use_tls\"}"},
    {"", "smtpd_enforce_tls = $smtpd_use_tls\nsmtpd_use_tls = yes\n",
	"{\"smtpd_use_tls\":\"yes\",\"smtpd_enforce_tls\":"
	"\"$smtpd_use_tls\"}"},
};

START_TEST(reads_older)
{
	struct conf c = conf_with(older[_i].lines);
	struct json_object *o = NULL, *want;
	struct err err;

	old_file(c.config_directory, "master.cf", older[_i].master);
	ck_assert_msg(params_read(&c, &o, &err) == 0, "%s", err.msg);
	want = json_tokener_parse(older[_i].values);
	ck_assert_msg(
	    json_object_equal(o, want), "%s", json_object_to_json_string(o));
	json_object_put(want);
	json_object_put(o);
}
END_TEST

START_TEST(cannot_read)
{
	struct conf c = conf_with(NULL);
	struct json_object *o = NULL;
	struct err err;

	err_clear(&err);
	ck_assert_int_eq(params_read(&c, &o, &err), -1);
	ck_assert_int_eq(err.code, ERR_POSTFIX_CONFIG);
	ck_assert_ptr_nonnull(strstr(err.msg, "main.cf"));
	ck_assert_ptr_null(o);
	c = conf_with("");
	snprintf(c.command_directory, sizeof(c.command_directory), "%s/none",
	    tmp_root);
	ck_assert_int_eq(params_read(&c, &o, &err), -1);
	ck_assert_ptr_null(o);
}
END_TEST

static struct json_object *
json(const char *text)
{
	struct json_object *o = NULL;
	struct err err;

	ck_assert_msg(
	    jsonx_parse(text, strlen(text), 8, &o, &err) == 0, "%s", text);
	return o;
}

/* What is wanted of one parameter, as JSON, "-" = nothing. */
static const char *
wanted(const struct params_context *c, const char *name)
{
	static char text[512];
	struct json_object *o = NULL, *v;
	struct err err;

	ck_assert_msg(params_wanted(c, &o, &err) == 0, "%s", err.msg);
	snprintf(text, sizeof(text), "%s",
	    json_object_object_get_ex(o, name, &v)
		? v == NULL ? "null" : json_object_to_json_string_ext(v, PLAIN)
		: "-");
	json_object_put(o);
	return text;
}

/* Both directions on, with a chain file. */
static struct params_context *
context(struct settings *s, unsigned version)
{
	static struct postfix_info info;
	static struct params_context c;

	memset(&info, 0, sizeof(info));
	info.version = version;
	strcpy(info.inbound.service, "smtp");
	settings_default(s);
	s->inbound_enabled = s->outbound_enabled = true;
	c = (struct params_context){
	    .settings = s, .info = &info, .chain_file = CHAIN};
	return &c;
}

/* A Postfix of exactly that version has the parameter. */
START_TEST(since)
{
	const char *name = "smtpd_tls_chain_files";
	unsigned first = param_find(name)->since;
	struct settings s;

	ck_assert_str_eq(wanted(context(&s, first), name), "\"" CHAIN "\"");
	ck_assert_str_eq(wanted(context(&s, first + 1), name), "\"" CHAIN "\"");
	ck_assert_str_eq(wanted(context(&s, first - 1), name), "-");
}
END_TEST

/* An older name goes, unless something needs it. */
static const struct {
	const char *current, *name, *want;
} needed[] = {
    {"{\"smtpd_tls_cert_file\":\"/c\"}", "smtpd_tls_cert_file", "null"},
    {"{\"smtpd_tls_cert_file\":\"/c\",\"smtpd_tls_cert_file" PARAM_USED
     "\":\"smtp_tls_cert_file\"}",
	"smtpd_tls_cert_file", "-"},
    {"{\"smtpd_tls_cert_file\":\"/c\",\"smtpd_tls_cert_file" PARAM_USED
     "\":\"smtp_tls_cert_file\"}",
	"smtpd_tls_key_file", "null"},
    {"{\"smtpd_tls_chain_files\":\"/c\",\"smtpd_tls_chain_files" PARAM_USED
     "\":\"x\"}",
	"smtpd_tls_chain_files", "\"" CHAIN "\""},
};

START_TEST(what_is_needed_stays)
{
	struct settings s;
	struct params_context *c = context(&s, 31000);

	c->current = json(needed[_i].current);
	ck_assert_str_eq(wanted(c, needed[_i].name), needed[_i].want);
	json_object_put(c->current);
}
END_TEST

/* What stands is kept where it is as good, until the console owns it. */
#define IN   "smtpd_tls_security_level"
#define OUT  "smtp_tls_security_level"
#define LOG  "smtpd_tls_loglevel"
#define PROT "smtpd_tls_mandatory_protocols"
#define CA   "smtp_tls_CAfile"
#define OURS "\"/etc/ssl/certs/ca-certificates.crt\""
enum { ONLY = 1, OFF = 2, NO_CHAIN = 4, OLD = 8 };

static const struct {
	int how;
	const char *current;
	const char *name, *want, *owned; /* owned: "=" the same */
} stands[] = {
    /* inbound level, and its older names */
    {0, "{}", IN, "\"may\"", "="},
    {0, "{\"" IN "\":\"MAY\"}", IN, "-", "\"may\""},
    {0, "{\"" IN "\":\"may\"}", IN, "\"may\"", "="},
    {0, "{\"" IN "\":\"dane\"}", IN, "\"may\"", "="},
    {0, "{\"" IN "\":\"none\"}", IN, "\"may\"", "="},
    {0, "{\"" IN "\":\"encrypt\"}", IN, "\"may\"", "="},
    {0, "{\"smtpd_use_tls\":\"yes\"}", IN, "\"may\"", "="},
    {0, "{\"smtpd_use_tls\":\"yes\"}", "smtpd_use_tls", "null", "="},
    {ONLY, "{\"" IN "\":\"may\"}", IN, "\"encrypt\"", "="},
    {ONLY, "{\"" IN "\":\"fingerprint\"}", IN, "-", "\"encrypt\""},
    {ONLY, "{\"" IN "\":\"fingerprint\"}", "smtpd_use_tls", "-", "null"},
    {ONLY, "{\"smtpd_enforce_tls\":\"yes\"}", IN, "-", "\"encrypt\""},
    {ONLY, "{\"smtpd_enforce_tls\":\"yes\"}", "smtpd_enforce_tls", "-", "null"},
    {OFF, "{\"" IN "\":\"NONE\"}", IN, "\"none\"", "="},
    {OFF, "{\"" IN "\":\"fingerprint\"}", IN, "\"none\"", "="},
    {OFF, "{}", "smtpd_use_tls", "null", "="},
    /* chain file, and what it takes the place of */
    {0, "{}", "smtpd_tls_chain_files", "\"" CHAIN "\"", "="},
    {OFF, "{}", "smtpd_tls_chain_files", "[\"" CHAIN "\"]", "="},
    {OFF | NO_CHAIN, "{}", "smtpd_tls_chain_files", "[null]", "="},
    {NO_CHAIN, "{}", "smtpd_tls_chain_files", "-", "="},
    {0, "{}", "smtpd_tls_cert_file", "null", "="},
    {0, "{}", "smtpd_tls_CAfile", "null", "="},
    {NO_CHAIN, "{}", "smtpd_tls_cert_file", "-", "="},
    {OFF, "{}", "smtpd_tls_cert_file", "-", "="},
    /* log levels: who wants to know more may */
    {0, "{}", LOG, "\"1\"", "="},
    {0, "{\"" LOG "\":\"0\"}", LOG, "\"1\"", "="},
    {0, "{\"" LOG "\":\"1\"}", LOG, "\"1\"", "="},
    {0, "{\"" LOG "\":\"2\"}", LOG, "-", "\"1\""},
    {0, "{\"" LOG "\":\"10\"}", LOG, "-", "\"1\""},
    {0, "{\"" LOG "\":\"x\"}", LOG, "\"1\"", "="},
    {OFF, "{}", LOG, "-", "="},
    {0, "{\"smtp_tls_loglevel\":\"2\"}", "smtp_tls_loglevel", "-", "\"1\""},
    {0, "{\"smtp_tls_loglevel\":\"1\"}", "smtp_tls_loglevel", "\"1\"", "="},
    {OFF, "{}", "smtp_tls_loglevel", "-", "="},
    /* protocols: who asks for more may, whoever wrote it */
    {0, "{}", PROT, "\">=TLSv1.2\"", "="},
    {0, "{\"" PROT "\":\">=TLSv1\"}", PROT, "\">=TLSv1.2\"", "="},
    {0, "{\"" PROT "\":\">=TLSv1.2\"}", PROT, "\">=TLSv1.2\"", "="},
    {0, "{\"" PROT "\":\">=TLSv1.3\"}", PROT, "-", "="},
    {OFF, "{\"" PROT "\":\">=TLSv1\"}", PROT, "-", "="},
    {OLD, "{}", PROT, "\"!SSLv2, !SSLv3, !TLSv1, !TLSv1.1\"", "="},
    {0, "{}", "smtpd_tls_received_header", "\"yes\"", "="},
    {OFF, "{}", "smtpd_tls_received_header", "-", "="},
    /* outbound */
    {0, "{}", OUT, "\"may\"", "="},
    {0, "{\"" OUT "\":\"encrypt\"}", OUT, "-", "\"may\""},
    {0, "{\"" OUT "\":\"${x}\"}", OUT, "-", "\"may\""},
    {0, "{\"" OUT "\":\"none\"}", OUT, "\"may\"", "="},
    {0, "{\"smtp_tls_wrappermode\":\"yes\"}", OUT, "-", "\"may\""},
    {0, "{\"smtp_tls_wrappermode\":\"no\"}", OUT, "\"may\"", "="},
    {OFF, "{\"" OUT "\":\"encrypt\"}", OUT, "\"none\"", "="},
    {0, "{\"smtp_enforce_tls\":\"yes\"}", "smtp_enforce_tls", "-", "null"},
    {0, "{\"smtp_use_tls\":\"yes\"}", "smtp_use_tls", "null", "="},
    {0, "{}", CA, OURS, "="},
    {0, "{\"" CA "\":" OURS "}", CA, OURS, "="},
    {0, "{\"" CA "\":\"/mine\"}", CA, "-", OURS},
    {OFF, "{}", CA, "-", "="},
};

START_TEST(what_stands)
{
	struct settings s;
	struct params_context *c =
	    context(&s, stands[_i].how & OLD ? 30599 : 30600);
	const char *name = stands[_i].name;
	param_mask own = param_bit(param_find(name)->replaced_by != NULL
				       ? param_find(name)->replaced_by
				       : name);

	s.tls_only = (stands[_i].how & ONLY) != 0;
	if (stands[_i].how & OFF)
		s.inbound_enabled = s.outbound_enabled = false;
	if (stands[_i].how & NO_CHAIN)
		c->chain_file = NULL;
	c->current = json(stands[_i].current);
	/* Who owns all others owns nothing of this. */
	c->owned = ~own;
	ck_assert_str_eq(wanted(c, name), stands[_i].want);
	c->owned = own;
	ck_assert_str_eq(wanted(c, name),
	    stands[_i].owned[0] == '=' ? stands[_i].want : stands[_i].owned);
	json_object_put(c->current);
}
END_TEST

/* Two values come from outside this file: a path, and names of services. */
START_TEST(characters)
{
	static const char path[] = "/._+@-", service[] = ".:[]_-";
	char chain[32], want[64], name[2] = {(char)_i, '\0'};
	bool plain = (_i >= 'a' && _i <= 'z') || (_i >= 'A' && _i <= 'Z') ||
		     (_i >= '0' && _i <= '9');
	struct json_object *o = NULL;
	struct settings s;
	struct params_context *c = context(&s, 31000);
	struct postfix_info info = *c->info;

	snprintf(chain, sizeof(chain), "/s%cx", _i);
	c->chain_file = chain;
	ck_assert_int_eq(params_wanted(c, &o, NULL),
	    plain || strchr(path, _i) != NULL ? 0 : -1);
	json_object_put(o);
	c->chain_file = CHAIN;
	s.tls_only = true;
	info.n_exempt = 1;
	strcpy(info.exempt[0], name);
	c->info = &info;
	snprintf(want, sizeof(want),
	    "\"${{$service_name} == {%c} ? {may} : {encrypt}}\"", _i);
	ck_assert_str_eq(wanted(c, IN),
	    plain || strchr(service, _i) != NULL ? want : "\"encrypt\"");
}
END_TEST

static const struct {
	const char *current, *wanted, *after; /* current: NULL = nothing */
} ends[] = {
    {NULL, "{}", "{}"},
    {NULL, "{\"smtpd_timeout\":\"9s\"}", "{\"smtpd_timeout\":\"9s\"}"},
    {"{\"a\":\"1\",\"smtpd_timeout\":\"9s\"}", "{\"smtpd_timeout\":null}",
	"{\"a\":\"1\"}"},
    {"{\"a\":\"1\",\"smtpd_timeout\":\"9s\"}", "{\"smtpd_timeout\":\"8s\"}",
	"{\"a\":\"1\",\"smtpd_timeout\":\"8s\"}"},
    {"{\"smtpd_tls_loglevel\":\"2\",\"smtpd_timeout\":\"9s\"}",
	"{\"smtpd_tls_loglevel\":\"1\",\"inet_interfaces\":\"all\","
	"\"smtpd_timeout\":null}",
	"{\"smtpd_tls_loglevel\":\"1\",\"inet_interfaces\":\"all\"}"},
};

START_TEST(afterwards)
{
	struct json_object *now =
	    ends[_i].current == NULL ? NULL : json(ends[_i].current);
	struct json_object *none = json("{}"), *want = json(ends[_i].wanted);
	struct json_object *o, *same;
	struct param_plan plan = {NULL, 0};
	struct err err;

	ck_assert_int_eq(
	    params_plan(now != NULL ? now : none, want, &plan, &err), 0);
	o = params_after(now, &plan);
	ck_assert_str_eq(
	    json_object_to_json_string_ext(o, PLAIN), ends[_i].after);
	/* What is now was not touched. */
	if (now != NULL) {
		same = json(ends[_i].current);
		ck_assert(json_object_equal(now, same));
		json_object_put(same);
	}
	param_plan_clear(&plan);
	ck_assert_uint_eq(plan.n, 0);
	json_object_put(now);
	json_object_put(none);
	json_object_put(want);
	json_object_put(o);
}
END_TEST

/* What a plan says of itself to the screen and to scripts. */
static const struct {
	const char *current, *wanted, *rows;
} told[] = {
    {"{}", "{}", "[]"},
    {"{}", "{\"smtpd_timeout\":\"30s\"}",
	"[{\"parameter\":\"smtpd_timeout\",\"before\":null,"
	"\"after\":\"30s\"}]"},
    {"{\"smtpd_timeout\":\"\\u009bs\",\"smtpd_tls_loglevel\":\"1\"}",
	"{\"smtpd_timeout\":null,\"smtpd_tls_loglevel\":\"2\"}",
	"[{\"parameter\":\"smtpd_tls_loglevel\",\"before\":\"1\","
	"\"after\":\"2\"},{\"parameter\":\"smtpd_timeout\","
	"\"before\":\" s\",\"after\":null}]"},
};

START_TEST(tells)
{
	struct json_object *now = json(told[_i].current), *rows;
	struct json_object *want = json(told[_i].wanted), *o;
	struct param_plan plan = {NULL, 0};
	struct err err;

	ck_assert_int_eq(params_plan(now, want, &plan, &err), 0);
	o = param_plan_to_json(&plan);
	rows = json(told[_i].rows);
	ck_assert_msg(
	    json_object_equal(o, rows), "%s", json_object_to_json_string(o));
	param_plan_clear(&plan);
	json_object_put(now);
	json_object_put(want);
	json_object_put(rows);
	json_object_put(o);
}
END_TEST

/* From settings to changes in one call. */
START_TEST(in_one_call)
{
	struct settings s;
	struct params_context *c = context(&s, 30711);
	struct param_plan plan = {NULL, 0};
	struct err err;
	size_t i;

	c->current = json("{}");
	ck_assert_int_eq(params_plan_all(c, &plan, &err), 0);
	for (i = 0; i < plan.n; i++)
		if (strcmp(plan.v[i].name, "smtpd_tls_chain_files") == 0)
			break;
	ck_assert_uint_lt(i, plan.n);
	ck_assert_ptr_null(plan.v[i].before);
	ck_assert_str_eq(plan.v[i].after, CHAIN);
	param_plan_clear(&plan);
	/* A path that main.cf cannot hold. */
	s.access_policy = ACCESS_DENY_EXCEPT;
	c->access_file = "generations/gen-7/access.cidr";
	ck_assert_int_eq(params_plan_all(c, &plan, &err), -1);
	ck_assert_int_eq(err.code, ERR_CONFIG);
	ck_assert_ptr_null(plan.v);
	json_object_put(c->current);
}
END_TEST

/* null, as an originals file may have it, is "not set". */
START_TEST(null_is_not_set)
{
	struct json_object *now = json("{\"smtpd_timeout\":null}");
	struct json_object *want = json("{\"smtpd_timeout\":null}");
	struct param_plan plan = {NULL, 0};
	struct err err;

	ck_assert_int_eq(params_plan(now, want, &plan, &err), 0);
	ck_assert_uint_eq(plan.n, 0);
	param_plan_clear(&plan);
	json_object_put(now);
	json_object_put(want);
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_loop_test(tc, reads, 0, N(files));
	tcase_add_loop_test(tc, reads_older, 0, N(older));
	tcase_add_test(tc, cannot_read);
	tcase_add_test(tc, since);
	tcase_add_loop_test(tc, what_is_needed_stays, 0, N(needed));
	tcase_add_loop_test(tc, what_stands, 0, N(stands));
	tcase_add_loop_test(tc, characters, 1, 128);
	tcase_add_loop_test(tc, afterwards, 0, N(ends));
	tcase_add_loop_test(tc, tells, 0, N(told));
	tcase_add_test(tc, in_one_call);
	tcase_add_test(tc, null_is_not_set);
}

int
main(void)
{
	return tmp_run("plan", add, 60);
}
