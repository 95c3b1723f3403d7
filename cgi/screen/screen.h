/*
 * screen.h - the Connection screen: one load of it, and what its buttons and
 * those of the pages beside it do.
 *
 *   model.c  <-  the parts (parts.h)  <-  view.c  <-  press.c, change.c,
 *                                                     connection.c, events.c
 */
#ifndef POSTSEAL_SCREEN_H
#define POSTSEAL_SCREEN_H

#include "page.h"
#include "settings.h"

/* One load of the screen. */
struct screen {
	struct page page;
	struct json_object *view;     /* VIEW, owned */
	struct json_object *job;      /* JOB or NULL, owned */
	struct json_object *preview;  /* RESULT or NULL, owned */
	struct json_object *hop;      /* HOP that was tried, or NULL; owned */
	struct json_object *patch;    /* that this form changes; owned */
	struct json_object *was;      /* {field: text} before it; owned */
	settings_mask wrong;	      /* fields that could not be read */
	settings_mask also;	      /* changed by others meanwhile */
	settings_mask conflicts;      /* and by this form, for the page */
	struct json_object *history;  /* [GEN] where it is needed; owned */
	struct json_object *confirm;  /* array of codes, owned */
	struct json_object *scanners; /* names that were chosen, owned */
	struct json_object *problem;  /* ERROR of this request, owned */
	struct err err;		      /* the same, as code */
	bool failed;		      /* *err and problem hold */
	char apply[16];		      /* "", "restart", "reload" */
	const char *note; /* of this form, borrowed; NULL: the draft's */
	char unchosen[32];	      /* Upload without a file */
	bool restoring;		      /* about Restore, not about the form */
	const char *anchor; /* then: where errors are put right, or NULL */
};

/* model.c */
void screen_init(struct screen *, struct app *, struct request *);
void screen_clear(struct screen *);
/* One request to postseald; on failure s->err and s->problem say why. */
int screen_call(struct screen *, const char *op, struct json_object *args,
    struct json_object **data);
struct json_object *screen_args(const struct screen *); /* {"draft": ID} */
/* Arguments of connection.apply: what the form, or the draft, asks for. */
struct json_object *screen_apply_args(const struct screen *);
/* A copy of SETTINGS into arguments. */
int screen_put_settings(struct json_object *args, struct json_object *settings);
int screen_load(struct screen *, bool probe);
/* Add the codes of "a.b,c.d" to s->confirm; what is no code is left out. */
void screen_confirm(struct screen *, const char *list);
bool screen_is_job(const char *id);
int screen_job(struct screen *, const char *id); /* into s->job */

/* view.c */
int screen_render(struct screen *, struct reply *, int status, struct err *);
/* 303 to the screen, with a query ("" or "a=b") and an anchor ("" or "id"). */
int screen_back(const struct screen *, struct reply *, const char *query,
    const char *anchor, struct err *);
/* 303 to the screen with that job, or to its progress when not waited for. */
int screen_to_job(const struct screen *, struct reply *, const char *id,
    bool wait, struct err *);
/* The screen again, with the reason in s->err and s->problem on it. */
int screen_refused(struct screen *, struct reply *, struct err *);

/* change.c: ask for a change: a refusal comes back here with its findings
 * (-1); what is accepted is 303 to its progress.  args: without "confirm",
 * "wait", "accepted"; taken over. */
int screen_change(struct screen *, struct reply *, const char *op,
    struct json_object *args, struct err *);
/* press.c: a POST of the form. */
int screen_press(struct app *, struct request *, struct reply *, struct err *);

/* events.c: the JOB in s->job, and each of its states from now on, as
 * events; 204 when there is no room for one more. */
int screen_events(struct screen *, struct reply *, const char *id);

#endif
