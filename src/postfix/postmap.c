/*
 * postmap.c - lists of tables, and what postmap(1) says of one table.
 */
#include <stdio.h>
#include <string.h>

#include "postfix_int.h"

#define BLANKS	   ", \t\r\n"
#define POSTMAP_MS 5000

size_t
map_element(const char **p)
{
	size_t n, depth = 0;

	*p += strspn(*p, BLANKS);
	for (n = 0; (*p)[n] != '\0'; n++)
		if ((*p)[n] == '{')
			depth++;
		else if ((*p)[n] == '}')
			depth -= depth > 0;
		else if (depth == 0 && strchr(BLANKS, (*p)[n]) != NULL)
			break;
	return n;
}

int
postmap_ask(const struct conf *conf, const char *dir, const char *key,
    const char *table, struct run_result *r, struct err *err)
{
	char path[CONF_STR_MAX + 16];
	const char *argv[] = {path, "-c", dir, "-q", key, table, NULL};
	const struct run_spec spec = {.argv = argv, .timeout_ms = POSTMAP_MS};

	(void)snprintf(
	    path, sizeof(path), "%s/postmap", conf->command_directory);
	return postfix_run(conf, &spec, r, err);
}
