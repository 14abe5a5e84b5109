#include "lab/forecast.h"

#include <math.h>
#include <stdlib.h>

#include "base/check.h"
#include "runtime/task.h"

/* Enough to be above every limit, small enough to be added without a thought. */
#define MANY 1e15

/* What one task of a kind amounts to, with everything that it spawns. */
struct weight {
    double tasks;
    double bytes;
};

static double at_most(double number)
{
    return number < MANY ? number : MANY;
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
    return (struct weight){1, bytes + sizeof(struct task)};
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
        bool heap = op->code == OP_HOLD || op->code == OP_LOSE;
        double amount = op->code == OP_SPAWN || heap ? times[i] * (double)values[op->value] : 0;
        if (heap) {
            sum->bytes = at_most(sum->bytes + amount);
        } else if (op->code == OP_SPAWN) {
            sum->tasks = at_most(sum->tasks + amount * before[op->kind].tasks);
            sum->bytes = at_most(sum->bytes + amount * before[op->kind].bytes);
        }
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
    result->bytes = at_most(result->bytes + program->layouts[0].bytes);
    free(weights);
    free(times);
    return ERR_OK;
}

/* When what leaks has made `limit` tasks of the `have` that are there anyway, in seconds; INFINITY: never. */
static double reached_after(const struct spec *spec, double have, const struct forecast *forecast,
                            double limit)
{
    if (have >= limit)
        return 0;
    if (!(forecast->leaked_per_second > 0))
        return INFINITY;
    if (spec->shape == SHAPE_STEADY)
        return (limit - have) / forecast->leaked_per_second;
    struct arrival arrival = spec_arrival(spec);
    double starts = ceil((limit - have) / forecast->leaked_per_start);
    uint64_t due_ns = starts < MANY ? arrival_due_ns(&arrival, (uint64_t)starts) : UINT64_MAX;
    return due_ns == UINT64_MAX ? INFINITY : (double)due_ns / 1e9;
}

/* What has leaked when the duration is over. */
static double leaked_at_end(const struct spec *spec, const struct forecast *forecast)
{
    if (!(forecast->leaked_per_second > 0))
        return 0;
    if (spec->duration_ns == 0)
        return INFINITY;
    if (spec->shape == SHAPE_STEADY)
        return forecast->leaked_per_second * ((double)spec->duration_ns / 1e9);
    struct arrival arrival = spec_arrival(spec);
    return forecast->leaked_per_start * (double)arrival_due(&arrival, (uint64_t)spec->duration_ns);
}

static void find_limit(const struct spec *spec, struct forecast *forecast, double overlapping)
{
    double lasts = spec->duration_ns == 0 ? INFINITY : (double)spec->duration_ns / 1e9;
    double bytes_per_task = forecast->bytes_per_start / forecast->tasks_per_start;
    double tasks = forecast->tasks_per_start * overlapping;
    double tasks_after = reached_after(spec, tasks, forecast, (double)spec->max_tasks + 1);
    double heap_after =
        reached_after(spec, tasks, forecast, ((double)spec->max_heap_bytes + 1) / bytes_per_task);
    double after = tasks_after <= heap_after ? tasks_after : heap_after;
    forecast->limit = NULL;
    forecast->limit_after_seconds = 0;
    if (after <= lasts && !isinf(after)) {
        forecast->limit = tasks_after <= heap_after ? "tasks" : "heap";
        forecast->limit_after_seconds = after;
    }
    double peak = tasks + leaked_at_end(spec, forecast);
    double most = fmin((double)spec->max_tasks, floor((double)spec->max_heap_bytes / bytes_per_task));
    forecast->tasks_peak = fmin(peak, most);
}

/* Adds what a start of one program amounts to, `share` of all starts being such. */
static enum err add_program(const struct spec *spec, const struct program *program, double share,
                            struct forecast *forecast)
{
    int64_t *values = calloc((size_t)program->value_count + 1, sizeof *values);
    if (values == NULL)
        return ERR_MEMORY;
    struct weight weight;
    program_resolve(program, spec->params, spec->linger_ns, spec->holds_bytes, values);
    enum err err = weigh(program, values, &weight);
    double leaked = (double)pattern_expected(program, values);
    free(values);
    if (err != ERR_OK)
        return err;
    forecast->tasks_per_start += share * weight.tasks;
    forecast->leaked_per_start += share * fmin(leaked, MANY);
    forecast->bytes_per_start += share * weight.bytes;
    return ERR_OK;
}

enum err forecast_make(const struct spec *spec, struct forecast *forecast)
{
    const struct program *programs[MODE_PROGRAMS];
    size_t count = mode_programs(spec->mode, programs);
    CHECK(count > 0 && count <= MODE_PROGRAMS);
    double leaking = (double)spec->leak_share / ARRIVAL_SHARE;
    const double shares[MODE_PROGRAMS] = {count == 1 ? 1 : leaking, 1 - leaking};
    struct arrival arrival = spec_arrival(spec);
    double rate = arrival_per_second(&arrival);
    *forecast = (struct forecast){0};
    for (size_t i = 0; i < count; i++) {
        enum err err = add_program(spec, programs[i], shares[i], forecast);
        if (err != ERR_OK)
            return err;
    }
    forecast->tasks_per_second = rate * forecast->tasks_per_start;
    forecast->leaked_per_second = rate * forecast->leaked_per_start;
    /* Starts whose owner is there at the same time, when the rate is at its highest. */
    double stays = (double)spec->linger_ns / 1e9;
    if (spec->duration_ns > 0)
        stays = fmin(stays, (double)spec->duration_ns / 1e9);
    double overlapping = fmax(1, ceil(rate_per_second(spec->rate) * stays));
    find_limit(spec, forecast, overlapping);
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
