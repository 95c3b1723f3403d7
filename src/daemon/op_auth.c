/*
 * op_auth.c - users of the host: one question to postseal-pam.
 *
 * The web process could be a stranger's: it gets a word and a role, and there
 * is a gate here that it cannot go round.  Each name may fail PATIENCE times,
 * then waits, twice as long each time and at most LONGEST_S, whoever asks from
 * wherever; a good password opens the gate again.  An attempt counts as failed
 * before PAM is asked, so that many at once are no way round either.  The wait
 * is short, as that of the console's own users, so that guessing does not shut
 * an administrator out.
 *
 * An honest web process is stopped by its own counter of the user
 * (src/store/throttle.c: 50, then up to 20 s), which counts every name.  This
 * one counts names of our groups only, so it must not be the first to refuse:
 * that would tell them apart.
 *
 * The gate is a small table of fixed size in the state directory, under flock.
 * A file that is not such a table counts as empty.
 */
#include <sys/file.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "call.h"
#include "jsonx.h"
#include "op_auth.h"
#include "run.h"
#include "util.h"

#define NAME_SIZE     (PAM_USER_MAX + 1)
#define PASSWORD_SIZE (PAM_PASSWORD_MAX + 1)
#define PATIENCE      60
#define LONGEST_S     15
#define FORGET_S      900
#define SLOTS	      256 /* more than ask at once: CHILDREN_MAX */
#define PAM_MS	      15000
#define MAGIC	      0x70616d31

struct slot {
	char user[NAME_SIZE];
	int64_t last;
	uint32_t fails;
	uint32_t magic;
};

/* Opened, locked and read; -1.  The lock ends with the descriptor. */
static int
gate_open(const struct conf *conf, struct slot table[SLOTS], struct err *err)
{
	char path[CONF_STR_MAX + 16];
	size_t size = SLOTS * sizeof(*table);
	int fd;

	memset(table, 0, size);
	(void)snprintf(
	    path, sizeof(path), "%s/pam-gate", conf->state_directory);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1)
		return err_sys(err, ERR_IO, "", "%.120s", path);
	while (flock(fd, LOCK_EX) == -1) {
		if (errno != EINTR) {
			err_sys(err, ERR_IO, "", "lock %.120s", path);
			close(fd);
			return -1;
		}
	}
	if (pread(fd, table, size, 0) != (ssize_t)size)
		memset(table, 0, size);
	return fd;
}

static int
gate_write(int fd, const struct slot table[SLOTS], size_t i, struct err *err)
{
	off_t at = (off_t)(i * sizeof(*table));
	off_t end = (off_t)(SLOTS * sizeof(*table));

	if (ftruncate(fd, end) == -1 ||
	    pwrite(fd, &table[i], sizeof(*table), at) != sizeof(*table))
		return err_sys(err, ERR_IO, "", "the table of failed log-ins");
	return 0;
}

/* The user's row, else the one that is longest unused. */
static size_t
gate_find(const struct slot table[SLOTS], const char *user, int64_t now)
{
	size_t oldest = 0;

	for (size_t i = 0; i < SLOTS; i++) {
		if (table[i].magic == MAGIC &&
		    strncmp(table[i].user, user, NAME_SIZE) == 0)
			return i;
		if (table[i].magic != MAGIC || table[i].last > now) {
			if (table[oldest].magic == MAGIC)
				oldest = i;
		} else if (table[oldest].magic == MAGIC &&
			   table[i].last < table[oldest].last) {
			oldest = i;
		}
	}
	return oldest;
}

static int
gate_wait(const struct slot *s, int64_t now)
{
	int64_t over = (int64_t)s->fails - PATIENCE, wait;

	if (over < 0)
		return 0;
	wait = over >= 4 ? LONGEST_S : (int64_t)1 << over;
	wait -= now - s->last;
	return wait <= 0 ? 0 : wait > LONGEST_S ? LONGEST_S : (int)wait;
}

int
pam_gate_enter(const struct conf *conf, const char *user, int64_t now,
    int *ret_wait, struct err *err)
{
	struct slot table[SLOTS], *s;
	size_t i;
	int fd, rc = 0;

	if ((fd = gate_open(conf, table, err)) == -1)
		return -1;
	i = gate_find(table, user, now);
	s = &table[i];
	if (s->magic != MAGIC || strncmp(s->user, user, NAME_SIZE) != 0 ||
	    now - s->last >= FORGET_S || s->last > now) {
		memset(s, 0, sizeof(*s));
		(void)snprintf(s->user, sizeof(s->user), "%s", user);
		s->magic = MAGIC;
	}
	*ret_wait = gate_wait(s, now);
	if (*ret_wait == 0) {
		s->fails++;
		s->last = now;
		rc = gate_write(fd, table, i, err);
	}
	close(fd);
	return rc;
}

int
pam_gate_leave(
    const struct conf *conf, const char *user, bool good, struct err *err)
{
	struct slot table[SLOTS];
	size_t i;
	int fd, rc = 0;

	if ((fd = gate_open(conf, table, err)) == -1)
		return -1;
	i = gate_find(table, user, INT64_MAX);
	if (table[i].magic == MAGIC &&
	    strncmp(table[i].user, user, NAME_SIZE) == 0) {
		if (good || table[i].fails <= 1)
			memset(&table[i], 0, sizeof(table[i]));
		else
			table[i].fails--;
		rc = gate_write(fd, table, i, err);
	}
	close(fd);
	return rc;
}

/* The console's rule for names; more than PAM's, and safe in an argv. */
static bool
name_valid(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n < NAME_SIZE && *s != '-' && *s != '.' &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789._@-") == n;
}

/* With the right password the gate is open again; a question that PAM was
 * not asked, or could not answer, is as if it had not been. */
static int
tell_gate(struct call *c, const char *user, const char *word, struct err *err)
{
	if (strcmp(word, "denied") == 0)
		return 0;
	return pam_gate_leave(c->conf, user,
	    strcmp(word, "ok") == 0 || strcmp(word, "expired") == 0, err);
}

/* "ok ROLE STAMP", "denied", ... as data. */
static int
take_answer(struct call *c, const char *user, bool guess, char *line,
    struct json_object **data, struct err *err)
{
	static const char *const words[] = {
	    "ok", "denied", "nobody", "expired", "unavailable", NULL};
	char *save = NULL, *word = strtok_r(line, " \n", &save);
	const char *role, *stamp;
	struct json_object *o;
	size_t i;

	for (i = 0; word != NULL && words[i] != NULL; i++)
		if (strcmp(words[i], word) == 0)
			break;
	if (word == NULL || words[i] == NULL)
		return err_set(
		    err, ERR_INTERNAL, "", "postseal-pam: no answer");
	if (strcmp(word, "unavailable") == 0)
		log_warn("PAM: %s", save != NULL ? save : "unavailable");
	else
		log_info("PAM: %s from %s: %s",
		    strcmp(word, "nobody") == 0 ? "(none of ours)" : user,
		    c->actor.from, word);
	if (guess && tell_gate(c, user, word, err) == -1)
		return -1;
	role = strcmp(word, "ok") == 0 ? strtok_r(NULL, " \n", &save) : NULL;
	stamp = role != NULL ? strtok_r(NULL, " \n", &save) : NULL;
	if (strcmp(word, "ok") == 0 && stamp == NULL)
		return err_set(err, ERR_INTERNAL, "", "postseal-pam: no role");
	o = json_object_new_object();
	json_object_object_add(o, "answer",
	    json_object_new_string(
		strcmp(word, "nobody") == 0 ? "denied" : word));
	if (stamp != NULL) {
		json_object_object_add(o, "role", json_object_new_string(role));
		json_object_object_add(
		    o, "stamp", json_object_new_string(stamp));
	}
	*data = o;
	return 0;
}

static int
ask(struct call *c, const char *user, const char *password,
    struct json_object **data, struct err *err)
{
	const struct conf *f = c->conf;
	const char *const argv[] = {f->pam_helper, "-d", f->pam_directory, "-f",
	    c->actor.from, "-a", f->pam_administrators, "-o", f->pam_operators,
	    "-v", f->pam_viewers, "--", f->pam_service, NULL};
	const char *check[sizeof(argv) / sizeof(argv[0]) + 1];
	char in[NAME_SIZE + PASSWORD_SIZE + 2];
	size_t n = strlen(user) + 1;
	struct run_spec spec = {
	    .argv = argv, .in = in, .timeout_ms = PAM_MS, .out_max = 256};
	struct run_result r;
	int rc = -1;

	memcpy(in, user, n);
	if (password != NULL) {
		memcpy(in + n, password, strlen(password) + 1);
		n += strlen(password) + 1;
	} else {
		check[0] = argv[0];
		check[1] = "-c";
		memcpy(check + 2, argv + 1, sizeof(argv) - sizeof(argv[0]));
		spec.argv = check;
	}
	spec.in_len = n;
	if (run(&spec, &r, err) == 0) {
		if (r.exit_code == 0 && r.out.len > 0)
			rc = take_answer(
			    c, user, password != NULL, r.out.data, data, err);
		else
			err_set(err, ERR_INTERNAL, "",
			    "postseal-pam ended with status %d", r.exit_code);
	}
	OPENSSL_cleanse(in, sizeof(in));
	run_result_clear(&r);
	return rc;
}

int
op_auth_pam(struct call *c, struct json_object *args, struct json_object **data,
    struct err *err)
{
	const char *user = jsonx_path_str(args, "user", "");
	const char *password = jsonx_path_str(args, "password", NULL);
	int wait = 0;

	if (strcmp(c->conf->auth_source, "local") == 0)
		return err_set(err, ERR_OP_DENIED, "op",
		    "[auth] source does not name PAM");
	if (!name_valid(user))
		return err_set(err, ERR_FIELD_INVALID, "user",
		    "expected the name of a user");
	if (password != NULL && pam_gate_enter(c->conf, user,
				    (int64_t)time(NULL), &wait, err) == -1)
		return -1;
	if (wait > 0) {
		log_info(
		    "PAM: %s from %s: to wait %d s", user, c->actor.from, wait);
		return err_set(err, ERR_AUTH_THROTTLED, "",
		    "too many failures of this user: wait %d s", wait);
	}
	return ask(c, user, password, data, err);
}
