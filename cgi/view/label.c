/*
 * label.c - what a field of the Connection screen's form is called.
 */
#include <string.h>

#include "settings_table.h"
#include "words.h"

static const struct {
	const char *field, *text;
} others[] = {
    {"ca_certificate", "file.ca_certificate"},
    {"private_key", "file.private_key"},
    {"server_certificate", "file.server_certificate"},
    {"passphrase", "file.passphrase"},
    {"client_ca", "names.client_ca"},
    {"next_hop", "hop.label"},
    {"note", "history.note"},
};

const char *
field_label(const char *field)
{
	const struct settings_field *f = settings_by_form(field);
	size_t i;

	if (f != NULL)
		return settings_is_file(field) ? "form.import_file" : f->text;
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(others[i].field, field) == 0)
			return others[i].text;
	return NULL;
}
