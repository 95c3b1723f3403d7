/*
 * guide.c - the guide: what each choice of the screen means for mail,
 * when not to make it, and the Postfix parameter behind it.  The screen links
 * to its parts; nothing here depends on the state of the host.
 */
#include "page.h"

/* A title begins a part, with its anchor; the rows below it belong to it. */
static const struct {
	const char *id;
	const char *label;
	const char *text;
	const char *not_when; /* or NULL */
	const char *parameter;
} rows[] = {
    {"interface", "form.interface", NULL, NULL, NULL},
    {"listen", "form.listen", "guide.listen", "guide.listen_not",
	"inet_interfaces"},
    {"port", "form.port_label", "guide.port", "guide.port_not",
	"master.cf: smtp inet"},
    {"idle", "form.idle_label", "guide.idle", "guide.idle_not",
	"smtpd_timeout"},
    {"connections", "form.connections", "guide.connections",
	"guide.connections_not", "master.cf: maxproc"},
    {"control", "form.control", NULL, NULL, NULL},
    {"accept_except", "form.accept_except", "guide.accept", NULL,
	"smtpd_client_restrictions = check_client_access cidr:..."},
    {"deny_except", "form.deny_except", "guide.deny", "guide.deny_not",
	"smtpd_client_restrictions = check_client_access cidr:..."},
    {"list", "form.list", "guide.list", NULL, ""},
    {"tls", "guide.tls", NULL, NULL, NULL},
    {"inbound", "form.inbound", "guide.inbound", "guide.inbound_not",
	"smtpd_tls_security_level = may"},
    {"tls_only", "form.tls_only", "guide.tls_only", "guide.tls_only_not",
	"smtpd_tls_security_level = encrypt"},
    {"outbound", "form.outbound", "guide.outbound", NULL,
	"smtp_tls_security_level = may"},
    {"files", "form.files", "guide.files", "guide.files_not",
	"smtpd_tls_chain_files"},
    {"all_scanners", "form.all_scanners", "guide.all_scanners",
	"guide.all_scanners_not", ""},
    {"save", "form.apply", NULL, NULL, NULL},
    {"steps", "form.save", "guide.save", NULL, ""},
    {"preview", "form.preview", "guide.preview", NULL, ""},
    {"restart", "form.restart", "guide.restart", NULL, ""},
    {"reload", "form.reload", "guide.reload", "guide.reload_not", ""},
    {"state", "guide.state", NULL, NULL, NULL},
    {"probe", "state.probe_now", "guide.probe", NULL, ""},
    {"drift", "guide.drift_title", "guide.drift", NULL, ""},
    {"history", "nav.history", "guide.history", NULL, ""},
};

int
page_guide(
    struct app *app, struct request *req, struct reply *reply, struct err *err)
{
	struct page p = {app, req};
	struct json_object *ctx = json_object_new_object(), *o, *items = NULL;
	struct json_object *parts = json_object_new_array();
	size_t i;
	int rc;

	put_str(ctx, "title", page_text(&p, "guide.title"));
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		o = json_object_new_object();
		put_str(o, "id", rows[i].id);
		put_str(o, "label", page_text(&p, rows[i].label));
		if (rows[i].text == NULL) {
			items = json_object_new_array();
			json_object_object_add(o, "items", items);
			json_object_array_add(parts, o);
			continue;
		}
		put_str(o, "text", page_text(&p, rows[i].text));
		put_str(o, "not_when",
		    rows[i].not_when != NULL ? page_text(&p, rows[i].not_when)
					     : "");
		put_str(o, "parameter", rows[i].parameter);
		json_object_array_add(items, o);
	}
	json_object_object_add(ctx, "parts", parts);
	rc = page_render(app, req, reply, 200, "guide", ctx, err);
	json_object_put(ctx);
	return rc;
}
