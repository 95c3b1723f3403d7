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
 * Values come from this file alone; the two that vary, the chain file's path
 * and the exempt service names, are held to a strict grammar.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "postfix_int.h"

#define SYSTEM_CAFILE	   "/etc/ssl/certs/ca-certificates.crt"

#define V_TEXT_PROTOCOLS   30600 /* >=TLSv1.2 */
#define PROTOCOLS	   ">=TLSv1.2"
#define PROTOCOLS_EXCLUDES "!SSLv2, !SSLv3, !TLSv1, !TLSv1.1"

static const char path_chars[] = "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789/._+@-";
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

static int
rule_in_level(const struct params_context *in, struct want *w, struct err *err)
{
	if (!inbound(in))
		return want_value(w, "none");
	if (in->settings->tls_only)
		return encrypt_but(in->info, w, err);
	return want_value(w, "may");
}

static int
rule_chain(const struct params_context *in, struct want *w, struct err *err)
{
	const char *chain = in->chain_file;

	if (inbound(in) && chain == NULL)
		return err_set(err, ERR_SETTINGS_CERT_MISSING,
		    "server_certificate", "inbound TLS without certificate");
	if (chain != NULL &&
	    (chain[0] != '/' || chain[strspn(chain, path_chars)] != '\0'))
		return err_set(err, ERR_CONFIG, "",
		    "state_directory: main.cf cannot name \"%.100s\"", chain);
	(void)want_value(w, chain == NULL ? "" : chain);
	if (!inbound(in))
		w->kind = WANT_OVER_OURS;
	return 0;
}

static int
rule_in_one(const struct params_context *in, struct want *w, struct err *err)
{
	return inbound(in) ? want_value(w, "1") : 0;
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
	if (!inbound(in))
		return 0;
	return want_value(w, in->info->version >= V_TEXT_PROTOCOLS
				 ? PROTOCOLS
				 : PROTOCOLS_EXCLUDES);
}

static int
rule_in_gone(const struct params_context *in, struct want *w, struct err *err)
{
	if (inbound(in))
		w->kind = WANT_UNSET;
	return 0;
}

static int
rule_gone(const struct params_context *in, struct want *w, struct err *err)
{
	w->kind = WANT_UNSET;
	return 0;
}

static int
rule_out_level(const struct params_context *in, struct want *w, struct err *err)
{
	return want_value(w, outbound(in) ? "may" : "none");
}

static int
rule_out_one(const struct params_context *in, struct want *w, struct err *err)
{
	return outbound(in) ? want_value(w, "1") : 0;
}

static int
rule_out_cafile(
    const struct params_context *in, struct want *w, struct err *err)
{
	if (outbound(in) && access(SYSTEM_CAFILE, R_OK) == 0)
		return want_value(w, SYSTEM_CAFILE);
	return 0;
}

#define IN_LEVEL  "smtpd_tls_security_level"
#define IN_CHAIN  "smtpd_tls_chain_files"
#define OUT_LEVEL "smtp_tls_security_level"

/* clang-format off */
const struct param_row params[] = {
	{ IN_LEVEL,			20300, rule_in_level, "none",
	    { "smtpd_use_tls", "smtpd_enforce_tls" }, NULL },
	{ IN_CHAIN,			30400, rule_chain,
	    NULL, { NULL, NULL }, NULL },
	{ "smtpd_tls_loglevel",		20200, rule_in_one,
	    NULL, { NULL, NULL }, NULL },
	{ "smtpd_tls_received_header",	20200, rule_in_yes,
	    NULL, { NULL, NULL }, NULL },
	{ "smtpd_tls_protocols",	20600, rule_in_protocols,
	    NULL, { NULL, NULL }, NULL },
	{ "smtpd_tls_mandatory_protocols", 20300, rule_in_protocols,
	    NULL, { NULL, NULL }, NULL },
	{ OUT_LEVEL,			20300, rule_out_level, "none",
	    { "smtp_use_tls", "smtp_enforce_tls" }, NULL },
	{ "smtp_tls_CAfile",		20200, rule_out_cafile,
	    NULL, { NULL, NULL }, NULL },
	{ "smtp_tls_loglevel",		20200, rule_out_one,
	    NULL, { NULL, NULL }, NULL },
	/* params_inbound.c */
	{ "inet_interfaces",		20000, rule_listen,
	    NULL, { NULL, NULL }, NULL },
	{ "smtpd_timeout",		20000, rule_timeout,
	    NULL, { NULL, NULL }, NULL },
	{ "smtpd_client_restrictions",	20000, rule_access,
	    NULL, { NULL, NULL }, NULL },
	{ PARAM_SERVICE,		21100, rule_service,
	    NULL, { NULL, NULL }, NULL },
	{ PARAM_LIMIT,			21100, rule_limit,
	    NULL, { NULL, NULL }, NULL },
	/* legacy */
	{ "smtpd_use_tls",	0, rule_gone, NULL, { NULL, NULL }, IN_LEVEL },
	{ "smtpd_enforce_tls",	0, rule_gone, NULL, { NULL, NULL }, IN_LEVEL },
	{ "smtp_use_tls",	0, rule_gone, NULL, { NULL, NULL }, OUT_LEVEL },
	{ "smtp_enforce_tls",	0, rule_gone, NULL, { NULL, NULL }, OUT_LEVEL },
	{ "smtpd_tls_cert_file", 0, rule_in_gone, NULL, { NULL, NULL }, IN_CHAIN },
	{ "smtpd_tls_key_file",	0, rule_in_gone, NULL, { NULL, NULL }, IN_CHAIN },
	{ "smtpd_tls_eccert_file", 0, rule_in_gone, NULL, { NULL, NULL },
	    IN_CHAIN },
	{ "smtpd_tls_eckey_file", 0, rule_in_gone, NULL, { NULL, NULL }, IN_CHAIN },
	{ "smtpd_tls_dcert_file", 0, rule_in_gone, NULL, { NULL, NULL }, IN_CHAIN },
	{ "smtpd_tls_dkey_file", 0, rule_in_gone, NULL, { NULL, NULL }, IN_CHAIN },
	{ "smtpd_tls_CAfile",	0, rule_in_gone, NULL, { NULL, NULL }, IN_CHAIN },
};
/* clang-format on */
const size_t n_params = sizeof(params) / sizeof(params[0]);

const struct param_row *
param_find(const char *name)
{
	size_t i;

	for (i = 0; i < n_params; i++)
		if (strcmp(params[i].name, name) == 0)
			return &params[i];
	return NULL;
}

bool
chain_path_ours(const char *value)
{
	static const char head[] = "/generations/gen-";
	const char *p = strstr(value, head);
	size_t digits;

	if (value[0] != '/' || p == NULL)
		return false;
	p += sizeof(head) - 1;
	digits = strspn(p, "0123456789");
	return digits > 0 && strcmp(p + digits, "/inbound.pem") == 0;
}
