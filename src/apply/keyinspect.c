/*
 * keyinspect.c - uploads inspected for a user: with a budget, and with the
 * keys that wait here, so that a certificate that came alone finds its own.
 *
 * The files are inspected as they came first, in the jail; the report names
 * the public key of each certificate.  Only when no key came along, the one
 * in use does not fit, and a key that waits here does, the jail is asked
 * again, with the public half of that key (pki.h, `ours`).  A child that lies
 * about a certificate gets to see no more than its request, which is public,
 * and the key goes with no certificate but one for it.
 */
#include <string.h>
#include <unistd.h>

#include "findings.h"
#include "fsx.h"
#include "certname.h"
#include "jsonx.h"
#include "keystore_int.h"
#include "state.h"
#include "util.h"

#define DEAR_WAIT_MS 5000

/* Did any file of the report hold a key? */
static bool
has_keys(struct json_object *report)
{
	struct json_object *files = jsonx_path(report, "files"), *keys;

	if (!json_object_is_type(files, json_type_object))
		return true;
	json_object_object_foreach (files, name, file) {
		(void)name;
		keys = jsonx_path(file, "keys");
		if (json_object_is_type(keys, json_type_array) &&
		    json_object_array_length(keys) > 0)
			return true;
	}
	return false;
}

static struct json_object *
finding(struct json_object *report, enum err_code code)
{
	struct json_object *list = jsonx_path(report, "findings"), *f;
	size_t i, n;

	n = jsonx_len(list);
	for (i = 0; i < n; i++) {
		f = json_object_array_get_idx(list, i);
		if (strcmp(jsonx_path_str(f, "code", ""), err_name(code)) == 0)
			return f;
	}
	return NULL;
}

/* Is there a certificate with this public key among the uploads? */
static bool
has_certificate(struct json_object *report, const char *spki)
{
	struct json_object *files = jsonx_path(report, "files"), *list;
	size_t i, n;

	json_object_object_foreach (files, name, file) {
		(void)name;
		list = jsonx_path(file, "certificates");
		n = jsonx_len(list);
		for (i = 0; i < n; i++) {
			if (strcmp(jsonx_path_str(
				       json_object_array_get_idx(list, i),
				       "key.spki_sha256", ""),
				spki) == 0)
				return true;
		}
	}
	return false;
}

/* The keys that fit, each with its request, in *pem, and a finding for each. */
static int
find_keys(const struct conf *conf, struct json_object *report, struct buf *pem,
    struct findings *found, struct err *err)
{
	struct json_object *list = NULL, *meta;
	const char *spki;
	size_t i;
	int rc = 0;

	if (keystore_list(conf, &list, err) == -1)
		return -1;
	for (i = 0; i < json_object_array_length(list) && rc == 0; i++) {
		meta = json_object_array_get_idx(list, i);
		spki = jsonx_path_str(meta, "key.spki_sha256", "");
		if (*spki == '\0' || !has_certificate(report, spki))
			continue;
		rc = keystore_read(
		    conf, jsonx_path_str(meta, "id", ""), "key.pem", pem, err);
		if (rc == 0 &&
		    (rc = buf_adds(pem, jsonx_path_str(meta, "csr", "")) == -1))
			err_set(err, ERR_NOMEM, "", "keys");
		findings_add(found, ERR_KEY_PENDING,
		    pki_field_names[PKI_PRIVATE_KEY], "key",
		    jsonx_path_str(meta, "key.label", ""), "made",
		    jsonx_path_str(meta, "at", ""), "by",
		    jsonx_path_str(meta, "by", ""), NULL);
	}
	json_object_put(list);
	return rc;
}

/* Nobody uploaded a key: say where it came from instead. */
static void
mend_report(struct json_object *report, const struct findings *found)
{
	struct json_object *files = jsonx_path(report, "files");
	struct json_object *list = jsonx_path(report, "findings");
	struct json_object *extra = findings_to_json(found);
	size_t i;

	if (json_object_is_type(files, json_type_object))
		json_object_object_add(
		    files, pki_field_names[PKI_PRIVATE_KEY], NULL);
	for (i = 0; i < json_object_array_length(extra); i++) {
		if (json_object_array_length(list) >= FINDINGS_MAX)
			break;
		json_object_array_add(
		    list, json_object_get(json_object_array_get_idx(extra, i)));
	}
	json_object_put(extra);
}

/*
 * A second try with the great budget, for files that ask for many rounds.  One
 * at a time for each user: whoever sends ten of them waits for ten.
 */
static int
inspect_dear(const struct conf *conf, const char *user,
    const struct pki_jail *jail, const struct pki_input *in,
    struct pki_output *out, struct err *err)
{
	struct pki_input again = *in;
	char path[STATE_PATH_MAX], hash[SHA256_HEX];
	struct err why;
	int lock, rc;

	if (sha256_hex(user, strlen(user), hash) == -1)
		return err_set(err, ERR_INTERNAL, "", "no SHA-256");
	if (fsx_path(path, sizeof(path), err, "%s/inspect-%.16s.lock",
		conf->state_directory, hash) == -1)
		return -1;
	if ((lock = fsx_lock(path, DEAR_WAIT_MS, &why)) == -1)
		return why.code == ERR_APPLY_BUSY
			   ? err_set(err, ERR_INSPECT_BUSY, "passphrase",
				 "a costly file of %s is being opened", user)
			   : err_set(err, why.code, "", "%s", why.msg);
	again.dear = true;
	rc = pki_inspect_jailed(jail, &again, out, err);
	close(lock);
	return rc;
}

static int
inspect(const struct conf *conf, const char *user, const struct pki_jail *jail,
    const struct pki_input *in, struct pki_output *out, struct err *err)
{
	struct json_object *f;

	if (pki_inspect_jailed(jail, in, out, err) == -1)
		return -1;
	if ((f = finding(out->report, ERR_FILE_COST)) == NULL)
		return 0;
	if (in->costly != NULL)
		in->costly(jsonx_path_str(f, "args.what", ""), in->arg);
	return inspect_dear(conf, user, jail, in, out, err);
}

static int
inspect_with(const struct conf *conf, const char *user,
    const struct pki_jail *jail, const struct pki_input *in,
    const struct buf *key, const struct findings *found, struct pki_output *out,
    struct err *err)
{
	struct pki_input again = *in;
	struct pki_output second;

	again.file[PKI_PRIVATE_KEY].data = key->data;
	again.file[PKI_PRIVATE_KEY].len = key->len;
	again.ours |= PKI_BIT(PKI_PRIVATE_KEY);
	again.partial = false;
	pki_output_init(&second);
	if (inspect(conf, user, jail, &again, &second, err) == -1) {
		pki_output_clear(&second);
		return -1;
	}
	mend_report(second.report, found);
	pki_output_clear(out);
	*out = second;
	return 0;
}

int
keystore_inspect(const struct conf *conf, const char *user,
    const struct pki_jail *jail, const struct pki_input *in,
    struct pki_output *out, struct err *err)
{
	struct findings found;
	struct buf key;
	int rc;

	if (inspect(conf, user, jail, in, out, err) == -1)
		return -1;
	if (in->file[PKI_PRIVATE_KEY].data != NULL || has_keys(out->report) ||
	    finding(out->report, ERR_KEY_STORED) != NULL)
		return 0;
	findings_init(&found);
	buf_init(&key, KEYSTORE_MAX * PKI_FILE_MAX);
	rc = find_keys(conf, out->report, &key, &found, err);
	if (rc == 0 && key.len > 0)
		rc = inspect_with(conf, user, jail, in, &key, &found, out, err);
	buf_clear(&key);
	findings_clear(&found);
	return rc;
}

static bool
is_of(struct json_object *cert, const char *spki)
{
	struct json_object *one;
	size_t i;

	for (i = 0; (one = cert_of(cert, i)) != NULL; i++)
		if (strcmp(jsonx_path_str(one, "key.spki_sha256", ""), spki) ==
		    0)
			return true;
	return false;
}

static bool
any_is_of(const struct certs *certs, const char *spki)
{
	size_t i;

	for (i = 0; i < certs->n; i++)
		if (certs->v[i].facts != NULL && is_of(certs->v[i].facts, spki))
			return true;
	return false;
}

void
keystore_retire(const struct conf *conf, const struct certs *certs)
{
	struct json_object *list = NULL, *meta;
	const char *spki;
	struct err why;
	size_t i;

	if (keystore_list(conf, &list, NULL) == -1)
		return;
	for (i = 0; i < json_object_array_length(list); i++) {
		meta = json_object_array_get_idx(list, i);
		spki = jsonx_path_str(meta, "key.spki_sha256", "");
		if (*spki != '\0' && any_is_of(certs, spki) &&
		    keystore_delete(
			conf, jsonx_path_str(meta, "id", ""), &why) == -1)
			log_warn("a key that is in use now still waits: %s",
			    why.msg);
	}
	json_object_put(list);
}
