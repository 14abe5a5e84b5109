#include "kernel_fixture.h"

#include <stdio.h>
#include <stdlib.h>

EMBEDDED_FILES(embedded_kernels);

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
