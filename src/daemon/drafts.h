/*
 * drafts.h - uploads that wait for Save: one directory each, under STATE.
 *
 * A draft belongs to whoever knows its ID and lives for draft_minutes; a key is
 * overwritten before its file goes.  Whoever changes one holds its lock.
 */
#ifndef POSTSEAL_DRAFTS_H
#define POSTSEAL_DRAFTS_H

#include "loose.h"
#include "note.h"

#define DRAFTS_MAX     64
#define PASSPHRASE_MAX 1024
#define FILE_NAME_MAX  255

struct draft {
	bool exists;
	struct files files;
	char name[FILES__MAX][FILE_NAME_MAX + 1];
	char passphrase[PASSPHRASE_MAX + 1];
	struct json_object *settings, *report; /* or NULL */
	struct json_object *was; /* {field: text}: before settings; or NULL */
	struct json_object *refused;	       /* findings of files not kept */
	struct json_object *scanners;	       /* names of chosen hosts */
	struct loose loose;		       /* files in no field */
	struct json_object *places;	       /* {id: name}, decided; or NULL */
	struct json_object *sorted;	       /* SORTED of loose.h, or NULL */
	char apply[8];			       /* or "" */
	char note[NOTE_SIZE]; /* as it was typed, what is hidden marked */
	int64_t expires;
};
void draft_init(struct draft *);
void draft_clear(struct draft *); /* wipes */
/* fd of the draft's lock; makes the directory. */
int draft_lock(const struct conf *, const char *id, struct err *);
/* One that is not there, or is past its time, is empty. */
int draft_load(
    const struct conf *, const char *id, struct draft *, struct err *);
int draft_save(
    const struct conf *, const char *id, struct draft *, struct err *);
/* The lock, and the directory when nothing was kept in it.  -1: none. */
void draft_release(const struct conf *, const char *id, int fd);
int draft_drop(const struct conf *, const char *id, struct err *);
struct json_object *draft_to_json(const struct draft *);
void drafts_sweep(const struct conf *);

/* op_draft.c: args of draft.put, and the files of them, into a draft; the
 * settings unread. */
int draft_merge(const struct conf *, struct json_object *args,
    const struct files *sent, struct draft *, struct err *);
int draft_check_settings(struct json_object *settings, struct err *);
int draft_inspect(const struct call *, struct draft *, struct err *);
/* loose.c: "places" of args. */
int draft_places(struct json_object *args, struct draft *, struct err *);
/* Its loose files; nothing where there are none. */
int draft_sort(
    const struct call *, struct draft *, struct sorted *, struct err *);
/* apply_loose.c: loose files of args, or of the draft that they name, into a
 * request; what that borrows is in the draft and in loose_apply. */
struct loose_apply {
	struct loose loose;
	struct sorted sorted;
	struct apply_set *set;
};
void loose_apply_clear(struct loose_apply *);
int loose_apply(struct call *, struct json_object *args, struct draft *,
    struct loose_apply *, struct apply_request *, struct err *);
/* CAs of clients' certificates stand alone: what is said of them is put
 * behind what the report has. */
int draft_inspect_authorities(
    const struct call *, struct draft *, struct err *);
/* Take those of the new files out again for which the draft's report has no
 * hope; true when there was one. */
bool draft_drop_hopeless(struct draft *, const struct files *sent);

#endif
