/*
 * file.c - one upload -> keys and certificates in the set.
 *
 * Binary or text is decided by content: a file whose first bytes are one
 * DER value is binary, everything else is text in some encoding.
 */
#include <ctype.h>
#include <string.h>

#include <openssl/err.h>

#include "decode.h"
#include "join.h"

static const char *const format_names[PKI_FORMAT__MAX] = {
    [PKI_FORMAT_NONE] = "",
    [PKI_FORMAT_PEM] = "PEM",
    [PKI_FORMAT_DER] = "DER",
    [PKI_FORMAT_PKCS12] = "PKCS#12",
    [PKI_FORMAT_PKCS7] = "PKCS#7",
};

/* Labels with no key and no certificate in them; the first that fits. */
static const struct {
	const char *label;  /* a part of it */
	enum err_code code; /* NONE: belongs to a key */
	bool harmless;	    /* left out where others stand beside it */
	const char *what;   /* NULL: the label */
} other_labels[] = {
    {"EC PARAMETERS", ERR_NONE, true, NULL},
    {"DSA PARAMETERS", ERR_NONE, true, NULL},
    {"DH PARAMETERS", ERR_NONE, true, NULL},
    {"CERTIFICATE REQUEST", ERR_FILE_REQUEST, true, NULL},
    {"OPENSSH", ERR_FILE_UNSUPPORTED, false, NULL},
    {"SSH2", ERR_FILE_UNSUPPORTED, false, NULL},
    {"PGP", ERR_FILE_UNSUPPORTED, false, NULL},
    {"TSS2", ERR_FILE_UNSUPPORTED, false, "TPM (TSS2)"},
    {"PKCS#11", ERR_FILE_UNSUPPORTED, false, NULL},
    {"X509 CRL", ERR_FILE_UNSUPPORTED, true, NULL},
    {"ATTRIBUTE CERTIFICATE", ERR_FILE_UNSUPPORTED, true, NULL},
    {"PUBLIC KEY", ERR_FILE_UNSUPPORTED, true, NULL},
    {"ANY PRIVATE KEY", ERR_FILE_UNSUPPORTED, false, NULL},
};

/* Files of other programs that come by mistake: first bytes, what it is. */
static const struct {
	const char *magic;
	size_t len, at;
	const char *what;
} other_files[] = {
#define MAGIC(bytes) bytes, sizeof(bytes) - 1
    {MAGIC("\xfe\xed\xfe\xed"), 0, "Java KeyStore (JKS)"},
    {MAGIC("\xce\xce\xce\xce"), 0, "Java KeyStore (JCEKS)"},
    {MAGIC("\x1e\xf1\xb5\xb0"), 0, "Microsoft PVK"},
    {MAGIC("\x07\x02\x00\x00"), 0, "Microsoft PRIVATEKEYBLOB"},
    {MAGIC("\x06\x02\x00\x00"), 0, "Microsoft PUBLICKEYBLOB"},
    {MAGIC("PuTTY-User-Key-File"), 0, "PuTTY"},
    {MAGIC("---- BEGIN SSH2"), 0, "SSH2"},
    {MAGIC("ssh-"), 0, "OpenSSH"},
    {MAGIC("ecdsa-sha2-"), 0, "OpenSSH"},
    {MAGIC("PK\x03\x04"), 0, "ZIP"},
    {MAGIC("7z\xbc\xaf\x27\x1c"), 0, "7z"},
    {MAGIC("Rar!\x1a\x07"), 0, "RAR"},
    {MAGIC("\x1f\x8b"), 0, "gzip"},
    {MAGIC("\xfd\x37zXZ"), 0, "xz"},
    {MAGIC("BZh"), 0, "bzip2"},
    {MAGIC("\x28\xb5\x2f\xfd"), 0, "zstd"},
    {MAGIC("ustar"), 257, "tar"},
    {MAGIC("%PDF"), 0, "PDF"},
    {MAGIC("\xd0\xcf\x11\xe0"), 0, "Microsoft Office"},
    {MAGIC("{\\rtf"), 0, "RTF"},
    {MAGIC("\x89PNG"), 0, "PNG"},
    {MAGIC("\xff\xd8\xff"), 0, "JPEG"},
    {MAGIC("SQLite format 3"), 0, "SQLite (NSS)"},
    {MAGIC("<"), 0, "HTML/XML"},
    {MAGIC("{"), 0, "JSON"},
#undef MAGIC
};

/* The public half of a key that the parent holds. */
static int
read_held(struct pki_set *s, int field, const struct pem_block *b)
{
	const unsigned char *der = (unsigned char *)b->der.data;
	EVP_PKEY *pkey = d2i_PUBKEY(NULL, &der, (long)b->der.len);
	size_t n = s->n_key;

	if (pkey == NULL ||
	    set_add_key(s, field, b->line, pkey, false, false) == -1)
		return -1;
	if (s->n_key > n)
		s->key[n].held = true;
	return 0;
}

static int
read_block(struct pki_set *s, int field, struct pem_block *b, unsigned *notes)
{
	const unsigned char *der = (unsigned char *)b->der.data;
	const char *what;
	size_t i, n, len = b->der.len;

	if ((s->ours & PKI_BIT(field)) != 0 &&
	    strcmp(b->label, PUBLIC_KEY_LABEL) == 0)
		return read_held(s, field, b);
	for (i = 0; i < sizeof(other_labels) / sizeof(other_labels[0]); i++) {
		if (strstr(b->label, other_labels[i].label) == NULL)
			continue;
		if (other_labels[i].code == ERR_NONE) {
			*notes |= TEXT_PARAMS;
			return 0;
		}
		what = other_labels[i].what;
		return (other_labels[i].harmless ? set_skip : set_fail)(s,
		    field, other_labels[i].code, b->line,
		    what != NULL ? what : b->label);
	}
	if (b->encrypted)
		return kdf_decrypt_pem(s, field, b);
	if (len > 0 && strcmp(b->label, "TRUSTED CERTIFICATE") == 0) {
		der_sniff(der, len, &n);
		len = n;
	}
	return der_read(s, field, der, len, b->line);
}

static int
read_blocks(
    struct pki_set *s, int field, const struct buf *text, unsigned *notes)
{
	struct pem_scan scan = {text->data, text->data + text->len, 1, 0};
	struct pem_block b;
	struct pem_fault fault;
	int rc, n = 0;

	pem_block_init(&b);
	while ((rc = pem_next(&scan, &b, &fault)) == 1) {
		n++;
		if ((rc = read_block(s, field, &b, notes)) == -1)
			goto out;
	}
	if (rc == -1)
		set_fail(s, field, fault.code, fault.line, fault.what);
	else
		rc = n;
	*notes |= scan.notes;
out:
	pem_block_clear(&b);
	return rc;
}

static bool
is_blank(const struct buf *b)
{
	size_t i;

	for (i = 0; i < b->len; i++)
		if (!isspace((unsigned char)b->data[i]))
			return false;
	return true;
}

static int
other_file(struct pki_set *s, int field, const struct pki_bytes *in)
{
	const char *p = in->data;
	size_t i;

	for (i = 0; i < sizeof(other_files) / sizeof(other_files[0]); i++)
		if (in->len >= other_files[i].at + other_files[i].len &&
		    memcmp(p + other_files[i].at, other_files[i].magic,
			other_files[i].len) == 0)
			return set_fail(s, field, ERR_FILE_UNSUPPORTED, 1,
			    other_files[i].what);
	return 0;
}

/* Base64 without an armour; within it an armour once more. */
static int
read_base64(
    struct pki_set *s, int field, const struct buf *text, unsigned *notes)
{
	struct buf der, inner;
	bool armour;
	int rc = 0;

	buf_init(&der, PKI_FILE_MAX);
	buf_init(&inner, 2 * PKI_FILE_MAX);
	armour = pem_unwrap(text->data, text->len, &der) > 0;
	if (!armour && pem_bare(text->data, text->len, &der) == -1)
		goto out;
	if (armour || memmem(der.data, der.len, "-----BEGIN ", 11) != NULL) {
		*notes |= TEXT_TWICE;
		if (text_decode(der.data, der.len, &inner, notes) == -1)
			rc = set_fail(s, field, ERR_NOMEM, 0, NULL);
		else
			rc = read_blocks(s, field, &inner, notes);
	} else {
		*notes |= TEXT_BARE;
		rc = der_read(s, field, (unsigned char *)der.data, der.len, 1);
		rc = rc == 0 ? 1 : rc;
	}
out:
	buf_clear(&der);
	buf_clear(&inner);
	return rc;
}

/* 1 when something was read. */
static int
no_block(struct pki_set *s, int field, const struct pki_bytes *in,
    const struct buf *text, unsigned *notes)
{
	int rc;

	if (is_blank(text))
		return set_fail(s, field, ERR_FILE_EMPTY, 0, NULL);
	if ((rc = read_base64(s, field, text, notes)) != 0)
		return rc;
	if (other_file(s, field, in) == -1)
		return -1;
	return set_fail(s, field, ERR_FILE_UNREADABLE, 1, "-----BEGIN");
}

static int
read_text(struct pki_set *s, int field, const struct pki_bytes *in)
{
	struct buf text;
	unsigned notes = 0;
	char words[160];
	int rc;

	buf_init(&text, 2 * in->len + 16);
	if (text_decode(in->data, in->len, &text, &notes) == -1) {
		rc = set_fail(s, field, ERR_NOMEM, 0, NULL);
		goto out;
	}
	rc = read_blocks(s, field, &text, &notes);
	if (rc == 0)
		rc = no_block(s, field, in, &text, &notes);
	if (s->file[field].format == PKI_FORMAT_NONE)
		s->file[field].format = PKI_FORMAT_PEM;
	if (rc != -1 && notes != 0 && field != PKI_STORED) {
		text_notes(notes, words, sizeof(words));
		findings_add(&s->found, ERR_FILE_NORMALISED, field_name(field),
		    "what", words, NULL);
	}
out:
	buf_clear(&text);
	return rc == -1 ? -1 : 0;
}

/* One DER value from the first byte on, up to the end or nearly. */
static bool
is_binary(const struct pki_bytes *in)
{
	const unsigned char *p = in->data;
	size_t n;

	if (in->len < 4 || p[0] != 0x30)
		return false;
	switch (der_sniff(p, in->len, &n)) {
	case DER_UNKNOWN:
		return false;
	case DER_TRUNCATED:
		return (p[1] >= 0x80 || p[2] < '\t') &&
		       memmem(p, in->len, "-----BEGIN ", 11) == NULL;
	default:
		return true;
	}
}

int
file_read(struct pki_set *s, int field, const struct pki_bytes *in)
{
	struct pki_file *f = &s->file[field];
	size_t seen = s->seen;
	int rc;

	if (in->data == NULL)
		return 0;
	f->given = true;
	f->size = in->len;
	if (in->len == 0)
		return set_fail(s, field, ERR_FILE_EMPTY, 0, NULL);
	if (field != PKI_STORED && in->len > PKI_FILE_MAX)
		return set_fail(s, field, ERR_FILE_TOO_LARGE, 0, "64 KiB");
	if (is_binary(in)) {
		f->format = PKI_FORMAT_DER;
		rc = der_read(s, field, in->data, in->len, 0);
	} else
		rc = read_text(s, field, in);
	if (rc == 0 && f->format != PKI_FORMAT_PEM && field != PKI_STORED)
		findings_add(&s->found, ERR_FILE_CONVERTED, field_name(field),
		    "format", format_names[f->format], NULL);
	if (rc == 0 && !f->failed && s->seen == seen)
		rc = f->skipped.code == ERR_NONE
			 ? set_fail(
			       s, field, ERR_FILE_UNREADABLE, 1, "-----BEGIN")
			 : set_fail(s, field, f->skipped.code, f->skipped.line,
			       f->skipped.what);
	else if (rc == 0 && f->skipped.code != ERR_NONE && field != PKI_STORED)
		findings_add(&s->found, ERR_FILE_LEFT_OUT, field_name(field),
		    "what", f->skipped.what, NULL);
	ERR_clear_error();
	return rc;
}
