/*
 * postfix.h - one Postfix instance: what it is, its parameters, its life.
 *
 * Trust: runs in postseald (root).  Nothing here takes a free value:
 * parameter values come from the table in params.c alone, paths from
 * postseal.conf and our own generation directories.
 * Source: postconf(1), postconf(5), postfix(1), master(5) of Postfix 3.4 to
 * 3.10; ../shared/POSTFIX.md for what was measured.
 * Cost: postfix_info_read runs postconf (20 to 40 ms); postfix_running and
 * postfix_info_fresh only stat and test a lock (well under 1 ms).
 */
#ifndef POSTSEAL_POSTFIX_H
#define POSTSEAL_POSTFIX_H

#include <sys/stat.h>
#include <sys/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "conf.h"
#include "err.h"
#include "settings.h"

struct json_object;
struct probe_door;

enum postfix_kind {
	POSTFIX_OK,
	POSTFIX_NONE,			/* ERR_POSTFIX_MISSING */
	POSTFIX_OTHER_MTA,		/* ERR_POSTFIX_FOREIGN */
	POSTFIX_TOO_OLD,		/* ERR_POSTFIX_OLD */
	POSTFIX_BROKEN			/* ERR_POSTFIX_CONFIG: detail says */
};

#define POSTFIX_EXEMPT_MAX	16
#define POSTFIX_INET_MAX	32

/* What the parameters of the Connection screen are, expanded, and the
 * columns of the inbound service in master.cf. */
struct postfix_inbound {
	char	service[128];		/* name in master.cf: "smtp" */
	char	process_limit[16];	/* maxproc; behind postscreen that of
					 * the service "smtpd pass" */
	bool	postscreen;		/* takes the connections */
	bool	smtpd_pass;		/* there is such a service */
	bool	own_timeout;		/* -o smtpd_timeout= */
	bool	own_restrictions;	/* -o smtpd_client_restrictions= */
	char	interfaces[256];	/* inet_interfaces */
	char	protocols[64];		/* inet_protocols */
	char	timeout[64];		/* smtpd_timeout */
	char	default_limit[16];	/* default_process_limit */
	char	mynetworks[2048];	/* cut there */
	/* smtpd services that smtpd_client_restrictions also holds for */
	char	others[256];		/* "submission, smtps" */
	/* the other inet services */
	struct {
		char	name[64];
		int	port;
	} inet[POSTFIX_INET_MAX];
	size_t	n_inet;
};

/* An address on which mail from outside arrives, and how a client is received
 * there: main.cf, and the service's own options in master.cf. */
#define POSTFIX_LISTENERS_MAX	16
#define POSTFIX_GREET_MAX	60	/* s */
enum postfix_tls { POSTFIX_TLS_NONE, POSTFIX_TLS_MAY, POSTFIX_TLS_ENCRYPT };
struct postfix_listener {
	char	service[128];		/* name in master.cf */
	char	host[64];		/* numeric, as a client here reaches it */
	int	port;
	bool	derived;		/* further address of inet_interfaces,
					 * of which Postfix may have none */
	bool	postscreen, proxy, wrapper;
	enum postfix_tls tls, main_tls;	/* as it is; as main.cf alone says */
	bool	own_level, own_chain;	/* -o in master.cf */
	bool	sni;			/* tls_server_sni_maps */
	bool	wants_certificate;	/* of clients: smtpd_tls_req_ccert */
	int	greet_s;		/* postscreen_greet_wait */
	char	hides[48];		/* parameter that may hide STARTTLS */
	bool	hides_all;		/* from everybody */
	char	hides_maps[512];	/* else by these */
};

/* Nothing listens (a null client): probe_port 0, probe_host, inbound.service
 * "" and no listener; `closed` says why. */
struct postfix_info {
	enum postfix_kind kind;
	unsigned	version;	/* 30711 for 3.7.11 */
	char		version_text[32];
	char		myhostname[256];
	char		queue_directory[512];
	char		maillog[512];
	char		instance[64];	/* multi_instance_name, or "" */
	char		probe_host[64];	/* numeric address of the service: the
					 * first of listener[] */
	int		probe_port;
	struct postfix_listener listener[POSTFIX_LISTENERS_MAX];
	size_t		n_listeners;
	bool		more_listeners;	/* than there is room for */
	char		closed[200];
	/* loopback smtpd services that must stay usable under TLS only and
	 * have no smtpd_tls_security_level of their own: $service_name */
	char		exempt[POSTFIX_EXEMPT_MAX][128];
	size_t		n_exempt;
	struct postfix_inbound inbound;
	char		detail[200];	/* for POSTFIX_BROKEN */
	/* identity of the main.cf and master.cf that were read */
	struct stat	maincf, mastercf;
};

/* services: names that the inbound service may have now, the first that
 * master.cf has counts, before the one of *conf (NULL at the end, or none). */
int	postfix_info_read(const struct conf *, const char *const *services,
	    struct postfix_info *, struct err *);
/* How the probe enters; borrows from both. */
void	postfix_door(const struct postfix_info *,
	    const struct postfix_listener *, struct probe_door *);
/* Do the listener's maps hide STARTTLS from its own address?  Asks Postfix. */
bool	listener_hidden(const struct conf *, const struct postfix_listener *);
/* "host:port" or "port" -> number of the port; 0 when it is none. */
int	postfix_service_port(const char *service);
/* The address in the name of a service, or "". */
void	postfix_service_host(const char *service, char dst[64]);
/* Are main.cf and master.cf still the files that *info was read from? */
bool	postfix_info_fresh(const struct conf *, const struct postfix_info *);
bool	postfix_running(const struct postfix_info *);	/* master.pid lock */
/* 0 when kind is POSTFIX_OK, else the error of the kind. */
int	postfix_usable(const struct postfix_info *, struct err *);

/*
 * Parameters.  A plan is the difference between main.cf as it stands and
 * what the settings ask for.
 */
struct param_change {
	const char	*name;		/* static */
	char		*before;	/* value in main.cf, not expanded;
					 * NULL = not set */
	char		*after;		/* NULL = removed */
};

struct param_plan {
	struct param_change	*v;
	size_t			 n;
};

/* What main.cf sets by itself (postconf -n, not expanded) for every managed
 * parameter and for those that a rule looks at: JSON object name -> string,
 * cleaned to UTF-8.  PARAM_BYTES is in it when that changed a character of
 * smtpd_client_restrictions, of which a part would be written back.
 * NAME PARAM_USED is in it when something else needs that parameter: the name
 * of what does, as "smtp_tls_cert_file" or "465/inet/smtpd_tls_req_ccert". */
#define PARAM_BYTES	"smtpd_client_restrictions:bytes"
#define PARAM_USED	":used"
/* In it when the console's chain file serves for outbound connections, too:
 * the name of the line that says so, as "smtp_tls_chain_files". */
#define PARAM_CLIENT	"smtpd_tls_chain_files:client"
int	params_read(const struct conf *, struct json_object **, struct err *);
/* Two columns of the inbound service are managed like parameters, under these
 * names; params_add_master puts them beside what params_read gave. */
#define PARAM_SERVICE	"master.cf:service"
#define PARAM_LIMIT	"master.cf:process_limit"
int	params_add_master(struct json_object *, const struct postfix_info *);
bool	param_in_master(const char *name);
/* Does a value of smtpd_client_restrictions name an access map of ours?
 * access_file: the map of any generation (params_context); the maps beside it
 * in generations/ are ours, those of another state directory are not. */
bool	restrictions_have_map(const char *value, const char *access_file);
/* Is it there once, first, and as the console writes it? */
bool	restrictions_map_first(const char *value, const char *access_file);
/* What the settings ask for: name -> string, or null = must not be set, or
 * [string or null] = only over a value that the console itself wrote.
 * chain_file: absolute path, or NULL without a certificate.  A direction that
 * is off plans nothing for its detail parameters; params_plan drops what is
 * so already, including "none" where nothing is set. */
/* A set of managed parameters: bit i is row i of the table in params.c. */
typedef uint64_t param_mask;
#define PARAMS_ALL	(~(param_mask)0)
param_mask	params_of(settings_mask);	/* that follow from these */
/* Marks of a row. */
#define PARAM_FILE	1u	/* names a file of the generation */
#define PARAM_SOCKETS	2u	/* what master(8) listens on: needs a restart */
#define PARAM_FACTS	4u	/* struct postfix_info has it, for VIEW */
#define PARAM_BACK	8u	/* given back when its settings are unset */
#define PARAM_ADOPT	16u	/* adopt takes a value set by hand over */
param_mask	params_marked(unsigned flags);	/* that have one of them */
param_mask	param_bit(const char *name);	/* 0: not managed */
settings_mask	param_settings(const char *name);	/* the other way */
/* Those of a set that took the place of older names stand for these too:
 * without the older names whose successor is not in it. */
param_mask	params_without_orphans(param_mask);
/* As an array of names, for a record that outlives the table's order. */
struct json_object *params_to_json(param_mask);
param_mask	params_from_json(struct json_object *);

struct params_context {
	const struct settings		*settings;
	const struct postfix_info	*info;
	const char			*chain_file;	/* or NULL */
	const char			*access_file;	/* or NULL */
	/* as params_read and params_add_master give it, or NULL */
	struct json_object		*current;
	/* name -> {"was", "set"}: what a parameter was before the console
	 * took it over (null = not set), and what it made of it; or NULL */
	struct json_object		*originals;
	/* rows that are not looked at: they stay as they are */
	param_mask			 leave;
	/* rows that the console has written before.  Where it has not, what
	 * stands and is as good as what the settings ask for stays. */
	param_mask			 owned;
};
/*
 * The other direction: settings as Postfix has them, by the rows of the set.
 * Of a row whose value cannot be said in settings, what is optional becomes
 * SETTING_KEEP.  Those rows come back: 0 = all was said.
 */
param_mask	params_take(const struct params_context *, param_mask rows,
		    struct settings *);
/* What Postfix has that settings cannot say, of all that touches TLS on the
 * two ways: array of {"parameter", "value"}; NULL without memory. */
struct json_object *params_own(const struct params_context *);
/* Those that the console has written once this is done. */
param_mask	params_owned(const struct params_context *,
		    struct json_object *wanted);
/* The same with all that a value can depend on.  [value, over] = only where
 * the value now is `over`: a parameter that is managed no longer goes back to
 * what it was, unless somebody changed it meanwhile. */
int	params_wanted(const struct params_context *, struct json_object **,
	    struct err *);
/* originals for the parameters that these settings manage: those that are
 * known stay, of others the current value is taken; `set` is what was wanted. */
struct json_object *params_originals(const struct params_context *,
	    struct json_object *wanted);
/* These settings are given up, but what stands stays: no way back. */
void	params_forget(struct json_object *originals, settings_mask);
int	params_plan(struct json_object *current, struct json_object *wanted,
	    struct param_plan *, struct err *);
void	param_plan_clear(struct param_plan *);
/* [{"parameter", "before", "after"}] */
struct json_object *param_plan_to_json(const struct param_plan *);

/*
 * Levels as main.cf has them, whoever set them, also by their older names.
 */
enum tls_direction { TLS_INBOUND, TLS_OUTBOUND };
enum tls_rank {
	RANK_NONE,
	RANK_MAY,
	RANK_ENCRYPT,		/* it, and whatever asks for more */
	RANK_OWN,		/* an expression of somebody's own */
	RANK_BAD		/* no level of Postfix */
};
struct tls_level {
	enum tls_rank	 rank;
	const char	*parameter;	/* that says so; static */
	const char	*value;		/* borrowed of the parameters; "" */
};
/* params: as params_read gives them; NULL = nothing is set. */
void	level_read(struct json_object *params, enum tls_direction,
	    struct tls_level *);
/* Parameters as they will be: owned by the caller; NULL without memory. */
struct json_object *params_after(struct json_object *current,
	    const struct param_plan *);
/* Does main.cf name a certificate that is not of the console's making? */
bool	params_own_certificate(struct json_object *params);

/*
 * main.cf.  Steps stage, check and commit of the apply.
 */
/* Copy main.cf as it is (symlink followed), with its final newline added
 * when missing, master.cf and what postconf needs into stage_dir, edit the
 * copy with postconf -e/-X, read back: every planned parameter has its value,
 * every other line of postconf -n is as before, no new warning.
 * before: gets the bytes of the original; hash of it by sha256_hex. */
int	maincf_stage(const struct conf *, const struct param_plan *,
	    const char *stage_dir, struct buf *before, struct buf *after,
	    struct err *);
/* Durable rename of content onto main.cf (the target of a symlink), owner,
 * mode, ACL and xattrs kept, mtime some seconds in the past and different
 * from the old one.  expect_sha256: hash that main.cf must still have right
 * before the rename, else ERR_SETTINGS_STALE; NULL = whatever is there. */
int	maincf_commit(const struct conf *, const void *, size_t,
	    const char *expect_sha256, struct err *);
int	maincf_read(const struct conf *, struct buf *, struct err *);
/*
 * master.cf: the columns of the inbound service, by postconf -F on a copy in
 * stage_dir (a directory of its own).  Every other service and all comments
 * are proven to be as before.
 */
int	mastercf_stage(const struct conf *, const struct postfix_info *,
	    const struct param_plan *, const char *stage_dir,
	    struct buf *before, struct buf *after, struct err *);
int	mastercf_commit(const struct conf *, const void *, size_t,
	    const char *expect_sha256, struct err *);
int	mastercf_read(const struct conf *, struct buf *, struct err *);
int	mastercf_lock(const struct conf *, int wait_ms, struct err *);
/* The flock that postconf -e takes: CONFIG_DIR/main.cf.tmp; fd or -1.
 * Closing the fd releases it; the empty file stays and does no harm. */
int	maincf_lock(const struct conf *, int wait_ms, struct err *);

/*
 * Connection Control: the cidr: map of a generation.  Its first rows are the
 * probe's canary (probe.h) and loopback, which always passes; then the list.
 */
int	access_map_text(const struct settings *, long generation, struct buf *,
	    struct err *);
/* Ask Postfix's own look-up about the list's edges and the neighbours:
 * ERR_POSTFIX_READBACK. */
int	access_map_check(const struct conf *, const char *config_directory,
	    const char *map, const struct settings *, long generation,
	    struct err *);

/*
 * Service.  restart = stop + start; systemd's unit where systemd runs and has
 * one for this instance (postfix@-.service, or postfix@NAME.service by its
 * multi_instance_name), else postfix -c DIR.
 */
int	service_restart(const struct conf *, const struct postfix_info *,
	    struct err *);
int	service_reload(const struct conf *, const struct postfix_info *,
	    struct err *);
int	service_start(const struct conf *, const struct postfix_info *,
	    struct err *);

/* Log lines that Postfix wrote since the mark, errors and warnings first;
 * passive: an unreadable log gives no lines. */
struct maillog_mark { off_t off; ino_t ino; dev_t dev; };
void	maillog_mark(const struct conf *, const struct postfix_info *,
	    struct maillog_mark *);
/* Array of at most max strings, each at most 300 bytes. */
struct json_object *maillog_since(const struct conf *,
	    const struct postfix_info *, const struct maillog_mark *,
	    size_t max);

#endif
