/*
 * service.h - start, stop and reload of one Postfix instance.
 *
 * restart = stop + start; systemd's unit where systemd runs and has
 * one for this instance (postfix@-.service, or postfix@NAME.service by its
 * multi_instance_name), else postfix -c DIR.
 */
#ifndef POSTSEAL_SERVICE_H
#define POSTSEAL_SERVICE_H

#include "postfix.h"

int	service_restart(const struct conf *, const struct postfix_info *,
	    struct err *);
int	service_reload(const struct conf *, const struct postfix_info *,
	    struct err *);
int	service_start(const struct conf *, const struct postfix_info *,
	    struct err *);

#endif
