/*
 * test_two_people.c - two people at the form and a third at main.cf, in random
 * order, against a postseald that keeps what it is told.  People see what the
 * page shows and nothing else: their forms are read from it.
 *
 * Whatever they do:
 *   - what a Save changes is what its person changed, and was last shown to
 *     that person as it stood: nobody's change is lost without being told
 *   - what its person changed is in force after it
 *   - a page that shows one's own value over another's, which its person has
 *     not seen, shows both
 *   - what was merged is named.
 */
#include "page_rig.h"
#include "settings.h"
#include "settings_table.h"

#define INPUTS_MAX 96
#define TEXT_MAX   256
#define ACTIONS	   400
#define SEEDS	   8
#define CERT	   SETTING__MAX /* as a setting of its own */
#define ALL	   (SETTING__MAX + 1)

struct input {
	char name[48], value[TEXT_MAX], type[12];
	bool checked;
};

struct person {
	const char *name;
	struct json_object *draft; /* {"settings", "was", "files"} or NULL */
	struct input in[INPUTS_MAX];
	size_t n;
	char shown[ALL][TEXT_MAX]; /* by the page, when it came */
	char told[ALL][TEXT_MAX];  /* in force, as far as this one knows */
	char from[ALL][TEXT_MAX];  /* what a change of this one began with */
	char along[TEXT_MAX];	   /* "TLS only", when inbound was changed */
	char file[32];		   /* chosen and not sent yet, or "" */
};

static struct person people[2] = {{.name = "tanaka"}, {.name = "suzuki"}};
static struct person *who;
static struct settings force;
static char cert[32];
static int serial;
static struct json_object *history;
static unsigned rnd_state;
static char before[ALL][TEXT_MAX]; /* the Save that was accepted last */
static int saves, conflicts, refused, merged, both;

static unsigned
rnd(unsigned n)
{
	rnd_state = rnd_state * 1103515245u + 12345u;
	return (rnd_state >> 16) % n;
}

/*
 * What is in force, as texts that can be compared.
 */
static void
value_text(
    const struct settings_field *f, struct json_object *v, char dst[TEXT_MAX])
{
	size_t i;

	dst[0] = '\0';
	if (f->kind == SETTING_SWITCH)
		strcpy(dst, json_object_get_boolean(v) ? "on" : "off");
	else if (f->kind != SETTING_LIST)
		snprintf(dst, TEXT_MAX, "%s",
		    v == NULL ? "" : json_object_get_string(v));
	else
		for (i = 0; i < jsonx_len(v); i++)
			snprintf(dst + strlen(dst), TEXT_MAX - strlen(dst),
			    "%s\n", jsonx_str_at(v, i));
}

static void
all_in_force(char dst[ALL][TEXT_MAX])
{
	struct json_object *o = settings_to_json(&force), *v;
	int i;

	for (i = 0; i < SETTING__MAX; i++) {
		v = NULL;
		(void)settings_find(o, settings_fields[i].path, &v);
		value_text(&settings_fields[i], v, dst[i]);
	}
	strcpy(dst[CERT], cert);
	json_object_put(o);
}

/*
 * postseald of cardboard.
 */
static struct json_object *
cert_json(const char *sha256)
{
	struct json_object *o;
	char text[512];

	if (*sha256 == '\0')
		return NULL;
	snprintf(text, sizeof(text),
	    "{\"sha256\":\"%s\",\"key\":{\"label\":\"RSA 3072\"},\"leaf\":"
	    "{\"name\":\"%s\",\"names\":[\"a\"],\"key\":{\"label\":\"RSA\"},"
	    "\"not_after\":\"2027-01-24T04:52:19Z\"},\"chain\":[{}]}",
	    sha256, sha256);
	o = json_tokener_parse(text);
	ck_assert_ptr_nonnull(o);
	return o;
}

static struct json_object *
view(void)
{
	struct json_object *o = json_object_new_object(), *d, *r;
	const char *mine;
	char etag[32];

	snprintf(etag, sizeof(etag), "\"%d-00000000\"", serial);
	jsonx_put_str(o, "etag", etag);
	json_object_object_add(o, "settings", settings_to_json(&force));
	json_object_object_add(o, "certificate", cert_json(cert));
	json_object_object_add(
	    o, "postfix", json_tokener_parse("{\"state\":\"running\"}"));
	jsonx_put_bool(o, "usable", true);
	json_object_object_add(o, "generation",
	    json_tokener_parse("{\"id\":1,\"by\":\"x\",\"at\":"
			       "\"2026-11-24T01:52:19Z\"}"));
	if (who->draft == NULL)
		return o;
	d = NULL;
	json_object_deep_copy(who->draft, &d, NULL);
	mine = jsonx_path_str(d, "files.server_certificate.is", NULL);
	if (mine != NULL) {
		r = json_object_new_object();
		json_object_object_add(r, "certificate", cert_json(mine));
		json_object_object_add(d, "report", r);
	}
	json_object_object_add(o, "draft", d);
	return o;
}

static void
draft_put(struct json_object *args)
{
	struct json_object *d = who->draft, *v, *f, *files;

	if (d == NULL) {
		d = who->draft = json_object_new_object();
		json_object_object_add(d, "files", json_object_new_object());
	}
	files = jsonx_path(d, "files");
	if (jsonx_len(jsonx_path(args, "remove")) > 0)
		json_object_object_del(files, "server_certificate");
	if ((v = jsonx_path(args, "files.server_certificate")) != NULL) {
		f = json_object_new_object();
		json_object_object_add(f, "is", json_object_get(v));
		json_object_object_add(files, "server_certificate", f);
	}
	if ((v = jsonx_path(args, "settings")) != NULL)
		json_object_object_add(d, "settings", json_object_get(v));
	if ((v = jsonx_path(args, "was")) != NULL)
		json_object_object_add(d, "was", json_object_get(v));
}

static void
note(struct json_object *summary)
{
	struct json_object *gen = json_object_new_object(), *old = history;
	size_t i;

	serial++;
	jsonx_put_int(gen, "id", serial);
	jsonx_put_str(gen, "by", who->name);
	jsonx_put_str(gen, "at", "2026-11-24T01:52:19Z");
	jsonx_put_str(gen, "outcome", "applied");
	json_object_object_add(gen, "summary", summary);
	json_object_object_add(gen, "settings", settings_to_json(&force));
	history = json_object_new_array();
	json_object_array_add(history, gen);
	for (i = 0; i < jsonx_len(old) && i < 20; i++)
		json_object_array_add(history,
		    json_object_get(json_object_array_get_idx(old, i)));
	json_object_put(old);
}

static int
apply(struct json_object *args, struct json_object **data, struct err *e)
{
	struct json_object *patch = jsonx_path(args, "settings"), *summary;
	const char *file, *match = jsonx_path_str(args, "if_match", "");
	struct settings was, next;
	char etag[32];
	int i;

	snprintf(etag, sizeof(etag), "\"%d-00000000\"", serial);
	ck_assert_str_ne(match, "");
	draft_put(args);
	if (strcmp(match, etag) != 0)
		return err_set(e, ERR_SETTINGS_STALE, "", "stale");
	settings_default(&was);
	settings_default(&next);
	ck_assert_int_eq(settings_copy(&next, &force), 0);
	ck_assert_int_eq(settings_copy(&was, &force), 0);
	ck_assert_int_eq(settings_from_json(&next, patch, e), 0);
	if (!next.inbound_enabled &&
	    jsonx_path(patch, "inbound.tls_only") == NULL)
		next.tls_only = false;
	if (next.tls_only && !next.inbound_enabled) {
		settings_clear(&was);
		settings_clear(&next);
		return err_set(e, ERR_SETTINGS_TLS_ONLY, "tls_only", "no");
	}
	all_in_force(before);
	ck_assert_int_eq(settings_copy(&force, &next), 0);
	summary = json_object_new_array();
	for (i = 0; i < SETTING__MAX; i++)
		if (settings_differ(&was, &next) & SETTING_BIT(i))
			json_object_array_add(summary,
			    json_object_new_string(settings_fields[i].path));
	file = jsonx_path_str(who->draft, "files.server_certificate.is", NULL);
	if (file != NULL) {
		snprintf(cert, sizeof(cert), "%s", file);
		json_object_array_add(
		    summary, json_object_new_string("certificate"));
	}
	note(summary);
	json_object_put(who->draft);
	who->draft = NULL;
	settings_clear(&was);
	settings_clear(&next);
	*data = json_tokener_parse("{\"job\":\"" JOB "\"}");
	return 0;
}

static void by_hand(void);

static int
generation(int64_t id, struct json_object **data, struct err *e)
{
	struct json_object *gen;
	size_t i;

	for (i = 0; i < jsonx_len(history); i++) {
		gen = json_object_array_get_idx(history, i);
		if (jsonx_path_int(gen, "id") != id)
			continue;
		*data = json_object_get(gen);
		return 0;
	}
	return err_set(e, ERR_GEN_UNKNOWN, "id", "unknown");
}

static int
daemon_plays(const char *op, struct json_object *args,
    struct json_object **data, struct err *e)
{
	*data = NULL;
	if (strcmp(op, OP_CONNECTION_GET) == 0) {
		*data = view();
		return 0;
	}
	if (strcmp(op, OP_GENERATIONS_LIST) == 0) {
		*data = json_object_new_object();
		json_object_object_add(
		    *data, "generations", json_object_get(history));
		return 0;
	}
	if (strcmp(op, OP_GENERATION_GET) == 0)
		return generation(jsonx_path_int(args, "id"), data, e);
	if (strcmp(op, OP_DRAFT_PUT) == 0) {
		draft_put(args);
		return 0;
	}
	if (strcmp(op, OP_DRAFT_DROP) == 0) {
		json_object_put(who->draft);
		who->draft = NULL;
		return 0;
	}
	if (strcmp(op, OP_CONNECTION_APPLY) != 0)
		return err_set(e, ERR_OP_UNKNOWN, "", "%s", op);
	/* Now and then somebody is faster. */
	if (rnd(6) == 0)
		by_hand();
	return apply(args, data, e);
}

/*
 * A person's form, out of the page.
 */
static void
attribute(
    const char *tag, const char *end, const char *name, char *dst, size_t size)
{
	char key[32];
	const char *s, *q;

	snprintf(key, sizeof(key), " %s=\"", name);
	dst[0] = '\0';
	if ((s = strstr(tag, key)) == NULL || s > end)
		return;
	s += strlen(key);
	q = strchr(s, '"');
	snprintf(dst, size, "%.*s", (int)(q - s), s);
}

static void
read_inputs(struct person *p)
{
	const char *s = strstr(reply.body.data, "<form id=\"connection\"");
	const char *end;
	struct input *in;

	ck_assert_ptr_nonnull(s);
	p->n = 0;
	for (; (s = strchr(s, '<')) != NULL; s++) {
		if (strncmp(s, "</form", 6) == 0)
			return;
		if (strncmp(s, "<input ", 7) != 0 &&
		    strncmp(s, "<textarea ", 10) != 0)
			continue;
		ck_assert_uint_lt(p->n, INPUTS_MAX);
		in = &p->in[p->n];
		end = strchr(s, '>');
		attribute(s, end, "name", in->name, sizeof(in->name));
		attribute(s, end, "type", in->type, sizeof(in->type));
		attribute(s, end, "value", in->value, sizeof(in->value));
		in->checked = strstr(s, " checked") != NULL &&
			      strstr(s, " checked") < end;
		if (s[1] == 't') {
			strcpy(in->type, "area");
			snprintf(in->value, TEXT_MAX, "%.*s",
			    (int)(strstr(end, "</textarea") - end - 2),
			    end + 2);
		}
		if (strstr(in->name, "_text") == NULL &&
		    strcmp(in->name, "confirm") != 0)
			p->n++;
	}
	ck_abort_msg("the form does not end");
}

static struct input *
input(struct person *p, const char *name, const char *value)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (strcmp(p->in[i].name, name) == 0 &&
		    (value == NULL || strcmp(p->in[i].value, value) == 0))
			return &p->in[i];
	ck_abort_msg("no %s=%s", name, value != NULL ? value : "");
	return NULL;
}

static const char *
chosen(struct person *p, const char *name)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (strcmp(p->in[i].name, name) == 0 && p->in[i].checked)
			return p->in[i].value;
	return "";
}

static void
field_text(struct person *p, const struct settings_field *f, char dst[TEXT_MAX])
{
	const char *s;

	switch (f->kind) {
	case SETTING_SWITCH:
		s = input(p, f->form, NULL)->checked ? "on" : "off";
		break;
	case SETTING_CHOICE:
		s = chosen(p, f->form);
		break;
	case SETTING_LIMIT:
		s = chosen(p, f->form2);
		s = strcmp(s, "unlimited") == 0 ? "0"
		    : strcmp(s, "limited") == 0 ? input(p, f->form, NULL)->value
						: "";
		break;
	default:
		s = input(p, f->form, NULL)->value;
	}
	snprintf(dst, TEXT_MAX, "%s", s);
}

static void
pick(struct person *p, const char *name, const char *value)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (strcmp(p->in[i].name, name) == 0)
			p->in[i].checked = strcmp(p->in[i].value, value) == 0;
}

/* Nothing, one of its examples, or two. */
static void
change_list(const struct settings_field *f, char *text)
{
	const char *const *line = settings_examples(f);
	int n = rnd(4);

	sprintf(text, "%s%s%s%s", n == 1 || n == 3 ? line[0] : "",
	    n == 1 || n == 3 ? "\n" : "", n > 1 ? line[1] : "",
	    n > 1 ? "\n" : "");
}

/* Something else than what is there, or perhaps the same. */
static void
change(struct person *p, int id)
{
	static const char *const numbers[] = {"", "1", "5", "26", "60"};
	const struct settings_field *f = &settings_fields[id];
	struct input *in;

	switch (f->kind) {
	case SETTING_SWITCH:
		in = input(p, f->form, NULL);
		in->checked = !in->checked;
		break;
	case SETTING_CHOICE:
		pick(p, f->form, rnd(3) == 0 ? "" : f->names[rnd(2)]);
		break;
	case SETTING_NUMBER:
		strcpy(input(p, f->form, NULL)->value, numbers[rnd(5)]);
		break;
	case SETTING_LIMIT:
		if (rnd(2) == 0) {
			strcpy(input(p, f->form, NULL)->value,
			    numbers[1 + rnd(4)]);
			pick(p, f->form2, "limited");
		} else {
			pick(p, f->form2, rnd(2) == 0 ? "" : "unlimited");
		}
		break;
	case SETTING_LIST:
		change_list(f, input(p, f->form, NULL)->value);
		break;
	}
}

static bool
shows_conflict(int id)
{
	char mark[80];

	snprintf(mark, sizeof(mark), "id=\"conflict-%s\"",
	    id == CERT ? "server_certificate" : settings_fields[id].form);
	return strstr(reply.body.data, mark) != NULL;
}

static const char *
waiting_file(const struct person *p)
{
	return jsonx_path_str(p->draft, "files.server_certificate.is", NULL);
}

/* What a change of this person began with, or was decided against. */
static bool
known(const struct person *p, int i, const char *value)
{
	return strcmp(p->from[i], value) == 0 ||
	       (i == SETTING_tls_only && strcmp(p->along, value) == 0);
}

static bool
has_line(const char *text, const char *line, size_t n)
{
	for (; *text != '\0'; text += strcspn(text, "\n")) {
		text += strspn(text, "\n");
		if (strcspn(text, "\n") == n && strncmp(text, line, n) == 0)
			return true;
	}
	return false;
}

/* A list with what both did to it. */
static bool
is_both(const char *base, const char *mine, const char *theirs, const char *is)
{
	const char *const all[] = {base, mine, theirs, is}, *p;
	bool own, was, now;
	size_t i, n;

	for (i = 0; i < 4; i++)
		for (p = all[i]; *(p += strspn(p, "\n")) != '\0'; p += n) {
			n = strcspn(p, "\n");
			own = has_line(mine, p, n);
			was = has_line(base, p, n);
			now = has_line(theirs, p, n);
			if (has_line(is, p, n) !=
			    ((now && (own || !was)) || (own && !was)))
				return false;
		}
	return true;
}

/* The page is there: what it shows over another's change that its reader has
 * not seen, it shows side by side. */
static void
page_came(struct person *p)
{
	char now[ALL][TEXT_MAX];
	const char *mine;
	int i;

	all_in_force(now);
	read_inputs(p);
	for (i = 0; i < SETTING__MAX; i++) {
		field_text(p, &settings_fields[i], p->shown[i]);
		if (strcmp(p->shown[i], now[i]) == 0)
			strcpy(p->from[i], now[i]);
		else if (!known(p, i, now[i]) &&
			 settings_fields[i].kind == SETTING_LIST &&
			 strstr(reply.body.data, "id=\"also\"") != NULL)
			strcpy(p->from[i], now[i]); /* merged, and told */
		else if (!known(p, i, now[i]))
			ck_assert_msg(shows_conflict(i),
			    "%s: %s is shown, %s in force, %s told", p->name,
			    p->shown[i], now[i], p->told[i]);
	}
	mine = waiting_file(p);
	if (mine == NULL || strcmp(mine, cert) == 0)
		strcpy(p->from[CERT], cert);
	else if (!known(p, CERT, cert))
		ck_assert_msg(shows_conflict(CERT), "no conflict of files");
	i = SETTING_inbound_enabled;
	if (strcmp(p->shown[i], now[i]) == 0)
		strcpy(p->along, now[SETTING_tls_only]);
	memcpy(p->told, now, sizeof(now));
}

static void
begin(struct person *p)
{
	who = p;
	request_clear(&req);
	reply_clear(&reply);
	request_init(&req, envp);
	reply_init(&reply);
	req.path = SCREEN;
	req.lang = "en";
	req.who.known = true;
	req.who.role = ROLE_ADMINISTRATOR;
	req.who.scope = SCOPE_WRITE;
	req.who.session = 1;
	strcpy(req.who.user, p->name);
	memset(req.who.draft, 'd', 64);
	json_object_put(calls);
	calls = json_object_new_array();
}

static void
look(struct person *p)
{
	begin(p);
	req.method = HTTP_GET;
	ck_assert_int_eq(page_connection(&app, &req, &reply, &err), 0);
	ck_assert_int_eq(reply.status, 200);
	p->file[0] = '\0';
	page_came(p);
}

static void
send_form(struct person *p, const char *button)
{
	bool script = rnd(2) == 0;
	bool on = input(p, "inbound_enabled", NULL)->checked;
	struct input *in;
	size_t i;

	begin(p);
	req.method = HTTP_POST;
	add(&req.form, "do", button, NULL);
	for (i = 0; i < p->n; i++) {
		in = &p->in[i];
		if (strcmp(in->type, "file") == 0) {
			if (strcmp(in->name, "server_certificate") == 0 &&
			    p->file[0] != '\0')
				add(&req.form, in->name, p->file, "f.pem");
			continue;
		}
		if ((strcmp(in->type, "checkbox") == 0 ||
			strcmp(in->type, "radio") == 0) &&
		    !in->checked)
			continue;
		if (script && !on && strcmp(in->name, "tls_only") == 0)
			continue;
		add(&req.form, in->name, in->value, NULL);
	}
	ck_assert_msg(
	    page_connection(&app, &req, &reply, &err) == 0, "%s", err.msg);
	p->file[0] = '\0';
}

/* Of this Save: what it changed, and what not. */
static void
saved(struct person *p, char shown[ALL][TEXT_MAX], char mine[ALL][TEXT_MAX])
{
	char now[ALL][TEXT_MAX];
	unsigned long long also = 0;
	const char *s = strstr(reply.headers.data, "also=");
	bool off = strcmp(mine[SETTING_inbound_enabled], "off") == 0, meant;
	int i;

	saves++;
	all_in_force(now);
	if (s != NULL)
		also = strtoull(s + 5, NULL, 16);
	for (i = 0; i < ALL; i++) {
		meant = strcmp(mine[i], shown[i]) != 0 ||
			(i == SETTING_tls_only && off);
		if (i < SETTING__MAX && (also & 1ull << i) != 0 &&
		    settings_fields[i].kind == SETTING_LIST &&
		    is_both(p->from[i], mine[i], before[i], now[i])) {
			merged++;
			both++;
			continue;
		}
		if (strcmp(now[i], before[i]) != 0) {
			ck_assert_msg(meant, "%d: %s became %s unasked", i,
			    before[i], now[i]);
			ck_assert_msg(known(p, i, before[i]),
			    "%d: %s was not seen by %s and is %s", i, before[i],
			    p->name, now[i]);
		}
		/* Asked for, and not only put back to where this person began;
		 * or turned off with its master. */
		if (strcmp(mine[i], shown[i]) != 0 &&
		    strcmp(mine[i], p->from[i]) != 0 &&
		    !(i == SETTING_tls_only && off))
			ck_assert_msg(strcmp(now[i], mine[i]) == 0,
			    "%d: %s was asked for, %s is", i, mine[i], now[i]);
		if (strcmp(p->told[i], before[i]) != 0 &&
		    strcmp(now[i], before[i]) == 0) {
			ck_assert_msg((also & 1ull << i) != 0,
			    "%d: merged and not told", i);
			merged++;
		}
	}
}

static void
save(struct person *p)
{
	char mine[ALL][TEXT_MAX], base[ALL][TEXT_MAX];
	const char *waits = waiting_file(p);
	char sent[64] = "";
	int i;

	for (i = 0; i < SETTING__MAX; i++) {
		field_text(p, &settings_fields[i], mine[i]);
		/* What waits in the draft was meant, too. */
		strcpy(base[i], p->told[i]);
	}
	strcpy(base[CERT], p->told[CERT]);
	strcpy(mine[CERT], p->told[CERT]);
	if (waits != NULL)
		strcpy(mine[CERT], waits);
	if (p->file[0] != '\0') {
		struct json_object *o = jsonx_new_b64(p->file, strlen(p->file));

		snprintf(sent, sizeof(sent), "%s", json_object_get_string(o));
		json_object_put(o);
		strcpy(mine[CERT], sent);
	}
	send_form(p, "save");
	if (reply.status == 303) {
		saved(p, base, mine);
		look(p);
		return;
	}
	ck_assert_msg(
	    reply.status == 409 || reply.status == 422 || reply.status == 412,
	    "%d", reply.status);
	conflicts += reply.status == 409;
	refused += reply.status == 422;
	page_came(p);
}

/* One of the conflicts of the page that stands. */
static void
settle(struct person *p)
{
	char button[80];
	int i;

	look(p);
	for (i = 0; i < ALL; i++)
		if (shows_conflict(i))
			break;
	if (i == ALL)
		return;
	snprintf(button, sizeof(button), "%s:%s",
	    rnd(2) == 0 ? "mine" : "theirs",
	    i == CERT ? "server_certificate" : settings_fields[i].form);
	send_form(p, button);
	ck_assert_int_eq(reply.status, 303);
	strcpy(p->from[i], p->told[i]);
	if (i == SETTING_inbound_enabled)
		strcpy(p->along, p->told[SETTING_tls_only]);
	look(p);
	ck_assert_msg(!shows_conflict(i), "%s settles nothing", button);
}

/* main.cf, with an editor. */
static void
by_hand(void)
{
	serial++;
	switch (rnd(4)) {
	case 0:
		force.outbound_enabled = !force.outbound_enabled;
		break;
	case 1:
		force.inbound_enabled = true;
		force.tls_only = !force.tls_only;
		break;
	case 2:
		snprintf(cert, sizeof(cert), "hand%d", serial);
		break;
	default:
		force.idle_timeout = 1 + (int)rnd(9);
	}
}

START_TEST(nothing_is_lost_untold)
{
	struct person *p;
	int i;

	rnd_state = (unsigned)_i * 7919 + 1;
	play = daemon_plays;
	settings_default(&force);
	strcpy(cert, "first");
	serial = 1;
	history = json_object_new_array();
	saves = conflicts = refused = merged = both = 0;
	for (i = 0; i < 2; i++) {
		all_in_force(people[i].told);
		look(&people[i]);
	}
	for (i = 0; i < ACTIONS; i++) {
		p = &people[rnd(2)];
		switch (rnd(12)) {
		case 0:
			look(p);
			break;
		case 1:
		case 2:
		case 3:
		case 4:
			change(p, (int)rnd(SETTING__MAX));
			break;
		case 5:
			snprintf(p->file, sizeof(p->file), "cert%d", i);
			break;
		case 6:
			send_form(p, rnd(2) == 0 ? "keep" : "preview");
			ck_assert_int_eq(reply.status, 303);
			look(p);
			break;
		case 7:
			by_hand();
			break;
		case 8:
			settle(p);
			break;
		default:
			save(p);
		}
	}
	printf("seed %u: %d Saves, %d merged, %d lists of both, %d conflicts, "
	       "%d refused\n",
	    (unsigned)_i * 7919 + 1, saves, merged, both, conflicts, refused);
	ck_assert_int_gt(saves, 20);
	ck_assert_int_gt(merged, 5);
	ck_assert_int_gt(conflicts, 5);
	for (i = 0; i < 2; i++) {
		json_object_put(people[i].draft);
		people[i].draft = NULL;
	}
	settings_clear(&force);
	json_object_put(history);
	play = NULL;
}
END_TEST

static void
fill(TCase *tc)
{
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, nothing_is_lost_untold, 0, SEEDS);
}

int
main(void)
{
	return run_suite("two_people", fill);
}
