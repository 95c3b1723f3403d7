/*
 * own_log.h - where this host's Postfix has written the last 30 days.
 *
 * Order: [postfix] log_file, or maillog_file of main.cf, or /var/log/mail.log,
 * with what logrotate or "postfix logrotate" made of it (NAME.1, NAME.2.gz,
 * NAME-20261130, NAME.20261130-073811): the newest that were written in that
 * time, the oldest first.  Where there is none, the systemd journal:
 * journalctl, as nobody with the group systemd-journal, whose output is a pipe.
 * Errors: one line, and nothing is open then.
 */
#ifndef POSTSEAL_OWN_LOG_H
#define POSTSEAL_OWN_LOG_H

#include <sys/types.h>

#include "conf.h"
#include "err.h"
#include "logreport.h"

struct own_log {
	int files[REPORT_FILES_MAX];
	char names[REPORT_FILES_MAX][CONF_STR_MAX + 32];
	size_t n;
	pid_t journal; /* of journalctl, 0 = files */
};

/* The file, of that order; true: postseal.conf or main.cf names it.  Runs
 * postconf. */
bool own_log_path(const struct conf *, char path[CONF_STR_MAX]);
/* What it and logrotate's files are called, into names and n. */
int own_log_names(const char *path, struct own_log *, struct err *);
int own_log_open(const struct conf *, struct own_log *, struct err *);
/* Closes all; false: journalctl has failed. */
bool own_log_close(struct own_log *);

#endif
