/*
 * fuzz_intake_der.c - DER values straight into the sniffer and decoders, as
 * key and as certificate; what comes out is paired, checked and described.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <json-c/json.h>

#include "../../src/pki/checks.h"
#include "../../src/pki/decode.h"
#include "../../src/pki/describe.h"
#include "../../src/pki/pki_int.h"

#define NOW 1795500000

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct pki_input in = {.now = NOW, .roots = {"", 0}};
	static struct pki_set s; /* too large for the stack under ASan */
	struct pki_plan plan;
	struct json_object *o;
	size_t i;

	if (len > PKI_FILE_MAX)
		return 0;
	set_init(&s);
	s.cost = PKI_COST_MAX_NS - 1000 * 1000; /* cheap derivations only */
	passphrase_set(&s, "geheim");
	s.file[PKI_PRIVATE_KEY].given = true;
	der_read(&s, PKI_PRIVATE_KEY, data, len, 1);
	intake(&s, &in, &plan);
	for (i = 0; i < plan.n; i++) {
		chain_build(&s, &plan.pair[i], &in);
		check_pair(&s, &plan.pair[i], &in);
		o = describe_pair(&plan.pair[i], NOW);
		json_object_put(o);
	}
	for (i = 0; i < s.n_key; i++)
		check_key(&s, s.key[i].pkey, &in);
	chain_leftovers(&s, &plan, &in);
	set_clear(&s);
	return 0;
}
