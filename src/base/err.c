/*
 * err.c - fill, name and carry errors.
 *
 * A message may quote what a peer or a child program said, and it ends in a
 * log, on a terminal or in JSON: text_clean() makes one line of UTF-8 of it,
 * cut at a character's edge.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "err.h"
#include "util.h"

struct row {
	const char *name;
	int http;
	enum severity severity;
};

static const struct row rows[ERR__MAX] = {
#define E(sym, name, http, sev) [ERR_##sym] = {name, http, SEV_##sev},
#include "err_codes.def"
#undef E
};

static const char *const severities[SEV__MAX] = {
    [SEV_INFO] = "info",
    [SEV_WARN] = "warn",
    [SEV_CONFIRM] = "confirm",
    [SEV_ERROR] = "error",
};

static const struct row *
row_of(enum err_code code)
{
	if ((int)code < 0 || code >= ERR__MAX)
		return &rows[ERR_INTERNAL];
	return &rows[code];
}

static void
fill(struct err *err, enum err_code code, int sys, const char *field,
    const char *fmt, va_list ap)
{
	char raw[1024], text[128];
	size_t len;
	int n;

	if (err == NULL)
		return;
	if ((int)code < 0 || code >= ERR__MAX)
		code = ERR_INTERNAL;
	n = vsnprintf(raw, sizeof(raw), fmt, ap);
	len = n < 0 ? 0 : (size_t)n;
	if (len >= sizeof(raw))
		len = sizeof(raw) - 1;
	if (sys != 0 && len < sizeof(raw) - 1) {
		snprintf(raw + len, sizeof(raw) - len, ": %s",
		    strerror_r(sys, text, sizeof(text)));
		len = strlen(raw);
	}
	err->code = code;
	err->sys = sys;
	if (field == NULL)
		field = "";
	text_clean(err->field, sizeof(err->field), field, strlen(field));
	text_clean(err->msg, sizeof(err->msg), raw, len);
}

int
err_set(struct err *err, enum err_code code, const char *field, const char *fmt,
    ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(err, code, 0, field, fmt, ap);
	va_end(ap);
	return -1;
}

int
err_sys(struct err *err, enum err_code code, const char *field, const char *fmt,
    ...)
{
	int sys = errno;
	va_list ap;

	va_start(ap, fmt);
	fill(err, code, sys, field, fmt, ap);
	va_end(ap);
	errno = sys;
	return -1;
}

void
err_clear(struct err *err)
{
	if (err != NULL)
		memset(err, 0, sizeof(*err));
}

const char *
err_name(enum err_code code)
{
	return row_of(code)->name;
}

int
err_http(enum err_code code)
{
	return row_of(code)->http;
}

enum severity
err_severity(enum err_code code)
{
	return row_of(code)->severity;
}

int
err_from_name(const char *name, enum err_code *ret)
{
	int i;

	if (name == NULL)
		return -1;
	for (i = 0; i < ERR__MAX; i++) {
		if (strcmp(rows[i].name, name) == 0) {
			*ret = (enum err_code)i;
			return 0;
		}
	}
	return -1;
}

const char *
severity_name(enum severity severity)
{
	if ((int)severity < 0 || severity >= SEV__MAX)
		severity = SEV_ERROR;
	return severities[severity];
}

int
severity_from_name(const char *name, enum severity *ret)
{
	int i;

	if (name == NULL)
		return -1;
	for (i = 0; i < SEV__MAX; i++) {
		if (strcmp(severities[i], name) == 0) {
			*ret = (enum severity)i;
			return 0;
		}
	}
	return -1;
}
