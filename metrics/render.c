/* The hot path: texts are copied, whole numbers are written two digits at a time, and nothing is formatted
 * twice. */
#include <string.h>

#include "metrics/internal.h"

static char *put_chunk(char *at, const struct metrics_chunk *chunk)
{
    memcpy(at, chunk->text, chunk->size);
    return at + chunk->size;
}

/* A value that is the same as in the last scrape keeps its text. */
static char *put_number(char *at, struct metrics_series *series)
{
    const struct metrics_number *number = &series->number;
    if (!number->is_real)
        return metrics_put_u64(at, number->integer);
    if (series->text_size == 0 || series->text_real != number->real) {
        series->text_size = (uint8_t)(metrics_put_double(series->text, number->real) - series->text);
        series->text_real = number->real;
    }
    memcpy(at, series->text, sizeof(series->text));
    return at + series->text_size;
}

static char *put_histogram(char *at, struct metrics_series *series, const struct metrics_chunk *lines)
{
    size_t buckets = series->declared->bound_count + 1;
    uint64_t total = 0;
    for (size_t i = 0; i < buckets; i++) {
        total += series->counts[i];
        at = metrics_put_u64(put_chunk(at, &lines[i]), total);
        *at++ = '\n';
    }
    at = put_number(put_chunk(at, &lines[buckets]), series);
    *at++ = '\n';
    at = metrics_put_u64(put_chunk(at, &lines[buckets + 1]), total);
    *at++ = '\n';
    return at;
}

static char *put_family(char *at, const struct metrics_family *family, enum metrics_format format)
{
    char *begin = at;
    at = put_chunk(at, &family->header[format]);
    char *behind_header = at;
    for (struct metrics_series *series = family->first; series != NULL; series = series->next) {
        if (!series->known)
            continue;
        const struct metrics_chunk *lines = series->lines[format];
        if (family->declared->type == METRICS_HISTOGRAM) {
            at = put_histogram(at, series, lines);
        } else {
            at = put_number(put_chunk(at, lines), series);
            *at++ = '\n';
        }
    }
    return at == behind_header ? begin : at;
}

const char *metrics_content_type(enum metrics_format format)
{
    return format == METRICS_OPENMETRICS ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                         : "text/plain; version=0.0.4; charset=utf-8";
}

size_t metrics_render_max(const struct metrics_registry *registry, enum metrics_format format)
{
    return registry->render_max[format];
}

enum metrics_err metrics_render(struct metrics_registry *registry, enum metrics_format format, char *text,
                                size_t capacity, size_t *size)
{
    if (capacity < registry->render_max[format])
        return METRICS_SPACE;
    char *at = text;
    for (size_t i = 0; i < registry->family_count; i++)
        at = put_family(at, &registry->families[i], format);
    if (format == METRICS_OPENMETRICS) {
        memcpy(at, "# EOF\n", 6);
        at += 6;
    }
    *size = (size_t)(at - text);
    return METRICS_OK;
}
