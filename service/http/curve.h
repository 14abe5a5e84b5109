/* GET /timeline: the last hour, second by second, as columns of numbers. Like a scrape it never waits for the
 * lab, so that a stalled one still has its past.
 *
 * A token of an earlier answer asks for what is new since; one of another run of the daemon, or one that is
 * older than what is kept, brings everything there is, and says so. */
#pragma once

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "lab/snapshot.h"
#include "lab/timeline.h"

struct exchange;

/* Which rows and marks somebody has seen: numbers of the first that are new, of a run of the daemon. */
#define CURVE_TOKEN_TEXT 27 /* with its zero */
struct curve_token {
    uint32_t boot, row, mark;
};

/* False when it is none. */
bool curve_token_parse(const char *text, struct curve_token *token);

struct curve_input {
    const struct timeline *timeline;
    struct timeline_span rows; /* as timeline_rows() said before the snapshot was asked for: then it knows
                                  every program that they name */
    const struct snapshot *snapshot;
    const struct curve_token *since; /* NULL: from the beginning */
    uint64_t now_ns;                 /* of the timeline's clock */
    uint64_t wall_ms;                /* now, since 1970 */
};

/* Appends the answer. ERR_MEMORY, ERR_LIMIT. */
enum err curve_write(const struct curve_input *input, struct buf *out);

enum MHD_Result curve_serve(struct exchange *exchange);
