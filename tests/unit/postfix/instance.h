/*
 * instance.h - a private Postfix for the unit tests, made and run with
 * tests/lib/postfix-instance.sh.  Each test program makes its own under /tmp
 * and removes it; after a failure it stays, and its path is printed.
 */
#ifndef TEST_INSTANCE_H
#define TEST_INSTANCE_H

#include <sys/stat.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "fsx.h"
#include "postfix.h"

struct instance {
	char dir[256];
	int port;
	struct conf conf;
};

/* sh -c with the library sourced and $D set; the exit status. */
static inline int __attribute__((__format__(printf, 2, 3)))
instance_sh(const struct instance *t, const char *fmt, ...)
{
	char script[8192];
	va_list ap;
	int n;

	n = snprintf(script, sizeof(script),
	    "D=%s; . tests/lib/postfix-instance.sh; ", t->dir);
	va_start(ap, fmt);
	(void)vsnprintf(script + n, sizeof(script) - (size_t)n, fmt, ap);
	va_end(ap);
	return system(script);
}

static inline void
instance_read_conf(struct instance *t)
{
	conf_default(&t->conf);
	(void)strcpy(t->conf.inspect_user, "nobody");
	(void)strcpy(t->conf.probe_user, "nobody");
	(void)snprintf(t->conf.config_directory,
	    sizeof(t->conf.config_directory), "%s/conf", t->dir);
	(void)snprintf(
	    t->conf.service, sizeof(t->conf.service), "127.0.0.1:%d", t->port);
}

/* 0, or -1 when the tools are missing. */
static inline int
instance_make(struct instance *t, const char *name)
{
	FILE *f;
	char path[300];

	memset(t, 0, sizeof(*t));
	(void)snprintf(t->dir, sizeof(t->dir), "/tmp/postfix-%s-%ld", name,
	    (long)getpid());
	if (instance_sh(t,
		"pfi_make $D >/dev/null && "
		"sed -n '1s/.*:\\([0-9]*\\) .*/\\1/p' $D/conf/master.cf "
		">$D/port") != 0)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/port", t->dir);
	if ((f = fopen(path, "r")) == NULL)
		return -1;
	if (fscanf(f, "%d", &t->port) != 1)
		t->port = 0;
	(void)fclose(f);
	instance_read_conf(t);
	return t->port > 0 ? 0 : -1;
}

static inline void
instance_remove(const struct instance *t, int failed)
{
	(void)instance_sh(t, "pfi_stop $D");
	if (failed)
		fprintf(stderr, "kept: %s\n", t->dir);
	else
		(void)instance_sh(t, "rm -rf $D");
}

/* Tests with a real Postfix need root; says so and ends with success. */
static inline int
instance_skip(const char *program)
{
	if (geteuid() == 0 && access("/usr/sbin/postfix", X_OK) == 0)
		return 0;
	printf("%s: skipped: needs root and an installed Postfix\n", program);
	return 1;
}

#endif
