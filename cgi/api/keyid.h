/* keyid.h - the longest id of a key that a request may name. */
#ifndef POSTSEAL_KEYID_H
#define POSTSEAL_KEYID_H

#define KEY_ID_SHOWN 16

#endif
