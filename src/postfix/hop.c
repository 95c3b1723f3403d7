/*
 * hop.c - a next hop by Postfix's own test client; what its words mean:
 * hop_words.c.
 *
 * posttls-finger reads a main.cf: it gets one of its own with what concerns
 * an SMTP client, since the real one may be in a directory that its user
 * cannot enter; names of keys, certificates and passwords stay out.  The CA
 * file is handed over as its standard input, for the same reason.
 */
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "fsx.h"
#include "hop.h"
#include "hop_int.h"
#include "jsonx.h"
#include "postfix_int.h"
#include "util.h"

#define CA_FILE_MAX (4 * 1024 * 1024)
#define MATCHES_MAX 8
#define NAME	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"

/* A number, or the name of a service. */
static bool
port_valid(const char *s)
{
	size_t n = strlen(s);

	if (strspn(s, "0123456789") == n)
		return n > 0 && n <= 5 && atoi(s) > 0 && atoi(s) <= 65535;
	return n <= 32 && strspn(s, NAME) == n;
}

bool
hop_name_valid(const char *s)
{
	size_t n;

	if (strlen(s) > HOP_NAME_MAX)
		return false;
	if (*s == '[') {
		n = strspn(++s, NAME ":");
		if (n == 0 || s[n] != ']')
			return false;
		s += n + 1;
	} else {
		n = strspn(s, NAME);
		if (n == 0 || *s == '-' || *s == '.')
			return false;
		s += n;
	}
	return *s == '\0' || (*s == ':' && port_valid(s + 1));
}

bool
hop_relayhost(const struct conf *conf, char dst[HOP_NAME_MAX + 1])
{
	static const char *const args[] = {"-x", "-h", "relayhost", NULL};
	struct run_result r;
	bool found = false;
	size_t n;

	if (postconf_run(conf, conf->config_directory, args, &r, NULL) == 0 &&
	    r.exit_code == 0 && r.out.len > 0 &&
	    (n = strcspn(r.out.data, "\n")) <= HOP_NAME_MAX) {
		(void)snprintf(
		    dst, HOP_NAME_MAX + 1, "%.*s", (int)n, r.out.data);
		found = hop_name_valid(dst);
	}
	run_result_clear(&r);
	return found;
}

static const char *
value(const struct hop_way *w, const char *name, const char *absent)
{
	const char *s = jsonx_path_str(w->set, name, "");

	return s[0] == '\0' ? absent : s;
}

/* What main.cf says, whether it names it or not. */
static const char *const values[] = {"-x", "smtp_tls_security_level",
    "smtp_use_tls", "smtp_enforce_tls", "smtp_tls_policy_maps",
    "smtp_tls_CAfile", "smtp_tls_CApath", "smtp_tls_protocols",
    "smtp_tls_mandatory_protocols", "smtp_tls_ciphers",
    "smtp_tls_mandatory_ciphers", "smtp_tls_wrappermode", "smtp_tls_servername",
    "smtp_host_lookup", NULL};

static void
level_of_main(struct hop_way *w)
{
	const char *level = value(w, "smtp_tls_security_level", "");

	if (level[0] == '\0')
		level =
		    strcasecmp(value(w, "smtp_enforce_tls", "no"), "yes") == 0
			? "encrypt"
		    : strcasecmp(value(w, "smtp_use_tls", "no"), "yes") == 0
			? "may"
			: "none";
	(void)snprintf(w->level, sizeof(w->level), "%s", level);
}

/* "level name=value ..." */
static void
take_policy(struct hop_way *w, const char *line)
{
	const struct {
		const char *name;
		char *dst;
	} known[] = {{"match=", w->match}, {"protocols=", w->protocols},
	    {"ciphers=", w->ciphers}, {"servername=", w->servername}};
	size_t n, i, len;

	w->policy = true;
	for (;; line += n) {
		line += strspn(line, " \t,\r\n");
		if ((n = strcspn(line, " \t,\r\n")) == 0)
			return;
		for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
			len = strlen(known[i].name);
			if (n > len && n - len < HOP_VALUE_MAX &&
			    strncmp(line, known[i].name, len) == 0)
				(void)snprintf(known[i].dst, HOP_VALUE_MAX,
				    "%.*s", (int)(n - len), line + len);
		}
		if (memchr(line, '=', n) == NULL)
			(void)snprintf(w->level, sizeof(w->level), "%.*s",
			    (int)(n < 31 ? n : 31), line);
	}
}

/* Next hop as it stands, then its parent domains, in each table. */
static int
level_of_policy(const struct conf *conf, struct hop_way *w, struct err *err)
{
	const struct hop_maps m = {"smtp_tls_policy_maps",
	    jsonx_path_str(w->set, "smtp_tls_policy_maps", "")};
	const char *key = w->next_hop;
	bool domain = strpbrk(key, "[:") == NULL;
	char *text;
	int rc = 0;

	for (; rc == 0 && key != NULL;
	     key = domain ? strchr(key + 1, '.') : NULL)
		rc = hop_ask(conf, &m, key, &text, err);
	if (rc == 1) {
		take_policy(w, text);
		free(text);
	}
	return rc == -1 ? -1 : 0;
}

/* What a client needs to know, and no more. */
static bool
is_for_client(const char *name)
{
	static const char *const whole[] = {
	    "compatibility_level", "myhostname", "mydomain", "inet_protocols"};
	static const char *const never[] = {
	    "key", "cert", "chain", "sasl", "policy", "_maps", "database"};
	size_t i;

	for (i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		if (strcmp(name, whole[i]) == 0)
			return true;
	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (strstr(name, never[i]) != NULL)
			return false;
	return strncmp(name, "smtp_", 5) == 0 || strncmp(name, "tls_", 4) == 0;
}

/* A directory with a main.cf for it, to be removed. */
static int
make_config(const struct conf *conf, char dir[64], struct err *err)
{
	static const char *const args[] = {"-n", "-x", NULL};
	struct json_object *o = NULL;
	char path[128];
	struct buf b;
	int rc = -1;

	dir[0] = '\0';
	if (postconf_values(conf, args, &o, err) == -1)
		return -1;
	buf_init(&b, MAINCF_SIZE_MAX);
	json_object_object_foreach (o, name, v) {
		if (is_for_client(name))
			(void)buf_printf(
			    &b, "%s = %s\n", name, json_object_get_string(v));
	}
	(void)snprintf(dir, 64, "/tmp/postseal-hop-XXXXXX");
	if (b.failed) {
		err_set(err, ERR_NOMEM, "", "main.cf");
	} else if (mkdtemp(dir) == NULL || chmod(dir, 0755) == -1) {
		err_sys(err, ERR_IO, "", "%s", dir);
	} else {
		(void)snprintf(path, sizeof(path), "%s/main.cf", dir);
		rc = fsx_replace_fast(
		    path, b.len > 0 ? b.data : "", b.len, 0644, err);
	}
	json_object_put(o);
	buf_clear(&b);
	return rc;
}

/* An option with a value that is not empty. */
static size_t
put(const char **argv, size_t n, const char *option, const char *text)
{
	if (text[0] == '\0')
		return n;
	argv[n] = option;
	argv[n + 1] = text;
	return n + 2;
}

/* The words of match=, apart by ":" as in the policy table. */
static size_t
put_match(const char **argv, size_t n, char *words)
{
	char *p, *save = NULL;
	size_t i = 0;

	for (p = strtok_r(words, ":", &save); p != NULL && i < MATCHES_MAX;
	     p = strtok_r(NULL, ":", &save), i++)
		argv[n++] = p;
	return n;
}

static int
run_client(const struct conf *conf, struct hop_way *w, const char *dir,
    const struct buf *ca, struct run_result *r, struct err *err)
{
	bool must = hop_is_mandatory(w->level);
	char path[CONF_STR_MAX + 32], config[96];
	const char *argv[32 + MATCHES_MAX] = {
	    path, "-c", "-t", "4", "-T", "4", "-l", w->level};
	const char *envp[] = {
	    "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", config, NULL};
	const struct run_spec spec = {.argv = argv,
	    .envp = envp,
	    .in = ca->len > 0 ? ca->data : NULL,
	    .in_len = ca->len,
	    .timeout_ms = conf_ms(conf, HOP_MS),
	    .user = geteuid() == 0 ? conf->probe_user : NULL};
	size_t n = 8;

	(void)snprintf(
	    path, sizeof(path), "%s/posttls-finger", conf->command_directory);
	(void)snprintf(config, sizeof(config), "MAIL_CONFIG=%s", dir);
	if (ca->len > 0)
		n = put(argv, n, "-F", "/dev/stdin");
	n = put(argv, n, "-P", value(w, "smtp_tls_CApath", ""));
	n = put(argv, n, "-p",
	    w->protocols[0] != '\0' ? w->protocols
	    : must ? value(w, "smtp_tls_mandatory_protocols", "")
		   : value(w, "smtp_tls_protocols", ""));
	n = put(argv, n, "-g",
	    w->ciphers[0] != '\0' ? w->ciphers
	    : must		  ? value(w, "smtp_tls_mandatory_ciphers", "")
				  : value(w, "smtp_tls_ciphers", ""));
	n = put(argv, n, "-h", value(w, "smtp_host_lookup", ""));
	n = put(argv, n, "-s",
	    w->servername[0] != '\0' ? w->servername
				     : value(w, "smtp_tls_servername", ""));
	if (strcasecmp(value(w, "smtp_tls_wrappermode", "no"), "yes") == 0)
		argv[n++] = "-w";
	argv[n++] = w->next_hop;
	n = put_match(argv, n, w->match);
	argv[n] = NULL;
	return run(&spec, r, err);
}

static int
look(const struct conf *conf, struct hop_way *w, struct json_object *o,
    struct err *err)
{
	const char *file = value(w, "smtp_tls_CAfile", "");
	struct run_result r;
	char dir[64];
	struct buf ca;
	struct err why;
	int rc = -1;

	buf_init(&ca, CA_FILE_MAX);
	if (file[0] == '/')
		(void)fsx_read(file, CA_FILE_MAX, &ca, NULL);
	if (make_config(conf, dir, err) == -1)
		goto out;
	rc = run_client(conf, w, dir, &ca, &r, &why);
	if (rc == 0) {
		hop_judge(w, &r, o);
	} else if (why.code == ERR_TIMEOUT) {
		hop_not_seen(o, "connection", "no end within the time");
		rc = 0;
	} else if (err != NULL) {
		*err = why;
	}
	run_result_clear(&r);
out:
	if (dir[0] != '\0')
		(void)fsx_wipe_tree(dir, NULL);
	buf_clear(&ca);
	return rc;
}

int
hop_look(const struct conf *conf, const char *next_hop,
    struct json_object **ret, struct err *err)
{
	struct hop_way w = {.next_hop = next_hop};
	struct json_object *o;
	char at[32];
	int rc = -1;

	if (!hop_name_valid(next_hop))
		return err_set(err, ERR_FIELD_INVALID, "next_hop",
		    "expected a host name, or an address in brackets, and "
		    "perhaps a port");
	if ((o = json_object_new_object()) == NULL)
		return err_set(err, ERR_NOMEM, "", "hop");
	time_iso(time(NULL), at);
	if (postconf_values(conf, values, &w.set, err) == -1)
		goto out;
	level_of_main(&w);
	if (level_of_policy(conf, &w, err) == -1)
		goto out;
	jsonx_put_str(o, "next_hop", next_hop);
	jsonx_put_str(o, "level", w.level);
	jsonx_put_bool(o, "policy", w.policy);
	jsonx_put_str(o, "at", at);
	rc = look(conf, &w, o, err);
out:
	json_object_put(w.set);
	if (rc == 0)
		*ret = o;
	else
		json_object_put(o);
	return rc;
}
