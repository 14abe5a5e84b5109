/* leaklab check: is this a pattern? Every mistake of every file at once, as compilers tell them. */
#include <stdint.h>
#include <stdio.h>

#include "base/check.h"
#include "base/limits.h"
#include "command/command.h"
#include "command/options.h"
#include "command/source.h"

/* All messages of one file: each is a place, a name or two, and a sentence. */
#define FINDINGS_BYTES (1024 * 1024)

static const struct options options = {"leaklab check", NULL, 0, NULL};

static enum exit_code check_file(const char *path)
{
    struct pattern *pattern = NULL;
    struct buf said;
    buf_init(&said, FINDINGS_BYTES);
    enum err err = source_compile(path, &said, &pattern);
    if (err == ERR_OK) {
        source_modes(&said, pattern);
        printf("%s: ok: %s\n", source_name(path), buf_text(&said));
    } else if (err == ERR_SYNTAX) {
        fputs(buf_text(&said), stdout);
    } else {
        fprintf(stderr, "leaklab check: %s", buf_text(&said));
    }
    pattern_free(pattern);
    buf_deinit(&said);
    return err == ERR_OK ? EXIT_OK : err == ERR_SYNTAX ? EXIT_FAILED : EXIT_USAGE;
}

static int print_help(void)
{
    puts(
        "usage: leaklab check FILE...\n\n"
        "Compiles patterns, in YAML or JSON, and runs nothing; - is standard input. A file that is fine gets "
        "one line\n"
        "with its modes. Every mistake of the others gets one line: file:line:column, and what would have "
        "been right.\n\n"
        "exit code: 0 all is fine, 1 there are mistakes, 2 a file cannot be read");
    return EXIT_OK;
}

int command_check(int argc, char **argv)
{
    struct operands files = {.max = SIZE_MAX};
    const char *values[OPTIONS_MAX];
    enum option_source sources[OPTIONS_MAX];
    bool help;
    if (!options_parse_operands(&options, argc, argv, values, sources, &help, &files))
        return EXIT_USAGE;
    if (help)
        return print_help();
    if (files.count == 0) {
        fputs("leaklab check: which files? see 'leaklab check --help'\n", stderr);
        return EXIT_USAGE;
    }
    enum exit_code worst = EXIT_OK;
    for (size_t i = 0; i < files.count; i++) {
        enum exit_code code = check_file(files.items[i]);
        worst = code > worst ? code : worst;
    }
    return worst;
}
