#include "judge/pprof.h"

#include <stdlib.h>
#include <string.h>

#include "base/gzip.h"
#include "language/arena.h"
#include "pprof.pb-c.h"

#define LABELS 5

const char *pprof_kind_word(enum pprof_kind kind)
{
    static const char *const words[] = {
#define X(name, word) word,
        PPROF_KIND_TABLE(X)
#undef X
    };
    return words[kind];
}

/* True when the profile of that kind has samples of that verdict. */
static bool wanted(enum pprof_kind kind, uint8_t verdict)
{
    return kind != PPROF_LEAKED || verdict != VERDICT_LIVE;
}

/* The message while it is being made. All of it is in the arena. */
struct maker {
    const struct profile *profile;
    enum pprof_kind kind;
    struct arena *arena;
    Pprof__Profile message;
    uint32_t *slots; /* of the texts, by hash: index and 1 */
    uint32_t slot_count;
    bool failed; /* no memory */
};

static void *take(struct maker *maker, size_t count, size_t size)
{
    void *items = arena_alloc(maker->arena, count == 0 ? size : count * size);
    maker->failed |= items == NULL;
    return items;
}

/* An upper bound of the different texts: what places and scenarios bring, and the fixed words. */
static uint32_t texts_room(const struct profile *profile)
{
    return 4 * profile->place_count + profile->scenario_count + TASK_STATES + VERDICTS + 32;
}

static int64_t text(struct maker *maker, const char *words)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (const char *byte = words; *byte != '\0'; byte++)
        hash = (hash ^ (unsigned char)*byte) * 16777619u;
    if (maker->failed)
        return 0;
    uint32_t *slot = &maker->slots[hash % maker->slot_count];
    for (; *slot != 0; slot = &maker->slots[++hash % maker->slot_count])
        if (strcmp(maker->message.texts[*slot - 1], words) == 0)
            return *slot - 1;
    maker->message.texts[maker->message.n_texts] = (char *)(uintptr_t)words;
    *slot = (uint32_t)++maker->message.n_texts;
    return *slot - 1;
}

static Pprof__ValueType *value_type(struct maker *maker, const char *type, const char *unit)
{
    Pprof__ValueType *made = take(maker, 1, sizeof *made);
    if (made != NULL) {
        pprof__value_type__init(made);
        made->type = text(maker, type);
        made->unit = text(maker, unit);
    }
    return made;
}

static void add_types(struct maker *maker)
{
    Pprof__Profile *message = &maker->message;
    message->sample_types = take(maker, 2, sizeof(void *));
    if (maker->failed)
        return;
    message->sample_types[message->n_sample_types++] = value_type(maker, "tasks", "count");
    if (maker->kind == PPROF_HEAP)
        message->sample_types[message->n_sample_types++] = value_type(maker, "held", "bytes");
    message->default_sample_type = text(maker, maker->kind == PPROF_HEAP ? "held" : "tasks");
    message->period_type = value_type(maker, "tasks", "count");
    message->period = 1;
}

static void add_mapping(struct maker *maker)
{
    Pprof__Mapping *mapping = take(maker, 1, sizeof *mapping);
    maker->message.mappings = take(maker, 1, sizeof(void *));
    if (maker->failed)
        return;
    pprof__mapping__init(mapping);
    mapping->id = 1;
    mapping->file = text(maker, "leaklab");
    mapping->has_functions = mapping->has_files = mapping->has_lines = true;
    maker->message.mappings[maker->message.n_mappings++] = mapping;
}

/* A function and a location with the ids that belong to index `at`. */
static void add_frame(struct maker *maker, uint32_t at, const char *name, const char *file, uint32_t line)
{
    Pprof__Function *function = take(maker, 1, sizeof *function);
    Pprof__Location *location = take(maker, 1, sizeof *location);
    Pprof__Line *lines = take(maker, 1, sizeof *lines);
    Pprof__Line **list = take(maker, 1, sizeof(void *));
    if (maker->failed)
        return;
    pprof__function__init(function);
    function->id = at + 1;
    function->name = function->system_name = text(maker, name);
    function->file = text(maker, file);
    function->start_line = line;
    pprof__line__init(lines);
    lines->function = at + 1;
    lines->line = line;
    list[0] = lines;
    pprof__location__init(location);
    location->id = location->address = at + 1;
    location->mapping = 1;
    location->lines = list;
    location->n_lines = 1;
    maker->message.functions[maker->message.n_functions++] = function;
    maker->message.locations[maker->message.n_locations++] = location;
}

/* One for each place, and behind them one for what is not listed. */
static void add_frames(struct maker *maker)
{
    const struct profile *profile = maker->profile;
    maker->message.functions = take(maker, profile->place_count + 1, sizeof(void *));
    maker->message.locations = take(maker, profile->place_count + 1, sizeof(void *));
    for (uint32_t i = 0; i < profile->place_count && !maker->failed; i++)
        add_frame(maker, i, profile->places[i].frame, profile->places[i].file, profile->places[i].line);
    if (!maker->failed)
        add_frame(maker, profile->place_count, "(more than a profile lists)", "", 0);
}

static void add_label(struct maker *maker, Pprof__Sample *sample, const char *key, const char *value)
{
    Pprof__Label *label = take(maker, 1, sizeof *label);
    if (label == NULL)
        return;
    pprof__label__init(label);
    label->key = text(maker, key);
    label->text = text(maker, value);
    sample->labels[sample->n_labels++] = label;
}

static Pprof__Sample *new_sample(struct maker *maker, size_t depth, uint64_t tasks, uint64_t held_bytes)
{
    Pprof__Sample *sample = take(maker, 1, sizeof *sample);
    uint64_t *locations = take(maker, depth, sizeof *locations);
    int64_t *values = take(maker, 2, sizeof *values);
    Pprof__Label **labels = take(maker, LABELS, sizeof(void *));
    if (maker->failed)
        return NULL;
    pprof__sample__init(sample);
    sample->locations = locations;
    sample->values = values;
    sample->labels = labels;
    values[sample->n_values++] = (int64_t)tasks;
    if (maker->kind == PPROF_HEAP)
        values[sample->n_values++] = (int64_t)held_bytes;
    maker->message.samples[maker->message.n_samples++] = sample;
    return sample;
}

static size_t depth_of(const struct profile *profile, uint32_t origin)
{
    size_t depth = 1;
    for (; origin != PROFILE_MAIN; origin = profile->origins[origin].parent)
        depth++;
    return depth;
}

static void add_sample(struct maker *maker, const struct profile_sample *counted)
{
    const struct profile *profile = maker->profile;
    const struct profile_key *key = &counted->key;
    const struct profile_place *place = &profile->places[key->place];
    Pprof__Sample *sample =
        new_sample(maker, depth_of(profile, key->origin), counted->tasks, counted->held_bytes);
    if (sample == NULL)
        return;
    sample->locations[sample->n_locations++] = key->place + 1;
    for (uint32_t at = key->origin; at != PROFILE_MAIN; at = profile->origins[at].parent)
        sample->locations[sample->n_locations++] = profile->origins[at].place + 1;
    add_label(maker, sample, "pattern", place->pattern);
    add_label(maker, sample, "variant", place->variant);
    add_label(maker, sample, "verdict", verdict_word((enum verdict)key->verdict));
    add_label(maker, sample, "state", task_state_word((enum task_state)key->state));
    add_label(maker, sample, "scenario", profile->scenarios[key->scenario]);
}

/* The totals are right however much there is. */
static void add_unlisted(struct maker *maker, enum verdict verdict)
{
    const struct profile *profile = maker->profile;
    uint64_t bytes = verdict == VERDICT_LIVE ? profile->unlisted_held_bytes : 0;
    if (profile->unlisted_tasks[verdict] == 0 && bytes == 0)
        return;
    Pprof__Sample *sample = new_sample(maker, 1, profile->unlisted_tasks[verdict], bytes);
    if (sample == NULL)
        return;
    sample->locations[sample->n_locations++] = profile->place_count + 1;
    add_label(maker, sample, "verdict", verdict_word(verdict));
}

static void add_samples(struct maker *maker)
{
    const struct profile *profile = maker->profile;
    maker->message.samples = take(maker, (size_t)profile->sample_count + VERDICTS, sizeof(void *));
    for (uint32_t i = 0; i < profile->sample_count && !maker->failed; i++)
        if (wanted(maker->kind, profile->samples[i].key.verdict))
            add_sample(maker, &profile->samples[i]);
    for (int verdict = 0; verdict < VERDICTS && !maker->failed; verdict++)
        if (wanted(maker->kind, (uint8_t)verdict))
            add_unlisted(maker, (enum verdict)verdict);
}

static enum err pack(const Pprof__Profile *message, struct buf *out)
{
    size_t size = pprof__profile__get_packed_size(message);
    uint8_t *bytes = size > LIMIT_PROFILE_BYTES ? NULL : malloc(size);
    if (bytes == NULL)
        return size > LIMIT_PROFILE_BYTES ? ERR_LIMIT : ERR_MEMORY;
    pprof__profile__pack(message, bytes);
    enum err err = gzip_append(out, bytes, size);
    free(bytes);
    return err;
}

enum err pprof_write(const struct profile *profile, enum pprof_kind kind, int64_t time_ns, struct buf *out)
{
    struct maker maker = {.profile = profile, .kind = kind, .arena = arena_new()};
    if (maker.arena == NULL)
        return ERR_MEMORY;
    pprof__profile__init(&maker.message);
    maker.message.time_ns = time_ns;
    maker.slot_count = 2 * texts_room(profile);
    maker.slots = take(&maker, maker.slot_count, sizeof *maker.slots);
    maker.message.texts = take(&maker, texts_room(profile), sizeof(char *));
    text(&maker, "");
    add_types(&maker);
    add_mapping(&maker);
    add_frames(&maker);
    add_samples(&maker);
    enum err err = maker.failed ? ERR_MEMORY : pack(&maker.message, out);
    arena_free(maker.arena);
    return err;
}
