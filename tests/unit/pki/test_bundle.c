/*
 * Bundles: what is sealed for one host opens there and nowhere else; another
 * signer, host, cluster and an older generation are refused.  Bytes that no
 * console sealed are in test_bundle_forged.c.
 */
#include <stdio.h>

#include "../suite.h"
#include "bundle_test.h"
#include "ipc.h"

START_TEST(opens_at_its_host_alone)
{
	static const struct {
		const char *cluster, *host;
		int64_t have;
		bool other_key, other_console;
		enum err_code want;
	} t[] = {
	    {CLUSTER, "mx1", 6, false, false, ERR_NONE},
	    {CLUSTER, "mx1", 0, false, false, ERR_NONE},
	    {CLUSTER, "mx1", 7, false, false, ERR_BUNDLE_REPLAYED},
	    {CLUSTER, "mx1", 8, false, false, ERR_BUNDLE_REPLAYED},
	    {CLUSTER, "mx1", INT32_MAX, false, false, ERR_BUNDLE_REPLAYED},
	    {CLUSTER, "mx2", 6, false, false, ERR_BUNDLE_TARGET},
	    {CLUSTER, "mx", 6, false, false, ERR_BUNDLE_TARGET},
	    {CLUSTER, "", 6, false, false, ERR_BUNDLE_TARGET},
	    {"f123456789abcdef0123456789abcdef", "mx1", 6, false, false,
		ERR_BUNDLE_TARGET},
	    {"", "mx1", 6, false, false, ERR_BUNDLE_TARGET},
	    {CLUSTER, "mx1", 6, true, false, ERR_BUNDLE_INVALID},
	    {CLUSTER, "mx1", 6, false, true, ERR_BUNDLE_FORGED},
	};
	struct who console, host, other;
	struct bundle_head want = {.own = false};
	enum err_code code;
	struct buf out;

	walls = true;
	who_new(&console, "console");
	who_new(&other, "other");
	if (_i == 0)
		who_new(&host, "mx1");
	else
		who_rsa(&host, 2048);
	buf_init(&out, BUNDLE_SEALED_MAX);
	ck_assert_int_eq(seal(&console, &host, "mx1", 7, &out), 0);
	ck_assert_ptr_null(memmem(out.data, out.len, "never in", 8));
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		want.cluster = t[i].cluster;
		want.host = t[i].host;
		want.generation = t[i].have;
		ck_assert_int_eq(
		    open_as(t[i].other_key ? &other : &host,
			t[i].other_console ? &other.id.certificate
					   : &console.id.certificate,
			&want, out.data, out.len, &code),
		    t[i].want == ERR_NONE ? 0 : -1);
		ck_assert_int_eq(code, t[i].want);
	}
	buf_clear(&out);
	who_clear(&console);
	who_clear(&host);
	who_clear(&other);
}
END_TEST

/* For one host alone is another count than for all. */
START_TEST(own_or_all)
{
	struct bundle_head want = {CLUSTER, "mx1", 1, false};
	struct who console, host;
	enum err_code code;
	struct buf out;

	walls = true;
	who_new(&console, "console");
	who_new(&host, "mx1");
	buf_init(&out, BUNDLE_SEALED_MAX);
	own = _i == 1;
	ck_assert_int_eq(seal(&console, &host, "mx1", 7, &out), 0);
	want.own = !own;
	ck_assert_int_eq(open_as(&host, &console.id.certificate, &want,
			     out.data, out.len, &code),
	    -1);
	ck_assert_int_eq(code, ERR_BUNDLE_TARGET);
	want.own = own;
	ck_assert_int_eq(open_as(&host, &console.id.certificate, &want,
			     out.data, out.len, &code),
	    0);
	buf_clear(&out);
	who_clear(&console);
	who_clear(&host);
}
END_TEST

/* The largest that can come: 10,000 networks and a long chain.  It has to go
 * through frames and etcd as base64. */
START_TEST(largest)
{
	const struct bundle_head head = {CLUSTER, "mx1", 7, false};
	const struct bundle_head want = {CLUSTER, "mx1", 1, false};
	const struct pki_jail jail = {
	    .user = geteuid() == 0 ? "nobody" : NULL, .timeout_ms = 0};
	struct json_object *body = body_new(), *list, *got = NULL;
	struct who console, host;
	struct pki_bytes sealed;
	char text[64], chain[88 * 1024];
	int64_t generation;
	struct buf out;
	struct err err;
	int i;

	list = json_object_new_array();
	for (i = 0; i < 10000; i++) {
		snprintf(text, sizeof(text),
		    "2001:0db8:1234:5678:9abc:def0:1234:%04x/128", i);
		json_object_array_add(list, json_object_new_string(text));
	}
	json_object_object_add(body, "list", list);
	memset(chain, 'A', sizeof(chain) - 1);
	chain[sizeof(chain) - 1] = '\0';
	json_object_object_add(body, "long", json_object_new_string(chain));
	who_new(&console, "console");
	who_new(&host, "mx1");
	buf_init(&out, BUNDLE_SEALED_MAX);
	ck_assert_int_eq(bundle_seal(&head, body, &console.id,
			     &host.id.certificate, &out, &err),
	    0);
	ck_assert_uint_lt(
	    (size_t)BUNDLE_SEALED_MAX * 4 / 3 + 4096, (size_t)IPC_FRAME_MAX);
	sealed.data = out.data;
	sealed.len = out.len;
	ck_assert_int_eq(
	    bundle_open_jailed(&jail, &sealed, &host.id,
		&console.id.certificate, &want, &generation, &got, &err),
	    0);
	ck_assert(json_object_equal(body, got));
	json_object_put(got);
	json_object_put(body);
	buf_clear(&out);
	who_clear(&console);
	who_clear(&host);
}
END_TEST

/* A child without time is the bundle's fault; the caller lives. */
START_TEST(slow_child)
{
	const struct bundle_head want = {CLUSTER, "mx1", 1, false};
	struct pki_jail jail = {
	    .user = geteuid() == 0 ? "nobody" : NULL, .timeout_ms = 1};
	struct who console, host;
	struct json_object *body = NULL;
	struct pki_bytes sealed;
	int64_t generation;
	struct buf out;
	struct err err;

	who_new(&console, "console");
	who_rsa(&host, 4096);
	buf_init(&out, BUNDLE_SEALED_MAX);
	ck_assert_int_eq(seal(&console, &host, "mx1", 7, &out), 0);
	sealed.data = out.data;
	sealed.len = out.len;
	ck_assert_int_eq(
	    bundle_open_jailed(&jail, &sealed, &host.id,
		&console.id.certificate, &want, &generation, &body, &err),
	    -1);
	/* late with its answer, or with its walls already */
	ck_assert(err.code == ERR_BUNDLE_INVALID || err.code == ERR_CONFIG);
	ck_assert_ptr_null(body);
	sealed.len = BUNDLE_SEALED_MAX + 1;
	ck_assert_int_eq(
	    bundle_open_jailed(&jail, &sealed, &host.id,
		&console.id.certificate, &want, &generation, &body, &err),
	    -1);
	buf_clear(&out);
	who_clear(&console);
	who_clear(&host);
}
END_TEST

/* Any of several trusted consoles may sign. */
START_TEST(two_consoles)
{
	const struct bundle_head want = {CLUSTER, "mx1", 1, false};
	struct who a, b, host;
	struct pki_bytes both;
	struct buf pem, out;
	enum err_code code;

	walls = true;
	who_new(&a, "a");
	who_new(&b, "b");
	who_new(&host, "mx1");
	buf_init(&pem, BUNDLE_PEM_MAX);
	buf_init(&out, BUNDLE_SEALED_MAX);
	buf_add(&pem, a.cert.data, a.cert.len);
	buf_add(&pem, b.cert.data, b.cert.len);
	both.data = pem.data;
	both.len = pem.len;
	ck_assert_int_eq(seal(&b, &host, "mx1", 2, &out), 0);
	ck_assert_int_eq(
	    open_as(&host, &both, &want, out.data, out.len, &code), 0);
	ck_assert_int_eq(
	    open_as(&host, &a.id.certificate, &want, out.data, out.len, &code),
	    -1);
	ck_assert_int_eq(code, ERR_BUNDLE_FORGED);
	both.len = 0;
	ck_assert_int_eq(
	    open_as(&host, &both, &want, out.data, out.len, &code), -1);
	buf_clear(&pem);
	buf_clear(&out);
	who_clear(&a);
	who_clear(&b);
	who_clear(&host);
}
END_TEST

START_TEST(identities)
{
	static const struct {
		const char *name;
		bool ok;
	} names[] = {{"a", true}, {"mx1.example.test", true}, {"0", true},
	    {"a_b-c", true}, {"", false}, {"-a", false}, {".a", false},
	    {"_a", false}, {"A", false}, {"a/b", false}, {"a b", false},
	    {"a\n", false}, {"\xc3\xa4", false}, {"..", false}};
	static const char *const bad[] = {"", "x",
	    "-----BEGIN CERTIFICATE-----",
	    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"};
	char sha256[SHA256_HEX], again[SHA256_HEX], name[80];
	struct pki_bytes pem;
	struct who w, weak;
	struct buf clean;
	struct err err;

	buf_init(&clean, BUNDLE_PEM_MAX);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ck_assert_int_eq(bundle_name_valid(names[i].name), names[i].ok);
	memset(name, 'a', sizeof(name));
	name[64] = '\0';
	ck_assert(!bundle_name_valid(name));
	name[63] = '\0';
	ck_assert(bundle_name_valid(name));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		pem.data = bad[i];
		pem.len = strlen(bad[i]);
		ck_assert_int_eq(
		    bundle_identity_check(&pem, &clean, sha256, &err), -1);
		ck_assert_int_eq(err.code, ERR_SCANNER_IDENTITY);
	}
	who_rsa(&weak, 1024);
	ck_assert_int_eq(
	    bundle_identity_check(&weak.id.certificate, &clean, sha256, &err),
	    -1);
	who_new(&w, "mx1");
	ck_assert_int_eq(
	    bundle_identity_check(&w.id.certificate, &clean, sha256, &err), 0);
	ck_assert_int_eq(strlen(sha256), 64);
	who_clear(&w);
	who_new(&w, "mx1");
	ck_assert_int_eq(
	    bundle_identity_check(&w.id.certificate, &clean, again, &err), 0);
	ck_assert_str_ne(sha256, again);
	buf_clear(&clean);
	who_clear(&w);
	who_clear(&weak);
}
END_TEST

static bool
verified(const struct who *w, const char *text, const struct buf *sig, size_t n)
{
	struct bundle_signed v = {w->id.certificate, {text, strlen(text)},
	    {sig->data, n}, BUNDLE_SIGNED};

	ck_assert_int_eq(bundle_verify(&v, 1, 0, NULL), 0);
	return v.said == BUNDLE_SIGNED;
}

START_TEST(signatures)
{
	struct who a, b;
	struct buf sig;
	struct err err;

	who_new(&a, "a");
	who_new(&b, "b");
	buf_init(&sig, BUNDLE_SIGNATURE_MAX);
	ck_assert_int_eq(bundle_sign(&a.id.key, "{\"g\":1}", &sig, &err), 0);
	ck_assert(verified(&a, "{\"g\":1}", &sig, sig.len));
	ck_assert(!verified(&a, "{\"g\":2}", &sig, sig.len));
	ck_assert(!verified(&b, "{\"g\":1}", &sig, sig.len));
	for (size_t i = 0; i < sig.len; i++) {
		sig.data[i] ^= 4;
		ck_assert(!verified(&a, "{\"g\":1}", &sig, sig.len));
		sig.data[i] ^= 4;
		ck_assert(!verified(&a, "{\"g\":1}", &sig, i));
	}
	buf_clear(&sig);
	who_clear(&a);
	who_clear(&b);
}
END_TEST

/* Many reports, a child each; each answer is its row's own. */
START_TEST(many_signatures)
{
	static const char text[] = "{\"name\":\"mx1\"}";
	struct bundle_signed v[201];
	struct buf sig, junk;
	struct who a, b;
	size_t i;

	who_new(&a, "a");
	who_new(&b, "b");
	buf_init(&sig, BUNDLE_SIGNATURE_MAX);
	buf_init(&junk, 8192);
	while (junk.len < 8000)
		ck_assert_int_eq(buf_addc(&junk, 'x'), 0);
	ck_assert_int_eq(bundle_sign(&a.id.key, text, &sig, NULL), 0);
	memset(v, 0, sizeof(v));
	for (i = 0; i < 201; i++) {
		v[i].said = BUNDLE_SIGNED;
		if (i % 7 == 3)
			continue; /* nothing was sent */
		v[i].certificates =
		    i % 5 == 0 ? b.id.certificate : a.id.certificate;
		v[i].text = (struct pki_bytes){text, strlen(text)};
		v[i].signature = (struct pki_bytes){sig.data, sig.len};
		if (i % 11 == 0)
			v[i].text = (struct pki_bytes){junk.data, junk.len};
	}
	ck_assert_int_eq(bundle_verify(v, 201, 30000, NULL), 0);
	for (i = 0; i < 201; i++)
		ck_assert_int_eq(v[i].said,
		    i % 7 != 3 && i % 5 != 0 && i % 11 != 0 ? BUNDLE_SIGNED
							    : BUNDLE_UNSIGNED);
	ck_assert_int_eq(bundle_verify(v, 0, 0, NULL), 0);
	buf_clear(&sig);
	buf_clear(&junk);
	who_clear(&a);
	who_clear(&b);
}
END_TEST

int
main(void)
{
	TCase *c = tcase_create("bundle");

	tcase_set_timeout(c, 120);
	tcase_add_checked_fixture(c, plain, NULL);
	tcase_add_loop_test(c, opens_at_its_host_alone, 0, 2);
	tcase_add_loop_test(c, own_or_all, 0, 2);
	tcase_add_test(c, largest);
	tcase_add_test(c, slow_child);
	tcase_add_test(c, two_consoles);
	tcase_add_test(c, identities);
	tcase_add_test(c, signatures);
	tcase_add_test(c, many_signatures);
	return suite_run("bundle", c) == 0 ? 0 : 1;
}
