/*
 * check_report.c - check of settings: whom "TLS only" would refuse, as
 * postseal-logs has counted this host's mail (answer.h).
 *
 * Clients that were seen without TLS are asked about, even where the log is too
 * short for a share.  That nobody was seen is said only where it is known.  Of
 * the answer only numbers and addresses are taken.
 */
#include <stdio.h>
#include <string.h>

#include "check_report.h"
#include "client.h"
#include "jsonx.h"

#define ASK_MS 1500 /* for an answer; to be taken at all, a second more */
#define SHOWN  3
#define NUMBER 24

/* NULL: nobody answers. */
static struct json_object *
ask(const struct txn *t)
{
	static const struct client_actor who = {"root", "", "daemon"};
	struct json_object *args = json_object_new_object(), *data = NULL;
	struct err err;
	int fd;

	jsonx_put_str(args, "direction", "inbound");
	jsonx_put_str(args, "only", "plain");
	jsonx_put_int(args, "limit", SHOWN);
	fd = client_start(
	    t->conf->logs_socket, &who, "report.tls", args, &err);
	json_object_put(args);
	if (fd != -1)
		(void)client_finish(fd, ASK_MS, &data, NULL, &err);
	return data;
}

/* "192.0.2.7, 192.0.2.9": the first of those that send the most. */
static void
addresses(struct json_object *rows, char dst[SHOWN * (NET_TEXT_MAX + 2)])
{
	const char *text;
	struct net n;
	size_t i, len = 0;

	dst[0] = '\0';
	for (i = 0; i < jsonx_len(rows) && i < SHOWN; i++) {
		text = jsonx_path_str(
		    json_object_array_get_idx(rows, i), "address", "");
		if (!net_parse_word(text, strlen(text), &n))
			continue;
		if (len > 0)
			len += (size_t)sprintf(dst + len, ", ");
		net_format(&n, dst + len);
		len += strlen(dst + len);
	}
}

static void
say_cut(const struct setting_check *row, struct txn *t,
    struct json_object *report, int64_t clients)
{
	int64_t sent = jsonx_path_int(report, "messages.plain");
	int64_t all = jsonx_path_int(report, "messages.total");
	char plain[NUMBER], total[NUMBER], messages[NUMBER], share[NUMBER];
	char who[SHOWN * (NET_TEXT_MAX + 2)];

	(void)snprintf(plain, sizeof(plain), "%lld", (long long)clients);
	(void)snprintf(total, sizeof(total), "%lld",
	    (long long)jsonx_path_int(report, "clients.total"));
	(void)snprintf(messages, sizeof(messages), "%lld", (long long)sent);
	(void)snprintf(share, sizeof(share), "%.1f",
	    all > 0 ? 100.0 * (double)sent / (double)all : 100.0);
	addresses(jsonx_path(report, "rows"), who);
	findings_add(&t->findings, row->code, row->field, "clients", plain,
	    "total", total, "messages", messages, "share", share, "addresses",
	    who, NULL);
}

/* That it is in force already, set by hand for one, cuts off nobody. */
static bool
becomes_only(const struct txn *t)
{
	const struct param_change *c = txn_planned(t, IN_LEVEL);

	return t->settings.inbound_enabled && t->settings.tls_only &&
	       c != NULL && c->after != NULL;
}

SETTING_CHECK(cuts_off)
{
	struct json_object *report;
	const char *reason;
	int64_t clients;

	(void)access;
	if (!becomes_only(t))
		return;
	report = ask(t);
	clients = jsonx_path_int(report, "clients.plain");
	reason = jsonx_path_str(report, "reason", "off");
	if (clients > 0)
		say_cut(row, t, report, clients);
	else if (!jsonx_path_bool(report, "known"))
		findings_add(&t->findings, ERR_POLICY_NOT_KNOWN, row->field,
		    "reason", reason, NULL);
	json_object_put(report);
}
