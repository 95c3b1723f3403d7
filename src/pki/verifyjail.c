/*
 * verifyjail.c - is each text signed by who it should be from?  A child for
 * each row, as a row is whatever its host has sent: one that takes its child
 * over can answer for itself alone, and one that freezes it delays nobody but
 * those who would have had its place.
 *
 *   postseald                          children, VERIFY_AT_ONCE
 *   row -----------------------------> verify_work (identityjob.c)
 *   a byte <-------------------------- 1 = signed
 */
#include <sys/socket.h>

#include <poll.h>
#include <unistd.h>

#include "bundle.h"
#include "jail.h"
#include "pack.h"

#define VERIFY_AT_ONCE	8
#define VERIFY_PATIENCE 3 /* times the limit of one, for all of them */
#define WALL_MS		5000
#define ROW_MAX		(2 * 1024 * 1024)

struct asked {
	struct pollfd p[VERIFY_AT_ONCE];
	struct bundle_signed *row[VERIFY_AT_ONCE];
	int64_t until[VERIFY_AT_ONCE];
	size_t n;
};

static bool
is_whole(const struct bundle_signed *v)
{
	return v->certificates.data != NULL && v->text.data != NULL &&
	       v->signature.data != NULL;
}

static int
ask(struct asked *a, struct bundle_signed *v, int wall_ms, struct err *err)
{
	const struct pki_jail jail = {.timeout_ms = wall_ms};
	struct buf packed;
	int fd = -1, rc;

	buf_init(&packed, ROW_MAX);
	pack_bytes(&packed, v->certificates.data, v->certificates.len);
	pack_bytes(&packed, v->text.data, v->text.len);
	pack_bytes(&packed, v->signature.data, v->signature.len);
	rc = packed.failed ? err_set(err, ERR_NOMEM, "", "signatures")
			   : jail_open(&jail, JAIL_PARSER, &bundle_verify_job,
				 &packed, &fd, err);
	buf_clear(&packed);
	if (rc == -1)
		return -1;
	a->p[a->n] = (struct pollfd){.fd = fd, .events = POLLIN};
	a->row[a->n] = v;
	a->until[a->n++] = now_ms() + wall_ms;
	return 0;
}

/* One byte and no more; a child that ends without has verified nothing. */
static enum bundle_said
heard(int fd)
{
	unsigned char said[2];
	ssize_t n = recv(fd, said, sizeof(said), MSG_DONTWAIT);

	return n == 1 && said[0] == 1 ? BUNDLE_SIGNED : BUNDLE_UNSIGNED;
}

static void
drop(struct asked *a, size_t i)
{
	(void)close(a->p[i].fd);
	a->n--;
	a->p[i] = a->p[a->n];
	a->row[i] = a->row[a->n];
	a->until[i] = a->until[a->n];
}

/* Until one has answered or is late. */
static void
listen_to(struct asked *a)
{
	int64_t first = a->until[0], now = now_ms();
	size_t i;

	for (i = 1; i < a->n; i++)
		if (a->until[i] < first)
			first = a->until[i];
	if (poll(a->p, a->n, first > now ? (int)(first - now) : 0) == -1)
		return;
	now = now_ms();
	for (i = a->n; i-- > 0;) {
		if (a->p[i].revents != 0)
			a->row[i]->said = heard(a->p[i].fd);
		else if (now >= a->until[i])
			a->row[i]->said = BUNDLE_LATE;
		else
			continue;
		drop(a, i);
	}
}

int
bundle_verify(struct bundle_signed *v, size_t n, int wall_ms, struct err *err)
{
	int wall = wall_ms > 0 ? wall_ms : WALL_MS, rc = 0;
	int64_t end = now_ms() + VERIFY_PATIENCE * (int64_t)wall;
	struct asked a = {.n = 0};
	size_t i, next = 0;

	pki_warm_up();
	for (i = 0; i < n; i++)
		v[i].said = is_whole(&v[i]) ? BUNDLE_UNASKED : BUNDLE_UNSIGNED;
	while (rc == 0 && (next < n || a.n > 0)) {
		if (next < n && a.n < VERIFY_AT_ONCE) {
			if (now_ms() >= end)
				next = n;
			else if (is_whole(&v[next++]))
				rc = ask(&a, &v[next - 1], wall, err);
		} else {
			listen_to(&a);
		}
	}
	while (a.n > 0)
		drop(&a, 0);
	for (i = 0; rc == -1 && i < n; i++)
		v[i].said = BUNDLE_UNASKED;
	return rc;
}
