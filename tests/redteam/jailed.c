/*
 * jailed.c - code of somebody else inside the children that meet hostile
 * bytes: the one that parses uploads (jail_run, as the inspection calls it,
 * with an attempt as its work), and those of the keepers.
 *
 * Usage: jailed USER        a line an attempt: number, result, aim, name
 *        jailed USER hang   a child that waits, for who looks at it in /proc
 *        jailed USER tls    in the probe's child, with a server's socket
 *        jailed USER verify in the child that a host's report is verified in
 * Results as in attempts.h; 3: killed.
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
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

/* --- children of a keeper --------------------------------------------------
 */

/* What they try with the server's socket, besides talking to the server. */
static long
elsewhere(void)
{
	struct sockaddr sa = {.sa_family = AF_UNSPEC};

	return connect(JAIL_FILE(0), &sa, sizeof(sa));
}

static long
pass_on(void)
{
	struct msghdr msg = {.msg_name = NULL};

	return sendmsg(JAIL_FILE(0), &msg, 0);
}

static long
to_another(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(25)};

	inet_pton(AF_INET, "127.0.0.2", &in.sin_addr);
	return sendto(JAIL_FILE(0), "x", 1, MSG_NOSIGNAL,
	    (struct sockaddr *)&in, sizeof(in));
}

static long
serve(void)
{
	return listen(JAIL_FILE(0), 1);
}

static long
hand_in(void)
{
	struct msghdr msg = {.msg_name = NULL};

	return recvmsg(JAIL_FILE(0), &msg, MSG_DONTWAIT);
}

static long
option(void)
{
	const int on = 1;

	return setsockopt(
	    JAIL_FILE(0), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

static long
signals(void)
{
	return fcntl(JAIL_FILE(0), F_SETOWN, getppid());
}

static long
again(void)
{
	return open("/proc/self/fd/4", O_RDWR);
}

static const struct {
	const char *name, *aim;
	long (*fn)(void);
} mores[] = {
    {"its socket connected to another", "value", elsewhere},
    {"its socket sent on", "value", pass_on},
    {"a datagram to another", "value", to_another},
    {"a server of its socket", "session", serve},
    {"a descriptor taken in", "key", hand_in},
    {"an option of its socket", "stop", option},
    {"signals to its parent by it", "stop", signals},
    {"its socket opened anew", "value", again},
};
#define N_MORES (sizeof(mores) / sizeof(mores[0]))

static int
attempt_at(int fd, const struct buf *in)
{
	size_t i = jail_get32(in->data);
	unsigned char said;

	if (i < attempts_n)
		said = (unsigned char)attempt_run(i);
	else
		said = mores[i - attempts_n].fn() >= 0 ? 0
		       : errno == EPERM || errno == EACCES || errno == ENOSYS
			   ? 1
			   : 2;
	return jail_send(fd, &said, 1);
}

static int
server(void)
{
	const char *port = getenv("SMTP_PORT");
	struct sockaddr_in in = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	in.sin_port = htons((uint16_t)atoi(port == NULL ? "25" : port));
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return connect(fd, (struct sockaddr *)&in, sizeof(in)) == 0 ? fd : -1;
}

/* As smtp_conn.c and verifyjail.c ask their keepers. */
static int
in_keeper(const char *user, const char *job_name)
{
	bool tls = strcmp(job_name, "tls") == 0;
	enum jail_keeper which = tls ? JAIL_PROBER : JAIL_PARSER;
	const struct jail_job job = {
	    job_name, bundle_verify_job.role, attempt_at};
	const struct jail_job *const jobs[] = {&job, NULL};
	size_t i, n = attempts_n + (tls ? N_MORES : 0);
	unsigned char number[4];
	struct buf in, b;
	struct err err;
	pid_t keeper;
	int files[2], rc = 0;

	pki_warm_up();
	err_clear(&err);
	if (jail_keep(which, user, jobs, &keeper, &err) == -1) {
		fprintf(stderr, "jailed: %s\n", err.msg);
		return 1;
	}
	buf_init(&in, 16);
	for (i = 0; i < n && rc != -1; i++) {
		struct pki_jail jail = {.timeout_ms = HANG_MS,
		    .files = files,
		    .n_files = tls ? 2 : 0};

		if (tls && ((files[0] = server()) == -1 ||
			       (files[1] = dup(STDERR_FILENO)) == -1))
			return 1;
		buf_init(&b, 1 + JAIL_READ_SIZE);
		buf_reset(&in);
		jail_put32(number, i);
		buf_add(&in, number, sizeof(number));
		rc = jail_ask(&jail, which, &job, &in, &b, &err);
		if (rc == -1)
			fprintf(stderr, "jailed: %s\n", err.msg);
		else
			printf("%zu %d %s %s\n", i,
			    rc == 0 && b.len == 1 ? b.data[0] : 3,
			    i < attempts_n ? attempt_aim(i)
					   : mores[i - attempts_n].aim,
			    i < attempts_n ? attempt_name(i)
					   : mores[i - attempts_n].name);
		buf_clear(&b);
		if (tls) {
			close(files[0]);
			close(files[1]);
		}
	}
	buf_clear(&in);
	(void)kill(keeper, SIGKILL);
	return rc == -1;
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
	if (argc > 2 && strcmp(argv[2], "hang") != 0)
		return in_keeper(argv[1], argv[2]);
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
