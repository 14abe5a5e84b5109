#include "kernel_fixture.h"

#include <stdio.h>
#include <stdlib.h>

EMBEDDED_FILES(embedded_kernels);

#define LINGER_NS   (50 * MS)
#define LONGEST_NS  (7200000 * MS) /* more than the longest that anybody sleeps */
#define SMALL_COUNT 10             /* what larger defaults are cut down to */

static bool stays(uint64_t seed)
{
    return seed % 2 == 1;
}

void kernel_given(struct stage *stage, const struct mode *mode, uint64_t seed)
{
    const struct pattern *pattern = mode->pattern;
    int64_t linger_ns = stays(seed) ? LINGER_OPEN_NS : LINGER_NS;
    *stage = (struct stage){.host = stage, .program = pattern->variants[mode->variant].program};
    for (uint16_t i = 0; i < pattern->param_count; i++) {
        int64_t value = param_default(pattern, i, stage->params, linger_ns);
        bool cut = pattern->params[i].type == PARAM_COUNT && value > SMALL_COUNT;
        stage->params[i] = cut ? SMALL_COUNT : value;
    }
    struct stage_spec spec = {.linger_ns = stays(seed) ? 0 : LINGER_NS, .holds_bytes = 64, .seed = seed};
    assert_int_equal(stage_set(stage, spec), ERR_OK);
}

/* Some of those who stay are cancelled in the midst of it, and so some looks come after that. */
void kernel_pass(struct stage *stage, uint64_t seed, int look)
{
    static const int64_t apart_ns[KERNEL_LOOKS] = {0, 1 * MS, 3 * MS, 6 * MS};
    stage_pass(stage, apart_ns[look]);
    if (stays(seed) && (int)(seed / 2 % (KERNEL_LOOKS + 1)) == look)
        stage_cancel(stage);
}

void kernel_end(struct stage *stage, uint64_t seed)
{
    if (!stays(seed))
        stage_pass(stage, LONGEST_NS);
    stage_cancel(stage);
    stage_pass(stage, LONGEST_NS);
    assert_int_equal(stage_in(stage, TASK_LINGER), 0);
    assert_int_equal(stage_in(stage, TASK_READY), 0);
    assert_int_equal(stage->runtime->wheel.armed, 0);
    assert_int_equal(stage_ended(stage, END_PANICKED), 0);
}

/* One test: of a mode, and with a name of its own. */
struct listed {
    struct mode mode;
    char name[MODE_TEXT + 80];
};

static bool load(struct catalogue *catalogue, const struct embedded_file *file)
{
    struct messages messages;
    struct pattern *pattern = NULL;
    struct buf why;
    buf_init(&why, 65536);
    messages_init(&messages);
    enum err err = pattern_compile(file->name, file->text, file->size, &messages, &pattern);
    if (err == ERR_OK)
        err = catalogue_add(catalogue, pattern);
    if (err != ERR_OK) {
        messages_print(&messages, file->name, &why);
        fprintf(stderr, "%s: %s\n%s", file->name, err_text(err), buf_text(&why));
        pattern_free(pattern);
    }
    messages_deinit(&messages);
    buf_deinit(&why);
    return err == ERR_OK;
}

static size_t list_mode(struct mode mode, const struct kernel_case *cases, size_t case_count,
                        struct listed *listed, struct CMUnitTest *tests)
{
    char text[MODE_TEXT];
    mode_format(mode, text);
    for (size_t i = 0; i < case_count; i++) {
        listed[i].mode = mode;
        snprintf(listed[i].name, sizeof listed[i].name, "%s: %s", text, cases[i].name);
        tests[i] = (struct CMUnitTest){
            .name = listed[i].name, .test_func = cases[i].function, .initial_state = &listed[i].mode};
    }
    return case_count;
}

static int run_all(const struct catalogue *catalogue, const char *group, const struct kernel_case *cases,
                   size_t case_count)
{
    size_t most = catalogue->count * VARIANTS * case_count;
    struct listed *listed = calloc(most, sizeof *listed);
    struct CMUnitTest *tests = calloc(most, sizeof *tests);
    size_t count = 0;
    for (size_t i = 0; listed != NULL && tests != NULL && i < catalogue->count; i++)
        for (enum variant which = 0; which < VARIANTS; which++)
            if (catalogue->patterns[i]->variants[which].program != NULL)
                count += list_mode((struct mode){catalogue->patterns[i], which}, cases, case_count,
                                   listed + count, tests + count);
    int failed = count == 0 ? 1 : _cmocka_run_group_tests(group, tests, count, NULL, NULL);
    free(tests);
    free(listed);
    return failed;
}

int kernels_run(const char *group, const struct kernel_case *cases, size_t case_count)
{
    struct catalogue catalogue;
    bool loaded = embedded_kernels_count > 0;
    catalogue_init(&catalogue);
    for (size_t i = 0; i < embedded_kernels_count; i++)
        loaded = load(&catalogue, &embedded_kernels[i]) && loaded;
    int failed = loaded ? run_all(&catalogue, group, cases, case_count) : 1;
    catalogue_deinit(&catalogue);
    return failed;
}
