/* leaklab check: is this a pattern, and how does each of its tasks exit? Every mistake of every file at once,
 * as compilers tell them, and what would leak before anything runs. */
#include "command/checked.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/macros.h"
#include "base/utf8.h"
#include "command/command.h"
#include "command/options.h"
#include "command/printed.h"
#include "command/source.h"

/* All that is said about one file: each line is a place, a name or two, and a sentence. */
#define SAID_BYTES (4 * 1024 * 1024)

enum { JSON };

static const struct option_spec specs[] = {
    [JSON] = {"json", NULL, NULL, "print JSON: an array with one object a file"},
};
static const struct options options = {"leaklab check", specs, COUNT_OF(specs), NULL};

/* ---- one file ---- */

static enum exit_code worse(enum exit_code a, enum exit_code b)
{
    return a > b ? a : b;
}

/* One message of the compiler, "file:line:column: text", as an object; NULL: no memory. */
static json_t *json_message(const char *file, const char *text, size_t size)
{
    const char *head = text + strlen(file) + 1, *end = text + size;
    char *colon = NULL;
    unsigned long line = head < end ? strtoul(head, &colon, 10) : 0;
    unsigned long column = colon != NULL && *colon == ':' ? strtoul(colon + 1, &colon, 10) : 0;
    if (line == 0 || column == 0 || end - colon < 2)
        return json_pack("{s:s%}", "message", text, size);
    text = colon + 2;
    return json_pack("{s:i, s:i, s:s%}", "line", (int)line, "column", (int)column, "message", text,
                     (size_t)(end - text));
}

/* A file that does not compile, as JSON: its messages; NULL: no memory. */
static json_t *json_refused(const char *file, const char *said)
{
    json_t *lines = json_array();
    for (const char *end; lines != NULL && (end = strchr(said, '\n')) != NULL; said = end + 1)
        if (json_array_append_new(lines, json_message(file, said, (size_t)(end - said))) != 0) {
            json_decref(lines);
            lines = NULL;
        }
    return lines == NULL ? NULL : json_pack("{s:s, s:b, s:o}", "file", file, "ok", 0, "errors", lines);
}

static enum err preview_all(struct checked *checked)
{
    enum err err = ERR_OK;
    for (enum variant which = 0; err == ERR_OK && which < VARIANTS; which++)
        if (checked->pattern->variants[which].program != NULL)
            err = preview_new(checked->pattern, which, &checked->previews[which]);
    return err;
}

/* Looks at a pattern and says what it found: in `said`, or as an object in *json. */
static enum err tell(struct checked *checked, struct buf *said, json_t **json, enum exit_code *code)
{
    enum err err = preview_all(checked);
    for (enum variant which = 0; err == ERR_OK && which < VARIANTS; which++)
        if (checked->previews[which] != NULL && preview_undeclared(checked->previews[which]) > 0)
            *code = EXIT_FAILED;
    if (err == ERR_OK && json != NULL)
        err = (*json = checked_json(checked)) == NULL ? ERR_MEMORY : ERR_OK;
    else if (err == ERR_OK) {
        checked_text(checked, said);
        err = said->err;
    }
    for (enum variant which = 0; which < VARIANTS; which++)
        preview_free(checked->previews[which]);
    return err;
}

/* *json, where asked for, gets an object unless the file cannot be read. */
static enum exit_code check_file(char *path, json_t **json)
{
    struct pattern *pattern = NULL;
    enum exit_code code = EXIT_OK;
    struct buf said;
    buf_init(&said, SAID_BYTES);
    enum err err = source_compile(path, &said, &pattern);
    if (json != NULL)
        utf8_mend(path); /* it has been read */
    if (err == ERR_SYNTAX) {
        code = EXIT_FAILED;
        err = ERR_OK;
        if (json != NULL)
            err = (*json = json_refused(source_name(path), buf_text(&said))) == NULL ? ERR_MEMORY : ERR_OK;
    } else if (err == ERR_OK) {
        struct checked checked = {.file = source_name(path), .pattern = pattern};
        err = tell(&checked, &said, json, &code);
        if (err != ERR_OK)
            buf_printf(&said, "%s: %s\n", source_name(path), err_text(err));
    }
    if (err == ERR_OK && json == NULL)
        fputs(buf_text(&said), stdout);
    else if (err != ERR_OK)
        fprintf(stderr, "leaklab check: %s",
                said.err == ERR_OK && said.size > 0 ? buf_text(&said) : "out of memory\n");
    pattern_free(pattern);
    buf_deinit(&said);
    return err == ERR_OK ? code : EXIT_USAGE;
}

/* ---- the command ---- */

static enum exit_code check_as_json(const struct operands *files)
{
    enum exit_code worst = EXIT_OK;
    json_t *array = json_array();
    for (size_t i = 0; i < files->count; i++) {
        json_t *object = NULL;
        worst = worse(worst, check_file(files->items[i], &object));
        if (object != NULL)
            json_array_append_new(array, object);
    }
    return printed_json("leaklab check", array, 0) == EXIT_OK ? worst : EXIT_FAILED;
}

static int print_help(void)
{
    puts(
        "usage: leaklab check [flags] FILE...\n\n"
        "Compiles patterns, in YAML or JSON, and asks of each of their tasks how it exits; - is standard "
        "input. Nothing\n"
        "is started but a trial run on a clock of its own. Every mistake gets one line, file:line:column and "
        "what would\n"
        "have been right. A pattern gets one line with its modes, one for each task, and one for each step "
        "at which a\n"
        "task may stay, with a remedy; [expected] is what its expect declares.\n\n"
        "exit code: 0 all is fine, 1 there are mistakes, or findings that expect does not declare, 2 a file "
        "cannot be read\n");
    options_print_help(&options);
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
    if (values[JSON] != NULL)
        return check_as_json(&files);
    enum exit_code worst = EXIT_OK;
    for (size_t i = 0; i < files.count; i++)
        worst = worse(worst, check_file(files.items[i], NULL));
    return worst;
}
