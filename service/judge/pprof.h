/* A profile as others read it: the binary form that `go tool pprof`, Pyroscope and Parca read (gzip'ed
 * profile.proto, see google/pprof, proto/README.md), and the text that Go's net/http/pprof gives for
 * `?debug=1`. A task's stack is the step on which it stands, and below it the steps that spawned it, up to
 * main. Labels: pattern, variant, verdict, state, scenario. For any thread. */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "judge/profile.h"

/* What a profile counts. `word` is its name in /debug/pprof/. */
#define PPROF_KIND_TABLE(X)                                                                                  \
    X(TASKS, "tasks")   /* every task */                                                                     \
    X(LEAKED, "leaked") /* those that are leaked */                                                          \
    X(HEAP, "heap")     /* every task, and the bytes that they hold */

enum pprof_kind {
#define X(name, word) PPROF_##name,
    PPROF_KIND_TABLE(X)
#undef X
        PPROF_KINDS
};

const char *pprof_kind_word(enum pprof_kind kind);

/* Appends the gzip'ed binary form. `time_ns`: when it was taken, since 1970. ERR_MEMORY, ERR_LIMIT. */
enum err pprof_write(const struct profile *profile, enum pprof_kind kind, int64_t time_ns, struct buf *out);

/* Appends Go's text form: the total, and for each stack a count, labels and frames, most first. */
enum err pprof_write_text(const struct profile *profile, enum pprof_kind kind, struct buf *out);
