/*
 * join.c - keys stay in the parent: taken out of a chain before the child
 * parses, and put in again where the child's records name them.
 *
 * A key is named by the SHA-256 of its public half.  The child may name what
 * it likes: a key of ours goes before a certificate only if the bytes of that
 * certificate have its public half, and that is looked at here.
 */
#include <string.h>

#include <json-c/json.h>
#include <openssl/evp.h>

#include "decode.h"
#include "join.h"
#include "jsonx.h"

#define LINE 64 /* of PEM */

void
held_init(struct held *h)
{
	memset(h, 0, sizeof(*h));
}

void
held_clear(struct held *h)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		buf_clear(&h->key[i].der);
	memset(h, 0, sizeof(*h));
}

void
joined_init(struct joined *j)
{
	memset(j, 0, sizeof(*j));
	buf_init(&j->pem, CHAIN_MAX);
}

void
joined_clear(struct joined *j)
{
	buf_clear(&j->pem);
	joined_init(j);
}

int
pem_put(struct buf *b, const char *label, const void *der, size_t len)
{
	const unsigned char *p = der;
	unsigned char line[LINE + 2];
	size_t n;

	(void)buf_printf(b, "-----BEGIN %s-----\n", label);
	for (; len > 0; p += n, len -= n) {
		n = len < LINE / 4 * 3 ? len : LINE / 4 * 3;
		(void)buf_add(
		    b, line, (size_t)EVP_EncodeBlock(line, p, (int)n));
		(void)buf_addc(b, '\n');
	}
	OPENSSL_cleanse(line, sizeof(line));
	(void)buf_printf(b, "-----END %s-----\n", label);
	return b->failed ? -1 : 0;
}

static int
digest(const void *p, size_t len, unsigned char md[32])
{
	return EVP_Digest(p, len, md, NULL, EVP_sha256(), NULL) == 1 ? 0 : -1;
}

/* --- out of a chain of ours --------------------------------------------- */

/* A key waits for the certificate or request behind it. */
static int
hold(struct held *h, const struct pem_block *b)
{
	if (h->n == sizeof(h->key) / sizeof(h->key[0]))
		return -1;
	buf_init(&h->key[h->n].der, PKI_FILE_MAX);
	memset(h->key[h->n].leaf, 0, 32);
	return buf_add(&h->key[h->n++].der, b->der.data, b->der.len);
}

static int
release(
    struct held *h, const struct pem_block *b, bool *waits, struct buf *rest)
{
	bool cert = strcmp(b->label, "CERTIFICATE") == 0;
	struct pki_bytes spki;

	if (!cert && strcmp(b->label, "CERTIFICATE REQUEST") != 0)
		return -1;
	if (*waits) {
		if (spki_find(b->der.data, b->der.len, &spki) == -1 ||
		    digest(spki.data, spki.len, h->key[h->n - 1].spki) == -1 ||
		    (cert && digest(b->der.data, b->der.len,
				 h->key[h->n - 1].leaf) == -1) ||
		    pem_put(rest, PUBLIC_KEY_LABEL, spki.data, spki.len) == -1)
			return -1;
		*waits = false;
	}
	return cert ? pem_put(rest, b->label, b->der.data, b->der.len) : 0;
}

int
held_split(struct held *h, const struct pki_bytes *chain, struct buf *rest)
{
	const char *text = chain->data;
	struct pem_scan scan = {text, text + chain->len, 1, 0};
	struct pem_fault fault;
	struct pem_block b;
	size_t n = h->n;
	/* A certificate before the first key: of files of somebody else, where
	 * a key need not belong to what is behind it. */
	bool waits = false, loose = false;
	int rc;

	pem_block_init(&b);
	while ((rc = pem_next(&scan, &b, &fault)) == 1) {
		if (strcmp(b.label, HELD_KEY_LABEL) != 0) {
			rc = release(h, &b, &waits, rest);
			loose |= h->n == n;
		} else if ((rc = waits || loose ? -1 : hold(h, &b)) == 0) {
			waits = true;
		}
		if (rc == -1)
			break;
	}
	pem_block_clear(&b);
	return rc == 0 && !waits ? 0 : -1;
}

/* --- and in again ------------------------------------------------------- */

/* A certificate's digest is as its CERTINFO says. */
static bool
is_described(
    struct json_object *info, const char *member, const unsigned char md[32])
{
	char hex[SHA256_HEX];

	hex_encode(hex, md, 32);
	return strcmp(jsonx_path_str(info, member, ""), hex) == 0;
}

/* This certificate is in use with this key. */
static bool
holds(const struct held *h, const unsigned char spki[32],
    const unsigned char leaf[32])
{
	size_t i;

	for (i = 0; i < h->n; i++)
		if (memcmp(h->key[i].spki, spki, 32) == 0 &&
		    memcmp(h->key[i].leaf, leaf, 32) == 0)
			return true;
	return false;
}

struct joining {
	const struct held *held;
	struct json_object *cert; /* CERT, the others in "more" */
	struct joined *out;
	/* of the pair that is being joined */
	const unsigned char *spki; /* named by the child; NULL: uploaded */
	size_t n_cert;
};

static struct json_object *
cert_at(const struct joining *j)
{
	struct json_object *more = jsonx_path(j->cert, "more");
	size_t i = j->out->n - 1;

	if (i == 0)
		return j->cert;
	return i <= jsonx_len(more) ? json_object_array_get_idx(more, i - 1)
				    : NULL;
}

/* The pair that ends here has as many as its CERT says. */
static bool
pair_is_whole(const struct joining *j)
{
	return j->out->n == 0 ||
	       (j->n_cert > 0 &&
		   jsonx_len(jsonx_path(cert_at(j), "chain")) == j->n_cert);
}

static int
join_key(struct joining *j, char kind, const unsigned char *p, size_t len)
{
	const struct held *h = j->held;
	size_t i;

	if (!pair_is_whole(j) || j->out->n == PKI_PAIRS_MAX)
		return -1;
	j->out->stays[j->out->n++] = kind == RECORD_STAYS;
	j->n_cert = 0;
	j->spki = kind == RECORD_UPLOADED ? NULL : p;
	if (j->spki == NULL)
		return der_whole(p, len)
			   ? pem_put(&j->out->pem, HELD_KEY_LABEL, p, len)
			   : -1;
	for (i = 0; i < h->n; i++)
		if (len == 32 && memcmp(h->key[i].spki, p, 32) == 0)
			return pem_put(&j->out->pem, HELD_KEY_LABEL,
			    h->key[i].der.data, h->key[i].der.len);
	return -1;
}

static int
join_cert(struct joining *j, const unsigned char *p, size_t len)
{
	struct json_object *cert = j->out->n > 0 ? cert_at(j) : NULL;
	unsigned char md[32], spki[32];

	if (cert == NULL || digest(p, len, md) == -1 ||
	    !is_described(
		json_object_array_get_idx(jsonx_path(cert, "chain"), j->n_cert),
		"sha256", md))
		return -1;
	if (j->n_cert++ == 0) {
		if (spki_sha256(p, len, spki) == -1 ||
		    !is_described(cert, "sha256", md) ||
		    !is_described(cert, "key.spki_sha256", spki) ||
		    (j->spki != NULL && memcmp(spki, j->spki, 32) != 0) ||
		    (j->out->stays[j->out->n - 1] && !holds(j->held, spki, md)))
			return -1;
	} else if (!der_whole(p, len))
		return -1;
	return pem_put(&j->out->pem, "CERTIFICATE", p, len);
}

int
join_chain(const struct pki_bytes *records, const struct held *h,
    struct json_object *cert, struct joined *out)
{
	struct joining j = {.held = h, .cert = cert, .out = out};
	const unsigned char *p = records->data;
	size_t left = records->len, n;
	int rc = 0;

	while (rc == 0 && left > 0) {
		if (left < RECORD_HEAD ||
		    (n = jail_get32(p + 1)) > left - RECORD_HEAD)
			return -1;
		switch (p[0]) {
		case RECORD_CERT:
			rc = join_cert(&j, p + RECORD_HEAD, n);
			break;
		case RECORD_UPLOADED:
		case RECORD_HELD:
		case RECORD_STAYS:
			rc = join_key(&j, (char)p[0], p + RECORD_HEAD, n);
			break;
		default:
			return -1;
		}
		p += RECORD_HEAD + n;
		left -= RECORD_HEAD + n;
	}
	if (rc == 0 && out->n > 0 &&
	    jsonx_len(jsonx_path(cert, "more")) + 1 != out->n)
		return -1;
	return pair_is_whole(&j) ? rc : -1;
}

int
join_authorities(const struct pki_bytes *records, struct json_object *cert,
    struct joined *out)
{
	struct json_object *chain = jsonx_path(cert, "chain");
	const unsigned char *p = records->data;
	unsigned char md[32];
	size_t left = records->len, n, i;

	for (i = 0; left > 0; i++) {
		if (left < RECORD_HEAD || p[0] != RECORD_CERT ||
		    (n = jail_get32(p + 1)) > left - RECORD_HEAD ||
		    i >= jsonx_len(chain))
			return -1;
		p += RECORD_HEAD;
		if (digest(p, n, md) == -1 || !der_whole(p, n) ||
		    !is_described(
			json_object_array_get_idx(chain, i), "sha256", md) ||
		    pem_put(&out->pem, "CERTIFICATE", p, n) == -1)
			return -1;
		p += n;
		left -= RECORD_HEAD + n;
	}
	return i == 0 || i == jsonx_len(chain) ? 0 : -1;
}
