/*
 * util.c - random, digests, comparison, time, log lines.
 *
 * The log's program name is the one piece of state in this layer: it is set
 * once by main, before any fork.
 */
#include <sys/stat.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "util.h"

static char log_program[32] = "postseal";
static bool log_syslog, log_stderr = true;

int
random_bytes(void *dst, size_t len, struct err *err)
{
	if (len > INT32_MAX || RAND_bytes(dst, (int)len) != 1)
		return err_set(
		    err, ERR_INTERNAL, NULL, "no random bytes from OpenSSL");
	return 0;
}

void
hex_encode(char *dst, const void *src, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *p = src;
	size_t i;

	for (i = 0; i < len; i++) {
		dst[2 * i] = digits[p[i] >> 4];
		dst[2 * i + 1] = digits[p[i] & 15];
	}
	dst[2 * len] = '\0';
}

int
random_hex(char *dst, size_t bytes, struct err *err)
{
	unsigned char raw[64];
	int rc = -1;

	if (bytes > sizeof(raw))
		return err_set(err, ERR_INTERNAL, NULL,
		    "random_hex: at most %zu bytes, got %zu", sizeof(raw),
		    bytes);
	if (random_bytes(raw, bytes, err) != 0)
		goto out;
	hex_encode(dst, raw, bytes);
	rc = 0;
out:
	OPENSSL_cleanse(raw, sizeof(raw));
	return rc;
}

int
sha256_hex(const void *src, size_t len, char dst[SHA256_HEX])
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned int n = 0;

	if (EVP_Digest(src, len, md, &n, EVP_sha256(), NULL) != 1 || n != 32)
		return -1;
	hex_encode(dst, md, n);
	return 0;
}

int
hmac_sha256_hex(
    const void *key, size_t key_len, const char *msg, char dst[SHA256_HEX])
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned int n = 0;
	int rc = -1;

	if (key_len > INT32_MAX)
		return -1;
	if (HMAC(EVP_sha256(), key, (int)key_len, (const unsigned char *)msg,
		strlen(msg), md, &n) == NULL ||
	    n != 32)
		goto out;
	hex_encode(dst, md, n);
	rc = 0;
out:
	OPENSSL_cleanse(md, sizeof(md));
	return rc;
}

bool
mem_equal(const void *a, size_t a_len, const void *b, size_t b_len)
{
	return a_len == b_len && CRYPTO_memcmp(a, b, a_len) == 0;
}

bool
str_equal_secret(const char *a, const char *b)
{
	return mem_equal(a, strlen(a), b, strlen(b));
}

bool
number_read(const char *s, size_t len, int64_t max, int64_t *ret)
{
	int64_t n = 0;
	size_t i;

	if (len == 0 || (len > 1 && s[0] == '0'))
		return false;
	for (i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9' || n > (max - (s[i] - '0')) / 10)
			return false;
		n = 10 * n + (s[i] - '0');
	}
	*ret = n;
	return true;
}

int
write_all(int fd, const void *src, size_t len)
{
	const char *p = src;
	ssize_t n;

	while (len > 0) {
		n = write(fd, p, len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void
time_iso(time_t t, char dst[32])
{
	static const char epoch[] = "1970-01-01T00:00:00Z";
	struct tm tm;

	/* Years in four digits, also those before 1000. */
	if (gmtime_r(&t, &tm) == NULL || tm.tm_year < -1900 ||
	    tm.tm_year > 9999 - 1900 ||
	    snprintf(dst, 32, "%04d-%02d-%02dT%02d:%02d:%02dZ",
		tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		tm.tm_min, tm.tm_sec) < 0)
		memcpy(dst, epoch, sizeof(epoch));
}

/*
 * systemd names the device and inode of the stream that it has connected to
 * the journal.  syslog ends there as well, and each line would be there twice.
 */
static bool
stderr_is_journal(void)
{
	const char *v = getenv("JOURNAL_STREAM");
	char ours[64];
	struct stat st;

	if (v == NULL || fstat(STDERR_FILENO, &st) == -1)
		return false;
	(void)snprintf(ours, sizeof(ours), "%llu:%llu",
	    (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	return strcmp(v, ours) == 0;
}

void
log_open(const char *program, bool to_syslog)
{
	text_clean(log_program, sizeof(log_program), program, strlen(program));
	log_syslog = to_syslog;
	log_stderr = !(to_syslog && stderr_is_journal());
	/* NDELAY: a sandboxed process could not connect later. */
	if (to_syslog)
		openlog(log_program, LOG_PID | LOG_NDELAY, LOG_DAEMON);
}

static void
log_line(int priority, const char *level, const char *fmt, va_list ap)
{
	char raw[1024], text[1024], line[1120];
	ssize_t written;
	int n;

	n = vsnprintf(raw, sizeof(raw), fmt, ap);
	if (n < 0)
		return;
	text_clean(text, sizeof(text), raw, strlen(raw));
	n = snprintf(
	    line, sizeof(line), "%s: %s%s\n", log_program, level, text);
	/* One write, so that lines of several processes do not mix. */
	if (log_stderr) {
		written = write(STDERR_FILENO, line, (size_t)n);
		(void)written;
	}
	if (log_syslog)
		syslog(priority, "%s%s", level, text);
}

void
log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_INFO, "", fmt, ap);
	va_end(ap);
}

void
log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_WARNING, "warning: ", fmt, ap);
	va_end(ap);
}
