/*
 * routes.c - every address of the console: who may, what may come, and the
 * function that answers.
 */
#include "core.h"

#define KIB   1024
#define SMALL (8 * KIB)
/* Three files of 64 KiB and as much again, so that a file somewhat too large
 * is named by the answer instead of cutting the request off. */
#define UPLOAD (512 * KIB)
/* The same and an access list of 10,000 entries. */
#define WHOLE (1024 * KIB)
#define FORMS (BODY_FORM | BODY_MULTIPART)
/* "apply" and "confirm", or nothing. */
#define CHOICES (BODY_JSON | BODY_MULTIPART | BODY_EMPTY)

static const char *const q_login[] = {"next", "again", NULL};
static const char *const q_connection[] = {
    "job", "preview", "probe", "confirm", "unchosen", "edit", NULL};
static const char *const q_job[] = {"confirm", NULL};
static const char *const q_dry_run[] = {"dry_run", NULL};
static const char *const q_limit[] = {"limit", NULL};
static const char *const q_with[] = {"with", NULL};
static const char *const q_history[] = {
    "by", "outcome", "changed", "sort", NULL};
static const char *const q_generation[] = {"with", "preview", NULL};
static const char *const q_access[] = {"done", "text", "sort", NULL};
static const char *const q_audit_page[] = {"user", "event", "outcome", "text",
    "before", "limit", "sort", "after", NULL};
static const char *const q_audit[] = {
    "user", "event", "outcome", "text", "before", "limit", NULL};

const struct route routes[] = {
    {HTTP_GET, "/", AUTH_NONE, false, 0, BODY_NONE, page_root, NULL,
	MAY_ANYONE},
    {HTTP_GET, "/login", AUTH_NONE, false, 0, BODY_NONE, page_login, q_login,
	MAY_ANYONE},
    {HTTP_POST, "/login", AUTH_NONE, true, SMALL, FORMS, page_login, NULL,
	MAY_ANYONE},
    {HTTP_POST, "/logout", AUTH_SESSION, true, SMALL, FORMS, page_logout, NULL,
	MAY_OWN},
    {HTTP_POST, "/language", AUTH_NONE, true, SMALL, FORMS, page_language, NULL,
	MAY_ANYONE},
    {HTTP_GET, "/smtp-routing/connection", AUTH_SESSION, false, 0, BODY_NONE,
	page_connection, q_connection, MAY_READ},
    {HTTP_POST, "/smtp-routing/connection", AUTH_SESSION, true, WHOLE, FORMS,
	page_connection, NULL, MAY_CHANGE},
    {HTTP_GET, "/smtp-routing/connection/job/*", AUTH_SESSION, false, 0,
	BODY_NONE, page_progress, q_job, MAY_READ},

    {HTTP_POST, "/smtp-routing/connection/drift", AUTH_SESSION, true, SMALL,
	FORMS, page_drift, NULL, MAY_CHANGE},
    {HTTP_GET, "/smtp-routing/history", AUTH_SESSION, false, 0, BODY_NONE,
	page_history, q_history, MAY_READ},
    {HTTP_GET, "/smtp-routing/history/*", AUTH_SESSION, false, 0, BODY_NONE,
	page_generation, q_generation, MAY_READ},
    {HTTP_POST, "/smtp-routing/history/*", AUTH_SESSION, true, SMALL, FORMS,
	page_generation, NULL, MAY_CHANGE},
    {HTTP_GET, "/guide", AUTH_SESSION, false, 0, BODY_NONE, page_guide, NULL,
	MAY_READ},
    {HTTP_GET, "/audit", AUTH_SESSION, false, 0, BODY_NONE, page_audit,
	q_audit_page, MAY_READ},

    {HTTP_GET, "/access", AUTH_SESSION, false, 0, BODY_NONE, page_access,
	q_access, MAY_OWN},
    {HTTP_POST, "/access", AUTH_SESSION, true, SMALL, FORMS, page_access, NULL,
	MAY_OWN},
    {HTTP_GET, "/api/v1/users", AUTH_TOKEN, false, 0, BODY_NONE, api_users_get,
	NULL, MAY_ACCESS},
    {HTTP_POST, "/api/v1/users", AUTH_TOKEN, false, SMALL, BODY_JSON,
	api_users_post, NULL, MAY_ACCESS},
    {HTTP_POST, "/api/v1/users/*", AUTH_TOKEN, false, SMALL, BODY_JSON,
	api_user_post, NULL, MAY_ACCESS},
    {HTTP_DELETE, "/api/v1/users/*", AUTH_TOKEN, false, 0, BODY_NONE,
	api_user_delete, NULL, MAY_ACCESS},
    {HTTP_GET, "/api/v1/tokens", AUTH_TOKEN, false, 0, BODY_NONE,
	api_tokens_get, NULL, MAY_ACCESS},
    {HTTP_POST, "/api/v1/tokens", AUTH_TOKEN, false, SMALL, BODY_JSON,
	api_tokens_post, NULL, MAY_ACCESS},
    {HTTP_DELETE, "/api/v1/tokens/*", AUTH_TOKEN, false, 0, BODY_NONE,
	api_token_delete, NULL, MAY_ACCESS},
    {HTTP_GET, "/api/v1/sessions", AUTH_TOKEN, false, 0, BODY_NONE,
	api_sessions_get, NULL, MAY_ACCESS},
    {HTTP_DELETE, "/api/v1/sessions/*", AUTH_TOKEN, false, 0, BODY_NONE,
	api_session_delete, NULL, MAY_ACCESS},

    {HTTP_GET, "/smtp-routing/keys", AUTH_SESSION, false, 0, BODY_NONE,
	page_keys, NULL, MAY_READ},
    {HTTP_POST, "/smtp-routing/keys", AUTH_SESSION, true, 2 * SMALL, FORMS,
	page_keys, NULL, MAY_CHANGE},
    {HTTP_GET, "/smtp-routing/keys/*/csr", AUTH_SESSION, false, 0, BODY_NONE,
	api_key_csr, NULL, MAY_READ},

    {HTTP_GET, "/smtp-routing/scanners", AUTH_SESSION, false, 0, BODY_NONE,
	page_scanners, NULL, MAY_READ},
    {HTTP_POST, "/smtp-routing/scanners", AUTH_SESSION, true, SMALL, FORMS,
	page_scanners, NULL, MAY_ACCESS},

    {HTTP_GET, "/api/v1/scanners", AUTH_TOKEN, false, 0, BODY_NONE,
	api_scanners, NULL, MAY_READ},
    {HTTP_POST, "/api/v1/scanners", AUTH_TOKEN, false, SMALL,
	BODY_JSON | BODY_MULTIPART, api_scanners_do, NULL, MAY_ACCESS},
    {HTTP_GET, "/api/v1/scanners/*", AUTH_TOKEN, false, 0, BODY_NONE,
	api_scanner, NULL, MAY_READ},
    {HTTP_DELETE, "/api/v1/scanners/*", AUTH_TOKEN, false, 0, BODY_NONE,
	api_scanner_delete, NULL, MAY_ACCESS},
    {HTTP_GET, "/api/v1/connection", AUTH_TOKEN, false, 0, BODY_NONE,
	api_connection_get, NULL, MAY_READ},
    {HTTP_POST, "/api/v1/connection", AUTH_TOKEN, false, WHOLE,
	BODY_JSON | BODY_MULTIPART, api_connection_post, q_dry_run, MAY_RENEW},
    {HTTP_POST, "/api/v1/certificates/inspect", AUTH_TOKEN, false, UPLOAD,
	BODY_JSON | BODY_MULTIPART, api_inspect, NULL, MAY_CHECK},
    {HTTP_GET, "/api/v1/status", AUTH_TOKEN, false, 0, BODY_NONE, api_status,
	NULL, MAY_CHECK},
    {HTTP_GET, "/api/v1/jobs/*", AUTH_TOKEN, false, 0, BODY_NONE, api_job, NULL,
	MAY_READ},
    {HTTP_POST, "/api/v1/connection/adopt", AUTH_TOKEN, false, SMALL, CHOICES,
	api_connection_adopt, q_dry_run, MAY_CHANGE},
    {HTTP_POST, "/api/v1/connection/restore", AUTH_TOKEN, false, SMALL, CHOICES,
	api_connection_restore, q_dry_run, MAY_CHANGE},
    {HTTP_GET, "/api/v1/generations", AUTH_TOKEN, false, 0, BODY_NONE,
	api_generations, q_limit, MAY_READ},
    {HTTP_GET, "/api/v1/generations/*", AUTH_TOKEN, false, 0, BODY_NONE,
	api_generation, NULL, MAY_READ},
    {HTTP_POST, "/api/v1/generations/*/restore", AUTH_TOKEN, false, SMALL,
	CHOICES, api_generation_restore, q_dry_run, MAY_CHANGE},
    {HTTP_GET, "/api/v1/generations/*/diff", AUTH_TOKEN, false, 0, BODY_NONE,
	api_generation_diff, q_with, MAY_READ},
    {HTTP_GET, "/api/v1/audit", AUTH_TOKEN, false, 0, BODY_NONE, api_audit,
	q_audit, MAY_READ},
    {HTTP_GET, "/metrics", AUTH_TOKEN, false, 0, BODY_NONE, api_metrics, NULL,
	MAY_READ},
    {HTTP_GET, "/api/v1/keys", AUTH_TOKEN, false, 0, BODY_NONE, api_keys_get,
	NULL, MAY_READ},
    {HTTP_POST, "/api/v1/keys", AUTH_TOKEN, false, SMALL, BODY_JSON,
	api_keys_post, NULL, MAY_CHANGE},
    {HTTP_GET, "/api/v1/keys/*", AUTH_TOKEN, false, 0, BODY_NONE, api_key_get,
	NULL, MAY_READ},
    {HTTP_DELETE, "/api/v1/keys/*", AUTH_TOKEN, false, 0, BODY_NONE,
	api_key_delete, NULL, MAY_CHANGE},
    {HTTP_GET, "/api/v1/keys/*/csr", AUTH_TOKEN, false, 0, BODY_NONE,
	api_key_csr, NULL, MAY_READ},
    {HTTP_GET, "/api/v1/openapi.json", AUTH_TOKEN, false, 0, BODY_NONE,
	api_openapi, NULL, MAY_CHECK},
    {HTTP_GET, "/healthz", AUTH_NONE, false, 0, BODY_NONE, api_healthz, NULL,
	MAY_ANYONE},
    {HTTP_GET, NULL, AUTH_NONE, false, 0, BODY_NONE, NULL, NULL, MAY_NOTHING},
};
const size_t routes_n = sizeof(routes) / sizeof(routes[0]) - 1;
