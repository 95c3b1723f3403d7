/*
 * sni_map.c - tls_server_sni_maps: which certificate a client gets that asks
 * for a name.
 *
 * Ours is a texthash of the generation, a line "NAME FILE" each: the files are
 * read with the table, as root, before the chroot, so that no compiled map
 * full of keys is needed (measured on 3.5 to 3.11).  Tables of the
 * administrator's stay in front of it, so that no name that they have is
 * answered otherwise than before; whoever wants such a name from the console
 * is told which table has it.  The table of relay_clientcerts, which clients
 * may relay by the fingerprint of their certificate, goes the same way.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jsonx.h"
#include "param_rules.h"
#include "postfix_int.h"
#include "run.h"
#include "sni_map.h"

#define HEAD "texthash:"

struct text {
	char *dst;
	size_t len, size;
	bool full;
};

static void
text_add(struct text *t, const char *s, size_t n)
{
	t->full = t->full || t->len + n >= t->size;
	if (t->full)
		return;
	memcpy(t->dst + t->len, s, n);
	t->len += n;
	t->dst[t->len] = '\0';
}

/* The list with our element as it is to be, or without it (file NULL): at its
 * place, or behind all others.  What parts them stays as it was written. */
static int
with_map(const char *p, const char *known, const char *file, struct text *t)
{
	const char *sep = p;
	size_t n;
	bool ours, placed = file == NULL;

	t->dst[0] = '\0';
	for (; (n = map_element(&p)) > 0; p += n, sep = p) {
		ours = map_is_ours(p, n, HEAD, known);
		if (ours && placed)
			continue;
		if (t->len > 0)
			text_add(t, sep, (size_t)(p - sep));
		if (!ours)
			text_add(t, p, n);
		else {
			text_add(t, HEAD, strlen(HEAD));
			text_add(t, file, strlen(file));
			placed = true;
		}
	}
	if (!placed) {
		text_add(t, ", ", t->len > 0 ? 2 : 0);
		text_add(t, HEAD, strlen(HEAD));
		text_add(t, file, strlen(file));
	}
	return t->full ? -1 : 0;
}

/* on: there is a table of ours. */
static int
rule_table(const struct params_context *c, const char *name, const char *file,
    bool on, struct want *w, struct err *err)
{
	const char *now = jsonx_path_str(c->current, name, "");
	struct text t = {.dst = w->value, .size = sizeof(w->value)};

	if (file == NULL || (!on && !map_named(now, file)))
		return 0; /* nothing of ours */
	if (!path_is_plain(file))
		return err_set(err, ERR_CONFIG, "",
		    "state_directory: main.cf cannot name \"%.100s\"", file);
	if (with_map(now, file, on ? file : NULL, &t) == -1)
		return err_set(
		    err, ERR_CONFIG, "", "%s: the value is too long", name);
	w->kind = w->value[0] == '\0' ? WANT_UNSET : WANT_VALUE;
	return 0;
}

int
rule_sni(const struct params_context *c, struct want *w, struct err *err)
{
	return rule_table(c, SNI_MAPS, c->sni_file, c->sni, w, err);
}

int
rule_ccerts(const struct params_context *c, struct want *w, struct err *err)
{
	return rule_table(c, CCERT_MAPS, c->ccert_file,
	    c->settings->ccert_relay != NULL, w, err);
}

/* Where the table was taken out by hand the list is nobody's any more. */
bool
from_ccerts(const struct params_context *c, struct settings *s)
{
	if (c->ccert_file != NULL &&
	    !map_named(
		jsonx_path_str(c->current, CCERT_MAPS, ""), c->ccert_file)) {
		free(s->ccert_relay);
		s->ccert_relay = NULL;
	}
	return true;
}

bool
map_others(const char *p, const char *file)
{
	size_t n;

	for (; (n = map_element(&p)) > 0; p += n)
		if (!map_is_ours(p, n, HEAD, file))
			return true;
	return false;
}

bool
map_named(const char *p, const char *file)
{
	size_t n;

	for (; (n = map_element(&p)) > 0; p += n)
		if (map_is_ours(p, n, HEAD, file))
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
