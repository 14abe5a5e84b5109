/* The registry owns families and series and finds series by their label values. */
#include <stdlib.h>
#include <string.h>

#include "metrics/internal.h"

#define SLOTS_FIRST 64

static const char *const err_texts[] = {
#define X(code, text) text,
    METRICS_ERR_TABLE(X)
#undef X
};

const char *metrics_err_text(enum metrics_err err)
{
    return (size_t)err < sizeof(err_texts) / sizeof(err_texts[0]) ? err_texts[err] : "unknown error";
}

static bool family_init(struct metrics_family *family, const struct metrics_declaration *declared)
{
    family->declared = declared;
    family->label_count = metrics_label_count(declared);
    for (int format = 0; format < METRICS_FORMATS; format++) {
        struct metrics_writer measure = {0};
        metrics_write_header(&measure, declared, (enum metrics_format)format);
        struct metrics_writer writer = {.at = malloc(measure.size)};
        if (writer.at == NULL)
            return false;
        metrics_write_header(&writer, declared, (enum metrics_format)format);
        family->header[format] = (struct metrics_chunk){writer.at, writer.size};
    }
    return true;
}

enum metrics_err metrics_registry_new(const struct metrics_declaration *table, size_t count,
                                      struct metrics_registry **registry, struct metrics_fault *fault)
{
    if (!metrics_check(table, count, fault))
        return METRICS_DECLARED;
    struct metrics_registry *made = calloc(1, sizeof(*made));
    if (made == NULL)
        return METRICS_MEMORY;
    made->families = calloc(count > 0 ? count : 1, sizeof(*made->families));
    made->slots = calloc(SLOTS_FIRST, sizeof(struct metrics_series *));
    if (made->families == NULL || made->slots == NULL)
        goto err_memory;
    made->slot_count = SLOTS_FIRST;
    made->family_count = count;
    made->render_max[METRICS_OPENMETRICS] = strlen("# EOF\n");
    for (size_t i = 0; i < count; i++) {
        if (!family_init(&made->families[i], &table[i]))
            goto err_memory;
        for (int format = 0; format < METRICS_FORMATS; format++)
            made->render_max[format] += made->families[i].header[format].size;
    }
    *registry = made;
    return METRICS_OK;

err_memory:
    metrics_registry_free(made);
    return METRICS_MEMORY;
}

void metrics_registry_free(struct metrics_registry *registry)
{
    if (registry == NULL)
        return;
    for (size_t i = 0; i < registry->family_count; i++) {
        struct metrics_family *family = &registry->families[i];
        while (family->first != NULL) {
            struct metrics_series *series = family->first;
            family->first = series->next;
            free(series);
        }
        for (int format = 0; format < METRICS_FORMATS; format++)
            free(family->header[format].text);
    }
    free(registry->families);
    free(registry->slots);
    free(registry);
}

/* FNV-1a over the family's index and the values with their zeros. */
static uint64_t hash_of(size_t family, size_t label_count, const char *const *values)
{
    uint64_t hash = (0xcbf29ce484222325u ^ family) * 0x100000001b3u;
    for (size_t i = 0; i < label_count; i++) {
        const char *at = values[i];
        do
            hash = (hash ^ (unsigned char)*at) * 0x100000001b3u;
        while (*at++ != '\0');
    }
    return hash ^ hash >> 32;
}

static bool has_values(const struct metrics_series *series, size_t label_count, const char *const *values)
{
    const char *own = series->values;
    for (size_t i = 0; i < label_count; i++) {
        if (strcmp(own, values[i]) != 0)
            return false;
        own += strlen(own) + 1;
    }
    return true;
}

static struct metrics_series *find(const struct metrics_registry *registry,
                                   const struct metrics_family *family, uint64_t hash,
                                   const char *const *values)
{
    struct metrics_series *series = registry->slots[hash & (registry->slot_count - 1)];
    for (; series != NULL; series = series->next_slot)
        if (series->hash == hash && series->declared == family->declared &&
            has_values(series, family->label_count, values))
            return series;
    return NULL;
}

static enum metrics_err check_values(size_t label_count, const char *const *values)
{
    for (size_t i = 0; i < label_count; i++) {
        size_t size = strnlen(values[i], METRICS_VALUE_BYTES + 1);
        if (size > METRICS_VALUE_BYTES)
            return METRICS_LIMIT;
        if (!metrics_utf8(values[i], size))
            return METRICS_UTF8;
    }
    return METRICS_OK;
}

static struct metrics_chunk write_line(struct metrics_writer *writer, const struct metrics_family *family,
                                       const char *const *values, size_t line, int format)
{
    size_t before = writer->size;
    metrics_write_line(writer, family->declared, values, line, (enum metrics_format)format);
    return (struct metrics_chunk){writer->at == NULL ? NULL : writer->at + before, writer->size - before};
}

/* Writes all texts of a series, one behind the other; fills in its chunks unless this only measures. Only a
 * histogram's bounds look different in the two formats: of all others there is one text for both. */
static void write_texts(struct metrics_writer *writer, const struct metrics_family *family,
                        const char *const *values, struct metrics_series *series, size_t line_count)
{
    bool alike = family->declared->type != METRICS_HISTOGRAM;
    for (size_t i = 0; i < family->label_count; i++)
        metrics_write(writer, values[i], strlen(values[i]) + 1);
    for (size_t line = 0; line < line_count; line++) {
        struct metrics_chunk chunk = {0};
        for (int format = 0; format < METRICS_FORMATS; format++) {
            if (format == 0 || !alike)
                chunk = write_line(writer, family, values, line, format);
            if (series != NULL)
                series->lines[format][line] = chunk;
        }
    }
}

/* One allocation: the series, its chunks of both formats, its counts, its texts. */
static struct metrics_series *series_new(const struct metrics_family *family, uint64_t hash,
                                         const char *const *values)
{
    const struct metrics_declaration *declared = family->declared;
    bool histogram = declared->type == METRICS_HISTOGRAM;
    size_t counts = histogram ? declared->bound_count + 1 : 0;
    size_t lines = histogram ? counts + 2 : 1;
    struct metrics_writer measure = {0};
    write_texts(&measure, family, values, NULL, lines);
    size_t chunks_size = METRICS_FORMATS * lines * sizeof(struct metrics_chunk);
    struct metrics_series *series =
        calloc(1, sizeof(*series) + chunks_size + counts * sizeof(uint64_t) + measure.size);
    if (series == NULL)
        return NULL;
    struct metrics_chunk *chunks = (struct metrics_chunk *)(series + 1);
    series->lines[METRICS_TEXT] = chunks;
    series->lines[METRICS_OPENMETRICS] = chunks + lines;
    series->counts = (uint64_t *)(chunks + METRICS_FORMATS * lines);
    struct metrics_writer writer = {.at = (char *)(series->counts + counts)};
    series->values = writer.at;
    series->declared = declared;
    series->hash = hash;
    series->line_count = lines;
    series->known = declared->type != METRICS_GAUGE;
    series->number.integer = declared->type == METRICS_INFO;
    write_texts(&writer, family, values, series, lines);
    return series;
}

static bool grow_slots(struct metrics_registry *registry)
{
    size_t count = registry->slot_count * 2;
    struct metrics_series **slots = calloc(count, sizeof(struct metrics_series *));
    if (slots == NULL)
        return false;
    for (size_t i = 0; i < registry->slot_count; i++) {
        while (registry->slots[i] != NULL) {
            struct metrics_series *series = registry->slots[i];
            registry->slots[i] = series->next_slot;
            series->next_slot = slots[series->hash & (count - 1)];
            slots[series->hash & (count - 1)] = series;
        }
    }
    free(registry->slots);
    registry->slots = slots;
    registry->slot_count = count;
    return true;
}

static void adopt(struct metrics_registry *registry, struct metrics_family *family,
                  struct metrics_series *series)
{
    struct metrics_series **slot = &registry->slots[series->hash & (registry->slot_count - 1)];
    series->next_slot = *slot;
    *slot = series;
    registry->series_count++;
    if (family->last == NULL)
        family->first = series;
    else
        family->last->next = series;
    family->last = series;
    family->series_count++;
    for (int format = 0; format < METRICS_FORMATS; format++)
        for (size_t line = 0; line < series->line_count; line++)
            registry->render_max[format] += series->lines[format][line].size + METRICS_NUMBER_BYTES + 1;
}

enum metrics_err metrics_series(struct metrics_registry *registry, size_t family, const char *const *values,
                                struct metrics_series **series)
{
    if (family >= registry->family_count)
        return METRICS_RANGE;
    struct metrics_family *owner = &registry->families[family];
    uint64_t hash = hash_of(family, owner->label_count, values);
    struct metrics_series *found = find(registry, owner, hash, values);
    if (found == NULL) {
        enum metrics_err err = check_values(owner->label_count, values);
        if (err != METRICS_OK)
            return err;
        uint32_t max = owner->declared->series_max;
        if (owner->series_count >= (max > 0 ? max : METRICS_SERIES_DEFAULT))
            return METRICS_LIMIT;
        if (registry->series_count >= registry->slot_count && !grow_slots(registry))
            return METRICS_MEMORY;
        found = series_new(owner, hash, values);
        if (found == NULL)
            return METRICS_MEMORY;
        adopt(registry, owner, found);
    }
    *series = found;
    return METRICS_OK;
}
