#include "metrics/negotiate.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#define WEIGHT_FULL 1000 /* q=1: weights are kept in thousandths */

struct span {
    const char *text;
    size_t size;
};

/* One element of a comma-separated list. */
struct element {
    struct span name;    /* "text/plain", "gzip", "*" */
    struct span version; /* its parameter, empty when there is none */
    int weight;          /* 0 to WEIGHT_FULL */
};

static bool is_token(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static void skip_space(const char **at)
{
    while (**at == ' ' || **at == '\t')
        ++*at;
}

/* A run of token characters, and of `also` where that is not 0. */
static struct span take_token(const char **at, char also)
{
    struct span span = {*at, 0};
    while (is_token(**at) || (also != '\0' && **at == also))
        ++*at;
    span.size = (size_t)(*at - span.text);
    return span;
}

/* What stands between double quotes, escapes left as they are. */
static bool take_quoted(const char **at, struct span *span)
{
    const char *end = *at + 1;
    while (*end != '"') {
        if (*end == '\\' && end[1] != '\0')
            end++;
        if (*end == '\0')
            return false;
        end++;
    }
    *span = (struct span){*at + 1, (size_t)(end - *at - 1)};
    *at = end + 1;
    return true;
}

static bool span_is(struct span span, const char *text)
{
    return span.size == strlen(text) && strncasecmp(span.text, text, span.size) == 0;
}

/* weight = "0" [ "." 0*3DIGIT ] | "1" [ "." 0*3"0" ] (RFC 9110, 12.4.2) */
static bool read_weight(struct span span, int *weight)
{
    if (span.size < 1 || span.size > 5 || (span.text[0] != '0' && span.text[0] != '1'))
        return false;
    if (span.size > 1 && span.text[1] != '.')
        return false;
    int thousandths = (span.text[0] - '0') * WEIGHT_FULL;
    int digit = WEIGHT_FULL / 10;
    for (size_t i = 2; i < span.size; i++, digit /= 10) {
        if (span.text[i] < '0' || span.text[i] > '9')
            return false;
        thousandths += (span.text[i] - '0') * digit;
    }
    *weight = thousandths;
    return thousandths <= WEIGHT_FULL;
}

/* *(OWS ";" OWS [ name [ "=" value ] ]) */
static bool take_parameters(const char **at, struct element *element)
{
    for (;;) {
        skip_space(at);
        if (**at != ';')
            return true;
        ++*at;
        skip_space(at);
        struct span name = take_token(at, '\0');
        struct span value = {*at, 0};
        if (name.size > 0 && **at == '=') {
            ++*at;
            if (**at != '"')
                value = take_token(at, '\0');
            else if (!take_quoted(at, &value))
                return false;
        }
        if (span_is(name, "q") && !read_weight(value, &element->weight))
            return false;
        if (span_is(name, "version"))
            element->version = value;
    }
}

static void skip_element(const char **at)
{
    struct span ignored;
    while (**at != '\0' && **at != ',')
        if (**at != '"' || !take_quoted(at, &ignored))
            ++*at;
}

/* The next element that is well-formed; false at the list's end. */
static bool next_element(const char **at, struct element *element)
{
    for (;;) {
        while (**at == ',' || **at == ' ' || **at == '\t')
            ++*at;
        if (**at == '\0')
            return false;
        *element = (struct element){.weight = WEIGHT_FULL};
        element->name = take_token(at, '/');
        bool sound = element->name.size > 0 && take_parameters(at, element);
        if (sound && (**at == ',' || **at == '\0'))
            return true;
        skip_element(at);
    }
}

/* How closely an element names a format; 0: not at all. */
static int closeness(const struct element *element, enum metrics_format format)
{
    bool open = format == METRICS_OPENMETRICS;
    if (span_is(element->name, open ? "application/openmetrics-text" : "text/plain")) {
        if (element->version.size == 0)
            return 3;
        if (span_is(element->version, open ? "1.0.0" : "0.0.4"))
            return 5;
        return open && span_is(element->version, "0.0.1") ? 4 : 0;
    }
    if (span_is(element->name, open ? "application/*" : "text/*"))
        return 2;
    return span_is(element->name, "*/*") ? 1 : 0;
}

/* What the header says of one format. */
struct claim {
    int weight;
    int closeness; /* 0: nothing was said */
    int position;  /* of the element in the header */
};

static void claim_improve(struct claim *claim, const struct element *element, int close, int position)
{
    if (close == 0 || close < claim->closeness ||
        (close == claim->closeness && element->weight <= claim->weight))
        return;
    *claim = (struct claim){element->weight, close, position};
}

enum metrics_format metrics_negotiate_format(const char *accept)
{
    struct claim text = {0};
    struct claim open = {0};
    struct element element;
    for (int position = 0; accept != NULL && next_element(&accept, &element); position++) {
        claim_improve(&text, &element, closeness(&element, METRICS_TEXT), position);
        claim_improve(&open, &element, closeness(&element, METRICS_OPENMETRICS), position);
    }
    if (open.weight != text.weight)
        return open.weight > text.weight ? METRICS_OPENMETRICS : METRICS_TEXT;
    if (open.weight == 0)
        return METRICS_TEXT;
    bool open_named = open.closeness >= 3;
    bool text_named = text.closeness >= 3;
    if (open_named != text_named)
        return open_named ? METRICS_OPENMETRICS : METRICS_TEXT;
    return open_named && open.position < text.position ? METRICS_OPENMETRICS : METRICS_TEXT;
}

bool metrics_negotiate_gzip(const char *accept_encoding)
{
    int gzip = -1;
    int any = -1;
    int identity = 0;
    struct element element;
    while (accept_encoding != NULL && next_element(&accept_encoding, &element)) {
        if ((span_is(element.name, "gzip") || span_is(element.name, "x-gzip")) && element.weight > gzip)
            gzip = element.weight;
        else if (span_is(element.name, "identity"))
            identity = element.weight;
        else if (span_is(element.name, "*"))
            any = element.weight;
    }
    if (gzip < 0)
        gzip = any;
    return gzip > 0 && gzip >= identity;
}
