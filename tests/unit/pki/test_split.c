/*
 * test_split.c - a key never sits where hostile bytes are parsed: what the
 * parsing child gets, and what it can have by lying.
 *
 * The child here does the real work and then falsifies its answer, member by
 * member and record by record; each time the inspection must fail.
 */
#include "../suite.h"
#include "pki_test.h"
#include "util.h"

#include "../../../src/pki/jail_int.h"

static char dir[700];
static size_t current; /* what the child falsifies; inherited */

static struct pki_jail
jail(void)
{
	struct pki_jail j = {.user = geteuid() == 0 ? "nobody" : NULL};

	return j;
}

/* --- the report, member by member ------------------------------------------
 */

static struct json_object *
at(struct json_object *o, const char *path)
{
	struct json_object *v = NULL;

	if (*path == '\0')
		return o;
	ck_assert_int_eq(json_pointer_get(o, path, &v), 0);
	return v;
}

#define LONG_300 \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaa" \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaa" \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaa" \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaa"
#define A_KEY "-----BEGIN PRIVATE KEY-----\\nMIGHAgEA\\n"

static const struct lie {
	const char *in;	   /* JSON pointer to the object */
	const char *name;  /* its member */
	const char *value; /* JSON; NULL: it is left out */
} lies[] = {
    /* members that nobody knows */
    {"", "key", "\"" A_KEY "\""},
    {"", "ok", "true"},
    {"/certificate", "note", "\"" A_KEY "\""},
    {"/certificate/leaf", "note", "1"},
    {"/certificate/key", "note", "1"},
    {"/certificate/chain/0", "note", "1"},
    {"/files", "other", "null"},
    {"/files/server_certificate", "note", "1"},
    {"/files/server_certificate/certificates/0", "note", "1"},
    {"/files/server_certificate/certificates/0/key", "note", "1"},
    /* that are not there */
    {"", "files", NULL},
    {"", "certificate", NULL},
    {"", "findings", NULL},
    {"/certificate", "leaf", NULL},
    {"/certificate/leaf", "sha256", NULL},
    {"/certificate/key", "encrypted", NULL},
    {"/files", "private_key", NULL},
    /* of another kind, too long, of other characters */
    {"", "findings", "{}"},
    {"", "certificate", "\"x\""},
    {"/certificate", "chain", "{}"},
    {"/certificate", "chain", "[1]"},
    {"/certificate", "root", "1"},
    {"/certificate", "complete", "null"},
    {"/certificate", "trusted", "\"no\""},
    {"/certificate", "more", "[{}]"},
    {"/certificate/leaf", "subject", "\"" A_KEY "\""},
    {"/certificate/leaf", "subject", "\"" LONG_300 LONG_300 "\""},
    {"/certificate/leaf", "subject", "null"},
    {"/certificate/leaf", "name", "\"" LONG_300 "\""},
    {"/certificate/leaf", "name", "\"a\\u202eb\""},
    {"/certificate/leaf", "common_name", "\"a\\u0000b\""},
    {"/certificate/leaf", "issuer", "[]"},
    {"/certificate/leaf", "names", "\"x\""},
    {"/certificate/leaf", "names", "[1]"},
    {"/certificate/leaf", "names", "[\"" LONG_300 "\"]"},
    {"/certificate/leaf", "names_total", "70000"},
    {"/certificate/leaf", "names_total", "1.5"},
    {"/certificate/leaf", "not_after", "\"tomorrow\""},
    {"/certificate/leaf", "not_before", "1"},
    {"/certificate/leaf", "days_left", "\"1\""},
    {"/certificate/leaf", "days_total", "9223372036854775807"},
    {"/certificate/leaf", "serial", "\"MIGH\""},
    {"/certificate/leaf", "signature", "\"a\\nb\""},
    {"/certificate/leaf", "sha256", "\"ab\""},
    {"/certificate/leaf", "is_ca", "0"},
    {"/certificate/leaf", "key", "null"},
    {"/certificate/key", "type", "\"MIGHAgEAMBMGByqGSM49\""},
    {"/certificate/key", "type", "\"a b\""},
    {"/certificate/key", "bits", "-9999999"},
    {"/certificate/key", "curve", "\"<b>\""},
    {"/certificate/key", "label", "\"" LONG_300 "\""},
    {"/certificate/key", "spki_sha256", "\"x\""},
    {"/certificate/key", "encrypted", "\"\""},
    {"/files/server_certificate", "format", "\"PEM/ \""},
    {"/files/server_certificate", "size", "\"1\""},
    {"/files/server_certificate", "certificates", "null"},
    {"/files/server_certificate", "keys", "[\"MIGH\"]"},
    /* not what the records say */
    {"/certificate", "sha256",
	"\"00000000000000000000000000000000000000000000000000000000000000"
	"00\""},
    {"/certificate/key", "spki_sha256", "\"\""},
    {"/certificate", "chain", "[]"},
    {"", "certificate", "null"},
};
#define N_LIES (sizeof(lies) / sizeof(lies[0]))

static int
lie(const struct pki_input *in, struct pki_output *out, struct err *e)
{
	const struct lie *l = &lies[current];
	struct json_object *o;

	if (pki_parse(in, out, e) == -1)
		return -1;
	/* What two places share comes apart, as over the socket. */
	o = json_tokener_parse(json_object_to_json_string(out->report));
	json_object_put(out->report);
	out->report = o;
	if (l->value == NULL)
		json_object_object_del(at(o, l->in), l->name);
	else
		json_object_object_add(
		    at(o, l->in), l->name, json_tokener_parse(l->value));
	return 0;
}

static void
load_pair(struct pki_input *in)
{
	memset(in, 0, sizeof(*in));
	in->file[PKI_SERVER_CERTIFICATE] = slurp(dir, "ca-p256.pem");
	in->file[PKI_PRIVATE_KEY] = slurp(dir, "p256.key");
	in->hostname = "mx.example.jp";
	in->now = time(NULL);
	in->roots = slurp(dir, "root.pem");
}

static void
unload(struct pki_input *in)
{
	size_t i;

	for (i = 0; i < PKI_FIELD__MAX; i++)
		free((void *)in->file[i].data);
	free((void *)in->stored.data);
	free((void *)in->roots.data);
}

/* Did the inspection fail as such?  Then there is no chain either. */
static bool
fails(const struct pki_input *in, jail_work work, struct pki_output *out)
{
	struct pki_jail j = jail();
	struct err e;
	bool failed;

	err_clear(&e);
	pki_output_init(out);
	ck_assert_msg(jail_run(&j, in, work, out, &e) == 0, "%s", e.msg);
	failed = find_code(out->report, "inspect.failed", NULL, NULL) != NULL;
	if (failed)
		ck_assert_uint_eq(out->chain.len, 0);
	return failed;
}

START_TEST(test_truth)
{
	struct pki_output out;
	struct pki_input in;

	load_pair(&in);
	ck_assert(!fails(&in, pki_parse, &out));
	ck_assert_uint_gt(out.chain.len, 0);
	ck_assert_str_eq(
	    json_object_to_json_string(at(out.report, "/ok")), "true");
	pki_output_clear(&out);
	unload(&in);
}
END_TEST

START_TEST(test_lie)
{
	struct pki_output out;
	struct pki_input in;

	current = (size_t)_i;
	load_pair(&in);
	ck_assert_msg(fails(&in, lie, &out), "%s/%s %s: %s", lies[_i].in,
	    lies[_i].name, lies[_i].value,
	    json_object_to_json_string(out.report));
	pki_output_clear(&out);
	unload(&in);
}
END_TEST

/* --- keys that are held ------------------------------------------------------
 */

/* The middle of the stored key, as text. */
static char needle[41];

static bool
holds_key(const struct pki_bytes *b)
{
	return b->data != NULL &&
	       (memmem(b->data, b->len, "PRIVATE", 7) != NULL ||
		   memmem(b->data, b->len, needle, 40) != NULL);
}

/* Looks at all that it was given. */
static int
look_for_key(const struct pki_input *in, struct pki_output *out, struct err *e)
{
	size_t i;

	for (i = 0; i < PKI_FIELD__MAX; i++)
		if (holds_key(&in->file[i]))
			return -1;
	return holds_key(&in->stored) ? -1 : pki_parse(in, out, e);
}

static struct pki_bytes
chain_of(const char *key, const char *cert)
{
	struct pki_bytes k = slurp(dir, key), c = slurp(dir, cert), b;
	char *p = malloc(k.len + c.len);
	const char *body;

	ck_assert_ptr_nonnull(p);
	memcpy(p, k.data, k.len);
	memcpy(p + k.len, c.data, c.len);
	b.data = p;
	b.len = k.len + c.len;
	body = memmem(k.data, k.len, "\n", 1);
	memcpy(needle, body + 20, 40);
	free((void *)k.data);
	free((void *)c.data);
	return b;
}

/* A renewal for the key in use. */
static void
load_renewal(struct pki_input *in)
{
	load_pair(in);
	free((void *)in->file[PKI_PRIVATE_KEY].data);
	in->file[PKI_PRIVATE_KEY].data = NULL;
	in->stored = chain_of("p256.key", "roll.pem");
}

START_TEST(test_not_given)
{
	struct pki_output out;
	struct pki_input in;

	load_renewal(&in);
	ck_assert(!fails(&in, look_for_key, &out));
	ck_assert_ptr_nonnull(find_code(out.report, "key.stored", NULL, NULL));
	ck_assert_ptr_nonnull(
	    memmem(out.chain.data, out.chain.len, needle, 40));
	pki_output_clear(&out);
	unload(&in);
}
END_TEST

/* A chain of ours that is looked at again, as in a restore. */
START_TEST(test_ours)
{
	struct pki_output out;
	struct pki_input in;

	load_renewal(&in);
	free((void *)in.file[PKI_SERVER_CERTIFICATE].data);
	in.file[PKI_SERVER_CERTIFICATE] = in.stored;
	in.stored.data = NULL;
	in.ours = PKI_BIT(PKI_SERVER_CERTIFICATE);
	ck_assert(!fails(&in, look_for_key, &out));
	ck_assert_ptr_nonnull(
	    memmem(out.chain.data, out.chain.len, needle, 40));
	pki_output_clear(&out);
	unload(&in);
}
END_TEST

/* Records, falsified: all that a child could try to have a key given out. */
enum trick {
	OTHER_CERT,  /* the key in use, before a certificate for another */
	OTHER_KEY,   /* a key by a number that nobody has */
	STAYS,	     /* a new certificate as the one in use: no trial */
	KEY_ALONE,   /* no certificate */
	CERT_FIRST,  /* no key */
	TWICE,	     /* two pairs, one described */
	UNKNOWN,     /* a letter */
	TOO_LONG,    /* a length beyond the end */
	CUT,	     /* half a head */
	PEM_WITHIN,  /* text where DER belongs */
	KEY_AS_TEXT, /* the same for the key of the upload */
	TRICKS
};

static int
find_record(const struct buf *b, char kind)
{
	size_t i, n;

	for (i = 0; i + RECORD_HEAD <= b->len; i += RECORD_HEAD + n) {
		n = jail_get32(b->data + i + 1);
		if (b->data[i] == kind)
			return (int)i;
	}
	return -1;
}

/* Take the records out, put these in. */
static int
put_records(struct buf *b, const char *kinds, const struct pki_bytes *v)
{
	unsigned char head[RECORD_HEAD];
	struct buf n;

	buf_init(&n, RECORDS_MAX);
	for (; *kinds != '\0'; kinds++, v++) {
		head[0] = (unsigned char)*kinds;
		jail_put32(head + 1, v->len);
		if (buf_add(&n, head, sizeof(head)) == -1 ||
		    buf_add(&n, v->data, v->len) == -1)
			return -1;
	}
	buf_clear(b);
	*b = n;
	return 0;
}

static int
trick(const struct pki_input *in, struct pki_output *out, struct err *e)
{
	struct pki_bytes v[4];
	int key, cert;
	size_t i;

	if (pki_parse(in, out, e) == -1)
		return -1;
	key = find_record(&out->chain, RECORD_HELD);
	cert = find_record(&out->chain, RECORD_CERT);
	if (key == -1 || cert == -1)
		return -1;
	for (i = 0; i < 4; i++) {
		const char *p = out->chain.data + (i % 2 == 0 ? key : cert);

		v[i].len = jail_get32(p + 1);
		v[i].data = memcpy(malloc(v[i].len), p + RECORD_HEAD, v[i].len);
	}
	switch (current) {
	case OTHER_CERT: /* a byte of its public key */
		((char *)(uintptr_t)v[1].data)[v[1].len / 3] ^= 1;
		return put_records(&out->chain, "HC", v);
	case OTHER_KEY:
		((char *)(uintptr_t)v[0].data)[0] ^= 1;
		return put_records(&out->chain, "HC", v);
	case STAYS:
		return put_records(&out->chain, "SC", v);
	case KEY_ALONE:
		return put_records(&out->chain, "H", v);
	case CERT_FIRST:
		return put_records(&out->chain, "C", v + 1);
	case TWICE:
		return put_records(&out->chain, "HCHC", v);
	case UNKNOWN:
		return put_records(&out->chain, "HX", v);
	case TOO_LONG:
		out->chain.data[cert + 1] = 1;
		return 0;
	case CUT:
		out->chain.len = (size_t)cert + 3;
		return 0;
	case PEM_WITHIN:
		memcpy((void *)(uintptr_t)v[1].data, "-----BEGIN", 10);
		return put_records(&out->chain, "HC", v);
	case KEY_AS_TEXT:
		v[0].data = "-----BEGIN PRIVATE KEY-----";
		v[0].len = 27;
		return put_records(&out->chain, "KC", v);
	}
	return -1;
}

START_TEST(test_trick)
{
	struct pki_output out;
	struct pki_input in;

	current = (size_t)_i;
	load_renewal(&in);
	ck_assert_msg(fails(&in, trick, &out), "%d: %s", _i,
	    json_object_to_json_string(out.report));
	ck_assert(memmem(json_object_to_json_string(out.report),
		      strlen(json_object_to_json_string(out.report)), needle,
		      40) == NULL);
	pki_output_clear(&out);
	unload(&in);
}
END_TEST

/* --- the second child: nothing but a few words -------------------------------
 */

START_TEST(test_words)
{
	struct shaken s;
	struct err e;
	int when, why, said = 0, rc;

	for (when = 0; when < 256; when++)
		for (why = 0; why < 256; why++) {
			s.when = (unsigned char)when;
			s.why = (unsigned char)why;
			rc = handshake_text(&s, &e);
			ck_assert(rc != 0 || when == 0);
			said += rc == 1;
		}
	ck_assert_int_lt(said, 64);
	ck_assert_int_gt(said, 8);
}
END_TEST

/* --- the public key of a certificate -----------------------------------------
 */

static X509 *
read_cert(const char *name)
{
	struct pki_bytes b = slurp(dir, name);
	BIO *bio = BIO_new_mem_buf(b.data, (int)b.len);
	X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	BIO_free(bio);
	free((void *)b.data);
	ck_assert_ptr_nonnull(x);
	return x;
}

START_TEST(test_spki)
{
	static const char *const names[] = {
	    "ca-p256.pem", "roll.pem", "ca-rsa2048.pem", "root.pem", "int.pem"};
	unsigned char *der, *want, *cut;
	struct pki_bytes got;
	size_t i, k;
	int n, m;
	X509 *x;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		der = want = NULL;
		x = read_cert(names[i]);
		n = i2d_X509(x, &der);
		m = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &want);
		ck_assert_int_eq(spki_find(der, (size_t)n, &got), 0);
		ck_assert_uint_eq(got.len, (size_t)m);
		ck_assert_mem_eq(got.data, want, got.len);
		/* cut anywhere: none is found, and nothing beyond is read */
		for (k = 0; k < (size_t)n; k++) {
			cut = memcpy(malloc(k + 1), der, k);
			ck_assert_int_eq(spki_find(cut, k, &got), -1);
			free(cut);
		}
		OPENSSL_free(der);
		OPENSSL_free(want);
		X509_free(x);
	}
}
END_TEST

int
main(int argc, char **argv)
{
	TCase *t = tcase_create("split");

	(void)argc;
	corpus_dir(argv[0], dir, sizeof(dir));
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_truth);
	tcase_add_loop_test(t, test_lie, 0, (int)N_LIES);
	tcase_add_test(t, test_not_given);
	tcase_add_test(t, test_ours);
	tcase_add_loop_test(t, test_trick, 0, TRICKS);
	tcase_add_test(t, test_words);
	tcase_add_test(t, test_spki);
	return suite_run("pki split", t) == 0 ? 0 : 1;
}
