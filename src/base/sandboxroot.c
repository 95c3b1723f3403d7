/*
 * sandboxroot.c - what a process that stays root may still do, and what is in
 * force as JSON for the status page.
 *
 * The bounding set holds for whatever is run from here, too: `postfix start`
 * and so Postfix's master where no systemd unit starts it, and postseal-pam.
 * Hence the list: owners and modes of queue files, the privileged port, the
 * users that daemons become, the chroot, signals, and PAM's line in the
 * kernel's audit.  The same list stands in deploy/systemd/postseald.service;
 * tests/func/94-sandbox.t compares the two.
 */
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <errno.h>
#include <linux/capability.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "jsonx.h"
#include "sandbox.h"

static const struct {
	int cap;
	const char *name;
} kept[] = {
    {CAP_CHOWN, "chown"},
    {CAP_DAC_OVERRIDE, "dac_override"},
    {CAP_FOWNER, "fowner"},
    {CAP_KILL, "kill"},
    {CAP_SETGID, "setgid"},
    {CAP_SETUID, "setuid"},
    {CAP_NET_BIND_SERVICE, "net_bind_service"},
    {CAP_SYS_CHROOT, "sys_chroot"},
    {CAP_AUDIT_WRITE, "audit_write"},
};

#define N_KEPT (sizeof(kept) / sizeof(kept[0]))

static bool
is_kept(int cap)
{
	size_t i;

	for (i = 0; i < N_KEPT; i++)
		if (kept[i].cap == cap)
			return true;
	return false;
}

/* The sets of this process: what is left of the bounding set is all. */
static int
limit_own(struct err *err)
{
	struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];
	uint32_t mask[2] = {0, 0};
	size_t i;

	for (i = 0; i < N_KEPT; i++)
		mask[kept[i].cap / 32] |= 1u << (kept[i].cap % 32);
	if (syscall(SYS_capget, &head, data) != 0)
		return err_sys(err, ERR_CONFIG, NULL, "capabilities");
	for (i = 0; i < 2; i++) {
		data[i].permitted &= mask[i];
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	if (syscall(SYS_capset, &head, data) != 0)
		return err_sys(err, ERR_CONFIG, NULL, "capabilities");
	return 0;
}

int
sandbox_bound_capabilities(struct err *err)
{
	int cap, has;

	for (cap = 0; (has = prctl(PR_CAPBSET_READ, cap, 0, 0, 0)) >= 0; cap++)
		if (has == 1 && !is_kept(cap) &&
		    prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0)
			return err_sys(
			    err, ERR_CONFIG, NULL, "capability %d", cap);
	return limit_own(err);
}

struct json_object *
sandbox_capabilities(void)
{
	struct json_object *a = json_object_new_array();
	size_t i;
	int cap;

	if (a == NULL)
		return NULL;
	for (i = 0; i < N_KEPT; i++)
		if (prctl(PR_CAPBSET_READ, kept[i].cap, 0, 0, 0) == 1)
			json_object_array_add(
			    a, json_object_new_string(kept[i].name));
	for (cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (!is_kept(cap) &&
		    prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1) {
			json_object_array_add(
			    a, json_object_new_string("others"));
			break;
		}
	return a;
}

struct json_object *
sandbox_state_to_json(const struct sandbox_state *s, const char *user)
{
	struct json_object *o = json_object_new_object();

	if (o == NULL)
		return NULL;
	(void)jsonx_put_str(o, "user", user);
	(void)jsonx_put_int(o, "landlock", s->landlock);
	(void)jsonx_put_bool(o, "seccomp", s->seccomp);
	(void)jsonx_put_bool(o, "no_new_privs", s->no_new_privs);
	(void)jsonx_put_bool(o, "limits", s->limits);
	(void)jsonx_put_bool(o, "complete",
	    s->landlock > 0 && s->seccomp && s->no_new_privs && s->limits);
	return o;
}
