/*
 * test_ops.c - the socket's far side: what is refused with which code, and
 * that after any rubbish the next request is served.  No Postfix.
 */
#include "talk.h"

#define ACTOR	      "\"actor\":{\"user\":\"a\",\"from\":\"\",\"via\":\"web\"}"
#define REQ(op, args) "{\"op\":\"" op "\"," ACTOR ",\"args\":" args "}"
#define ID64	      "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
	const char *text, *want_code, *want_field;
} bad[] = {
    {"", NULL, NULL},
    {"x", "frame.invalid", NULL},
    {"[]", NULL, NULL},
    {"{}", "op.unknown", "op"},
    {"{\"op\":1}", "field.invalid", "op"},
    {"{\"op\":\"nope\"}", "op.unknown", "op"},
    {"{\"op\":\"status\"}", "field.missing", "actor"},
    {"{\"op\":\"status\",\"x\":1}", "field.unknown", NULL},
    {"{\"op\":\"status\",\"op\":\"status\"}", NULL, NULL},
    {"{\"op\":\"status\"," ACTOR "}", "field.missing", "args"},
    {"{\"op\":\"status\"," ACTOR ",\"args\":[]}", "field.invalid", "args"},
    {"{\"op\":\"status\",\"actor\":7,\"args\":{}}", "field.invalid", "actor"},
    {"{\"op\":\"status\",\"actor\":{},\"args\":{}}", "field.invalid",
	"actor.via"},
    {"{\"op\":\"status\",\"actor\":{\"via\":\"ctl\"},\"args\":{}}",
	"field.invalid", "actor.via"},
    {"{\"op\":\"status\",\"actor\":{\"via\":\"web\",\"from\":\"user=root\"},"
     "\"args\":{}}",
	"field.invalid", "actor.from"},
    {"{\"op\":\"status\",\"actor\":{\"via\":\"web\",\"from\":\"::1 x\"},"
     "\"args\":{}}",
	"field.invalid", "actor.from"},
    {"{\"op\":\"status\",\"actor\":{\"via\":\"api\",\"from\":\"mx.example\"},"
     "\"args\":{}}",
	"field.invalid", "actor.from"},
    {"{\"op\":\"status\",\"actor\":{\"via\":\"web\",\"uid\":0},\"args\":{}}",
	"field.unknown", NULL},
    {REQ("status", "{\"probe\":1}"), "field.invalid", "probe"},
    {REQ("status", "{\"prob\":true}"), "field.unknown", "prob"},
    {REQ("connection.get", "{\"draft\":\"x\"}"), "field.invalid", "draft"},
    {REQ("connection.get", "{\"draft\":7}"), "field.invalid", "draft"},
    {REQ("draft.put", "{}"), "field.missing", "draft"},
    {REQ("draft.put", "{\"draft\":\"../../../../../../../../../../../../../"
		      "../../../../../../../../../../etc\"}"),
	"field.too_long", "draft"},
    {REQ("draft.put", "{\"draft\":\"" ID64 "\",\"apply\":\"stop\"}"),
	"field.invalid", "apply"},
    {REQ("draft.put", "{\"draft\":\"" ID64 "\",\"settings\":{\"x\":1}}"),
	"field.unknown", NULL},
    {REQ("draft.put", "{\"draft\":\"" ID64 "\",\"remove\":[\"x\"]}"),
	"field.invalid", "remove"},
    {REQ("draft.put", "{\"draft\":\"" ID64 "\",\"remove\":[1]}"),
	"field.invalid", "remove"},
    {REQ("draft.put",
	 "{\"draft\":\"" ID64 "\",\"files\":{\"private_key\":\"%%\"}}"),
	"field.encoding", "private_key"},
    {REQ("draft.put", "{\"draft\":\"" ID64 "\",\"files\":{\"key\":\"AA==\"}}"),
	"field.unknown", NULL},
    {REQ("draft.put", "{\"draft\":\"" ID64 "\",\"names\":{\"key\":\"x\"}}"),
	"field.unknown", NULL},
    {REQ("draft.drop", "{}"), "field.missing", "draft"},
    {REQ("inspect", "{}"), "field.missing", "files"},
    {REQ("inspect", "{\"files\":{}}"), "field.missing", "files"},
    {REQ("inspect", "{\"files\":{\"private_key\":7}}"), "field.invalid",
	"private_key"},
    {REQ("connection.apply", "{\"apply\":\"kill\"}"), "field.invalid", "apply"},
    {REQ("connection.apply", "{\"confirm\":[\"no.such\"]}"), "field.invalid",
	"confirm"},
    {REQ("connection.apply", "{\"confirm\":[1]}"), "field.invalid", "confirm"},
    {REQ("connection.apply", "{\"confirm\":\"cert.expired\"}"), "field.invalid",
	"confirm"},
    {REQ("connection.apply", "{\"wait\":\"no\"}"), "field.invalid", "wait"},
    {REQ("connection.apply", "{\"draft\":\"" ID64 "0\"}"), NULL, "draft"},
    {REQ("job.get", "{}"), "field.missing", "job"},
    {REQ("job.get", "{\"job\":\"../../../../etc/passwd\"}"), "job.unknown",
	"job"},
    {REQ("job.get", "{\"job\":\"0123456789abcdef0123456789abcdef\"}"),
	"job.unknown", "job"},
    {REQ("generations.list", "{\"limit\":0}"), "field.invalid", "limit"},
    {REQ("generations.list", "{\"limit\":1e3}"), NULL, NULL},
    {REQ("generation.get", "{}"), "field.missing", "id"},
    {REQ("generation.get", "{\"id\":\"1\"}"), "field.invalid", "id"},
    {REQ("generation.get", "{\"id\":12345}"), "generation.unknown", "id"},
    {REQ("audit.add", "{}"), "field.invalid", "event"},
    {REQ("audit.add", "{\"event\":\"a b\",\"outcome\":\"ok\"}"),
	"field.invalid", "event"},
    {REQ("audit.add", "{\"event\":\"recover\",\"outcome\":\"ok\"}"),
	"op.denied", "event"},
    {REQ("audit.add",
	 "{\"event\":\"connection.apply\",\"outcome\":\"failed\"}"),
	"op.denied", "event"},
    {REQ("audit.add", "{\"event\":\"cluster.bundle\",\"outcome\":\"ok\"}"),
	"op.denied", "event"},
    {REQ("audit.add", "{\"event\":\"draft.x\",\"outcome\":\"ok\"}"),
	"field.invalid", "event"},
    {REQ("audit.add", "{\"event\":\"\",\"outcome\":\"ok\"}"), "field.invalid",
	"event"},
    {REQ("audit.add", "{\"event\":\"login\",\"outcome\":\"maybe\"}"),
	"field.invalid", "outcome"},
};

static void
assert_serving(void)
{
	struct answer *a = calloc(1, sizeof(*a));

	ck_assert_msg(
	    talk("generations.list", args_new("{}"), a) == 0, "%s", a->all);
	talk_done(a);
	free(a);
}

START_TEST(refused_requests)
{
	struct answer *a = calloc(1, sizeof(*a));

	talk_text(PEER_WEB, bad[_i].text, a);
	ck_assert_ptr_nonnull(a->last);
	ck_assert_msg(
	    !json_object_get_boolean(jsonx_path(a->last, "ok")), "%s", a->all);
	if (bad[_i].want_code != NULL)
		ck_assert_str_eq(talk_code(a), bad[_i].want_code);
	if (bad[_i].want_field != NULL)
		ck_assert_str_eq(jsonx_path_str(a->last, "error.field", ""),
		    bad[_i].want_field);
	talk_done(a);
	free(a);
	assert_serving();
}
END_TEST

/* Frames that are not what their header says, and noise. */
START_TEST(noise)
{
	struct answer *a = calloc(1, sizeof(*a));
	static const struct {
		size_t len;
		const char *bytes;
	} frame[] = {{0, ""}, {1, "\0"}, {4, "\0\0\0\0"},
	    {4, "\xff\xff\xff\xff"}, {5, "\0\0\0\5x"}, {4, "\0\x10\0\1"},
	    {6, "\0\0\0\1{}"}, {6, "\0\0\0\2\0\0"}, {8, "\0\0\0\4nul\0"},
	    {3, "\0\0\0"}};
	char random_bytes_[512];
	size_t i, n;

	if (_i < (int)(sizeof(frame) / sizeof(frame[0]))) {
		talk_raw(PEER_WEB, frame[_i].bytes, frame[_i].len, a);
	} else {
		srandom((unsigned)_i);
		n = (size_t)random() % sizeof(random_bytes_);
		for (i = 0; i < n; i++)
			random_bytes_[i] = (char)random();
		if (n >= 4) /* a plausible length */
			memcpy(random_bytes_, "\0\0\0", 3);
		talk_raw(PEER_WEB, random_bytes_, n, a);
	}
	if (a->last != NULL)
		ck_assert(!json_object_get_boolean(jsonx_path(a->last, "ok")));
	talk_done(a);
	free(a);
	assert_serving();
}
END_TEST

/* Each row's limit: a frame one byte too long is refused before its handler
 * sees it. */
START_TEST(frame_limits)
{
	struct answer *a = calloc(1, sizeof(*a));
	const struct op *op = &ops[_i];
	char *text = malloc(op->max + 256);
	size_t n, limit = op->max;

	if (limit >= IPC_FRAME_MAX)
		limit = 16 * 1024; /* ipc refuses above; see noise */
	n = (size_t)sprintf(
	    text, "{\"op\":\"%s\"," ACTOR ",\"args\":{}", op->name);
	memset(text + n, ' ', limit - n);
	strcpy(text + limit, "}");
	/* As one who may. */
	talk_text(op->peers & -op->peers, text, a);
	if (op->max < IPC_FRAME_MAX)
		ck_assert_str_eq(talk_code(a), "frame.too_large");
	else
		ck_assert_str_ne(talk_code(a), "frame.too_large");
	talk_done(a);
	free(text);
	free(a);
}
END_TEST

/* How long the web server waits for a reply. */
static int
web_server_ms(void)
{
	static const char key[] = "fastcgi_read_timeout ";
	struct buf b;
	char *at;
	int s;

	buf_init(&b, 1 << 16);
	ck_assert_int_eq(
	    fsx_read("deploy/nginx/postseal.conf", 1 << 16, &b, NULL), 0);
	at = strstr(b.data, key);
	ck_assert_ptr_nonnull(at);
	s = atoi(at + strlen(key));
	buf_clear(&b);
	return s * 1000;
}

START_TEST(table)
{
	const struct op *op, *other;
	const struct op_arg *a;

	for (op = ops; op->name != NULL; op++) {
		ck_assert_uint_ne(op->peers, 0);
		ck_assert_uint_eq(
		    op->peers & ~(unsigned)(PEER_ROOT | PEER_WEB | PEER_SYNC),
		    0);
		ck_assert_uint_gt(op->max, 256);
		ck_assert_uint_le(op->max, IPC_FRAME_MAX);
		ck_assert(op->run != NULL && op->args != NULL);
		for (other = op + 1; other->name != NULL; other++)
			ck_assert_str_ne(op->name, other->name);
		for (a = op->args; a->name != NULL; a++)
			ck_assert_msg(a->min <= a->max, "%s", a->name);
		ck_assert_int_gt(op_patience(op->name), 0);
		if ((op->peers & PEER_WEB) != 0)
			ck_assert_msg(
			    op_patience(op->name) <= web_server_ms() - 5000,
			    "%s: the web server gives up first", op->name);
	}
	ck_assert_int_eq(op_patience("no.such"), 0);
	/* The longest of them has ended, and been told, before. */
	ck_assert_int_ge(
	    op_patience(OP_CONNECTION_APPLY), APPLY_LONGEST_MS + 10000);
}
END_TEST

/* args {"NAME": value} (taken over) is refused with that code before the
 * handler is asked. */
static void
refused_as(const struct op *op, const char *name, struct json_object *value,
    const char *code)
{
	struct answer *a = calloc(1, sizeof(*a));
	struct json_object *o = args_new("{" ACTOR "}");
	struct json_object *args = json_object_new_object();

	json_object_object_add(args, name, value);
	json_object_object_add(o, "op", json_object_new_string(op->name));
	json_object_object_add(o, "args", args);
	talk_text(op->peers & -op->peers, json_object_to_json_string(o), a);
	ck_assert_msg(
	    strcmp(talk_code(a), code) == 0 &&
		strcmp(jsonx_path_str(a->last, "error.field", ""), name) == 0,
	    "%s %s: %s", op->name, name, a->all + 4);
	json_object_put(o);
	talk_done(a);
	free(a);
}

static struct json_object *
long_value(const struct op_arg *a)
{
	size_t i, n = (size_t)a->max + 1;
	struct json_object *o;
	char *text;

	if (a->type != ARG_STR) {
		o = json_object_new_array();
		for (i = 0; i < n; i++)
			json_object_array_add(o, json_object_new_string(""));
		return o;
	}
	text = malloc(n);
	ck_assert_ptr_nonnull(text);
	memset(text, 'x', n);
	o = json_object_new_string_len(text, (int)n);
	free(text);
	return o;
}

START_TEST(arguments)
{
	const struct op *op = &ops[_i];
	const struct op_arg *a;
	struct json_object *o;
	bool first = true;

	refused_as(op, "no_such", NULL, "field.unknown");
	for (a = op->args; a->name != NULL; a++) {
		o = a->type == ARG_STR ? json_object_new_int(7)
				       : json_object_new_string("x");
		refused_as(op, a->name, o, "field.invalid");
		if (a->need && first)
			refused_as(op, a->name, NULL, "field.missing");
		first = first && !a->need;
		if (a->type == ARG_STRS)
			refused_as(op, a->name, args_new("[\"x\", 7]"),
			    "field.invalid");
		if (a->type == ARG_INT) {
			o = json_object_new_int64(a->min - 1);
			refused_as(op, a->name, o, "field.invalid");
		}
		if (a->type == ARG_INT && a->max < INT64_MAX) {
			o = json_object_new_int64(a->max + 1);
			refused_as(op, a->name, o, "field.invalid");
		}
		if ((a->type == ARG_STR && a->max + 256 < (int64_t)op->max) ||
		    a->type == ARG_STRS || a->type == ARG_LIST)
			refused_as(
			    op, a->name, long_value(a), "field.too_long");
	}
}
END_TEST

/* A row that is not for a peer, and "ctl" that only root may say. */
START_TEST(peers)
{
	struct answer *a = calloc(1, sizeof(*a));
	const char *as_ctl = "{\"op\":\"generations.list\",\"actor\":{\"user\":"
			     "\"root\",\"via\":\"ctl\"},\"args\":{}}";

	talk_text(0, REQ("generations.list", "{}"), a);
	ck_assert_str_eq(talk_code(a), "op.denied");
	talk_done(a);
	talk_text(PEER_WEB, as_ctl, a);
	ck_assert_str_eq(talk_code(a), "field.invalid");
	talk_done(a);
	talk_text(PEER_ROOT, as_ctl, a);
	ck_assert_str_eq(talk_code(a), "(ok)");
	talk_done(a);
	free(a);
}
END_TEST

static const struct {
	size_t size;
	const char *src, *want;
} copies[] = {
    {8, "abc", "abc"},
    {8, "a\nb\tc\x7f", "a?b?c?"},
    {4, "abcdef", "abc"},
    {5, "ab\xc3\xa9", "ab\xc3\xa9"},
    {4, "ab\xc3\xa9", "ab"},
    {4, "\xe3\x81\x82\xe3\x81\x84", "\xe3\x81\x82"},
    {3, "\xe3\x81\x82", ""},
    {1, "abc", ""},
    {8, "", ""},
    /* CSI of C1; right-to-left override, isolate; what must stay */
    {16,
	"a\xc2\x9b"
	"31m",
	"a?31m"},
    {16,
	"a\xe2\x80\xae"
	"b\xe2\x81\xa6"
	"c",
	"a?b?c"},
    {16, "\xe2\x80\xa8\xe2\x80\xa7", "?\xe2\x80\xa7"},
    {16, "\xc2\xa0\xe2\x82\xac", "\xc2\xa0\xe2\x82\xac"},
};

START_TEST(clean_copies)
{
	char dst[16];

	clean_copy(dst, copies[_i].size, copies[_i].src);
	ck_assert_str_eq(dst, copies[_i].want);
}
END_TEST

START_TEST(audit_is_cleaned)
{
	struct answer *a = calloc(1, sizeof(*a));
	char path[256];
	struct buf b;

	talk_text(PEER_WEB,
	    "{\"op\":\"audit.add\",\"actor\":{\"user\":\"ev\\u001bil\\nx\","
	    "\"from\":\"::1\",\"via\":\"web\"},\"args\":{\"event\":\"login\","
	    "\"outcome\":\"ok\",\"detail\":\"one\\ntwo\"}}",
	    a);
	ck_assert_str_eq(talk_code(a), "(ok)");
	talk_done(a);
	free(a);
	snprintf(path, sizeof(path), "%s/state/audit.log", rig_root);
	b = rig_read(path);
	ck_assert_ptr_nonnull(strstr(b.data, "\"user\":\"ev?il?x\""));
	ck_assert_ptr_nonnull(strstr(b.data, "\"detail\":\"one?two\""));
	buf_clear(&b);
}
END_TEST

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

static void
add(TCase *tc)
{
	int n_ops = 0;

	while (ops[n_ops].name != NULL)
		n_ops++;
	tcase_add_test(tc, table);
	tcase_add_loop_test(tc, refused_requests, 0, COUNT(bad));
	tcase_add_loop_test(tc, noise, 0, 60);
	tcase_add_loop_test(tc, frame_limits, 0, n_ops);
	tcase_add_loop_test(tc, arguments, 0, n_ops);
	tcase_add_test(tc, peers);
	tcase_add_loop_test(tc, clean_copies, 0, COUNT(copies));
	tcase_add_test(tc, audit_is_cleaned);
}

int
main(void)
{
	return rig_run("ops", add, 60, RIG_FILES);
}
