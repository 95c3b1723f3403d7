/*
 * harness.h - a console without web server and without postseald: serve() is
 * called with parameters as libfcgi would pass them, and a child plays
 * postseald, answering what the test laid down and keeping what it was asked.
 */
#ifndef TEST_HARNESS_H
#define TEST_HARNESS_H

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>
#include <sqlite3.h>

#include "../suite.h"
#include "../token.h"
#include "core.h"
#include "fsx.h"
#include "ipc.h"
#include "jsonx.h"
#include "store.h"
#include "template.h"
#include "tokens.h"
#include "users.h"
#include "util.h"
#include "frame.h"

#define N(a)	 ((int)(sizeof(a) / sizeof((a)[0])))
#define USER	 "admin"
#define PASSWORD "correct horse battery"
#define ENV_MAX	 32

static struct console {
	char dir[64];
	struct app app;
	pid_t daemon;
	char token[TOKEN_LEN + 1];
} con;

/* One exchange: parameters, body, and what came back. */
static struct exchange {
	char *env[ENV_MAX];
	size_t n_env;
	const char *body;
	size_t body_len, body_at;
	bool stalls;   /* the body never comes */
	size_t pieces; /* at most so many bytes a read */
	struct buf out;
	int status;
} ex;

static inline const char *
con_path(const char *name)
{
	static char path[8][256];
	static int next;
	char *p = path[next++ % 8];

	snprintf(p, sizeof(path[0]), "%s/d/%s", con.dir, name);
	return p;
}

/* What the daemon answers to op: its frames, one a line. */
static inline void
daemon_says(const char *op, const char *frame)
{
	struct err err;

	ck_assert_msg(fsx_replace_fast(
			  con_path(op), frame, strlen(frame), 0600, &err) == 0,
	    "%s", err.msg);
}

/* What op was last asked with; caller puts it.  NULL: it was not asked. */
static inline struct json_object *
daemon_heard(const char *op)
{
	struct json_object *o = NULL;
	char name[64];
	struct buf b;

	snprintf(name, sizeof(name), "%s.heard", op);
	buf_init(&b, IPC_FRAME_MAX);
	if (fsx_read(con_path(name), IPC_FRAME_MAX, &b, NULL) == 0)
		ck_assert_int_eq(
		    jsonx_parse(b.data, b.len, IPC_DEPTH_MAX, &o, NULL), 0);
	buf_clear(&b);
	return o;
}

/* One frame a line; "hang up" ends the connection there. */
static inline void
daemon_answer(int fd, char *text)
{
	struct json_object *out;
	char *line, *save = NULL;

	for (line = strtok_r(text, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		if (strcmp(line, "hang up") == 0)
			return;
		out = NULL;
		if (jsonx_parse(
			line, strlen(line), IPC_DEPTH_MAX, &out, NULL) == 0)
			ipc_send(fd, out, 5000, NULL);
		json_object_put(out);
	}
}

static inline void
daemon_one(int fd)
{
	static const char nothing[] =
	    "{\"type\":\"result\",\"ok\":true,\"data\":{}}";
	struct json_object *in = NULL;
	const char *op, *text;
	char name[64];
	struct buf b;

	if (ipc_recv(fd, &in, IPC_FRAME_MAX, 5000, NULL) == -1)
		return;
	op = jsonx_path_str(in, "op", "none");
	text = json_object_to_json_string_ext(in, JSON_C_TO_STRING_PLAIN);
	snprintf(name, sizeof(name), "%s.heard", op);
	fsx_replace_fast(con_path(name), text, strlen(text), 0600, NULL);
	buf_init(&b, IPC_FRAME_MAX);
	if (fsx_read(con_path(op), IPC_FRAME_MAX, &b, NULL) == -1)
		buf_adds(&b, nothing);
	daemon_answer(fd, b.data);
	buf_clear(&b);
	json_object_put(in);
}

static inline void
daemon_start(void)
{
	struct err err;
	int fd, c;

	fsx_wipe_tree(con_path(""), NULL);
	ck_assert_int_eq(fsx_mkdir(con_path(""), 0700, &err), 0);
	/* Not the last test's: its daemon may still be dying. */
	snprintf(con.app.conf.socket, sizeof(con.app.conf.socket), "%s/%d",
	    con.dir, (int)getpid());
	fd = ipc_listen(con.app.conf.socket, 0600, getgid(), &err);
	ck_assert_msg(fd != -1, "%s", err.msg);
	if ((con.daemon = fork()) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while ((c = accept(fd, NULL, NULL)) != -1) {
			daemon_one(c);
			close(c);
		}
		_exit(0);
	}
	close(fd);
}

static inline void
daemon_stop(void)
{
	if (con.daemon > 0) {
		kill(con.daemon, SIGKILL);
		waitpid(con.daemon, NULL, 0);
	}
	con.daemon = 0;
	unlink(con.app.conf.socket);
}

/* yescrypt costs 60 ms: made once, before the tests are forked. */
static inline void
con_open(void)
{
	struct app *app = &con.app;
	struct err err;
	long id;

	memset(&con, 0, sizeof(con));
	err_clear(&err);
	strcpy(con.dir, "/tmp/cgi-test-XXXXXX");
	if (mkdtemp(con.dir) == NULL)
		goto fail;
	conf_default(&app->conf);
	snprintf(app->conf.web_state_directory,
	    sizeof(app->conf.web_state_directory), "%s", con.dir);
	if (catalog_load("templates/locale", &app->texts, &err) == -1 ||
	    templates_load("templates", &app->templates, &err) == -1 ||
	    db_open(con.dir, &app->db, &err) == -1 ||
	    users_add(app->db, USER, PASSWORD, time(NULL), &err) == -1 ||
	    tokens_add(
		app->db, USER, "test", time(NULL), con.token, &id, &err) == -1)
		goto fail;
	db_close(app->db);
	app->db = NULL;
	return;
fail:
	fprintf(stderr, "harness: %s\n", err.msg);
	exit(1);
}

static inline int
con_close(int failed)
{
	templates_free(con.app.templates);
	catalog_free(con.app.texts);
	if (failed == 0)
		fsx_wipe_tree(con.dir, NULL);
	else
		fprintf(stderr, "kept: %s\n", con.dir);
	return failed == 0 ? 0 : 1;
}

/* In each test: a database handle and a daemon of its own. */
static inline void
con_setup(void)
{
	struct err err;

	signal(SIGPIPE, SIG_IGN);
	ck_assert_msg(db_open(con.dir, &con.app.db, &err) == 0, "%s", err.msg);
	daemon_start();
}

static inline int
sql_number(void *ret, int n, char **value, char **name)
{
	(void)name;
	*(long *)ret = n > 0 && value[0] != NULL ? atol(value[0]) : 0;
	return 0;
}

/* Behind the back of the console; the number in the last row, or 0. */
static inline long
sql(const char *text)
{
	char path[128];
	sqlite3 *h;
	long n = 0;

	snprintf(path, sizeof(path), "%s/%s", con.dir, STORE_FILE);
	ck_assert_int_eq(sqlite3_open(path, &h), SQLITE_OK);
	sqlite3_busy_timeout(h, 5000);
	ck_assert_int_eq(
	    sqlite3_exec(h, text, sql_number, &n, NULL), SQLITE_OK);
	sqlite3_close(h);
	return n;
}

static inline void
ex_clear(void)
{
	for (size_t i = 0; i < ex.n_env; i++)
		free(ex.env[i]);
	if (ex.out.max != 0)
		buf_clear(&ex.out);
	memset(&ex, 0, sizeof(ex));
	buf_init(&ex.out, 8 << 20);
}

static inline void
con_teardown(void)
{
	ex_clear();
	daemon_stop();
	db_close(con.app.db);
	con.app.db = NULL;
}

static inline void
param(const char *name, const char *value)
{
	char *s = malloc(strlen(name) + strlen(value) + 2);

	ck_assert_uint_lt(ex.n_env + 1, ENV_MAX);
	sprintf(s, "%s=%s", name, value);
	ex.env[ex.n_env++] = s;
	ex.env[ex.n_env] = NULL;
}

/* A new exchange; then param() and body(), then go(). */
static inline void
ask(const char *method, const char *target)
{
	ex_clear();
	param("REQUEST_METHOD", method);
	param("REQUEST_URI", target);
	param("REMOTE_ADDR", "192.0.2.1");
}

static inline void
bearer(void)
{
	char v[128];

	snprintf(v, sizeof(v), "Bearer %s", con.token);
	param("HTTP_AUTHORIZATION", v);
}

static inline void
body_len(const char *type, const void *data, size_t len)
{
	char n[32];

	snprintf(n, sizeof(n), "%zu", len);
	param("CONTENT_TYPE", type);
	param("CONTENT_LENGTH", n);
	ex.body = data;
	ex.body_len = len;
}

static inline void
body(const char *type, const char *text)
{
	body_len(type, text, strlen(text));
}

static inline ssize_t
ex_read(void *arg, void *dst, size_t max)
{
	size_t n = ex.body_len - ex.body_at;

	(void)arg;
	if (ex.stalls)
		return -1;
	if (n > max)
		n = max;
	if (ex.pieces > 0 && n > ex.pieces)
		n = ex.pieces;
	memcpy(dst, ex.body + ex.body_at, n);
	ex.body_at += n;
	return (ssize_t)n;
}

static inline void
ex_done(void *arg)
{
	(void)arg;
}

static inline int
go(void)
{
	const struct source src = {ex_read, ex_done, NULL, NULL};

	ck_assert_int_eq(
	    serve(&con.app, routes, routes_n, ex.env, &src, &ex.out), 0);
	ck_assert_int_eq(strncmp(ex.out.data, "Status: ", 8), 0);
	ex.status = atoi(ex.out.data + 8);
	return ex.status;
}

/* Everything behind the empty line. */
static inline const char *
got_body(void)
{
	const char *s = strstr(ex.out.data, "\r\n\r\n");

	ck_assert_ptr_nonnull(s);
	return s + 4;
}

/* Value of the first header of that name into dst, or NULL. */
static inline const char *
got_header(const char *name, char *dst, size_t size)
{
	char key[64];
	const char *s, *end = got_body() - 2;

	snprintf(key, sizeof(key), "\r\n%s: ", name);
	s = strstr(ex.out.data, key);
	if (s == NULL || s > end)
		return NULL;
	s += strlen(key);
	snprintf(dst, size, "%.*s", (int)strcspn(s, "\r"), s);
	return dst;
}

static inline struct json_object *
got_json(void)
{
	struct json_object *o = NULL;
	const char *s = got_body();
	struct err err;

	ck_assert_msg(
	    jsonx_parse(s, strlen(s), 16, &o, &err) == 0, "%s: %s", err.msg, s);
	return o;
}

/* "code" of a problem+json, or the data-code of an error page, or "". */
static inline const char *
got_code(void)
{
	static char code[64];
	const char *s;

	code[0] = '\0';
	if ((s = strstr(got_body(), "\"code\":\"")) != NULL)
		snprintf(code, sizeof(code), "%.*s", (int)strcspn(s + 8, "\""),
		    s + 8);
	return code;
}

/* A value of a cookie that the last reply set. */
static inline const char *
got_cookie(const char *name, char *dst, size_t size)
{
	char key[96];
	const char *s;

	snprintf(key, sizeof(key), "\r\nSet-Cookie: %s=", name);
	if ((s = strstr(ex.out.data, key)) == NULL)
		return NULL;
	s += strlen(key);
	snprintf(dst, size, "%.*s", (int)strcspn(s, ";\r"), s);
	return dst;
}

/* The hidden field that every form has. */
static inline const char *
got_csrf(char dst[65])
{
	static const char key[] = "name=\"csrf\" value=\"";
	const char *s = strstr(got_body(), key);

	ck_assert_ptr_nonnull(s);
	snprintf(dst, 65, "%.64s", s + sizeof(key) - 1);
	return dst;
}

#endif
