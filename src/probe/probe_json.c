/*
 * probe_json.c - what the probe has seen of one listener, as ADDRESS of
 * probe.h.
 */
#include <openssl/ssl.h>

#include <string.h>
#include <time.h>

#include "jsonx.h"
#include "probe_int.h"

const struct probe_version probe_versions[PROBE_VERSIONS] = {
    {TLS1_3_VERSION, "TLSv1.3"},
    {TLS1_2_VERSION, "TLSv1.2"},
};

static const char *const reasons[REASON__MAX] = {
    [REASON_NONE] = "differs",
    [REASON_CONNECTION] = "no_connection",
    [REASON_GREETING] = "no_greeting",
    [REASON_REFUSED] = "refused",
    [REASON_HIDDEN] = "starttls_hidden",
    [REASON_SESSION] = "session",
    [REASON_DIFFERS] = "differs",
};

static const char *
state_of(const struct probe_want *want, const struct seen *seen, int rc)
{
	if (rc == 0)
		return want->observe ? "seen" : "proven";
	if (rc == -1)
		return "differs";
	return seen->reason == REASON_CONNECTION ||
		       seen->reason == REASON_GREETING
		   ? "dark"
		   : "blind";
}

/* ["TLSv1.2", "TLSv1.3"] that worked with this leaf, or with any. */
static struct json_object *
versions_json(const struct seen *seen, size_t leaf, size_t n)
{
	struct json_object *list = json_object_new_array();
	size_t v, i;
	bool any;

	for (v = PROBE_VERSIONS; v-- > 0;) {
		any = false;
		for (i = leaf; i < leaf + n; i++)
			any = any || seen->version[i][v];
		if (any)
			json_object_array_add(list,
			    json_object_new_string(probe_versions[v].name));
	}
	return list;
}

static struct json_object *
certificates_json(const struct probe_want *want, const struct seen *seen)
{
	struct json_object *list = json_object_new_array(), *o;
	size_t i;

	for (i = 0; i < want->n_leaf; i++) {
		o = json_object_new_object();
		jsonx_put_str(o, "algorithm",
		    want->leaf[i].key_type == NULL ? ""
						   : want->leaf[i].key_type);
		jsonx_put_str(o, "sha256", seen->sha256[i]);
		json_object_object_add(
		    o, "protocols", versions_json(seen, i, 1));
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *
names_json(const struct probe_want *want, const struct seen *seen,
    enum probe_named how)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	for (i = 0; i < want->n_name; i++)
		if (seen->named[i] == how)
			json_object_array_add(
			    list, json_object_new_string(want->name[i]));
	return list;
}

static void
put_tls(struct json_object *o, const struct probe_want *want,
    const struct seen *seen)
{
	if (seen->protocol[0] != '\0') {
		jsonx_put_str(o, "protocol", seen->protocol);
		jsonx_put_str(o, "cipher", seen->cipher);
	}
	if (seen->sha256[0][0] != '\0')
		jsonx_put_str(o, "certificate_sha256", seen->sha256[0]);
	if (seen->tls_error[0] != '\0')
		jsonx_put_str(o, "tls_error", seen->tls_error);
	if (want->observe || want->n_leaf == 0 || !seen->starttls)
		return;
	json_object_object_add(
	    o, "certificates", certificates_json(want, seen));
	json_object_object_add(o, "names", names_json(want, seen, NAMED_OURS));
	json_object_object_add(
	    o, "names_other", names_json(want, seen, NAMED_OTHER));
}

struct json_object *
probe_json(const struct probe_want *want, const struct seen *seen, int rc,
    const struct err *why)
{
	struct json_object *o = json_object_new_object();
	char at[32];

	if (o == NULL)
		return NULL;
	time_iso(time(NULL), at);
	jsonx_put_str(o, "address", want->door.host);
	jsonx_put_int(o, "port", want->door.port);
	jsonx_put_str(o, "state", state_of(want, seen, rc));
	put_tls(o, want, seen);
	json_object_object_add(
	    o, "starttls", json_object_new_boolean(seen->starttls));
	json_object_object_add(
	    o, "plaintext_refused", json_object_new_boolean(seen->refused));
	json_object_object_add(
	    o, "wrapper", json_object_new_boolean(seen->wrapper));
	json_object_object_add(
	    o, "protocols", versions_json(seen, 0, PROBE_LEAVES_MAX));
	if (rc != 0) {
		jsonx_put_str(o, "reason", reasons[seen->reason]);
		jsonx_put_int(o, "code", seen->code);
		jsonx_put_str(o, "detail", why->msg);
	}
	jsonx_put_str(o, "at", at);
	jsonx_put_int(o, "tries", seen->tries);
	return o;
}
