/*
 * identity.c - who this host is, and which consoles it believes.
 */
#include <stdio.h>
#include <string.h>

#include "fsx.h"
#include "host.h"
#include "jsonx.h"

static int
identity_make(const struct conf *conf, struct err *err)
{
	struct buf key, cert;
	int rc = -1;

	buf_init(&key, BUNDLE_PEM_MAX);
	buf_init(&cert, BUNDLE_PEM_MAX / 2);
	/* One file: a crash leaves the old pair or the new. */
	if (bundle_identity_new(conf->cluster_name, &key, &cert, err) == 0) {
		if (buf_add(&key, cert.data, cert.len) == -1)
			err_set(err, ERR_NOMEM, "", "identity");
		else
			rc = cluster_pem_write(
			    conf, "identity.pem", key.data, key.len, err);
	}
	buf_clear(&key);
	buf_clear(&cert);
	return rc;
}

/* Believed from now on, in the place of what that console was before. */
static int
consoles_add(
    const struct conf *conf, const char *pem, bool others, struct err *err)
{
	const struct pki_bytes console = {pem, strlen(pem)};
	struct pki_bytes list = {"", 0};
	struct buf all, out;
	int rc;

	buf_init(&all, 8 * BUNDLE_PEM_MAX);
	buf_init(&out, 8 * BUNDLE_PEM_MAX);
	if (others && cluster_pem_read(conf, "consoles.pem", &all, NULL) == 0) {
		list.data = all.data;
		list.len = all.len;
	}
	rc = bundle_consoles_add(&list, &console, &out, err);
	if (rc == 0)
		rc = cluster_pem_write(
		    conf, "consoles.pem", out.data, out.len, err);
	buf_clear(&all);
	buf_clear(&out);
	return rc;
}

/* A console trusts itself, and is its own first scanner. */
static int
trust_self(const struct conf *conf, struct err *err)
{
	char name[BUNDLE_NAME_MAX + 16], sha256[SHA256_HEX];
	struct buf pem;
	int rc = -1;

	buf_init(&pem, BUNDLE_PEM_MAX);
	(void)snprintf(name, sizeof(name), "hosts/%s.pem", conf->cluster_name);
	if (cluster_identity(conf, &pem, sha256, err) == 0 &&
	    consoles_add(conf, pem.data, true, err) == 0)
		rc = cluster_pem_write(conf, name, pem.data, pem.len, err);
	buf_clear(&pem);
	return rc;
}

/* A console begins a cluster. */
static int
console_make(const struct conf *conf, struct err *err)
{
	struct cluster_state s;

	if (cluster_state_read(conf, &s, err) == -1)
		return -1;
	if (!conf->cluster_console || s.id[0] != '\0')
		return 0;
	if (trust_self(conf, err) == -1 ||
	    random_hex(s.id, BUNDLE_CLUSTER_LEN / 2, err) == -1)
		return -1;
	return cluster_state_write(conf, &s, err);
}

int
cluster_init(const struct conf *conf, struct err *err)
{
	char path[STATE_PATH_MAX];
	struct err cause;
	struct buf pem;
	int rc;

	if (!cluster_on(conf))
		return 0;
	if (cluster_path(conf, "hosts", path, sizeof(path), err) == -1 ||
	    fsx_mkdir_p(path, 0700, err) == -1 ||
	    cluster_path(conf, "chosen", path, sizeof(path), err) == -1 ||
	    fsx_mkdir_p(path, 0700, err) == -1)
		return -1;
	buf_init(&pem, BUNDLE_PEM_MAX);
	rc = cluster_pem_read(conf, "identity.pem", &pem, &cause);
	buf_clear(&pem);
	if (rc == -1 &&
	    (fsx_missing(&cause, err) == -1 || identity_make(conf, err) == -1))
		return -1;
	return console_make(conf, err);
}

int
cluster_identity(const struct conf *conf, struct buf *pem,
    char sha256[SHA256_HEX], struct err *err)
{
	struct pki_bytes b;
	struct buf both;
	const char *cert;
	int rc = -1;

	if (!cluster_on(conf))
		return err_set(err, ERR_CLUSTER_NONE, "", "no [cluster]");
	buf_init(&both, BUNDLE_PEM_MAX);
	if (cluster_pem_read(conf, "identity.pem", &both, err) == -1)
		goto out;
	cert = strstr(both.data, "-----BEGIN CERTIFICATE-----");
	b.data = cert == NULL ? "" : cert;
	b.len = strlen(b.data);
	if (bundle_fingerprint(&b, pem, sha256, NULL) == -1)
		err_set(err, ERR_IO, "", "identity.pem is damaged");
	else
		rc = 0;
out:
	buf_clear(&both);
	return rc;
}

int
cluster_identity_pair(const struct conf *conf, struct buf *b, struct err *err)
{
	return cluster_pem_read(conf, "identity.pem", b, err);
}

int
cluster_rotate(const struct conf *conf, struct err *err)
{
	struct cluster_state s;

	if (cluster_state_read(conf, &s, err) == -1 ||
	    identity_make(conf, err) == -1)
		return -1;
	return conf->cluster_console ? trust_self(conf, err) : 0;
}

int
cluster_sign(
    const struct conf *conf, const char *text, struct buf *sig, struct err *err)
{
	struct pki_bytes b;
	struct buf key;
	int rc = -1;

	buf_init(&key, BUNDLE_PEM_MAX);
	if (cluster_pem_read(conf, "identity.pem", &key, err) == 0) {
		b.data = key.data;
		b.len = key.len;
		rc = bundle_sign(&b, text, sig, err);
	}
	buf_clear(&key);
	return rc;
}

/* A host of another cluster, or of none, becomes one of this: what it had
 * from the other no longer counts.  A second console of the same cluster is
 * believed as well. */
int
cluster_trust(
    const struct conf *conf, struct json_object *join, struct err *err)
{
	const char *id = "", *pem = "", *name = "";
	char sha256[SHA256_HEX];
	struct cluster_state s;
	struct pki_bytes b;
	struct buf clean;
	bool same;
	int rc;

	if (cluster_state_read(conf, &s, err) == -1 ||
	    jsonx_str(join, "cluster", "cluster", 64, &id, err) == -1 ||
	    jsonx_str(join, "scanner", "scanner", 64, &name, err) == -1 ||
	    jsonx_str(join, "certificate", "certificate", BUNDLE_PEM_MAX / 2,
		&pem, err) == -1)
		return -1;
	b.data = pem;
	b.len = strlen(pem);
	if (strlen(id) != BUNDLE_CLUSTER_LEN ||
	    strspn(id, "0123456789abcdef") != BUNDLE_CLUSTER_LEN)
		return err_set(err, ERR_FIELD_INVALID, "cluster",
		    "this is not what enrolment gave");
	if (strcmp(name, conf->cluster_name) != 0)
		return err_set(err, ERR_BUNDLE_TARGET, "scanner",
		    "this is for %.64s", name);
	if (!(same = strcmp(s.id, id) == 0)) {
		memset(&s, 0, sizeof(s));
		memcpy(s.id, id, BUNDLE_CLUSTER_LEN + 1);
	}
	/* Consoles first: with an id and nobody to believe, nothing would
	 * ever be applied, and that is the safe half. */
	buf_init(&clean, BUNDLE_PEM_MAX);
	rc = bundle_identity_check(&b, &clean, sha256, err);
	if (rc == 0)
		rc = consoles_add(conf, clean.data, same, err);
	buf_clear(&clean);
	return rc == 0 ? cluster_state_write(conf, &s, err) : -1;
}
