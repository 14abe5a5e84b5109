/* Drills from literals, and a score that is told what happens second by second. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "drill/score.h"

#define SEC 1000000000ll

/* JSON with apostrophes for quotation marks. */
json_t *json_of(const char *text);

/* Makes jansson allocate where fault_arm() can make it fail. */
void json_can_fail(void);

/* A drill that must be fine. */
void drill_of(struct drill *drill, const char *text);

/* Tells the score what there is after so many seconds: "TasksStuck", one after the other with blanks between;
 * "~" before it: pending; "TasksStuck/pattern=recv": with a label. */
void see(struct score *score, int64_t seconds, const char *alerts);

/* The same list for those who take alerts, which they borrow; returns how many. */
#define ALERTS_MAX 8
struct alert_set {
    char text[512];
    struct alert alerts[ALERTS_MAX];
    struct label labels[ALERTS_MAX];
};
size_t alerts_of(struct alert_set *set, const char *list);

/* The outcome of the row with this name, in words. */
const char *outcome_of(const struct score *score, const char *name);
