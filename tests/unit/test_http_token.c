/* The bearer token: what may be one, where it is read from, and which header brings the right one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "http/token.h"

#define GOOD "0123456789abcdef"

static enum err parse(const char *text, struct token *token)
{
    return token_parse(text, strlen(text), token);
}

static void blanks_around_a_token_do_not_count(void **state)
{
    struct token token;
    (void)state;
    assert_int_equal(parse(" \r\n" GOOD "-._~+/=\n", &token), ERR_OK);
    assert_string_equal(token.text, GOOD "-._~+/=");
}

static void what_is_no_token_is_refused_and_changes_nothing(void **state)
{
    static const char *const wrong[] = {
        "", "\n", "short", "0123456789abcde", GOOD " " GOOD, GOOD "\n" GOOD, GOOD "\"", GOOD "\xc3\xa9"};
    struct token token = {"kept"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(parse(wrong[i], &token), ERR_SYNTAX);
    assert_int_equal(token_parse(GOOD "\0" GOOD, 2 * sizeof GOOD - 1, &token), ERR_SYNTAX);
    assert_int_equal(token_parse(GOOD, sizeof GOOD, &token), ERR_SYNTAX); /* its zero */
    assert_string_equal(token.text, "kept");
}

static void a_token_has_a_longest_length(void **state)
{
    char text[LIMIT_TOKEN_BYTES + 1];
    struct token token;
    (void)state;
    memset(text, 'a', sizeof text);
    assert_int_equal(token_parse(text, LIMIT_TOKEN_BYTES, &token), ERR_OK);
    assert_int_equal(token_parse(text, LIMIT_TOKEN_BYTES + 1, &token), ERR_SYNTAX);
}

static void only_the_very_token_matches(void **state)
{
    struct token token;
    char longer[7 + 2 * LIMIT_TOKEN_BYTES];
    (void)state;
    assert_int_equal(parse(GOOD, &token), ERR_OK);
    assert_int_equal(token_check(&token, "Bearer " GOOD), TOKEN_MATCHES);
    assert_int_equal(token_check(&token, "bEARER   " GOOD), TOKEN_MATCHES);
    assert_int_equal(token_check(&token, NULL), TOKEN_ABSENT);
    assert_int_equal(token_check(&token, ""), TOKEN_SCHEME);
    assert_int_equal(token_check(&token, GOOD), TOKEN_SCHEME);
    assert_int_equal(token_check(&token, "Bearer"), TOKEN_SCHEME);
    assert_int_equal(token_check(&token, "Basic " GOOD), TOKEN_SCHEME);
    assert_int_equal(token_check(&token, "Bearer "), TOKEN_DIFFERS);
    assert_int_equal(token_check(&token, "Bearer 0123456789abcde"), TOKEN_DIFFERS);
    assert_int_equal(token_check(&token, "Bearer 1123456789abcdef"), TOKEN_DIFFERS);
    assert_int_equal(token_check(&token, "Bearer 0123456789abcdeF"), TOKEN_DIFFERS);
    assert_int_equal(token_check(&token, "Bearer " GOOD "0"), TOKEN_DIFFERS);
    assert_int_equal(token_check(&token, "Bearer " GOOD " "), TOKEN_DIFFERS);
    memset(longer, 'a', sizeof longer);
    memcpy(longer, "Bearer " GOOD, 7 + sizeof GOOD - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(token_check(&token, longer), TOKEN_DIFFERS);
}

static void the_longest_token_matches_itself_alone(void **state)
{
    char header[7 + LIMIT_TOKEN_BYTES + 2] = "Bearer ";
    struct token token;
    (void)state;
    memset(header + 7, 'a', LIMIT_TOKEN_BYTES);
    assert_int_equal(token_parse(header + 7, LIMIT_TOKEN_BYTES, &token), ERR_OK);
    assert_int_equal(token_check(&token, header), TOKEN_MATCHES);
    header[7 + LIMIT_TOKEN_BYTES] = 'a';
    assert_int_equal(token_check(&token, header), TOKEN_DIFFERS);
}

static void without_a_token_nothing_matches(void **state)
{
    const struct token none = {""};
    (void)state;
    assert_int_equal(token_check(&none, "Bearer "), TOKEN_DIFFERS);
}

static void a_file_holds_one_token(void **state)
{
    char path[] = "/tmp/leaklab-token-XXXXXX";
    struct token token;
    int fd = mkstemp(path);
    (void)state;
    assert_true(fd >= 0);
    assert_non_null(strstr(token_read(path, &token), "openssl rand"));
    assert_int_equal(write(fd, GOOD "\n", sizeof GOOD), sizeof GOOD);
    assert_null(token_read(path, &token));
    assert_string_equal(token.text, GOOD);
    assert_int_equal(write(fd, GOOD, sizeof GOOD - 1), sizeof GOOD - 1);
    assert_non_null(strstr(token_read(path, &token), "one token"));
    assert_string_equal(token.text, GOOD);
    assert_int_equal(ftruncate(fd, sizeof GOOD), 0);
    for (int i = 0; i < LIMIT_TOKEN_BYTES + 64; i++)
        assert_int_equal(pwrite(fd, " ", 1, (off_t)sizeof GOOD + i), 1);
    assert_non_null(strstr(token_read(path, &token), "one token")); /* who knows what comes behind */
    close(fd);
    unlink(path);
    assert_string_equal(token_read(path, &token), "No such file or directory");
    assert_string_equal(token_read("/", &token), "Is a directory");
    assert_non_null(token_read("/dev/zero", &token));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blanks_around_a_token_do_not_count),
        cmocka_unit_test(what_is_no_token_is_refused_and_changes_nothing),
        cmocka_unit_test(a_token_has_a_longest_length),
        cmocka_unit_test(only_the_very_token_matches),
        cmocka_unit_test(the_longest_token_matches_itself_alone),
        cmocka_unit_test(without_a_token_nothing_matches),
        cmocka_unit_test(a_file_holds_one_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
