/* The subcommands: each is one file with one function, which gets its own arguments (argv[0] is its name) and
 * returns the exit code of the process: see base/exit.h. */
#pragma once

#include "base/exit.h"

int command_run(int argc, char **argv);
int command_serve(int argc, char **argv);
int command_simulate(int argc, char **argv);
int command_check(int argc, char **argv);
int command_patterns(int argc, char **argv);
int command_drill(int argc, char **argv);
int command_graph(int argc, char **argv);
int command_healthcheck(int argc, char **argv);
