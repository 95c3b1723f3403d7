/*
 * unit.h - systemd's unit of one Postfix instance.
 *
 * Trust: runs in postseald (root).  The name comes from main.cf and goes into
 * the name of a unit only if it is one that postmulti(1) would take.
 * Errors: none; whatever cannot be found out is "no unit".
 * Cost: one or two calls of systemctl, 5 to 10 ms each; nothing without
 * systemd.
 */
#ifndef POSTSEAL_UNIT_H
#define POSTSEAL_UNIT_H

#include <stdbool.h>

#include "postfix.h"

#define UNIT_SYSTEMCTL	"/usr/bin/systemctl"
#define UNIT_RUN	"/usr/bin/systemd-run"
#define UNIT_NAME_MAX	96

struct unit {
	char	name[UNIT_NAME_MAX];
	bool	active;			/* it runs Postfix now */
};

/* false: systemd does not run, or has no unit for this instance. */
bool	unit_find(const struct conf *, const struct postfix_info *,
	    struct unit *);
/* We are a service of systemd ourselves: what is started by fork from here
 * lives within the sandbox of our unit, and systemd-run starts it outside. */
bool	unit_inside(void);
/* Pure: the unit's name after "postfix@" for an instance with this canonical
 * configuration directory: "-" or a name; "" = none. */
void	unit_instance(const char *config_directory, const char *instance,
	    char dst[64]);
/* Pure: what "systemctl show -p LoadState -p Type -p ActiveState" printed. */
struct unit_facts {
	bool	loaded, oneshot, active;
};
void	unit_parse(const char *text, struct unit_facts *);
/* Starts that systemd has counted so far do not count any more. */
void	unit_clear_count(const struct conf *, const struct unit *);

#endif
