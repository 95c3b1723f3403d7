/*
 * bench_pki.c - what an inspection costs, against the bare OpenSSL calls.
 *
 * usage: bench_pki CORPUS [RUNS]; CORPUS as written by make-corpus.
 * A three-certificate chain with an RSA key: leaf, two issuers, trusted root.
 *   bare       parse, pair, verify, load, two handshakes: nothing around it
 *   inspect    pki_inspect in this process
 *   jailed     pki_inspect_jailed as user nobody, sandbox and all
 *   fork       a fork and an exit, for comparison
 *   fork+jail  the same, becoming nobody and entering the sandbox
 * One line each: name, least and median time, median CPU time (that of the
 * children too), in microseconds.  CPU time is what a busy machine leaves
 * comparable.
 */
#include <sys/resource.h>
#include <sys/wait.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "pki.h"
#include "sandbox.h"

#define RUNS_MAX      1000
#define SIZE_MAX_FILE (64 * 1024)

enum row { BARE, INSPECT, FORK, FORK_JAIL, JAILED, JAILED_ROOTS, N_ROWS };

struct files {
	struct pki_bytes leaf, key, ca, roots;
};

static struct pki_bytes
slurp(const char *dir, const char *name)
{
	struct pki_bytes b = {NULL, 0};
	char path[512], *data = malloc(SIZE_MAX_FILE);
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (data == NULL || (f = fopen(path, "rb")) == NULL) {
		perror(path);
		exit(1);
	}
	b.len = fread(data, 1, SIZE_MAX_FILE, f);
	b.data = data;
	fclose(f);
	return b;
}

static BIO *
open_bytes(const struct pki_bytes *b)
{
	return BIO_new_mem_buf(b->data, (int)b->len);
}

static X509 *
read_cert(BIO *bio)
{
	return PEM_read_bio_X509(bio, NULL, NULL, NULL);
}

static int
handshake(SSL_CTX *sc, SSL_CTX *cc, int version)
{
	SSL *s = SSL_new(sc), *c = SSL_new(cc);
	BIO *a = NULL, *b = NULL;
	int i, rs = 0, rc = 0;

	SSL_set_min_proto_version(c, version);
	SSL_set_max_proto_version(c, version);
	BIO_new_bio_pair(&a, 32768, &b, 32768);
	SSL_set_bio(s, a, a);
	SSL_set_bio(c, b, b);
	for (i = 0; i < 8 && (rs != 1 || rc != 1); i++) {
		rc = SSL_connect(c);
		rs = SSL_accept(s);
	}
	SSL_free(s);
	SSL_free(c);
	return rs == 1 && rc == 1 ? 0 : -1;
}

/* The least that does the job. */
static int
bare(const struct files *f)
{
	BIO *lb = open_bytes(&f->leaf), *kb = open_bytes(&f->key);
	BIO *cb = open_bytes(&f->ca), *rb = open_bytes(&f->roots);
	X509 *leaf = read_cert(lb), *root = read_cert(rb), *x;
	EVP_PKEY *key = PEM_read_bio_PrivateKey(kb, NULL, NULL, NULL);
	STACK_OF(X509) *chain = sk_X509_new_null();
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *v = X509_STORE_CTX_new();
	SSL_CTX *sc = SSL_CTX_new(TLS_server_method());
	SSL_CTX *cc = SSL_CTX_new(TLS_client_method());
	int rc = -1;

	while ((x = read_cert(cb)) != NULL)
		sk_X509_push(chain, x);
	ERR_clear_error();
	X509_STORE_add_cert(store, root);
	X509_STORE_CTX_init(v, store, leaf, chain);
	SSL_CTX_set_num_tickets(sc, 0);
	SSL_CTX_set_security_level(cc, 2);
	if (EVP_PKEY_eq(X509_get0_pubkey(leaf), key) == 1 &&
	    X509_verify_cert(v) == 1 &&
	    SSL_CTX_use_cert_and_key(sc, leaf, key, chain, 1) == 1 &&
	    handshake(sc, cc, TLS1_2_VERSION) == 0 &&
	    handshake(sc, cc, TLS1_3_VERSION) == 0)
		rc = 0;
	SSL_CTX_free(sc);
	SSL_CTX_free(cc);
	X509_STORE_CTX_free(v);
	X509_STORE_free(store);
	sk_X509_pop_free(chain, X509_free);
	X509_free(leaf);
	X509_free(root);
	EVP_PKEY_free(key);
	BIO_free(lb);
	BIO_free(kb);
	BIO_free(cb);
	BIO_free(rb);
	return rc;
}

static void
fill(const struct files *f, struct pki_input *in)
{
	memset(in, 0, sizeof(*in));
	in->file[PKI_SERVER_CERTIFICATE] = f->leaf;
	in->file[PKI_PRIVATE_KEY] = f->key;
	in->file[PKI_CA_CERTIFICATE] = f->ca;
	in->hostname = "mx.example.jp";
	in->now = time(NULL);
}

static int
inspect(const struct files *f, bool jailed, bool system_roots)
{
	const struct pki_jail jail = {
	    .user = geteuid() == 0 ? "nobody" : NULL, .timeout_ms = 0};
	struct pki_output out;
	struct pki_input in;
	struct err e;
	int rc;

	fill(f, &in);
	if (!system_roots)
		in.roots = f->roots;
	pki_output_init(&out);
	rc = jailed ? pki_inspect_jailed(&jail, &in, &out, &e)
		    : pki_inspect(&in, &out, &e);
	if (out.chain.len == 0)
		rc = -1;
	pki_output_clear(&out);
	return rc;
}

static int
run_inspect(const struct files *f)
{
	return inspect(f, false, false);
}

static int
run_jailed(const struct files *f)
{
	return inspect(f, true, false);
}

static int
run_jailed_system(const struct files *f)
{
	return inspect(f, true, true);
}

static int
fork_and(bool jail)
{
	struct err e;
	int status;
	pid_t pid;

	if ((pid = fork()) == 0) {
		if (jail && ((geteuid() == 0 &&
				 sandbox_drop_user("nobody", &e) == -1) ||
				sandbox_enter(SANDBOX_INSPECT, NULL, &e) == -1))
			_exit(1);
		_exit(0);
	}
	if (pid == -1 || waitpid(pid, &status, 0) != pid)
		return -1;
	return status == 0 ? 0 : -1;
}

static int
run_fork(const struct files *f)
{
	return fork_and(false);
}

static int
run_fork_jail(const struct files *f)
{
	return fork_and(true);
}

static double
cpu_us(void)
{
	struct rusage self, children;

	getrusage(RUSAGE_SELF, &self);
	getrusage(RUSAGE_CHILDREN, &children);
	return (double)(self.ru_utime.tv_sec + self.ru_stime.tv_sec +
			children.ru_utime.tv_sec + children.ru_stime.tv_sec) *
		   1e6 +
	       (double)(self.ru_utime.tv_usec + self.ru_stime.tv_usec +
			children.ru_utime.tv_usec + children.ru_stime.tv_usec);
}

static double
wall_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
run_once(const char *name, int (*fn)(const struct files *),
    const struct files *f, double *wall, double *cpu)
{
	double w = wall_us(), c = cpu_us();

	if (fn(f) != 0) {
		fprintf(stderr, "bench_pki: %s failed\n", name);
		exit(1);
	}
	*cpu = cpu_us() - c;
	*wall = wall_us() - w;
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*fn)(const struct files *);
	} rows[N_ROWS] = {
	    [BARE] = {"bare", bare},
	    [INSPECT] = {"inspect", run_inspect},
	    [FORK] = {"fork", run_fork},
	    [FORK_JAIL] = {"fork+jail", run_fork_jail},
	    [JAILED] = {"jailed", run_jailed},
	    [JAILED_ROOTS] = {"jailed+roots", run_jailed_system},
	};
	static double wall[N_ROWS][RUNS_MAX], cpu[N_ROWS][RUNS_MAX];
	struct files f;
	int r, runs = argc > 2 ? atoi(argv[2]) : 200;
	size_t i;

	if (argc < 2 || runs < 1 || runs > RUNS_MAX) {
		fprintf(stderr, "usage: bench_pki CORPUS [RUNS]\n");
		return 1;
	}
	f.leaf = slurp(argv[1], "deep-rsa2048.pem");
	f.key = slurp(argv[1], "rsa2048.key");
	f.ca = slurp(argv[1], "ca21.pem");
	f.roots = slurp(argv[1], "root.pem");
	pki_warm_up();
	/* in turn, so that all rows see the same machine */
	for (r = 0; r < runs; r++)
		for (i = 0; i < N_ROWS; i++)
			run_once(rows[i].name, rows[i].fn, &f, &wall[i][r],
			    &cpu[i][r]);
	printf("%-14s %10s %10s %10s\n", "", "least", "median", "cpu");
	for (i = 0; i < N_ROWS; i++) {
		qsort(wall[i], (size_t)runs, sizeof(double), compare);
		qsort(cpu[i], (size_t)runs, sizeof(double), compare);
		printf("%-14s %10.0f %10.0f %10.0f\n", rows[i].name, wall[i][0],
		    wall[i][runs / 2], cpu[i][runs / 2]);
	}
	printf("cpu: inspect / bare = %.2f; (jailed - fork+jail) / bare = "
	       "%.2f\n",
	    cpu[INSPECT][runs / 2] / cpu[BARE][runs / 2],
	    (cpu[JAILED][runs / 2] - cpu[FORK_JAIL][runs / 2]) /
		cpu[BARE][runs / 2]);
	return 0;
}
