/*
 * keyid.h - {"id": ...} of a path with a key in it, for the API and the page.
 */
#ifndef POSTSEAL_KEYID_H
#define POSTSEAL_KEYID_H

#include "http.h"

#define KEY_ID_SHOWN 16

struct json_object *key_args_of_path(const struct request *);

#endif
