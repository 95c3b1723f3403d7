/*
 * test_lived_in.c - a Postfix that somebody set up before the console came,
 * or went on setting up beside it: a Save changes what it says and nothing
 * else, and nothing is lowered unasked.
 */
#include "rig.h"

#define IN_ON	 "{\"inbound\":{\"enabled\":true}}"
#define IN_OFF	 "{\"inbound\":{\"enabled\":false}}"
#define ONLY_ON	 "{\"inbound\":{\"tls_only\":true}}"
#define ONLY_OFF "{\"inbound\":{\"tls_only\":false}}"
#define OUT_ON	 "{\"outbound\":{\"enabled\":true}}"
#define OUT(level) "{\"outbound\":{\"enabled\":true,\"level\":\"" level "\"}}"
#define OUT_OFF	 "{\"outbound\":{\"enabled\":false}}"
#define FORM(in, only, out) \
	"{\"inbound\":{\"enabled\":" in ",\"tls_only\":" only "}," \
	"\"outbound\":{\"enabled\":" out "},\"all_scanners\":true," \
	"\"interface\":{\"listen\":null,\"port\":null," \
	"\"idle_timeout\":null,\"max_connections\":null}," \
	"\"access\":{\"policy\":null,\"list\":[]}}"

/* A pair set up by hand. */
#define HAND \
	"smtpd_tls_cert_file=$R/cert/self.pem " \
	"smtpd_tls_key_file=$R/cert/self.key "
#define FILES .certificate = "leaf.pem", .key = "leaf.key", .ca = "int.pem"

/* main.cf as it is before anybody came, and no generation. */
static void
fresh(const char *by_hand)
{
	struct err err;

	ck_assert_int_eq(
	    rig_sh("cd $R/pf/conf && { [ -e $R/main.0 ] || "
		   "cp -p main.cf $R/main.0; } && cp -p $R/main.0 main.cf && "
		   "cd - >/dev/null && pfi_cool $R/pf && %s %s && "
		   "pfi_reload $R/pf",
		by_hand[0] == '\0' ? ":" : "pfi_conf $R/pf", by_hand),
	    0);
	ck_assert_int_eq(generation_set_current(&rig_conf, 0, &err), 0);
}

/* "name=value name" - set so, or not set at all. */
static void
assert_parameters(const char *list)
{
	char text[2048], want[640], *word, *save = NULL, *eq;

	snprintf(text, sizeof(text), "%s", list);
	for (word = strtok_r(text, " ", &save); word != NULL;
	     word = strtok_r(NULL, " ", &save)) {
		if ((eq = strchr(word, '=')) != NULL)
			*eq++ = '\0';
		want[0] = '\0';
		if (eq != NULL && strncmp(eq, "$R", 2) == 0)
			snprintf(want, sizeof(want), "%s%s", rig_root, eq + 2);
		else if (eq != NULL)
			snprintf(want, sizeof(want), "%s", eq);
		if (strcmp(want, "OURS") == 0)
			snprintf(want, sizeof(want),
			    "%s/generations/gen-%ld/inbound.pem",
			    rig_conf.state_directory, rig_current());
		ck_assert_int_eq(
		    rig_sh("[ \"$(/usr/sbin/postconf -c $R/pf/conf -n %s | "
			   "sed 's/^[^=]*= *//')\" = '%s' ] || { "
			   "/usr/sbin/postconf -c $R/pf/conf -n %s; exit 1; }",
			word, want, word),
		    0);
	}
}

static void
assert_settings(const char *want)
{
	struct json_object *view = NULL;
	struct err err;
	char got[32];

	ck_assert_int_eq(apply_view(&rig_conf, &view, &err), 0);
	snprintf(got, sizeof(got), "%s%s%s",
	    jsonx_path_bool(view, "settings.inbound.enabled") ? "in " : "",
	    jsonx_path_bool(view, "settings.inbound.tls_only") ? "only " : "",
	    jsonx_path_bool(view, "settings.outbound.enabled") ? "out " : "");
	json_object_put(view);
	ck_assert_str_eq(got, want);
}

/* A code, its field and what its finding says. */
static void
assert_asked(struct outcome *o, const char *code, const char *field,
    const char *parameter, const char *value)
{
	struct json_object *list = jsonx_path(o->job, "error.findings"), *f;
	size_t i;

	ck_assert_int_eq(o->rc, -1);
	ck_assert_msg(rig_has_finding(list, code), "%s: %s %s", code,
	    err_name(o->err.code), o->err.msg);
	for (i = 0; i < json_object_array_length(list); i++) {
		f = json_object_array_get_idx(list, i);
		if (strcmp(jsonx_path_str(f, "code", ""), code) != 0)
			continue;
		ck_assert_str_eq(jsonx_path_str(f, "severity", ""), "confirm");
		ck_assert_str_eq(jsonx_path_str(f, "field", ""), field);
		ck_assert_str_eq(
		    jsonx_path_str(f, "args.parameter", ""), parameter);
		ck_assert_str_eq(jsonx_path_str(f, "args.value", ""), value);
		break;
	}
	rig_done(o);
}

static const struct {
	const char *by_hand;
	struct ask ask;
	const char *want; /* parameters afterwards */
	const char *settings;
	const char *finding; /* among those of the answer, or NULL */
} first_saves[] = {
    /* Debian's own main.cf. */
    {"smtp_tls_security_level=may", {.settings = IN_ON, FILES},
	"smtp_tls_security_level=may smtpd_tls_security_level=may "
	"smtpd_tls_chain_files=OURS smtp_tls_loglevel smtp_tls_CAfile",
	"in out ", NULL},
    /* A renewal hook, and nothing else. */
    {HAND "smtpd_tls_security_level=may smtp_tls_security_level=may", {FILES},
	"smtp_tls_security_level=may smtpd_tls_security_level=may "
	"smtpd_tls_chain_files=OURS smtpd_tls_cert_file smtpd_tls_key_file "
	"smtpd_tls_loglevel smtpd_tls_received_header "
	"smtpd_tls_mandatory_protocols smtpd_tls_protocols",
	"in out ", NULL},
    {HAND "smtpd_tls_security_level=encrypt smtp_tls_security_level=encrypt",
	{FILES},
	"smtp_tls_security_level=encrypt smtpd_tls_security_level=encrypt "
	"smtpd_tls_chain_files=OURS smtpd_tls_cert_file",
	"in only out ", "settings.tls_only_public_mx"},
    {HAND "smtpd_use_tls=yes", {FILES},
	"smtpd_use_tls=yes smtpd_tls_security_level smtpd_tls_chain_files=OURS",
	"in ", NULL},
    /* Files of a gateway without TLS wait. */
    {"smtp_tls_security_level=may", {FILES},
	"smtp_tls_security_level=may smtpd_tls_security_level "
	"smtpd_tls_chain_files",
	"out ", NULL},
    /* More than the settings can say. */
    {"smtp_tls_security_level=dane smtp_dns_support_level=dnssec",
	{.settings = IN_ON, FILES},
	"smtp_tls_security_level=dane smtpd_tls_security_level=may", "in out ",
	NULL},
    {"smtp_tls_security_level=dane smtp_dns_support_level=dnssec",
	{.settings = OUT_ON},
	"smtp_tls_security_level=dane smtp_tls_loglevel=1 "
	"smtpd_tls_security_level",
	"out ", NULL},
    {"smtp_enforce_tls=yes", {.settings = OUT_ON},
	"smtp_enforce_tls=yes smtp_tls_security_level smtp_tls_loglevel=1",
	"out ", NULL},
    {"smtp_use_tls=yes", {.settings = OUT_ON},
	"smtp_use_tls smtp_tls_security_level=may", "out ", NULL},
    {"smtp_tls_security_level=encrypt smtp_tls_wrappermode=yes",
	{.settings = OUT_ON},
	"smtp_tls_security_level=encrypt smtp_tls_wrappermode=yes", "out ",
	NULL},
    {"smtp_tls_wrappermode=yes smtp_tls_security_level=may",
	{.settings = OUT_ON}, "smtp_tls_security_level=may", "out ", NULL},
    {"smtp_tls_CAfile=$R/cert/root.pem smtp_tls_loglevel=2",
	{.settings = OUT_ON},
	"smtp_tls_CAfile=$R/cert/root.pem smtp_tls_loglevel=2 "
	"smtp_tls_security_level=may",
	"out ", NULL},
    {"", {.settings = OUT_ON},
	"smtp_tls_CAfile=/etc/ssl/certs/ca-certificates.crt "
	"smtp_tls_security_level=may smtp_tls_loglevel=1",
	"out ", NULL},
    /* Inbound by hand, with a certificate of Postfix's own. */
    {HAND "smtpd_tls_security_level=encrypt", {.settings = OUT_ON},
	"smtpd_tls_security_level=encrypt smtpd_tls_chain_files "
	"smtpd_tls_cert_file=$R/cert/self.pem smtp_tls_security_level=may",
	"in only out ", NULL},
    {HAND "smtpd_tls_security_level=may", {.settings = IN_ON},
	"smtpd_tls_security_level=may smtpd_tls_chain_files "
	"smtpd_tls_cert_file=$R/cert/self.pem smtpd_tls_loglevel=1",
	"in ", NULL},
    {HAND "smtpd_tls_security_level=may", {.settings = ONLY_ON},
	"smtpd_tls_security_level=encrypt smtpd_tls_loglevel "
	"smtpd_tls_cert_file=$R/cert/self.pem",
	"in only ", NULL},
    {HAND "smtpd_tls_security_level=verify", {.settings = IN_ON},
	"smtpd_tls_security_level=verify smtpd_tls_loglevel=1", "in only ",
	NULL},
    /* Floors. */
    {"smtpd_tls_mandatory_protocols='>=TLSv1.3' "
     "smtpd_tls_protocols='>=TLSv1.3'",
	{.settings = IN_ON, FILES},
	"smtpd_tls_mandatory_protocols=>=TLSv1.3 "
	"smtpd_tls_protocols=>=TLSv1.3 smtpd_tls_security_level=may",
	"in ", NULL},
    {"smtpd_tls_mandatory_protocols='!SSLv2' smtpd_tls_protocols='!SSLv2'",
	{.settings = IN_ON, FILES},
	"smtpd_tls_mandatory_protocols=>=TLSv1.2 "
	"smtpd_tls_protocols=!SSLv2 smtpd_tls_security_level=may",
	"in ", NULL},
    /* What else needs the parameters that a chain file replaces. */
    {HAND "smtpd_tls_security_level=may smtpd_tls_CAfile=$R/cert/root.pem",
	{FILES}, "smtpd_tls_CAfile smtpd_tls_cert_file", "in ", NULL},
    {HAND "smtpd_tls_security_level=may smtpd_tls_CAfile=$R/cert/root.pem "
	  "smtpd_tls_req_ccert=yes",
	{.settings = ONLY_OFF, FILES},
	"smtpd_tls_CAfile=$R/cert/root.pem smtpd_tls_cert_file", "in ",
	"parameter.kept"},
    {HAND "smtpd_tls_security_level=may smtpd_tls_CAfile=$R/cert/root.pem "
	  "smtpd_relay_restrictions=permit_tls_clientcerts,reject",
	{FILES}, "smtpd_tls_CAfile=$R/cert/root.pem", "in ", "parameter.kept"},
    {HAND "smtpd_tls_security_level=may "
	  "'smtp_tls_cert_file=$smtpd_tls_cert_file' "
	  "'smtp_tls_key_file=${smtpd_tls_key_file}'",
	{FILES},
	"smtpd_tls_cert_file=$R/cert/self.pem "
	"smtpd_tls_key_file=$R/cert/self.key smtpd_tls_chain_files=OURS",
	"in ", "parameter.kept"},
    /* Who stays keeps what it names; who goes does not. */
    {"smtpd_tls_cert_file=$R/cert/both.pem "
     "'smtpd_tls_key_file=$smtpd_tls_cert_file' "
     "smtpd_tls_security_level=may "
     "'smtp_tls_key_file=$(smtpd_tls_key_file)'",
	{FILES},
	"smtpd_tls_cert_file=$R/cert/both.pem smtpd_tls_chain_files=OURS",
	"in ", "parameter.kept"},
    {"smtpd_tls_cert_file=$R/cert/both.pem "
     "'smtpd_tls_key_file=$smtpd_tls_cert_file' "
     "smtpd_tls_security_level=may",
	{FILES}, "smtpd_tls_cert_file smtpd_tls_key_file", "in ", NULL},
    /* The new certificate goes out as well, and is for servers only. */
    {"smtpd_tls_security_level=may "
     "'smtp_tls_chain_files=$smtpd_tls_chain_files'",
	{FILES},
	"smtp_tls_chain_files=$smtpd_tls_chain_files "
	"smtpd_tls_chain_files=OURS",
	"in ", "client_cert.eku"},
    /* A form shows everything and asks for what differs. */
    {HAND "smtpd_tls_security_level=may smtp_tls_security_level=dane",
	{.settings = FORM("true", "true", "true"), .form = true},
	"smtpd_tls_security_level=encrypt smtp_tls_security_level=dane "
	"smtpd_tls_loglevel smtp_tls_loglevel smtp_tls_CAfile",
	"in only out ", NULL},
};

START_TEST(first_save)
{
	struct ask a = first_saves[_i].ask;
	char leaf[SHA256_HEX];
	struct outcome o;

	fresh(first_saves[_i].by_hand);
	rig_leaf_hash("leaf", leaf);
	o = rig_apply(&a);
	ck_assert_msg(o.rc == 0, "%s %s", err_name(o.err.code), o.err.msg);
	ck_assert_str_eq(jsonx_path_str(o.job, "state", ""), "applied");
	if (a.certificate != NULL && strstr(first_saves[_i].want, "OURS"))
		ck_assert_str_eq(jsonx_path_str(o.job,
				     "result.probe.certificate_sha256", ""),
		    leaf);
	ck_assert_int_eq(rig_has_finding(jsonx_path(o.job, "result.findings"),
			     "parameter.kept"),
	    first_saves[_i].finding != NULL &&
		strcmp(first_saves[_i].finding, "parameter.kept") == 0);
	if (first_saves[_i].finding != NULL)
		ck_assert(rig_has_finding(jsonx_path(o.job, "result.findings"),
		    first_saves[_i].finding));
	rig_done(&o);
	assert_parameters(first_saves[_i].want);
	assert_settings(first_saves[_i].settings);
	rig_assert_whole();
}
END_TEST

static const struct {
	const char *by_hand;
	struct ask ask;
	const char *field, *parameter, *value;
	const char *want; /* once it is confirmed */
} lowered[] = {
    {"smtp_tls_security_level=may", {.settings = OUT_OFF}, "outbound_enabled",
	"smtp_tls_security_level", "may", "smtp_tls_security_level=none"},
    {"smtp_tls_security_level=dane", {.settings = OUT_OFF}, "outbound_enabled",
	"smtp_tls_security_level", "dane", "smtp_tls_security_level=none"},
    {"smtp_enforce_tls=yes", {.settings = OUT_OFF}, "outbound_enabled",
	"smtp_enforce_tls", "yes",
	"smtp_tls_security_level=none smtp_enforce_tls"},
    {"smtp_tls_security_level=dane", {.settings = OUT("may")},
	"outbound_level", "smtp_tls_security_level", "dane",
	"smtp_tls_security_level=may"},
    /* Always TLS, but no more what DNS says of the certificate. */
    {"smtp_tls_security_level=dane relayhost=[127.0.0.1]:1",
	{.settings = OUT("encrypt")}, "outbound_level",
	"smtp_tls_security_level", "dane", "smtp_tls_security_level=encrypt"},
    {"smtp_tls_security_level=secure relayhost=[127.0.0.1]:1",
	{.settings = OUT("verify")}, "outbound_level",
	"smtp_tls_security_level", "secure", "smtp_tls_security_level=verify"},
    /* The older name checks names, unless it is told not to. */
    {"smtp_enforce_tls=yes relayhost=[127.0.0.1]:1",
	{.settings = OUT("encrypt")}, "outbound_level", "smtp_enforce_tls",
	"yes", "smtp_tls_security_level=encrypt smtp_enforce_tls"},
    {"'smtp_tls_security_level=${x?{may}:{encrypt}}'", {.settings = OUT_OFF},
	"outbound_enabled", "smtp_tls_security_level", "${x?{may}:{encrypt}}",
	"smtp_tls_security_level=none"},
    {HAND "smtpd_tls_security_level=may", {.settings = IN_OFF},
	"inbound_enabled", "smtpd_tls_security_level", "may",
	"smtpd_tls_security_level=none smtpd_tls_cert_file=$R/cert/self.pem"},
    {HAND "smtpd_tls_security_level=encrypt", {.settings = ONLY_OFF},
	"tls_only", "smtpd_tls_security_level", "encrypt",
	"smtpd_tls_security_level=may"},
    {HAND "smtpd_enforce_tls=yes", {.settings = ONLY_OFF}, "tls_only",
	"smtpd_enforce_tls", "yes",
	"smtpd_tls_security_level=may smtpd_enforce_tls"},
    {HAND "smtpd_tls_security_level=may",
	{.settings = FORM("false", "false", "false"), .form = true},
	"inbound_enabled", "smtpd_tls_security_level", "may",
	"smtpd_tls_security_level=none"},
};

START_TEST(level_lowered)
{
	struct ask a = lowered[_i].ask;
	char before[SHA256_HEX], after[SHA256_HEX];
	struct outcome o;

	fresh(lowered[_i].by_hand);
	rig_maincf_hash(before);
	o = rig_apply(&a);
	ck_assert_int_eq(o.err.code, ERR_LEVEL_LOWERED);
	ck_assert_int_eq(err_http(o.err.code), 422);
	assert_asked(&o, "level.lowered", lowered[_i].field,
	    lowered[_i].parameter, lowered[_i].value);
	rig_maincf_hash(after);
	ck_assert_str_eq(before, after);
	ck_assert_int_eq(rig_current(), 0);
	a.confirm = "level.lowered";
	(void)rig_must_apply(&a);
	assert_parameters(lowered[_i].want);
	rig_assert_whole();
}
END_TEST

static void
choose(const char *settings)
{
	const struct ask a = {.settings = settings,
	    .confirm = "dane.resolver_not_validating",
	    .also = "outbound.level_internet"};

	(void)rig_must_apply(&a);
}

/* DANE asks DNS, whenever it comes into force; and what somebody has DNS asked
 * for is no leftover of ours. */
START_TEST(dane_asks_dns)
{
	fresh("");
	choose("{\"outbound\":{\"enabled\":false,\"level\":\"dane\"}}");
	assert_parameters("smtp_dns_support_level");
	choose("{\"outbound\":{\"enabled\":true}}");
	assert_parameters(
	    "smtp_tls_security_level=dane smtp_dns_support_level=dnssec");
	choose(OUT_OFF);
	assert_parameters("smtp_dns_support_level");
	choose("{\"outbound\":{\"enabled\":true,\"level\":\"encrypt\"}}");
	ck_assert_int_eq(
	    rig_sh("pfi_conf $R/pf smtp_dns_support_level=dnssec"), 0);
	choose(OUT("dane"));
	choose(OUT("may"));
	assert_parameters(
	    "smtp_tls_security_level=may smtp_dns_support_level=dnssec");
}
END_TEST

/* What the console wrote itself goes down without a question. */
START_TEST(own_level_goes_down)
{
	const struct ask off = {.settings = FORM("false", "false", "false")};

	fresh("");
	(void)rig_must_apply(&rig_self_pair);
	(void)rig_must_apply(&off);
	assert_parameters(
	    "smtpd_tls_security_level=none smtp_tls_security_level=none");
	rig_assert_whole();
}
END_TEST

START_TEST(needs_a_certificate)
{
	const struct ask on = {.settings = IN_ON};
	struct outcome o;

	fresh(HAND "smtpd_tls_security_level=none");
	o = rig_apply(&on);
	ck_assert_int_eq(o.err.code, ERR_SETTINGS_CERT_MISSING);
	rig_done(&o);
}
END_TEST

static size_t
drift_rows(void)
{
	struct json_object *view = NULL;
	struct err err;
	size_t n;

	ck_assert_int_eq(apply_view(&rig_conf, &view, &err), 0);
	n = json_object_array_length(jsonx_path(view, "drift"));
	json_object_put(view);
	return n;
}

/* Generation in force, then a hand edit, then a Save of something else, and
 * one that is about it. */
START_TEST(drift_stays)
{
	const struct ask files = {FILES, .apply = "reload"};
	struct ask off = {.settings = IN_OFF, .apply = "reload"};
	const struct ask same = {.settings = IN_ON};
	struct outcome o;

	fresh("");
	(void)rig_must_apply(&rig_self_pair);
	ck_assert_int_eq(
	    rig_sh("pfi_conf $R/pf smtpd_tls_security_level=encrypt"), 0);
	o = rig_apply(&files);
	ck_assert_msg(o.rc == 0, "%s %s", err_name(o.err.code), o.err.msg);
	ck_assert(rig_has_finding(
	    jsonx_path(o.job, "result.findings"), "drift.stays"));
	ck_assert(jsonx_path_bool(o.job, "result.probe.plaintext_refused"));
	rig_done(&o);
	assert_parameters(
	    "smtpd_tls_security_level=encrypt smtpd_tls_chain_files=OURS");
	assert_settings("in out ");
	ck_assert_uint_eq(drift_rows(), 1);
	/* It names what is in force: no change, but told. */
	o = rig_apply(&same);
	ck_assert_int_eq(o.rc, 0);
	ck_assert_str_eq(jsonx_path_str(o.job, "state", ""), "unchanged");
	ck_assert(rig_has_finding(
	    jsonx_path(o.job, "result.findings"), "drift.stays"));
	rig_done(&o);
	/* Now it is about it: both are asked. */
	o = rig_apply(&off);
	assert_asked(&o, "level.lowered", "inbound_enabled",
	    "smtpd_tls_security_level", "encrypt");
	off.confirm = "level.lowered";
	o = rig_apply(&off);
	ck_assert_int_eq(o.err.code, ERR_DRIFT_OVERWRITES);
	assert_asked(&o, "drift.overwrites", "inbound_enabled",
	    "smtpd_tls_security_level", "encrypt");
	off.also = "drift.overwrites";
	(void)rig_must_apply(&off);
	assert_parameters("smtpd_tls_security_level=none");
	rig_assert_whole();
}
END_TEST

/* A certificate set by hand over ours is not replaced unasked; an older name
 * that has no effect is no reason to ask. */
START_TEST(certificate_by_hand)
{
	struct ask files = {FILES, .apply = "reload"};
	struct outcome o;

	fresh("");
	(void)rig_must_apply(&rig_self_pair);
	ck_assert_int_eq(
	    rig_sh("pfi_conf $R/pf smtpd_tls_cert_file=$R/cert/self.pem"), 0);
	ck_assert_uint_eq(drift_rows(), 1);
	(void)rig_must_apply(&files);
	ck_assert_uint_eq(drift_rows(), 1);
	assert_parameters("smtpd_tls_cert_file=$R/cert/self.pem");
	ck_assert_int_eq(rig_sh("cd $R/cert && cat self.key self.pem >by.pem "
				"&& pfi_conf $R/pf "
				"smtpd_tls_chain_files=$R/cert/by.pem"),
	    0);
	files.certificate = "self.pem";
	files.key = "self.key";
	files.ca = NULL;
	o = rig_apply(&files);
	ck_assert_int_eq(o.err.code, ERR_DRIFT_OVERWRITES);
	ck_assert_str_eq(o.err.field, "server_certificate");
	rig_done(&o);
	files.confirm = "drift.overwrites";
	(void)rig_must_apply(&files);
	assert_parameters("smtpd_tls_chain_files=OURS smtpd_tls_cert_file");
	rig_assert_whole();
}
END_TEST

/* Restore is about all that the console wrote, and asks before it lowers. */
START_TEST(restore_asks)
{
	struct ask restore = {.apply = "reload"};
	struct outcome o;

	fresh("");
	restore.restore = rig_must_apply(&rig_self_pair);
	ck_assert_int_eq(
	    rig_sh("pfi_conf $R/pf smtp_tls_security_level=dane"), 0);
	o = rig_apply(&restore);
	ck_assert_int_eq(o.err.code, ERR_LEVEL_LOWERED);
	assert_asked(&o, "level.lowered", "outbound_enabled",
	    "smtp_tls_security_level", "dane");
	restore.confirm = "level.lowered";
	(void)rig_must_apply(&restore);
	assert_parameters("smtp_tls_security_level=may");
	rig_assert_whole();
}
END_TEST

/* What the console never wrote is Postfix's: shown as it is, no drift, and
 * not touched by a restore. */
START_TEST(never_written)
{
	const struct ask on = {.settings = OUT_ON, .apply = "reload"};
	const struct ask off = {.settings = OUT_OFF, .apply = "reload"};
	struct ask restore = {.apply = "reload"};

	fresh(HAND "smtpd_tls_security_level=may");
	restore.restore = rig_must_apply(&on);
	assert_settings("in out ");
	ck_assert_int_eq(
	    rig_sh("pfi_conf $R/pf smtpd_tls_security_level=encrypt && "
		   "pfi_reload $R/pf"),
	    0);
	ck_assert_uint_eq(drift_rows(), 0);
	assert_settings("in only out ");
	(void)rig_must_apply(&off);
	assert_settings("in only ");
	(void)rig_must_apply(&restore);
	assert_settings("in only out ");
	assert_parameters("smtpd_tls_security_level=encrypt "
			  "smtpd_tls_cert_file=$R/cert/self.pem "
			  "smtpd_tls_loglevel");
	rig_assert_whole();
}
END_TEST

/* A generation of the former version: it wrote everything, and a floor that
 * is no longer ours. */
START_TEST(former_version)
{
	const struct ask files = {FILES, .apply = "reload"};

	fresh("");
	(void)rig_must_apply(&rig_self_pair);
	ck_assert_int_eq(
	    rig_sh("sed -i 's/\"owned\":\\[[^]]*\\],//' "
		   "$R/state/generations/gen-%ld/meta.json && "
		   "! grep -q owned $R/state/generations/gen-%ld/meta.json && "
		   "pfi_conf $R/pf 'smtpd_tls_protocols=>=TLSv1.2'",
		rig_current(), rig_current()),
	    0);
	rig_assert_whole();
	(void)rig_must_apply(&files);
	assert_parameters("smtpd_tls_protocols=>=TLSv1.2");
	rig_assert_whole();
	ck_assert_int_eq(rig_sh("pfi_conf $R/pf smtpd_tls_loglevel=3"), 0);
	ck_assert_uint_eq(drift_rows(), 1);
	rig_mend();
}
END_TEST

/* Adopted is what stands, and no more. */
START_TEST(adopt_keeps)
{
	const struct ask adopt = {.adopt = true};
	struct outcome o;

	fresh(HAND "smtpd_tls_security_level=encrypt "
		   "smtp_tls_security_level=dane "
		   "smtp_tls_CAfile=$R/cert/root.pem "
		   "smtpd_tls_CAfile=$R/cert/root.pem smtpd_tls_ask_ccert=yes");
	ck_assert_int_eq(rig_sh("cp -p $R/pf/conf/main.cf $R/main.cf.was"), 0);
	(void)rig_must_apply(&adopt);
	ck_assert_int_eq(rig_sh("cmp -s $R/pf/conf/main.cf $R/main.cf.was && "
				"[ ! $R/pf/conf/main.cf -nt $R/main.cf.was ]"),
	    0);
	assert_settings("in only out ");
	rig_assert_whole();
	/* A level that the console has no word for, and has never written. */
	fresh(HAND "lvl=may 'smtpd_tls_security_level=${lvl}'");
	(void)rig_must_apply(&adopt);
	assert_parameters("smtpd_tls_security_level=${lvl}");
	assert_settings("in ");
	ck_assert_int_eq(
	    rig_sh("pfi_conf $R/pf 'smtp_tls_security_level=may'"), 0);
	/* Never written here, so it is shown as it is, and there is nothing
	 * to take over. */
	assert_settings("in out ");
	o = rig_apply(&adopt);
	ck_assert_str_eq(jsonx_path_str(o.job, "state", ""), "unchanged");
	json_object_put(o.job);
	assert_parameters("smtpd_tls_security_level=${lvl}");
}
END_TEST

/* Later as at first sight: one of ours set by hand is taken over, and what the
 * console has never written stays, set or not, the certificate's files too. */
START_TEST(adopt_touches_ours)
{
	const struct ask idle = {.settings = "{\"interface\":"
					     "{\"idle_timeout\":6}}"};
	const struct ask adopt = {.adopt = true};

	fresh(HAND "smtpd_tls_security_level=encrypt "
		   "smtp_tls_security_level=dane");
	(void)rig_must_apply(&idle);
	ck_assert_int_eq(
	    rig_sh("pfi_conf $R/pf 'smtpd_timeout=${stress?{10}:{420}}s' && "
		   "pfi_reload $R/pf && "
		   "cp $R/pf/conf/main.cf $R/main.cf.was"),
	    0);
	(void)rig_must_apply(&adopt);
	ck_assert_int_eq(rig_sh("cmp $R/pf/conf/main.cf $R/main.cf.was"), 0);
	ck_assert_uint_eq(drift_rows(), 0);
	rig_assert_whole();
}
END_TEST

/* Before the first Save the settings are what Postfix has. */
START_TEST(first_sight)
{
	fresh("");
	assert_settings("");
	fresh("smtp_tls_security_level=may");
	assert_settings("out ");
	fresh(HAND "smtpd_tls_security_level=encrypt smtp_enforce_tls=yes");
	assert_settings("in only out ");
}
END_TEST

/* Files named by what others of main.cf, or Postfix itself, say. */
static const char *const named_by[] = {
    "dir=$R/cert smtpd_tls_security_level=may "
    "'smtpd_tls_cert_file=${dir}/self.pem' "
    "'smtpd_tls_key_file=$(dir)/self.key'",
    "smtpd_tls_security_level=may "
    "'smtpd_tls_cert_file=$config_directory/../../cert/self.pem' "
    "'smtpd_tls_key_file=$config_directory/../../cert/self.key'",
    "dir=$R/cert smtpd_tls_security_level=may "
    "'smtpd_tls_chain_files=$dir/self.key, $dir/self.pem'",
};

START_TEST(first_sight_by_reference)
{
	const struct ask adopt = {.adopt = true};
	struct json_object *view = NULL;
	struct err err;

	fresh(named_by[_i]);
	ck_assert_int_eq(apply_view(&rig_conf, &view, &err), 0);
	ck_assert_msg(
	    jsonx_path_str(view, "certificate.sha256", NULL) != NULL, "%s",
	    json_object_to_json_string(jsonx_path(view, "certificate")));
	json_object_put(view);
	(void)rig_must_apply(&adopt);
	assert_settings("in ");
	rig_assert_whole();
}
END_TEST

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

static void
add(TCase *tc)
{
	tcase_add_test(tc, first_sight);
	tcase_add_loop_test(
	    tc, first_sight_by_reference, 0, COUNT(named_by));
	tcase_add_loop_test(tc, first_save, 0, COUNT(first_saves));
	tcase_add_loop_test(tc, level_lowered, 0, COUNT(lowered));
	tcase_add_test(tc, dane_asks_dns);
	tcase_add_test(tc, own_level_goes_down);
	tcase_add_test(tc, needs_a_certificate);
	tcase_add_test(tc, drift_stays);
	tcase_add_test(tc, certificate_by_hand);
	tcase_add_test(tc, restore_asks);
	tcase_add_test(tc, never_written);
	tcase_add_test(tc, former_version);
	tcase_add_test(tc, adopt_keeps);
	tcase_add_test(tc, adopt_touches_ours);
}

int
main(void)
{
	return rig_run("lived_in", add, 60, RIG_POSTFIX);
}
