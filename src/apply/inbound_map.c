/*
 * inbound_map.c - steps stage and check of the sections SMTP Interface and
 * Connection Control: the access map of the new generation, the new
 * master.cf, and what Postfix will be with all of it.
 *
 * The map lies in gen-N like the key: main.cf names it, so the one rename
 * switches it with everything else.
 */
#include <string.h>

#include "fsx.h"
#include "maincf.h"
#include "txn_given.h"
#include "txn_plan.h"

static bool
touches(const struct txn *t, bool master)
{
	size_t i;

	for (i = 0; i < t->plan.n; i++)
		if (param_in_master(t->plan.v[i].name) == master)
			return true;
	return false;
}

const char *
txn_changes(const struct txn *t, unsigned flags)
{
	size_t i;

	for (i = 0; i < t->plan.n; i++)
		if ((param_bit(t->plan.v[i].name) & params_marked(flags)) != 0)
			return t->plan.v[i].name;
	return NULL;
}

const struct param_change *
txn_planned(const struct txn *t, const char *name)
{
	size_t i;

	for (i = 0; i < t->plan.n; i++)
		if (strcmp(t->plan.v[i].name, name) == 0)
			return &t->plan.v[i];
	return NULL;
}

bool
txn_touches_main(const struct txn *t)
{
	return t->origin_main.len > 0 || touches(t, false);
}

bool
txn_touches_master(const struct txn *t)
{
	return t->origin_master.len > 0 || touches(t, true);
}

static int
stage_master(struct txn *t, struct err *err)
{
	char dir[STATE_PATH_MAX], sha256[SHA256_HEX];
	struct buf seen;
	int rc = -1;

	if (!txn_touches_master(t))
		return 0;
	buf_init(&seen, MAINCF_MAX);
	if (fsx_path(dir, sizeof(dir), err, "%s/conf", t->dir) == -1 ||
	    fsx_mkdir(dir, 0700, err) == -1 ||
	    mastercf_stage(t->conf, &t->facts.info, &t->plan, dir, &seen,
		&t->master_after, err) == -1 ||
	    given_master(t, dir, err) == -1)
		goto out;
	if (sha256_hex(seen.data, seen.len, sha256) == -1 ||
	    sha256_hex(t->master_after.data, t->master_after.len,
		t->master_after_sha256) == -1)
		err_set(err, ERR_INTERNAL, "", "SHA-256 failed");
	else if (strcmp(sha256, t->master_before_sha256) != 0)
		err_set(err, ERR_SETTINGS_STALE, "",
		    "master.cf was changed by somebody else meanwhile");
	else
		rc = fsx_wipe_tree(dir, err);
out:
	buf_clear(&seen);
	return rc;
}

/* Is anything to be asked about the new files? */
static bool
needs_preview(const struct txn *t)
{
	return t->plan.n > 0 || t->origin_main.len > 0 || txn_files_asked(t);
}

/* What postfix_info_read will say of the new pair of files. */
static int
read_next(struct txn *t, const char *dir, struct err *err)
{
	const char *names[] = {t->service, NULL};
	struct conf copy = *t->conf;
	struct postfix_info next;

	if (fsx_path(copy.config_directory, sizeof(copy.config_directory), err,
		"%s", dir) == -1 ||
	    postfix_info_read(&copy, names, &next, err) == -1 ||
	    postfix_usable(&next, err) == -1)
		return -1;
	t->next = next;
	return 0;
}

int
inbound_preview(struct txn *t, struct err *err)
{
	char dir[STATE_PATH_MAX];
	struct buf master;
	int rc = -1;

	t->next = t->facts.info;
	if (stage_master(t, err) == -1)
		return -1;
	if (!needs_preview(t))
		return 0;
	buf_init(&master, MAINCF_MAX);
	if (fsx_path(dir, sizeof(dir), err, "%s/conf", t->dir) == 0 &&
	    fsx_mkdir(dir, 0700, err) == 0 &&
	    state_scratch(t->conf, dir, "main.cf", &t->after, err) == 0 &&
	    (t->master_after.len > 0 ||
		mastercf_read(t->conf, &master, err) == 0) &&
	    state_scratch(t->conf, dir, "master.cf",
		t->master_after.len > 0 ? &t->master_after : &master,
		err) == 0 &&
	    read_next(t, dir, err) == 0 &&
	    postfix_preflight(t->conf, dir, &t->next, t->running, err) == 0 &&
	    txn_files_check(t, dir, err) == 0)
		rc = fsx_wipe_tree(dir, err);
	buf_clear(&master);
	return rc;
}
