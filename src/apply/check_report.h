/*
 * check_report.h - check of settings: who still talks plaintext.
 */
#ifndef POSTSEAL_CHECK_REPORT_H
#define POSTSEAL_CHECK_REPORT_H

#include "setting_checks.h"

SETTING_CHECK(cuts_off);

#endif
