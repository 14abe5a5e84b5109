/* What the files of metrics/ share. */
#pragma once

#include "metrics/format.h"
#include "metrics/metrics.h"

struct metrics_chunk {
    char *text;
    size_t size;
};

struct metrics_family {
    const struct metrics_declaration *declared;
    struct metrics_chunk header[METRICS_FORMATS]; /* its HELP, TYPE and UNIT lines */
    struct metrics_series *first, *last;
    uint32_t series_count;
    size_t label_count;
};

/* A whole number is always kept as one: `is_real` only where `integer` could not hold it. */
struct metrics_number {
    uint64_t integer;
    double real;
    bool is_real;
};

/* Everything that a series points to was allocated together with it. */
struct metrics_series {
    const struct metrics_declaration *declared;
    struct metrics_series *next;      /* of the family */
    struct metrics_series *next_slot; /* with the same slot of the registry's table */
    uint64_t hash;
    const char *values; /* label values, each with its zero */
    bool known;
    struct metrics_number number; /* gauge, counter: the value; histogram: the sum */
    uint64_t *counts;             /* histogram: bound_count + 1, plain */
    size_t line_count;
    struct metrics_chunk
        *lines[METRICS_FORMATS]; /* "name{label="value"} " of each line: buckets, sum, count */

    /* The text of number.real, made when first rendered: most values are the same in the next scrape. */
    double text_real;
    uint8_t text_size; /* 0: none yet */
    char text[METRICS_NUMBER_BYTES];
};

struct metrics_registry {
    struct metrics_family *families;
    size_t family_count;
    struct metrics_series **slots;
    size_t slot_count; /* a power of two */
    size_t series_count;
    size_t render_max[METRICS_FORMATS];
};

/* Length of the family's name without _total or _info: its name in OpenMetrics. */
size_t metrics_base_size(const struct metrics_declaration *declared);

size_t metrics_label_count(const struct metrics_declaration *declared);

/* Appends the lines that introduce the family. */
void metrics_write_header(struct metrics_writer *writer, const struct metrics_declaration *declared,
                          enum metrics_format format);

/* Appends the beginning of a series' `index`-th line: name, labels, a space. */
void metrics_write_line(struct metrics_writer *writer, const struct metrics_declaration *declared,
                        const char *const *values, size_t index, enum metrics_format format);
