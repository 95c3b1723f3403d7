/*
 * file.c - files of cluster/: JSON and PEM, each replaced durably.
 */
#include "fsx.h"
#include "host.h"
#include "jsonx.h"

bool
cluster_on(const struct conf *conf)
{
	return conf->cluster_name[0] != '\0';
}

int
cluster_path(const struct conf *conf, const char *file, char *dst, size_t size,
    struct err *err)
{
	return fsx_path(
	    dst, size, err, "%s/cluster/%s", conf->state_directory, file);
}

int
cluster_file_read(const struct conf *conf, const char *file,
    struct json_object **ret, struct err *err)
{
	char path[STATE_PATH_MAX];
	struct err cause;

	*ret = NULL;
	if (cluster_path(conf, file, path, sizeof(path), err) == -1)
		return -1;
	return jsonx_file_read(path, ret, &cause) == 0
		   ? 0
		   : fsx_missing(&cause, err);
}

int
cluster_file_write(const struct conf *conf, const char *file,
    struct json_object *obj, struct err *err)
{
	char path[STATE_PATH_MAX];

	if (cluster_path(conf, file, path, sizeof(path), err) == -1)
		return -1;
	if (obj == NULL)
		return fsx_unlink(path, err);
	return jsonx_file_write(path, obj, err);
}

int
cluster_pem_write(const struct conf *conf, const char *file, const void *data,
    size_t len, struct err *err)
{
	const struct fsx_attr attr = {
	    .mode = 0600, .uid = (uid_t)-1, .gid = (gid_t)-1};
	char path[STATE_PATH_MAX];

	if (cluster_path(conf, file, path, sizeof(path), err) == -1)
		return -1;
	return fsx_replace(path, data, len, &attr, err);
}

int
cluster_pem_read(
    const struct conf *conf, const char *file, struct buf *b, struct err *err)
{
	char path[STATE_PATH_MAX];

	if (cluster_path(conf, file, path, sizeof(path), err) == -1)
		return -1;
	return fsx_read(path, b->max, b, err);
}
