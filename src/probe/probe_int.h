/*
 * probe_int.h - what one try of the probe has seen; for probe.c and
 * probe_json.c.
 */
#ifndef POSTSEAL_PROBE_INT_H
#define POSTSEAL_PROBE_INT_H

#include "probe.h"
#include "util.h"

#define PROBE_VERSIONS 2
struct probe_version {
	int version;
	const char *name;
};
extern const struct probe_version probe_versions[PROBE_VERSIONS];

enum probe_reason {
	REASON_NONE,
	REASON_CONNECTION,
	REASON_GREETING,
	REASON_REFUSED,
	REASON_HIDDEN,
	REASON_SESSION,
	REASON_DIFFERS,
	REASON__MAX
};

enum probe_named { NAMED_UNKNOWN, NAMED_OURS, NAMED_OTHER };

struct seen {
	bool inside; /* EHLO was answered */
	bool starttls, refused, wrapper;
	bool version[PROBE_LEAVES_MAX][PROBE_VERSIONS];
	char sha256[PROBE_LEAVES_MAX][SHA256_HEX];
	char protocol[16], cipher[64];
	enum probe_named named[PROBE_NAMES_MAX];
	char tls_error[120];
	enum probe_reason reason;
	int code; /* of the reply that turned us away */
	int tries;
};

/* ADDRESS of probe.h, or NULL without memory.  rc: of probe_address. */
struct json_object *probe_json(const struct probe_want *,
	    const struct seen *, int rc, const struct err *why);

#endif
