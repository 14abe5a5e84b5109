/* Which format and coding a client gets, for the headers that clients send and for those that they should
 * not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "metrics/negotiate.h"

#define OPEN "application/openmetrics-text"

struct accept_case {
    const char *header;
    enum metrics_format format;
};

static void check_accept(const struct accept_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (metrics_negotiate_format(cases[i].header) != cases[i].format)
            fail_msg("wrong format for Accept: %s", cases[i].header == NULL ? "(none)" : cases[i].header);
}

#define CHECK_ACCEPT(cases) check_accept((cases), sizeof(cases) / sizeof((cases)[0]))

static void known_clients_get_what_they_prefer(void **state)
{
    (void)state;
    static const struct accept_case cases[] = {
        {OPEN ";version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", METRICS_OPENMETRICS},
        {OPEN ";version=1.0.0," OPEN ";version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
         METRICS_OPENMETRICS},
        {OPEN "; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", METRICS_OPENMETRICS},
        {OPEN ";version=1.0.0;escaping=allow-utf-8;q=0.6," OPEN
              ";version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
              "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
         METRICS_OPENMETRICS},
        {"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,"
         "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
         METRICS_TEXT},
        {"text/plain;version=0.0.4;q=1,*/*;q=0.1", METRICS_TEXT},
        {"*/*", METRICS_TEXT}, /* curl */
        {"text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8", METRICS_TEXT},
        {NULL, METRICS_TEXT},
        {"", METRICS_TEXT},
    };
    CHECK_ACCEPT(cases);
}

static void weights_decide(void **state)
{
    (void)state;
    static const struct accept_case cases[] = {
        {OPEN, METRICS_OPENMETRICS},
        {"text/plain", METRICS_TEXT},
        {"text/plain;q=0.5, " OPEN ";q=0.501", METRICS_OPENMETRICS},
        {"text/plain;q=0.5, " OPEN ";q=0.499", METRICS_TEXT},
        {"text/plain;q=0, " OPEN ";q=0.001", METRICS_OPENMETRICS},
        {OPEN ";q=0", METRICS_TEXT},
        {OPEN ";q=0, */*", METRICS_TEXT},
        {OPEN ";q=0.0, text/plain;q=0.000", METRICS_TEXT}, /* nothing acceptable */
        {"image/png", METRICS_TEXT},
        {"text/plain;q=0, */*;q=0.1", METRICS_OPENMETRICS},
        {"text/plain;q=0.2, */*", METRICS_OPENMETRICS},
        {"TEXT/Plain;Q=0.2, Application/OpenMetrics-Text;Q=1.000", METRICS_OPENMETRICS},
    };
    CHECK_ACCEPT(cases);
}

static void the_closest_range_gives_the_weight(void **state)
{
    (void)state;
    static const struct accept_case cases[] = {
        {"*/*;q=1, application/*;q=0.1, text/*;q=0.2", METRICS_TEXT},
        {"*/*;q=0.1, application/*;q=0.3, text/*;q=0.2", METRICS_OPENMETRICS},
        {"application/*, " OPEN ";q=0.1, text/plain;q=0.2", METRICS_TEXT},
        {OPEN ";q=0.9, " OPEN ";version=1.0.0;q=0.1, text/plain;q=0.5", METRICS_TEXT},
        {OPEN ";version=0.0.1;q=0.9, " OPEN ";version=1.0.0;q=0.1, text/plain;q=0.5", METRICS_TEXT},
        {OPEN ";version=0.0.1;q=0.9, text/plain;q=0.5", METRICS_OPENMETRICS},
        {OPEN ";q=0.1, " OPEN ";q=0.9, text/plain;q=0.5", METRICS_OPENMETRICS},
        {"text/plain;q=0.9, text/plain;version=0.0.4;q=0.1, " OPEN ";q=0.5", METRICS_OPENMETRICS},
    };
    CHECK_ACCEPT(cases);
}

static void equal_weights_go_to_the_one_named_then_to_the_first(void **state)
{
    (void)state;
    static const struct accept_case cases[] = {
        {OPEN ", text/plain", METRICS_OPENMETRICS},
        {"text/plain, " OPEN, METRICS_TEXT},
        {"*/*, " OPEN, METRICS_OPENMETRICS},
        {OPEN ", */*", METRICS_OPENMETRICS},
        {"text/*, " OPEN, METRICS_OPENMETRICS},
        {"application/*, text/plain", METRICS_TEXT},
        {"application/*, text/*", METRICS_TEXT},
        {"application/*", METRICS_OPENMETRICS},
        {"text/*", METRICS_TEXT},
    };
    CHECK_ACCEPT(cases);
}

static void unknown_versions_are_not_ours(void **state)
{
    (void)state;
    static const struct accept_case cases[] = {
        {OPEN ";version=2.0.0, text/plain;q=0.1", METRICS_TEXT},
        {OPEN ";version=2.0.0," OPEN ";version=1.0.0;q=0.2, text/plain;q=0.1", METRICS_OPENMETRICS},
        {OPEN ";version=\"1.0.0\", text/plain;q=0.1", METRICS_OPENMETRICS},
        {"text/plain;version=1.0.0, " OPEN ";q=0.1", METRICS_OPENMETRICS},
        {OPEN ";charset=utf-8;version=1.0.0;q=0.3;extension;other=\"a, b\", text/plain;q=0.2",
         METRICS_OPENMETRICS},
    };
    CHECK_ACCEPT(cases);
}

static void malformed_elements_are_skipped(void **state)
{
    (void)state;
    static const struct accept_case cases[] = {
        {OPEN ";q=2, text/plain;q=0.1", METRICS_TEXT},
        {OPEN ";q=1.001, text/plain;q=0.1", METRICS_TEXT},
        {OPEN ";q=0.1234, text/plain;q=0.1", METRICS_TEXT},
        {OPEN ";q=-1, text/plain;q=0.1", METRICS_TEXT},
        {OPEN ";q=.5, text/plain;q=0.1", METRICS_TEXT},
        {OPEN ";q=abc, text/plain;q=0.1", METRICS_TEXT},
        {OPEN ";q=, text/plain;q=0.1", METRICS_TEXT},
        {OPEN ";q, text/plain;q=0.1", METRICS_TEXT},
        {OPEN ";q=nan", METRICS_TEXT},
        {OPEN ";q=1;version=\"1.0.0", METRICS_TEXT}, /* a quote that never ends */
        {OPEN ";version=\"1.0.0\\", METRICS_TEXT},
        {OPEN ";x=\"a\\\", text/plain;q=1\", text/plain;q=0.1", METRICS_OPENMETRICS}, /* a comma in quotes */
        {OPEN " text/plain", METRICS_TEXT},
        {"\"" OPEN "\"", METRICS_TEXT},
        {"(comment), " OPEN, METRICS_OPENMETRICS},
        {",, ,\t," OPEN " ; ; version=1.0.0 ,,", METRICS_OPENMETRICS},
        {OPEN ";q=0.7;;, text/plain;q=0.6", METRICS_OPENMETRICS},
        {"/", METRICS_TEXT},
        {";q=1", METRICS_TEXT},
        {"=", METRICS_TEXT},
        {"\x01\xff\x80", METRICS_TEXT},
        {OPEN "/extra", METRICS_TEXT},
    };
    CHECK_ACCEPT(cases);
}

static void every_cut_and_every_byte_is_survived(void **state)
{
    (void)state;
    static const char header[] =
        OPEN ";version=\"1.0.0\";q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1,gzip;q=1";
    char text[sizeof(header)];
    for (size_t i = 0; i < sizeof(header); i++) {
        memcpy(text, header, sizeof(header));
        text[i] = '\0';
        (void)metrics_negotiate_format(text);
        (void)metrics_negotiate_gzip(text);
        for (int byte = 1; byte < 256; byte++) {
            memcpy(text, header, sizeof(header));
            text[i < sizeof(header) - 1 ? i : 0] = (char)byte;
            (void)metrics_negotiate_format(text);
            (void)metrics_negotiate_gzip(text);
        }
    }
}

static void gzip_is_sent_to_who_takes_it(void **state)
{
    (void)state;
    static const char *const taken[] = {
        "gzip",
        "GZIP",
        "x-gzip",
        "gzip, deflate, br, zstd",
        "deflate;q=1, gzip;q=0.1",
        "gzip;q=0.5",
        "*",
        "*;q=0.1",
        "identity;q=0.5, gzip;q=0.5",
        "identity;q=0, *",
        " , gzip ;q=1.0",
        "br;q=oops, gzip",
        "gzip;q=0.5, x-gzip;q=0",
        "identity;q=0.2, *;q=0.3",
    };
    static const char *const refused[] = {
        NULL,
        "",
        "identity",
        "deflate, br",
        "gzip;q=0",
        "gzip;q=0.000",
        "*;q=0",
        "gzip;q=0, *",
        "*, gzip;q=0",
        "identity, gzip;q=0.5",
        "identity;q=0.6, gzip;q=0.5",
        "identity;q=0.5, *;q=0.2",
        "gzip;q=7",
        "gzipped",
        "gzip gzip",
        "gzip;q=",
        "\"gzip\"",
    };
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
        if (!metrics_negotiate_gzip(taken[i]))
            fail_msg("no gzip for Accept-Encoding: %s", taken[i]);
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        if (metrics_negotiate_gzip(refused[i]))
            fail_msg("gzip for Accept-Encoding: %s", refused[i] == NULL ? "(none)" : refused[i]);
}

static void content_types_name_version_and_charset(void **state)
{
    (void)state;
    assert_string_equal(metrics_content_type(METRICS_TEXT), "text/plain; version=0.0.4; charset=utf-8");
    assert_string_equal(metrics_content_type(METRICS_OPENMETRICS), OPEN "; version=1.0.0; charset=utf-8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_clients_get_what_they_prefer),
        cmocka_unit_test(weights_decide),
        cmocka_unit_test(the_closest_range_gives_the_weight),
        cmocka_unit_test(equal_weights_go_to_the_one_named_then_to_the_first),
        cmocka_unit_test(unknown_versions_are_not_ours),
        cmocka_unit_test(malformed_elements_are_skipped),
        cmocka_unit_test(every_cut_and_every_byte_is_survived),
        cmocka_unit_test(gzip_is_sent_to_who_takes_it),
        cmocka_unit_test(content_types_name_version_and_charset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
