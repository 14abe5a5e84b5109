/* What a server shows: read from two files, refused when it cannot be used, made anew for each handshake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <gnutls/x509.h>

#include "base/limits.h"
#include "fault.h"
#include "http/certificate.h"

/* Two certificates that vouch for themselves, and their keys. */
struct shop {
    char folder[64];
    char cert[2][96], key[2][96], other[96];
};

static void write_file(const char *path, const void *text, size_t size)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void make(struct shop *shop, unsigned i)
{
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t cert;
    gnutls_datum_t text;
    unsigned char serial = (unsigned char)(i + 1);
    assert_int_equal(gnutls_x509_privkey_init(&key), 0);
    assert_int_equal(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
                                                  GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
                     0);
    assert_int_equal(gnutls_x509_crt_init(&cert), 0);
    assert_int_equal(gnutls_x509_crt_set_version(cert, 3), 0);
    assert_int_equal(gnutls_x509_crt_set_serial(cert, &serial, 1), 0);
    assert_int_equal(gnutls_x509_crt_set_dn(cert, "CN=localhost", NULL), 0);
    assert_int_equal(gnutls_x509_crt_set_activation_time(cert, 0), 0);
    assert_int_equal(gnutls_x509_crt_set_expiration_time(cert, INT32_MAX), 0);
    assert_int_equal(gnutls_x509_crt_set_key(cert, key), 0);
    assert_int_equal(gnutls_x509_crt_sign2(cert, cert, key, GNUTLS_DIG_SHA256, 0), 0);
    assert_int_equal(gnutls_x509_crt_export2(cert, GNUTLS_X509_FMT_PEM, &text), 0);
    write_file(shop->cert[i], text.data, text.size);
    gnutls_free(text.data);
    assert_int_equal(gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &text), 0);
    write_file(shop->key[i], text.data, text.size);
    gnutls_free(text.data);
    gnutls_x509_crt_deinit(cert);
    gnutls_x509_privkey_deinit(key);
}

static int open_shop(void **state)
{
    static struct shop shop;
    strcpy(shop.folder, "/tmp/leaklab-certificate-XXXXXX");
    assert_non_null(mkdtemp(shop.folder));
    snprintf(shop.other, sizeof shop.other, "%s/other", shop.folder);
    for (unsigned i = 0; i < 2; i++) {
        snprintf(shop.cert[i], sizeof shop.cert[i], "%s/%u.pem", shop.folder, i);
        snprintf(shop.key[i], sizeof shop.key[i], "%s/%u.key", shop.folder, i);
        make(&shop, i);
    }
    *state = &shop;
    return 0;
}

static int close_shop(void **state)
{
    struct shop *shop = *state;
    for (unsigned i = 0; i < 2; i++) {
        unlink(shop->cert[i]);
        unlink(shop->key[i]);
    }
    unlink(shop->other);
    return rmdir(shop->folder);
}

static void a_certificate_and_its_key_are_made_again_and_again(void **state)
{
    const struct shop *shop = *state;
    struct certificate *certificate = NULL;
    const char *path;
    assert_null(certificate_read(shop->cert[0], shop->key[0], &certificate, &path));
    for (unsigned i = 0; i < 3; i++) {
        gnutls_pcert_st *chain = NULL;
        gnutls_privkey_t key;
        unsigned count = 0;
        assert_int_equal(certificate_make(certificate, &chain, &count, &key), ERR_OK);
        assert_int_equal(count, 1);
        gnutls_pcert_deinit(&chain[0]);
        gnutls_free(chain);
        gnutls_privkey_deinit(key);
    }
    certificate_free(certificate);
}

static void expect_refusal(const char *cert, const char *key, const char *guilty, const char *part)
{
    struct certificate *certificate = NULL;
    const char *path;
    const char *why = certificate_read(cert, key, &certificate, &path);
    assert_non_null(why);
    assert_non_null(strstr(why, part));
    assert_ptr_equal(path, guilty);
    assert_null(certificate);
}

static void what_cannot_be_shown_is_refused_with_the_file_at_fault(void **state)
{
    struct shop *shop = *state;
    expect_refusal(shop->cert[0], shop->key[1], shop->key[1], "do not match");
    expect_refusal(shop->key[0], shop->key[1], shop->key[0], "");
    expect_refusal(shop->cert[0], shop->cert[1], shop->cert[1], "");
    expect_refusal("/nonexistent/file", shop->key[0], "/nonexistent/file", "No such file");
    expect_refusal(shop->cert[0], "/nonexistent/file", "/nonexistent/file", "No such file");
    expect_refusal(shop->folder, shop->key[0], shop->folder, "directory");
    write_file(shop->other, "", 0);
    expect_refusal(shop->other, shop->key[0], shop->other, "");
}

static void a_file_has_a_longest_length(void **state)
{
    static char text[LIMIT_CERTIFICATE_BYTES];
    struct shop *shop = *state;
    memset(text, '\n', sizeof text);
    write_file(shop->other, text, sizeof text);
    expect_refusal(shop->other, shop->key[0], shop->other, "longer than");
    write_file(shop->other, text, sizeof text - 1);
    expect_refusal(shop->other, shop->key[0], shop->other, "o certificate");
}

static bool read_once(void *argument)
{
    const struct shop *shop = argument;
    struct certificate *certificate = NULL;
    const char *path;
    const char *why = certificate_read(shop->cert[0], shop->key[0], &certificate, &path);
    if (why == NULL)
        certificate_free(certificate);
    else
        assert_null(certificate);
    return why == NULL;
}

static void without_memory_nothing_is_left_behind(void **state)
{
    fault_sweep(read_once, *state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_and_its_key_are_made_again_and_again),
        cmocka_unit_test(what_cannot_be_shown_is_refused_with_the_file_at_fault),
        cmocka_unit_test(a_file_has_a_longest_length),
        cmocka_unit_test(without_memory_nothing_is_left_behind),
    };
    return cmocka_run_group_tests(tests, open_shop, close_shop);
}
