/*
 * interface.h - for the tests of SMTP Interface and Connection Control on a
 * real Postfix.
 */
#ifndef TEST_INTERFACE_H
#define TEST_INTERFACE_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "rig.h"

static char service[128]; /* as the rig made it */
static int port;	  /* of it */

/* "name type ... command" of master.cf whose first field is this. */
static inline bool
has_line(const char *name, const char *limit)
{
	return rig_sh("/usr/sbin/postconf -c $R/pf/conf -M | awk -v n='%s' "
		      "-v l='%s' '$1 == n && $2 == \"inet\" && (l == \"\" || "
		      "$7 == l) { f = 1 } END { exit !f }'",
		   name, limit) == 0;
}

static inline int
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

static inline const char *
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

static inline struct outcome
save(const char *settings, const char *confirm, const char *also)
{
	const struct ask a = {
	    .settings = settings, .confirm = confirm, .also = also};

	return rig_apply(&a);
}

static inline long
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
static inline void
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

#define LIST \
	"{\"access\":{\"policy\":\"accept_except\",\"list\":[\"127.0.0.9\"]}}"

static inline void
must_prove(struct outcome *o)
{
	ck_assert_msg(o->rc == 0, "%s %s", err_name(o->err.code), o->err.msg);
	ck_assert_str_eq(
	    jsonx_path_str(o->job, "result.probe.inbound.access", ""),
	    "proven");
	rig_done(o);
	rig_assert_whole();
}

/* Once, when the rig is there. */
static inline void
interface_begin(void)
{
	snprintf(service, sizeof(service), "%s", rig_conf.service);
	port = atoi(strrchr(service, ':') + 1);
}

#endif
