/*
 * look.c - what the probe is to expect at each inbound address, and what
 * becomes of what it saw.
 *
 * Certificates: where main.cf names a chain file of ours, each pair in it is
 * proven by itself; where it names another, or a service has its own by "-o",
 * the certificate that was served before the change must be served after it.
 * Names: a client may ask for one by SNI, and tls_server_sni_maps may have
 * another certificate for it; the host's name and those of the certificate are
 * asked for.
 */
#include <poll.h>
#include <string.h>

#include "certname.h"
#include "jsonx.h"
#include "look.h"
#include "probe.h"
#include "util.h"

#define AGAIN_MS	  100
#define SEE_MS		  5000
#define SEE_OTHER_MS	  2000 /* behind the first */
#define NAMES_WITHOUT_MAP 1

static bool
is_state(struct json_object *o, const char *state)
{
	return strcmp(jsonx_path_str(o, "state", ""), state) == 0;
}

static bool
same_str(struct json_object *a, struct json_object *b, const char *member)
{
	return strcmp(jsonx_path_str(a, member, ""),
		   jsonx_path_str(b, member, "")) == 0;
}

struct json_object *
look_find(struct json_object *list, const char *address, int port)
{
	struct json_object *row;
	size_t i;

	for (i = 0; i < jsonx_len(list); i++) {
		row = json_object_array_get_idx(list, i);
		if (strcmp(jsonx_path_str(row, "address", ""), address) == 0 &&
		    jsonx_path_int(row, "port") == port)
			return row;
	}
	return NULL;
}

bool
look_same_reason(struct json_object *a, struct json_object *b)
{
	return same_str(a, b, "state") && same_str(a, b, "reason") &&
	       jsonx_path_int(a, "code") == jsonx_path_int(b, "code");
}

static void
add_leaf(struct probe_want *w, struct json_object *cert)
{
	const char *sha256 = jsonx_path_str(cert, "sha256", NULL);

	if (sha256 == NULL || w->n_leaf == PROBE_LEAVES_MAX)
		return;
	w->leaf[w->n_leaf].sha256 = sha256;
	w->leaf[w->n_leaf++].key_type =
	    jsonx_path_str(cert, "leaf.key.type", "");
}

static void
add_name(struct probe_want *w, const char *name, size_t max)
{
	size_t i;

	/* A wildcard cannot be asked for, an address must not. */
	if (w->n_name >= max || strchr(name, '*') != NULL ||
	    strchr(name, ':') != NULL || strchr(name, '.') == NULL ||
	    strspn(name, "0123456789.") == strlen(name))
		return;
	for (i = 0; i < w->n_name; i++)
		if (strcasecmp(w->name[i], name) == 0)
			return;
	w->name[w->n_name++] = name;
}

/* One with a certificate of its own is proven with that. */
static bool
has_own(const struct look *k, const char *name)
{
	char lower[CERT_NAME_MAX];

	return k->certs != NULL && cert_name_lower(name, lower) &&
	       *lower != '\0' &&
	       certs_find(k->certs, CERT_INBOUND, lower) != NULL;
}

static void
want_leaves(struct probe_want *w, struct json_object *cert)
{
	struct json_object *one;
	size_t i;

	for (i = 0; (one = cert_of(cert, i)) != NULL; i++)
		add_leaf(w, one);
}

static void
want_certificates(const struct look *k, const struct postfix_listener *l,
    struct probe_want *w)
{
	struct json_object *names = jsonx_path(k->cert, "leaf.names");
	size_t i, max = l->sni ? PROBE_NAMES_MAX : NAMES_WITHOUT_MAP;

	if (k->any_certificate)
		return;
	if (k->cert == NULL || l->own_chain) {
		w->leaf[0].key_type = "";
		w->leaf[0].sha256 =
		    jsonx_path_str(look_find(k->before, l->host, l->port),
			"certificate_sha256", NULL);
		w->n_leaf = w->leaf[0].sha256 != NULL;
		return;
	}
	want_leaves(w, k->cert);
	if (!has_own(k, k->info->myhostname))
		add_name(w, k->info->myhostname, max);
	for (i = 0; i < jsonx_len(names); i++)
		if (!has_own(k, jsonx_str_at(names, i)))
			add_name(w, jsonx_str_at(names, i), max);
}

/* Not beyond the end of all that is done by this conf; what the greeting may
 * take comes on top of the rest. */
static void
limit(const struct look *k, struct probe_want *w)
{
	int ms = conf_ms(k->conf, w->total_ms + w->door.greet_ms);

	if (w->door.greet_ms >= ms)
		w->door.greet_ms = ms - 1;
	w->total_ms = ms - w->door.greet_ms;
}

static void
want_address(const struct look *k, const struct postfix_listener *l,
    struct probe_want *w)
{
	memset(w, 0, sizeof(*w));
	postfix_door(k->info, l, &w->door);
	w->starttls = l->tls != POSTFIX_TLS_NONE && !l->hides_all;
	w->tls_only = l->tls == POSTFIX_TLS_ENCRYPT && !l->hides_all;
	w->cuts_off =
	    l->wants_certificate && (w->tls_only || l->wrapper);
	w->total_ms = k->total_ms > 0 ? k->total_ms : SEE_MS;
	if (w->starttls && l->hides[0] != '\0')
		w->hidden = l->hides;
	if (w->starttls || l->wrapper)
		want_certificates(k, l, w);
}

/* Nobody listens on an address that inet_interfaces only might mean. */
static bool
is_absent(const struct postfix_listener *l, struct json_object *o)
{
	return l->derived &&
	       strcmp(jsonx_path_str(o, "reason", ""), "no_connection") == 0;
}

int
look_see(const struct conf *conf, const struct postfix_info *info, int total_ms,
    struct json_object **ret, struct err *err)
{
	const struct look k = {
	    .conf = conf, .info = info, .total_ms = total_ms};
	struct json_object *list = json_object_new_array(), *o;
	const struct postfix_listener *l;
	struct probe_want w;
	struct err why;
	size_t i;

	for (i = 0; list != NULL && i < info->n_listeners; i++) {
		l = &info->listener[i];
		want_address(&k, l, &w);
		w.observe = true;
		if (i > 0 && w.total_ms > SEE_OTHER_MS)
			w.total_ms = SEE_OTHER_MS;
		limit(&k, &w);
		o = NULL;
		err_clear(&why);
		(void)probe_address(&w, &o, &why);
		if (o == NULL || why.code == ERR_PROBE_UNABLE) {
			json_object_put(list);
			json_object_put(o);
			return o == NULL ? err_set(err, ERR_NOMEM, "", "probe")
					 : err_set(err, why.code, "", "%s",
					       why.msg);
		}
		jsonx_put_str(o, "service", l->service);
		if (is_absent(l, o))
			json_object_put(o);
		else
			json_object_array_add(list, o);
	}
	if (list == NULL)
		return err_set(err, ERR_NOMEM, "", "probe");
	*ret = list;
	return 0;
}

/* Turned away or not answered: is that acceptable? */
static const char *
accepted_state(const struct look *k, const struct postfix_listener *l,
    struct json_object *o)
{
	struct json_object *was = look_find(k->before, l->host, l->port);
	bool blind = is_state(o, "blind");

	if (k->accept_blind && blind)
		return "blind";
	if (!look_same_reason(was, o) || was == NULL)
		return NULL;
	return blind ? "blind" : "not_seen";
}

/* 0 and *ret (NULL = no such address), or -1. */
static int
prove_address(const struct look *k, const struct postfix_listener *l,
    struct json_object **ret, struct err *err)
{
	struct json_object *o = NULL;
	struct probe_want w;
	const char *state = "proven";
	struct err why;
	int rc;

	want_address(k, l, &w);
	/* Nothing of TLS can be proven, and nothing is held against it. */
	w.observe =
	    k->no_certificate && w.starttls && !l->wrapper && !l->own_chain;
	/* An address that did not answer before is not waited for again. */
	if (l != &k->info->listener[0] &&
	    is_state(look_find(k->before, l->host, l->port), "dark"))
		w.total_ms = SEE_OTHER_MS;
	limit(k, &w);
	rc = probe_address(&w, &o, &why);
	if (o == NULL)
		return err_set(err, ERR_NOMEM, "", "probe");
	if (rc == 1 && is_absent(l, o) &&
	    look_find(k->before, l->host, l->port) == NULL) {
		json_object_put(o);
		o = NULL;
	} else if (rc != 0) {
		state = rc == 1 ? accepted_state(k, l, o) : NULL;
		if (state == NULL) {
			json_object_put(o);
			return k->info->n_listeners == 1
				   ? err_set(err, why.code, "", "%s", why.msg)
				   : err_set(err, why.code, "",
					 "%s port %d: %.130s", l->host, l->port,
					 why.msg);
		}
	}
	if (o != NULL && rc == 0 && jsonx_path(o, "tls_error") != NULL) {
		state = "not_seen";
		jsonx_put_str(o, "detail", jsonx_path_str(o, "tls_error", ""));
	}
	if (o != NULL) {
		jsonx_put_str(o, "state", state);
		jsonx_put_str(o, "service", l->service);
	}
	*ret = o;
	return 0;
}

/* An object like that of one address, where there is none. */
static struct json_object *
nothing(const struct postfix_info *info)
{
	struct json_object *o = json_object_new_object();
	char at[32];

	if (o == NULL)
		return NULL;
	time_iso(time(NULL), at);
	jsonx_put_bool(o, "starttls", false);
	jsonx_put_bool(o, "plaintext_refused", false);
	json_object_object_add(o, "protocols", json_object_new_array());
	jsonx_put_str(o, "at", at);
	jsonx_put_int(o, "tries", 0);
	if (info->closed[0] != '\0')
		jsonx_put_str(o, "closed", info->closed);
	return o;
}

/* Takes the list. */
static struct json_object *
probe_of(const struct postfix_info *info, struct json_object *list)
{
	struct json_object *o = NULL;
	bool proven = !info->more_listeners && jsonx_len(list) > 0;
	size_t i;

	if (jsonx_len(list) == 0)
		o = nothing(info);
	else if (json_object_deep_copy(
		     json_object_array_get_idx(list, 0), &o, NULL) == -1)
		o = NULL;
	if (o == NULL) {
		json_object_put(list);
		return NULL;
	}
	for (i = 0; i < jsonx_len(list); i++)
		if (!is_state(json_object_array_get_idx(list, i), "proven"))
			proven = false;
	jsonx_put_bool(o, "proven", proven);
	if (info->more_listeners)
		jsonx_put_bool(o, "more_addresses", true);
	json_object_object_add(o, "addresses", list);
	return o;
}

/* Each name is answered with its certificate, in each algorithm and version:
 * where the console is set up for, once it was seen there. */
static int
prove_names(
    const struct look *k, struct json_object **ret_list, struct err *err)
{
	const struct postfix_listener *l = &k->info->listener[0];
	struct json_object *list = json_object_new_array(), *o, *row;
	struct probe_want w;
	struct err why;
	size_t i;
	int rc = 0;

	*ret_list = list;
	for (i = CERTS_DEFAULT + 1; rc == 0 && i < k->certs->n; i++) {
		if (k->certs->v[i].use != CERT_INBOUND)
			continue;
		memset(&w, 0, sizeof(w));
		postfix_door(k->info, l, &w.door);
		w.starttls = true;
		w.total_ms = k->total_ms > 0 ? k->total_ms : SEE_MS;
		limit(k, &w);
		w.sni = k->certs->v[i].name;
		want_leaves(&w, k->certs->v[i].facts);
		o = NULL;
		if (probe_address(&w, &o, &why) != 0)
			rc = err_set(err, why.code, "name", "%.100s: %.90s",
			    w.sni, why.msg);
		row = json_object_new_object();
		jsonx_put_str(row, "name", w.sni);
		json_object_object_add(row, "certificates",
		    json_object_get(jsonx_path(o, "certificates")));
		json_object_array_add(list, row);
		json_object_put(o);
	}
	return rc;
}

static bool
has_names(const struct look *k, struct json_object *seen)
{
	const struct postfix_listener *l = &k->info->listener[0];

	return k->by_name && k->certs != NULL && !l->own_sni &&
	       jsonx_len(seen) > 0 &&
	       is_state(json_object_array_get_idx(seen, 0), "proven") &&
	       (l->wrapper || (l->tls != POSTFIX_TLS_NONE && !l->hides_all));
}

int
look_prove(const struct look *k, struct json_object **ret, struct err *err)
{
	struct json_object *list = json_object_new_array(), *o;
	struct json_object *names = NULL;
	size_t i;

	for (i = 0; list != NULL && i < k->info->n_listeners; i++) {
		o = NULL;
		if (prove_address(k, &k->info->listener[i], &o, err) == -1) {
			json_object_put(list);
			return -1;
		}
		if (o != NULL)
			json_object_array_add(list, o);
	}
	if (has_names(k, list) && prove_names(k, &names, err) == -1) {
		json_object_put(names);
		json_object_put(list);
		return -1;
	}
	if (list == NULL || (o = probe_of(k->info, list)) == NULL) {
		json_object_put(names);
		return err_set(err, ERR_NOMEM, "", "probe");
	}
	if (names != NULL)
		json_object_object_add(o, "by_name", names);
	*ret = o;
	return 0;
}

/* What was not seen before is asked for nothing more. */
static int
same_address(struct json_object *was, struct json_object *is, struct err *err)
{
	const char *at = jsonx_path_str(was, "address", "");

	if (is_state(was, "dark"))
		return 0;
	if (is == NULL || is_state(is, "dark") ||
	    (is_state(was, "seen") && !is_state(is, "seen")))
		return err_set(err, ERR_PROBE_BANNER, "", "%s: %.120s", at,
		    jsonx_path_str(is, "detail", "nobody listens"));
	if (!is_state(was, "seen") || jsonx_path(was, "tls_error") != NULL)
		return 0;
	if (jsonx_path_bool(was, "starttls") != jsonx_path_bool(is, "starttls"))
		return err_set(err, ERR_PROBE_STARTTLS, "",
		    "%s: STARTTLS is not as it was", at);
	if (!same_str(was, is, "certificate_sha256"))
		return err_set(err, ERR_PROBE_CERTIFICATE, "",
		    "%s: another certificate than before", at);
	if (jsonx_path_bool(was, "plaintext_refused") !=
	    jsonx_path_bool(is, "plaintext_refused"))
		return err_set(err, ERR_PROBE_POLICY, "",
		    "%s: mail without TLS is not treated as before", at);
	return 0;
}

static int
same_all(struct json_object *before, struct json_object *now, struct err *err)
{
	struct json_object *was;
	size_t i;

	for (i = 0; i < jsonx_len(before); i++) {
		was = json_object_array_get_idx(before, i);
		if (same_address(was,
			look_find(now, jsonx_path_str(was, "address", ""),
			    (int)jsonx_path_int(was, "port")),
			err) == -1)
			return -1;
	}
	return 0;
}

int
look_same(const struct conf *conf, const struct postfix_info *info,
    struct json_object *before, int total_ms, struct err *err)
{
	int64_t end = now_ms() + conf_ms(conf, total_ms);
	struct json_object *now = NULL;
	struct err why;
	int rc;

	for (;;) {
		if (look_see(conf, info, total_ms, &now, err) == -1)
			return -1;
		rc = same_all(before, now, &why);
		json_object_put(now);
		now = NULL;
		if (rc == 0)
			return 0;
		if (now_ms() >= end)
			break;
		(void)poll(NULL, 0, AGAIN_MS);
	}
	if (err != NULL)
		*err = why;
	return -1;
}
