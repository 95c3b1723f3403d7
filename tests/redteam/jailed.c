/*
 * jailed.c - code of somebody else inside the child that parses uploads:
 * jail_run, as the inspection calls it, with an attempt as its work.
 *
 * Usage: jailed USER        a line an attempt: number, result, aim, name
 *        jailed USER hang   a child that waits, for who looks at it in /proc
 * Results as in attempts.h; 3: killed.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../src/pki/jail_int.h"
#include "attempts.h"
#include "jsonx.h"

#define HANG_MS 4000

static size_t current; /* inherited by the child */

/* jail.c takes nothing but a sound report, so a finding says what came. */
static const enum err_code word[] = {
    ERR_FILE_EMPTY, ERR_FILE_TRUNCATED, ERR_FILE_UNREADABLE};

static int
work(const struct pki_input *in, struct pki_output *out, struct err *err)
{
	struct json_object *files = json_object_new_object();
	struct findings f;
	size_t i;

	(void)in;
	(void)err;
	for (i = 0; i < PKI_FIELD__MAX; i++)
		json_object_object_add(files, pki_field_names[i], NULL);
	findings_init(&f);
	findings_add(&f, word[attempt_run(current)], "private_key", NULL);
	out->report = json_object_new_object();
	json_object_object_add(out->report, "findings", findings_to_json(&f));
	json_object_object_add(out->report, "certificate", NULL);
	json_object_object_add(out->report, "files", files);
	findings_clear(&f);
	return 0;
}

static int
hang(const struct pki_input *in, struct pki_output *out, struct err *err)
{
	(void)in;
	(void)out;
	(void)err;
	(void)poll(NULL, 0, 10 * HANG_MS);
	return 0;
}

static int
result_of(const struct pki_output *out)
{
	struct json_object *row =
	    json_object_array_get_idx(jsonx_path(out->report, "findings"), 0);
	const char *code = jsonx_path_str(row, "code", "");
	int i;

	for (i = 0; i < 3; i++)
		if (strcmp(code, err_name(word[i])) == 0)
			return i;
	return 3;
}

int
main(int argc, char **argv)
{
	struct pki_jail jail = {.timeout_ms = HANG_MS};
	struct pki_input in = {.file[PKI_PRIVATE_KEY] = {"x", 1}};
	struct pki_output out;
	struct err err;
	int rc = 0;

	if (argc < 2)
		return 2;
	jail.user = argv[1];
	pki_warm_up();
	for (current = 0; current < attempts_n && rc == 0; current++) {
		pki_output_init(&out);
		err_clear(&err);
		rc = jail_run(&jail, &in, argc > 2 ? hang : work, &out, &err);
		if (rc == -1)
			fprintf(stderr, "jailed: %s\n", err.msg);
		else
			printf("%zu %d %s %s\n", current, result_of(&out),
			    attempt_aim(current), attempt_name(current));
		pki_output_clear(&out);
		if (argc > 2)
			break;
	}
	return rc == 0 ? 0 : 1;
}
