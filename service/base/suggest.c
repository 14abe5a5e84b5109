#include "base/suggest.h"

#include <ctype.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "base/limits.h"

#define LISTED_WORDS 12

#define ONE_WORD_OF_BITS 64
_Static_assert(LIMIT_NAME <= ONE_WORD_OF_BITS, "a name's letters are the bits of one word");

/* A word that others are compared with: where each letter stands in it, a bit for each place. Of a longer
 * word only the first LIMIT_NAME letters count. */
struct letters {
    uint64_t places[UCHAR_MAX + 1];
    size_t length;
};

static void letters_init(struct letters *bits, const char *word)
{
    *bits = (struct letters){.length = strnlen(word, LIMIT_NAME)};
    for (size_t i = 0; i < bits->length; i++)
        bits->places[tolower((unsigned char)word[i])] |= 1ull << i;
}

/* Letters inserted, left out, changed or swapped with their neighbour (optimal string alignment). Each column
 * of the table of distances is two words of bits, which say where it goes up and where it goes down: Hyyro,
 * "A bit-vector algorithm for computing Levenshtein and Damerau edit distances" (2003); the variables have
 * the names that they have there. A whole catalogue is compared with each of many words that somebody sends.
 */
static size_t distance(const struct letters *bits, const char *other)
{
    uint64_t vp = UINT64_MAX, vn = 0, d0 = 0, before = 0;
    size_t length = strnlen(other, LIMIT_NAME);
    size_t letters = bits->length;
    if (letters == 0)
        return length;
    for (size_t i = 0; i < length; i++) {
        uint64_t here = bits->places[tolower((unsigned char)other[i])];
        uint64_t swapped = ((~d0 & here) << 1) & before;
        d0 = (((here & vp) + vp) ^ vp) | here | vn | swapped;
        uint64_t hp = vn | ~(d0 | vp);
        uint64_t hn = d0 & vp;
        letters += hp >> (bits->length - 1) & 1;
        letters -= hn >> (bits->length - 1) & 1;
        hp = hp << 1 | 1;
        vp = hn << 1 | ~(d0 | hp);
        vn = hp & d0;
        before = here;
    }
    return letters;
}

const char *suggest_nearest(const char *word, const char *const *words, size_t count)
{
    struct letters bits;
    letters_init(&bits, word);
    const char *nearest = NULL;
    size_t least = bits.length < 2 ? 1 : (bits.length + 2) / 3 + 1;
    for (size_t i = 0; i < count; i++) {
        size_t letters = distance(&bits, words[i]);
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
