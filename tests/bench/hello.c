/*
 * hello.c - the least that libfcgi can do: a page of 12 KiB, to compare with.
 *
 * usage: hello SOCKET PROCESSES; as many processes as the console has
 * workers, accepting from one socket.
 */
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fcgiapp.h>

#define PAGE_LEN (12 * 1024)

static void
serve(int fd)
{
	static char page[PAGE_LEN];
	FCGX_Request req;

	memset(page, 'x', sizeof(page));
	if (FCGX_InitRequest(&req, fd, 0) != 0)
		return;
	while (FCGX_Accept_r(&req) >= 0) {
		FCGX_PutS("Content-Type: text/html\r\n\r\n", req.out);
		FCGX_PutStr(page, sizeof(page), req.out);
		FCGX_Finish_r(&req);
	}
}

int
main(int argc, char **argv)
{
	int fd, i, n;

	if (argc != 3 || (n = atoi(argv[2])) < 1 || FCGX_Init() != 0)
		return 2;
	if ((fd = FCGX_OpenSocket(argv[1], 4096)) == -1)
		return 1;
	if (chmod(argv[1], 0666) == -1)
		return 1;
	for (i = 0; i < n; i++) {
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			serve(fd);
			_exit(0);
		}
	}
	while (wait(NULL) > 0)
		;
	return 0;
}
