/*
 * test_maincf.c - main.cf as found in the wild: every tests/data/maincf/
 * good-*.cf goes through a row of settings with Postfix's own postconf, and
 * afterwards nothing but managed lines has changed; every bad-*.cf is
 * refused with Postfix's words and left alone.
 *
 * The oracle for "nothing else has changed" is written anew here, with a
 * regular expression, so that it does not share a mistake with the code.
 */
#include <glob.h>
#include <regex.h>
#include <time.h>

#include "../suite.h"
#include "../../../src/postfix/param_row.h"
#include "jsonx.h"
#include "maincf_place.h"
#include "wanted.h"
#include "maincf.h"

static glob_t good;

/* One Save at this layer. Returns the number of planned changes. */
static size_t
save(struct place *p, unsigned bits, int gen, struct buf *ret_before,
    struct err *err)
{
	struct json_object *current = NULL, *wanted = NULL;
	struct param_plan plan = {NULL, 0};
	char chain[400], stage[400], sha[SHA256_HEX];
	struct postfix_info info;
	const char *json;
	struct settings s;
	struct buf after;
	struct stat st;
	size_t n;

	memset(&info, 0, sizeof(info));
	info.version = 30711;
	settings_default(&s);
	s.inbound_enabled = bits & 1;
	s.tls_only = bits & 2;
	s.outbound_enabled = bits & 4;
	(void)snprintf(chain, sizeof(chain),
	    "/var/lib/postseal/generations/gen-%d/inbound.pem", gen);
	(void)snprintf(stage, sizeof(stage), "%s/stage-%d", p->dir, gen);
	buf_init(ret_before, SIZE_MAX_);
	buf_init(&after, SIZE_MAX_);
	ck_assert_msg(
	    params_read(&p->conf, &current, err) == 0, "%s", err->msg);
	json = json_object_to_json_string(current);
	ck_assert(utf8_valid(json, strlen(json)));
	ck_assert_int_eq(wanted_of(&s, &info, chain, &wanted, err), 0);
	ck_assert_int_eq(params_plan(current, wanted, &plan, err), 0);
	n = plan.n;
	ck_assert_int_eq(mkdir(stage, 0700), 0);
	ck_assert_msg(
	    maincf_stage(&p->conf, &plan, stage, ret_before, &after, err) == 0,
	    "bits %u: %s", bits, err->msg);
	ck_assert_int_eq(sha256_hex(ret_before->data, ret_before->len, sha), 0);
	ck_assert_msg(
	    maincf_commit(&p->conf, after.data, after.len, sha, err) == 0, "%s",
	    err->msg);
	param_plan_clear(&plan);
	json_object_put(current);
	current = NULL;
	/* What is there now is what was wanted. */
	ck_assert_int_eq(stat(p->file, &st), 0);
	ck_assert_msg(st.st_mtime < time(NULL) - 2, "main.cf is hot");
	ck_assert_int_eq(params_read(&p->conf, &current, err), 0);
	ck_assert_int_eq(params_plan(current, wanted, &plan, err), 0);
	ck_assert_uint_eq(plan.n, 0);
	param_plan_clear(&plan);
	json_object_put(current);
	json_object_put(wanted);
	buf_clear(&after);
	return n;
}

static void
managed_regex(regex_t *re)
{
	char text[2048] = "^(";
	size_t i;

	for (i = 0; i < n_params; i++) {
		strcat(text, i == 0 ? "" : "|");
		strcat(text, params[i].name);
	}
	strcat(text, ")[[:space:]]*=");
	ck_assert_int_eq(regcomp(re, text, REG_EXTENDED | REG_NOSUB), 0);
}

/* The lines that are not ours, one string; a missing last newline added. */
static void
others(const struct buf *b, const regex_t *re, struct buf *dst)
{
	char *copy = strndup(b->data, b->len), *p = copy, *nl, *t;
	bool ours = false;

	buf_init(dst, SIZE_MAX_);
	while (*p != '\0') {
		if ((nl = strchr(p, '\n')) != NULL)
			*nl = '\0';
		t = p + strspn(p, " \t\r\f\v");
		if (*t != '\0' && *t != '#' && t == p)
			ours = regexec(re, p, 0, NULL, 0) == 0;
		if (*t == '\0' || *t == '#' || !ours) {
			buf_adds(dst, p);
			buf_addc(dst, '\n');
		}
		p = nl == NULL ? p + strlen(p) : nl + 1;
	}
	free(copy);
}

static void
same_but_ours(const struct buf *a, const struct buf *b)
{
	struct buf x, y;
	regex_t re;

	managed_regex(&re);
	others(a, &re, &x);
	others(b, &re, &y);
	ck_assert_str_eq(x.data, y.data);
	ck_assert_uint_eq(x.len, y.len);
	regfree(&re);
	buf_clear(&x);
	buf_clear(&y);
}

static void
same_looks(const struct place *p, const struct stat *was)
{
	char path[400];
	struct stat st;

	ck_assert_int_eq(lstat(p->file, &st), 0);
	ck_assert_uint_eq(st.st_mode, was->st_mode);
	ck_assert_uint_eq(st.st_uid, was->st_uid);
	ck_assert_uint_eq(st.st_gid, was->st_gid);
	(void)snprintf(path, sizeof(path), "%s/conf/main.cf", p->dir);
	ck_assert_int_eq(lstat(path, &st), 0);
	ck_assert_int_eq(S_ISLNK(st.st_mode), p->link);
}

START_TEST(wild_good)
{
	static const unsigned rows[][3] = {{1, 3, 0}, {4, 7, 0}, {0, 5, 3}};
	const unsigned *row = rows[_i % 3];
	struct buf first, before, now;
	struct stat was;
	struct place p;
	struct err e;
	int k;

	place_make(&p, "good", _i, good.gl_pathv[_i]);
	slurp(p.file, &first);
	ck_assert_int_eq(stat(p.file, &was), 0);
	for (k = 0; k < 3; k++) {
		slurp(p.file, &now);
		(void)save(&p, row[k], k + 4, &before, &e);
		ck_assert_uint_eq(before.len, now.len);
		ck_assert_int_eq(memcmp(before.data, now.data, now.len), 0);
		buf_clear(&before);
		buf_clear(&now);
		slurp(p.file, &now);
		same_but_ours(&first, &now);
		same_looks(&p, &was);
		buf_clear(&now);
	}
	buf_clear(&first);
}
END_TEST

/* Everything off, on a main.cf that sets nothing of ours: not one byte. */
START_TEST(off_changes_nothing)
{
	static const char *const names[] = {"good-empty", "good-comments-only",
	    "good-no-final-newline", "good-continuation", "good-crlf",
	    "good-gateway-relay", "good-legacy-no", "good-commented-out",
	    "good-lookalikes", "good-nullclient", "good-long-lines",
	    "good-leading-blank"};
	struct json_object *current = NULL, *wanted = NULL;
	struct param_plan plan = {NULL, 0};
	struct postfix_info info;
	char path[200];
	struct settings s;
	struct place p;
	struct err e;
	size_t i;

	memset(&info, 0, sizeof(info));
	info.version = 30711;
	settings_default(&s);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), DATA "/%s.cf", names[i]);
		place_make(&p, "off", (int)i, path);
		ck_assert_int_eq(params_read(&p.conf, &current, &e), 0);
		ck_assert_int_eq(wanted_of(&s, &info, NULL, &wanted, &e), 0);
		ck_assert_int_eq(params_plan(current, wanted, &plan, &e), 0);
		ck_assert_msg(plan.n == 0, "%s: %s", names[i],
		    plan.n > 0 ? plan.v[0].name : "");
		param_plan_clear(&plan);
		json_object_put(current);
		json_object_put(wanted);
	}
}
END_TEST

static const struct bad_case {
	const char *name, *where, *text;
} bad[] = {
    {"bad-no-equals", "line 3", "this line has no sign"},
    {"bad-blank-in-name", "line 2", "smtpd tls level = may"},
    {"bad-no-name", "line 2", "= value"},
    {"bad-word", "line 3", "help"},
    {"bad-shell", "line 1", "export myhostname"},
    {"bad-ini", "line 1", "[main]"},
    {"bad-yaml", "line 1", "myhostname:"},
    {"bad-bom", "line 2", "}"},
    {"bad-conflict", "line 1", "<<<<<<< HEAD"},
    {"bad-macro", "macro", ""},
};

static void
bad_is_told(const struct place *p, const struct bad_case *c)
{
	struct json_object *o = NULL;
	struct postfix_info info;
	struct err e;

	ck_assert_int_eq(params_read(&p->conf, &o, &e), -1);
	ck_assert_int_eq(e.code, ERR_POSTFIX_CONFIG);
	ck_assert_int_eq(postfix_info_read(&p->conf, NULL, &info, &e), 0);
	ck_assert_int_eq(info.kind, POSTFIX_BROKEN);
	ck_assert_ptr_nonnull(strstr(info.detail, c->where));
	ck_assert_int_eq(postfix_usable(&info, &e), -1);
	ck_assert_int_eq(e.code, ERR_POSTFIX_CONFIG);
	ck_assert_ptr_nonnull(strstr(e.msg, c->text));
}

START_TEST(wild_bad)
{
	char path[200], stage[400];
	struct param_change c = {"smtpd_tls_loglevel", NULL, NULL};
	struct param_plan plan = {&c, 1};
	struct buf was, is, before, after;
	struct stat st1, st2;
	char one[] = "1";
	struct place p;
	struct err e;

	c.after = one;
	(void)snprintf(path, sizeof(path), DATA "/%s.cf", bad[_i].name);
	place_make(&p, "bad", _i, path);
	(void)snprintf(stage, sizeof(stage), "%s/stage", p.dir);
	ck_assert_int_eq(mkdir(stage, 0700), 0);
	slurp(p.file, &was);
	ck_assert_int_eq(stat(p.file, &st1), 0);
	buf_init(&before, SIZE_MAX_);
	buf_init(&after, SIZE_MAX_);

	/* Postfix's programs sleep a second before they end with "fatal". */
	if (_i < 2)
		bad_is_told(&p, &bad[_i]);
	ck_assert_int_eq(
	    maincf_stage(&p.conf, &plan, stage, &before, &after, &e), -1);
	ck_assert_int_eq(e.code, ERR_POSTFIX_CONFIG);
	ck_assert_msg(strstr(e.msg, bad[_i].where) != NULL, "%s", e.msg);
	ck_assert_msg(strstr(e.msg, bad[_i].text) != NULL, "%s", e.msg);
	ck_assert_ptr_null(strstr(e.msg, "/stage/"));
	if (_i != 9)
		ck_assert_msg(strstr(e.msg, p.file) != NULL, "%s", e.msg);
	ck_assert_uint_eq(after.len, 0);

	slurp(p.file, &is);
	ck_assert_int_eq(stat(p.file, &st2), 0);
	ck_assert_uint_eq(was.len, is.len);
	ck_assert_int_eq(memcmp(was.data, is.data, is.len), 0);
	ck_assert_int_eq(st1.st_mtim.tv_sec, st2.st_mtim.tv_sec);
	ck_assert_uint_eq(st1.st_ino, st2.st_ino);
	buf_clear(&was);
	buf_clear(&is);
	buf_clear(&before);
	buf_clear(&after);
}
END_TEST

/* Files that Postfix is not even asked about, and one of 1 MiB that works. */
static const struct {
	const char *make; /* $F is main.cf, $C its directory */
	enum err_code want;
} odd[] = {
    {"rm $F", ERR_POSTFIX_CONFIG},
    {"rm $F; ln -s nowhere $F", ERR_POSTFIX_CONFIG},
    {"rm $F; ln -s main.cf $F", ERR_POSTFIX_CONFIG},
    {"rm $F; mkdir $F", ERR_IO},
    {"rm $F; mkfifo $F", ERR_IO},
    {"rm $F; ln -s /dev/zero $F", ERR_IO},
    {"head -c 5000000 /dev/zero | tr '\\0' '#' >$F", ERR_FILE_TOO_LARGE},
    {"printf 'biff = no\\nmydomain = a\\0b\\n' >$F", ERR_POSTFIX_CONFIG},
    {"rm $C/master.cf", ERR_POSTFIX_CONFIG},
    {"seq -f '# line %.0f of a history that nobody dares to delete' 1 20000 "
     ">>$F; seq -f 'office_%.0f = 192.0.2.0/24' 1 8000 >>$F",
	ERR_NONE},
};

START_TEST(odd_files)
{
	struct param_change c = {"smtpd_tls_loglevel", NULL, NULL};
	struct param_plan plan = {&c, 1};
	struct buf before, after;
	char stage[400], one[] = "1";
	struct place p;
	struct err e = {0};
	int rc;

	c.after = one;
	place_make(&p, "odd", 3 * _i, DATA "/good-debian-fresh.cf");
	sh("F=%s C=%s; %s", p.file, p.conf.config_directory, odd[_i].make);
	sh("touch -c -h -d '1 hour ago' %s", p.file);
	(void)snprintf(stage, sizeof(stage), "%s/stage", p.dir);
	ck_assert_int_eq(mkdir(stage, 0700), 0);
	buf_init(&before, SIZE_MAX_);
	buf_init(&after, SIZE_MAX_);
	rc = maincf_stage(&p.conf, &plan, stage, &before, &after, &e);
	ck_assert_msg(
	    e.code == odd[_i].want, "%s: %s", err_name(e.code), e.msg);
	ck_assert_int_eq(rc, odd[_i].want == ERR_NONE ? 0 : -1);
	if (rc == 0)
		ck_assert_uint_gt(after.len, 1024 * 1024);
	buf_clear(&before);
	buf_clear(&after);
}
END_TEST

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

int
main(void)
{
	TCase *t = tcase_create("maincf");
	int failed;

	if (instance_skip("test_maincf"))
		return 0;
	if (instance_make(&base, "maincf") == -1 ||
	    glob(DATA "/good-*.cf", 0, NULL, &good) != 0 ||
	    good.gl_pathc < 25) {
		fprintf(stderr, "test_maincf: no instance or no data\n");
		return 1;
	}
	printf("%zu files as found in the wild\n", good.gl_pathc);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, wild_good, 0, (int)good.gl_pathc);
	tcase_add_test(t, off_changes_nothing);
	tcase_add_loop_test(t, wild_bad, 0, N(bad));
	tcase_add_loop_test(t, odd_files, 0, N(odd));
	failed = suite_run("maincf", t);
	globfree(&good);
	instance_remove(&base, failed);
	return failed != 0;
}
