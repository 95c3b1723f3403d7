/*
 * postfix_int.h - shared inside src/postfix: calling postconf, and reading
 * what Postfix's programs print.
 */
#ifndef POSTSEAL_POSTFIX_INT_H
#define POSTSEAL_POSTFIX_INT_H

#include <sys/socket.h>

#include <limits.h>

#include "params.h"
#include "probe.h"
#include "run.h"

#define MAINCF_SIZE_MAX	(4 * 1024 * 1024)
#define POSTCONF_OUT_MAX (MAINCF_SIZE_MAX + 64 * 1024)
#define DIAG_MAX	160

/* uses.c: the PARAM_USED members; all: every parameter that is set. */
int	uses_find(const struct conf *, struct json_object *all,
	    struct json_object *values, struct err *);
/* One call of postconf with main.cf as it is: 0 with *r filled, 1 when
 * Postfix refused (info says so), -1 when it could not run. */
int	postconf_ask(const struct conf *, const char *const *args,
	    struct run_result *, struct postfix_info *, struct err *);
/* service.c: master's process group, which is its pid, or 0. */
pid_t	master_group(const struct postfix_info *);
/* mastercheck.c: what master(8) would end over. */
int	mastercf_check(const struct conf *, const char *dir,
	    const struct postfix_info *, struct err *);
/* services.c: 0, 1 (broken, info says why) or -1.  values: of main.cf,
 * expanded. */
int	services_read(const struct conf *, const char *const *names,
	    struct json_object *values, struct postfix_info *, struct err *);
/* byservice.c: does any value of main.cf name $service_name?  One of them,
 * expanded for a service, or NULL. */
bool	main_cf_by_service(const struct conf *);
struct json_object *value_by_service(const struct conf *,
	    const char *parameter, const char *service);
/* listeners.c: the addresses of one service, behind those that are known. */
struct listener_of {
	const char *service;
	bool postscreen;
	struct json_object *values;	/* of main.cf */
	struct json_object *overrides;	/* of master.cf, or NULL */
};
void	listeners_add(struct postfix_info *, const struct listener_of *);

/*
 * Run "postconf -c DIR ARGS".  args is NULL-terminated, at most
 * POSTCONF_ARGS_MAX.  0 whatever the exit status; -1 when it could not run.
 */
#define POSTCONF_ARGS_MAX 64
/* run(), and not beyond conf->until: ERR_POSTFIX_HANGS for one that is killed
 * at the end of its time. */
int	postfix_run(const struct conf *, const struct run_spec *,
	    struct run_result *, struct err *);
int	postconf_run(const struct conf *, const char *dir,
	    const char *const *args, struct run_result *, struct err *);
/* Of main.cf as it is: what "postconf ARGS" prints, which must end well. */
int	postconf_values(const struct conf *, const char *const *args,
	    struct json_object **, struct err *);
/* "name = value" lines -> object of strings; other lines are skipped. */
int	postconf_parse(const struct buf *, struct json_object **,
	    struct err *);
/* The line that says most (fatal, error, warning, else the first), without
 * the program's name and control characters; "" when there is none. */
void	diag_pick(const struct buf *, char dst[DIAG_MAX]);
/* postmap.c: the next element of a list of tables, and its length; 0 = there
 * is none.  As Postfix reads it: "inline:{ { NAME = FILE } }" is one. */
size_t	map_element(const char **);
/* "postmap -c DIR -q KEY TABLE", as postfix_run; exit status 0: it is there. */
int	postmap_ask(const struct conf *, const char *dir, const char *key,
	    const char *table, struct run_result *, struct err *);
/* The address of an inet service, numeric, as a client reaches it. */
struct endpoint {
	char	host[64];
	int	port;
	bool	loopback;	/* the service names a loopback address */
};
int	endpoint_resolve(const char *service, const char *inet_interfaces,
	    const char *inet_protocols, struct endpoint *, struct err *);
/* All of them, that of endpoint_resolve first; how many. */
size_t	endpoint_all(const char *service, const char *inet_interfaces,
	    const char *inet_protocols, struct endpoint *, size_t max);

/* Would master(8), which is not running, find it in use? */
bool	address_in_use(const struct sockaddr *, socklen_t);

/* Set mtime some seconds into the past, never equal to other (0 = any). */
int	maincf_cool(int dirfd, const char *path, time_t other);

/* maincf_lines.c: main.cf without the logical lines of the named parameters;
 * names is NULL-terminated.  Comments and blank lines stay. */
int	maincf_without(const struct buf *, const char *const *names,
	    struct buf *);
/* Apart from the entries of these names, and a last newline that was missing,
 * the file NAME is what it was: else ERR_POSTFIX_READBACK. */
int	cf_same_but(const char *name, const char *const *names,
	    const struct buf *before, const struct buf *after, struct err *);
int	cf_path(const struct conf *, const char *name, char dst[PATH_MAX],
	    struct err *);
/* A copy that looks some seconds old; adds a final newline when asked. */
int	cf_copy(const struct conf *, const char *name, const char *dir,
	    bool newline, struct buf *before, struct err *);

#endif
