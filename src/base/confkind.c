/*
 * confkind.c - what a value of postseal.conf may be, by its kind.
 */
#include <string.h>
#include <sys/un.h>

#include "confkind.h"

static bool
path_valid(const char *s, size_t max)
{
	const char *p;

	if (s[0] != '/' || strlen(s) >= max)
		return false;
	for (p = s; (p = strstr(p, "/..")) != NULL; p += 3) {
		if (p[3] == '/' || p[3] == '\0')
			return false;
	}
	return true;
}

static bool
name_valid(const char *s, size_t max)
{
	size_t len = strlen(s);

	return len > 0 && len <= 32 && len < max && s[0] != '-' &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789_-.") == len;
}

/* A name of services(5), a port number, or host:port, [v6]:port. */
static bool
service_valid(const char *s, size_t max)
{
	size_t len = strlen(s);

	return len > 0 && len < max && s[len - 1] != ':' &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789_-.:[]") == len;
}

/* As bundle_name_valid in src/pki, which lies above this layer. */
static bool
host_valid(const char *s, size_t max)
{
	size_t len = strlen(s);

	return len < max && strchr(".-_", s[0]) == NULL &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789.-_") == len;
}

/* https only: what goes over it names hosts and their state. */
static bool
endpoints_valid(const char *s, size_t max)
{
	size_t n;

	if (strlen(s) >= max)
		return false;
	for (;;) {
		if (strncmp(s, "https://", 8) != 0)
			return false;
		s += 8;
		n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ"
			      "RSTUVWXYZ0123456789.-_:[]");
		if (n == 0 || s[n - 1] == ':')
			return false;
		s += n;
		if (*s == '\0')
			return true;
		if (*s++ != ',')
			return false;
	}
}

/* As a browser writes an origin: lower case, no default port, no path. */
static bool
origin_valid(const char *s, size_t max)
{
	size_t n, port;

	if (strlen(s) >= max || strncmp(s, "https://", 8) != 0)
		return false;
	s += 8;
	n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789.-");
	if (n == 0 || n > 253 || s[0] == '.' || s[0] == '-' ||
	    s[n - 1] == '.' || s[n - 1] == '-')
		return false;
	s += n;
	if (*s == '\0')
		return true;
	port = strspn(s + 1, "0123456789");
	return *s == ':' && port > 0 && port <= 5 && s[1] != '0' &&
	       s[1 + port] == '\0' && strcmp(s, ":443") != 0;
}

/* The words are those of role_name in src/store, above this layer. */
static bool
roles_valid(const char *s, size_t max)
{
	static const char *const roles[] = {
	    "administrator", "operator", "viewer"};
	size_t n, i;

	if (strlen(s) >= max)
		return false;
	while (*s != '\0') {
		n = strcspn(s, ", ");
		for (i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
			if (strlen(roles[i]) == n &&
			    strncmp(s, roles[i], n) == 0)
				break;
		}
		if (i == sizeof(roles) / sizeof(roles[0]))
			return false;
		s += n;
		s += strspn(s, ", ");
	}
	return true;
}

static bool
socket_valid(const char *s, size_t max)
{
	struct sockaddr_un sun;

	return path_valid(
	    s, max < sizeof(sun.sun_path) ? max : sizeof(sun.sun_path));
}

static const char *const apply_words[] = {"restart", "reload", NULL};
static const char *const yes_words[] = {"yes", "no", NULL};
static const char *const source_words[] = {"local", "pam", "both", NULL};

static const struct {
	bool (*valid)(const char *, size_t max);
	const char *const *words; /* in the place of valid */
	bool empty;		  /* may be */
	const char *says;
} kinds[] = {
    [KIND_PATH] = {path_valid, NULL, false, "an absolute path without \"..\""},
    [KIND_PATH_OR_NONE] = {path_valid, NULL, true,
	"an absolute path or nothing"},
    [KIND_SOCKET] = {socket_valid, NULL, false,
	"an absolute path of at most 107 bytes"},
    [KIND_NAME] = {name_valid, NULL, false, "a user or group name"},
    [KIND_SERVICE] = {service_valid, NULL, false,
	"a service name, port or host:port"},
    [KIND_APPLY] = {NULL, apply_words, false, "restart or reload"},
    [KIND_YES_NO] = {NULL, yes_words, false, "yes or no"},
    [KIND_ROLES] = {roles_valid, NULL, true, "administrator, operator, viewer"},
    [KIND_HOST_OR_NONE] = {host_valid, NULL, true, "a name of a-z 0-9 . - _"},
    [KIND_ENDPOINTS] = {endpoints_valid, NULL, true,
	"https://host:port, with commas between"},
    [KIND_ORIGIN] = {origin_valid, NULL, true,
	"https://name or https://name:port, as browsers show it"},
    [KIND_SOURCE] = {NULL, source_words, false, "local, pam or both"},
    [KIND_NAME_OR_NONE] = {name_valid, NULL, true, "a group name or nothing"},
};

bool
conf_kind_valid(enum conf_kind kind, const char *s, size_t size)
{
	const char *const *word = kinds[kind].words;

	if (*s == '\0' && kinds[kind].empty)
		return true;
	if (word == NULL)
		return kinds[kind].valid(s, size);
	while (*word != NULL && strcmp(*word, s) != 0)
		word++;
	return *word != NULL;
}

const char *
conf_kind_says(enum conf_kind kind)
{
	return kinds[kind].says;
}
