/*
 * input.c - an inspection's input as bytes, for a child that shares no memory.
 */
#include <string.h>

#include "join.h"
#include "pack.h"

enum {
	PARTIAL = 1,
	CLIENT = 2,
	DEAR = 4,
	AS_IT_IS = 8,
	REVOKED = 16,
	CLIENT_ONLY = 32,
	AUTHORITIES = 64
};

int
input_pack(const struct pki_input *in, struct buf *b)
{
	const struct pki_revoked *r;
	size_t i;

	pack_u32(b, (in->partial ? PARTIAL : 0u) | (in->client ? CLIENT : 0u) |
			(in->client_only ? CLIENT_ONLY : 0u) |
			(in->authorities ? AUTHORITIES : 0u) |
			(in->dear ? DEAR : 0u) |
			(in->as_it_is ? AS_IT_IS : 0u) |
			(in->revoked != NULL ? REVOKED : 0u));
	pack_u32(b, in->ours);
	pack_i64(b, in->now);
	for (i = 0; i < PKI_FIELD__MAX; i++)
		pack_bytes(b, in->file[i].data, in->file[i].len);
	pack_bytes(b, in->stored.data, in->stored.len);
	pack_bytes(b, in->roots.data, in->roots.len);
	pack_str(b, in->passphrase);
	pack_str(b, in->hostname);
	for (i = 0; i < in->n_confirm && i < FINDINGS_MAX; i++)
		if (in->confirm[i] != NULL)
			pack_str(b, in->confirm[i]);
	pack_str(b, NULL);
	for (r = in->revoked, i = 0;
	     r != NULL && r->sha256 != NULL && i < FINDINGS_MAX; r++, i++) {
		pack_str(b, r->sha256);
		pack_str(b, r->date);
	}
	pack_str(b, NULL);
	return b->failed ? -1 : 0;
}

static void
read_lists(struct unpack *u, struct input_room *r)
{
	size_t n;

	r->in.confirm = r->confirm;
	for (n = 0; n < FINDINGS_MAX; n++)
		if ((r->confirm[n] = unpack_str(u)) == NULL)
			break;
	r->in.n_confirm = n;
	for (n = 0; n < FINDINGS_MAX; n++) {
		if ((r->revoked[n].sha256 = unpack_str(u)) == NULL)
			break;
		r->revoked[n].date = unpack_str(u);
	}
}

int
input_unpack(const struct buf *b, struct input_room *r)
{
	struct unpack u;
	uint32_t flags;
	size_t i;

	memset(r, 0, sizeof(*r));
	unpack_init(&u, b->data, b->len);
	flags = unpack_u32(&u);
	r->in.partial = (flags & PARTIAL) != 0;
	r->in.client = (flags & CLIENT) != 0;
	r->in.client_only = (flags & CLIENT_ONLY) != 0;
	r->in.authorities = (flags & AUTHORITIES) != 0;
	r->in.dear = (flags & DEAR) != 0;
	r->in.as_it_is = (flags & AS_IT_IS) != 0;
	r->in.ours = unpack_u32(&u);
	r->in.now = (time_t)unpack_i64(&u);
	for (i = 0; i < PKI_FIELD__MAX; i++)
		r->in.file[i].data = unpack_bytes(&u, &r->in.file[i].len);
	r->in.stored.data = unpack_bytes(&u, &r->in.stored.len);
	r->in.roots.data = unpack_bytes(&u, &r->in.roots.len);
	r->in.passphrase = unpack_str(&u);
	r->in.hostname = unpack_str(&u);
	read_lists(&u, r);
	if ((flags & REVOKED) != 0)
		r->in.revoked = r->revoked;
	return unpack_end(&u) ? 0 : -1;
}
