/* A profile for people and for their programs: its groups as text and as JSON, leaked ones first, most tasks
 * first, each with who its tasks belong to, how they came about, and the sentence that says why they do not
 * go on. For any thread. */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "base/buf.h"
#include "judge/profile.h"

#define TASKS_SCENARIOS 10 /* named of a group */
#define TASKS_ROWS      20 /* groups shown unless more are asked for */
#define TASKS_MOST_ROWS 1000

/* What is to be shown. */
struct tasks_report {
    const struct profile *profile; /* finished */
    const char *token;             /* of this moment, for a later `since` */
    const char *since;             /* the token after which tasks came to their steps; "": any */
    uint32_t rows;                 /* groups at most */
    bool judged;                   /* the judge had looked at all of them */
};

/* Appends text. ERR_MEMORY, ERR_LIMIT. */
enum err tasks_write_text(const struct tasks_report *report, struct buf *out);

/* The same as JSON, as openapi.json describes it. The caller owns it; NULL: no memory. */
json_t *tasks_json(const struct tasks_report *report);

/* A group, and what its samples say of it. */
struct tasks_row {
    const struct profile_group *group;
    const struct profile_place *place;
    uint64_t states[TASK_STATES];
    enum task_state state;               /* that of most of them */
    uint32_t scenarios[TASKS_SCENARIOS]; /* those with most of them first */
    uint32_t scenario_count;             /* all */
    uint32_t origin;                     /* how most of them came about */
    uint32_t origin_count;               /* ways in which they did */
};

/* Works rows out, one after the other. */
struct tasks_rows {
    const struct profile *profile;
    uint64_t *by_origin; /* tasks of the row */
    uint32_t *seen;      /* by scenario: number of the row that has it */
    uint32_t row;
};

/* ERR_MEMORY: nothing to deinitialise. */
enum err tasks_rows_init(struct tasks_rows *rows, const struct profile *profile);
void tasks_rows_deinit(struct tasks_rows *rows);

/* The row of a group, which is valid as long as the profile. */
void tasks_row(struct tasks_rows *rows, uint32_t group, struct tasks_row *row);

/* Appends the sentence about a row's tasks: how many wait where, what would have let them go on, and where
 * they were spawned. Nothing for live ones. */
void tasks_sentence(const struct profile *profile, const struct tasks_row *row, struct buf *out);

/* All tasks of a verdict, those that no group has room for included. */
uint64_t tasks_with(const struct profile *profile, enum verdict verdict);

/* Appends a number with a comma before each three digits: "2,000". */
void tasks_number(uint64_t number, struct buf *out);
