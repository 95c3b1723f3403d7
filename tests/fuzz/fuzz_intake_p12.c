/*
 * fuzz_intake_p12.c - PKCS#12 and PKCS#7 containers.  The first byte chooses
 * the passphrase (none, the right one of the corpus, a wrong one).
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../../src/pki/decode.h"
#include "../../src/pki/pki_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const passphrases[] = {NULL, "geheim", "", "x"};
	static struct pki_set s; /* too large for the stack under ASan */

	if (len < 2 || len > PKI_FILE_MAX)
		return 0;
	set_init(&s);
	s.cost = PKI_COST_MAX_NS - 300 * 1000;
	passphrase_set(&s, passphrases[data[0] % 4]);
	s.file[PKI_SERVER_CERTIFICATE].given = true;
	if (data[0] & 0x80)
		p7_read(&s, PKI_SERVER_CERTIFICATE, data + 1, len - 1, 0);
	else
		p12_read(&s, PKI_SERVER_CERTIFICATE, data + 1, len - 1);
	set_clear(&s);
	return 0;
}
