/*
 * loose.h - files in no field: any number of them, sorted by what they hold.
 *
 * Purpose: a folder of keys and certificates of several servers becomes sets,
 * each for one certificate by use and name; what fits nowhere is said with its
 * reason.  Nothing is parsed here: each file goes through the jailed
 * inspection alone, and its report (public keys, subjects, issuers, names)
 * says where it belongs.  The sets then go through it as wholes.
 * Limits: LOOSE_MAX files, LOOSE_TOTAL bytes of them.
 * Errors: ERR_FILES_MANY; a bad file is no error but a row of "left_out".
 * Ownership: loose_clear and sorted_clear wipe.
 *
 * SORTED {"sets": [SET], "left_out": [FINDING with "id", "name"]}
 * SET    {"certificate": "default" | "outbound" | "client_ca" | a name,
 *         "change": "new" | "renewed" | "added" (CAs beside those in use),
 *         "id": what "places" calls it by ("" = it has no leaf of its own),
 *         "files": [{"id", "name", "field"}], "report": REPORT of pki.h}
 */
#ifndef POSTSEAL_LOOSE_H
#define POSTSEAL_LOOSE_H

#include "files.h"

#define LOOSE_MAX   128
#define SORT_ITEMS  512 /* files, and parts of those that hold several */
#define LOOSE_TOTAL (720 * 1024) /* a frame takes so much in base64 */
#define LOOSE_ID    12		 /* hex digits of a SHA-256 */
#define LOOSE_NAME  256
#define LOOSE_PACKED_MAX (LOOSE_TOTAL + LOOSE_MAX * (LOOSE_NAME + 16))

struct loose_file {
	char name[LOOSE_NAME];
	char id[LOOSE_ID + 1];
	struct buf data;
};
struct loose {
	struct loose_file *v;
	size_t n;
};
void loose_clear(struct loose *);
/* "loose" of args: [{"name", "data": base64}], behind those that are there;
 * the same bytes once. */
int loose_read(struct json_object *args, struct loose *, struct err *);
void loose_remove(struct loose *, const char *id);
/* As bytes for a draft, and back. */
int loose_pack(const struct loose *, struct buf *);
int loose_unpack(const struct buf *, struct loose *, struct err *);

struct sorted_set {
	char call[CERT_NAME_MAX]; /* "" = the default one */
	char id[LOOSE_ID + 1];
	bool leaf; /* has one; else it adds to the stored one */
	unsigned char in[SORT_ITEMS]; /* field + 1 of each, 0: not in it */
	struct buf file[PKI_FIELD__MAX];
	struct json_object *issuers; /* of its certificates, while sorting */
};
struct sorted {
	struct sorted_set *v;
	size_t n;
	struct json_object *json; /* SORTED */
};
void sorted_clear(struct sorted *);
/* passphrase: one a line, or NULL; places: {id: name}, what somebody decided,
 * or NULL. */
int loose_sort(const struct call *, const struct loose *,
    const char *passphrase, struct json_object *places, struct sorted *,
    struct err *);

/* place.c: which certificate of VIEW these names are of; "" the default one. */
bool place_has(struct json_object *names, const char *name);
int place_names(struct json_object *view, struct json_object *names,
    char name[CERT_NAME_MAX], struct err *);

#endif
