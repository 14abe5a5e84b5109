#include "command/options.h"

#include <ctype.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/macros.h"
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

const char *options_name(const struct options *options, size_t index, enum option_source source,
                         char name[static OPTION_NAME])
{
    bool environment = source == FROM_ENVIRONMENT;
    int size = snprintf(name, OPTION_NAME, "%s%s", environment ? options->env_prefix : "--",
                        options->specs[index].name);
    CHECK(size > 0 && size < OPTION_NAME);
    for (char *at = name; environment && *at != '\0'; at++)
        *at = *at == '-' ? '_' : (char)toupper((unsigned char)*at);
    return name;
}

static const char *from_environment(const struct options *options, size_t index)
{
    char name[OPTION_NAME];
    if (options->env_prefix == NULL)
        return NULL;
    const char *value = getenv(options_name(options, index, FROM_ENVIRONMENT, name));
    return value == NULL || value[0] == '\0' ? NULL : value;
}

static bool is_switch(const struct option_spec *spec)
{
    return spec->argument == NULL;
}

/* A switch in the environment is "1", "true" or "yes", or "0", "false" or "no". */
static bool read_switch(const struct options *options, size_t index, const char **value)
{
    const char *text = *value;
    static const char *const on[] = {"1", "true", "yes"};
    static const char *const off[] = {"0", "false", "no"};
    char name[OPTION_NAME];
    for (size_t i = 0; i < COUNT_OF(on); i++) {
        if (strcmp(text, on[i]) == 0 || strcmp(text, off[i]) == 0) {
            *value = strcmp(text, on[i]) == 0 ? "true" : NULL;
            return true;
        }
    }
    complain(options, "%s is true or false, not \"%s\"", options_name(options, index, FROM_ENVIRONMENT, name),
             text);
    return false;
}

static void read_environment(const struct options *options, const char **values, enum option_source *sources)
{
    for (size_t i = 0; i < options->count; i++) {
        const char *value = from_environment(options, i);
        values[i] = value == NULL ? options->specs[i].fallback : value;
        sources[i] = value == NULL ? FROM_DEFAULT : FROM_ENVIRONMENT;
    }
}

/* Only of those that no flag has overruled. */
static bool read_switches(const struct options *options, const char **values,
                          const enum option_source *sources)
{
    for (size_t i = 0; i < options->count; i++)
        if (sources[i] == FROM_ENVIRONMENT && is_switch(&options->specs[i]) &&
            !read_switch(options, i, &values[i]))
            return false;
    return true;
}

static bool read_flags(const struct options *options, int argc, char **argv, const char **values,
                       enum option_source *sources, bool *help)
{
    struct option flags[OPTIONS_MAX + 2] = {{0}};
    for (size_t i = 0; i < options->count; i++)
        flags[i] = (struct option){.name = options->specs[i].name,
                                   .has_arg = is_switch(&options->specs[i]) ? no_argument : required_argument,
                                   .val = (int)i};
    flags[options->count] = (struct option){.name = "help", .has_arg = no_argument, .val = HELP_CODE};
    opterr = 0;
    optind = 0; /* begins anew, what was put in order of an earlier argv included */
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
        sources[code] = FROM_FLAG;
    }
    return true;
}

bool options_parse_operands(const struct options *options, int argc, char **argv, const char **values,
                            enum option_source *sources, bool *help, struct operands *operands)
{
    CHECK(options->count <= OPTIONS_MAX);
    *help = false;
    read_environment(options, values, sources);
    if (!read_flags(options, argc, argv, values, sources, help) ||
        (!*help && !read_switches(options, values, sources)))
        return false;
    operands->items = argv + optind;
    operands->count = (size_t)(argc - optind);
    if (*help || operands->count <= operands->max)
        return true;
    complain(options, "stray argument \"%s\"", operands->items[operands->max]);
    return false;
}

bool options_parse(const struct options *options, int argc, char **argv, const char **values,
                   enum option_source *sources, bool *help)
{
    struct operands none = {.max = 0};
    return options_parse_operands(options, argc, argv, values, sources, help, &none);
}

void options_print_help(const struct options *options)
{
    for (size_t i = 0; i < options->count; i++) {
        const struct option_spec *spec = &options->specs[i];
        char flag[64];
        snprintf(flag, sizeof flag, "--%s%s%s", spec->name, is_switch(spec) ? "" : " ",
                 is_switch(spec) ? "" : spec->argument);
        printf("  %-24s  %s", flag, spec->help);
        if (spec->fallback != NULL && spec->fallback[0] != '\0')
            printf(" (default %s)", spec->fallback);
        putchar('\n');
    }
    char flag[OPTION_NAME], variable[OPTION_NAME];
    if (options->env_prefix != NULL)
        printf("\nEvery flag is an environment variable too: %s is %s. Flags win.\n",
               options_name(options, 0, FROM_FLAG, flag),
               options_name(options, 0, FROM_ENVIRONMENT, variable));
}
