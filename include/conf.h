/*
 * conf.h - /etc/postseal/postseal.conf: INI, read with libinih.
 *
 * Unknown sections and keys, values outside their grammar and relative paths
 * are ERR_CONFIG naming file, line and key.  All programs read the same
 * file; it holds no secret (0644).
 * A const table maps section, key, kind and offset; postseal.conf(5) is
 * written from it.
 */
#ifndef POSTSEAL_CONF_H
#define POSTSEAL_CONF_H

#include <limits.h>
#include <stdint.h>

#include "err.h"

#define CONF_DEFAULT_PATH	"/etc/postseal/postseal.conf"
#define CONF_STR_MAX		512

enum apply_mode { APPLY_RESTART, APPLY_RELOAD };

struct conf {
	/* [daemon] */
	char	state_directory[CONF_STR_MAX];	/* /var/lib/postseal/daemon */
	char	socket[CONF_STR_MAX];		/* /run/postseal/postseald.sock */
	char	socket_group[64];		/* postseal */
	char	inspect_user[64];		/* postseal-parse */
	char	probe_user[64];			/* postseal-probe */
	int	sandbox_required;		/* yes: end where the kernel
						 * lacks a part of it */
	int	generations;			/* 20, 2..1000 */
	int	draft_minutes;			/* 30, 1..1440 */
	enum apply_mode apply;			/* restart */
	/* [postfix] */
	char	config_directory[CONF_STR_MAX];	/* /etc/postfix */
	char	command_directory[CONF_STR_MAX];/* /usr/sbin */
	char	service[128];			/* smtp: master.cf inet service */
	char	log_file[CONF_STR_MAX];		/* "": maillog_file, then
						 * /var/log/mail.log, then
						 * the journal */
	char	journal_directory[CONF_STR_MAX]; /* "": /var/log/journal,
						 * /run/log/journal */
	/* [web] */
	char	listen[CONF_STR_MAX];		/* /run/postseal/fcgi.sock */
	char	listen_group[64];		/* postseal-web */
	char	web_user[64];			/* key "user": postseal */
	char	web_state_directory[CONF_STR_MAX]; /* /var/lib/postseal/web */
	char	template_directory[CONF_STR_MAX]; /* /usr/share/postseal/templates */
	int	workers;			/* 8, 1..64 */
	int	session_idle_minutes;		/* 15 */
	int	session_max_hours;		/* 8 */
	char	origin[300];			/* https://name[:port] of the
						 * console; "": not known */
	char	totp_required[64];		/* roles, commas between; "" */
	/* [auth]: where users come from */
	char	auth_source[8];			/* key "source": local | pam |
						 * both */
	char	pam_service[64];		/* postseal */
	char	pam_directory[CONF_STR_MAX];	/* "": the system's */
	char	pam_helper[CONF_STR_MAX]; /* /usr/libexec/postseal/postseal-pam */
	char	password_list[CONF_STR_MAX];	/* "": none */
	int	pam_recheck_seconds;		/* 60, 1..3600 */
	char	pam_administrators[64];		/* Unix groups; "": nobody */
	char	pam_operators[64];
	char	pam_viewers[64];
	/* [logs]: postseal-logs */
	char	logs_user[64];			/* key "user": postseal-logs */
	char	logs_state_directory[CONF_STR_MAX]; /* /var/lib/postseal/logs */
	char	logs_socket[CONF_STR_MAX];	/* /run/postseal/logs.sock */
	int	logs_domains;			/* yes: of senders, too */
	/* [cluster]: several hosts; name "" = this host is alone */
	char	cluster_name[64];		/* key "name": of this host */
	int	cluster_console;		/* no: may publish settings */
	int	cluster_own_certificate;	/* no: keeps its certificate */
	char	cluster_endpoints[CONF_STR_MAX]; /* https://a:2379,https://b... */
	char	cluster_ca[CONF_STR_MAX];	/* of etcd */
	char	cluster_certificate[CONF_STR_MAX]; /* client's, for etcd */
	char	cluster_key[CONF_STR_MAX];
	char	cluster_user[64];		/* of etcd; "": as name */
	char	cluster_password_file[CONF_STR_MAX];
	char	cluster_sync_user[64];		/* postseal-sync */
	char	cluster_canary[64];		/* "": the first that is alive */
	int	cluster_batch;			/* 0 = all at once, 0..10000 */
	int	cluster_lease_seconds;		/* 10, 5..300 */
	int	cluster_check_seconds;		/* 15, 1..300: is the watch alive? */
	/* Of no file: now_ms() by when what is done by this copy has ended;
	 * 0 = whenever. */
	int64_t	until;
};

void	conf_default(struct conf *);
int	conf_read(struct conf *, const char *path, struct err *);

/* ms, or less where until comes first; 1 when it has passed. */
int	conf_ms(const struct conf *, int ms);

int		 apply_mode_from_name(const char *, enum apply_mode *);
const char	*apply_mode_name(enum apply_mode);

#endif
