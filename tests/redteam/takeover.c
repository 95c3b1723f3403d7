/*
 * takeover.c - plays a web process that somebody else controls.
 *
 * Usage: takeover SOCKET USER SECRETS                 everything below
 *        takeover SOCKET USER SECRETS flood SECONDS   holds what it can get
 *        takeover ops | takeover parameters           the tables, for the test
 *
 * Becomes USER for good and then says to postseald whatever such a process
 * can say: noise, half frames, lengths that lie, and each operation of the
 * table ops[] with each hostile value in each member that its row names, and
 * in each leaf of the settings.  An operation or setting that is added later
 * is attacked without a change here.
 *
 * Fails when an answer holds a key, /etc/passwd or another secret of SECRETS
 * (one a line), when a frame that can be read gets no answer (a child died),
 * when an operation for others is not denied, or when "internal" comes back.
 * What all this did to Postfix is for tests/func/92-takeover.t to judge.
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../src/daemon/call.h"
#include "../../src/postfix/postfix_int.h"
#include "fsx.h"
#include "issue.h"
#include "jsonx.h"
#include "sandbox.h"
#include "settings.h"
#include "util.h"
#include "wire.h"
#include "../../src/postfix/param_row.h"

#define NOISE	   200
#define MUTATIONS  300
#define FLOOD_OPEN 200
#define DRAFT	   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static uint64_t seed = 20260824; /* the same noise each time */

static uint32_t
random_next(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 16);
}

/* A frame that could be read: it must have been answered, and not by
 * "internal". */
static void
expect_answer(
    struct wire *w, enum wire_end end, const char *code, const char *what)
{
	if (end != WIRE_ACCEPTED && end != WIRE_REFUSED)
		wire_fail(w, "%s: %s", what,
		    end == WIRE_CLOSED ? "no answer"
		    : end == WIRE_HUNG ? "it hangs"
				       : "no frame came back");
	else if (strcmp(code, "internal") == 0)
		wire_fail(w, "%s: internal", what);
}

static void
expect_no(struct wire *w, enum wire_end end, const char *what)
{
	if (end == WIRE_ACCEPTED || end == WIRE_BROKEN || end == WIRE_HUNG)
		wire_fail(w, "%s: end %d", what, (int)end);
}

static void
attack_noise(struct wire *w)
{
	char code[64], bytes[2048];
	size_t i, j, n;

	for (i = 0; i < NOISE; i++) {
		n = random_next() % sizeof(bytes);
		for (j = 0; j < n; j++)
			bytes[j] = (char)random_next();
		if (i % 2 == 0)
			expect_no(
			    w, wire_raw(w, bytes, n, true, code), "noise");
		else
			expect_no(w, wire_text(w, bytes, n, code), "noise");
	}
}

static void
attack_lengths(struct wire *w)
{
	static const unsigned char heads[][4] = {{0, 0, 0, 0}, {0, 16, 0, 1},
	    {0x7f, 0xff, 0xff, 0xff}, {0x80, 0, 0, 0}, {0xff, 0xff, 0xff, 0xff},
	    {0, 0, 0, 2}, {0, 15, 0xff, 0xff}};
	char frame[64], code[64];
	size_t i, n;

	for (i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		memcpy(frame, heads[i], 4);
		memcpy(frame + 4, "{}}{", 4);
		/* cut in the header, after it, in the body */
		for (n = 0; n <= 8; n++)
			expect_no(w, wire_raw(w, frame, n, true, code),
			    "a length that lies");
	}
}

static const char ask[] =
    "{\"op\":\"keys.list\",\"actor\":{\"user\":\"m\",\"from\":\"192.0.2.1\","
    "\"via\":\"web\"},\"args\":{}}";

static void
attack_json(struct wire *w)
{
	static const struct {
		const char *text;
		size_t len;
	} bad[] = {
#define S(s) {s, sizeof(s) - 1}
	    S("\xef\xbb\xbf{}"), S("{}{}"), S("{} x"), S("[]"), S("\"op\""),
	    S("null"), S("{\"op\":\"status\0\",\"args\":{}}"),
	    S("{\"op\":\"\xff\xfe\"}"), S("{\"op\":\"\xc0\xaf\"}"),
	    S("{\"op\":\"\xed\xa0\x80\"}"), S("{\"op\":\"\\ud800\"}"),
	    S("{\"op\":\"\\u0000\"}"), S("{\"op\":1}"), S("{\"op\":null}"),
	    S("{\"op\":\"status\",\"op\":\"recover\"}"),
	    S("{\"op\":\"status\"}"), S("{\"op\":\"status\",\"actor\":[]}"),
	    S("{\"op\":\"status\",\"actor\":{},\"args\":{},\"peer\":\"root\"}"),
	    S("{'op':'status'}"), S("{\"op\":\"STATUS\"}"),
	    S("{\"op\":\"../status\"}"), S("{\"op\":\"\"}"), S("{\"a\":NaN}"),
	    S("{\"a\":1e999}"), S("{\"a\":99999999999999999999999}"),
	    S("{\"a\":// x\n1}"), S("{\"a\":1,}"), S("{a:1}")};
#undef S
	char code[64], frame[sizeof(ask)];
	size_t i, n;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_no(w, wire_text(w, bad[i].text, bad[i].len, code),
		    bad[i].text);
	for (i = 0; i < MUTATIONS; i++) {
		memcpy(frame, ask, sizeof(ask));
		for (n = 1 + random_next() % 3; n > 0; n--)
			frame[random_next() % (sizeof(ask) - 1)] =
			    (char)random_next();
		expect_answer(w, wire_text(w, frame, sizeof(ask) - 1, code),
		    code, "a mutated frame");
	}
}

/* 1 MiB of brackets, of one key's objects, and of one string. */
static void
attack_size(struct wire *w)
{
	static const char *const unit[] = {"[", "{\"a\":", "[[],", "\"A", "1,"};
	char *text = malloc(IPC_FRAME_MAX + 8), code[64];
	size_t i, len, n;

	if (text == NULL)
		abort();
	for (i = 0; i < sizeof(unit) / sizeof(unit[0]); i++) {
		n = strlen(unit[i]);
		for (len = 0; len + n <= IPC_FRAME_MAX; len += n)
			memcpy(text + len, unit[i], n);
		expect_no(w, wire_text(w, text, len, code), "1 MiB");
	}
	free(text);
}

/* Members that let a frame come past the first check. */
static void
put_base(struct json_object *args, const struct op *op)
{
	static const struct {
		const char *op, *name, *json;
	} base[] = {{"", "dry_run", "true"}, {"", "draft", "\"" DRAFT "\""},
	    {"", "keep", "true"},
	    {"", "job", "\"0123456789abcdef0123456789abcdef\""}, {"", "a", "1"},
	    {"", "b", "1"}, {OP_GENERATION_GET, "id", "1"},
	    {OP_GENERATION_RESTORE, "id", "1"},
	    {OP_KEYS_GET, "id", "\"0123456789abcdef\""},
	    {OP_KEYS_DELETE, "id", "\"0123456789abcdef\""},
	    {OP_KEYS_ADD, "kind", "\"csr\""},
	    {OP_AUDIT_ADD, "event", "\"login\""},
	    {OP_AUDIT_ADD, "outcome", "\"ok\""}};
	struct json_object *v = NULL;
	size_t i, j;

	for (i = 0; op->args[i].name != NULL; i++)
		for (j = 0; j < sizeof(base) / sizeof(base[0]); j++) {
			if (strcmp(base[j].name, op->args[i].name) != 0 ||
			    (base[j].op[0] != '\0' &&
				strcmp(base[j].op, op->name) != 0))
				continue;
			if (jsonx_parse(base[j].json, strlen(base[j].json), 2,
				&v, NULL) == 0)
				json_object_object_add(args, base[j].name, v);
		}
}

static void
attack_member(struct wire *w, const struct op *op, const char *name)
{
	struct json_object *args, *v;
	char code[64], what[160];
	enum wire_end end;
	size_t i;

	for (i = 0; hostile_at(i, &v); i++) {
		/* Without other members, and among good ones. */
		args = json_object_new_object();
		if (i % 2 == 0)
			put_base(args, op);
		json_object_object_add(args, name, v);
		snprintf(
		    what, sizeof(what), "%s, %s, value %zu", op->name, name, i);
		end = wire_op(w, op->name, args, code);
		expect_answer(w, end, code, what);
		if ((op->peers & PEER_WEB) == 0 &&
		    (end != WIRE_REFUSED ||
			(strcmp(code, "op.denied") != 0 &&
			    strcmp(code, "frame.invalid") != 0 &&
			    strcmp(code, "frame.too_large") != 0)))
			wire_fail(w, "%s: not denied but %s", what, code);
	}
}

static void
attack_frame(struct wire *w, const struct op *op)
{
	struct json_object *args = json_object_new_object();
	char *text = malloc(op->max + 1), code[64], what[160];
	enum wire_end end;
	int n;

	snprintf(what, sizeof(what), "%s, too long", op->name);
	if (text == NULL)
		abort();
	n = snprintf(text, op->max + 1,
	    "{\"op\":\"%s\",\"actor\":{\"via\":\"web\"},\"args\":{}", op->name);
	memset(text + n, ' ', op->max - (size_t)n);
	text[op->max] = '}';
	end = wire_text(w, text, op->max + 1, code);
	free(text);
	if (end != WIRE_REFUSED || (strcmp(code, "op.denied") != 0 &&
				       strcmp(code, "frame.too_large") != 0))
		wire_fail(w, "%s: %d %s", what, (int)end, code);
	json_object_object_add(args, "no_such_member", NULL);
	end = wire_op(w, op->name, args, code);
	if (end != WIRE_REFUSED || (strcmp(code, "op.denied") != 0 &&
				       strcmp(code, "field.unknown") != 0))
		wire_fail(w, "%s, unknown member: %s", op->name, code);
}

static void
attack_ops(struct wire *w)
{
	static const char *const via[] = {"ctl", "sync", "root", "WEB", ""};
	char text[256], code[64];
	const struct op *op;
	enum wire_end end;
	size_t i;

	for (op = ops; op->name != NULL; op++) {
		attack_frame(w, op);
		if (op->args[0].name == NULL)
			attack_member(w, op, "x");
		for (i = 0; op->args[i].name != NULL; i++)
			attack_member(w, op, op->args[i].name);
		for (i = 0; i < sizeof(via) / sizeof(via[0]); i++) {
			snprintf(text, sizeof(text),
			    "{\"op\":\"%s\",\"actor\":{\"via\":\"%s\"},"
			    "\"args\":{}}",
			    op->name, via[i]);
			end = wire_text(w, text, strlen(text), code);
			if (end != WIRE_REFUSED)
				wire_fail(w, "%s as %s: %d", op->name, via[i],
				    (int)end);
		}
	}
}

/* {"a": {"b": value}} for "a.b"; the value is taken over. */
static struct json_object *
nest(const char *path, struct json_object *value)
{
	struct json_object *o = json_object_new_object();
	char key[64];
	size_t n = strcspn(path, ".");

	snprintf(key, sizeof(key), "%.*s", (int)n, path);
	if (path[n] == '.')
		value = nest(path + n + 1, value);
	json_object_object_add(o, key, value);
	return o;
}

/* One place of the settings, in a Save and in a draft, where every value is
 * one that no administrator may set. */
static void
attack_setting(struct wire *w, const char *path)
{
	struct json_object *args, *v;
	char code[64], what[200];
	size_t i;

	for (i = 0; hostile_at(i, &v); i++) {
		args = json_object_new_object();
		json_object_object_add(args, "settings", nest(path, v));
		if (i % 3 == 0)
			json_object_object_add(
			    args, "draft", json_object_new_string(DRAFT));
		snprintf(what, sizeof(what), "settings %s, value %zu", path, i);
		expect_answer(w,
		    wire_op(w, i % 3 == 0 ? OP_DRAFT_PUT : OP_CONNECTION_APPLY,
			args, code),
		    code, what);
	}
}

static void
attack_settings(struct wire *w, struct json_object *at, const char *prefix)
{
	char path[160];

	json_object_object_foreach (at, key, val) {
		snprintf(path, sizeof(path), "%s%s%s", prefix,
		    prefix[0] == '\0' ? "" : ".", key);
		attack_setting(w, path);
		if (json_object_is_type(val, json_type_object))
			attack_settings(w, val, path);
	}
}

static void
attack_files(struct wire *w)
{
	struct json_object *args, *v;
	char code[64], what[160];
	enum wire_end end;
	size_t i, f;

	for (f = 0; f < PKI_FIELD__MAX; f++)
		for (i = 0; hostile_at(i, &v); i++) {
			args = json_object_new_object();
			json_object_object_add(
			    args, "files", nest(pki_field_names[f], v));
			snprintf(what, sizeof(what), "file %s, value %zu",
			    pki_field_names[f], i);
			end = wire_op(w,
			    i % 2 == 0 ? OP_INSPECT : OP_CONNECTION_APPLY, args,
			    code);
			expect_answer(w, end, code, what);
		}
	/* As bytes, with a name that is a path. */
	for (i = 0; hostile_text[i] != NULL; i++) {
		args = json_object_new_object();
		json_object_object_add(args, "files",
		    nest(pki_field_names[i % PKI_FIELD__MAX],
			jsonx_new_b64(
			    hostile_text[i], strlen(hostile_text[i]))));
		json_object_object_add(args, "names",
		    nest(pki_field_names[i % PKI_FIELD__MAX],
			json_object_new_string(hostile_text[i])));
		json_object_object_add(
		    args, "draft", json_object_new_string(DRAFT));
		end = wire_op(w, OP_DRAFT_PUT, args, code);
		expect_answer(w, end, code, hostile_text[i]);
	}
}

/* Names that go into a request, a certificate, the audit log. */
static void
attack_subject(struct wire *w)
{
	struct json_object *args, *v;
	char code[64], what[160];
	size_t i;
	int part;

	for (part = 0; part <= ISSUE_PART__MAX; part++)
		for (i = 0; hostile_at(i, &v); i++) {
			args = nest("kind", json_object_new_string("csr"));
			if (part == ISSUE_PART__MAX) {
				json_object_object_add(
				    args, "names", json_object_new_array());
				json_object_array_add(
				    jsonx_path(args, "names"), v);
			} else {
				json_object_object_add(args, "subject",
				    nest(issue_part_names[part], v));
			}
			snprintf(what, sizeof(what), "subject %d, value %zu",
			    part, i);
			expect_answer(
			    w, wire_op(w, OP_KEYS_ADD, args, code), code, what);
		}
}

/* Lines that only postseald may write, and lines in other people's names. */
static void
attack_audit(struct wire *w)
{
	static const char *const event[] = {"connection.apply",
	    "generation.restore", "recover", "keys.add", "keys.delete",
	    "scanner.enrol", "cluster.command", "connection.adopt"};
	struct json_object *args;
	char code[64], detail[300];
	size_t i;

	for (i = 0; i < sizeof(event) / sizeof(event[0]); i++) {
		args = nest("event", json_object_new_string(event[i]));
		json_object_object_add(
		    args, "outcome", json_object_new_string("ok"));
		if (wire_op(w, OP_AUDIT_ADD, args, code) != WIRE_REFUSED)
			wire_fail(w, "forged: %s", event[i]);
	}
	for (i = 0; hostile_text[i] != NULL; i++) {
		snprintf(detail, sizeof(detail),
		    "x%s\n{\"at\":\"2026-01-01T00:00:00Z\",\"user\":\"root\","
		    "\"event\":\"connection.apply\",\"outcome\":\"ok\"}",
		    hostile_text[i]);
		args = nest("event", json_object_new_string("login"));
		json_object_object_add(
		    args, "outcome", json_object_new_string("refused"));
		json_object_object_add(
		    args, "detail", json_object_new_string(detail));
		expect_answer(
		    w, wire_op(w, OP_AUDIT_ADD, args, code), code, "audit");
	}
}

/* The same frame again, and many in one connection: one is answered. */
static void
attack_replay(struct wire *w)
{
	char many[20 * (sizeof(ask) + 4)], code[64];
	uint32_t head = htonl(sizeof(ask) - 1);
	size_t i, at = 0;

	for (i = 0; i < 50; i++)
		expect_answer(w, wire_text(w, ask, sizeof(ask) - 1, code), code,
		    "a replay");
	for (i = 0; i < 20; i++) {
		memcpy(many + at, &head, 4);
		memcpy(many + at + 4, ask, sizeof(ask) - 1);
		at += sizeof(ask) + 3;
	}
	for (i = 0; i < 10; i++)
		expect_answer(
		    w, wire_raw(w, many, at, false, code), code, "many in one");
}

/* Silent, half a header, half a frame, and a byte now and then. */
static void
flood(const struct wire *w, int seconds)
{
	int fd[FLOOD_OPEN], i, opened = 0;
	int64_t end = now_ms() + 1000 * (int64_t)seconds;
	const char head[4] = {0, 0, 1, 0};

	memset(fd, -1, sizeof(fd));
	while (now_ms() < end) {
		for (i = 0; i < FLOOD_OPEN; i++) {
			if (fd[i] != -1 && i % 4 == 3 &&
			    send(fd[i], " ", 1, MSG_NOSIGNAL) == 1)
				continue;
			if (fd[i] != -1 && i % 4 != 3 &&
			    recv(fd[i], &(char){0}, 1, MSG_DONTWAIT) == -1 &&
			    errno == EAGAIN)
				continue;
			if (fd[i] != -1)
				close(fd[i]);
			if ((fd[i] = wire_connect(w)) == -1)
				continue;
			opened++;
			if (i % 4 != 0)
				(void)send(fd[i], head, i % 4 == 1 ? 2 : 4,
				    MSG_NOSIGNAL);
		}
		(void)poll(NULL, 0, 10);
	}
	printf("flood: %d connections\n", opened);
}

static void
attack_all(struct wire *w)
{
	static const struct {
		const char *name;
		void (*fn)(struct wire *);
	} part[] = {{"noise", attack_noise}, {"lengths", attack_lengths},
	    {"json", attack_json}, {"size", attack_size},
	    {"operations", attack_ops}, {"files", attack_files},
	    {"subject", attack_subject}, {"audit", attack_audit},
	    {"replay", attack_replay}};
	struct json_object *all;
	struct settings s;
	int64_t begin;
	long before;
	size_t i;

	for (i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
		begin = now_ms();
		before = w->sent;
		part[i].fn(w);
		printf("%s: %ld frames, %lld ms\n", part[i].name,
		    w->sent - before, (long long)(now_ms() - begin));
	}
	begin = now_ms();
	before = w->sent;
	settings_default(&s);
	all = settings_to_json(&s);
	attack_settings(w, all, "");
	json_object_put(all);
	printf("settings: %ld frames, %lld ms\n", w->sent - before,
	    (long long)(now_ms() - begin));
	printf("sent %ld answered %ld refused %ld accepted %ld closed %ld "
	       "failures %ld\n",
	    w->sent, w->answered, w->refused, w->accepted, w->closed,
	    w->failures);
}

static int
tables(const char *which)
{
	const struct op *op;
	size_t i;

	if (strcmp(which, "ops") == 0)
		for (op = ops; op->name != NULL; op++)
			printf("%s\n", op->name);
	else
		for (i = 0; i < n_params; i++)
			printf("%s\n", params[i].name);
	return 0;
}

int
main(int argc, char **argv)
{
	struct wire w = {0};
	struct err err;

	if (argc == 2)
		return tables(argv[1]);
	if (argc != 4 && (argc != 6 || strcmp(argv[4], "flood") != 0)) {
		fprintf(stderr,
		    "usage: takeover SOCKET USER SECRETS [flood SECONDS]\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	w.path = argv[1];
	buf_init(&w.secrets, 65536);
	err_clear(&err);
	if (fsx_read(argv[3], 65536, &w.secrets, &err) == -1 ||
	    sandbox_drop_user(argv[2], &err) == -1) {
		fprintf(stderr, "takeover: %s\n", err.msg);
		return 2;
	}
	if (argc == 6)
		flood(&w, atoi(argv[5]));
	else
		attack_all(&w);
	buf_clear(&w.secrets);
	return w.failures == 0 ? 0 : 1;
}
