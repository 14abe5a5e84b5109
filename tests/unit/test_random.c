/* Random programs, played with at random: whatever a pattern says and whenever it is cut short, the books
 * balance after every round, and after a reclaim nothing is left. A failure names its seed and shows the
 * pattern. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "fault.h"
#include "stage.h"

#define PROGRAMS  150
#define KINDS     5 /* main, and a to d; each spawns only later ones, or itself now and then */
#define TEXT_MOST 7000

/* ---- a pattern ---- */

struct writer {
    struct rng rng;
    struct buf text;
    unsigned kind;     /* at hand */
    unsigned counters; /* counted loops around the statement at hand */
    bool in_loop;
};

static uint32_t pick(struct writer *writer, uint32_t bound)
{
    return rng_below(&writer->rng, bound);
}

static bool chance(struct writer *writer, uint32_t percent)
{
    return pick(writer, 100) < percent;
}

static void indent(struct writer *writer, unsigned depth)
{
    buf_printf(&writer->text, "%*s- ", (int)(4 * depth), "");
}

static const char *duration(struct writer *writer)
{
    static const char *const texts[] = {"0s",   "1ns",   "1ms", "3ms", "10ms",
                                        "64ms", "100ms", "5s",  "1h",  "30d"};
    return texts[pick(writer, COUNT_OF(texts))];
}

static const char *channel(struct writer *writer)
{
    static const char *const shared[] = {"none", "one", "many", "none", "own-c"};
    return shared[pick(writer, writer->kind == 0 || writer->kind == 3 ? 4 : 5)];
}

static const char *ticker(struct writer *writer)
{
    return writer->kind == 0 || writer->kind == 3 || chance(writer, 30) ? "beat" : "own-t";
}

static const char *scope(struct writer *writer)
{
    static const char *const names[] = {"", "whole", "brief", "own-s"};
    return names[pick(writer, writer->kind == 0 || writer->kind == 3 ? 3 : 4)];
}

static void write_block(struct writer *writer, unsigned depth);

/* The first case of a select goes on behind it, so that what stands there can be reached. */
static void write_case(struct writer *writer, unsigned depth, const char *head, bool *some)
{
    buf_printf(&writer->text, "%*s%s:", (int)(4 * depth), "", head);
    buf_puts(&writer->text, "\n");
    bool first = !*some;
    *some = true;
    if (!first && depth <= 4 && chance(writer, 60))
        write_block(writer, depth + 1);
}

/* Names and verbs of a select's cases may not repeat. */
static void write_select(struct writer *writer, unsigned depth)
{
    char head[64];
    bool some = false;
    static const char *const channels[] = {"none", "one", "many"};
    indent(writer, depth);
    buf_puts(&writer->text, "select:\n");
    for (unsigned i = 0; i < COUNT_OF(channels) * 2; i++) {
        if (chance(writer, 75))
            continue;
        snprintf(head, sizeof head, "%s %s", i % 2 == 0 ? "recv" : "send", channels[i / 2]);
        write_case(writer, depth + 1, head, &some);
    }
    if (chance(writer, 40)) {
        snprintf(head, sizeof head, "tick %s", ticker(writer));
        write_case(writer, depth + 1, head, &some);
    }
    if (chance(writer, 50)) {
        snprintf(head, sizeof head, "done %s", scope(writer));
        write_case(writer, depth + 1, head, &some);
    }
    if (chance(writer, 30)) {
        snprintf(head, sizeof head, "after %s", duration(writer));
        write_case(writer, depth + 1, head, &some);
    }
    if (!some || chance(writer, 15))
        write_case(writer, depth + 1, "default", &some);
}

static void write_loop(struct writer *writer, unsigned depth)
{
    bool outer = writer->in_loop;
    indent(writer, depth);
    buf_printf(&writer->text, "loop %u:\n", pick(writer, 8));
    writer->counters++;
    writer->in_loop = true;
    write_block(writer, depth + 1);
    writer->in_loop = outer;
    writer->counters--;
}

static void write_chance(struct writer *writer, unsigned depth)
{
    bool outer = writer->in_loop;
    indent(writer, depth);
    buf_printf(&writer->text, "chance %u%%:\n", pick(writer, 101));
    write_block(writer, depth + 1);
    writer->in_loop = outer;
}

static void write_range(struct writer *writer, unsigned depth)
{
    bool outer = writer->in_loop;
    indent(writer, depth);
    buf_printf(&writer->text, "range %s:\n", channel(writer));
    writer->in_loop = true;
    write_block(writer, depth + 1);
    writer->in_loop = outer;
}

static void write_spawn(struct writer *writer, unsigned depth)
{
    unsigned kind = writer->kind + 1 + pick(writer, 2);
    if (kind >= KINDS)
        kind = chance(writer, 30) ? KINDS - 1 : 0;
    indent(writer, depth);
    if (kind == 0 || writer->counters >= LIMIT_LOOPS)
        buf_puts(&writer->text, "drop\n");
    else
        buf_printf(&writer->text, "spawn %c * %u\n", 'a' + (int)kind - 1,
                   pick(writer, chance(writer, 5) ? 3000 : 8));
}

/* Mostly in pairs, or everybody would soon wait. */
static void write_lock(struct writer *writer, unsigned depth)
{
    static const char *const pairs[][2] = {{"lock m", "unlock m"},     {"lock rw", "unlock rw"},
                                           {"rlock rw", "runlock rw"}, {"rlock rw", "runlock rw"},
                                           {"add g 2", "finish g"},    {"add g", "finish g"}};
    unsigned which = pick(writer, COUNT_OF(pairs));
    bool both = chance(writer, 80), first = both || chance(writer, 50);
    if (first) {
        indent(writer, depth);
        buf_printf(&writer->text, "%s\n", pairs[which][0]);
    }
    if (first && which == 0 && chance(writer, 30)) {
        indent(writer, depth);
        buf_puts(&writer->text, "wait k\n");
    } else if (first && chance(writer, 50)) {
        indent(writer, depth);
        buf_printf(&writer->text, "sleep %s\n", duration(writer));
    }
    if (both || !first) {
        indent(writer, depth);
        buf_printf(&writer->text, "%s\n", pairs[which][1]);
    }
}

static void write_simple(struct writer *writer, unsigned depth)
{
    static const char *const holds[] = {"1B", "100B", "4KiB", "300KiB", "holds", "0"};
    static const char *const rare[] = {"cancel whole", "drop", "wait g", "signal k", "broadcast k"};
    if (chance(writer, 20)) {
        write_spawn(writer, depth);
        return;
    }
    if (chance(writer, 20)) {
        write_lock(writer, depth);
        return;
    }
    indent(writer, depth);
    switch (pick(writer, 11)) {
    case 0:
    case 1:
        buf_printf(&writer->text, "recv %s\n", channel(writer));
        return;
    case 2:
    case 3:
        buf_printf(&writer->text, "send %s\n", channel(writer));
        return;
    case 4:
        buf_printf(&writer->text, "sleep %s\n", duration(writer));
        return;
    case 5:
        buf_printf(&writer->text, "tick %s\n", ticker(writer));
        return;
    case 6:
        buf_printf(&writer->text, chance(writer, 50) ? "stop %s\n" : "tick %s\n", ticker(writer));
        return;
    case 7:
        buf_printf(&writer->text, "await done %s\n", scope(writer));
        return;
    case 8:
        buf_printf(&writer->text, "hold %s\n", holds[pick(writer, COUNT_OF(holds))]);
        return;
    case 9:
        buf_printf(&writer->text, chance(writer, 30) ? "close %s\n" : "recv %s\n", channel(writer));
        return;
    default:
        buf_printf(&writer->text, "%s\n", rare[pick(writer, COUNT_OF(rare))]);
    }
}

static void write_last(struct writer *writer, unsigned depth)
{
    indent(writer, depth);
    switch (pick(writer, writer->in_loop ? 4 : 3)) {
    case 0:
        buf_puts(&writer->text, "exit\n");
        return;
    case 1:
        buf_puts(&writer->text, chance(writer, 30) ? "panic\n" : "exit\n");
        return;
    case 2:
        buf_puts(&writer->text, "loop:\n");
        writer->in_loop = true;
        write_simple(writer, depth + 1);
        indent(writer, depth + 1);
        buf_puts(&writer->text, chance(writer, 50) ? "tick beat\n" : "await done\n");
        return;
    default:
        buf_puts(&writer->text, "break\n");
    }
}

static void write_block(struct writer *writer, unsigned depth)
{
    unsigned count = 1 + pick(writer, depth < 2 ? 5 : 2);
    for (unsigned i = 0; i < count; i++) {
        bool deep = depth > 4 || writer->text.size > TEXT_MOST / KINDS * (writer->kind + 1) - 900;
        uint32_t what = deep ? 99 : pick(writer, 100);
        if (what < 20)
            write_select(writer, depth);
        else if (what < 27 && writer->counters < LIMIT_LOOPS)
            write_loop(writer, depth);
        else if (what < 34)
            write_range(writer, depth);
        else if (what < 38)
            write_chance(writer, depth);
        else
            write_simple(writer, depth);
    }
    bool outer = writer->in_loop;
    if (chance(writer, depth < 3 ? 10 : 25))
        write_last(writer, depth);
    writer->in_loop = outer;
}

/* main spawns a, and a to c the next one, so that everybody is spawned by somebody. */
static void write_pattern(struct writer *writer)
{
    static const char *const things[] = {"channel", "channel 1", "channel 100", "nil channel"};
    buf_printf(&writer->text,
               "share: {none: channel, one: %s, many: channel 50, beat: ticker %ums, whole: scope,\n",
               things[pick(writer, 3)], 1 + pick(writer, 30));
    buf_printf(&writer->text,
               "        brief: scope %ums, m: mutex, rw: rwmutex, g: group, k: condition m}\nfix:\n",
               1 + pick(writer, 100));
    for (writer->kind = 0; writer->kind < KINDS; writer->kind++) {
        bool own = writer->kind != 0 && writer->kind != 3;
        if (writer->kind == 0)
            buf_puts(&writer->text, "  main:\n");
        else
            buf_printf(&writer->text, "  %c:\n", 'a' + (int)writer->kind - 1);
        if (own)
            buf_printf(&writer->text,
                       "    own: {own-c: %s, own-t: ticker %ums, own-s: scope %ums}\n    steps:\n",
                       things[pick(writer, 4)], 1 + pick(writer, 20), 1 + pick(writer, 300));
        if (writer->kind + 1 < KINDS)
            buf_printf(&writer->text, "    - spawn %c * %u\n", 'a' + (int)writer->kind,
                       1 + pick(writer, writer->kind == 0 ? 12 : 2));
        write_block(writer, 1);
    }
}

/* ---- a play ---- */

static struct stage_spec random_spec(struct rng *rng)
{
    struct stage_spec spec = {.seed = rng_next(rng), .max_tasks = 5000, .max_heap_bytes = 64 << 20};
    if (rng_below(rng, 2) == 0)
        spec.linger_ns = (int64_t)rng_below(rng, 200) * MS;
    if (rng_below(rng, 2) == 0)
        spec.holds_bytes = rng_below(rng, 3000);
    if (rng_below(rng, 4) == 0)
        spec.max_tasks = 1 + rng_below(rng, 300);
    if (rng_below(rng, 4) == 0)
        spec.max_heap_bytes = 500 + rng_below(rng, 300000);
    if (rng_below(rng, 8) == 0)
        spec.runtime_max_tasks = 1 + rng_below(rng, 500);
    if (rng_below(rng, 8) == 0)
        spec.runtime_max_heap_bytes = 500 + rng_below(rng, 300000);
    spec.owner_stays = rng_below(rng, 8) == 0;
    return spec;
}

static void random_act(struct stage *stage, struct rng *rng)
{
    struct workload *workload = &stage->workloads[rng_below(rng, stage->workload_count)];
    switch (rng_below(rng, 12)) {
    case 0:
    case 1:
        (void)workload_start(workload);
        break;
    case 2:
        if (rng_below(rng, 4) == 0)
            workload_cancel(workload);
        break;
    case 3:
        if (rng_below(rng, 8) == 0)
            workload_reclaim(workload);
        break;
    case 4:
        stage->clock.manual_ns += (uint64_t)MS * rng_below(rng, 20000);
        break;
    default:
        stage->clock.manual_ns += 100000 * (uint64_t)rng_below(rng, 100);
    }
    stage_rounds(stage, 1 + rng_below(rng, 12));
}

static void play(const char *text, struct rng *rng, bool memory_fails)
{
    static struct stage stage;
    stage_compile(&stage, text);
    assert_int_equal(stage_set(&stage, random_spec(rng)), ERR_OK);
    stage_add(&stage, random_spec(rng));
    for (int i = 0; i < 80; i++) {
        if (memory_fails)
            fault_arm(1 + rng_below(rng, 20), rng_below(rng, 4) == 0);
        random_act(&stage, rng);
        fault_disarm();
    }
    stage_close(&stage);
}

static void play_all(uint64_t first_seed, bool memory_fails)
{
    for (uint64_t seed = first_seed; seed < first_seed + PROGRAMS; seed++) {
        struct writer writer = {.rng = {seed}};
        buf_init(&writer.text, 8000);
        write_pattern(&writer);
        assert_int_equal(writer.text.err, ERR_OK);
        if (getenv("LEAKLAB_TEST_SHOW") != NULL)
            fprintf(stderr, "# seed %llu\n%s\n", (unsigned long long)seed, buf_text(&writer.text));
        play(buf_text(&writer.text), &writer.rng, memory_fails);
        buf_deinit(&writer.text);
    }
}

static void the_books_of_random_programs_balance(void **state)
{
    (void)state;
    play_all(1, false);
}

static void they_balance_when_memory_runs_out_too(void **state)
{
    (void)state;
    play_all(1000, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_books_of_random_programs_balance),
        cmocka_unit_test(they_balance_when_memory_runs_out_too),
    };
    return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
