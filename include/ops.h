/*
 * ops.h - what goes over postseald.sock: the contract between postseald
 * and its clients (postseal.fcgi, postsealctl, postseal-sync).
 *
 * Request frame:
 *   {"op": NAME, "actor": {"user": "admin", "from": "192.0.2.1",
 *    "via": "web" | "api" | "ctl"}, "args": {...}}
 * Reply: any number of {"type": "progress", "job": JOB}, then one
 *   {"type": "result", "ok": true, "data": {...}} or
 *   {"type": "result", "ok": false, "error": ERROR}.
 * One request a connection.
 *
 * ERROR {"code", "field", "detail", "findings": [FINDING], "step": "probe",
 *        "log": ["..."], "generation": 12 (in force), "job": "id",
 *        "cause": {"code", "field", "detail"} (of the step that failed)}
 *        (all but code optional)
 * FINDING, REPORT, CERT: see findings.h and pki.h.  No texts for people: the
 * client renders "error.<code>" in the reader's language.
 *
 * FILES {"server_certificate": base64, "private_key": base64,
 *        "ca_certificate": base64}   each optional, at most 64 KiB decoded
 * LOOSE [{"name", "data": base64}]   files in no field, sorted by what they hold
 *
 * The operations, with what each takes and gives: ops.def.
 *
 * ID of a draft: 64 hex digits, chosen by the client from its session.
 *
 * VIEW {"host": "mx.example.jp", "etag": "\"7-1a2b3c4d\"",
 *   "settings": SETTINGS, "apply_default": "restart",
 *   "generation": GEN | null, "certificate": CERT | null,
 *   "certificates": [CERT] (one of each algorithm; the first is the same),
 *   "by_name": [NAMED of certs.h] (those for names, too),
 *   "probe": last probe that was passed | null,
 *   "probe_error": {"code", "at"} of a later one that failed | null,
 *   "probe_stale": ISO (main.cf, master.cf or Postfix itself is another since
 *      then, and not seen yet; neither of the two above is given) | null,
 *   "postfix": {"state": "running"|"stopped"|"missing"|"other_mta"|
 *      "too_old"|"broken", "version": "3.7.11", "config_directory": "...",
 *      "detail": "...", "exempt": ["127.0.0.1:10026"],
 *      "changed_at": ISO (when main.cf was written last)},
 *   "usable": bool, "drift": [{"parameter", "expected", "actual"}],
 *   "draft": DRAFT | null, "busy": bool (an apply is running)}
 * GEN {"id": 7, "at": ISO, "by": "admin", "from": "...", "via": "web",
 *   "outcome": "applied"|"failed", "in_force": bool,
 *   "apply": "restart"|"reload" (what was to be done), "postfix"?:
 *   "restarted"|"reloaded"|"untouched"|"stopped" (what was done; absent:
 *   not known), "outage_ms": 870 | null,
 *   "summary": ["inbound.enabled", "certificate", ...] (what changed),
 *   "changed"?: [{"setting", "before", "after"}] (of a list: how many),
 *   "kind": "save"|"restore"|"adopt"|"leave", "restored"?: N, "note"?: why,
 *   "previous": N (in force before it; 0: none),
 *   "certificate_name", "certificate_sha256"? (leaf),
 *   "error_code"?, "error_step"? (of a failed one)}
 *   generation.get adds "settings", "certificate": CERT | null, "result":
 *   {"outage_ms", "apply", "postfix", "steps", "probe", "changes", "findings",
 *   "job"},
 *   "error": ERROR (of a failed one)
 * DRAFT {"files": {field: {"name", "size"}}, "client_ca": as one of these, if
 *   there is one, "report": REPORT | null,
 *   "settings": PATCH | null, "was": {field: text} | null (before it, as the
 *   form had it), "apply": ".." | null, "note": ".." (what is hidden in it is
 *   marked), "scanners": [name] | null,
 *   "passphrase": bool (one is kept), "sorted": SORTED of loose.h | null (of
 *   its loose files), "expires_at": ISO}
 *   A file that no other file could mend (empty, unreadable, wrong field)
 *   is not among files; its findings stand first in report until that
 *   field is sent again.
 * JOB {"id": 32 hex, "state": "running"|"applied"|"unchanged"|
 *   "rolled_back"|"refused"|"failed", "started_at": ISO, "by": "admin",
 *   "steps": [STEP], "result": RESULT | null, "error": ERROR | null}
 *   (a dry run has the state "dry_run" and is not kept)
 * STEP {"name": "inspect", "state": "done"|"running"|"failed"|"undone",
 *   "ms": 4}
 * RESULT {"generation": 7, "result": "applied"|"unchanged"|"dry_run",
 *   "apply": "restart", "postfix", "outage_ms": 870, "steps": [STEP],
 *   "probe": PROBE of look.h | null, "hop": HOP of hop.h with "before": its
 *   state before the change | null (no relayhost, or the way out does not
 *   change), "changes": [{"parameter","before","after"}],
 *   "findings": [FINDING], "job": ID, "diff": "..." (dry_run only), "sorted":
 *   SORTED (of loose files only)}
 *
 * Of several hosts:
 * POLL {"serial", "name", "console", "cluster": ID, "generation", "own",
 *   "publish": {"id", "base", "generation", "local", "by", "apply"} | null,
 *   "chosen": {"id", "base", "generation", "by", "at", "apply", "hosts"}
 *   | null, "command": {"id", "do"} | null, "hosts": [name], "local",
 *   "own_generation", "status": {"text", "sig": base64}}
 * DESIRED {"generation", "bundle", "console", "by", "at", "apply",
 *   "state": "rolling"|"stopped"|"done"|"left", "wave", "waves", "attempt",
 *   "canary", "batch", "failed": [name], "chosen": {the same, for those of
 *   "hosts": {NAME: {"generation", "wave", "bundle"}}}?}
 * RESULT of connection.apply at a console gets "cluster": {"state":
 *   "published"|"waiting"|"failed", "generation", "scanners": number}; of a
 *   Save for chosen hosts {"state", "chosen": number of such Saves,
 *   "scanners", "hosts": [{"name", "state": "applied"|"failed"|"waiting"|
 *   "away", "certificate_sha256", "code"}]}, and "generation" and "outage_ms"
 *   are null unless this host is one of them.  An ERROR then has "hosts".
 */
#ifndef POSTSEAL_OPS_H
#define POSTSEAL_OPS_H

/* OP_CONNECTION_GET is "connection.get". */
#define O(symbol, ...) extern const char OP_##symbol[];
#include "ops.def"
#undef O

/* Milliseconds until a client gives up, more than it asked to wait for. */
int	op_patience(const char *name);

#define DRAFT_ID_LEN	64
#define JOB_ID_LEN	32
#define WAS_MAX		80	/* members of a draft's "was" */
#define WAS_TEXT_MAX	144	/* bytes of each */
#define HOP_NAME_MAX	255

/* Apply steps in order; steps.def's names are those in STEP and ERROR.step. */
enum apply_step {
#define S(name, undo, flags) STEP_##name,
#include "steps.def"
#undef S
	STEP__MAX
};

#endif
