/*
 * test_webauthn.c - answers of passkeys: what is good, what is bad in one
 * point, what ends too early.
 */
#include "../suite.h"
#include "authenticator.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static struct err err;
static const int algs[] = {-7, -8, -257};

static int
create(struct answer *a, struct passkey *k)
{
	const struct webauthn_want w = {"webauthn.create", CHALLENGE, ORIGIN};

	err_clear(&err);
	return webauthn_create(
	    &w, a->client, a->data, a->key_text, a->alg, k, &err);
}

static int
get(const struct answer *a, const struct passkey *k)
{
	const struct webauthn_want w = {"webauthn.get", CHALLENGE, ORIGIN};
	int64_t counter = -1;
	int rc;

	err_clear(&err);
	rc = webauthn_get(
	    &w, k, a->client, a->data, a->signature, &counter, &err);
	if (rc == -1)
		ck_assert_int_eq(err.code, ERR_AUTH_PASSKEY);
	else
		ck_assert_int_eq(counter, a->counter);
	return rc;
}

static struct passkey
made(EVP_PKEY *key, int alg)
{
	struct answer a = good(key, alg);
	struct passkey k;

	a.type = "webauthn.create";
	a.flags |= AT;
	speak(&a);
	ck_assert_msg(create(&a, &k) == 0, "%s", err.msg);
	ck_assert_int_eq(k.counter, 7);
	ck_assert_str_eq(k.credential, "WlpaWlpaWlpaWlpaWlpaWg");
	return k;
}

/* Each kind of key: made, and signs; and each point, wrong alone. */
START_TEST(one_point_wrong)
{
	static const struct {
		const char *type, *challenge, *origin, *more, *rp;
		int flags;
		size_t extra;
	} bad[] = {
	    {"webauthn.create", NULL, NULL, NULL, NULL, UP | UV, 0},
	    {"", NULL, NULL, NULL, NULL, UP | UV, 0},
	    {NULL, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9", NULL, NULL,
		NULL, UP | UV, 0},
	    {NULL, "", NULL, NULL, NULL, UP | UV, 0},
	    {NULL, NULL, "https://mx.example.test", NULL, NULL, UP | UV, 0},
	    {NULL, NULL, "http://mx.example.test:8443", NULL, NULL, UP | UV, 0},
	    {NULL, NULL, "https://evil.test:8443", NULL, NULL, UP | UV, 0},
	    {NULL, NULL, "https://mx.example.test:8443.evil.test", NULL, NULL,
		UP | UV, 0},
	    {NULL, NULL, "https://MX.example.test:8443", NULL, NULL, UP | UV,
		0},
	    {NULL, NULL, NULL, ",\"crossOrigin\":true", NULL, UP | UV, 0},
	    {NULL, NULL, NULL, ",\"crossOrigin\":\"no\"", NULL, UP | UV, 0},
	    {NULL, NULL, NULL, ",\"origin\":7", NULL, UP | UV, 0},
	    {NULL, NULL, NULL, ",", NULL, UP | UV, 0},
	    {NULL, NULL, NULL, "}{", NULL, UP | UV, 0},
	    {NULL, NULL, NULL, NULL, "evil.test", UP | UV, 0},
	    {NULL, NULL, NULL, NULL, "mx.example.test:8443", UP | UV, 0},
	    {NULL, NULL, NULL, NULL, "example.test", UP | UV, 0},
	    {NULL, NULL, NULL, NULL, NULL, UP, 0},
	    {NULL, NULL, NULL, NULL, NULL, UV, 0},
	    {NULL, NULL, NULL, NULL, NULL, 0, 0},
	    {NULL, NULL, NULL, NULL, NULL, UP | UV | BS, 0},
	    {NULL, NULL, NULL, NULL, NULL, UP | UV | AT, 0},
	    {NULL, NULL, NULL, NULL, NULL, UP | UV | ED, 0},
	    {NULL, NULL, NULL, NULL, NULL, UP | UV, 1},
	};
	EVP_PKEY *key = key_of(algs[_i]), *other = key_of(algs[_i]);
	struct passkey k = made(key, algs[_i]);
	struct answer a = good(key, algs[_i]);

	speak(&a);
	ck_assert_msg(get(&a, &k) == 0, "%s", err.msg);
	a.flags = UP | UV | BE | BS;
	speak(&a);
	ck_assert_int_eq(get(&a, &k), 0);
	a.flags = UP | UV | ED;
	a.extra = 9;
	speak(&a);
	ck_assert_int_eq(get(&a, &k), 0);
	for (size_t i = 0; i < N(bad); i++) {
		a = good(key, algs[_i]);
		a.type = bad[i].type != NULL ? bad[i].type : a.type;
		a.challenge =
		    bad[i].challenge != NULL ? bad[i].challenge : a.challenge;
		a.origin = bad[i].origin != NULL ? bad[i].origin : a.origin;
		a.more = bad[i].more != NULL ? bad[i].more : a.more;
		a.rp = bad[i].rp != NULL ? bad[i].rp : a.rp;
		a.flags = bad[i].flags;
		a.extra = bad[i].extra;
		speak(&a);
		ck_assert_msg(get(&a, &k) == -1, "%zu", i);
	}
	a = good(other, algs[_i]);
	speak(&a);
	ck_assert_int_eq(get(&a, &k), -1);
	/* The key is not what it was registered as. */
	a = good(key, algs[_i]);
	speak(&a);
	k.alg = algs[(_i + 1) % 3];
	err_clear(&err);
	ck_assert_int_eq(
	    webauthn_get(
		&(struct webauthn_want){"webauthn.get", CHALLENGE, ORIGIN}, &k,
		a.client, a.data, a.signature, &(int64_t){0}, &err),
	    -1);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}
END_TEST

/* Of each text of an answer all beginnings, and each bit of it turned. */
static void
cut(char *text, struct answer *a, const struct passkey *k, struct passkey *new,
    int *tries)
{
	unsigned char raw[2048], was;
	char whole[2048];
	int n;

	snprintf(whole, sizeof(whole), "%s", text);
	ck_assert_int_gt(n = b64url_read(whole, raw, sizeof(raw)), 0);
	for (int i = 0; i < n; i++, ++*tries) {
		b64url_write(raw, (size_t)i, text);
		ck_assert_msg(
		    (k != NULL ? get(a, k) : create(a, new)) == -1, "%d", i);
	}
	for (size_t i = 0; i < strlen(whole); i++, ++*tries) {
		snprintf(text, strlen(whole) + 1, "%.*s", (int)i, whole);
		ck_assert_int_eq(k != NULL ? get(a, k) : create(a, new), -1);
	}
	for (int i = 0; k != NULL && i < 8 * n; i++, ++*tries) {
		was = raw[i / 8];
		raw[i / 8] ^= (unsigned char)(1 << i % 8);
		b64url_write(raw, (size_t)n, text);
		ck_assert_msg(get(a, k) == -1, "bit %d", i);
		raw[i / 8] = was;
	}
	snprintf(text, sizeof(whole), "%s", whole);
}

START_TEST(cut_short)
{
	EVP_PKEY *key = key_of(algs[_i]);
	struct passkey k = made(key, algs[_i]), new;
	struct answer a = good(key, algs[_i]);
	int tries = 0;

	speak(&a);
	cut(a.client, &a, &k, NULL, &tries);
	cut(a.data, &a, &k, NULL, &tries);
	cut(a.signature, &a, &k, NULL, &tries);
	ck_assert_int_eq(get(&a, &k), 0);
	a.type = "webauthn.create";
	a.flags |= AT;
	speak(&a);
	cut(a.client, &a, NULL, &new, &tries);
	cut(a.key_text, &a, NULL, &new, &tries);
	/* Up to the key, of which one byte is looked for. */
	for (int i = 0; i <= 37 + 18 + 16; i++, tries++) {
		unsigned char raw[2048];

		ck_assert_int_gt(b64url_read(a.data, raw, sizeof(raw)), i);
		struct answer b = a;
		b64url_write(raw, (size_t)i, b.data);
		ck_assert_int_eq(create(&b, &new), -1);
	}
	ck_assert_int_eq(create(&a, &new), 0);
	printf("%d answers cut or turned: none accepted\n", tries);
	EVP_PKEY_free(key);
}
END_TEST

/* Keys of other kinds, and those that are weak. */
START_TEST(other_keys)
{
	static const struct {
		const char *kind;
		int alg;
	} bad[] = {{"P-384", -7}, {"secp256k1", -7}, {"P-256", -8},
	    {"P-256", -257}, {"P-256", 0}, {"P-256", -35}, {"1024", -257},
	    {"2048", -7}, {"ED25519", -7}, {"X25519", -8}};
	const char *kind = bad[_i].kind;
	struct passkey k;
	struct answer a;
	EVP_PKEY *key = key_of(-7), *odd;

	odd = kind[0] == '1' || kind[0] == '2'
		  ? EVP_RSA_gen((unsigned int)atoi(kind))
	      : strcmp(kind + 1, "25519") == 0 || kind[0] == 'E'
		  ? EVP_PKEY_Q_keygen(NULL, NULL, kind)
		  : EVP_EC_gen(kind);
	ck_assert_ptr_nonnull(odd);
	a = good(key, -7);
	a.type = "webauthn.create";
	a.flags |= AT;
	speak(&a);
	if (odd != NULL) {
		unsigned char *der = NULL;
		int len = i2d_PUBKEY(odd, &der);

		b64url_write(der, (size_t)len, a.key_text);
		OPENSSL_free(der);
	}
	a.alg = bad[_i].alg;
	ck_assert_int_eq(create(&a, &k), -1);
	EVP_PKEY_free(key);
	EVP_PKEY_free(odd);
}
END_TEST

START_TEST(base64url)
{
	static const char *const bad[] = {"A", "AB", "AAB",
	    "A+==", "AA==", "AA A", "AA\n", "\xc3\xa9", "AAAAA"};
	unsigned char raw[3];
	char text[8];

	for (size_t i = 0; i < N(bad); i++)
		ck_assert_msg(b64url_read(bad[i], raw, 3) == -1, "%s", bad[i]);
	ck_assert_int_eq(b64url_read("AAAA", raw, 2), -1);
	ck_assert_int_eq(b64url_read("", raw, 3), 0);
	ck_assert_int_eq(b64url_read("_-8", raw, 3), 2);
	ck_assert(raw[0] == 0xff && raw[1] == 0xef);
	b64url_write(raw, 2, text);
	ck_assert_str_eq(text, "_-8");
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, one_point_wrong, 0, N(algs));
	tcase_add_loop_test(t, cut_short, 0, N(algs));
	tcase_add_loop_test(t, other_keys, 0, 10);
	tcase_add_test(t, base64url);
	return suite_run("webauthn", t);
}
