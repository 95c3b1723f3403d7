/*
 * test_settings.c - the one JSON form and the form fields.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "findings.h"
#include "jsonx.h"
#include "conf.h"
#include "settings_table.h"
#include "../tmp.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

static struct settings
from_bits(int bits)
{
	struct settings s;

	settings_default(&s);
	s.inbound_enabled = bits & 1;
	s.tls_only = bits & 2;
	s.outbound_enabled = bits & 4;
	s.all_scanners = bits & 8;
	return s;
}

#define HEX "0a13ef0fa529778afe5485c0c1f6f941f1840d211e10ad464bd90bdd52d43e8b"
#define COLONS \
	"0A:13:EF:0F:A5:29:77:8A:FE:54:85:C0:C1:F6:F9:41:F1:84:0D:21:1E:10:" \
	"AD:46:4B:D9:0B:DD:52:D4:3E:8B"

START_TEST(defaults)
{
	struct settings s;

	memset(&s, 0x55, sizeof(s));
	settings_default(&s);
	ck_assert(!s.inbound_enabled && !s.tls_only && !s.outbound_enabled);
	ck_assert(s.all_scanners);
	ck_assert_int_eq(s.listen, SETTING_KEEP);
	ck_assert_int_eq(s.smtp_port, SETTING_KEEP);
	ck_assert_int_eq(s.idle_timeout, SETTING_KEEP);
	ck_assert_int_eq(s.max_connections, SETTING_KEEP);
	ck_assert_int_eq(s.access_policy, SETTING_KEEP);
	ck_assert_ptr_null(s.access_list);
}
END_TEST

/* Every setting over every other, and equality of each pair. */
START_TEST(json_there_and_back)
{
	struct settings a = from_bits(_i), b;
	struct json_object *o;
	struct err err;
	int j;

	for (j = 0; j < 16; j++) {
		b = from_bits(j);
		ck_assert_int_eq(settings_equal(&a, &b), _i == j);
		o = settings_to_json(&a);
		ck_assert_ptr_nonnull(o);
		ck_assert_int_eq(settings_from_json(&b, o, &err), 0);
		ck_assert(settings_equal(&a, &b));
		json_object_put(o);
	}
}
END_TEST

START_TEST(json_form_is_the_documented_one)
{
	struct settings s = from_bits(1 | 4 | 8);
	struct json_object *o = settings_to_json(&s);

	ck_assert_str_eq(
	    json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN),
	    "{\"inbound\":{\"enabled\":true,\"tls_only\":false},"
	    "\"outbound\":{\"enabled\":true,\"level\":null,"
	    "\"client_certificate\":false},"
	    "\"all_scanners\":true,"
	    "\"interface\":{\"listen\":null,\"port\":null,"
	    "\"idle_timeout\":null,\"max_connections\":null},"
	    "\"access\":{\"policy\":null,\"list\":[]},"
	    "\"clients\":{\"certificate\":null,\"relay\":[]}}");
	json_object_put(o);
}
END_TEST

static const struct {
	const char *patch;
	int rc, set, clear; /* bits, over all and none */
	const char *field;
} patches[] = {
    {"{}", 0, 0, 0, ""},
    {"{\"inbound\":{}}", 0, 0, 0, ""},
    {"{\"inbound\":null,\"all_scanners\":null}", 0, 0, 0, ""},
    {"{\"inbound\":{\"enabled\":true}}", 0, 1, 0, ""},
    {"{\"inbound\":{\"enabled\":false,\"tls_only\":true}}", 0, 2, 1, ""},
    {"{\"outbound\":{\"enabled\":false}}", 0, 0, 4, ""},
    {"{\"all_scanners\":false}", 0, 0, 8, ""},
    {"{\"outbound\":{\"enabled\":null}}", 0, 0, 0, ""},
    {"{\"inbound\":{\"enabled\":true},\"x\":1}", -1, 0, 0, "x"},
    {"{\"inbound\":{\"enabled\":1}}", -1, 0, 0, "inbound.enabled"},
    {"{\"inbound\":{\"enabled\":\"on\"}}", -1, 0, 0, "inbound.enabled"},
    {"{\"inbound\":true}", -1, 0, 0, "inbound"},
    {"{\"inbound\":[]}", -1, 0, 0, "inbound"},
    {"{\"inbound\":{\"level\":\"may\"}}", -1, 0, 0, "inbound.level"},
    {"{\"inbound\":{\"enabled\":{\"x\":true}}}", -1, 0, 0, "inbound.enabled"},
    {"{\"inbound.enabled\":true}", -1, 0, 0, "inbound.enabled"},
    {"{\"inbound\":{\"\":true}}", -1, 0, 0, "inbound."},
    {"{\"\":true}", -1, 0, 0, ""},
    {"{\"in\":{\"enabled\":true}}", -1, 0, 0, "in"},
    {"{\"all_scanners\":{\"enabled\":true}}", -1, 0, 0, "all_scanners"},
    {"{\"inbound_enabled\":true}", -1, 0, 0, "inbound_enabled"},
    {"[]", -1, 0, 0, "settings"},
    {"null", -1, 0, 0, "settings"},
    {"true", -1, 0, 0, "settings"},
};

START_TEST(patch)
{
	struct json_object *o = NULL;
	struct settings none = from_bits(0), all = from_bits(15), want;
	struct err err;
	int rc;

	ck_assert_int_eq(jsonx_parse(patches[_i].patch,
			     strlen(patches[_i].patch), 8, &o, &err),
	    0);
	rc = settings_from_json(&none, o, &err);
	ck_assert_int_eq(rc, patches[_i].rc);
	if (rc != 0)
		ck_assert_str_eq(err.field, patches[_i].field);
	want = from_bits(patches[_i].set);
	ck_assert(settings_equal(&none, &want));
	ck_assert_int_eq(settings_from_json(&all, o, &err), rc);
	want = from_bits(15 & ~patches[_i].clear);
	ck_assert(settings_equal(&all, &want));
	json_object_put(o);
}
END_TEST

START_TEST(a_very_long_key)
{
	struct json_object *o = json_object_new_object();
	struct settings s = from_bits(0);
	struct err err;
	char key[300];

	memset(key, 'k', sizeof(key));
	key[299] = '\0';
	json_object_object_add(o, key, NULL);
	ck_assert_int_eq(settings_from_json(&s, o, &err), -1);
	ck_assert_int_eq(err.code, ERR_FIELD_UNKNOWN);
	json_object_put(o);
}
END_TEST

/* A patch with values over one that has none, and over one that has all. */
#define FULL \
	"{\"interface\":{\"listen\":\"loopback\",\"port\":2525," \
	"\"idle_timeout\":5,\"max_connections\":0},\"access\":{\"policy\":" \
	"\"deny_except\",\"list\":[\"192.0.2.0:255.255.255.0\",\"::1\"]}}"

static const struct {
	const char *patch;
	int listen, port, idle, max, policy; /* 77: as it was in FULL */
	const char *list;		     /* NULL: as it was */
	const char *field;		     /* of an error, or NULL */
} values[] = {
    {"{}", 77, 77, 77, 77, 77, NULL, NULL},
    {FULL, 0, 2525, 5, 0, 1, "192.0.2.0/24\n::1\n", NULL},
    {"{\"interface\":{\"listen\":null}}", -1, 77, 77, 77, 77, NULL, NULL},
    {"{\"interface\":{\"listen\":\"all\",\"port\":25}}", 1, 25, 77, 77, 77,
	NULL, NULL},
    {"{\"interface\":{\"idle_timeout\":1440,\"max_connections\":10000}}", 77,
	77, 1440, 10000, 77, NULL, NULL},
    {"{\"interface\":{\"max_connections\":null}}", 77, 77, 77, -1, 77, NULL,
	NULL},
    {"{\"access\":{\"policy\":null}}", 77, 77, 77, 77, -1, NULL, NULL},
    {"{\"access\":{\"list\":[]}}", 77, 77, 77, 77, 77, "", NULL},
    {"{\"access\":{\"list\":null}}", 77, 77, 77, 77, 77, NULL, NULL},
    {"{\"access\":{\"list\":[\"10.0.0.1\",\"10.0.0.1/32\",\"10.0.0.0/8\","
     "\"::ffff:10.0.0.1\"]}}",
	77, 77, 77, 77, 77, "10.0.0.1\n10.0.0.0/8\n", NULL},
    {"{\"interface\":{\"port\":0}}", 0, 0, 0, 0, 0, "", "interface.port"},
    {"{\"interface\":{\"port\":65536}}", 0, 0, 0, 0, 0, "", "interface.port"},
    {"{\"interface\":{\"port\":\"25\"}}", 0, 0, 0, 0, 0, "", "interface.port"},
    {"{\"interface\":{\"port\":25.5}}", 0, 0, 0, 0, 0, "", "interface.port"},
    {"{\"interface\":{\"idle_timeout\":0}}", 0, 0, 0, 0, 0, "",
	"interface.idle_timeout"},
    {"{\"interface\":{\"idle_timeout\":1441}}", 0, 0, 0, 0, 0, "",
	"interface.idle_timeout"},
    {"{\"interface\":{\"max_connections\":-1}}", 0, 0, 0, 0, 0, "",
	"interface.max_connections"},
    {"{\"interface\":{\"max_connections\":10001}}", 0, 0, 0, 0, 0, "",
	"interface.max_connections"},
    {"{\"interface\":{\"listen\":\"\"}}", 0, 0, 0, 0, 0, "",
	"interface.listen"},
    {"{\"interface\":{\"listen\":1}}", 0, 0, 0, 0, 0, "", "interface.listen"},
    {"{\"interface\":{\"ports\":1}}", 0, 0, 0, 0, 0, "", "interface.ports"},
    {"{\"access\":{\"policy\":\"deny\"}}", 0, 0, 0, 0, 0, "", "access.policy"},
    {"{\"access\":{\"list\":\"10.0.0.1\"}}", 0, 0, 0, 0, 0, "", "access.list"},
    {"{\"access\":{\"list\":[1]}}", 0, 0, 0, 0, 0, "", "access.list"},
    {"{\"access\":{\"list\":[\"10.0.0.1\",\"10.0.0.1/8\"]}}", 0, 0, 0, 0, 0, "",
	"access.list"},
    {"{\"access\":{\"entries\":3}}", 0, 0, 0, 0, 0, "", "access.entries"},
};

static void
patch_with(struct settings *s, const char *text, int want_rc, struct err *err)
{
	struct json_object *o = NULL;

	ck_assert_int_eq(jsonx_parse(text, strlen(text), 8, &o, err), 0);
	ck_assert_int_eq(settings_from_json(s, o, err), want_rc);
	json_object_put(o);
}

static int or (int value, int stored)
{
	return value == 77 ? stored : value;
}

START_TEST(value_patches)
{
	bool bad = values[_i].field != NULL;
	struct settings s, before;
	struct err err;

	settings_default(&s);
	settings_default(&before);
	patch_with(&s, FULL, 0, &err);
	ck_assert_int_eq(settings_copy(&before, &s), 0);
	patch_with(&s, values[_i].patch, bad ? -1 : 0, &err);
	if (bad) {
		ck_assert_str_eq(err.field, values[_i].field);
		ck_assert(settings_equal(&s, &before));
	} else {
		ck_assert_int_eq(s.listen, or (values[_i].listen, 0));
		ck_assert_int_eq(s.smtp_port, or (values[_i].port, 2525));
		ck_assert_int_eq(s.idle_timeout, or (values[_i].idle, 5));
		ck_assert_int_eq(s.max_connections, or (values[_i].max, 0));
		ck_assert_int_eq(s.access_policy, or (values[_i].policy, 1));
		ck_assert_str_eq(s.access_list == NULL ? "" : s.access_list,
		    values[_i].list != NULL ? values[_i].list
					    : before.access_list);
	}
	settings_clear(&s);
	settings_clear(&before);
}
END_TEST

/* Out as JSON and back is the same; the brief form has no list. */
START_TEST(values_there_and_back)
{
	struct settings s, again;
	struct json_object *o;
	struct err err;

	settings_default(&s);
	settings_default(&again);
	patch_with(&s, FULL, 0, &err);
	o = settings_to_json(&s);
	ck_assert(!settings_equal(&s, &again));
	ck_assert_int_eq(settings_from_json(&again, o, &err), 0);
	ck_assert(settings_equal(&s, &again));
	json_object_put(o);
	o = settings_brief(&s, SETTINGS_FIRST);
	ck_assert_ptr_null(jsonx_path(o, "access.list"));
	ck_assert_int_eq(
	    json_object_get_int(jsonx_path(o, "access.entries")), 2);
	json_object_put(o);
	settings_clear(&s);
	settings_clear(&again);
}
END_TEST

/* Who may not know a setting is not sent it unset; who does, is. */
START_TEST(unset_is_not_said_to_strangers)
{
	struct settings s, again;
	const struct settings_field *f;
	struct json_object *o, *v;
	struct err err;

	settings_default(&s);
	settings_default(&again);
	o = settings_to_store(&s, SETTINGS_FIRST - 1);
	ck_assert_int_eq(json_object_object_length(o), 0);
	json_object_put(o);
	o = settings_brief(&s, SETTINGS_FIRST - 1);
	ck_assert_int_eq(json_object_object_length(o), 0);
	json_object_put(o);
	o = settings_to_store(&s, SETTINGS_FIRST);
	for (f = settings_fields; f->form != NULL; f++)
		ck_assert_msg(settings_find(o, f->path, &v) ==
				  (f->since == SETTINGS_FIRST),
		    "%s", f->path);
	json_object_put(o);

	patch_with(&s, FULL, 0, &err);
	s.idle_timeout = SETTING_KEEP;
	s.all_scanners = false;
	o = settings_to_store(&s, SETTINGS_FIRST - 1);
	ck_assert_str_eq(
	    json_object_to_json_string_ext(
		o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
	    "{\"all_scanners\":false,\"interface\":{\"listen\":\"loopback\","
	    "\"port\":2525,\"max_connections\":0},\"access\":{\"policy\":"
	    "\"deny_except\",\"list\":[\"192.0.2.0/24\",\"::1\"]}}");
	ck_assert_int_eq(settings_from_json(&again, o, &err), 0);
	ck_assert(settings_equal(&s, &again));
	json_object_put(o);

	/* A number of entries is nothing to read, unless it is asked for. */
	o = settings_brief(&s, SETTINGS_FIRST);
	ck_assert_int_eq(settings_from_json(&again, o, &err), -1);
	ck_assert_str_eq(err.field, "access.entries");
	again.access_policy = SETTING_KEEP;
	ck_assert_int_eq(settings_from_brief(&again, o, &err), 0);
	ck_assert(settings_equal(&s, &again));
	json_object_put(o);
	settings_clear(&s);
	settings_clear(&again);
}
END_TEST

/* Each difference alone, and what a patch names. */
START_TEST(sets_of_settings)
{
	struct settings s, other;
	struct json_object *o;
	struct err err;
	int i;

	settings_default(&s);
	settings_default(&other);
	for (i = 0; i < SETTING__MAX; i++)
		ck_assert_int_eq((settings_managed(&s) & SETTING_BIT(i)) != 0,
		    settings_fields[i].kind == SETTING_SWITCH);
	patch_with(&s, "{\"interface\":{\"port\":25}}", 0, &err);
	ck_assert_uint_eq(
	    settings_differ(&s, &other), SETTING_BIT(SETTING_smtp_port));
	ck_assert(settings_managed(&s) & SETTING_BIT(SETTING_smtp_port));
	patch_with(&other, "{\"access\":{\"list\":[\"::1\"]}}", 0, &err);
	ck_assert_uint_eq(settings_differ(&s, &other),
	    SETTING_BIT(SETTING_smtp_port) | SETTING_BIT(SETTING_access_list));
	o = settings_to_json(&s);
	ck_assert_uint_eq(settings_named(o), SETTING_BIT(SETTING__MAX) - 1);
	json_object_put(o);
	ck_assert_int_eq(
	    jsonx_parse("{\"interface\":{\"listen\":null}}", 29, 8, &o, &err),
	    0);
	ck_assert_uint_eq(settings_named(o), SETTING_BIT(SETTING_listen));
	json_object_put(o);
	settings_clear(&s);
	settings_clear(&other);
}
END_TEST

START_TEST(duplicates_are_counted)
{
	struct settings s;
	struct err err;

	settings_default(&s);
	patch_with(&s,
	    "{\"access\":{\"list\":[\"1.1.1.1\",\"1.1.1.1\","
	    "\"2.2.2.2\",\"1.1.1.1\"]}}",
	    0, &err);
	ck_assert_uint_eq(s.dropped[SETTING_access_list], 2);
	patch_with(&s, "{\"all_scanners\":false}", 0, &err);
	ck_assert_uint_eq(s.dropped[SETTING_access_list], 0);
	ck_assert_str_eq(s.access_list, "1.1.1.1\n2.2.2.2\n");
	settings_clear(&s);
}
END_TEST

/* Form fields "name=value", separated by ';', and the patch they make. */
static const struct {
	const char *form, *patch;
	enum err_code code;
	const char *field;
} forms[] = {
    {"", "{ }", ERR_NONE, ""},
    {"listen=", "{\"interface\":{\"listen\":null}}", ERR_NONE, ""},
    {"listen=all", "{\"interface\":{\"listen\":\"all\"}}", ERR_NONE, ""},
    {"listen=loopback;smtp_port= 2525 ",
	"{\"interface\":{\"listen\":\"loopback\",\"port\":2525}}", ERR_NONE,
	""},
    {"smtp_port=;idle_timeout=",
	"{\"interface\":{\"port\":null,\"idle_timeout\":null}}", ERR_NONE, ""},
    {"connection_limit=", "{\"interface\":{\"max_connections\":null}}",
	ERR_NONE, ""},
    {"connection_limit=;max_connections=x",
	"{\"interface\":{\"max_connections\":null}}", ERR_NONE, ""},
    {"connection_limit=unlimited;max_connections=50",
	"{\"interface\":{\"max_connections\":0}}", ERR_NONE, ""},
    {"max_connections=50;connection_limit=limited",
	"{\"interface\":{\"max_connections\":50}}", ERR_NONE, ""},
    {"max_connections=50", "{\"interface\":{\"max_connections\":50}}", ERR_NONE,
	""},
    {"access_policy=deny_except;access_list=10.0.0.1\n#x\n10.0.0.1\n",
	"{\"access\":{\"policy\":\"deny_except\",\"list\":[\"10.0.0.1\","
	"\"10.0.0.1\"]}}",
	ERR_NONE, ""},
    {"access_list=", "{\"access\":{\"list\":[]}}", ERR_NONE, ""},
    {"access_list=10.0.0.1;access_file=",
	"{\"access\":{\"list\":[\"10.0.0.1\"]}}", ERR_NONE, ""},
    {"access_list=bad;access_file=10.0.0.2",
	"{\"access\":{\"list\":[\"10.0.0.2\"]}}", ERR_NONE, ""},
    {"inbound_enabled=on;tls_only=off",
	"{\"inbound\":{\"enabled\":true,\"tls_only\":false}}", ERR_NONE, ""},
    {"outbound_enabled=off", "{\"outbound\":{\"enabled\":false}}", ERR_NONE,
	""},
    {"all_scanners=on", "{\"all_scanners\":true}", ERR_NONE, ""},
    {"inbound=on;inbound.enabled=on;Inbound_enabled=on;apply=restart", "{}",
	ERR_NONE, ""},
    {"ccert=ask", "{\"clients\":{\"certificate\":\"ask\"}}", ERR_NONE, ""},
    {"ccert_relay=sha256 Fingerprint=" HEX "\n" COLONS " # the same",
	"{\"clients\":{\"relay\":[\"" COLONS "\",\"" COLONS "\"]}}", ERR_NONE,
	""},
    {"ccert_relay=" HEX ":", NULL, ERR_CCERT_ENTRY, "ccert_relay"},
    {"ccert_relay=:" HEX, NULL, ERR_CCERT_ENTRY, "ccert_relay"},
    {"ccert_relay=" HEX "00", NULL, ERR_CCERT_ENTRY, "ccert_relay"},
    {"ccert_relay=" COLONS ":", NULL, ERR_CCERT_ENTRY, "ccert_relay"},
    {"ccert_relay=0A:1:3E", NULL, ERR_CCERT_ENTRY, "ccert_relay"},
    {"ccert_relay=x=", NULL, ERR_CCERT_ENTRY, "ccert_relay"},
    {"inbound_enabled=", NULL, ERR_FIELD_INVALID, "inbound_enabled"},
    {"inbound_enabled=ON", "{\"inbound\":{\"enabled\":true}}", ERR_NONE, ""},
    {"inbound_enabled=on ", NULL, ERR_FIELD_INVALID, "inbound_enabled"},
    {"inbound_enabled=true", "{\"inbound\":{\"enabled\":true}}", ERR_NONE, ""},
    {"inbound_enabled=True;tls_only=False",
	"{\"inbound\":{\"enabled\":true,\"tls_only\":false}}", ERR_NONE, ""},
    {"inbound_enabled=Yes;tls_only=no",
	"{\"inbound\":{\"enabled\":true,\"tls_only\":false}}", ERR_NONE, ""},
    {"inbound_enabled=ja", NULL, ERR_FIELD_INVALID, "inbound_enabled"},
    {"inbound_enabled=1;outbound_enabled=0",
	"{\"inbound\":{\"enabled\":true},\"outbound\":{\"enabled\":false}}",
	ERR_NONE, ""},
    {"inbound_enabled=2", NULL, ERR_FIELD_INVALID, "inbound_enabled"},
    {"tls_only=off\n", NULL, ERR_FIELD_INVALID, "tls_only"},
    {"listen=everything", NULL, ERR_INTERFACE_VALUE, "listen"},
    {"smtp_port=0", NULL, ERR_INTERFACE_VALUE, "smtp_port"},
    {"smtp_port=65536", NULL, ERR_INTERFACE_VALUE, "smtp_port"},
    {"smtp_port=25x", NULL, ERR_INTERFACE_VALUE, "smtp_port"},
    {"smtp_port=-1", NULL, ERR_INTERFACE_VALUE, "smtp_port"},
    {"smtp_port=99999999999999999999", NULL, ERR_INTERFACE_VALUE, "smtp_port"},
    {"idle_timeout=0", NULL, ERR_INTERFACE_VALUE, "idle_timeout"},
    {"idle_timeout=1441", NULL, ERR_INTERFACE_VALUE, "idle_timeout"},
    {"idle_timeout=5m", NULL, ERR_INTERFACE_VALUE, "idle_timeout"},
    {"connection_limit=some", NULL, ERR_INTERFACE_VALUE, "connection_limit"},
    {"connection_limit=limited", NULL, ERR_INTERFACE_VALUE, "max_connections"},
    {"connection_limit=limited;max_connections=0", NULL, ERR_INTERFACE_VALUE,
	"max_connections"},
    {"connection_limit=limited;max_connections=10001", NULL,
	ERR_INTERFACE_VALUE, "max_connections"},
    {"max_connections=", "{\"interface\":{\"max_connections\":null}}", ERR_NONE,
	""},
    {"access_policy=maybe", NULL, ERR_INTERFACE_VALUE, "access_policy"},
    {"access_list=10.0.0.1\nhost", NULL, ERR_ACCESS_ENTRY, "access_list"},
    {"access_file=10.0.0.1/8", NULL, ERR_ACCESS_HOST_BITS, "access_file"},
};

static const char *
form_get(void *arg, const char *name, size_t *len)
{
	char *p = arg;
	size_t n = strlen(name);

	/* Each "name=value" ends with a NUL; an empty one ends them all. */
	for (; *p != '\0'; p += strlen(p) + 1) {
		if (strncmp(p, name, n) != 0 || p[n] != '=')
			continue;
		*len = strlen(p + n + 1);
		return p + n + 1;
	}
	return NULL;
}

START_TEST(form_values)
{
	struct json_object *out = json_object_new_object();
	struct findings f;
	char form[512], *p;
	struct err err;
	int rc;

	memset(form, 0, sizeof(form));
	(void)snprintf(form, sizeof(form) - 1, "%s", forms[_i].form);
	for (p = form; (p = strchr(p, ';')) != NULL; p++)
		*p = '\0';
	findings_init(&f);
	rc = settings_from_form(out, form_get, form, &f, &err);
	ck_assert_int_eq(rc, forms[_i].code == ERR_NONE ? 0 : -1);
	if (rc == -1) {
		ck_assert_int_eq(err.code, forms[_i].code);
		ck_assert_str_eq(err.field, forms[_i].field);
		ck_assert_uint_eq(f.n, forms[_i].code != ERR_FIELD_INVALID);
		if (f.n > 0)
			ck_assert_str_eq(f.v[0].field, forms[_i].field);
		ck_assert_int_eq(json_object_object_length(out), 0);
	} else if (*forms[_i].form != '\0') {
		ck_assert_uint_eq(f.n, 0);
		ck_assert_str_eq(json_object_to_json_string_ext(
				     out, JSON_C_TO_STRING_PLAIN |
					      JSON_C_TO_STRING_NOSLASHESCAPE),
		    forms[_i].patch);
	}
	findings_clear(&f);
	json_object_put(out);
}
END_TEST

/* Every field that is wrong is told, and each name is one that is known. */
START_TEST(form_tells_all)
{
	static const char form[] = "listen=x\0smtp_port=x\0idle_timeout=x\0"
				   "connection_limit=x\0access_policy=x\0"
				   "access_list=x\nx\n\0";
	struct json_object *out = json_object_new_object();
	struct findings f;
	struct err err;
	size_t i;

	findings_init(&f);
	ck_assert_int_eq(settings_from_form(
			     out, form_get, (void *)(uintptr_t)form, &f, &err),
	    -1);
	ck_assert_str_eq(err.field, "listen");
	ck_assert_uint_eq(f.n, 7);
	for (i = 0; i < f.n; i++)
		ck_assert(settings_has_form(f.v[i].field));
	ck_assert(!settings_has_form("port"));
	findings_clear(&f);
	json_object_put(out);
}
END_TEST

/* What is right is in the patch, beside what is wrong. */
START_TEST(form_keeps_what_is_right)
{
	static const char form[] = "listen=all\0smtp_port=x\0tls_only=on\0";
	struct json_object *out = json_object_new_object();
	struct err err;

	ck_assert_int_eq(settings_from_form(out, form_get,
			     (void *)(uintptr_t)form, NULL, &err),
	    -1);
	ck_assert_str_eq(err.field, "smtp_port");
	ck_assert_str_eq(
	    json_object_to_json_string_ext(out, JSON_C_TO_STRING_PLAIN),
	    "{\"inbound\":{\"tls_only\":true},"
	    "\"interface\":{\"listen\":\"all\"}}");
	json_object_put(out);
}
END_TEST

START_TEST(apply_modes)
{
	static const char *const bad[] = {"", "Restart", "reload ", "stop"};
	enum apply_mode m = APPLY_RELOAD;
	size_t i;

	ck_assert_int_eq(apply_mode_from_name("restart", &m), 0);
	ck_assert_int_eq(m, APPLY_RESTART);
	ck_assert_int_eq(apply_mode_from_name("reload", &m), 0);
	ck_assert_int_eq(m, APPLY_RELOAD);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(apply_mode_from_name(bad[i], &m), -1);
	ck_assert_int_eq(apply_mode_from_name(NULL, &m), -1);
	ck_assert_int_eq(m, APPLY_RELOAD);
	ck_assert_str_eq(apply_mode_name(APPLY_RESTART), "restart");
	ck_assert_str_eq(apply_mode_name(APPLY_RELOAD), "reload");
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_test(tc, defaults);
	tcase_add_loop_test(tc, json_there_and_back, 0, 16);
	tcase_add_test(tc, json_form_is_the_documented_one);
	tcase_add_loop_test(tc, patch, 0, N(patches));
	tcase_add_test(tc, a_very_long_key);
	tcase_add_loop_test(tc, value_patches, 0, N(values));
	tcase_add_test(tc, values_there_and_back);
	tcase_add_test(tc, duplicates_are_counted);
	tcase_add_test(tc, unset_is_not_said_to_strangers);
	tcase_add_test(tc, sets_of_settings);
	tcase_add_loop_test(tc, form_values, 0, N(forms));
	tcase_add_test(tc, form_tells_all);
	tcase_add_test(tc, form_keeps_what_is_right);
	tcase_add_test(tc, apply_modes);
}

int
main(void)
{
	return tmp_run("settings", add, 20);
}
