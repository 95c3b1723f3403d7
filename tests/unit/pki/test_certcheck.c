/*
 * test_certcheck.c - the rows of cert_rows[], one fact of a certificate at a
 * time: on which side of each border it is found, and with which arguments.
 * (test_corpus.c has whole files.)
 */
#include "../suite.h"
#include "pki_test.h"

#include <openssl/x509v3.h>

#include "../../../src/pki/pki_int.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define NOW  1800000000L /* 2027-01-15T08:00:00Z */
#define DAY  86400L
#define HOST "mx.example.jp"
#define SAN  "DNS:" HOST

/* What is not said is that of a sound certificate of 90 days, ten of them
 * gone. */
struct facts {
	long from, to; /* against NOW, unless both are 0 */
	const char *san;
	struct {
		int nid;
		const char *value;
	} ext[3];
	const char *serial; /* hex */
	const char *md;
	int says; /* signed with sha256, but it says this */
	bool nameless;
	const char *host; /* "": none is known */
	/* of the leaf and of the chain */
	bool self_signed, self_issued, unchecked, is_ca;
	bool incomplete, with_chain, with_root, untrusted_root;
	int trusted; /* as pki_pair, one more; 0: unknown */
};

static EVP_PKEY *key;

static void
make_key(void)
{
	key = EVP_EC_gen("P-256");
	ck_assert_ptr_nonnull(key);
}

static void
free_key(void)
{
	EVP_PKEY_free(key);
}

static void
add_ext(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *ext;
	X509V3_CTX ctx;

	if (value == NULL)
		return;
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ck_assert_msg(ext != NULL, "%s", value);
	ck_assert_int_eq(X509_add_ext(x, ext, -1), 1);
	X509_EXTENSION_free(ext);
}

static X509 *
make(const struct facts *f)
{
	bool dated = f->from != 0 || f->to != 0;
	const EVP_MD *md = EVP_get_digestbyname(f->md ? f->md : "sha256");
	X509_NAME *name;
	BIGNUM *n = NULL;
	X509 *x = X509_new();
	size_t i;

	ck_assert_ptr_nonnull(x);
	X509_set_version(x, 2);
	BN_hex2bn(&n, f->serial != NULL ? f->serial : "4711");
	BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x));
	BN_free(n);
	ASN1_TIME_set(
	    X509_getm_notBefore(x), NOW + (dated ? f->from : -10 * DAY));
	ASN1_TIME_set(X509_getm_notAfter(x), NOW + (dated ? f->to : 80 * DAY));
	name = X509_get_subject_name(x);
	if (!f->nameless)
		X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
		    (const unsigned char *)"common", -1, -1, 0);
	name = X509_get_issuer_name(x);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)"issuer", -1, -1, 0);
	X509_set_pubkey(x, key);
	if (f->san == NULL || f->san[0] != '\0')
		add_ext(x, NID_subject_alt_name, f->san ? f->san : SAN);
	for (i = 0; i < 3; i++)
		add_ext(x, f->ext[i].nid, f->ext[i].value);
	ck_assert_int_gt(X509_sign(x, key, md), 0);
	return x;
}

/* Of an algorithm that no library signs with any more. */
static void
say_signed(X509 *x, int nid)
{
	const X509_ALGOR *outer, *inner = X509_get0_tbs_sigalg(x);
	const ASN1_BIT_STRING *signature;

	X509_get0_signature(&signature, &outer, x);
	X509_ALGOR_set0((X509_ALGOR *)(uintptr_t)outer, OBJ_nid2obj(nid),
	    V_ASN1_NULL, NULL);
	X509_ALGOR_set0((X509_ALGOR *)(uintptr_t)inner, OBJ_nid2obj(nid),
	    V_ASN1_NULL, NULL);
	X509_set_version(x, 2); /* encoded anew */
}

/* As it would come from a file. */
static X509 *
again(X509 *x)
{
	unsigned char *der = NULL;
	const unsigned char *p;
	int len = i2d_X509(x, &der);
	X509 *y;

	ck_assert_int_gt(len, 0);
	p = der;
	y = d2i_X509(NULL, &p, len);
	ck_assert_ptr_nonnull(y);
	OPENSSL_free(der);
	X509_free(x);
	return y;
}

/* "cert.expired(days=3,subject=common) cert.serial": in this order, with
 * at least these arguments; "~" is a blank. */
static void
found_is(const struct findings *found, const char *want)
{
	char copy[512], *word, *save = NULL, *args, *arg, *rest, *value;
	size_t n = 0;

	snprintf(copy, sizeof(copy), "%s", want);
	for (word = strtok_r(copy, " ", &save); word != NULL;
	     word = strtok_r(NULL, " ", &save), n++) {
		ck_assert_msg(n < found->n, "no %s", word);
		if ((args = strchr(word, '(')) != NULL)
			*args++ = '\0';
		ck_assert_str_eq(err_name(found->v[n].code), word);
		ck_assert_str_eq(found->v[n].field, "server_certificate");
		rest = NULL;
		for (arg = args ? strtok_r(args, ",)", &rest) : NULL;
		     arg != NULL; arg = strtok_r(NULL, ",)", &rest)) {
			value = strchr(arg, '=');
			*value++ = '\0';
			for (char *c = value; *c != '\0'; c++)
				if (*c == '~')
					*c = ' ';
			ck_assert_str_eq(
			    json_object_get_string(
				json_object_object_get(found->v[n].args, arg)),
			    value);
		}
	}
	ck_assert_msg(n == found->n, "also %s", err_name(found->v[n].code));
}

static const struct {
	struct facts f;
	const char *want;
} cases[] = {
    {{0}, ""},
    /* dates */
    {{.from = -DAY, .to = -DAY - 1},
	"cert.dates(days=0,not_before=2027-01-14T08:00:00Z,"
	"not_after=2027-01-14T07:59:59Z,subject=common) cert.expired"},
    {{.from = -DAY, .to = -DAY}, "cert.expired(days=1)"},
    {{.from = -90 * DAY, .to = -1}, "cert.expired(days=0)"},
    {{.from = -90 * DAY, .to = -DAY + 1}, "cert.expired(days=0)"},
    {{.from = -90 * DAY, .to = -7 * DAY}, "cert.expired(days=7)"},
    /* at the very second, which 0 would not say */
    {{.from = 1, .to = 90 * DAY}, "cert.not_yet_valid(days=0)"},
    {{.from = -90 * DAY, .to = 0}, "cert.expired(days=0)"},
    {{.from = 0, .to = 90 * DAY}, ""},
    {{.from = 3 * DAY, .to = 93 * DAY}, "cert.not_yet_valid(days=3)"},
    {{.from = 4 * DAY - 1, .to = 93 * DAY}, "cert.not_yet_valid(days=3)"},
    /* soon: less than 30 days, or than a third of 30 */
    {{.from = -60 * DAY, .to = 30 * DAY}, ""},
    {{.from = -60 * DAY, .to = 30 * DAY - 1}, "cert.expires_soon(days=29)"},
    {{.from = -89 * DAY, .to = 1}, "cert.expires_soon(days=0)"},
    {{.from = -20 * DAY, .to = 10 * DAY}, ""},
    {{.from = -21 * DAY, .to = 9 * DAY}, "cert.expires_soon(days=9)"},
    {{.from = -20 * DAY, .to = 10 * DAY - 1}, ""}, /* of 29 days */
    {{.from = -21 * DAY, .to = 10 * DAY}, "cert.expires_soon(days=10)"},
    {{.from = -21 * DAY + 1, .to = 10 * DAY}, ""},
    {{.from = -4 * DAY, .to = 2 * DAY}, ""},
    {{.from = -4 * DAY, .to = 2 * DAY - 1}, ""}, /* of 5 days */
    {{.from = -4 * DAY, .to = DAY}, ""},
    {{.from = -5 * DAY, .to = DAY}, "cert.expires_soon(days=1)"},
    /* a long life */
    {{.from = -DAY, .to = 397 * DAY}, ""},
    {{.from = -DAY, .to = 398 * DAY - 1}, ""},
    {{.from = -DAY, .to = 398 * DAY}, "cert.lifetime(days=399)"},
    {{.from = -DAY, .to = 399 * DAY - 1}, "cert.lifetime(days=399)"},
    /* itself and CA */
    {{.is_ca = true}, "cert.is_ca(what=CA:TRUE,subject=common)"},
    {{.self_signed = true}, "cert.self_signed(what=)"},
    {{.self_signed = true, .is_ca = true},
	"cert.self_signed cert.self_signed_ca(what=CA:TRUE)"},
    {{.self_issued = true}, "cert.signature_invalid(what=ecdsa-with-SHA256)"},
    {{.self_issued = true, .self_signed = true}, "cert.self_signed"},
    {{.self_issued = true, .unchecked = true}, ""},
    {{.self_issued = true, .with_chain = true}, ""},
    {{.self_issued = true, .with_root = true}, ""},
    /* digests */
    {{.md = "sha1"}, "cert.signature_weak(what=ecdsa-with-SHA1)"},
    {{.md = "sha1", .self_signed = true},
	"cert.self_signed cert.signature_old(what=ecdsa-with-SHA1)"},
    {{.md = "sha512"}, ""},
    {{.says = NID_md5WithRSAEncryption},
	"cert.signature_weak(what=md5WithRSAEncryption)"},
    {{.says = NID_md5WithRSAEncryption, .self_signed = true},
	"cert.self_signed cert.signature_weak"},
    {{.says = NID_md4WithRSAEncryption}, "cert.signature_weak"},
    {{.says = NID_md2WithRSAEncryption}, "cert.signature_weak"},
    {{.says = NID_mdc2WithRSA}, "cert.signature_weak"},
    /* extensions */
    {{.ext = {{NID_ext_key_usage, "serverAuth"}}}, ""},
    {{.ext = {{NID_ext_key_usage, "clientAuth,serverAuth"}}}, ""},
    {{.ext = {{NID_ext_key_usage, "clientAuth"}}}, "cert.eku(what=serverAuth)"},
    {{.ext = {{NID_key_usage, "critical,digitalSignature"}}}, ""},
    {{.ext = {{NID_key_usage, "keyEncipherment"}}},
	"cert.key_usage(what=digitalSignature)"},
    {{.ext = {{NID_basic_constraints, "CA:FALSE"},
	  {NID_basic_constraints, "CA:FALSE"}}},
	"cert.extension_invalid(what=X509v3)"},
    {{.ext = {{NID_netscape_comment, "critical,x"}}},
	"cert.critical_extension(what=2.16.840.1.113730.1.13)"},
    {{.ext = {{NID_netscape_comment, "x"}}}, ""},
    {{.san = "", .ext = {{NID_netscape_comment, "critical,x"}}, .host = ""},
	"cert.critical_extension cert.no_names"},
    {{.ext = {{NID_key_usage, "critical,digitalSignature"},
	  {NID_netscape_comment, "critical,x"}}},
	"cert.critical_extension"},
    {{.ext = {{NID_tlsfeature, "status_request"}}},
	"cert.must_staple(what=status_request)"},
    {{.ext = {{NID_tlsfeature, "status_request_v2"}}}, "cert.must_staple"},
    {{.ext = {{NID_tlsfeature, "4,6,16,18"}}}, ""},
    {{.ext = {{NID_tlsfeature, "4,17,5"}}}, "cert.must_staple"},
    /* names */
    {{.san = ""},
	"cert.no_names(what=subjectAltName) "
	"cert.name_mismatch(hostname=" HOST ",host=" HOST ",names=common)"},
    {{.san = "", .host = "common"}, "cert.no_names"},
    {{.san = "email:a@example.jp"},
	"cert.no_names cert.name_mismatch(names=common)"},
    {{.san = "IP:192.0.2.1"}, "cert.name_mismatch(names=common)"},
    {{.san = "DNS:a.example.jp"}, "cert.name_mismatch(names=a.example.jp)"},
    {{.san = "DNS:a.example.jp", .host = ""}, ""},
    {{.san = "DNS:a.example.jp", .host = "common"}, "cert.name_mismatch"},
    {{.san = "DNS:x"}, "cert.name_mismatch(names=x)"},
    {{.san = "IP:192.0.2.1", .nameless = true}, "cert.name_mismatch(names=-)"},
    {{.san = "DNS:a.example.jp,IP:192.0.2.1,email:c@d,DNS:" HOST}, ""},
    {{.san = "DNS:*.example.jp"}, ""},
    {{.san = SAN ",DNS:*.example.jp"}, ""},
    {{.san = SAN ",DNS:*.a.b"}, ""},
    {{.san = SAN ",DNS:*.jp"}, "cert.wildcard(what=*.jp)"},
    {{.san = SAN ",DNS:*"}, "cert.wildcard(what=*)"},
    {{.san = SAN ",DNS:*."}, "cert.wildcard"},
    {{.san = SAN ",DNS:*.."}, "cert.wildcard"},
    {{.san = SAN ",DNS:*..a"}, "cert.wildcard"},
    {{.san = SAN ",DNS:*..a.b"}, "cert.wildcard"},
    {{.san = "DNS:*.jp," SAN}, "cert.wildcard(what=*.jp)"},
    {{.san = SAN ",DNS:*.a."}, "cert.wildcard"},
    {{.san = SAN ",DNS:*a.example.jp"}, "cert.wildcard"},
    {{.san = SAN ",DNS:a*.example.jp"}, "cert.wildcard"},
    {{.san = SAN ",DNS:a.*.example.jp"}, "cert.wildcard"},
    {{.san = SAN ",DNS:*.*.example.jp"}, "cert.wildcard"},
    {{.san = SAN ",DNS:*.a.*,DNS:*.jp"}, "cert.wildcard(what=*.a.*)"},
    {{.san = "email:*@a," SAN}, ""},
    /* serial numbers */
    {{.serial = "0"}, "cert.serial(what=0)"},
    {{.serial = "1"}, ""},
    {{.serial = "-1"}, "cert.serial(what=<~0)"},
    {{.serial = "7fffffffffffffffffffffffffffffffffffffff"}, ""},
    {{.serial = "010000000000000000000000000000000000000000"},
	"cert.serial(what=>~20)"},
    {{.serial = "-7fffffffffffffffffffffffffffffffffffffff"},
	"cert.serial(what=<~0)"},
    /* the system's roots */
    {{.trusted = 2, .with_root = true}, "cert.trusted(root=common)"},
    {{.trusted = 2}, "cert.trusted(root=common)"},
    {{.trusted = 2, .incomplete = true}, ""},
    {{.trusted = 1, .untrusted_root = true}, "cert.untrusted(root=common)"},
    {{.trusted = 1}, ""}, /* not for its root: the chain rows say why */
    {{.trusted = 1, .untrusted_root = true, .incomplete = true}, ""},
    {{.trusted = 1, .untrusted_root = true, .self_signed = true},
	"cert.self_signed"},
    {{.trusted = 2, .self_signed = true}, "cert.self_signed cert.trusted"},
};

static struct pki_set set;

static void
run(const struct facts *f, X509 *x)
{
	struct pki_cert leaf = {.x = x,
	    .self_signed = f->self_signed,
	    .self_issued = f->self_issued,
	    .unchecked = f->unchecked,
	    .is_ca = f->is_ca};
	struct pki_pair pair = {.leaf = &leaf,
	    .n_chain = f->with_chain,
	    .root = f->with_root ? x : NULL,
	    .complete = !f->incomplete,
	    .root_trusted = !f->untrusted_root,
	    .trusted = f->trusted - 1};
	struct pki_input in = {
	    .now = NOW, .hostname = f->host != NULL ? f->host : HOST};
	struct check_ctx c = {.set = &set, .in = &in, .pair = &pair, .leaf = x};
	const struct check_row *row;

	memset(leaf.sha256, 0xab, sizeof(leaf.sha256));
	findings_init(&set.found);
	for (row = cert_rows; row->fn != NULL; row++) {
		row->fn(&c, row);
		/* A number too long for us is no error of the next one. */
		ck_assert(
		    row->code != ERR_CERT_SERIAL || ERR_peek_error() == 0);
	}
	ck_assert_uint_eq(ERR_peek_error(), 0);
}

START_TEST(each_row)
{
	X509 *x = make(&cases[_i].f);

	if (cases[_i].f.says != 0)
		say_signed(x, cases[_i].f.says);
	x = again(x);
	run(&cases[_i].f, x);
	found_is(&set.found, cases[_i].want);
	findings_clear(&set.found);
	X509_free(x);
}
END_TEST

/* Every finding about the certificate says which: its subject and print. */
START_TEST(which_one)
{
	const struct facts f = {.is_ca = true};
	X509 *x = again(make(&f));
	const char *print;

	run(&f, x);
	ck_assert_uint_eq(set.found.n, 1);
	print = json_object_get_string(
	    json_object_object_get(set.found.v[0].args, "certificate"));
	ck_assert_ptr_nonnull(print);
	ck_assert_ptr_nonnull(strstr(print, "AB:AB:AB"));
	findings_clear(&set.found);
	X509_free(x);
}
END_TEST

/* Of many names five are told. */
START_TEST(many_names)
{
	const struct facts f = {
	    .san =
		"DNS:a.jp,DNS:b.jp,IP:::1,DNS:c.jp,DNS:d.jp,DNS:e.jp,DNS:f.jp"};
	const struct facts five = {
	    .san = "DNS:a.jp,DNS:b.jp,DNS:c.jp,DNS:d.jp,DNS:e.jp,DNS:f.jp"};
	X509 *x = again(make(&f));

	run(&f, x);
	ck_assert_str_eq(json_object_get_string(json_object_object_get(
			     set.found.v[0].args, "names")),
	    "a.jp, b.jp, c.jp, d.jp");
	findings_clear(&set.found);
	X509_free(x);
	x = again(make(&five));
	run(&five, x);
	ck_assert_str_eq(json_object_get_string(json_object_object_get(
			     set.found.v[0].args, "names")),
	    "a.jp, b.jp, c.jp, d.jp, e.jp");
	findings_clear(&set.found);
	X509_free(x);
}
END_TEST

/* Names that would not fit into a sentence are cut, not left out. */
START_TEST(long_names)
{
	char san[1200], label[64];
	struct facts f = {.san = san};
	const char *names;
	size_t len;
	X509 *x;

	memset(label, 'x', 60);
	label[60] = '\0';
	len = (size_t)snprintf(san, sizeof(san), "DNS:a.jp");
	for (int i = 0; i < 4; i++)
		len += (size_t)snprintf(san + len, sizeof(san) - len,
		    ",DNS:%s.%s.%s.%s.jp", label, label, label, label);
	x = again(make(&f));
	run(&f, x);
	ck_assert_uint_eq(set.found.n, 1);
	names = json_object_get_string(
	    json_object_object_get(set.found.v[0].args, "names"));
	ck_assert_int_eq(strncmp(names, "a.jp, xxxx", 10), 0);
	ck_assert_uint_le(strlen(names), PKI_NAME_MAX);
	findings_clear(&set.found);
	X509_free(x);
}
END_TEST

/* Rows of the certificate and of the chain; trusted is what the roots say. */
START_TEST(a_pair)
{
	const struct facts f = {.is_ca = true}, old = {.to = -DAY};
	X509 *x = again(make(&f)), *y = again(make(&old));
	struct pki_cert leaf = {.x = x, .is_ca = true}, above = {.x = y};
	struct pki_pair pair = {
	    .leaf = &leaf, .chain = {&above}, .n_chain = 1, .trusted = 1};
	const struct pki_input in = {.now = NOW, .hostname = HOST};
	size_t i, seen = 0;

	findings_init(&set.found);
	check_pair(&set, &pair, &in);
	for (i = 0; i < set.found.n; i++)
		seen += set.found.v[i].code == ERR_CERT_IS_CA ||
			set.found.v[i].code == ERR_CHAIN_EXPIRED;
	ck_assert_uint_eq(seen, 2);
	ck_assert_int_eq(pair.trusted, 0); /* its root is none of ours */
	findings_clear(&set.found);
	findings_init(&set.found);
	pair.trusted = -1;
	check_pair(&set, &pair, &in);
	ck_assert_int_eq(pair.trusted, -1);
	findings_clear(&set.found);
	X509_free(x);
	X509_free(y);
}
END_TEST

/* A root of the system, and nothing wrong on the way to it. */
START_TEST(is_trusted)
{
	const struct facts good = {0}, old = {.from = -9 * DAY, .to = -DAY};
	X509 *x = again(make(_i & 4 ? &old : &good));
	struct pki_cert leaf = {.x = x};
	struct pki_pair pair = {
	    .leaf = &leaf, .trusted = _i & 1, .root_trusted = (_i & 2) != 0};
	const struct pki_input in = {.now = NOW, .hostname = HOST};

	findings_init(&set.found);
	check_pair(&set, &pair, &in);
	ck_assert_int_eq(pair.trusted, (_i & ~1) == 2);
	findings_clear(&set.found);
	X509_free(x);
}
END_TEST

START_TEST(weak_keys)
{
	EVP_PKEY *small = EVP_RSA_gen(1024);
	const struct facts f = {0};
	const struct pki_input in = {.now = NOW};
	struct pki_key of_pair = {.pkey = small};
	X509 *x = again(make(&f));
	struct pki_cert leaf = {.x = x};
	struct pki_pair pair = {.leaf = &leaf, .trusted = -1, .key = &of_pair};

	findings_init(&set.found);
	check_key(&set, key, &in);
	ck_assert_uint_eq(set.found.n, 0);
	check_key(&set, small, &in);
	ck_assert_uint_ge(set.found.n, 1);
	ck_assert_int_eq(set.found.v[0].code, ERR_KEY_WEAK);
	findings_clear(&set.found);
	/* The pair's key, not the one in the certificate. */
	findings_init(&set.found);
	check_pair(&set, &pair, &in);
	ck_assert_uint_ge(set.found.n, 1);
	ck_assert_int_eq(set.found.v[0].code, ERR_KEY_WEAK);
	findings_clear(&set.found);
	X509_free(x);
	EVP_PKEY_free(small);
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("certcheck");

	tcase_add_unchecked_fixture(t, make_key, free_key);
	tcase_add_loop_test(t, each_row, 0, N(cases));
	tcase_add_test(t, which_one);
	tcase_add_test(t, many_names);
	tcase_add_test(t, long_names);
	tcase_add_test(t, a_pair);
	tcase_add_loop_test(t, is_trusted, 0, 8);
	tcase_add_test(t, weak_keys);
	return suite_run("certcheck", t) == 0 ? 0 : 1;
}
