/*
 * test_history.c - restore, adopt, compare: generations and hand edits become
 * new generations, proven like any other.
 */
#include "rig.h"

static const struct ask leaf_pair = {
    .settings = "{\"inbound\": {\"enabled\": true, \"tls_only\": true}, "
		"\"outbound\": {\"enabled\": false}}",
    .certificate = "leaf.pem",
    .key = "leaf.key",
    .ca = "int.pem",
    .apply = "reload"};

static const char *
sha256_of(long id)
{
	static char sha256[2][SHA256_HEX];
	static int next;
	struct json_object *gen = NULL;
	struct err err;

	next ^= 1;
	ck_assert_int_eq(generation_get(&rig_conf, id, &gen, &err), 0);
	strcpy(sha256[next], jsonx_path_str(gen, "certificate.sha256", ""));
	json_object_put(gen);
	return sha256[next];
}

START_TEST(restored)
{
	long first = rig_ensure(&rig_self_pair),
	     second = rig_ensure(&leaf_pair), third;
	struct ask a = {
	    .restore = first, .apply = "reload", .note = "it was right"};
	struct json_object *gen = NULL;
	struct settings s = rig_settings();
	struct err err;

	ck_assert_int_ne(first, second);
	third = rig_must_apply(&a);
	ck_assert_int_eq(third, second + 1);
	ck_assert_int_eq(rig_current(), third);
	ck_assert_str_eq(sha256_of(third), sha256_of(first));
	ck_assert_int_eq(generation_settings(&rig_conf, third, &s, &err), 0);
	ck_assert(s.inbound_enabled && !s.tls_only && s.outbound_enabled);
	rig_assert_whole();
	ck_assert_int_eq(generation_get(&rig_conf, third, &gen, &err), 0);
	ck_assert_str_eq(jsonx_path_str(gen, "kind", ""), "restore");
	ck_assert_str_eq(jsonx_path_str(gen, "note", ""), "it was right");
	ck_assert_int_eq(rig_sh("tail -1 $R/state/audit.log | grep -q "
				"'\"note\":\"it was right\"'"),
	    0);
	ck_assert_int_eq(
	    json_object_get_int(jsonx_path(gen, "restored")), (int)first);
	ck_assert_int_eq(jsonx_path_int(gen, "previous"), second);
	ck_assert_str_eq(
	    json_object_to_json_string_ext(
		jsonx_path(gen, "changed"), JSON_C_TO_STRING_PLAIN),
	    "[{\"setting\":\"inbound.tls_only\",\"before\":true,\"after\":false},"
	    "{\"setting\":\"outbound.enabled\",\"before\":false,\"after\":true}]");
	json_object_put(gen);
	/* The one in force, without drift: nothing to do. */
	a.restore = third;
	ck_assert_int_eq(rig_ensure(&a), third);
}
END_TEST

START_TEST(restore_undoes_hand_edits)
{
	long id = rig_ensure(&rig_self_pair);
	struct ask a = {.restore = id, .apply = "reload"};

	ck_assert_int_eq(rig_sh("pfi_conf $R/pf smtpd_tls_loglevel=4 "
				"smtpd_tls_security_level=none"),
	    0);
	(void)rig_must_apply(&a);
	rig_assert_whole();
	ck_assert_str_eq(rig_parameter("smtpd_tls_loglevel"), "1");
}
END_TEST

START_TEST(restore_without_certificate)
{
	const struct ask none = {.settings = "{\"outbound\": {\"enabled\": "
					     "true}}",
	    .apply = "reload"};
	struct ask a = {.apply = "reload"};
	struct err err;
	long old;

	/* As on a console and a Postfix that never had one. */
	ck_assert_int_eq(rig_sh("/usr/sbin/postconf -c $R/pf/conf -X "
				"$(sed -n 's/^\\(smtpd*_tls_[a-z_A-Z]*\\) *=.*/"
				"\\1/p' $R/pf/conf/main.cf) && "
				"pfi_cool $R/pf && pfi_reload $R/pf"),
	    0);
	ck_assert_int_eq(generation_set_current(&rig_conf, 0, &err), 0);
	old = rig_must_apply(&none);
	(void)rig_ensure(&rig_self_pair);
	a.restore = old;
	(void)rig_must_apply(&a);
	rig_assert_whole();
	ck_assert_int_eq(
	    rig_sh("[ ! -e $R/state/generations/gen-%ld/inbound.pem ]",
		rig_current()),
	    0);
}
END_TEST

START_TEST(not_restorable)
{
	struct ask a = {.settings = rig_self_pair.settings,
	    .certificate = "leaf.pem",
	    .key = "leaf.key",
	    .apply = "restart"};
	long id = rig_ensure(&rig_self_pair), failed;
	struct outcome o;

	rig_write("fault", "any failnew\n", 0600);
	o = rig_apply(&a);
	rig_write("fault", "", 0600);
	ck_assert_int_eq(o.err.code, ERR_APPLY_ROLLED_BACK);
	rig_done(&o);
	failed = id + 1;
	a = (struct ask){.restore = failed};
	o = rig_apply(&a);
	ck_assert_int_eq(o.err.code, ERR_GEN_NOT_RESTORABLE);
	rig_done(&o);
	a.restore = 999999;
	o = rig_apply(&a);
	ck_assert_int_eq(o.err.code, ERR_GEN_UNKNOWN);
	rig_done(&o);
	/* Its key was taken off the disk by hand. */
	(void)rig_ensure(&leaf_pair);
	ck_assert_int_eq(
	    rig_sh("rm $R/state/generations/gen-%ld/inbound.pem", id), 0);
	a.restore = id;
	o = rig_apply(&a);
	ck_assert_int_eq(o.err.code, ERR_GEN_NOT_RESTORABLE);
	rig_done(&o);
	rig_assert_whole();
}
END_TEST

/* Its certificate became somebody else's in the meantime. */
START_TEST(restore_inspects)
{
	long id = rig_ensure(&rig_self_pair);
	struct ask a = {.restore = id};
	struct outcome o;

	(void)rig_ensure(&leaf_pair);
	ck_assert_int_eq(rig_sh("cat $R/cert/leaf.key $R/cert/self.pem "
				">$R/state/generations/gen-%ld/inbound.pem",
			     id),
	    0);
	o = rig_apply(&a);
	ck_assert_int_eq(o.rc, -1);
	ck_assert_int_eq(err_http(o.err.code), 422);
	rig_done(&o);
	rig_assert_whole();
}
END_TEST

/* The stored chain was changed on the disk: shown, and inspected before the
 * next generation takes it over. */
START_TEST(changed_chain_is_inspected)
{
	const struct ask off = {
	    .settings = "{\"outbound\": {\"enabled\": false}}",
	    .apply = "reload"};
	struct json_object *view = NULL;
	struct outcome o;
	struct err err;
	long id;

	(void)rig_ensure(&rig_self_pair);
	id = rig_current();
	ck_assert_int_eq(rig_sh("cat $R/cert/leaf.key $R/cert/self.pem "
				">$R/state/generations/gen-%ld/inbound.pem",
			     id),
	    0);
	ck_assert_int_eq(apply_view(&rig_conf, &view, &err), 0);
	ck_assert_uint_eq(
	    json_object_array_length(jsonx_path(view, "drift")), 1);
	json_object_put(view);
	o = rig_apply(&off);
	ck_assert_int_eq(o.rc, -1);
	ck_assert_int_eq(err_http(o.err.code), 422);
	ck_assert(rig_has_finding(
	    jsonx_path(o.job, "error.findings"), "drift.chain_changed"));
	rig_done(&o);
	/* Changed for a good one: goes on, with the finding. */
	ck_assert_int_eq(
	    rig_sh("cat $R/cert/leaf.key $R/cert/leaf.pem $R/cert/int.pem "
		   ">$R/state/generations/gen-%ld/inbound.pem",
		id),
	    0);
	o = rig_apply(&off);
	ck_assert_msg(o.rc == 0, "%s", o.err.msg);
	ck_assert(rig_has_finding(
	    jsonx_path(o.job, "result.findings"), "drift.chain_changed"));
	rig_done(&o);
	rig_assert_whole();
	(void)rig_ensure(&rig_self_pair);
}
END_TEST

/* A roll-out brings what there is to be: what became of the file here changes
 * nothing of it. */
static const char *const by_hand[] = {
    "cat $R/cert/leaf.key $R/cert/leaf.pem $R/cert/int.pem >", "rm "};

START_TEST(sent_chain_is_taken)
{
	const struct ask named = {.name = "mx2.example.test",
	    .certificate = "self.pem",
	    .key = "self.key",
	    .apply = "reload",
	    .confirm = "cert.name_mismatch"};
	struct ask roll_out = rig_self_pair;
	struct certs before = {NULL, 0}, after = {NULL, 0};
	struct outcome o;
	struct err err;
	long id;

	(void)rig_ensure(&rig_self_pair);
	id = rig_ensure(&named);
	ck_assert_int_eq(certs_init(&before), 0);
	ck_assert_int_eq(generation_certs(&rig_conf, id, &before, &err), 0);
	ck_assert_uint_eq(before.n, 2);
	ck_assert_int_eq(rig_sh("%s$R/state/generations/gen-%ld/%s",
			     by_hand[_i], id, before.v[1].file),
	    0);
	roll_out.certs = &before;
	roll_out.whole = true;
	roll_out.confirm = "cert.name_mismatch";
	o = rig_apply(&roll_out);
	ck_assert_msg(o.rc == 0, "%s %s", err_name(o.err.code), o.err.msg);
	rig_done(&o);
	ck_assert_int_eq(certs_init(&after), 0);
	ck_assert_int_eq(
	    generation_certs(&rig_conf, rig_current(), &after, &err), 0);
	ck_assert(certs_same(&before, &after));
	ck_assert(!after.v[1].changed);
	rig_assert_whole();
	certs_clear(&before);
	ck_assert_int_eq(certs_init(&before), 0);
	(void)rig_must_apply(&roll_out); /* the default one alone */
	certs_clear(&before);
	certs_clear(&after);
}
END_TEST

/* Hand edits and what they become. */
static const struct {
	const char *edit, *confirm, *want_code;
	bool inbound, tls_only, outbound, leaf;
} adoptions[] = {
    {"smtpd_tls_security_level=encrypt", NULL, NULL, 1, 1, 1, 0},
    {"smtpd_tls_security_level=none", NULL, NULL, 0, 0, 1, 0},
    {"smtp_tls_security_level=none", NULL, NULL, 1, 0, 0, 0},
    {"smtpd_tls_security_level= smtpd_use_tls=yes", NULL, NULL, 1, 0, 1, 0},
    {"smtpd_tls_security_level= smtpd_enforce_tls=yes", NULL, NULL, 1, 1, 1, 0},
    {"smtpd_tls_chain_files=$R/cert/leaf.key,$R/cert/leaf.pem,$R/cert/int.pem",
	NULL, NULL, 1, 0, 1, 1},
    {"smtpd_tls_chain_files= smtpd_tls_cert_file=$R/cert/leaf.pem "
     "smtpd_tls_key_file=$R/cert/leaf.key",
	NULL, NULL, 1, 0, 1, 1},
    {"smtpd_tls_chain_files=$R/cert/both", NULL, NULL, 1, 0, 1, 1},
    {"smtp_tls_security_level=dane", NULL, NULL, 1, 0, 1, 0},
    {"smtp_tls_security_level=encrypt", NULL, NULL, 1, 0, 1, 0},
    {"smtp_tls_security_level=$x", NULL, NULL, 1, 0, 1, 0},
    {"smtp_tls_security_level=perhaps", NULL, "drift.not_adoptable", 0, 0, 0,
	0},
    {"smtpd_tls_security_level='$x'", NULL, "drift.not_adoptable", 0, 0, 0, 0},
    {"smtpd_tls_chain_files=$R/cert/nowhere.pem", NULL, "drift.not_adoptable",
	0, 0, 0, 0},
    {"smtpd_tls_chain_files=$R/cert/leaf.key,$R/cert/self.pem", NULL, "", 0, 0,
	0, 0},
    {"smtpd_tls_loglevel=3", NULL, "drift.reset", 0, 0, 0, 0},
    {"smtpd_tls_loglevel=3 smtpd_tls_security_level=encrypt", "drift.reset",
	NULL, 1, 1, 1, 0},
};

START_TEST(adopted)
{
	const struct ask a = {
	    .adopt = true, .confirm = adoptions[_i].confirm, .apply = "reload"};
	static const char out[] = "smtp_tls_security_level=";
	const struct ask off = {
	    .settings = "{\"outbound\": {\"enabled\": false}}",
	    .confirm = "level.lowered",
	    .apply = "reload"};
	char before[SHA256_HEX], after[SHA256_HEX], leaf[SHA256_HEX];
	struct settings s = rig_settings();
	struct outcome o;
	struct err err;
	long id;

	ck_assert_int_eq(rig_sh("cd $R/cert && cat leaf.pem leaf.key int.pem "
				">both"),
	    0);
	rig_leaf_hash("leaf", leaf);
	id = rig_ensure(&rig_self_pair);
	ck_assert_int_eq(
	    rig_sh("x='$x'; pfi_conf $R/pf %s", adoptions[_i].edit), 0);
	rig_maincf_hash(before);
	o = rig_apply(&a);
	if (adoptions[_i].want_code != NULL) {
		ck_assert_int_eq(o.rc, -1);
		ck_assert_int_eq(err_http(o.err.code), 422);
		if (adoptions[_i].want_code[0] != '\0')
			ck_assert_str_eq(
			    err_name(o.err.code), adoptions[_i].want_code);
		rig_done(&o);
		rig_maincf_hash(after);
		ck_assert_str_eq(before, after);
		ck_assert_int_eq(rig_current(), id);
		rig_mend();
		rig_assert_whole();
		return;
	}
	ck_assert_msg(o.rc == 0, "%s %s", err_name(o.err.code), o.err.msg);
	rig_done(&o);
	id = rig_current();
	ck_assert_int_eq(generation_settings(&rig_conf, id, &s, &err), 0);
	ck_assert_int_eq(s.inbound_enabled, adoptions[_i].inbound);
	ck_assert_int_eq(s.tls_only, adoptions[_i].tls_only);
	ck_assert_int_eq(s.outbound_enabled, adoptions[_i].outbound);
	ck_assert_int_eq(strcmp(sha256_of(id), leaf) == 0, adoptions[_i].leaf);
	rig_assert_whole();
	/* An outbound level of more than ours stays. */
	if (strncmp(adoptions[_i].edit, out, strlen(out)) != 0 ||
	    !s.outbound_enabled)
		return;
	ck_assert_str_eq(rig_parameter("smtp_tls_security_level"),
	    adoptions[_i].edit + strlen(out));
	(void)rig_must_apply(&off);
}
END_TEST

/* A Postfix that had TLS before the console came. */
START_TEST(adopt_at_first)
{
	const struct ask a = {.adopt = true, .apply = "restart"};
	struct json_object *view = NULL;
	struct settings s = rig_settings();
	struct err err;

	ck_assert_int_eq(
	    rig_sh("pfi_conf $R/pf smtpd_tls_chain_files= "
		   "smtpd_tls_security_level=may smtp_tls_security_level=may "
		   "smtpd_tls_cert_file=$R/cert/self.pem "
		   "smtpd_tls_key_file=$R/cert/self.key"),
	    0);
	ck_assert_int_eq(generation_set_current(&rig_conf, 0, &err), 0);
	ck_assert_int_eq(apply_view(&rig_conf, &view, &err), 0);
	ck_assert_uint_eq(
	    json_object_array_length(jsonx_path(view, "drift")), 0);
	ck_assert(json_object_get_boolean(
	    jsonx_path(view, "settings.inbound.enabled")));
	ck_assert(json_object_get_boolean(
	    jsonx_path(view, "settings.outbound.enabled")));
	ck_assert_int_eq(
	    rig_sh("[ $(openssl x509 -in $R/cert/self.pem -outform "
		   "DER | sha256sum | cut -c -64) = %s ]",
		jsonx_path_str(view, "certificate.sha256", "-")),
	    0);
	json_object_put(view);
	/* What was probed was that main.cf, and no other. */
	ck_assert_msg(
	    apply_prove(&rig_conf, 8000, NULL, &err) == 0, "%s", err.msg);
	ck_assert_int_eq(apply_view(&rig_conf, &view, &err), 0);
	ck_assert(jsonx_path_bool(view, "probe.starttls"));
	json_object_put(view);
	ck_assert_int_eq(
	    rig_sh("pfi_conf $R/pf smtpd_tls_security_level=none"), 0);
	ck_assert_int_eq(apply_view(&rig_conf, &view, &err), 0);
	ck_assert_ptr_null(jsonx_path(view, "probe"));
	json_object_put(view);
	ck_assert_int_eq(
	    rig_sh("pfi_conf $R/pf smtpd_tls_security_level=may"), 0);
	(void)rig_must_apply(&a);
	ck_assert_int_eq(
	    generation_settings(&rig_conf, rig_current(), &s, &err), 0);
	ck_assert(s.inbound_enabled && s.outbound_enabled && !s.tls_only);
	/* Whoever renews these files goes on doing so. */
	ck_assert(rig_parameter("smtpd_tls_cert_file")[0] == '/');
	rig_assert_whole();
	ck_assert_int_eq(rig_sh("pfi_conf $R/pf smtpd_tls_security_level=none "
				"smtp_tls_security_level=none"),
	    0);
}
END_TEST

START_TEST(compared)
{
	long a = rig_ensure(&rig_self_pair), b = rig_ensure(&leaf_pair);
	struct json_object *d = NULL, *row;
	struct err err;
	size_t i, found = 0;

	ck_assert_int_eq(generation_diff(&rig_conf, a, b, &d, &err), 0);
	ck_assert_int_eq(json_object_get_int64(jsonx_path(d, "a.id")), a);
	ck_assert(!json_object_get_boolean(jsonx_path(d, "a.in_force")));
	ck_assert(json_object_get_boolean(jsonx_path(d, "b.in_force")));
	ck_assert_uint_eq(
	    json_object_array_length(jsonx_path(d, "settings")), 2);
	ck_assert(!json_object_get_boolean(jsonx_path(d, "certificate.same")));
	ck_assert_str_eq(jsonx_path_str(d, "certificate.b.leaf.issuer", ""),
	    "CN=Test Inter");
	for (i = 0; i < json_object_array_length(jsonx_path(d, "parameters"));
	     i++) {
		row = json_object_array_get_idx(jsonx_path(d, "parameters"), i);
		if (strcmp(jsonx_path_str(row, "parameter", ""),
			"smtpd_tls_security_level") != 0)
			continue;
		ck_assert_str_eq(jsonx_path_str(row, "a", ""), "may");
		ck_assert_str_eq(jsonx_path_str(row, "b", ""), "encrypt");
		found++;
	}
	ck_assert_uint_eq(found, 1);
	ck_assert_ptr_nonnull(strstr(jsonx_path_str(d, "diff", ""),
	    "\n-smtpd_tls_security_level = may\n"));
	json_object_put(d);
	ck_assert_int_eq(generation_diff(&rig_conf, b, b, &d, &err), 0);
	ck_assert_str_eq(jsonx_path_str(d, "diff", "x"), "");
	ck_assert_uint_eq(
	    json_object_array_length(jsonx_path(d, "parameters")), 0);
	ck_assert(json_object_get_boolean(jsonx_path(d, "certificate.same")));
	json_object_put(d);
	ck_assert_int_eq(generation_diff(&rig_conf, b, 99999, &d, &err), -1);
	ck_assert_int_eq(err.code, ERR_GEN_UNKNOWN);
}
END_TEST

static const char *
change_of(struct json_object *d, size_t i)
{
	static char text[512];
	struct json_object *row =
	    json_object_array_get_idx(jsonx_path(d, "names"), i);

	snprintf(text, sizeof(text), "%s %s", jsonx_path_str(row, "name", ""),
	    jsonx_path_str(row, "change", ""));
	return text;
}

/* Certificates by name, and what stood before the first generation. */
START_TEST(compared_by_name)
{
	struct ask named = {.name = "mx2.example.test",
	    .certificate = "self.pem",
	    .key = "self.key",
	    .apply = "reload",
	    .confirm = "cert.name_mismatch"};
	struct json_object *d = NULL;
	struct outcome o;
	struct err err;
	long a, b, c;

	a = rig_ensure(&rig_self_pair);
	b = rig_ensure(&named);
	named.certificate = "leaf.pem";
	named.key = "leaf.key";
	named.ca = "int.pem";
	c = rig_ensure(&named);
	ck_assert_int_eq(generation_diff(&rig_conf, a, b, &d, &err), 0);
	ck_assert_uint_eq(jsonx_len(jsonx_path(d, "names")), 1);
	ck_assert_str_eq(change_of(d, 0), "mx2.example.test added");
	ck_assert(jsonx_path_bool(d, "certificate.same"));
	json_object_put(d);
	ck_assert_int_eq(generation_diff(&rig_conf, b, c, &d, &err), 0);
	ck_assert_uint_eq(jsonx_len(jsonx_path(d, "names")), 1);
	ck_assert_str_eq(change_of(d, 0), "mx2.example.test renewed");
	json_object_put(d);
	ck_assert_int_eq(generation_diff(&rig_conf, c, a, &d, &err), 0);
	ck_assert_str_eq(change_of(d, 0), "mx2.example.test removed");
	json_object_put(d);
	named = rig_self_pair;
	named.restore = a;
	named.certificate = named.key = named.settings = NULL;
	o = rig_apply(&named);
	ck_assert_int_eq(o.rc, 0);
	rig_done(&o);
}
END_TEST

/* What stood before had its certificate elsewhere: the same one, or another;
 * none of ours is not one of theirs. */
START_TEST(compared_with_the_original)
{
	const struct ask taken = {
	    .settings = "{\"inbound\":{\"enabled\":true}}",
	    .certificate = "self.pem",
	    .key = "self.key",
	    .apply = "reload"};
	const struct ask out = {
	    .settings = "{\"outbound\":{\"enabled\":false}}",
	    .apply = "reload",
	    .confirm = "level.lowered"};
	struct json_object *d = NULL;
	struct err err;
	long id;

	ck_assert_int_eq(generation_set_current(&rig_conf, 0, &err), 0);
	ck_assert_int_eq(
	    rig_sh("pfi_conf $R/pf smtpd_tls_security_level=may "
		   "smtp_tls_security_level=may smtpd_tls_chain_files= "
		   "smtpd_tls_cert_file=$R/cert/self.pem "
		   "smtpd_tls_key_file=$R/cert/self.key; "
		   "pfi_cool $R/pf && pfi_reload $R/pf"),
	    0);
	id = rig_must_apply(&out);
	ck_assert_int_eq(generation_diff(&rig_conf, 0, id, &d, &err), 0);
	ck_assert(!jsonx_path_bool(d, "certificate.same"));
	json_object_put(d);
	id = rig_must_apply(&taken);
	ck_assert_int_eq(generation_diff(&rig_conf, 0, id, &d, &err), 0);
	ck_assert(jsonx_path_bool(d, "certificate.same"));
	json_object_put(d);
	id = rig_must_apply(&leaf_pair);
	ck_assert_int_eq(generation_diff(&rig_conf, id, 0, &d, &err), 0);
	ck_assert(!jsonx_path_bool(d, "certificate.same"));
	json_object_put(d);
}
END_TEST

/* Dry runs of restore and adopt leave everything as it is. */
START_TEST(dry)
{
	long a = rig_ensure(&rig_self_pair), b = rig_ensure(&leaf_pair);
	struct ask ask = {.dry_run = true, .restore = a};
	char before[SHA256_HEX], after[SHA256_HEX];
	struct outcome o;

	rig_maincf_hash(before);
	o = rig_apply(&ask);
	ck_assert_msg(o.rc == 0, "%s", o.err.msg);
	ck_assert_ptr_nonnull(strstr(jsonx_path_str(o.job, "result.diff", ""),
	    "\n+smtpd_tls_security_level = may\n"));
	rig_done(&o);
	ask = (struct ask){.dry_run = true, .adopt = true};
	o = rig_apply(&ask);
	ck_assert_msg(o.rc == 0, "%s", o.err.msg);
	ck_assert_str_eq(
	    jsonx_path_str(o.job, "result.result", ""), "unchanged");
	rig_done(&o);
	rig_maincf_hash(after);
	ck_assert_str_eq(before, after);
	ck_assert_int_eq(rig_current(), b);
	rig_assert_whole();
}
END_TEST

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

static void
add(TCase *tc)
{
	tcase_add_test(tc, restored);
	tcase_add_test(tc, restore_undoes_hand_edits);
	tcase_add_test(tc, restore_without_certificate);
	tcase_add_test(tc, not_restorable);
	tcase_add_test(tc, restore_inspects);
	tcase_add_test(tc, changed_chain_is_inspected);
	tcase_add_loop_test(tc, sent_chain_is_taken, 0, COUNT(by_hand));
	tcase_add_loop_test(tc, adopted, 0, COUNT(adoptions));
	tcase_add_test(tc, adopt_at_first);
	tcase_add_test(tc, compared);
	tcase_add_test(tc, dry);
	tcase_add_test(tc, compared_by_name);
	tcase_add_test(tc, compared_with_the_original);
}

int
main(void)
{
	return rig_run("history", add, 60, RIG_POSTFIX);
}
