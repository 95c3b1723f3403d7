/*
 * test_hand_edits.c - interface and access list beside what others do: to
 * main.cf and master.cf by hand, on the port, and a kill between the two
 * renames.
 */
#include <ifaddrs.h>

#include "interface.h"

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

/* Another program, or another service of master.cf, has the old port on an
 * address of its own: that is not Postfix's service staying behind. */
START_TEST(foreign_listener)
{
	const char *outer = outer_address();
	int fd = listen_on("127.0.0.2", port), fd2 = -1, to = free_port();

	must(say("{\"interface\":{\"port\":%d}}", to), NULL);
	close(fd);
	ck_assert_int_eq(
	    rig_sh("pfi_listener $R/pf 127.0.0.3:%d && pfi_stop $R/pf; "
		   "pfi_start $R/pf && pfi_wait_port %d",
		to, to),
	    0);
	must(NOTHING, NULL);
	ck_assert_int_eq(
	    rig_sh("sed -i '/^127.0.0.3:/d' $R/pf/conf/master.cf && "
		   "pfi_cool $R/pf && pfi_stop $R/pf; pfi_start $R/pf && "
		   "pfi_wait_port %d",
		port),
	    0);
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

/* A probe that fails is told of until one is passed. */
START_TEST(failing_probe_is_kept)
{
	static const char *const code[] = {"", "probe.connect", ""};
	struct json_object *view, *live;
	size_t i;

	(void)rig_ensure(&rig_self_pair);
	for (i = 0; i < 3; i++) {
		if (i == 1)
			ck_assert_int_eq(rig_sh("pfi_stop $R/pf"), 0);
		if (i == 2)
			ck_assert_int_eq(rig_sh("pfi_start $R/pf && "
						"pfi_wait_port %d",
					     port),
			    0);
		live = apply_live(&rig_conf);
		ck_assert_str_eq(
		    jsonx_path_str(live, "error.code", ""), code[i]);
		json_object_put(live);
		ck_assert_int_eq(apply_view(&rig_conf, &view, NULL), 0);
		ck_assert_str_eq(
		    jsonx_path_str(view, "probe_error.code", ""), code[i]);
		ck_assert_int_eq(
		    strlen(jsonx_path_str(view, "probe_error.at", "")),
		    i == 1 ? 20 : 0);
		/* What was passed last stays for the record. */
		ck_assert_int_eq(strlen(jsonx_path_str(
				     view, "probe.certificate_sha256", "")),
		    64);
		json_object_put(view);
	}
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
	ck_assert_int_eq(apply_recover(&rig_conf, &err), 0);
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
	ck_assert_int_eq(apply_recover(&rig_conf, &err), 0);
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
	interface_begin();
	tcase_add_test(tc, opens_others);
	tcase_add_test(tc, foreign_listener);
	tcase_add_test(tc, shadowed);
	tcase_add_test(tc, drift);
	tcase_add_test(tc, failing_probe_is_kept);
	tcase_add_test(tc, adopt_addresses);
	tcase_add_test(tc, adopt_order);
	tcase_add_test(tc, odd_bytes);
	tcase_add_test(tc, between_the_renames);
	tcase_add_test(tc, sweeps_beside_the_target);
	tcase_add_test(tc, name_alone);
}

int
main(void)
{
	return rig_run("hand_edits", add, 60, RIG_POSTFIX);
}
