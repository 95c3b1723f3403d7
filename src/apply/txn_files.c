/*
 * txn_files.c - the files of a new generation, by the table of gen_file.h:
 * written when it is staged, asked about before anything is switched.
 */
#include <stdio.h>

#include <string.h>

#include "access_map.h"
#include "fsx.h"
#include "txn_plan.h"

#define FILE_MAX_LEN (2 * 1024 * 1024)

static int
access_text(const struct txn *t, struct buf *b, struct err *err)
{
	if (!gen_files[GEN_ACCESS].has(&t->settings, &t->certs))
		return 0;
	return access_map_text(&t->settings, t->id, b, err);
}

static int
access_check(
    const struct txn *t, const char *dir, const char *path, struct err *err)
{
	return access_map_check(t->conf, dir, path, &t->settings, t->id, err);
}

/* Named where they will be, though they may lie in a scratch directory. */
static int
sni_text(const struct txn *t, struct buf *b, struct err *err)
{
	char path[STATE_PATH_MAX];
	const struct cert *c;
	size_t i;

	for (i = 0; i < t->certs.n; i++) {
		c = &t->certs.v[i];
		if (c->use != CERT_INBOUND || c->name[0] == '\0')
			continue;
		if (generation_path(t->conf, t->id, c->file, path, err) == -1)
			return -1;
		if (buf_printf(b, "%s %s\n", c->name, path) == -1)
			return err_set(err, ERR_NOMEM, "", "names");
	}
	return 0;
}

static int
relay_text(const struct txn *t, struct buf *b, struct err *err)
{
	const char *p = t->settings.ccert_relay;
	size_t len;

	for (; p != NULL && *p != '\0'; p += len + 1) {
		len = strcspn(p, "\n");
		if (buf_printf(b, "%.*s relay\n", (int)len, p) == -1)
			return err_set(err, ERR_NOMEM, "", "fingerprints");
	}
	return 0;
}

/* text: what is in it; nothing = the generation has no such file.  check: asks
 * Postfix about it, with main.cf and master.cf as they will be in dir; or
 * NULL. */
static const struct {
	int (*text)(const struct txn *, struct buf *, struct err *);
	int (*check)(const struct txn *, const char *dir, const char *path,
	    struct err *);
} files[GEN_FILE__MAX] = {
    [GEN_ACCESS] = {access_text, access_check},
    [GEN_SNI] = {sni_text, NULL}, /* proven by a handshake each */
    [GEN_CCERTS] = {relay_text, NULL},
};

static int
stage_bytes(const struct txn *t, const char *name, const struct buf *b,
    char sha256[SHA256_HEX], struct err *err)
{
	char path[STATE_PATH_MAX];

	if (sha256_hex(b->data, b->len, sha256) == -1)
		return err_set(err, ERR_INTERNAL, "", "SHA-256 failed");
	if (fsx_path(path, sizeof(path), err, "%s/%s", t->dir, name) == -1)
		return -1;
	return fsx_create(path, b->data, b->len, 0600, err);
}

/* The default one's file has the name that it always had. */
static int
stage_certs(struct txn *t, struct err *err)
{
	struct cert *c;
	size_t i;

	for (i = 0; i < t->certs.n; i++) {
		c = &t->certs.v[i];
		c->file[0] = c->sha256[0] = '\0';
		if (c->chain.len == 0)
			continue;
		(void)snprintf(c->file, sizeof(c->file),
		    c->name[0] == '\0' ? "%s.pem" : "%s-%zu.pem",
		    cert_uses[c->use], i);
		if (stage_bytes(t, c->file, &c->chain, c->sha256, err) == -1)
			return -1;
	}
	return 0;
}

static int
stage_one(struct txn *t, enum gen_file i, struct err *err)
{
	struct buf b;
	int rc;

	buf_init(&b, FILE_MAX_LEN);
	t->file_sha256[i][0] = '\0';
	rc = files[i].text(t, &b, err);
	if (rc == 0 && b.len > 0)
		rc = stage_bytes(
		    t, gen_files[i].name, &b, t->file_sha256[i], err);
	buf_clear(&b);
	return rc;
}

int
txn_files_stage(struct txn *t, struct err *err)
{
	int i;

	if (stage_certs(t, err) == -1)
		return -1;
	for (i = 0; i < GEN_FILE__MAX; i++)
		if (stage_one(t, (enum gen_file)i, err) == -1)
			return -1;
	return 0;
}

/* Has it this file, and is there something to ask? */
static bool
is_asked(const struct txn *t, int i)
{
	return files[i].check != NULL && t->file_sha256[i][0] != '\0';
}

bool
txn_files_asked(const struct txn *t)
{
	int i;

	for (i = 0; i < GEN_FILE__MAX; i++)
		if (is_asked(t, i))
			return true;
	return false;
}

int
txn_files_check(const struct txn *t, const char *dir, struct err *err)
{
	char path[STATE_PATH_MAX];
	int i;

	for (i = 0; i < GEN_FILE__MAX; i++)
		if (is_asked(t, i) &&
		    (fsx_path(path, sizeof(path), err, "%s/%s", t->dir,
			 gen_files[i].name) == -1 ||
			files[i].check(t, dir, path, err) == -1))
			return -1;
	return 0;
}
