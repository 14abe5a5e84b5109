#include "runtime/census.h"

#include "base/check.h"

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
