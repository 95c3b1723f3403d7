/*
 * test_parts.c - the parts of src/pki by themselves: text, armour, sniffing,
 * key rows that openssl(1) cannot make keys for, describing, invariants of
 * the tables.
 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "../suite.h"
#include "pki_test.h"

#include "../../../src/pki/checks.h"
#include "../../../src/pki/decode.h"
#include "../../../src/pki/describe.h"
#include "../../../src/pki/checks.h"
#include "../../../src/pki/decode.h"
#include "../../../src/pki/describe.h"
#include "../../../src/pki/join.h"
#include "../../../src/pki/pki_int.h"
#include "jsonx.h"

static char dir[700];

/* --- authorities -------------------------------------------------------- */

/* What a child may say that the parent must not take: a letter or a length
 * changed, one left out, another digest. */
static const struct {
	size_t at;
	char to;
	int cut;
	const char *sha256;
	int want;
} forged[] = {
    {0, 'C', 0, NULL, 0},
    {0, 'K', 0, NULL, -1},
    {4, '\x7f', 0, NULL, -1},
    {0, 'C', 1, NULL, -1},
    {RECORD_HEAD + 4, '\x30', 0,
	"00000000000000000000000000000000000000000000000000000000000000aa", -1},
};

START_TEST(authorities_forged)
{
	static const unsigned char der[] = {0x30, 3, 2, 1, 5};
	unsigned char md[32], all[64] = {0};
	struct json_object *cert = json_object_new_object(), *list, *row;
	struct pki_bytes records = {all, RECORD_HEAD + sizeof(der)};
	char hex[SHA256_HEX];
	struct joined j;

	ck_assert_int_eq(
	    EVP_Digest(der, sizeof(der), md, NULL, EVP_sha256(), NULL), 1);
	hex_encode(hex, md, sizeof(md));
	list = json_object_new_array();
	row = json_object_new_object();
	jsonx_put_str(
	    row, "sha256", forged[_i].sha256 == NULL ? hex : forged[_i].sha256);
	json_object_array_add(list, row);
	json_object_object_add(cert, "chain", list);
	all[0] = RECORD_CERT;
	all[4] = sizeof(der);
	memcpy(all + RECORD_HEAD, der, sizeof(der));
	all[forged[_i].at] = (unsigned char)forged[_i].to;
	records.len -= (size_t)forged[_i].cut;
	joined_init(&j);
	ck_assert_int_eq(join_authorities(&records, cert, &j), forged[_i].want);
	if (forged[_i].want == 0) {
		ck_assert_ptr_nonnull(strstr(j.pem.data, "MAMCAQU="));
		/* One that is told of and does not come. */
		json_object_array_add(list, json_object_get(row));
		ck_assert_int_eq(join_authorities(&records, cert, &j), -1);
	}
	joined_clear(&j);
	json_object_put(cert);
}
END_TEST

/* --- text.c ------------------------------------------------------------- */

static const struct text_case {
	const char *in;
	size_t len;
	const char *out;
	unsigned notes;
} texts[] = {
#define T(in, out, notes) \
	{ \
		in, sizeof(in) - 1, out, notes \
	}
    T("", "", 0),
    T("abc\n", "abc\n", 0),
    T("abc", "abc", 0),
    T("a\r\nb\r\n", "a\nb\n", TEXT_CRLF),
    T("a\rb\r", "a\nb\n", TEXT_CR),
    T("a\r\nb\rc", "a\nb\nc", TEXT_CRLF),
    T("a\n\rb", "a\n\nb", TEXT_CR),
    T("\xef\xbb\xbf"
      "abc",
	"abc", TEXT_BOM),
    T("\xef\xbb\xbf", "", TEXT_BOM),
    T("\xff\xfe"
      "a\0b\0",
	"ab", TEXT_UTF16),
    T("\xfe\xff"
      "\0a\0b",
	"ab", TEXT_UTF16),
    T("a\0b\0c\0d\0", "abcd", TEXT_UTF16),
    T("\0a\0b\0c\0d", "abcd", TEXT_UTF16),
    T("\0a\0b\0c\0d\0", "?a?b?c?d?", 0),
    T("\xff\xfe\x42\x30"
      "a\0",
	"\xe3\x81\x82"
	"a",
	TEXT_UTF16),
    T("\xff\xfe\x00\xd8"
      "a\0",
	"?a", TEXT_UTF16),
    T("\xff\xfe"
      "a\0\r\0\n\0",
	"a\n", TEXT_UTF16 | TEXT_CRLF),
    T("M\xc3\xbcller", "M\xc3\xbcller", 0),
    T("M\xfcller", "M?ller", 0),
    T("a\xc2\xa0"
      "b",
	"a b", TEXT_BLANK),
    T("a\xa0"
      "b",
	"a b", TEXT_BLANK),
    T("a\xe2\x80\xaf"
      "b",
	"a b", TEXT_BLANK << 1),
    T("a\xe3\x80\x80"
      "b",
	"a b", TEXT_BLANK << 2),
    T("a\xe2\x80\x8b"
      "b",
	"ab", TEXT_BLANK << 5),
    T("a\n\xef\xbb\xbf"
      "b",
	"a\nb", TEXT_BOM),
    T("a\xc2\xad"
      "b\xe2\x81\xa0",
	"ab", TEXT_BLANK << 7 | TEXT_BLANK << 8),
    T("a\0b", "a?b", 0),
    T("-----BEGIN X-----\\nAA\\n-----END X-----\\n",
	"-----BEGIN X-----\nAA\n-----END X-----\n", TEXT_ESCAPED),
    T("-----BEGIN X-----\\r\\nAA\\r\\n-----END X-----",
	"-----BEGIN X-----\nAA\n-----END X-----", TEXT_ESCAPED),
    T("a\\nb", "a\\nb", 0),
    T("-----\\nx\ny", "-----\\nx\ny", 0),
    T("{\n\"a\": \"-----BEGIN X-----\\nAA\"\n}",
	"{\n\"a\": \"-----BEGIN X-----\nAA\"\n}", TEXT_ESCAPED),
#undef T
};

START_TEST(test_text)
{
	const struct text_case *t = &texts[_i];
	unsigned char *copy = malloc(t->len > 0 ? t->len : 1);
	unsigned notes = 0;
	struct buf b;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, t->in, t->len);
	buf_init(&b, 1024);
	ck_assert_int_eq(text_decode(copy, t->len, &b, &notes), 0);
	ck_assert_str_eq(b.data, t->out);
	ck_assert_uint_eq(b.len, strlen(t->out));
	ck_assert_uint_eq(notes, t->notes);
	buf_clear(&b);
	free(copy);
}
END_TEST

START_TEST(test_text_notes)
{
	char all[400], small[12];

	text_notes(~0u, all, sizeof(all));
	ck_assert_ptr_nonnull(strstr(all, "UTF-16, BOM, CRLF"));
	ck_assert_ptr_nonnull(strstr(all, "TAB/SPACE"));
	ck_assert_ptr_nonnull(strstr(all, "WORD JOINER U+2060"));
	text_notes(~0u, small, sizeof(small));
	ck_assert_str_eq(small, "UTF-16, BOM");
	text_notes(0, all, sizeof(all));
	ck_assert_str_eq(all, "");
}
END_TEST

/* --- pem.c -------------------------------------------------------------- */

#define B "-----BEGIN X-----\n"
#define E "-----END X-----\n"

static const struct pem_case {
	const char *text;
	int blocks;	    /* good ones before the end or the fault */
	enum err_code code; /* NONE = no fault */
	int line;
	const char *first; /* decoded */
	const char *label;
} pems[] = {
    {"", 0, ERR_NONE, 0, NULL, NULL},
    {"nothing here\n", 0, ERR_NONE, 0, NULL, NULL},
    {B "QUJD\n" E, 1, ERR_NONE, 0, "ABC", "X"},
    {B "QUI=\n" E, 1, ERR_NONE, 0, "AB", "X"},
    {B "QQ==\n" E, 1, ERR_NONE, 0, "A", "X"},
    {"-----BEGIN X-----QUJD-----END X-----", 1, ERR_NONE, 0, "ABC", "X"},
    {B "Q U\tJ\nD" E, 1, ERR_NONE, 0, "ABC", "X"},
    {B "\n\nQUJD\n\n" E, 1, ERR_NONE, 0, "ABC", "X"},
    {"text\n" B "QUJD\n" E "more\n" B "QQ==\n" E, 2, ERR_NONE, 0, "ABC", "X"},
    {B "A: b\nC: d\n\nQUJD\n" E, 1, ERR_NONE, 0, "ABC", "X"},
    {B "A: b\nQUJD\n" E, 1, ERR_NONE, 0, "ABC", "X"},
    {"-----BEGIN A B 1-----\nQUJD\n-----END A B 1-----\n", 1, ERR_NONE, 0,
	"ABC", "A B 1"},
    {"-----BEGIN -----\nQUJD\n-----END -----\n", 1, ERR_NONE, 0, "ABC", ""},
    {B "QUJD\n", 0, ERR_FILE_TRUNCATED, 1, NULL, NULL},
    {"a\nb\n" B "QUJD\n", 0, ERR_FILE_TRUNCATED, 3, NULL, NULL},
    {B "QUJD\n" B "QUJD\n" E, 0, ERR_FILE_TRUNCATED, 1, NULL, NULL},
    {B "QUJD\n-----END X--", 0, ERR_FILE_TRUNCATED, 3, NULL, NULL},
    {B "QUJD\n-----END ", 0, ERR_FILE_TRUNCATED, 3, NULL, NULL},
    {B E, 0, ERR_FILE_TRUNCATED, 2, NULL, NULL},
    {B "QUJD\n-----END Y-----\n", 0, ERR_FILE_UNREADABLE, 3, NULL, NULL},
    {"-----BEGIN x-----\n", 0, ERR_FILE_UNREADABLE, 1, NULL, NULL},
    {"-----BEGIN X\n-----", 0, ERR_FILE_UNREADABLE, 1, NULL, NULL},
    {B "QU!D\n" E, 0, ERR_FILE_UNREADABLE, 2, NULL, NULL},
    {B "QUJD\nQU-D\n" E, 0, ERR_FILE_UNREADABLE, 3, NULL, NULL},
    {B "QUJD\nQUJ_\n" E, 0, ERR_FILE_UNREADABLE, 3, NULL, NULL},
    {B "QUJ\n" E, 0, ERR_FILE_UNREADABLE, 3, NULL, NULL},
    {B "QUJDQUJD\nQUJDQUJ\nQUJDQUJD\nQUJD\n" E, 0, ERR_FILE_UNREADABLE, 3, NULL,
	NULL},
    {B "QUJDQUJD\nQUJDQUJ\nQUJDQUJD\nQQ==\n" E, 0, ERR_FILE_UNREADABLE, 3, NULL,
	NULL},
    {B "QQ==QUJD\n" E, 0, ERR_FILE_UNREADABLE, 2, NULL, NULL},
    {B "QQ=\n" E, 0, ERR_FILE_UNREADABLE, 3, NULL, NULL},
    {B "Q===\n" E, 0, ERR_FILE_UNREADABLE, 2, NULL, NULL},
    {B "====\n" E, 0, ERR_FILE_UNREADABLE, 2, NULL, NULL},
    {B "QQ===\n" E, 0, ERR_FILE_UNREADABLE, 2, NULL, NULL},
    {B "QUJD\n" E B "QU!D\n" E, 1, ERR_FILE_UNREADABLE, 5, "ABC", "X"},
    {B "QUJD\n" E "\n\n" B "Q!\n" E, 1, ERR_FILE_UNREADABLE, 7, "ABC", "X"},
    {"----BEGIN X----\nQUJD\n----END X----\n", 0, ERR_NONE, 0, NULL, NULL},
    /* a boundary begins its line, or there is a whole block behind it */
    {"#-----BEGIN X-----\n" B "QUJD\n" E, 1, ERR_NONE, 0, "ABC", "X"},
    {"# " B "QUJD\n" E, 0, ERR_NONE, 0, NULL, NULL},
    {" ; " B B "QUJD\n" E, 1, ERR_NONE, 0, "ABC", "X"},
    {"from -----BEGIN X----- to -----END X-----\n" B "QUJD\n" E, 1, ERR_NONE, 0,
	"ABC", "X"},
    {"see " B, 0, ERR_NONE, 0, NULL, NULL},
    {"x: " B "QU!D\n" E "y\n" B "Q!\n" E, 0, ERR_FILE_UNREADABLE, 6, NULL,
	NULL},
    {"x: " B "QUJD\n" E, 1, ERR_NONE, 0, "ABC", "X"},
    {"\"a\": \"-----BEGIN X-----QUJD-----END X-----\"", 1, ERR_NONE, 0, "ABC",
	"X"},
    {"  \t" B "QUJD\n" E, 1, ERR_NONE, 0, "ABC", "X"},
    {"  " B "QU!D\n" E, 0, ERR_FILE_UNREADABLE, 2, NULL, NULL},
    {B "QUJD\n-----END X-----" B "QQ==\n" E, 2, ERR_NONE, 0, "ABC", "X"},
    {B "QUJD\n-----END X-----  " B "Q!\n" E, 1, ERR_FILE_UNREADABLE, 4, "ABC",
	"X"},
    {"-----BEGIN X9.42 DH PARAMETERS-----\nQUJD\n"
     "-----END X9.42 DH PARAMETERS-----\n",
	1, ERR_NONE, 0, "ABC", "X9.42 DH PARAMETERS"},
};

START_TEST(test_pem)
{
	const struct pem_case *t = &pems[_i];
	size_t len = strlen(t->text);
	char *copy = malloc(len > 0 ? len : 1);
	struct pem_scan scan = {copy, copy + len, 1, 0};
	struct pem_fault fault = {ERR_NONE, 0, ""};
	struct pem_block b;
	int rc, n = 0;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, t->text, len);
	pem_block_init(&b);
	while ((rc = pem_next(&scan, &b, &fault)) == 1 && n < 10) {
		if (n++ == 0) {
			ck_assert_ptr_nonnull(t->first);
			ck_assert_str_eq(b.der.data, t->first);
			ck_assert_uint_eq(b.der.len, strlen(t->first));
			ck_assert_str_eq(b.label, t->label);
		}
	}
	ck_assert_int_eq(n, t->blocks);
	ck_assert_int_eq(rc, t->code == ERR_NONE ? 0 : -1);
	ck_assert_int_eq(fault.code, t->code);
	ck_assert_int_eq(fault.line, t->line);
	pem_block_clear(&b);
	free(copy);
}
END_TEST

START_TEST(test_pem_headers)
{
	static const char text[] =
	    "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"
	    "DEK-Info: AES-256-CBC,00112233445566778899AABBCCDDEEFF \n\n"
	    "QUJD\n-----END RSA PRIVATE KEY-----\n";
	struct pem_scan scan = {text, text + sizeof(text) - 1, 1, 0};
	struct pem_fault fault;
	struct pem_block b;

	pem_block_init(&b);
	ck_assert_int_eq(pem_next(&scan, &b, &fault), 1);
	ck_assert(b.encrypted);
	ck_assert_str_eq(b.dek, "AES-256-CBC,00112233445566778899AABBCCDDEEFF");
	ck_assert_int_eq(b.line, 1);
	ck_assert_str_eq(b.der.data, "ABC");
	pem_block_clear(&b);
}
END_TEST

/* --- der.c -------------------------------------------------------------- */

static const struct sniff_case {
	const char *bytes;
	size_t len;
	enum der_kind kind;
	size_t want_len;
} sniffs[] = {
#define S(bytes, kind, n) \
	{ \
		bytes, sizeof(bytes) - 1, kind, n \
	}
    S("", DER_UNKNOWN, 0),
    S("\x30", DER_UNKNOWN, 1),
    S("\x30\x00", DER_UNKNOWN, 2),
    S("\x30\x80\x00\x00", DER_UNKNOWN, 4),
    S("\x30\x82\xff\xff", DER_TRUNCATED, 4),
    S("\x30\x03\x02\x01", DER_TRUNCATED, 4),
    S("\x30\x84\xff\xff\xff\xff\x02\x01\x00", DER_TRUNCATED, 9),
    S("\x30\x85\x01\x01\x01\x01\x01\x02\x01", DER_UNKNOWN, 9),
    S("\x02\x01\x00", DER_UNKNOWN, 3),
    S("\x30\x03\x02\x01\x00", DER_UNKNOWN, 5),
    S("\x30\x05\x02\x01\x00\x30\x00", DER_PKCS8, 7),
    S("\x30\x05\x02\x01\x01\x30\x00", DER_PKCS8, 7),
    S("\x30\x05\x02\x01\x03\x30\x00", DER_PKCS12, 7),
    S("\x30\x05\x02\x01\x02\x30\x00", DER_UNKNOWN, 7),
    S("\x30\x05\x02\x01\x01\x04\x00xx", DER_EC_KEY, 7),
    S("\x30\x80\x02\x01\x03\x30\x80\x00\x00\x00\x00", DER_PKCS12, 11),
    S("\x30\x06\x06\x02\x2a\x03\x05\x00", DER_PKCS7, 8),
    S("\x30\x08\x30\x04\x06\x02\x2a\x03\x04\x00", DER_ENCRYPTED_KEY, 10),
    S("\x30\x08\x30\x04\x06\x02\x2a\x03\x03\x00", DER_PUBLIC_KEY, 10),
    S("\x30\x08\x30\x04\x06\x02\x2a\x03\x30\x00", DER_SIGNED, 10),
    S("\x30\x06\x02\x01\x00\x02\x01\x05", DER_UNKNOWN, 8),
    S("\x30\x12\x02\x01\x00\x02\x01\x01\x02\x01\x01\x02\x01\x01\x02\x01\x01"
      "\x02\x01\x01",
	DER_DSA_KEY, 20),
    S("\x30\x1b\x02\x01\x00\x02\x01\x01\x02\x01\x01\x02\x01\x01\x02\x01\x01"
      "\x02\x01\x01\x02\x01\x01\x02\x01\x01\x02\x01\x01",
	DER_RSA_KEY, 29),
#undef S
};

START_TEST(test_sniff)
{
	const struct sniff_case *t = &sniffs[_i];
	unsigned char *copy = malloc(t->len > 0 ? t->len : 1);
	size_t n;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, t->bytes, t->len);
	ck_assert_int_eq(der_sniff(copy, t->len, &n), t->kind);
	ck_assert_uint_eq(n, t->want_len);
	free(copy);
}
END_TEST

/* --- keycheck.c: keys that openssl(1) does not make ---------------------- */

static EVP_PKEY *
rsa_public(const BIGNUM *n, const BIGNUM *e)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params;
	EVP_PKEY *pkey = NULL;

	OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n);
	OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e);
	params = OSSL_PARAM_BLD_to_param(bld);
	ck_assert_int_eq(EVP_PKEY_fromdata_init(ctx), 1);
	ck_assert_int_eq(
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params), 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

/* A modulus of this many bits, all ones. */
static BIGNUM *
modulus(int bits)
{
	BIGNUM *n = BN_new();

	BN_one(n);
	BN_lshift(n, n, bits);
	BN_sub_word(n, 1);
	return n;
}

static const struct rsa_case {
	int bits;
	const char *e; /* hex */
	const char *codes;
} rsas[] = {
    {3072, "10001", ""},
    {2048, "10001", ""},
    {2047, "10001", "key.weak"},
    {8192, "10001", ""},
    {8193, "10001", "key.too_large"},
    {16384, "10001", "key.too_large"},
    {3072, "1", "key.exponent"},
    {3072, "2", "key.exponent"},
    {3072, "10000", "key.exponent"},
    {3072, "3", "key.exponent_small"},
    {3072, "11", "key.exponent_small"},
    {3072, "FFFF", "key.exponent_small"},
    {3072, "FFFFFFFFFFFFFFFF", ""},
    {3072, "10000000000000001", "key.exponent"},
    {1024, "3", "key.weak,key.exponent_small"},
};

START_TEST(test_rsa)
{
	const struct rsa_case *t = &rsas[_i];
	struct pki_input in = {.now = 0};
	BIGNUM *n = modulus(t->bits), *e = NULL;
	struct pki_set s;
	EVP_PKEY *pkey;
	char found[256] = "";
	size_t i;

	BN_hex2bn(&e, t->e);
	pkey = rsa_public(n, e);
	set_init(&s);
	check_key(&s, pkey, &in);
	for (i = 0; i < s.found.n; i++) {
		if (i > 0)
			strcat(found, ",");
		strcat(found, err_name(s.found.v[i].code));
		ck_assert_str_eq(s.found.v[i].field, "private_key");
	}
	ck_assert_str_eq(found, t->codes);
	set_clear(&s);
	EVP_PKEY_free(pkey);
	BN_free(n);
	BN_free(e);
}
END_TEST

/* M of the faulty library for keys of some size: the first primes. */
static void
primorial(BIGNUM *m, int count)
{
	unsigned p, d;
	int n = 0;

	BN_one(m);
	for (p = 2; n < count; p++) {
		for (d = 2; d * d <= p && p % d != 0; d++)
			;
		if (d * d <= p)
			continue;
		BN_mul_word(m, p);
		n++;
	}
}

static const struct {
	int primes, bits; /* of M and of the prime */
} roca_sizes[] = {{39, 256}, {71, 512}, {126, 1024}, {225, 2048}};

/* k * M + (65537^a mod M), as the library made its primes. */
static void
roca_factor(BIGNUM *p, const BIGNUM *m, int bits, unsigned a, BN_CTX *ctx)
{
	BIGNUM *base = BN_new(), *exp = BN_new(), *k = BN_new();

	BN_set_word(base, 65537);
	BN_set_word(exp, a);
	BN_mod_exp(p, base, exp, m, ctx);
	BN_one(k);
	BN_lshift(k, k, bits - BN_num_bits(m));
	BN_add_word(k, a % 1000);
	BN_mul(k, k, m, ctx);
	BN_add(p, p, k);
	BN_free(base);
	BN_free(exp);
	BN_free(k);
}

START_TEST(test_roca)
{
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *m = BN_new(), *p = BN_new(), *q = BN_new(), *n = BN_new();
	unsigned a;

	primorial(m, roca_sizes[_i].primes);
	for (a = 1; a < 20; a++) {
		roca_factor(p, m, roca_sizes[_i].bits, a * 7919, ctx);
		roca_factor(q, m, roca_sizes[_i].bits, a * 104729 + 3, ctx);
		BN_mul(n, p, q, ctx);
		ck_assert_msg(roca_fingerprint(n), "%d bits, %u not found",
		    BN_num_bits(n), a);
		BN_add_word(n, 2);
		ck_assert(!roca_fingerprint(n));
	}
	BN_free(m);
	BN_free(p);
	BN_free(q);
	BN_free(n);
	BN_CTX_free(ctx);
}
END_TEST

START_TEST(test_not_roca)
{
	static const char *const files[] = {
	    "rsa2048.key", "rsa3072.key", "other.key", "e3.key"};
	struct pki_bytes b = slurp(dir, files[_i]);
	BIO *bio = BIO_new_mem_buf(b.data, (int)b.len);
	EVP_PKEY *pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	BIGNUM *n = NULL;

	ck_assert_int_eq(
	    EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n), 1);
	ck_assert(!roca_fingerprint(n));
	BN_free(n);
	EVP_PKEY_free(pkey);
	BIO_free(bio);
	free((void *)b.data);
}
END_TEST

/* --- describe.c, tables -------------------------------------------------- */

static const char *
text(struct json_object *o, const char *key)
{
	struct json_object *v;

	ck_assert_msg(json_object_object_get_ex(o, key, &v), "no %s", key);
	return json_object_get_string(v);
}

/* CERT of a chain file that is in use. */
static int
describe(const struct pki_bytes *pem, struct json_object **cert)
{
	struct pki_input in = {.stored = *pem, .now = time(NULL)};
	struct json_object *v = NULL;
	struct pki_output out;
	struct err e;

	pki_output_init(&out);
	ck_assert_int_eq(pki_inspect(&in, &out, &e), 0);
	json_object_object_get_ex(out.report, "certificate", &v);
	*cert = json_object_get(v);
	pki_output_clear(&out);
	return v != NULL ? 0 : -1;
}

START_TEST(test_describe)
{
	struct pki_bytes b = slurp(dir, "stored-two.pem");
	struct json_object *cert = NULL, *v, *leaf;

	ck_assert_int_eq(describe(&b, &cert), 0);
	ck_assert_str_eq(text(cert, "self_signed"), "false");
	ck_assert_str_eq(text(cert, "trusted"), "false");
	json_object_object_get_ex(cert, "chain", &v);
	ck_assert_uint_eq(json_object_array_length(v), 2);
	json_object_object_get_ex(cert, "leaf", &leaf);
	ck_assert_str_eq(text(leaf, "subject"), "CN=mx.example.jp");
	ck_assert_str_eq(text(leaf, "issuer"), "CN=Test Intermediate, O=Test");
	ck_assert_str_eq(text(leaf, "issuer_common_name"), "Test Intermediate");
	ck_assert_str_eq(text(leaf, "days_total"), "90");
	ck_assert_str_eq(text(leaf, "sha256"), text(cert, "sha256"));
	json_object_object_get_ex(leaf, "names", &v);
	ck_assert_uint_eq(json_object_array_length(v), 2);
	json_object_object_get_ex(cert, "key", &v);
	ck_assert_str_eq(text(v, "label"), "RSA 2048");
	json_object_object_get_ex(cert, "more", &v);
	ck_assert_uint_eq(json_object_array_length(v), 1);
	json_object_object_get_ex(json_object_array_get_idx(v, 0), "key", &v);
	ck_assert_str_eq(text(v, "label"), "ECDSA P-256");
	ck_assert_str_eq(text(v, "curve"), "P-256");
	json_object_put(cert);
	free((void *)b.data);
}
END_TEST

/* Control characters and broken UTF-8 stay out; other letters stay in. */
START_TEST(test_names)
{
	static const struct {
		const char *file, *name;
	} names[] = {
	    {"x-evil.pem", "<b> [2Jx  \"{subject}&amp;"},
	    {"x-kanji.pem", "\u30e1\u30fc\u30eb"},
	    /* no common name, no name at all but one of DNS, none at all */
	    {"x-no-cn.pem", "mx.example.jp"},
	    {"x-blank-cn.pem", "mx.example.jp"},
	    {"x-no-subject.pem", "mx.example.jp"},
	    {"x-no-name.pem", "O=Test"},
	    {"x-nothing.pem", NULL},
	};
	struct pki_bytes b = slurp(dir, names[_i].file);
	BIO *bio = BIO_new_mem_buf(b.data, (int)b.len);
	X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	struct json_object *o;

	ck_assert_ptr_nonnull(x);
	o = describe_cert(x, 0);
	if (names[_i].name != NULL)
		ck_assert_str_eq(text(o, "name"), names[_i].name);
	else
		ck_assert_uint_eq(strlen(text(o, "name")), PKI_SHORT_FP - 1);
	ck_assert_str_eq(text(o, "common_name"), _i < 2 ? names[_i].name : "");
	ck_assert_ptr_null(strchr(text(o, "subject"), '\033'));
	ck_assert_ptr_null(strchr(text(o, "subject"), '\n'));
	json_object_put(o);
	X509_free(x);
	BIO_free(bio);
	free((void *)b.data);
}
END_TEST

/* A serial below zero says so. */
START_TEST(test_serial)
{
	static const char *const files[][2] = {
	    {"x-serialneg.pem", "-05"}, {"x-serial0.pem", "00"}};
	struct pki_bytes b = slurp(dir, files[_i][0]);
	BIO *bio = BIO_new_mem_buf(b.data, (int)b.len);
	X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	struct json_object *o = describe_cert(x, 0);

	ck_assert_str_eq(text(o, "serial"), files[_i][1]);
	json_object_put(o);
	X509_free(x);
	BIO_free(bio);
	free((void *)b.data);
}
END_TEST

/* A file that is no chain. */
START_TEST(test_describe_nothing)
{
	static const char *const files[] = {
	    "ca-p256.pem", "p256.key", "empty", "noise", "two.pem"};
	struct pki_bytes b = slurp(dir, files[_i]);
	struct json_object *cert = NULL;

	ck_assert_int_eq(describe(&b, &cert), -1);
	free((void *)b.data);
}
END_TEST

START_TEST(test_tables)
{
	const struct check_row *tables[] = {key_rows, cert_rows, chain_rows};
	const struct check_row *r;
	bool seen[ERR__MAX] = {false};
	size_t i;

	for (i = 0; i < 3; i++) {
		for (r = tables[i]; r->fn != NULL; r++) {
			ck_assert(r->code > ERR_NONE && r->code < ERR__MAX);
			ck_assert(!seen[r->code]);
			seen[r->code] = true;
			ck_assert(r->field >= 0 && r->field < PKI_FIELD__MAX);
		}
	}
	ck_assert(seen[ERR_KEY_WEAK] && seen[ERR_CERT_EXPIRED] &&
		  seen[ERR_CHAIN_EXPIRED]);
	for (i = 0; i < PKI_FIELD__MAX; i++)
		ck_assert_ptr_nonnull(pki_field_names[i]);
	ck_assert_ptr_null(pki_field_names[PKI_FIELD__MAX]);
}
END_TEST

/* Nothing of the passphrase or the key ever shows in a report. */
START_TEST(test_no_secret)
{
	static const char *const files[] = {
	    "p256.enc.pem", "p256.p12", "iter2m.pem", "p256.trad-enc.pem"};
	struct pki_bytes key = slurp(dir, files[_i]);
	struct pki_bytes cert = slurp(dir, "ca-p256.pem");
	struct pki_input in = {.roots = {"", 0}, .now = 1};
	struct pki_output out;
	const char *json;
	struct err e;

	in.file[PKI_SERVER_CERTIFICATE] = cert;
	in.file[PKI_PRIVATE_KEY] = key;
	in.passphrase = "geheim";
	pki_output_init(&out);
	ck_assert_int_eq(pki_inspect(&in, &out, &e), 0);
	json = json_object_to_json_string(out.report);
	ck_assert_ptr_null(strstr(json, "geheim"));
	ck_assert_ptr_null(strstr(json, "PRIVATE KEY-----"));
	pki_output_clear(&out);
	ck_assert_uint_eq(out.chain.len, 0);
	free((void *)key.data);
	free((void *)cert.data);
}
END_TEST

#define LOOP(fn, n) tcase_add_loop_test(t, fn, 0, (int)(n))
#define N(a)	    (sizeof(a) / sizeof((a)[0]))

int
main(int argc, char **argv)
{
	TCase *t = tcase_create("parts");

	corpus_dir(argv[0], dir, sizeof(dir));
	tcase_set_timeout(t, 60);
	LOOP(authorities_forged, N(forged));
	LOOP(test_text, N(texts));
	tcase_add_test(t, test_text_notes);
	LOOP(test_pem, N(pems));
	tcase_add_test(t, test_pem_headers);
	LOOP(test_sniff, N(sniffs));
	LOOP(test_rsa, N(rsas));
	LOOP(test_roca, N(roca_sizes));
	LOOP(test_not_roca, 4);
	tcase_add_test(t, test_describe);
	LOOP(test_names, 7);
	LOOP(test_serial, 2);
	LOOP(test_describe_nothing, 5);
	tcase_add_test(t, test_tables);
	LOOP(test_no_secret, 4);
	return suite_run("pki parts", t) == 0 ? 0 : 1;
}
