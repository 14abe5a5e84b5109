#include "judge/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "language/arena.h"

#define SAMPLE_SLOTS (2 * LIMIT_PROFILE_SAMPLES)
#define GROUP_SLOTS  (2 * LIMIT_PROFILE_GROUPS)
#define FIRST_ROOM   16
#define EIGHTH_BITS  3 /* an age is kept to within an eighth */

/* Open addressing: a slot is an index and 1, or 0 where nothing is. Never more than half full. */
struct profile_table {
    uint32_t samples[SAMPLE_SLOTS];
    uint32_t groups[GROUP_SLOTS];
};

struct profile *profile_new(void)
{
    struct profile *profile = calloc(1, sizeof *profile);
    if (profile == NULL)
        return NULL;
    profile->arena = arena_new();
    profile->table = calloc(1, sizeof *profile->table);
    uint32_t main_origin;
    if (profile->arena == NULL || profile->table == NULL ||
        profile_add_origin(profile, 0, PROFILE_MAIN, &main_origin) != ERR_OK) {
        profile_free(profile);
        return NULL;
    }
    return profile;
}

void profile_free(struct profile *profile)
{
    if (profile == NULL)
        return;
    arena_free(profile->arena);
    free(profile->places);
    free(profile->origins);
    free(profile->scenarios);
    free(profile->samples);
    free(profile->groups);
    free(profile->table);
    free(profile);
}

/* Room for one more behind `count` items of `size` bytes: twice as many whenever they are a power of two.
 * NULL: no memory, and `items` is as it was. */
static void *grow(void *items, uint32_t count, size_t size)
{
    if (count >= FIRST_ROOM && (count & (count - 1)) != 0)
        return items;
    if (count > 0 && count < FIRST_ROOM)
        return items;
    size_t room = count == 0 ? FIRST_ROOM : (size_t)count * 2;
    return realloc(items, room * size);
}

static const char *copy(struct profile *profile, const char *text)
{
    return arena_text(profile->arena, text, strlen(text));
}

/* "consumer recv jobs" */
static const char *frame_text(struct profile *profile, const char *task, const char *statement)
{
    size_t size = strlen(task) + 1 + strlen(statement);
    char *text = arena_alloc(profile->arena, size + 1);
    if (text != NULL)
        snprintf(text, size + 1, "%s %s", task, statement);
    return text;
}

enum err profile_add_place(struct profile *profile, const struct program *program, uint16_t step,
                           uint32_t *index)
{
    const struct step *at = &program->steps[step];
    const char *task = program->kinds[at->kind].name;
    struct profile_place place = {
        .pattern = copy(profile, program->pattern),
        .variant = copy(profile, program->variant),
        .file = copy(profile, program->file),
        .task = copy(profile, task),
        .statement = copy(profile, at->text),
        .frame = frame_text(profile, task, at->text),
        .line = at->line,
        .column = at->column,
    };
    if (place.pattern == NULL || place.variant == NULL || place.file == NULL || place.task == NULL ||
        place.statement == NULL || place.frame == NULL)
        return ERR_MEMORY;
    struct profile_place *places = grow(profile->places, profile->place_count, sizeof *places);
    if (places == NULL)
        return ERR_MEMORY;
    profile->places = places;
    *index = profile->place_count++;
    places[*index] = place;
    return ERR_OK;
}

enum err profile_add_origin(struct profile *profile, uint32_t place, uint32_t parent, uint32_t *index)
{
    CHECK(parent < profile->origin_count || profile->origin_count == 0);
    struct profile_origin *origins = grow(profile->origins, profile->origin_count, sizeof *origins);
    if (origins == NULL)
        return ERR_MEMORY;
    profile->origins = origins;
    *index = profile->origin_count++;
    origins[*index] = (struct profile_origin){.place = place, .parent = parent};
    return ERR_OK;
}

enum err profile_explain(struct profile *profile, uint32_t place, bool relock, const char *lacks)
{
    const char *text = copy(profile, lacks);
    if (text == NULL)
        return ERR_MEMORY;
    if (relock)
        profile->places[place].lacks_relock = text;
    else
        profile->places[place].lacks = text;
    return ERR_OK;
}

enum err profile_add_scenario(struct profile *profile, const char *name, uint32_t *index)
{
    const char *text = copy(profile, name);
    const char **scenarios =
        text == NULL ? NULL : grow(profile->scenarios, profile->scenario_count, sizeof *scenarios);
    if (scenarios == NULL)
        return ERR_MEMORY;
    profile->scenarios = scenarios;
    *index = profile->scenario_count++;
    scenarios[*index] = text;
    return ERR_OK;
}

static uint32_t mix(uint32_t hash, uint32_t value)
{
    hash = (hash ^ value) * 0x9e3779b1u;
    return hash ^ (hash >> 15);
}

static bool same_key(const struct profile_key *a, const struct profile_key *b)
{
    return a->place == b->place && a->origin == b->origin && a->scenario == b->scenario &&
           a->state == b->state && a->verdict == b->verdict;
}

/* NULL: no memory; or, with *full set, no room for another one. */
static struct profile_sample *find_sample(struct profile *profile, struct profile_key key, bool *full)
{
    uint32_t hash = mix(mix(mix(key.place, key.origin), key.scenario), key.state * 8u + key.verdict);
    uint32_t *slot = &profile->table->samples[hash % SAMPLE_SLOTS];
    for (; *slot != 0; slot = &profile->table->samples[++hash % SAMPLE_SLOTS])
        if (same_key(&profile->samples[*slot - 1].key, &key))
            return &profile->samples[*slot - 1];
    *full = profile->sample_count == LIMIT_PROFILE_SAMPLES;
    struct profile_sample *samples =
        *full ? NULL : grow(profile->samples, profile->sample_count, sizeof *samples);
    if (samples == NULL)
        return NULL;
    profile->samples = samples;
    samples[profile->sample_count] = (struct profile_sample){.key = key};
    *slot = ++profile->sample_count;
    return &samples[profile->sample_count - 1];
}

static struct profile_group *find_group(struct profile *profile, struct profile_key key, bool *full)
{
    uint32_t hash = mix(key.place, key.verdict);
    uint32_t *slot = &profile->table->groups[hash % GROUP_SLOTS];
    for (; *slot != 0; slot = &profile->table->groups[++hash % GROUP_SLOTS]) {
        struct profile_group *group = &profile->groups[*slot - 1];
        if (group->place == key.place && group->verdict == key.verdict)
            return group;
    }
    *full = profile->group_count == LIMIT_PROFILE_GROUPS;
    struct profile_group *groups = *full ? NULL : grow(profile->groups, profile->group_count, sizeof *groups);
    if (groups == NULL)
        return NULL;
    profile->groups = groups;
    groups[profile->group_count] = (struct profile_group){.place = key.place, .verdict = key.verdict};
    *slot = ++profile->group_count;
    return &groups[profile->group_count - 1];
}

/* Ages below 8 ms have a class each; from there on, each doubling has 8. */
static unsigned age_class(uint64_t age_ms)
{
    if (age_ms < (1u << EIGHTH_BITS))
        return (unsigned)age_ms;
    unsigned doublings = 63 - EIGHTH_BITS - (unsigned)__builtin_clzll(age_ms);
    unsigned class = ((doublings + 1) << EIGHTH_BITS) + (unsigned)((age_ms >> doublings) & 7);
    return class < PROFILE_AGES ? class : PROFILE_AGES - 1;
}

/* The least age of a class. */
static uint64_t class_age_ms(unsigned class)
{
    if (class < (1u << EIGHTH_BITS))
        return class;
    unsigned doublings = (class >> EIGHTH_BITS) - 1;
    return (8ull + (class & 7)) << doublings;
}

/* Keeps the oldest ones in order. */
static void keep_oldest(struct profile_group *group, const struct profile_task *task)
{
    struct profile_example *oldest = group->oldest;
    unsigned at = PROFILE_EXAMPLES;
    while (at > 0 && (oldest[at - 1].id == 0 || oldest[at - 1].age_ms < task->age_ms))
        at--;
    if (at == PROFILE_EXAMPLES || task->id == 0)
        return;
    memmove(&oldest[at + 1], &oldest[at], (PROFILE_EXAMPLES - 1 - at) * sizeof *oldest);
    oldest[at] = (struct profile_example){.id = task->id, .age_ms = task->age_ms};
}

/* Most tasks are like the one before: true when that is so, and nothing has to be looked up. */
static bool is_as_last(const struct profile *profile, const struct profile_key *key)
{
    return profile->last_sample < profile->sample_count && profile->last_group < profile->group_count &&
           same_key(&profile->samples[profile->last_sample].key, key) &&
           profile->groups[profile->last_group].place == key->place &&
           profile->groups[profile->last_group].verdict == key->verdict;
}

static void count_in(struct profile *profile, const struct profile_task *task)
{
    struct profile_sample *sample = &profile->samples[profile->last_sample];
    struct profile_group *group = &profile->groups[profile->last_group];
    sample->tasks++;
    sample->held_bytes += task->held_bytes;
    group->tasks++;
    group->held_bytes += task->held_bytes;
    group->ages[age_class(task->age_ms)]++;
    if (task->age_ms > group->oldest_ms)
        group->oldest_ms = task->age_ms;
    keep_oldest(group, task);
}

enum err profile_count(struct profile *profile, struct profile_key key, const struct profile_task *task)
{
    if (!is_as_last(profile, &key)) {
        bool full = false;
        struct profile_sample *sample = find_sample(profile, key, &full);
        if (sample == NULL && !full)
            return ERR_MEMORY;
        struct profile_group *group = full ? NULL : find_group(profile, key, &full);
        if (group == NULL && !full)
            return ERR_MEMORY;
        if (full) {
            profile->tasks++;
            profile->unlisted_tasks[key.verdict]++;
            profile->unlisted_held_bytes += task->held_bytes;
            return ERR_OK;
        }
        profile->last_sample = (uint32_t)(sample - profile->samples);
        profile->last_group = (uint32_t)(group - profile->groups);
    }
    profile->tasks++;
    count_in(profile, task);
    return ERR_OK;
}

/* Leaked ones first, then most tasks first, then by place, so that the order is always the same. */
static int order(bool a_leaked, bool b_leaked, uint64_t a_tasks, uint64_t b_tasks, uint32_t a_place,
                 uint32_t b_place)
{
    if (a_leaked != b_leaked)
        return a_leaked ? -1 : 1;
    if (a_tasks != b_tasks)
        return a_tasks > b_tasks ? -1 : 1;
    return (a_place > b_place) - (a_place < b_place);
}

static int order_samples(const void *left, const void *right)
{
    const struct profile_sample *a = left;
    const struct profile_sample *b = right;
    int by = order(a->key.verdict != VERDICT_LIVE, b->key.verdict != VERDICT_LIVE, a->tasks, b->tasks,
                   a->key.place, b->key.place);
    if (by == 0)
        by = (a->key.scenario > b->key.scenario) - (a->key.scenario < b->key.scenario);
    if (by == 0)
        by = (a->key.origin > b->key.origin) - (a->key.origin < b->key.origin);
    return by != 0 ? by : (int)a->key.state - (int)b->key.state;
}

static int order_groups(const void *left, const void *right)
{
    const struct profile_group *a = left;
    const struct profile_group *b = right;
    int by =
        order(a->verdict != VERDICT_LIVE, b->verdict != VERDICT_LIVE, a->tasks, b->tasks, a->place, b->place);
    return by != 0 ? by : (int)a->verdict - (int)b->verdict;
}

/* At the limit one of the two may have been made without the other. */
static void drop_empty(struct profile *profile)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < profile->sample_count; i++)
        if (profile->samples[i].tasks > 0)
            profile->samples[kept++] = profile->samples[i];
    profile->sample_count = kept;
    kept = 0;
    for (uint32_t i = 0; i < profile->group_count; i++)
        if (profile->groups[i].tasks > 0)
            profile->groups[kept++] = profile->groups[i];
    profile->group_count = kept;
}

void profile_finish(struct profile *profile)
{
    free(profile->table);
    profile->table = NULL;
    drop_empty(profile);
    if (profile->sample_count > 0)
        qsort(profile->samples, profile->sample_count, sizeof *profile->samples, order_samples);
    if (profile->group_count > 0)
        qsort(profile->groups, profile->group_count, sizeof *profile->groups, order_groups);
}

uint64_t profile_median_ms(const struct profile_group *group)
{
    uint64_t passed = 0;
    for (unsigned class = 0; class < PROFILE_AGES; class ++) {
        passed += group->ages[class];
        if (passed * 2 >= group->tasks)
            return class_age_ms(class) < group->oldest_ms ? class_age_ms(class) : group->oldest_ms;
    }
    return group->oldest_ms;
}
