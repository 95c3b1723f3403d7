/*
 * password.c - where a new password comes from.  Never from the command
 * line: other users of the host can read that.
 *
 * A generated one has 24 characters of an alphabet of 32 without look-alikes
 * and capitals, as /join takes it: 120 bits.
 */
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "ctl.h"
#include "users.h"
#include "util.h"

#define GENERATED_LEN 24

static int
read_line(FILE *in, char dst[CTL_PASSWORD_SIZE], struct err *err)
{
	size_t len;

	if (fgets(dst, CTL_PASSWORD_SIZE, in) == NULL)
		return err_set(err, ERR_PASSWORD_LENGTH, "password",
		    "no password on standard input");
	len = strlen(dst);
	if (len > 0 && dst[len - 1] == '\n')
		dst[--len] = '\0';
	else if (len == CTL_PASSWORD_SIZE - 1)
		return err_set(err, ERR_PASSWORD_LENGTH, "password",
		    "password: expected at most %d bytes", PASSWORD_MAX);
	if (len > 0 && dst[len - 1] == '\r')
		dst[len - 1] = '\0';
	return 0;
}

static int
generate(char dst[CTL_PASSWORD_SIZE], struct err *err)
{
	static const char alphabet[] = "abcdefghijkmnpqrstuvwxyz23456789";
	unsigned char raw[GENERATED_LEN];

	if (random_bytes(raw, sizeof(raw), err) == -1)
		return -1;
	for (size_t i = 0; i < GENERATED_LEN; i++)
		dst[i] = alphabet[raw[i] % (sizeof(alphabet) - 1)];
	dst[GENERATED_LEN] = '\0';
	OPENSSL_cleanse(raw, sizeof(raw));
	return 0;
}

static int
ask(struct ctl *ctl, const char *prompt, char dst[CTL_PASSWORD_SIZE],
    struct err *err)
{
	struct termios old, quiet;
	int rc, fd = fileno(ctl->in);

	if (tcgetattr(fd, &old) == -1)
		return err_sys(err, ERR_IO, "", "terminal");
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	fprintf(stderr, "%s: ", prompt);
	tcsetattr(fd, TCSAFLUSH, &quiet);
	rc = read_line(ctl->in, dst, err);
	tcsetattr(fd, TCSAFLUSH, &old);
	fputc('\n', stderr);
	return rc;
}

static int
ask_twice(struct ctl *ctl, char dst[CTL_PASSWORD_SIZE], struct err *err)
{
	char again[CTL_PASSWORD_SIZE] = "";
	int rc;

	if (ask(ctl, "New password", dst, err) == -1)
		return -1;
	rc = ask(ctl, "Again", again, err);
	if (rc == 0 && strcmp(dst, again) != 0)
		rc = err_set(err, ERR_FIELD_INVALID, "password",
		    "the two passwords differ");
	OPENSSL_cleanse(again, sizeof(again));
	return rc;
}

int
ctl_password(struct ctl *ctl, char dst[CTL_PASSWORD_SIZE], struct err *err)
{
	if (ctl->generate)
		return generate(dst, err);
	if (ctl->password_stdin)
		return read_line(ctl->in, dst, err);
	if (isatty(fileno(ctl->in)))
		return ask_twice(ctl, dst, err);
	return err_set(err, ERR_FIELD_MISSING, "password",
	    "standard input is no terminal: say --password-stdin or "
	    "--generate");
}
