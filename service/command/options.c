#include "command/options.h"

#include <ctype.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/suggest.h"

#define HELP_CODE (OPTIONS_MAX + 1)

__attribute__((format(printf, 2, 3))) static void complain(const struct options *options, const char *format,
                                                           ...)
{
    va_list arguments;
    fprintf(stderr, "%s: ", options->command);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "; see '%s --help'\n", options->command);
}

static void complain_unknown(const struct options *options, const char *argument)
{
    const char *names[OPTIONS_MAX];
    char word[LIMIT_NAME + 1];
    struct buf hint;
    argument += strspn(argument, "-");
    snprintf(word, sizeof word, "%.*s", (int)strcspn(argument, "="), argument);
    for (size_t i = 0; i < options->count; i++) {
        names[i] = options->specs[i].name;
        if (strcmp(names[i], word) == 0) {
            complain(options, "-%s is a switch and takes no value", word);
            return;
        }
    }
    buf_init(&hint, 1024);
    suggest_append(&hint, word, names, options->count);
    complain(options, "unknown flag -%s: %s", word, buf_text(&hint));
    buf_deinit(&hint);
}

/* LEAKLAB_MAX_TASKS for max-tasks. */
static const char *from_environment(const struct options *options, const char *name)
{
    char variable[LIMIT_NAME + 1];
    if (options->env_prefix == NULL)
        return NULL;
    int size = snprintf(variable, sizeof variable, "%s%s", options->env_prefix, name);
    CHECK(size > 0 && (size_t)size < sizeof variable);
    for (char *at = variable; *at != '\0'; at++)
        *at = *at == '-' ? '_' : (char)toupper((unsigned char)*at);
    const char *value = getenv(variable);
    return value == NULL || value[0] == '\0' ? NULL : value;
}

static bool is_switch(const struct option_spec *spec)
{
    return spec->argument == NULL;
}

/* A switch in the environment is "1", "true" or "yes", or "0", "false" or "no". */
static bool read_switch(const struct options *options, const char *text, const char **value)
{
    static const char *const on[] = {"1", "true", "yes"};
    static const char *const off[] = {"0", "false", "no"};
    for (size_t i = 0; i < COUNT_OF(on); i++) {
        if (strcmp(text, on[i]) == 0 || strcmp(text, off[i]) == 0) {
            *value = strcmp(text, on[i]) == 0 ? "true" : NULL;
            return true;
        }
    }
    complain(options, "a switch is true or false, not \"%s\"", text);
    return false;
}

static bool read_environment(const struct options *options, const char **values, bool *given)
{
    for (size_t i = 0; i < options->count; i++) {
        const char *value = from_environment(options, options->specs[i].name);
        values[i] = value == NULL ? options->specs[i].fallback : value;
        given[i] = value != NULL;
        if (value != NULL && is_switch(&options->specs[i]) && !read_switch(options, value, &values[i]))
            return false;
    }
    return true;
}

static bool read_flags(const struct options *options, int argc, char **argv, const char **values, bool *given,
                       bool *help)
{
    struct option flags[OPTIONS_MAX + 2] = {{0}};
    for (size_t i = 0; i < options->count; i++)
        flags[i] = (struct option){.name = options->specs[i].name,
                                   .has_arg = is_switch(&options->specs[i]) ? no_argument : required_argument,
                                   .val = (int)i};
    flags[options->count] = (struct option){.name = "help", .has_arg = no_argument, .val = HELP_CODE};
    opterr = 0;
    optind = 1;
    for (int code; (code = getopt_long_only(argc, argv, ":", flags, NULL)) != -1;) {
        if (code == HELP_CODE) {
            *help = true;
            return true;
        }
        if (code == ':') {
            complain(options, "%s needs a value", argv[optind - 1]);
            return false;
        }
        if (code == '?') {
            complain_unknown(options, argv[optind - 1]);
            return false;
        }
        values[code] = is_switch(&options->specs[code]) ? "true" : optarg;
        given[code] = true;
    }
    if (optind < argc)
        complain(options, "stray argument \"%s\"", argv[optind]);
    return optind >= argc;
}

bool options_parse(const struct options *options, int argc, char **argv, const char **values, bool *given,
                   bool *help)
{
    bool seen[OPTIONS_MAX];
    CHECK(options->count <= OPTIONS_MAX);
    *help = false;
    if (!read_environment(options, values, seen) || !read_flags(options, argc, argv, values, seen, help))
        return false;
    if (given != NULL)
        memcpy(given, seen, options->count * sizeof seen[0]);
    return true;
}

void options_print_help(const struct options *options)
{
    for (size_t i = 0; i < options->count; i++) {
        const struct option_spec *spec = &options->specs[i];
        char flag[64];
        snprintf(flag, sizeof flag, "--%s%s%s", spec->name, is_switch(spec) ? "" : " ",
                 is_switch(spec) ? "" : spec->argument);
        printf("  %-24s %s", flag, spec->help);
        if (spec->fallback != NULL)
            printf(" (default %s)", spec->fallback);
        putchar('\n');
    }
    if (options->env_prefix != NULL)
        printf("\nEvery flag is an environment variable too: --max-tasks is %sMAX_TASKS. Flags win.\n",
               options->env_prefix);
}
