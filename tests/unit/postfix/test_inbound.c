/*
 * test_inbound.c - the rules of SMTP Interface and Connection Control, the
 * inbound service in odd master.cf files, the editor of master.cf, and the
 * access map as Postfix's own look-up reads it.
 */
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../suite.h"
#include "../../../src/postfix/postfix_int.h"
#include "fsx.h"
#include "jsonx.h"
#include "probe.h"
#include "maincf.h"
#include "access_map.h"
#include "../../../src/postfix/param_row.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define MAP  "cidr:/s/generations/gen-7/access.cidr"
#define OURS "check_client_access " MAP

static char dir[64];

#define ANY "/s/generations/gen-12/access.cidr"

static const struct {
	const char *value, *rest;
	bool first;
} lists[] = {
    {"", "", false},
    {"permit", "permit", false},
    {OURS, "", true},
    {OURS ", permit_mynetworks, reject", "permit_mynetworks, reject", true},
    {OURS " permit", "permit", true},
    {"warn_if_reject " OURS ", permit", "permit", false},
    /* Of another state directory. */
    {"check_client_access cidr:/t/s/generations/gen-7/access.cidr, permit",
	"check_client_access cidr:/t/s/generations/gen-7/access.cidr, permit",
	false},
    {"permit_mynetworks, " OURS ", reject", "permit_mynetworks, reject", false},
    {"permit_mynetworks, " OURS, "permit_mynetworks", false},
    {OURS ", " OURS ", permit", "permit", false},
    {"check_client_access cidr:/etc/postfix/a.cidr, permit",
	"check_client_access cidr:/etc/postfix/a.cidr, permit", false},
    {"check_client_access inline:{{a=b}}, reject",
	"check_client_access inline:{{a=b}}, reject", false},
    {"check_client_access cidr:/x/generations/gen-/access.cidr",
	"check_client_access cidr:/x/generations/gen-/access.cidr", false},
    {"check_client_access cidr:/x/generations/gen-7/access.cidr.old",
	"check_client_access cidr:/x/generations/gen-7/access.cidr.old", false},
    /* Of ours, but no map of a generation. */
    {"check_client_access cidr:/s/generations/gen-/access.cidr",
	"check_client_access cidr:/s/generations/gen-/access.cidr", false},
    {"check_client_access cidr:/s/generations/gen-7/access.cidr.old",
	"check_client_access cidr:/s/generations/gen-7/access.cidr.old", false},
    {"check_client_access cidr:/s/generations/gen-7/access.cidx",
	"check_client_access cidr:/s/generations/gen-7/access.cidx", false},
    {"check_client_access cidr:/s/generations/gen-7",
	"check_client_access cidr:/s/generations/gen-7", false},
    {"check_client_access", "check_client_access", false},
    {"check_sender_access " MAP, "check_sender_access " MAP, false},
};

START_TEST(our_element)
{
	char out[512];

	ck_assert_int_eq(
	    restrictions_without(lists[_i].value, ANY, out, sizeof(out)), 0);
	ck_assert_str_eq(out, lists[_i].rest);
	ck_assert(
	    restrictions_map_first(lists[_i].value, ANY) == lists[_i].first);
	ck_assert(restrictions_have_map(lists[_i].value, ANY) ==
		  (strcmp(lists[_i].value, lists[_i].rest) != 0));
	ck_assert_int_eq(restrictions_without(lists[_i].value, ANY, out, 4),
	    strlen(lists[_i].rest) < 4 ? 0 : -1);
}
END_TEST

static struct json_object *
json(const char *text)
{
	struct json_object *o = NULL;
	struct err e;

	ck_assert_msg(
	    jsonx_parse(text, strlen(text), 8, &o, &e) == 0, "%s", text);
	return o;
}

/* A map that lies in no generation is not known again. */
START_TEST(no_generation)
{
	static const char *const values[] = {"check_client_access " MAP,
	    "check_client_access cidr:/7/access.cidr",
	    "check_client_access cidr:7/access.cidr"};

	for (size_t i = 0; i < N(values); i++) {
		ck_assert(!restrictions_have_map(values[i], "/x"));
		ck_assert(!restrictions_have_map(values[i], NULL));
	}
}
END_TEST

START_TEST(in_master)
{
	ck_assert(param_in_master(PARAM_SERVICE));
	ck_assert(param_in_master(PARAM_LIMIT));
	ck_assert(!param_in_master("master.cfx"));
	ck_assert(!param_in_master("aster.cf:service"));
	ck_assert(!param_in_master("smtpd_timeout"));
	ck_assert(!param_in_master(""));
}
END_TEST

/* A map's path, and what stands in Postfix; -1: refused, 0: not planned. */
static const struct {
	const char *path;
	size_t now;
	int rc;
} paths[] = {
    {"/s/generations/gen-7/access.cidr", 1, 1},
    {NULL, 1, 0},
    {"/s p/generations/gen-7/access.cidr", 1, -1},
    {"s/generations/gen-7/access.cidr", 1, -1},
    {"/s/$x/gen-7/access.cidr", 1, -1},
    {"/s/generations/gen-7/access.cidr",
	sizeof(((struct want *)0)->value) - 2048 - 1, 1},
    {"/s/generations/gen-7/access.cidr",
	sizeof(((struct want *)0)->value) - 2048, -1},
};

START_TEST(map_path)
{
	struct postfix_info info = {.version = 30711};
	struct params_context c = {
	    .info = &info, .access_file = paths[_i].path};
	struct json_object *wanted = NULL, *v = NULL;
	char *now = malloc(paths[_i].now + 1);
	struct settings s;
	struct err err;

	memset(now, 'a', paths[_i].now);
	now[paths[_i].now] = '\0';
	c.current = json_object_new_object();
	json_object_object_add(c.current, "smtpd_client_restrictions",
	    json_object_new_string(now));
	settings_default(&s);
	s.access_policy = ACCESS_DENY_EXCEPT;
	c.settings = &s;
	snprintf(info.inbound.service, sizeof(info.inbound.service), "smtp");
	err_clear(&err);
	ck_assert_int_eq(
	    params_wanted(&c, &wanted, &err) == -1, paths[_i].rc == -1);
	ck_assert_int_eq(err.code == ERR_CONFIG, paths[_i].rc == -1);
	ck_assert_int_eq(
	    json_object_object_get_ex(wanted, "smtpd_client_restrictions", &v),
	    paths[_i].rc == 1);
	/* All of what stood there stands behind it. */
	if (paths[_i].rc == 1)
		ck_assert_uint_eq((size_t)json_object_get_string_len(v),
		    strlen(OURS ", ") + paths[_i].now);
	settings_clear(&s);
	json_object_put(wanted);
	json_object_put(c.current);
	free(now);
}
END_TEST

/* The wanted value of one parameter, as JSON; "-" = it is left alone. */
static const struct {
	const char *service, *settings, *current, *originals;
	const char *name, *want;
} rules[] = {
    {"smtp", "{}", "{}", "{}", "inet_interfaces", "-"},
    {"smtp", "{\"interface\":{\"listen\":\"all\"}}", "{}", "{}",
	"inet_interfaces", "\"all\""},
    {"smtp", "{\"interface\":{\"listen\":\"loopback\"}}", "{}", "{}",
	"inet_interfaces", "\"loopback-only\""},
    {"smtp", "{\"interface\":{\"idle_timeout\":10}}", "{}", "{}",
	"smtpd_timeout", "\"${stress?{10}:{600}}s\""},
    {"smtp", "{}", "{}", "{\"smtpd_timeout\":{\"was\":\"90s\",\"set\":\"x\"}}",
	"smtpd_timeout", "[\"90s\",\"x\"]"},
    {"smtp", "{}", "{}", "{\"smtpd_timeout\":{\"was\":null,\"set\":\"x\"}}",
	"smtpd_timeout", "[null,\"x\"]"},
    {"smtp", "{\"interface\":{\"max_connections\":0}}", "{}", "{}", PARAM_LIMIT,
	"\"0\""},
    {"smtp", "{\"interface\":{\"max_connections\":9}}", "{}", "{}", PARAM_LIMIT,
	"\"9\""},
    {"smtp", "{}", "{}", "{}", PARAM_SERVICE, "-"},
    {"smtp", "{\"interface\":{\"port\":2525}}", "{}", "{}", PARAM_SERVICE,
	"\"2525\""},
    {"smtp", "{\"interface\":{\"port\":25}}", "{}", "{}", PARAM_SERVICE,
	"\"smtp\""},
    {"smtp", "{\"interface\":{\"listen\":\"all\"}}", "{}", "{}", PARAM_SERVICE,
	"\"smtp\""},
    {"127.0.0.1:25", "{\"interface\":{\"port\":2525}}", "{}", "{}",
	PARAM_SERVICE, "\"127.0.0.1:2525\""},
    {"127.0.0.1:25", "{\"interface\":{\"listen\":\"all\"}}", "{}", "{}",
	PARAM_SERVICE, "\"25\""},
    {"[::1]:25", "{\"interface\":{\"port\":26}}", "{}", "{}", PARAM_SERVICE,
	"\"[::1]:26\""},
    /* Changed again: from what it was at first, not from what it is now. */
    {"2525", "{\"interface\":{\"port\":26}}", "{}",
	"{\"master.cf:service\":{\"was\":\"127.0.0.1:smtp\",\"set\":\"2525\"}}",
	PARAM_SERVICE, "\"127.0.0.1:26\""},
    {"2525", "{}", "{}",
	"{\"master.cf:service\":{\"was\":\"127.0.0.1:smtp\",\"set\":\"2525\"}}",
	PARAM_SERVICE, "[\"127.0.0.1:smtp\",\"2525\"]"},
    {"smtp", "{\"access\":{\"policy\":\"accept_except\"}}", "{}", "{}",
	"smtpd_client_restrictions", "\"" OURS "\""},
    {"smtp", "{\"access\":{\"policy\":\"deny_except\"}}",
	"{\"smtpd_client_restrictions\":\"check_client_access "
	"cidr:/s/generations/gen-6/access.cidr, permit\"}",
	"{}", "smtpd_client_restrictions", "\"" OURS ", permit\""},
    {"smtp", "{}", "{\"smtpd_client_restrictions\":\"" OURS ", permit\"}", "{}",
	"smtpd_client_restrictions", "\"permit\""},
    {"smtp", "{}", "{\"smtpd_client_restrictions\":\"" OURS "\"}", "{}",
	"smtpd_client_restrictions", "null"},
    {"smtp", "{}", "{\"smtpd_client_restrictions\":\"permit\"}", "{}",
	"smtpd_client_restrictions", "-"},
};

START_TEST(rule)
{
	struct json_object *patch = json(rules[_i].settings), *wanted = NULL;
	struct json_object *current = json(rules[_i].current);
	struct json_object *originals = json(rules[_i].originals), *v;
	struct postfix_info *info = calloc(1, sizeof(*info));
	struct params_context c = {.info = info,
	    .current = current,
	    .originals = originals,
	    .access_file = "/s/generations/gen-7/access.cidr"};
	struct settings s;
	struct err err;

	settings_default(&s);
	ck_assert_int_eq(settings_from_json(&s, patch, &err), 0);
	c.settings = &s;
	info->version = 30711;
	snprintf(info->inbound.service, sizeof(info->inbound.service), "%s",
	    rules[_i].service);
	ck_assert_msg(params_wanted(&c, &wanted, &err) == 0, "%s", err.msg);
	if (json_object_object_get_ex(wanted, rules[_i].name, &v))
		ck_assert_str_eq(json_object_to_json_string_ext(
				     v, JSON_C_TO_STRING_PLAIN |
					    JSON_C_TO_STRING_NOSLASHESCAPE),
		    rules[_i].want);
	else
		ck_assert_str_eq("-", rules[_i].want);
	settings_clear(&s);
	json_object_put(patch);
	json_object_put(current);
	json_object_put(originals);
	json_object_put(wanted);
	free(info);
}
END_TEST

/* A wish over a certain value, or over none, is planned over that alone. */
static const struct {
	const char *wish, *now;
	const char *after; /* NULL: removed, "-": not planned */
} over[] = {
    {"{\"smtpd_timeout\":[\"90s\",\"x\"]}", "{\"smtpd_timeout\":\"y\"}", "-"},
    {"{\"smtpd_timeout\":[\"90s\",\"x\"]}", "{}", "-"},
    {"{\"smtpd_timeout\":[\"90s\",\"x\"]}", "{\"smtpd_timeout\":\"x\"}", "90s"},
    {"{\"smtpd_timeout\":[null,\"x\"]}", "{\"smtpd_timeout\":\"x\"}", NULL},
    {"{\"smtpd_timeout\":[\"90s\",null]}", "{}", "90s"},
    {"{\"smtpd_timeout\":[\"90s\",null]}", "{\"smtpd_timeout\":\"x\"}", "-"},
    {"{\"smtpd_timeout\":[null,null]}", "{}", "-"},
};

START_TEST(only_over_that)
{
	struct json_object *wanted = json(over[_i].wish);
	struct json_object *now = json(over[_i].now);
	struct param_plan plan = {NULL, 0};
	struct err err;

	ck_assert_int_eq(params_plan(now, wanted, &plan, &err), 0);
	if (over[_i].after != NULL && strcmp(over[_i].after, "-") == 0) {
		ck_assert_uint_eq(plan.n, 0);
	} else {
		ck_assert_uint_eq(plan.n, 1);
		ck_assert_str_eq(plan.v[0].name, "smtpd_timeout");
		ck_assert_pstr_eq(plan.v[0].after, over[_i].after);
	}
	param_plan_clear(&plan);
	json_object_put(wanted);
	json_object_put(now);
}
END_TEST

/* A column that the service does not have is not there as "". */
START_TEST(columns_of_master)
{
	struct postfix_info *info = calloc(1, sizeof(*info));
	struct json_object *o = json_object_new_object(), *v;

	strcpy(info->inbound.service, "smtp");
	ck_assert_int_eq(params_add_master(o, info), 0);
	ck_assert(json_object_object_get_ex(o, PARAM_SERVICE, &v));
	ck_assert_str_eq(json_object_get_string(v), "smtp");
	ck_assert(!json_object_object_get_ex(o, PARAM_LIMIT, &v));
	strcpy(info->inbound.process_limit, "-");
	ck_assert_int_eq(params_add_master(o, info), 0);
	ck_assert(json_object_object_get_ex(o, PARAM_LIMIT, &v));
	ck_assert_str_eq(json_object_get_string(v), "-");
	json_object_put(o);
	free(info);
}
END_TEST

static void
put(const char *name, const char *text)
{
	const struct fsx_attr attr = {.mode = 0644,
	    .uid = (uid_t)-1,
	    .gid = (gid_t)-1,
	    .mtime = time(NULL) - 100};
	char path[128];
	struct err err;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	ck_assert_msg(fsx_replace(path, text, strlen(text), &attr, &err) == 0,
	    "%s", err.msg);
}

static struct conf
conf_for(const char *service)
{
	struct conf c;

	conf_default(&c);
	snprintf(c.config_directory, sizeof(c.config_directory), "%s", dir);
	snprintf(c.service, sizeof(c.service), "%s", service);
	put("main.cf", "inet_protocols = ipv4\ninet_interfaces = all\n"
		       "queue_directory = /var/spool/postfix\n");
	return c;
}

#define REST "pickup unix n - n 60 1 pickup\n"

static const struct {
	const char *master, *conf, *known; /* known: as it was named last */
	const char *service, *limit;	   /* NULL: not found */
	bool postscreen, timeout, restrictions;
	const char *others;
} masters[] = {
    {"smtp inet n - n - - smtpd\n", "smtp", NULL, "smtp", "-", false, false,
	false, ""},
    {"25 inet n - n - 7 smtpd\n", "smtp", NULL, "25", "7", false, false, false,
	""},
    {"smtp inet n - n - 1 postscreen\nsmtpd pass - - n - 5 smtpd\n", "smtp",
	NULL, "smtp", "5", true, false, false, ""},
    {"smtp inet n - n - 1 postscreen\n", "smtp", NULL, "smtp", "", true, false,
	false, ""},
    {"smtp inet n - n - 1 postscreen\nsmtpd pass - - n - 5 smtpd -o "
     "smtpd_client_restrictions=permit\n",
	"smtp", NULL, "smtp", "5", true, false, true, ""},
    {"smtp inet n - n - - smtpd -o smtpd_timeout=9s\n"
     "submission inet n - n - - smtpd\nsmtps inet n - n - - smtpd -o "
     "smtpd_client_restrictions=reject\n",
	"smtp", NULL, "smtp", "-", false, true, false, "submission"},
    /* Renamed by the console, then found by that name. */
    {"2525 inet n - n - - smtpd\n", "smtp", "2525", "2525", "-", false, false,
	false, ""},
    /* Renamed by hand: only one can be meant. */
    {"26 inet n - n - - smtpd\n127.0.0.1:10026 inet n - n - - smtpd\n"
     "submission inet n - n - - smtpd -o smtpd_client_restrictions=reject\n",
	"smtp", "2525", "26", "-", false, false, false, "127.0.0.1:10026"},
    /* Two could be. */
    {"26 inet n - n - - smtpd\n27 inet n - n - - smtpd\n", "smtp", "2525", NULL,
	"", false, false, false, ""},
    /* postseal.conf is wrong, and nothing else says more. */
    {"26 inet n - n - - smtpd\n", "smtp", NULL, NULL, "", false, false, false,
	""},
    {"smtp unix - - n - - smtp\n", "smtp", NULL, NULL, "", false, false, false,
	""},
};

START_TEST(services)
{
	const char *names[] = {masters[_i].known, NULL};
	struct conf c = conf_for(masters[_i].conf);
	struct postfix_info *info = calloc(1, sizeof(*info));
	char text[1024];
	struct err err;

	snprintf(text, sizeof(text), "%s" REST, masters[_i].master);
	put("master.cf", text);
	ck_assert_msg(
	    postfix_info_read(&c, names, info, &err) == 0, "%s", err.msg);
	if (masters[_i].service == NULL) {
		/* A null client, or one of two: nothing inbound is set. */
		ck_assert_msg(info->kind == POSTFIX_OK, "%s", info->detail);
		ck_assert_ptr_nonnull(strstr(info->closed, "inet service"));
		ck_assert_str_eq(info->inbound.service, "");
	} else {
		ck_assert_msg(info->kind == POSTFIX_OK, "%s", info->detail);
		ck_assert_str_eq(info->inbound.service, masters[_i].service);
		ck_assert_str_eq(
		    info->inbound.process_limit, masters[_i].limit);
		ck_assert(info->inbound.postscreen == masters[_i].postscreen);
		ck_assert(info->inbound.own_timeout == masters[_i].timeout);
		ck_assert(
		    info->inbound.own_restrictions == masters[_i].restrictions);
		ck_assert_str_eq(info->inbound.others, masters[_i].others);
		ck_assert_str_eq(info->inbound.timeout, "300s");
	}
	free(info);
}
END_TEST

/* Before, what is planned, and what must stand there afterwards. */
static const struct {
	const char *before, *service, *limit; /* NULL: not planned */
	const char *after;
} edits[] = {
    {"# head\nsmtp inet n - n - - smtpd\n" REST "# tail\n", NULL, "50",
	"# head\nsmtp       inet  n       -       n       -       50      "
	"smtpd\n" REST "# tail\n"},
    {"smtp inet n - n - - smtpd\n  # inner\n  -o a=b\n  -o { c = d, e }\n" REST,
	"2525", "0",
	"  # inner\n2525       inet  n       -       n       -       0       "
	"smtpd\n    -o a=b\n    -o {c=d, e}\n" REST},
    {"smtp inet n - n - 1 postscreen\nsmtpd pass - - n - - smtpd\n" REST, NULL,
	"8",
	"smtp inet n - n - 1 postscreen\nsmtpd      pass  -       -       n"
	"       -       8       smtpd\n" REST},
    {"smtp inet n - n - - smtpd\nsmtp unix - - n - - smtp\n"
     "pickup unix n - n 60 1 pickup",
	"26", NULL,
	"26         inet  n       -       n       -       -       smtpd\n"
	"smtp unix - - n - - smtp\n" REST},
};

static void
plan_put(struct param_plan *plan, const char *name, const char *after)
{
	if (after == NULL)
		return;
	plan->v[plan->n].name = name;
	plan->v[plan->n].before = strdup("-");
	plan->v[plan->n++].after = strdup(after);
}

START_TEST(edit)
{
	struct conf c = conf_for("smtp");
	struct postfix_info *info = calloc(1, sizeof(*info));
	struct param_plan plan = {calloc(2, sizeof(struct param_change)), 0};
	char stage[96];
	struct buf before, after;
	struct err err;

	put("master.cf", edits[_i].before);
	snprintf(stage, sizeof(stage), "%s/stage", dir);
	ck_assert_int_eq(fsx_wipe_tree(stage, &err), 0);
	ck_assert_int_eq(fsx_mkdir(stage, 0700, &err), 0);
	ck_assert_int_eq(postfix_info_read(&c, NULL, info, &err), 0);
	plan_put(&plan, PARAM_SERVICE, edits[_i].service);
	plan_put(&plan, PARAM_LIMIT, edits[_i].limit);
	buf_init(&before, 65536);
	buf_init(&after, 65536);
	ck_assert_msg(
	    mastercf_stage(&c, info, &plan, stage, &before, &after, &err) == 0,
	    "%s", err.msg);
	ck_assert_str_eq(before.data, edits[_i].before);
	ck_assert_str_eq(after.data, edits[_i].after);
	buf_clear(&before);
	buf_clear(&after);
	param_plan_clear(&plan);
	free(info);
}
END_TEST

static const char *const access_lists[] = {
    "[]",
    "[\"192.0.2.1\"]",
    "[\"192.0.2.0/24\",\"2001:db8::/32\",\"10.0.0.0/8\"]",
    "[\"0.0.0.1\",\"255.255.255.255\",\"::\"]",
    "[\"8000::/1\",\"128.0.0.0/1\",\"fe80::1\"]",
};

/* Both policies; and a map that is not the one asked about is found out. */
START_TEST(access_map)
{
	struct conf c = conf_for("smtp");
	char text[512], path[96];
	struct json_object *o;
	struct settings s;
	struct buf b;
	struct err err;
	int policy;

	/* Postfix warns of this each time, about something else. */
	put("main.cf", "biff = no\nbiff = yes\n");
	for (policy = 0; policy < 2; policy++) {
		settings_default(&s);
		snprintf(text, sizeof(text),
		    "{\"access\":{\"policy\":\"%s\",\"list\":%s}}",
		    policy == 0 ? "accept_except" : "deny_except",
		    access_lists[_i]);
		o = json(text);
		ck_assert_int_eq(settings_from_json(&s, o, &err), 0);
		json_object_put(o);
		buf_init(&b, 1 << 20);
		ck_assert_int_eq(access_map_text(&s, 12, &b, &err), 0);
		put("access.cidr", b.data);
		put("master.cf", "smtp inet n - n - - smtpd\n" REST);
		snprintf(path, sizeof(path), "%s/access.cidr", dir);
		ck_assert_msg(
		    access_map_check(&c, dir, path, &s, 12, &err) == 0,
		    "%s: %s", text, err.msg);
		ck_assert_int_eq(
		    access_map_check(&c, dir, path, &s, 13, &err), -1);
		ck_assert_int_eq(err.code, ERR_POSTFIX_READBACK);
		put("access.cidr", "127.0.0.1 REJECT\n");
		ck_assert_int_eq(
		    access_map_check(&c, dir, path, &s, 12, &err), -1);
		put("access.cidr", "not a map\n");
		ck_assert_int_eq(
		    access_map_check(&c, dir, path, &s, 12, &err), -1);
		ck_assert_ptr_nonnull(strstr(err.msg, "access.cidr, line 1"));
		buf_clear(&b);
		settings_clear(&s);
	}
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("inbound");
	struct err err;
	int failed;

	snprintf(dir, sizeof(dir), "/tmp/postseal-inbound-%ld", (long)getpid());
	if (mkdir(dir, 0700) == -1)
		return 1;
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, our_element, 0, N(lists));
	tcase_add_test(t, no_generation);
	tcase_add_test(t, in_master);
	tcase_add_loop_test(t, map_path, 0, N(paths));
	tcase_add_loop_test(t, rule, 0, N(rules));
	tcase_add_loop_test(t, only_over_that, 0, N(over));
	tcase_add_test(t, columns_of_master);
	tcase_add_loop_test(t, services, 0, N(masters));
	tcase_add_loop_test(t, edit, 0, N(edits));
	tcase_add_loop_test(t, access_map, 0, N(access_lists));
	failed = suite_run("inbound", t);
	(void)fsx_wipe_tree(dir, &err);
	return failed == 0 ? 0 : 1;
}
