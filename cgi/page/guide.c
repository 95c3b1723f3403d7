/*
 * guide.c - the guide: what each choice of the screen means for mail,
 * when not to make it, and the Postfix parameter behind it; then the other
 * pages, scripts and gateways.  The screen links to its parts; nothing here
 * depends on the state of the host.  A search is in the address ("text"), so
 * that it needs no script.
 *
 * Of a setting it tells "setting.NAME.guide" and ".guide_not", of a choice
 * perhaps word by word ("setting.NAME.WORD.guide").
 */
#include <stdio.h>
#include <string.h>

#include "settings_table.h"
#include "words.h"

/* A title (no text) begins a part, with its anchor; the rows below it belong
 * to it.  A card stands for the settings on it. */
static const struct {
	const char *id;
	const char *card;
	const char *label;
	const char *text;
	const char *not_when; /* or NULL */
	const char *parameter;
} rows[] = {
    {"interface", NULL, "card.interface", NULL, NULL, NULL},
    {NULL, "interface", NULL, NULL, NULL, NULL},
    {"control", NULL, "card.control", NULL, NULL, NULL},
    {NULL, "control", NULL, NULL, NULL, NULL},
    {"tls", NULL, "card.tls", NULL, NULL, NULL},
    {NULL, "tls", NULL, NULL, NULL, NULL},
    {"files", NULL, "form.files", "guide.files", "guide.files_not",
	"smtpd_tls_chain_files"},
    {NULL, "scanners", NULL, NULL, NULL, NULL},
    {"save", NULL, "form.apply", NULL, NULL, NULL},
    {"steps", NULL, "form.save", "guide.save", NULL, ""},
    {"preview", NULL, "form.preview", "guide.preview", NULL, ""},
    {"restart", NULL, "form.restart", "guide.restart", NULL, ""},
    {"reload", NULL, "form.reload", "guide.reload", "guide.reload_not", ""},
    {"state", NULL, "guide.state", NULL, NULL, NULL},
    {"probe", NULL, "state.probe_now", "guide.probe", NULL, ""},
    {"drift", NULL, "guide.drift_title", "guide.drift", NULL, ""},
    {"history", NULL, "nav.history", "guide.history", NULL, ""},
    {"audit", NULL, "nav.audit", "guide.audit", NULL,
	"postsealctl audit verify"},
    {"certificates", NULL, "nav.names", NULL, NULL, NULL},
    {"by-name", NULL, "names.list", "names.lead", NULL, "tls_server_sni_maps"},
    {"renewal", NULL, "guide.renewal_title", "guide.renewal", NULL, ""},
    {"outbound-certificate", NULL, "names.for_outbound",
	"names.for_outbound_help", NULL, "smtp_tls_chain_files"},
    {"client-ca", NULL, "names.client_ca", "guide.client_ca", NULL,
	"smtpd_tls_CAfile"},
    {"keys", NULL, "nav.keys", NULL, NULL, NULL},
    {"key-made", NULL, "keys.new", "keys.lead", NULL, ""},
    {"key-request", NULL, "keys.form.csr", "keys.csr_help", NULL, ""},
    {"key-change", NULL, "keys.rule", "guide.key_change",
	"guide.key_change_not", ""},
    {"access", NULL, "nav.access", NULL, NULL, NULL},
    {"role", NULL, "access.role.label", "access.role.help", NULL, ""},
    {"invitation", NULL, "access.invite", "guide.invitation", NULL, ""},
    {"factor", NULL, "access.totp.title", "guide.factor", "guide.factor_not",
	"postsealctl user totp-reset NAME"},
    {"sessions", NULL, "access.sessions", "guide.sessions", NULL, ""},
    {"scripts", NULL, "guide.scripts", NULL, NULL, NULL},
    {"token", NULL, "access.tokens", "guide.token", "guide.token_not",
	"postsealctl token add NAME --user USER"},
    {"hook", NULL, "guide.hook_title", "guide.hook", NULL,
	"/etc/letsencrypt/renewal-hooks/deploy/"},
    {"api", NULL, "guide.api_title", "guide.api", NULL, "/api/v1"},
    {"ctl", NULL, "guide.ctl_title", "guide.ctl", NULL, "postsealctl status"},
    {"metrics", NULL, "guide.metrics_title", "guide.metrics", NULL, "/metrics"},
    {"gateways", NULL, "nav.scanners", NULL, NULL, NULL},
    {"enrol", NULL, "guide.enrol_title", "guide.enrol", NULL,
	"postsealctl scanner enrol NAME"},
    {"rollout", NULL, "guide.rollout_title", "guide.rollout", NULL, ""},
    {"chosen", NULL, "guide.chosen_title", "guide.chosen", NULL, ""},
    {"etcd", NULL, "scanners.no_etcd", "scanners.no_etcd_text", NULL, ""},
    {"removed", NULL, "guide.removed_title", "guide.removed", NULL,
	"postsealctl scanner remove NAME"},
};

static void
item_add(struct json_object *items, const char *id, const char *label,
    const char *text, const char *not_when, const char *parameter)
{
	struct json_object *o = json_object_new_object();

	put_str(o, "id", id);
	put_str(o, "label", label);
	put_str(o, "text", text);
	put_str(o, "not_when", not_when != NULL ? not_when : "");
	put_str(o, "parameter", parameter);
	json_object_array_add(items, o);
}

/* The setting, or one of its words. */
static void
setting_add(const struct page *p, struct json_object *items,
    const struct settings_field *f, const char *word)
{
	char guide[96], not_when[96];
	const char *dot = *word != '\0' ? "." : "", *text;

	snprintf(guide, sizeof(guide), "%s%s.guide", dot, word);
	snprintf(not_when, sizeof(not_when), "%s%s.guide_not", dot, word);
	if ((text = setting_text(p, f, guide)) == NULL)
		return;
	item_add(items, *word != '\0' ? word : f->form,
	    *word != '\0' ? setting_word(p, f, word) : page_text(p, f->text),
	    text, setting_text(p, f, not_when), f->parameter);
}

static void
card_add(const struct page *p, struct json_object *items, const char *card)
{
	const struct settings_field *f;
	size_t i;

	for (f = settings_fields; f->form != NULL; f++) {
		if (strcmp(f->card, card) != 0)
			continue;
		setting_add(p, items, f, "");
		for (i = 0; f->names != NULL && f->names[i] != NULL; i++)
			setting_add(p, items, f, f->names[i]);
	}
}

/* The title of a part, and where its items go. */
static struct json_object *
part_add(const struct page *p, struct json_object *parts, size_t i)
{
	struct json_object *o = json_object_new_object();
	struct json_object *items = json_object_new_array();

	put_str(o, "id", rows[i].id);
	put_str(o, "label", page_text(p, rows[i].label));
	json_object_object_add(o, "items", items);
	json_object_array_add(parts, o);
	return items;
}

static bool
tells_of(struct json_object *item, const char *text)
{
	json_object_object_foreach (item, key, v) {
		(void)key;
		if (json_object_is_type(v, json_type_string) &&
		    strcasestr(json_object_get_string(v), text) != NULL)
			return true;
	}
	return false;
}

/* A search: what tells of it, and all of a part whose title does. */
static void
keep_found(struct json_object *parts, const char *text)
{
	struct json_object *part, *items;
	size_t i, n;

	for (i = json_object_array_length(parts); i-- > 0;) {
		part = json_object_array_get_idx(parts, i);
		if (tells_of(part, text))
			continue;
		items = json_object_object_get(part, "items");
		for (n = json_object_array_length(items); n-- > 0;)
			if (!tells_of(
				json_object_array_get_idx(items, n), text))
				json_object_array_del_idx(items, n, 1);
		if (json_object_array_length(items) == 0)
			json_object_array_del_idx(parts, i, 1);
	}
}

int
page_guide(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct page p = {app, req};
	struct json_object *ctx = json_object_new_object(), *items = NULL;
	struct json_object *parts = json_object_new_array();
	const char *text = fields_str(&req->query, "text", "");
	size_t i;
	int rc;

	put_str(ctx, "title", page_text(&p, "guide.title"));
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].card != NULL)
			card_add(&p, items, rows[i].card);
		else if (rows[i].text == NULL)
			items = part_add(&p, parts, i);
		else
			item_add(items, rows[i].id,
			    page_text(&p, rows[i].label),
			    page_text(&p, rows[i].text),
			    rows[i].not_when != NULL
				? page_text(&p, rows[i].not_when)
				: NULL,
			    rows[i].parameter);
	}
	if (*text != '\0')
		keep_found(parts, text);
	put_str(ctx, "text", text);
	put_bool(ctx, "found", json_object_array_length(parts) > 0);
	json_object_object_add(ctx, "parts", parts);
	rc = page_render(app, req, reply, 200, "guide", ctx, err);
	json_object_put(ctx);
	return rc;
}
