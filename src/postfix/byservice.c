/*
 * byservice.c - a value of main.cf as one service of master.cf has it.
 *
 * A value may depend on $service_name, as the console's own does where
 * loopback hops are exempt from "TLS only".  postconf cannot be told a
 * service, so the name is written in its place and Postfix works out the rest.
 */
#include <stdio.h>
#include <string.h>

#include "fsx.h"
#include "jsonx.h"
#include "postfix_int.h"

bool
main_cf_by_service(const struct conf *conf)
{
	static const char word[] = "service_name";
	char path[CONF_STR_MAX + 16];
	struct buf b;
	bool yes;

	buf_init(&b, MAINCF_SIZE_MAX);
	(void)snprintf(
	    path, sizeof(path), "%s/main.cf", conf->config_directory);
	yes = fsx_read(path, MAINCF_SIZE_MAX, &b, NULL) == 0 && b.len > 0 &&
	      memmem(b.data, b.len, word, strlen(word)) != NULL;
	buf_clear(&b);
	return yes;
}

/* "$service_name" and "${service_name}" become the name itself. */
static int
put_service(const char *value, const char *name, struct buf *b)
{
	static const char *const words[] = {
	    "$service_name", "${service_name}", "$(service_name)", ""};
	size_t i, n;

	for (; *value != '\0'; value += n) {
		for (i = 0; (n = strlen(words[i])) > 0; i++)
			if (strncmp(value, words[i], n) == 0)
				break;
		if (n > 0 && buf_adds(b, name) == -1)
			return -1;
		if (n == 0 && buf_addc(b, *value) == -1)
			return -1;
		n = n == 0 ? 1 : n;
	}
	return 0;
}

/* "NAME = VALUE" with the service's name in it. */
static int
raw_value(const struct conf *conf, const char *parameter, const char *service,
    struct buf *b)
{
	const char *args[] = {parameter, NULL};
	struct run_result r;
	int rc = -1;

	if (postconf_run(conf, conf->config_directory, args, &r, NULL) == 0 &&
	    r.exit_code == 0 && r.out.len > 0) {
		r.out.data[strcspn(r.out.data, "\n")] = '\0';
		rc = put_service(r.out.data, service, b);
	}
	run_result_clear(&r);
	return rc;
}

/* What Postfix makes of "NAME = VALUE" beside the rest of main.cf, or NULL. */
static struct json_object *
expand_line(const struct conf *conf, const char *parameter, const char *line)
{
	const char *args[] = {"-x", "-o", line, parameter, NULL};
	struct json_object *is = NULL, *v = NULL;
	struct run_result r;

	if (postconf_run(conf, conf->config_directory, args, &r, NULL) == 0 &&
	    r.exit_code == 0 && postconf_parse(&r.out, &is, NULL) == 0)
		v = json_object_get(jsonx_member(is, parameter));
	run_result_clear(&r);
	json_object_put(is);
	return v;
}

struct json_object *
value_by_service(
    const struct conf *conf, const char *parameter, const char *service)
{
	struct json_object *v = NULL;
	struct buf b;

	buf_init(&b, POSTCONF_OUT_MAX);
	if (raw_value(conf, parameter, service, &b) == 0)
		v = expand_line(conf, parameter, b.data);
	buf_clear(&b);
	return v;
}

struct json_object *
postfix_expand(const struct conf *conf, const char *parameter, const char *value)
{
	struct json_object *v = NULL;
	struct buf b;

	buf_init(&b, POSTCONF_OUT_MAX);
	if (buf_printf(&b, "%s = %s", parameter, value) == 0)
		v = expand_line(conf, parameter, b.data);
	buf_clear(&b);
	return v;
}
