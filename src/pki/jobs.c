/*
 * jobs.c - what the two children of an inspection run.  Here, and in what is
 * called from here, certificates and keys are parsed; postseald itself reaches
 * none of it but by name, through a jail (tests/lib/check-layers).
 */
#include <json-c/json.h>

#include "jail_int.h"
#include "pack.h"

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

/* In tests: another work than pki_parse, which has the caller's memory. */
int
parse_other(int fd, const void *arg)
{
	const struct other_parse *o = arg;

	return parse_with(fd, o->packed, o->work);
}

/* --- the second child: the chain file in, two bytes out ------------------- */

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
		t.stays[i] = (mask & (uint32_t)TRIAL_STAYS << i) != 0;
	t.client = (mask & TRIAL_CLIENT) != 0;
	t.client_only = (mask & TRIAL_CLIENT_ONLY) != 0;
	(void)handshake_chain(&t, &s);
	return jail_send(fd, &s, sizeof(s));
}

const struct jail_job pki_handshake_job = {
    "handshake", SANDBOX_INSPECT, try_chain};
