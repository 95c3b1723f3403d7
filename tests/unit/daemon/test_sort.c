/*
 * test_sort.c - loose files into sets, by what their reports say.  No file is
 * read: 38-sorted.t sends real ones.
 */
#include <stdio.h>
#include <string.h>

#include <check.h>

#include "jsonx.h"
#include "../../../src/daemon/sort.h"
#include "../suite.h"

static struct sorting s;
static struct sorted out;
static struct item items[LOOSE_MAX];
static struct loose_file named[LOOSE_MAX];
static struct loose files = {named, LOOSE_MAX};

static void
begin(const char *view)
{
	memset(items, 0, sizeof(items));
	s = (struct sorting){.out = &out, .in = &files, .item = items};
	s.view = json_tokener_parse(view);
	ck_assert_ptr_nonnull(s.view);
	json_object_object_add(s.view, "by_name", json_object_new_array());
	ck_assert_int_eq(certs_init(&s.now), 0);
}

static void
end(void)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		json_object_put(items[i].report);
		json_object_put(items[i].why);
	}
	json_object_put(s.view);
	json_object_put(s.places);
	json_object_put(s.issuers);
	certs_clear(&s.now);
	sorted_clear(&out);
}

static struct json_object *
list_of(struct item *it, const char *of)
{
	char path[64];

	if (it->report == NULL)
		it->report = json_tokener_parse(
		    "{\"files\":{\"server_certificate\":{\"certificates\":[],"
		    "\"keys\":[]}}}");
	(void)snprintf(path, sizeof(path), "files.server_certificate.%s", of);
	return jsonx_path(it->report, path);
}

/* Into the file: its subject is its name, its key's digest that, too. */
static void
cert(struct item *it, const char *name, const char *issuer, bool ca)
{
	static int serial;
	struct json_object *o = json_object_new_object();
	struct json_object *names = json_object_new_array();
	struct json_object *key = json_object_new_object();
	char sha[16];

	(void)snprintf(sha, sizeof(sha), "%012d", ++serial);
	if (strchr(name, '.') != NULL)
		json_object_array_add(names, json_object_new_string(name));
	jsonx_put_str(o, "name", name);
	jsonx_put_str(o, "common_name", name);
	jsonx_put_str(o, "subject", name);
	jsonx_put_str(o, "issuer", issuer);
	jsonx_put_str(o, "sha256", sha);
	jsonx_put_bool(o, "is_ca", ca);
	json_object_object_add(o, "names", names);
	jsonx_put_str(key, "spki_sha256", name);
	json_object_object_add(o, "key", key);
	json_object_array_add(list_of(it, "certificates"), o);
}

static void
key(struct item *it, const char *name)
{
	struct json_object *o = json_object_new_object();

	jsonx_put_str(o, "label", name);
	jsonx_put_str(o, "spki_sha256", name);
	json_object_array_add(list_of(it, "keys"), o);
}

/* "set=files,..." of each set in order, "-code" of each that is left out. */
static const char *
sorted(void)
{
	static char got[4096];
	struct err err;
	size_t i, k, n = 0;

	ck_assert_int_eq(sort_items(&s, &err), 0);
	got[0] = '\0';
	for (k = 0; k < out.n; k++) {
		n += (size_t)snprintf(got + n, sizeof(got) - n, "%s%s=",
		    n > 0 ? " " : "",
		    out.v[k].call[0] == '\0' ? "default" : out.v[k].call);
		for (i = 0; i < s.n; i++)
			if (out.v[k].in[i] != 0)
				n += (size_t)snprintf(got + n, sizeof(got) - n,
				    "%zu%c", i, "?cka"[out.v[k].in[i]]);
	}
	for (i = 0; i < s.n; i++)
		if (items[i].why != NULL)
			n += (size_t)snprintf(got + n, sizeof(got) - n,
			    "%s-%zu%s", n > 0 ? " " : "", i,
			    jsonx_path_str(items[i].why, "code", ""));
	return got;
}

/* Each file of a case: c a certificate, a one of a CA, k a key; name<issuer. */
static const struct {
	const char *view;
	const char *file[8];
	const char *want;
} cases[] = {
    {"{\"host\":\"mx.x\"}", {"c mx.x<ia", "k mx.x", "a ia<root"},
	"default=0c1k2a"},
    {"{\"host\":\"gw.x\"}", {"c mx.x<ia", "k mx.x"}, "default=0c1k"},
    /* Two, and neither is for this host: which one is for the rest? */
    {"{\"host\":\"gw.x\"}", {"c a.x<ia", "c b.x<ia"},
	"-0sni.place -1sni.place"},
    {"{\"host\":\"a.x\"}", {"c b.x<ia", "c a.x<ia", "k b.x", "a ia<root"},
	"default=1c3a b.x=0c2k3a"},
    /* CAs above each other, the last first. */
    {"{\"host\":\"a.x\"}", {"a root<root", "a ib<root", "a ia<ib", "c a.x<ia"},
	"default=0a1a2a3c"},
    {"{\"host\":\"a.x\"}", {"c a.x<ia", "a other<root"},
	"default=0c -1files.ca_alone"},
    {"{\"host\":\"a.x\"}", {"c a.x<ia", "k b.x"},
	"default=0c -1files.key_alone"},
    {"{\"host\":\"a.x\"}", {"c a.x<ia", "a ia<root", "k ia"},
	"default=0c1a -2key.of_ca"},
    {"{\"host\":\"a.x\"}", {"c a.x<ia", "c b.x<ia", "k a.x k b.x"},
	"default=0c b.x=1c -2files.mixed"},
    {"{\"host\":\"gw.x\"}", {"c a.x<ia", "c b.x<ia", "k a.x"},
	"-0sni.place -1sni.place -2files.with_another"},
    /* What made its certificate itself has one of a CA. */
    {"{\"host\":\"a.x\"}", {"a a.x<a.x", "k a.x"}, "default=0c1k"},
};

static void
fill(struct item *it, const char *text)
{
	char name[16], issuer[16], kind;
	int n;

	for (; sscanf(text, " %c %15[^< ]%n", &kind, name, &n) == 2; text += n) {
		text += n;
		n = 0;
		if (kind == 'k')
			key(it, name);
		else if (sscanf(text, "<%15s%n", issuer, &n) == 1)
			cert(it, name, issuer, kind == 'a');
	}
}

START_TEST(by_content)
{
	begin(cases[_i].view);
	for (; cases[_i].file[s.n] != NULL; s.n++)
		fill(&items[s.n], cases[_i].file[s.n]);
	ck_assert_str_eq(sorted(), cases[_i].want);
	end();
}
END_TEST

/* As much as there may be at once, of what each looked at all others for: it
 * took minutes. */
START_TEST(many_of_one_name)
{
	struct err err;
	size_t i, j;

	begin("{\"host\":\"gw.x\"}");
	for (s.n = 0; s.n < LOOSE_MAX; s.n++)
		for (j = 0; j < PKI_OBJECTS_MAX; j++)
			cert(&items[s.n],
			    s.n == LOOSE_MAX - 1 ? "y.x" : "x.y", "z", true);
	ck_assert_int_eq(sort_items(&s, &err), 0);
	ck_assert_uint_eq(out.n, 0);
	for (i = 0; i < s.n; i++)
		ck_assert_str_eq(
		    jsonx_path_str(items[i].why, "code", ""), "sni.place");
	end();
}
END_TEST

/* 60 leaves, and 60 files of CAs in the worst order, the chain of each. */
START_TEST(many_authorities)
{
	char name[16], issuer[16];
	struct err err;
	size_t i, j;

	begin("{\"host\":\"l0.x\"}");
	for (i = 0; i < 60; i++)
		for (j = 0; j < PKI_OBJECTS_MAX; j++) {
			(void)snprintf(name, sizeof(name), "ca%zu-%zu", i, j);
			(void)snprintf(issuer, sizeof(issuer),
			    i == 0 ? "root" : "ca%zu-%zu", i - 1, j);
			cert(&items[s.n + i], name, issuer, true);
		}
	s.n = 120;
	for (i = 0; i < 60; i++) {
		(void)snprintf(name, sizeof(name), "l%zu.x", i);
		cert(&items[60 + i], name, "ca59-3", false);
	}
	ck_assert_int_eq(sort_items(&s, &err), 0);
	ck_assert_uint_eq(out.n, 60);
	for (i = 0; i < out.n; i++)
		for (j = 0; j < 60; j++)
			ck_assert_int_eq(
			    out.v[i].in[j], PKI_CA_CERTIFICATE + 1);
	end();
}
END_TEST

START_TEST(somebody_decided)
{
	char id[LOOSE_ID + 1];

	begin("{\"host\":\"gw.x\"}");
	fill(&items[0], "c a.x<ia");
	fill(&items[1], "c b.x<ia");
	s.n = 2;
	(void)snprintf(id, sizeof(id), "%.*s", LOOSE_ID,
	    jsonx_path_str(at(certs_of(&items[1]), 0), "sha256", ""));
	s.places = json_object_new_object();
	jsonx_put_str(s.places, id, "default");
	ck_assert_str_eq(sorted(), "default=1c -0sni.place");
	end();
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("sort");

	tcase_add_loop_test(t, by_content, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(t, somebody_decided);
	tcase_add_test(t, many_of_one_name);
	tcase_add_test(t, many_authorities);
	return suite_run("sort", t) == 0 ? 0 : 1;
}
