/*
 * test_each_setting.c - each setting alone: it makes a difference to Postfix,
 * and what it changed is given back when it is no longer managed: the value
 * that was there before, or that there was none.
 */
#include "../../../src/postfix/postfix_int.h"
#include "../each_setting.h"
#include "../suite.h"
#include "jsonx.h"
#include "access_map.h"
#include "../../../src/postfix/param_row.h"
#include "settings_table.h"

#define CHAIN "/s/generations/gen-7/inbound.pem"
#define MAP   "/s/generations/gen-7/access.cidr"
#define TEXT  JSON_C_TO_STRING_PLAIN

/* Of the console itself: not told to Postfix. */
static const char *const not_postfix[] = {
    "all_scanners", /* who gets the settings */
    NULL};

static struct postfix_info *
info_new(void)
{
	struct postfix_info *info = calloc(1, sizeof(*info));

	ck_assert_ptr_nonnull(info);
	info->version = 31000;
	strcpy(info->inbound.service, "smtp");
	strcpy(info->inbound.process_limit, "-");
	return info;
}

static struct json_object *
wanted(const struct settings *s, struct json_object *current,
    struct json_object *originals)
{
	struct postfix_info *info = info_new();
	struct json_object *o = NULL;
	struct params_context c = {.settings = s,
	    .info = info,
	    .chain_file = CHAIN,
	    .access_file = MAP,
	    .ccert_file = "/s/generations/gen-7/ccerts",
	    .current = current,
	    .originals = originals,
	    /* a level of somebody else's would stay */
	    .owned = param_bit(OUT_LEVEL)};
	struct err err;

	ck_assert_msg(params_wanted(&c, &o, &err) == 0, "%s", err.msg);
	free(info);
	return o;
}

/* The maps of the generation, which hold what no parameter does. */
static struct json_object *
map_of(const struct settings *s)
{
	struct json_object *o;
	struct buf b;

	buf_init(&b, 1 << 20);
	ck_assert_int_eq(access_map_text(s, 7, &b, NULL), 0);
	if (s->ccert_relay != NULL)
		(void)buf_adds(&b, s->ccert_relay);
	o = json_object_new_string(b.data == NULL ? "" : b.data);
	buf_clear(&b);
	return o;
}

/* All others as they are, this one from one value to the other. */
START_TEST(makes_a_difference)
{
	const struct settings_field *f = &settings_fields[_i];
	struct json_object *o[2], *map[2];
	struct settings s;
	bool differ;
	int k;

	for (k = 0; k < 2; k++) {
		each_all(&s, EACH_A);
		each_set(&s, f, k);
		o[k] = wanted(&s, NULL, NULL);
		map[k] = map_of(&s);
		settings_clear(&s);
	}
	differ = !json_object_equal(o[0], o[1]) ||
		 !json_object_equal(map[0], map[1]);
	ck_assert_msg(differ == !each_listed(f, not_postfix), "%s: %s", f->form,
	    json_object_to_json_string_ext(o[1], TEXT));
	for (k = 0; k < 2; k++) {
		json_object_put(o[k]);
		json_object_put(map[k]);
	}
}
END_TEST

/* Postfix as it is after the plan. */
static void
apply(struct json_object *current, struct json_object *want)
{
	struct param_plan plan = {NULL, 0};
	struct err err;
	size_t i;

	ck_assert_int_eq(params_plan(current, want, &plan, &err), 0);
	for (i = 0; i < plan.n; i++) {
		ck_assert_int_eq(plan.v[i].before != NULL,
		    jsonx_member(current, plan.v[i].name) != NULL);
		if (plan.v[i].after == NULL)
			json_object_object_del(current, plan.v[i].name);
		else
			json_object_object_add(current, plan.v[i].name,
			    json_object_new_string(plan.v[i].after));
	}
	param_plan_clear(&plan);
}

static struct json_object *
originals_of(const struct settings *s, struct json_object *current,
    struct json_object *want, struct json_object *known)
{
	struct postfix_info *info = info_new();
	struct params_context c = {.settings = s,
	    .info = info,
	    .access_file = MAP,
	    .ccert_file = "/s/generations/gen-7/ccerts",
	    .current = current,
	    .originals = known};
	struct json_object *o = params_originals(&c, want);

	free(info);
	return o;
}

/* Postfix before the console came: every managed parameter as somebody wrote
 * it, or none of them; a column of master.cf is always there. */
static struct json_object *
before(bool by_hand)
{
	struct json_object *o = json_object_new_object();
	size_t i;

	for (i = 0; i < n_params; i++)
		if (by_hand && params[i].replaced_by == NULL)
			json_object_object_add(o, params[i].name,
			    json_object_new_string("by-hand"));
	json_object_object_add(
	    o, PARAM_SERVICE, json_object_new_string("127.0.0.1:10025"));
	json_object_object_add(o, PARAM_LIMIT, json_object_new_string("7"));
	return o;
}

static void
save(const struct settings *s, struct json_object *now,
    struct json_object **originals)
{
	struct json_object *want = wanted(s, now, *originals), *next;

	next = originals_of(s, now, want, *originals);
	apply(now, want);
	json_object_put(want);
	json_object_put(*originals);
	*originals = next;
}

static void
gives_back(const struct settings_field *f, bool by_hand)
{
	struct json_object *now = before(by_hand), *was, *originals = NULL;
	struct settings s;
	int k;

	/* What the other settings ask for, this one unmanaged. */
	settings_default(&s);
	s.outbound_enabled = true; /* or no level of it says anything */
	save(&s, now, &originals);
	ck_assert_int_eq(json_object_object_length(originals), 0);
	was = NULL;
	json_object_deep_copy(now, &was, NULL);
	/* Set, and set again: what there was at first is not forgotten. */
	for (k = 0; k < EACH_VALUES; k++) {
		each_set(&s, f, k);
		save(&s, now, &originals);
		/* "may" is what outbound TLS comes to without a level. */
		ck_assert_msg(!json_object_equal(now, was) ||
				  (f->id == SETTING_outbound_level && k == 0),
		    "%s", f->form);
	}
	each_unset(&s, f);
	save(&s, now, &originals);
	ck_assert_msg(json_object_equal(now, was), "%s: %s", f->form,
	    json_object_to_json_string_ext(now, TEXT));
	ck_assert_int_eq(json_object_object_length(originals), 0);
	json_object_put(now);
	json_object_put(was);
	json_object_put(originals);
	settings_clear(&s);
}

START_TEST(is_given_back)
{
	const struct settings_field *f = &settings_fields[_i];

	if (!each_may_be_unset(f))
		return;
	gives_back(f, true);
	gives_back(f, false);
}
END_TEST

/* Not when somebody changed it meanwhile. */
START_TEST(is_left_as_changed)
{
	const struct settings_field *f = &settings_fields[_i];
	struct json_object *now = before(true), *was = NULL, *is = NULL;
	struct json_object *originals = NULL;
	struct settings s;

	if (!each_may_be_unset(f))
		goto out;
	settings_default(&s);
	save(&s, now, &originals);
	json_object_deep_copy(now, &was, NULL);
	each_set(&s, f, EACH_A);
	save(&s, now, &originals);
	json_object_object_foreach (was, name, v)
		if (!json_object_equal(v, jsonx_member(now, name)))
			json_object_object_add(
			    now, name, json_object_new_string("changed"));
	json_object_deep_copy(now, &is, NULL);
	each_unset(&s, f);
	save(&s, now, &originals);
	ck_assert_msg(json_object_equal(now, is), "%s: %s", f->form,
	    json_object_to_json_string_ext(now, TEXT));
	settings_clear(&s);
out:
	json_object_put(now);
	json_object_put(was);
	json_object_put(is);
	json_object_put(originals);
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("each_setting");
	int n = each_count();

	tcase_add_loop_test(t, makes_a_difference, 0, n);
	tcase_add_loop_test(t, is_given_back, 0, n);
	tcase_add_loop_test(t, is_left_as_changed, 0, n);
	return suite_run("each_setting", t) == 0 ? 0 : 1;
}
