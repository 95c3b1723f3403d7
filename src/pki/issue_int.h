/*
 * issue_int.h - between issuejail.c and its child, in issue.c.
 */
#ifndef POSTSEAL_ISSUE_INT_H
#define POSTSEAL_ISSUE_INT_H

#define ISSUE_KEY_MAX  (16 * 1024)
#define ISSUE_PART_MAX (64 * 1024)
#define ISSUE_PARTS    4 /* key, request, certificate, description */

int issue_make_and_send(int fd, const void *issue_request);

#endif
