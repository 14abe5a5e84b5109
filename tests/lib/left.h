/* What there is now of what a pattern's file states: the census beside `expect`. */
#pragma once

#include "base/macros.h"
#include "runtime/census.h"

static inline uint64_t left_of(const struct census *census, enum expect expect)
{
    switch (expect) {
    case EXPECT_TASKS:
        return census_live(census);
    case EXPECT_TICKERS:
        return census->tickers;
    case EXPECT_DESCRIPTORS:
    case EXPECT_HANDLES:
    case EXPECT_THREADS:
    case EXPECT_JOBS:
        return census_open(census, (enum supply)(expect - EXPECT_DESCRIPTORS));
    case EXPECT_HEAP:
        return census->lost_bytes;
    case EXPECT_PANICKED:
        return census->ended[END_PANICKED];
    case EXPECTS:
        break;
    }
    CHECK(expect != EXPECTS);
    return 0;
}
