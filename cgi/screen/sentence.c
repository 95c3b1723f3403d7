/*
 * sentence.c - the sentence above everything: does this gateway encrypt, and
 * who saw it?  It says of inbound mail what the last probe saw, never what is
 * set; of outbound mail, which nobody probes, what main.cf says while it says
 * what was saved; and "not known" of the rest.  Its colour is that of the
 * worst thing in it: error, warn, unknown, ok.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "certname.h"
#include "jsonx.h"
#include "parts.h"
#include "proof.h"
#include "sentence.h"

#define SENTENCE_MAX 4096
#define CLOCK_ALONE  (12 * 3600) /* a time of day needs no date for so long */

/* Why what is set may not be what clients get. */
enum doubt {
	DOUBT_NONE,
	DOUBT_STOPPED,
	DOUBT_STALE,
	DOUBT_FAILED,
	DOUBT_NEVER,
	DOUBT_UNSEEN,
	DOUBT_BARE,
	DOUBT_CLOSED,
};

static const struct {
	const char *level, *sentence, *severity;
} doubts[] = {
    [DOUBT_NONE] = {NULL, NULL, "ok"},
    [DOUBT_STOPPED] = {"state.doubt.stopped", "sentence.stopped", "error"},
    [DOUBT_STALE] = {"state.doubt.stale", "sentence.stale", "unknown"},
    [DOUBT_FAILED] = {"state.doubt.failed", "sentence.failed", "error"},
    [DOUBT_NEVER] = {"state.doubt.never", "sentence.never", "unknown"},
    [DOUBT_UNSEEN] = {"state.doubt.unseen", "sentence.unseen", "unknown"},
    [DOUBT_BARE] = {"state.doubt.unseen", "sentence.bare", "warn"},
    [DOUBT_CLOSED] = {"state.doubt.unseen", "sentence.closed", "unknown"},
};

/* One that was asked for now, else the last one that is known of. */
static struct json_object *
last_probe(struct json_object *v)
{
	struct json_object *live = jsonx_path(v, "live");

	return live != NULL ? live : jsonx_path(v, "probe");
}

static enum doubt
doubt_of(struct json_object *v)
{
	static const enum doubt by_proof[] = {
	    [PROOF_NONE] = DOUBT_NEVER,
	    [PROOF_ALL] = DOUBT_NONE,
	    [PROOF_PART] = DOUBT_NONE,
	    [PROOF_UNSEEN] = DOUBT_UNSEEN,
	    [PROOF_BARE] = DOUBT_BARE,
	    [PROOF_CLOSED] = DOUBT_CLOSED,
	};
	struct json_object *live = jsonx_path(v, "live");

	if (strcmp(jsonx_path_str(v, "postfix.state", ""), "running") != 0)
		return DOUBT_STOPPED;
	if (live == NULL && jsonx_path(v, "probe_stale") != NULL)
		return DOUBT_STALE;
	if (jsonx_path(live, "error") != NULL ||
	    (live == NULL && jsonx_path(v, "probe_error") != NULL))
		return DOUBT_FAILED;
	return by_proof[proof_of(last_probe(v))];
}

/* A probe that saw another level than is set is none for what is set. */
const char *
screen_inbound_doubt(struct json_object *v)
{
	struct json_object *probe = last_probe(v);
	enum doubt doubt = doubt_of(v);
	bool set = jsonx_path_bool(v, "settings.inbound.enabled");
	bool only = jsonx_path_bool(v, "settings.inbound.tls_only");

	if (doubt == DOUBT_NONE &&
	    (jsonx_path_bool(probe, "starttls") != set ||
		(set && only && !jsonx_path_bool(probe, "plaintext_refused"))))
		doubt = DOUBT_FAILED;
	return doubts[doubt].level;
}

/* Mail that goes out is not probed: what is set is what main.cf says. */
const char *
screen_outbound_doubt(struct json_object *v)
{
	struct json_object *drift = jsonx_path(v, "drift");
	size_t i;

	if (strcmp(jsonx_path_str(v, "postfix.state", ""), "running") != 0)
		return "state.doubt.stopped";
	for (i = 0; i < jsonx_len(drift); i++)
		if (strncmp(jsonx_path_str(json_object_array_get_idx(drift, i),
				"parameter", ""),
			"smtp_tls_", strlen("smtp_tls_")) == 0)
			return "state.doubt.drift";
	return NULL;
}

/* What is said so far, and the colour of the worst of it. */
struct saying {
	const struct page *p;
	struct json_object *args;
	struct buf text;
	int worst;
};

static const char *const colours[] = {"ok", "unknown", "warn", "error"};

static void
say(struct saying *w, const char *severity, const char *text)
{
	struct json_object *s = new_text(w->p, text, w->args);
	int i;

	for (i = 0; strcmp(colours[i], severity) != 0; i++)
		;
	if (i > w->worst)
		w->worst = i;
	/* Japanese has no blank between sentences. */
	if (w->text.len > 0 && w->text.data[w->text.len - 1] == '.')
		buf_addc(&w->text, ' ');
	buf_adds(&w->text, json_object_get_string(s));
	json_object_put(s);
}

/* "10:02 UTC", and with its date when that is not clear. */
static void
put_when(struct json_object *args, const char *iso)
{
	char text[32] = "";
	int64_t t;

	if (time_parse(iso, &t) == 0) {
		if ((int64_t)time(NULL) - t < CLOCK_ALONE)
			snprintf(text, sizeof(text), "%.5s UTC", iso + 11);
		else
			snprintf(text, sizeof(text), "%.10s %.5s UTC", iso,
			    iso + 11);
	}
	put_str(args, "when", text);
}

static bool
is_proven(struct json_object *probe)
{
	enum proven proof = proof_of(probe);

	return (proof == PROOF_ALL || proof == PROOF_PART) &&
	       jsonx_path(probe, "error") == NULL &&
	       jsonx_path(probe, "at") != NULL;
}

/* What is not known, and when it last was. */
static void
say_doubt(struct saying *w, struct json_object *v, enum doubt doubt)
{
	struct json_object *probe = jsonx_path(v, "probe");

	put_when(w->args, jsonx_path_str(jsonx_path(v, "live"), "at",
			      jsonx_path_str(v, "probe_error.at", "")));
	say(w, doubts[doubt].severity, doubts[doubt].sentence);
	if (!is_proven(probe))
		return;
	put_when(w->args, jsonx_path_str(probe, "at", ""));
	say(w, "ok", "sentence.last");
}

static void
say_mail(struct saying *w, struct json_object *v)
{
	struct json_object *probe = last_probe(v);
	bool tls = jsonx_path_bool(probe, "starttls");
	bool only = jsonx_path_bool(probe, "plaintext_refused");
	bool out = jsonx_path_bool(v, "settings.outbound.enabled");
	bool sure = screen_outbound_doubt(v) == NULL;

	if (tls && !only && out && sure) {
		say(w, "ok", "sentence.both");
	} else {
		say(w, tls ? "ok" : "warn",
		    !tls   ? "sentence.plain"
		    : only ? "sentence.required"
			   : "sentence.offered");
		say(w, sure ? "ok" : "unknown",
		    !sure ? "sentence.out_unknown"
		    : out ? "sentence.out"
			  : "sentence.out_off");
	}
	put_when(w->args, jsonx_path_str(probe, "at", NULL));
	if (jsonx_path(probe, "at") != NULL)
		say(w, "ok", "sentence.proven");
	if (proof_of(probe) == PROOF_PART)
		say(w, "warn", "sentence.part");
}

/* Of the certificate that clients get. */
static void
say_certificate(struct saying *w, const struct screen *s)
{
	struct json_object *leaf =
	    oldest_leaf(jsonx_path(s->view, "certificate"));
	const char *kind = cert_life(leaf);
	char date[11];

	if (leaf == NULL || *screen_unused(s) != '\0' ||
	    !jsonx_path_bool(s->view, "settings.inbound.enabled"))
		return;
	date_of(jsonx_path_str(leaf, "not_after", NULL), date);
	put_str(w->args, "date", date);
	if (strcmp(kind, "gone") == 0)
		say(w, "error", "sentence.ended");
	else if (strcmp(kind, "soon") == 0)
		say(w, "warn", "sentence.ends");
	else
		say(w, "ok", "sentence.until");
}

/* What others did, and other gateways: chosen.c has looked. */
static void
say_others(struct saying *w, const struct screen *s, struct json_object *ctx)
{
	static const char *const others[][3] = {
	    {"others_differ", "warn", "sentence.differ"},
	    {"others_coming", "unknown", "sentence.coming"},
	    {"others_away", "unknown", "sentence.away"}};
	const char *names;
	size_t i;

	if (jsonx_len(jsonx_path(s->view, "drift")) > 0)
		say(w, "warn", "sentence.drift");
	if (jsonx_path_bool(ctx, "rollout_stopped"))
		say(w, "error", "sentence.rollout");
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		names = jsonx_path_str(ctx, others[i][0], "");
		put_str(w->args, "names", names);
		if (*names != '\0')
			say(w, others[i][1], others[i][2]);
	}
}

void
screen_sentence(const struct screen *s, struct json_object *ctx)
{
	struct saying w = {.p = &s->page, .args = json_object_new_object()};
	struct json_object *o = json_object_new_object();
	enum doubt doubt = doubt_of(s->view);

	buf_init(&w.text, SENTENCE_MAX);
	if (!jsonx_path_bool(s->view, "usable")) {
		say(&w, "error", "sentence.unusable");
	} else if (doubt != DOUBT_NONE) {
		say_doubt(&w, s->view, doubt);
		say_certificate(&w, s);
	} else {
		say_mail(&w, s->view);
		say_certificate(&w, s);
	}
	say_others(&w, s, ctx);
	put_str(o, "text", w.text.data);
	put_str(o, "kind", colours[w.worst]);
	put_bool(o, "unknown", strcmp(colours[w.worst], "unknown") == 0);
	put_icon(o, colours[w.worst]);
	json_object_object_add(ctx, "sentence", o);
	json_object_put(w.args);
	buf_clear(&w.text);
}
