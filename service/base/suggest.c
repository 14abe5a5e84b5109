#include "base/suggest.h"

#include <ctype.h>
#include <string.h>

#include "base/limits.h"

#define LISTED_WORDS 12

/* Letters inserted, left out, changed or swapped with their neighbour (optimal string alignment). Words
 * longer than LIMIT_NAME are cut. */
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][LIMIT_NAME + 1];
    size_t length_a = strnlen(a, LIMIT_NAME);
    size_t length_b = strnlen(b, LIMIT_NAME);
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= length_b; j++)
        last[j] = before[j] = j;
    for (size_t i = 1; i <= length_a; i++) {
        row[0] = i;
        for (size_t j = 1; j <= length_b; j++) {
            int x = tolower((unsigned char)a[i - 1]);
            int y = tolower((unsigned char)b[j - 1]);
            size_t least = last[j - 1] + (x != y);
            if (last[j] + 1 < least)
                least = last[j] + 1;
            if (row[j - 1] + 1 < least)
                least = row[j - 1] + 1;
            if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
                y == tolower((unsigned char)a[i - 2]) && before[j - 2] + 1 < least)
                least = before[j - 2] + 1;
            row[j] = least;
        }
        size_t *spare = before;
        before = last;
        last = row;
        row = spare;
    }
    return last[length_b];
}

const char *suggest_nearest(const char *word, const char *const *words, size_t count)
{
    const char *nearest = NULL;
    size_t length = strnlen(word, LIMIT_NAME);
    size_t least = length < 2 ? 1 : (length + 2) / 3 + 1;
    for (size_t i = 0; i < count; i++) {
        size_t letters = distance(word, words[i]);
        if (letters < least) {
            least = letters;
            nearest = words[i];
        }
    }
    return nearest;
}

enum err suggest_append(struct buf *buf, const char *word, const char *const *words, size_t count)
{
    const char *nearest = suggest_nearest(word, words, count);
    if (nearest != NULL)
        return buf_printf(buf, "did you mean \"%s\"?", nearest);
    buf_puts(buf, "known: ");
    for (size_t i = 0; i < count && i < LISTED_WORDS; i++)
        buf_printf(buf, "%s%s", i == 0 ? "" : ", ", words[i]);
    return buf_puts(buf, count > LISTED_WORDS ? ", ..." : "");
}
