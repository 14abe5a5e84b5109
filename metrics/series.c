/* Setting values. */
#include <math.h>
#include <string.h>

#include "metrics/internal.h"

/* From here on a double does not tell neighbouring whole numbers apart. */
#define WHOLE_MAX 9007199254740992.0

#define INTEGER_END 18446744073709551616.0 /* above every uint64_t */

static struct metrics_number number_of(double value)
{
    if (value >= 0 && value < WHOLE_MAX) {
        uint64_t whole = (uint64_t)value;
        if ((double)whole == value)
            return (struct metrics_number){.integer = whole};
    }
    return (struct metrics_number){.real = value, .is_real = true};
}

static double real_of(const struct metrics_number *number)
{
    return number->is_real ? number->real : (double)number->integer;
}

/* Never compared as doubles, which do not tell large whole numbers apart. */
static bool real_below(double real, uint64_t integer)
{
    return real < 0 || (real < INTEGER_END && (uint64_t)real < integer);
}

static bool integer_below(uint64_t integer, double real)
{
    if (real < 0 || real >= INTEGER_END)
        return real > 0;
    uint64_t whole = (uint64_t)real;
    return integer < whole || (integer == whole && (double)whole < real);
}

static bool below(const struct metrics_number *a, const struct metrics_number *b)
{
    if (a->is_real && b->is_real)
        return a->real < b->real;
    if (!a->is_real && !b->is_real)
        return a->integer < b->integer;
    return a->is_real ? real_below(a->real, b->integer) : integer_below(a->integer, b->real);
}

static bool settable(const struct metrics_series *series)
{
    return series->declared->type == METRICS_GAUGE || series->declared->type == METRICS_COUNTER;
}

static enum metrics_err assign(struct metrics_series *series, struct metrics_number number)
{
    if (series->declared->type == METRICS_COUNTER && below(&number, &series->number))
        return METRICS_BACKWARDS;
    series->number = number;
    series->known = true;
    return METRICS_OK;
}

void metrics_unset(struct metrics_series *series)
{
    series->known = false;
    if (series->declared->type == METRICS_GAUGE)
        series->number = (struct metrics_number){0};
}

enum metrics_err metrics_set(struct metrics_series *series, double value)
{
    if (!settable(series))
        return METRICS_TYPE;
    if (series->declared->type == METRICS_COUNTER && !(value >= 0 && isfinite(value)))
        return METRICS_RANGE;
    if (isnan(value)) {
        metrics_unset(series);
        return METRICS_OK;
    }
    return assign(series, number_of(value));
}

enum metrics_err metrics_set_u64(struct metrics_series *series, uint64_t value)
{
    return settable(series) ? assign(series, (struct metrics_number){.integer = value}) : METRICS_TYPE;
}

enum metrics_err metrics_add(struct metrics_series *series, double amount)
{
    if (!settable(series))
        return METRICS_TYPE;
    if (!isfinite(amount) || (series->declared->type == METRICS_COUNTER && amount < 0))
        return METRICS_RANGE;
    struct metrics_number number = number_of(amount);
    if (!number.is_real && !series->number.is_real)
        return metrics_add_u64(series, number.integer);
    double sum = real_of(&series->number) + amount;
    if (!isfinite(sum))
        return METRICS_RANGE;
    enum metrics_err err = assign(series, number_of(sum));
    return err == METRICS_BACKWARDS ? METRICS_OK : err; /* too little to show beside what there is */
}

enum metrics_err metrics_add_u64(struct metrics_series *series, uint64_t amount)
{
    if (!settable(series))
        return METRICS_TYPE;
    if (series->number.is_real)
        return metrics_add(series, (double)amount);
    uint64_t sum;
    if (__builtin_add_overflow(series->number.integer, amount, &sum))
        return METRICS_RANGE;
    return assign(series, (struct metrics_number){.integer = sum});
}

enum metrics_err metrics_observe(struct metrics_series *series, double value)
{
    if (series->declared->type != METRICS_HISTOGRAM)
        return METRICS_TYPE;
    double sum = real_of(&series->number) + value;
    if (!(value >= 0 && isfinite(sum)))
        return METRICS_RANGE;
    size_t bucket = 0;
    while (bucket < series->declared->bound_count && value > series->declared->bounds[bucket])
        bucket++;
    series->counts[bucket]++;
    series->number = number_of(sum);
    series->known = true;
    return METRICS_OK;
}

/* Turns the counts into plain ones; false when they fall, or their total has no room. */
static bool plain_counts(const uint64_t *counts, size_t count, enum metrics_buckets kind, uint64_t *plain)
{
    uint64_t total = 0;
    for (size_t i = 0; i < count; i++) {
        if (kind == METRICS_CUMULATIVE && counts[i] < total)
            return false;
        plain[i] = kind == METRICS_CUMULATIVE ? counts[i] - total : counts[i];
        if (__builtin_add_overflow(total, plain[i], &total))
            return false;
    }
    return true;
}

enum metrics_err metrics_histogram_set(struct metrics_series *series, enum metrics_buckets kind,
                                       const uint64_t *counts, double sum)
{
    if (series->declared->type != METRICS_HISTOGRAM)
        return METRICS_TYPE;
    uint64_t plain[METRICS_BOUNDS_MAX + 1];
    size_t count = series->declared->bound_count + 1;
    if (!(sum >= 0 && isfinite(sum)) || !plain_counts(counts, count, kind, plain))
        return METRICS_RANGE;
    struct metrics_number number = number_of(sum);
    if (below(&number, &series->number))
        return METRICS_BACKWARDS;
    for (size_t i = 0; i < count; i++)
        if (plain[i] < series->counts[i])
            return METRICS_BACKWARDS;
    memcpy(series->counts, plain, count * sizeof(plain[0]));
    series->number = number;
    series->known = true;
    return METRICS_OK;
}
