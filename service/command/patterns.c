/* leaklab patterns: the catalogue as a table, or one pattern as a page. */
#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "base/suggest.h"
#include "base/utf8.h"
#include "command/command.h"
#include "command/options.h"
#include "command/printed.h"
#include "command/source.h"
#include "lab/describe.h"
#include "lab/machine.h"

#define PAGE_BYTES   (1024 * 1024)
#define TEXT_COLUMNS 100 /* where a story is wrapped */

enum patterns_option { JSON, FOLDER, PATTERNS_OPTIONS };

static const struct option_spec specs[PATTERNS_OPTIONS] = {
    [JSON] = {"json", NULL, NULL, "print what GET /patterns and GET /patterns/NAME answer"},
    [FOLDER] = SOURCE_PATTERNS_FLAG,
};

static const struct options options = {"leaklab patterns", specs, PATTERNS_OPTIONS, NULL};

/* ---- columns ---- */

static void put_column(struct buf *page, const char *text, size_t width)
{
    size_t shown = utf8_count(text, strlen(text));
    buf_puts(page, text);
    for (; shown < width + 2; shown++)
        buf_putc(page, ' ');
}

static size_t wider(size_t width, const char *text)
{
    size_t own = utf8_count(text, strlen(text));
    return own > width ? own : width;
}

static void put_list(struct buf *page, const struct catalogue *catalogue)
{
    size_t name = strlen("pattern"), title = strlen("title");
    for (size_t i = 0; i < catalogue->count; i++) {
        name = wider(name, catalogue->patterns[i]->name);
        title = wider(title, catalogue->patterns[i]->title);
    }
    put_column(page, "pattern", name);
    put_column(page, "title", title);
    buf_puts(page, "modes\n");
    for (size_t i = 0; i < catalogue->count; i++) {
        put_column(page, catalogue->patterns[i]->name, name);
        put_column(page, catalogue->patterns[i]->title, title);
        source_modes(page, catalogue->patterns[i]);
        buf_putc(page, '\n');
    }
}

/* ---- one pattern ---- */

/* A headline, and the text below it, two columns in and wrapped at spaces. */
static void put_text(struct buf *page, const char *headline, const char *text)
{
    size_t column = TEXT_COLUMNS;
    buf_printf(page, "\n%s", headline);
    while (*(text += strspn(text, " \n")) != '\0') {
        size_t size = strcspn(text, " \n"), width = utf8_count(text, size);
        bool fits = column + 1 + width <= TEXT_COLUMNS;
        buf_puts(page, fits ? " " : "\n  ");
        buf_append(page, text, size);
        column = fits ? column + 1 + width : 2 + width;
        text += size;
    }
    buf_putc(page, '\n');
}

static void put_bounds(struct buf *page, const struct param *param)
{
    char min[PARAM_TEXT], max[PARAM_TEXT];
    if (param->type != PARAM_CHOICE) {
        buf_printf(page, "(%s to %s)\n", param_format(param, param->min, min),
                   param_format(param, param->max, max));
        return;
    }
    for (uint16_t i = 0; i < param->choice_count; i++)
        buf_printf(page, "%s%s", i == 0 ? "(" : ", ", param->choices[i]);
    buf_puts(page, ")\n");
}

static void put_params(struct buf *page, const struct pattern *pattern)
{
    size_t name = 0, fallback = 0, unit = 0;
    for (uint16_t i = 0; i < pattern->param_count; i++) {
        const struct param *param = &pattern->params[i];
        name = wider(name, param->name);
        fallback = wider(fallback, param->default_text);
        unit = wider(unit, param->unit);
    }
    buf_puts(page, pattern->param_count == 0 ? "" : "\nparameters, with their defaults\n");
    for (uint16_t i = 0; i < pattern->param_count; i++) {
        const struct param *param = &pattern->params[i];
        buf_puts(page, "  ");
        put_column(page, param->name, name);
        put_column(page, param->default_text, fallback);
        if (unit > 0)
            put_column(page, param->unit, unit);
        buf_printf(page, "%s ", param->about);
        put_bounds(page, param);
    }
}

static void put_expect(struct buf *page, const struct pattern *pattern)
{
    buf_puts(page, "\nwhat one start leaks once its owner has left\n");
    for (enum variant which = 0; which < VARIANTS; which++) {
        char mode[MODE_TEXT];
        if (pattern->variants[which].program == NULL)
            continue;
        buf_printf(page, "  %s:", mode_format((struct mode){pattern, which}, mode));
        for (enum expect expect = 0, first = EXPECTS; expect < EXPECTS; expect++) {
            const char *text = pattern->variants[which].expect_texts[expect];
            if (text == NULL)
                continue;
            buf_printf(page, "%s %s %s", first == EXPECTS ? "" : ",", text, expect_word(expect));
            first = expect;
        }
        buf_putc(page, '\n');
    }
}

static void put_source(struct buf *page, const struct pattern *pattern)
{
    unsigned number = 1;
    buf_printf(page, "\n%s\n", pattern->file);
    for (const char *line = pattern->source; *line != '\0'; number++) {
        size_t size = strcspn(line, "\n");
        buf_printf(page, "%5u%s", number, size == 0 ? "" : "  ");
        buf_append(page, line, size);
        buf_putc(page, '\n');
        line += size + (line[size] == '\n');
    }
}

static void put_pattern(struct buf *page, const struct pattern *pattern)
{
    buf_printf(page, "%s: %s\n", pattern->name, pattern->title);
    buf_puts(page, "modes: ");
    source_modes(page, pattern);
    buf_putc(page, '\n');
    put_text(page, "how it happens", pattern->story);
    put_text(page, "what to do about it", pattern->remedy);
    if (pattern->signature[0] != '\0')
        put_text(page, "what it looks like on a graph", pattern->signature);
    put_params(page, pattern);
    put_expect(page, pattern);
    put_source(page, pattern);
}

/* ---- the command ---- */

static enum exit_code print_page(const struct buf *page)
{
    if (page->err == ERR_OK) {
        fputs(buf_text(page), stdout);
        return EXIT_OK;
    }
    fprintf(stderr, "leaklab patterns: %s\n", err_text(page->err));
    return EXIT_FAILED;
}

static enum exit_code print_json(const struct catalogue *catalogue, const struct pattern *pattern)
{
    struct machine machine;
    machine_read(&machine);
    struct machine_limits limits = machine_defaults(&machine);
    struct spec_context context = {catalogue, limits.max_tasks, limits.max_heap_bytes, 0};
    json_t *json = pattern == NULL ? describe_patterns(&context) : describe_pattern(pattern, true);
    return printed_json("leaklab patterns", json, JSON_REAL_PRECISION(15));
}

static enum exit_code unknown_pattern(const struct catalogue *catalogue, const char *name)
{
    const char **names = calloc(catalogue->count + 1, sizeof *names);
    struct buf hint;
    buf_init(&hint, PAGE_BYTES);
    for (size_t i = 0; names != NULL && i < catalogue->count; i++)
        names[i] = catalogue->patterns[i]->name;
    if (names != NULL)
        suggest_append(&hint, name, names, catalogue->count);
    fprintf(stderr, "leaklab patterns: unknown pattern \"%s\": %s\n", name, buf_text(&hint));
    buf_deinit(&hint);
    free(names);
    return EXIT_USAGE;
}

static enum exit_code show(const struct catalogue *catalogue, const char *name, bool json)
{
    const struct pattern *pattern = name == NULL ? NULL : catalogue_find(catalogue, name);
    struct buf page;
    if (name != NULL && pattern == NULL)
        return unknown_pattern(catalogue, name);
    if (json)
        return print_json(catalogue, pattern);
    buf_init(&page, PAGE_BYTES);
    if (pattern == NULL)
        put_list(&page, catalogue);
    else
        put_pattern(&page, pattern);
    enum exit_code code = print_page(&page);
    buf_deinit(&page);
    return code;
}

static int print_help(void)
{
    puts("usage: leaklab patterns [flags] [NAME]\n\n"
         "Lists the patterns that are there. With a name it shows one: how it happens, what to do about "
         "it, "
         "what it\n"
         "looks like on a graph, its parameters, and its source.\n");
    options_print_help(&options);
    return EXIT_OK;
}

int command_patterns(int argc, char **argv)
{
    struct operands names = {.max = 1};
    const char *values[OPTIONS_MAX];
    enum option_source sources[OPTIONS_MAX];
    struct catalogue catalogue;
    bool help;
    if (!options_parse_operands(&options, argc, argv, values, sources, &help, &names))
        return EXIT_USAGE;
    if (help)
        return print_help();
    catalogue_init(&catalogue);
    enum exit_code code = source_catalogue("leaklab patterns", values[FOLDER], &catalogue);
    if (code == EXIT_OK)
        code = show(&catalogue, names.count == 0 ? NULL : names.items[0], values[JSON] != NULL);
    catalogue_deinit(&catalogue);
    return code;
}
