/*
 * unit.c - which unit of systemd is this Postfix?
 *
 * Debian's postfix.service is /bin/true, active whatever happens
 * (shared/POSTFIX.md 1.10); the instances are postfix@-.service for
 * /etc/postfix and postfix@NAME.service by multi_instance_name for others.
 * Elsewhere postfix.service is the real one: it is no oneshot.  An instance in
 * another directory and without a name is nobody's but its administrator's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "postfix_int.h"
#include "unit.h"

#define SYSTEM_CONFIG "/etc/postfix"
#define SHOW_MS	      3000

void
unit_instance(const char *dir, const char *instance, char dst[64])
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	dst[0] = '\0';
	if (strcmp(dir, SYSTEM_CONFIG) == 0)
		(void)snprintf(dst, 64, "-");
	else if (strncmp(instance, "postfix-", 8) == 0 && instance[8] != '\0' &&
		 instance[strspn(instance, good)] == '\0' &&
		 strlen(instance) < 64)
		(void)snprintf(dst, 64, "%s", instance);
}

/* Does one of the lines say so? */
static bool
says(const char *text, const char *line)
{
	size_t len = strlen(line);
	const char *p;

	for (p = text; (p = strstr(p, line)) != NULL; p += len) {
		if ((p == text || p[-1] == '\n') &&
		    (p[len] == '\n' || p[len] == '\0'))
			return true;
	}
	return false;
}

void
unit_parse(const char *text, struct unit_facts *f)
{
	f->loaded = says(text, "LoadState=loaded");
	f->oneshot = says(text, "Type=oneshot");
	f->active = says(text, "ActiveState=active") ||
		    says(text, "ActiveState=reloading");
}

static void
show(const struct conf *conf, const char *name, struct unit_facts *f)
{
	const char *argv[] = {UNIT_SYSTEMCTL, "show", "-p", "LoadState", "-p",
	    "Type", "-p", "ActiveState", name, NULL};
	struct run_spec spec = {.argv = argv, .timeout_ms = SHOW_MS};
	struct run_result r;

	memset(f, 0, sizeof(*f));
	if (postfix_run(conf, &spec, &r, NULL) == 0 && r.exit_code == 0 &&
	    r.out.len > 0)
		unit_parse(r.out.data, f);
	run_result_clear(&r);
}

static bool
systemd_runs(const char *program)
{
	return access("/run/systemd/system", F_OK) == 0 &&
	       access(program, X_OK) == 0;
}

bool
unit_inside(void)
{
	return getenv("NOTIFY_SOCKET") != NULL && systemd_runs(UNIT_RUN);
}

bool
unit_find(
    const struct conf *conf, const struct postfix_info *info, struct unit *u)
{
	struct unit_facts f = {false, false, false};
	char *real, instance[64] = "";

	u->name[0] = '\0';
	u->active = false;
	if (!systemd_runs(UNIT_SYSTEMCTL))
		return false;
	if ((real = realpath(conf->config_directory, NULL)) != NULL)
		unit_instance(real, info->instance, instance);
	free(real);
	if (instance[0] == '\0')
		return false;
	if (strcmp(instance, "-") == 0) {
		(void)snprintf(u->name, sizeof(u->name), "postfix.service");
		show(conf, u->name, &f);
		if (!f.loaded)
			return false;
	}
	if (!f.loaded || f.oneshot) {
		(void)snprintf(
		    u->name, sizeof(u->name), "postfix@%s.service", instance);
		show(conf, u->name, &f);
	}
	u->active = f.active;
	return f.loaded;
}

void
unit_clear_count(const struct conf *conf, const struct unit *u)
{
	const char *argv[] = {UNIT_SYSTEMCTL, "reset-failed", u->name, NULL};
	struct run_spec spec = {.argv = argv, .timeout_ms = SHOW_MS};
	struct run_result r;

	(void)postfix_run(conf, &spec, &r, NULL);
	run_result_clear(&r);
}
