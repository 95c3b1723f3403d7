/*
 * jail.c - uploads are parsed in a child that can do nothing and has nothing
 * (jail.h), and the chain that comes of it is tried in another.
 *
 *   parent                               children
 *   our keys taken out
 *   input -----------------------------> pki_parse
 *   read frame <------------------------ "len report len records"
 *   check each member, join the keys
 *   the chain file --------------------> handshake_chain
 *   two bytes <------------------------- when and why
 *
 * The first child is not believed, the second may say one of a few words.  A
 * child that dies, hangs or talks nonsense becomes the finding inspect.failed,
 * not an error of the call: the upload caused it.
 */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <openssl/crypto.h>

#include "jail_int.h"
#include "jsonx.h"
#include "pack.h"

#define FRAME_MAX   (8 + REPORT_MAX + RECORDS_MAX)
#define PARSER_DIED "parser died"

static int
take_output(const struct buf *b, struct pki_output *said)
{
	struct err e;
	size_t n, m;

	if (b->len < 8)
		return -1;
	n = jail_get32(b->data);
	m = jail_get32(b->data + 4);
	if (n > REPORT_MAX || m > RECORDS_MAX || b->len != 8 + n + m)
		return -1;
	err_clear(&e);
	if (jsonx_parse(b->data + 8, n, 12, &said->report, &e) == -1)
		return -1;
	return m == 0 ? 0 : buf_add(&said->chain, b->data + 8 + n, m);
}

static int
prove_jailed(const struct trial *t, struct shaken *s, const void *arg)
{
	struct buf in, b;
	struct err e;
	uint32_t mask = (t->client ? TRIAL_CLIENT : 0u) |
			(t->client_only ? TRIAL_CLIENT_ONLY : 0u);
	size_t i;
	int rc = -1;

	buf_init(&in, CHAIN_MAX + 64);
	buf_init(&b, sizeof(*s) + JAIL_READ_SIZE);
	for (i = 0; i < PKI_PAIRS_MAX; i++)
		mask |= t->stays[i] ? (uint32_t)TRIAL_STAYS << i : 0;
	pack_u32(&in, mask);
	pack_bytes(&in, t->pem.data, t->pem.len);
	err_clear(&e);
	if (!in.failed &&
	    jail_ask(arg, JAIL_PARSER, &pki_handshake_job, &in, &b, &e) == 0 &&
	    b.len == sizeof(*s)) {
		memcpy(s, b.data, sizeof(*s));
		rc = 0;
	}
	buf_clear(&in);
	buf_clear(&b);
	return rc;
}

/* --- one inspection --------------------------------------------------------
 */

static int
ask(const struct pki_jail *jail, const struct buf *packed, jail_work work,
    struct buf *b, struct err *e)
{
	const struct other_parse other = {packed, work};

	return work == NULL
		   ? jail_ask(jail, JAIL_PARSER, &pki_parse_job, packed, b, e)
		   : jail_spawn(jail, parse_other, &other, b, e);
}

int
jail_run(const struct pki_jail *jail, const struct pki_input *in,
    jail_work work, struct pki_output *out, struct err *e)
{
	struct pki_output said;
	struct for_child child;
	struct buf packed, b;
	int rc = JAIL_FAILED;

	buf_init(&packed, JAIL_INPUT_MAX);
	buf_init(&b, FRAME_MAX + JAIL_READ_SIZE);
	pki_output_init(&said);
	for_child_make(&child, in);
	if (input_pack(&child.in, &packed) == 0)
		rc = ask(jail, &packed, work, &b, e);
	if (rc == 0 &&
	    (take_output(&b, &said) == -1 ||
		finish(&child, &said, prove_jailed, jail, out) == -1))
		rc = JAIL_FAILED;
	if (rc > 0) {
		finish_failed(
		    in, rc == JAIL_LATE ? "time limit" : PARSER_DIED, out);
		rc = 0;
	}
	pki_output_clear(&said);
	for_child_clear(&child);
	buf_clear(&packed);
	buf_clear(&b);
	return rc;
}

static int
inspect_jailed(const struct pki_jail *jail, const struct pki_input *in,
    struct pki_output *out, struct err *e)
{
	return jail_run(jail, in, NULL, out, e);
}

int
pki_inspect_jailed(const struct pki_jail *jail, const struct pki_input *in,
    struct pki_output *out, struct err *e)
{
	struct pki_input full = *in;
	struct pki_jail limits = *jail;
	struct pki_output stored;
	struct buf roots;
	int rc;

	limits.dear = in->dear;

	pki_warm_up();
	pki_output_init(&stored);
	buf_init(&roots, PKI_ROOTS_MAX);
	if (in->roots.data == NULL) {
		/* the child can open nothing */
		full.roots.data = "";
		if (roots_read(&roots) == 0) {
			full.roots.data = roots.data;
			full.roots.len = roots.len;
		}
	}
	rc = settle_stored(inspect_jailed, &limits, &full, &stored, e);
	if (rc == 0)
		rc = inspect_jailed(&limits, &full, out, e);
	pki_output_clear(&stored);
	buf_clear(&roots);
	return rc;
}
