/*
 * test_leave.c - the way back to what stood before the console wrote anything,
 * and out of it.
 */
#include "rig.h"

#define IN_ON	"{\"inbound\":{\"enabled\":true}}"
#define IN_OFF	"{\"inbound\":{\"enabled\":false}}"
#define OUT_ON	"{\"outbound\":{\"enabled\":true}}"
#define OUT_OFF "{\"outbound\":{\"enabled\":false}}"
#define BOTH_ON \
	"{\"inbound\":{\"enabled\":true},\"outbound\":{\"enabled\":true}}"
#define ONLY_OFF "{\"inbound\":{\"tls_only\":false}}"
#define HAND \
	"smtpd_tls_cert_file=$R/cert/self.pem " \
	"smtpd_tls_key_file=$R/cert/self.key "
#define FILES .certificate = "leaf.pem", .key = "leaf.key", .ca = "int.pem"

static const struct ask back = {.original = true, .apply = "reload"};
static const struct ask leave = {
    .original = true, .leave = true, .apply = "reload"};

/* Both files as they are before anybody came, then edited by a shell command,
 * and kept as what must come back; no generation. */
static void
fresh(const char *by_hand)
{
	struct err err;

	ck_assert_int_eq(
	    rig_sh("cd $R/pf/conf && { [ -e $R/main.0 ] || { cp -p main.cf "
		   "$R/main.0; cp -p master.cf $R/master.0; }; } && "
		   "rm -rf postseal && cp -p $R/main.0 main.cf && "
		   "cp -p $R/master.0 master.cf && "
		   "cd - >/dev/null && pfi_cool $R/pf && { %s; } && "
		   "pfi_cool $R/pf && pfi_reload $R/pf && "
		   "cp -p $R/pf/conf/main.cf $R/main.was && "
		   "cp -p $R/pf/conf/master.cf $R/master.was",
		by_hand[0] == '\0' ? ":" : by_hand),
	    0);
	ck_assert_int_eq(generation_set_current(&rig_conf, 0, &err), 0);
}

static void
assert_as_it_was(void)
{
	ck_assert_int_eq(
	    rig_sh("cmp $R/main.was $R/pf/conf/main.cf >&2 && "
		   "cmp $R/master.was $R/pf/conf/master.cf >&2 || "
		   "{ diff $R/main.was $R/pf/conf/main.cf; diff "
		   "$R/master.was $R/pf/conf/master.cf; exit 1; }"),
	    0);
}

static struct outcome
must(const struct ask *a)
{
	struct outcome o = rig_apply(a);

	ck_assert_msg(o.rc == 0, "%s %s", err_name(o.err.code), o.err.msg);
	return o;
}

#define PF "pfi_conf $R/pf "

/* What stood, what was done over it. */
static const struct {
	const char *by_hand;
	struct ask save[3];
} ways[] = {
    {":", {{.settings = BOTH_ON, FILES}}},
    {PF HAND "smtpd_tls_security_level=encrypt smtp_tls_security_level=dane",
	{{FILES}, {.settings = OUT_OFF, .confirm = "level.lowered"},
	    {.settings = ONLY_OFF, .confirm = "level.lowered"}}},
    {PF "smtpd_use_tls=yes smtp_enforce_tls=yes " HAND,
	{{.settings = IN_ON, FILES},
	    {.settings = OUT_OFF, .confirm = "level.lowered"}}},
    /* Files by the names of lines that go as well. */
    {PF "smtpd_tls_security_level=may 'smtpd_tls_chain_files="
	"$smtpd_tls_key_file, ${smtpd_tls_cert_file}' " HAND,
	{{FILES}}},
    /* Of another's hand: no blanks, a comment within, several lines. */
    {"printf '%s\\n' '# ours' 'smtpd_tls_security_level=may' "
     "\"smtpd_tls_cert_file = $R/cert/self.pem\" '# key' "
     "\"smtpd_tls_key_file =\" \"  $R/cert/self.key\" "
     "'smtpd_client_restrictions =' '  permit_mynetworks,' '# and' '  permit' "
     ">>$R/pf/conf/main.cf; printf 'smtp_tls_loglevel=0' >>$R/pf/conf/main.cf",
	{{FILES},
	    {.settings = "{\"access\":{\"policy\":\"accept_except\","
			 "\"list\":[\"198.51.100.0/24\"]}}"},
	    {.settings = "{\"outbound\":{\"enabled\":true},"
			 "\"interface\":{\"idle_timeout\":20}}"}}},
    /* master.cf, in a layout that its editor has not. */
    {"sed -i 's/^\\(127.0.0.1:[0-9]*\\) .*/\\1 inet n  -  n - 33 smtpd\\n"
     "# mine\\n   -o syslog_name=postfix\\/mx/' $R/pf/conf/master.cf",
	{{.settings = IN_ON, FILES},
	    {.settings = "{\"interface\":{\"max_connections\":20}}"},
	    {.settings = "{\"interface\":{\"max_connections\":null}}"}}},
};

START_TEST(byte_for_byte)
{
	struct json_object *view = NULL;
	struct outcome o;
	struct err err;
	size_t i;

	fresh(ways[_i].by_hand);
	for (i = 0; i < 3; i++)
		if (ways[_i].save[i].settings != NULL ||
		    ways[_i].save[i].certificate != NULL)
			(void)rig_must_apply(&ways[_i].save[i]);
	ck_assert_int_ne(rig_sh("cmp -s $R/main.was $R/pf/conf/main.cf"), 0);
	o = must(&back);
	ck_assert_str_eq(jsonx_path_str(o.job, "state", ""), "applied");
	rig_done(&o);
	assert_as_it_was();
	rig_assert_whole();
	ck_assert_int_eq(apply_view(&rig_conf, &view, &err), 0);
	ck_assert_int_eq(jsonx_path_int(view, "generation.id"), rig_current());
	ck_assert_str_eq(
	    jsonx_path_str(view, "generation.kind", ""), "restore");
	ck_assert_int_eq(jsonx_path_int(view, "generation.restored"), 0);
	json_object_put(view);
	/* There is nothing more to bring back. */
	o = must(&back);
	ck_assert_str_eq(jsonx_path_str(o.job, "state", ""), "unchanged");
	rig_done(&o);
	/* And on from there, and back once more. */
	(void)rig_must_apply(&ways[_i].save[0]);
	o = must(&leave);
	ck_assert(jsonx_path_bool(o.job, "result.left"));
	rig_done(&o);
	assert_as_it_was();
	ck_assert_int_eq(rig_current(), 0);
	rig_assert_whole();
	o = must(&leave);
	ck_assert_str_eq(jsonx_path_str(o.job, "state", ""), "unchanged");
	rig_done(&o);
}
END_TEST

/* "name=value name" - set so, or not set at all. */
static void
assert_parameters(const char *list)
{
	char text[1024], *word, *save = NULL, *eq;

	snprintf(text, sizeof(text), "%s", list);
	for (word = strtok_r(text, " ", &save); word != NULL;
	     word = strtok_r(NULL, " ", &save)) {
		if ((eq = strchr(word, '=')) != NULL)
			*eq++ = '\0';
		ck_assert_int_eq(
		    rig_sh("v=$(/usr/sbin/postconf -c $R/pf/conf -n %s | "
			   "sed 's/^[^=]*= *//'); [ \"$v\" = \"%s\" ] || { "
			   "echo \"%s: $v\"; exit 1; }",
			word, eq == NULL ? "" : eq, word),
		    0);
	}
}

static size_t
told(const struct outcome *o, const char *code)
{
	struct json_object *list = jsonx_path(o->job, "result.findings");
	size_t i, n = 0;

	for (i = 0; i < jsonx_len(list); i++)
		n += strcmp(jsonx_path_str(
				json_object_array_get_idx(list, i), "code", ""),
			 code) == 0;
	return n;
}

static void
edit(const char *command)
{
	ck_assert_int_eq(
	    rig_sh("%s; pfi_cool $R/pf && pfi_reload $R/pf", command), 0);
}

/* Lines that somebody wrote since stay, and the parameters go back. */
START_TEST(others_stay)
{
	const struct ask save = {.settings = BOTH_ON, FILES};
	struct ask a = back;
	struct outcome o;

	fresh(PF HAND "smtpd_tls_security_level=may");
	(void)rig_must_apply(&save);
	edit("printf '# later\nmaximal_queue_lifetime = 1d\n' "
	     ">>$R/pf/conf/main.cf; pfi_conf $R/pf "
	     "smtpd_tls_security_level=encrypt "
	     "smtpd_tls_CAfile=$R/cert/root.pem smtpd_tls_ask_ccert=yes");
	a.dry_run = true;
	o = rig_apply(&a);
	ck_assert_int_eq(o.err.code, ERR_LEVEL_LOWERED);
	rig_done(&o);
	a.confirm = "level.lowered";
	o = must(&a);
	ck_assert_ptr_nonnull(strstr(
	    jsonx_path_str(o.job, "result.diff", ""), "+smtpd_tls_cert_file"));
	rig_done(&o);
	ck_assert_int_eq(rig_sh("grep -q generations $R/pf/conf/main.cf"), 0);
	a.dry_run = false;
	o = must(&a);
	rig_done(&o);
	assert_parameters("smtpd_tls_security_level=may smtpd_tls_chain_files "
			  "smtpd_tls_cert_file=$R/cert/self.pem "
			  "smtpd_tls_key_file=$R/cert/self.key "
			  "smtp_tls_security_level smtp_tls_CAfile "
			  "smtpd_tls_CAfile=$R/cert/root.pem "
			  "maximal_queue_lifetime=1d");
	ck_assert_int_eq(rig_sh("grep -q '^# later' $R/pf/conf/main.cf"), 0);
	rig_assert_whole();
}
END_TEST

/* The certificate that stood before is named again, and served. */
START_TEST(serves_again)
{
	const struct ask save = {FILES};
	char leaf[SHA256_HEX];
	struct outcome o;

	fresh(PF HAND "smtpd_tls_security_level=may");
	rig_leaf_hash("self", leaf);
	(void)rig_must_apply(&save);
	o = must(&leave);
	ck_assert_str_eq(
	    jsonx_path_str(o.job, "result.probe.certificate_sha256", ""), leaf);
	rig_done(&o);
	assert_as_it_was();
}
END_TEST

START_TEST(kept_for_ever)
{
	static const char *const toggle[] = {OUT_OFF, OUT_ON};
	struct ask a = {FILES, .apply = "reload"};
	int kept = rig_conf.generations, i;
	struct outcome o;

	fresh(PF HAND "smtpd_tls_security_level=may");
	(void)rig_must_apply(&a);
	rig_conf.generations = 1;
	for (i = 0; i < 4; i++) {
		const struct ask b = {
		    .settings = toggle[(i + 1) % 2], .apply = "reload"};

		(void)rig_must_apply(&b);
	}
	rig_conf.generations = kept;
	ck_assert_int_eq(
	    rig_sh("[ $(ls $R/state/generations/gen-*/settings.json "
		   "$R/state/generations/gen-*/inbound.pem | "
		   "wc -l) = 2 ]"),
	    0);
	o = must(&back);
	rig_done(&o);
	assert_as_it_was();
}
END_TEST

START_TEST(file_gone)
{
	const struct ask save = {FILES};
	char before[SHA256_HEX], after[SHA256_HEX];
	struct outcome o;

	fresh("cp $R/cert/self.pem $R/cert/once.pem; "
	      "cp $R/cert/self.key $R/cert/once.key; " PF
	      "smtpd_tls_cert_file=$R/cert/once.pem "
	      "smtpd_tls_key_file=$R/cert/once.key "
	      "smtpd_tls_security_level=may");
	(void)rig_must_apply(&save);
	ck_assert_int_eq(rig_sh("rm $R/cert/once.key"), 0);
	rig_maincf_hash(before);
	o = rig_apply(&leave);
	ck_assert_int_eq(o.err.code, ERR_GEN_FILE_GONE);
	rig_done(&o);
	rig_maincf_hash(after);
	ck_assert_str_eq(before, after);
	ck_assert_int_eq(rig_sh("cp $R/cert/self.key $R/cert/once.key"), 0);
	o = must(&leave);
	rig_done(&o);
	assert_as_it_was();
}
END_TEST

/* Lines of others that name files of ours: in main.cf, by a link, in a table,
 * in master.cf. */
START_TEST(named_by_others)
{
	const struct ask save = {.settings = IN_ON, FILES};
	const struct ask again = {.settings = OUT_ON, .apply = "reload"};
	const struct ask off = {.settings = OUT_OFF, .apply = "reload"};
	const struct ask trial = {
	    .original = true, .leave = true, .dry_run = true};
	int kept = rig_conf.generations, i;
	char command[1024];
	struct outcome o;
	long id;

	fresh("");
	id = rig_must_apply(&save);
	snprintf(command, sizeof(command),
	    "G=$R/state/generations/gen-%ld/inbound.pem; "
	    "ln -sf $G $R/cert/link.pem; echo \"mx.example.test $G\" >$R/sni; "
	    "pfi_conf $R/pf smtp_tls_chain_files=$R/cert/link.pem "
	    "tls_server_sni_maps=texthash:$R/sni; "
	    "/usr/sbin/postconf -c $R/pf/conf -M "
	    "mine/unix='mine unix - - n - - smtp -o smtp_tls_chain_files='$G",
	    id);
	edit(command);
	rig_conf.generations = 1;
	for (i = 0; i < 4; i++)
		(void)rig_must_apply(i % 2 == 0 ? &again : &off);
	rig_conf.generations = kept;
	ck_assert_int_eq(
	    rig_sh("[ -s $R/state/generations/gen-%ld/inbound.pem ]", id), 0);
	o = must(&back);
	ck_assert_uint_eq(told(&o, "file.named"), 3);
	ck_assert_uint_eq(told(&o, "file.copied"), 0);
	rig_done(&o);
	(void)rig_must_apply(&again);
	/* A trial copies nothing. */
	o = must(&trial);
	ck_assert_uint_eq(told(&o, "file.named"), 3);
	ck_assert_uint_eq(told(&o, "file.copied"), 0);
	rig_done(&o);
	ck_assert_int_eq(rig_sh("[ ! -e $R/pf/conf/postseal ]"), 0);
	o = must(&leave);
	ck_assert_uint_eq(told(&o, "file.copied"), 3);
	rig_done(&o);
	ck_assert_int_eq(
	    rig_sh("D=$R/pf/conf/postseal; "
		   "cmp $D/gen-%ld-inbound.pem "
		   "$R/state/generations/gen-%ld/inbound.pem && "
		   "[ $(stat -c %%a $D/gen-%ld-inbound.pem) = 600 ] && "
		   "[ $(stat -c %%a $D) = 700 ]",
		id, id, id),
	    0);
	ck_assert_int_eq(rig_current(), 0);
}
END_TEST

/* One of two copies cannot be made: the other one goes again, and what had
 * been copied before stays.  A file that is gone is copied nowhere. */
START_TEST(copy_fails)
{
	const struct ask save = {.settings = IN_ON, FILES};
	const struct ask other = {
	    .certificate = "self.pem", .key = "self.key", .apply = "reload"};
	struct outcome o;
	long id, second;

	fresh("");
	id = rig_must_apply(&save);
	second = rig_must_apply(&other);
	ck_assert_int_eq(
	    rig_sh("mkdir -p $R/pf/conf/postseal/gen-%ld-inbound.pem/x; "
		   "G=$R/state/generations; /usr/sbin/postconf -c $R/pf/conf "
		   "-M mine/unix='mine unix - - n - - smtp "
		   "-o smtp_tls_chain_files='$G/gen-%ld/inbound.pem,"
		   "$G/gen-%ld/inbound.pem,$G/gen-%ld/gone.pem",
		second, id, second, id),
	    0);
	edit(":");
	o = rig_apply(&leave);
	ck_assert_int_eq(o.rc, -1);
	ck_assert_str_eq(err_name(o.err.code), "apply.rolled_back");
	rig_done(&o);
	ck_assert_int_eq(rig_current(), second);
	ck_assert_int_eq(
	    rig_sh("[ \"$(ls $R/pf/conf/postseal)\" = gen-%ld-inbound.pem ]",
		second),
	    0);
	ck_assert_int_eq(rig_sh("rm -r $R/pf/conf/postseal"), 0);
	o = must(&leave);
	ck_assert_uint_eq(told(&o, "file.copied"), 2);
	ck_assert_uint_eq(told(&o, "file.named"), 1);
	rig_done(&o);
}
END_TEST

/* A level above ours that was lowered by consent; a certificate that was
 * replaced: a restore brings back what was in force then. */
static const struct {
	const char *by_hand;
	struct ask first, second;
	const char *between, *want;
} consents[] = {
    {PF "smtp_tls_security_level=dane", {.settings = IN_ON, FILES},
	{.settings = OUT_OFF, .confirm = "level.lowered"},
	"smtp_tls_security_level=none", "smtp_tls_security_level=dane"},
    {PF "smtp_enforce_tls=yes", {.settings = IN_ON, FILES},
	{.settings = OUT_OFF, .confirm = "level.lowered"},
	"smtp_tls_security_level=none smtp_enforce_tls",
	"smtp_tls_security_level smtp_enforce_tls=yes"},
    {PF HAND "smtpd_tls_security_level=encrypt", {.settings = OUT_ON},
	{.settings = ONLY_OFF, .confirm = "level.lowered"},
	"smtpd_tls_security_level=may", "smtpd_tls_security_level=encrypt"},
    {PF HAND "smtpd_tls_security_level=may smtpd_tls_loglevel=2",
	{.settings = OUT_ON}, {.settings = IN_ON, FILES},
	"smtpd_tls_cert_file smtpd_tls_key_file",
	"smtpd_tls_cert_file=$R/cert/self.pem smtpd_tls_loglevel=2 "
	"smtpd_tls_key_file=$R/cert/self.key smtpd_tls_chain_files"},
};

START_TEST(consent_taken_back)
{
	struct ask restore = {.apply = "reload"};
	struct outcome o;

	fresh(consents[_i].by_hand);
	restore.restore = rig_must_apply(&consents[_i].first);
	(void)rig_must_apply(&consents[_i].second);
	assert_parameters(consents[_i].between);
	o = must(&restore);
	ck_assert(!rig_has_finding(
	    jsonx_path(o.job, "result.findings"), "generation.values_unknown"));
	rig_done(&o);
	assert_parameters(consents[_i].want);
	rig_assert_whole();
	/* It is somebody else's again: no drift when they change it. */
	edit("pfi_conf $R/pf smtp_tls_loglevel=1");
	o = must(&back);
	rig_done(&o);
	assert_parameters(consents[_i].want);
}
END_TEST

/* Recorded by a version that kept none of it. */
START_TEST(former_version)
{
	const struct ask save = {.settings = IN_ON, FILES};
	const struct ask off = {
	    .settings = OUT_OFF, .confirm = "level.lowered"};
	struct ask restore = {.apply = "reload"};
	struct outcome o;

	fresh(PF "smtp_tls_security_level=dane");
	restore.restore = rig_must_apply(&save);
	(void)rig_must_apply(&off);
	ck_assert_int_eq(
	    rig_sh("for f in $R/state/generations/gen-*/meta.json; do "
		   "jq -c 'del(.written,.origin,.values)' $f >$R/meta && "
		   "cat $R/meta >$f; done; "
		   "rm -f $R/state/generations/gen-*/master.cf.before"),
	    0);
	o = must(&restore);
	ck_assert_uint_eq(told(&o, "generation.values_unknown"), 1);
	rig_done(&o);
	o = must(&back);
	rig_done(&o);
	assert_as_it_was();
}
END_TEST

/* Its own record of before is gone, too: said so, and nothing done. */
START_TEST(nothing_to_go_by)
{
	const struct ask save = {.settings = OUT_ON};
	struct outcome o;
	long id;

	fresh("");
	o = must(&back);
	ck_assert_str_eq(jsonx_path_str(o.job, "state", ""), "unchanged");
	rig_done(&o);
	id = rig_must_apply(&save);
	ck_assert_int_eq(
	    rig_sh("rm $R/state/generations/gen-%ld/main.cf.before", id), 0);
	o = rig_apply(&back);
	ck_assert_int_eq(o.err.code, ERR_GEN_NOT_RESTORABLE);
	rig_done(&o);
	ck_assert_int_eq(rig_current(), id);
	rig_assert_whole();
}
END_TEST

/* Taken over as it is, nothing written: nothing to bring back, and what
 * somebody changes before the first Save counts as theirs. */
START_TEST(after_adopt)
{
	const struct ask adopt = {.adopt = true};
	const struct ask save = {FILES};
	struct outcome o;

	fresh(PF HAND "smtpd_tls_security_level=may");
	(void)rig_must_apply(&adopt);
	o = must(&back);
	ck_assert_str_eq(jsonx_path_str(o.job, "state", ""), "unchanged");
	rig_done(&o);
	edit("pfi_conf $R/pf smtpd_tls_security_level=encrypt; "
	     "cp $R/pf/conf/main.cf $R/main.was");
	(void)rig_must_apply(&save);
	o = must(&leave);
	rig_done(&o);
	assert_as_it_was();
	ck_assert_int_eq(rig_current(), 0);
}
END_TEST

static const char *
shown(const char *path, struct json_object **view)
{
	struct err err;

	json_object_put(*view);
	ck_assert_int_eq(apply_view(&rig_conf, view, &err), 0);
	return jsonx_path_str(*view, path, "");
}

/* A look at a former main.cf says nothing of this one, nor one at a former
 * run of Postfix; before the first Save and beside a generation. */
START_TEST(not_seen_since)
{
	const struct ask save = {.settings = IN_ON, FILES};
	struct json_object *view = NULL, *live;

	fresh(PF HAND "smtpd_tls_security_level=may");
	live = apply_live(&rig_conf);
	ck_assert_ptr_null(jsonx_path(live, "error"));
	json_object_put(live);
	ck_assert_str_eq(shown("probe_stale", &view), "");
	ck_assert_ptr_nonnull(jsonx_path(view, "probe"));
	edit("pfi_conf $R/pf smtpd_tls_security_level=none");
	ck_assert_uint_eq(strlen(shown("probe_stale", &view)), 20);
	ck_assert_ptr_null(jsonx_path(view, "probe"));
	ck_assert_ptr_null(jsonx_path(view, "probe_error"));
	live = apply_live(&rig_conf);
	json_object_put(live);
	ck_assert_str_eq(shown("probe_stale", &view), "");
	ck_assert(!jsonx_path_bool(view, "probe.starttls"));
	edit("printf '# more\n' >>$R/pf/conf/master.cf");
	ck_assert_uint_eq(strlen(shown("probe_stale", &view)), 20);
	(void)rig_must_apply(&save);
	ck_assert_str_eq(shown("probe_stale", &view), "");
	ck_assert(jsonx_path_bool(view, "probe.starttls"));
	edit("cp $R/pf/conf/main.cf $R/main.was; "
	     "pfi_conf $R/pf smtpd_tls_security_level=none");
	ck_assert_uint_eq(strlen(shown("probe_stale", &view)), 20);
	ck_assert_ptr_null(jsonx_path(view, "probe"));
	edit("cat $R/main.was >$R/pf/conf/main.cf");
	ck_assert_str_eq(shown("probe_stale", &view), "");
	ck_assert(jsonx_path_bool(view, "probe.starttls"));
	edit("pfi_stop $R/pf; pfi_start $R/pf");
	ck_assert_uint_eq(strlen(shown("probe_stale", &view)), 20);
	ck_assert_ptr_null(jsonx_path(view, "probe"));
	live = apply_live(&rig_conf);
	json_object_put(live);
	ck_assert_str_eq(shown("probe_stale", &view), "");
	ck_assert(jsonx_path_bool(view, "probe.starttls"));
	json_object_put(view);
}
END_TEST

/* A level of none says nothing of "TLS only". */
START_TEST(adopt_keeps_tls_only)
{
	const struct ask save = {
	    .settings = "{\"inbound\":{\"enabled\":true,\"tls_only\":true}}",
	    FILES,
	    .apply = "reload"};
	const struct ask adopt = {.adopt = true, .apply = "reload"};
	const struct ask other = {.settings = OUT_ON, .apply = "reload"};
	const struct ask on = {.settings = IN_ON, .apply = "reload"};
	struct ask bad = {.settings = "{\"inbound\":{\"tls_only\":true}}"};
	struct json_object *view = NULL;
	struct outcome o;

	fresh("");
	(void)rig_must_apply(&save);
	edit("pfi_conf $R/pf smtpd_tls_security_level=none");
	(void)rig_must_apply(&adopt);
	(void)shown("etag", &view);
	ck_assert(!jsonx_path_bool(view, "settings.inbound.enabled"));
	ck_assert(jsonx_path_bool(view, "settings.inbound.tls_only"));
	rig_assert_whole();
	/* A Save of something else leaves it. */
	(void)rig_must_apply(&other);
	(void)shown("etag", &view);
	ck_assert(jsonx_path_bool(view, "settings.inbound.tls_only"));
	assert_parameters("smtpd_tls_security_level=none");
	(void)rig_must_apply(&on);
	assert_parameters("smtpd_tls_security_level=encrypt");
	rig_assert_whole();
	/* To ask for it where inbound is off is a mistake as ever. */
	fresh("");
	o = rig_apply(&bad);
	ck_assert_int_eq(o.err.code, ERR_SETTINGS_TLS_ONLY);
	rig_done(&o);
	json_object_put(view);
}
END_TEST

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

static void
add(TCase *tc)
{
	tcase_add_loop_test(tc, byte_for_byte, 0, COUNT(ways));
	tcase_add_test(tc, others_stay);
	tcase_add_test(tc, serves_again);
	tcase_add_test(tc, kept_for_ever);
	tcase_add_test(tc, file_gone);
	tcase_add_test(tc, named_by_others);
	tcase_add_test(tc, copy_fails);
	tcase_add_loop_test(tc, consent_taken_back, 0, COUNT(consents));
	tcase_add_test(tc, former_version);
	tcase_add_test(tc, nothing_to_go_by);
	tcase_add_test(tc, after_adopt);
	tcase_add_test(tc, not_seen_since);
	tcase_add_test(tc, adopt_keeps_tls_only);
}

int
main(void)
{
	return rig_run("leave", add, 120, RIG_POSTFIX);
}
