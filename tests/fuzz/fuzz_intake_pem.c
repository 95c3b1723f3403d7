/*
 * fuzz_intake_pem.c - any bytes as the server certificate of a draft: text in
 * every encoding, PEM, DER and containers, and all checks behind them.
 */
#include <stddef.h>
#include <stdint.h>

#include "pki.h"

#define NOW 1795500000 /* 2026-11-24 */

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct pki_input in = {.now = NOW,
	    .partial = true,
	    .hostname = "mx.example.jp",
	    .passphrase = "geheim",
	    .roots = {"", 0}};
	struct pki_output out;
	struct err e;

	in.file[PKI_SERVER_CERTIFICATE].data = data;
	in.file[PKI_SERVER_CERTIFICATE].len = len;
	err_clear(&e);
	pki_output_init(&out);
	pki_inspect(&in, &out, &e);
	pki_output_clear(&out);
	return 0;
}
