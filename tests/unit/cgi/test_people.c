/*
 * Users of the host (PAM, played by the daemon of the harness), passwords
 * that were made up, and what is told at the next log-in.
 */
#include "../suite.h"
#include "harness.h"
#include "tokens.h"
#include "totp.h"
#include "users.h"
#include "auth.h"

#define FORM "application/x-www-form-urlencoded"

static char csrf[65], session[128], pre[128];
static struct err err;

#define SAYS(data) "{\"type\":\"result\",\"ok\":true,\"data\":" data "}"
#define OK(role, stamp) \
	SAYS("{\"answer\":\"ok\",\"role\":\"" role "\",\"stamp\":\"" stamp \
	     "\"}")

static int
get(const char *target)
{
	ask("GET", target);
	param("HTTP_COOKIE", session);
	return go();
}

static int
login(const char *user, const char *password)
{
	char v[96], text[512], value[65];

	session[0] = '\0';
	ask("GET", "/login");
	go();
	if (got_cookie(COOKIE_LOGIN, v, sizeof(v)) != NULL)
		snprintf(pre, sizeof(pre), COOKIE_LOGIN "=%s", v);
	got_csrf(value);
	snprintf(text, sizeof(text), "csrf=%s&user=%s&password=%s", value, user,
	    password);
	ask("POST", "/login");
	param("HTTP_COOKIE", pre);
	body(FORM, text);
	go();
	if (got_cookie(COOKIE_SESSION, v, sizeof(v)) != NULL) {
		snprintf(session, sizeof(session), COOKIE_SESSION "=%s", v);
		ck_assert_int_eq(
		    hmac_sha256_hex(v, strlen(v), "csrf", csrf), 0);
	}
	return ex.status;
}

static int
press(const char *fields)
{
	char text[512], v[96];

	snprintf(text, sizeof(text), "csrf=%s&%s", csrf, fields);
	ask("POST", "/access");
	param("HTTP_COOKIE", session);
	body(FORM, text);
	go();
	if (got_cookie(COOKIE_SESSION, v, sizeof(v)) != NULL && v[0] != '\0') {
		snprintf(session, sizeof(session), COOKIE_SESSION "=%s", v);
		ck_assert_int_eq(
		    hmac_sha256_hex(v, strlen(v), "csrf", csrf), 0);
	}
	return ex.status;
}

static bool
page_has(const char *text)
{
	return strstr(ex.out.data, text) != NULL;
}

static void
setup(void)
{
	con_setup();
	strcpy(con.app.conf.auth_source, "both");
	con.app.late_ms = 100;
	sql("DELETE FROM users WHERE name <> '" USER "';"
	    "DELETE FROM throttle; DELETE FROM sessions;"
	    "UPDATE users SET made = 0, fails = 0, totp_on = 0, last_login = "
	    "0");
	err_clear(&err);
}

static void
teardown(void)
{
	strcpy(con.app.conf.auth_source, "local");
	con_teardown();
}

/* What PAM says becomes a session with the role of the group, or none. */
static const struct {
	const char *says;
	int status;
	enum role role;
} verdicts[] = {
    {OK("administrator", "1"), 303, ROLE_ADMINISTRATOR},
    {OK("operator", "-"), 303, ROLE_OPERATOR},
    {OK("viewer", "locked7"), 303, ROLE_VIEWER},
    {OK("king", "1"), 503, ROLE_NONE},
    {SAYS("{\"answer\":\"ok\"}"), 503, ROLE_NONE},
    {SAYS("{\"answer\":\"denied\"}"), 401, ROLE_NONE},
    {SAYS("{\"answer\":\"expired\"}"), 401, ROLE_NONE},
    {SAYS("{\"answer\":\"unavailable\"}"), 503, ROLE_NONE},
    {SAYS("{\"answer\":\"yes\"}"), 503, ROLE_NONE},
    {SAYS("{}"), 503, ROLE_NONE},
    {"hang up", 503, ROLE_NONE},
    {"{\"type\":\"result\",\"ok\":false,\"error\":{\"code\":"
     "\"auth.throttled\"}}",
	429, ROLE_NONE},
};

START_TEST(pam_verdicts)
{
	struct user_row user = {0};
	int64_t begin = now_ms();

	daemon_says("auth.pam", verdicts[_i].says);
	ck_assert_int_eq(
	    login("hana", "vole+kettle+lantern"), verdicts[_i].status);
	if (verdicts[_i].role == ROLE_NONE) {
		ck_assert_int_eq(
		    users_get(con.app.db, "hana", &user, NULL), -1);
		ck_assert_str_eq(session, "");
		/* as late as any other refusal */
		if (verdicts[_i].status != 503)
			ck_assert_int_ge(now_ms() - begin, 100);
		return;
	}
	ck_assert_int_eq(users_get(con.app.db, "hana", &user, &err), 0);
	ck_assert_int_eq(user.role, verdicts[_i].role);
	ck_assert(user.pam);
	ck_assert_int_eq(get("/access"), 200);
	ck_assert(page_has("password on this host"));
	ck_assert(!page_has("value=\"password\""));
}
END_TEST

/* The console's own names are never asked of PAM; others always are. */
START_TEST(own_names_stay)
{
	struct json_object *o;

	daemon_says("auth.pam", OK("administrator", "1"));
	ck_assert_int_eq(login(USER, "vole+kettle+lantern"), 401);
	ck_assert_ptr_null(daemon_heard("auth.pam"));
	ck_assert_int_eq(login("ADMIN", "vole+kettle+lantern"), 401);
	ck_assert_ptr_null(daemon_heard("auth.pam"));
	ck_assert_int_eq(login(USER, "correct+horse+battery"), 303);
	ck_assert_ptr_null(daemon_heard("auth.pam"));
	ck_assert_int_eq(login("hana", "vole+kettle+lantern"), 303);
	o = daemon_heard("auth.pam");
	ck_assert_str_eq(jsonx_path_str(o, "args.user", ""), "hana");
	ck_assert_str_eq(
	    jsonx_path_str(o, "args.password", ""), "vole kettle lantern");
	json_object_put(o);
	/* A Unix user of another spelling is somebody else. */
	ck_assert_int_eq(login("Hana", "vole+kettle+lantern"), 401);
	/* What could not be a name is not asked for. */
	ck_assert_int_eq(login("-x", "vole+kettle+lantern"), 401);
	/* With PAM alone our own users stay outside, sessions included. */
	ck_assert_int_eq(login(USER, "correct+horse+battery"), 303);
	strcpy(con.app.conf.auth_source, "pam");
	ck_assert_int_eq(get("/access"), 303);
	ck_assert_int_eq(login(USER, "correct+horse+battery"), 401);
	ck_assert_int_eq(login("hana", "vole+kettle+lantern"), 303);
	/* And without it the host's. */
	strcpy(con.app.conf.auth_source, "local");
	ck_assert_int_eq(get("/access"), 303);
}
END_TEST

#define LATER "UPDATE users SET checked = checked - 61 WHERE name = 'hana'"

/* Asked again after a minute: the session goes on, changes or ends. */
static const struct {
	const char *says;
	int status, after;
} again[] = {
    {OK("operator", "1"), 200, 200},
    {OK("viewer", "1"), 200, 200},
    {OK("operator", "2"), 303, 303},
    {OK("operator", "locked1"), 303, 303},
    {SAYS("{\"answer\":\"denied\"}"), 303, 303},
    {SAYS("{\"answer\":\"expired\"}"), 303, 303},
    {SAYS("{\"answer\":\"unavailable\"}"), 503, 200},
    {"hang up", 503, 200},
};

START_TEST(asked_again)
{
	struct json_object *o;

	daemon_says("auth.pam", OK("operator", "1"));
	ck_assert_int_eq(login("hana", "vole+kettle+lantern"), 303);
	daemon_says("auth.pam", again[_i].says);
	ck_assert_int_eq(get("/access"), 200);
	sql(LATER);
	ck_assert_int_eq(get("/access"), again[_i].status);
	o = daemon_heard("auth.pam");
	ck_assert_ptr_null(jsonx_path(o, "args.password"));
	json_object_put(o);
	daemon_says("auth.pam", OK("operator", "1"));
	ck_assert_int_eq(get("/access"), again[_i].after);
}
END_TEST

/* A smaller role holds in the same request; a token follows its owner. */
START_TEST(rights_shrink)
{
	char token[TOKEN_LEN + 1], header[80];
	long id;

	daemon_says("auth.pam", OK("administrator", "1"));
	ck_assert_int_eq(login("hana", "vole+kettle+lantern"), 303);
	ck_assert_int_eq(
	    tokens_add(con.app.db, "hana", "t", time(NULL), token, &id, &err),
	    0);
	snprintf(header, sizeof(header), "Bearer %s", token);
	daemon_says("auth.pam", OK("viewer", "1"));
	sql(LATER);
	ask("GET", "/api/v1/users");
	param("HTTP_AUTHORIZATION", header);
	ck_assert_int_eq(go(), 403);
	daemon_says("auth.pam", SAYS("{\"answer\":\"denied\"}"));
	sql(LATER);
	for (int i = 0; i < 2; i++) {
		ask("GET", "/api/v1/audit");
		param("HTTP_AUTHORIZATION", header);
		ck_assert_int_eq(go(), i == 0 ? 401 : 403);
	}
	ck_assert_int_eq(get("/access"), 303);
	/* Welcome again: the token works, the session is gone. */
	daemon_says("auth.pam", OK("administrator", "1"));
	sql(LATER);
	ask("GET", "/api/v1/users");
	param("HTTP_AUTHORIZATION", header);
	ck_assert_int_eq(go(), 200);
	ck_assert_int_eq(get("/access"), 303);
}
END_TEST

/* Password and role of a user of the host are the host's. */
START_TEST(not_ours_to_change)
{
	daemon_says("auth.pam", OK("viewer", "1"));
	ck_assert_int_eq(login("hana", "vole+kettle+lantern"), 303);
	ck_assert_int_eq(
	    press("do=password&current=vole+kettle+lantern&password=otter+tea+"
		  "mango+lamp&again=otter+tea+mango+lamp"),
	    409);
	ck_assert_int_eq(login(USER, "correct+horse+battery"), 303);
	ck_assert_int_eq(press("do=user_password:hana"), 409);
	ck_assert(page_has("user.of_the_host"));
	ck_assert_int_eq(press("do=user_role:hana&role=administrator"), 409);
	ck_assert_int_eq(users_passwd(con.app.db, "hana",
			     "otter tea mango lamp", time(NULL), &err),
	    -1);
	ck_assert_int_eq(err.code, ERR_USER_PAM);
	/* One of the host is no last administrator of ours. */
	daemon_says("auth.pam", OK("administrator", "1"));
	ck_assert_int_eq(login("hana", "vole+kettle+lantern"), 303);
	ck_assert_int_eq(press("do=user_delete:" USER), 409);
	ck_assert_int_eq(login(USER, "correct+horse+battery"), 303);
	ck_assert_int_eq(press("do=user_delete:hana"), 303);
}
END_TEST

/* A second factor that the role needs, for users of the host as well. */
START_TEST(factor_of_the_host)
{
	strcpy(con.app.conf.totp_required, "viewer");
	daemon_says("auth.pam", OK("viewer", "1"));
	ck_assert_int_eq(login("hana", "vole+kettle+lantern"), 303);
	ck_assert_int_eq(get("/smtp-routing/history"), 303);
	ck_assert_int_eq(
	    press("do=totp_start&current=vole+kettle+lantern"), 303);
	ck_assert_int_eq(get("/access"), 200);
	ck_assert(page_has("otpauth://totp/"));
	daemon_says("auth.pam", SAYS("{\"answer\":\"denied\"}"));
	ck_assert_int_eq(press("do=totp_start&current=otter"), 422);
	con.app.conf.totp_required[0] = '\0';
}
END_TEST

/* Made up: nothing else before one's own; and good for some days only. */
START_TEST(made_up)
{
	char text[64], v[128];

	ck_assert_int_eq(users_create(con.app.db, "new", "made up vole kettle",
			     ROLE_OPERATOR, time(NULL), &err),
	    0);
	ck_assert_int_eq(users_made(con.app.db, "new", time(NULL), &err), 0);
	ck_assert_int_eq(login("new", "made+up+vole+kettle"), 303);
	ck_assert_int_eq(get("/smtp-routing/history"), 303);
	ck_assert_str_eq(got_header("Location", v, sizeof(v)), "/access");
	ck_assert_int_eq(get("/api/v1/connection"), 403);
	ck_assert(page_has("auth.change"));
	ck_assert_int_eq(get("/access"), 200);
	ck_assert(page_has("id=\"must-change\""));
	ck_assert_int_eq(
	    press("do=password&current=made+up+vole+kettle&password=made+up+"
		  "vole+kettle&again=made+up+vole+kettle"),
	    400);
	ck_assert(page_has("password.same"));
	ck_assert_int_eq(
	    press("do=password&current=made+up+vole+kettle&password=otter+tea+"
		  "mango+lamp&again=otter+tea+mango+lamp"),
	    303);
	ck_assert_int_eq(get("/access"), 200);
	ck_assert(!page_has("id=\"must-change\""));
	ck_assert_int_eq(login("new", "otter+tea+mango+lamp"), 303);
	snprintf(text, sizeof(text), "UPDATE users SET made = %ld",
	    (long)time(NULL) - PASSWORD_MADE_S + 5);
	sql(text);
	ck_assert_int_eq(login("new", "otter+tea+mango+lamp"), 303);
	sql("UPDATE users SET made = made - 5");
	ck_assert_int_eq(login("new", "otter+tea+mango+lamp"), 401);
	ck_assert_str_eq(session, "");
	ck_assert(page_has("has expired"));
}
END_TEST

static int
join(const char *fields)
{
	char v[96], text[512], value[65];

	session[0] = '\0';
	ask("GET", "/join?user=new");
	ck_assert_int_eq(go(), 200);
	ck_assert(page_has("value=\"new\""));
	if (got_cookie(COOKIE_LOGIN, v, sizeof(v)) != NULL)
		snprintf(pre, sizeof(pre), COOKIE_LOGIN "=%s", v);
	got_csrf(value);
	snprintf(text, sizeof(text), "csrf=%s&%s", value, fields);
	ask("POST", "/join");
	param("HTTP_COOKIE", pre);
	body(FORM, text);
	go();
	if (got_cookie(COOKIE_SESSION, v, sizeof(v)) != NULL)
		snprintf(session, sizeof(session), COOKIE_SESSION "=%s", v);
	return ex.status;
}

#define CODE "k7qwz3vmx4bt2hfjc6yn5pra"
#define OWN  "&password=otter+tea+mango+lamp&again=otter+tea+mango+lamp"

/* An invitation: once, for some days, and for nobody who was not invited. */
static const struct {
	const char *before, *fields;
	int status;
} joins[] = {
    {"", "user=new&code=" CODE OWN, 303},
    {"", "user=NEW&code=k7qw+z3vm+x4bt-2hfj+c6yn+5pra" OWN, 303},
    {"", "user=new&code=K7QW-Z3VM-X4BT-2HFJ-C6YN-5PRA-" OWN, 303},
    {"", "user=new&code=k7qwz3vmx4bt2hfjc6yn5pra+" OWN, 303},
    {"", "user=new&code=k7qwz3vmx4bt2hfjc6yn5pra+a" OWN, 401},
    {"", "user=new&code=k7qwz3vmx4bt2hfjc6yn5pr" OWN, 401},
    {"", "user=new&code=" CODE "a" OWN, 401},
    {"", "user=new&code=" OWN, 401},
    {"", "user=nobody&code=" CODE OWN, 401},
    {"", "user=" USER "&code=correct+horse+battery" OWN, 401},
    {"UPDATE users SET made = 0 WHERE name = 'new'", "user=new&code=" CODE OWN,
	401},
    {"UPDATE users SET made = made - 259200 WHERE name = 'new'",
	"user=new&code=" CODE OWN, 401},
    {"", "user=new&code=" CODE "&password=otter+tea+mango&again=otter+tea",
	400},
    {"", "user=new&code=" CODE "&password=short&again=short", 400},
    {"", "user=new&code=" CODE "&code=" CODE OWN, 400},
    {"", "user=new&code=" CODE OWN "&role=administrator", 400},
};

START_TEST(invited)
{
	struct user_row user;

	strcpy(con.app.conf.auth_source, "local");
	ck_assert_int_eq(users_create(con.app.db, "new", CODE, ROLE_OPERATOR,
			     time(NULL), &err),
	    0);
	ck_assert_int_eq(users_made(con.app.db, "new", time(NULL), &err), 0);
	sql(joins[_i].before);
	ck_assert_int_eq(join(joins[_i].fields), joins[_i].status);
	ck_assert_int_eq(users_get(con.app.db, "new", &user, &err), 0);
	if (joins[_i].status != 303) {
		ck_assert_str_eq(session, "");
		ck_assert_int_eq(get("/access"), 303);
		ck_assert_int_eq(
		    users_verify(con.app.db, "new", CODE, &user.proof, &err),
		    0);
		return;
	}
	ck_assert(user.made == 0);
	ck_assert_int_eq(get("/access?done=joined"), 200);
	ck_assert(page_has("Welcome."));
	ck_assert_int_eq(get("/smtp-routing/history"), 200);
	ck_assert_int_eq(join("user=new&code=" CODE OWN), 401);
	ck_assert_int_eq(login("new", "otter+tea+mango+lamp"), 303);
}
END_TEST

#define FAILS "SELECT sum(fails) FROM throttle"

/* The page for invitations tells nothing of a password of one's own, and the
 * right one is counted, told and waited for as a wrong one is. */
START_TEST(not_invited)
{
	static const char *const codes[] = {
	    "user=own&code=volekettlelantern" OWN,
	    "user=own&code=volekettlelanterx" OWN};
	struct json_object *o;
	long fails = 0;

	daemon_says("auth.pam", OK("operator", "1"));
	ck_assert_int_eq(login("hana", "volekettlelantern"), 303);
	ck_assert_int_eq(users_create(con.app.db, "own", "volekettlelantern",
			     ROLE_OPERATOR, time(NULL), &err),
	    0);
	for (int i = 0; i < 4; i++) {
		daemon_says("audit.add", SAYS("{}"));
		unlink(con_path("audit.add.heard"));
		unlink(con_path("auth.pam.heard"));
		ck_assert_int_eq(join(i == 3 ? "user=hana&code=volekettlelant"
					       "ern" OWN
					     : codes[i % 2]),
		    401);
		ck_assert_str_eq(session, "");
		ck_assert_int_gt(sql(FAILS), fails);
		fails = sql(FAILS);
		o = daemon_heard("audit.add");
		ck_assert_str_eq(
		    jsonx_path_str(o, "args.event", ""), "login_failed");
		json_object_put(o);
		ck_assert_ptr_null(daemon_heard("auth.pam"));
	}
	for (int i = 0; i < 12 && ex.status == 401; i++)
		join(codes[0]);
	ck_assert_int_eq(ex.status, 429);
}
END_TEST

/* Whoever gives away his own role sees that it is done, where he may look. */
START_TEST(own_role)
{
	char to[64];

	strcpy(con.app.conf.auth_source, "local");
	ck_assert_int_eq(users_create(con.app.db, "boss", "otter tea mango",
			     ROLE_ADMINISTRATOR, time(NULL), &err),
	    0);
	ck_assert_int_eq(login("boss", "otter+tea+mango"), 303);
	ck_assert_int_eq(press("do=user_role:BOSS&role=viewer"), 303);
	ck_assert_str_eq(
	    got_header("Location", to, sizeof(to)), "/access?done=role");
	ck_assert_int_eq(get(to), 200);
	ck_assert(page_has("The role has been changed."));
	ck_assert_int_eq(get("/access/users"), 403);
}
END_TEST

static int
press_at(const char *path, const char *fields)
{
	char text[512];

	snprintf(text, sizeof(text), "csrf=%s&%s", csrf, fields);
	ask("POST", path);
	param("HTTP_COOKIE", session);
	body(FORM, text);
	return go();
}

/* What was chosen stays chosen while the password is asked for. */
START_TEST(chosen_stays)
{
	strcpy(con.app.conf.auth_source, "local");
	sql("DELETE FROM policy");
	ck_assert_int_eq(login(USER, "correct+horse+battery"), 303);
	sql("UPDATE sessions SET proven = 0");
	ck_assert_int_eq(
	    press_at("/access/users", "do=factor_policy&required=on"), 403);
	ck_assert(page_has("value=\"on\" checked"));
	ck_assert_int_eq(
	    press_at("/access/users", "do=user_add&user=a&role=operator"), 403);
	ck_assert(!page_has("value=\"on\" checked"));
	ck_assert(page_has("value=\"operator\" selected"));
	sql("INSERT INTO policy (name, value) VALUES ('second_factor', 1);"
	    "UPDATE users SET totp_on = 1");
	ck_assert_int_eq(press_at("/access/users", "do=factor_policy"), 403);
	ck_assert(!page_has("value=\"on\" checked"));
	ck_assert_int_eq(press_at("/access/users/" USER,
			     "do=user_role:" USER "&role=operator"),
	    403);
	ck_assert(page_has("value=\"operator\" selected"));
	ck_assert_int_eq(
	    press_at("/access/users/" USER, "do=user_delete:" USER), 403);
	ck_assert(page_has("value=\"administrator\" selected"));
	sql("UPDATE users SET totp_on = 0; DELETE FROM policy");
}
END_TEST

/* A second factor for everybody: asked for with the next request. */
START_TEST(policy)
{
	struct json_object *o;
	bool on = false;

	strcpy(con.app.conf.auth_source, "local");
	sql("DELETE FROM policy");
	ck_assert_int_eq(login(USER, "correct+horse+battery"), 303);
	ck_assert_int_eq(get("/smtp-routing/history"), 200);
	ck_assert_int_eq(press("do=factor_policy&required=on"), 303);
	o = daemon_heard("audit.add");
	ck_assert_str_eq(jsonx_path_str(o, "args.event", ""), "access.policy");
	json_object_put(o);
	ck_assert_int_eq(get("/smtp-routing/history"), 303);
	ck_assert_int_eq(get("/access/users"), 303);
	ck_assert_int_eq(get("/api/v1/connection"), 403);
	ck_assert(page_has("auth.enrol"));
	ck_assert_int_eq(get("/access"), 200);
	ck_assert(page_has("id=\"must-enrol\""));
	ck_assert_int_eq(press("do=factor_policy"), 303);
	ck_assert_int_eq(users_factor_required(con.app.db, &on, &err), 0);
	ck_assert(on);
	sql("UPDATE users SET totp_on = 1");
	ck_assert_int_eq(login(USER, "correct+horse+battery"), 200);
	sql("UPDATE users SET totp_on = 0; DELETE FROM policy");
}
END_TEST

/* News stay on every page until the account was looked at. */
START_TEST(news)
{
	strcpy(con.app.conf.auth_source, "local");
	ck_assert_int_eq(login(USER, "correct+horse+battery"), 303);
	ck_assert_int_eq(get("/access"), 200);
	ck_assert(!page_has("id=\"news\""));
	ck_assert_int_eq(login(USER, "wrong"), 401);
	ck_assert_int_eq(login("nobody", "wrong"), 401);
	ck_assert_int_eq(login(USER, "wrong"), 401);
	sql("UPDATE users SET last_login = last_login - 10, changed = 0");
	ck_assert_int_eq(users_made(con.app.db, USER, 0, &err), 0);
	ck_assert_int_eq(totp_reset(con.app.db, USER, time(NULL), &err), 0);
	ck_assert_int_eq(login(USER, "correct+horse+battery"), 303);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(get("/audit"), 200);
		ck_assert(page_has("id=\"news\""));
		ck_assert(page_has("sign in as you: 2."));
		ck_assert(page_has("Your second factor was"));
		ck_assert(!page_has("Your password was changed."));
	}
	ck_assert_int_eq(get("/access"), 200);
	ck_assert(page_has("2; the last one from 192.0.2.1"));
	ck_assert_int_eq(get("/audit"), 200);
	ck_assert(!page_has("id=\"news\""));
	/* The next log-in begins anew. */
	sql("UPDATE users SET factor_at = 0");
	ck_assert_int_eq(login(USER, "correct+horse+battery"), 303);
	ck_assert_int_eq(get("/audit"), 200);
	ck_assert(!page_has("id=\"news\""));
}
END_TEST

/* Half of the workers wait for PAM: no more ask it, and own users are served.
 */
START_TEST(few_at_a_time)
{
	pid_t pid[4];
	int fd[2];
	char c;

	con.app.conf.workers = 2 * (int)N(pid);
	ck_assert_int_eq(pipe(fd), 0);
	for (size_t i = 0; i < N(pid); i++) {
		ck_assert_int_ne(pid[i] = fork(), -1);
		if (pid[i] == 0) {
			if (place_take(&con.app, PLACE_PAM, N(pid)) == -1 ||
			    write(fd[1], "", 1) != 1)
				_exit(1);
			pause();
		}
		ck_assert_int_eq(read(fd[0], &c, 1), 1);
	}
	daemon_says("auth.pam", OK("operator", "1"));
	ck_assert_int_eq(login("hana", "vole+kettle+lantern"), 503);
	ck_assert_int_eq(login(USER, "correct+horse+battery"), 303);
	for (size_t i = 0; i < N(pid); i++) {
		kill(pid[i], SIGKILL);
		waitpid(pid[i], NULL, 0);
	}
	ck_assert_int_eq(login("hana", "vole+kettle+lantern"), 303);
	close(fd[0]);
	close(fd[1]);
}
END_TEST

/* An unlocked screen does not change how its owner enters, by whatever
 * spelling of the name. */
START_TEST(not_oneself)
{
	static const char *const acts[] = {"user_password", "totp_reset"};
	static const char *const names[] = {USER, "ADMIN", "aDmin"};
	static const char *const bodies[] = {
	    "{\"password\":\"vole+kettle+lantern\"}",
	    "{\"reset_second_factor\":true}"};
	char text[64];

	ck_assert_int_eq(login(USER, "correct+horse+battery"), 303);
	for (size_t i = 0; i < N(names) * N(acts); i++) {
		snprintf(text, sizeof(text), "do=%s:%s", acts[i % N(acts)],
		    names[i / N(acts)]);
		ck_assert_int_eq(press(text), 403);
		snprintf(
		    text, sizeof(text), "/api/v1/users/%s", names[i / N(acts)]);
		ask("POST", text);
		param("HTTP_COOKIE", session);
		param("HTTP_X_CSRF_TOKEN", csrf);
		body("application/json", bodies[i % N(bodies)]);
		ck_assert_int_eq(go(), 403);
		ck_assert(page_has("auth.forbidden"));
	}
	ck_assert_int_eq(get("/access"), 200);
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("all");

	con_open();
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, pam_verdicts, 0, N(verdicts));
	tcase_add_test(t, own_names_stay);
	tcase_add_loop_test(t, asked_again, 0, N(again));
	tcase_add_test(t, rights_shrink);
	tcase_add_test(t, not_ours_to_change);
	tcase_add_test(t, factor_of_the_host);
	tcase_add_test(t, few_at_a_time);
	tcase_add_test(t, not_oneself);
	tcase_add_test(t, made_up);
	tcase_add_test(t, news);
	tcase_add_loop_test(t, invited, 0, N(joins));
	tcase_add_test(t, not_invited);
	tcase_add_test(t, own_role);
	tcase_add_test(t, chosen_stays);
	tcase_add_test(t, policy);
	return con_close(suite_run("people", t));
}
