/*
 * plan.c - main.cf as it stands, against what the settings ask for.
 *
 * Wanted values travel as JSON: name -> string; null = must not be set;
 * [string or null] = the same, but only over a value that the console itself
 * wrote; [string or null, other] = only over that other value.  A name that is
 * absent is left as it is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jsonx.h"
#include "levels.h"
#include "param_row.h"
#include "postfix_int.h"
#include "util.h"

static struct json_object *
string_or_null(const char *value)
{
	return value == NULL || *value == '\0' ? NULL
					       : json_object_new_string(value);
}

static int
want_to_json(struct json_object *o, const char *name, const struct want *w)
{
	struct json_object *v = NULL;

	switch (w->kind) {
	case WANT_KEEP:
		return 0;
	case WANT_UNSET:
		break;
	case WANT_VALUE:
		if ((v = json_object_new_string(w->value)) == NULL)
			return -1;
		break;
	case WANT_OVER_OURS:
	case WANT_OVER:
		if ((v = json_object_new_array_ext(2)) == NULL)
			return -1;
		if (json_object_array_add(v, string_or_null(w->value)) != 0 ||
		    (w->kind == WANT_OVER &&
			json_object_array_add(v, string_or_null(w->over)) != 0))
			goto fail;
		break;
	}
	if (json_object_object_add(o, name, v) == 0)
		return 0;
fail:
	json_object_put(v);
	return -1;
}

/* Something else in main.cf or master.cf needs this one. */
static bool
is_used(const struct params_context *c, const char *name)
{
	char mark[128];

	(void)snprintf(mark, sizeof(mark), "%s%s", name, PARAM_USED);
	return json_object_object_get_ex(c->current, mark, NULL);
}

static bool
is_owned(const struct params_context *c, const struct param_row *row)
{
	return (c->owned & param_bit(row->replaced_by != NULL ? row->replaced_by
							      : row->name)) !=
	       0;
}

int
params_wanted(const struct params_context *c, struct json_object **ret_wanted,
    struct err *err)
{
	struct json_object *o;
	struct want w;
	size_t i;

	if ((o = json_object_new_object()) == NULL)
		return err_set(err, ERR_NOMEM, "", "parameters");
	for (i = 0; i < n_params; i++) {
		if (c->info->version < params[i].since ||
		    (c->leave & (param_mask)1 << i) != 0)
			continue;
		w.owned = is_owned(c, &params[i]);
		w.kind = WANT_KEEP;
		w.value[0] = '\0';
		w.over = NULL;
		if (!param_given_back(c, &params[i], &w) &&
		    params[i].to(c, &w, err) == -1)
			goto fail;
		if (w.kind == WANT_UNSET && is_used(c, params[i].name))
			continue;
		if (want_to_json(o, params[i].name, &w) == -1) {
			err_set(err, ERR_NOMEM, "", "parameters");
			goto fail;
		}
	}
	*ret_wanted = o;
	return 0;
fail:
	json_object_put(o);
	return -1;
}

/* Is that the same text, but for the kind of blanks? */
static bool
is_same(const char *raw, const char *clean)
{
	for (; *raw != '\0' && *clean != '\0'; raw++, clean++)
		if (*raw != *clean &&
		    (*clean != ' ' || strchr("\t\r\n", *raw) == NULL))
			return false;
	return *raw == *clean;
}

/* A value set by hand may be no UTF-8; what leaves here for JSON is. */
static int
add_clean(struct json_object *o, const char *name, struct json_object *raw)
{
	const char *value = json_object_get_string(raw);
	size_t size = strlen(value) + 1;
	struct json_object *v;
	char *text;

	if ((text = malloc(size)) == NULL)
		return -1;
	(void)text_clean(text, size, value, size - 1);
	v = json_object_new_string(text);
	if (strcmp(name, IN_CLIENTS) == 0 && !is_same(value, text))
		(void)json_object_object_add(
		    o, PARAM_BYTES, json_object_new_boolean(true));
	free(text);
	if (v != NULL && json_object_object_add(o, name, v) == 0)
		return 0;
	json_object_put(v);
	return -1;
}

static int
take_value(
    struct json_object *values, struct json_object *all, const char *name)
{
	struct json_object *v;

	return json_object_object_get_ex(all, name, &v)
		   ? add_clean(values, name, v)
		   : 0;
}

/* Of all that is set, what is managed or looked at. */
static int
take_values(
    struct json_object *values, struct json_object *all, struct err *err)
{
	size_t i;

	for (i = 0; i < n_params; i++)
		if (take_value(values, all, params[i].name) == -1)
			goto fail;
	for (i = 0; params_looked_at[i] != NULL; i++)
		if (take_value(values, all, params_looked_at[i]) == -1)
			goto fail;
	if (levels_references(all, values) == -1)
		goto fail;
	return 0;
fail:
	return err_set(err, ERR_NOMEM, "", "parameters");
}

int
params_read(
    const struct conf *conf, struct json_object **ret_params, struct err *err)
{
	static const char *const args[] = {"-n", NULL};
	struct json_object *all = NULL, *o = NULL;
	int rc = -1;

	if (postconf_values(conf, args, &all, err) == -1)
		return -1;
	if ((o = json_object_new_object()) == NULL) {
		err_set(err, ERR_NOMEM, "", "parameters");
		goto out;
	}
	if (take_values(o, all, err) == -1 ||
	    uses_find(conf, all, o, err) == -1)
		goto out;
	*ret_params = o;
	o = NULL;
	rc = 0;
out:
	json_object_put(all);
	json_object_put(o);
	return rc;
}

static const char *
string_of(struct json_object *o, const char *name)
{
	struct json_object *v;

	if (!json_object_object_get_ex(o, name, &v) || v == NULL)
		return NULL;
	return json_object_get_string(v);
}

static bool
says_yes(struct json_object *current, const char *name)
{
	const char *v = name == NULL ? NULL : string_of(current, name);

	return v != NULL && strcasecmp(v, "no") != 0;
}

/* Nothing set, and nothing set is what is wanted. */
static bool
absent_will_do(
    const struct param_row *row, struct json_object *current, const char *want)
{
	const char *now = string_of(current, row->name);

	return row->absent != NULL && want != NULL &&
	       strcmp(want, row->absent) == 0 &&
	       (now == NULL || *now == '\0') &&
	       !says_yes(current, row->legacy[0]) &&
	       !says_yes(current, row->legacy[1]);
}

/* A legacy boolean that says no beside a level that need not be written. */
static bool
legacy_will_do(const struct param_row *row, struct json_object *current,
    struct json_object *wanted)
{
	const struct param_row *by;

	if (row->replaced_by == NULL ||
	    (by = param_find(row->replaced_by)) == NULL)
		return false;
	return absent_will_do(by, current, string_of(wanted, by->name));
}

static int
plan_add(struct param_plan *plan, const struct param_row *row,
    const char *before, const char *after)
{
	struct param_change *c = &plan->v[plan->n];

	c->name = row->name;
	c->before = before == NULL ? NULL : strdup(before);
	c->after = after == NULL ? NULL : strdup(after);
	plan->n++;
	return (before != NULL && c->before == NULL) ||
		       (after != NULL && c->after == NULL)
		   ? -1
		   : 0;
}

/* A wish that holds only over certain values. */
static bool
may_replace(struct json_object *wish, const char *now)
{
	const char *over;

	if (json_object_array_length(wish) < 2)
		return now != NULL && chain_path_ours(now);
	over = json_object_get_string(json_object_array_get_idx(wish, 1));
	return (over == NULL && now == NULL) ||
	       (over != NULL && now != NULL && strcmp(over, now) == 0);
}

static int
plan_row(const struct param_row *row, struct json_object *current,
    struct json_object *wanted, struct param_plan *plan)
{
	const char *now = string_of(current, row->name), *want;
	struct json_object *v;

	if (!json_object_object_get_ex(wanted, row->name, &v))
		return 0;
	if (json_object_is_type(v, json_type_array)) {
		if (!may_replace(v, now))
			return 0;
		v = json_object_array_get_idx(v, 0);
	}
	want = v == NULL ? NULL : json_object_get_string(v);
	if (want == NULL && now == NULL)
		return 0;
	if (want != NULL && now != NULL && strcmp(want, now) == 0)
		return 0;
	if (absent_will_do(row, current, want) ||
	    (want == NULL && legacy_will_do(row, current, wanted)))
		return 0;
	return plan_add(plan, row, now, want);
}

int
params_plan(struct json_object *current, struct json_object *wanted,
    struct param_plan *ret_plan, struct err *err)
{
	struct param_plan plan = {NULL, 0};
	size_t i;

	if ((plan.v = calloc(n_params, sizeof(*plan.v))) == NULL)
		return err_set(err, ERR_NOMEM, "", "plan");
	for (i = 0; i < n_params; i++)
		if (plan_row(&params[i], current, wanted, &plan) == -1) {
			param_plan_clear(&plan);
			return err_set(err, ERR_NOMEM, "", "plan");
		}
	*ret_plan = plan;
	return 0;
}

int
params_plan_all(const struct params_context *c, struct param_plan *ret_plan,
    struct err *err)
{
	struct json_object *wanted = NULL;
	int rc;

	if (params_wanted(c, &wanted, err) == -1)
		return -1;
	rc = params_plan(c->current, wanted, ret_plan, err);
	json_object_put(wanted);
	return rc;
}

struct json_object *
params_after(struct json_object *current, const struct param_plan *plan)
{
	struct json_object *o = NULL, *v;
	size_t i;

	if (current == NULL)
		o = json_object_new_object();
	else if (json_object_deep_copy(current, &o, NULL) == -1)
		return NULL;
	for (i = 0; o != NULL && i < plan->n; i++) {
		json_object_object_del(o, plan->v[i].name);
		if (plan->v[i].after == NULL)
			continue;
		v = json_object_new_string(plan->v[i].after);
		if (v != NULL &&
		    json_object_object_add(o, plan->v[i].name, v) == 0)
			continue;
		json_object_put(v);
		json_object_put(o);
		o = NULL;
	}
	return o;
}

void
param_plan_clear(struct param_plan *plan)
{
	size_t i;

	for (i = 0; i < plan->n; i++) {
		free(plan->v[i].before);
		free(plan->v[i].after);
	}
	free(plan->v);
	plan->v = NULL;
	plan->n = 0;
}

/* Hand-written values may be no UTF-8; JSON for others must be. */
static struct json_object *
shown(const char *value)
{
	char text[4200];

	if (value == NULL)
		return NULL;
	text_clean(text, sizeof(text), value, strlen(value));
	return json_object_new_string(text);
}

struct json_object *
param_plan_to_json(const struct param_plan *plan)
{
	struct json_object *list, *row;
	size_t i;

	if ((list = json_object_new_array()) == NULL)
		return NULL;
	for (i = 0; i < plan->n; i++) {
		if ((row = json_object_new_object()) == NULL ||
		    json_object_array_add(list, row) != 0) {
			json_object_put(row);
			json_object_put(list);
			return NULL;
		}
		json_object_object_add(
		    row, "parameter", json_object_new_string(plan->v[i].name));
		json_object_object_add(row, "before", shown(plan->v[i].before));
		json_object_object_add(row, "after", shown(plan->v[i].after));
	}
	return list;
}
