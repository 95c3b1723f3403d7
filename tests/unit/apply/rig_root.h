/*
 * rig_root.h - a private Postfix, a state directory and certificates for the
 * tests of apply and daemon; see tests/lib/postfix-instance.sh.
 *
 * The directory goes when all tests passed and stays, with its name printed,
 * when one failed.  Tests run from the project's root.
 */
#ifndef TEST_RIG_ROOT_H
#define TEST_RIG_ROOT_H

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>


#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

#include "../suite.h"
#include "../../../src/apply/state.h"
#include "fsx.h"
#include "pki.h"

static char rig_root[64];
static struct conf rig_conf;

static inline int
rig_sh(const char *fmt, ...)
{
	char text[4096], cmd[8192];
	va_list ap;
	int status;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(cmd, sizeof(cmd), ". tests/lib/postfix-instance.sh; R=%s; %s",
	    rig_root, text);
	fflush(NULL);
	status = system(cmd);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* A self-signed pair, and a pair with its intermediate. */
static const char rig_certs[] =
    "mkdir -p $R/cert && cd $R/cert && exec 2>/dev/null && "
    "E='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes' && "
    "openssl req -x509 $E -keyout self.key -out self.pem -days 90 "
    "-subj /CN=mx.example.test -addext subjectAltName=DNS:mx.example.test && "
    "openssl req -x509 $E -keyout root.key -out root.pem -days 900 "
    "-subj '/CN=Test Root' && "
    "openssl req $E -keyout int.key -out int.csr -subj '/CN=Test Inter' && "
    "printf 'basicConstraints=critical,CA:TRUE\\n"
    "keyUsage=critical,keyCertSign\\nsubjectKeyIdentifier=hash\\n' >i.ext && "
    "openssl x509 -req -in int.csr -CA root.pem -CAkey root.key "
    "-CAcreateserial -days 500 -extfile i.ext -out int.pem && "
    "openssl req $E -keyout leaf.key -out leaf.csr -subj /CN=mx.example.test "
    "&& printf 'subjectAltName=DNS:mx.example.test\\n"
    "extendedKeyUsage=serverAuth\\n' >l.ext && "
    "openssl x509 -req -in leaf.csr -CA int.pem -CAkey int.key "
    "-CAcreateserial -days 90 -extfile l.ext -out leaf.pem";

/*
 * A "postfix" that fails on order: lines "VERB ACTION" in $R/fault, VERB any
 * for all.  fail; failnew: as long as main.cf names the newest generation;
 * spoil: empty the newest chain file, which Postfix starts with and then
 * answers 454.
 */
static const char rig_wrapper[] =
    "#!/bin/sh\n"
    "for v; do :; done\n"
    "r=${0%/bin/postfix}\n"
    "a=$(sed -n \"s/^\\(any\\|$v\\) //p\" $r/fault 2>/dev/null)\n"
    "n=$(ls -v $r/state/generations | tail -n 1)\n"
    "case $a in\n"
    "failnew) grep -q /$n/ $r/pf/conf/main.cf && a=fail ;;\n"
    "spoil) : >$r/state/generations/$n/inbound.pem ;;\n"
    "esac\n"
    "[ \"$a\" != fail ] || { echo 'postfix: fatal: made to fail' >&2; exit 1; "
    "}\n"
    "exec /usr/sbin/postfix \"$@\"\n";

static inline void
rig_give_up(const char *what)
{
	printf("cannot make %s in %s\n", what, rig_root);
	exit(1);
}

/* Also for main, where Check's assertions do not work. */
static inline int
rig_put(const char *name, const char *text, mode_t mode)
{
	char path[256];
	int fd, rc = -1;

	snprintf(path, sizeof(path), "%s/%s", rig_root, name);
	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd == -1)
		return -1;
	if (write(fd, text, strlen(text)) == (ssize_t)strlen(text) &&
	    fchmod(fd, mode) == 0)
		rc = 0;
	close(fd);
	return rc;
}

static inline void
rig_write(const char *name, const char *text, mode_t mode)
{
	ck_assert_int_eq(rig_put(name, text, mode), 0);
}

static inline struct buf
rig_read(const char *path)
{
	struct err err;
	struct buf b;

	buf_init(&b, 1 << 20);
	ck_assert_msg(fsx_read(path, 1 << 20, &b, &err) == 0, "%s", err.msg);
	return b;
}

static inline void
rig_conf_set(char *dst, const char *name)
{
	snprintf(dst, CONF_STR_MAX, "%s/%s", rig_root, name);
}

/* In memory where that can be: a Save waits for the disk some forty times,
 * and no test here pulls the plug. */
static inline void
rig_root_make(void)
{
	struct statvfs fs;
	bool memory = statvfs("/dev/shm", &fs) == 0 &&
		      (fs.f_flag & (ST_NOEXEC | ST_RDONLY)) == 0 &&
		      fs.f_bavail * fs.f_frsize > 128ul << 20;

	snprintf(rig_root, sizeof(rig_root), "%s/postseal-rig-XXXXXX",
	    memory ? "/dev/shm" : "/tmp");
	if (mkdtemp(rig_root) == NULL || chmod(rig_root, 0755) == -1)
		exit(1);
}

/* What OpenSSL keeps for the process's life is no leak. */
static inline void
rig_warm_up(void)
{
#ifdef __SANITIZE_ADDRESS__
	__lsan_disable();
#endif
	pki_warm_up();
#ifdef __SANITIZE_ADDRESS__
	__lsan_enable();
#endif
}

/* What a test program needs. */
enum rig_kind { RIG_FILES, RIG_CERTS, RIG_POSTFIX };

/* Once in main. */
static inline void
rig_open(enum rig_kind kind)
{
	struct err err;
	char port[80] = "25", log[80];
	FILE *f;

	rig_root_make();
	log_open("test", false);
	snprintf(log, sizeof(log), "%s/stderr", rig_root);
	if (freopen(log, "w", stderr) == NULL)
		exit(1);
	rig_warm_up();
	conf_default(&rig_conf);
	(void)strcpy(rig_conf.inspect_user, "nobody");
	(void)strcpy(rig_conf.probe_user, "nobody");
	rig_conf_set(rig_conf.state_directory, "state");
	rig_conf_set(rig_conf.socket, "sock");
	rig_conf_set(rig_conf.config_directory, "pf/conf");
	rig_conf_set(rig_conf.command_directory, "bin");
	if (apply_state_init(&rig_conf, &err) == -1)
		exit(1);
	if (kind == RIG_FILES)
		return;
	if (rig_sh("%s", rig_certs) != 0)
		rig_give_up("certificates");
	if (kind == RIG_CERTS)
		return;
	if (rig_sh("pfi_make $R/pf >$R/port && mkdir $R/bin && ln -s "
		   "/usr/sbin/postconf /usr/sbin/postmap $R/bin/ && pfi_start "
		   "$R/pf && "
		   "pfi_wait_port $(cat $R/port)") != 0)
		rig_give_up("Postfix");
	if (rig_put("bin/postfix", rig_wrapper, 0755) == -1)
		rig_give_up("bin/postfix");
	snprintf(port, sizeof(port), "%s/port", rig_root);
	if ((f = fopen(port, "r")) == NULL || fscanf(f, "%79s", port) != 1)
		exit(1);
	fclose(f);
	snprintf(
	    rig_conf.service, sizeof(rig_conf.service), "127.0.0.1:%s", port);
}

static inline int
rig_close(int failed)
{
	/* A Postfix that hangs must not hang the tests. */
	if (access("tests/lib/postfix-instance.sh", R_OK) == 0)
		(void)rig_sh("[ ! -d $R/pf ] || timeout 30 sh -c '. "
			     "tests/lib/postfix-instance.sh; pfi_stop $1' sh "
			     "$R/pf || kill -9 -- -$(pfi_master $R/pf); umount "
			     "-l $R/state $R/pf/conf 2>/dev/null");
	if (failed != 0) {
		printf("kept: %s\n", rig_root);
		return 1;
	}
	return rig_sh("rm -rf $R");
}

static inline int
rig_run(
    const char *name, void (*add)(TCase *), double timeout, enum rig_kind kind)
{
	TCase *tc = tcase_create(name);

	rig_open(kind);
	tcase_set_timeout(tc, timeout);
	add(tc);
	return rig_close(suite_run(name, tc));
}

static inline void
rig_maincf_hash(char dst[SHA256_HEX])
{
	char path[CONF_STR_MAX + 16];
	struct buf b;

	snprintf(path, sizeof(path), "%s/main.cf", rig_conf.config_directory);
	b = rig_read(path);
	ck_assert_int_eq(sha256_hex(b.data, b.len, dst), 0);
	buf_clear(&b);
}

/* main.cf and master.cf as one. */
static inline void
rig_files_hash(char dst[SHA256_HEX])
{
	char path[CONF_STR_MAX + 16];
	struct buf a, b;

	snprintf(path, sizeof(path), "%s/main.cf", rig_conf.config_directory);
	a = rig_read(path);
	snprintf(path, sizeof(path), "%s/master.cf", rig_conf.config_directory);
	b = rig_read(path);
	ck_assert_int_eq(buf_add(&a, b.data, b.len), 0);
	ck_assert_int_eq(sha256_hex(a.data, a.len, dst), 0);
	buf_clear(&a);
	buf_clear(&b);
}

/* Names in a directory of the rig. */
static inline int
rig_count(const char *name, const char *part)
{
	char path[256];
	const struct dirent *e;
	DIR *d;
	int n = 0;

	snprintf(path, sizeof(path), "%s/%s", rig_root, name);
	ck_assert_ptr_nonnull(d = opendir(path));
	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.' && strstr(e->d_name, part) != NULL;
	closedir(d);
	return n;
}

#endif
