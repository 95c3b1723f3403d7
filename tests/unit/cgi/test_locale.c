/*
 * test_locale.c - the texts of the screen: every key that templates and code
 * ask for is there in every language, none is there that nobody asks for,
 * and a sentence has the same {placeholders} in every language.
 * (That every error code has its sentence is looked at in unit-base.)
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "../suite.h"
#include "catalog.h"
#include "ops.h"
#include "recorded.h"
#include "settings_table.h"

#define LOCALE "templates/locale"

/* Keys that code puts together: a prefix and what may follow. */
static const struct {
	const char *prefix;
	const char *tails[16];
} built[] = {
    {"names.set_", {"new", "renewed", "added", NULL}},
    {"names.as_",
	{"server_certificate", "private_key", "ca_certificate", NULL}},
    {"state.inbound.", {"off", "off_text", "offered", "offered_text",
			   "required", "required_text"}},
    {"how.", {"restarted", "restarted_none", "restarted_short",
		 "restarted_for", "reloaded", "reloaded_none",
		 "reloaded_short", "reloaded_for", "untouched", "not_reached",
		 "unknown", "stopped"}},
    {"hop.reason.", {"lookup", "connection", "session", "starttls",
			"handshake", "certificate", "failed"}},
    {"hop.trust.", {"verified", "trusted", "untrusted", "anonymous"}},
    {"state.outbound.",
	{"off", "off_text", "offered", "offered_text", "dane", "dane_text",
	    "required", "required_text"}},
    {"postfix.state.",
	{"running", "stopped", "missing", "other_mta", "too_old", "broken"}},
    {"cert.role.",
	{"leaf", "self_signed", "intermediate", "root", "unknown", "missing"}},
    {"file.", {"ca_certificate", "ca_certificate_help", "private_key",
		  "private_key_help", "server_certificate",
		  "server_certificate_help"}},
    {"step.",
	{
#define S(name, undo, flags) #name,
#include "steps.def"
#undef S
	}},
    {"step.state.", {"waiting", "running", "done", "failed", "undone"}},
    {"scanners.state.", {"current", "behind", "own", "chosen", "waiting",
			    "ahead", "new", "failed", "untrusted", "unchecked",
			    "removed"}},
    {"scanners.chosen.", {"rolling", "stopped", "done", "left"}},
    {"outcome.chosen.", {"applied", "failed", "waiting", "away"}},
    {"scanners.rollout.", {"rolling", "stopped", "done", "left"}},
};

static struct json_object *langs[8];
static const char *lang_names[8];
static size_t n_langs;
static char *source; /* all templates and all of cgi/, one text */
static size_t source_len;

static void
slurp(const char *path)
{
	FILE *f = fopen(path, "r");
	char chunk[4096];
	size_t n;

	ck_assert_ptr_nonnull(f);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0) {
		source = realloc(source, source_len + n + 1);
		ck_assert_ptr_nonnull(source);
		memcpy(source + source_len, chunk, n);
		source_len += n;
		source[source_len] = '\0';
	}
	fclose(f);
}

static void
slurp_all(const char *dir, const char *ending)
{
	const struct dirent *e;
	char path[512];
	size_t len;
	DIR *d = opendir(dir);

	ck_assert_ptr_nonnull(d);
	while ((e = readdir(d)) != NULL) {
		len = strlen(e->d_name);
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (len > strlen(ending) &&
		    strcmp(e->d_name + len - strlen(ending), ending) == 0)
			slurp(path);
		else if (e->d_type == DT_DIR && e->d_name[0] != '.')
			slurp_all(path, ending);
	}
	closedir(d);
}

static void
setup(void)
{
	const char *const *codes;
	struct catalog *c = NULL;
	struct err err;
	char path[128];
	size_t i;

	ck_assert_msg(catalog_load(LOCALE, &c, &err) == 0, "%s", err.msg);
	n_langs = catalog_languages(c, &codes);
	ck_assert_uint_ge(n_langs, 2);
	for (i = 0; i < n_langs; i++) {
		snprintf(path, sizeof(path), LOCALE "/%s.json", codes[i]);
		langs[i] = json_object_from_file(path);
		ck_assert_ptr_nonnull(langs[i]);
		lang_names[i] = strdup(codes[i]);
	}
	catalog_free(c);
	slurp_all("templates", ".html");
	slurp_all("cgi", ".c");
	slurp("include/routes.def");
	slurp_all("src/ctl", ".c");
}

static bool
has(struct json_object *o, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(o, key, &v);
}

/* Behind "setting.NAME", or "setting.NAME.WORD" of a choice. */
static bool
is_tail(const char *s, const char *const *tails)
{
	for (; *tails != NULL; tails++)
		if (strcmp(*tails, s) == 0)
			return true;
	return false;
}

static bool
is_of(const struct settings_field *f, const char *key)
{
	static const char *const all[] = {
	    "", ".short", ".unset", ".help", ".caution", ".mail",
	    ".guide", ".guide_not", NULL};
	static const char *const of_switch[] = {".on.mail", ".off.mail", NULL};
	static const char *const of_word[] = {"", ".mail", ".guide", ".guide_not", NULL};
	size_t i, n = strlen(f->text), len;

	if (strncmp(key, f->text, n) != 0)
		return false;
	if (is_tail(key + n, all))
		return true;
	if (f->kind == SETTING_SWITCH)
		return is_tail(key + n, of_switch);
	if (f->kind == SETTING_NUMBER || f->kind == SETTING_LIMIT)
		return strcmp(key + n, ".field") == 0;
	for (i = 0; f->names != NULL && f->names[i] != NULL; i++) {
		len = strlen(f->names[i]);
		if (key[n] == '.' &&
		    strncmp(key + n + 1, f->names[i], len) == 0 &&
		    is_tail(key + n + 1 + len, of_word))
			return true;
	}
	return false;
}

/* Of a setting, of its unit, or of the filter of the history. */
static bool
is_of_settings(const char *key)
{
	const struct settings_field *f;
	char text[96];

	for (f = settings_fields; f->form != NULL; f++) {
		if (is_of(f, key))
			return true;
		snprintf(text, sizeof(text), "unit.%s",
		    f->unit != NULL ? f->unit : "");
		if (strcmp(key, text) == 0)
			return true;
		snprintf(text, sizeof(text), "history.%.*s",
		    (int)strcspn(f->path, "."), f->path);
		if (strcmp(key, text) == 0)
			return true;
	}
	return false;
}

/* "{{t.KEY}}" and "KEY" as a C string literal. */
/* Of the audit log: test_audit_words.c has what must be there. */
static bool
is_of_events(const char *key)
{
	static const char did[] = "audit.did.", doing[] = "audit.doing.";
	static const char why[] = "audit.why.";
	enum err_code code;
	enum event e;

	if (strncmp(key, why, strlen(why)) == 0)
		return err_from_name(key + strlen(why), &code) == 0;
	if (strncmp(key, doing, strlen(doing)) == 0)
		return event_named(key + strlen(doing)) != EVENT_NONE;
	if (strncmp(key, did, strlen(did)) != 0)
		return false;
	e = event_named(key + strlen(did));
	return e != EVENT_NONE && !event_is_refusal(e);
}

static bool
is_used(const char *key)
{
	char text[160];
	size_t i, j, n;

	snprintf(text, sizeof(text), "{{t.%s}}", key);
	if (strstr(source, text) != NULL)
		return true;
	snprintf(text, sizeof(text), "\"%s\"", key);
	if (strstr(source, text) != NULL)
		return true;
	for (i = 0; i < sizeof(built) / sizeof(built[0]); i++) {
		n = strlen(built[i].prefix);
		if (strncmp(key, built[i].prefix, n) != 0)
			continue;
		for (j = 0; built[i].tails[j] != NULL; j++)
			if (strcmp(key + n, built[i].tails[j]) == 0)
				return true;
	}
	return strncmp(key, "error.", 6) == 0 || is_of_settings(key) ||
	       is_of_events(key);
}

static int
lacking(const char *key)
{
	int missing = 0;
	size_t i;

	for (i = 0; i < n_langs; i++)
		if (!has(langs[i], key)) {
			fprintf(stderr, "%s: no %s\n", lang_names[i], key);
			missing++;
		}
	return missing;
}

/* Every literal with a dot among the arguments of the call at s. */
static int
lacking_in_call(const char *s, int *seen)
{
	const char *end;
	char key[160];
	int depth = 0, missing = 0;

	for (; *s != '\0'; s++) {
		if (*s == '(')
			depth++;
		else if (*s == ')' && --depth == 0)
			break;
		if (*s != '"' || (end = strchr(s + 1, '"')) == NULL)
			continue;
		snprintf(key, sizeof(key), "%.*s", (int)(end - s - 1), s + 1);
		if (strchr(key, '.') != NULL && strchr(key, '%') == NULL) {
			missing += lacking(key);
			(*seen)++;
		}
		s = end;
	}
	return missing;
}

START_TEST(no_key_of_the_code_is_missing)
{
	static const char *const calls[] = {"page_text(", "put_text(",
	    "new_text(", "line_add(", "catalog_text("};
	int missing = 0, seen = 0;
	const char *s;
	size_t i;

	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		for (s = source; (s = strstr(s, calls[i])) != NULL;) {
			s += strlen(calls[i]) - 1;
			missing += lacking_in_call(s, &seen);
		}
	ck_assert_int_gt(seen, 20);
	ck_assert_int_eq(missing, 0);
}
END_TEST

START_TEST(no_key_is_missing)
{
	const char *s = source;
	char key[160];
	size_t i, j, n;
	int missing = 0, seen = 0;

	while ((s = strstr(s, "{{t.")) != NULL) {
		s += 4;
		n = strcspn(s, "}");
		ck_assert_uint_lt(n, sizeof(key));
		memcpy(key, s, n);
		key[n] = '\0';
		seen++;
		for (i = 0; i < n_langs; i++)
			if (!has(langs[i], key)) {
				fprintf(
				    stderr, "%s: no %s\n", lang_names[i], key);
				missing++;
			}
	}
	for (i = 0; i < sizeof(built) / sizeof(built[0]); i++)
		for (j = 0; built[i].tails[j] != NULL; j++) {
			snprintf(key, sizeof(key), "%s%s", built[i].prefix,
			    built[i].tails[j]);
			missing += lacking(key);
		}
	ck_assert_int_gt(seen, 60);
	ck_assert_int_eq(missing, 0);
}
END_TEST

static int
lacking_of(const char *text, const char *tail)
{
	char key[192];

	snprintf(key, sizeof(key), "%s%s", text, tail);
	return lacking(key);
}

/* What its change means for mail, for each value that is one of few. */
static int
lacking_of_mail(const struct settings_field *f)
{
	char tail[96];
	int missing = 0;
	size_t i;

	if (f->kind == SETTING_SWITCH)
		return lacking_of(f->text, ".on.mail") +
		       lacking_of(f->text, ".off.mail");
	for (i = 0; f->names != NULL && f->names[i] != NULL; i++) {
		(void)snprintf(tail, sizeof(tail), ".%s.mail", f->names[i]);
		missing += lacking_of(f->text, tail);
	}
	return missing + lacking_of(f->text, ".mail");
}

/* What a setting must have; its guide is perhaps told word by word. */
START_TEST(no_text_of_a_setting_is_missing)
{
	const struct settings_field *f;
	char word[128], guide[128];
	int missing = 0;
	size_t i;

	for (f = settings_fields; f->form != NULL; f++) {
		missing += lacking_of(f->text, "");
		missing += lacking_of(f->text, ".help");
		missing += lacking_of_mail(f);
		snprintf(word, sizeof(word), "history.%.*s",
		    (int)strcspn(f->path, "."), f->path);
		missing += lacking(word);
		snprintf(guide, sizeof(guide), "%s.guide", f->text);
		for (i = 0; f->names != NULL && f->names[i] != NULL; i++) {
			(void)snprintf(
			    word, sizeof(word), "%s.%s", f->text, f->names[i]);
			missing += lacking(word);
			if (!has(langs[0], guide))
				missing += lacking_of(word, ".guide");
		}
		if (f->names == NULL)
			missing += lacking(guide);
		if (f->unit != NULL && *f->unit != '\0')
			missing += lacking_of("unit.", f->unit);
	}
	ck_assert_int_eq(missing, 0);
}
END_TEST

START_TEST(no_key_is_unused)
{
	int unused = 0;
	size_t i;

	for (i = 0; i < n_langs; i++) {
		json_object_object_foreach (langs[i], key, v) {
			(void)v;
			if (!is_used(key)) {
				fprintf(stderr, "%s: nobody uses %s\n",
				    lang_names[i], key);
				unused++;
			}
		}
	}
	ck_assert_int_eq(unused, 0);
}
END_TEST

/* The placeholders of a text, sorted, as one string. */
static void
placeholders(const char *text, char *dst, size_t size)
{
	char list[16][48], one[48];
	size_t n = 0, i, j, len;

	while ((text = strchr(text, '{')) != NULL) {
		text++;
		len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_.");
		if (len == 0 || text[len] != '}' || len >= sizeof(one))
			continue;
		memcpy(one, text, len);
		one[len] = '\0';
		for (i = 0; i < n && strcmp(list[i], one) < 0; i++)
			;
		if (i < n && strcmp(list[i], one) == 0)
			continue;
		ck_assert_uint_lt(n, 16);
		for (j = n; j > i; j--)
			strcpy(list[j], list[j - 1]);
		strcpy(list[i], one);
		n++;
	}
	dst[0] = '\0';
	for (i = 0; i < n && strlen(dst) + 50 < size; i++) {
		strcat(dst, list[i]);
		strcat(dst, " ");
	}
}

/* Where a detail is a name or a number, or Postfix's own words.  Elsewhere it
 * is a message in English, which has no place in a sentence of another
 * language: the page shows it apart. */
static const char *const detailed[] = {"error.sni.name", "error.sni.too_many",
    "error.scanner.failed", "error.scanner.former_version",
    "error.scanner.away", "error.postfix.config_invalid",
    "error.postfix.write_protected"};

static void
leave_detail(const char *key, char *english)
{
	char *at = strstr(english, "detail ");

	for (size_t i = 0; i < sizeof(detailed) / sizeof(detailed[0]); i++)
		if (strcmp(detailed[i], key) == 0)
			return;
	if (at != NULL)
		memmove(at, at + strlen("detail "),
		    strlen(at + strlen("detail ")) + 1);
}

START_TEST(languages_agree)
{
	struct json_object *v;
	char a[512], b[512];
	int odd = 0;
	size_t i;

	for (i = 1; i < n_langs; i++) {
		ck_assert_int_eq(json_object_object_length(langs[i]),
		    json_object_object_length(langs[0]));
		json_object_object_foreach (langs[0], key, text) {
			if (!json_object_object_get_ex(langs[i], key, &v)) {
				fprintf(
				    stderr, "%s: no %s\n", lang_names[i], key);
				odd++;
				continue;
			}
			placeholders(
			    json_object_get_string(text), a, sizeof(a));
			placeholders(json_object_get_string(v), b, sizeof(b));
			leave_detail(key, a);
			if (strcmp(a, b) != 0 ||
			    json_object_get_string_len(v) == 0) {
				fprintf(
				    stderr, "%s: [%s] and [%s]\n", key, a, b);
				odd++;
			}
		}
	}
	ck_assert_int_eq(odd, 0);
}
END_TEST

/* The labels that administrators know, letter by letter. */
static const struct {
	const char *key, *en, *ja;
} labels[] = {
    {"crumb.administration", "Administration", "管理"},
    {"crumb.configuration", "IMSS Configuration", "IMSS設定"},
    {"crumb.routing", "SMTP Routing", "SMTPルーティング"},
    {"crumb.connection", "Connection", "接続"},
    {"setting.all_scanners", "Apply to all scanner services",
	"すべての検索サービスに適用"},
    {"setting.inbound_enabled", "Enable incoming Transport Layer Security",
	"受信Transport Layer Securityを有効にする"},
    {"setting.outbound_enabled", "Enable outgoing Transport Layer Security",
	"送信Transport Layer Securityを有効にする"},
    {"setting.tls_only", "Only accept SMTP connections by TLS",
	"TLSによるSMTP接続のみを許可する"},
    {"file.ca_certificate", "CA certificate", "CA証明書"},
    {"file.private_key", "Private key", "秘密鍵"},
    {"file.server_certificate", "SMTP server certificate", "SMTPサーバ証明書"},
    {"file.browse", "Browse", "参照"},
    {"file.upload", "Upload", "アップロード"},
    {"form.save", "Save", "保存"},
    {"form.cancel", "Cancel", "キャンセル"},
};

START_TEST(labels_are_those_of_the_original)
{
	const char *want;
	struct json_object *v;
	size_t i;

	for (i = 0; i < n_langs; i++) {
		want = strcmp(lang_names[i], "ja") == 0	  ? labels[_i].ja
		       : strcmp(lang_names[i], "en") == 0 ? labels[_i].en
							  : NULL;
		if (want == NULL)
			continue;
		ck_assert(
		    json_object_object_get_ex(langs[i], labels[_i].key, &v));
		ck_assert_str_eq(json_object_get_string(v), want);
	}
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("locale");

	tcase_add_unchecked_fixture(tc, setup, NULL);
	tcase_add_test(tc, no_key_is_missing);
	tcase_add_test(tc, no_key_of_the_code_is_missing);
	tcase_add_test(tc, no_key_is_unused);
	tcase_add_test(tc, no_text_of_a_setting_is_missing);
	tcase_add_test(tc, languages_agree);
	tcase_add_loop_test(tc, labels_are_those_of_the_original, 0,
	    (int)(sizeof(labels) / sizeof(labels[0])));
	return suite_run("locale", tc) == 0 ? 0 : 1;
}
