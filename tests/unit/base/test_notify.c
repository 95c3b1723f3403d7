/*
 * test_notify.c - the datagram that a service manager waits for: at a path, in
 * the abstract namespace, not at all, and at nobody.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <stddef.h>

#include "notify.h"
#include "../tmp.h"

static const struct {
	const char *name; /* %s: the private directory; NULL = unset */
	bool listens;
	int want_rc;
} cases[] = {
    {NULL, false, 0},
    {"%s/notify", true, 0},
    {"@%s/notify", true, 0},
    {"%s/nobody", false, -1},
    {"@%s/nobody", false, -1},
    {"", false, -1},
    {"/", false, -1},
    {"@", false, -1},
    {"relative/path", false, -1},
    {"/a/name/that/is/too/long/for/a/socket/address/a/name/that/is/too/long/"
     "for/a/socket/address/and/a/little/more/%s",
	false, -1},
};

static int
manager(const char *name)
{
	struct sockaddr_un sun;
	size_t len = strlen(name);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	ck_assert_int_ne(fd, -1);
	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	ck_assert_uint_lt(len, sizeof(sun.sun_path));
	memcpy(sun.sun_path, name, len);
	if (name[0] == '@')
		sun.sun_path[0] = '\0';
	ck_assert_int_eq(
	    bind(fd, (struct sockaddr *)&sun,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
	    0);
	return fd;
}

START_TEST(told)
{
	char name[PATH_MAX], got[64] = "";
	int fd = -1;

	(void)unsetenv("NOTIFY_SOCKET");
	if (cases[_i].name != NULL) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		(void)snprintf(name, sizeof(name), cases[_i].name, tmp_root);
#pragma GCC diagnostic pop
		ck_assert_int_eq(setenv("NOTIFY_SOCKET", name, 1), 0);
	}
	if (cases[_i].listens)
		fd = manager(name);
	ck_assert_int_eq(notify_state("READY=1"), cases[_i].want_rc);
	if (cases[_i].listens) {
		ck_assert_int_eq((int)recv(fd, got, sizeof(got) - 1, 0), 7);
		ck_assert_str_eq(got, "READY=1");
		close(fd);
	}
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_loop_test(
	    tc, told, 0, (int)(sizeof(cases) / sizeof(cases[0])));
}

int
main(void)
{
	return tmp_run("notify", add, 20);
}
