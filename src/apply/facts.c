/*
 * facts.c - what Postfix is, kept in a file between requests.
 *
 * Asking Postfix costs two runs of postconf (40 ms, or 4 s while main.cf is
 * hot); a page view may cost one millisecond.  So the answer is kept with the
 * identity of main.cf and master.cf, and read again only when one of them is
 * another file now.  After our own rename nothing needs asking: what we wrote
 * was read back before it went in.
 *
 * The file is private to one build of postseald: the struct as it is in
 * memory, behind a line that names program and size, then JSON.  A file of
 * another build is as good as none.
 */
#include <sys/stat.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fsx.h"
#include "jsonx.h"
#include "maincf.h"
#include "state.h"

#define FACTS_MAX (256 * 1024)
#define HOT_S	  3

/* Names that the inbound service may have: as the change under way makes it,
 * as the generation in force made it, as postseal.conf says. */
#define SERVICE_NAMES_MAX 3
struct names {
	char v[SERVICE_NAMES_MAX][128];
};

struct facts_head {
	char magic[16];
	size_t size;
	char config[CONF_STR_MAX];
	char commands[CONF_STR_MAX];
	char service[SERVICE_NAMES_MAX][128]; /* asked for */
	char sha256[SHA256_HEX];
	struct postfix_info info;
};

static const char magic[16] = "postseal-facts4";

static int
facts_path(const struct conf *conf, char dst[STATE_PATH_MAX], struct err *err)
{
	return fsx_path(
	    dst, STATE_PATH_MAX, err, "%s/facts", conf->state_directory);
}

void
facts_clear(struct facts *f)
{
	json_object_put(f->params);
	memset(f, 0, sizeof(*f));
}

static void
name_of(const struct conf *conf, long id, char dst[128])
{
	struct json_object *meta = NULL;

	if (id > 0 && generation_meta(conf, id, &meta, NULL) == 0)
		(void)snprintf(
		    dst, 128, "%s", jsonx_path_str(meta, "service", ""));
	json_object_put(meta);
}

static void
names_find(const struct conf *conf, struct names *n)
{
	struct journal j;
	long current = 0;

	memset(n, 0, sizeof(*n));
	if (journal_read(conf, &j, NULL) == 0 && j.pending)
		name_of(conf, j.id, n->v[0]);
	if (generation_current(conf, &current, NULL) == 0)
		name_of(conf, current, n->v[1]);
	(void)snprintf(n->v[2], sizeof(n->v[2]), "%s", conf->service);
}

static int
info_read(const struct conf *conf, const struct names *n,
    struct postfix_info *info, struct err *err)
{
	const char *list[SERVICE_NAMES_MAX + 1];
	size_t i, k = 0;

	/* The last one is the conf's own. */
	for (i = 0; i + 1 < SERVICE_NAMES_MAX; i++)
		if (n->v[i][0] != '\0')
			list[k++] = n->v[i];
	list[k] = NULL;
	return postfix_info_read(conf, list, info, err);
}

static int
values_read(const struct conf *conf, struct facts *f, struct err *err)
{
	if (params_read(conf, &f->params, err) == -1)
		return -1;
	if (params_add_master(f->params, &f->info) == -1)
		return err_set(err, ERR_NOMEM, "", "parameters");
	return 0;
}

static void
facts_save(
    const struct conf *conf, const struct names *n, const struct facts *f)
{
	char path[STATE_PATH_MAX];
	struct facts_head head;
	struct buf b;

	memset(&head, 0, sizeof(head));
	memcpy(head.magic, magic, sizeof(magic));
	head.size = sizeof(head);
	(void)snprintf(
	    head.config, sizeof(head.config), "%s", conf->config_directory);
	(void)snprintf(head.commands, sizeof(head.commands), "%s",
	    conf->command_directory);
	memcpy(head.service, n->v, sizeof(head.service));
	memcpy(head.sha256, f->maincf_sha256, sizeof(head.sha256));
	head.info = f->info;
	buf_init(&b, FACTS_MAX);
	if (buf_add(&b, &head, sizeof(head)) == 0 &&
	    buf_adds(&b, f->params == NULL
			     ? "null"
			     : json_object_to_json_string_ext(
				   f->params, JSON_C_TO_STRING_PLAIN)) == 0 &&
	    facts_path(conf, path, NULL) == 0)
		(void)fsx_replace_fast(path, b.data, b.len, 0600, NULL);
	buf_clear(&b);
}

static int
facts_load(const struct conf *conf, const struct names *n, struct facts *ret)
{
	char path[STATE_PATH_MAX];
	struct json_object *params = NULL;
	struct facts_head head;
	struct buf b;
	int rc = -1;

	buf_init(&b, FACTS_MAX);
	if (facts_path(conf, path, NULL) == -1 ||
	    fsx_read(path, FACTS_MAX, &b, NULL) == -1 || b.len <= sizeof(head))
		goto out;
	memcpy(&head, b.data, sizeof(head));
	if (memcmp(head.magic, magic, sizeof(magic)) != 0 ||
	    head.size != sizeof(head) ||
	    strcmp(head.config, conf->config_directory) != 0 ||
	    strcmp(head.commands, conf->command_directory) != 0 ||
	    memcmp(head.service, n->v, sizeof(head.service)) != 0)
		goto out;
	if (jsonx_parse(b.data + sizeof(head), b.len - sizeof(head), 4, &params,
		NULL) == -1 ||
	    !json_object_is_type(params, json_type_object) ||
	    !postfix_info_fresh(conf, &head.info)) {
		json_object_put(params);
		goto out;
	}
	memset(ret, 0, sizeof(*ret));
	ret->info = head.info;
	ret->params = params;
	memcpy(ret->maincf_sha256, head.sha256, sizeof(head.sha256));
	rc = 0;
out:
	buf_clear(&b);
	return rc;
}

/* The hash belongs to the identity in info only if that did not change
 * meanwhile. */
static int
facts_ask(const struct conf *conf, const struct names *n, struct facts *f,
    struct err *err)
{
	struct buf b;
	int rc = -1;

	buf_init(&b, MAINCF_MAX);
	if (info_read(conf, n, &f->info, err) == -1)
		goto out;
	rc = 0;
	if (f->info.kind == POSTFIX_NONE || f->info.kind == POSTFIX_OTHER_MTA)
		goto out;
	if (maincf_read(conf, &b, err) == 0)
		(void)sha256_hex(b.data, b.len, f->maincf_sha256);
	else if (f->info.kind == POSTFIX_OK)
		rc = -1; /* Postfix could; without its hash no Save can end */
	if (rc == -1 || f->info.kind != POSTFIX_OK)
		goto out;
	if (values_read(conf, f, err) == -1) {
		rc = -1;
		goto out;
	}
	if (postfix_info_fresh(conf, &f->info))
		facts_save(conf, n, f);
out:
	buf_clear(&b);
	return rc;
}

/* Postfix's programs read a file that is younger than two seconds again and
 * again until it is not (POSTFIX.md 1.11). */
static bool
is_hot(const struct stat *st)
{
	return st->st_mtime + HOT_S >= time(NULL);
}

static int
copy_cooled(const struct conf *conf, const char *dir, const char *name)
{
	char path[STATE_PATH_MAX];
	struct buf b;
	int rc = -1;

	buf_init(&b, MAINCF_MAX);
	if (fsx_path(path, sizeof(path), NULL, "%s/%s", conf->config_directory,
		name) == 0 &&
	    fsx_read(path, MAINCF_MAX, &b, NULL) == 0)
		rc = state_scratch(conf, dir, name, &b, NULL);
	buf_clear(&b);
	return rc;
}

/*
 * Somebody edited main.cf or master.cf in these seconds: asking would take
 * two seconds a question.  Ask about a copy that looks older.  1 = nothing
 * came of it, ask in the usual way; a refusal must name the real file.
 */
static int
facts_ask_copy(const struct conf *conf, const struct names *n, const char *dir,
    struct facts *f)
{
	const char *real = conf->config_directory;
	struct conf copy = *conf;
	char path[STATE_PATH_MAX];
	struct stat main_st, master_st;

	if (fsx_path(path, sizeof(path), NULL, "%s/master.cf", real) == -1 ||
	    stat(path, &master_st) == -1 ||
	    fsx_path(path, sizeof(path), NULL, "%s/main.cf", real) == -1 ||
	    stat(path, &main_st) == -1 ||
	    (!is_hot(&main_st) && !is_hot(&master_st)))
		return 1;
	if (fsx_mkdir(dir, 0700, NULL) == -1 ||
	    copy_cooled(conf, dir, "main.cf") == -1 ||
	    copy_cooled(conf, dir, "master.cf") == -1 ||
	    fsx_path(copy.config_directory, sizeof(copy.config_directory), NULL,
		"%s", dir) == -1 ||
	    info_read(&copy, n, &f->info, NULL) == -1 ||
	    f->info.kind != POSTFIX_OK || values_read(&copy, f, NULL) == -1)
		return 1;
	f->info.maincf = main_st;
	f->info.mastercf = master_st;
	return 0;
}

static int
facts_ask_hot(const struct conf *conf, const struct names *n, struct facts *f)
{
	char dir[STATE_PATH_MAX];
	struct buf b;
	int rc;

	if (fsx_path(dir, sizeof(dir), NULL, "%s/scratch-facts-%ld",
		conf->state_directory, (long)getpid()) == -1)
		return 1;
	buf_init(&b, MAINCF_MAX);
	rc = facts_ask_copy(conf, n, dir, f);
	if (rc == 0 && (maincf_read(conf, &b, NULL) == -1 ||
			   sha256_hex(b.data, b.len, f->maincf_sha256) == -1 ||
			   !postfix_info_fresh(conf, &f->info)))
		rc = 1;
	if (rc == 0)
		facts_save(conf, n, f);
	else
		facts_clear(f);
	buf_clear(&b);
	(void)fsx_wipe_tree(dir, NULL);
	return rc;
}

int
facts_get(const struct conf *conf, struct facts *ret, struct err *err)
{
	struct facts f;
	struct names n;

	names_find(conf, &n);
	if (facts_load(conf, &n, ret) == 0)
		return 0;
	memset(&f, 0, sizeof(f));
	if (facts_ask_hot(conf, &n, &f) != 0 &&
	    facts_ask(conf, &n, &f, err) == -1) {
		facts_clear(&f);
		return -1;
	}
	*ret = f;
	return 0;
}

void
facts_update(const struct conf *conf, const struct postfix_info *info,
    struct json_object *params, const char *sha256)
{
	char path[STATE_PATH_MAX], is[SHA256_HEX];
	struct facts f;
	struct names n;
	struct stat st;
	struct buf b;

	memset(&f, 0, sizeof(f));
	buf_init(&b, MAINCF_MAX);
	names_find(conf, &n);
	f.info = *info;
	f.params = params;
	(void)snprintf(f.maincf_sha256, sizeof(f.maincf_sha256), "%s", sha256);
	if (fsx_path(path, sizeof(path), NULL, "%s/main.cf",
		conf->config_directory) == -1 ||
	    stat(path, &st) == -1)
		goto out;
	f.info.maincf = st;
	/* Identity first, content after it: an edit in between shows. */
	if (maincf_read(conf, &b, NULL) == -1 ||
	    sha256_hex(b.data, b.len, is) == -1 || strcmp(is, sha256) != 0)
		goto out;
	if (postfix_info_fresh(conf, &f.info))
		facts_save(conf, &n, &f);
out:
	buf_clear(&b);
}

void
facts_drop(const struct conf *conf)
{
	char path[STATE_PATH_MAX];

	if (facts_path(conf, path, NULL) == 0)
		(void)fsx_unlink(path, NULL);
}
