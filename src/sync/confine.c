/*
 * confine.c - the walls of postseal-sync (sandroles.c: sync): the ports of
 * etcd and of DNS, the Unix socket of postseald, the host's own files on names
 * and certificates, and those of [cluster].
 */
#include <dlfcn.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "confine.h"
#include "sandbox.h"

#define HTTPS 443
#define DNS   53

/* The modules that "hosts:" names are loaded at the first question, which is
 * too late: no page becomes executable then. */
static void
load_resolvers(void)
{
	char line[512], file[80], *word, *rest;
	FILE *f = fopen("/etc/nsswitch.conf", "re");

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		word = strtok_r(line, " \t\n", &rest);
		if (word == NULL || strcmp(word, "hosts:") != 0)
			continue;
		while ((word = strtok_r(NULL, " \t\n", &rest)) != NULL) {
			if (strchr("[#/", *word) != NULL || strlen(word) > 60)
				continue;
			(void)snprintf(
			    file, sizeof(file), "libnss_%s.so.2", word);
			(void)dlopen(file, RTLD_NOW);
		}
	}
	if (f != NULL)
		(void)fclose(f);
}

/* https://host:port,https://... */
static void
ports_of(const char *endpoints, uint16_t *port, size_t n)
{
	const char *p = endpoints, *end, *colon;
	long number;
	size_t i = 0;

	port[i++] = DNS;
	for (; *p != '\0' && i < n; p = end + (*end == ',')) {
		end = p + strcspn(p, ",");
		for (colon = end; colon > p && *colon != ':' && *colon != ']';
		     colon--)
			;
		number = *colon == ':' ? strtol(colon + 1, NULL, 10) : 0;
		port[i++] =
		    (uint16_t)(number > 0 && number < 65536 ? number : HTTPS);
	}
}

int
sync_confine(const struct conf *conf, struct err *err)
{
	const char *const file[] = {conf->cluster_ca, conf->cluster_certificate,
	    conf->cluster_key};
	char dir[3][CONF_STR_MAX], real[3][PATH_MAX];
	struct sandbox_paths paths = {.rw = {NULL}};
	size_t i, n = 0;

	load_resolvers();
	/* The directories, as a renewed file is another one: of the name, and
	 * of what it is a link to, by which Landlock judges. */
	for (i = 0; i < sizeof(file) / sizeof(file[0]); i++) {
		if (file[i][0] == '\0')
			continue;
		(void)snprintf(dir[i], sizeof(dir[i]), "%s", file[i]);
		paths.ro[n++] = dirname(dir[i]);
		if (realpath(file[i], real[i]) != NULL)
			paths.ro[n++] = dirname(real[i]);
	}
	ports_of(conf->cluster_endpoints, paths.tcp,
	    sizeof(paths.tcp) / sizeof(paths.tcp[0]));
	sandbox_require(conf->sandbox_required);
	return sandbox_enter(SANDBOX_SYNC, &paths, err);
}
