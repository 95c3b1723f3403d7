/*
 * loose.c - files in no field, as they came and as a draft keeps them.
 */
#include <stdlib.h>
#include <string.h>

#include "drafts.h"
#include "jsonx.h"
#include "pack.h"

void
loose_clear(struct loose *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		buf_clear(&l->v[i].data);
	free(l->v);
	memset(l, 0, sizeof(*l));
}

static size_t
total(const struct loose *l)
{
	size_t i, n = 0;

	for (i = 0; i < l->n; i++)
		n += l->v[i].data.len;
	return n;
}

static int
too_many(struct err *err)
{
	return err_set(err, ERR_FILES_MANY, "files",
	    "at most %d files, %d KiB in all", LOOSE_MAX, LOOSE_TOTAL / 1024);
}

/* data is taken over; the same bytes are there once. */
static int
add(struct loose *l, const char *name, struct buf *data, struct err *err)
{
	struct loose_file *v;
	char hash[SHA256_HEX];
	size_t i;

	if (sha256_hex(data->data, data->len, hash) == -1)
		return err_set(err, ERR_INTERNAL, "", "SHA-256 failed");
	hash[LOOSE_ID] = '\0';
	for (i = 0; i < l->n; i++)
		if (strcmp(l->v[i].id, hash) == 0) {
			buf_clear(data);
			return 0;
		}
	if (l->n == LOOSE_MAX || total(l) + data->len > LOOSE_TOTAL)
		return too_many(err);
	if ((v = reallocarray(l->v, l->n + 1, sizeof(*v))) == NULL)
		return err_set(err, ERR_NOMEM, "", "files");
	l->v = v;
	v = &v[l->n++];
	clean_copy(v->name, sizeof(v->name), name);
	memcpy(v->id, hash, sizeof(v->id));
	v->data = *data;
	buf_init(data, FILE_SENT_MAX);
	return 0;
}

int
loose_read(struct json_object *args, struct loose *l, struct err *err)
{
	static const char *const names[] = {"name", "data", NULL};
	struct json_object *list = jsonx_member(args, "loose"), *row;
	const char *name;
	struct buf data;
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < jsonx_len(list); i++) {
		row = json_object_array_get_idx(list, i);
		name = "";
		buf_init(&data, FILE_SENT_MAX);
		if (!json_object_is_type(row, json_type_object))
			rc = err_set(err, ERR_FIELD_INVALID, "loose",
			    "loose: expected objects");
		else if (jsonx_only(row, "loose", names, err) == -1 ||
			 jsonx_str(row, "name", "name", 1024, &name, err) ==
			     -1 ||
			 jsonx_b64(row, "data", "data", FILE_SENT_MAX, &data,
			     err) == -1)
			rc = -1;
		else
			rc = add(l, name, &data, err);
		buf_clear(&data);
	}
	return rc;
}

void
loose_remove(struct loose *l, const char *id)
{
	size_t i;

	for (i = 0; i < l->n && strcmp(l->v[i].id, id) != 0; i++)
		;
	if (i == l->n)
		return;
	buf_clear(&l->v[i].data);
	memmove(&l->v[i], &l->v[i + 1], (l->n - i - 1) * sizeof(*l->v));
	l->n--;
}

int
loose_pack(const struct loose *l, struct buf *b)
{
	size_t i;

	buf_init(b, LOOSE_PACKED_MAX);
	pack_u32(b, (uint32_t)l->n);
	for (i = 0; i < l->n; i++) {
		pack_str(b, l->v[i].name);
		pack_bytes(b, l->v[i].data.len > 0 ? l->v[i].data.data : "",
		    l->v[i].data.len);
	}
	return b->failed ? -1 : 0;
}

int
loose_unpack(const struct buf *b, struct loose *l, struct err *err)
{
	struct unpack u;
	const char *name;
	const void *p;
	struct buf data;
	size_t n, len;
	int rc = 0;

	unpack_init(&u, b->data, b->len);
	for (n = unpack_u32(&u); rc == 0 && !u.bad && n > 0; n--) {
		name = unpack_str(&u);
		p = unpack_bytes(&u, &len);
		if (name == NULL || p == NULL)
			break;
		buf_init(&data, FILE_SENT_MAX);
		rc = buf_add(&data, p, len) == -1
			 ? err_set(err, ERR_NOMEM, "", "files")
			 : add(l, name, &data, err);
		buf_clear(&data);
	}
	if (rc == 0 && !unpack_end(&u))
		rc = err_set(err, ERR_IO, "draft", "its files are damaged");
	return rc;
}

/* --- of a draft ---------------------------------------------------------- */

/* {id: name}: what is not named anew stays decided. */
int
draft_places(struct json_object *args, struct draft *d, struct err *err)
{
	struct json_object *places = jsonx_member(args, "places");
	char host[CERT_NAME_MAX];
	const char *name;
	enum cert_use use;

	if (places == NULL)
		return 0;
	if (d->places == NULL)
		d->places = json_object_new_object();
	json_object_object_foreach (places, id, v) {
		if (strlen(id) != LOOSE_ID ||
		    !json_object_is_type(v, json_type_string) ||
		    json_object_get_string_len(v) >= CERT_NAME_MAX ||
		    json_object_object_length(d->places) > LOOSE_MAX)
			return err_set(err, ERR_FIELD_INVALID, "places",
			    "expected names of certificates");
		cert_by_call(json_object_get_string(v), &use, &name);
		if (use == CERT_INBOUND && strcmp(name, "default") != 0 &&
		    cert_name_read(name, host, err) == -1)
			return -1;
		json_object_object_add(d->places, id, json_object_get(v));
	}
	return 0;
}

int
draft_sort(const struct call *c, struct draft *d, struct sorted *ret,
    struct err *err)
{
	json_object_put(d->sorted);
	d->sorted = NULL;
	if (d->loose.n == 0)
		return 0;
	if (loose_sort(c, &d->loose,
		d->passphrase[0] == '\0' ? NULL : d->passphrase, d->places, ret,
		err) == -1)
		return -1;
	d->sorted = json_object_get(ret->json);
	return 0;
}
