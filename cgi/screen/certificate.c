/*
 * certificate.c - certificates in force, as cards: names, life, chain, facts;
 * and why clients do not get one that is stored.
 */
#include <stdio.h>
#include <string.h>

#include "certname.h"
#include "jsonx.h"
#include "parts.h"

static struct json_object *
life_of(const struct page *p, struct json_object *leaf)
{
	struct json_object *o = json_object_new_object();
	struct json_object *args = json_object_new_object();
	int64_t left, total, percent;
	const char *kind;
	char date[11];

	left = json_object_get_int64(jsonx_path(leaf, "days_left"));
	total = json_object_get_int64(jsonx_path(leaf, "days_total"));
	percent = total > 0 ? left * 100 / total : 0;
	percent = percent < 0 ? 0 : percent > 100 ? 100 : percent;
	date_of(jsonx_path_str(leaf, "not_after", NULL), date);
	put_int(args, "left", left < 0 ? -left : left);
	put_int(args, "total", total);
	put_str(args, "date", date);
	kind = cert_life(leaf);
	put_str(o, "kind", kind);
	put_int(o, "percent", percent);
	put_text(p, o, "text",
	    left < 0			? "cert.life.gone"
	    : left > total		? "cert.life.future"
	    : strcmp(kind, "soon") == 0 ? "cert.life.soon"
					: "cert.life.fresh",
	    args);
	json_object_put(args);
	return o;
}

static void
link_add(const struct page *p, struct json_object *list, const char *kind,
    const char *name)
{
	struct json_object *o = json_object_new_object();
	char key[64];

	put_str(o, "kind", kind);
	put_str(o, "name", name);
	snprintf(key, sizeof(key), "cert.role.%s", kind);
	put_text(p, o, "role", key, NULL);
	json_object_array_add(list, o);
}

/* Leaf to root, as the peers see it, and what is missing. */
static struct json_object *
chain_of(const struct page *p, struct json_object *cert)
{
	struct json_object *list = json_object_new_array(), *one = NULL;
	struct json_object *chain = jsonx_path(cert, "chain");
	struct json_object *root = jsonx_path(cert, "root");
	bool self = jsonx_path_bool(cert, "self_signed");
	size_t i, n;

	n = jsonx_len(chain);
	for (i = 0; i < n; i++) {
		one = json_object_array_get_idx(chain, i);
		link_add(p, list,
		    i > 0  ? "intermediate"
		    : self ? "self_signed"
			   : "leaf",
		    cert_name(one));
	}
	if (root != NULL)
		link_add(p, list, "root", cert_name(root));
	else if (!self && !jsonx_path_bool(cert, "complete") && one != NULL)
		/* Above an intermediate it may well be somebody's own root. */
		link_add(p, list, n > 1 ? "unknown" : "missing",
		    cert_issuer_name(one));
	return list;
}

static struct json_object *
certificate_of(const struct page *p, struct json_object *cert, bool alone)
{
	struct json_object *leaf = jsonx_path(cert, "leaf");
	struct json_object *o = json_object_new_object();

	put_str(o, "key", alone ? "" : jsonx_path_str(leaf, "key.label", ""));
	put_str(o, "name", cert_name(leaf));
	/* Where it has more than the one that stands above. */
	if (jsonx_len(jsonx_path(leaf, "names")) > 1)
		put_names(p, o, leaf, NAMES_SHOWN);
	else
		put_str(o, "names", "");
	json_object_object_add(o, "life", life_of(p, leaf));
	json_object_object_add(o, "chain", chain_of(p, cert));
	json_object_object_add(o, "facts", facts_of_cert(p, leaf));
	return o;
}

void
screen_certificate(
    const struct page *p, struct json_object *ctx, struct json_object *cert)
{
	struct json_object *list = json_object_new_array(), *one;
	bool alone = cert_of(cert, 1) == NULL;
	size_t i;

	for (i = 0; (one = cert_of(cert, i)) != NULL; i++)
		if (jsonx_path(one, "leaf") != NULL)
			json_object_array_add(
			    list, certificate_of(p, one, alone));
	json_object_object_add(ctx, "certificate", list);
}

struct json_object *
oldest_leaf(struct json_object *cert)
{
	struct json_object *first = jsonx_path(cert, "leaf"), *one, *leaf;
	size_t i;

	for (i = 1; (one = cert_of(cert, i)) != NULL; i++) {
		leaf = jsonx_path(one, "leaf");
		if (jsonx_path_int(leaf, "days_left") <
		    jsonx_path_int(first, "days_left"))
			first = leaf;
	}
	return first;
}

const char *
screen_unused(const struct screen *s)
{
	struct json_object *all = jsonx_path(s->view, "by_name"), *first;
	const char *why = NULL;

	first = jsonx_len(all) > 0 ? json_object_array_get_idx(all, 0) : NULL;
	if (jsonx_path_str(first, "name", "")[0] == '\0' &&
	    strcmp(jsonx_path_str(first, "use", "inbound"), "inbound") == 0)
		why = cert_unused(&s->page, s->view, first);
	return why == NULL ? "" : why;
}
