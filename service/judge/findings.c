#include "judge/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

static const struct {
    const char *word;
    const char *remedy;
    const char *drawn;
    enum expect counted;
} table[] = {
#define X(name, word, counted, drawn, remedy) {word, remedy, drawn, counted},
    FINDING_TABLE(X)
#undef X
};

const char *finding_word(enum finding_kind kind)
{
    CHECK(kind < FINDING_KINDS);
    return table[kind].word;
}

const char *finding_remedy(enum finding_kind kind)
{
    CHECK(kind < FINDING_KINDS);
    return table[kind].remedy;
}

const char *finding_drawn(enum finding_kind kind)
{
    CHECK(kind < FINDING_KINDS);
    return table[kind].drawn;
}

enum expect finding_expect(enum finding_kind kind)
{
    CHECK(kind < FINDING_KINDS);
    return table[kind].counted;
}

bool finding_stays(enum finding_kind kind)
{
    return finding_expect(kind) == EXPECT_TASKS;
}

enum err findings_init(struct findings *findings, const struct program *program)
{
    *findings = (struct findings){
        .program = program,
        .items = calloc(LIMIT_FINDINGS, sizeof *findings->items),
    };
    return findings->items == NULL ? ERR_MEMORY : ERR_OK;
}

void findings_deinit(struct findings *findings)
{
    free(findings->items);
    *findings = (struct findings){0};
}

static bool known(const struct findings *findings, const struct finding *finding)
{
    for (uint32_t i = 0; i < findings->count; i++) {
        const struct finding *other = &findings->items[i];
        if (other->kind == finding->kind && other->step == finding->step &&
            strcmp(other->text, finding->text) == 0)
            return true;
    }
    return false;
}

struct finding *findings_add(struct findings *findings, enum finding_kind kind, uint16_t step, bool trial,
                             const char *format, ...)
{
    const struct step *at = &findings->program->steps[step];
    struct finding finding = {
        .kind = kind, .step = step, .line = at->line, .column = at->column, .trial = trial};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(finding.text, sizeof finding.text, format, arguments);
    va_end(arguments);
    if (known(findings, &finding))
        return NULL;
    if (findings->count == LIMIT_FINDINGS) {
        findings->dropped++;
        return NULL;
    }
    memcpy(finding.setting, findings->setting, sizeof finding.setting);
    findings->items[findings->count] = finding;
    return &findings->items[findings->count++];
}

bool findings_explain(const struct findings *findings, uint16_t step)
{
    const struct step *steps = findings->program->steps;
    for (uint32_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        if (finding->step == step && finding_stays(finding->kind))
            return true;
        if (finding->kind == FINDING_NO_WAY_OUT && steps[finding->step].kind == steps[step].kind)
            return true;
    }
    return false;
}

static bool before(const struct finding *a, const struct finding *b)
{
    return a->line != b->line ? a->line < b->line : a->column < b->column;
}

void findings_sort(struct findings *findings)
{
    for (uint32_t i = 1; i < findings->count; i++) {
        struct finding moved = findings->items[i];
        uint32_t at = i;
        for (; at > 0 && before(&moved, &findings->items[at - 1]); at--)
            findings->items[at] = findings->items[at - 1];
        findings->items[at] = moved;
    }
}
