/*
 * audit_words.c - a line of the audit log as a sentence.
 *
 * A detail is pieces with "; " between them.  The first is what it was about,
 * unless it is the code of an error; of the others a code is told in words,
 * and so is what stands in words[].  What is left over (an English message of
 * a program) is given as it was written.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "recorded.h"
#include "jsonx.h"
#include "history.h"
#include "util.h"

#define DETAIL_MAX 1024
#define WHAT_MAX   4096

struct said {
	const struct page *p;
	enum event event;
	const char *outcome;
	struct json_object *gen; /* borrowed */
	struct buf what;
	const char *code; /* of an error; NULL = none */
	char *name;	  /* who was refused a log-in; NULL = none */
	long generation;
	bool left_over;
};

/* What of a detail is a word, not a name. */
static const char *const words[][2] = {{"on", "audit.word.on"},
    {"off", "audit.word.off"}, {"required", "audit.word.required"},
    {"optional", "audit.word.optional"},
    {"second factor required", "audit.word.required"},
    {"second factor not required", "audit.word.optional"},
    {"second factor", "audit.word.factor"}, {"invited", "audit.word.invited"},
    {"everywhere", "audit.word.everywhere"},
    {"everywhere else", "audit.word.elsewhere"},
    {"password of the host changed", "audit.word.host_password"},
    {"not welcome on the host any more", "audit.word.host_gone"},
    {"all tokens revoked", "audit.word.no_tokens"},
    {"others", "audit.word.others"}, {"relayhost", "audit.word.relayhost"},
    {"retry", "audit.word.retry"}, {"retry_chosen", "audit.word.retry"},
    {"leave", "audit.word.leave"}, {"leave_chosen", "audit.word.leave"},
    {"rollback", "audit.word.rollback"}, {"rejoin", "audit.word.rejoin"},
    {"viewer", "access.role.viewer"}, {"operator", "access.role.operator"},
    {"administrator", "access.role.administrator"},
    {"read", "access.scope.read"}, {"write", "access.scope.write"},
    {"certificates", "access.scope.certificates"}};

/* What begins like this goes on with a name. */
static const char *const heads[][2] = {{"on: ", "audit.word.added"},
    {"off: ", "audit.word.removed"}, {"all of ", "audit.word.all_of"}};

/* As a log-in that had to wait was written before it had a code. */
static const char throttled[] = "throttled: ";

static const char *
word_of(const struct said *s, const char *piece)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i][0], piece) == 0)
			return page_text(s->p, words[i][1]);
	return NULL;
}

static void
add_what(struct said *s, const char *text)
{
	if (s->what.len > 0)
		buf_adds(&s->what, page_text(s->p, "punct.comma"));
	buf_adds(&s->what, text);
}

static bool
add_headed(struct said *s, const char *piece)
{
	struct json_object *args, *text;
	size_t i, n;

	for (i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		n = strlen(heads[i][0]);
		if (strncmp(piece, heads[i][0], n) != 0)
			continue;
		args = json_object_new_object();
		put_str(args, "name", piece + n);
		text = new_text(s->p, heads[i][1], args);
		add_what(s, json_object_get_string(text));
		json_object_put(text);
		json_object_put(args);
		return true;
	}
	return false;
}

/* "eve operator", "7 robot read eve": which of the words, from the last, is a
 * role or a scope; the others are names.  0: there is none. */
static int
place_of_word(enum event e)
{
	return e == EVENT_TOKEN_ADD				 ? 2
	       : e == EVENT_USER_ADD || e == EVENT_USER_ROLE ? 1
							     : 0;
}

static void
add_words(struct said *s, char *piece)
{
	const char *known;
	char *one, *at;
	int left = 1;

	for (at = piece; *at != '\0'; at++)
		left += *at == ' ';
	for (at = piece; (one = strsep(&at, " ")) != NULL; left--) {
		known = one != piece && left == place_of_word(s->event)
			    ? word_of(s, one)
			    : NULL;
		add_what(s, known != NULL ? known : one);
	}
}

/* "chosen 3: ["a","b"]" */
static void
add_chosen(struct said *s, const char *piece)
{
	const char *at = strchr(piece, '[');
	struct json_object *names = NULL;

	if (at == NULL || jsonx_parse(at, strlen(at), 2, &names, NULL) == -1)
		return;
	for (size_t i = 0; i < jsonx_len(names); i++)
		add_what(s, jsonx_str_at(names, i));
	json_object_put(names);
}

static void
take_subject(struct said *s, char *piece)
{
	if (strncmp(piece, "chosen ", 7) == 0)
		add_chosen(s, piece);
	else if (strncmp(piece, "generation ", 11) == 0)
		s->generation = strtol(piece + 11, NULL, 10);
	else if (s->event == EVENT_LOGIN_FAILED)
		s->name = piece;
	else if (!add_headed(s, piece) && place_of_word(s->event) > 0)
		add_words(s, piece);
	else if (s->what.len == 0)
		add_what(s, word_of(s, piece) ? word_of(s, piece) : piece);
}

static void
take_detail(struct said *s, char *detail)
{
	bool first = true;
	enum err_code code;
	char *end, *piece = detail;

	if (strncmp(piece, throttled, sizeof(throttled) - 1) == 0) {
		piece += sizeof(throttled) - 1;
		s->code = err_name(ERR_AUTH_THROTTLED);
	}
	for (; piece != NULL && *piece != '\0'; piece = end, first = false) {
		if ((end = strstr(piece, "; ")) != NULL) {
			*end = '\0';
			end += 2;
		}
		if (s->code == NULL && err_from_name(piece, &code) == 0)
			s->code = err_name(code);
		else if (first || s->event == EVENT_ACCESS)
			take_subject(s, piece);
		else if (word_of(s, piece) != NULL)
			add_what(s, word_of(s, piece));
		else
			s->left_over = true;
	}
}

/* What it changed, of a generation that is still kept; what it was as a whole
 * its event says. */
static void
take_generation(struct said *s)
{
	struct json_object *list, *args;

	list = s->gen != NULL ? gen_what(s->p, s->gen) : NULL;
	for (size_t i = s->event == EVENT_CONNECTION_ADOPT ||
			s->event == EVENT_CONNECTION_LEAVE;
	     i < jsonx_len(list); i++)
		add_what(s, jsonx_str_at(list, i));
	json_object_put(list);
	if (s->gen != NULL)
		return;
	args = json_object_new_object();
	put_generation_name(s->p, args, "name", s->generation);
	add_what(s, jsonx_path_str(args, "name", ""));
	json_object_put(args);
}

/* "audit.did.NAME" or "audit.doing.NAME". */
static void
put_act(const struct said *s, struct json_object *args, const char *key,
    const char *form)
{
	char text[80];

	(void)snprintf(text, sizeof(text), "audit.%s.%s", form,
	    event_name(s->event));
	put_text(s->p, args, key, text, args);
}

/* Why, without what to do: of another's sentence the first half.  "" where
 * its arguments are missing: they are not in the log. */
static void
put_why(const struct said *s, struct json_object *args)
{
	struct app *app = s->p->app;
	const char *lang = s->p->req->lang, *text, *end;
	char key[96];

	(void)snprintf(key, sizeof(key), "audit.why.%s", s->code);
	text = catalog_text(app->texts, lang, key);
	if (strcmp(text, key) == 0) {
		(void)snprintf(key, sizeof(key), "error.%s", s->code);
		text = catalog_text(app->texts, lang, key);
	}
	if ((end = strstr(text, "。")) == NULL && (end = strstr(text, ". ")) == NULL)
		end = text + strlen(text);
	if (end > text && end[-1] == '.')
		end--;
	if (memchr(text, '{', (size_t)(end - text)) != NULL)
		end = text;
	json_object_object_add(args, "why",
	    json_object_new_string_len(text, (int)(end - text)));
}

/* {act, what}, which may be "". */
static void
put_said(
    const struct said *s, struct json_object *o, struct json_object *args)
{
	if (*jsonx_path_str(args, "what", "") == '\0')
		put_str(o, "said", jsonx_path_str(args, "act", ""));
	else
		put_text(s->p, o, "said", "audit.said.what", args);
}

/* A line of one of these outcomes was not what its event says. */
static const char *
frame_of(const struct said *s)
{
	static const char *const frames[][2] = {
	    {"refused", "audit.said.refused"}, {"failed", "audit.said.failed"},
	    {"rolled_back", "audit.said.rolled_back"}};

	if (event_is_refusal(s->event))
		return frames[0][1];
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]) &&
			   s->event != EVENT_RECOVER;
	     i++)
		if (strcmp(s->outcome, frames[i][0]) == 0)
			return frames[i][1];
	return NULL;
}

/* "suzuki was refused signing in: wrong password" */
static void
put_undone(const struct said *s, struct json_object *o,
    struct json_object *args, const char *frame)
{
	put_act(s, args, "act", "doing");
	if (s->what.len > 0)
		put_text(s->p, args, "act", "audit.said.of", args);
	put_text(s->p, args, "act", frame, args);
	put_str(args, "why", "");
	if (s->code != NULL)
		put_why(s, args);
	put_str(args, "what", jsonx_path_str(args, "why", ""));
	put_said(s, o, args);
}

static void
put_done(struct said *s, struct json_object *o, struct json_object *args)
{
	put_act(s, args, "act", "did");
	put_said(s, o, args);
}

static const char *
who(const struct said *s, struct json_object *line)
{
	const char *user =
	    s->name != NULL ? s->name : jsonx_path_str(line, "user", "");

	return *user == '\0' || *user == '-' || *user == '('
		   ? page_text(s->p, "audit.nobody")
		   : user;
}

static struct json_object *
gen_of(struct json_object *gens, long id)
{
	struct json_object *list = jsonx_path(gens, "generations"), *one;

	for (size_t i = 0; i < jsonx_len(list); i++) {
		one = json_object_array_get_idx(list, i);
		if (jsonx_path_int(one, "id") == id)
			return one;
	}
	return NULL;
}

static void
say(struct said *s, struct json_object *o, struct json_object *line)
{
	struct json_object *args = json_object_new_object();
	const char *frame = frame_of(s);

	/* The number is then that of what stayed in force. */
	if (s->generation > 0 && frame == NULL && s->event != EVENT_RECOVER)
		take_generation(s);
	if (strcmp(s->outcome, "unchanged") == 0)
		buf_reset(&s->what);
	if (strcmp(s->outcome, "unchanged") == 0 || s->event == EVENT_RECOVER)
		add_what(s, jsonx_path_str(o, "outcome", ""));
	put_str(args, "who", who(s, line));
	put_str(args, "from", jsonx_path_str(line, "from", ""));
	put_str(args, "what", s->what.len > 0 ? s->what.data : "");
	if (frame != NULL)
		put_undone(s, o, args, frame);
	else
		put_done(s, o, args);
	json_object_put(args);
}

/* With a link to it. */
static void
put_generation(const struct said *s, struct json_object *o)
{
	char path[64];

	(void)snprintf(
	    path, sizeof(path), PATH_HISTORY "/%ld", s->generation);
	put_str(o, "generation", path);
	put_generation_name(s->p, o, "generation_name", s->generation);
}

void
audit_say(const struct page *p, struct json_object *o,
    struct json_object *line, struct json_object *gens)
{
	struct said s = {.p = p,
	    .event = event_named(jsonx_path_str(line, "event", "")),
	    .outcome = jsonx_path_str(line, "outcome", "")};
	const char *raw = jsonx_path_str(line, "detail", "");
	char detail[DETAIL_MAX];

	put_str(o, "said", "");
	put_str(o, "code", "");
	put_str(o, "detail", raw);
	put_str(o, "generation", "");
	if (s.event == EVENT_NONE) {
		put_str(o, "code", jsonx_path_str(line, "event", ""));
		return;
	}
	buf_init(&s.what, WHAT_MAX);
	(void)snprintf(detail, sizeof(detail), "%s", raw);
	take_detail(&s, detail);
	s.gen = gen_of(gens, s.generation);
	say(&s, o, line);
	if (s.code != NULL)
		put_str(o, "code", s.code);
	if (!s.left_over)
		put_str(o, "detail", "");
	if (s.gen != NULL)
		put_generation(&s, o);
	buf_clear(&s.what);
}
