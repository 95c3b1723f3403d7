/*
 * upload.h - the three file fields of a form.
 */
#ifndef POSTSEAL_UPLOAD_H
#define POSTSEAL_UPLOAD_H

#include "app.h"

/* Is this one of the three file fields?  What a form may hold. */
bool upload_is_field(const char *name);
struct field_limit upload_limit(const char *name, bool is_file);
extern const char *const upload_fields[];
/* A fourth, for CAs of clients' certificates: base64, or NULL; its file's
 * name joins those of the others. */
#define UPLOAD_CLIENT_CA "client_ca"
int upload_client_ca(const struct fields *, struct json_object **ret_b64,
    struct json_object **names, struct err *);
/* Of these and that what came, into arguments of postseald's. */
int upload_put(const struct fields *, struct json_object *args, struct err *);
int upload_client_ca_json(
    struct json_object *, struct json_object **ret_b64, struct err *);
/* Any number of files in no field, sorted by postseald: LOOSE of ops.h, or
 * NULL when none was chosen; [text] of a JSON object.  Wiped with jsonx_wipe.
 * ERR_FILES_MANY. */
#define UPLOAD_LOOSE "files"
int upload_loose(const struct fields *, struct json_object **, struct err *);
int upload_loose_json(
    struct json_object *, struct json_object **, struct err *);
/* Of a form: files that belong to the three fields, in any order. */
#define UPLOAD_ZONE "zone"
/* The same three as strings of a JSON object; null = absent. */
int upload_from_json(
    struct json_object *certificate, struct json_object **files, struct err *);

/*
 * The three file fields of a form (file parts, or text parts
 * from `curl -F private_key=<key.pem`) as FILES of ops.h, and {field: file
 * name}.  Several files of one field are joined.  A field that no file was
 * chosen for is absent.  *files and *names
 * are NULL when no file came; owned by the caller, wiped with jsonx_wipe.
 * Too large: ERR_FILE_TOO_LARGE with its field.
 */
int	upload_from_form(const struct fields *, struct json_object **files,
	    struct json_object **names, struct err *);

#endif
