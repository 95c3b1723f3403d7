/*
 * certcheck.c - the checks on the server's own certificate, as a table.
 * Severities stand in err_codes.def.  All rows run, all are reported.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "checks.h"
#include "describe.h"
#include "pki_int.h"

#define DAYS_SOON   30
#define DAYS_LONG   398
#define NAMES_SHOWN 5

static void
say_times(struct check_ctx *c, const struct check_row *row, long days)
{
	char from[32], to[32], num[24], name[PKI_NAME_MAX];

	time_date(X509_get0_notBefore(c->leaf), from);
	time_date(X509_get0_notAfter(c->leaf), to);
	cert_subject(c->leaf, name, sizeof(name));
	snprintf(num, sizeof(num), "%ld", days);
	findings_add(&c->set->found, row->code, field_name(row->field),
	    "not_before", from, "not_after", to, "days", num, "subject", name,
	    NULL);
}

static void
check_dates(struct check_ctx *c, const struct check_row *row)
{
	time_t from, to;

	if (cert_time(X509_get0_notBefore(c->leaf), &from) == -1 ||
	    cert_time(X509_get0_notAfter(c->leaf), &to) == -1 || from > to ||
	    !time_strict(X509_get0_notBefore(c->leaf)) ||
	    !time_strict(X509_get0_notAfter(c->leaf)))
		say_times(c, row, 0);
}

static void
check_expired(struct check_ctx *c, const struct check_row *row)
{
	time_t to;

	if (cert_time(X509_get0_notAfter(c->leaf), &to) == 0 &&
	    to <= c->in->now)
		say_times(c, row, (long)((c->in->now - to) / 86400));
}

static void
check_not_yet(struct check_ctx *c, const struct check_row *row)
{
	time_t from;

	if (cert_time(X509_get0_notBefore(c->leaf), &from) == 0 &&
	    from > c->in->now)
		say_times(c, row, (long)((from - c->in->now) / 86400));
}

/* Short-lived certificates would always be "soon": a third of their life. */
static void
check_soon(struct check_ctx *c, const struct check_row *row)
{
	time_t from, to;
	long left, soon = DAYS_SOON;

	if (cert_time(X509_get0_notBefore(c->leaf), &from) == -1 ||
	    cert_time(X509_get0_notAfter(c->leaf), &to) == -1 ||
	    to <= c->in->now)
		return;
	if ((to - from) / 86400 <= DAYS_SOON)
		soon = (long)((to - from) / 86400 / 3);
	left = (long)((to - c->in->now) / 86400);
	if (left < soon)
		say_times(c, row, left);
}

static void
check_lifetime(struct check_ctx *c, const struct check_row *row)
{
	time_t from, to;

	if (cert_time(X509_get0_notBefore(c->leaf), &from) == 0 &&
	    cert_time(X509_get0_notAfter(c->leaf), &to) == 0 &&
	    (to - from) / 86400 > DAYS_LONG)
		say_times(c, row, (long)((to - from) / 86400));
}

static void
say(struct check_ctx *c, const struct check_row *row, const char *what)
{
	char name[PKI_NAME_MAX], print[PKI_SHORT_FP];

	cert_subject(c->leaf, name, sizeof(name));
	cert_print(c->pair->leaf, print);
	findings_add(&c->set->found, row->code, field_name(row->field),
	    "subject", name, "certificate", print, "what", what, NULL);
}

static void
check_self_signed(struct check_ctx *c, const struct check_row *row)
{
	if (c->pair->leaf->self_signed)
		say(c, row, "");
}

static void
check_self_signed_ca(struct check_ctx *c, const struct check_row *row)
{
	if (c->pair->leaf->self_signed && c->pair->leaf->is_ca)
		say(c, row, "CA:TRUE");
}

static void
check_is_ca(struct check_ctx *c, const struct check_row *row)
{
	if (!c->pair->leaf->self_signed && c->pair->leaf->is_ca)
		say(c, row, "CA:TRUE");
}

/* Issued by itself, and yet the signature is not its own. */
static void
check_signature(struct check_ctx *c, const struct check_row *row)
{
	if (c->pair->leaf->self_issued && !c->pair->leaf->self_signed &&
	    !c->pair->leaf->unchecked && c->pair->n_chain == 0 &&
	    c->pair->root == NULL && X509_get0_pubkey(c->leaf) != NULL)
		say(c, row, digest_name(c->leaf, NULL));
	ERR_clear_error();
}

static void
check_extensions(struct check_ctx *c, const struct check_row *row)
{
	if (X509_get_extension_flags(c->leaf) & EXFLAG_INVALID)
		say(c, row, "X509v3");
}

static void
check_eku(struct check_ctx *c, const struct check_row *row)
{
	bool client = row->code == ERR_CLIENT_CERT_EKU;

	if ((client ? c->in->client : !c->in->client_only) &&
	    (X509_get_extension_flags(c->leaf) & EXFLAG_XKUSAGE) &&
	    !(X509_get_extended_key_usage(c->leaf) &
		(client ? XKU_SSL_CLIENT : XKU_SSL_SERVER)))
		say(c, row, client ? "clientAuth" : "serverAuth");
}

static void
check_key_usage(struct check_ctx *c, const struct check_row *row)
{
	if ((X509_get_extension_flags(c->leaf) & EXFLAG_KUSAGE) &&
	    !(X509_get_key_usage(c->leaf) & X509v3_KU_DIGITAL_SIGNATURE))
		say(c, row, "digitalSignature");
}

static void
check_critical(struct check_ctx *c, const struct check_row *row)
{
	X509_EXTENSION *ext;
	char oid[80];
	int i;

	for (i = 0; i < X509_get_ext_count(c->leaf); i++) {
		ext = X509_get_ext(c->leaf, i);
		if (!X509_EXTENSION_get_critical(ext) ||
		    X509_supported_extension(ext))
			continue;
		OBJ_obj2txt(
		    oid, sizeof(oid), X509_EXTENSION_get_object(ext), 1);
		say(c, row, oid);
	}
}

static bool
is_md5_or_older(int md)
{
	return md == NID_md5 || md == NID_md4 || md == NID_md2 ||
	       md == NID_mdc2 || md == NID_md5_sha1;
}

static void
check_digest_weak(struct check_ctx *c, const struct check_row *row)
{
	const char *name;
	int md;

	name = digest_name(c->leaf, &md);
	if (is_md5_or_older(md) ||
	    (md == NID_sha1 && !c->pair->leaf->self_signed))
		say(c, row, name);
}

static void
check_digest_old(struct check_ctx *c, const struct check_row *row)
{
	const char *name;
	int md;

	name = digest_name(c->leaf, &md);
	if (md == NID_sha1 && c->pair->leaf->self_signed)
		say(c, row, name);
}

/* The first names for a sentence: "a.example, b.example, ...". */
static int
list_names(X509 *x, char *dst, size_t dst_len)
{
	GENERAL_NAMES *names;
	GENERAL_NAME *g;
	size_t o = 0;
	int i, n = 0;

	dst[0] = '\0';
	names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	for (i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		g = sk_GENERAL_NAME_value(names, i);
		if (g->type == GEN_IPADD)
			n++;
		if (g->type != GEN_DNS)
			continue;
		if (++n > NAMES_SHOWN || o >= dst_len)
			continue;
		o += (size_t)snprintf(dst + o, dst_len - o, "%s%.*s",
		    o == 0 ? "" : ", ", g->d.dNSName->length,
		    (const char *)g->d.dNSName->data);
	}
	if (n > NAMES_SHOWN && o < dst_len)
		snprintf(dst + o, dst_len - o, ", ... (+%d)", n - NAMES_SHOWN);
	GENERAL_NAMES_free(names);
	ERR_clear_error();
	return n;
}

static void
check_no_names(struct check_ctx *c, const struct check_row *row)
{
	char names[PKI_NAME_MAX];

	if (!c->in->client_only &&
	    list_names(c->leaf, names, sizeof(names)) == 0)
		say(c, row, "subjectAltName");
}

static void
check_name(struct check_ctx *c, const struct check_row *row)
{
	char names[PKI_NAME_MAX];

	if (c->in->client_only || c->in->hostname == NULL ||
	    c->in->hostname[0] == '\0' ||
	    X509_check_host(c->leaf, c->in->hostname, 0, 0, NULL) == 1)
		return;
	ERR_clear_error();
	list_names(c->leaf, names, sizeof(names));
	if (names[0] == '\0')
		name_common(
		    X509_get_subject_name(c->leaf), names, sizeof(names));
	findings_add(&c->set->found, row->code, field_name(row->field),
	    "hostname", c->in->hostname, "host", c->in->hostname, "names",
	    names[0] != '\0' ? names : "-", NULL);
}

/* RFC 6125 section 6.4.3 as everybody does it: "*" alone, leftmost, and two
 * labels after it. */
static bool
good_wildcard(const char *p, size_t len)
{
	const char *rest;

	if (memchr(p, '*', len) == NULL)
		return true;
	if (len < 3 || p[0] != '*' || p[1] != '.' ||
	    memchr(p + 1, '*', len - 1) != NULL)
		return false;
	rest = memchr(p + 2, '.', len - 2);
	return rest != NULL && rest > p + 2 && rest + 1 < p + len;
}

/* What a host name can be (RFC 5280 section 4.2.1.6), and "_". */
static bool
good_name(const char *p, size_t len)
{
	size_t i, label = 0;

	for (i = 0; i < len; i++) {
		label = p[i] == '.' ? 0 : label + 1;
		if (label > 63 || (p[i] == '.' && (i == 0 || p[i - 1] == '.')))
			return false;
		if (!isalnum((unsigned char)p[i]) &&
		    (p[i] == '\0' || strchr("-_.*", p[i]) == NULL))
			return false;
	}
	return label > 0 && len <= 253;
}

/* The first name that no peer can match. */
static void
check_names(struct check_ctx *c, const struct check_row *row)
{
	bool (*good)(const char *, size_t) =
	    row->code == ERR_CERT_WILDCARD ? good_wildcard : good_name;
	GENERAL_NAMES *names;
	GENERAL_NAME *g;
	char text[PKI_NAME_MAX];
	int i;

	names = X509_get_ext_d2i(c->leaf, NID_subject_alt_name, NULL, NULL);
	for (i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		g = sk_GENERAL_NAME_value(names, i);
		if (g->type != GEN_DNS || good((const char *)g->d.dNSName->data,
					      (size_t)g->d.dNSName->length))
			continue;
		text_clean(text, sizeof(text), (char *)g->d.dNSName->data,
		    (size_t)g->d.dNSName->length);
		say(c, row, text);
		break;
	}
	GENERAL_NAMES_free(names);
	ERR_clear_error();
}

/* RFC 5280 section 4.1.2.2: positive, at most 20 octets. */
static void
check_serial(struct check_ctx *c, const struct check_row *row)
{
	const ASN1_INTEGER *n = X509_get0_serialNumber(c->leaf);
	int64_t small = 1;

	if (ASN1_INTEGER_get_int64(&small, n) != 1)
		ERR_clear_error();
	if (ASN1_STRING_type(n) == V_ASN1_NEG_INTEGER)
		say(c, row, "< 0");
	else if (small == 0)
		say(c, row, "0");
	else if (ASN1_STRING_length(n) > 20)
		say(c, row, "> 20");
}

/* RFC 7633: Postfix has no OCSP stapling. */
static void
check_must_staple(struct check_ctx *c, const struct check_row *row)
{
	TLS_FEATURE *features;
	long n;
	int i;

	features = X509_get_ext_d2i(c->leaf, NID_tlsfeature, NULL, NULL);
	for (i = 0; i < sk_ASN1_INTEGER_num(features); i++) {
		n = ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features, i));
		if (n == 5 || n == 17) {
			say(c, row, "status_request");
			break;
		}
	}
	TLS_FEATURE_free(features);
	ERR_clear_error();
}

static void
check_trusted(struct check_ctx *c, const struct check_row *row)
{
	char name[PKI_NAME_MAX];
	X509 *root = c->pair->root != NULL ? c->pair->root : c->leaf;
	bool want = row->code == ERR_CERT_TRUSTED;

	if (c->pair->trusted < 0 || !c->pair->complete ||
	    (c->pair->trusted == 1) != want ||
	    (!want && (c->pair->leaf->self_signed || c->pair->root_trusted)))
		return;
	cert_subject(root, name, sizeof(name));
	findings_add(&c->set->found, row->code, field_name(row->field), "root",
	    name, NULL);
}

const struct check_row cert_rows[] = {
    {ERR_CERT_DATES, PKI_SERVER_CERTIFICATE, check_dates},
    {ERR_CERT_EXPIRED, PKI_SERVER_CERTIFICATE, check_expired},
    {ERR_CERT_NOT_YET_VALID, PKI_SERVER_CERTIFICATE, check_not_yet},
    {ERR_CERT_EXPIRES_SOON, PKI_SERVER_CERTIFICATE, check_soon},
    {ERR_CERT_LIFETIME, PKI_SERVER_CERTIFICATE, check_lifetime},
    {ERR_CERT_IS_CA, PKI_SERVER_CERTIFICATE, check_is_ca},
    {ERR_CERT_SELF_SIGNED, PKI_SERVER_CERTIFICATE, check_self_signed},
    {ERR_CERT_SELF_SIGNED_CA, PKI_SERVER_CERTIFICATE, check_self_signed_ca},
    {ERR_CERT_SIGNATURE_INVALID, PKI_SERVER_CERTIFICATE, check_signature},
    {ERR_CERT_SIGNATURE_WEAK, PKI_SERVER_CERTIFICATE, check_digest_weak},
    {ERR_CERT_SIGNATURE_OLD, PKI_SERVER_CERTIFICATE, check_digest_old},
    {ERR_CERT_EXTENSION, PKI_SERVER_CERTIFICATE, check_extensions},
    {ERR_CERT_EKU, PKI_SERVER_CERTIFICATE, check_eku},
    {ERR_CLIENT_CERT_EKU, PKI_SERVER_CERTIFICATE, check_eku},
    {ERR_CERT_KEY_USAGE, PKI_SERVER_CERTIFICATE, check_key_usage},
    {ERR_CERT_CRITICAL, PKI_SERVER_CERTIFICATE, check_critical},
    {ERR_CERT_NO_NAMES, PKI_SERVER_CERTIFICATE, check_no_names},
    {ERR_CERT_NAME_MISMATCH, PKI_SERVER_CERTIFICATE, check_name},
    {ERR_CERT_WILDCARD, PKI_SERVER_CERTIFICATE, check_names},
    {ERR_CERT_NAME_INVALID, PKI_SERVER_CERTIFICATE, check_names},
    {ERR_CERT_SERIAL, PKI_SERVER_CERTIFICATE, check_serial},
    {ERR_CERT_MUST_STAPLE, PKI_SERVER_CERTIFICATE, check_must_staple},
    {ERR_CERT_TRUSTED, PKI_SERVER_CERTIFICATE, check_trusted},
    {ERR_CERT_UNTRUSTED, PKI_SERVER_CERTIFICATE, check_trusted},
    {ERR_NONE, 0, NULL},
};

/* Of itself it may be an anchor, too: a root of before there was a mark for
 * CAs, or a client's own. */
static void
check_not_ca(struct check_ctx *c, const struct check_row *row)
{
	if (!c->pair->leaf->is_ca && !c->pair->leaf->self_issued)
		say(c, row, "CA:FALSE");
}

static const struct check_row authority_rows[] = {
    {ERR_CLIENT_CA_NOT_CA, PKI_CA_CERTIFICATE, check_not_ca},
    {ERR_CLIENT_CA_EXPIRED, PKI_CA_CERTIFICATE, check_expired},
    {ERR_CERT_DATES, PKI_CA_CERTIFICATE, check_dates},
    {ERR_CERT_EXTENSION, PKI_CA_CERTIFICATE, check_extensions},
    {ERR_NONE, 0, NULL},
};

static void
run(struct check_ctx *c, const struct check_row *row)
{
	for (; row->fn != NULL; row++)
		row->fn(c, row);
}

void
check_key(struct pki_set *s, EVP_PKEY *pkey, const struct pki_input *in)
{
	struct check_ctx c = {.set = s, .in = in, .pkey = pkey};

	run(&c, key_rows);
}

void
check_authority(
    struct pki_set *s, struct pki_cert *cert, const struct pki_input *in)
{
	const struct pki_pair pair = {.leaf = cert, .trusted = -1};
	struct check_ctx c = {.set = s,
	    .pair = &pair,
	    .in = in,
	    .leaf = cert->x,
	    .pkey = X509_get0_pubkey(cert->x)};

	run(&c, key_rows);
	run(&c, authority_rows);
	ERR_clear_error();
}

void
check_pair(struct pki_set *s, struct pki_pair *p, const struct pki_input *in)
{
	struct check_ctx c = {
	    .set = s, .pair = p, .in = in, .leaf = p->leaf->x};
	bool good;

	c.pkey = p->key != NULL ? p->key->pkey : X509_get0_pubkey(c.leaf);
	ERR_clear_error();
	good = verify_run(&c);
	if (p->trusted >= 0)
		p->trusted = p->root_trusted && good;
	run(&c, key_rows);
	run(&c, cert_rows);
	run(&c, chain_rows);
}
