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
 *
 * op                  args -> data
 * connection.get      {"draft": ID?, "sandbox": bool?} -> VIEW, with
 *                     "sandbox" as in status when asked for
 * status              {"probe": bool} -> VIEW with "live": probe result or
 *                     {"error": ERROR}, and "sandbox": {"postseald":
 *                     {"user", "capabilities": [..]}, "inspect": {"user",
 *                     "landlock": ABI, "seccomp", "no_new_privs", "limits",
 *                     "complete": bool}} (sandbox.h)
 * inspect             {"files": FILES, "passphrase"?, "partial": bool?}
 *                     -> {"report": REPORT}
 * draft.put           {"draft": ID, "files": FILES?, "names": {field: file
 *                     name}?, "passphrase"?, "settings": PATCH?,
 *                     "apply": "restart"|"reload"?, "remove": [field]?, "scanners": [name]?,
 *                     "key_id": ID? (as in connection.apply)}
 *                     -> {"draft": DRAFT}
 * draft.drop          {"draft": ID} -> {}
 * connection.apply    {"settings": PATCH?, "files": FILES?, "passphrase"?,
 *                     "draft": ID? (its files are used and it is dropped on
 *                     success), "key_id": ID? (the self-signed certificate
 *                     of a key made here, in place of files), "apply"?, "confirm": [code]?,
 *                     "scanners": [name]? (only these hosts, "all" is off),
 *                     "dry_run": bool?, "if_match": etag?, "wait": bool?}
 *                     -> RESULT, or with wait=false {"job": ID} at once
 * job.get             {"job": ID} -> JOB
 * generations.list    {"limit"?} -> {"generations": [GEN]}
 * generation.get      {"id": N} -> GEN with "settings", "result"
 * generation.diff     {"a": N, "b": M} -> see generation_diff in apply.h
 * generation.restore  {"id": N, "apply"?, "confirm"?, "dry_run"?,
 *                     "if_match"?, "wait"?} -> as connection.apply; with the
 *                     one in force it undoes hand edits (drift)
 * connection.adopt    {"apply"?, "confirm"?, "dry_run"?, "if_match"?,
 *                     "wait"?} -> as connection.apply: levels and certificate
 *                     that somebody set in main.cf become settings.
 *                     drift.not_adoptable: a level that the console has not;
 *                     drift.reset (to confirm): a value that would go back
 * recover             {} -> VIEW (root): finish or undo what a crash left
 * audit.list          {"user"?, "event"? (prefix), "outcome"?, "text"?,
 *                     "before"?: offset, "limit"?}
 *                     -> {"entries": [LINE], "next": offset | null}, newest
 *                     first; LINE {"at", "user", "from", "via", "event",
 *                     "outcome", "detail"?, "offset"}
 * keys.add            {"kind": "csr"|"self_signed", "algorithm": "p256"?,
 *                     "subject": {"common_name", "organization",
 *                     "organizational_unit", "locality", "state",
 *                     "country"}?, "names": [..]? (default: the host's),
 *                     "days": N?} -> KEY with "tlsa": [TLSA]; keystore.h
 * keys.list           {} -> {"host", "keys": [KEY with "tlsa"],
 *                     "in_use": CERT | null, "tlsa": [TLSA] (of in_use)}
 * keys.get            {"id"} -> KEY with "tlsa"
 * keys.delete         {"id"} -> {}
 * auth.pam            {"user", "password"?} -> {"answer": "ok"|"denied"|
 *                     "expired"|"unavailable", "role"?, "stamp"?} (web)
 *                     without a password: is the account still good, in
 *                     which role.  stamp changes with a new or locked
 *                     password.  auth.throttled: too many failures
 * audit.add           {"event": "login"|"logout"|"login_failed"|...,
 *                     "outcome": "ok"|"refused", "detail"?} -> {}
 *
 * ID of a draft: 64 hex digits, chosen by the client from its session.
 *
 * VIEW {"host": "mx.example.jp", "etag": "\"7-1a2b3c4d\"",
 *   "settings": SETTINGS, "apply_default": "restart",
 *   "generation": GEN | null, "certificate": CERT | null,
 *   "probe": last probe that was passed | null,
 *   "probe_error": {"code", "at"} of a later one that failed | null,
 *   "postfix": {"state": "running"|"stopped"|"missing"|"other_mta"|
 *      "too_old"|"broken", "version": "3.7.11", "config_directory": "...",
 *      "detail": "...", "exempt": ["127.0.0.1:10026"]},
 *   "usable": bool, "drift": [{"parameter", "expected", "actual"}],
 *   "draft": DRAFT | null, "busy": bool (an apply is running)}
 * GEN {"id": 7, "at": ISO, "by": "admin", "from": "...", "via": "web",
 *   "outcome": "applied"|"failed", "in_force": bool,
 *   "apply": "restart"|"reload", "outage_ms": 870,
 *   "summary": ["inbound.enabled", "certificate", ...] (what changed),
 *   "kind": "save"|"restore"|"adopt", "restored"?: N,
 *   "certificate_name", "certificate_sha256"? (leaf),
 *   "error_code"?, "error_step"? (of a failed one)}
 *   generation.get adds "settings", "certificate": CERT | null, "result":
 *   {"outage_ms", "apply", "steps", "probe", "changes", "findings", "job"},
 *   "error": ERROR (of a failed one)
 * DRAFT {"files": {field: {"name", "size"}}, "report": REPORT | null,
 *   "settings": PATCH | null, "apply": ".." | null, "scanners": [name] | null,
 *   "passphrase": bool (one is kept), "expires_at": ISO}
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
 *   "apply": "restart", "outage_ms": 870, "steps": [STEP],
 *   "probe": {...} | null, "changes": [{"parameter","before","after"}],
 *   "findings": [FINDING], "job": ID, "diff": "..." (dry_run only)}
 */
#ifndef POSTSEAL_OPS_H
#define POSTSEAL_OPS_H

#define OP_CONNECTION_GET	"connection.get"
#define OP_STATUS		"status"
#define OP_INSPECT		"inspect"
#define OP_DRAFT_PUT		"draft.put"
#define OP_DRAFT_DROP		"draft.drop"
#define OP_CONNECTION_APPLY	"connection.apply"
#define OP_JOB_GET		"job.get"
#define OP_GENERATIONS_LIST	"generations.list"
#define OP_GENERATION_GET	"generation.get"
#define OP_GENERATION_DIFF	"generation.diff"
#define OP_GENERATION_RESTORE	"generation.restore"
#define OP_CONNECTION_ADOPT	"connection.adopt"
#define OP_RECOVER		"recover"
#define OP_AUDIT_LIST		"audit.list"
#define OP_AUDIT_ADD		"audit.add"
#define OP_AUTH_PAM		"auth.pam"
#define OP_KEYS_ADD		"keys.add"
#define OP_KEYS_LIST		"keys.list"
#define OP_KEYS_GET		"keys.get"
#define OP_KEYS_DELETE		"keys.delete"

/*
 * Several hosts ([cluster] in postseal.conf); all ERR_CLUSTER_NONE without.
 * For postseal-sync alone:
 * cluster.poll        {"serial": S?, "wait_ms": N?, "probe": bool?} -> POLL;
 *                     waits while the serial is still S
 * cluster.seal        {"host", "generation", "local", "by", "apply"}
 *                     -> {"blob": base64}; or {"host", "chosen": ID}: what a
 *                     Save for chosen hosts has sealed for this one
 * cluster.published   {"id", "outcome": "published"|"stale"|"failed",
 *                     "detail"?} -> {}: what became of outbox or command
 * cluster.apply       {"blob": base64, "generation": N, "attempt": N,
 *                     "own": bool? (for this host alone)}
 *                     -> RESULT
 * cluster.report      {"etcd": {...}, "desired": DESIRED | null, "hosts":
 *                     [{"name", "alive", "text", "sig", "seen"}]}
 *                     -> {"hosts": [HOSTSTATE]} (signatures checked);
 *                     alive is false for all while etcd does not answer
 * POLL {"serial", "name", "console", "cluster": ID, "generation", "own",
 *   "publish": {"id", "base", "generation", "local", "by", "apply"} | null,
 *   "chosen": {"id", "base", "generation", "by", "at", "apply", "hosts"}
 *   | null, "command": {"id", "do"} | null, "hosts": [name], "local",
 *   "own_generation", "status": {"text", "sig": base64}}
 * DESIRED {"generation", "bundle", "console", "by", "at", "apply",
 *   "state": "rolling"|"stopped"|"done"|"left", "wave", "waves", "attempt",
 *   "canary", "batch", "failed": [name], "chosen": {the same, for those of
 *   "hosts": {NAME: {"generation", "wave", "bundle"}}}?}
 * For the administrator:
 * scanners.get        {} -> {"cluster": {...}, "desired", "etcd",
 *                     "scanners": [SCANNER]}
 * scanner.identity    {} -> {"name", "certificate", "sha256"}       (root)
 * scanner.enrol       {"name", "certificate"} -> {"join": {...}}    (root)
 * scanner.trust       {"join"} -> {}                                (root)
 * scanner.rotate      {} -> as scanner.identity                     (root)
 * scanner.remove      {"name"} -> {}
 * cluster.command     {"do": "retry"|"leave"|"rollback"|"rejoin"|
 *                     "retry_chosen"|"leave_chosen", "scanner": NAME? (with
 *                     rejoin: that one)} -> {}
 * RESULT of connection.apply at a console gets "cluster": {"state":
 *   "published"|"waiting"|"failed", "generation", "scanners": number}; of a
 *   Save for chosen hosts {"state", "chosen": number of such Saves,
 *   "scanners", "hosts": [{"name", "state": "applied"|"failed"|"waiting"|
 *   "away", "certificate_sha256", "code"}]}, and "generation" and "outage_ms"
 *   are null unless this host is one of them.  An ERROR then has "hosts".
 */
#define OP_CLUSTER_POLL		"cluster.poll"
#define OP_CLUSTER_SEAL		"cluster.seal"
#define OP_CLUSTER_PUBLISHED	"cluster.published"
#define OP_CLUSTER_APPLY	"cluster.apply"
#define OP_CLUSTER_REPORT	"cluster.report"
#define OP_CLUSTER_COMMAND	"cluster.command"
#define OP_SCANNERS_GET		"scanners.get"
#define OP_SCANNER_IDENTITY	"scanner.identity"
#define OP_SCANNER_ENROL	"scanner.enrol"
#define OP_SCANNER_TRUST	"scanner.trust"
#define OP_SCANNER_ROTATE	"scanner.rotate"
#define OP_SCANNER_REMOVE	"scanner.remove"

#define DRAFT_ID_LEN	64
#define JOB_ID_LEN	32

/* Apply steps in order; steps.def's names are those in STEP and ERROR.step. */
enum apply_step {
#define S(name, undo, flags) STEP_##name,
#include "steps.def"
#undef S
	STEP__MAX
};

#endif
