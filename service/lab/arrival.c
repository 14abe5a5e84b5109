#include "lab/arrival.h"

#include "base/limits.h"
#include "base/macros.h"
#include "base/rng.h"
#include "lab/share.h"

/* What keeps every product below 2^127: times of at most 36 years, and no more starts than fit into them. */
#define HORIZON_NS (1ull << 60)
#define MOST_COUNT (1ull << 51)

#define MILLION    1000000ull
#define PIECES_MAX 24

__extension__ typedef unsigned __int128 wide;

/* A shape's period in pieces of the same length: the share of the way from `low` to the rate that each has at
 * its beginning and its end. What does not repeat stays at the rate. */
struct course {
    uint8_t pieces;
    bool repeats;
    uint16_t ends[PIECES_MAX][2];
};

static const struct course courses[SHAPES] = {
    [SHAPE_RAMP] = {1, false, {{0, 10000}}},
    /* (1 - cos) / 2, at every 15 degrees. */
    [SHAPE_WAVE] = {24, true, {{0, 170},     {170, 670},    {670, 1464},   {1464, 2500}, {2500, 3706},
                               {3706, 5000}, {5000, 6294},  {6294, 7500},  {7500, 8536}, {8536, 9330},
                               {9330, 9830}, {9830, 10000}, {10000, 9830}, {9830, 9330}, {9330, 8536},
                               {8536, 7500}, {7500, 6294},  {6294, 5000},  {5000, 3706}, {3706, 2500},
                               {2500, 1464}, {1464, 670},   {670, 170},    {170, 0}}},
    [SHAPE_SPIKE] = {10, true, {[9] = {10000, 10000}}},
    [SHAPE_DOUBLE_HALVE] =
        {6, true, {{1250, 1250}, {2500, 2500}, {5000, 5000}, {10000, 10000}, {5000, 5000}, {2500, 2500}}},
};

static const struct {
    const char *word;
    bool period;
    bool low;
} shapes[SHAPES] = {
#define X(id, word, period, low) {word, period, low},
    SHAPE_TABLE(X)
#undef X
};

const char *shape_word(enum shape shape)
{
    return shapes[shape].word;
}

bool shape_takes_period(enum shape shape)
{
    return shapes[shape].period;
}

bool shape_takes_low(enum shape shape)
{
    return shapes[shape].low;
}

/* The share of the rate, to the nearest step, where `end` of the way from `low` is made. */
static uint64_t level(const struct arrival *arrival, uint16_t end)
{
    uint64_t low = (uint64_t)arrival->low;
    return low + ((SHARE_WHOLE - low) * end + SHARE_WHOLE / 2) / SHARE_WHOLE;
}

/* Twice the area below a piece from its beginning to `x_ns`, rounded down; twice, because then that of a
 * whole piece is a whole number. It never falls as x_ns grows. */
static wide piece_area(const struct arrival *arrival, const uint16_t ends[2], uint64_t length_ns,
                       uint64_t x_ns)
{
    uint64_t from = level(arrival, ends[0]);
    uint64_t to = level(arrival, ends[1]);
    wide flat = (wide)2 * from * x_ns;
    wide square = (wide)x_ns * x_ns;
    if (to >= from)
        return flat + (to > from ? square * (to - from) / length_ns : 0);
    wide less = square * (from - to);
    return flat - (less / length_ns + (less % length_ns != 0));
}

/* The same of a whole piece. */
static wide whole_area(const struct arrival *arrival, const uint16_t ends[2], uint64_t length_ns)
{
    return (wide)(level(arrival, ends[0]) + level(arrival, ends[1])) * length_ns;
}

/* Where piece i of the period begins, and piece i - 1 ends. */
static uint64_t piece_begin_ns(const struct arrival *arrival, uint64_t i)
{
    return (uint64_t)arrival->period_ns * i / courses[arrival->shape].pieces;
}

/* And of the first x_ns of a period. */
static wide period_area(const struct arrival *arrival, uint64_t x_ns)
{
    const struct course *course = &courses[arrival->shape];
    uint64_t begin_ns = 0;
    wide area = 0;
    for (uint64_t i = 0; i < course->pieces && x_ns > begin_ns; i++) {
        uint64_t end_ns = piece_begin_ns(arrival, i + 1);
        if (x_ns < end_ns)
            return area + piece_area(arrival, course->ends[i], end_ns - begin_ns, x_ns - begin_ns);
        area += whole_area(arrival, course->ends[i], end_ns - begin_ns);
        begin_ns = end_ns;
    }
    return area;
}

/* And of the whole time until then, however many periods that is. */
static wide area_until(const struct arrival *arrival, uint64_t elapsed_ns)
{
    uint64_t period_ns = (uint64_t)arrival->period_ns;
    if (elapsed_ns <= period_ns)
        return period_area(arrival, elapsed_ns);
    if (!courses[arrival->shape].repeats)
        return period_area(arrival, period_ns) + (wide)2 * SHARE_WHOLE * (elapsed_ns - period_ns);
    return (wide)(elapsed_ns / period_ns) * period_area(arrival, period_ns) +
           period_area(arrival, elapsed_ns % period_ns);
}

/* One start, in the unit of sum_until(). */
static wide one_start(const struct arrival *arrival)
{
    return (wide)MILLION * (uint64_t)arrival->rate.per_ns * (2 * SHARE_WHOLE);
}

/* The starts that the rate alone calls for by then, in parts of a start. */
static wide sum_until(const struct arrival *arrival, uint64_t elapsed_ns)
{
    return area_until(arrival, elapsed_ns) * (uint64_t)arrival->rate.starts_millionths;
}

/* The sum at which start number `count` is due. It grows with each count, as no start is put off by more than
 * the way to the next. */
static wide threshold(const struct arrival *arrival, uint64_t count)
{
    struct rng rng = {arrival->seed ^ (count * 0xD1342543DE82EF95ull)};
    uint64_t chance = rng_next(&rng) >> 32;
    wide one = one_start(arrival);
    return one * count + ((one / SHARE_WHOLE * (uint64_t)arrival->jitter * chance) >> 32);
}

static bool plain(const struct arrival *arrival)
{
    return arrival->shape == SHAPE_STEADY && arrival->jitter == 0;
}

uint64_t arrival_due(const struct arrival *arrival, uint64_t elapsed_ns)
{
    if (plain(arrival))
        return rate_due(arrival->rate, elapsed_ns);
    wide sum = sum_until(arrival, elapsed_ns < HORIZON_NS ? elapsed_ns : HORIZON_NS);
    uint64_t due = (uint64_t)(sum / one_start(arrival));
    return due > 0 && sum < threshold(arrival, due) ? due - 1 : due;
}

/* The first time within a piece by which its area is `wanted` or more; that of the whole piece is. */
static uint64_t piece_reached_ns(const struct arrival *arrival, const uint16_t ends[2], uint64_t length_ns,
                                 wide wanted)
{
    uint64_t before_ns = 0, reached_ns = length_ns; /* area(before_ns) < wanted <= area(reached_ns) */
    while (reached_ns - before_ns > 1) {
        uint64_t middle_ns = before_ns + (reached_ns - before_ns) / 2;
        if (piece_area(arrival, ends, length_ns, middle_ns) < wanted)
            before_ns = middle_ns;
        else
            reached_ns = middle_ns;
    }
    return reached_ns;
}

/* The first time by which area_until() is `wanted` or more; it is more than 0, and within the horizon. This
 * is asked for each start: the period and the piece are found without trying. */
static uint64_t area_reached_ns(const struct arrival *arrival, wide wanted)
{
    const struct course *course = &courses[arrival->shape];
    uint64_t period_ns = (uint64_t)arrival->period_ns;
    uint64_t passed_ns = 0;
    wide whole = period_area(arrival, period_ns);
    if (course->repeats) {
        wide periods = (wanted - 1) / whole;
        passed_ns = (uint64_t)periods * period_ns;
        wanted -= periods * whole;
    } else if (wanted > whole) {
        return period_ns + (uint64_t)((wanted - whole - 1) / (2 * SHARE_WHOLE)) + 1;
    }
    for (uint64_t i = 0; i < course->pieces; i++) {
        uint64_t begin_ns = piece_begin_ns(arrival, i);
        uint64_t length_ns = piece_begin_ns(arrival, i + 1) - begin_ns;
        wide area = whole_area(arrival, course->ends[i], length_ns);
        if (wanted <= area)
            return passed_ns + begin_ns + piece_reached_ns(arrival, course->ends[i], length_ns, wanted);
        wanted -= area;
    }
    CHECK(!"within the period");
    return UINT64_MAX;
}

uint64_t arrival_due_ns(const struct arrival *arrival, uint64_t count)
{
    if (plain(arrival))
        return rate_due_ns(arrival->rate, count);
    if (count > MOST_COUNT)
        return UINT64_MAX;
    wide wanted = threshold(arrival, count);
    if (sum_until(arrival, HORIZON_NS) < wanted)
        return UINT64_MAX;
    uint64_t starts_millionths = (uint64_t)arrival->rate.starts_millionths;
    return area_reached_ns(arrival, (wanted + starts_millionths - 1) / starts_millionths);
}

double arrival_per_second(const struct arrival *arrival)
{
    double rate = rate_per_second(arrival->rate);
    if (!courses[arrival->shape].repeats)
        return rate;
    uint64_t period_ns = (uint64_t)arrival->period_ns;
    return rate * (double)period_area(arrival, period_ns) / (2.0 * SHARE_WHOLE * (double)period_ns);
}
