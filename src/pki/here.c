/*
 * here.c - a whole inspection in this process, for tests and for the warm-up.
 */
#include "join.h"

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
