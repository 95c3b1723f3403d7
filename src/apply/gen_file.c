/*
 * gen_file.c - the table of a generation's files.
 */
#include "certs.h"
#include "gen_file.h"
#include "params.h"

static bool
has_access(const struct settings *s)
{
	return s->access_policy != SETTING_KEEP;
}

const struct gen_file_row gen_files[GEN_FILE__MAX] = {
    [GEN_ACCESS] = {"access.cidr", "access_sha256", has_access},
};

int
gen_paths(
    const struct conf *conf, long id, struct gen_paths *ret, struct err *err)
{
	int i;

	if (generation_path(conf, id, CERT_DEFAULT_FILE, ret->chain, err) == -1)
		return -1;
	for (i = 0; i < GEN_FILE__MAX; i++)
		if (generation_path(
			conf, id, gen_files[i].name, ret->v[i], err) == -1)
			return -1;
	return 0;
}

void
gen_paths_use(
    const struct gen_paths *p, bool has_chain_file, struct params_context *c)
{
	c->chain_file = has_chain_file ? p->chain : NULL;
	c->access_file = p->v[GEN_ACCESS];
}
