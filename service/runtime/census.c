#include "runtime/census.h"

#include <assert.h>
#include <stddef.h>

#include "base/macros.h"

const char *limit_kind_word(enum limit_kind kind)
{
    static const char *const words[] = {
#define X(name, word) word,
        LIMIT_KIND_TABLE(X)
#undef X
    };
    CHECK(kind < LIMIT_KINDS);
    return words[kind];
}

const char *verdict_word(enum verdict verdict)
{
    static const char *const words[] = {
#define X(name, word) word,
        VERDICT_TABLE(X)
#undef X
    };
    CHECK(verdict < VERDICTS);
    return words[verdict];
}

/* Every member is a count of 64 bits, one behind the other: none can be forgotten here. */
void census_add(struct census *sum, const struct census *more)
{
    static_assert(sizeof(struct census) % sizeof(uint64_t) == 0, "counts of 64 bits only");
    uint64_t *to = (uint64_t *)sum;
    const uint64_t *from = (const uint64_t *)more;
    for (size_t i = 0; i < sizeof *sum / sizeof *to; i++)
        to[i] += from[i];
}
