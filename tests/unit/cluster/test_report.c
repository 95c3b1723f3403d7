/*
 * test_report.c - what hosts report, looked at in children that one of them
 * may have taken over: whatever it does there is said of itself alone.
 */
#include <sys/wait.h>

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "../suite.h"
#include "../../../src/cluster/rollout.h"
#include "fsx.h"
#include "jail.h"
#include "jsonx.h"
#include "pki.h"
#include "util.h"

#define HOSTS 26

static char dir[] = "/tmp/postseal-report.XXXXXX";
static struct conf conf;
static pid_t keeper;
static struct buf key[HOSTS], cert[HOSTS];
static struct json_object *hosts, *said;

/* Code of somebody else in the child: as what it was given tells it. */
static int
taken_over(int fd, const struct buf *in)
{
	static const unsigned char yes = 1;
	int i;

	if (memmem(in->data, in->len, "freeze", 6) != NULL)
		for (;;)
			(void)poll(NULL, 0, -1);
	if (memmem(in->data, in->len, "leave", 5) != NULL)
		return -1;
	if (memmem(in->data, in->len, "lie", 3) == NULL)
		return bundle_verify_job.work(fd, in);
	for (i = 0; i < HOSTS; i++)
		if (jail_send(fd, &yes, 1) == -1)
			return -1;
	return 0;
}
static const struct jail_job hostile = {"verify", SANDBOX_INSPECT, taken_over};
static const struct jail_job *const jobs[] = {
    &bundle_identity_job, &hostile, NULL};

static void
setup(void)
{
	char path[256];
	int i;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	conf_default(&conf);
	(void)snprintf(
	    conf.state_directory, sizeof(conf.state_directory), "%s", dir);
	memcpy(conf.cluster_name, "mx00", 5);
	conf.cluster_console = true;
	(void)snprintf(path, sizeof(path), "%s/cluster/hosts", dir);
	ck_assert_int_eq(fsx_mkdir_p(path, 0700, NULL), 0);
	pki_warm_up();
	ck_assert_int_eq(jail_keep(JAIL_PARSER, NULL, jobs, &keeper, NULL), 0);
	for (i = 0; i < HOSTS; i++) {
		buf_init(&key[i], BUNDLE_PEM_MAX);
		buf_init(&cert[i], BUNDLE_PEM_MAX);
		(void)snprintf(path, sizeof(path), "mx%02d", i);
		ck_assert_int_eq(
		    bundle_identity_new(path, &key[i], &cert[i], NULL), 0);
		(void)snprintf(
		    path, sizeof(path), "%s/cluster/hosts/mx%02d.pem", dir, i);
		ck_assert_int_eq(fsx_replace_fast(path, cert[i].data,
				     cert[i].len, 0600, NULL),
		    0);
	}
	hosts = json_object_new_array();
}

static void
teardown(void)
{
	char cmd[128];

	json_object_put(hosts);
	json_object_put(said);
	(void)kill(keeper, SIGKILL);
	(void)snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	ck_assert_int_eq(system(cmd), 0);
}

/* Host i says that it has generation n, and something for its child; signed
 * by host `signer`. */
static void
reports(int i, int n, const char *word, int signer)
{
	struct json_object *row = json_object_new_object();
	struct buf sig;
	char text[128];

	(void)snprintf(text, sizeof(text),
	    "{\"name\":\"mx%02d\",\"generation\":%d,\"word\":\"%s\"}", i, n,
	    word);
	buf_init(&sig, BUNDLE_SIGNATURE_MAX);
	ck_assert_int_eq(
	    bundle_sign(&(struct pki_bytes){key[signer].data, key[signer].len},
		text, &sig, NULL),
	    0);
	json_object_object_add(
	    row, "name", json_object_new_string_len(text + 9, 4));
	jsonx_put_bool(row, "alive", true);
	jsonx_put_str(row, "text", text);
	json_object_object_add(row, "sig", jsonx_new_b64(sig.data, sig.len));
	json_object_array_add(hosts, row);
	buf_clear(&sig);
}

/* What is believed of all that was reported; how long it took, in ms. */
static int64_t
report(void)
{
	int64_t begin = now_ms();
	struct err err;

	json_object_put(said);
	said = NULL;
	ck_assert_msg(
	    cluster_report(&conf, NULL, NULL, hosts, &said, &err) == 0, "%s",
	    err.msg);
	json_object_put(hosts);
	hosts = json_object_new_array();
	return now_ms() - begin;
}

/* "GENERATION valid|- unchecked|-" of the row at i. */
static void
expect(int i, const char *want)
{
	struct json_object *row = json_object_array_get_idx(said, (size_t)i);
	char got[64];

	(void)snprintf(got, sizeof(got), "%d %s %s",
	    (int)jsonx_path_int(row, "says.generation"),
	    jsonx_path_bool(row, "valid") ? "valid" : "-",
	    jsonx_path_bool(row, "unchecked") ? "unchecked" : "-");
	ck_assert_msg(strcmp(got, want) == 0, "%d is %s, not %s", i, got, want);
}

/* As page and command have it. */
static void
expect_state(size_t i, const char *want)
{
	struct json_object *all = NULL;

	ck_assert_int_eq(cluster_scanners(&conf, &all, NULL), 0);
	ck_assert_str_eq(jsonx_path_str(json_object_array_get_idx(
					    jsonx_path(all, "scanners"), i),
			     "state", ""),
	    want);
	json_object_put(all);
}

/* In any order: a forged one beside, before and behind those that attack. */
START_TEST(for_itself_alone)
{
	reports(0, 1, "", 0);
	reports(1, 1, "", 0); /* forged: signed by another */
	reports(2, 1, "freeze", 2);
	reports(3, 1, "lie", 4);
	reports(4, 1, "leave", 4);
	reports(5, 1, "", 5);
	reports(6, 1, "", 3);
	ck_assert_int_lt(report(), patience_ms(4000));
	expect(0, "1 valid -");
	expect(1, "0 - -");
	expect(2, "0 - unchecked");
	expect(3, "0 - -"); /* more than the one byte */
	expect(4, "0 - -");
	expect(5, "1 valid -");
	expect(6, "0 - -");
	expect_state(2, "unchecked");
	expect_state(3, "untrusted");
}
END_TEST

/* What nobody can tell is what was last known, of the same identity. */
START_TEST(last_known)
{
	char path[256];

	reports(0, 1, "", 0);
	reports(1, 1, "", 1);
	report();
	reports(0, 2, "freeze", 0);
	reports(1, 2, "freeze", 1);
	(void)snprintf(path, sizeof(path), "%s/cluster/hosts/mx01.pem", dir);
	ck_assert_int_eq(
	    fsx_replace_fast(path, cert[2].data, cert[2].len, 0600, NULL), 0);
	report();
	expect(0, "1 valid unchecked");
	expect_state(0, "unchecked");
	expect(1, "0 - unchecked");
	reports(0, 3, "", 0);
	report();
	expect(0, "3 valid -");
}
END_TEST

/* What was looked at once takes no child; another host's word does. */
START_TEST(once)
{
	struct json_object *same = NULL, *other;
	struct err err;

	reports(0, 2, "", 0);
	other = hosts;
	hosts = json_object_new_array();
	reports(0, 1, "", 0);
	ck_assert_int_eq(json_object_deep_copy(hosts, &same, NULL), 0);
	report();
	(void)kill(keeper, SIGKILL);
	ck_assert_int_eq(waitpid(keeper, NULL, 0), keeper);
	json_object_put(hosts);
	hosts = same;
	report();
	expect(0, "1 valid -");
	json_object_put(hosts);
	hosts = other;
	ck_assert_int_eq(
	    cluster_report(&conf, NULL, NULL, hosts, &said, &err), -1);
}
END_TEST

/* So many that not all are asked: who was not comes first the next time, and
 * who was late last. */
START_TEST(many_frozen)
{
	int i, n = 0;

	for (i = 0; i < HOSTS - 1; i++)
		reports(i, 1, "freeze", i);
	reports(HOSTS - 1, 1, "", HOSTS - 1);
	report();
	expect(HOSTS - 1, "0 - unchecked");
	for (i = 0; i < HOSTS - 1; i++)
		n += jsonx_path_bool(
		    json_object_array_get_idx(said, (size_t)i), "late");
	ck_assert_int_eq(n, 24);
	for (i = 0; i < HOSTS - 1; i++)
		reports(i, 2, "", i);
	reports(HOSTS - 1, 2, "", HOSTS - 1);
	report();
	for (i = 0; i < HOSTS; i++)
		expect(i, "2 valid -");
}
END_TEST

int
main(void)
{
	TCase *c = tcase_create("report");

	tcase_set_timeout(c, 60);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, for_itself_alone);
	tcase_add_test(c, last_known);
	tcase_add_test(c, once);
	tcase_add_test(c, many_frozen);
	return suite_run("report", c) == 0 ? 0 : 1;
}
