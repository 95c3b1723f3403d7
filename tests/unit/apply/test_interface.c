/*
 * test_interface.c - interface, port, limits and access list on a real
 * Postfix: each alone, undone, refused, rolled back, and killed between the
 * two renames.
 */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "rig.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

static char service[128]; /* as the rig made it */
static int port;	  /* of it */

/* "name type ... command" of master.cf whose first field is this. */
static bool
has_line(const char *name, const char *limit)
{
	return rig_sh("/usr/sbin/postconf -c $R/pf/conf -M | awk -v n='%s' "
		      "-v l='%s' '$1 == n && $2 == \"inet\" && (l == \"\" || "
		      "$7 == l) { f = 1 } END { exit !f }'",
		   name, limit) == 0;
}

static int
free_port(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&in, len), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	close(fd);
	return ntohs(in.sin_port);
}

static const char *
say(const char *fmt, ...)
{
	static char text[4][2048];
	static int k;
	va_list ap;

	k = (k + 1) % 4;
	va_start(ap, fmt);
	vsnprintf(text[k], sizeof(text[k]), fmt, ap);
	va_end(ap);
	return text[k];
}

static struct outcome
save(const char *settings, const char *confirm, const char *also)
{
	const struct ask a = {
	    .settings = settings, .confirm = confirm, .also = also};

	return rig_apply(&a);
}

static long
must(const char *settings, const char *confirm)
{
	const struct ask a = {.settings = settings,
	    .confirm = confirm,
	    .also = "interface.port_changed"};

	return rig_must_apply(&a);
}

#define NOTHING \
	"{\"interface\":{\"listen\":null,\"port\":null,\"idle_timeout\":null," \
	"\"max_connections\":null},\"access\":{\"policy\":null,\"list\":[]}}"

/* Everything unmanaged again; main.cf has the same values as at first. */
static void
undo_all(void)
{
	struct outcome o =
	    save(NOTHING, "interface.port_changed", "interface.loopback_only");

	ck_assert_msg(o.rc == 0, "%s %s", err_name(o.err.code), o.err.msg);
	rig_done(&o);
	ck_assert(has_line(service, "-"));
	ck_assert_str_eq(rig_parameter("inet_interfaces"), "127.0.0.1");
	ck_assert_str_eq(rig_parameter("smtpd_timeout"), "");
	ck_assert_str_eq(rig_parameter("smtpd_client_restrictions"), "");
	rig_assert_whole();
}

START_TEST(timeout)
{
	long id = must("{\"interface\":{\"idle_timeout\":7}}", NULL);
	struct json_object *view = NULL;
	struct err err;

	ck_assert_str_eq(
	    rig_parameter("smtpd_timeout"), "${stress?{10}:{420}}s");
	ck_assert_int_eq(apply_view(&rig_conf, &view, &err), 0);
	ck_assert_str_eq(
	    jsonx_path_str(view, "current.smtpd_timeout", ""), "420s");
	ck_assert_int_eq(
	    json_object_get_int(jsonx_path(view, "current.port")), port);
	json_object_put(view);
	rig_assert_whole();
	/* The same again changes nothing. */
	{
		struct outcome o =
		    save("{\"interface\":{\"idle_timeout\":7}}", NULL, NULL);

		ck_assert_str_eq(
		    jsonx_path_str(o.job, "state", ""), "unchanged");
		rig_done(&o);
	}
	ck_assert_int_eq(rig_current(), id);
	undo_all();
}
END_TEST

START_TEST(limit)
{
	must("{\"interface\":{\"max_connections\":20}}", NULL);
	ck_assert(has_line(service, "20"));
	rig_assert_whole();
	must("{\"interface\":{\"max_connections\":0}}", NULL);
	ck_assert(has_line(service, "0"));
	rig_assert_whole();
	undo_all();
}
END_TEST

START_TEST(another_port)
{
	int to = free_port();
	const char *patch = say("{\"interface\":{\"port\":%d}}", to);
	struct outcome o = save(patch, NULL, NULL);
	struct json_object *live = NULL;
	struct err err;

	ck_assert_int_eq(o.rc, -1);
	ck_assert_int_eq(o.err.code, ERR_INTERFACE_PORT);
	ck_assert_str_eq(o.err.field, "smtp_port");
	rig_done(&o);
	ck_assert(has_line(service, "-"));

	o = save(patch, "interface.port_changed", NULL);
	ck_assert_msg(o.rc == 0, "%s %s", err_name(o.err.code), o.err.msg);
	ck_assert_int_eq(
	    json_object_get_int(jsonx_path(o.job, "result.probe.inbound.port")),
	    to);
	ck_assert_ptr_nonnull(jsonx_path(o.job, "result.outage_ms"));
	rig_done(&o);
	ck_assert(has_line(say("127.0.0.1:%d", to), "-"));
	ck_assert(!has_line(service, ""));
	rig_assert_whole();
	ck_assert_int_eq(apply_live(&rig_conf, &live, &err), 0);
	json_object_put(live);
	/* A later Save of something else goes to the new port. */
	must("{\"interface\":{\"idle_timeout\":3}}", NULL);
	ck_assert(has_line(say("127.0.0.1:%d", to), "-"));
	rig_assert_whole();
	undo_all();
}
END_TEST

START_TEST(port_taken)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	int to = free_port(), fd = socket(AF_INET, SOCK_STREAM, 0);
	struct outcome o;

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	in.sin_port = htons((uint16_t)to);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	o = save(say("{\"interface\":{\"port\":%d}}", to),
	    "interface.port_changed", NULL);
	ck_assert_int_eq(o.err.code, ERR_INTERFACE_PORT_TAKEN);
	ck_assert_str_eq(o.err.field, "smtp_port");
	rig_done(&o);
	close(fd);
	/* Or by a line of master.cf. */
	to = free_port();
	ck_assert_int_eq(
	    rig_sh(
		"pfi_listener $R/pf 127.0.0.1:%d syslog_name=postfix/sub", to),
	    0);
	o = save(say("{\"interface\":{\"port\":%d}}", to),
	    "interface.port_changed", NULL);
	ck_assert_int_eq(o.err.code, ERR_INTERFACE_PORT_TAKEN);
	ck_assert_ptr_nonnull(strstr(o.err.msg, "master.cf"));
	rig_done(&o);
	ck_assert_int_eq(
	    rig_sh("sed -i '/^127.0.0.1:%d /d' $R/pf/conf/master.cf && "
		   "pfi_cool $R/pf",
		to),
	    0);
	rig_assert_whole();
}
END_TEST

/* The service's own address gives way to inet_interfaces, and comes back. */
START_TEST(listen_everywhere)
{
	struct outcome o =
	    save("{\"interface\":{\"listen\":\"all\"}}", NULL, NULL);

	ck_assert_msg(o.rc == 0, "%s %s", err_name(o.err.code), o.err.msg);
	ck_assert(rig_has_finding(
	    jsonx_path(o.job, "result.findings"), "interface.address_dropped"));
	ck_assert_str_eq(
	    jsonx_path_str(o.job, "result.probe.inbound.listen", ""), "all");
	rig_done(&o);
	ck_assert_str_eq(rig_parameter("inet_interfaces"), "all");
	ck_assert(has_line(say("%d", port), "-"));
	rig_assert_whole();
	o = save("{\"interface\":{\"listen\":\"loopback\"}}", NULL, NULL);
	ck_assert_int_eq(o.err.code, ERR_INTERFACE_LOOPBACK);
	ck_assert_str_eq(o.err.field, "listen");
	rig_done(&o);
	/* A reload would not do, so it is a restart. */
	{
		const struct ask a = {
		    .settings = "{\"interface\":{\"listen\":\"loopback\"}}",
		    .confirm = "interface.loopback_only",
		    .apply = "reload"};

		o = rig_apply(&a);
	}
	ck_assert_msg(o.rc == 0, "%s %s", err_name(o.err.code), o.err.msg);
	ck_assert_str_eq(jsonx_path_str(o.job, "result.apply", ""), "restart");
	ck_assert(rig_has_finding(
	    jsonx_path(o.job, "result.findings"), "apply.restart_needed"));
	ck_assert_str_eq(
	    jsonx_path_str(o.job, "result.probe.inbound.listen", ""),
	    "loopback");
	rig_done(&o);
	undo_all();
}
END_TEST

/* What else inet_interfaces holds for must not be opened in silence. */
START_TEST(opens_others)
{
	int other = free_port();
	struct json_object *f;
	struct outcome o;
	size_t i;

	ck_assert_int_eq(
	    rig_sh("cp -p $R/pf/conf/master.cf $R/m && pfi_listener $R/pf %d "
		   "content_filter= && pfi_listener $R/pf 127.0.0.1:%d",
		other, free_port()),
	    0);
	o = save("{\"interface\":{\"listen\":\"all\"}}", NULL, NULL);
	ck_assert_int_eq(o.err.code, ERR_INTERFACE_OPENS);
	ck_assert_str_eq(o.err.field, "listen");
	f = jsonx_path(o.job, "error.findings");
	for (i = 0; i < json_object_array_length(f); i++)
		if (strcmp(jsonx_path_str(
			       json_object_array_get_idx(f, i), "code", ""),
			"interface.opens_others") == 0)
			ck_assert_str_eq(
			    jsonx_path_str(json_object_array_get_idx(f, i),
				"args.services", ""),
			    say("%d", other));
	rig_done(&o);
	o = save("{\"interface\":{\"listen\":\"all\"}}",
	    "interface.opens_others", NULL);
	ck_assert_msg(o.rc == 0, "%s %s", err_name(o.err.code), o.err.msg);
	rig_done(&o);
	/* Asked once. */
	must("{\"interface\":{\"idle_timeout\":4}}", NULL);
	/* Back to what it was: nobody else gets through any more. */
	o = save(NOTHING, NULL, NULL);
	ck_assert_int_eq(o.err.code, ERR_INTERFACE_LOOPBACK);
	ck_assert_str_eq(o.err.field, "listen");
	rig_done(&o);
	ck_assert_int_eq(
	    rig_sh("sed -i -e '/^%d inet/d' -e '/^127.*smtpd$/{/:%d /!d}' "
		   "$R/pf/conf/master.cf && pfi_cool $R/pf",
		other, port),
	    0);
	undo_all();
	ck_assert_int_eq(rig_sh("cp -p $R/m $R/pf/conf/master.cf && "
				"pfi_cool $R/pf"),
	    0);
	rig_assert_whole();
}
END_TEST

/* An address of this host that other computers can reach, or NULL. */
static const char *
outer_address(void)
{
	static char text[INET_ADDRSTRLEN];
	struct ifaddrs *all = NULL, *p;
	const struct sockaddr_in *in;

	text[0] = '\0';
	ck_assert_int_eq(getifaddrs(&all), 0);
	for (p = all; p != NULL; p = p->ifa_next) {
		in = (const void *)p->ifa_addr;
		if (in != NULL && in->sin_family == AF_INET &&
		    (ntohl(in->sin_addr.s_addr) >> 24) != 127)
			inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
	}
	freeifaddrs(all);
	return text[0] == '\0' ? NULL : text;
}

static int
listen_on(const char *address, int at)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(inet_pton(AF_INET, address, &in.sin_addr), 1);
	in.sin_port = htons((uint16_t)at);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	return fd;
}

/* Another program, or another service of master.cf, has the old port on an
 * address of its own: that is not Postfix's service staying behind. */
START_TEST(foreign_listener)
{
	const char *outer = outer_address();
	int fd = listen_on("127.0.0.2", port), fd2 = -1;

	ck_assert_int_eq(
	    rig_sh("pfi_listener $R/pf 127.0.0.3:%d && pfi_stop $R/pf; "
		   "pfi_start $R/pf && pfi_wait_port %d",
		port, port),
	    0);
	must(say("{\"interface\":{\"port\":%d}}", free_port()), NULL);
	close(fd);
	ck_assert_int_eq(
	    rig_sh("sed -i '/^127.0.0.3:/d' $R/pf/conf/master.cf && "
		   "pfi_cool $R/pf && pfi_stop $R/pf; pfi_start $R/pf"),
	    0);
	must(NOTHING, NULL);
	if (outer != NULL) {
		fd2 = listen_on(outer, port);
		must("{\"interface\":{\"listen\":\"loopback\"}}", NULL);
		{
			const struct ask tls = {
			    .settings = "{\"inbound\":{\"enabled\":true}}",
			    .certificate = "self.pem",
			    .key = "self.key",
			    .apply = "reload"};
			const struct ask off = {
			    .settings = "{\"inbound\":{\"enabled\":false}}"};

			(void)rig_must_apply(&tls);
			(void)rig_must_apply(&off);
		}
		undo_all();
		close(fd2);
	}
	rig_assert_whole();
}
END_TEST

/* What RCPT gets from this address: 0 let in, 1 refused by our list. */
static bool
refused(const char *source)
{
	return rig_sh("python3 - %s %d <<'X'\n"
		      "import sys, smtplib\n"
		      "s = smtplib.SMTP('127.0.0.1', int(sys.argv[2]), "
		      "source_address=(sys.argv[1], 0), timeout=20)\n"
		      "s.ehlo('x'); s.docmd('MAIL FROM:<>')\n"
		      "c, t = s.docmd('RCPT TO:<a@mx.example.test>')\n"
		      "s.quit()\n"
		      "sys.exit(b'Connection Control' in t)\n"
		      "X",
		   source, port) != 0;
}

START_TEST(access_list)
{
	struct outcome o;

	ck_assert_int_eq(
	    rig_sh(
		"pfi_conf $R/pf 'smtpd_client_restrictions=check_client_access "
		"inline:{{127.0.0.77=REJECT by hand}}, permit'"),
	    0);
	o = save("{\"access\":{\"policy\":\"accept_except\",\"list\":"
		 "[\"127.0.0.9\",\"127.0.1.0/24\",\"2001:db8::/32\","
		 "\"127.0.0.9\"]}}",
	    NULL, NULL);
	ck_assert_msg(o.rc == 0, "%s %s", err_name(o.err.code), o.err.msg);
	ck_assert_str_eq(
	    jsonx_path_str(o.job, "result.probe.inbound.access", ""), "proven");
	ck_assert(rig_has_finding(
	    jsonx_path(o.job, "result.findings"), "access.duplicates"));
	rig_done(&o);
	ck_assert_ptr_nonnull(strstr(rig_parameter("smtpd_client_restrictions"),
	    "/access.cidr, check_client_access inline:{{127.0.0.77=REJECT by "
	    "hand}}, permit"));
	ck_assert(refused("127.0.0.9"));
	ck_assert(refused("127.0.1.200"));
	ck_assert(!refused("127.0.0.8"));
	ck_assert(!refused("127.0.0.1"));
	rig_assert_whole();
	/* Once more: ours is there once. */
	must("{\"interface\":{\"idle_timeout\":2},\"access\":{\"policy\":"
	     "\"deny_except\",\"list\":[\"127.0.0.0/29\"]}}",
	    "access.cuts_you");
	ck_assert(refused("127.0.0.9"));
	ck_assert(!refused("127.0.0.2"));
	ck_assert_int_eq(
	    rig_sh(
		"[ $(grep -o /access.cidr $R/pf/conf/main.cf | wc -l) = 1 ]"),
	    0);
	rig_assert_whole();
	must(NOTHING, NULL);
	ck_assert_str_eq(rig_parameter("smtpd_client_restrictions"),
	    "check_client_access inline:{{127.0.0.77=REJECT by hand}}, permit");
	ck_assert(!refused("127.0.0.9"));
	ck_assert_int_eq(rig_sh("/usr/sbin/postconf -c $R/pf/conf -X "
				"smtpd_client_restrictions && pfi_cool $R/pf"),
	    0);
	undo_all();
}
END_TEST

#define LIST \
	"{\"access\":{\"policy\":\"accept_except\",\"list\":[\"127.0.0.9\"]}}"

static void
must_prove(struct outcome *o)
{
	ck_assert_msg(o->rc == 0, "%s %s", err_name(o->err.code), o->err.msg);
	ck_assert_str_eq(
	    jsonx_path_str(o->job, "result.probe.inbound.access", ""),
	    "proven");
	rig_done(o);
	rig_assert_whole();
}

/* The refusal is the banner, or it comes after STARTTLS. */
START_TEST(other_refusals)
{
	const struct ask tls = {
	    .settings = "{\"inbound\":{\"enabled\":true,\"tls_only\":true},"
			"\"access\":{\"policy\":\"accept_except\",\"list\":"
			"[\"127.0.0.9\"]}}",
	    .certificate = "self.pem",
	    .key = "self.key",
	    .apply = "reload"};
	const struct ask off = {
	    .settings = "{\"inbound\":{\"enabled\":false}}"};
	struct outcome o;

	ck_assert_int_eq(rig_sh("pfi_conf $R/pf smtpd_delay_reject=no"), 0);
	o = save(LIST, NULL, NULL);
	must_prove(&o);
	ck_assert_int_eq(rig_sh("/usr/sbin/postconf -c $R/pf/conf -X "
				"smtpd_delay_reject && pfi_cool $R/pf"),
	    0);
	undo_all();
	o = rig_apply(&tls);
	must_prove(&o);
	(void)rig_must_apply(&off);
	undo_all();
}
END_TEST

/* Behind postscreen the limit is that of the smtpd it hands over to. */
START_TEST(postscreen)
{
	struct outcome o;

	ck_assert_int_eq(
	    rig_sh(
		"cp -p $R/pf/conf/master.cf $R/m && /usr/sbin/postconf -c "
		"$R/pf/conf -F -e '%s/inet/command=postscreen' "
		"'%s/inet/process_limit=1' && { echo 'smtpd pass - - n - - "
		"smtpd'; echo 'dnsblog unix - - n - 0 dnsblog'; echo "
		"'tlsproxy unix - - n - 0 tlsproxy'; } "
		">>$R/pf/conf/master.cf && pfi_cool $R/pf && pfi_stop $R/pf; "
		"pfi_start $R/pf && pfi_wait_port %d",
		service, service, port),
	    0);
	o = save("{\"interface\":{\"max_connections\":12},\"access\":"
		 "{\"policy\":\"accept_except\",\"list\":[\"127.0.0.9\"]}}",
	    NULL, NULL);
	must_prove(&o);
	ck_assert(has_line(service, "1"));
	ck_assert_int_eq(
	    rig_sh("/usr/sbin/postconf -c $R/pf/conf -F smtpd/pass | grep -q "
		   "'process_limit = 12$'"),
	    0);
	ck_assert(refused("127.0.0.9"));
	must(NOTHING, NULL);
	ck_assert_int_eq(
	    rig_sh("/usr/sbin/postconf -c $R/pf/conf -F smtpd/pass | grep -q "
		   "'process_limit = -$'"),
	    0);
	/* Without that service there is nothing to limit. */
	ck_assert_int_eq(rig_sh("sed -i '/^smtpd *pass/d' "
				"$R/pf/conf/master.cf && pfi_cool $R/pf"),
	    0);
	o = save("{\"interface\":{\"max_connections\":12}}", NULL, NULL);
	ck_assert_int_eq(o.err.code, ERR_INTERFACE_NO_SMTPD);
	rig_done(&o);
	ck_assert_int_eq(rig_sh("cp -p $R/m $R/pf/conf/master.cf && "
				"pfi_cool $R/pf && pfi_stop $R/pf; "
				"pfi_start $R/pf && pfi_wait_port %d",
			     port),
	    0);
	rig_assert_whole();
}
END_TEST

static const struct {
	const char *settings;
	enum err_code code;
	const char *field, *confirm; /* NULL: nothing helps */
} guards[] = {
    {"{\"access\":{\"policy\":\"accept_except\",\"list\":[\"127.0.0.0/8\"]}}",
	ERR_ACCESS_LOOPBACK, "access_list", NULL},
    {"{\"access\":{\"policy\":\"accept_except\",\"list\":[\"::1\"]}}",
	ERR_ACCESS_LOOPBACK, "access_list", NULL},
    {"{\"access\":{\"policy\":\"accept_except\",\"list\":[\"::/0\"]}}",
	ERR_ACCESS_LOOPBACK, "access_list", NULL},
    {"{\"access\":{\"policy\":\"deny_except\",\"list\":[]}}", ERR_ACCESS_NOBODY,
	"access_policy", "access.denies_all"},
    {"{\"access\":{\"policy\":\"deny_except\",\"list\":[\"10.0.0.0/8\"]}}",
	ERR_ACCESS_YOU, "access_list", "access.cuts_you"},
    {"{\"access\":{\"policy\":\"accept_except\",\"list\":[\"192.0.2.0/24\"]}}",
	ERR_ACCESS_YOU, "access_list", "access.cuts_you"},
};

START_TEST(lock_out)
{
	const char *confirm = guards[_i].confirm;
	struct outcome o = save(guards[_i].settings, NULL, NULL);
	long was = rig_current();

	ck_assert_int_eq(o.rc, -1);
	ck_assert_msg(
	    o.err.code == guards[_i].code, "%s", err_name(o.err.code));
	ck_assert_str_eq(o.err.field, guards[_i].field);
	rig_done(&o);
	o = save(guards[_i].settings,
	    confirm == NULL ? err_name(guards[_i].code) : confirm, NULL);
	ck_assert_int_eq(o.rc, confirm == NULL ? -1 : 0);
	rig_done(&o);
	if (confirm == NULL)
		ck_assert_int_eq(rig_current(), was);
	else
		undo_all();
}
END_TEST

START_TEST(trusted_networks)
{
	struct outcome o;

	ck_assert_int_eq(rig_sh("pfi_conf $R/pf 'mynetworks=127.0.0.0/8, "
				"10.1.0.0/16 [2001:db8::]/32'"),
	    0);
	o = save("{\"access\":{\"policy\":\"accept_except\",\"list\":"
		 "[\"10.1.2.3\"]}}",
	    NULL, NULL);
	ck_assert_int_eq(o.err.code, ERR_ACCESS_MYNETWORKS);
	rig_done(&o);
	o = save("{\"access\":{\"policy\":\"deny_except\",\"list\":"
		 "[\"10.1.0.0/17\",\"10.1.128.0/17\",\"2001:db8::/32\","
		 "\"192.0.2.1\"]}}",
	    NULL, NULL);
	ck_assert_msg(o.rc == 0, "%s %s", err_name(o.err.code), o.err.msg);
	rig_done(&o);
	ck_assert_int_eq(rig_sh("pfi_conf $R/pf 'mynetworks=127.0.0.0/8, "
				"[::1]/128'"),
	    0);
	undo_all();
}
END_TEST

/* -o options of the service stand above main.cf. */
START_TEST(shadowed)
{
	struct outcome o;

	ck_assert_int_eq(rig_sh("/usr/sbin/postconf -c $R/pf/conf -P "
				"'%s/inet/smtpd_timeout=30s' "
				"'%s/inet/smtpd_client_restrictions=permit' && "
				"pfi_cool $R/pf",
			     service, service),
	    0);
	o = save("{\"interface\":{\"idle_timeout\":4}}", NULL, NULL);
	ck_assert_int_eq(o.err.code, ERR_INTERFACE_SHADOWED);
	ck_assert_str_eq(o.err.field, "idle_timeout");
	rig_done(&o);
	o = save("{\"access\":{\"policy\":\"accept_except\",\"list\":"
		 "[\"10.0.0.1\"]}}",
	    NULL, NULL);
	ck_assert_int_eq(o.err.code, ERR_ACCESS_SHADOWED);
	rig_done(&o);
	/* Options stay with the service that is renamed. */
	must(say("{\"interface\":{\"port\":%d}}", free_port()), NULL);
	ck_assert_int_eq(rig_sh("/usr/sbin/postconf -c $R/pf/conf -P | grep -q "
				"smtpd_timeout"),
	    0);
	must(NOTHING, NULL);
	ck_assert_int_eq(
	    rig_sh("/usr/sbin/postconf -c $R/pf/conf -PX "
		   "'%s/inet/smtpd_timeout' "
		   "'%s/inet/smtpd_client_restrictions' && pfi_cool $R/pf",
		service, service),
	    0);
	rig_assert_whole();
}
END_TEST

/* A hand edit of a managed column is drift; restored, or taken over. */
START_TEST(drift)
{
	char etag[APPLY_ETAG_MAX];
	struct json_object *view = NULL, *v;
	struct outcome o;
	struct err err;
	long id;

	id = must("{\"interface\":{\"max_connections\":30}}", NULL);
	ck_assert_int_eq(apply_view(&rig_conf, &view, &err), 0);
	snprintf(etag, sizeof(etag), "%s", jsonx_path_str(view, "etag", ""));
	json_object_put(view);
	ck_assert_int_eq(rig_sh("/usr/sbin/postconf -c $R/pf/conf -F -e "
				"'%s/inet/process_limit=31' && pfi_cool $R/pf",
			     service),
	    0);
	ck_assert_int_eq(apply_view(&rig_conf, &view, &err), 0);
	v = json_object_array_get_idx(jsonx_path(view, "drift"), 0);
	ck_assert_str_eq(
	    jsonx_path_str(v, "parameter", ""), "master.cf:process_limit");
	ck_assert_str_eq(jsonx_path_str(v, "expected", ""), "30");
	ck_assert_str_eq(jsonx_path_str(v, "actual", ""), "31");
	json_object_put(view);
	{
		const struct ask late = {
		    .settings = "{\"interface\":{\"max_connections\":33}}",
		    .if_match = etag};

		o = rig_apply(&late);
	}
	ck_assert_int_eq(o.err.code, ERR_SETTINGS_STALE);
	rig_done(&o);
	{
		const struct ask adopt = {.adopt = true};
		const struct ask restore = {.restore = id};

		id = rig_must_apply(&adopt);
		ck_assert(has_line(service, "31"));
		ck_assert_int_eq(
		    rig_sh("/usr/sbin/postconf -c $R/pf/conf -F -e "
			   "'%s/inet/process_limit=32' && pfi_cool $R/pf",
			service),
		    0);
		(void)rig_must_apply(&restore);
	}
	ck_assert(has_line(service, "30"));
	rig_assert_whole();
	o = save(NOTHING, NULL, NULL);
	ck_assert_int_eq(o.rc, 0);
	rig_done(&o);
	undo_all();
}
END_TEST

/* Addresses that the console cannot say stay as they were set by hand, and
 * the service does not get its own address of long ago back. */
START_TEST(adopt_addresses)
{
	const struct ask adopt = {.adopt = true};
	const char *name = say("%d", port);
	struct outcome o;

	must("{\"interface\":{\"listen\":\"all\"}}", NULL);
	ck_assert(has_line(name, "-"));
	ck_assert_int_eq(
	    rig_sh("pfi_conf $R/pf 'inet_interfaces=127.0.0.1' && "
		   "pfi_stop $R/pf; pfi_start $R/pf && pfi_wait_port %d",
		port),
	    0);
	(void)rig_must_apply(&adopt);
	ck_assert(has_line(name, "-"));
	ck_assert_str_eq(rig_parameter("inet_interfaces"), "127.0.0.1");
	rig_assert_whole();
	o = save(NOTHING, NULL, NULL);
	ck_assert_str_eq(jsonx_path_str(o.job, "state", ""), "unchanged");
	rig_done(&o);
	ck_assert(has_line(name, "-"));
	ck_assert_int_eq(
	    rig_sh("pfi_conf $R/pf inet_interfaces=127.0.0.1 && sed -i "
		   "'s/^%d /127.0.0.1:%d /' $R/pf/conf/master.cf && "
		   "pfi_cool $R/pf && pfi_stop $R/pf; pfi_start $R/pf && "
		   "pfi_wait_port %d",
		port, port, port),
	    0);
	rig_assert_whole();
}
END_TEST

/* Somebody put another restriction before ours: taking that over moves ours
 * to the front again, which is asked. */
START_TEST(adopt_order)
{
	const struct ask adopt = {.adopt = true};
	const struct ask yes = {.adopt = true, .confirm = "drift.reset"};
	struct outcome o;

	must("{\"access\":{\"policy\":\"accept_except\",\"list\":"
	     "[\"127.0.0.9\"]}}",
	    NULL);
	ck_assert_int_eq(
	    rig_sh("v=$(/usr/sbin/postconf -c $R/pf/conf -h "
		   "smtpd_client_restrictions) && pfi_conf $R/pf "
		   "\"smtpd_client_restrictions=permit_mynetworks, $v\""),
	    0);
	o = rig_apply(&adopt);
	ck_assert_int_eq(o.err.code, ERR_DRIFT_RESET);
	rig_done(&o);
	o = rig_apply(&yes);
	ck_assert_msg(o.rc == 0, "%s %s", err_name(o.err.code), o.err.msg);
	rig_done(&o);
	ck_assert_ptr_nonnull(strstr(rig_parameter("smtpd_client_restrictions"),
	    "/access.cidr, permit_mynetworks"));
	must(NOTHING, NULL);
	ck_assert_int_eq(rig_sh("/usr/sbin/postconf -c $R/pf/conf -X "
				"smtpd_client_restrictions && pfi_cool $R/pf"),
	    0);
	undo_all();
}
END_TEST

/* Bytes of others that are no text are not written back as question marks;
 * a Save that leaves them alone goes through. */
START_TEST(odd_bytes)
{
	struct outcome o;

	ck_assert_int_eq(
	    rig_sh(
		"printf 'smtpd_client_restrictions =\\n\\tcheck_client_access "
		"inline:{{127.0.0.7\\374=REJECT}}\\n' "
		">>$R/pf/conf/main.cf && pfi_cool $R/pf && "
		"cp -p $R/pf/conf/main.cf $R/m"),
	    0);
	o = save(LIST, NULL, NULL);
	ck_assert_int_eq(o.err.code, ERR_ACCESS_BYTES);
	ck_assert_str_eq(o.err.field, "access_policy");
	rig_done(&o);
	ck_assert_int_eq(rig_sh("cmp $R/m $R/pf/conf/main.cf"), 0);
	must("{\"interface\":{\"idle_timeout\":4}}", NULL);
	ck_assert_int_eq(
	    rig_sh("LC_ALL=C grep -q \"$(printf '7\\374=REJECT')\" "
		   "$R/pf/conf/main.cf"),
	    0);
	/* Tabs and line ends are no such bytes. */
	ck_assert_int_eq(rig_sh("LC_ALL=C sed -i \"s/$(printf '\\374')//\" "
				"$R/pf/conf/main.cf && pfi_cool $R/pf"),
	    0);
	o = save(LIST, NULL, NULL);
	must_prove(&o);
	must(NOTHING, NULL);
	ck_assert_int_eq(rig_sh("/usr/sbin/postconf -c $R/pf/conf -X "
				"smtpd_client_restrictions && pfi_cool $R/pf"),
	    0);
	undo_all();
}
END_TEST

/* Nothing of the new sections: master.cf is not even opened for writing. */
START_TEST(tls_alone)
{
	const struct ask a = {.settings = "{\"inbound\":{\"enabled\":true}}",
	    .certificate = "self.pem",
	    .key = "self.key",
	    .apply = "reload"};
	const struct ask off = {
	    .settings = "{\"inbound\":{\"enabled\":false}}"};

	ck_assert_int_eq(rig_sh("cp -p $R/pf/conf/master.cf $R/m; ls -i "
				"$R/pf/conf/master.cf >$R/inode"),
	    0);
	(void)rig_must_apply(&a);
	ck_assert_int_eq(
	    rig_sh("cmp $R/m $R/pf/conf/master.cf && [ \"$(cat $R/inode)\" = "
		   "\"$(ls -i $R/pf/conf/master.cf)\" ] && ! grep -q "
		   "'smtpd_timeout\\|client_restr' $R/pf/conf/main.cf"),
	    0);
	(void)rig_must_apply(&off);
}
END_TEST

/* Postfix does not start with the new files: both are back. */
START_TEST(rolled_back)
{
	int to = free_port();
	struct outcome o;

	must("{\"interface\":{\"max_connections\":40}}", NULL);
	ck_assert_int_eq(rig_sh("cd $R/pf/conf && cat main.cf master.cf >$R/m; "
				"echo 'start failnew' >$R/fault"),
	    0);
	o = save(say("{\"interface\":{\"port\":%d},\"access\":{\"policy\":"
		     "\"accept_except\",\"list\":[\"10.0.0.1\"]}}",
		     to),
	    "interface.port_changed", NULL);
	ck_assert_str_eq(err_name(o.err.code), "apply.rolled_back");
	rig_done(&o);
	ck_assert_int_eq(rig_sh("rm $R/fault; cd $R/pf/conf && "
				"cat main.cf master.cf | cmp - $R/m"),
	    0);
	rig_assert_whole();
	undo_all();
}
END_TEST

/* Killed before the step after the commit, and between the two renames. */
START_TEST(between_the_renames)
{
	struct json_object *view = NULL;
	struct journal j;
	struct err err;
	int to = free_port();
	long was;
	pid_t pid;
	int status;

	must("{\"interface\":{\"max_connections\":50}}", NULL);
	was = rig_current();
	ck_assert_int_eq(
	    rig_sh("cd $R/pf/conf && cat main.cf master.cf >$R/m"), 0);
	fflush(NULL);
	ck_assert_int_ne(pid = fork(), -1);
	if (pid == 0) {
		struct outcome o;

		o = save(
		    say("{\"interface\":{\"port\":%d},\"access\":{\"policy\":"
			"\"accept_except\",\"list\":[\"10.0.0.1\"]}}",
			to),
		    "interface.port_changed", NULL);
		_exit(o.rc == 0 ? 0 : 1);
	}
	/* The moment: master.cf is new, main.cf old. */
	while (rig_sh("grep -q ':%d ' $R/pf/conf/master.cf", to) != 0 &&
	       waitpid(pid, &status, WNOHANG) == 0)
		continue;
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, &status, 0);
	ck_assert_int_eq(txn_recover(&rig_conf, &err), 0);
	ck_assert_int_eq(journal_read(&rig_conf, &j, &err), 0);
	ck_assert(!j.pending);
	if (rig_current() == was)
		ck_assert_int_eq(rig_sh("cd $R/pf/conf && "
					"cat main.cf master.cf | cmp - $R/m"),
		    0);
	ck_assert_int_eq(apply_view(&rig_conf, &view, &err), 0);
	json_object_put(view);
	rig_assert_whole();
	undo_all();
}
END_TEST

/* A symlinked master.cf may have another name where it is. */
START_TEST(sweeps_beside_the_target)
{
	struct err err;

	ck_assert_int_eq(
	    rig_sh("mkdir $R/far && mv $R/pf/conf/master.cf $R/far/m.cf && "
		   "ln -s $R/far/m.cf $R/pf/conf/master.cf && "
		   "touch $R/far/m.cf.postseal-77 $R/far/m.cf.tmp "
		   "$R/pf/conf/master.cf.tmp $R/pf/conf/main.cf.postseal-7"),
	    0);
	ck_assert_int_eq(txn_recover(&rig_conf, &err), 0);
	ck_assert_int_eq(rig_sh("[ \"$(ls $R/far)\" = \"$(printf "
				"'m.cf\\nm.cf.tmp')\" ] && "
				"! ls $R/pf/conf | grep -q 'postseal\\|tmp'"),
	    0);
	ck_assert_int_eq(
	    rig_sh("rm $R/pf/conf/master.cf && mv $R/far/m.cf "
		   "$R/pf/conf/master.cf && rm -r $R/far && pfi_cool $R/pf"),
	    0);
	rig_assert_whole();
}
END_TEST

/* postconf reads a service whose name stands alone in its line; what cannot
 * be edited so that all else stays is refused before anything is applied. */
START_TEST(name_alone)
{
	struct outcome o;

	ck_assert_int_eq(
	    rig_sh("cp -p $R/pf/conf/master.cf $R/m && sed -i "
		   "'s/^\\(%s\\) /\\1\\n  /' $R/pf/conf/master.cf && "
		   "pfi_cool $R/pf",
		service),
	    0);
	o = save("{\"interface\":{\"max_connections\":21}}", NULL, NULL);
	ck_assert_int_eq(o.err.code, ERR_POSTFIX_CONFIG);
	ck_assert_msg(strncmp(o.err.msg, "master.cf: line 1: ", 19) == 0, "%s",
	    o.err.msg);
	ck_assert_str_eq(jsonx_path_str(o.job, "state", ""), "failed");
	rig_done(&o);
	ck_assert_int_eq(rig_sh("cp -p $R/m $R/pf/conf/master.cf"), 0);
	rig_assert_whole();
}
END_TEST

static void
add(TCase *tc)
{
	snprintf(service, sizeof(service), "%s", rig_conf.service);
	port = atoi(strrchr(service, ':') + 1);
	tcase_add_test(tc, timeout);
	tcase_add_test(tc, limit);
	tcase_add_test(tc, another_port);
	tcase_add_test(tc, port_taken);
	tcase_add_test(tc, listen_everywhere);
	tcase_add_test(tc, opens_others);
	tcase_add_test(tc, foreign_listener);
	tcase_add_test(tc, access_list);
	tcase_add_test(tc, other_refusals);
	tcase_add_test(tc, postscreen);
	tcase_add_loop_test(tc, lock_out, 0, N(guards));
	tcase_add_test(tc, trusted_networks);
	tcase_add_test(tc, shadowed);
	tcase_add_test(tc, drift);
	tcase_add_test(tc, adopt_addresses);
	tcase_add_test(tc, adopt_order);
	tcase_add_test(tc, odd_bytes);
	tcase_add_test(tc, tls_alone);
	tcase_add_test(tc, rolled_back);
	tcase_add_test(tc, between_the_renames);
	tcase_add_test(tc, sweeps_beside_the_target);
	tcase_add_test(tc, name_alone);
}

int
main(void)
{
	return rig_run("interface", add, 60, RIG_POSTFIX);
}
