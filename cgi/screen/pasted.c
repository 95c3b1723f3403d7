/*
 * pasted.c - certificates and keys that were pasted as text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "parts.h"
#include "upload.h"

static struct field *
field_of(struct fields *form, const char *name)
{
	for (size_t i = 0; i < form->n; i++)
		if (strcmp(form->v[i].name, name) == 0)
			return &form->v[i];
	return NULL;
}

/* Browsers end the lines of a text box with CRLF, whatever was pasted. */
static void
drop_cr(struct field *f)
{
	size_t i, n = 0;

	for (i = 0; i < f->len; i++)
		if (f->value[i] != '\r')
			f->value[n++] = f->value[i];
	memset(f->value + n, 0, f->len - n);
	f->len = n;
}

static const char *const pasted[] = {
    "ca_certificate", "private_key", "server_certificate", UPLOAD_CLIENT_CA};

int
screen_take_pasted(struct screen *s, struct fields *form)
{
	struct field *f, *text, was;
	char other[FIELD_NAME_MAX + 1];
	size_t i;

	for (i = 0; i < sizeof(pasted) / sizeof(pasted[0]); i++) {
		snprintf(other, sizeof(other), "%s_text", pasted[i]);
		text = field_of(form, other);
		f = field_of(form, pasted[i]);
		if (text == NULL || f == NULL || f->len > 0 ||
		    text->value[strspn(text->value, " \t\r\n")] == '\0')
			continue;
		free(f->filename);
		f->filename = strdup(page_text(&s->page, "file.pasted"));
		if (f->filename == NULL)
			return err_set(&s->err, ERR_NOMEM, "", "out of memory");
		was = *f;
		f->is_file = true;
		f->value = text->value;
		f->len = text->len;
		drop_cr(f);
		text->value = was.value;
		text->len = was.len;
	}
	return 0;
}
