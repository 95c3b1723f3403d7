/*
 * log_rig.h - a log file of its own in a directory that holds no journal, and
 * lines that are added to it.
 */
#ifndef TEST_LOG_RIG_H
#define TEST_LOG_RIG_H

#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../suite.h"
#include "conf.h"
#include "jsonx.h"
#include "maillog.h"

static char dir[64], path[128];
static struct conf conf;
static struct postfix_info info;

static inline void
log_setup(void)
{
	(void)snprintf(dir, sizeof(dir), "/tmp/postfix-log-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/mail.log", dir);
	conf_default(&conf);
	(void)strcpy(conf.inspect_user, "nobody");
	(void)strcpy(conf.probe_user, "nobody");
	memset(&info, 0, sizeof(info));
	(void)snprintf(info.maillog, sizeof(info.maillog), "%s", path);
	(void)snprintf(
	    conf.journal_directory, sizeof(conf.journal_directory), "%s", dir);
}

static inline void
log_teardown(void)
{
	char command[200];

	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static inline void
append(const char *text)
{
	FILE *f = fopen(path, "a");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	(void)fclose(f);
}

#endif
