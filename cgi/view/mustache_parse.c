/*
 * mustache_parse.c - template text to nodes.
 *
 * States: text --"{{"--> tag --"}}"--> text.  A tag is told by its first
 * character: # ^ / ! > or none.  Sections form a stack; a node of a section
 * holds the index of the first node after it, so rendering needs no tree.
 *
 * A section, comment or partial that is alone on its line takes the whole
 * line with it (the specification calls it standalone); that is decided here,
 * by looking at the text around the tag.
 */
#include <stdlib.h>
#include <string.h>

#include "mustache.h"
#include "mustache_node.h"

struct parser {
	struct mustache *m;
	const char *src;
	size_t len;
	size_t pos;
	size_t open[MUSTACHE_DEPTH_MAX]; /* node indexes */
	size_t n_open;
	struct err *err;
};

struct tag {
	char sigil; /* 0 for a variable */
	const char *name;
	size_t name_len;
	size_t start, end; /* of the whole tag in src */
};

static int
fail(struct parser *p, size_t at, const char *what)
{
	size_t i, line = 1;

	for (i = 0; i < at && i < p->len; i++)
		if (p->src[i] == '\n')
			line++;
	err_set(p->err, ERR_CONFIG, "", "template %.60s, line %zu: %s",
	    p->m->name, line, what);
	return -1;
}

static struct mustache_node *
node_add(struct parser *p, enum mustache_kind kind)
{
	struct mustache *m = p->m;
	struct mustache_node *v;
	size_t cap;

	if (m->n == m->cap) {
		cap = m->cap == 0 ? 64 : m->cap * 2;
		if ((v = realloc(m->v, cap * sizeof(*v))) == NULL) {
			err_set(p->err, ERR_NOMEM, "", "template nodes");
			return NULL;
		}
		m->v = v;
		m->cap = cap;
	}
	v = &m->v[m->n++];
	memset(v, 0, sizeof(*v));
	v->kind = kind;
	return v;
}

static int
text_add(struct parser *p, size_t from, size_t to)
{
	struct mustache_node *node;

	if (from >= to)
		return 0;
	if ((node = node_add(p, MUSTACHE_TEXT)) == NULL)
		return -1;
	node->off = from;
	node->len = to - from;
	return 0;
}

static bool
name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

static bool
name_valid(const struct tag *tag)
{
	size_t i;

	if (tag->name_len == 0 || tag->name_len >= MUSTACHE_NAME_MAX)
		return false;
	if (tag->name_len == 1 && tag->name[0] == '.')
		return tag->sigil != '>';
	if (tag->name[0] == '.' || tag->name[tag->name_len - 1] == '.')
		return false;
	for (i = 0; i < tag->name_len; i++)
		if (!name_char(tag->name[i]) ||
		    (i > 0 && tag->name[i] == '.' && tag->name[i - 1] == '.'))
			return false;
	return true;
}

/* Read the tag at p->pos, which is at "{{". */
static int
tag_read(struct parser *p, struct tag *tag)
{
	const char *s = p->src + p->pos + 2, *end;

	tag->start = p->pos;
	end = memmem(s, p->len - p->pos - 2, "}}", 2);
	if (end == NULL)
		return fail(p, p->pos, "tag without its end");
	tag->end = (size_t)(end - p->src) + 2;
	tag->sigil = 0;
	if (s < end && strchr("#^/!>&{=", *s) != NULL)
		tag->sigil = *s++;
	while (s < end && (*s == ' ' || *s == '\t'))
		s++;
	while (end > s && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	tag->name = s;
	tag->name_len = (size_t)(end - s);
	if (tag->sigil == '{' || tag->sigil == '&')
		return fail(p, p->pos, "unescaped output is not supported");
	if (tag->sigil == '=')
		return fail(p, p->pos, "delimiters cannot be changed");
	if (tag->sigil != '!' && !name_valid(tag))
		return fail(p, p->pos, "bad name in a tag");
	return 0;
}

/*
 * Is the tag alone on its line?  If so *ret_start is the start of that line
 * and *ret_end the start of the next.
 */
static bool
tag_alone(const struct parser *p, const struct tag *tag, size_t *ret_start,
    size_t *ret_end)
{
	size_t a = tag->start, b = tag->end;

	if (tag->sigil == 0)
		return false;
	while (a > 0 && (p->src[a - 1] == ' ' || p->src[a - 1] == '\t'))
		a--;
	if (a > 0 && p->src[a - 1] != '\n')
		return false;
	while (b < p->len && (p->src[b] == ' ' || p->src[b] == '\t'))
		b++;
	if (b < p->len && p->src[b] == '\r')
		b++;
	if (b < p->len && p->src[b] != '\n')
		return false;
	*ret_start = a;
	*ret_end = b < p->len ? b + 1 : b;
	return true;
}

/* "a.b.c" is kept as "a\0b\0c", so that look-ups need no copy. */
static int
name_keep(struct parser *p, struct mustache_node *node, const char *name,
    size_t len, bool split)
{
	char *s;

	if ((s = strndup(name, len)) == NULL)
		return err_set(p->err, ERR_NOMEM, "", "template name");
	node->name = s;
	node->len = len;
	node->parts = 1;
	if (!split || strcmp(s, ".") == 0)
		return 0;
	for (; *s != '\0'; s++)
		if (*s == '.') {
			*s = '\0';
			node->parts++;
		}
	return 0;
}

static int
section_close(struct parser *p, const struct tag *tag)
{
	struct mustache_node *open;
	size_t at, i;

	if (p->n_open == 0)
		return fail(p, tag->start, "end of a section never opened");
	at = p->open[--p->n_open];
	open = &p->m->v[at];
	/* In the kept name NUL stands for '.'. */
	for (i = 0; i < tag->name_len && i < open->len; i++)
		if (tag->name[i] !=
		    (open->name[i] == '\0' ? '.' : open->name[i]))
			break;
	if (i < tag->name_len || i < open->len)
		return fail(p, tag->start, "end of another section");
	open->next = p->m->n;
	return 0;
}

static int
tag_add(struct parser *p, const struct tag *tag)
{
	struct mustache_node *node;
	enum mustache_kind kind;

	switch (tag->sigil) {
	case '!':
		return 0;
	case '/':
		return section_close(p, tag);
	case '>':
		kind = MUSTACHE_PARTIAL;
		break;
	case '#':
		kind = MUSTACHE_SECTION;
		break;
	case '^':
		kind = MUSTACHE_INVERTED;
		break;
	default:
		kind = tag->name_len > 2 && memcmp(tag->name, "t.", 2) == 0
			   ? MUSTACHE_MESSAGE
			   : MUSTACHE_VAR;
		break;
	}
	if (kind == MUSTACHE_SECTION || kind == MUSTACHE_INVERTED) {
		if (p->n_open == MUSTACHE_DEPTH_MAX)
			return fail(p, tag->start, "sections too deep");
		p->open[p->n_open++] = p->m->n;
	}
	if ((node = node_add(p, kind)) == NULL)
		return -1;
	if (kind == MUSTACHE_MESSAGE)
		return name_keep(
		    p, node, tag->name + 2, tag->name_len - 2, false);
	return name_keep(
	    p, node, tag->name, tag->name_len, kind != MUSTACHE_PARTIAL);
}

static int
parse(struct parser *p)
{
	const char *s;
	struct tag tag = {0};
	size_t from = 0, a, b;

	for (;;) {
		s = memmem(p->src + p->pos, p->len - p->pos, "{{", 2);
		if (s == NULL)
			break;
		p->pos = (size_t)(s - p->src);
		if (tag_read(p, &tag) == -1)
			return -1;
		if (!tag_alone(p, &tag, &a, &b)) {
			a = tag.start;
			b = tag.end;
		}
		/* a may lie before from: the line started with a tag. */
		if (text_add(p, from, a > from ? a : from) == -1 ||
		    tag_add(p, &tag) == -1)
			return -1;
		from = p->pos = b;
	}
	if (p->n_open > 0)
		return fail(p, p->len, "section without its end");
	return text_add(p, from, p->len);
}

int
mustache_parse(const char *name, const char *src, size_t len,
    struct mustache **ret, struct err *err)
{
	struct parser p = {.len = len, .err = err};
	struct mustache *m;

	if ((m = calloc(1, sizeof(*m))) == NULL ||
	    (m->name = strdup(name)) == NULL ||
	    (m->src = malloc(len + 1)) == NULL) {
		mustache_free(m);
		return err_set(err, ERR_NOMEM, "", "template %.60s", name);
	}
	memcpy(m->src, src, len);
	m->src[len] = '\0';
	p.m = m;
	p.src = m->src;
	if (parse(&p) == -1) {
		mustache_free(m);
		return -1;
	}
	*ret = m;
	return 0;
}

void
mustache_free(struct mustache *m)
{
	size_t i;

	if (m == NULL)
		return;
	for (i = 0; i < m->n; i++)
		free(m->v[i].name);
	free(m->v);
	free(m->src);
	free(m->name);
	free(m);
}

const char *
mustache_reference(const struct mustache *m, size_t *pos, char *ret_kind)
{
	const struct mustache_node *node;

	while (*pos < m->n) {
		node = &m->v[(*pos)++];
		if (node->kind != MUSTACHE_PARTIAL &&
		    node->kind != MUSTACHE_MESSAGE)
			continue;
		*ret_kind = node->kind == MUSTACHE_PARTIAL ? '>' : 't';
		return node->name;
	}
	return NULL;
}
