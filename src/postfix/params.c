/*
 * params.c - the managed parameters: what each is for, since when, and how
 * its value follows from the settings.  Nothing else of main.cf is ours.
 *
 * Decisions (shared/POSTFIX.md 2 has the measurements):
 * - A direction that is off plans only its level, "none", and that only when
 *   something in main.cf says otherwise: a fresh Postfix needs no change.
 *   Its other parameters have no effect then, or serve submission services
 *   of master.cf, and stay.
 * - smtpd_tls_chain_files with inbound off: a value of ours follows the
 *   generation in force (or goes, without a certificate), so that main.cf
 *   never names a directory that a later clean-up removes.  A value set by
 *   hand is left alone.
 * - The legacy certificate parameters go when ours takes their place: Postfix
 *   would ignore them, with a warning at each smtpd start.
 * - "TLS only" exempts re-injection listeners by a condition on
 *   $service_name, so master.cf is not touched.
 * - Where the console has not written a parameter before (owned), what stands
 *   and is as good as what the settings ask for stays: an outbound level
 *   above "may", a CA file, a log level.  A list of protocols that asks for
 *   more stays, whoever wrote it.
 * - smtpd_tls_protocols is nobody's business here: a floor there makes older
 *   senders send in plaintext (shared/POLICY.md 1.8).
 * Values come from this file alone; the two that vary, the chain file's path
 * and the exempt service names, are held to a strict grammar.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "jsonx.h"
#include "levels.h"
#include "param_rules.h"
#include "postfix_int.h"
#include "settings_table.h"
#include "sni_map.h"

#define SYSTEM_CAFILE	   "/etc/ssl/certs/ca-certificates.crt"

#define WRAPPERMODE	   "smtp_tls_wrappermode"
#define V_TEXT_PROTOCOLS   30600 /* >=TLSv1.2 */
#define PROTOCOLS	   ">=TLSv1.2"
#define PROTOCOLS_EXCLUDES "!SSLv2, !SSLv3, !TLSv1, !TLSv1.1"

static const char service_chars[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789.:[]_-";

static int
want_value(struct want *w, const char *value)
{
	w->kind = WANT_VALUE;
	(void)snprintf(w->value, sizeof(w->value), "%s", value);
	return 0;
}

static const char *
value_now(const struct params_context *in, const char *name)
{
	return jsonx_path_str(in->current, name, "");
}

static bool
inbound(const struct params_context *in)
{
	return in->settings->inbound_enabled;
}

static bool
outbound(const struct params_context *in)
{
	return in->settings->outbound_enabled;
}

/* ${{$service_name} == {A} ? {may} : {${{$service_name} == ... {encrypt}}}} */
static int
encrypt_but(const struct postfix_info *info, struct want *w, struct err *err)
{
	size_t i, len = 0, n = 0;
	const char *name;

	w->kind = WANT_VALUE;
	for (i = 0; i < info->n_exempt; i++) {
		name = info->exempt[i];
		if (name[0] == '\0' ||
		    name[strspn(name, service_chars)] != '\0')
			continue; /* stays encrypted: the safe side */
		len += (size_t)snprintf(w->value + len, sizeof(w->value) - len,
		    "${{$service_name} == {%s} ? {may} : {", name);
		n++;
		if (len >= sizeof(w->value) - 128)
			return err_set(err, ERR_CONFIG, "",
			    "master.cf: too many loopback services");
	}
	len +=
	    (size_t)snprintf(w->value + len, sizeof(w->value) - len, "encrypt");
	for (i = 0; i < n; i++)
		len += (size_t)snprintf(
		    w->value + len, sizeof(w->value) - len, "}}");
	return 0;
}

/* The level that is set says what the settings say, in other words. */
static bool
in_level_stays(const struct params_context *in, const char *other)
{
	struct settings now;
	struct tls_level l;

	settings_default(&now);
	level_read(in->current, TLS_INBOUND, &l);
	(void)from_in_level(in, &now);
	return inbound(in) && l.rank != RANK_BAD &&
	       now.inbound_enabled == in->settings->inbound_enabled &&
	       now.tls_only == in->settings->tls_only &&
	       strcmp(l.value, other) != 0 &&
	       (strcmp(l.parameter, IN_LEVEL) == 0 || l.rank == RANK_ENCRYPT);
}

static int
rule_in_level(const struct params_context *in, struct want *w, struct err *err)
{
	if (!inbound(in))
		(void)want_value(w, "none");
	else if (!in->settings->tls_only)
		(void)want_value(w, "may");
	else if (encrypt_but(in->info, w, err) == -1)
		return -1;
	if (!w->owned && in_level_stays(in, w->value))
		w->kind = WANT_KEEP;
	return 0;
}

static int
want_file(struct want *w, const char *file, struct err *err)
{
	if (!path_is_plain(file))
		return err_set(err, ERR_CONFIG, "",
		    "state_directory: main.cf cannot name \"%.100s\"", file);
	return want_value(w, file);
}

static int
rule_chain(const struct params_context *in, struct want *w, struct err *err)
{
	const char *chain = in->chain_file;

	if (inbound(in) && chain == NULL)
		return 0; /* a certificate of Postfix's own */
	if (chain == NULL)
		(void)want_value(w, "");
	else if (want_file(w, chain, err) == -1)
		return -1;
	if (!inbound(in))
		w->kind = WANT_OVER_OURS;
	return 0;
}

/* Statistics need 1; a higher one that somebody set may stay. */
static int
log_level(const struct params_context *in, const char *name, struct want *w)
{
	if (!w->owned && strtol(value_now(in, name), NULL, 10) > 1)
		return 0;
	return want_value(w, "1");
}

static int
rule_in_log(const struct params_context *in, struct want *w, struct err *err)
{
	return inbound(in) ? log_level(in, "smtpd_tls_loglevel", w) : 0;
}

static int
rule_in_yes(const struct params_context *in, struct want *w, struct err *err)
{
	return inbound(in) ? want_value(w, "yes") : 0;
}

static int
rule_in_protocols(
    const struct params_context *in, struct want *w, struct err *err)
{
	const char *ours = in->info->version >= V_TEXT_PROTOCOLS
			       ? PROTOCOLS
			       : PROTOCOLS_EXCLUDES;
	const char *now = value_now(in, "smtpd_tls_mandatory_protocols");

	if (!inbound(in) || (strcmp(now, ours) != 0 && protocols_loosened(now)))
		return 0;
	return want_value(w, ours);
}

/* Without a chain file of ours they are what serves. */
static int
rule_in_gone(const struct params_context *in, struct want *w, struct err *err)
{
	if (inbound(in) && in->chain_file != NULL)
		w->kind = WANT_UNSET;
	return 0;
}

/* Roots for the certificates of clients: those that are kept here, and
 * without them what stood before. */
static int
rule_in_ca(const struct params_context *in, struct want *w, struct err *err)
{
	const struct settings *s = in->settings;

	if (in->client_ca != NULL)
		return want_file(w, in->client_ca, err);
	if (chain_path_ours(value_now(in, IN_CAFILE))) {
		(void)want_value(
		    w, jsonx_path_str(
			   jsonx_member(in->originals, IN_CAFILE), "was", ""));
		w->kind = WANT_OVER_OURS;
		return 0;
	}
	return s->ccert != SETTING_KEEP || s->ccert_relay != NULL
		   ? 0
		   : rule_in_gone(in, w, err);
}

/* Until somebody chooses a level. */
static bool
out_level_stays(const struct params_context *in, const struct want *w)
{
	struct tls_level l;

	if (!outbound(in) || w->owned ||
	    in->settings->outbound_level != SETTING_KEEP)
		return false;
	level_read(in->current, TLS_OUTBOUND, &l);
	return l.rank == RANK_ENCRYPT || l.rank == RANK_OWN ||
	       (l.rank == RANK_MAY && l.value[0] == '$') ||
	       strcasecmp(value_now(in, WRAPPERMODE), "yes") == 0;
}

/* An older name goes with the level that takes its place. */
static int
rule_in_older(const struct params_context *in, struct want *w, struct err *err)
{
	if (rule_in_level(in, w, err) == -1)
		return -1;
	if (w->kind != WANT_KEEP)
		w->kind = WANT_UNSET;
	return 0;
}

static int
rule_out_older(const struct params_context *in, struct want *w, struct err *err)
{
	if (!out_level_stays(in, w))
		w->kind = WANT_UNSET;
	return 0;
}

static int
rule_out_level(const struct params_context *in, struct want *w, struct err *err)
{
	int level = in->settings->outbound_level;

	if (out_level_stays(in, w))
		return 0;
	if (!outbound(in))
		return want_value(w, "none");
	return want_value(w,
	    settings_fields[SETTING_outbound_level]
		.names[level == SETTING_KEEP ? OUT_MAY : level]);
}

/* smtp asks for TLSA records only then (postconf(5)). */
static int
rule_dns_support(
    const struct params_context *in, struct want *w, struct err *err)
{
	int level = in->settings->outbound_level;

	if (outbound(in) && (level == OUT_DANE || level == OUT_DANE_ONLY))
		return want_value(w, "dnssec");
	want_original(in, DNS_SUPPORT, w);
	return 0;
}

static int
rule_out_log(const struct params_context *in, struct want *w, struct err *err)
{
	return outbound(in) ? log_level(in, "smtp_tls_loglevel", w) : 0;
}

/* The server's, by a tick, or one of its own; without either, a value of
 * ours goes, and one set by hand stays. */
static int
rule_out_chain(const struct params_context *in, struct want *w, struct err *err)
{
	const char *file = in->settings->client_certificate ? in->chain_file
							     : in->client_file;

	if (file == NULL) {
		if (chain_path_ours(value_now(in, OUT_CHAIN)))
			w->kind = WANT_UNSET;
		return 0;
	}
	return want_file(w, file, err);
}

/* Postfix would ignore them beside a chain file. */
static int
rule_out_gone(const struct params_context *in, struct want *w, struct err *err)
{
	if (rule_out_chain(in, w, err) == -1)
		return -1;
	w->kind = w->kind == WANT_VALUE ? WANT_UNSET : WANT_KEEP;
	return 0;
}

static int
rule_out_cafile(
    const struct params_context *in, struct want *w, struct err *err)
{
	const char *now = value_now(in, OUT_CAFILE);

	if (!outbound(in) || access(SYSTEM_CAFILE, R_OK) == -1 ||
	    (!w->owned && now[0] != '\0' && strcmp(now, SYSTEM_CAFILE) != 0))
		return 0;
	return want_value(w, SYSTEM_CAFILE);
}

#define OF(id)	  SETTING_BIT(SETTING_##id)
#define OF_LEVEL  (OF(inbound_enabled) | OF(tls_only))
#define OF_IN	  OF(inbound_enabled)
#define OF_CHAIN  (OF(inbound_enabled) | SETTINGS_FILES)
#define OF_OUT	  OF(outbound_enabled)
#define OF_OUT_LEVEL (OF_OUT | OF(outbound_level))
#define OF_CLIENT (OF(client_certificate) | SETTINGS_FILES)
#define OF_ACCESS (OF(access_policy) | OF(access_list))
#define NONE \
	{ \
		NULL, NULL \
	}

#define EVER	0 /* or since before 3.4, the oldest that is taken */
#define SOCKETS (PARAM_SOCKETS | PARAM_FACTS)
#define SOLO	NULL, NONE, NULL

/* clang-format off */
const struct param_row params[] = {
	{ IN_LEVEL, EVER, OF_LEVEL, PARAM_ADOPT,
	    rule_in_level, from_in_level,
	    "none", { "smtpd_use_tls", "smtpd_enforce_tls" }, NULL },
	{ IN_CHAIN, 30400, OF_CHAIN, PARAM_FILE | PARAM_ADOPT,
	    rule_chain, NULL, SOLO },
	{ SNI_MAPS, 30400, SETTINGS_FILES, PARAM_FILE, rule_sni, NULL, SOLO },
	{ "smtpd_tls_loglevel", EVER, OF_IN, 0, rule_in_log, NULL, SOLO },
	{ "smtpd_tls_received_header", EVER, OF_IN, 0,
	    rule_in_yes, NULL, SOLO },
	{ "smtpd_tls_mandatory_protocols", EVER, OF_IN, 0,
	    rule_in_protocols, NULL, SOLO },
	{ OUT_LEVEL, EVER, OF_OUT_LEVEL, PARAM_ADOPT,
	    rule_out_level, from_out_level,
	    "none", { "smtp_use_tls", "smtp_enforce_tls" }, NULL },
	{ DNS_SUPPORT, EVER, OF(outbound_level), PARAM_BACK,
	    rule_dns_support, NULL, SOLO },
	{ OUT_CAFILE, EVER, OF_OUT, 0, rule_out_cafile, NULL, SOLO },
	{ "smtp_tls_loglevel", EVER, OF_OUT, 0, rule_out_log, NULL, SOLO },
	{ OUT_CHAIN, 30400, OF_CLIENT, PARAM_FILE | PARAM_ADOPT,
	    rule_out_chain, from_out_chain, SOLO },
	/* params_inbound.c */
	{ "inet_interfaces", EVER, OF(listen),
	    SOCKETS | PARAM_BACK | PARAM_ADOPT,
	    rule_listen, from_listen, SOLO },
	{ "smtpd_timeout", EVER, OF(idle_timeout),
	    PARAM_FACTS | PARAM_BACK | PARAM_ADOPT,
	    rule_timeout, from_timeout, SOLO },
	{ IN_CLIENTS, EVER, OF_ACCESS, PARAM_FILE,
	    rule_access, from_access, SOLO },
	{ ASK_CCERT, EVER, OF(ccert), PARAM_BACK | PARAM_ADOPT,
	    rule_ask, from_ccert, SOLO },
	{ REQ_CCERT, EVER, OF(ccert), PARAM_BACK | PARAM_ADOPT,
	    rule_require, from_ccert, SOLO },
	{ CCERT_DIGEST, EVER, OF(ccert_relay), PARAM_BACK,
	    rule_digest, NULL, SOLO },
	{ CCERT_MAPS, EVER, OF(ccert_relay), PARAM_FILE,
	    rule_ccerts, from_ccerts, SOLO },
	{ PARAM_SERVICE, EVER, OF(listen) | OF(smtp_port),
	    SOCKETS | PARAM_BACK, rule_service, from_service, SOLO },
	{ PARAM_LIMIT, EVER, OF(max_connections),
	    PARAM_FACTS | PARAM_BACK | PARAM_ADOPT,
	    rule_limit, from_limit, SOLO },
	/* older names */
#define OLDER(name, of, to, by) \
	{ name, EVER, of, PARAM_ADOPT, to, NULL, NULL, NONE, by }
	OLDER("smtpd_use_tls", OF_LEVEL, rule_in_older, IN_LEVEL),
	OLDER("smtpd_enforce_tls", OF_LEVEL, rule_in_older, IN_LEVEL),
	OLDER("smtp_use_tls", OF_OUT_LEVEL, rule_out_older, OUT_LEVEL),
	OLDER("smtp_enforce_tls", OF_OUT_LEVEL, rule_out_older, OUT_LEVEL),
	OLDER("smtpd_tls_cert_file", OF_CHAIN, rule_in_gone, IN_CHAIN),
	OLDER("smtpd_tls_key_file", OF_CHAIN, rule_in_gone, IN_CHAIN),
	OLDER("smtpd_tls_eccert_file", OF_CHAIN, rule_in_gone, IN_CHAIN),
	OLDER("smtpd_tls_eckey_file", OF_CHAIN, rule_in_gone, IN_CHAIN),
	OLDER(OUT_CERT, OF_CLIENT, rule_out_gone, OUT_CHAIN),
	OLDER("smtp_tls_key_file", OF_CLIENT, rule_out_gone, OUT_CHAIN),
	OLDER("smtp_tls_eccert_file", OF_CLIENT, rule_out_gone, OUT_CHAIN),
	OLDER("smtp_tls_eckey_file", OF_CLIENT, rule_out_gone, OUT_CHAIN),
	OLDER("smtp_tls_dcert_file", OF_CLIENT, rule_out_gone, OUT_CHAIN),
	OLDER("smtp_tls_dkey_file", OF_CLIENT, rule_out_gone, OUT_CHAIN),
	/* of no use to anybody: not taken over */
	{ "smtpd_tls_dcert_file", EVER, OF_CHAIN, 0, rule_in_gone, NULL,
	    NULL, NONE, IN_CHAIN },
	{ "smtpd_tls_dkey_file", EVER, OF_CHAIN, 0, rule_in_gone, NULL,
	    NULL, NONE, IN_CHAIN },
	{ IN_CAFILE, EVER, OF_CHAIN, PARAM_FILE, rule_in_ca, NULL,
	    NULL, NONE, IN_CHAIN },
};
/* clang-format on */
const size_t n_params = sizeof(params) / sizeof(params[0]);
_Static_assert(sizeof(params) / sizeof(params[0]) <= 64, "param_mask is full");

/* What the rules look at besides. */
const char *const params_looked_at[] = {
    WRAPPERMODE, OUT_PEERNAME, NULL};

const struct param_row *
param_find(const char *name)
{
	size_t i;

	for (i = 0; i < n_params; i++)
		if (strcmp(params[i].name, name) == 0)
			return &params[i];
	return NULL;
}
