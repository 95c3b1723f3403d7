/*
 * test_conf.c - the configuration file.
 */
#include <errno.h>
#include <string.h>

#include "conf.h"
#include "../tmp.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

START_TEST(defaults_are_the_documented_ones)
{
	struct conf c;

	conf_default(&c);
	ck_assert_str_eq(c.state_directory, "/var/lib/postseal/daemon");
	ck_assert_str_eq(c.socket, "/run/postseal/postseald.sock");
	ck_assert_str_eq(c.socket_group, "postseal");
	ck_assert_str_eq(c.inspect_user, "postseal-parse");
	ck_assert_str_eq(c.probe_user, "postseal-probe");
	ck_assert_int_eq(c.generations, 20);
	ck_assert_int_eq(c.draft_minutes, 30);
	ck_assert_int_eq(c.apply, APPLY_RESTART);
	ck_assert_str_eq(c.config_directory, "/etc/postfix");
	ck_assert_str_eq(c.command_directory, "/usr/sbin");
	ck_assert_str_eq(c.service, "smtp");
	ck_assert_str_eq(c.log_file, "");
	ck_assert_str_eq(c.listen, "/run/postseal/fcgi.sock");
	ck_assert_str_eq(c.listen_group, "postseal-web");
	ck_assert_str_eq(c.web_user, "postseal");
	ck_assert_str_eq(c.web_state_directory, "/var/lib/postseal/web");
	ck_assert_str_eq(c.template_directory, "/usr/share/postseal/templates");
	ck_assert_int_eq(c.workers, 8);
	ck_assert_int_eq(c.session_idle_minutes, 15);
	ck_assert_int_eq(c.session_max_hours, 8);
}
END_TEST

START_TEST(every_key)
{
	const char *path = tmp_path("all.conf");
	struct conf c;
	struct err err;

	tmp_write(path, "# comment\n; comment\n\n"
			"[daemon]\n"
			"state_directory = /a/state\n"
			"socket=/a/d.sock\n"
			"socket_group : grp\n"
			"inspect_user = _jail-1\n"
			"generations = 2\n"
			"draft_minutes = 1440 ; a day\n"
			"apply = reload\n"
			"[postfix]\r\n"
			"config_directory = /etc/postfix-out\r\n"
			"command_directory = /opt/postfix/sbin\r\n"
			"service = [::1]:10025\r\n"
			"log_file = /var/log/x y.log\r\n"
			"[web]\n"
			"listen = /a/w.sock\n"
			"listen_group = www\n"
			"user = web.user\n"
			"state_directory = /a/web\n"
			"template_directory = /a/t\n"
			"workers = 64\n"
			"session_idle_minutes = 1\n"
			"session_max_hours = 168\n"
			"totp_required = administrator, operator\n"
			"[auth]\nsource = both\npam_service = login\n"
			"pam_directory = /a/pam.d\npam_helper = /a/pam\n"
			"pam_recheck_seconds = 3600\n"
			"password_list = /a/list.txt\n"
			"pam_administrators = wheel\npam_operators =\n"
			"pam_viewers = staff-1\n");
	conf_default(&c);
	ck_assert_msg(conf_read(&c, path, &err) == 0, "%s", err.msg);
	ck_assert_str_eq(c.state_directory, "/a/state");
	ck_assert_str_eq(c.socket, "/a/d.sock");
	ck_assert_str_eq(c.socket_group, "grp");
	ck_assert_str_eq(c.inspect_user, "_jail-1");
	ck_assert_int_eq(c.generations, 2);
	ck_assert_int_eq(c.draft_minutes, 1440);
	ck_assert_int_eq(c.apply, APPLY_RELOAD);
	ck_assert_str_eq(c.config_directory, "/etc/postfix-out");
	ck_assert_str_eq(c.command_directory, "/opt/postfix/sbin");
	ck_assert_str_eq(c.service, "[::1]:10025");
	ck_assert_str_eq(c.log_file, "/var/log/x y.log");
	ck_assert_str_eq(c.listen, "/a/w.sock");
	ck_assert_str_eq(c.listen_group, "www");
	ck_assert_str_eq(c.web_user, "web.user");
	ck_assert_str_eq(c.web_state_directory, "/a/web");
	ck_assert_str_eq(c.template_directory, "/a/t");
	ck_assert_int_eq(c.workers, 64);
	ck_assert_int_eq(c.session_idle_minutes, 1);
	ck_assert_int_eq(c.session_max_hours, 168);
	ck_assert_str_eq(c.totp_required, "administrator, operator");
	ck_assert_str_eq(c.auth_source, "both");
	ck_assert_str_eq(c.pam_service, "login");
	ck_assert_str_eq(c.pam_directory, "/a/pam.d");
	ck_assert_str_eq(c.pam_helper, "/a/pam");
	ck_assert_int_eq(c.pam_recheck_seconds, 3600);
	ck_assert_str_eq(c.password_list, "/a/list.txt");
	ck_assert_str_eq(c.pam_administrators, "wheel");
	ck_assert_str_eq(c.pam_operators, "");
	ck_assert_str_eq(c.pam_viewers, "staff-1");
}
END_TEST

/* Absent keys keep what was there; the same section may come twice. */
START_TEST(part_of_it)
{
	const char *path = tmp_path("part.conf");
	struct conf c, want;
	struct err err;

	conf_default(&c);
	strcpy(c.service, "2525");
	want = c;
	tmp_write(path, "");
	ck_assert_int_eq(conf_read(&c, path, &err), 0);
	ck_assert_mem_eq(&c, &want, sizeof(c));
	tmp_write(path, "[web]\nworkers=1\n[daemon]\ngenerations=3\n"
			"[web]\nuser=x\n");
	ck_assert_int_eq(conf_read(&c, path, &err), 0);
	want.workers = 1;
	want.generations = 3;
	ck_assert_str_eq(c.web_user, "x");
	strcpy(want.web_user, c.web_user);
	ck_assert_int_eq(c.workers, 1);
	ck_assert_str_eq(c.service, "2525");
}
END_TEST

static const struct {
	const char *text;
	int line;
	const char *field;
} bad[] = {
    {"[web]\ntotp_required = admin\n", 2, "totp_required"},
    {"[web]\norigin = http://a.example\n", 2, "origin"},
    {"[web]\norigin = https://A.example\n", 2, "origin"},
    {"[web]\norigin = https://a.example/\n", 2, "origin"},
    {"[web]\norigin = https://a.example:443\n", 2, "origin"},
    {"[web]\norigin = https://a.example:0\n", 2, "origin"},
    {"[web]\norigin = https://a.example:\n", 2, "origin"},
    {"[web]\norigin = https://\n", 2, "origin"},
    {"[web]\norigin = https://u@a.example\n", 2, "origin"},
    {"[web]\ntotp_required = yes\n", 2, "totp_required"},
    {"[web]\ntotp_required = viewers\n", 2, "totp_required"},
    {"[web]\ntotp_required = viewer;operator\n", 2, "totp_required"},
    {"[web]\ntotp_required = ,viewer\n", 2, "totp_required"},
    {"[auth]\nsource = PAM\n", 2, "source"},
    {"[auth]\nsource = local,pam\n", 2, "source"},
    {"[auth]\nsource =\n", 2, "source"},
    {"[auth]\npam_service = ../login\n", 2, "pam_service"},
    {"[auth]\npam_service =\n", 2, "pam_service"},
    {"[auth]\npam_directory = pam.d\n", 2, "pam_directory"},
    {"[auth]\npam_helper =\n", 2, "pam_helper"},
    {"[auth]\npam_viewers = -x\n", 2, "pam_viewers"},
    {"[auth]\npam_operators = a b\n", 2, "pam_operators"},
    {"[auth]\npam_recheck_seconds = 0\n", 2, "pam_recheck_seconds"},
    {"[web]\nworkers = 0\n", 2, "workers"},
    {"[web]\nworkers = 65\n", 2, "workers"},
    {"[web]\nworkers = -1\n", 2, "workers"},
    {"[web]\nworkers = +1\n", 2, "workers"},
    {"[web]\nworkers = 8x\n", 2, "workers"},
    {"[web]\nworkers = 0x8\n", 2, "workers"},
    {"[web]\nworkers = 8 8\n", 2, "workers"},
    {"[web]\nworkers = 1.0\n", 2, "workers"},
    {"[web]\nworkers =\n", 2, "workers"},
    {"[web]\nworkers = 4294967297\n", 2, "workers"},
    {"[web]\nworkers = 99999999999999999999\n", 2, "workers"},
    {"[daemon]\n\ngenerations = 1\n", 3, "generations"},
    {"[daemon]\ngenerations = 1001\n", 2, "generations"},
    {"[daemon]\ndraft_minutes = 1441\n", 2, "draft_minutes"},
    {"[daemon]\napply = stop\n", 2, "apply"},
    {"[daemon]\napply =\n", 2, "apply"},
    {"[daemon]\nstate_directory = relative\n", 2, "state_directory"},
    {"[daemon]\nstate_directory = ./x\n", 2, "state_directory"},
    {"[daemon]\nstate_directory =\n", 2, "state_directory"},
    {"[daemon]\nstate_directory = /a/../b\n", 2, "state_directory"},
    {"[daemon]\nstate_directory = /a/..\n", 2, "state_directory"},
    {"[daemon]\nstate_directory = /..\n", 2, "state_directory"},
    {"[daemon]\nsocket = /a234567890123456789012345678901234567890123456"
     "78901234567890123456789012345678901234567890123456789012345678\n",
	2, "socket"},
    {"[daemon]\nsocket_group = a b\n", 2, "socket_group"},
    {"[daemon]\nsocket_group = -x\n", 2, "socket_group"},
    {"[daemon]\nsocket_group =\n", 2, "socket_group"},
    {"[daemon]\ninspect_user = a:b\n", 2, "inspect_user"},
    {"[daemon]\ninspect_user = a234567890123456789012345678901234\n", 2,
	"inspect_user"},
    {"[postfix]\nservice = smtp inet\n", 2, "service"},
    {"[postfix]\nservice = smtp,25\n", 2, "service"},
    {"[postfix]\nservice = 127.0.0.1:\n", 2, "service"},
    {"[postfix]\nservice =\n", 2, "service"},
    {"[postfix]\nservice = ${x}\n", 2, "service"},
    {"[postfix]\nlog_file = mail.log\n", 2, "log_file"},
    {"[postfix]\nstate_directory = /x\n", 2, "state_directory"},
    {"[web]\nUser = x\n", 2, "User"},
    {"[web]\nnope = x\n", 2, "nope"},
    {"[web]\nuser = a\nuser = a\n", 3, "user"},
    {"[web]\nuser = a\n  b\n", 3, "user"},
    {"[web]\nuser = a\n[web]\nuser = b\n", 4, "user"},
    {"user = a\n", 1, "user"},
    {"[nope]\n", 1, ""},
    {"\n[nope]\nx = y\n", 2, ""},
    {"[Web]\n", 1, ""},
    {" [nope]\n", 1, ""},
    {"[web\nuser = a\n", 1, ""},
    {"[web]\njunk\n", 2, ""},
    {"[web]\nuser = a\njunk\nworkers = 0\n", 3, ""},
    {"[web]\nuser = \xff\n", -1, ""},
    {"[web]\n# 234567890123456789012345678901234567890123456789012345678"
     "9012345678901234567890123456789012345678901234567890123456789012"
     "3456789012345678901234567890123456789012345678901234567890123456"
     "7890123456789012345\n",
	2, ""},
};

START_TEST(refuses)
{
	const char *path = tmp_path("bad.conf");
	char want[PATH_MAX + 32];
	struct conf c, before;
	struct err err;

	tmp_write(path, bad[_i].text);
	conf_default(&c);
	before = c;
	ck_assert_msg(
	    conf_read(&c, path, &err) == -1, "accepted: %s", bad[_i].text);
	ck_assert_int_eq(err.code, ERR_CONFIG);
	ck_assert_mem_eq(&c, &before, sizeof(c));
	if (bad[_i].line > 0) {
		snprintf(want, sizeof(want), "%s:%d: ", path, bad[_i].line);
		ck_assert_msg(strncmp(err.msg, want, strlen(want)) == 0,
		    "want %s got %s", want, err.msg);
	}
	ck_assert_str_eq(err.field, bad[_i].field);
}
END_TEST

START_TEST(files_that_are_none)
{
	const char *path = tmp_path("none.conf");
	static char big[70 * 1024];
	struct conf c;
	struct err err;
	int fd;

	conf_default(&c);
	ck_assert_int_eq(conf_read(&c, path, &err), -1);
	ck_assert_int_eq(err.code, ERR_CONFIG);
	ck_assert_int_eq(err.sys, ENOENT);
	ck_assert_int_eq(conf_read(&c, tmp_root, &err), -1);
	ck_assert_int_eq(err.sys, EISDIR);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(conf_read(&c, path, &err), -1);
	ck_assert_int_eq(unlink(path), 0);
	memset(big, '\n', sizeof(big));
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	ck_assert_int_eq(write(fd, big, sizeof(big)), (int)sizeof(big));
	close(fd);
	ck_assert_int_eq(conf_read(&c, path, &err), -1);
	fd = open(path, O_WRONLY | O_TRUNC);
	ck_assert_int_eq(write(fd, "[web]\n\0", 7), 7);
	close(fd);
	ck_assert_int_eq(conf_read(&c, path, &err), -1);
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_test(tc, defaults_are_the_documented_ones);
	tcase_add_test(tc, every_key);
	tcase_add_test(tc, part_of_it);
	tcase_add_loop_test(tc, refuses, 0, N(bad));
	tcase_add_test(tc, files_that_are_none);
}

int
main(void)
{
	return tmp_run("conf", add, 20);
}
