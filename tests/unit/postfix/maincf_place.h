/*
 * maincf_place.h - a main.cf of tests/data/maincf in a configuration
 * directory of its own, now a file, now a link, with owners and modes as
 * found in the wild.
 */
#ifndef TEST_MAINCF_PLACE_H
#define TEST_MAINCF_PLACE_H

#include <check.h>

#include "../../../src/postfix/postfix_int.h"
#include "instance.h"
#include "util.h"

#define DATA	  "tests/data/maincf"
#define SIZE_MAX_ (MAINCF_SIZE_MAX + 1)

static struct instance base;

/* A configuration directory of its own for each case. */
struct place {
	struct conf conf;
	char dir[300];	/* DIR/case-N */
	char file[340]; /* the file that main.cf is */
	bool link;
};

static inline void __attribute__((__format__(printf, 1, 2)))
sh(const char *fmt, ...)
{
	char command[4096];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	ck_assert_msg(system(command) == 0, "%s", command);
}

static inline void
place_make(struct place *p, const char *kind, int n, const char *source)
{
	static const char *const dress[] = {"chmod 0644 %1$s",
	    "chown root:postfix %1$s; chmod 0640 %1$s",
	    "chown daemon:daemon %1$s; chmod 0600 %1$s",
	    "chmod 0664 %1$s; chown root:mail %1$s"};
	char command[1200];

	memset(p, 0, sizeof(*p));
	p->conf = base.conf;
	p->link = n % 3 == 2;
	(void)snprintf(p->dir, sizeof(p->dir), "%s/%s-%d", base.dir, kind, n);
	(void)snprintf(p->conf.config_directory,
	    sizeof(p->conf.config_directory), "%s/conf", p->dir);
	(void)snprintf(p->file, sizeof(p->file), "%s/%s", p->dir,
	    p->link ? "elsewhere.cf" : "conf/main.cf");
	sh("mkdir -p %s/conf && cp %s %s && cp %s/conf/master.cf %s/conf && "
	   "touch -d '1 hour ago' %s %s/conf/master.cf",
	    p->dir, source, p->file, base.dir, p->dir, p->file, p->dir);
	if (p->link)
		sh("ln -s ../elsewhere.cf %s/conf/main.cf", p->dir);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	(void)snprintf(command, sizeof(command), dress[n % 4], p->file);
#pragma GCC diagnostic pop
	sh("%s", command);
}

static inline void
slurp(const char *path, struct buf *b)
{
	struct err e;

	buf_init(b, SIZE_MAX_);
	ck_assert_msg(fsx_read(path, SIZE_MAX_, b, &e) == 0, "%s", e.msg);
}

#endif
