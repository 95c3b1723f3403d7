/*
 * here.c - a whole inspection in this process, for tests and for the warm-up;
 * and what both ways share.
 */
#include "join.h"

static bool
is_canonical(const struct pki_bytes *chain)
{
	struct held h;
	struct buf rest;
	bool ok;

	held_init(&h);
	buf_init(&rest, CHAIN_MAX);
	ok = held_split(&h, chain, &rest) == 0;
	buf_clear(&rest);
	held_clear(&h);
	return ok;
}

/*
 * A chain that is in use and not as we write it, from files of somebody else:
 * a child that sees nothing but these makes one of it, so that its keys, too,
 * are out of the way of what is uploaded.
 */
int
settle_stored(inspect_fn inspect, const struct pki_jail *jail,
    struct pki_input *in, struct pki_output *made, struct err *e)
{
	static const char *const all[] = {"cert.add_algorithm"};
	const struct pki_input alone = {
	    .file[PKI_SERVER_CERTIFICATE] = in->stored,
	    .as_it_is = true,
	    .now = in->now,
	    .roots = in->roots,
	    .revoked = in->revoked,
	    .confirm = all,
	    .n_confirm = 1};

	if (in->stored.data == NULL || is_canonical(&in->stored))
		return 0;
	if (inspect(jail, &alone, made, e) == -1)
		return -1;
	in->stored.data = made->chain.len > 0 ? made->chain.data : NULL;
	in->stored.len = made->chain.len;
	return 0;
}

static int
prove_here(const struct trial *t, struct shaken *s, const void *arg)
{
	(void)arg;
	(void)handshake_chain(t, s);
	return 0;
}

static int
inspect_here(const struct pki_jail *jail, const struct pki_input *in,
    struct pki_output *out, struct err *e)
{
	struct pki_output said;
	struct for_child child;
	int rc;

	(void)jail;
	pki_output_init(&said);
	for_child_make(&child, in);
	rc = pki_parse(&child.in, &said, e);
	if (rc == 0 && finish(&child, &said, prove_here, NULL, out) == -1)
		finish_failed(in, "parser died", out);
	pki_output_clear(&said);
	for_child_clear(&child);
	return rc;
}

int
pki_inspect(const struct pki_input *in, struct pki_output *out, struct err *e)
{
	struct pki_input full = *in;
	struct pki_output stored;
	int rc;

	pki_output_init(&stored);
	rc = settle_stored(inspect_here, NULL, &full, &stored, e);
	if (rc == 0)
		rc = inspect_here(NULL, &full, out, e);
	pki_output_clear(&stored);
	return rc;
}
