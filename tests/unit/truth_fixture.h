/* What the tests of the judge's truth share: a random or given program on a stage, and both opinions on it.
 * One play at a time. */
#pragma once

#include "base/rng.h"
#include "explore.h"
#include "grow.h"
#include "judge/judge.h"
#include "stage.h"

#if defined(__SANITIZE_ADDRESS__)
#define TRUTH_STATES 2000 /* that are tried of one moment */
#else
#define TRUTH_STATES 10000
#endif
#define TRUTH_TEXT 8000 /* bytes of a program */
#define TRUTH_ACTS 4

/* What children tell their parent, even when they die. */
struct progress {
    uint64_t seed;
    bool compiled;
    uint64_t looks, too_big; /* moments looked at, and those of which too much may come to try all of it */
    uint64_t rests;          /* moments at rest */
    uint64_t stuck, found;   /* tasks that move in no schedule, and those of them that were called stuck */
    uint64_t missed;         /* at rest */
    uint64_t endless, told;  /* at rest: tasks that move and never end, and those that were called endless */
    uint64_t states;
    uint64_t steps, perhaps; /* operations carried out, and those of which too much may have come */
};

struct trial {
    struct grown grown;
    const char *text;    /* NULL: the grown one */
    bool whole;          /* judged within one slice alone; otherwise now and then in several */
    bool beyond;         /* the judge is known not to see who is stuck */
    uint64_t first_seed; /* of a batch */
    uint64_t seeds;
    void (*play)(const struct trial *trial);
    struct progress *progress;
};

struct truth {
    struct stage stage;
    struct model model;
};

/* The one on which plays are played. */
struct truth *truth(void);

void truth_grow(struct grown *grown, uint64_t seed);

/* The trial's program on the stage, started, and not run yet. */
void truth_given(const struct trial *trial, struct rng *rng);

/* The start that is alive; NULL: it is over. */
struct start *truth_start(void);

/* Some rounds, with time passing now and then. */
void truth_rounds(struct rng *rng);

/* A limit was hit, and the model knows of none: it would foresee spawns that are refused. */
bool truth_capped(void);

/* Plays a program, looks at it now and then and at last at rest, and fails when a verdict is not true. */
void truth_play(const struct trial *trial);
