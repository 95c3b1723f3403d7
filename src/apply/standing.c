/*
 * standing.c - the certificates that Postfix has from files of somebody else,
 * by use: as certbot, another console or a person left them in main.cf.
 *
 * The files are read as root and looked at in the jail, like an upload; only
 * the description comes back.  It is kept with the identity of each file, so
 * that a page costs no inspection until one of them is another file.
 */
#include <sys/stat.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fsx.h"
#include "certname.h"
#include "jsonx.h"
#include "levels.h"
#include "state.h"

#define BLANKS	", \t\r\n"
#define KEY_MAX 4096

/* Where main.cf names them: a list, or pairs by older names. */
static const struct {
	const char *list;
	const char *pair[2][2];
	const char *kept; /* in the state directory */
} places[CERT_USE__MAX] = {
    [CERT_INBOUND] = {IN_CHAIN,
	{{"smtpd_tls_cert_file", "smtpd_tls_key_file"},
	    {"smtpd_tls_eccert_file", "smtpd_tls_eckey_file"}},
	"standing.json"},
    [CERT_OUTBOUND] = {OUT_CHAIN,
	{{OUT_CERT, "smtp_tls_key_file"},
	    {"smtp_tls_eccert_file", "smtp_tls_eckey_file"}},
	"standing-outbound.json"},
    [CERT_CLIENT_CA] = {IN_CAFILE, {{NULL}}, "standing-client_ca.json"},
};

/* "$smtpd_tls_cert_file", a line of many guides, is what that one has. */
static const char *
value_of(struct json_object *params, const char *name)
{
	const char *v = jsonx_path_str(params, name, "");

	return v[0] == '$' && param_bit(v + 1) != 0
		   ? jsonx_path_str(params, v + 1, v)
		   : v;
}

/* One "$name", "${name}" or "$(name)" of ours as params have it, as main.cf may
 * not have it now; all else is left to Postfix.  Bytes of v that it took. */
static size_t
put_own(struct json_object *params, const char *v, struct buf *b)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz_";
	size_t head = 1 + (v[1] == '{' || v[1] == '('), n;
	const char *value;
	char name[64];

	n = strspn(v + head, chars);
	(void)snprintf(name, sizeof(name), "%.*s", (int)n, v + head);
	value = jsonx_path_str(params, name, NULL);
	if (n == 0 || n >= sizeof(name) || param_bit(name) == 0 ||
	    value == NULL || (head == 2 && v[2 + n] != '}' && v[2 + n] != ')')) {
		(void)buf_addc(b, *v);
		return 1;
	}
	(void)buf_adds(b, value);
	return head + n + (head == 2);
}

static int
expand_one(const struct conf *conf, struct json_object *params,
    const char *name, struct json_object **plain)
{
	const char *v = value_of(params, name);
	struct json_object *is;
	struct buf b;

	if (strchr(v, '$') == NULL)
		return 0;
	buf_init(&b, KEY_MAX);
	while (*v != '\0' && !b.failed)
		v += *v == '$' ? put_own(params, v, &b)
			       : (buf_addc(&b, *v), (size_t)1);
	is = b.failed			   ? NULL
	     : strchr(b.data, '$') == NULL ? json_object_new_string(b.data)
					   : postfix_expand(conf, name, b.data);
	buf_clear(&b);
	if (is == NULL)
		return -1;
	/* Of names that are not set nothing is left: no file of that name. */
	if (strchr(json_object_get_string(is), '/') == NULL) {
		json_object_put(is);
		return 0;
	}
	if (*plain == NULL &&
	    json_object_deep_copy(params, plain, NULL) == -1) {
		json_object_put(is);
		return -1;
	}
	return json_object_object_add(*plain, name, is);
}

/* With what "$config_directory/tls.pem" means: a new reference; NULL: Postfix
 * did not say, so nothing is known. */
static struct json_object *
expanded(const struct conf *conf, struct json_object *params,
    enum cert_use use, struct err *err)
{
	struct json_object *plain = NULL;
	const char *name;
	size_t i;
	int rc;

	rc = expand_one(conf, params, places[use].list, &plain);
	for (i = 0; i < 4 && rc == 0; i++)
		if ((name = places[use].pair[i / 2][i % 2]) != NULL)
			rc = expand_one(conf, params, name, &plain);
	if (rc != 0) {
		json_object_put(plain);
		err_set(err, ERR_INTERNAL, "",
		    "postconf does not say what $ means in %s",
		    places[use].list);
		return NULL;
	}
	return plain != NULL ? plain : json_object_get(params);
}

/* One call for each file that main.cf names; -1 ends the walk. */
typedef int (*file_fn)(
    void *arg, const char *parameter, const char *path, struct err *);

static int
each_of_list(const char *parameter, const char *list, file_fn fn, void *arg,
    struct err *err)
{
	char path[1024];
	size_t n;

	for (;;) {
		list += strspn(list, BLANKS);
		if ((n = strcspn(list, BLANKS)) == 0)
			return 0;
		(void)snprintf(path, sizeof(path), "%.*s", (int)n, list);
		if (fn(arg, parameter, n < sizeof(path) ? path : "", err) == -1)
			return -1;
		list += n;
	}
}

/* Certificate and key by their older names; the key's defaults to the
 * certificate's file. */
static int
each_of_pair(struct json_object *params, const char *cert_name,
    const char *key_name, file_fn fn, void *arg, struct err *err)
{
	const char *cert = value_of(params, cert_name);
	const char *key = value_of(params, key_name);

	if (cert[0] == '\0' || strcmp(cert, "none") == 0)
		return 0;
	if (fn(arg, cert_name, cert, err) == -1)
		return -1;
	if (key[0] == '\0' || strcmp(key, cert) == 0)
		return 0;
	return fn(arg, key_name, key, err);
}

static int
each_file(struct json_object *params, enum cert_use use, file_fn fn, void *arg,
    struct err *err)
{
	const char *list = value_of(params, places[use].list);
	size_t i;

	if (list[0] != '\0')
		return each_of_list(places[use].list, list, fn, arg, err);
	for (i = 0; i < 2 && places[use].pair[i][0] != NULL; i++)
		if (each_of_pair(params, places[use].pair[i][0],
			places[use].pair[i][1], fn, arg, err) == -1)
			return -1;
	return 0;
}

struct reading {
	struct buf *all;
	const char **unread;
	size_t *n;
};

/* PEM blocks may stand in any order. */
static int
read_one(void *arg, const char *parameter, const char *path, struct err *err)
{
	struct reading *r = arg;
	struct buf b;
	int rc = 0;

	buf_init(&b, PKI_FILE_MAX);
	if (path[0] != '/' || strchr(path, '$') != NULL ||
	    fsx_read(path, PKI_FILE_MAX, &b, NULL) == -1) {
		if (*r->n < STANDING_FILES_MAX)
			r->unread[(*r->n)++] = parameter;
	} else if (buf_add(r->all, b.data == NULL ? "" : b.data, b.len) == -1 ||
		   buf_addc(r->all, '\n') == -1 || r->all->len > PKI_FILE_MAX) {
		rc = err_set(err, ERR_FILE_TOO_LARGE, "server_certificate",
		    "%s: more than %d bytes in all", parameter, PKI_FILE_MAX);
	}
	buf_clear(&b);
	return rc;
}

int
standing_files(const struct conf *conf, struct json_object *params,
    struct buf *all, const char *unread[STANDING_FILES_MAX], size_t *n_unread,
    struct err *err)
{
	struct reading r = {all, unread, n_unread};
	struct json_object *plain = expanded(conf, params, CERT_INBOUND, err);
	int rc;

	*n_unread = 0;
	if (plain == NULL)
		return -1;
	rc = each_file(plain, CERT_INBOUND, read_one, &r, err);
	json_object_put(plain);
	return rc;
}

/* Name and identity, one line a file. */
static int
key_of_one(void *arg, const char *parameter, const char *path, struct err *err)
{
	char *key = arg;
	size_t len = strlen(key);
	struct stat st;

	memset(&st, 0, sizeof(st));
	if (path[0] != '/' || stat(path, &st) == -1)
		st.st_ino = 0;
	(void)snprintf(key + len, KEY_MAX - len, "%s %lu:%lu %ld.%09ld %ld\n",
	    path, (unsigned long)st.st_dev, (unsigned long)st.st_ino,
	    (long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec, (long)st.st_size);
	return 0;
}

static int
describe(const struct conf *conf, const struct facts *facts, enum cert_use use,
    struct json_object **ret, struct err *err)
{
	const struct pki_jail jail = {
	    .user = geteuid() == 0 ? conf->inspect_user : NULL};
	static const char *const both[] = {"cert.add_algorithm"};
	const char *unread[STANDING_FILES_MAX];
	struct pki_input in;
	struct pki_output out;
	struct buf all;
	size_t n = 0;
	struct reading r = {&all, unread, &n};
	int rc = -1;

	buf_init(&all, 2 * PKI_FILE_MAX);
	pki_output_init(&out);
	memset(&in, 0, sizeof(in));
	if (each_file(facts->params, use, read_one, &r, err) == -1)
		goto out;
	*ret = NULL;
	if (all.len == 0) {
		rc = 0;
		goto out;
	}
	in.file[PKI_SERVER_CERTIFICATE].data = all.data;
	in.file[PKI_SERVER_CERTIFICATE].len = all.len;
	in.hostname = facts->info.myhostname;
	in.client = in.client_only = use == CERT_OUTBOUND;
	in.authorities = use == CERT_CLIENT_CA;
	in.now = time(NULL);
	in.confirm = both;
	in.n_confirm = 1;
	if (pki_inspect_jailed(&jail, &in, &out, err) == -1)
		goto out;
	*ret = json_object_get(jsonx_path(out.report, "certificate"));
	rc = 0;
out:
	pki_output_clear(&out);
	buf_clear(&all);
	return rc;
}

static void
keep(const char *path, const char *key, struct json_object *cert)
{
	struct json_object *o = json_object_new_object();
	const char *text;

	if (o == NULL)
		return;
	jsonx_put_str(o, "key", key);
	json_object_object_add(o, "certificate", json_object_get(cert));
	text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
	if (text != NULL)
		(void)fsx_replace_fast(path, text, strlen(text), 0600, NULL);
	json_object_put(o);
}

/* Does main.cf name one of this use that is not the console's? */
static bool
is_theirs(struct json_object *params, enum cert_use use)
{
	if (params == NULL || use == CERT_INBOUND)
		return params != NULL && params_own_certificate(params);
	/* Where nobody is asked it may only complete a chain. */
	return !chain_path_ours(value_of(params, places[use].list)) &&
	       (use != CERT_CLIENT_CA || params_ask_clients(params));
}

static int
certificate_of(const struct conf *conf, const struct facts *facts,
    enum cert_use use, struct json_object **ret, struct err *err)
{
	struct json_object *kept = NULL;
	char path[STATE_PATH_MAX], key[KEY_MAX] = "";
	int rc;

	if (fsx_path(path, sizeof(path), err, "%s/%s", conf->state_directory,
		places[use].kept) == -1 ||
	    each_file(facts->params, use, key_of_one, key, err) == -1)
		return -1;
	if (key[0] == '\0')
		return 0;
	if (jsonx_file_read(path, &kept, NULL) == 0 &&
	    strcmp(jsonx_path_str(kept, "key", ""), key) == 0) {
		*ret = json_object_get(jsonx_path(kept, "certificate"));
		json_object_put(kept);
		return 0;
	}
	json_object_put(kept);
	if ((rc = describe(conf, facts, use, ret, err)) == 0)
		keep(path, key, *ret);
	return rc;
}

int
standing_certificate(const struct conf *conf, const struct facts *facts,
    enum cert_use use, struct json_object **ret, struct err *err)
{
	struct facts plain = *facts;
	int rc;

	*ret = NULL;
	if (!is_theirs(facts->params, use))
		return 0;
	plain.params = expanded(conf, facts->params, use, err);
	if (plain.params == NULL)
		return -1;
	rc = certificate_of(conf, &plain, use, ret, err);
	json_object_put(plain.params);
	return rc;
}

int
standing_beside(const struct conf *conf, const struct facts *facts,
    struct buf *all, struct err *err)
{
	const char *unread[STANDING_FILES_MAX];
	struct json_object *cert = NULL;
	size_t n = 0;
	bool more;

	/* What cannot be described is none that a Save can keep. */
	(void)standing_certificate(conf, facts, CERT_INBOUND, &cert, NULL);
	more = cert_of(cert, 1) != NULL;
	json_object_put(cert);
	return more ? standing_files(
			  conf, facts->params, all, unread, &n, err)
		    : 0;
}
