/*
 * load.c - many clients at once: honest ones, broken ones, slow ones.
 *
 * Usage: load PORT CLIENTS SECONDS TOKEN_FILE MULTIPART_FILE
 *
 * One thread a client, one connection a request, TLS to nginx on loopback.
 * Of ten clients one is slow: it sends a head or a body a byte at a time, or
 * does not read.  The others take turns through the table below.
 * Prints, for each kind, how many answers of each class of status and the
 * times at the median, at 99 of 100 and at worst; last line "total ...".
 * Status 0: no answer.  MULTIPART_FILE: a whole body with the boundary "b".
 */
#include <sys/socket.h>
#include <sys/time.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ssl.h>

#define BODY_MAX    (256 * 1024)
#define TIMES_MAX   200000
#define WAIT_S	    60
#define CLASSES	    6
#define SLOW_ONE_IN 10

enum how { PLAIN, SLOW_HEAD, SLOW_BODY, SLOW_READ, GONE };

static const struct kind {
	const char *name;
	const char *head; /* T: with the token */
	const char *body; /* "@": the multipart file */
	enum how how;
} kinds[] = {
    {"healthz", "GET /healthz", NULL, PLAIN},
    {"connection", "GET /api/v1/connection T", NULL, PLAIN},
    {"log-in page", "GET /login", NULL, PLAIN},
    {"page without log-in", "GET /smtp-routing/connection", NULL, PLAIN},
    {"history", "GET /api/v1/generations T", NULL, PLAIN},
    {"inspect", "POST /api/v1/certificates/inspect T", "@", PLAIN},
    {"dry run", "POST /api/v1/connection?dry_run=true T", "{}", PLAIN},
    {"metrics", "GET /metrics T", NULL, PLAIN},
    {"bad: no such address", "GET /api/v1/nothing T", NULL, PLAIN},
    {"bad: method", "PUT /api/v1/connection T", NULL, PLAIN},
    {"bad: path", "GET /api/%2e%2e/x", NULL, PLAIN},
    {"bad: JSON", "POST /api/v1/connection T", "{\"apply\":", PLAIN},
    {"bad: value", "POST /api/v1/connection T", "{\"apply\":\"x\"}", PLAIN},
    {"bad: multipart", "POST /api/v1/certificates/inspect T", "--b\r\n\r\n",
	PLAIN},
    {"bad: no token", "GET /api/v1/audit", NULL, PLAIN},
    {"bad: gone at once", "POST /api/v1/certificates/inspect T", "@", GONE},
};
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static const struct kind slow[] = {
    {"slow head", "GET /healthz", NULL, SLOW_HEAD},
    {"slow body", "POST /api/v1/certificates/inspect T", "@", SLOW_BODY},
    {"slow reader", "GET /login", NULL, SLOW_READ},
};
#define N_SLOW (sizeof(slow) / sizeof(slow[0]))

static struct {
	int port, seconds;
	char token[128], body[BODY_MAX];
	size_t body_len;
	SSL_CTX *tls;
	struct timespec end;
	atomic_long answers[N_KINDS + N_SLOW][CLASSES];
	atomic_long n_times;
	int ms[TIMES_MAX];
} load;

static long
ms_since(const struct timespec *t)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - t->tv_sec) * 1000 +
	       (now.tv_nsec - t->tv_nsec) / 1000000;
}

static int
over(void)
{
	return ms_since(&load.end) >= 0;
}

static int
dial(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)load.port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct timeval wait = {WAIT_S, 0};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	if (connect(fd, (struct sockaddr *)&in, sizeof(in)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* The request's text; its length, and that of its head. */
static size_t
compose(const struct kind *k, char *dst, size_t size, size_t *ret_head)
{
	const char *body = k->body, *token = strstr(k->head, " T");
	size_t n, len = body == NULL ? 0 : strlen(body);
	int multipart = body != NULL && (body[0] == '@' || body[0] == '-');

	if (body != NULL && body[0] == '@') {
		body = load.body;
		len = load.body_len;
	}
	n = (size_t)snprintf(dst, size,
	    "%.*s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n",
	    token == NULL ? (int)strlen(k->head) : (int)(token - k->head),
	    k->head);
	if (token != NULL)
		n += (size_t)snprintf(dst + n, size - n,
		    "Authorization: Bearer %s\r\n", load.token);
	if (body != NULL)
		n += (size_t)snprintf(dst + n, size - n,
		    "Content-Type: %s\r\nContent-Length: %zu\r\n",
		    multipart ? "multipart/form-data; boundary=b"
			      : "application/json",
		    len);
	n += (size_t)snprintf(dst + n, size - n, "\r\n");
	*ret_head = n;
	if (body != NULL)
		memcpy(dst + n, body, len);
	return n + len;
}

static void
put(SSL *ssl, const char *p, size_t len)
{
	int n;

	while (len > 0 && (n = SSL_write(ssl, p, (int)len)) > 0) {
		p += n;
		len -= (size_t)n;
	}
}

/* A byte now and then, until the other side or the time is at its end. */
static void
put_slowly(SSL *ssl, const char *p, size_t len)
{
	while (len > 0 && !over() && SSL_write(ssl, p, 1) == 1) {
		p++;
		len--;
		usleep(400000);
	}
}

static int
status_of(SSL *ssl, enum how how)
{
	char text[4096];
	int n, total = 0, status = 0;

	while ((n = SSL_read(
		    ssl, text + total, (int)sizeof(text) - 1 - total)) > 0) {
		if (how == SLOW_READ)
			usleep(300000);
		if (status != 0)
			continue;
		total += n;
		text[total] = '\0';
		if (total > 12 && sscanf(text, "HTTP/1.1 %d", &status) == 1)
			total = 0;
	}
	return status;
}

static int
one_request(const struct kind *k, char *text)
{
	size_t head = 0, len = compose(k, text, BODY_MAX + 4096, &head);
	int fd = dial(), status = 0;
	SSL *ssl;

	if (fd == -1)
		return 0;
	ssl = SSL_new(load.tls);
	SSL_set_fd(ssl, fd);
	if (SSL_connect(ssl) == 1) {
		if (k->how == SLOW_HEAD) {
			put_slowly(ssl, text, len);
		} else if (k->how == SLOW_BODY) {
			put(ssl, text, head + 10);
			put_slowly(ssl, text + head + 10, len - head - 10);
		} else {
			put(ssl, text, k->how == GONE ? len / 2 : len);
		}
		/* A slow one whose time is over has sent half of it. */
		if (k->how != GONE && (k->how == PLAIN || !over()))
			status = status_of(ssl, k->how);
		SSL_shutdown(ssl);
	}
	SSL_free(ssl);
	close(fd);
	return status;
}

static void *
client(void *arg)
{
	unsigned int n = (unsigned int)(size_t)arg, row;
	char *text = malloc(BODY_MAX + 4096);
	const struct kind *k;
	struct timespec begin;
	long at;
	int status;

	for (unsigned int i = n; text != NULL && !over(); i++) {
		if (n % SLOW_ONE_IN == 0) {
			k = &slow[i % N_SLOW];
			row = N_KINDS + i % N_SLOW;
		} else {
			row = i * 7 % N_KINDS;
			k = &kinds[row];
		}
		clock_gettime(CLOCK_MONOTONIC, &begin);
		status = one_request(k, text);
		load.answers[row][status / 100 % CLASSES]++;
		at = load.n_times++;
		if (k->how == PLAIN && at < TIMES_MAX)
			load.ms[at] = (int)ms_since(&begin);
	}
	free(text);
	return NULL;
}

static int
by_size(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void
report(void)
{
	long n = load.n_times < TIMES_MAX ? load.n_times : TIMES_MAX;
	long total[CLASSES] = {0};
	size_t i, c;

	for (i = 0; i < N_KINDS + N_SLOW; i++) {
		printf("%-22s",
		    i < N_KINDS ? kinds[i].name : slow[i - N_KINDS].name);
		for (c = 0; c < CLASSES; c++) {
			total[c] += load.answers[i][c];
			printf(" %zuxx %ld", c, load.answers[i][c]);
		}
		printf("\n");
	}
	qsort(load.ms, (size_t)n, sizeof(load.ms[0]), by_size);
	printf("total answers %ld none %ld good %ld refused %ld failed %ld "
	       "p50 %d p99 %d max %d\n",
	    load.n_times - total[0], total[0], total[2] + total[3], total[4],
	    total[5], n > 0 ? load.ms[n / 2] : 0,
	    n > 0 ? load.ms[n * 99 / 100] : 0, n > 0 ? load.ms[n - 1] : 0);
}

static size_t
read_file(const char *path, char *dst, size_t size)
{
	FILE *f = fopen(path, "r");
	size_t n;

	if (f == NULL) {
		perror(path);
		exit(2);
	}
	n = fread(dst, 1, size - 1, f);
	dst[n] = '\0';
	fclose(f);
	return n;
}

int
main(int argc, char **argv)
{
	pthread_t *thread;
	int clients;

	if (argc != 6) {
		fprintf(
		    stderr, "usage: load PORT CLIENTS SECONDS TOKEN BODY\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	load.port = atoi(argv[1]);
	clients = atoi(argv[2]);
	load.seconds = atoi(argv[3]);
	read_file(argv[4], load.token, sizeof(load.token));
	load.token[strcspn(load.token, "\n")] = '\0';
	load.body_len = read_file(argv[5], load.body, sizeof(load.body));
	load.tls = SSL_CTX_new(TLS_client_method());
	thread = calloc((size_t)clients, sizeof(*thread));
	if (load.tls == NULL || thread == NULL)
		return 2;
	clock_gettime(CLOCK_MONOTONIC, &load.end);
	load.end.tv_sec += load.seconds;
	for (int i = 0; i < clients; i++)
		pthread_create(&thread[i], NULL, client, (void *)(size_t)i);
	for (int i = 0; i < clients; i++)
		pthread_join(thread[i], NULL);
	report();
	free(thread);
	SSL_CTX_free(load.tls);
	return 0;
}
