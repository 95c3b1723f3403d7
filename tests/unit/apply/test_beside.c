/*
 * test_beside.c - two certificates side by side that somebody set up: a Save of
 * one keeps the other, and each is proven by its own handshake.
 */
#include "rig.h"

static const char certs[] =
    "cd $R/cert && for n in 1 2; do "
    "openssl req -x509 -newkey rsa:2048 -nodes -keyout r$n.key -out r$n.pem "
    "-days 90 -subj /CN=mx.example.test "
    "-addext subjectAltName=DNS:mx.example.test && "
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
    "-keyout e$n.key -out e$n.pem -days 90 -subj /CN=mx.example.test "
    "-addext subjectAltName=DNS:mx.example.test && "
    "cat r$n.key r$n.pem >r$n.both && cat e$n.key e$n.pem >e$n.both; done "
    "2>/dev/null && cat r1.both e1.both >re.both && cat e1.both r1.both "
    ">er.both";

static void
fresh(const char *by_hand)
{
	struct err err;

	ck_assert_int_eq(rig_sh("[ -e $R/cert/er.both ] || { %s; }", certs), 0);
	ck_assert_int_eq(
	    rig_sh("[ -e $R/main.0 ] || cp -p $R/pf/conf/main.cf $R/main.0; "
		   "cp -p $R/main.0 $R/pf/conf/main.cf && pfi_conf $R/pf "
		   "smtpd_tls_security_level=may %s && pfi_cool $R/pf && "
		   "pfi_reload $R/pf",
		by_hand),
	    0);
	ck_assert_int_eq(generation_set_current(&rig_conf, 0, &err), 0);
}

/* Each of the two is served, by TLS 1.2 and 1.3, and nothing else. */
static void
assert_served(const struct outcome *o, const char *rsa, const char *ec)
{
	struct json_object *list, *row;
	char leaf[2][SHA256_HEX];
	const char *sha256;
	size_t i, seen = 0;

	rig_leaf_hash(rsa, leaf[0]);
	rig_leaf_hash(ec, leaf[1]);
	row = json_object_array_get_idx(
	    jsonx_path(o->job, "result.probe.addresses"), 0);
	list = jsonx_path(row, "certificates");
	ck_assert_uint_eq(jsonx_len(list), 2);
	for (i = 0; i < 2; i++) {
		row = json_object_array_get_idx(list, i);
		sha256 = jsonx_path_str(row, "sha256", "");
		ck_assert_uint_eq(jsonx_len(jsonx_path(row, "protocols")), 2);
		seen |= strcmp(sha256, leaf[0]) == 0   ? 1u
			: strcmp(sha256, leaf[1]) == 0 ? 2u
						       : 4u;
	}
	ck_assert_uint_eq(seen, 3);
}

static void
renew(const char *name, const char *code, const char *rsa, const char *ec)
{
	char pem[16], key[16];
	const struct ask a = {
	    .certificate = pem, .key = key, .apply = "reload"};
	struct outcome o;

	snprintf(pem, sizeof(pem), "%s.pem", name);
	snprintf(key, sizeof(key), "%s.key", name);
	o = rig_apply(&a);
	ck_assert_msg(o.rc == 0, "%s %s", err_name(o.err.code), o.err.msg);
	ck_assert(rig_has_finding(
	    jsonx_path(o.job, "result.findings"), "cert.replace_all"));
	ck_assert_int_eq(rig_has_finding(jsonx_path(o.job, "result.findings"),
			     "cert.copied"),
	    code != NULL);
	assert_served(&o, rsa, ec);
	rig_done(&o);
}

static const char *const sets[] = {
    "smtpd_tls_cert_file=$R/cert/r1.pem smtpd_tls_key_file=$R/cert/r1.key "
    "smtpd_tls_eccert_file=$R/cert/e1.pem smtpd_tls_eckey_file=$R/cert/e1.key",
    "smtpd_tls_cert_file=$R/cert/r1.both smtpd_tls_eccert_file=$R/cert/e1.both",
    "smtpd_tls_cert_file=$R/cert/e1.both smtpd_tls_eccert_file=$R/cert/r1.both",
    "smtpd_tls_chain_files=$R/cert/re.both",
    "smtpd_tls_chain_files=$R/cert/er.both",
    "smtpd_tls_chain_files=$R/cert/r1.both,$R/cert/e1.both",
    "\"smtpd_tls_chain_files=$R/cert/e1.key $R/cert/e1.pem $R/cert/r1.both\"",
};

/* Whichever stands how, and whichever is renewed first. */
START_TEST(kept)
{
	bool rsa_first = _i % 2 == 0;

	fresh(sets[_i / 2]);
	renew(rsa_first ? "r2" : "e2", "cert.copied", rsa_first ? "r2" : "r1",
	    rsa_first ? "e1" : "e2");
	ck_assert_str_eq(rig_parameter("smtpd_tls_eccert_file"), "");
	ck_assert_str_eq(rig_parameter("smtpd_tls_cert_file"), "");
	renew(rsa_first ? "e2" : "r2", NULL, "r2", "e2");
	rig_assert_whole();
}
END_TEST

/* One alone is replaced, and one that is dropped on purpose goes. */
START_TEST(not_kept)
{
	const struct ask one = {
	    .certificate = "r2.pem", .key = "r2.key", .apply = "reload"};
	const struct ask all = {.certificate = "r2.pem",
	    .key = "r2.key",
	    .confirm = "cert.replace_all",
	    .apply = "reload"};
	struct outcome o;
	int i;

	for (i = 0; i < 2; i++) {
		fresh(i == 0 ? "smtpd_tls_cert_file=$R/cert/r1.both" : sets[0]);
		o = rig_apply(i == 0 ? &one : &all);
		ck_assert_msg(
		    o.rc == 0, "%s %s", err_name(o.err.code), o.err.msg);
		ck_assert_uint_eq(
		    jsonx_len(jsonx_path(
			json_object_array_get_idx(
			    jsonx_path(o.job, "result.probe.addresses"), 0),
			"certificates")),
		    1);
		ck_assert(!rig_has_finding(
		    jsonx_path(o.job, "result.findings"), "cert.copied"));
		rig_done(&o);
	}
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_loop_test(
	    tc, kept, 0, 2 * (int)(sizeof(sets) / sizeof(sets[0])));
	tcase_add_test(tc, not_kept);
}

int
main(void)
{
	return rig_run("beside", add, 120, RIG_POSTFIX);
}
