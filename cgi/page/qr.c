/*
 * qr.c - a QR code as the path of an SVG in the page: no picture to fetch, no
 * exception from the content policy.  Squares side by side are one bar.
 */
#include <stdlib.h>

#include <qrencode.h>

#include "access_page.h"

#define QUIET 4 /* modules around it: ISO/IEC 18004 */

int
qr_path(const char *text, struct buf *b, int *ret_size)
{
	QRcode *qr = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
	int w, n;

	if (qr == NULL)
		return -1;
	w = qr->width;
	for (int y = 0; y < w; y++) {
		for (int x = 0; x < w; x += n) {
			n = 1;
			if ((qr->data[y * w + x] & 1) == 0)
				continue;
			while (x + n < w && (qr->data[y * w + x + n] & 1) != 0)
				n++;
			buf_printf(
			    b, "M%d %dh%dv1h-%dz", x + QUIET, y + QUIET, n, n);
		}
	}
	*ret_size = w + 2 * QUIET;
	QRcode_free(qr);
	return b->failed ? -1 : 0;
}
