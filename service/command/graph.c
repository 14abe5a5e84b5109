/* leaklab graph: a mode as a picture, for dot(1), with what a look at it finds before it runs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/macros.h"
#include "base/suggest.h"
#include "command/command.h"
#include "command/options.h"
#include "command/source.h"
#include "judge/preview.h"
#include "language/graph.h"

/* A program of the largest size: a thousand steps, each with a dozen arrows. */
#define GRAPH_BYTES (8 * 1024 * 1024)

enum graph_option { VARIANT, FOLDER, GRAPH_OPTIONS };

static const struct option_spec specs[GRAPH_OPTIONS] = {
    [VARIANT] = {"variant", "VARIANT", NULL, "read a FILE and draw this variant of it: leak, fix, decoy"},
    [FOLDER] = SOURCE_PATTERNS_FLAG,
};

static const struct options options = {"leaklab graph", specs, GRAPH_OPTIONS, NULL};

/* What is found with the defaults, as marks; those of a whole task stand at its first step. Returns how many.
 */
static size_t marks_of(const struct findings *findings, struct graph_mark marks[LIMIT_FINDINGS])
{
    size_t count = 0;
    for (uint32_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        enum finding_kind kind = finding->kind;
        if (finding->setting[0] != '\0')
            continue;
        marks[count++] = (struct graph_mark){
            .step = finding->step,
            .task = kind == FINDING_TICKER || kind == FINDING_SCOPE || kind == FINDING_OPEN ||
                    kind == FINDING_TICKERS_LEFT,
            .late = kind == FINDING_LEFT,
            .text = finding_drawn(kind),
        };
    }
    return count;
}

static enum err draw(const struct pattern *pattern, enum variant variant, struct buf *graph)
{
    struct preview *preview = NULL;
    struct graph_mark *marks = calloc(LIMIT_FINDINGS, sizeof *marks);
    enum err err = marks == NULL ? ERR_MEMORY : preview_new(pattern, variant, &preview);
    if (err == ERR_OK)
        err = program_graph(preview->program, marks, marks_of(&preview->findings, marks), graph);
    preview_free(preview);
    free(marks);
    return err;
}

static enum exit_code print_graph(const struct pattern *pattern, enum variant variant)
{
    struct buf graph;
    buf_init(&graph, GRAPH_BYTES);
    enum err err = draw(pattern, variant, &graph);
    if (err == ERR_OK)
        fputs(buf_text(&graph), stdout);
    else
        fprintf(stderr, "leaklab graph: %s\n", err_text(err));
    buf_deinit(&graph);
    return err == ERR_OK ? EXIT_OK : EXIT_FAILED;
}

static enum exit_code graph_mode(const char *text, const char *folder)
{
    struct catalogue catalogue;
    struct mode mode;
    struct buf why;
    catalogue_init(&catalogue);
    buf_init(&why, LIMIT_PATTERN_BYTES);
    enum exit_code code = source_catalogue("leaklab graph", folder, &catalogue);
    if (code == EXIT_OK) {
        enum err err = catalogue_find_mode(&catalogue, text, &mode, &why);
        bool path = strpbrk(text, "./") != NULL || strcmp(text, "-") == 0;
        if (err == ERR_OK && mode.variant == VARIANT_MIX) {
            fprintf(stderr, "leaklab graph: \"%s\" runs leak-%s and fix-%s: draw one of them\n", text,
                    mode.pattern->name, mode.pattern->name);
            code = EXIT_USAGE;
        } else if (err == ERR_OK) {
            code = print_graph(mode.pattern, mode.variant);
        } else {
            fprintf(stderr, "leaklab graph: %s%s\n", why.size > 0 ? why.data : err_text(err),
                    path ? "; a file needs --variant" : "");
            code = err == ERR_UNKNOWN ? EXIT_USAGE : EXIT_FAILED;
        }
    }
    buf_deinit(&why);
    catalogue_deinit(&catalogue);
    return code;
}

static enum exit_code graph_variant(const char *path, const struct pattern *pattern, enum variant variant)
{
    if (pattern->variants[variant].program != NULL)
        return print_graph(pattern, variant);
    fprintf(stderr, "leaklab graph: %s: the pattern has no \"%s\"\n", source_name(path),
            variant_word(variant));
    return EXIT_USAGE;
}

static enum exit_code graph_file(const char *path, const char *word)
{
    struct pattern *pattern = NULL;
    struct buf why;
    const char *words[VARIANTS];
    enum variant variant = VARIANTS;
    buf_init(&why, GRAPH_BYTES);
    for (enum variant which = 0; which < VARIANTS; which++) {
        words[which] = variant_word(which);
        if (strcmp(words[which], word) == 0)
            variant = which;
    }
    enum exit_code code = EXIT_USAGE;
    if (variant == VARIANTS) {
        suggest_append(&why, word, words, VARIANTS);
        fprintf(stderr, "leaklab graph: unknown variant \"%s\": %s\n", word, buf_text(&why));
    } else {
        enum err err = source_compile(path, &why, &pattern);
        if (err == ERR_OK)
            code = graph_variant(path, pattern, variant);
        else
            fprintf(stderr, "%s%s", err == ERR_SYNTAX ? "" : "leaklab graph: ", buf_text(&why));
        code = err == ERR_SYNTAX ? EXIT_FAILED : code;
    }
    pattern_free(pattern);
    buf_deinit(&why);
    return code;
}

static int print_help(void)
{
    puts(
        "usage: leaklab graph MODE\n"
        "       leaklab graph --variant VARIANT FILE\n\n"
        "Writes a picture of one variant for Graphviz: leaklab graph leak-recv | dot -Tsvg > "
        "leak-recv.svg\n\n"
        "It shows the tasks and their steps, who spawns whom, who sends, receives and waits, and who is "
        "told. "
        "What is\n"
        "missing is dashed, and red where the step has no other way on: \"nobody sends or closes\", \"no way "
        "out\". Red\n"
        "too is what 'leaklab check' finds: \"nobody receives any more\". - is standard input.\n");
    options_print_help(&options);
    return EXIT_OK;
}

int command_graph(int argc, char **argv)
{
    struct operands operands = {.max = 1};
    const char *values[OPTIONS_MAX];
    enum option_source sources[OPTIONS_MAX];
    bool help;
    if (!options_parse_operands(&options, argc, argv, values, sources, &help, &operands))
        return EXIT_USAGE;
    if (help)
        return print_help();
    if (operands.count == 0) {
        fputs("leaklab graph: which mode? see 'leaklab graph --help'\n", stderr);
        return EXIT_USAGE;
    }
    if (values[VARIANT] != NULL)
        return graph_file(operands.items[0], values[VARIANT]);
    return graph_mode(operands.items[0], values[FOLDER]);
}
