/*
 * jail.c - uploads are parsed in a child that can do nothing (src/base/jail.c).
 *
 *   parent                               child
 *   roots read, fork ------------------> pki_inspect
 *   read frame <------------------------ "len report len chain"
 *   parse strictly
 *
 * The child is not believed: the report is parsed with the strict reader and
 * its findings are checked row by row, the chain must be nothing but PEM
 * blocks of the two kinds that we write.  A child that dies, hangs or talks
 * nonsense becomes the finding inspect.failed, not an error of the call: the
 * upload caused it.
 */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <openssl/crypto.h>

#include "decode.h"
#include "jail_int.h"
#include "jsonx.h"
#include "pki_int.h"

#define REPORT_MAX (768 * 1024)
#define CHAIN_MAX  (256 * 1024)
#define FRAME_MAX  (8 + REPORT_MAX + CHAIN_MAX)

static int
send_output(int fd, const struct pki_output *o)
{
	const char *text;
	unsigned char head[8];
	size_t n;

	text = json_object_to_json_string_length(o->report,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &n);
	if (text == NULL || n > REPORT_MAX)
		return -1;
	jail_put32(head, n);
	jail_put32(head + 4, o->chain.len);
	if (jail_send(fd, head, sizeof(head)) == -1 ||
	    jail_send(fd, text, n) == -1)
		return -1;
	return jail_send(fd, o->chain.data, o->chain.len);
}

/* What jail_run's child has to do. */
struct inspection {
	const struct pki_input *in;
	jail_work work;
};

static int
inspect_and_send(int fd, const void *arg)
{
	const struct inspection *i = arg;
	struct pki_output out;
	struct err e;
	int rc = -1;

	err_clear(&e);
	pki_output_init(&out);
	if (i->work(i->in, &out, &e) == 0)
		rc = send_output(fd, &out);
	pki_output_clear(&out);
	return rc;
}

/* Nothing but the two kinds of blocks, a key first. */
static bool
chain_is_clean(const char *data, size_t len)
{
	struct pem_scan scan = {data, data + len, 1, 0};
	struct pem_block b;
	struct pem_fault fault;
	size_t i;
	int rc, n = 0;
	bool ok = true;

	for (i = 0; i < len; i++)
		if ((data[i] < ' ' && data[i] != '\n') || data[i] > '~')
			return false;
	pem_block_init(&b);
	while (ok && (rc = pem_next(&scan, &b, &fault)) == 1) {
		ok = strcmp(b.label, n == 0 ? "PRIVATE KEY" : "CERTIFICATE") ==
			 0 ||
		     (n > 1 && strcmp(b.label, "PRIVATE KEY") == 0);
		n++;
	}
	ok = ok && rc == 0 && n != 1;
	pem_block_clear(&b);
	return ok;
}

static bool
report_is_clean(
    const struct pki_input *in, struct json_object *report, size_t chain_len)
{
	static const char *const keys[] = {
	    "ok", "confirm", "findings", "certificate", "files", NULL};
	struct json_object *a = NULL, *v;
	struct findings f;
	struct err e;
	size_t i;
	bool ok, good = true;

	err_clear(&e);
	findings_init(&f);
	ok = jsonx_only(report, "report", keys, &e) == 0 &&
	     jsonx_array(
		 report, "findings", "findings", FINDINGS_MAX, &a, &e) == 0 &&
	     a != NULL && findings_from_json(&f, a, &e) == 0 &&
	     json_object_object_get_ex(report, "ok", &v) &&
	     json_object_is_type(v, json_type_boolean);
	for (i = 0; i < f.n; i++)
		if (f.v[i].severity == SEV_ERROR)
			good = false;
	if (ok)
		ok = json_object_get_boolean(v) ==
			 (findings_blocking(&f, in->confirm, in->n_confirm) ==
			     NULL) &&
		     (good || chain_len == 0);
	findings_clear(&f);
	return ok;
}

static int
take_output(
    const struct pki_input *in, const struct buf *b, struct pki_output *out)
{
	struct json_object *report = NULL;
	struct err e;
	size_t n, m;

	if (b->len < 8)
		return -1;
	n = jail_get32(b->data);
	m = jail_get32(b->data + 4);
	if (n > REPORT_MAX || m > CHAIN_MAX || b->len != 8 + n + m)
		return -1;
	err_clear(&e);
	if (jsonx_parse(b->data + 8, n, 12, &report, &e) == -1)
		return -1;
	if (!report_is_clean(in, report, m) ||
	    (m > 0 && !chain_is_clean(b->data + 8 + n, m))) {
		json_object_put(report);
		return -1;
	}
	buf_clear(&out->chain);
	if (m > 0 && buf_add(&out->chain, b->data + 8 + n, m) == -1) {
		json_object_put(report);
		return -1;
	}
	json_object_put(out->report);
	out->report = report;
	return 0;
}

/* A report with the one finding that the inspection itself failed. */
static int
failed_report(
    const struct pki_input *in, const char *why, struct pki_output *out)
{
	struct json_object *o = json_object_new_object();
	struct findings f;
	const char *field = "";
	int i;

	for (i = PKI_FIELD__MAX - 1; i >= 0; i--)
		if (in->file[i].data != NULL)
			field = pki_field_names[i];
	findings_init(&f);
	findings_add(&f, ERR_INSPECT_FAILED, field, "reason", why, NULL);
	json_object_object_add(o, "ok", json_object_new_boolean(0));
	json_object_object_add(o, "confirm", json_object_new_array());
	json_object_object_add(o, "findings", findings_to_json(&f));
	json_object_object_add(o, "certificate", NULL);
	json_object_object_add(o, "files", json_object_new_object());
	findings_clear(&f);
	json_object_put(out->report);
	out->report = o;
	buf_clear(&out->chain);
	return 0;
}

int
jail_run(const struct pki_jail *jail, const struct pki_input *in,
    jail_work work, struct pki_output *out, struct err *e)
{
	const struct inspection job = {in, work};
	struct buf b;
	int rc;

	buf_init(&b, FRAME_MAX + JAIL_READ_SIZE);
	rc = jail_spawn(jail, inspect_and_send, &job, &b, e);
	if (rc == JAIL_LATE)
		rc = failed_report(in, "time limit", out);
	else if (rc > 0 || (rc == 0 && take_output(in, &b, out) == -1))
		rc = failed_report(in, "parser died", out);
	buf_clear(&b);
	return rc;
}

int
pki_inspect_jailed(const struct pki_jail *jail, const struct pki_input *in,
    struct pki_output *out, struct err *e)
{
	struct pki_input with_roots = *in;
	struct pki_jail limits = *jail;
	struct buf roots;
	int rc;

	limits.dear = in->dear;

	pki_warm_up();
	buf_init(&roots, PKI_ROOTS_MAX);
	if (in->roots.data == NULL) {
		/* the child can open nothing */
		with_roots.roots.data = "";
		if (roots_read(&roots) == 0) {
			with_roots.roots.data = roots.data;
			with_roots.roots.len = roots.len;
		}
	}
	rc = jail_run(&limits, &with_roots, pki_inspect, out, e);
	buf_clear(&roots);
	return rc;
}
