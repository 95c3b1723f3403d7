/*
 * test_info.c - which Postfix is it, where does its service listen, which
 * listeners are exempt; and the small readers of program output.
 */

#include "../suite.h"
#include "../../../src/postfix/postfix_int.h"
#include "instance.h"
#include "jsonx.h"

static const struct {
	const char *service, *interfaces, *protocols;
	const char *host; /* NULL = refused */
	int port;
	bool loopback;
} endpoints[] = {
    {"smtp", "all", "all", "127.0.0.1", 25, false},
    {"25", "all", "ipv4", "127.0.0.1", 25, false},
    {"10025", "loopback-only", "ipv4", "127.0.0.1", 10025, false},
    {"10025", "loopback-only", "ipv6", "::1", 10025, false},
    {"smtp", "192.0.2.7", "ipv4", "192.0.2.7", 25, false},
    {"smtp", "192.0.2.7, 127.0.0.1", "ipv4", "127.0.0.1", 25, false},
    {"smtp", "192.0.2.7\t198.51.100.2", "all", "192.0.2.7", 25, false},
    {"smtp", "[2001:db8::1]", "all", "2001:db8::1", 25, false},
    {"smtp", "2001:db8::1, [::1]", "all", "::1", 25, false},
    {"smtp", "localhost", "ipv4", "127.0.0.1", 25, false},
    {"submission", "all", "ipv4", "127.0.0.1", 587, false},
    {"127.0.0.1:10025", "all", "all", "127.0.0.1", 10025, true},
    {"127.9.8.7:10025", "all", "all", "127.9.8.7", 10025, true},
    {"[::1]:25", "all", "all", "::1", 25, true},
    {"[127.0.0.1]:25", "all", "all", "127.0.0.1", 25, true},
    {"localhost:10028", "all", "ipv4", NULL, 10028, true},
    {"192.0.2.1:smtp", "all", "all", "192.0.2.1", 25, false},
    {"[::]:25", "all", "all", "::1", 25, false},
    {"[2001:db8::25]:465", "all", "all", "2001:db8::25", 465, false},
    /* refused: port 0 says so here */
    {"", "all", "all", NULL, 0, false},
    {"0", "all", "all", NULL, 0, false},
    {"65536", "all", "all", NULL, 0, false},
    {"99999999999999999999", "all", "all", NULL, 0, false},
    {"-25", "all", "all", NULL, 0, false},
    {"nosuchservice", "all", "all", NULL, 0, false},
    {"127.0.0.1:", "all", "all", NULL, 0, false},
    {"127.0.0.1:25x", "all", "all", NULL, 0, false},
    {"[::1]", "all", "all", NULL, 0, false},
    {"[::1]25", "all", "all", NULL, 0, false},
    {"[::1:25", "all", "all", NULL, 0, false},
    {"[]:25", "all", "all", NULL, 0, false},
    {":", "all", "all", NULL, 0, false},
    {"no such host.:25", "all", "all", NULL, 0, false},
    {"smtp", "", "all", NULL, 0, false},
    {"smtp", "[", "all", NULL, 0, false},
    {"smtp", "[]", "all", NULL, 0, false},
};

START_TEST(endpoint)
{
	struct endpoint e = {"untouched", -7, false};
	struct err err = {0};
	int rc;

	rc = endpoint_resolve(endpoints[_i].service, endpoints[_i].interfaces,
	    endpoints[_i].protocols, &e, &err);
	if (endpoints[_i].port == 0) {
		ck_assert_int_eq(rc, -1);
		ck_assert_int_eq(err.code, ERR_CONFIG);
		ck_assert_int_eq(e.port, -7);
		return;
	}
	ck_assert_msg(rc == 0, "%s", err.msg);
	ck_assert_int_eq(e.port, endpoints[_i].port);
	ck_assert_int_eq(e.loopback, endpoints[_i].loopback);
	if (endpoints[_i].host != NULL)
		ck_assert_str_eq(e.host, endpoints[_i].host);
}
END_TEST

START_TEST(endpoint_too_long)
{
	char service[1000];
	struct endpoint e;
	struct err err;
	size_t n;

	for (n = 100; n < sizeof(service); n += 33) {
		memset(service, '1', n);
		service[n - 1] = '\0';
		ck_assert_int_eq(
		    endpoint_resolve(service, "all", "all", &e, &err), -1);
	}
}
END_TEST

static const struct {
	const char *text, *want;
} diags[] = {
    {"", ""},
    {"\n\n", ""},
    {"postconf: fatal: a", "fatal: a"},
    {"postconf: fatal: a\n", "fatal: a"},
    {"postconf: warning: w\npostconf: fatal: f\npostconf: warning: x\n",
	"fatal: f"},
    {"postconf: warning: w\nplain\n", "warning: w"},
    {"plain words: here\nmore\n", "plain words: here"},
    {"/usr/lib/postfix/sbin/master: fatal: bind: in use", "fatal: bind: in "
							  "use"},
    {"two words: fatal: x", "two words: fatal: x"},
    {"x: fatal: tab\there\x01\x1b[31m", "fatal: tab here  [31m"},
    {"x: fatal: J\xf6rg", "fatal: J?rg"},
    {":", ":"},
    {"a:", "a:"},
    {"a: ", "a: "},
};

START_TEST(diag)
{
	char dst[DIAG_MAX];
	struct buf b;

	buf_init(&b, 4096);
	buf_adds(&b, diags[_i].text);
	diag_pick(&b, dst);
	ck_assert_str_eq(dst, diags[_i].want);
	buf_clear(&b);
}
END_TEST

START_TEST(diag_is_cut)
{
	char dst[DIAG_MAX];
	struct buf b;
	int i;

	buf_init(&b, 100000);
	buf_adds(&b, "postconf: fatal: ");
	for (i = 0; i < 9000; i++)
		buf_adds(&b, "\xe3\x83\xa1");
	diag_pick(&b, dst);
	ck_assert_uint_lt(strlen(dst), DIAG_MAX);
	ck_assert_uint_gt(strlen(dst), DIAG_MAX - 8);
	ck_assert(utf8_valid(dst, strlen(dst)));
	buf_clear(&b);
}
END_TEST

START_TEST(parse_output)
{
	struct json_object *o = NULL;
	struct err e;
	struct buf b;

	buf_init(&b, 4096);
	buf_adds(&b, "a = 1\nb =\nc=x=y\nno sign\n = none\n\nd = \n"
		     "127.0.0.1:1/inet/x = y z\ne =  two");
	ck_assert_int_eq(postconf_parse(&b, &o, &e), 0);
	ck_assert_str_eq(
	    json_object_to_json_string_ext(
		o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
	    "{\"a\":\"1\",\"b\":\"\",\"c\":\"x=y\",\"d\":\"\","
	    "\"127.0.0.1:1/inet/x\":\"y z\",\"e\":\" two\"}");
	json_object_put(o);
	buf_clear(&b);
}
END_TEST

static const struct {
	const char *text, *want; /* without "a" and "b" */
} without[] = {
    {"", ""},
    {"a = 1\n", ""},
    {"a = 1", ""},
    {"a=1\nc=2\nb=3\n", "c=2\n"},
    {"a = 1\n  2\n\t3\nc = 4\n", "c = 4\n"},
    {"a = 1\n# x\n  2\n\n  3\nc\n", "# x\n\nc\n"},
    {"c = 1\n  a = 2\nd = 3\n", "c = 1\n  a = 2\nd = 3\n"},
    {"#a = 1\n # b = 2\n", "#a = 1\n # b = 2\n"},
    {"ab = 1\na.b = 2\n", "ab = 1\na.b = 2\n"},
    {"a\t= 1\nb\v=\na\r\n", ""},
    {"a = 1\r\nc = 2\r\n", "c = 2\r\n"},
    {"a = 1\r\n \r\n x\r\n", " \r\n"},
    {"  b = 1\n", "  b = 1\n"},
    {"a = 1\nc = 2", "c = 2"},
    {"A = 1\n", "A = 1\n"},
    {"\f\na = 1\n\v# c\n", "\f\n\v# c\n"},
};

START_TEST(lines_without)
{
	static const char *const names[] = {"a", "b", NULL};
	static const char *const none[] = {NULL};
	struct buf src, dst;

	buf_init(&src, 4096);
	buf_init(&dst, 4096);
	buf_adds(&src, without[_i].text);
	ck_assert_int_eq(maincf_without(&src, names, &dst), 0);
	ck_assert_str_eq(dst.data, without[_i].want);
	buf_clear(&dst);
	ck_assert_int_eq(maincf_without(&src, none, &dst), 0);
	ck_assert_str_eq(dst.data, without[_i].text);
	buf_clear(&dst);
	buf_clear(&src);
}
END_TEST

/* Programs that are not there, or are others: a directory of our own. */
static const struct {
	const char *make; /* in $B, the command directory */
	enum postfix_kind kind;
	enum err_code code;
	const char *detail;
	unsigned version;
} kinds[] = {
    {":", POSTFIX_NONE, ERR_POSTFIX_MISSING, "not found", 0},
    {"touch postconf", POSTFIX_NONE, ERR_POSTFIX_MISSING, "not found", 0},
    {"ln -s /bin/true exim4; ln -s exim4 sendmail", POSTFIX_OTHER_MTA,
	ERR_POSTFIX_FOREIGN, "/true", 0},
    {"echo 'echo 3.3.22' >postconf", POSTFIX_TOO_OLD, ERR_POSTFIX_OLD, "3.3.22",
	30322},
    {"echo 'echo 2.11.0' >postconf", POSTFIX_TOO_OLD, ERR_POSTFIX_OLD, "2.11.0",
	21100},
    {"echo 'echo nonsense' >postconf", POSTFIX_TOO_OLD, ERR_POSTFIX_OLD,
	"nonsense", 0},
    {"echo 'echo 3.999999999999999999' >postconf", POSTFIX_BROKEN,
	ERR_POSTFIX_CONFIG, "", 39900},
    {"echo 'exit 3' >postconf", POSTFIX_BROKEN, ERR_POSTFIX_CONFIG,
	"without a word", 0},
    {"echo 'echo postconf: fatal: no luck >&2; exit 1' >postconf",
	POSTFIX_BROKEN, ERR_POSTFIX_CONFIG, "fatal: no luck", 0},
    {"echo 'case $3 in -d) echo 3.10-20240101;; -x) echo queue_directory = "
     "rel;; esac' >postconf",
	POSTFIX_BROKEN, ERR_POSTFIX_CONFIG, "queue_directory", 31000},
    {"echo 'case $3 in -d) echo 3.9.0-RC1;; -x) echo queue_directory = /q;; "
     "-M) echo smtp inet n - n - - smtpd; esac' >postconf",
	POSTFIX_OK, ERR_NONE, "", 30900},
    {"echo 'case $3 in -d) echo 3.4.0;; -x) echo queue_directory = /q;; "
     "-M) echo smtps inet n - n - - smtpd; esac' >postconf",
	POSTFIX_OK, ERR_NONE, "", 30400}, /* a null client */
    /* Under another name, the same port. */
    {"echo 'case $3 in -d) echo 3.5.6;; -x) echo queue_directory = /q;; "
     "-M) echo 25 inet n - n - 1 postscreen; esac' >postconf",
	POSTFIX_OK, ERR_NONE, "", 30506},
};

START_TEST(kind)
{
	struct postfix_info info;
	char dir[200], make[2000];
	struct conf conf;
	struct err e = {0};

	conf_default(&conf);
	(void)snprintf(
	    dir, sizeof(dir), "/tmp/postfix-kind-%ld", (long)getpid());
	(void)snprintf(
	    conf.command_directory, sizeof(conf.command_directory), "%s", dir);
	(void)snprintf(make, sizeof(make),
	    "mkdir -p %s && cd %s && %s && if test -s postconf; then "
	    "sed -i '1i #!/bin/sh' postconf && chmod 755 postconf; fi",
	    dir, dir, kinds[_i].make);
	ck_assert_int_eq(system(make), 0);
	ck_assert_int_eq(postfix_info_read(&conf, NULL, &info, &e), 0);
	(void)snprintf(make, sizeof(make), "rm -r %s", dir);
	ck_assert_int_eq(system(make), 0);
	/* The machine of the tests may have a sendmail of its own. */
	if (kinds[_i].kind == POSTFIX_NONE && info.kind == POSTFIX_OTHER_MTA)
		return;
	ck_assert_msg(
	    info.kind == kinds[_i].kind, "%d: %s", info.kind, info.detail);
	ck_assert_msg(
	    strstr(info.detail, kinds[_i].detail) != NULL, "%s", info.detail);
	ck_assert_uint_eq(info.version, kinds[_i].version);
	ck_assert_int_eq(
	    postfix_usable(&info, &e), kinds[_i].code == ERR_NONE ? 0 : -1);
	ck_assert_int_eq(e.code, kinds[_i].code);
	ck_assert(!postfix_running(&info));
}
END_TEST

/* master.cf with everything that may or may not be exempt. */
START_TEST(exempt_services)
{
	static const char *const want[] = {
	    "127.0.0.1:10026", "[::1]:10027", "localhost:10028"};
	struct postfix_info info;
	struct instance t;
	struct err e;
	size_t i;

	if (geteuid() != 0)
		return;
	ck_assert_int_eq(instance_make(&t, "info"), 0);
	ck_assert_int_eq(
	    instance_sh(&t,
		"pfi_conf $D inet_protocols=all inet_interfaces=all "
		"mail_version=1.0 'myhostname=$mydomain' "
		"mydomain=gw.example.jp; "
		"pfi_listener $D 127.0.0.1:10026 content_filter= ; "
		"pfi_listener $D '[::1]:10027' smtpd_tls_loglevel=0; "
		"pfi_listener $D localhost:10028; "
		"pfi_listener $D 127.0.0.1:10029 "
		"smtpd_tls_security_level=none; "
		"pfi_listener $D 127.0.0.1:10030 smtpd_tls_wrappermode=yes; "
		"pfi_listener $D 10031; pfi_listener $D 192.0.2.1:10032; "
		"pfi_listener $D smtp; pfi_listener $D submission; "
		"echo '127.0.0.1:10033 inet n - n - 1 postscreen' "
		">>$D/conf/master.cf; "
		"echo '127.0.0.1:10034 inet n n n - 0 spawn argv=/bin/cat' "
		">>$D/conf/master.cf; "
		"printf '127.0.0.1:10035 inet n - n - - smtpd\\n  -o { "
		"smtpd_tls_security_level = may }\\n' >>$D/conf/master.cf; "
		"pfi_cool $D"),
	    0);
	ck_assert_int_eq(postfix_info_read(&t.conf, NULL, &info, &e), 0);
	ck_assert_msg(info.kind == POSTFIX_OK, "%s", info.detail);
	ck_assert_uint_eq(info.n_exempt, 3);
	for (i = 0; i < 3; i++)
		ck_assert_str_eq(info.exempt[i], want[i]);
	ck_assert_str_eq(info.myhostname, "gw.example.jp");
	ck_assert_uint_ge(info.version, 30400);
	ck_assert_str_eq(info.probe_host, "127.0.0.1");
	ck_assert_int_eq(info.probe_port, t.port);
	ck_assert(postfix_info_fresh(&t.conf, &info));
	ck_assert(!postfix_running(&info));
	/* The service of the console is another one now. */
	(void)snprintf(t.conf.service, sizeof(t.conf.service), "[::1]:10027");
	ck_assert_int_eq(postfix_info_read(&t.conf, NULL, &info, &e), 0);
	ck_assert_uint_eq(info.n_exempt, 3);
	ck_assert_str_eq(info.probe_host, "::1");
	/* Any write is noticed. */
	ck_assert_int_eq(instance_sh(&t, "pfi_conf $D biff=no"), 0);
	ck_assert(!postfix_info_fresh(&t.conf, &info));
	ck_assert_int_eq(postfix_info_read(&t.conf, NULL, &info, &e), 0);
	ck_assert_int_eq(instance_sh(&t, "pfi_listener $D 127.0.0.1:1"), 0);
	ck_assert(!postfix_info_fresh(&t.conf, &info));
	instance_remove(&t, 0);
}
END_TEST

/* Each with the port of the console's service, and what its options make of
 * main.cf. */
static const struct {
	const char *service, *options, *host;
	enum postfix_tls tls, main_tls;
	bool own_level, own_chain, wrapper, proxy, hides, hides_all;
} received[] = {
    {"", "", "127.0.0.1", POSTFIX_TLS_MAY, POSTFIX_TLS_MAY, .proxy = false},
    {"127.0.0.2:", "smtpd_tls_security_level=none", "127.0.0.2",
	POSTFIX_TLS_NONE, POSTFIX_TLS_MAY, .own_level = true},
    {"127.0.0.3:", "smtpd_tls_wrappermode=yes smtpd_enforce_tls=yes",
	"127.0.0.3", POSTFIX_TLS_MAY, POSTFIX_TLS_MAY, .own_level = true,
	.wrapper = true},
    {"127.0.0.4:", "smtpd_upstream_proxy_protocol=haproxy", "127.0.0.4",
	POSTFIX_TLS_MAY, POSTFIX_TLS_MAY, .proxy = true},
    {"127.0.0.5:", "smtpd_tls_security_level= smtpd_enforce_tls=yes",
	"127.0.0.5", POSTFIX_TLS_ENCRYPT, POSTFIX_TLS_MAY, .own_level = true},
    {"127.0.0.6:",
	"smtpd_tls_cert_file=/x smtpd_discard_ehlo_keywords=dsn,"
	"starttls",
	"127.0.0.6", POSTFIX_TLS_MAY, POSTFIX_TLS_MAY, .own_chain = true,
	.hides = true, .hides_all = true},
    {"127.0.0.7:", "smtpd_discard_ehlo_keyword_address_maps=static:x",
	"127.0.0.7", POSTFIX_TLS_MAY, POSTFIX_TLS_MAY, .hides = true},
    {"127.0.0.8:", "'smtpd_tls_security_level=$mua'", "127.0.0.8",
	POSTFIX_TLS_ENCRYPT, POSTFIX_TLS_MAY, .own_level = true},
    {"127.0.0.9:", "", "127.0.0.9", POSTFIX_TLS_NONE, POSTFIX_TLS_NONE,
	.proxy = false},
};
#define N_RECEIVED (sizeof(received) / sizeof(received[0]))

START_TEST(listeners)
{
	const struct postfix_listener *l;
	struct postfix_info info;
	struct instance t;
	struct err e;
	size_t i;

	if (geteuid() != 0)
		return;
	ck_assert_int_eq(instance_make(&t, "listeners"), 0);
	ck_assert_int_eq(
	    instance_sh(&t,
		"pfi_conf $D mua=encrypt 'smtpd_tls_security_level="
		"${{$service_name} == {127.0.0.9:%d} ? {none} : {may}}'",
		t.port),
	    0);
	for (i = 1; i < N_RECEIVED; i++)
		ck_assert_int_eq(
		    instance_sh(&t, "pfi_listener $D %s%d %s",
			received[i].service, t.port, received[i].options),
		    0);
	ck_assert_int_eq(postfix_info_read(&t.conf, NULL, &info, &e), 0);
	ck_assert_msg(info.kind == POSTFIX_OK, "%s", info.detail);
	ck_assert_uint_eq(info.n_listeners, N_RECEIVED);
	for (i = 0; i < N_RECEIVED; i++) {
		l = &info.listener[i];
		ck_assert_str_eq(l->host, received[i].host);
		ck_assert_int_eq(l->port, t.port);
		ck_assert_msg(l->tls == received[i].tls, "%zu: %d", i, l->tls);
		ck_assert_int_eq(l->main_tls, received[i].main_tls);
		ck_assert(l->own_level == received[i].own_level);
		ck_assert(l->own_chain == received[i].own_chain);
		ck_assert(l->wrapper == received[i].wrapper);
		ck_assert(l->proxy == received[i].proxy);
		ck_assert(l->hides_all == received[i].hides_all);
		ck_assert((l->hides[0] != '\0') == received[i].hides);
	}
	instance_remove(&t, 0);
}
END_TEST

static const struct {
	const char *service, *interfaces, *protocols;
	const char *hosts; /* blanks between */
} expanded[] = {
    {"smtp", "all", "ipv4", "127.0.0.1"},
    {"smtp", "all", "ipv6", "::1"},
    {"smtp", "all", "all", "127.0.0.1 ::1"},
    {"smtp", "loopback-only", "ipv4, ipv6", "127.0.0.1 ::1"},
    {"smtp", "192.0.2.7, 127.0.0.1", "ipv4", "127.0.0.1 192.0.2.7"},
    {"smtp", "192.0.2.7 192.0.2.8 192.0.2.7", "all", "192.0.2.7 192.0.2.8"},
    {"smtp", "[2001:db8::1], 192.0.2.7", "all", "2001:db8::1 192.0.2.7"},
    {"smtp", "[2001:db8::1], 192.0.2.7", "ipv4", "192.0.2.7"},
    {"192.0.2.9:25", "all", "all", "192.0.2.9"},
    {"0.0.0.0:25", "192.0.2.7", "all", "127.0.0.1"},
    {"[::]:25", "192.0.2.7", "all", "::1"},
    {"nosuchservice", "all", "all", ""},
};

START_TEST(endpoint_list)
{
	struct endpoint v[4];
	char text[300] = "";
	size_t i, n, len = 0;

	n = endpoint_all(expanded[_i].service, expanded[_i].interfaces,
	    expanded[_i].protocols, v, 4);
	for (i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s",
		    i == 0 ? "" : " ", v[i].host);
	ck_assert_str_eq(text, expanded[_i].hosts);
	/* Never beyond the room that there is. */
	ck_assert_uint_le(
	    endpoint_all(expanded[_i].service, expanded[_i].interfaces,
		expanded[_i].protocols, v, 1),
	    1);
}
END_TEST

/* More listeners than fit: the rest stays under encrypt. */
START_TEST(exempt_many)
{
	struct postfix_info info;
	struct instance t;
	struct err e;

	if (geteuid() != 0)
		return;
	ck_assert_int_eq(instance_make(&t, "many"), 0);
	ck_assert_int_eq(
	    instance_sh(&t, "for i in $(seq 1001 1040); do echo \"127.0.0.1:$i "
			    "inet n - n - - "
			    "smtpd\"; done >>$D/conf/master.cf; pfi_cool $D"),
	    0);
	ck_assert_int_eq(postfix_info_read(&t.conf, NULL, &info, &e), 0);
	ck_assert_int_eq(info.kind, POSTFIX_OK);
	ck_assert_uint_eq(info.n_exempt, POSTFIX_EXEMPT_MAX);
	instance_remove(&t, 0);
}
END_TEST

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

int
main(void)
{
	TCase *t = tcase_create("info");

	(void)instance_skip("test_info: part of it");
	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, endpoint, 0, N(endpoints));
	tcase_add_test(t, endpoint_too_long);
	tcase_add_loop_test(t, diag, 0, N(diags));
	tcase_add_test(t, diag_is_cut);
	tcase_add_test(t, parse_output);
	tcase_add_loop_test(t, lines_without, 0, N(without));
	tcase_add_loop_test(t, kind, 0, N(kinds));
	tcase_add_test(t, exempt_services);
	tcase_add_test(t, exempt_many);
	tcase_add_test(t, listeners);
	tcase_add_loop_test(t, endpoint_list, 0, N(expanded));
	return suite_run("info", t) == 0 ? 0 : 1;
}
