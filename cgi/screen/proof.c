/*
 * proof.c - what a probe saw of each address, and what it did not: "proven" is
 * said of what a client of ours got there, and of nothing else.
 */
#include <stdio.h>
#include <string.h>

#include "jsonx.h"
#include "proof.h"

#define CELL_MAX 512

static bool
is_proven(struct json_object *address)
{
	return strcmp(jsonx_path_str(address, "state", ""), "proven") == 0;
}

/* It answers and offers TLS, for which it has no certificate. */
bool
address_is_bare(struct json_object *address)
{
	return !is_proven(address) && jsonx_path(address, "tls_error") != NULL;
}

enum proven
proof_of(struct json_object *probe)
{
	struct json_object *list = jsonx_path(probe, "addresses"), *one;
	size_t i, n = jsonx_len(list), seen = 0, bare = 0;

	if (probe == NULL)
		return PROOF_NONE;
	if (list == NULL) /* of a generation that kept no more */
		return PROOF_ALL;
	for (i = 0; i < n; i++) {
		one = json_object_array_get_idx(list, i);
		seen += is_proven(one);
		bare += address_is_bare(one);
	}
	if (n == 0)
		return PROOF_CLOSED;
	return jsonx_path_bool(probe, "proven") ? PROOF_ALL
	       : bare == n			? PROOF_BARE
	       : seen == 0			? PROOF_UNSEEN
						: PROOF_PART;
}

/* "1.2, 1.3" of ["TLSv1.2", "TLSv1.3"]. */
void
tls_versions(struct json_object *protocols, char *dst, size_t size)
{
	const char *s;
	size_t i, len = 0;

	dst[0] = '\0';
	for (i = 0; i < jsonx_len(protocols) && len < size; i++) {
		s = jsonx_str_at(protocols, i);
		if (strncmp(s, "TLSv", 4) == 0)
			len += (size_t)snprintf(dst + len, size - len, "%s%s",
			    len > 0 ? ", " : "", s + 4);
	}
}

/* "EC: TLS 1.2, 1.3; RSA: TLS 1.2": each pair by its own handshakes. */
static void
put_tls(struct json_object *o, struct json_object *address)
{
	struct json_object *list = jsonx_path(address, "certificates"), *one;
	char cell[CELL_MAX] = "", versions[64];
	size_t i, len = 0;

	for (i = 0; i < jsonx_len(list) && len < sizeof(cell); i++) {
		one = json_object_array_get_idx(list, i);
		tls_versions(
		    jsonx_path(one, "protocols"), versions, sizeof(versions));
		len += (size_t)snprintf(cell + len, sizeof(cell) - len,
		    "%s%s: TLS %s", i > 0 ? "; " : "",
		    jsonx_path_str(one, "algorithm", ""), versions);
	}
	tls_versions(
	    jsonx_path(address, "protocols"), versions, sizeof(versions));
	if (len == 0 && versions[0] != '\0')
		snprintf(cell, sizeof(cell), "TLS %s", versions);
	put_str(o, "tls", cell);
}

static void
put_names_asked(
    struct json_object *o, const char *key, struct json_object *names)
{
	char cell[CELL_MAX] = "";
	size_t i, len = 0;

	for (i = 0; i < jsonx_len(names) && len < sizeof(cell); i++)
		len += (size_t)snprintf(cell + len, sizeof(cell) - len, "%s%s",
		    i > 0 ? ", " : "", jsonx_str_at(names, i));
	put_str(o, key, cell);
}

static const char *
outcome_text(struct json_object *address)
{
	if (address_is_bare(address))
		return "proof.bare";
	if (!is_proven(address))
		return strcmp(jsonx_path_str(address, "state", ""), "blind") ==
			       0
			   ? "proof.blind"
			   : "proof.not_seen";
	if (!jsonx_path_bool(address, "starttls") &&
	    !jsonx_path_bool(address, "wrapper"))
		return "proof.plain";
	return jsonx_path_bool(address, "plaintext_refused") ? "proof.required"
							     : "proof.tls";
}

void
address_port(struct json_object *address, char *dst, size_t size)
{
	const char *host = jsonx_path_str(address, "address", "");
	bool six = strchr(host, ':') != NULL;

	snprintf(dst, size, "%s%s%s:%d", six ? "[" : "", host, six ? "]" : "",
	    (int)jsonx_path_int(address, "port"));
}

static struct json_object *
row_of(const struct page *p, struct json_object *address)
{
	struct json_object *o = json_object_new_object();
	bool proven = is_proven(address);
	char where[80];

	address_port(address, where, sizeof(where));
	put_str(o, "address", where);
	put_str(o, "service", jsonx_path_str(address, "service", ""));
	put_names_asked(o, "names", jsonx_path(address, "names"));
	put_names_asked(o, "others", jsonx_path(address, "names_other"));
	put_tls(o, address);
	put_bool(o, "proven", proven);
	put_str(o, "severity", proven ? "ok" : "warn");
	put_icon(o, proven ? "ok" : "warn");
	put_str(o, "text", page_text(p, outcome_text(address)));
	put_str(
	    o, "detail", proven ? "" : jsonx_path_str(address, "detail", ""));
	return o;
}

void
put_proof(
    const struct page *p, struct json_object *ctx, struct json_object *probe)
{
	struct json_object *list = jsonx_path(probe, "addresses");
	struct json_object *rows, *o;
	size_t i;

	if (jsonx_len(list) == 0) {
		json_object_object_add(ctx, "proof", NULL);
		return;
	}
	o = json_object_new_object();
	rows = json_object_new_array();
	for (i = 0; i < jsonx_len(list); i++)
		json_object_array_add(
		    rows, row_of(p, json_object_array_get_idx(list, i)));
	json_object_object_add(o, "rows", rows);
	put_bool(o, "more_addresses", jsonx_path_bool(probe, "more_addresses"));
	json_object_object_add(ctx, "proof", o);
}

/* A Save of which nothing was looked at: why. */
static enum proven
unlooked(struct json_object *result)
{
	const char *what = jsonx_path_str(result, "postfix", "");

	return strcmp(what, "stopped") == 0	? PROOF_STOPPED
	       : strcmp(what, "untouched") == 0 ? PROOF_UNTOUCHED
						: PROOF_NONE;
}

static enum proven
proof_of_save(struct json_object *result)
{
	enum proven proof = proof_of(jsonx_path(result, "probe"));

	return proof == PROOF_NONE ? unlooked(result) : proof;
}

const char *
proof_title(struct json_object *result, const char **kind)
{
	static const struct {
		const char *kind, *title;
	} rows[] = {
	    [PROOF_NONE] = {"ok", "outcome.title.applied"},
	    [PROOF_ALL] = {"ok", "outcome.title.proven"},
	    [PROOF_PART] = {"warn", "outcome.title.part"},
	    [PROOF_UNSEEN] = {"warn", "outcome.title.unseen"},
	    [PROOF_BARE] = {"warn", "outcome.title.bare"},
	    [PROOF_CLOSED] = {"info", "outcome.title.applied"},
	    [PROOF_STOPPED] = {"warn", "outcome.title.stopped"},
	    [PROOF_UNTOUCHED] = {"info", "outcome.title.applied"},
	};
	enum proven proof = proof_of_save(result);

	*kind = rows[proof].kind;
	return rows[proof].title;
}

const char *
proof_sentence(struct json_object *result, bool inbound)
{
	static const char *const texts[] = {
	    [PROOF_NONE] = "outcome.in_force",
	    [PROOF_UNSEEN] = "outcome.unseen",
	    [PROOF_BARE] = "outcome.bare",
	    [PROOF_CLOSED] = "outcome.closed",
	    [PROOF_STOPPED] = "outcome.stopped",
	    [PROOF_UNTOUCHED] = "outcome.in_force",
	};
	struct json_object *list = jsonx_path(result, "probe.addresses");
	enum proven proof = proof_of_save(result);

	/* The sentences of a proof are about the first address. */
	if (proof == PROOF_PART &&
	    !is_proven(json_object_array_get_idx(list, 0)))
		return "outcome.part";
	if (proof == PROOF_ALL || proof == PROOF_PART)
		return inbound ? "outcome.serves" : "outcome.serves_plain";
	return texts[proof];
}
