/*
 * sort.h - between sort.c and sort_ca.c, which say where each loose file
 * belongs, sort_split.c, which parts a file of several, and sort_set.c, which
 * has them inspected: alone before that, as sets after it.
 */
#ifndef POSTSEAL_SORT_H
#define POSTSEAL_SORT_H

#include "loose.h"

struct item {
	struct json_object *report; /* REPORT of the file alone, owned */
	struct json_object *why;    /* FINDING: it is left out; owned */
	char id[LOOSE_ID + 1];	    /* what "places" calls its certificate */
	char detail[sizeof(((struct err *)NULL)->msg)];	    /* why its leaf has no place */
	bool leaves, keys;	    /* it has some */
};
struct sorting {
	const struct call *c;
	const struct loose *in;	    /* one for each item */
	struct loose parts;	    /* in, where a file is several items */
	const char *passphrase;
	struct json_object *places; /* borrowed, or NULL */
	struct json_object *view;   /* VIEW, and what is decided here */
	int64_t ends;		    /* of now_ms: what is not inspected then is not */
	struct certs now;	    /* in force, with facts */
	struct buf beside;	    /* the chain of the default one */
	char host[256];
	bool client;		    /* that one goes out as well */
	struct item *item;
	size_t n;
	struct json_object *issuers; /* of all certificates here */
	bool several;		    /* leaves of different names */
	/* Where leaves are for by content, and the first of each. */
	struct {
		char call[CERT_NAME_MAX];
		char id[LOOSE_ID + 1];
	} first[SORT_ITEMS];
	size_t n_first;
	struct sorted *out;
};

int sort_items(struct sorting *, struct err *);

/* sort_split.c.  Files that hold what is of several, as items without a report
 * yet; their parts have the name and the id of the file. */
int sort_split(struct sorting *, struct err *);
void sort_parts_clear(struct sorting *); /* wipes */

int sort_authorities(struct sorting *); /* sort_ca.c */

/* sort_parts.c.  Why a file is left out: the first reason stays.  The set of a
 * certificate, made where there is none (NULL: memory); a file into it, once; in how many it is; what somebody
 * decided (false: nothing). */
void items_free(struct item *, size_t n);
/* The first error of its report whose code begins so, borrowed, or NULL. */
struct json_object *item_error(const struct item *, const char *prefix);
void item_left_out(
    struct item *, enum err_code, const char *arg, const char *value);
struct sorted_set *sort_set(struct sorting *, const char *call);
int sort_put(struct sorting *, const char *call, size_t i, enum pki_field);
size_t sort_count(const struct sorting *, size_t i);
bool sort_decided(
    const struct sorting *, const char *id, char call[CERT_NAME_MAX]);

/* sort_parts.c.  Who issued: by the issuer, the SHA-256 of what it issued, ""
 * where that is several.  Has this CA issued another than itself? */
void issuers_add(struct json_object *issuers, struct json_object *certs);
bool issuers_have(struct json_object *issuers, struct json_object *ca);

/* Of reports: a list's element, a text or "", the same text on both. */
struct json_object *certs_of(const struct item *);
struct json_object *keys_of(const struct item *);
struct json_object *stored_cert(const struct cert *, size_t i);
struct json_object *at(struct json_object *list, size_t i);
const char *text(struct json_object *, const char *path);
bool same(struct json_object *, const char *, struct json_object *,
    const char *);

#endif
