/* A part of a test in a process of its own: an assertion, a CHECK, a sanitizer or a crash in there ends that
 * process alone, so that a failure can be looked at and made smaller. For tests of one thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Runs fn(argument) in a child with at most `cpu_seconds`; false when it did not come to its end. What the
 * child says on its outputs is thrown away unless `show`. What it writes is lost, but in isolate_shared
 * memory. */
bool isolate(void (*fn)(void *argument), void *argument, unsigned cpu_seconds, bool show);

/* Zeroed memory that the process and its children share; stays until the process ends. */
void *isolate_shared(size_t bytes);
