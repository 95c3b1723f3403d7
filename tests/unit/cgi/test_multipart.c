/*
 * test_multipart.c - multipart/form-data, each case fed in pieces of many
 * sizes: the outcome must not depend on where the pieces end.
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "core.h"
#include "fsx.h"
#include "netlist.h"
#include "upload.h"

#define N(a)	   ((int)(sizeof(a) / sizeof((a)[0])))
#define CD	   "Content-Disposition: form-data; "
#define TEXT(n, v) "--B\r\n" CD "name=\"" n "\"\r\n\r\n" v "\r\n"
#define FILE_(n, f, v) \
	"--B\r\n" CD "name=\"" n "\"; filename=\"" f "\"\r\n" \
	"Content-Type: application/octet-stream\r\n\r\n" v "\r\n"
#define PART(h, v) "--B\r\n" h "\r\n\r\n" v "\r\n"
#define END	   "--B--\r\n"
#define FILE_F	   "name=\"f\"; filename=\"x\""
#define TEXT_T	   "name=\"t\""
#define S(x)	   x, sizeof(x) - 1

/* out: name=value or name@filename=value, joined by |; NULL: refused. */
static const struct {
	const char *in;
	size_t len;
	const char *out;
	enum err_code code;
} cases[] = {
    {S(TEXT("a", "b") END), "a=b", 0},
    {S(TEXT("a", "b") "--B--"), "a=b", 0},
    {S(TEXT("a", "") END), "a=", 0},
    {S(TEXT("a", " b c\td ") END), "a= b c\td ", 0},
    {S(TEXT("a", "1") TEXT("b", "2") TEXT("a", "3") END), "a=1|b=2|a=3", 0},
    {S(END), "", 0},
    {S("--B--"), "", 0},
    {S(FILE_("f", "x.pem", "data") END), "f@x.pem=data", 0},
    {S(FILE_("f", "", "") END), "f@=", 0},
    /* content that looks like a delimiter */
    {S(TEXT("a", "\r\n") END), "a=\r\n", 0},
    {S(TEXT("a", "\r\n\r\n\r\n") END), "a=\r\n\r\n\r\n", 0},
    {S(TEXT("a", "--B") END), "a=--B", 0},
    {S(TEXT("a", "x\n--B\ny") END), "a=x\n--B\ny", 0},
    {S(TEXT("a", "\r") END), "a=\r", 0},
    {S(TEXT("a", "\r\r\n-") END), "a=\r\r\n-", 0},
    {S(TEXT("a", "\r\n--\r\n--b\r\n--") END), "a=\r\n--\r\n--b\r\n--", 0},
    {S(TEXT("a", "\r\n-\r\n--\r\n") END), "a=\r\n-\r\n--\r\n", 0},
    {S(TEXT("a", "--B--") END), "a=--B--", 0},
    /* headers */
    {S(PART("content-disposition:form-data;name=a", "b") END), "a=b", 0},
    {S(PART("CONTENT-DISPOSITION: FORM-DATA; NAME=\"a\"", "b") END), "a=b", 0},
    {S(PART("Content-Type: text/plain\r\n" CD "name=\"a\"", "b") END), "a=b",
	0},
    {S(PART(CD "name=\"a\"\r\nContent-Type: text/plain; charset=utf-8",
	 "\xe6\x97\xa5") END),
	"a=\xe6\x97\xa5", 0},
    {S(PART(CD "name=\"a\"\r\nContent-Transfer-Encoding: 8bit", "b") END),
	"a=b", 0},
    {S(PART(CD "name=\"a\"\r\nX-Whatever: x", "b") END), "a=b", 0},
    {S(PART(CD "name=\"a\" ; filename=\"x\"", "b") END), "a@x=b", 0},
    {S(PART(CD "filename=\"x\"; name=\"a\"", "b") END), "a@x=b", 0},
    {S(PART(CD "name=\"a\\\"b\"", "c") END), "a\"b=c", 0},
    {S(PART(CD "name=\"a%22b\"", "c") END), "a\"b=c", 0},
    {S(PART(CD "name=\"a;b\"", "c") END), "a;b=c", 0},
    {S(PART(CD "name=\"a\"; other=\"x\"", "c") END), "a=c", 0},
    {S(PART(CD "name=\"a\"; filename=\"x\"; filename*=UTF-8''y", "c") END),
	"a@x=c", 0},
    /* file names: the base name, as valid UTF-8 */
    {S(FILE_("f", "/etc/passwd", "") END), "f@passwd=", 0},
    {S(FILE_("f", "../../x", "") END), "f@x=", 0},
    {S(FILE_("f", "C:\\keys\\my.key", "") END), "f@my.key=", 0},
    {S(FILE_("f", "a/", "") END), "f@file=", 0},
    {S(FILE_("f", "\xe6\x97\xa5.pem", "") END), "f@\xe6\x97\xa5.pem=", 0},
    {S(FILE_("f", "\xff\xfe.pem", "") END), "f@__.pem=", 0},
    {S(FILE_("f", "a\tb\x7f", "") END), "f@a_b_=", 0},
    {S(FILE_("f", "%22x", "") END), "f@\"x=", 0},
    /* a text part for a file field is bytes */
    {S(TEXT("private_key", "\xff\x30\x82") END), "private_key=\xff\x30\x82", 0},
    {S(FILE_("f", "x", "\xff\xfe\x01") END), "f@x=\xff\xfe\x01", 0},
    /* text before and behind, blanks after a boundary (RFC 2046) */
    {S("\r\n" TEXT("a", "b") END), "a=b", 0},
    {S("preamble\r\n" TEXT("a", "b") END), "a=b", 0},
    {S("one\ntwo\r\n\r\r\n" TEXT("a", "b") END), "a=b", 0},
    {S("-\r\n--\r\n-B\r\nx--B\r\n" TEXT("a", "b") END), "a=b", 0},
    {S(TEXT("a", "b") END "x"), "a=b", 0},
    {S(TEXT("a", "b") END "\r\nThe end.\r\n"), "a=b", 0},
    {S(TEXT("a", "b") "--B--\r"), "a=b", 0},
    {S(TEXT("a", "b") "--B--\n\n"), "a=b", 0},
    {S(TEXT("a", "b") "--B-- \t\r\n"), "a=b", 0},
    {S(TEXT("a", "b") END TEXT("c", "d") END), "a=b", 0},
    {S("--B \t\r\n" CD "name=\"a\"\r\n\r\nb\r\n" END), "a=b", 0},
    {S("--B\r\n" CD "name=\"a\"\r\n\r\nb\r\n--B \r\n" CD
       "name=\"c\"\r\n\r\nd\r\n--B--"),
	"a=b|c=d", 0},
    /* lines that end in LF: all of them */
    {S("--B\n" CD "name=\"a\"\n\nb\n--B--\n"), "a=b", 0},
    {S("--B\n" CD "name=\"a\"\n\nb\r\n\n--B\n" CD "name=\"c\"\n\n\n--B--"),
	"a=b\r\n|c=", 0},
    {S("x\n\n--B \n" CD "name=\"a\"\nX: y\n\nb\n--B--"), "a=b", 0},
    {S("--B\n" CD "name=\"a\"\r\n\r\nb\n--B--"), "a=b", 0},
    {S("--B\n" CD "name=\"a\"\n\n\n-B\n--C\n--B--"), "a=\n-B\n--C", 0},
    /* headers that go on, tokens without quotes */
    {S(PART("Content-Disposition: form-data;\r\n name=\"a\"", "b") END), "a=b",
	0},
    {S(PART("Content-Disposition: form-data;\r\n\tname=a;\r\n filename=\"x\"",
	 "b") END),
	"a@x=b", 0},
    {S(PART(CD "name=a; filename=x+y(1).pem; filename*=utf-8''x", "b") END),
	NULL, ERR_REQ_MALFORMED},
    {S(PART(CD "name=a; filename=x+y~1.pem; filename*=utf-8''x", "b") END),
	"a@x+y~1.pem=b", 0},
    /* base64 */
    {S(PART(CD "name=\"a\"\r\nContent-Transfer-Encoding: base64", "Yg==") END),
	"a=b", 0},
    {S(PART(CD "name=\"a\"\r\nContent-Transfer-Encoding: BASE64",
	 "YWJj\r\nZGVm\r\n") END),
	"a=abcdef", 0},
    {S(PART(CD "name=\"a\"\r\nContent-Transfer-Encoding: base64", "") END),
	"a=", 0},
    {S(PART(CD "name=\"private_key\"\r\nContent-Transfer-Encoding: base64",
	 "MII=") TEXT("b", "c") END),
	"private_key=0\x82|b=c", 0},
    {S(PART(CD "name=\"a\"\r\nContent-Transfer-Encoding: base64", "Yg=") END),
	NULL, ERR_FIELD_ENCODING},
    {S(PART(CD "name=\"a\"\r\nContent-Transfer-Encoding: base64", "Y-g=") END),
	NULL, ERR_FIELD_ENCODING},
    {S(PART(CD "name=\"a\"\r\nContent-Transfer-Encoding: base64", "Yg==Yg==")
	     END),
	NULL, ERR_FIELD_ENCODING},
    {S(PART(CD "name=\"a\"\r\nContent-Transfer-Encoding: base64", "====") END),
	NULL, ERR_FIELD_ENCODING},
    {S(PART(CD "name=\"a\"\r\nContent-Transfer-Encoding: base64", "/w==") END),
	NULL, ERR_FIELD_ENCODING},
    /* a CR alone begins no line: all of it is preamble */
    {S("x\r--B\r\n" CD "name=\"a\"\r\n\r\nb\r\n" END), "", 0},
    /* refused: framing */
    {S("--B\n" CD "name=\"a\"\n\nb\r\n--B \r-"), NULL, ERR_REQ_MALFORMED},
    {S(TEXT("a", "b") "--B\n" CD "name=\"b\"\n\nc\n--B--\n"), NULL,
	ERR_REQ_MALFORMED},
    {S("--B --"), NULL, ERR_REQ_MALFORMED},
    {S(TEXT("a", "b") "--B\nX"), NULL, ERR_REQ_MALFORMED},
    {S(TEXT("a", "b") "--B--x\r\n"), NULL, ERR_REQ_MALFORMED},
    {S(""), NULL, ERR_REQ_MALFORMED},
    {S("-"), NULL, ERR_REQ_MALFORMED},
    {S("--B"), NULL, ERR_REQ_MALFORMED},
    {S("--B-"), NULL, ERR_REQ_MALFORMED},
    {S("--C--"), NULL, ERR_REQ_MALFORMED},
    {S(TEXT("a", "b") "--B--x"), NULL, ERR_REQ_MALFORMED},
    {S(TEXT("a", "b") "--B--x\n"), NULL, ERR_REQ_MALFORMED},
    {S(TEXT("a", "b") "--B\r-\r\n"), NULL, ERR_REQ_MALFORMED},
    {S("--B-x" CD "name=\"a\"\r\n\r\nb\r\n" END), NULL, ERR_REQ_MALFORMED},
    {S("--B-\n" CD "name=\"a\"\r\n\r\nb\r\n" END), NULL, ERR_REQ_MALFORMED},
    {S("--B\r-" CD "name=\"a\"\r\n\r\nb\r\n" END), NULL, ERR_REQ_MALFORMED},
    {S(TEXT("a", "b")), NULL, ERR_REQ_MALFORMED},
    {S(TEXT("a", "b") "--B"), NULL, ERR_REQ_MALFORMED},
    {S(TEXT("a", "b") "--B-"), NULL, ERR_REQ_MALFORMED},
    {S(TEXT("a", "b") "--B\r\n"), NULL, ERR_REQ_MALFORMED},
    {S(TEXT("a", "b") "--B \r\n"), NULL, ERR_REQ_MALFORMED},
    {S("--B\r\n" CD "name=\"a\"\r\n\r\nb--B--\r\n"), NULL, ERR_REQ_MALFORMED},
    {S("--B\r\n" CD "name=\"a\"\r\n\r\nb\n--B--\r\n"), NULL, ERR_REQ_MALFORMED},
    {S(TEXT("a", "x\r\n--Bad") END), NULL, ERR_REQ_MALFORMED},
    {S(TEXT("a", "x\r\n--B--y") END), NULL, ERR_REQ_MALFORMED},
    {S("--B\r\n" CD "name=\"a\"\r\nb\r\n--B--\r\n"), NULL, ERR_REQ_MALFORMED},
    /* refused: headers */
    {S("--B\r\n\r\nb\r\n--B--\r\n"), NULL, ERR_REQ_MALFORMED},
    {S(PART("Content-Type: text/plain", "b") END), NULL, ERR_REQ_MALFORMED},
    {S(PART(CD, "b") END), NULL, ERR_REQ_MALFORMED},
    {S(PART(CD "name=\"\"", "b") END), NULL, ERR_REQ_MALFORMED},
    {S(PART(CD "name=", "b") END), NULL, ERR_REQ_MALFORMED},
    {S(PART(CD "name=\"a", "b") END), NULL, ERR_REQ_MALFORMED},
    {S(PART(CD "name=\"a\\\"", "b") END), NULL, ERR_REQ_MALFORMED},
    {S(PART(CD "name=\"a\" x", "b") END), NULL, ERR_REQ_MALFORMED},
    {S(PART(CD "name=\"a\";", "b") END), NULL, ERR_REQ_MALFORMED},
    {S(PART(CD "name=\"a\"; name=\"b\"", "b") END), NULL, ERR_REQ_MALFORMED},
    {S(PART(CD "name=\"a\"; filename=\"x\"; filename=\"y\"", "b") END), NULL,
	ERR_REQ_MALFORMED},
    {S(PART(CD "name=\"a\"\r\n" CD "name=\"b\"", "b") END), NULL,
	ERR_REQ_MALFORMED},
    {S(PART(CD "filename=\"x\"", "b") END), NULL, ERR_REQ_MALFORMED},
    {S(PART("Content-Disposition: attachment; name=\"a\"", "b") END), NULL,
	ERR_REQ_MALFORMED},
    {S(PART("Content-Disposition: form-datax; name=\"a\"", "b") END), NULL,
	ERR_REQ_MALFORMED},
    {S(PART(CD "name*=UTF-8''a", "b") END), NULL, ERR_REQ_MALFORMED},
    {S(PART(CD "name=\"a\"\r\nbroken", "b") END), NULL, ERR_REQ_MALFORMED},
    {S(PART(CD "name=\"a\"\r\n: x", "b") END), NULL, ERR_REQ_MALFORMED},
    {S(PART(CD "name=\"a\"\r\nx", "b") END), NULL, ERR_REQ_MALFORMED},
    {S(PART(CD "name=\"a\"\r\nA: 1\r\nA: 1\r\nA: 1\r\nA: 1\r\nA: 1\r\n"
	       "A: 1\r\nA: 1",
	 "b") PART(CD "name=\"b\"\r\nA: 1\r\nA: 1\r\nA: 1\r\nA: 1\r\nA: 1\r\n"
		      "A: 1\r\nA: 1",
	 "c") END),
	"a=b|b=c", 0},
    {S(PART(CD "name=\"a\"\r\n folded: x", "b") END), NULL, ERR_REQ_MALFORMED},
    {S(PART(CD "name=\"a\"\rX: y", "b") END), NULL, ERR_REQ_MALFORMED},
    {S(PART(CD "name=\"a\"\nX: y", "b") END), NULL, ERR_REQ_MALFORMED},
    {S(PART(CD "name=\"a\0b\"", "b") END), NULL, ERR_REQ_MALFORMED},
    {S(PART(CD "name=\"a\"\r\nContent-Type: multipart/mixed; boundary=C", "b")
	     END),
	NULL, ERR_REQ_MALFORMED},
    {S(PART(CD "name=\"a\"\r\nContent-Transfer-Encoding: quoted-printable", "b")
	     END),
	NULL, ERR_REQ_MALFORMED},
    {S(PART(CD "name=\"a\"\r\nA: 1\r\nA: 1\r\nA: 1\r\nA: 1\r\nA: 1\r\n"
	       "A: 1\r\nA: 1\r\nA: 1",
	 "b") END),
	NULL, ERR_REQ_MALFORMED},
    /* refused: contents */
    {S(PART(CD "name=\"a\"\r\nContent-Type: text/plain; charset=latin1", "b")
	     END),
	NULL, ERR_FIELD_ENCODING},
    {S(TEXT("a", "x\0y") END), NULL, ERR_FIELD_ENCODING},
    {S(TEXT("a", "\x1b[0m") END), NULL, ERR_FIELD_ENCODING},
    {S(TEXT("a", "\x7f") END), NULL, ERR_FIELD_ENCODING},
    {S(TEXT("a", "\xff") END), NULL, ERR_FIELD_ENCODING},
    {S(TEXT("a", "\xc0\x80") END), NULL, ERR_FIELD_ENCODING},
    {S(TEXT("a\xff", "b") END), NULL, ERR_FIELD_ENCODING},
    {S(TEXT("a\tb", "b") END), NULL, ERR_FIELD_ENCODING},
    {S(TEXT("aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff"
	    "12345",
	 "b") END),
	NULL, ERR_FIELD_TOO_LONG},
};

static int
parse(const char *in, size_t len, size_t piece, struct fields *fs,
    struct err *err)
{
	struct multipart *m = NULL;
	char *copy;
	size_t n;
	int rc;

	fs->n = 0;
	fs->limits = upload_limit;
	err_clear(err);
	rc = multipart_new("B", fs, &m, err);
	for (size_t at = 0; rc == 0 && at < len; at += n) {
		n = len - at < piece ? len - at : piece;
		copy = malloc(n); /* exactly as long, for ASan */
		memcpy(copy, in + at, n);
		rc = multipart_feed(m, copy, n, err);
		free(copy);
	}
	if (rc == 0)
		rc = multipart_finish(m, err);
	multipart_free(m);
	return rc;
}

static void
render(const struct fields *fs, struct buf *b)
{
	buf_init(b, 1 << 20);
	for (size_t i = 0; i < fs->n; i++) {
		buf_printf(b, "%s%s%s%s=", i > 0 ? "|" : "", fs->v[i].name,
		    fs->v[i].is_file ? "@" : "",
		    fs->v[i].is_file ? fs->v[i].filename : "");
		buf_add(b, fs->v[i].value, fs->v[i].len);
	}
}

START_TEST(parses)
{
	static const size_t pieces[] = {1, 2, 3, 4, 5, 7, 11, 64, 100000};
	struct fields fs;
	struct err err;
	struct buf b;
	int rc;

	for (int i = 0; i < N(pieces); i++) {
		rc = parse(cases[_i].in, cases[_i].len, pieces[i], &fs, &err);
		if (cases[_i].out == NULL) {
			ck_assert_msg(
			    rc == -1, "accepted in pieces of %zu", pieces[i]);
			ck_assert_str_eq(
			    err_name(err.code), err_name(cases[_i].code));
		} else {
			ck_assert_msg(rc == 0, "%zu: %s", pieces[i], err.msg);
			render(&fs, &b);
			ck_assert_str_eq(b.data, cases[_i].out);
			for (size_t k = 0; k < fs.n; k++)
				ck_assert_int_eq(fs.v[k].value[fs.v[k].len], 0);
			buf_clear(&b);
		}
		fields_clear(&fs);
	}
}
END_TEST

/* A content of len bytes in a field: the code, and what is kept. */
static const struct {
	const char *head;
	size_t len;
	enum err_code code;
	size_t kept;
} sizes[] = {
    {CD "name=\"a\"", FIELD_TEXT_MAX, ERR_NONE, FIELD_TEXT_MAX},
    {CD "name=\"a\"", FIELD_TEXT_MAX + 1, ERR_FIELD_TOO_LONG, 0},
    {CD "name=\"a\"", 300000, ERR_FIELD_TOO_LONG, 0},
    {CD "name=\"a\"; filename=\"f\"", PKI_FILE_MAX, ERR_NONE, PKI_FILE_MAX},
    {CD "name=\"a\"; filename=\"f\"", PKI_FILE_MAX + 1, ERR_NONE,
	PKI_FILE_MAX + 1},
    {CD "name=\"a\"; filename=\"f\"", 300000, ERR_NONE, PKI_FILE_MAX + 1},
    {CD "name=\"private_key\"", 300000, ERR_NONE, PKI_FILE_MAX + 1},
    {CD "name=\"access_file\"; filename=\"f\"", NETLIST_BYTES + 9, ERR_NONE,
	NETLIST_BYTES + 1},
};

/* What clients really send (tests/data/http). */
#define PEM(what, body) \
	"-----BEGIN " what "-----\n" body "\n-----END " what "-----\n"
#define CERT PEM("CERTIFICATE", "QUJD")
#define KEY  PEM("PRIVATE KEY", "REVG")

static const struct {
	const char *file, *out;
} recorded[] = {
    {"ansible",
	"ca_certificate@ca.pem=-----BEGIN CERTIFICATE-----\r\nR0hJ\r\n"
	"-----END CERTIFICATE-----\r\n|inbound_enabled=on|"
	"private_key@key.pem=" KEY "|server_certificate@cert.pem=" CERT},
    {"curl", "inbound_enabled=on|private_key@key.pem=" KEY
	     "|ca_certificate@cert.pem=" CERT "|ca_certificate@cert.pem=" CERT
	     "|passphrase=geheim\n"},
    {"email-lf",
	"private_key@a_very_long_name_of_a_private_key_file_that_makes_"
	"the_header_be_folded_by_the_library_key.pem=" KEY
	"|inbound_enabled=on"},
    {"fetch", "inbound_enabled=true|server_certificate@cert.pem=" CERT
	      "|private_key@schl\xc3\xbcssel \"1\".pem=" KEY},
    {"powershell", "inbound_enabled=True|private_key@key.pem=" KEY
		   "|server_certificate@cert (1).pem=" CERT},
    {"requests", "inbound_enabled=True|confirm=cert.expired|"
		 "confirm=cert.not_yet_valid|server_certificate@cert.pem=" CERT
		 "|private_key@key.pem=" KEY},
};

START_TEST(as_recorded)
{
	static const size_t pieces[] = {1, 13, 8192};
	char path[64], boundary[BOUNDARY_MAX + 1], *body;
	struct multipart *m;
	enum route_type type;
	struct fields fs;
	struct buf in, b;
	struct err err;
	size_t at, n, len;

	snprintf(path, sizeof(path), "tests/data/http/%s", recorded[_i].file);
	buf_init(&in, 1 << 16);
	ck_assert_int_eq(fsx_read(path, 1 << 16, &in, &err), 0);
	body = memchr(in.data, '\n', in.len);
	ck_assert_ptr_nonnull(body);
	*body++ = '\0';
	ck_assert_int_eq(content_type_parse(in.data, &type, boundary, &err), 0);
	ck_assert_int_eq(type, BODY_MULTIPART);
	len = in.len - (size_t)(body - in.data);
	for (int i = 0; i < N(pieces); i++) {
		fs.n = 0;
		fs.limits = upload_limit;
		ck_assert_int_eq(multipart_new(boundary, &fs, &m, &err), 0);
		for (at = 0; at < len; at += n) {
			n = len - at < pieces[i] ? len - at : pieces[i];
			ck_assert_msg(
			    multipart_feed(m, body + at, n, &err) == 0, "%s",
			    err.msg);
		}
		ck_assert_int_eq(multipart_finish(m, &err), 0);
		multipart_free(m);
		render(&fs, &b);
		ck_assert_str_eq(b.data, recorded[_i].out);
		buf_clear(&b);
		fields_clear(&fs);
	}
	buf_clear(&in);
}
END_TEST

/* In base64: so much of a file is kept, and no more than without.  Blanks at
 * the end fill it up to the byte that is one too many. */
static const struct {
	const char *head, *tail;
	size_t quanta; /* of three bytes */
	size_t line;   /* quanta in one */
	size_t fill;   /* characters, or 0 */
	size_t kept;   /* 0: too long */
} in_base64[] = {
    {FILE_F, "", 100, 19, 0, 300},
    {FILE_F, "", 21845, 19, 0, 65535},
    {FILE_F, "YWI=", 21845, 19, 0, 65537},
    {FILE_F, "", 21846, 19, 0, PKI_FILE_MAX + 1},
    {FILE_F, "", 90000, 19, 0, PKI_FILE_MAX + 1},
    {FILE_F, "", 90000, 7, 0, PKI_FILE_MAX + 1},
    {TEXT_T, "", FIELD_TEXT_MAX / 3, 19, 0, FIELD_TEXT_MAX / 3 * 3},
    {TEXT_T, "YQ==", FIELD_TEXT_MAX / 3, 19, 0, FIELD_TEXT_MAX},
    {TEXT_T, "YQ==", FIELD_TEXT_MAX / 3, 19, FIELD_TEXT_MAX / 2 * 3 + 4,
	FIELD_TEXT_MAX},
    {TEXT_T, "YQ==", FIELD_TEXT_MAX / 3, 19, FIELD_TEXT_MAX / 2 * 3 + 5, 0},
    {TEXT_T, "YWI=", FIELD_TEXT_MAX / 3, 19, 0, 0},
    {TEXT_T, "", FIELD_TEXT_MAX / 3 + 1, 19, 0, 0},
    {TEXT_T, "", 90000, 19, 0, 0},
    /* the largest of all */
    {"name=\"access_list\"", "", NETLIST_BYTES / 3, 19,
	NETLIST_BYTES / 2 * 3 + 4, NETLIST_BYTES / 3 * 3},
};

START_TEST(limits_base64)
{
	size_t from, kept = in_base64[_i].kept;
	struct fields fs;
	struct err err;
	struct buf b;

	buf_init(&b, 1 << 20);
	buf_printf(&b,
	    "--B\r\n" CD "%s\r\nContent-Transfer-Encoding: base64\r\n\r\n",
	    in_base64[_i].head);
	from = b.len;
	for (size_t i = 1; i <= in_base64[_i].quanta; i++)
		buf_adds(&b, i % in_base64[_i].line == 0 ? "YWJj\n" : "YWJj");
	buf_adds(&b, in_base64[_i].tail);
	while (b.len < from + in_base64[_i].fill)
		buf_addc(&b, ' ');
	/* What was cut in one field does not matter in the next. */
	buf_adds(
	    &b, "\r\n" PART(CD FILE_F "\r\nContent-Transfer-Encoding: base64",
		    "Yg==") END);
	ck_assert(!b.failed);
	ck_assert_int_eq(
	    parse(b.data, b.len, 8192, &fs, &err), kept > 0 ? 0 : -1);
	ck_assert_str_eq(err_name(err.code),
	    err_name(kept > 0 ? ERR_NONE : ERR_FIELD_TOO_LONG));
	if (kept > 0) {
		ck_assert_uint_eq(fs.v[0].len, kept);
		ck_assert_uint_eq(fs.v[1].len, 1);
	}
	fields_clear(&fs);
	buf_clear(&b);
}
END_TEST

/* In lines of four characters it would be cut before it is full: no file is
 * taken in part. */
START_TEST(limits_base64_lines)
{
	struct fields fs;
	struct err err;
	struct buf b;

	buf_init(&b, 1 << 20);
	buf_adds(&b, "--B\r\n" CD "name=\"f\"; filename=\"x\"\r\n"
		     "Content-Transfer-Encoding: base64\r\n\r\n");
	for (size_t i = 0; i < 20000; i++)
		buf_adds(&b, "YWJj\r\n");
	buf_adds(&b, "\r\n" END);
	ck_assert_int_eq(parse(b.data, b.len, 8192, &fs, &err), -1);
	ck_assert_str_eq(err_name(err.code), err_name(ERR_FIELD_TOO_LONG));
	ck_assert_str_eq(err.field, "f");
	fields_clear(&fs);
	buf_clear(&b);
}
END_TEST

/* What no line end is in is not copied bit by bit. */
START_TEST(limits_one_line)
{
	struct fields fs;
	struct err err;
	struct buf b;

	buf_init(&b, 1 << 20);
	buf_adds(&b, "--B\r\n" CD "name=\"a\"\r\n\r\n");
	for (size_t i = 0; i < FIELD_TEXT_MAX + 1; i++)
		buf_addc(&b, 'x');
	buf_adds(&b, "\r\n" END);
	ck_assert_int_eq(parse(b.data, b.len, 1 << 20, &fs, &err), -1);
	ck_assert_int_eq(err.code, ERR_FIELD_TOO_LONG);
	fields_clear(&fs);
	buf_clear(&b);
}
END_TEST

START_TEST(limits_content)
{
	struct fields fs;
	struct err err;
	struct buf b;
	int rc;

	buf_init(&b, 1 << 20);
	buf_printf(&b, "--B\r\n%s\r\n\r\n", sizes[_i].head);
	for (size_t i = 0; i < sizes[_i].len; i++)
		buf_addc(&b, "x\r\n-"[i % 4]);
	buf_adds(&b, "\r\n" END);
	rc = parse(b.data, b.len, 8192, &fs, &err);
	ck_assert_int_eq(rc, sizes[_i].code == ERR_NONE ? 0 : -1);
	ck_assert_str_eq(err_name(err.code), err_name(sizes[_i].code));
	if (sizes[_i].code == ERR_NONE)
		ck_assert_uint_eq(fs.v[0].len, sizes[_i].kept);
	fields_clear(&fs);
	buf_clear(&b);
}
END_TEST

START_TEST(limits_parts)
{
	static const struct {
		int n;
		enum err_code code;
	} counts[] = {{FIELDS_MAX, ERR_NONE},
	    {FIELDS_MAX + 1, ERR_REQ_MALFORMED}, {5000, ERR_REQ_MALFORMED}};
	struct fields fs;
	struct err err;
	struct buf b;

	buf_init(&b, 1 << 20);
	for (int i = 0; i < counts[_i].n; i++)
		buf_adds(&b, TEXT("a", ""));
	buf_adds(&b, END);
	parse(b.data, b.len, 100, &fs, &err);
	ck_assert_str_eq(err_name(err.code), err_name(counts[_i].code));
	fields_clear(&fs);
	buf_clear(&b);
}
END_TEST

static const size_t lines[] = {1000, 1024, 1025, 5000, 200000};

START_TEST(limits_header)
{
	struct fields fs;
	struct err err;
	struct buf b;
	int rc;

	buf_init(&b, 1 << 20);
	buf_adds(&b, "--B\r\n" CD "name=\"a\"\r\nX: ");
	for (size_t i = 3; i < lines[_i]; i++)
		buf_addc(&b, 'x');
	buf_adds(&b, "\r\n\r\nb\r\n" END);
	rc = parse(b.data, b.len, 100, &fs, &err);
	ck_assert_int_eq(rc, lines[_i] <= 1024 ? 0 : -1);
	fields_clear(&fs);
	buf_clear(&b);
}
END_TEST

/* A file name of many bytes is cut between two characters. */
START_TEST(cuts_file_name)
{
	struct fields fs;
	struct err err;
	struct buf b;

	buf_init(&b, 1 << 20);
	buf_adds(&b, "--B\r\n" CD "name=\"a\"; filename=\"");
	for (int i = 0; i < 100; i++)
		buf_adds(&b, "\xe6\x97\xa5");
	buf_adds(&b, "\"\r\n\r\nb\r\n" END);
	ck_assert_int_eq(parse(b.data, b.len, 9, &fs, &err), 0);
	ck_assert_uint_eq(strlen(fs.v[0].filename), 255);
	fields_clear(&fs);
	buf_clear(&b);
}
END_TEST

/* A long boundary, whose beginning comes again and again. */
START_TEST(long_boundary)
{
	const char *boundary = "----------------------------------------"
			       "----------------------------0a";
	struct multipart *m = NULL;
	struct fields fs = {.n = 0, .limits = upload_limit};
	struct err err;
	struct buf b, want;

	buf_init(&b, 1 << 20);
	buf_init(&want, 1 << 20);
	for (size_t i = 0; i < strlen(boundary); i++)
		buf_printf(&want, "\r\n--%.*s!", (int)i, boundary);
	buf_printf(&b,
	    "--%s\r\n" CD "name=\"a\"; filename=\"x\"\r\n\r\n%s"
	    "\r\n--%s--\r\n",
	    boundary, want.data, boundary);
	ck_assert_int_eq(multipart_new(boundary, &fs, &m, &err), 0);
	for (size_t i = 0; i < b.len; i++)
		ck_assert_msg(
		    multipart_feed(m, b.data + i, 1, &err) == 0, "%s", err.msg);
	ck_assert_int_eq(multipart_finish(m, &err), 0);
	multipart_free(m);
	ck_assert_str_eq(fs.v[0].value, want.data);
	fields_clear(&fs);
	buf_clear(&b);
	buf_clear(&want);
}
END_TEST

START_TEST(refuses_boundary)
{
	static const char *const bad[] = {"",
	    "1234567890123456789012345678901234567890"
	    "1234567890123456789012345678901"};
	struct multipart *m = NULL;
	struct fields fs = {.n = 0, .limits = upload_limit};

	ck_assert_int_eq(multipart_new(bad[_i], &fs, &m, NULL), -1);
	ck_assert_ptr_null(m);
	multipart_free(m);
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("all");

	/* New memory is no zeros by luck. */
	(void)mallopt(M_PERTURB, 0x5a);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, parses, 0, N(cases));
	tcase_add_test(t, limits_one_line);
	tcase_add_loop_test(t, as_recorded, 0, N(recorded));
	tcase_add_loop_test(t, limits_base64, 0, N(in_base64));
	tcase_add_test(t, limits_base64_lines);
	tcase_add_loop_test(t, limits_content, 0, N(sizes));
	tcase_add_loop_test(t, limits_parts, 0, 3);
	tcase_add_loop_test(t, limits_header, 0, N(lines));
	tcase_add_test(t, cuts_file_name);
	tcase_add_test(t, long_boundary);
	tcase_add_loop_test(t, refuses_boundary, 0, 2);
	return suite_run("multipart", t) == 0 ? 0 : 1;
}
