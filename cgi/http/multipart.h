/* multipart.h - the header lines of one part: multipart.c feeds, partheader.c
 * reads them. */
#ifndef POSTSEAL_MULTIPART_H
#define POSTSEAL_MULTIPART_H

#include "core.h"

struct part_header {
	char name[FIELD_NAME_MAX + 1];
	char filename[FILE_NAME_MAX + 1];
	bool have_name; /* a Content-Disposition was there */
	bool is_file;	/* it had a filename */
	bool base64;	/* Content-Transfer-Encoding */
};

/* One line without its CRLF. */
int part_header_line(struct part_header *, const char *, size_t, struct err *);

#endif
