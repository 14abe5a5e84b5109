/* base/suggest.h: which word was meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/limits.h"
#include "base/rng.h"
#include "base/suggest.h"

static const char *const words[] = {"recv", "send", "select", "sleep", "close", "range", "tick", "stop"};
#define WORDS words, sizeof words / sizeof words[0]

static void one_slip_finds_the_word_that_was_meant(void **state)
{
    (void)state;
    assert_string_equal(suggest_nearest("recv", WORDS), "recv");
    assert_string_equal(suggest_nearest("rcv", WORDS), "recv");
    assert_string_equal(suggest_nearest("receve", WORDS), "recv");
    assert_string_equal(suggest_nearest("rceve", WORDS), "recv");
    assert_string_equal(suggest_nearest("recw", WORDS), "recv");
    assert_string_equal(suggest_nearest("slect", WORDS), "select");
    assert_string_equal(suggest_nearest("sleect", WORDS), "select");
    assert_string_equal(suggest_nearest("tcik", WORDS), "tick");
    assert_string_equal(suggest_nearest("RECV", WORDS), "recv");
}

static void what_is_far_from_every_word_is_not_guessed_at(void **state)
{
    (void)state;
    assert_null(suggest_nearest("", WORDS));
    assert_null(suggest_nearest("xyz", WORDS));
    assert_null(suggest_nearest("abracadabra", WORDS));
    assert_null(suggest_nearest("recv", words, 0));
}

static void of_equally_near_words_the_first_one_wins(void **state)
{
    (void)state;
    static const char *const twins[] = {"cat", "car", "can"};
    assert_string_equal(suggest_nearest("cab", twins, 3), "cat");
}

static void words_beyond_the_longest_name_are_cut(void **state)
{
    (void)state;
    char word[LIMIT_NAME * 3 + 1], name[LIMIT_NAME * 2 + 1];
    memset(word, 'a', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    const char *const long_words[] = {"b", name};
    assert_ptr_equal(suggest_nearest(word, long_words, 2), name);
}

/* The distance by its definition, letter by letter. */
static size_t distance_by_hand(const char *a, const char *b)
{
    static size_t table[LIMIT_NAME + 1][LIMIT_NAME + 1];
    size_t rows = strlen(a), columns = strlen(b);
    for (size_t i = 0; i <= rows; i++) {
        for (size_t j = 0; j <= columns; j++) {
            if (i == 0 || j == 0) {
                table[i][j] = i + j;
                continue;
            }
            size_t least = table[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            least = table[i - 1][j] + 1 < least ? table[i - 1][j] + 1 : least;
            least = table[i][j - 1] + 1 < least ? table[i][j - 1] + 1 : least;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                least = table[i - 2][j - 2] + 1 < least ? table[i - 2][j - 2] + 1 : least;
            table[i][j] = least;
        }
    }
    return table[rows][columns];
}

static void random_word(struct rng *rng, uint32_t letters, char word[static LIMIT_NAME + 1])
{
    uint32_t length = rng_below(rng, LIMIT_NAME + 1);
    for (uint32_t i = 0; i < length; i++)
        word[i] = (char)('a' + rng_below(rng, letters));
    word[length] = '\0';
}

/* Few letters, so that there is much to swap and to line up in more than one way. */
static void a_word_is_near_when_few_letters_differ(void **state)
{
    (void)state;
    struct rng rng = {1};
    unsigned near = 0;
    for (int i = 0; i < 20000; i++) {
        char word[LIMIT_NAME + 1], other[LIMIT_NAME + 1];
        random_word(&rng, 1 + (uint32_t)i % 3, word);
        random_word(&rng, 1 + (uint32_t)i % 3, other);
        const char *const others[] = {other};
        size_t length = strlen(word);
        bool expected = distance_by_hand(word, other) < (length < 2 ? 1 : (length + 2) / 3 + 1);
        assert_int_equal(suggest_nearest(word, others, 1) != NULL, expected);
        near += expected;
    }
    assert_in_range(near, 1000, 19000);
}

static void a_sentence_names_the_nearest_word_or_all_of_them(void **state)
{
    (void)state;
    static const char *const many[] = {"aa", "bb", "cc", "dd", "ee", "ff", "gg",
                                       "hh", "ii", "jj", "kk", "ll", "mm"};
    struct buf buf;
    buf_init(&buf, 1000);
    assert_int_equal(suggest_append(&buf, "rcv", WORDS), ERR_OK);
    assert_string_equal(buf_text(&buf), "did you mean \"recv\"?");
    buf_clear(&buf);
    suggest_append(&buf, "unheard-of", words, 3);
    assert_string_equal(buf_text(&buf), "known: recv, send, select");
    buf_clear(&buf);
    suggest_append(&buf, "unheard-of", many, 12);
    assert_string_equal(buf_text(&buf), "known: aa, bb, cc, dd, ee, ff, gg, hh, ii, jj, kk, ll");
    buf_clear(&buf);
    suggest_append(&buf, "unheard-of", many, 13);
    assert_string_equal(buf_text(&buf), "known: aa, bb, cc, dd, ee, ff, gg, hh, ii, jj, kk, ll, ...");
    buf_deinit(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_slip_finds_the_word_that_was_meant),
        cmocka_unit_test(what_is_far_from_every_word_is_not_guessed_at),
        cmocka_unit_test(of_equally_near_words_the_first_one_wins),
        cmocka_unit_test(words_beyond_the_longest_name_are_cut),
        cmocka_unit_test(a_word_is_near_when_few_letters_differ),
        cmocka_unit_test(a_sentence_names_the_nearest_word_or_all_of_them),
    };
    return cmocka_run_group_tests_name("suggest", tests, NULL, NULL);
}
