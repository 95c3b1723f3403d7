/*
 * inspect.c - one inspection from the bytes to the report and the records of
 * the chain.
 *
 * Runs in the jailed child (jail.c); in process only for tests.
 */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <openssl/err.h>

#include "checks.h"
#include "decode.h"
#include "describe.h"
#include "join.h"

static void
read_all(struct pki_set *s, const struct pki_input *in)
{
	int i;

	int64_t start = now_ms();

	s->dear = in->dear;
	s->ours = in->ours | PKI_BIT(PKI_STORED);
	passphrase_set(s, in->passphrase);
	for (i = 0; i < PKI_FIELD__MAX; i++)
		file_read(s, i, &in->file[i]);
	passphrase_clear(s);
	kdf_say_slow(s, now_ms() - start);
	file_read(s, PKI_STORED, &in->stored);
}

static void
build_chains(
    struct pki_set *s, struct pki_plan *plan, const struct pki_input *in)
{
	struct buf file;
	struct pki_bytes roots = in->roots;
	bool known;
	size_t i;

	buf_init(&file, PKI_ROOTS_MAX);
	if (roots.data == NULL && roots_read(&file) == 0) {
		roots.data = file.data;
		roots.len = file.len;
	}
	known = roots_find(s, &roots) == 0;
	for (i = 0; i < plan->n; i++) {
		plan->pair[i].trusted = known ? 0 : -1;
		chain_build(s, &plan->pair[i], in);
	}
	buf_clear(&file);
}

static bool
is_whole(const struct pki_plan *plan)
{
	size_t i;

	for (i = 0; i < plan->n; i++)
		if (plan->pair[i].key == NULL)
			return false;
	return plan->n > 0;
}

static void
check_all(struct pki_set *s, struct pki_plan *plan, const struct pki_input *in)
{
	size_t i;

	for (i = 0; i < plan->n; i++)
		if (!plan->pair[i].kept)
			check_pair(s, &plan->pair[i], in);
	for (i = 0; i < s->n_key && !is_whole(plan); i++)
		if (s->key[i].field != PKI_STORED && !s->key[i].of_ca)
			check_key(s, s->key[i].pkey, in);
}

static struct json_object *
describe_file(const struct pki_set *s, int field, time_t now)
{
	static const char *const formats[PKI_FORMAT__MAX] = {
	    "",
	    "PEM",
	    "DER",
	    "PKCS12",
	    "PKCS7",
	};
	struct json_object *o, *certs, *keys;
	size_t i;

	if (!s->file[field].given)
		return NULL;
	o = json_object_new_object();
	certs = json_object_new_array();
	keys = json_object_new_array();
	json_object_object_add(
	    o, "size", json_object_new_int64((int64_t)s->file[field].size));
	json_object_object_add(o, "format",
	    json_object_new_string(formats[s->file[field].format]));
	for (i = 0; i < s->n_cert; i++)
		if (s->cert[i].field == field)
			json_object_array_add(
			    certs, describe_cert(s->cert[i].x, now));
	for (i = 0; i < s->n_key; i++)
		if (s->key[i].field == field)
			json_object_array_add(keys,
			    describe_key(s->key[i].pkey, s->key[i].encrypted));
	json_object_object_add(o, "certificates", certs);
	json_object_object_add(o, "keys", keys);
	return o;
}

/* The first pair, the others in "more". */
static struct json_object *
describe_plan(const struct pki_plan *plan, time_t now)
{
	struct json_object *first, *more;
	size_t i;

	if (plan->n == 0)
		return NULL;
	first = describe_pair(&plan->pair[0], now);
	if (plan->n == 1)
		return first;
	more = json_object_new_array();
	for (i = 1; i < plan->n; i++)
		json_object_array_add(more, describe_pair(&plan->pair[i], now));
	json_object_object_add(first, "more", more);
	return first;
}

/* The report takes the certificate. */
static struct json_object *
make_report(const struct pki_set *s, struct json_object *cert,
    const struct pki_input *in)
{
	struct json_object *o = json_object_new_object();
	struct json_object *files = json_object_new_object();
	int i;

	json_object_object_add(o, "findings", findings_to_json(&s->found));
	json_object_object_add(o, "certificate", cert);
	for (i = 0; i < PKI_FIELD__MAX; i++)
		json_object_object_add(
		    files, pki_field_names[i], describe_file(s, i, in->now));
	json_object_object_add(o, "files", files);
	return o;
}

static int
parse_pairs(struct pki_set *s, const struct pki_input *in,
    struct json_object **ret_cert, struct buf *records)
{
	struct pki_plan *plan = calloc(1, sizeof(*plan));
	int rc = 0;

	if (plan == NULL)
		return -1;
	intake(s, in, plan);
	merge_stored(s, in, plan);
	build_chains(s, plan, in);
	intake_fields(s, plan);
	chain_leftovers(s, plan, in);
	check_all(s, plan, in);
	*ret_cert = describe_plan(plan, in->now);
	if (is_whole(plan) && (in->as_it_is || !set_has_error(s)))
		rc = chain_write(plan, records);
	free(plan);
	return rc;
}

int
pki_parse(const struct pki_input *in, struct pki_output *out, struct err *e)
{
	struct pki_set *s = malloc(sizeof(*s));
	struct json_object *cert = NULL;
	int rc;

	if (s == NULL)
		return err_set(e, ERR_NOMEM, "", "inspection");
	set_init(s);
	read_all(s, in);
	buf_clear(&out->chain);
	rc = in->authorities ? authorities(s, in, &cert, &out->chain)
			     : parse_pairs(s, in, &cert, &out->chain);
	json_object_put(out->report);
	out->report = make_report(s, cert, in);
	if (rc == -1)
		err_set(e, ERR_NOMEM, "", "chain file");
	set_clear(s);
	free(s);
	ERR_clear_error();
	return rc;
}
