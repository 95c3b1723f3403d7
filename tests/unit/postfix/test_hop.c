/*
 * test_hop.c - next hops of every sort, as Postfix's client would meet them: a
 * real Postfix with TLS at the levels of main.cf and of a policy table, and
 * servers that fail in their own ways, lie, or say nothing.
 */
#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <signal.h>

#include "../suite.h"
#include "hop.h"
#include "instance.h"
#include "jsonx.h"
#include "util.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

static struct instance t;

static const struct {
	const char *name;
	bool want;
} names[] = {{"mx.example.jp", true}, {"[mx.example.jp]", true},
    {"[mx.example.jp]:587", true}, {"[mx.example.jp]:65535", true},
    {"[mx.example.jp]:65536", false}, {"mx.example.jp:0", false},
    {"mx.example.jp:000025", false}, {"mx.example.jp:4294967321", false},
    {"mx.example.jp:smtp", true}, {"[192.0.2.1]:25", true},
    {"[2001:db8::1]", true}, {"[IPv6:2001:db8::1]:25", true}, {"", false},
    {"-c", false}, {"-l", false}, {"[", false}, {"[]", false}, {"[a", false},
    {"[a]b", false}, {"[a]:", false}, {"a:", false}, {"a b", false},
    {"a;b", false}, {"a\nb", false}, {"$(id)", false}, {"unix:/x", false},
    {"a/b", false}, {".a", false}, {"[a]:1:2", false}, {"a:b:c", false},
    {"\xe3\x81\x82.jp", false}};

START_TEST(name_valid)
{
	ck_assert_msg(hop_name_valid(names[_i].name) == names[_i].want, "%s",
	    names[_i].name);
}
END_TEST

/* main.cf of the client and the server, which are one, and what is seen at
 * [localhost]:PORT. */
static const struct {
	const char *set, *policy, *want; /* state reason level trust */
} cases[] = {
    {"smtp_tls_security_level=none", "", "seen - none -"},
    {"smtp_tls_security_level=", "", "seen - none -"},
    {"smtp_use_tls=yes", "", "seen - may trusted"},
    {"smtp_tls_security_level=may", "", "seen - may trusted"},
    {"smtp_tls_security_level=may smtp_tls_CAfile=", "",
	"seen - may untrusted"},
    {"smtp_tls_security_level=encrypt", "", "seen - encrypt trusted"},
    {"smtp_tls_security_level=verify", "", "seen - verify verified"},
    {"smtp_tls_security_level=secure", "", "seen - secure verified"},
    {"smtp_tls_security_level=secure smtp_tls_CAfile=", "",
	"not_seen certificate secure untrusted"},
    {"smtp_tls_security_level=may", "secure match=other.example",
	/* of Postfix 3.10 "trusted": the chain is, the name is not */
	"not_seen certificate secure "},
    {"smtp_tls_security_level=may", "secure match=other.example:localhost",
	"seen - secure verified"},
    {"smtp_tls_security_level=secure", "none", "seen - none -"},
    {"smtp_tls_security_level=encrypt smtpd_tls_security_level=none", "",
	"not_seen starttls encrypt -"},
    {"smtp_tls_security_level=may smtpd_tls_security_level=none", "",
	"seen - may -"},
    {"smtp_tls_security_level=encrypt smtp_tls_mandatory_protocols=TLSv1.3 "
     "smtpd_tls_protocols=TLSv1.2",
	"", "not_seen handshake encrypt -"},
};

static void
text_of(struct json_object *o, char dst[200])
{
	(void)snprintf(dst, 200, "%s %s %s %s", jsonx_path_str(o, "state", ""),
	    jsonx_path_str(o, "reason", "-"), jsonx_path_str(o, "level", ""),
	    jsonx_path_str(o, "trust", "-"));
}

static struct json_object *
look(const char *next_hop)
{
	struct json_object *o = NULL;
	int64_t start = now_ms();
	struct err err;

	ck_assert_msg(hop_look(&t.conf, next_hop, &o, &err) == 0, "%s %s",
	    err_name(err.code), err.msg);
	ck_assert_int_lt(now_ms() - start, patience_ms(HOP_MS + 3000));
	return o;
}

START_TEST(levels)
{
	struct json_object *o;
	char hop[64], got[200];

	(void)snprintf(hop, sizeof(hop), "[localhost]:%d", t.port);
	ck_assert(
	    instance_sh(&t,
		"cd $D/conf && cp $D/main.first main.cf && "
		"postconf -c . -e %s && echo '%s %s' >policy && "
		"{ [ -z '%s' ] || "
		"postconf -c . -e smtp_tls_policy_maps=texthash:$D/conf/"
		"policy; } && touch -d '10 seconds ago' main.cf && "
		"postfix -c $D/conf reload 2>/dev/null",
		cases[_i].set, hop, cases[_i].policy, cases[_i].policy) == 0);
	o = look(hop);
	text_of(o, got);
	if (cases[_i].want[strlen(cases[_i].want) - 1] == ' ')
		got[strlen(cases[_i].want)] = '\0';
	ck_assert_msg(strcmp(got, cases[_i].want) == 0, "%s: %s", got,
	    json_object_to_json_string(o));
	ck_assert(jsonx_path_bool(o, "policy") == (cases[_i].policy[0] != 0));
	json_object_put(o);
}
END_TEST

/* What a server says: to the connection, to EHLO, to STARTTLS. */
#define EHLO "250-x\r\n250 STARTTLS\r\n"
#define LIE \
	"posttls-finger: Verified TLS connection established to a: TLSv1.3 " \
	"with cipher X"
enum { SILENT = 5 };
static const struct {
	const char *banner, *ehlo, *starttls, *want;
} strangers[] = {
    {"220 x\r\n", "250 x\r\n", "", "not_seen starttls encrypt -"},
    {"220 x\r\n", EHLO, "454 4.7.0 no\r\n", "not_seen starttls encrypt -"},
    {"220 x\r\n", EHLO, "220 go\r\ngarbage\r\n",
	"not_seen handshake encrypt -"},
    {"220 x\r\n", EHLO, "", "not_seen session encrypt -"},
    {"554 go away\r\n", "", "", "not_seen session encrypt -"},
    [SILENT] = {"", "", "", "not_seen session encrypt -"},
    {"220-" LIE "\r\n220 x\r\n", EHLO, "454-x\r\n454 " LIE "\r\n",
	"not_seen starttls encrypt -"},
    {"220 x\r\n", EHLO, "454 \n" LIE "\r\n", "not_seen starttls encrypt -"},
    {"\x1b[31m\xff\xfe\r\n", "", "", "not_seen session encrypt -"},
};

static void
converse(int s, int n)
{
	const char *say[] = {strangers[n].banner, strangers[n].ehlo,
	    strangers[n].starttls, NULL};
	char got[4096];
	size_t i;

	for (i = 0; say[i] != NULL; i++) {
		if (say[i][0] == '\0' ||
		    send(s, say[i], strlen(say[i]), MSG_NOSIGNAL) == -1 ||
		    recv(s, got, sizeof(got), 0) <= 0)
			break;
	}
	/* One says nothing at all: the client waits until its time is over. */
	while (i == 0 && recv(s, got, sizeof(got), 0) > 0)
		continue;
}

static int
serve(int n, pid_t *ret_pid)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	socklen_t len = sizeof(in);
	int s = socket(AF_INET, SOCK_STREAM, 0), c;

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(s, (struct sockaddr *)&in, len), 0);
	ck_assert_int_eq(listen(s, 5), 0);
	ck_assert_int_eq(getsockname(s, (struct sockaddr *)&in, &len), 0);
	if ((*ret_pid = fork()) == 0) {
		while ((c = accept(s, NULL, NULL)) != -1) {
			converse(c, n);
			close(c);
		}
		_exit(0);
	}
	close(s);
	return ntohs(in.sin_port);
}

START_TEST(stranger)
{
	struct json_object *o;
	char hop[64], got[200];
	const char *p;
	pid_t pid;

	ck_assert_int_eq(
	    instance_sh(&t, "cd $D/conf && cp $D/main.first main.cf && "
			    "postconf -c . -e smtp_tls_security_level=encrypt "
			    "&& touch -d '10 seconds ago' main.cf"),
	    0);
	(void)snprintf(hop, sizeof(hop), "[127.0.0.1]:%d", serve(_i, &pid));
	o = look(hop);
	(void)kill(pid, SIGKILL);
	text_of(o, got);
	ck_assert_msg(strcmp(got, strangers[_i].want) == 0, "%s: %s", got,
	    json_object_to_json_string(o));
	p = jsonx_path_str(o, "detail", "");
	ck_assert_uint_gt(strlen(p), 8);
	for (; *p != '\0'; p++)
		ck_assert((unsigned char)*p >= ' ' && *p != 0x7f);
	json_object_put(o);
}
END_TEST

/* The silent one, and a Save that has less time than the client. */
START_TEST(deadline)
{
	struct json_object *o;
	char hop[64];
	pid_t pid;

	ck_assert_str_eq(strangers[SILENT].banner, "");
	(void)snprintf(hop, sizeof(hop), "[127.0.0.1]:%d", serve(SILENT, &pid));
	t.conf.until = now_ms() + 3000;
	o = look(hop);
	t.conf.until = 0;
	(void)kill(pid, SIGKILL);
	ck_assert_str_eq(
	    jsonx_path_str(o, "detail", ""), "no end within the time");
	json_object_put(o);
}
END_TEST

/* The table has: a.example, .b.example, c.example.  And what "*" says. */
static const struct {
	const char *parents, *all, *next_hop, *want;
} transports[] = {
    {"", "", "a.example", "relay:[192.0.2.1]:587"},
    {"", "", "A.Example", "relay:[192.0.2.1]:587"},
    {"", "", "x.a.example", ""},
    {"transport_maps", "", "y.x.a.example", "relay:[192.0.2.1]:587"},
    {"", "", "b.example", ""},
    {"", "", "y.x.b.example", "smtp:[b.internal]"},
    {"", "", "c.example", "error:no mail for c.example"},
    {"", "", "d.example", ""},
    {"", "* smtp:[gateway]", "d.example", "smtp:[gateway]"},
    {"", "* smtp:[gateway]", "a.example", "relay:[192.0.2.1]:587"},
    {"", "* smtp:[gateway]", "[d.example]", ""},
    {"", "* smtp:[gateway]", "d.example:25", ""},
};

START_TEST(transport)
{
	char got[HOP_TRANSPORT_MAX];
	struct err err;

	ck_assert_int_eq(
	    instance_sh(&t,
		"cd $D/conf && cp $D/main.first main.cf && printf '%%s\\n' "
		"'a.example relay:[192.0.2.1]:587' "
		"'.b.example smtp:[b.internal]' "
		"'c.example error:no mail for c.example' >transport && "
		"postconf -c . -e 'transport_maps=inline:{{q=w}}, "
		"texthash:$config_directory/transport' "
		"'parent_domain_matches_subdomains=%s' && "
		"{ [ -z '%s' ] || echo '%s' >>transport; } && "
		"touch -d '10 seconds ago' main.cf",
		transports[_i].parents, transports[_i].all, transports[_i].all),
	    0);
	ck_assert_msg(
	    hop_transport(&t.conf, transports[_i].next_hop, got, &err) == 0,
	    "%s", err.msg);
	ck_assert_str_eq(got, transports[_i].want);
}
END_TEST

/* Nobody there, and a name that is none. */
START_TEST(nowhere)
{
	struct json_object *o = look("[127.0.0.1]:1");
	char got[HOP_TRANSPORT_MAX];
	struct err err;

	ck_assert_str_eq(jsonx_path_str(o, "reason", ""), "connection");
	json_object_put(o);
	o = look("[no.such.host.invalid]");
	ck_assert_str_eq(jsonx_path_str(o, "reason", ""), "lookup");
	json_object_put(o);
	o = NULL;
	ck_assert_int_eq(hop_look(&t.conf, "-o", &o, &err), -1);
	ck_assert_str_eq(err_name(err.code), "field.invalid");
	/* A table that does not open: as Postfix would, nothing is tried. */
	ck_assert_int_eq(
	    instance_sh(&t, "cd $D/conf && postconf -c . -e "
			    "smtp_tls_policy_maps=texthash:/nowhere"),
	    0);
	ck_assert_int_eq(hop_look(&t.conf, "[127.0.0.1]:1", &o, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.msg, "smtp_tls_policy_maps"));
	ck_assert_int_eq(instance_sh(&t, "cd $D/conf && postconf -c . -e "
					 "transport_maps=texthash:/nowhere"),
	    0);
	ck_assert_int_eq(hop_transport(&t.conf, "a.example", got, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.msg, "transport_maps"));
	/* What another console's test has there goes, too; what a run that was
	 * killed before this one left is no concern of it. */
	ck_assert_int_eq(
	    instance_sh(&t, "n=0; while find /tmp -maxdepth 1 -name "
			    "'postseal-hop-*' -newer $D/main.first | grep -q "
			    ".; do [ $((n += 1)) -lt 300 ] || exit 1; sleep "
			    "0.1; done"),
	    0);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("hop");
	int failed;

	if (instance_make(&t, "hop") == -1 ||
	    instance_sh(&t,
		"cd $D && openssl req -x509 -newkey rsa:2048 -nodes -keyout "
		"k.pem -out c.pem -days 30 -subj /CN=localhost -addext "
		"subjectAltName=DNS:localhost 2>/dev/null && cat k.pem c.pem "
		">chain.pem && postconf -c conf -e smtpd_tls_security_level="
		"may smtpd_tls_chain_files=$D/chain.pem smtp_tls_CAfile="
		"$D/c.pem smtp_host_lookup=native inet_protocols=ipv4 && cp "
		"conf/main.cf main.first && pfi_start $D && "
		"pfi_wait_port $(cat port)") != 0)
		return 1;
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, name_valid, 0, N(names));
	tcase_add_loop_test(tc, levels, 0, N(cases));
	tcase_add_loop_test(tc, stranger, 0, N(strangers));
	tcase_add_test(tc, deadline);
	tcase_add_loop_test(tc, transport, 0, N(transports));
	tcase_add_test(tc, nowhere);
	failed = suite_run("hop", tc);
	(void)instance_sh(&t, "pfi_stop $D");
	instance_remove(&t, failed);
	return failed == 0 ? 0 : 1;
}
