/*
 * wordlist.c - passwords that an administrator's own list names, one a line:
 * an extract of leaked ones, the company's words.
 *
 * Read once, by the console before it forks (eight copies would be more than
 * the memory that its unit grants), kept in lower case and sorted: a look-up
 * compares about 20 lines of a million.  Lines shorter than the least password
 * could never match and are left out.
 */
#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "db.h"
#include "users.h"

#define LIST_MAX (64 * 1024 * 1024)

struct wordlist {
	char *text;
	const char **line;
	size_t n;
};

static void
lower(char *s)
{
	for (; *s != '\0'; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s - 'A' + 'a');
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The whole file with a NUL behind it; *ret is the caller's. */
static int
read_all(const char *path, char **ret, size_t *ret_len, struct err *err)
{
	struct stat st;
	char *text = NULL;
	size_t len = 0;
	ssize_t n = 0;
	int fd, rc = -1;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1 ||
	    fstat(fd, &st) == -1) {
		err_sys(err, ERR_CONFIG, "password_list", "%.120s", path);
		goto out;
	}
	if (!S_ISREG(st.st_mode) || st.st_size > LIST_MAX) {
		err_set(err, ERR_CONFIG, "password_list",
		    "%.120s: expected a file of at most 64 MiB", path);
		goto out;
	}
	if ((text = malloc((size_t)st.st_size + 1)) == NULL) {
		err_set(err, ERR_NOMEM, "", "out of memory");
		goto out;
	}
	while (len < (size_t)st.st_size &&
	       ((n = read(fd, text + len, (size_t)st.st_size - len)) > 0 ||
		   (n == -1 && errno == EINTR)))
		len += n > 0 ? (size_t)n : 0;
	if (n == -1) {
		err_sys(err, ERR_CONFIG, "password_list", "%.120s", path);
		goto out;
	}
	text[len] = '\0';
	*ret = text;
	*ret_len = len;
	text = NULL;
	rc = 0;
out:
	free(text);
	if (fd != -1)
		close(fd);
	return rc;
}

/* Line ends become NUL; those that matter go into the table. */
static int
split(struct wordlist *w, size_t len)
{
	size_t lines = 1;
	char *s, *end;

	for (size_t i = 0; i < len; i++)
		lines += w->text[i] == '\n';
	if ((w->line = calloc(lines, sizeof(*w->line))) == NULL)
		return -1;
	for (s = w->text; s < w->text + len; s = end + 1) {
		if ((end = memchr(s, '\n', (size_t)(w->text + len - s))) ==
		    NULL)
			end = w->text + len;
		*end = '\0';
		s[strcspn(s, "\r")] = '\0';
		if (strlen(s) < PASSWORD_MIN)
			continue;
		lower(s);
		w->line[w->n++] = s;
	}
	qsort(w->line, w->n, sizeof(*w->line), compare);
	return 0;
}

int
wordlist_load(const char *path, struct wordlist **ret, struct err *err)
{
	struct wordlist *w;
	size_t len = 0;

	if (*path == '\0') {
		*ret = NULL;
		return 0;
	}
	if ((w = calloc(1, sizeof(*w))) == NULL)
		return err_set(err, ERR_NOMEM, "", "out of memory");
	if (read_all(path, &w->text, &len, err) == -1) {
		wordlist_free(w);
		return -1;
	}
	if (split(w, len) == -1) {
		wordlist_free(w);
		return err_set(err, ERR_NOMEM, "", "out of memory");
	}
	*ret = w;
	return 0;
}

void
wordlist_free(struct wordlist *w)
{
	if (w == NULL)
		return;
	free(w->line);
	free(w->text);
	free(w);
}

bool
wordlist_has(const struct wordlist *w, const char *password)
{
	char copy[PASSWORD_MAX + 1];
	const char *key = copy;
	bool found;

	if (w == NULL || w->n == 0 || strlen(password) > PASSWORD_MAX)
		return false;
	memcpy(copy, password, strlen(password) + 1);
	lower(copy);
	found = bsearch(&key, w->line, w->n, sizeof(*w->line), compare) != NULL;
	OPENSSL_cleanse(copy, sizeof(copy));
	return found;
}
