/*
 * issuejail.c - a key is made in a child that can do nothing else.
 *
 *   parent                            child
 *   jail_spawn ---------------------> sandbox (no files, no network, 2 s CPU)
 *   poll until deadline               issue_make
 *   read frame <--------------------- four lengths, four parts
 *   kill at the deadline, wait        _exit(0)
 *
 * A search for two primes that has bad luck runs into the child's limit of
 * CPU time; another child then begins anew, so that one slow search costs
 * two seconds and not the request.  The child stays root's: it holds a key.
 */
#include <string.h>

#include "issue.h"
#include "issue_int.h"
#include "jail_int.h"
#include "util.h"

#define WALL_MS	  45000 /* of all attempts; nobody waits longer */
#define FRAME_MAX (ISSUE_PARTS * (4 + ISSUE_PART_MAX))

static int
split(const struct buf *b, struct issue_output *out)
{
	struct issue_output made;
	struct buf *part[ISSUE_PARTS] = {
	    &made.key, &made.csr, &made.certificate, &made.described};
	size_t at = 0, len, i;

	issue_output_init(&made);
	for (i = 0; i < ISSUE_PARTS; i++) {
		if (b->len - at < 4)
			goto fail;
		len = jail_get32(b->data + at);
		at += 4;
		if (len > b->len - at ||
		    (len > 0 && buf_add(part[i], b->data + at, len) == -1))
			goto fail;
		at += len;
	}
	if (at != b->len || made.key.len == 0 || made.csr.len == 0 ||
	    made.described.len == 0)
		goto fail;
	issue_output_clear(out);
	*out = made;
	return 0;
fail:
	issue_output_clear(&made);
	return -1;
}

/* 1 = again, as the child ran into its limits. */
static int
attempt(const struct issue_request *r, int64_t left, struct issue_output *out,
    struct err *err)
{
	const struct pki_jail jail = {.timeout_ms = (int)left};
	struct buf b;
	int rc;

	buf_init(&b, FRAME_MAX + JAIL_READ_SIZE);
	rc = jail_spawn(&jail, issue_make_and_send, r, &b, err);
	if (rc == JAIL_FAILED)
		rc = err_set(err, ERR_KEYS_FAILED, "", "OpenSSL made no key");
	else if (rc > 0)
		rc = 1;
	else if (rc == 0 && split(&b, out) == -1)
		rc = err_set(
		    err, ERR_KEYS_FAILED, "", "the child's answer is damaged");
	buf_clear(&b);
	return rc;
}

int
issue_make_jailed(
    const struct issue_request *r, struct issue_output *out, struct err *err)
{
	int64_t left, end = now_ms() + WALL_MS;
	int rc = 1;

	while (rc == 1 && (left = end - now_ms()) > 0)
		rc = attempt(r, left, out, err);
	if (rc == 1)
		return err_set(err, ERR_KEYS_FAILED, "", "no key came in %d s",
		    WALL_MS / 1000);
	return rc;
}
