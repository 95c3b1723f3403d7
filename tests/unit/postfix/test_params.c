/*
 * test_params.c - the table of managed parameters, and plans made from it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "../../../src/postfix/postfix_int.h"
#include "jsonx.h"
#include "wanted.h"
#include "levels.h"
#include "../../../src/postfix/param_row.h"

#define CHAIN "/var/lib/postseal/daemon/generations/gen-7/inbound.pem"
#define OTHER "/var/lib/postseal/daemon/generations/gen-6/inbound.pem"

static struct postfix_info
info_of(unsigned version)
{
	struct postfix_info i;

	memset(&i, 0, sizeof(i));
	i.kind = POSTFIX_OK;
	i.version = version;
	return i;
}

static struct settings
settings_of(unsigned bits)
{
	struct settings s;

	settings_default(&s);
	s.inbound_enabled = bits & 1;
	s.tls_only = bits & 2;
	s.outbound_enabled = bits & 4;
	return s;
}

static struct json_object *
json(const char *text)
{
	struct json_object *o = NULL;
	struct err e;

	ck_assert_msg(
	    jsonx_parse(text, strlen(text), 8, &o, &e) == 0, "%s", text);
	return o;
}

START_TEST(table_invariants)
{
	const struct param_row *p = &params[_i], *by;
	size_t i;

	ck_assert_ptr_nonnull(p->name);
	ck_assert(p->to != NULL);
	ck_assert_ptr_eq(param_find(p->name), p);
	ck_assert(strncmp(p->name, "smtpd_", 6) == 0 ||
		  strncmp(p->name, "smtp_", 5) == 0 ||
		  strcmp(p->name, "inet_interfaces") == 0 ||
		  strcmp(p->name, "tls_server_sni_maps") == 0 ||
		  strcmp(p->name, "relay_clientcerts") == 0 ||
		  param_in_master(p->name));
	ck_assert_uint_le(p->since, 30400);
	for (i = 0; i < 2; i++)
		if (p->legacy[i] != NULL) {
			by = param_find(p->legacy[i]);
			ck_assert_ptr_nonnull(by);
			ck_assert_str_eq(by->replaced_by, p->name);
		}
	if (p->replaced_by != NULL) {
		by = param_find(p->replaced_by);
		ck_assert_ptr_nonnull(by);
		ck_assert_ptr_null(by->replaced_by);
	}
	ck_assert_uint_lt(n_params + 2, POSTCONF_ARGS_MAX);
}
END_TEST

/* A legacy name is never given a value, and a direction's switch reaches
 * only its own parameters. */
START_TEST(wanted_every_combination)
{
	static const unsigned versions[] = {30400, 30599, 30600, 30711, 31000};
	struct json_object *w = NULL, *v;
	struct postfix_info info;
	struct settings s = settings_of((unsigned)_i & 7);
	const char *level;
	struct err e;
	size_t i, k;

	for (k = 0; k < sizeof(versions) / sizeof(versions[0]); k++) {
		info = info_of(versions[k]);
		ck_assert_int_eq(wanted_of(&s, &info, CHAIN, &w, &e), 0);
		for (i = 0; i < n_params; i++)
			if (params[i].replaced_by != NULL &&
			    json_object_object_get_ex(w, params[i].name, &v))
				ck_assert_ptr_null(v);
		level = jsonx_path_str(w, "smtpd_tls_security_level", "?");
		ck_assert_str_eq(level, !s.inbound_enabled ? "none"
					: s.tls_only	   ? "encrypt"
							   : "may");
		level = jsonx_path_str(w, "smtp_tls_security_level", "?");
		ck_assert_str_eq(level, s.outbound_enabled ? "may" : "none");
		ck_assert(
		    !json_object_object_get_ex(w, "smtpd_tls_protocols", NULL));
		ck_assert_str_eq(
		    jsonx_path_str(w, "smtpd_tls_mandatory_protocols", "-"),
		    !s.inbound_enabled	  ? "-"
		    : versions[k] < 30600 ? "!SSLv2, !SSLv3, "
					    "!TLSv1, !TLSv1.1"
					  : ">=TLSv1.2");
		ck_assert_int_eq(
		    json_object_object_get_ex(w, "smtp_tls_loglevel", NULL),
		    s.outbound_enabled);
		ck_assert_int_eq(
		    json_object_object_get_ex(w, "smtpd_tls_cert_file", NULL),
		    s.inbound_enabled);
		json_object_put(w);
		w = NULL;
	}
}
END_TEST

/* Without one of ours Postfix keeps what it has. */
START_TEST(wanted_without_certificate)
{
	struct postfix_info info = info_of(30711);
	struct settings s = settings_of((unsigned)_i & 7);
	struct json_object *w = NULL;
	struct err e;

	ck_assert_int_eq(wanted_of(&s, &info, NULL, &w, &e), 0);
	ck_assert(!json_object_object_get_ex(w, "smtpd_tls_cert_file", NULL));
	ck_assert_int_eq(
	    json_object_object_get_ex(w, "smtpd_tls_chain_files", NULL),
	    !s.inbound_enabled);
	json_object_put(w);
}
END_TEST

static const char *const bad_paths[] = {
    "relative/inbound.pem",
    "",
    "/a b/inbound.pem",
    "/a$b/inbound.pem",
    "/a,b/inbound.pem",
    "/a\nsmtpd_use_tls = yes",
    "/a\r",
    "/a#b",
    "/a;b",
    "/a{b}",
    "/a\"b",
    "/a'b",
    "/a\\b",
    "/\xc3\xa9",
    "/a\tb",
    "/a=b",
};

START_TEST(wanted_bad_path)
{
	struct postfix_info info = info_of(30711);
	struct settings s = settings_of((unsigned)(_i % 2));
	struct json_object *w = NULL;
	struct err e;

	ck_assert_int_eq(wanted_of(&s, &info, bad_paths[_i / 2], &w, &e), -1);
	ck_assert_int_eq(e.code, ERR_CONFIG);
	ck_assert_ptr_null(w);
}
END_TEST

static const struct exempt_case {
	const char *name[4];
	const char *want;
} exempt_cases[] = {
    {{NULL}, "encrypt"},
    {{"127.0.0.1:10026", NULL},
	"${{$service_name} == {127.0.0.1:10026} ? {may} : {encrypt}}"},
    {{"127.0.0.1:10026", "[::1]:27", NULL},
	"${{$service_name} == {127.0.0.1:10026} ? {may} : "
	"{${{$service_name} == {[::1]:27} ? {may} : {encrypt}}}}"},
    /* Names that could leave their braces stay under encrypt. */
    {{"127.0.0.1:a}b", NULL}, "encrypt"},
    {{"127.0.0.1:a{b", "127.0.0.1:$b", "127.0.0.1:a b", NULL}, "encrypt"},
    {{"127.0.0.1:\n1", "127.0.0.1:1", NULL},
	"${{$service_name} == {127.0.0.1:1} ? {may} : {encrypt}}"},
    {{"", NULL}, "encrypt"},
};

START_TEST(wanted_exempt)
{
	const struct exempt_case *c = &exempt_cases[_i];
	struct postfix_info info = info_of(30711);
	struct settings s = settings_of(3);
	struct json_object *w = NULL;
	struct err e;

	for (; c->name[info.n_exempt] != NULL; info.n_exempt++)
		(void)snprintf(info.exempt[info.n_exempt],
		    sizeof(info.exempt[0]), "%s", c->name[info.n_exempt]);
	/* What lies behind them is none. */
	(void)snprintf(
	    info.exempt[info.n_exempt], sizeof(info.exempt[0]), "127.0.0.1:9");
	ck_assert_int_eq(wanted_of(&s, &info, CHAIN, &w, &e), 0);
	ck_assert_str_eq(
	    jsonx_path_str(w, "smtpd_tls_security_level", ""), c->want);
	json_object_put(w);
	/* Only under TLS only. */
	s.tls_only = false;
	ck_assert_int_eq(wanted_of(&s, &info, CHAIN, &w, &e), 0);
	ck_assert_str_eq(
	    jsonx_path_str(w, "smtpd_tls_security_level", ""), "may");
	json_object_put(w);
}
END_TEST

/* The longest names that master.cf may have, as many as there can be. */
START_TEST(wanted_exempt_full)
{
	struct postfix_info info = info_of(30711);
	struct settings s = settings_of(3);
	struct json_object *w = NULL;
	const char *v;
	size_t i, open = 0, shut = 0;
	struct err e;

	for (i = 0; i < POSTFIX_EXEMPT_MAX; i++) {
		memset(info.exempt[i], 'a', sizeof(info.exempt[0]) - 1);
		info.n_exempt++;
	}
	ck_assert_int_eq(wanted_of(&s, &info, CHAIN, &w, &e), 0);
	v = jsonx_path_str(w, "smtpd_tls_security_level", "");
	for (i = 0; v[i] != '\0'; i++) {
		open += v[i] == '{';
		shut += v[i] == '}';
	}
	ck_assert_uint_eq(open, shut);
	ck_assert_uint_eq(open, POSTFIX_EXEMPT_MAX * 5);
	json_object_put(w);
}
END_TEST

static const struct plan_case {
	unsigned bits;	   /* 1 inbound, 2 only, 4 outbound */
	const char *chain; /* NULL = no certificate */
	const char *current;
	const char *want; /* "name=after name-" in order */
} plan_cases[] = {
    /* Off, and nothing says otherwise: a fresh Postfix is left alone. */
    {0, NULL, "{}", ""},
    {0, CHAIN, "{}", ""},
    {0, NULL, "{\"smtpd_tls_security_level\":\"\"}", ""},
    {0, NULL,
	"{\"smtpd_tls_security_level\":\"none\","
	"\"smtp_tls_security_level\":\"none\"}",
	""},
    {0, NULL, "{\"smtpd_use_tls\":\"no\",\"smtp_use_tls\":\"no\"}", ""},
    {0, NULL,
	"{\"smtpd_tls_cert_file\":\"/etc/ssl/a.pem\","
	"\"smtpd_tls_key_file\":\"/etc/ssl/a.key\"}",
	""},
    {0, NULL,
	"{\"smtpd_tls_loglevel\":\"2\","
	"\"smtp_tls_CAfile\":\"/etc/x\"}",
	""},
    {0, CHAIN, "{\"smtpd_tls_chain_files\":\"/etc/by/hand.pem\"}", ""},
    {0, CHAIN, "{\"smtpd_tls_chain_files\":\"" CHAIN "\"}", ""},
    /* Off, and something does. */
    {0, NULL, "{\"smtpd_tls_security_level\":\"may\"}",
	"smtpd_tls_security_level=none "},
    {0, NULL, "{\"smtp_tls_security_level\":\"encrypt\"}",
	"smtp_tls_security_level=none "},
    {0, NULL, "{\"smtpd_use_tls\":\"yes\"}",
	"smtpd_tls_security_level=none smtpd_use_tls- "},
    {0, NULL, "{\"smtpd_enforce_tls\":\"$foo\"}",
	"smtpd_tls_security_level=none smtpd_enforce_tls- "},
    {0, NULL, "{\"smtp_enforce_tls\":\"yes\",\"smtp_use_tls\":\"no\"}",
	"smtp_tls_security_level=none smtp_use_tls- smtp_enforce_tls- "},
    {0, CHAIN, "{\"smtpd_tls_chain_files\":\"" OTHER "\"}",
	"smtpd_tls_chain_files=" CHAIN " "},
    {0, NULL, "{\"smtpd_tls_chain_files\":\"" OTHER "\"}",
	"smtpd_tls_chain_files- "},
    /* Inbound. */
    {1, CHAIN, "{}",
	"smtpd_tls_security_level=may smtpd_tls_chain_files=" CHAIN
	" smtpd_tls_loglevel=1 smtpd_tls_received_header=yes"
	" smtpd_tls_mandatory_protocols=>=TLSv1.2 "},
    {1, CHAIN,
	"{\"smtpd_tls_security_level\":\"may\","
	"\"smtpd_tls_chain_files\":\"" OTHER "\","
	"\"smtpd_tls_loglevel\":\"1\","
	"\"smtpd_tls_received_header\":\"yes\","
	"\"smtpd_tls_mandatory_protocols\":\">=TLSv1.2\"}",
	"smtpd_tls_chain_files=" CHAIN " "},
    {1, CHAIN,
	"{\"smtpd_tls_security_level\":\"may\","
	"\"smtpd_tls_chain_files\":\"/etc/by/hand.pem\","
	"\"smtpd_tls_loglevel\":\"1\","
	"\"smtpd_tls_received_header\":\"yes\","
	"\"smtpd_tls_mandatory_protocols\":\">=TLSv1.2\","
	"\"smtpd_tls_cert_file\":\"/c\",\"smtpd_tls_key_file\":\"/k\","
	"\"smtpd_use_tls\":\"no\",\"smtpd_tls_CAfile\":\"/ca\","
	"\"smtp_tls_CAfile\":\"/out\"}",
	"smtpd_tls_chain_files=" CHAIN " smtpd_use_tls- smtpd_tls_cert_file- "
	"smtpd_tls_key_file- smtpd_tls_CAfile- "},
};

START_TEST(plan_against_main_cf)
{
	const struct plan_case *c = &plan_cases[_i];
	struct postfix_info info = info_of(30711);
	struct settings s = settings_of(c->bits);
	struct json_object *current = json(c->current), *w = NULL, *list;
	struct param_plan p = {NULL, 0};
	char got[2048] = "";
	struct err e;
	size_t i;

	ck_assert_int_eq(wanted_of(&s, &info, c->chain, &w, &e), 0);
	ck_assert_int_eq(params_plan(current, w, &p, &e), 0);
	for (i = 0; i < p.n; i++)
		(void)snprintf(got + strlen(got), sizeof(got) - strlen(got),
		    "%s%s%s ", p.v[i].name, p.v[i].after == NULL ? "-" : "=",
		    p.v[i].after == NULL ? "" : p.v[i].after);
	ck_assert_str_eq(got, c->want);
	list = param_plan_to_json(&p);
	ck_assert_uint_eq(json_object_array_length(list), p.n);
	json_object_put(list);
	param_plan_clear(&p);
	ck_assert_ptr_null(p.v);
	json_object_put(w);
	json_object_put(current);
}
END_TEST

/* What a hand wrote may be no UTF-8; the JSON for others is. */
START_TEST(plan_json_is_utf8)
{
	struct param_change c = {"smtpd_tls_cert_file", NULL, NULL};
	char before[] = "/etc/\xe9t\xe9\x01.pem";
	struct param_plan p = {&c, 1};
	struct json_object *list;
	const char *text;

	c.before = before;
	list = param_plan_to_json(&p);
	text = json_object_to_json_string(list);
	ck_assert(utf8_valid(text, strlen(text)));
	ck_assert_ptr_nonnull(strstr(text, "?t? .pem"));
	json_object_put(list);
}
END_TEST

static const struct {
	const char *value;
	bool loosened;
} floors[] = {
    {"", false},
    {">=TLSv1", false},
    {">=TLSv1.2", false},
    {">=TLSv1.3", true},
    {">= TLSv1.2", true}, /* not Postfix's grammar */
    {"!SSLv2, !SSLv3", false},
    {"!SSLv2 !SSLv3 !TLSv1 !TLSv1.1", false},
    {"!SSLv2,!SSLv3,!TLSv1,!TLSv1.1,!TLSv1.2", true},
    {"!tlsv1.3", true},
    {"<=TLSv1.2", true},
    {"<=TLSv1.3", false},
    {"TLSv1.2", true},
    {"TLSv1.2:TLSv1.3", false},
    {"TLSv1.3, TLSv1.2, !TLSv1.2", true},
    {"$smtp_tls_mandatory_protocols", true},
    {">TLSv1.1", true},
    {"0304", true},
};

START_TEST(protocol_floors)
{
	ck_assert_int_eq(
	    protocols_loosened(floors[_i].value), floors[_i].loosened);
}
END_TEST

static const struct {
	enum tls_direction direction;
	const char *set;
	enum tls_rank rank;
	const char *parameter;
	const char *settings; /* "in only out" */
} levels[] = {
    {TLS_INBOUND, "{}", RANK_NONE, "smtpd_tls_security_level", ""},
    {TLS_INBOUND, "{\"smtpd_tls_security_level\":\"MAY\"}", RANK_MAY,
	"smtpd_tls_security_level", "in "},
    {TLS_INBOUND, "{\"smtpd_tls_security_level\":\"fingerprint\"}",
	RANK_ENCRYPT, "smtpd_tls_security_level", "in only "},
    {TLS_INBOUND, "{\"smtpd_tls_security_level\":\"dane\"}", RANK_BAD,
	"smtpd_tls_security_level", "in "},
    {TLS_INBOUND,
	"{\"smtpd_tls_security_level\":\"none\",\"smtpd_use_tls\":\"yes\"}",
	RANK_NONE, "smtpd_tls_security_level", ""},
    {TLS_INBOUND,
	"{\"smtpd_tls_security_level\":\"\",\"smtpd_use_tls\":\"yes\"}",
	RANK_MAY, "smtpd_use_tls", "in "},
    {TLS_INBOUND, "{\"smtpd_enforce_tls\":\"yes\",\"smtpd_use_tls\":\"no\"}",
	RANK_ENCRYPT, "smtpd_enforce_tls", "in only "},
    {TLS_INBOUND,
	"{\"smtpd_tls_security_level\":\"${{$service_name} == "
	"{127.0.0.1:10026} ? {may} : {encrypt}}\"}",
	RANK_ENCRYPT, "smtpd_tls_security_level", "in only "},
    {TLS_INBOUND,
	"{\"smtpd_tls_security_level\":\"${{$service_name} == "
	"{smtp} ? {may} : {encrypt}}\"}",
	RANK_OWN, "smtpd_tls_security_level", "in "},
    {TLS_INBOUND,
	"{\"smtpd_tls_security_level\":\"${{$service_name} == "
	"{[::1]:26} ? {none} : {encrypt}}\"}",
	RANK_OWN, "smtpd_tls_security_level", "in "},
    {TLS_OUTBOUND, "{\"smtp_tls_security_level\":\"dane-only\"}", RANK_ENCRYPT,
	"smtp_tls_security_level", "out "},
    {TLS_OUTBOUND, "{\"smtp_tls_security_level\":\"may\"}", RANK_MAY,
	"smtp_tls_security_level", "out "},
    {TLS_OUTBOUND, "{\"smtp_use_tls\":\"yes\"}", RANK_MAY, "smtp_use_tls",
	"out "},
    {TLS_OUTBOUND, "{\"smtp_enforce_tls\":\"no\"}", RANK_NONE,
	"smtp_tls_security_level", ""},
    {TLS_OUTBOUND, "{\"smtpd_tls_security_level\":\"may\"}", RANK_NONE,
	"smtp_tls_security_level", ""},
/* References, to their end; an expression is none. */
#define REF(text, more) "{\"smtpd_tls_security_level\":\"" text "\"" more "}"
    {TLS_INBOUND, REF("$a", ",\"$a\":\"encrypt\""), RANK_ENCRYPT,
	"smtpd_tls_security_level", "in only "},
    {TLS_INBOUND, REF("${a}", ",\"$a\":\"$(b)\",\"$b\":\"none\""), RANK_NONE,
	"smtpd_tls_security_level", ""},
    {TLS_INBOUND, REF("$a", ",\"$a\":\"$a\""), RANK_OWN,
	"smtpd_tls_security_level", "in "},
    {TLS_INBOUND, REF("$a", ",\"$a\":\"rubbish\""), RANK_BAD,
	"smtpd_tls_security_level", "in "},
    {TLS_INBOUND, REF("${a", ",\"$a\":\"may\""), RANK_OWN,
	"smtpd_tls_security_level", "in "},
    {TLS_INBOUND, REF("$a$b", ",\"$a\":\"may\",\"$b\":\"\""), RANK_OWN,
	"smtpd_tls_security_level", "in "},
    {TLS_INBOUND, REF("$smtp_tls_security_level", ""), RANK_OWN,
	"smtpd_tls_security_level", "in "},
    {TLS_OUTBOUND,
	REF("may",
	    ",\"smtp_tls_security_level\":\"$smtpd_tls_security_level\""),
	RANK_MAY, "smtp_tls_security_level", "out "},
};

START_TEST(levels_as_postfix_reads_them)
{
	struct json_object *set = json(levels[_i].set);
	struct settings s = settings_of(0);
	const struct params_context c = {.current = set};
	struct tls_level level;
	char got[32];

	level_read(set, levels[_i].direction, &level);
	ck_assert_int_eq(level.rank, levels[_i].rank);
	if (level.rank != RANK_NONE)
		ck_assert_str_eq(level.parameter, levels[_i].parameter);
	(void)params_take(&c,
	    param_bit(levels[_i].direction == TLS_INBOUND
			  ? "smtpd_tls_security_level"
			  : "smtp_tls_security_level"),
	    &s);
	(void)snprintf(got, sizeof(got), "%s%s%s",
	    s.inbound_enabled ? "in " : "", s.tls_only ? "only " : "",
	    s.outbound_enabled ? "out " : "");
	ck_assert_str_eq(got, levels[_i].settings);
	json_object_put(set);
}
END_TEST

/* A row follows from some setting, and an older name from what its successor
 * follows from, or from less. */
START_TEST(masks_of_the_table)
{
	param_mask mask = PARAMS_ALL, all = 0;
	struct json_object *names;
	size_t i;

	for (i = 0; i < n_params; i++) {
		ck_assert_uint_ne(params[i].of, 0);
		ck_assert_uint_eq(params[i].of >> (SETTING__MAX + 1), 0);
		ck_assert_uint_eq(
		    param_bit(params[i].name), (param_mask)1 << i);
		ck_assert_uint_eq(param_settings(params[i].name), params[i].of);
		all |= param_bit(params[i].name);
		if (params[i].replaced_by != NULL)
			ck_assert_uint_eq(params[i].of,
			    param_settings(params[i].replaced_by));
	}
	ck_assert_uint_eq(params_of(~(settings_mask)0), all);
	ck_assert_uint_eq(params_of(SETTING_BIT(SETTING_all_scanners)), 0);
	ck_assert_uint_eq(params_marked(PARAM_FILE),
	    param_bit("smtpd_tls_chain_files") |
		param_bit("smtp_tls_chain_files") |
		param_bit("tls_server_sni_maps") |
		param_bit("relay_clientcerts") | param_bit("smtpd_tls_CAfile") |
		param_bit("smtpd_client_restrictions"));
	ck_assert_uint_eq(param_bit("smtpd_tls_protocols"), 0);
	names = params_to_json(all);
	ck_assert_uint_eq(params_from_json(names), all);
	json_object_put(names);
	names = json("[\"smtp_tls_loglevel\",\"of_another_version\",7]");
	mask = params_from_json(names);
	ck_assert_uint_eq(mask, param_bit("smtp_tls_loglevel"));
	json_object_put(names);
	mask = param_bit("smtpd_tls_key_file") | param_bit("smtpd_use_tls") |
	       param_bit("smtpd_tls_security_level");
	ck_assert_uint_eq(params_without_orphans(mask),
	    param_bit("smtpd_use_tls") | param_bit("smtpd_tls_security_level"));
}
END_TEST

/* CAs of clients' certificates: ours, and afterwards what was there before. */
START_TEST(client_ca)
{
	static const char ours[] = "/s/generations/gen-3/client_ca.pem";
	struct postfix_info info = info_of(30711);
	struct settings s = settings_of(1);
	struct params_context c = {.settings = &s,
	    .info = &info,
	    .chain_file = CHAIN,
	    .client_ca = ours,
	    .current = json("{\"smtpd_tls_CAfile\": \"/theirs\"}"),
	    .leave = ~param_bit("smtpd_tls_CAfile")};
	struct json_object *w = NULL, *kept, *now;
	struct param_plan p = {NULL, 0};
	struct err e;

	ck_assert_int_eq(params_wanted(&c, &w, &e), 0);
	ck_assert_str_eq(jsonx_path_str(w, "smtpd_tls_CAfile", ""), ours);
	kept = params_originals(&c, w);
	ck_assert_str_eq(
	    jsonx_path_str(jsonx_member(kept, "smtpd_tls_CAfile"), "was", ""),
	    "/theirs");
	json_object_put(w);
	now = json("{\"smtpd_tls_CAfile\": "
		   "\"/s/generations/gen-2/client_ca.pem\"}");
	json_object_put(c.current);
	c.current = now;
	c.originals = kept;
	c.client_ca = NULL;
	ck_assert_int_eq(params_plan_all(&c, &p, &e), 0);
	ck_assert_uint_eq(p.n, 1);
	ck_assert_str_eq(p.v[0].after, "/theirs");
	param_plan_clear(&p);
	c.originals = NULL;
	ck_assert_int_eq(params_plan_all(&c, &p, &e), 0);
	ck_assert_uint_eq(p.n, 1);
	ck_assert_ptr_null(p.v[0].after);
	param_plan_clear(&p);
	json_object_put(kept);
	json_object_put(now);
}
END_TEST

/* What is left is not looked at, and stays whose it was. */
START_TEST(left_alone)
{
	struct postfix_info info = info_of(30711);
	struct settings s = settings_of(5);
	struct params_context c = {.settings = &s,
	    .info = &info,
	    .chain_file = CHAIN,
	    .leave = ~params_of(SETTING_BIT(SETTING_outbound_enabled)),
	    .owned = param_bit("smtpd_tls_loglevel")};
	struct json_object *w = NULL;
	struct err e;

	ck_assert_int_eq(params_wanted(&c, &w, &e), 0);
	json_object_object_foreach (w, name, v) {
		(void)v;
		ck_assert_msg(strncmp(name, "smtp_", 5) == 0, "%s", name);
	}
	ck_assert_str_eq(
	    jsonx_path_str(w, "smtp_tls_security_level", ""), "may");
	ck_assert_uint_eq(params_owned(&c, w),
	    params_of(SETTING_BIT(SETTING_outbound_enabled)) |
		param_bit("smtpd_tls_loglevel"));
	json_object_put(w);
}
END_TEST

static const struct {
	const char *path;
	bool ours;
} own_paths[] = {
    {CHAIN, true},
    {"/generations/gen-1/inbound.pem", true},
    {"/generations/gen-/inbound.pem", false},
    {"/generations/gen-1/inbound.pem ", false},
    {"/generations/gen-1/inbound.pem, /etc/x.pem", false},
    {"/generations/gen-1a/inbound.pem", false},
    {"/generations/gen-1/other.pem", false},
    {"generations/gen-1/inbound.pem", false},
    {"a/generations/gen-1/inbound.pem", false},
    {"$d/generations/gen-1/inbound.pem", false},
    {"/etc/ssl/inbound.pem", false},
    {"", false},
};

START_TEST(chain_path)
{
	ck_assert_int_eq(
	    chain_path_ours(own_paths[_i].path), own_paths[_i].ours);
}
END_TEST

/* The manual names every parameter that may be written. */
START_TEST(in_the_manual)
{
	const char *name = params[_i].name;
	FILE *f = fopen("docs/postseald.8", "r");
	static char text[64 * 1024];
	size_t n;

	ck_assert_ptr_nonnull(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	ck_assert_int_eq(fclose(f), 0);
	if (strchr(name, ':') == NULL)
		ck_assert_msg(strstr(text, name) != NULL, "%s", name);
}
END_TEST

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

int
main(void)
{
	TCase *t = tcase_create("params");

	tcase_add_loop_test(t, table_invariants, 0, (int)n_params);
	tcase_add_loop_test(t, wanted_every_combination, 0, 8);
	tcase_add_loop_test(t, wanted_without_certificate, 0, 8);
	tcase_add_loop_test(t, wanted_bad_path, 0, 2 * N(bad_paths));
	tcase_add_loop_test(t, wanted_exempt, 0, N(exempt_cases));
	tcase_add_test(t, wanted_exempt_full);
	tcase_add_loop_test(t, plan_against_main_cf, 0, N(plan_cases));
	tcase_add_test(t, plan_json_is_utf8);
	tcase_add_loop_test(t, chain_path, 0, N(own_paths));
	tcase_add_loop_test(t, protocol_floors, 0, N(floors));
	tcase_add_loop_test(t, levels_as_postfix_reads_them, 0, N(levels));
	tcase_add_test(t, masks_of_the_table);
	tcase_add_test(t, left_alone);
	tcase_add_test(t, client_ca);
	tcase_add_loop_test(t, in_the_manual, 0, (int)n_params);
	return suite_run("params", t) == 0 ? 0 : 1;
}
