#include "lab/forecast.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "lab/sample.h"
#include "lab/share.h"
#include "runtime/task.h"

/* Enough to be above every limit, small enough to be added without a thought. */
#define MANY 1e15

/* What one task of a kind amounts to, with everything that it spawns and opens. */
struct weight {
    double of[AMOUNTS];
};

static double at_most(double number)
{
    return number < MANY ? number : MANY;
}

static void add_to(double *sum, double number)
{
    *sum = at_most(*sum + number);
}

/* How many times each operation runs within its loops. The way back of a loop is a NEXT that aims at the
 * operation behind its LOOP. */
static void count_repetitions(const struct program *program, const int64_t *values, double *times)
{
    for (uint16_t i = 0; i < program->op_count; i++)
        times[i] = 1;
    for (uint16_t i = 0; i < program->op_count; i++) {
        const struct op *op = &program->ops[i];
        if (op->code != OP_NEXT || op->target == 0 || program->ops[op->target - 1].code != OP_LOOP)
            continue;
        int64_t rounds = values[program->ops[op->target - 1].value];
        for (uint16_t inner = op->target; inner < i; inner++)
            times[inner] = at_most(times[inner] * (double)rounds);
    }
}

static struct weight kind_alone(const struct program *program, uint16_t kind)
{
    uint16_t layout = program->kinds[kind].layout;
    double bytes = layout == NO_LAYOUT ? 0 : program->layouts[layout].bytes;
    return (struct weight){{[AMOUNT_TASKS] = 1, [AMOUNT_BYTES] = bytes + sizeof(struct task)}};
}

/* One pass: what kinds hold and spawn, given what they weighed in the pass before. */
static void weigh_pass(const struct program *program, const int64_t *values, const double *times,
                       const struct weight *before, struct weight *after)
{
    for (uint16_t kind = 0; kind < program->kind_count; kind++)
        after[kind] = kind_alone(program, kind);
    for (uint16_t i = 0; i < program->op_count; i++) {
        const struct op *op = &program->ops[i];
        struct weight *sum = &after[program->steps[op->step].kind];
        if (op->code == OP_HOLD || op->code == OP_LOSE)
            add_to(&sum->of[AMOUNT_BYTES], times[i] * (double)values[op->value]);
        else if (op->code == OP_OPEN)
            add_to(&sum->of[AMOUNT_SUPPLY + resource_supply(op->reg)], times[i]);
        else if (op->code == OP_SPAWN)
            for (unsigned amount = 0; amount < AMOUNTS; amount++)
                add_to(&sum->of[amount], times[i] * (double)values[op->value] * before[op->kind].of[amount]);
    }
}

/* The weight of main. Kinds spawn kinds: a pass for each level; where a kind spawns itself the sum stops at
 * some bound. */
static enum err weigh(const struct program *program, const int64_t *values, struct weight *result)
{
    size_t kinds = program->kind_count;
    struct weight *weights = calloc(kinds * 2, sizeof *weights);
    double *times = calloc((size_t)program->op_count + 1, sizeof *times);
    if (weights == NULL || times == NULL) {
        free(weights);
        free(times);
        return ERR_MEMORY;
    }
    count_repetitions(program, values, times);
    struct weight *before = weights, *after = weights + kinds;
    for (size_t pass = 0; pass <= kinds; pass++) {
        weigh_pass(program, values, times, before, after);
        struct weight *spare = before;
        before = after;
        after = spare;
    }
    *result = before[0];
    add_to(&result->of[AMOUNT_BYTES], program->layouts[0].bytes);
    free(weights);
    free(times);
    return ERR_OK;
}

/* What was worked out for all starts of a scenario, of which some may leak. */
struct growth {
    struct sample start; /* the mean of a start */
    double per_second;   /* starts in the long run */
    double at_most;      /* starts a second when the rate is at its highest; 0: there is one start */
};

/* What starts that are not over yet amount to: `most` is that of one by itself. */
static double standing(const struct growth *growth, double most, double seconds)
{
    return fmax(most, growth->at_most * seconds);
}

/* When what stays has made `limit` of what starts amount to anyway, in seconds; INFINITY: never. */
static double reached_after(const struct spec *spec, const struct growth *growth, double have, double left,
                            double limit)
{
    if (have >= limit)
        return 0;
    if (!(growth->per_second * left > 0))
        return INFINITY;
    if (spec->shape == SHAPE_STEADY)
        return (limit - have) / (growth->per_second * left);
    struct arrival arrival = spec_arrival(spec);
    double starts = ceil((limit - have) / left);
    uint64_t due_ns = starts < MANY ? arrival_due_ns(&arrival, (uint64_t)starts) : UINT64_MAX;
    return due_ns == UINT64_MAX ? INFINITY : (double)due_ns / 1e9;
}

/* Starts that have come when the duration is over. */
static double starts_at_end(const struct spec *spec, const struct growth *growth)
{
    if (spec->duration_ns == 0)
        return growth->per_second > 0 ? INFINITY : 1;
    if (spec->shape == SHAPE_STEADY)
        return growth->per_second * ((double)spec->duration_ns / 1e9);
    struct arrival arrival = spec_arrival(spec);
    return (double)arrival_due(&arrival, (uint64_t)spec->duration_ns);
}

/* How much of each there may be, and one more: what ends a scenario. */
static void read_limits(const struct spec *spec, const uint64_t *supplies, double *limits)
{
    limits[AMOUNT_TASKS] = (double)spec->max_tasks + 1;
    limits[AMOUNT_BYTES] = (double)spec->max_heap_bytes + 1;
    for (unsigned supply = 0; supply < SUPPLIES; supply++)
        limits[AMOUNT_SUPPLY + supply] = (double)supplies[supply] + 1;
}

static const char *limit_word(unsigned amount)
{
    if (amount < AMOUNT_SUPPLY)
        return limit_kind_word(amount == AMOUNT_TASKS ? LIMIT_KIND_TASKS : LIMIT_KIND_HEAP);
    return limit_kind_word(LIMIT_KIND_DESCRIPTORS + (amount - AMOUNT_SUPPLY));
}

/* The limit that is reached first, if one is before the end. */
static void find_limit(const struct spec *spec, const struct growth *growth, const double *limits,
                       struct forecast *forecast)
{
    const struct sample *start = &growth->start;
    double first = spec->duration_ns == 0 ? INFINITY : (double)spec->duration_ns / 1e9;
    for (unsigned amount = 0; amount < AMOUNTS; amount++) {
        double have = standing(growth, start->most[amount], start->seconds[amount]);
        double after = reached_after(spec, growth, have, start->left[amount], limits[amount]);
        if (isinf(after) || after > first || (after == first && forecast->limit != NULL))
            continue;
        first = after;
        forecast->limit = limit_word(amount);
        forecast->limit_after_seconds = after;
    }
}

/* Tasks alive at a time: what is there anyway, and what all starts leave that any limit lets come. */
static double peak(const struct spec *spec, const struct growth *growth, const double *limits)
{
    const struct sample *start = &growth->start;
    double starts = growth->per_second > 0 ? starts_at_end(spec, growth) : 0;
    for (unsigned amount = AMOUNT_SUPPLY; amount < AMOUNTS; amount++)
        if (start->left[amount] > 0)
            starts = fmin(starts, limits[amount] / start->left[amount]);
    double tasks = standing(growth, start->most[AMOUNT_TASKS], start->seconds[AMOUNT_TASKS]);
    double left = start->left[AMOUNT_TASKS] > 0 ? start->left[AMOUNT_TASKS] * starts : 0;
    double bytes_per_task = start->most[AMOUNT_BYTES] / start->most[AMOUNT_TASKS];
    return fmin(round(tasks + left),
                fmin((double)spec->max_tasks, floor((double)spec->max_heap_bytes / bytes_per_task)));
}

/* From the program's text alone, where a start is too large to be tried: what it spawns is there until its
 * owner leaves, and what the pattern expects to be left stays. */
static struct sample sample_of_text(const struct spec *spec, const struct weight *weight,
                                    const double *expected)
{
    double stays = (double)spec->linger_ns / 1e9;
    struct sample sample = {.spawned = weight->of[AMOUNT_TASKS]};
    for (unsigned amount = 0; amount < AMOUNTS; amount++) {
        double most = sample.most[amount] = weight->of[amount];
        sample.left[amount] = amount == AMOUNT_BYTES
                                  ? most * sample.left[AMOUNT_TASKS] / weight->of[AMOUNT_TASKS]
                                  : fmin(expected[amount], most);
        sample.seconds[amount] = (most - sample.left[amount]) * stays;
    }
    return sample;
}

/* Adds `share` of a start that has `times` as much of each as the sample. */
static void add_sample(struct sample *sum, const struct sample *sample, double share, const double *times)
{
    sum->spawned += share * times[AMOUNT_TASKS] * sample->spawned;
    for (unsigned amount = 0; amount < AMOUNTS; amount++) {
        sum->most[amount] += share * times[amount] * sample->most[amount];
        sum->left[amount] += share * times[amount] * sample->left[amount];
        sum->seconds[amount] += share * times[amount] * sample->seconds[amount];
    }
}

/* A try of one start, or of a smaller one of its kind where it is large; *tried is false when none fits.
 * times[]: how much more of each the start itself has. */
static enum err try_start(const struct spec *spec, const struct program *program, const struct weight *weight,
                          int64_t *values, struct sample *sample, double *times, bool *tried)
{
    const struct pattern *pattern = spec->mode.pattern;
    int64_t params[LIMIT_PARAMS] = {0};
    double scale = fmin((double)SAMPLE_TASKS / 2 / weight->of[AMOUNT_TASKS],
                        (double)SAMPLE_BYTES / 2 / fmax(weight->of[AMOUNT_BYTES], 1));
    uint16_t size; /* by convention "n": how many tasks a start has grows with it */
    *tried = false;
    memcpy(params, spec->params, pattern->param_count * sizeof params[0]);
    if (scale < 1) {
        const struct param *param = pattern_param(pattern, "n", &size);
        if (param == NULL || param->type != PARAM_COUNT ||
            (double)params[size] * scale < fmax(1, (double)param->min))
            return ERR_OK;
        params[size] = (int64_t)((double)params[size] * scale);
    }
    struct weight smaller;
    program_resolve(program, params, spec->linger_ns, spec->holds_bytes, values);
    enum err err = weigh(program, values, &smaller);
    if (err != ERR_OK)
        return err;
    for (unsigned amount = 0; amount < AMOUNTS; amount++)
        times[amount] = smaller.of[amount] > 0 ? weight->of[amount] / smaller.of[amount] : 1;
    return sample_take(&(struct sample_spec){.program = program,
                                             .params = params,
                                             .linger_ns = spec->linger_ns,
                                             .holds_bytes = spec->holds_bytes,
                                             .seed = spec->seed},
                       sample, tried);
}

/* Adds what a start of one program amounts to, `share` of all starts being such. */
static enum err add_program(const struct spec *spec, const struct program *program, double share,
                            struct growth *growth, struct forecast *forecast)
{
    int64_t *values = calloc((size_t)program->value_count + 1, sizeof *values);
    if (values == NULL)
        return ERR_MEMORY;
    struct weight weight;
    struct sample sample = {0};
    double times[AMOUNTS] = {0}, expected[AMOUNTS] = {0};
    bool tried;
    program_resolve(program, spec->params, spec->linger_ns, spec->holds_bytes, values);
    expected[AMOUNT_TASKS] = at_most((double)pattern_expected(program, values));
    for (unsigned supply = 0; supply < SUPPLIES; supply++)
        expected[AMOUNT_SUPPLY + supply] =
            at_most((double)pattern_expected_of(program, values, EXPECT_DESCRIPTORS + supply));
    enum err err = weigh(program, values, &weight);
    if (err == ERR_OK)
        err = try_start(spec, program, &weight, values, &sample, times, &tried);
    free(values);
    if (err != ERR_OK)
        return err;
    if (!tried) {
        sample = sample_of_text(spec, &weight, expected);
        for (unsigned amount = 0; amount < AMOUNTS; amount++)
            times[amount] = 1;
    }
    add_sample(&growth->start, &sample, share, times);
    forecast->leaked_per_start += share * expected[AMOUNT_TASKS];
    return ERR_OK;
}

enum err forecast_make(const struct spec *spec, const uint64_t supplies[static SUPPLIES],
                       struct forecast *forecast)
{
    const struct program *programs[MODE_PROGRAMS];
    size_t count = mode_programs(spec->mode, programs);
    CHECK(count > 0 && count <= MODE_PROGRAMS);
    double leaking = (double)spec->leak_share / SHARE_WHOLE;
    const double shares[MODE_PROGRAMS] = {count == 1 ? 1 : leaking, 1 - leaking};
    struct arrival arrival = spec_arrival(spec);
    struct growth growth = {.per_second = arrival_per_second(&arrival),
                            .at_most = rate_per_second(spec->rate)};
    *forecast = (struct forecast){0};
    for (size_t i = 0; i < count; i++) {
        enum err err = add_program(spec, programs[i], shares[i], &growth, forecast);
        if (err != ERR_OK)
            return err;
    }
    forecast->tasks_per_start = growth.start.spawned;
    forecast->bytes_per_start = growth.start.most[AMOUNT_BYTES];
    forecast->tasks_per_second = growth.per_second * forecast->tasks_per_start;
    forecast->leaked_per_second = growth.per_second * forecast->leaked_per_start;
    double limits[AMOUNTS];
    read_limits(spec, supplies, limits);
    find_limit(spec, &growth, limits, forecast);
    forecast->tasks_peak = peak(spec, &growth, limits);
    return ERR_OK;
}

/* A whole number where it is one. */
static json_t *mean_json(double mean)
{
    return mean == floor(mean) ? json_integer((json_int_t)mean) : json_real(mean);
}

json_t *forecast_json(const struct forecast *forecast)
{
    json_t *after = forecast->limit == NULL ? json_null() : json_real(forecast->limit_after_seconds);
    return json_pack("{s:o, s:I, s:f, s:f, s:o, s:o, s:s?, s:o}", "tasks_per_start",
                     mean_json(forecast->tasks_per_start), "tasks_peak", (json_int_t)forecast->tasks_peak,
                     "tasks_per_second", forecast->tasks_per_second, "leaked_per_second",
                     forecast->leaked_per_second, "leaked_per_start", mean_json(forecast->leaked_per_start),
                     "heap_bytes_per_start", mean_json(forecast->bytes_per_start), "limit", forecast->limit,
                     "limit_after_seconds", after);
}
