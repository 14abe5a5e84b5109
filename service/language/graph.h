/* A program as a picture, in Graphviz' dot(1): who spawns whom, which step waits on what, who could wake it,
 * and what is missing.
 *
 * Each kind of task is a cluster with its steps and its own things; arrows between steps say what comes next.
 * An arrow from a step to a thing is what the step does to it (send, close, stop, cancel), one from a thing
 * to a step is what the step waits for (recv, tick, done). What is missing is dashed, and red where it is all
 * that could help:
 *
 *     nobody sends or closes   a step receives, and no step of the program sends on or closes the channel
 *     nobody receives          a step sends, and no step receives
 *     nobody stops, cancels    a ticker or a scope is made, and no step stops or cancels it
 *     nobody unlocks           a step locks, and no step unlocks
 *     nobody finishes          a step adds to a group, and no step finishes
 *     nobody signals           a step waits on a condition, and no step signals or broadcasts
 *     no way out               the first step from which no way leads to the end of its task
 *
 * It is grey where the step has another way on: another case of its select, or room in the channel. Only
 * what is missing whatever happens is shown: an edge that is there may still come too late. */
#pragma once

#include "base/buf.h"
#include "runtime/program.h"

/* Appends the graph of a sound program (program_verify). The same program gives the same text. */
enum err program_graph(const struct program *program, struct buf *buf);
