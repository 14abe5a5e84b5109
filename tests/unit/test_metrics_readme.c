/* The README's example is built as it stands there, and prints what the README says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fault.h"
#include "metrics_readme.h"

static char *printed(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    print_scrape(out);
    fclose(out);
    return text;
}

static void example_prints_what_the_readme_says(void **state)
{
    (void)state;
    char *text = printed();
    assert_string_equal(text, readme_output);
    free(text);
}

static bool print_somewhere(void *argument)
{
    (void)argument;
    free(printed());
    return true;
}

static void example_survives_every_failing_allocation(void **state)
{
    (void)state;
    fault_sweep(print_somewhere, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(example_prints_what_the_readme_says),
        cmocka_unit_test(example_survives_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
