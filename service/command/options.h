/* Command-line flags, from one table per subcommand: the table drives parsing, environment variables and
 * --help. Flags may be spelled as in Go (-n=2000) or as GNU does (--n 2000), see getopt_long_only(3). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define OPTIONS_MAX 128

struct option_spec {
    const char *name;
    const char *argument; /* what it takes, for --help: "HOST:PORT"; NULL: a switch that takes nothing */
    const char *fallback; /* the value when it is not given; NULL: none */
    const char *help;
};

struct options {
    const char *command; /* for messages: "leaklab serve" */
    const struct option_spec *specs;
    size_t count; /* at most OPTIONS_MAX */
    const char
        *env_prefix; /* "LEAKLAB_": --max-tasks is LEAKLAB_MAX_TASKS as well, the flag wins; NULL: none */
};

/* Where a value comes from. */
enum option_source { FROM_DEFAULT, FROM_ENVIRONMENT, FROM_FLAG };

/* The longest name of a flag as a user knows it, with its zero. */
#define OPTION_NAME 72

/* Fills values[i] for specs[i]: the flag's text, else the environment's, else the fallback; a switch is
 * "true" or NULL; sources[i] tells which. Texts are borrowed from argv, the environment and the table. False
 * after a message on stderr: an unknown flag (with the nearest one), a missing value, a stray argument.
 * `--help` sets *help and returns true. */
bool options_parse(const struct options *options, int argc, char **argv, const char **values,
                   enum option_source *sources, bool *help);

/* What stands beside the flags, such as names of files. */
struct operands {
    size_t max;   /* set by the caller: how many the command takes */
    char **items; /* in their order; borrowed from argv */
    size_t count;
};

/* The same for a command that takes operands; one too many is a stray argument. argv is put in order: flags
 * first. An operand that begins with a dash stands behind "--"; "-" alone is an operand. */
bool options_parse_operands(const struct options *options, int argc, char **argv, const char **values,
                            enum option_source *sources, bool *help, struct operands *operands);

/* What a user called it who gave it: "--max-tasks", or "LEAKLAB_MAX_TASKS" from the environment. Returns
 * `name`. */
const char *options_name(const struct options *options, size_t index, enum option_source source,
                         char name[static OPTION_NAME]);

/* The flags, one a line, on stdout. */
void options_print_help(const struct options *options);
