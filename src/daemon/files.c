/*
 * files.c - the files of a request, and their inspection in the jail.
 *
 * A file may be longer than an upload is allowed to be: the inspection says
 * so in words for its field.  Beyond FILE_SENT_MAX it is a broken client.
 */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "call.h"
#include "files.h"
#include "jsonx.h"
#include "keystore.h"

#define HOST_MAX 256

const char *const file_names[] = {
    [PKI_CA_CERTIFICATE] = "ca_certificate",
    [PKI_PRIVATE_KEY] = "private_key",
    [PKI_SERVER_CERTIFICATE] = "server_certificate",
    [FILE_CLIENT_CA] = "client_ca",
    [FILES__MAX] = NULL,
};

void
files_init(struct files *f)
{
	size_t i;

	for (i = 0; i < FILES__MAX; i++) {
		buf_init(&f->data[i], FILE_SENT_MAX);
		f->given[i] = false;
	}
}

void
files_clear(struct files *f)
{
	size_t i;

	for (i = 0; i < FILES__MAX; i++) {
		buf_clear(&f->data[i]);
		f->given[i] = false;
	}
}

int
field_number(const char *name)
{
	int i;

	for (i = 0; i < FILES__MAX; i++) {
		if (strcmp(file_names[i], name) == 0)
			return i;
	}
	return -1;
}

static int
read_one(struct json_object *o, size_t i, struct files *f, struct err *err)
{
	const char *name = file_names[i], *s = NULL;

	if (jsonx_str(o, name, name, IPC_FRAME_MAX, &s, err) == -1)
		return -1;
	if (s == NULL)
		return 0;
	if (strlen(s) > (size_t)FILE_SENT_MAX / 3 * 4)
		return err_set(err, ERR_FILE_TOO_LARGE, name,
		    "at most %d bytes", PKI_FILE_MAX);
	if (jsonx_b64(o, name, name, FILE_SENT_MAX, &f->data[i], err) == -1)
		return -1;
	f->given[i] = true;
	return 0;
}

int
files_read(struct json_object *args, struct files *f, struct err *err)
{
	struct json_object *files = jsonx_member(args, "files");
	size_t i;

	if (files != NULL &&
	    jsonx_only(files, "files", pki_field_names, err) == -1)
		return -1;
	for (i = 0; files != NULL && i < PKI_FIELD__MAX; i++)
		if (read_one(files, i, f, err) == -1)
			return -1;
	return read_one(args, FILE_CLIENT_CA, f, err);
}

size_t
files_count(const struct files *f)
{
	size_t i, n = 0;

	for (i = 0; i < PKI_FIELD__MAX; i++)
		n += f->given[i];
	return n;
}

struct pki_bytes
file_bytes(const struct files *f, size_t i)
{
	const struct buf *b = &f->data[i];

	if (!f->given[i])
		return (struct pki_bytes){NULL, 0};
	return (struct pki_bytes){b->data == NULL ? "" : b->data, b->len};
}

void
files_bytes(const struct files *f, struct pki_bytes bytes[PKI_FIELD__MAX])
{
	size_t i;

	for (i = 0; i < PKI_FIELD__MAX; i++)
		bytes[i] = file_bytes(f, i);
}

int
files_inspect(const struct call *c, const struct pki_bytes file[PKI_FIELD__MAX],
    const char *passphrase, enum files_kind kind, struct json_object **report,
    struct err *err)
{
	const struct pki_jail jail = {
	    .user = geteuid() == 0 ? c->conf->inspect_user : NULL};
	char host[HOST_MAX];
	struct pki_input in;
	struct pki_output out;
	struct buf stored;
	int rc = -1;

	memset(&in, 0, sizeof(in));
	buf_init(&stored, 4 * PKI_FILE_MAX);
	pki_output_init(&out);
	if (apply_inspect_base(
		c->conf, &stored, host, sizeof(host), &in.client, err) == -1)
		goto out;
	memcpy(in.file, file, sizeof(in.file));
	in.passphrase = passphrase;
	in.hostname = host[0] == '\0' ? NULL : host;
	in.now = time(NULL);
	in.partial = kind == FILES_PART;
	in.authorities = kind == FILES_AUTHORITIES;
	if (stored.len > 0 && !in.authorities) {
		in.stored.data = stored.data;
		in.stored.len = stored.len;
	}
	if (keystore_inspect(c->conf, c->actor.user, &jail, &in, &out, err) ==
	    -1)
		goto out;
	*report = json_object_get(out.report);
	rc = 0;
out:
	pki_output_clear(&out);
	buf_clear(&stored);
	return rc;
}
