/*
 * setup.c - postsealctl setup: the script beside postseal-pam, which knows web
 * servers and units, in the place of this process.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"

#define ARGS_MAX 16

struct words {
	const char *argv[ARGS_MAX];
	size_t n;
};

static void
add(struct words *w, const char *name, const char *value)
{
	if (value == NULL)
		return;
	w->argv[w->n++] = name;
	w->argv[w->n++] = value;
}

/* What the script cannot know by itself. */
static int
tell(struct ctl *ctl, struct err *err)
{
	char self[CONF_STR_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n == -1)
		return err_sys(err, ERR_IO, "", "/proc/self/exe");
	self[n] = '\0';
	if (setenv("POSTSEAL_CTL", self, 1) == -1 ||
	    setenv("POSTSEAL_CONF", ctl->conf_path, 1) == -1 ||
	    setenv("POSTSEAL_WEB", ctl->conf.web_state_directory, 1) == -1)
		return err_sys(err, ERR_NOMEM, "", "environment");
	return 0;
}

int
ctl_setup(struct ctl *ctl, char **args, enum ctl_exit *status, struct err *err)
{
	struct words w = {.n = 1};
	char path[CONF_STR_MAX + 8];
	const char *slash = strrchr(ctl->conf.pam_helper, '/');

	(void)args;
	(void)status;
	(void)snprintf(path, sizeof(path), "%.*s/setup",
	    slash == NULL ? 0 : (int)(slash - ctl->conf.pam_helper),
	    ctl->conf.pam_helper);
	w.argv[0] = path;
	add(&w, "--hostname", ctl->setup.hostname);
	add(&w, "--listen", ctl->setup.listen);
	add(&w, "--admin", ctl->setup.admin);
	add(&w, "--web", ctl->setup.web);
	if (ctl->setup.check)
		w.argv[w.n++] = "--check";
	if (ctl->json)
		w.argv[w.n++] = "--json";
	w.argv[w.n] = NULL;
	if (tell(ctl, err) == -1)
		return -1;
	execv(path, (char *const *)(uintptr_t)w.argv);
	return err_sys(err, ERR_IO, "", "%s", path);
}
