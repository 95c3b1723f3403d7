/*
 * test_corpus.c - every case of tests/data/pki/make-corpus against
 * pki_inspect, and a sample of them in the jail.
 *
 * A case passes when its verdict is the expected one, all its codes are
 * there (with field and line where given), and nothing else of severity warn
 * or more is.  What is accepted must also survive a handshake that knows
 * nothing of src/pki.  PKI_CORPUS_SAMPLE=N runs each Nth case only.
 */
#include "../suite.h"
#include "pki_test.h"
#include "util.h"

#define CASES_MAX  2000
#define COLUMNS	   9
#define JAIL_EACH  12
#define JAIL_PARTS 4
#define BLOCK	   25
#define CASE_LINE  1024

enum column { ID, SERVER, KEY, CA, PASS, STORED, FLAGS, VERDICT, CODES };

struct pki_case {
	char line[CASE_LINE];
	char *col[COLUMNS];
};

static char dir[700];
static struct pki_case cases[CASES_MAX];
static int n_cases;

static void
read_cases(void)
{
	char path[800], *p;
	FILE *f;
	int i;

	snprintf(path, sizeof(path), "%s/cases.tsv", dir);
	if ((f = fopen(path, "r")) == NULL)
		exit(1);
	while (n_cases < CASES_MAX &&
	       fgets(cases[n_cases].line, CASE_LINE, f) != NULL) {
		p = cases[n_cases].line;
		p[strcspn(p, "\n")] = '\0';
		for (i = 0; i < COLUMNS; i++) {
			cases[n_cases].col[i] = p;
			p = strchr(p, '\t');
			if (p != NULL)
				*p++ = '\0';
			else if (i != COLUMNS - 1) {
				fprintf(stderr, "bad case: %s\n",
				    cases[n_cases].line);
				exit(1);
			}
		}
		n_cases++;
	}
	fclose(f);
}

struct loaded {
	struct pki_input in;
	struct pki_bytes roots;
	char flags[256];
	const char *confirm[1];
	const char *peers; /* files of roots, with "+" between them */
	int served;	   /* certificates in the chain, 0 = any number */
	char revoked_hex[65];
	struct pki_revoked revoked[2];
};

static struct pki_bytes
maybe(const char *name)
{
	struct pki_bytes none = {NULL, 0};

	return strcmp(name, "-") == 0 ? none : slurp(dir, name);
}

static X509 *
read_x509(const char *name)
{
	struct pki_bytes b = slurp(dir, name);
	BIO *bio = BIO_new_mem_buf(b.data, (int)b.len);
	X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	ck_assert_msg(x != NULL, "%s", name);
	BIO_free(bio);
	free((void *)b.data);
	return x;
}

static void
take_back(struct loaded *l, const char *name)
{
	X509 *x = read_x509(name);
	unsigned char md[32];

	X509_digest(x, EVP_sha256(), md, NULL);
	hex_encode(l->revoked_hex, md, sizeof(md));
	l->revoked[0].sha256 = l->revoked_hex;
	l->revoked[0].date = "2026-05-12";
	l->in.revoked = l->revoked;
	X509_free(x);
}

static void
read_flags(struct loaded *l)
{
	char *word, *save = NULL;

	for (word = strtok_r(l->flags, ",", &save); word != NULL;
	     word = strtok_r(NULL, ",", &save)) {
		if (strcmp(word, "partial") == 0)
			l->in.partial = true;
		else if (strcmp(word, "client") == 0)
			l->in.client = true;
		else if (strcmp(word, "dear") == 0)
			l->in.dear = true;
		else if (strncmp(word, "now=", 4) == 0)
			l->in.now += atol(word + 4) * 86400;
		else if (strcmp(word, "roots=none") == 0)
			l->in.roots.len = 0;
		else if (strncmp(word, "roots=", 6) == 0) {
			free((void *)l->roots.data);
			l->in.roots = l->roots = slurp(dir, word + 6);
		} else if (strncmp(word, "host=", 5) == 0)
			l->in.hostname = word[5] == '-' ? NULL : word + 5;
		else if (strncmp(word, "confirm=", 8) == 0) {
			l->confirm[0] = word + 8;
			l->in.confirm = l->confirm;
			l->in.n_confirm = 1;
		} else if (strncmp(word, "peers=", 6) == 0)
			l->peers = word + 6;
		else if (strncmp(word, "served=", 7) == 0)
			l->served = atoi(word + 7);
		else if (strncmp(word, "revoked=", 8) == 0)
			take_back(l, word + 8);
		else if (strcmp(word, "-") != 0)
			ck_abort_msg("flag %s", word);
	}
}

static void
load(const struct pki_case *c, struct loaded *l)
{
	int i;

	memset(l, 0, sizeof(*l));
	for (i = 0; i < PKI_FIELD__MAX; i++)
		l->in.file[i] = maybe(c->col[SERVER + i]);
	l->in.stored = maybe(c->col[STORED]);
	if (strcmp(c->col[PASS], "-") != 0)
		l->in.passphrase = c->col[PASS];
	l->in.hostname = "mx.example.jp";
	l->in.now = time(NULL);
	l->in.roots = l->roots = slurp(dir, "root.pem");
	snprintf(l->flags, sizeof(l->flags), "%s", c->col[FLAGS]);
	read_flags(l);
}

static void
unload(struct loaded *l)
{
	int i;

	for (i = 0; i < PKI_FIELD__MAX; i++)
		free((void *)l->in.file[i].data);
	free((void *)l->in.stored.data);
	free((void *)l->roots.data);
}

/* code, code@field, code@field:line=N */
static void
expect(const char *id, struct json_object *report, const char *codes,
    char *seen, size_t seen_len)
{
	char copy[512], *word, *save = NULL, *field, *line;

	snprintf(copy, sizeof(copy), "%s", codes);
	snprintf(seen, seen_len, ",");
	for (word = strtok_r(copy, ",", &save); word != NULL;
	     word = strtok_r(NULL, ",", &save)) {
		if (strcmp(word, "-") == 0)
			continue;
		if ((line = strstr(word, ":line=")) != NULL) {
			*line = '\0';
			line += 6;
		}
		if ((field = strchr(word, '@')) != NULL)
			*field++ = '\0';
		ck_assert_msg(find_code(report, word, field, line) != NULL,
		    "%s: no %s %s %s in %.1200s", id, word, field ? field : "",
		    line ? line : "", json_object_to_json_string(report));
		strncat(seen, word, seen_len - strlen(seen) - 1);
		strncat(seen, ",", seen_len - strlen(seen) - 1);
	}
}

/* Nothing of weight that the case does not name. */
static void
nothing_else(const char *id, struct json_object *report, const char *seen)
{
	struct json_object *a, *f, *v;
	char word[128];
	size_t i;

	json_object_object_get_ex(report, "findings", &a);
	for (i = 0; i < json_object_array_length(a); i++) {
		f = json_object_array_get_idx(a, i);
		json_object_object_get_ex(f, "severity", &v);
		if (strcmp(json_object_get_string(v), "info") == 0)
			continue;
		json_object_object_get_ex(f, "code", &v);
		snprintf(word, sizeof(word), ",%s,", json_object_get_string(v));
		ck_assert_msg(strstr(seen, word) != NULL, "%s: unexpected %s",
		    id, json_object_to_json_string(f));
	}
}

/* ok and confirm say what a Save of these files would meet. */
static void
check_ok(const char *id, const struct loaded *l, struct json_object *report)
{
	struct json_object *a, *f, *v, *open;
	size_t i, j, errors = 0, left = 0;
	const char *code, *severity;
	bool listed;

	json_object_object_get_ex(report, "findings", &a);
	json_object_object_get_ex(report, "confirm", &open);
	for (i = 0; i < json_object_array_length(a); i++) {
		f = json_object_array_get_idx(a, i);
		json_object_object_get_ex(f, "code", &v);
		code = json_object_get_string(v);
		json_object_object_get_ex(f, "severity", &v);
		severity = json_object_get_string(v);
		errors += strcmp(severity, "error") == 0;
		if (strcmp(severity, "confirm") != 0 ||
		    (l->confirm[0] != NULL && strcmp(l->confirm[0], code) == 0))
			continue;
		left++;
		listed = false;
		for (j = 0; j < json_object_array_length(open); j++)
			listed |=
			    strcmp(json_object_get_string(
				       json_object_array_get_idx(open, j)),
				code) == 0;
		ck_assert_msg(
		    listed, "%s: %s is not to be confirmed", id, code);
	}
	json_object_object_get_ex(report, "ok", &v);
	ck_assert_msg(json_object_get_boolean(v) == (errors + left == 0),
	    "%s: ok is wrong", id);
	ck_assert_msg(
	    json_object_array_length(open) <= left, "%s: confirm", id);
}

/* leaf first */
static STACK_OF(X509) * served_chain(const struct buf *chain)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	BIO *pem = BIO_new_mem_buf(chain->data, (int)chain->len);
	X509 *x;

	while ((x = PEM_read_bio_X509(pem, NULL, NULL, NULL)) != NULL)
		sk_X509_push(all, x);
	ERR_clear_error();
	BIO_free(pem);
	return all;
}

/* What is served verifies for a peer that knows this root and no other. */
static void
verifies(const char *id, STACK_OF(X509) * all, const char *root_file)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509 *root = read_x509(root_file);

	X509_STORE_add_cert(store, root);
	X509_STORE_CTX_init(ctx, store, sk_X509_value(all, 0), all);
	ck_assert_msg(X509_verify_cert(ctx) == 1, "%s: not with %s: %s", id,
	    root_file,
	    X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	X509_free(root);
}

static void
check_peers(const char *id, const struct loaded *l, const struct buf *chain)
{
	STACK_OF(X509) *all = served_chain(chain);
	char list[200], *word, *save = NULL;

	if (l->served != 0)
		ck_assert_msg(sk_X509_num(all) == l->served,
		    "%s: %d served, not %d", id, sk_X509_num(all), l->served);
	snprintf(list, sizeof(list), "%s", l->peers != NULL ? l->peers : "");
	for (word = strtok_r(list, "+", &save); word != NULL;
	     word = strtok_r(NULL, "+", &save))
		verifies(id, all, word);
	sk_X509_pop_free(all, X509_free);
}

static void
judge(const struct pki_case *c, const struct loaded *l,
    const struct pki_output *out)
{
	const char *id = c->col[ID], *verdict = verdict_of(out->report);
	char seen[600];
	bool refused = strcmp(verdict, "refuse") == 0;

	ck_assert_msg(strcmp(verdict, c->col[VERDICT]) == 0,
	    "%s: %s instead of %s: %.1200s", id, verdict, c->col[VERDICT],
	    json_object_to_json_string(out->report));
	expect(id, out->report, c->col[CODES], seen, sizeof(seen));
	check_ok(id, l, out->report);
	nothing_else(id, out->report, seen);
	ck_assert_msg((out->chain.len == 0) == (refused || l->in.partial),
	    "%s: chain of %zu bytes", id, out->chain.len);
	if (out->chain.len > 0) {
		ck_assert_msg(shakes(&out->chain, TLS1_2_VERSION), "%s", id);
		ck_assert_msg(shakes(&out->chain, TLS1_3_VERSION), "%s", id);
		check_peers(id, l, &out->chain);
	}
}

static bool
skipped(int i)
{
	const char *sample = getenv("PKI_CORPUS_SAMPLE");
	int each = sample != NULL ? atoi(sample) : under_valgrind() ? 17 : 1;

	if (under_valgrind() && strstr(cases[i].col[FLAGS], "dear") != NULL)
		return true;

	return each > 1 && i % each != 0;
}

static void
run_case(int i, const struct pki_jail *jail)
{
	const char *id = cases[i].col[ID];
	struct pki_output out;
	struct loaded l;
	struct err e;
	int rc;

	load(&cases[i], &l);
	pki_output_init(&out);
	err_clear(&e);
	rc = jail != NULL ? pki_inspect_jailed(jail, &l.in, &out, &e)
			  : pki_inspect(&l.in, &out, &e);
	ck_assert_msg(rc == 0, "%s: %s", id, e.msg);
	judge(&cases[i], &l, &out);
	pki_output_clear(&out);
	unload(&l);
}

/* Blocks, because a process for each case costs more than the case. */
START_TEST(test_block)
{
	int i;

	for (i = _i * BLOCK; i < (_i + 1) * BLOCK && i < n_cases; i++)
		if (!skipped(i))
			run_case(i, NULL);
}
END_TEST

/* The same verdict comes out of the jail. */
START_TEST(test_jailed)
{
	const struct pki_jail jail = {
	    .user = geteuid() == 0 ? "nobody" : NULL, .timeout_ms = 20000};
	int i;

	for (i = _i; i < n_cases; i += JAIL_EACH * JAIL_PARTS)
		if (!skipped(i))
			run_case(i, &jail);
}
END_TEST

START_TEST(test_enough)
{
	ck_assert_int_ge(n_cases, 300);
	ck_assert_int_lt(n_cases, CASES_MAX);
}
END_TEST

int
main(int argc, char **argv)
{
	TCase *t = tcase_create("cases");

	corpus_dir(argv[0], dir, sizeof(dir));
	read_cases();
	pki_warm_up();
	tcase_set_timeout(t, 300);
	tcase_add_test(t, test_enough);
	tcase_add_loop_test(t, test_block, 0, (n_cases + BLOCK - 1) / BLOCK);
	tcase_add_loop_test(t, test_jailed, 0, JAIL_PARTS);
	return suite_run("pki corpus", t) == 0 ? 0 : 1;
}
