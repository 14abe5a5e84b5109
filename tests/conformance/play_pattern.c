/* play_pattern RUNS: reads share and tasks of a pattern (what stands between its head and its `expect`, under
 * `fix`) from standard input, runs it with the seeds 1 to RUNS on virtual time until nothing moves, and
 * prints each outcome that there was as `COUNT<tab>OUTCOME`.
 *
 * An outcome is what was seen: `x=3` when three messages stand in a shared channel called `saw-x`,
 * `blocked-x=2` when two tasks of kind x are left over (the owner does not count), `panicked=1`; in order of
 * the alphabet. tests/conformance/go/main.go says the same of a Go program, and compares. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stage.h"

#define TEXT_MOST     8000
#define OUTCOMES_MOST 64
#define OUTCOME_BYTES 512
#define SAW           "saw-"
#define PASS_NS       (1000 * MS) /* all sleeps of a program together are shorter */

struct outcome {
    char text[OUTCOME_BYTES];
    unsigned count;
};

struct items {
    char texts[LIMIT_THINGS + LIMIT_TASK_KINDS + 1][LIMIT_NAME + 32];
    size_t count;
};

static void add_item(struct items *items, const char *before, const char *name, uint64_t number)
{
    if (number == 0)
        return;
    snprintf(items->texts[items->count++], sizeof items->texts[0], "%s%s=%llu", before, name,
             (unsigned long long)number);
}

static void add_channels(struct items *items, const struct stage *stage, const struct start *start)
{
    const struct layout *layout = &stage->program->layouts[0];
    for (uint16_t i = 0; i < layout->count; i++) {
        const struct thing_spec *thing = &layout->things[i];
        if (thing->kind != THING_CHANNEL || strncmp(thing->name, SAW, strlen(SAW)) != 0)
            continue;
        const struct channel *channel = (const void *)((const char *)start + thing->offset);
        add_item(items, "", thing->name + strlen(SAW), channel->length);
    }
}

static void add_blocked(struct items *items, const struct stage *stage, const struct start *start)
{
    struct link *link;
    uint64_t live[LIMIT_TASK_KINDS] = {0};
    list_each (link, &start->tasks)
        live[container_of(link, struct task, link)->kind]++;
    for (uint16_t kind = 1; kind < stage->program->kind_count; kind++)
        add_item(items, "blocked-", stage->program->kinds[kind].name, live[kind]);
}

static int compare_texts(const void *left, const void *right)
{
    return strcmp(left, right);
}

/* The owner lingers, and so there is still a start to look at. */
static void tell_outcome(const struct stage *stage, char text[static OUTCOME_BYTES])
{
    static struct items items;
    const struct start *start = container_of(stage->workload->starts.next, struct start, link);
    size_t size = 0;
    items.count = 0;
    add_channels(&items, stage, start);
    add_blocked(&items, stage, start);
    add_item(&items, "", "panicked", stage->tally->census.ended[END_PANICKED]);
    qsort(items.texts, items.count, sizeof items.texts[0], compare_texts);
    text[0] = 0;
    for (size_t i = 0; i < items.count; i++)
        size +=
            (size_t)snprintf(text + size, OUTCOME_BYTES - size, "%s%s", i == 0 ? "" : " ", items.texts[i]);
    assert_true(size < OUTCOME_BYTES);
}

static void count_outcome(struct outcome outcomes[static OUTCOMES_MOST], const char *text)
{
    unsigned i = 0;
    while (i < OUTCOMES_MOST && outcomes[i].count > 0 && strcmp(outcomes[i].text, text) != 0)
        i++;
    assert_true(i < OUTCOMES_MOST);
    snprintf(outcomes[i].text, sizeof outcomes[i].text, "%s", text);
    outcomes[i].count++;
}

int main(int argc, char **argv)
{
    static struct stage stage;
    static struct outcome outcomes[OUTCOMES_MOST];
    char source[TEXT_MOST], text[OUTCOME_BYTES];
    uint64_t runs = argc == 2 ? strtoull(argv[1], NULL, 10) : 0;
    size_t size = fread(source, 1, sizeof source - 1, stdin);
    if (runs == 0 || size == 0) {
        fprintf(stderr, "usage: play_pattern RUNS <PATTERN\n");
        return 2;
    }
    source[size] = 0;
    stage_compile(&stage, source);
    for (uint64_t seed = 1; seed <= runs; seed++) {
        assert_int_equal(stage_set(&stage, (struct stage_spec){.seed = seed}), ERR_OK);
        stage_start(&stage);
        stage_pass(&stage, PASS_NS);
        tell_outcome(&stage, text);
        count_outcome(outcomes, text);
        stage_strike(&stage);
    }
    pattern_free(stage.pattern);
    for (unsigned i = 0; i < OUTCOMES_MOST && outcomes[i].count > 0; i++)
        printf("%u\t%s\n", outcomes[i].count, outcomes[i].text);
    return 0;
}
