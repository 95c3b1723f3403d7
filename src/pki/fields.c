/*
 * fields.c - names of the files of an inspection, its confirmed codes, and
 * what comes out of it.
 */
#include <string.h>

#include <json-c/json.h>

#include "join.h"

const char *const pki_field_names[PKI_FIELD__MAX + 1] = {
    [PKI_SERVER_CERTIFICATE] = "server_certificate",
    [PKI_PRIVATE_KEY] = "private_key",
    [PKI_CA_CERTIFICATE] = "ca_certificate",
    NULL,
};

const char *
field_name(int field)
{
	if (field < 0 || field >= PKI_FIELD__MAX)
		return "server_certificate"; /* what is stored */
	return pki_field_names[field];
}

void
pki_output_init(struct pki_output *o)
{
	o->report = NULL;
	buf_init(&o->chain, CHAIN_MAX);
}

void
pki_output_clear(struct pki_output *o)
{
	json_object_put(o->report);
	o->report = NULL;
	buf_clear(&o->chain);
}

bool
pki_confirmed(const struct pki_input *in, enum err_code code)
{
	size_t i;

	for (i = 0; i < in->n_confirm; i++)
		if (in->confirm[i] != NULL &&
		    strcmp(in->confirm[i], err_name(code)) == 0)
			return true;
	return false;
}
