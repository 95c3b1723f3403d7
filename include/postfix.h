/*
 * postfix.h - one Postfix instance: what it is, its parameters, its life.
 *
 * Trust: runs in postseald (root).  Nothing here takes a free value:
 * parameter values come from the table in params.c alone, paths from
 * postseal.conf and our own generation directories.
 * Source: postconf(1), postconf(5), postfix(1), master(5) of Postfix 3.4 to
 * 3.10; ../shared/POSTFIX.md for what was measured.
 * Cost: postfix_info_read runs postconf (20 to 40 ms); postfix_running and
 * postfix_info_fresh only stat and test a lock (well under 1 ms).
 */
#ifndef POSTSEAL_POSTFIX_H
#define POSTSEAL_POSTFIX_H

#include <sys/stat.h>
#include <sys/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "conf.h"
#include "err.h"
#include "settings.h"

struct json_object;
struct probe_door;

enum postfix_kind {
	POSTFIX_OK,
	POSTFIX_NONE,			/* ERR_POSTFIX_MISSING */
	POSTFIX_OTHER_MTA,		/* ERR_POSTFIX_FOREIGN */
	POSTFIX_TOO_OLD,		/* ERR_POSTFIX_OLD */
	POSTFIX_BROKEN			/* ERR_POSTFIX_CONFIG: detail says */
};

#define POSTFIX_EXEMPT_MAX	16
#define POSTFIX_INET_MAX	32

/* What the parameters of the Connection screen are, expanded, and the
 * columns of the inbound service in master.cf. */
struct postfix_inbound {
	char	service[128];		/* name in master.cf: "smtp" */
	char	process_limit[16];	/* maxproc; behind postscreen that of
					 * the service "smtpd pass" */
	bool	postscreen;		/* takes the connections */
	bool	smtpd_pass;		/* there is such a service */
	bool	own_timeout;		/* -o smtpd_timeout= */
	bool	own_restrictions;	/* -o smtpd_client_restrictions= */
	char	interfaces[256];	/* inet_interfaces */
	char	protocols[64];		/* inet_protocols */
	char	timeout[64];		/* smtpd_timeout */
	char	default_limit[16];	/* default_process_limit */
	char	mynetworks[2048];	/* cut there */
	/* smtpd services that smtpd_client_restrictions also holds for */
	char	others[256];		/* "submission, smtps" */
	/* the other inet services */
	struct {
		char	name[64];
		int	port;
	} inet[POSTFIX_INET_MAX];
	size_t	n_inet;
};

/* An address on which mail from outside arrives, and how a client is received
 * there: main.cf, and the service's own options in master.cf. */
#define POSTFIX_LISTENERS_MAX	16
#define POSTFIX_GREET_MAX	60	/* s */
enum postfix_tls { POSTFIX_TLS_NONE, POSTFIX_TLS_MAY, POSTFIX_TLS_ENCRYPT };
struct postfix_listener {
	char	service[128];		/* name in master.cf */
	char	host[64];		/* numeric, as a client here reaches it */
	int	port;
	bool	derived;		/* further address of inet_interfaces,
					 * of which Postfix may have none */
	bool	postscreen, proxy, wrapper;
	enum postfix_tls tls, main_tls;	/* as it is; as main.cf alone says */
	bool	own_level, own_chain, own_sni; /* -o in master.cf */
	bool	sni;			/* tls_server_sni_maps */
	bool	wants_certificate;	/* of clients: smtpd_tls_req_ccert */
	int	greet_s;		/* postscreen_greet_wait */
	char	hides[48];		/* parameter that may hide STARTTLS */
	bool	hides_all;		/* from everybody */
	char	hides_maps[512];	/* else by these */
};

/* Nothing listens (a null client): probe_port 0, probe_host, inbound.service
 * "" and no listener; `closed` says why. */
struct postfix_info {
	enum postfix_kind kind;
	unsigned	version;	/* 30711 for 3.7.11 */
	char		version_text[32];
	char		myhostname[256];
	char		queue_directory[512];
	char		maillog[512];
	char		syslog_name[64]; /* its programs are NAME/PROGRAM */
	char		daemon_directory[512];
	char		instance[64];	/* multi_instance_name, or "" */
	char		probe_host[64];	/* numeric address of the service: the
					 * first of listener[] */
	int		probe_port;
	struct postfix_listener listener[POSTFIX_LISTENERS_MAX];
	size_t		n_listeners;
	bool		more_listeners;	/* than there is room for */
	char		closed[200];
	/* loopback smtpd services that must stay usable under TLS only and
	 * have no smtpd_tls_security_level of their own: $service_name */
	char		exempt[POSTFIX_EXEMPT_MAX][128];
	size_t		n_exempt;
	struct postfix_inbound inbound;
	char		detail[200];	/* for POSTFIX_BROKEN */
	/* identity of the main.cf and master.cf that were read */
	struct stat	maincf, mastercf;
};

/* services: names that the inbound service may have now, the first that
 * master.cf has counts, before the one of *conf (NULL at the end, or none). */
int	postfix_info_read(const struct conf *, const char *const *services,
	    struct postfix_info *, struct err *);
/* How the probe enters; borrows from both. */
void	postfix_door(const struct postfix_info *,
	    const struct postfix_listener *, struct probe_door *);
/* Do the listener's maps hide STARTTLS from its own address?  Asks Postfix. */
bool	listener_hidden(const struct conf *, const struct postfix_listener *);
/* "host:port" or "port" -> number of the port; 0 when it is none. */
int	postfix_service_port(const char *service);
/* The address in the name of a service, or "". */
void	postfix_service_host(const char *service, char dst[64]);
/* Are main.cf and master.cf still the files that *info was read from? */
bool	postfix_info_fresh(const struct conf *, const struct postfix_info *);
bool	postfix_running(const struct postfix_info *);	/* master.pid lock */
/* When it read them last, in ms since the epoch; 0: not known. */
int64_t	postfix_read_at(const struct postfix_info *);
/* 0 when kind is POSTFIX_OK, else the error of the kind. */
int	postfix_usable(const struct postfix_info *, struct err *);

/* Would Postfix's programs take main.cf and master.cf of this directory?  info:
 * read from it; running: the instance is.  ERR_POSTFIX_CONFIG with the line
 * and Postfix's words; nothing of the instance is touched. */
int	postfix_preflight(const struct conf *, const char *dir,
	    const struct postfix_info *, bool running, struct err *);
/* A value with $name in it as Postfix would expand it beside main.cf as it is;
 * NULL: postconf did not say.  The caller's to put. */
struct json_object *postfix_expand(
	    const struct conf *, const char *parameter, const char *value);
/* The first part of postfix_preflight, of main.cf alone. */
int	postfix_takes_main(const struct conf *, const char *dir, struct err *);
/* Can the file (main.cf, master.cf) be replaced, so far as can be told?
 * ERR_POSTFIX_PROTECTED. */
int	cf_writable(const struct conf *, const char *name, struct err *);

#endif
