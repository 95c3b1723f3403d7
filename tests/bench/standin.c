/*
 * standin - N postsealds without Postfix, for measuring how a Save spreads.
 *
 * Usage: standin DIRECTORY CLUSTER-ID FIRST LAST
 * Makes DIRECTORY/standinI.pem (identity, to be enrolled) and
 * DIRECTORY/standinI.sock for each I, prints "ready", and answers a real
 * postseal-sync: an apply succeeds at once.  What it signs is real; what it
 * leaves out is opening the bundle, and Postfix.
 */
#include <sys/stat.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../src/pki/bundle_int.h"
#include "ipc.h"
#include "jsonx.h"
#include "ops.h"

#define HOSTS_MAX 1000
#define HOLD_MS	  20000

struct standin {
	char name[32];
	struct buf key;
	int listen_fd, held_fd; /* a poll that waits, or -1 */
	int64_t generation, serial, held_until;
};

static struct standin *host[HOSTS_MAX];
static const char *cluster;

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static void
add_str(struct json_object *o, const char *key, const char *value)
{
	json_object_object_add(o, key, json_object_new_string(value));
}

static struct json_object *
status_of(const struct standin *s)
{
	struct json_object *o = json_object_new_object();
	struct buf sig;
	char text[512];

	snprintf(text, sizeof(text),
	    "{\"name\":\"%s\",\"generation\":%lld,\"own\":false,\"failed\":0,"
	    "\"attempt\":0,\"code\":\"\",\"local\":1,\"postfix\":\"running\","
	    "\"version\":\"stand-in\",\"certificate_sha256\":\"\",\"drift\":0}",
	    s->name, (long long)s->generation);
	buf_init(&sig, BUNDLE_SIGNATURE_MAX);
	const struct pki_bytes in[] = {
	    {s->key.data, s->key.len}, {text, strlen(text)}};
	if (identity_sign(in, &sig) == -1)
		die("sign");
	add_str(o, "text", text);
	json_object_object_add(o, "sig", jsonx_new_b64(sig.data, sig.len));
	buf_clear(&sig);
	return o;
}

static void
reply(int fd, struct json_object *data)
{
	struct json_object *o = json_object_new_object();

	add_str(o, "type", "result");
	json_object_object_add(o, "ok", json_object_new_boolean(1));
	json_object_object_add(o, "data", data);
	(void)ipc_send(fd, o, 1000, NULL);
	json_object_put(o);
	close(fd);
}

static void
reply_poll(struct standin *s, int fd)
{
	struct json_object *o = json_object_new_object();
	char serial[32];

	snprintf(serial, sizeof(serial), "%lld", (long long)s->serial);
	add_str(o, "serial", serial);
	add_str(o, "enrolled", "same");
	add_str(o, "name", s->name);
	add_str(o, "cluster", cluster);
	json_object_object_add(
	    o, "generation", json_object_new_int64(s->generation));
	json_object_object_add(o, "status", status_of(s));
	reply(fd, o);
}

static void
answer(struct standin *s, int fd, struct json_object *req)
{
	const char *op = jsonx_path_str(req, "op", ""), *serial;
	char now[32];

	snprintf(now, sizeof(now), "%lld", (long long)s->serial);
	if (strcmp(op, OP_CLUSTER_POLL) == 0) {
		serial = jsonx_path_str(req, "args.serial", "");
		if (strcmp(serial, now) == 0 && s->held_fd == -1) {
			s->held_fd = fd;
			s->held_until = now_ms() + HOLD_MS;
		} else {
			reply_poll(s, fd);
		}
	} else if (strcmp(op, OP_CLUSTER_APPLY) == 0) {
		s->generation =
		    json_object_get_int64(jsonx_path(req, "args.generation"));
		s->serial++;
		reply(fd, json_object_new_object());
	} else {
		reply(fd, json_object_new_object());
	}
}

static void
take(struct standin *s)
{
	struct json_object *req = NULL;
	int fd = accept(s->listen_fd, NULL, NULL);

	if (fd == -1)
		return;
	if (ipc_recv(fd, &req, IPC_FRAME_MAX, 1000, NULL) == 0)
		answer(s, fd, req);
	else
		close(fd);
	json_object_put(req);
}

static struct standin *
make(const char *dir, int i)
{
	struct standin *s = calloc(1, sizeof(*s));
	struct buf cert;
	char path[256];
	struct err err;
	FILE *f;

	if (s == NULL)
		die("memory");
	snprintf(s->name, sizeof(s->name), "standin%d", i);
	s->held_fd = -1;
	s->serial = 1;
	buf_init(&s->key, BUNDLE_PEM_MAX);
	buf_init(&cert, BUNDLE_PEM_MAX);
	if (bundle_identity_new(s->name, &s->key, &cert, &err) == -1)
		die(err.msg);
	snprintf(path, sizeof(path), "%s/%s.pem", dir, s->name);
	if ((f = fopen(path, "w")) == NULL || fputs(cert.data, f) == EOF ||
	    fclose(f) == EOF)
		die(path);
	buf_clear(&cert);
	snprintf(path, sizeof(path), "%s/%s.sock", dir, s->name);
	s->listen_fd = ipc_listen(path, 0666, (gid_t)-1, &err);
	if (s->listen_fd == -1 || chmod(path, 0666) == -1)
		die(err.msg);
	return s;
}

int
main(int argc, char **argv)
{
	static struct pollfd p[HOSTS_MAX];
	int first, last, n = 0, i;

	if (argc != 5)
		return 2;
	cluster = argv[2];
	first = atoi(argv[3]);
	last = atoi(argv[4]);
	for (i = first; i <= last && n < HOSTS_MAX; i++)
		host[n++] = make(argv[1], i);
	puts("ready");
	fflush(stdout);
	for (;;) {
		for (i = 0; i < n; i++)
			p[i] = (struct pollfd){
			    .fd = host[i]->listen_fd, .events = POLLIN};
		if (poll(p, (nfds_t)n, 100) == -1)
			die("poll");
		for (i = 0; i < n; i++) {
			int64_t serial = host[i]->serial;

			if (p[i].revents != 0)
				take(host[i]);
			if (host[i]->held_fd != -1 &&
			    (host[i]->serial != serial ||
				now_ms() > host[i]->held_until)) {
				reply_poll(host[i], host[i]->held_fd);
				host[i]->held_fd = -1;
			}
		}
	}
}
