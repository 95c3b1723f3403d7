/*
 * test_interface.c - interface, port, limits and access list on a real
 * Postfix: each alone, undone, refused and rolled back.
 */
#include "interface.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

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

/* What a bundle does not name is unset, not as it was before. */
START_TEST(whole)
{
	const struct ask a = {
	    .settings = "{\"interface\":{\"max_connections\":20}}",
	    .whole = true};

	must("{\"interface\":{\"idle_timeout\":7,\"max_connections\":20}}",
	    NULL);
	rig_must_apply(&a);
	ck_assert_str_eq(rig_parameter("smtpd_timeout"), "");
	ck_assert(has_line(service, "20"));
	rig_assert_whole();
	undo_all();
}
END_TEST

START_TEST(another_port)
{
	int to = free_port();
	const char *patch = say("{\"interface\":{\"port\":%d}}", to);
	struct outcome o = save(patch, NULL, NULL);
	struct json_object *live;

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
	live = apply_live(&rig_conf);
	ck_assert_ptr_null(jsonx_path(live, "error"));
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

static void
add(TCase *tc)
{
	interface_begin();
	tcase_add_test(tc, timeout);
	tcase_add_test(tc, limit);
	tcase_add_test(tc, whole);
	tcase_add_test(tc, another_port);
	tcase_add_test(tc, port_taken);
	tcase_add_test(tc, listen_everywhere);
	tcase_add_test(tc, access_list);
	tcase_add_test(tc, other_refusals);
	tcase_add_test(tc, postscreen);
	tcase_add_loop_test(tc, lock_out, 0, N(guards));
	tcase_add_test(tc, trusted_networks);
	tcase_add_test(tc, tls_alone);
	tcase_add_test(tc, rolled_back);
}

int
main(void)
{
	return rig_run("interface", add, 60, RIG_POSTFIX);
}
