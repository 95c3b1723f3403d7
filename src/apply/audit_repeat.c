/*
 * audit_repeat.c - what is refused, and what the web process reports, with a
 * bound on repeats: a viewer who asks for what is not his a hundred times a second must not push
 * out of sight, or off the disk, what others did.
 *
 * STATE/audit.repeats is a table of fixed size: who reported what.  The first
 * BURST of the same are written at once, then one in EVERY_S, which says of
 * how many it is the last; audit_flush writes what is left over.  What is
 * refused to somebody is the same whatever the detail says, which the asker
 * chooses; but for log-ins, whose detail is a user of ours, or none.
 * A change is never counted instead: it has its line, or is not done.
 * Where everything is new, as from strangers of many networks or a web process
 * that was taken over, all have ALL_BURST, then ALL_RATE a minute.  Refusals,
 * and the same change over and over, draw on half of it only, so that they
 * leave room for what others do.  Without room, refusals and log-ins are
 * counted, and a change is ERR_AUDIT_THROTTLED.
 * A file that is not such a table counts as empty.
 */
#include <sys/file.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "audit_int.h"
#include "fsx.h"

#define SLOTS	  128
#define BURST	  20
#define EVERY_S	  60
#define FORGET_S  600
#define ALL_BURST 600
#define ALL_RATE  120
#define FLUSH_MAX 8 /* lines; each waits for the disk */
#define MAGIC	  0x61756432
#define TOLD_S	  60 /* that there was no room */
#define DETAIL	  512

struct same {
	struct actor actor;
	char event[56], outcome[16], detail[DETAIL];
	bool claimed;
};

struct slot {
	uint32_t magic, written; /* since it was last forgotten */
	int64_t last;		 /* written */
	int64_t seen, kept;	 /* not written yet */
	struct same same;	 /* the last one */
};

struct table {
	uint32_t magic, n; /* written since */
	int64_t since;
	int64_t lost; /* not written, and of nobody here any more */
	int64_t full; /* when a change found no room last */
	struct slot slot[SLOTS];
};

/* wait: 0, or LOCK_NB, which leaves errno EWOULDBLOCK. */
static int
table_open(const struct conf *conf, struct table *t, int wait, struct err *err)
{
	char path[STATE_PATH_MAX];
	int fd;

	memset(t, 0, sizeof(*t));
	if (fsx_path(path, sizeof(path), err, "%s/audit.repeats",
		conf->state_directory) == -1)
		return -1;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1)
		return err_sys(err, ERR_AUDIT, "", "open %s", path);
	while (flock(fd, LOCK_EX | wait) == -1) {
		if (errno == EINTR)
			continue;
		err_sys(err, ERR_AUDIT, "", "lock %s", path);
		wait = errno;
		close(fd);
		errno = wait;
		return -1;
	}
	if (pread(fd, t, sizeof(*t), 0) != (ssize_t)sizeof(*t) ||
	    t->magic != MAGIC)
		memset(t, 0, sizeof(*t));
	t->magic = MAGIC;
	return fd;
}

static void
table_close(int fd, const struct table *t)
{
	if (pwrite(fd, t, sizeof(*t), 0) != (ssize_t)sizeof(*t))
		log_warn("audit.repeats cannot be written");
	close(fd);
}

static void
same_set(struct same *s, const struct audit_line *l)
{
	memset(s, 0, sizeof(*s));
	s->actor = *l->actor;
	snprintf(s->event, sizeof(s->event), "%s", l->event);
	snprintf(s->outcome, sizeof(s->outcome), "%s", l->outcome);
	snprintf(s->detail, sizeof(s->detail), "%s",
	    l->detail == NULL ? "" : l->detail);
	s->claimed = l->claimed;
}

static bool
is_refused(const char *outcome)
{
	return strcmp(outcome, "refused") == 0;
}

/* It changes nothing: how often it was is enough. */
static bool
is_counted(const struct same *s)
{
	return is_refused(s->outcome) || strcmp(s->event, "login") == 0 ||
	       strcmp(s->event, "logout") == 0;
}

static bool
is_same(const struct same *a, const struct same *b)
{
	return strncmp(a->actor.user, b->actor.user, sizeof(a->actor.user)) ==
		   0 &&
	       strncmp(a->actor.from, b->actor.from, sizeof(a->actor.from)) ==
		   0 &&
	       strncmp(a->event, b->event, sizeof(a->event)) == 0 &&
	       strncmp(a->outcome, b->outcome, sizeof(a->outcome)) == 0 &&
	       a->claimed == b->claimed &&
	       ((is_refused(b->outcome) &&
		    strcmp(b->event, "login_failed") != 0) ||
		   strncmp(a->detail, b->detail, sizeof(a->detail)) == 0);
}

/* The line's own, else the one that is longest unused. */
static struct slot *
slot_of(struct table *t, const struct same *same)
{
	struct slot *old = &t->slot[0];

	for (size_t i = 0; i < SLOTS; i++) {
		if (t->slot[i].magic == MAGIC &&
		    is_same(&t->slot[i].same, same))
			return &t->slot[i];
		if (t->slot[i].seen < old->seen)
			old = &t->slot[i];
	}
	return old;
}

static int
slot_write(
    const struct conf *conf, struct slot *s, int64_t repeats, struct err *err)
{
	const struct same *same = &s->same;
	const struct audit_line l = {.actor = &same->actor,
	    .event = same->event,
	    .outcome = same->outcome,
	    .detail = same->detail[0] == '\0' ? NULL : same->detail,
	    .claimed = same->claimed,
	    .repeats = repeats > 1 ? repeats : 0};

	if (audit_write(conf, &l, err) == -1)
		return -1;
	s->kept = 0;
	return 0;
}

/* A place in the number for all, of which there are so many. */
static bool
has_place(struct table *t, int64_t now, uint32_t most)
{
	int64_t passed = (now - t->since) * ALL_RATE / 60;

	if (now < t->since || passed >= t->n) {
		t->n = 0;
		t->since = now;
	} else if (passed > 0) {
		t->n -= (uint32_t)passed;
		t->since = now;
	}
	if (t->n >= most)
		return false;
	t->n++;
	return true;
}

static int
take(const struct conf *conf, struct table *t, const struct audit_line *l,
    struct err *err)
{
	int64_t now = (int64_t)time(NULL);
	struct same same;
	struct slot *s;
	bool again;

	same_set(&same, l);
	s = slot_of(t, &same);
	if (s->magic != MAGIC || !is_same(&s->same, &same)) {
		if (s->magic == MAGIC)
			t->lost += s->kept;
		memset(s, 0, sizeof(*s));
		s->magic = MAGIC;
	} else if (now < s->seen || now - s->seen >= FORGET_S) {
		s->written = 0;
	}
	s->same = same;
	s->seen = now;
	again = s->written >= BURST;
	if (again && is_counted(&same) && now >= s->last &&
	    now - s->last < EVERY_S) {
		s->kept++;
		return 0;
	}
	if (!has_place(t, now,
		again || is_refused(l->outcome) ? ALL_BURST / 2 : ALL_BURST)) {
		if (!is_counted(&same)) {
			t->full = now;
			return err_set(err, ERR_AUDIT_THROTTLED, "",
			    "too many lines of the web process a minute");
		}
		s->kept++;
		return 0;
	}
	if (slot_write(conf, s, s->kept + 1, err) == -1)
		return -1;
	s->written++;
	s->last = now;
	return 0;
}

int
audit_bounded(
    const struct conf *conf, const struct audit_line *l, struct err *err)
{
	struct table t;
	int fd = table_open(conf, &t, 0, err), rc;

	if (fd == -1)
		return -1;
	rc = take(conf, &t, l, err);
	table_close(fd, &t);
	return rc;
}

void
audit_held(const struct conf *conf, struct audit_held *held)
{
	int64_t now = (int64_t)time(NULL);
	struct table t;
	int fd = table_open(conf, &t, 0, NULL);

	if (fd == -1)
		return;
	close(fd);
	held->lines = t.lost;
	for (size_t i = 0; i < SLOTS; i++)
		if (t.slot[i].magic == MAGIC)
			held->lines += t.slot[i].kept;
	held->throttled = now >= t.full && now - t.full < TOLD_S;
}

/* Of those that had to make room: how many there were. */
static bool
flush_lost(const struct conf *conf, struct table *t)
{
	static const struct actor nobody = {"", "", "web"};
	const struct audit_line l = {.actor = &nobody,
	    .event = "access",
	    .outcome = "refused",
	    .detail = "others",
	    .claimed = true,
	    .repeats = t->lost};

	if (t->lost == 0 || audit_write(conf, &l, NULL) == -1)
		return false;
	t->lost = 0;
	return true;
}

/* Nothing is said twice: a table that nobody holds back from is not written. */
bool
audit_flush(const struct conf *conf)
{
	int64_t now = (int64_t)time(NULL);
	struct table t;
	bool left = false;
	int n, fd = table_open(conf, &t, LOCK_NB, NULL);

	if (fd == -1)
		return errno == EWOULDBLOCK;
	n = flush_lost(conf, &t);
	for (size_t i = 0; i < SLOTS; i++) {
		struct slot *s = &t.slot[i];

		if (s->magic != MAGIC || s->kept == 0 ||
		    (now >= s->last && now - s->last < EVERY_S))
			continue;
		if ((left = n >= FLUSH_MAX))
			break;
		if (slot_write(conf, s, s->kept, NULL) == -1)
			break;
		s->last = now;
		n++;
	}
	if (n > 0)
		table_close(fd, &t);
	else
		close(fd);
	return left;
}
