/*
 * test_mutate.c - good files with something broken: never a crash, never an
 * acceptance that a handshake then contradicts.
 *
 * The random numbers are ours and seeded, so a failure can be repeated.
 * PKI_MUTATIONS sets the number for each file (100).
 */
#include "../suite.h"
#include "pki_test.h"

#define MUTATIONS 100

static char dir[700];

static const struct target {
	const char *file; /* the one that is broken */
	enum pki_field field;
	const char *other; /* the whole partner, or NULL */
	enum pki_field other_field;
	const char *pass;
} targets[] = {
    {"stored-rsa2048.pem", PKI_SERVER_CERTIFICATE, NULL, 0, NULL},
    {"stored-p256.pem", PKI_PRIVATE_KEY, NULL, 0, NULL},
    {"ca-p384.der", PKI_SERVER_CERTIFICATE, "p384.key", PKI_PRIVATE_KEY, NULL},
    {"rsa2048.p8.der", PKI_PRIVATE_KEY, "ca-rsa2048.pem",
	PKI_SERVER_CERTIFICATE, NULL},
    {"p256.p8.der", PKI_PRIVATE_KEY, "ca-p256.pem", PKI_SERVER_CERTIFICATE,
	NULL},
    {"p256.nomac.p12", PKI_SERVER_CERTIFICATE, NULL, 0, "geheim"},
    {"rsa2048.legacy.p12", PKI_PRIVATE_KEY, NULL, 0, "geheim"},
    {"ca-p256.p7.der", PKI_SERVER_CERTIFICATE, "p256.key", PKI_PRIVATE_KEY,
	NULL},
    {"p384.enc.pem", PKI_PRIVATE_KEY, "ca-p384.pem", PKI_SERVER_CERTIFICATE,
	"geheim"},
    {"ca-ed25519.utf16le.pem", PKI_SERVER_CERTIFICATE, "ed25519.key",
	PKI_PRIVATE_KEY, NULL},
};
#define N_TARGETS (sizeof(targets) / sizeof(targets[0]))

struct rng {
	uint64_t x;
};

static size_t
pick(struct rng *r, size_t below)
{
	r->x = r->x * 6364136223846793005ull + 1442695040888963407ull;
	return below == 0 ? 0 : (size_t)((r->x >> 33) % below);
}

/* *data holds len bytes and has room for as many again. */
static size_t
mutate(struct rng *r, unsigned char *data, size_t len)
{
	size_t a = pick(r, len), b = pick(r, len), n = 1 + pick(r, 40), i;
	unsigned char swap;

	if (n > len - a)
		n = len - a;
	switch (pick(r, 7)) {
	case 0: /* one bit */
		data[a] ^= (unsigned char)(1u << pick(r, 8));
		return len;
	case 1: /* some bytes */
		for (i = 0; i < 3; i++)
			data[pick(r, len)] = (unsigned char)pick(r, 256);
		return len;
	case 2: /* the end is missing */
		return a;
	case 3: /* a piece is missing */
		memmove(data + a, data + a + n, len - a - n);
		return len - n;
	case 4: /* a piece is there twice */
		memmove(data + a + n, data + a, len - a);
		return len + n;
	case 5: /* two bytes change places */
		swap = data[a];
		data[a] = data[b];
		data[b] = swap;
		return len;
	default: /* a length grows or shrinks */
		data[a] = (unsigned char)(data[a] + (pick(r, 2) ? 1 : 255));
		return len;
	}
}

static int
mutations(void)
{
	const char *n = getenv("PKI_MUTATIONS");

	if (n != NULL && atoi(n) > 0)
		return atoi(n);
	return under_valgrind() ? 3 : MUTATIONS;
}

static void
inspect(const struct pki_input *in, const char *name, int i, int *accepted)
{
	struct pki_output out;
	struct err e;

	err_clear(&e);
	pki_output_init(&out);
	ck_assert_msg(
	    pki_inspect(in, &out, &e) == 0, "%s %d: %s", name, i, e.msg);
	ck_assert((out.chain.len > 0) ==
		  (strcmp(verdict_of(out.report), "refuse") != 0));
	if (out.chain.len > 0) {
		(*accepted)++;
		ck_assert_msg(shakes(&out.chain, TLS1_2_VERSION) &&
				  shakes(&out.chain, TLS1_3_VERSION),
		    "%s, mutation %d: accepted, and the handshake fails", name,
		    i);
	}
	pki_output_clear(&out);
}

START_TEST(test_file)
{
	const struct target *t = &targets[_i];
	struct pki_input in = {.roots = {"", 0}};
	struct pki_bytes good, other = {NULL, 0};
	struct rng r = {(uint64_t)_i + 1};
	unsigned char *data, *copy;
	int i, accepted = 0;
	size_t len;

	good = slurp(dir, t->file);
	if (t->other != NULL)
		in.file[t->other_field] = other = slurp(dir, t->other);
	in.passphrase = t->pass;
	in.now = time(NULL);
	in.file[t->field] = good;
	inspect(&in, t->file, -1, &accepted);
	ck_assert_msg(accepted == 1, "%s as it is: refused", t->file);
	data = malloc(good.len * 2 + 1);
	ck_assert_ptr_nonnull(data);
	for (i = 0; i < mutations(); i++) {
		memcpy(data, good.data, good.len);
		len = mutate(&r, data, good.len);
		copy = malloc(len > 0 ? len : 1);
		ck_assert_ptr_nonnull(copy);
		memcpy(copy, data, len);
		in.file[t->field].data = copy;
		in.file[t->field].len = len;
		inspect(&in, t->file, i, &accepted);
		free(copy);
	}
	/* changes in text between blocks, or none at all, are no fault */
	ck_assert_msg(accepted < mutations(), "%s: nothing refused", t->file);
	free(data);
	free((void *)good.data);
	free((void *)other.data);
}
END_TEST

int
main(int argc, char **argv)
{
	TCase *t = tcase_create("files");

	corpus_dir(argv[0], dir, sizeof(dir));
	pki_warm_up();
	tcase_set_timeout(t, 600);
	tcase_add_loop_test(t, test_file, 0, (int)N_TARGETS);
	return suite_run("pki mutations", t) == 0 ? 0 : 1;
}
