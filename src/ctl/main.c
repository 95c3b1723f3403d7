/*
 * postsealctl - status, history, users and tokens from a shell: the way in
 * when the web is locked out.  postsealctl(8) is its manual.
 */
#include <stdio.h>

#include "ctl.h"
#include "util.h"

int
main(int argc, char **argv)
{
	static struct ctl ctl;

	log_open("postsealctl", false);
	ctl.in = stdin;
	ctl.out = stdout;
	return ctl_run(&ctl, argc, argv);
}
