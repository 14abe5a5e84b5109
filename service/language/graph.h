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
 * It is grey where the step has another way on: another case of its select, or room in the channel. That is
 * what is missing whatever happens; an edge that is there may still come too late. Who knows that brings it
 * as marks, which are drawn in red at their steps unless red is there already. */
#pragma once

#include "base/buf.h"
#include "runtime/program.h"

struct graph_mark {
    uint16_t step;
    bool task; /* about the whole task that the step belongs to */
    bool late; /* what the step waits for is there and comes no more, which takes the place of `text` */
    const char *text; /* "nobody closes" */
};

/* Appends the graph of a sound program (program_verify). The same program and marks give the same text. */
enum err program_graph(const struct program *program, const struct graph_mark *marks, size_t mark_count,
                       struct buf *buf);
