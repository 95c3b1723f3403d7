/*
 * postseal-pam - asks PAM, in the place of postseald: a process that lives
 * for one question, so that neither postseald nor the web process loads what
 * the host's PAM stack brings along.  It links libpam and nothing else.
 *
 * usage: postseal-pam [-c] [-d PAM_DIRECTORY] [-f ADDRESS]
 *     -a ADMINISTRATORS -o OPERATORS -v VIEWERS SERVICE
 * Standard input: USER NUL PASSWORD NUL; with -c USER NUL alone, and only the
 * account is looked at (is it still good, in which group).  Never by argv.
 * Answer, one line on standard output, status 0:
 *   ok ROLE STAMP      ROLE administrator, operator, viewer
 *   denied             wrong password, or PAM does not want this user
 *   nobody             no such user, root, or in none of the groups: PAM was
 *                      not asked, so that this is no way to guess the
 *                      passwords of accounts that have no business here
 *   expired            the password was right, the account or it is over
 *   unavailable WHY    PAM could not tell
 * STAMP changes when the password is changed or locked (shadow's day of
 * change, and whether the hash is disabled); "-" where shadow knows nothing.
 *
 * PAM would fall back to the service "other"; without a file of our own name
 * nobody gets in.  Its delay after a failure is left out: the console has its
 * own, which do not hold up a process.
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <shadow.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <security/pam_appl.h>

#define INPUT_MAX  1024
#define USER_MAX   63
#define GROUPS_MAX 65536

enum { ADMINISTRATOR, OPERATOR, VIEWER, ROLES };

static const char *const role_names[ROLES] = {
    "administrator", "operator", "viewer"};

struct question {
	const char *service, *directory, *from;
	const char *groups[ROLES];
	bool check_only;
	char input[INPUT_MAX];
	const char *user, *password; /* in input */
};

static int
answer(const char *word, const char *more)
{
	printf("%s%s%s\n", word, *more != '\0' ? " " : "", more);
	return fflush(stdout) == 0 ? 0 : 1;
}

static void
wipe(char *s)
{
	if (s != NULL)
		explicit_bzero(s, strlen(s));
	free(s);
}

/* Messages are dropped; the first hidden question is the password, and there
 * is no answer to a second or to an open one. */
static int
converse(
    int n, const struct pam_message **msg, struct pam_response **ret, void *arg)
{
	const char **password = arg;
	struct pam_response *r;
	int i;

	if (n <= 0 || n > PAM_MAX_NUM_MSG ||
	    (r = calloc((size_t)n, sizeof(*r))) == NULL)
		return PAM_CONV_ERR;
	for (i = 0; i < n; i++) {
		switch (msg[i]->msg_style) {
		case PAM_TEXT_INFO:
		case PAM_ERROR_MSG:
			continue;
		case PAM_PROMPT_ECHO_OFF:
			if (*password == NULL ||
			    (r[i].resp = strdup(*password)) == NULL)
				goto fail;
			*password = NULL;
			continue;
		default:
			goto fail;
		}
	}
	*ret = r;
	return PAM_SUCCESS;
fail:
	for (i = 0; i < n; i++)
		wipe(r[i].resp);
	free(r);
	return PAM_CONV_ERR;
}

static void
no_delay(int status, unsigned int usec, void *arg)
{
	(void)status;
	(void)usec;
	(void)arg;
}

/* The first of our roles whose group the user is in; ROLES = none. */
static int
role_of(const struct question *q)
{
	const struct passwd *pw = getpwnam(q->user);
	const struct group *gr;
	gid_t *gids = NULL, wanted[ROLES];
	bool known[ROLES] = {false};
	int i, j, n = 64, role = ROLES;

	/* Where the host does not mind case, each spelling would be a user of
	 * its own here, with its own patience for guesses. */
	if (pw == NULL || pw->pw_uid == 0 || strcmp(pw->pw_name, q->user) != 0)
		return ROLES;
	for (i = 0; i < ROLES; i++) {
		gr = *q->groups[i] == '\0' ? NULL : getgrnam(q->groups[i]);
		known[i] = gr != NULL;
		wanted[i] = gr != NULL ? gr->gr_gid : 0;
	}
	if ((gids = calloc(GROUPS_MAX, sizeof(*gids))) == NULL)
		return ROLES;
	n = GROUPS_MAX;
	if (getgrouplist(q->user, pw->pw_gid, gids, &n) == -1)
		n = GROUPS_MAX;
	for (i = 0; i < ROLES && role == ROLES; i++) {
		for (j = 0; j < n; j++) {
			if (known[i] && gids[j] == wanted[i])
				role = i;
		}
	}
	free(gids);
	return role;
}

static void
stamp_of(const char *user, char dst[32])
{
	const struct spwd *sp = getspnam(user);

	if (sp == NULL || sp->sp_pwdp == NULL)
		snprintf(dst, 32, "-");
	else
		snprintf(dst, 32, "%s%ld", *sp->sp_pwdp == '!' ? "locked" : "",
		    sp->sp_lstchg);
}

/* PAM's word for what we tell; what is not a verdict is "unavailable". */
static const char *
verdict(int status)
{
	switch (status) {
	case PAM_SUCCESS:
		return "ok";
	case PAM_AUTH_ERR:
	case PAM_USER_UNKNOWN:
	case PAM_MAXTRIES:
	case PAM_PERM_DENIED:
	case PAM_CRED_INSUFFICIENT:
	case PAM_CONV_ERR:
		return "denied";
	case PAM_ACCT_EXPIRED:
	case PAM_CRED_EXPIRED:
	case PAM_NEW_AUTHTOK_REQD:
	case PAM_AUTHTOK_EXPIRED:
		return "expired";
	default:
		return "unavailable";
	}
}

/* A module may have replaced the name that was asked for. */
static int
same_user(pam_handle_t *h, const char *user)
{
	const void *now = NULL;

	if (pam_get_item(h, PAM_USER, &now) != PAM_SUCCESS || now == NULL ||
	    strcmp(now, user) != 0)
		return PAM_PERM_DENIED;
	return PAM_SUCCESS;
}

static int
ask_pam(const struct question *q, pam_handle_t *h)
{
	/* A union, as the item for a function is set through a const void *. */
	union {
		void (*fn)(int, unsigned int, void *);
		const void *item;
	} delay = {no_delay};
	int rc;

	if ((rc = pam_set_item(h, PAM_FAIL_DELAY, delay.item)) != PAM_SUCCESS ||
	    (rc = pam_set_item(h, PAM_TTY, "postseal")) != PAM_SUCCESS ||
	    (*q->from != '\0' &&
		(rc = pam_set_item(h, PAM_RHOST, q->from)) != PAM_SUCCESS))
		return rc;
	if (!q->check_only &&
	    (rc = pam_authenticate(
		 h, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK)) != PAM_SUCCESS)
		return rc;
	rc = pam_acct_mgmt(h, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK);
	return rc == PAM_SUCCESS ? same_user(h, q->user) : rc;
}

static bool
has_service(const struct question *q)
{
	const char *const dirs[] = {
	    *q->directory != '\0' ? q->directory : "/etc/pam.d",
	    *q->directory != '\0' ? NULL : "/usr/lib/pam.d", NULL};
	char path[PATH_MAX];

	for (int i = 0; dirs[i] != NULL; i++) {
		snprintf(path, sizeof(path), "%s/%s", dirs[i], q->service);
		if (access(path, R_OK) == 0)
			return true;
	}
	return false;
}

static int
decide(struct question *q)
{
	const char *password = q->password;
	const struct pam_conv conv = {converse, &password};
	pam_handle_t *h = NULL;
	char more[128] = "", stamp[32];
	const char *word;
	int rc, role;

	if (!has_service(q))
		return answer("unavailable", "there is no PAM service file");
	if ((role = role_of(q)) == ROLES ||
	    (!q->check_only && *q->password == '\0'))
		return answer("nobody", "");
	rc = pam_start_confdir(q->service, q->user, &conv,
	    *q->directory != '\0' ? q->directory : NULL, &h);
	if (rc == PAM_SUCCESS)
		rc = ask_pam(q, h);
	word = verdict(rc);
	if (strcmp(word, "unavailable") == 0)
		snprintf(more, sizeof(more), "%s", pam_strerror(h, rc));
	if (h != NULL)
		pam_end(h, rc);
	if (rc == PAM_SUCCESS) {
		stamp_of(q->user, stamp);
		snprintf(more, sizeof(more), "%s %s", role_names[role], stamp);
	}
	return answer(word, more);
}

/* All of standard input: one string, or two, each closed by its NUL. */
static int
read_input(struct question *q)
{
	size_t len = 0, user_len, rest;
	ssize_t n;

	while ((n = read(STDIN_FILENO, q->input + len, INPUT_MAX - len)) > 0)
		len += (size_t)n;
	user_len = strnlen(q->input, len);
	if (n == -1 || user_len == 0 || user_len > USER_MAX || user_len == len)
		return -1;
	q->user = q->input;
	if (q->check_only)
		return len == user_len + 1 ? 0 : -1;
	q->password = q->input + user_len + 1;
	rest = len - user_len - 1;
	return rest > 0 && strnlen(q->password, rest) == rest - 1 ? 0 : -1;
}

static int
usage(void)
{
	fprintf(stderr, "usage: postseal-pam [-c] [-d directory] [-f address] "
			"-a group -o group -v group service\n");
	return 2;
}

int
main(int argc, char **argv)
{
	const struct rlimit none = {0, 0};
	struct question q = {
	    .directory = "", .from = "", .groups = {"", "", ""}};
	int c, rc;

	if (prctl(PR_SET_DUMPABLE, 0) == -1 ||
	    setrlimit(RLIMIT_CORE, &none) == -1)
		return 1;
	while ((c = getopt(argc, argv, "ca:d:f:o:v:")) != -1) {
		switch (c) {
		case 'c':
			q.check_only = true;
			break;
		case 'a':
			q.groups[ADMINISTRATOR] = optarg;
			break;
		case 'd':
			q.directory = optarg;
			break;
		case 'f':
			q.from = optarg;
			break;
		case 'o':
			q.groups[OPERATOR] = optarg;
			break;
		case 'v':
			q.groups[VIEWER] = optarg;
			break;
		default:
			return usage();
		}
	}
	if (optind != argc - 1 || strchr(argv[optind], '/') != NULL)
		return usage();
	q.service = argv[optind];
	rc = read_input(&q) == 0 ? decide(&q) : usage();
	explicit_bzero(q.input, sizeof(q.input));
	return rc;
}
