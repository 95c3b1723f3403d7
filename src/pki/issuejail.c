/*
 * issuejail.c - a key is made in a child that can do nothing else.
 *
 *   parent                            child
 *   jail_spawn ---------------------> sandbox (no files, no network, 2 s CPU)
 *   poll until deadline               issue_make
 *   read frame <--------------------- "len len len key csr certificate"
 *   kill at the deadline, wait        _exit(0)
 *
 * A search for two primes that has bad luck runs into the child's limit of
 * CPU time; another child then begins anew, so that one slow search costs
 * two seconds and not the request.  The child stays root's: it holds a key.
 */
#include <string.h>

#include "issue.h"
#include "jail_int.h"
#include "util.h"

#define WALL_MS	  45000 /* of all attempts; nobody waits longer */
#define PARTS	  3
#define PART_MAX  (64 * 1024)
#define FRAME_MAX (PARTS * (4 + PART_MAX))

/* In the child. */
static int
make_and_send(int fd, const void *arg)
{
	struct issue_output out;
	const struct buf *part[PARTS] = {&out.key, &out.csr, &out.certificate};
	unsigned char head[4];
	struct err e;
	size_t i;
	int rc;

	err_clear(&e);
	issue_output_init(&out);
	rc = issue_make(arg, &out, &e);
	for (i = 0; i < PARTS && rc == 0; i++) {
		jail_put32(head, part[i]->len);
		rc = jail_send(fd, head, sizeof(head));
		if (rc == 0)
			rc = jail_send(fd, part[i]->data, part[i]->len);
	}
	issue_output_clear(&out);
	return rc;
}

static int
split(const struct buf *b, struct issue_output *out)
{
	struct issue_output made;
	struct buf *part[PARTS] = {&made.key, &made.csr, &made.certificate};
	size_t at = 0, len, i;

	issue_output_init(&made);
	for (i = 0; i < PARTS; i++) {
		if (b->len - at < 4)
			goto fail;
		len = jail_get32(b->data + at);
		at += 4;
		if (len > b->len - at ||
		    (len > 0 && buf_add(part[i], b->data + at, len) == -1))
			goto fail;
		at += len;
	}
	if (at != b->len || made.key.len == 0 || made.csr.len == 0)
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
	rc = jail_spawn(&jail, make_and_send, r, &b, err);
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
