/*
 * setting.c - the settings of a host or of a generation, a line each.
 */
#include <string.h>

#include <json-c/json.h>

#include "ctl.h"
#include "jsonx.h"
#include "settings_table.h"

#define TEXT_LEN 160

/* "idle timeout" */
static void
label_of(const struct settings_field *f, char dst[TEXT_LEN])
{
	char *p;

	(void)snprintf(dst, TEXT_LEN, "%s", f->form);
	for (p = dst; (p = strchr(p, '_')) != NULL;)
		*p = ' ';
}

/* "" when it is not managed. */
static void
value_of(
    const struct settings_field *f, struct json_object *v, char dst[TEXT_LEN])
{
	dst[0] = '\0';
	if (v == NULL)
		return;
	if (f->kind == SETTING_SWITCH)
		(void)snprintf(dst, TEXT_LEN, "%s",
		    json_object_get_boolean(v) ? "on" : "off");
	else if (f->kind == SETTING_LIST)
		(void)snprintf(dst, TEXT_LEN, "%zu entries",
		    json_object_is_type(v, json_type_array)
			? jsonx_len(v)
			: (size_t)json_object_get_int64(v));
	else
		(void)snprintf(dst, TEXT_LEN, "%s", json_object_get_string(v));
}

void
ctl_settings(struct ctl *ctl, struct json_object *settings,
    struct json_object *current, settings_mask told)
{
	const struct settings_field *f;
	char label[TEXT_LEN], text[TEXT_LEN];
	const char *now;

	for (f = settings_fields; f->form != NULL; f++) {
		if (told & SETTING_BIT(f->id))
			continue;
		label_of(f, label);
		value_of(f, settings_value(settings, f), text);
		now = settings_current(current, f);
		if (*now != '\0')
			(void)snprintf(text, sizeof(text), "%s%s", now,
			    *text != '\0' ? " *" : "");
		if (*text != '\0')
			ctl_line(ctl, label, text);
	}
}
