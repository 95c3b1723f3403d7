/*
 * former.h - this host in the cluster of tests/data/former, and what its
 * postseal-sync asks.
 */
#ifndef TEST_FORMER_H
#define TEST_FORMER_H

#include "bundle.h"

#include "talk.h"

#define FORMER "tests/data/former/cluster/"

static struct answer answer;

/* This host goes on from what the former version kept of its cluster. */
static inline void
become(const char *name)
{
	ck_assert_int_eq(
	    rig_sh("rm -rf $R/state/cluster && cp -r " FORMER
		   "%s $R/state/cluster && "
		   "chmod -R go= $R/state/cluster && mkdir -p "
		   "$R/state/cluster/chosen $R/state/cluster/hosts",
		name),
	    0);
	snprintf(
	    rig_conf.cluster_name, sizeof(rig_conf.cluster_name), "%s", name);
	rig_conf.cluster_console = strcmp(name, "console") == 0;
}

static inline struct json_object *
recorded(const char *file)
{
	struct json_object *o;
	char path[128];

	snprintf(path, sizeof(path), FORMER "%s", file);
	o = json_object_from_file(path);
	ck_assert_msg(o != NULL, "%s", path);
	return o;
}

/* As postseal-sync asks; args is taken over. */
static inline int
sync_says(const char *op, struct json_object *args)
{
	struct json_object *o = args_new(
	    "{\"actor\":{\"user\":\"sync\",\"from\":\"\",\"via\":\"sync\"}}");

	json_object_object_add(o, "op", json_object_new_string(op));
	json_object_object_add(o, "args", args);
	talk_done(&answer);
	talk_text(PEER_SYNC, json_object_to_json_string(o), &answer);
	json_object_put(o);
	return jsonx_path_bool(answer.last, "ok") ? 0 : -1;
}

#define ID "0123456789abcdef0123456789abcdef"

/* A Save for all that postseal-sync has not handed on yet. */
static inline void
waits(int64_t generation, long local)
{
	char text[200];

	snprintf(text, sizeof(text),
	    "{\"id\":\"" ID "\",\"generation\":%lld,\"local\":%ld,"
	    "\"by\":\"admin\",\"apply\":\"reload\",\"outcome\":\"\"}",
	    (long long)generation, local);
	ck_assert_int_eq(
	    rig_sh("echo '%s' >$R/state/cluster/outbox.json", text), 0);
}

/* The sealed bundle of the last answer, opened with scanner1's key. */
static inline struct json_object *
former_opens(int64_t *ret_generation)
{
	const struct pki_jail jail = {
	    .user = geteuid() == 0 ? rig_conf.inspect_user : NULL};
	struct json_object *state = recorded("scanner1/state.json");
	struct json_object *body = NULL;
	struct bundle_head want = {.host = "scanner1"};
	struct bundle_identity host;
	struct pki_bytes consoles, bytes;
	struct buf sealed, pair, pem;
	struct err err;

	buf_init(&sealed, BUNDLE_SEALED_MAX);
	ck_assert_int_eq(jsonx_b64(jsonx_path(answer.last, "data"), "blob", "",
			     BUNDLE_SEALED_MAX, &sealed, &err),
	    0);
	pair = rig_read(FORMER "scanner1/identity.pem");
	pem = rig_read(FORMER "scanner1/consoles.pem");
	host.key.data = host.certificate.data = pair.data;
	host.key.len = host.certificate.len = pair.len;
	consoles = (struct pki_bytes){pem.data, pem.len};
	bytes = (struct pki_bytes){sealed.data, sealed.len};
	want.cluster = jsonx_path_str(state, "id", "");
	ck_assert_msg(bundle_open_jailed(&jail, &bytes, &host, &consoles, &want,
			  ret_generation, &body, &err) == 0,
	    "%s", err.msg);
	json_object_put(state);
	buf_clear(&sealed);
	buf_clear(&pair);
	buf_clear(&pem);
	return body;
}

#endif
