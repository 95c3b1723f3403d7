/*
 * report.c - what postseal-sync has seen in etcd, as far as it is believed:
 * scanners.json.  A host's word counts where its identity has signed it.
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

/* What is asked of a row: is it signed by that host? */
struct asked {
	struct buf pem, sig;
	bool known;
};

static void
ask_row(const struct conf *conf, struct json_object *row, struct asked *a,
    struct bundle_signed *v)
{
	const char *text = jsonx_path_str(row, "text", "");
	struct err err;

	buf_init(&a->pem, BUNDLE_PEM_MAX);
	buf_init(&a->sig, BUNDLE_SIGNATURE_MAX);
	a->known = cluster_host_cert(conf, jsonx_path_str(row, "name", ""),
		       &a->pem, &err) == 0;
	if (!a->known || text[0] == '\0' || strlen(text) > TEXT_MAX ||
	    jsonx_b64(row, "sig", "sig", BUNDLE_SIGNATURE_MAX, &a->sig, &err) ==
		-1)
		return;
	v->certificates = (struct pki_bytes){a->pem.data, a->pem.len};
	v->text = (struct pki_bytes){text, strlen(text)};
	v->signature = (struct pki_bytes){a->sig.data, a->sig.len};
}

/* One row as reported, believed or not. */
static struct json_object *
check_row(struct json_object *row, bool known, bool is_signed)
{
	const char *name = jsonx_path_str(row, "name", "");
	const char *text = jsonx_path_str(row, "text", "");
	struct json_object *o = json_object_new_object(), *says = NULL;
	struct err err;
	bool valid;

	valid = is_signed &&
		jsonx_parse(text, strlen(text), 4, &says, &err) == 0 &&
		strcmp(jsonx_path_str(says, "name", ""), name) == 0;
	jsonx_put_str(o, "name", name);
	json_object_object_add(o, "known", json_object_new_boolean(known));
	json_object_object_add(o, "valid", json_object_new_boolean(valid));
	json_object_object_add(
	    o, "reported", json_object_new_boolean(text[0] != '\0'));
	json_object_object_add(
	    o, "alive", json_object_get(jsonx_path(row, "alive")));
	json_object_object_add(
	    o, "seen", json_object_get(jsonx_path(row, "seen")));
	json_object_object_add(o, "says", valid ? json_object_get(says) : NULL);
	json_object_put(says);
	return o;
}

/* All of them, in one question. */
static int
check_rows(const struct conf *conf, struct json_object *hosts,
    struct json_object *list, struct err *err)
{
	size_t i, n = jsonx_len(hosts);
	struct asked *a = calloc(n + 1, sizeof(*a));
	struct bundle_signed *v = calloc(n + 1, sizeof(*v));
	int rc = -1;

	if (a == NULL || v == NULL) {
		err_set(err, ERR_NOMEM, "", "report");
		goto out;
	}
	for (i = 0; i < n; i++)
		ask_row(
		    conf, json_object_array_get_idx(hosts, i), &a[i], &v[i]);
	rc = bundle_verify(v, n, err);
	for (i = 0; i < n; i++) {
		if (rc == 0)
			json_object_array_add(
			    list, check_row(json_object_array_get_idx(hosts, i),
				      a[i].known, v[i].valid));
		buf_clear(&a[i].pem);
		buf_clear(&a[i].sig);
	}
out:
	free(a);
	free(v);
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
