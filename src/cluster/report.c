/*
 * report.c - what postseal-sync has seen in etcd, as far as it is believed:
 * scanners.json.  A host's word counts where its identity has signed it.
 */
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

/* One row as reported, believed or not. */
static struct json_object *
check_row(const struct conf *conf, struct json_object *row)
{
	const char *name = jsonx_path_str(row, "name", "");
	const char *text = jsonx_path_str(row, "text", "");
	struct json_object *o = json_object_new_object(), *says = NULL;
	struct pki_bytes cert, signature;
	struct buf pem, sig;
	struct err err;
	bool known, valid = false;

	buf_init(&pem, BUNDLE_PEM_MAX);
	buf_init(&sig, BUNDLE_SIGNATURE_MAX);
	err_clear(&err);
	known = cluster_host_cert(conf, name, &pem, &err) == 0;
	if (known && text[0] != '\0' && strlen(text) <= TEXT_MAX &&
	    jsonx_b64(row, "sig", "sig", BUNDLE_SIGNATURE_MAX, &sig, &err) ==
		0) {
		cert.data = pem.data;
		cert.len = pem.len;
		signature.data = sig.data;
		signature.len = sig.len;
		valid = bundle_verify(&cert, text, &signature, &err) == 0 &&
			jsonx_parse(text, strlen(text), 4, &says, &err) == 0 &&
			strcmp(jsonx_path_str(says, "name", ""), name) == 0;
	}
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
	buf_clear(&pem);
	buf_clear(&sig);
	return o;
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
	size_t i, n = jsonx_len(hosts);
	char at[32];
	int rc;

	for (i = 0; i < n; i++)
		json_object_array_add(
		    list, check_row(conf, json_object_array_get_idx(hosts, i)));
	if (cluster_numbers_note(conf, list, err) == -1) {
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
