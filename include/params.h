/*
 * params.h - the managed parameters, and the plan of a change.
 *
 * A plan is the difference between main.cf as it stands and
 * what the settings ask for.
 */
#ifndef POSTSEAL_PARAMS_H
#define POSTSEAL_PARAMS_H

#include <stdint.h>

#include "postfix.h"

struct param_change {
	const char	*name;		/* static */
	char		*before;	/* value in main.cf, not expanded;
					 * NULL = not set */
	char		*after;		/* NULL = removed */
};

/* Names that more than their rows go by. */
#define IN_LEVEL	"smtpd_tls_security_level"
#define IN_CHAIN	"smtpd_tls_chain_files"
#define IN_CLIENTS	"smtpd_client_restrictions"
#define ASK_CCERT	"smtpd_tls_ask_ccert"
#define REQ_CCERT	"smtpd_tls_req_ccert"
#define CCERT_DIGEST	"smtpd_tls_fingerprint_digest"
#define OUT_LEVEL	"smtp_tls_security_level"
#define DNS_SUPPORT	"smtp_dns_support_level"
#define OUT_PEERNAME	"smtp_tls_enforce_peername"
#define OUT_CHAIN	"smtp_tls_chain_files"
#define OUT_CERT	"smtp_tls_cert_file"
#define IN_CAFILE	"smtpd_tls_CAfile"	/* for clients' */
#define OUT_CAFILE	"smtp_tls_CAfile"

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
/* In it when a restriction lets clients relay by their certificate, or looks
 * at it. */
#define PARAM_PERMIT	"relay_clientcerts:permit"
#define PARAM_LOOKS	"relay_clientcerts:looks"
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
/* Settings whose values these parameters hold. */
settings_mask	params_say(param_mask);
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
	const char			*client_file;	/* outbound, or NULL */
	const char			*client_ca;	/* or NULL */
	const char			*access_file;	/* or NULL */
	const char			*sni_file;	/* or NULL */
	const char			*ccert_file;	/* or NULL */
	bool				 sni;		/* there are names */
	/* as params_read and params_add_master give it, or NULL */
	struct json_object		*current;
	/* name -> {"was", "set"}: what a parameter was before the console
	 * took it over (null = not set), and what it made of it; or NULL */
	struct json_object		*originals;
	/* rows that are not looked at: they stay as they are */
	param_mask			 leave;
	/* rows that the console has written before.  Where it has not, a
	 * value that is as good as what the settings ask for stays. */
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
 * known stay, of others the current value is taken; `set` is what was
 * wanted. */
struct json_object *params_originals(const struct params_context *,
	    struct json_object *wanted);
/* These settings are given up, but Postfix keeps what it has: there is no
 * way back. */
void	params_forget(struct json_object *originals, settings_mask);
int	params_plan(struct json_object *current, struct json_object *wanted,
	    struct param_plan *, struct err *);
/* What would be written of all that these settings ask for. */
int	params_plan_all(const struct params_context *, struct param_plan *,
	    struct err *);
void	param_plan_clear(struct param_plan *);
/* [{"parameter", "before", "after"}] */
struct json_object *param_plan_to_json(const struct param_plan *);

#endif
