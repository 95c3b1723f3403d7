/*
 * postconf.c - Postfix's own reader and writer of main.cf, as a child
 * process, and its words turned into ours.
 *
 * Postfix's syntax is Postfix's: nothing in this layer reads or edits main.cf
 * by rules of its own, except to compare bytes.  One call costs 10 to 20 ms
 * when main.cf is cold, and two seconds when it is younger than that
 * (shared/POSTFIX.md 1.11).
 */
#include <stdio.h>
#include <string.h>

#include "jsonx.h"
#include "postfix_int.h"
#include "util.h"

#define POSTCONF_TIMEOUT_MS 20000

int
postfix_run(const struct conf *conf, const struct run_spec *want,
    struct run_result *r, struct err *err)
{
	struct run_spec spec = *want;
	struct err why;
	int rc;

	spec.timeout_ms = conf_ms(conf, spec.timeout_ms);
	rc = run(&spec, r, &why);
	if (rc == -1 && why.code == ERR_TIMEOUT)
		return err_set(err, ERR_POSTFIX_HANGS, "",
		    "%.120s did not end within %d s and was ended",
		    spec.argv[0], (spec.timeout_ms + 999) / 1000);
	if (rc == -1 && err != NULL)
		*err = why;
	return rc;
}

int
postconf_run(const struct conf *conf, const char *dir, const char *const *args,
    struct run_result *r, struct err *err)
{
	const char *argv[POSTCONF_ARGS_MAX + 4];
	struct run_spec spec = {0};
	char path[CONF_STR_MAX + 16];
	size_t n = 0;

	memset(r, 0, sizeof(*r)); /* so that it can be cleared whatever comes */
	(void)snprintf(
	    path, sizeof(path), "%s/postconf", conf->command_directory);
	argv[n++] = path;
	argv[n++] = "-c";
	argv[n++] = dir;
	for (; *args != NULL; args++) {
		if (n == sizeof(argv) / sizeof(argv[0]) - 1)
			return err_set(
			    err, ERR_INTERNAL, "", "postconf: too many names");
		argv[n++] = *args;
	}
	argv[n] = NULL;
	spec.argv = argv;
	spec.out_max = POSTCONF_OUT_MAX;
	spec.timeout_ms = POSTCONF_TIMEOUT_MS;
	return postfix_run(conf, &spec, r, err);
}

static int
parse_line(const char *line, size_t len, struct json_object *o)
{
	const char *eq = memchr(line, '=', len), *value;
	struct json_object *v;
	char name[256];
	size_t n;

	if (eq == NULL)
		return 0;
	n = (size_t)(eq - line);
	while (n > 0 && line[n - 1] == ' ')
		n--;
	if (n == 0 || n >= sizeof(name))
		return 0;
	memcpy(name, line, n);
	name[n] = '\0';
	value = eq + 1;
	if (value < line + len && *value == ' ')
		value++;
	v = json_object_new_string_len(value, (int)(line + len - value));
	if (v == NULL || json_object_object_add(o, name, v) != 0) {
		json_object_put(v);
		return -1;
	}
	return 0;
}

int
postconf_parse(
    const struct buf *out, struct json_object **ret_object, struct err *err)
{
	const char *p = out->data, *end = out->data + out->len, *nl;
	struct json_object *o;

	if ((o = json_object_new_object()) == NULL)
		return err_set(err, ERR_NOMEM, "", "postconf output");
	for (; p < end; p = nl + 1) {
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			nl = end;
		if (parse_line(p, (size_t)(nl - p), o) == -1) {
			json_object_put(o);
			return err_set(err, ERR_NOMEM, "", "postconf output");
		}
	}
	*ret_object = o;
	return 0;
}

int
postconf_values(const struct conf *conf, const char *const *args,
    struct json_object **ret_object, struct err *err)
{
	struct run_result r;
	char diag[DIAG_MAX];
	int rc = postconf_run(conf, conf->config_directory, args, &r, err);

	if (rc == 0 && r.exit_code != 0) {
		diag_pick(&r.err, diag);
		rc = err_set(err, ERR_POSTFIX_CONFIG, "", "%s", diag);
	}
	if (rc == 0)
		rc = postconf_parse(&r.out, ret_object, err);
	run_result_clear(&r);
	return rc;
}

/* Skip "postconf: " or "/usr/lib/postfix/sbin/master: ". */
static const char *
skip_program(const char *line, const char *end)
{
	const char *colon = memchr(line, ':', (size_t)(end - line));

	if (colon == NULL || colon + 2 >= end || colon[1] != ' ' ||
	    memchr(line, ' ', (size_t)(colon - line)) != NULL)
		return line;
	return colon + 2;
}

void
diag_pick(const struct buf *b, char dst[DIAG_MAX])
{
	static const char *const grades[] = {
	    "panic: ", "fatal: ", "error: ", "warning: ", ""};
	const char *p, *nl, *end = b->data + b->len, *text;
	size_t i;

	dst[0] = '\0';
	for (i = 0; i < sizeof(grades) / sizeof(grades[0]); i++)
		for (p = b->data; p < end; p = nl + 1) {
			nl = memchr(p, '\n', (size_t)(end - p));
			if (nl == NULL)
				nl = end;
			if (nl == p || memmem(p, (size_t)(nl - p), grades[i],
					   strlen(grades[i])) == NULL)
				continue;
			text = skip_program(p, nl);
			text_clean(dst, DIAG_MAX, text, (size_t)(nl - text));
			return;
		}
}

int
postconf_ask(const struct conf *conf, const char *const *args,
    struct run_result *r, struct postfix_info *info, struct err *err)
{
	char diag[DIAG_MAX];

	if (postconf_run(conf, conf->config_directory, args, r, err) == -1)
		return -1;
	if (r->exit_code == 0)
		return 0;
	info->kind = POSTFIX_BROKEN;
	diag_pick(&r->err, diag);
	(void)snprintf(info->detail, sizeof(info->detail), "%s",
	    diag[0] == '\0' ? "postconf failed without a word" : diag);
	return 1;
}
