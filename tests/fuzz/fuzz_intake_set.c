/*
 * fuzz_intake_set.c - three files and a stored chain at once: pairing, chain
 * building, merging, and the handshake.
 *
 * Input: flags (1 byte), then four lengths (2 bytes each, little endian),
 * then the files in the order of enum pki_field and the stored chain.
 */
#include <stddef.h>
#include <stdint.h>

#include "pki.h"

#define NOW  1795500000
#define HEAD 9

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const confirm[] = {
	    "cert.add_algorithm", "cert.replace_all"};
	struct pki_input in = {.now = NOW, .roots = {"", 0}};
	struct pki_output out;
	struct pki_bytes *file;
	struct err e;
	size_t at = HEAD, n;
	int i;

	if (len < HEAD)
		return 0;
	in.partial = data[0] & 1;
	in.passphrase = data[0] & 2 ? "geheim" : NULL;
	in.confirm = confirm;
	in.n_confirm = data[0] >> 6 & 1 ? 2 : 0;
	for (i = 0; i <= PKI_FIELD__MAX; i++) {
		n = (size_t)data[1 + 2 * i] | (size_t)data[2 + 2 * i] << 8;
		if (n > len - at)
			n = len - at;
		file = i < PKI_FIELD__MAX ? &in.file[i] : &in.stored;
		if (n > 0) {
			file->data = data + at;
			file->len = n;
		}
		at += n;
	}
	err_clear(&e);
	pki_output_init(&out);
	pki_inspect(&in, &out, &e);
	pki_output_clear(&out);
	return 0;
}
