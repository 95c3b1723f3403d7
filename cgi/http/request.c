/*
 * request.c - method, path, query, headers and cookies, from the FastCGI
 * parameters that the web server sends.
 *
 * REQUEST_URI is the target as the client wrote it.  The web server's own
 * idea of the path (DOCUMENT_URI) is not used: it has been decoded and
 * shortened by rules of its own, and what it let through might mean
 * something else to us.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <openssl/crypto.h>

#include "core.h"
#include "jsonx.h"
#include "util.h"

#define HEADER_NAME_MAX 64

static const struct {
	const char *name;
	enum http_method method;
} methods[] = {
    {"GET", HTTP_GET},
    {"HEAD", HTTP_HEAD},
    {"POST", HTTP_POST},
    {"DELETE", HTTP_DELETE},
};

const char *
request_env(const struct request *req, const char *name)
{
	size_t len = strlen(name);

	for (char **e = req->env; e != NULL && *e != NULL; e++) {
		if (strncmp(*e, name, len) == 0 && (*e)[len] == '=')
			return *e + len + 1;
	}
	return NULL;
}

const char *
request_header(const struct request *req, const char *name)
{
	char var[HEADER_NAME_MAX] = "HTTP_";
	size_t n = 5;

	for (; *name != '\0'; name++) {
		if (n + 1 >= sizeof(var))
			return NULL;
		if (*name == '-')
			var[n++] = '_';
		else if (*name >= 'a' && *name <= 'z')
			var[n++] = (char)(*name - 'a' + 'A');
		else
			var[n++] = *name;
	}
	var[n] = '\0';
	return request_env(req, var);
}

/* RFC 6265 section 4.2.1.  A name that comes twice counts as absent: nobody
 * can say which of the two is ours. */
const char *
request_cookie(
    const struct request *req, const char *name, char *dst, size_t size)
{
	const char *s = request_env(req, "HTTP_COOKIE");
	size_t n, len = strlen(name);
	bool found = false;

	for (; s != NULL && *s != '\0'; s += n, s += *s == ';') {
		s += strspn(s, " \t");
		n = strcspn(s, ";");
		if (n <= len || strncmp(s, name, len) != 0 || s[len] != '=')
			continue;
		if (found || n - len - 1 >= size)
			return NULL;
		memcpy(dst, s + len + 1, n - len - 1);
		dst[n - len - 1] = '\0';
		found = true;
	}
	return found ? dst : NULL;
}

const char *
request_path_arg(const struct request *req)
{
	const char *slash = strrchr(req->path, '/');

	return slash == NULL ? "" : slash + 1;
}

void
request_init(struct request *req, char **env)
{
	*req = (struct request){0};
	req->method = HTTP_OTHER;
	req->path = "/";
	req->lang = "en";
	req->env = env;
}

/* A numeric address, or "": it goes into the audit and the database. */
static void
set_remote(struct request *req)
{
	const char *s = request_env(req, "REMOTE_ADDR");
	unsigned char addr[sizeof(struct in6_addr)];

	if (s != NULL && strlen(s) < sizeof(req->remote) &&
	    (inet_pton(AF_INET, s, addr) == 1 ||
		inet_pton(AF_INET6, s, addr) == 1))
		snprintf(req->remote, sizeof(req->remote), "%s", s);
}

/*
 * What we go by must come once: of two lengths, two tokens or two cookies
 * nobody can say which one the web server went by.
 */
static int
check_once(const struct request *req, struct err *err)
{
	static const char *const once[] = {"REQUEST_METHOD=", "REQUEST_URI=",
	    "CONTENT_LENGTH=", "CONTENT_TYPE=", "REMOTE_ADDR=",
	    "HTTP_AUTHORIZATION=", "HTTP_COOKIE=", "HTTP_X_CSRF_TOKEN=",
	    "HTTP_IF_MATCH=", "HTTP_PREFER=", "HTTP_HOST="};
	int seen;

	for (size_t i = 0; i < sizeof(once) / sizeof(once[0]); i++) {
		seen = 0;
		for (char **e = req->env; e != NULL && *e != NULL; e++)
			seen += strncmp(*e, once[i], strlen(once[i])) == 0;
		if (seen > 1)
			return err_set(err, ERR_REQ_MALFORMED, "",
			    "%.*s: it came twice", (int)strlen(once[i]) - 1,
			    once[i]);
	}
	return 0;
}

int
request_head(struct request *req, struct err *err)
{
	const char *s = request_env(req, "REQUEST_METHOD");
	char *query;

	for (size_t i = 0;
	     s != NULL && i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (strcmp(s, methods[i].name) == 0)
			req->method = methods[i].method;
	}
	set_remote(req);
	if ((s = request_env(req, "REQUEST_URI")) == NULL)
		return err_set(err, ERR_REQ_MALFORMED, "", "no REQUEST_URI");
	if (path_is_api(s))
		req->path = "/api/"; /* decides the form of an error */
	if (check_once(req, err) == -1)
		return -1;
	if (strlen(s) > TARGET_MAX)
		return err_set(err, ERR_REQ_MALFORMED, "",
		    "address: expected at most %d bytes", TARGET_MAX);
	if ((req->target = strdup(s)) == NULL)
		return err_set(err, ERR_NOMEM, "", "out of memory");
	if ((query = strchr(req->target, '?')) != NULL)
		*query++ = '\0';
	if (path_decode(req->target, err) == -1)
		return -1;
	req->path = req->target;
	if (query == NULL)
		return 0;
	return urlencoded_parse(query, strlen(query), &req->query, err);
}

void
request_clear(struct request *req)
{
	static const char *const secret[] = {
	    "HTTP_COOKIE=", "HTTP_AUTHORIZATION=", "HTTP_X_CSRF_TOKEN="};
	size_t len;

	for (char **e = req->env; e != NULL && *e != NULL; e++) {
		for (size_t i = 0; i < sizeof(secret) / sizeof(secret[0]);
		     i++) {
			len = strlen(secret[i]);
			if (strncmp(*e, secret[i], len) == 0)
				OPENSSL_cleanse(*e + len, strlen(*e + len));
		}
	}
	fields_clear(&req->query);
	fields_clear(&req->form);
	jsonx_wipe(req->json);
	json_object_put(req->problem);
	free(req->target);
	OPENSSL_cleanse(req, sizeof(*req));
}
