/*
 * check_outbound.h - checks of settings: the level of outbound mail, and what
 * it needs.
 */
#ifndef POSTSEAL_CHECK_OUTBOUND_H
#define POSTSEAL_CHECK_OUTBOUND_H

#include "setting_checks.h"

SETTING_CHECK(out_no_effect);
SETTING_CHECK(out_wrappermode);
SETTING_CHECK(out_internet);
SETTING_CHECK(dane);

#endif
