/* Declarations: what is wrong with them, and the text that they give to headers and lines. */
#include <math.h>
#include <string.h>

#include "metrics/internal.h"

/* What the samples of a family may be called besides the family itself: no other name may end in these. */
static const char *const sample_suffixes[] = {"_total", "_info",    "_bucket", "_count",
                                              "_sum",   "_created", "_gcount", "_gsum"};

static const char *const text_types[] = {
    [METRICS_GAUGE] = "gauge",
    [METRICS_COUNTER] = "counter",
    [METRICS_HISTOGRAM] = "histogram",
    [METRICS_INFO] = "gauge",
};

static const char *const openmetrics_types[] = {
    [METRICS_GAUGE] = "gauge",
    [METRICS_COUNTER] = "counter",
    [METRICS_HISTOGRAM] = "histogram",
    [METRICS_INFO] = "info",
};

static const char *type_suffix(enum metrics_type type)
{
    return type == METRICS_COUNTER ? "_total" : type == METRICS_INFO ? "_info" : "";
}

static bool ends_in(const char *text, size_t size, const char *suffix)
{
    size_t suffix_size = strlen(suffix);
    return size > suffix_size && memcmp(text + size - suffix_size, suffix, suffix_size) == 0;
}

size_t metrics_base_size(const struct metrics_declaration *declared)
{
    return strlen(declared->name) - strlen(type_suffix(declared->type));
}

size_t metrics_label_count(const struct metrics_declaration *declared)
{
    size_t count = 0;
    while (count < METRICS_LABELS_MAX && declared->labels[count] != NULL)
        count++;
    return count;
}

static bool well_named(const char *name)
{
    size_t size = name == NULL ? 0 : strnlen(name, METRICS_NAME_BYTES + 1);
    if (size == 0 || size > METRICS_NAME_BYTES || (name[0] >= '0' && name[0] <= '9'))
        return false;
    for (size_t i = 0; i < size; i++) {
        char c = name[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'))
            return false;
    }
    return true;
}

static const char *fault_of_name(const struct metrics_declaration *declared)
{
    if (!well_named(declared->name))
        return "the name is not made of at most 128 letters, digits and _, starting with no digit";
    size_t size = strlen(declared->name);
    if (declared->type == METRICS_COUNTER && !ends_in(declared->name, size, "_total"))
        return "the name of a counter ends in _total";
    if (declared->type == METRICS_INFO && !ends_in(declared->name, size, "_info"))
        return "the name of an info ends in _info";
    for (size_t i = 0; i < sizeof(sample_suffixes) / sizeof(sample_suffixes[0]); i++)
        if (ends_in(declared->name, metrics_base_size(declared), sample_suffixes[i]))
            return "the name ends in a suffix that belongs to samples of another type";
    return NULL;
}

static const char *fault_of_text(const struct metrics_declaration *declared)
{
    size_t size = declared->help == NULL ? 0 : strnlen(declared->help, METRICS_HELP_BYTES + 1);
    if (size == 0 || size > METRICS_HELP_BYTES || !metrics_utf8(declared->help, size))
        return "the help is not 1 to 1024 bytes of UTF-8";
    if (declared->unit == NULL)
        return NULL;
    if (!well_named(declared->unit))
        return "the unit is not made of letters, digits and _";
    if (declared->type == METRICS_INFO)
        return "an info has no unit";
    size_t base = metrics_base_size(declared);
    size_t unit = strlen(declared->unit);
    if (!ends_in(declared->name, base, declared->unit) || declared->name[base - unit - 1] != '_')
        return "the name does not end in the unit";
    return NULL;
}

static const char *fault_of_labels(const struct metrics_declaration *declared)
{
    size_t count = metrics_label_count(declared);
    for (size_t i = 0; i < count; i++) {
        const char *label = declared->labels[i];
        if (!well_named(label))
            return "a label is not made of at most 128 letters, digits and _, starting with no digit";
        if (strncmp(label, "__", 2) == 0)
            return "labels with two underscores in front are reserved";
        if (strcmp(label, "le") == 0 || strcmp(label, "quantile") == 0)
            return "the labels le and quantile are reserved";
        if (strcmp(label, "type") == 0)
            return "no label is named type: say what it is the type of";
        for (size_t j = 0; j < i; j++)
            if (strcmp(label, declared->labels[j]) == 0)
                return "two labels have the same name";
    }
    for (size_t i = count; i < METRICS_LABELS_MAX; i++)
        if (declared->labels[i] != NULL)
            return "there is a gap among the labels";
    return NULL;
}

static const char *fault_of_bounds(const struct metrics_declaration *declared)
{
    if (declared->type != METRICS_HISTOGRAM)
        return declared->bound_count == 0 ? NULL : "only a histogram has bounds";
    if (declared->bound_count == 0 || declared->bound_count > METRICS_BOUNDS_MAX || declared->bounds == NULL)
        return "a histogram has 1 to 64 bounds";
    for (size_t i = 0; i < declared->bound_count; i++) {
        double bound = declared->bounds[i];
        if (!isfinite(bound) || bound < 0)
            return "a bound is not a finite number from 0";
        if (i > 0 && bound <= declared->bounds[i - 1])
            return "the bounds do not ascend";
    }
    return NULL;
}

static const char *fault_of(const struct metrics_declaration *declared)
{
    if (declared->type > METRICS_INFO)
        return "there is no such type";
    const char *why = fault_of_name(declared);
    if (why == NULL)
        why = fault_of_text(declared);
    if (why == NULL)
        why = fault_of_labels(declared);
    if (why == NULL)
        why = fault_of_bounds(declared);
    if (why == NULL && declared->series_max > METRICS_SERIES_MAX)
        why = "series_max is too large";
    return why;
}

static bool same_family(const struct metrics_declaration *a, const struct metrics_declaration *b)
{
    size_t size = metrics_base_size(a);
    return size == metrics_base_size(b) && memcmp(a->name, b->name, size) == 0;
}

static bool report(struct metrics_fault *fault, size_t index, const char *why)
{
    if (fault != NULL)
        *fault = (struct metrics_fault){index, why};
    return false;
}

bool metrics_check(const struct metrics_declaration *table, size_t count, struct metrics_fault *fault)
{
    if (count > METRICS_FAMILIES_MAX)
        return report(fault, METRICS_FAMILIES_MAX, "there are too many families");
    for (size_t i = 0; i < count; i++) {
        const char *why = fault_of(&table[i]);
        if (why != NULL)
            return report(fault, i, why);
        for (size_t j = 0; j < i; j++)
            if (same_family(&table[i], &table[j]))
                return report(fault, i, "the family is declared twice");
    }
    return true;
}

static void write_comment(struct metrics_writer *writer, const char *keyword, const char *name,
                          size_t name_size)
{
    metrics_write_text(writer, keyword);
    metrics_write(writer, name, name_size);
    metrics_write(writer, " ", 1);
}

void metrics_write_header(struct metrics_writer *writer, const struct metrics_declaration *declared,
                          enum metrics_format format)
{
    bool open = format == METRICS_OPENMETRICS;
    const char *name = declared->name;
    size_t size = open ? metrics_base_size(declared) : strlen(name);
    write_comment(writer, "# HELP ", name, size);
    metrics_write_escaped(writer, declared->help, open);
    write_comment(writer, "\n# TYPE ", name, size);
    metrics_write_text(writer, (open ? openmetrics_types : text_types)[declared->type]);
    if (open && declared->unit != NULL) {
        write_comment(writer, "\n# UNIT ", name, size);
        metrics_write_text(writer, declared->unit);
    }
    metrics_write(writer, "\n", 1);
}

static void write_label(struct metrics_writer *writer, bool first, const char *name, const char *value)
{
    metrics_write(writer, first ? "{" : ",", 1);
    metrics_write_text(writer, name);
    metrics_write(writer, "=\"", 2);
    metrics_write_escaped(writer, value, true);
    metrics_write(writer, "\"", 1);
}

void metrics_write_line(struct metrics_writer *writer, const struct metrics_declaration *declared,
                        const char *const *values, size_t index, enum metrics_format format)
{
    size_t count = metrics_label_count(declared);
    size_t bounds = declared->bound_count;
    bool histogram = declared->type == METRICS_HISTOGRAM;
    bool bucket = histogram && index <= bounds;
    metrics_write_text(writer, declared->name);
    if (histogram)
        metrics_write_text(writer, bucket ? "_bucket" : index == bounds + 1 ? "_sum" : "_count");
    for (size_t i = 0; i < count; i++)
        write_label(writer, i == 0, declared->labels[i], values[i]);
    if (bucket) {
        char le[METRICS_NUMBER_BYTES];
        double bound = index < bounds ? declared->bounds[index] : INFINITY;
        *metrics_put_bound(le, bound, format == METRICS_OPENMETRICS) = '\0';
        write_label(writer, count == 0, "le", le);
    }
    metrics_write_text(writer, count > 0 || bucket ? "} " : " ");
}
