/*
 * report.c - what postseal-sync has seen in etcd, as far as it is believed:
 * scanners.json.  A host's word counts where its identity has signed it; its
 * row has, besides what is shown, what was looked at for it:
 *   signed      SHA-256 of certificate, text and signature, of a good one
 *   signer      SHA-256 of the certificate under which `says` was signed
 *   unchecked   nobody could tell: `says`, if any, is what it said before
 *   late        and that was its own child
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fsx.h"
#include "jsonx.h"
#include "rollout.h"
#include "util.h"

#define FILE_NAME    "scanners.json"
#define TEXT_MAX     4096
#define REPORT_OLD_S 30
#define ROW_MS	     2000 /* postseal-sync waits 15 s for all */

int
cluster_seen(const struct conf *conf, struct json_object **ret, bool *fresh,
    struct err *err)
{
	struct tm tm;
	const char *at;

	*fresh = false;
	if (cluster_file_read(conf, FILE_NAME, ret, err) == -1)
		return -1;
	memset(&tm, 0, sizeof(tm));
	at = jsonx_path_str(*ret, "at", "");
	if (strptime(at, "%Y-%m-%dT%H:%M:%SZ", &tm) != NULL)
		*fresh =
		    time(NULL) - timegm(&tm) <= REPORT_OLD_S &&
		    !json_object_get_boolean(jsonx_path(*ret, "etcd.ended"));
	return 0;
}

/* A row, and what is asked of it: is it signed by that host? */
struct asked {
	struct json_object *row, *former; /* what was said of it last */
	const char *name, *text;
	struct buf pem, sig;
	char signer[SHA256_HEX], digest[SHA256_HEX]; /* of pem; of all three */
	bool known, whole, same;
	enum bundle_said said;
};

static int
digests(struct asked *a)
{
	struct buf all;
	int rc = -1;

	buf_init(&all, 2 * BUNDLE_PEM_MAX);
	if (buf_printf(&all, "%s\n%s\n", a->pem.data, a->text) == 0 &&
	    buf_add(&all, a->sig.data, a->sig.len) == 0 &&
	    sha256_hex(a->pem.data, a->pem.len, a->signer) == 0)
		rc = sha256_hex(all.data, all.len, a->digest);
	buf_clear(&all);
	return rc;
}

/* The same bytes as last time need no other child. */
static void
read_row(const struct conf *conf, struct json_object *row,
    struct json_object *former, struct asked *a)
{
	struct err err;

	a->row = row;
	a->former = former;
	a->name = jsonx_path_str(row, "name", "");
	a->text = jsonx_path_str(row, "text", "");
	a->said = BUNDLE_UNSIGNED;
	a->known = cluster_host_cert(conf, a->name, &a->pem, &err) == 0;
	if (!a->known || a->text[0] == '\0' || strlen(a->text) > TEXT_MAX ||
	    jsonx_b64(row, "sig", "sig", BUNDLE_SIGNATURE_MAX, &a->sig, &err) ==
		-1 ||
	    a->sig.len == 0 || digests(a) == -1)
		return;
	a->whole = true;
	a->same = strcmp(jsonx_path_str(former, "signed", ""), a->digest) == 0;
	if (a->same)
		a->said = BUNDLE_SIGNED;
}

/* Whoever was late last time is asked when all others have been. */
static int
ask_rows(struct asked *a, size_t n, struct err *err)
{
	struct bundle_signed *v = calloc(n + 1, sizeof(*v));
	struct asked **of = calloc(n + 1, sizeof(*of));
	size_t i, m = 0;
	int late, rc = -1;

	if (v == NULL || of == NULL) {
		err_set(err, ERR_NOMEM, "", "report");
		goto out;
	}
	for (late = 0; late <= 1; late++)
		for (i = 0; i < n; i++)
			if (a[i].whole && !a[i].same &&
			    jsonx_path_bool(a[i].former, "late") == late)
				of[m++] = &a[i];
	for (i = 0; i < m; i++)
		v[i] = (struct bundle_signed){{of[i]->pem.data, of[i]->pem.len},
		    {of[i]->text, strlen(of[i]->text)},
		    {of[i]->sig.data, of[i]->sig.len}, BUNDLE_UNASKED};
	rc = bundle_verify(v, m, ROW_MS, err);
	for (i = 0; i < m; i++)
		of[i]->said = v[i].said;
out:
	free(v);
	free(of);
	return rc;
}

/* What the host says: what it has signed, or, as long as nobody can tell, what
 * it said last as the same identity. */
static struct json_object *
believed(const struct asked *a)
{
	struct json_object *says = NULL;
	struct err err;

	if (a->said == BUNDLE_SIGNED &&
	    jsonx_parse(a->text, strlen(a->text), 4, &says, &err) == 0 &&
	    strcmp(jsonx_path_str(says, "name", ""), a->name) == 0)
		return says;
	json_object_put(says);
	if (a->said < BUNDLE_UNSIGNED &&
	    strcmp(jsonx_path_str(a->former, "signer", ""), a->signer) == 0)
		return json_object_get(jsonx_path(a->former, "says"));
	return NULL;
}

/* One row as reported, believed or not. */
static struct json_object *
row_to_json(const struct asked *a)
{
	struct json_object *o = json_object_new_object(), *says = believed(a);

	jsonx_put_str(o, "name", a->name);
	jsonx_put_bool(o, "known", a->known);
	jsonx_put_bool(o, "valid", says != NULL);
	jsonx_put_bool(o, "reported", a->text[0] != '\0');
	json_object_object_add(
	    o, "alive", json_object_get(jsonx_path(a->row, "alive")));
	json_object_object_add(
	    o, "seen", json_object_get(jsonx_path(a->row, "seen")));
	json_object_object_add(o, "says", says);
	if (a->said == BUNDLE_SIGNED)
		jsonx_put_str(o, "signed", a->digest);
	if (says != NULL)
		jsonx_put_str(o, "signer", a->signer);
	if (a->said < BUNDLE_UNSIGNED)
		jsonx_put_bool(o, "unchecked", true);
	if (a->said == BUNDLE_LATE)
		jsonx_put_bool(o, "late", true);
	return o;
}

/* {name: row} of the last report. */
static struct json_object *
former_rows(const struct conf *conf)
{
	struct json_object *o = json_object_new_object(), *seen = NULL, *row;
	struct json_object *rows;
	size_t i;

	if (cluster_file_read(conf, FILE_NAME, &seen, NULL) == -1)
		return o;
	rows = jsonx_path(seen, "hosts");
	for (i = 0; i < jsonx_len(rows); i++) {
		row = json_object_array_get_idx(rows, i);
		json_object_object_add(
		    o, jsonx_path_str(row, "name", ""), json_object_get(row));
	}
	json_object_put(seen);
	return o;
}

static int
check_rows(const struct conf *conf, struct json_object *hosts,
    struct json_object *list, struct err *err)
{
	struct json_object *former = former_rows(conf), *row;
	size_t i, n = jsonx_len(hosts);
	struct asked *a = calloc(n + 1, sizeof(*a));
	int rc;

	if (a == NULL) {
		json_object_put(former);
		return err_set(err, ERR_NOMEM, "", "report");
	}
	for (i = 0; i < n; i++) {
		buf_init(&a[i].pem, BUNDLE_PEM_MAX);
		buf_init(&a[i].sig, BUNDLE_SIGNATURE_MAX);
		row = json_object_array_get_idx(hosts, i);
		read_row(conf, row,
		    jsonx_member(former, jsonx_path_str(row, "name", "")),
		    &a[i]);
	}
	rc = ask_rows(a, n, err);
	for (i = 0; i < n; i++) {
		if (rc == 0)
			json_object_array_add(list, row_to_json(&a[i]));
		buf_clear(&a[i].pem);
		buf_clear(&a[i].sig);
	}
	free(a);
	json_object_put(former);
	return rc;
}

static int
keep(const struct conf *conf, struct json_object *report, struct err *err)
{
	char path[STATE_PATH_MAX];
	const char *text;

	text = json_object_to_json_string_ext(report, JSON_C_TO_STRING_PLAIN);
	if (text == NULL)
		return err_set(err, ERR_NOMEM, "", "report");
	if (cluster_path(conf, FILE_NAME, path, sizeof(path), err) == -1)
		return -1;
	return fsx_replace_fast(path, text, strlen(text), 0600, err);
}

int
cluster_report(const struct conf *conf, struct json_object *etcd,
    struct json_object *desired, struct json_object *hosts,
    struct json_object **ret, struct err *err)
{
	struct json_object *list = json_object_new_array(), *o;
	char at[32];
	int rc;

	if (check_rows(conf, hosts, list, err) == -1 ||
	    cluster_numbers_note(conf, list, err) == -1) {
		json_object_put(list);
		return -1;
	}
	o = json_object_new_object();
	time_iso(time(NULL), at);
	jsonx_put_str(o, "at", at);
	json_object_object_add(o, "etcd", json_object_get(etcd));
	json_object_object_add(o, "desired", json_object_get(desired));
	json_object_object_add(o, "hosts", list);
	if ((rc = keep(conf, o, err)) == 0)
		*ret = json_object_get(list);
	json_object_put(o);
	return rc;
}
