/*
 * fuzz_frame.c - the socket of postseald: a frame from a peer that was taken
 * over, through serve() with its handlers, and the same bytes as the answer
 * that a client takes apart.
 *
 * The first byte: bits 0-1 the peer (sync, web, root), bit 2 bytes as they
 * are, or one frame with its length put right.  The state directory is one of
 * the fuzzer's own and Postfix is not there, so nothing is ever applied.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "../../src/daemon/call.h"
#include "fsx.h"
#include "jsonx.h"
#include "sandbox.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct conf conf;
static char dir[64];

static void
clean(void)
{
	fsx_wipe_tree(dir, NULL);
}

static void
prepare(void)
{
	struct err err;

	strcpy(dir, "/tmp/postseal-fuzz-XXXXXX");
	if (mkdtemp(dir) == NULL)
		abort();
	atexit(clean);
	(void)setenv("POSTSEAL_SANDBOX", "off", 1);
	conf_default(&conf);
	(void)strcpy(conf.inspect_user, "nobody");
	(void)strcpy(conf.probe_user, "nobody");
	snprintf(conf.state_directory, sizeof(conf.state_directory), "%s/state",
	    dir);
	snprintf(conf.config_directory, sizeof(conf.config_directory),
	    "%s/postfix", dir);
	snprintf(conf.command_directory, sizeof(conf.command_directory),
	    "%s/nothing", dir);
	snprintf(conf.pam_helper, sizeof(conf.pam_helper), "%s/nothing", dir);
	strcpy(conf.auth_source, "both");
	conf.log_file[0] = '\0';
	if (mkdir(conf.state_directory, 0700) == -1 ||
	    mkdir(conf.config_directory, 0700) == -1)
		abort();
	(void)apply_state_init(&conf, &err);
}

/* Both ends of a socket with n bytes waiting and the end after them. */
static int
open_with(const void *bytes, size_t n, int *ret_other)
{
	int fd[2], big = 4 << 20;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == -1)
		abort();
	(void)setsockopt(fd[0], SOL_SOCKET, SO_SNDBUFFORCE, &big, sizeof(big));
	(void)setsockopt(fd[1], SOL_SOCKET, SO_SNDBUFFORCE, &big, sizeof(big));
	if (n > 0 && write(fd[0], bytes, n) != (ssize_t)n)
		abort();
	(void)shutdown(fd[0], SHUT_WR);
	*ret_other = fd[0];
	return fd[1];
}

/* What came back is frames, one after the other, the last a result. */
static void
check_answer(int fd)
{
	struct json_object *o = NULL;
	const char *type = "";

	while (ipc_recv(fd, &o, IPC_FRAME_MAX, 1000, NULL) == 0) {
		type = jsonx_path_str(o, "type", "");
		if (strcmp(type, "result") != 0 &&
		    strcmp(type, "progress") != 0)
			abort();
		json_object_put(o);
		o = NULL;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const unsigned peers[] = {
	    PEER_SYNC, PEER_WEB, PEER_ROOT, PEER_WEB};
	struct json_object *o = NULL;
	char *bytes;
	uint32_t be;
	size_t n;
	int fd, other;

	if (len < 1 || len > 256 * 1024)
		return 0;
	if (dir[0] == '\0')
		prepare();
	if ((bytes = malloc(len + 4)) == NULL)
		return 0;
	be = htonl((uint32_t)len - 1);
	memcpy(bytes, &be, 4);
	memcpy(bytes + 4, data + 1, len - 1);
	n = (data[0] & 4) != 0 ? len - 1 : len + 3;
	if ((data[0] & 4) != 0)
		memmove(bytes, bytes + 4, n);
	fd = open_with(bytes, n, &other);
	serve(&conf, fd, peers[data[0] & 3]);
	close(fd);
	check_answer(other);
	close(other);
	fd = open_with(bytes, n, &other);
	if (ipc_recv(fd, &o, 64 * 1024, 1000, NULL) == 0 &&
	    !json_object_is_type(o, json_type_object))
		abort();
	json_object_put(o);
	close(fd);
	close(other);
	free(bytes);
	return 0;
}
