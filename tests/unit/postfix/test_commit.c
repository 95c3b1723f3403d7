/*
 * test_commit.c - what must not happen to main.cf between postconf's copy and
 * the rename: a postconf that lies, an editor that saves meanwhile, an owner,
 * an attribute or a time stamp that gets lost.
 */
#include <sys/xattr.h>

#include <errno.h>
#include <time.h>

#include "../suite.h"
#include "maincf_place.h"
#include "maincf.h"

/*
 * A postconf that lies: what it does to the copy must be noticed before
 * anything is renamed.  $R is the real one, "$@" its arguments, $D the stage.
 */
static const struct {
	const char *script;
	enum err_code want;
} liars[] = {
    {"case $3 in -e) exit 0;; esac; exec $R \"$@\"", ERR_POSTFIX_READBACK},
    {"$R \"$@\" || exit; case $3 in -e) sed -i s/^biff/#biff/ $D/main.cf;; "
     "esac",
	ERR_POSTFIX_READBACK},
    {"$R \"$@\" || exit; case $3 in -e) sed -i 's/biff = no/biff = yes/' "
     "$D/main.cf;; esac",
	ERR_POSTFIX_READBACK},
    {"$R \"$@\" || exit; case $3 in -e) sed -i '/^# TLS/d' $D/main.cf;; "
     "esac",
	ERR_POSTFIX_READBACK},
    {"$R \"$@\" || exit; case $3 in -e) echo >>$D/main.cf;; esac",
	ERR_POSTFIX_READBACK},
    {"$R \"$@\" || exit; case $3 in -e) echo '  glued' >>$D/main.cf;; esac",
	ERR_POSTFIX_READBACK},
    {"$R \"$@\" || exit; case $3 in -e) echo 'relayhost = [evil.example]' "
     ">>$D/main.cf;; esac",
	ERR_POSTFIX_READBACK},
    {"$R \"$@\" || exit; case $3 in -e) echo broken >>$D/main.cf;; esac",
	ERR_POSTFIX_CONFIG},
    {"$R \"$@\" || exit; case $3 in -e) : >$D/main.cf;; esac",
	ERR_POSTFIX_READBACK},
    {"$R \"$@\" || exit; case $3 in -e) rm $D/main.cf;; esac", ERR_IO},
    {"$R \"$@\"; test $3 != -n || ! grep -q tls_loglevel $D/main.cf || "
     "echo 'postconf: warning: something new' >&2",
	ERR_POSTFIX_READBACK},
    {"case $3 in -e) echo 'postconf: fatal: no space' >&2; exit 1;; esac; "
     "exec $R \"$@\"",
	ERR_POSTFIX_COMMAND},
    {"case $3 in -e) kill -9 $$;; esac; exec $R \"$@\"", ERR_POSTFIX_COMMAND},
    {"exit 1", ERR_POSTFIX_CONFIG},
    {"case $3 in -X) exit 0;; esac; exec $R \"$@\"", ERR_POSTFIX_READBACK},
    {"exec $R \"$@\"", ERR_NONE},
};

START_TEST(lying_postconf)
{
	struct param_change c[2] = {{"smtpd_tls_loglevel", NULL, NULL},
	    {"smtpd_tls_cert_file", NULL, NULL}};
	struct param_plan plan = {c, 2};
	struct buf before, after;
	char stage[400], one[] = "1";
	struct place p;
	struct err e = {0};
	int rc;

	c[0].after = one;
	place_make(&p, "liar", 3 * _i, DATA "/good-debian-fresh.cf");
	(void)snprintf(stage, sizeof(stage), "%s/stage", p.dir);
	ck_assert_int_eq(mkdir(stage, 0700), 0);
	(void)snprintf(p.conf.command_directory,
	    sizeof(p.conf.command_directory), "%s/bin", p.dir);
	sh("mkdir %s/bin; cat >%s/bin/postconf <<'END'\n#!/bin/sh\n"
	   "R=/usr/sbin/postconf D=$2\n%s\nEND\nchmod 755 %s/bin/postconf",
	    p.dir, p.dir, liars[_i].script, p.dir);
	buf_init(&before, SIZE_MAX_);
	buf_init(&after, SIZE_MAX_);
	rc = maincf_stage(&p.conf, &plan, stage, &before, &after, &e);
	ck_assert_msg(e.code == liars[_i].want, "%d: %s: %s", _i,
	    err_name(e.code), e.msg);
	ck_assert_int_eq(rc, liars[_i].want == ERR_NONE ? 0 : -1);
	buf_clear(&before);
	buf_clear(&after);
}
END_TEST

START_TEST(commit_hash)
{
	static const char text[] = "biff = yes\n";
	char sha[SHA256_HEX];
	struct buf was, is;
	struct place p;
	struct err e = {0};

	place_make(&p, "hash", _i, DATA "/good-debian-fresh.cf");
	slurp(p.file, &was);
	ck_assert_int_eq(sha256_hex(was.data, was.len, sha), 0);
	/* An editor saves between our read and our rename. */
	sh("echo '# edited' >>%s", p.file);
	ck_assert_int_eq(
	    maincf_commit(&p.conf, text, strlen(text), sha, &e), -1);
	ck_assert_int_eq(e.code, ERR_SETTINGS_STALE);
	slurp(p.file, &is);
	ck_assert_uint_eq(is.len, was.len + strlen("# edited\n"));
	buf_clear(&is);
	sh("test -z \"$(find %s -name '*postseal*')\"", p.dir);
	/* Without a hash: whatever is there; leftovers of a crash go. */
	sh("touch %s.postseal-1 %s.postseal-4194999", p.file, p.file);
	ck_assert_int_eq(
	    maincf_commit(&p.conf, text, strlen(text), NULL, &e), 0);
	slurp(p.file, &is);
	ck_assert_str_eq(is.data, text);
	sh("test -z \"$(find %s -name '*postseal*')\"", p.dir);
	buf_clear(&is);
	buf_clear(&was);
}
END_TEST

START_TEST(commit_keeps_attributes)
{
	/* user::rw- user:postfix(2):r-- group::r-- mask::r-- other::--- */
	static const unsigned char acl[] = {2, 0, 0, 0, 1, 0, 6, 0, 255, 255,
	    255, 255, 2, 0, 4, 0, 2, 0, 0, 0, 4, 0, 4, 0, 255, 255, 255, 255,
	    16, 0, 4, 0, 255, 255, 255, 255, 32, 0, 0, 0, 255, 255, 255, 255};
	char got[256];
	struct stat st1, st2;
	struct place p;
	struct err e = {0};
	ssize_t n;

	place_make(&p, "attr", _i, DATA "/good-debian-fresh.cf");
	if (setxattr(p.file, "user.note", "mine", 4, 0) == -1 ||
	    setxattr(p.file, "system.posix_acl_access", acl, sizeof(acl), 0) ==
		-1) {
		printf(
		    "no attributes on this file system: %s\n", strerror(errno));
		return;
	}
	ck_assert_int_eq(stat(p.file, &st1), 0);
	ck_assert_int_eq(maincf_commit(&p.conf, "a = b\n", 6, NULL, &e), 0);
	ck_assert_int_eq(stat(p.file, &st2), 0);
	ck_assert_uint_ne(st1.st_ino, st2.st_ino);
	ck_assert_uint_eq(st1.st_mode, st2.st_mode);
	n = getxattr(p.file, "user.note", got, sizeof(got));
	ck_assert_int_eq(n, 4);
	ck_assert_int_eq(memcmp(got, "mine", 4), 0);
	n = getxattr(p.file, "system.posix_acl_access", got, sizeof(got));
	ck_assert_int_eq(n, (int)sizeof(acl));
	ck_assert_int_eq(memcmp(got, acl, sizeof(acl)), 0);
}
END_TEST

/* Two commits within one second: the second mtime is another one. */
START_TEST(commit_mtime_moves)
{
	struct stat st[3];
	struct place p;
	struct err e = {0};
	int i;

	place_make(&p, "mtime", 0, DATA "/good-debian-fresh.cf");
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(
		    maincf_commit(&p.conf, "a = b\n", 6, NULL, &e), 0);
		ck_assert_int_eq(stat(p.file, &st[i]), 0);
		ck_assert_int_lt(st[i].st_mtime, time(NULL) - 2);
		if (i > 0)
			ck_assert_int_ne(st[i].st_mtime, st[i - 1].st_mtime);
	}
}
END_TEST

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

int
main(void)
{
	TCase *t = tcase_create("commit");
	int failed;

	if (instance_skip("test_commit"))
		return 0;
	if (instance_make(&base, "commit") == -1) {
		fprintf(stderr, "test_commit: no instance\n");
		return 1;
	}
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, lying_postconf, 0, N(liars));
	tcase_add_loop_test(t, commit_hash, 0, 3);
	tcase_add_loop_test(t, commit_keeps_attributes, 0, 3);
	tcase_add_test(t, commit_mtime_moves);
	failed = suite_run("commit", t);
	instance_remove(&base, failed);
	return failed != 0;
}
