/* api.h - shared by the API's handlers. */
#ifndef POSTSEAL_API_H
#define POSTSEAL_API_H

#include <json-c/json.h>

#include "core.h"

/* What a POST to the API asks for, whichever way it was written. */
struct api_input {
	struct json_object *settings; /* PATCH of settings.h, or NULL */
	struct json_object *files;    /* FILES of ops.h, or NULL */
	struct json_object *client_ca; /* base64, or NULL */
	struct json_object *loose;    /* LOOSE of ops.h, or NULL */
	struct json_object *confirm;  /* array of codes, or NULL */
	struct json_object *scanners; /* array of names, or NULL */
	const char *apply;	      /* "restart", "reload", or NULL */
	const char *key_id, *note;    /* borrowed of the request, or NULL */
	char *passphrase;	      /* owned, wiped; or NULL */
};

/* Fields of POST /api/v1/connection; with files_only those of
 * /api/v1/certificates/inspect.  Bad lines of the access list are left in
 * req->problem. */
int api_input_read(
    struct request *, bool files_only, struct api_input *, struct err *);
/* Files in no field stand alone, and where several certificates may come of
 * them (here). */
int api_only_loose(const struct api_input *, bool here, struct err *);
/* A token for renewals changes files, and nothing else; always: nobody does. */
int api_only_files(const struct identity *, const struct api_input *,
    bool always, struct err *);
/* Only "apply", "confirm" and "note", or no body at all. */
int api_choices_read(const struct request *, struct api_input *, struct err *);
void api_input_clear(struct api_input *);
/* args[key] = value, unless value is NULL; value is taken over. */
int api_put(
    struct json_object *args, const char *key, struct json_object *value);

/* Call, and on failure keep the daemon's ERROR for the answer. */
int api_call(struct app *, struct request *, const char *op,
    struct json_object *args, struct json_object **data, struct err *);

/* api_report.c: what postseal-logs says; where it does not run, known: false
 * for the reason "off".  args is taken over. */
int report_ask(struct app *, const struct request *, struct json_object *args,
    struct json_object **data, struct err *);

/* metrics_scanners.c: nothing on a host that is alone. */
void metrics_scanners(struct app *, struct request *, struct buf *);

/* A VIEW as the API shows it: generation 0 before the first Save. */
void api_view(struct json_object *view);
int api_answer(struct reply *, int status, struct json_object *, struct err *);
/* Call, make the words of errors and findings, answer; args is taken over. */
int api_relay(struct app *, struct request *, struct reply *, const char *op,
    struct json_object *args, struct err *);

/* A whole number of the query, 1 to max, into args; absent is fine. */
int api_put_number(const struct request *, struct json_object *args,
    const char *name, int64_t max, struct err *);
/* args of audit.list from the query. */
int audit_args(const struct request *, struct json_object *args, struct err *);

/* "dry_run", "Prefer", "If-Match" of a call that may change something. */
struct api_manner {
	bool dry_run;
	bool async;
};
int api_manner_read(const struct request *, struct api_manner *, struct err *);
/* args of such a call: in's choices (moved), the manner, If-Match.  NULL with
 * *err. */
struct json_object *api_apply_args(const struct request *, struct api_input *,
    const struct api_manner *, struct err *);
/* Ask and answer: 200 RESULT, or 202 with where to look.  args is taken. */
int api_apply(struct app *, struct request *, struct reply *, const char *op,
    const struct api_manner *, struct json_object *args, struct err *);

#endif
