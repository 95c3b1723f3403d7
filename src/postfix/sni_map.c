/*
 * sni_map.c - tls_server_sni_maps: which certificate a client gets that asks
 * for a name.
 *
 * Ours is a texthash of the generation, a line "NAME FILE" each: the files are
 * read with the table, as root, before the chroot, so that no compiled map
 * full of keys is needed (measured on 3.5 to 3.11).  Tables of the
 * administrator's stay in front of it, so that no name that they have is
 * answered otherwise than before; whoever wants such a name from the console
 * is told which table has it.
 */
#include <stdio.h>
#include <string.h>

#include "jsonx.h"
#include "param_row.h"
#include "postfix_int.h"
#include "run.h"
#include "sni_map.h"

#define HEAD "texthash:"

/* The list without our element; at most size bytes. */
static int
without(const char *p, const char *sni_file, char *dst, size_t size)
{
	size_t n, len = 0;

	for (; (n = map_element(&p)) > 0; p += n) {
		if (map_is_ours(p, n, HEAD, sni_file))
			continue;
		if (len + n + 3 > size)
			return -1;
		len += (size_t)snprintf(dst + len, size - len, "%s%.*s",
		    len == 0 ? "" : ", ", (int)n, p);
	}
	dst[len] = '\0';
	return 0;
}

int
rule_sni(const struct params_context *c, struct want *w, struct err *err)
{
	const char *now = jsonx_path_str(c->current, SNI_MAPS, "");
	char rest[sizeof(w->value) - 2048];

	if (c->sni_file == NULL ||
	    (!c->sni && !sni_map_named(now, c->sni_file)))
		return 0; /* nothing of ours */
	if (!path_is_plain(c->sni_file))
		return err_set(err, ERR_CONFIG, "",
		    "state_directory: main.cf cannot name \"%.100s\"",
		    c->sni_file);
	if (without(now, c->sni_file, rest, sizeof(rest)) == -1)
		return err_set(
		    err, ERR_CONFIG, "", SNI_MAPS ": the value is too long");
	w->kind = !c->sni && rest[0] == '\0' ? WANT_UNSET : WANT_VALUE;
	(void)snprintf(w->value, sizeof(w->value), "%s%s%s%.1500s", rest,
	    c->sni && rest[0] != '\0' ? ", " : "", c->sni ? HEAD : "",
	    c->sni ? c->sni_file : "");
	return 0;
}

bool
sni_map_named(const char *p, const char *sni_file)
{
	size_t n;

	for (; (n = map_element(&p)) > 0; p += n)
		if (map_is_ours(p, n, HEAD, sni_file))
			return true;
	return false;
}

/* Exit status 0: it has the key.  What it has is perhaps a key of theirs: it
 * is wiped. */
static bool
has(const struct conf *conf, const char *map, const char *name)
{
	struct run_result r;
	bool yes = postmap_ask(conf, conf->config_directory, name, map, &r,
		       NULL) == 0 &&
		   r.exit_code == 0;

	run_result_clear(&r);
	return yes;
}

static bool
taken_by(const struct conf *conf, const char *p, const char *sni_file,
    const char *name, char map[SNI_MAP_MAX])
{
	size_t n;

	for (; (n = map_element(&p)) > 0; p += n) {
		(void)snprintf(map, SNI_MAP_MAX, "%.*s", (int)n, p);
		if (n < SNI_MAP_MAX && !map_is_ours(p, n, HEAD, sni_file) &&
		    has(conf, map, name))
			return true;
	}
	return false;
}

bool
sni_map_taken(const struct conf *conf, const char *p, const char *sni_file,
    const char *name, char map[SNI_MAP_MAX])
{
	static const char *const args[] = {"-x", "-h", SNI_MAPS, NULL};
	struct run_result r;
	bool yes;

	if (strchr(p, '$') == NULL)
		return taken_by(conf, p, sni_file, name, map);
	yes = postconf_run(conf, conf->config_directory, args, &r, NULL) == 0 &&
	      r.exit_code == 0 && r.out.len > 0 &&
	      taken_by(conf, r.out.data, sni_file, name, map);
	run_result_clear(&r);
	return yes;
}
