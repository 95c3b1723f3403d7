/*
 * jail.c - uploads are parsed in a child that can do nothing and has nothing
 * (jail.h), and the chain that comes of it is tried in another.
 *
 *   parent                               children
 *   our keys taken out
 *   input -----------------------------> pki_parse
 *   read frame <------------------------ "len report len records"
 *   check each member, join the keys
 *   the chain file --------------------> handshake_chain
 *   two bytes <------------------------- when and why
 *
 * The first child is not believed, the second may say one of a few words.  A
 * child that dies, hangs or talks nonsense becomes the finding inspect.failed,
 * not an error of the call: the upload caused it.
 */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <openssl/crypto.h>

#include "jail_int.h"
#include "jsonx.h"
#include "pack.h"

#define REPORT_MAX  (768 * 1024)
#define FRAME_MAX   (8 + REPORT_MAX + RECORDS_MAX)
#define PARSER_DIED "parser died"

static int
send_output(int fd, const struct pki_output *o)
{
	const char *text;
	unsigned char head[8];
	size_t n;

	text = json_object_to_json_string_length(o->report,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &n);
	if (text == NULL || n > REPORT_MAX)
		return -1;
	jail_put32(head, n);
	jail_put32(head + 4, o->chain.len);
	if (jail_send(fd, head, sizeof(head)) == -1 ||
	    jail_send(fd, text, n) == -1)
		return -1;
	return jail_send(fd, o->chain.data, o->chain.len);
}

/* In the child. */
static int
parse_with(int fd, const struct buf *packed, jail_work work)
{
	struct input_room room;
	struct pki_output out;
	struct err e;
	int rc = -1;

	err_clear(&e);
	pki_output_init(&out);
	if (input_unpack(packed, &room) == 0 && work(&room.in, &out, &e) == 0)
		rc = send_output(fd, &out);
	pki_output_clear(&out);
	return rc;
}

static int
parse(int fd, const struct buf *packed)
{
	return parse_with(fd, packed, pki_parse);
}

const struct jail_job pki_parse_job = {"parse", SANDBOX_INSPECT, parse};

static int
take_output(const struct buf *b, struct pki_output *said)
{
	struct err e;
	size_t n, m;

	if (b->len < 8)
		return -1;
	n = jail_get32(b->data);
	m = jail_get32(b->data + 4);
	if (n > REPORT_MAX || m > RECORDS_MAX || b->len != 8 + n + m)
		return -1;
	err_clear(&e);
	if (jsonx_parse(b->data + 8, n, 12, &said->report, &e) == -1)
		return -1;
	return m == 0 ? 0 : buf_add(&said->chain, b->data + 8 + n, m);
}

/* --- the second child: the chain file in, two bytes out ------------------- */

enum { STAYS = 1, CLIENT = 1 << 16, CLIENT_ONLY = 1 << 17 };

static int
try_chain(int fd, const struct buf *in)
{
	struct shaken s;
	struct unpack u;
	struct trial t;
	uint32_t mask;
	size_t i;

	unpack_init(&u, in->data, in->len);
	mask = unpack_u32(&u);
	t.pem.data = unpack_bytes(&u, &t.pem.len);
	if (!unpack_end(&u) || t.pem.data == NULL)
		return -1;
	for (i = 0; i < PKI_PAIRS_MAX; i++)
		t.stays[i] = (mask & (uint32_t)STAYS << i) != 0;
	t.client = (mask & CLIENT) != 0;
	t.client_only = (mask & CLIENT_ONLY) != 0;
	(void)handshake_chain(&t, &s);
	return jail_send(fd, &s, sizeof(s));
}

const struct jail_job pki_handshake_job = {
    "handshake", SANDBOX_INSPECT, try_chain};

static int
prove_jailed(const struct trial *t, struct shaken *s, const void *arg)
{
	struct buf in, b;
	struct err e;
	uint32_t mask =
	    (t->client ? CLIENT : 0u) | (t->client_only ? CLIENT_ONLY : 0u);
	size_t i;
	int rc = -1;

	buf_init(&in, CHAIN_MAX + 64);
	buf_init(&b, sizeof(*s) + JAIL_READ_SIZE);
	for (i = 0; i < PKI_PAIRS_MAX; i++)
		mask |= t->stays[i] ? (uint32_t)STAYS << i : 0;
	pack_u32(&in, mask);
	pack_bytes(&in, t->pem.data, t->pem.len);
	err_clear(&e);
	if (!in.failed &&
	    jail_ask(arg, JAIL_PARSER, &pki_handshake_job, &in, &b, &e) == 0 &&
	    b.len == sizeof(*s)) {
		memcpy(s, b.data, sizeof(*s));
		rc = 0;
	}
	buf_clear(&in);
	buf_clear(&b);
	return rc;
}

/* --- one inspection --------------------------------------------------------
 */

/* Another work than pki_parse, in tests, has to have our memory. */
struct other {
	const struct buf *packed;
	jail_work work;
};

static int
other_body(int fd, const void *arg)
{
	const struct other *o = arg;

	return parse_with(fd, o->packed, o->work);
}

static int
ask(const struct pki_jail *jail, const struct buf *packed, jail_work work,
    struct buf *b, struct err *e)
{
	const struct other other = {packed, work};

	return work == pki_parse
		   ? jail_ask(jail, JAIL_PARSER, &pki_parse_job, packed, b, e)
		   : jail_spawn(jail, other_body, &other, b, e);
}

int
jail_run(const struct pki_jail *jail, const struct pki_input *in,
    jail_work work, struct pki_output *out, struct err *e)
{
	struct pki_output said;
	struct for_child child;
	struct buf packed, b;
	int rc = JAIL_FAILED;

	buf_init(&packed, JAIL_INPUT_MAX);
	buf_init(&b, FRAME_MAX + JAIL_READ_SIZE);
	pki_output_init(&said);
	for_child_make(&child, in);
	if (input_pack(&child.in, &packed) == 0)
		rc = ask(jail, &packed, work, &b, e);
	if (rc == 0 &&
	    (take_output(&b, &said) == -1 ||
		finish(&child, &said, prove_jailed, jail, out) == -1))
		rc = JAIL_FAILED;
	if (rc > 0) {
		finish_failed(
		    in, rc == JAIL_LATE ? "time limit" : PARSER_DIED, out);
		rc = 0;
	}
	pki_output_clear(&said);
	for_child_clear(&child);
	buf_clear(&packed);
	buf_clear(&b);
	return rc;
}

static int
inspect_jailed(const struct pki_jail *jail, const struct pki_input *in,
    struct pki_output *out, struct err *e)
{
	return jail_run(jail, in, pki_parse, out, e);
}

int
pki_inspect_jailed(const struct pki_jail *jail, const struct pki_input *in,
    struct pki_output *out, struct err *e)
{
	struct pki_input full = *in;
	struct pki_jail limits = *jail;
	struct pki_output stored;
	struct buf roots;
	int rc;

	limits.dear = in->dear;

	pki_warm_up();
	pki_output_init(&stored);
	buf_init(&roots, PKI_ROOTS_MAX);
	if (in->roots.data == NULL) {
		/* the child can open nothing */
		full.roots.data = "";
		if (roots_read(&roots) == 0) {
			full.roots.data = roots.data;
			full.roots.len = roots.len;
		}
	}
	rc = settle_stored(inspect_jailed, &limits, &full, &stored, e);
	if (rc == 0)
		rc = inspect_jailed(&limits, &full, out, e);
	pki_output_clear(&stored);
	buf_clear(&roots);
	return rc;
}
