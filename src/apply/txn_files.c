/*
 * txn_files.c - the files of a new generation, by the table of gen_file.h:
 * written when it is staged, asked about before anything is switched.
 */
#include <string.h>

#include "access_map.h"
#include "fsx.h"
#include "txn_plan.h"

#define FILE_MAX_LEN (2 * 1024 * 1024)

static int
chain_text(const struct txn *t, struct buf *b, struct err *err)
{
	if (t->chain.len > 0 && buf_add(b, t->chain.data, t->chain.len) == -1)
		return err_set(err, ERR_NOMEM, "", "chain");
	return 0;
}

static int
access_text(const struct txn *t, struct buf *b, struct err *err)
{
	if (!gen_files[GEN_ACCESS].has(&t->settings, NULL))
		return 0;
	return access_map_text(&t->settings, t->id, b, err);
}

static int
access_check(
    const struct txn *t, const char *dir, const char *path, struct err *err)
{
	return access_map_check(t->conf, dir, path, &t->settings, t->id, err);
}

/* text: what is in it; nothing = the generation has no such file.  check: asks
 * Postfix about it, with main.cf and master.cf as they will be in dir; or
 * NULL. */
static const struct {
	int (*text)(const struct txn *, struct buf *, struct err *);
	int (*check)(const struct txn *, const char *dir, const char *path,
	    struct err *);
} files[GEN_FILE__MAX] = {
    [GEN_CHAIN] = {chain_text, NULL},
    [GEN_ACCESS] = {access_text, access_check},
};

static int
stage_one(struct txn *t, enum gen_file i, struct err *err)
{
	char path[STATE_PATH_MAX];
	struct buf b;
	int rc = -1;

	buf_init(&b, FILE_MAX_LEN);
	t->file_sha256[i][0] = '\0';
	if (files[i].text(t, &b, err) == -1)
		goto out;
	if (b.len == 0)
		rc = 0;
	else if (sha256_hex(b.data, b.len, t->file_sha256[i]) == -1)
		err_set(err, ERR_INTERNAL, "", "SHA-256 failed");
	else if (fsx_path(path, sizeof(path), err, "%s/%s", t->dir,
		     gen_files[i].name) == 0)
		rc = fsx_create(path, b.data, b.len, 0600, err);
out:
	buf_clear(&b);
	return rc;
}

int
txn_files_stage(struct txn *t, struct err *err)
{
	int i;

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
