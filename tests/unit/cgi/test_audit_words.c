/*
 * test_audit_words.c - each event of the audit log as a sentence, in both
 * languages.
 */
#include <ctype.h>

#include "recorded.h"
#include "history.h"
#include "page_rig.h"

static const char *const langs[] = {"en", "ja"};
static const char *const outcomes[] = {"ok", "applied", "unchanged", "refused",
    "rolled_back", "failed", "completed", "not_serving"};

static const char gens_text[] =
    "{\"generations\":[{\"id\":12,\"summary\":[\"inbound.tls_only\"],"
    "\"changed\":[{\"setting\":\"inbound.tls_only\",\"before\":false,"
    "\"after\":true}]}]}";

/* The row of a line; owned. */
static struct json_object *
said(const char *event, const char *outcome, const char *detail)
{
	const struct page p = {&app, &req};
	struct json_object *o = json_object_new_object();
	struct json_object *line = json_object_new_object();
	struct json_object *gens = json_tokener_parse(gens_text);

	put_str(line, "user", "tanaka");
	put_str(line, "from", "192.0.2.4");
	put_str(line, "event", event);
	put_str(line, "outcome", outcome);
	put_str(o, "outcome", "#");
	if (detail != NULL)
		put_str(line, "detail", detail);
	audit_say(&p, o, line, gens);
	json_object_put(gens);
	json_object_put(line);
	return o;
}

/* Of a text the catalog has, not the key itself. */
static bool
is_told(const char *lang, const char *form, const char *event)
{
	char key[80];
	const char *text;

	snprintf(key, sizeof(key), "audit.%s.%s", form, event);
	text = catalog_text(app.texts, lang, key);
	if (strcmp(text, key) != 0 && *text != '\0' &&
	    (strcmp(lang, "en") == 0 ||
		text != catalog_text(app.texts, "en", key)))
		return true;
	fprintf(stderr, "%s: no %s\n", lang, key);
	return false;
}

START_TEST(every_event)
{
	const char *event = event_name((enum event)_i);
	struct json_object *o;
	const char *s;

	ck_assert_int_eq(event_named(event), _i);
	for (int i = 0; i < N(langs); i++) {
		req.lang = langs[i];
		ck_assert(is_told(langs[i], "doing", event));
		ck_assert(event_is_refusal((enum event)_i) ||
			  is_told(langs[i], "did", event));
		for (int k = 0; k < N(outcomes); k++) {
			o = said(event, outcomes[k], NULL);
			s = jsonx_path_str(o, "said", "");
			ck_assert_ptr_nonnull(strstr(s, "tanaka"));
			ck_assert_msg(strstr(s, "audit.") == NULL &&
					  strpbrk(s, "{}") == NULL,
			    "%s", s);
			json_object_put(o);
		}
	}
}
END_TEST

/* A word of the other language; names, numbers and codes are none. */
static bool
has_english(const char *s)
{
	static const char *const names[] = {"tanaka", "suzuki", "eve", "robot",
	    "main.cf", "Postfix", "Postseal", "scanner1", "scanner2", "TLS",
	    "POST", "access", "CN", "mx.example.test", "RSA", "csr", "etcd"};
	size_t n;
	bool known;

	for (; *s != '\0'; s += n) {
		n = strcspn(s, "abcdefghijklmnopqrstuvwxyz"
			       "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
		if (n > 0)
			continue;
		n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTU"
			      "VWXYZ0123456789.");
		known = false;
		for (int i = 0; i < N(names); i++)
			known = known || (strlen(names[i]) == n &&
					     strncmp(names[i], s, n) == 0);
		if (!known)
			return true;
	}
	return false;
}

static const struct {
	const char *event, *outcome, *detail, *en, *code, *more;
} lines[] = {
    {"connection.apply", "applied", "generation 12",
	"tanaka saved the connection settings: TLS only: off \xe2\x86\x92 on",
	"", ""},
    {"connection.apply", "applied", "generation 3",
	"tanaka saved the connection settings: Generation 3", "", ""},
    {"connection.apply", "unchanged", "generation 12",
	"tanaka saved the connection settings: #", "", ""},
    {"connection.apply", "applied", "chosen 3: [ \"scanner1\", \"scanner2\" ]",
	"tanaka saved the connection settings: scanner1, scanner2", "", ""},
    {"connection.apply", "rolled_back",
	"generation 11; apply.rolled_back; step probe; probe: 454 no TLS",
	"tanaka tried saving the connection settings; it failed, and what "
	"was before is in force again: Postfix did not behave as it should "
	"with the new settings, so the previous ones were put back",
	"apply.rolled_back", "generation 11; apply.rolled_back; step probe; "
			     "probe: 454 no TLS"},
    {"connection.apply", "refused",
	"generation 11; cert.name_mismatch; step inspect; x",
	"tanaka was refused saving the connection settings",
	"cert.name_mismatch",
	"generation 11; cert.name_mismatch; step inspect; x"},
    {"recover", "completed", "generation 12",
	"tanaka cleared up an interrupted Save: #", "", ""},
    {"login_failed", "refused", "suzuki; auth.failed",
	"suzuki was refused signing in from 192.0.2.4: wrong password",
	"auth.failed", ""},
    {"login_failed", "refused", "suzuki; auth.code",
	"suzuki was refused signing in from 192.0.2.4: wrong code",
	"auth.code", ""},
    {"login_failed", "refused", "(no such user); auth.failed",
	"Somebody unknown was refused signing in from 192.0.2.4: "
	"wrong password",
	"auth.failed", ""},
    {"login_failed", "refused", "throttled: suzuki",
	"suzuki was refused signing in from 192.0.2.4: too many attempts",
	"auth.throttled", ""},
    {"login_failed", "refused", "suzuki",
	"suzuki was refused signing in from 192.0.2.4", "", ""},
    {"login", "ok", "second factor", "tanaka signed in: with a second factor",
	"", ""},
    {"access", "refused", "auth.csrf; POST /access",
	"tanaka was refused a request (POST /access): the form was out of "
	"date or came from another site",
	"auth.csrf", ""},
    {"user.add", "ok", "eve operator", "tanaka added a user: eve, Operator",
	"", ""},
    {"user.add", "failed", "eve operator",
	"tanaka tried adding a user (eve, Operator); it failed", "", ""},
    {"user.add", "ok", "operator", "tanaka added a user: operator", "", ""},
    {"user.passwd", "ok", "eve; all tokens revoked",
	"tanaka changed a password: eve, all tokens revoked", "", ""},
    {"token.add", "ok", "7 robot read eve",
	"tanaka made a token: 7, robot, Read, eve", "", ""},
    {"token.delete", "ok", "all of eve", "tanaka revoked a token: all of eve",
	"", ""},
    {"user.passkey", "ok", "on: robot",
	"tanaka changed their own passkeys: added: robot", "", ""},
    {"access.policy", "ok", "required",
	"tanaka changed the rule of the second factor: required", "", ""},
    {"keys.add", "ok", "9047, RSA 3072, csr, CN=mx.example.test",
	"tanaka made a key: 9047, RSA 3072, csr, CN=mx.example.test", "", ""},
    {"cluster.command", "failed", "retry; cluster.no_etcd",
	"tanaka tried giving the cluster an order (try the roll-out "
	"again); it failed: ",
	"cluster.no_etcd", ""},
    {"cluster.bundle", "refused", "bundle.replayed",
	"tanaka was refused having a bundle of the cluster opened",
	"bundle.replayed", ""},
};

START_TEST(in_words)
{
	struct json_object *o;
	const char *s;

	req.lang = "en";
	o = said(lines[_i].event, lines[_i].outcome, lines[_i].detail);
	s = jsonx_path_str(o, "said", "");
	if (lines[_i].en[strlen(lines[_i].en) - 1] == ' ') {
		ck_assert_msg(strncmp(s, lines[_i].en, strlen(lines[_i].en)) ==
				      0 &&
				  strlen(s) > strlen(lines[_i].en),
		    "%s", s);
	} else {
		ck_assert_str_eq(s, lines[_i].en);
	}
	ck_assert_str_eq(jsonx_path_str(o, "code", ""), lines[_i].code);
	ck_assert_str_eq(jsonx_path_str(o, "detail", ""), lines[_i].more);
	json_object_put(o);
	req.lang = "ja";
	o = said(lines[_i].event, lines[_i].outcome, lines[_i].detail);
	s = jsonx_path_str(o, "said", "");
	ck_assert_msg(!has_english(s) || strstr(s, "operator") != NULL, "%s",
	    s);
	json_object_put(o);
}
END_TEST

START_TEST(unknown_event)
{
	struct json_object *o = said("something.new", "ok", "x; y");

	ck_assert_str_eq(jsonx_path_str(o, "said", "-"), "");
	ck_assert_str_eq(jsonx_path_str(o, "code", ""), "something.new");
	ck_assert_str_eq(jsonx_path_str(o, "detail", ""), "x; y");
	json_object_put(o);
}
END_TEST

static void
fill(TCase *tc)
{
	tcase_add_loop_test(tc, every_event, EVENT_NONE + 1, EVENT__MAX);
	tcase_add_loop_test(tc, in_words, 0, N(lines));
	tcase_add_test(tc, unknown_event);
}

int
main(void)
{
	return run_suite("audit_words", fill);
}
