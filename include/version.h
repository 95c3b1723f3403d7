/*
 * version.h - which Postseal this is: the newest entry of debian/changelog,
 * put in by the Makefile.
 */
#ifndef POSTSEAL_VERSION_H
#define POSTSEAL_VERSION_H

extern const char postseal_version[]; /* "1.0.0" */

#endif
