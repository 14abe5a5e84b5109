/* "Did you mean": the known words nearest to a misspelt one. */
#pragma once

#include <stddef.h>

#include "base/buf.h"

/* The word of `words` (count of them) with the smallest edit distance to `word`, or NULL when none is near
 * enough to be what was meant (more than a third of the letters differ, rounded up). Comparison ignores case;
 * of words that are equally near the first one wins. */
const char *suggest_nearest(const char *word, const char *const *words, size_t count);

/* Appends a sentence about an unknown word: `did you mean "recv"?` when one is near, otherwise `known: a, b,
 * c`, cut after a dozen. */
enum err suggest_append(struct buf *buf, const char *word, const char *const *words, size_t count);
