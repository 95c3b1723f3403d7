/*
 * values.c - what no honest client sends: strings that would mean something
 * to main.cf, a shell, a path, a log or a terminal, numbers at the edges, and
 * every wrong type.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "wire.h"

const char *const hostile_text[] = {
    "",
    "may\nsmtpd_banner = owned",
    "\r\nmynetworks = 0/0",
    "$config_directory/main.cf",
    "${smtpd_tls_chain_files}",
    "/etc/shadow",
    "../../../../etc/passwd",
    "..",
    "gen-1/inbound.pem",
    "pipemap:{unionmap:{static:x}}",
    "`id`;$(id)|id",
    "smtp inet n - n - - smtpd -o x=y",
    "all, /etc/passwd",
    "#",
    "-1",
    "0x7fffffff",
    "\xe2\x80\xaetxt.exe", /* right to left */
    "\xc2\x9b"
    "31mred",		/* CSI of C1 */
    "\x1b]0;title\x07", /* a terminal's title */
    "%s%s%s%n%p",
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde/",
    "true",
    NULL,
};

#define N_TEXT (sizeof(hostile_text) / sizeof(hostile_text[0]) - 1)

static struct json_object *
long_string(size_t n)
{
	struct json_object *o;
	char *s = malloc(n + 1);

	if (s == NULL)
		abort();
	memset(s, 'A', n);
	s[n] = '\0';
	o = json_object_new_string_len(s, (int)n);
	free(s);
	return o;
}

/* [[[[...]]]], or {"a": {"a": ... */
static struct json_object *
deep(int n, bool array)
{
	struct json_object *o = json_object_new_int(1), *up;

	while (n-- > 0) {
		up = array ? json_object_new_array() : json_object_new_object();
		if (array)
			json_object_array_add(up, o);
		else
			json_object_object_add(up, "a", o);
		o = up;
	}
	return o;
}

static struct json_object *
list_of_text(void)
{
	struct json_object *o = json_object_new_array();
	size_t i;

	for (i = 0; i < N_TEXT; i++)
		json_object_array_add(
		    o, json_object_new_string(hostile_text[i]));
	return o;
}

static struct json_object *
object_of_text(void)
{
	struct json_object *o = json_object_new_object();
	size_t i;

	for (i = 0; i < N_TEXT; i++)
		json_object_object_add(o, hostile_text[i],
		    json_object_new_string(hostile_text[i]));
	return o;
}

bool
hostile_at(size_t i, struct json_object **ret)
{
	static const int64_t numbers[] = {
	    -1, INT64_MIN, INT64_MAX, 4294967297, 2147483648};
	const size_t n_numbers = sizeof(numbers) / sizeof(numbers[0]);

	*ret = NULL;
	if (i < N_TEXT) {
		*ret = json_object_new_string(hostile_text[i]);
		return true;
	}
	i -= N_TEXT;
	if (i < n_numbers) {
		*ret = json_object_new_int64(numbers[i]);
		return true;
	}
	switch (i - n_numbers) {
	case 0:
		return true; /* null */
	case 1:
		*ret = json_object_new_double(1e300);
		return true;
	case 2:
		*ret = json_object_new_double(1.5);
		return true;
	case 3:
		*ret = long_string(5000);
		return true;
	case 4:
		*ret = long_string(100000);
		return true;
	case 5:
		*ret = deep(10, true);
		return true;
	case 6:
		*ret = deep(60, true);
		return true;
	case 7:
		*ret = deep(10, false);
		return true;
	case 8:
		*ret = list_of_text();
		return true;
	case 9:
		*ret = object_of_text();
		return true;
	case 10:
		*ret = json_object_new_array();
		return true;
	case 11:
		*ret = json_object_new_object();
		return true;
	default:
		return false;
	}
}
