/*
 * settings_form.c - the fields of a form, into the JSON patch that the API
 * would have sent.
 *
 * Everything that is wrong is found before anything is refused: an
 * administrator who pastes ten thousand lines wants all bad ones at once.
 */
#include "kind.h"
#include "settings_table.h"

int
settings_from_form(struct json_object *patch, settings_get get, void *arg,
    struct findings *findings, struct err *err)
{
	struct form fm = {patch, get, arg, findings, err, false, false};
	const struct settings_field *f;

	for (f = settings_fields; f->form != NULL; f++)
		setting_kind(f)->from_form(&fm, f);
	if (fm.bad)
		return -1;
	return fm.nomem ? err_set(err, ERR_NOMEM, "", "out of memory") : 0;
}
