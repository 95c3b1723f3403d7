/*
 * file.c - one upload -> keys and certificates in the set.
 *
 * Binary or text is decided by content: a file whose first bytes are one
 * DER value is binary, everything else is text in some encoding.
 */
#include <ctype.h>
#include <string.h>

#include <openssl/err.h>

#include "pki_int.h"

static const char *const format_names[PKI_FORMAT__MAX] = {
    [PKI_FORMAT_NONE] = "",
    [PKI_FORMAT_PEM] = "PEM",
    [PKI_FORMAT_DER] = "DER",
    [PKI_FORMAT_PKCS12] = "PKCS#12",
    [PKI_FORMAT_PKCS7] = "PKCS#7",
};

/* Labels with no key and no certificate in them, in the first column. */
static const struct {
	const char *label;  /* a part of it */
	enum err_code code; /* NONE = leave it out */
} other_labels[] = {
    {"EC PARAMETERS", ERR_NONE},
    {"DSA PARAMETERS", ERR_NONE},
    {"DH PARAMETERS", ERR_NONE},
    {"CERTIFICATE REQUEST", ERR_FILE_REQUEST},
    {"OPENSSH", ERR_FILE_UNSUPPORTED},
    {"SSH2", ERR_FILE_UNSUPPORTED},
    {"PGP", ERR_FILE_UNSUPPORTED},
    {"X509 CRL", ERR_FILE_UNSUPPORTED},
    {"PUBLIC KEY", ERR_FILE_UNSUPPORTED},
    {"ANY PRIVATE KEY", ERR_FILE_UNSUPPORTED},
};

/* Files of other programs that come by mistake: first bytes, what it is. */
static const struct {
	const char *magic;
	const char *what;
} other_files[] = {
    {"\xfe\xed\xfe\xed", "Java KeyStore"},
    {"PuTTY-User-Key-File", "PuTTY"},
    {"ssh-", "OpenSSH"},
    {"PK\x03\x04", "ZIP"},
    {"%PDF", "PDF"},
    {"<", "HTML/XML"},
    {"\x1f\x8b", "gzip"},
};

static int
read_block(struct pki_set *s, int field, struct pem_block *b, unsigned *notes)
{
	const unsigned char *der = (unsigned char *)b->der.data;
	size_t i, n, len = b->der.len;

	for (i = 0; i < sizeof(other_labels) / sizeof(other_labels[0]); i++) {
		if (strstr(b->label, other_labels[i].label) == NULL)
			continue;
		if (other_labels[i].code == ERR_NONE) {
			*notes |= TEXT_PARAMS;
			return 0;
		}
		return set_fail(
		    s, field, other_labels[i].code, b->line, b->label);
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
no_block(struct pki_set *s, int field, const struct pki_bytes *in,
    const struct buf *text, unsigned *notes)
{
	struct buf der;
	size_t i, n;
	int rc = -1;

	buf_init(&der, PKI_FILE_MAX);
	for (i = 0; i < sizeof(other_files) / sizeof(other_files[0]); i++) {
		n = strlen(other_files[i].magic);
		if (in->len >= n &&
		    memcmp(in->data, other_files[i].magic, n) == 0) {
			set_fail(s, field, ERR_FILE_UNSUPPORTED, 1,
			    other_files[i].what);
			goto out;
		}
	}
	if (is_blank(text))
		set_fail(s, field, ERR_FILE_EMPTY, 0, NULL);
	else if (pem_bare(text->data, text->len, &der) == 0 && der.len > 0) {
		*notes |= TEXT_BARE;
		rc = der_read(s, field, (unsigned char *)der.data, der.len, 1);
	} else
		set_fail(s, field, ERR_FILE_UNREADABLE, 1, "-----BEGIN");
out:
	buf_clear(&der);
	return rc;
}

static int
read_text(struct pki_set *s, int field, const struct pki_bytes *in)
{
	struct buf text;
	unsigned notes = 0;
	char words[96];
	int rc;

	buf_init(&text, in->len + 16);
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
		rc = set_fail(s, field, ERR_FILE_UNREADABLE, 1, "-----BEGIN");
	ERR_clear_error();
	return rc;
}
