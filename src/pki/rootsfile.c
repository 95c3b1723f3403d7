/*
 * rootsfile.c - the system's trusted roots, as bytes.
 */
#include <fcntl.h>
#include <unistd.h>

#include "pki_int.h"

int
roots_read(struct buf *out)
{
	ssize_t n;
	int fd, rc = -1;

	if ((fd = open(PKI_ROOTS_FILE, O_RDONLY | O_CLOEXEC)) == -1)
		return -1;
	for (;;) {
		if (buf_reserve(out, 65536) == -1)
			goto out;
		if ((n = read(fd, out->data + out->len, 65536)) <= 0)
			break;
		out->len += (size_t)n;
		out->data[out->len] = '\0';
	}
	rc = n == 0 ? 0 : -1;
out:
	close(fd);
	return rc;
}
