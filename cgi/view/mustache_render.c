/*
 * mustache_render.c - nodes and a JSON object to HTML.
 *
 * The context stack is an array on the C stack of the caller, so depth is
 * bounded and a template that includes itself ends with an error instead of
 * with the process.
 */
#include <string.h>

#include <json-c/json.h>

#include "jsonx.h"
#include "mustache.h"
#include "mustache_node.h"
#include "util.h"

struct render {
	const struct mustache_env *env;
	struct json_object *stack[MUSTACHE_DEPTH_MAX];
	size_t depth;
	size_t nesting;
	size_t steps;
	struct buf *out;
	struct err *err;
};

static int range(struct render *, const struct mustache *, size_t, size_t);

#define REPLACED "\xef\xbf\xbd"

static const struct {
	char c;
	const char *to;
} entities[] = {
    {'&', "&amp;"},
    {'<', "&lt;"},
    {'>', "&gt;"},
    {'"', "&quot;"},
    {'\'', "&#39;"},
};

/* The replacement of the character at s, or NULL; *ret_len bytes of s. */
static const char *
escape_at(const char *s, size_t len, size_t *ret_len)
{
	size_t i, n;

	*ret_len = 1;
	for (i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
		if (entities[i].c == *s)
			return entities[i].to;
	if ((*s >= ' ' && *s < 0x7f) || *s == '\n' || *s == '\t' || *s == '\r')
		return NULL;
	if ((n = text_unseen(s, len)) > 0) {
		*ret_len = n;
		return REPLACED;
	}
	while (*ret_len < len && ((unsigned char)s[*ret_len] & 0xc0) == 0x80)
		(*ret_len)++;
	return NULL;
}

int
html_escape(struct buf *out, const char *s, size_t len)
{
	const char *to;
	size_t i, n, from = 0;

	for (i = 0; i < len; i += n) {
		if ((to = escape_at(s + i, len - i, &n)) == NULL)
			continue;
		buf_add(out, s + from, i - from);
		buf_adds(out, to);
		from = i + n;
	}
	buf_add(out, s + from, len - from);
	return out->failed ? -1 : 0;
}

int
url_escape(struct buf *out, const char *s)
{
	for (; *s != '\0'; s++) {
		if ((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
		    (*s >= '0' && *s <= '9') || strchr("-._~", *s) != NULL)
			buf_addc(out, *s);
		else
			buf_printf(out, "%%%02X", (unsigned char)*s);
	}
	return out->failed ? -1 : 0;
}

/*
 * The first part is looked for from the innermost context outwards; the
 * others only inside what the first part named (specification: dotted names
 * are no walk up the stack again).
 */
static struct json_object *
lookup(const struct render *r, const char *name, size_t parts)
{
	struct json_object *v = NULL;
	size_t i;

	if (strcmp(name, ".") == 0)
		return r->stack[r->depth - 1];
	for (i = r->depth; i > 0; i--) {
		if (!json_object_is_type(r->stack[i - 1], json_type_object))
			continue;
		if (json_object_object_get_ex(r->stack[i - 1], name, &v))
			break;
	}
	for (i = 1; i < parts && v != NULL; i++) {
		name += strlen(name) + 1;
		v = jsonx_member(v, name);
	}
	return v;
}

static void
put_value(struct render *r, struct json_object *v)
{
	if (v == NULL)
		return;
	html_escape(r->out, json_object_get_string(v),
	    json_object_is_type(v, json_type_string)
		? (size_t)json_object_get_string_len(v)
		: strlen(json_object_get_string(v)));
}

/* "{name}" and "{a.b}" at s: its value goes out, the length is returned; 0
 * when it is no placeholder. */
static size_t
put_placeholder(struct render *r, const char *s)
{
	char name[MUSTACHE_NAME_MAX];
	size_t i, parts = 1;

	for (i = 0; i < sizeof(name) - 1; i++) {
		if ((s[i + 1] >= 'a' && s[i + 1] <= 'z') || s[i + 1] == '_' ||
		    (s[i + 1] >= '0' && s[i + 1] <= '9')) {
			name[i] = s[i + 1];
		} else if (s[i + 1] == '.' && i > 0) {
			name[i] = '\0';
			parts++;
		} else {
			break;
		}
	}
	if (i == 0 || s[i + 1] != '}')
		return 0;
	name[i] = '\0';
	put_value(r, lookup(r, name, parts));
	return i + 2;
}

static void
put_message(struct render *r, const char *key)
{
	const char *s, *brace;
	size_t n;

	if (r->env == NULL || r->env->text == NULL)
		return;
	s = r->env->text(r->env->arg, key);
	while ((brace = strchr(s, '{')) != NULL) {
		html_escape(r->out, s, (size_t)(brace - s));
		if ((n = put_placeholder(r, brace)) == 0) {
			buf_addc(r->out, '{');
			n = 1;
		}
		s = brace + n;
	}
	html_escape(r->out, s, strlen(s));
}

static bool
truthy(struct json_object *v)
{
	switch (json_object_get_type(v)) {
	case json_type_null:
		return false;
	case json_type_boolean:
		return json_object_get_boolean(v);
	case json_type_string:
		return json_object_get_string_len(v) > 0;
	case json_type_array:
		return json_object_array_length(v) > 0;
	default:
		return true;
	}
}

static int
with_context(struct render *r, const struct mustache *m, size_t from, size_t to,
    struct json_object *ctx)
{
	int rc;

	if (r->depth == MUSTACHE_DEPTH_MAX)
		return err_set(r->err, ERR_INTERNAL, "",
		    "template %.60s: contexts too deep", m->name);
	r->stack[r->depth++] = ctx;
	rc = range(r, m, from, to);
	r->depth--;
	return rc;
}

static int
section(struct render *r, const struct mustache *m, size_t at)
{
	const struct mustache_node *node = &m->v[at];
	struct json_object *v = lookup(r, node->name, node->parts);
	size_t i, n;

	if (node->kind == MUSTACHE_INVERTED)
		return truthy(v) ? 0 : range(r, m, at + 1, node->next);
	if (!truthy(v))
		return 0;
	if (!json_object_is_type(v, json_type_array))
		return with_context(r, m, at + 1, node->next, v);
	n = json_object_array_length(v);
	for (i = 0; i < n; i++)
		if (with_context(r, m, at + 1, node->next,
			json_object_array_get_idx(v, i)) == -1)
			return -1;
	return 0;
}

static int
partial(struct render *r, const struct mustache_node *node)
{
	const struct mustache *m = NULL;

	if (r->env != NULL && r->env->partial != NULL)
		m = r->env->partial(r->env->arg, node->name);
	if (m == NULL)
		return 0;
	return range(r, m, 0, m->n);
}

static int
range(struct render *r, const struct mustache *m, size_t from, size_t to)
{
	const struct mustache_node *node;
	size_t i;
	int rc = 0;

	if (r->nesting == MUSTACHE_DEPTH_MAX)
		return err_set(r->err, ERR_INTERNAL, "",
		    "template %.60s: too deep", m->name);
	r->nesting++;
	for (i = from; i < to && rc == 0 && !r->out->failed; i++) {
		if (++r->steps > MUSTACHE_STEPS_MAX) {
			rc = err_set(r->err, ERR_INTERNAL, "",
			    "template %.60s: does not end", m->name);
			break;
		}
		node = &m->v[i];
		switch (node->kind) {
		case MUSTACHE_TEXT:
			buf_add(r->out, m->src + node->off, node->len);
			break;
		case MUSTACHE_VAR:
			put_value(r, lookup(r, node->name, node->parts));
			break;
		case MUSTACHE_MESSAGE:
			put_message(r, node->name);
			break;
		case MUSTACHE_PARTIAL:
			rc = partial(r, node);
			break;
		case MUSTACHE_SECTION:
		case MUSTACHE_INVERTED:
			rc = section(r, m, i);
			i = node->next - 1;
			break;
		}
	}
	r->nesting--;
	return rc;
}

int
mustache_render(const struct mustache *m, struct json_object *ctx,
    const struct mustache_env *env, struct buf *out, struct err *err)
{
	struct render r = {.env = env, .out = out, .err = err};

	r.stack[r.depth++] = ctx;
	if (range(&r, m, 0, m->n) == -1)
		return -1;
	if (out->failed)
		return err_set(err, ERR_INTERNAL, "",
		    "template %.60s: page larger than %zu bytes", m->name,
		    out->max);
	return 0;
}
