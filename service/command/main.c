/* Picks the subcommand. Flags without one are `leaklab run`'s, so that the article's own line works as it
 * stands: leaklab -mode=leak-recv -n=2000 -linger=80ms. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/heap.h"
#include "base/macros.h"
#include "base/suggest.h"
#include "command/command.h"
#include "command/options.h"

struct subcommand {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *about;
};

static int print_version(int argc, char **argv);

static const struct subcommand subcommands[] = {
    {"serve", command_serve, "run the daemon: /metrics, POST /scenario and the rest of the API"},
    {"run", command_run, "run one pattern in the terminal and print how many tasks are left"},
    {"simulate", command_simulate,
     "run scenarios for days in a moment and write what a scraper would have seen"},
    {"drill", command_drill, "start leaks, and score which alerts of a Prometheus catch them"},
    {"patterns", command_patterns, "list the patterns, or show one: story, parameters, source"},
    {"check", command_check, "compile patterns, and ask of each task how it exits, before anything runs"},
    {"graph", command_graph, "draw a mode for Graphviz: who spawns whom, who waits on what, what is missing"},
    {"healthcheck", command_healthcheck, "ask a daemon whether it lives, or whether it is ready"},
    {"version", print_version, "print the version"},
};

static int print_version(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    printf("leaklab %s (%s)\n", LEAKLAB_VERSION, LEAKLAB_REVISION);
    return EXIT_OK;
}

static void print_help(FILE *stream)
{
    fputs("leaklab grows task leaks on purpose, and shows which tasks are leaked and why.\n\n"
          "usage: leaklab COMMAND [flags]\n\n",
          stream);
    for (size_t i = 0; i < COUNT_OF(subcommands); i++)
        fprintf(stream, "  %-12s %s\n", subcommands[i].name, subcommands[i].about);
    fputs("\n'leaklab COMMAND --help' lists a command's flags. Two to begin with:\n"
          "  leaklab run -mode=leak-recv -n=2000 -linger=80ms\n"
          "  leaklab serve --demo\n",
          stream);
}

static int unknown_command(const char *word)
{
    const char *names[COUNT_OF(subcommands)];
    struct buf hint;
    for (size_t i = 0; i < COUNT_OF(subcommands); i++)
        names[i] = subcommands[i].name;
    buf_init(&hint, 1024);
    suggest_append(&hint, word, names, COUNT_OF(names));
    fprintf(stderr, "leaklab: unknown command \"%s\": %s; see 'leaklab --help'\n", word, buf_text(&hint));
    buf_deinit(&hint);
    return EXIT_USAGE;
}

/* What could not be written has not been said: a full disk must not look like success. */
static int finish(int code)
{
    if (fflush(stdout) == 0 && ferror(stdout) == 0)
        return code;
    fprintf(stderr, "leaklab: cannot write to standard output: %s\n", strerror(errno));
    return code == EXIT_OK ? EXIT_FAILED : code;
}

/* Who was started without standard streams would get their numbers for descriptors of its own: messages would
 * land in a socket, and libuv ends the process. Writing to what stands there then still fails, as it should.
 * False: there is no descriptor to be had. */
static bool fill_standard_streams(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDONLY);
    while (fd >= 0 && fd <= STDERR_FILENO);
    return fd >= 0 && close(fd) == 0;
}

int main(int argc, char **argv)
{
    if (!fill_standard_streams()) {
        fprintf(stderr, "leaklab: no descriptor is to be had: %s\n", strerror(errno));
        return EXIT_FAILED;
    }
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return finish(EXIT_OK);
    }
    if (strcmp(argv[1], "--version") == 0)
        return finish(print_version(argc, argv));
    if (argv[1][0] == '-')
        return finish(command_run(argc, argv));
    for (size_t i = 0; i < COUNT_OF(subcommands); i++)
        if (strcmp(argv[1], subcommands[i].name) == 0)
            return finish(subcommands[i].run(argc - 1, argv + 1));
    return unknown_command(argv[1]);
}
