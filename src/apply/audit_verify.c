/*
 * audit_verify.c - does the chain of the audit log hold, from the oldest line
 * that is there to the last one written?
 *
 * Faults, each with its file and line: "changed" (not what its hash says),
 * "missing" (lines between this and the one before), "unchained" (without a
 * hash, behind one that has one), "end" (lines were taken off the end).  Not
 * faults: lines of before there were hashes, a line that a power cut tore, and
 * a first line that is not number 1: what was before went with a rotation.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit_int.h"
#include "jsonx.h"

#define FAULTS_MAX 100

struct check {
	struct audit_head head; /* as it was before the files were opened */
	struct json_object *faults;
	char hash[SHA256_HEX]; /* of the line before */
	int64_t seq, first, lines, old, torn, n_faults;
};

static void
fault(struct check *c, int file, int64_t line, const char *what)
{
	struct json_object *o;
	char name[32] = "audit.log";

	if (c->n_faults++ >= FAULTS_MAX)
		return;
	if (file > 0)
		(void)snprintf(name, sizeof(name), "audit.log.%d", file);
	o = json_object_new_object();
	json_object_object_add(o, "file", json_object_new_string(name));
	json_object_object_add(o, "line", json_object_new_int64(line));
	json_object_object_add(o, "fault", json_object_new_string(what));
	json_object_array_add(c->faults, o);
}

static void
take_line(struct check *c, int file, int64_t n, const char *line, size_t len)
{
	const char *hash;
	int64_t seq;

	c->lines++;
	if (!audit_line_end(line, len, &seq, &hash)) {
		if (len == 0 || line[0] != '{' || line[len - 1] != '}')
			c->torn++;
		else if (c->seq == 0)
			c->old++;
		else
			fault(c, file, n, "unchained");
		return;
	}
	if (c->seq == 0)
		c->first = seq;
	if (c->seq == 0 && seq > 1)
		; /* what it follows is gone */
	else if (seq != c->seq + 1)
		fault(c, file, n, "missing");
	else if (!audit_line_follows(line, len, c->hash))
		fault(c, file, n, "changed");
	c->seq = seq;
	memcpy(c->hash, hash, SHA256_HEX - 1);
}

static int
take_file(struct check *c, int file, int fd, struct err *err)
{
	FILE *in = fdopen(dup(fd), "r");
	char *line = NULL;
	size_t size = 0;
	int64_t n = 0;
	ssize_t len;
	int rc = 0;

	if (in == NULL)
		return err_sys(err, ERR_IO, "", "read the audit log");
	while ((len = getline(&line, &size, in)) > 0) {
		if (line[len - 1] == '\n')
			len--;
		take_line(c, file, ++n, line, (size_t)len);
	}
	if (ferror(in))
		rc = err_sys(err, ERR_IO, "", "read the audit log");
	free(line);
	fclose(in);
	return rc;
}

static struct json_object *
report(struct check *c, int files)
{
	const struct {
		const char *name;
		int64_t value;
	} numbers[] = {{"files", files}, {"lines", c->lines}, {"old", c->old},
	    {"torn", c->torn}, {"first", c->first}, {"last", c->seq}};
	struct json_object *o = json_object_new_object();

	json_object_object_add(
	    o, "holds", json_object_new_boolean(c->n_faults == 0));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		json_object_object_add(o, numbers[i].name,
		    json_object_new_int64(numbers[i].value));
	json_object_object_add(o, "hash", json_object_new_string(c->hash));
	json_object_object_add(
	    o, "n_faults", json_object_new_int64(c->n_faults));
	json_object_object_add(o, "faults", c->faults);
	return o;
}

int
audit_verify(
    const struct conf *conf, struct json_object **ret, struct err *err)
{
	struct audit_files f = {.n = 0};
	struct check c = {.seq = 0};
	int i, rc = 0;

	audit_head_look(conf, &c.head);
	if (audit_files_open(conf, &f, err) == -1)
		return -1;
	memset(c.hash, '0', SHA256_HEX - 1);
	c.faults = json_object_new_array();
	for (i = f.n - 1; i >= 0 && rc == 0; i--)
		rc = take_file(&c, i, f.fd[i], err);
	if (rc == 0 && c.seq < c.head.seq)
		fault(&c, 0, 0, "end");
	if (rc == 0)
		*ret = report(&c, f.n);
	else
		json_object_put(c.faults);
	audit_files_close(&f);
	return rc;
}
