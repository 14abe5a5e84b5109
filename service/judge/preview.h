/* Before anything runs: how does each task of a variant exit, and what keeps it? The variant is looked at as
 * a program (judge/exits.h, locks.h, release.h) and then run for a moment on a clock of its own
 * (judge/trial.h), with the defaults of its parameters and once more for each word that one of them may be;
 * counts above 100 are cut down. Any thread; nothing outside is touched. */
#pragma once

#include "judge/exits.h"
#include "judge/findings.h"
#include "judge/trial.h"
#include "language/pattern.h"

struct preview {
    const struct program *program;
    enum variant variant;
    int64_t expected[EXPECTS]; /* what one start leaves behind with the defaults, as the pattern states */
    struct exit exits[LIMIT_TASK_KINDS]; /* by kind of task, with the defaults */
    struct findings findings;
    struct trial trial; /* the worst of all settings */
};

/* Looks at a variant that the pattern has. `pattern` is borrowed. ERR_MEMORY: nothing to free. */
enum err preview_new(const struct pattern *pattern, enum variant variant, struct preview **preview);

/* Takes NULL. */
void preview_free(struct preview *preview);

/* The pattern itself says so: the number of `expect` that counts what the finding leaves behind is above 0;
 * or nothing counts it, and the variant is a leak. */
bool preview_declared(const struct preview *preview, const struct finding *finding);

/* It expects to leave something behind. */
bool preview_expects(const struct preview *preview);

/* How many findings are not declared. */
uint32_t preview_undeclared(const struct preview *preview);

/* The first finding that keeps tasks of a kind; NULL: none is known. */
const struct finding *preview_keeps(const struct preview *preview, uint16_t kind);
