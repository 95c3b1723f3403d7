/*
 * txn.h - one Save: its state while it runs, its steps, and what is told of
 * it; for src/apply alone.  txn_plan.h is how it comes to a plan, txn_switch.h
 * how Postfix is brought over and back.
 *
 * Each step has a do and an undo.  An undo is called for the step that failed
 * too, so it looks at what was done, not at what should have been; it may be
 * called when nothing was done, and twice.
 */
#ifndef POSTSEAL_TXN_H
#define POSTSEAL_TXN_H

#include <stdbool.h>
#include <stddef.h>

#include "apply.h"
#include "certs.h"
#include "gen_file.h"
#include "maillog.h"
#include "named.h"
#include "probe.h"
#include "probed.h"
#include "state.h"

enum txn_end {
	TXN_APPLIED,
	TXN_UNCHANGED, /* ended by plan: nothing to do */
	TXN_DRY_RUN    /* ended by check: nothing done */
};

/* What Postfix was before, as far as it can be known. */
struct former {
	bool known; /* a generation in force, without drift */
	bool drifted;
	struct settings settings;
	char sha256[SHA256_HEX];       /* leaf, or "" */
	struct json_object *originals; /* params_context, or NULL */
};

#define OUTAGE_UNKNOWN (-1) /* null in JSON */

struct txn {
	struct conf limited; /* by when the steps have ended */
	const struct conf *conf; /* that */
	int64_t until; /* and the way back */
	const struct apply_request *req;
	apply_progress progress;
	void *arg;

	struct json_object *job;   /* owned */
	struct json_object *steps; /* in job */
	const char *step;	   /* name of the one that runs */
	enum txn_end end;
	bool finished; /* no further step */

	int lock, maincf_lock, mastercf_lock;
	struct facts facts;
	bool running; /* Postfix, before */
	bool unread;  /* it has not read its files as they are */
	long prev;    /* in force, or 0 */
	struct former former;
	struct certs stored;	      /* in force */

	/* What is to be inspected as the default one. */
	struct pki_bytes file[PKI_FIELD__MAX];
	struct pki_bytes client_ca;
	bool replaces; /* what is stored is no part of it */

	struct settings settings; /* wanted */
	settings_mask touched;	  /* that the request changes */
	param_mask owned;	  /* written by the generation in force */
	param_mask restored;	  /* by the one that is restored */
	param_mask asserted;	  /* the ones of both that the rules go by */
	param_mask rows;	  /* that may be written now */
	param_mask owned_after;
	/* txn_given.c: what is put back by its former value, whatever the
	 * settings say: name -> string or null */
	struct json_object *given;
	param_mask given_rows;
	param_mask written; /* by the console, until now */
	param_mask theirs;  /* of them, what the restored one had not written */
	long origin;	    /* the first that wrote; 0 = none */
	struct buf origin_main, origin_master;
	struct json_object *standing; /* CERT of files that are named again */
	bool leave;	    /* nothing is managed afterwards */
	struct named copied; /* on leaving, for lines of others */
	struct json_object *drift; /* before; owned */
	enum apply_mode mode;
	struct certs certs; /* wanted; until they are inspected with the
			     * chains that are to be, empty = the stored */
	struct findings findings;

	long id; /* new generation */
	char dir[STATE_PATH_MAX];
	bool staged;		    /* dir was made */
	struct json_object *wanted; /* parameters */
	struct param_plan plan;
	struct json_object *originals; /* of the new generation */
	struct buf before, after;      /* main.cf */
	char before_sha256[SHA256_HEX];
	char after_sha256[SHA256_HEX];
	/* master.cf, if it changes; "" = it does not */
	struct buf master_before, master_after;
	char master_before_sha256[SHA256_HEX];
	char master_after_sha256[SHA256_HEX];
	char service[128];		/* its name afterwards */
	struct postfix_info next;	/* as it will be */
	char file_sha256[GEN_FILE__MAX][SHA256_HEX]; /* staged; "" = none */

	bool journaled, committed, restarted, closed;
	bool master_committed;
	bool marked;
	struct maillog_mark mark;
	bool listeners_known;
	struct listeners listeners; /* before the commit */
	struct json_object *log;    /* since mark, or NULL */
	struct outage *outage;
	int outage_ms;		   /* or OUTAGE_UNKNOWN */
	struct json_object *baseline; /* as look_see gives it, or NULL */
	struct json_object *blind;    /* of it: whom no probe sees */
	struct json_object *probe;    /* result, or NULL */
	struct probed seen;	      /* what the baseline is of */
	struct json_object *hop_before, *hop; /* HOP of hop.h, or NULL */

	struct json_object *changes; /* the plan, as recorded */
	bool put_back;		     /* main.cf is the old one */
	bool served_again;	     /* and Postfix serves it */
	bool undo_failed;
	struct err undo_err;
};

/* Each step of steps.def, and its undo where it has one. */
#define PROTO_UNDO(name) int undo_##name(struct txn *, struct err *);
#define PROTO_NONE(name)
#define S(name, undo, flags)                         \
	int step_##name(struct txn *, struct err *); \
	PROTO_##undo(name)
#include "steps.def"
#undef S
#undef PROTO_UNDO
#undef PROTO_NONE

/* txn_state.c */
struct txn *txn_new(const struct conf *, const struct apply_request *);
void txn_free(struct txn *);
/* A former generation, or what stood before the first. */
bool txn_restores(const struct txn *);
/* "save", "restore", "adopt" or "leave", and its name in the audit log. */
const char *txn_kind(const struct txn *);
enum event txn_event(const struct txn *);
/* Everything that the values of this Save can depend on. */
int txn_context(const struct txn *, long id, struct params_context *,
    struct gen_paths *, struct err *);
/* The default certificate: wanted, and in force. */
const struct cert *txn_cert(const struct txn *);
const struct cert *txn_stored(const struct txn *);
/* Is it this one that the files of the request are for, and do any come?  Into
 * the fields that they are for, or NULL. */
bool txn_is_target(const struct txn *, const struct cert *);
bool txn_brings(const struct txn *, const struct cert *,
    struct pki_bytes[PKI_FIELD__MAX]);
/* What is in force goes on, as far as certificates go. */
int txn_same_certs(struct txn *, struct err *);
/* -1 with the first finding that blocks. */
int txn_refuse(const struct txn *, struct err *);

/* txn.c: the steps before anything is written. */
int txn_look(struct txn *, struct err *);
/* apply_run, where nothing is left of an interrupted change. */
int txn_run(const struct conf *, const struct apply_request *, apply_progress,
    void *arg, struct json_object **ret_job, struct err *);

/* txn_record.c: JSON of the outcome. */
struct json_object *txn_meta(const struct txn *, const char *outcome);
struct json_object *txn_result(const struct txn *);
struct json_object *txn_error(
    const struct txn *, const struct err *outer, const struct err *cause);

/* recover.c; the lock is held by the caller. */
int recover_locked(const struct conf *, struct err *);

#endif
