/*
 * gen_file.c - the table of a generation's files.
 */
#include "gen_file.h"
#include "params.h"

static bool
has_access(const struct settings *s, const struct certs *certs)
{
	return s->access_policy != SETTING_KEEP;
}

static bool
has_names(const struct settings *s, const struct certs *certs)
{
	size_t i;

	for (i = 0; i < certs->n; i++)
		if (certs->v[i].use == CERT_INBOUND &&
		    certs->v[i].name[0] != '\0')
			return true;
	return false;
}

static bool
has_relay(const struct settings *s, const struct certs *certs)
{
	return s->ccert_relay != NULL;
}

const struct gen_file_row gen_files[GEN_FILE__MAX] = {
    [GEN_ACCESS] = {"access.cidr", "access_sha256", has_access},
    [GEN_SNI] = {"sni", "sni_sha256", has_names},
    [GEN_CCERTS] = {"ccerts", "ccerts_sha256", has_relay},
};

int
gen_paths(
    const struct conf *conf, long id, struct gen_paths *ret, struct err *err)
{
	int i;

	if (generation_path(conf, id, CERT_DEFAULT_FILE, ret->chain, err) ==
		-1 ||
	    generation_path(conf, id, CERT_CLIENT_FILE, ret->client, err) ==
		-1 ||
	    generation_path(conf, id, CERT_CA_FILE, ret->client_ca, err) == -1)
		return -1;
	for (i = 0; i < GEN_FILE__MAX; i++)
		if (generation_path(
			conf, id, gen_files[i].name, ret->v[i], err) == -1)
			return -1;
	return 0;
}

/* The file of the one of this use that has no name, or NULL. */
static const char *
file_of(const struct certs *certs, enum cert_use use, const char *path)
{
	const struct cert *c = certs_find(certs, use, "");

	return c != NULL && (c->chain.len > 0 || c->file[0] != '\0') ? path
								     : NULL;
}

void
gen_paths_use(const struct gen_paths *p, const struct certs *certs,
    struct params_context *c)
{
	c->chain_file = file_of(certs, CERT_INBOUND, p->chain);
	c->client_file = file_of(certs, CERT_OUTBOUND, p->client);
	c->client_ca = file_of(certs, CERT_CLIENT_CA, p->client_ca);
	c->access_file = p->v[GEN_ACCESS];
	c->sni_file = p->v[GEN_SNI];
	c->ccert_file = p->v[GEN_CCERTS];
	c->sni = has_names(NULL, certs);
}
