/* A program made by hand: its tables, its operands, and the gate that lets only sound ones through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fault.h"
#include "runtime/program.h"
#include "runtime/thing.h"

/* Where the operations of the sample stand. */
enum {
    MAIN_SPAWN,
    MAIN_LINGER,
    MAIN_LEAVE,
    OUTER_HOLD,
    OUTER_SPAWN,
    OUTER_AWAIT,
    OUTER_END,
    INNER_LOOP,
    INNER_SELECT,
    INNER_OUT,
    INNER_NEXT,
    INNER_STOP,
    INNER_SPAWN,
    INNER_END,
    OPS
};

enum { CASES_RECV, CASES_AFTER, CASES_DONE, CASES_TICK };

struct sample {
    struct program *program;
    uint16_t jobs, ticks, scope; /* offsets: shared, outer's own, outer's own */
    uint16_t one, none;          /* values */
};

static uint16_t add_value(struct program *program, struct value value)
{
    uint16_t index;
    assert_int_equal(program_add_value(program, value, &index), ERR_OK);
    return index;
}

static uint16_t add_thing(struct program *program, uint16_t layout, char *name, enum thing_kind kind)
{
    uint16_t offset;
    assert_int_equal(
        program_add_thing(program, layout, (struct thing_spec){.name = name, .kind = kind}, &offset), ERR_OK);
    return offset;
}

static void add_kind(struct program *program, const char *name, uint16_t entry, uint16_t layout)
{
    uint16_t index;
    struct task_kind kind = {.name = (char *)(uintptr_t)name, .entry = entry, .layout = layout};
    assert_int_equal(program_add_kind(program, kind, &index), ERR_OK);
}

static void add_case(struct program *program, struct select_case select_case)
{
    uint16_t index;
    assert_int_equal(program_add_case(program, select_case, &index), ERR_OK);
}

static void add_ops(struct sample *sample)
{
    const struct op ops[OPS] = {
        [MAIN_SPAWN] = {.code = OP_SPAWN, .value = sample->one, .kind = 1},
        [MAIN_LINGER] = {.code = OP_LINGER},
        [MAIN_LEAVE] = {.code = OP_LEAVE},
        [OUTER_HOLD] = {.code = OP_HOLD, .step = 1, .value = sample->one},
        [OUTER_SPAWN] = {.code = OP_SPAWN, .step = 1, .value = sample->one, .kind = 2},
        [OUTER_AWAIT] = {.code = OP_AWAIT, .step = 1, .thing = {.offset = sample->scope}},
        [OUTER_END] = {.code = OP_END, .step = 1},
        [INNER_LOOP] = {.code = OP_LOOP, .step = 2, .value = sample->one, .target = INNER_STOP},
        [INNER_SELECT] = {.code = OP_SELECT, .step = 2, .target = NO_TARGET, .first = 0, .count = 4},
        [INNER_OUT] = {.code = OP_LOOP, .step = 2, .value = sample->none, .target = INNER_STOP},
        [INNER_NEXT] = {.code = OP_NEXT, .step = 2, .target = INNER_SELECT},
        [INNER_STOP] = {.code = OP_STOP, .step = 2, .thing = {.offset = sample->ticks}},
        [INNER_SPAWN] = {.code = OP_SPAWN, .step = 2, .value = sample->one, .kind = 2},
        [INNER_END] = {.code = OP_END, .step = 2},
    };
    uint16_t index;
    for (int i = 0; i < OPS; i++)
        assert_int_equal(program_add_op(sample->program, ops[i], &index), ERR_OK);
}

/* main spawns `outer`, which has things of its own, and spawns `inner`, which has none and spawns itself. */
static struct sample sample_new(void)
{
    struct sample sample = {.program = program_new("p", "leak", "p.yaml")};
    struct program *program = sample.program;
    uint16_t own, index;
    assert_non_null(program);
    sample.none = add_value(program, (struct value){.kind = VALUE_CONSTANT});
    sample.one = add_value(program, (struct value){.kind = VALUE_CONSTANT, .number = 1});
    sample.jobs = add_thing(program, 0, (char[]){"jobs"}, THING_CHANNEL);
    assert_int_equal(program_add_layout(program, &own), ERR_OK);
    sample.scope = add_thing(program, own, (char[]){"s"}, THING_SCOPE);
    sample.ticks = add_thing(program, own, (char[]){"t"}, THING_TICKER);
    add_kind(program, (char[]){"main"}, MAIN_SPAWN, NO_LAYOUT);
    add_kind(program, (char[]){"outer"}, OUTER_HOLD, own);
    add_kind(program, (char[]){"inner"}, INNER_LOOP, NO_LAYOUT);
    for (uint16_t kind = 0; kind < 3; kind++) {
        struct step step = {.line = 1, .column = 1, .kind = kind, .text = (char[]){"step"}};
        assert_int_equal(program_add_step(program, step, &index), ERR_OK);
    }
    add_case(program,
             (struct select_case){CASE_RECV, INNER_NEXT, 0, {.hops = HOPS_SHARE, .offset = sample.jobs}});
    add_case(program, (struct select_case){CASE_AFTER, INNER_OUT, sample.one, {.hops = 0}});
    add_case(program, (struct select_case){CASE_DONE, INNER_OUT, 0, {.hops = HOPS_START_SCOPE}});
    add_case(program, (struct select_case){CASE_TICK, INNER_NEXT, 0, {.offset = sample.ticks}});
    add_ops(&sample);
    return sample;
}

static void assert_sound(const struct program *program)
{
    const char *what = "";
    if (!program_verify(program, &what))
        fail_msg("%s", what);
    assert_null(what);
}

static void assert_refused(const struct program *program, const char *expected)
{
    const char *what = NULL;
    assert_false(program_verify(program, &what));
    assert_string_equal(what, expected);
    assert_false(program_verify(program, NULL));
}

/* The same for a sample with several changes, which is made anew. */
static void assert_fault(struct sample *sample, const char *expected)
{
    assert_refused(sample->program, expected);
    program_free(sample->program);
    *sample = sample_new();
}

static void a_sound_program_passes(void **state)
{
    (void)state;
    struct sample sample = sample_new();
    assert_sound(sample.program);
    program_free(sample.program);
}

/* Changes one field of the sample for a moment, and expects the gate to close. */
#define FAULT(field, value, sentence)                                                                        \
    do {                                                                                                     \
        __typeof__(sample.program->field) before_ = sample.program->field;                                   \
        sample.program->field = (value);                                                                     \
        assert_refused(sample.program, (sentence));                                                          \
        sample.program->field = before_;                                                                     \
        assert_sound(sample.program);                                                                        \
    } while (0)

static void every_index_is_checked(void **state)
{
    (void)state;
    struct sample sample = sample_new();
    FAULT(ops[MAIN_LINGER].code, OP_CODES, "an operation is of no known kind");
    FAULT(ops[OUTER_HOLD].step, 3, "an operation has no step");
    FAULT(ops[OUTER_HOLD].value, 2, "an operand is not a value");
    FAULT(ops[INNER_NEXT].target, OPS, "an operation leads out of the program");
    FAULT(ops[INNER_NEXT].target, NO_TARGET, "an operation leads out of the program");
    FAULT(ops[INNER_LOOP].reg, LIMIT_LOOPS, "a register does not exist");
    FAULT(ops[MAIN_SPAWN].reg, LIMIT_LOOPS, "a register does not exist");
    FAULT(ops[MAIN_SPAWN].kind, 3, "what is spawned is not a kind of task, or is main");
    FAULT(ops[INNER_SPAWN].kind, 0, "what is spawned is not a kind of task, or is main");
    FAULT(ops[INNER_SELECT].count, 5, "a select's cases are not in the program");
    FAULT(ops[INNER_SELECT].first, 1, "a select's cases are not in the program");
    FAULT(ops[INNER_SELECT].first, UINT16_MAX, "a select's cases are not in the program");
    FAULT(ops[INNER_SELECT].target, OPS, "a default leads out of the program");
    FAULT(cases[CASES_RECV].kind, 5, "a case is of no known kind");
    FAULT(cases[CASES_RECV].target, OPS, "a case leads out of the program");
    FAULT(cases[CASES_AFTER].value, 2, "a case's operand is not a value");
    FAULT(cases[CASES_TICK].kind, CASE_AFTER, "a select has two deadlines");
    FAULT(values[0].kind, (enum value_kind)9, "a value is of no known kind");
    FAULT(values[0].kind, VALUE_PARAM, "a value refers to a parameter that does not exist");
    FAULT(values[0].times, -1, "a value has a negative factor or bound");
    FAULT(expect[EXPECT_TASKS], 2, "what is expected to leak is not a value");
    FAULT(kinds[1].entry, OPS, "a kind's entry is not an operation");
    FAULT(kinds[1].layout, 0, "a kind's layout is not one, or is the start's");
    FAULT(kinds[1].layout, 2, "a kind's layout is not one, or is the start's");
    FAULT(steps[1].kind, 3, "a step belongs to no kind of task");
    FAULT(layouts[0].things[0].kind, THING_KINDS, "a thing is of no known kind");
    FAULT(layouts[1].things[0].nil, true, "something else than a channel is nil");
    FAULT(layouts[1].things[0].aligned, true, "something else than a ticker is aligned");
    FAULT(layouts[0].things[0].value, 2, "a thing's operand is not a value");
    FAULT(layouts[0].things[0].offset, 8, "a thing lies on top of another or across its place");
    FAULT(layouts[1].things[1].offset, sample.scope, "a thing lies on top of another or across its place");
    FAULT(layouts[1].things[0].offset, sample.scope + 4,
          "a thing lies on top of another or across its place");
    FAULT(layouts[0].bytes, 16, "a layout is smaller than its things, or too large");
    FAULT(kind_count, 0, "there is no main, or too many kinds of task");
    FAULT(layout_count, 0, "there is no layout of the start, or too many layouts");
    program_free(sample.program);
}

static void a_condition_has_a_mutex_that_lives_as_long(void **state)
{
    (void)state;
    static const char wrong[] = "a condition's lock is not a mutex beside it or in the start";
    struct sample sample = sample_new();
    uint16_t shared = add_thing(sample.program, 0, (char[]){"m"}, THING_MUTEX);
    uint16_t own = add_thing(sample.program, 1, (char[]){"n"}, THING_MUTEX);
    add_thing(sample.program, 1, (char[]){"k"}, THING_CONDITION);
    struct thing_ref *mutex = &sample.program->layouts[1].things[3].mutex;
    *mutex = (struct thing_ref){.hops = HOPS_SHARE, .offset = shared};
    assert_sound(sample.program);
    *mutex = (struct thing_ref){.offset = own};
    assert_sound(sample.program);
    *mutex = (struct thing_ref){.hops = 1, .offset = shared};
    assert_refused(sample.program, wrong);
    *mutex = (struct thing_ref){.offset = sample.scope};
    assert_refused(sample.program, wrong);
    *mutex = (struct thing_ref){.hops = HOPS_SHARE, .offset = sample.jobs};
    assert_refused(sample.program, wrong);
    *mutex = (struct thing_ref){.varies = true, .offset = own};
    assert_refused(sample.program, wrong);
    program_free(sample.program);
}

static void what_is_opened_is_of_the_kind_that_it_says(void **state)
{
    (void)state;
    struct sample sample = sample_new();
    uint16_t file = add_thing(sample.program, 1, (char[]){"f"}, THING_FILE);
    uint16_t job = add_thing(sample.program, 1, (char[]){"j"}, THING_JOB);
    struct op *op = &sample.program->ops[OUTER_AWAIT];
    *op = (struct op){.code = OP_OPEN, .step = 1, .reg = RESOURCE_FILE, .thing = {.offset = file}};
    assert_sound(sample.program);
    *op = (struct op){.code = OP_SHUT, .step = 1, .reg = RESOURCE_JOB, .thing = {.offset = job}};
    assert_sound(sample.program);
    op->reg = RESOURCE_THREAD;
    assert_refused(sample.program, "a thing is not what its operation needs, or not there");
    op->reg = RESOURCE_KINDS;
    assert_refused(sample.program, "a resource is of no known kind");
    op->reg = RESOURCE_FILE;
    op->thing.offset = sample.scope;
    assert_refused(sample.program, "a thing is not what its operation needs, or not there");
    program_free(sample.program);
}

static void a_number_is_set_and_looked_at_in_ways_that_there_are(void **state)
{
    (void)state;
    struct sample sample = sample_new();
    uint16_t number = add_thing(sample.program, 1, (char[]){"x"}, THING_NUMBER);
    struct op *op = &sample.program->ops[OUTER_AWAIT];
    *op = (struct op){.code = OP_SET, .step = 1, .reg = CHANGE_MINUS, .thing = {.offset = number}};
    assert_sound(sample.program);
    op->reg = CHANGE_MINUS + 1;
    assert_refused(sample.program, "a change of a number is of no known kind");
    *op = (struct op){
        .code = OP_TEST, .step = 1, .reg = COMPARE_GE, .target = OUTER_END, .thing = {.offset = number}};
    assert_sound(sample.program);
    op->reg = COMPARE_GE + 1;
    assert_refused(sample.program, "a comparison is of no known kind");
    op->reg = COMPARE_EQ;
    op->target = NO_TARGET;
    assert_refused(sample.program, "an operation leads out of the program");
    op->target = OUTER_END;
    op->thing.offset = sample.scope;
    assert_refused(sample.program, "a thing is not what its operation needs, or not there");
    program_free(sample.program);
}

static void control_stays_inside_and_comes_to_an_end(void **state)
{
    (void)state;
    struct sample sample = sample_new();
    FAULT(ops[INNER_END].code, OP_DROP, "the last operation runs off the end");
    FAULT(ops[MAIN_LEAVE].code, OP_DROP, "an operation's step belongs to another kind of task");
    FAULT(ops[OUTER_END].code, OP_DROP, "an operation's step belongs to another kind of task");
    FAULT(ops[OUTER_END].code, OP_LEAVE, "only main can linger and leave");
    FAULT(ops[OUTER_AWAIT].code, OP_LINGER, "only main can linger and leave");
    FAULT(ops[MAIN_SPAWN].kind, 2, "nobody spawns a kind of task");
    program_free(sample.program);
}

static void registers_count_one_loop_or_spawn_at_a_time(void **state)
{
    (void)state;
    struct sample sample = sample_new();
    FAULT(ops[INNER_LOOP].code, OP_HOLD, "a loop goes on that has not begun");
    FAULT(ops[INNER_NEXT].reg, 1, "a loop goes on that has not begun");
    FAULT(ops[INNER_OUT].reg, 1, "two ways to an operation disagree about a register");
    FAULT(cases[CASES_AFTER].target, INNER_STOP, "two ways to an operation disagree about a register");
    FAULT(ops[INNER_LOOP].target, INNER_NEXT, "two ways to an operation disagree about a register");
    sample.program->ops[INNER_STOP] = sample.program->ops[INNER_SPAWN];
    sample.program->ops[INNER_STOP].reg = 1;
    assert_sound(sample.program);
    sample.program->ops[INNER_OUT] = sample.program->ops[INNER_SPAWN];
    assert_fault(&sample, "a spawn counts with the register of a loop around it");
    program_free(sample.program);
}

static void things_are_what_operations_need_from_wherever_they_are_seen(void **state)
{
    (void)state;
    static const char wrong[] = "a thing is not what its operation needs, or not there";
    struct sample sample = sample_new();
    FAULT(ops[OUTER_AWAIT].thing.offset, sample.ticks, wrong);
    FAULT(ops[OUTER_AWAIT].thing.offset, 0, wrong);
    FAULT(ops[OUTER_AWAIT].thing.hops, 1, wrong);
    FAULT(ops[OUTER_AWAIT].thing.hops, 2, "a thing is looked for outside of the start");
    FAULT(ops[OUTER_AWAIT].thing.hops, HOPS_START_SCOPE - 1, "a thing is looked for outside of the start");
    FAULT(ops[INNER_STOP].thing.hops, HOPS_START_SCOPE, "the start's scope is taken for something else");
    FAULT(ops[INNER_STOP].thing.hops, HOPS_SHARE, wrong);
    FAULT(cases[CASES_RECV].thing.offset, sample.ticks, wrong);
    FAULT(cases[CASES_TICK].thing.hops, 1, wrong);
    FAULT(cases[CASES_DONE].thing.hops, HOPS_SHARE, wrong);
    /* Two outward from inner, which has no own: outer's, the start's, and then nothing. */
    sample.program->cases[CASES_RECV].thing.hops = 1;
    assert_sound(sample.program);
    FAULT(cases[CASES_RECV].thing.hops, 2, "a thing is looked for outside of the start");
    program_free(sample.program);
}

static void a_thing_must_be_right_through_every_spawner(void **state)
{
    (void)state;
    struct sample sample = sample_new();
    /* inner is spawned by main as well, whose innermost environment is the start's: no ticker there. */
    sample.program->ops[MAIN_LINGER] = sample.program->ops[MAIN_SPAWN];
    sample.program->ops[MAIN_LINGER].kind = 2;
    assert_fault(&sample, "a thing is not what its operation needs, or not there");
    program_free(sample.program);
}

static void a_chain_of_own_things_may_spawn_itself(void **state)
{
    (void)state;
    struct sample sample = sample_new();
    uint16_t own;
    /* inner gets things of its own: what is one outward is then outer's or another inner's. */
    assert_int_equal(program_add_layout(sample.program, &own), ERR_OK);
    uint16_t offset = add_thing(sample.program, own, (char[]){"u"}, THING_TICKER);
    sample.program->kinds[2].layout = own;
    sample.program->ops[INNER_STOP].thing = (struct thing_ref){.offset = offset};
    sample.program->cases[CASES_TICK].thing = (struct thing_ref){.offset = offset};
    assert_sound(sample.program);
    FAULT(cases[CASES_TICK].thing.hops, 1, "a thing is not what its operation needs, or not there");
    program_free(sample.program);
}

/* As above, and each inner stops a ticker one outward: the outer's, or that of the inner before it. */
static void what_lies_outward_may_be_in_environments_of_several_layouts(void **state)
{
    (void)state;
    static const char wrong[] = "a thing is not what its operation needs, or not there";
    static const char lost[] =
        "a thing that may be one of several is not looked for outward, or not in the table";
    struct sample sample = sample_new();
    uint16_t own, index, again;
    assert_int_equal(program_add_layout(sample.program, &own), ERR_OK);
    uint16_t mutex = add_thing(sample.program, own, (char[]){"m"}, THING_MUTEX);
    uint16_t ticks = add_thing(sample.program, own, (char[]){"t"}, THING_TICKER);
    sample.program->kinds[2].layout = own;
    struct outer outer = {.offsets = {[1] = sample.ticks, [2] = ticks}};
    assert_int_equal(program_add_outer(sample.program, &outer, &index), ERR_OK);
    assert_int_equal(program_add_outer(sample.program, &outer, &again), ERR_OK);
    assert_int_equal(index, again);
    assert_int_equal(sample.program->outer_count, 1);
    sample.program->ops[INNER_STOP].thing = (struct thing_ref){.hops = 1, .varies = true, .offset = index};
    sample.program->cases[CASES_TICK].thing = (struct thing_ref){.offset = ticks};
    assert_sound(sample.program);
    assert_int_equal(thing_offset(sample.program, sample.program->ops[INNER_STOP].thing, 1), sample.ticks);
    assert_int_equal(thing_offset(sample.program, sample.program->ops[INNER_STOP].thing, own), ticks);
    FAULT(outers[0].offsets[1], 0, wrong);
    FAULT(outers[0].offsets[2], 0, wrong);
    FAULT(outers[0].offsets[2], mutex, wrong);
    FAULT(ops[INNER_STOP].thing.hops, 2, wrong);
    FAULT(ops[INNER_STOP].thing.hops, HOPS_SHARE, lost);
    FAULT(ops[INNER_STOP].thing.hops, HOPS_START_SCOPE, lost);
    FAULT(ops[INNER_STOP].thing.offset, 1, lost);
    program_free(sample.program);
}

/* ---- tables ---- */

static void things_lie_behind_the_header_and_never_overlap(void **state)
{
    (void)state;
    struct sample sample = sample_new();
    const struct layout *layouts = sample.program->layouts;
    assert_int_equal(sample.jobs, START_HEADER_BYTES);
    assert_int_equal(layouts[0].bytes, START_HEADER_BYTES + thing_bytes(THING_CHANNEL));
    assert_int_equal(sample.scope, ENV_HEADER_BYTES);
    assert_int_equal(sample.ticks, ENV_HEADER_BYTES + thing_bytes(THING_SCOPE));
    assert_int_equal(layouts[1].bytes, sample.ticks + thing_bytes(THING_TICKER));
    program_free(sample.program);
}

static void an_equal_value_is_found_again(void **state)
{
    (void)state;
    struct program *program = program_new("p", "leak", "p.yaml");
    assert_int_equal(add_value(program, (struct value){.kind = VALUE_LINGER}), 0);
    assert_int_equal(add_value(program, (struct value){.kind = VALUE_LINGER, .over = 2}), 1);
    assert_int_equal(add_value(program, (struct value){.kind = VALUE_LINGER}), 0);
    assert_int_equal(add_value(program, (struct value){.kind = VALUE_LINGER, .max = 5}), 2);
    assert_int_equal(program->value_count, 3);
    program_free(program);
}

static void every_table_has_its_limit(void **state)
{
    (void)state;
    struct program *program = program_new("p", "leak", "p.yaml");
    struct step step = {.text = (char[]){"s"}};
    struct task_kind kind = {.name = (char[]){"k"}};
    struct thing_spec thing = {.name = (char[]){"t"}};
    uint16_t index;
    for (int i = 0; i < LIMIT_OPS; i++) {
        assert_int_equal(program_add_op(program, (struct op){0}, &index), ERR_OK);
        assert_int_equal(index, i);
    }
    assert_int_equal(program_add_op(program, (struct op){0}, &index), ERR_LIMIT);
    for (int i = 0; i < LIMIT_STEPS; i++)
        assert_int_equal(program_add_step(program, step, &index), ERR_OK);
    assert_int_equal(program_add_step(program, step, &index), ERR_LIMIT);
    for (int i = 0; i < LIMIT_CONSTANTS; i++)
        add_value(program, (struct value){.number = i});
    assert_int_equal(program_add_value(program, (struct value){.number = -1}, &index), ERR_LIMIT);
    for (int i = 0; i < LIMIT_TASK_KINDS; i++)
        assert_int_equal(program_add_kind(program, kind, &index), ERR_OK);
    assert_int_equal(program_add_kind(program, kind, &index), ERR_LIMIT);
    for (int i = 0; i < LIMIT_TASK_KINDS; i++)
        assert_int_equal(program_add_layout(program, &index), ERR_OK);
    assert_int_equal(program_add_layout(program, &index), ERR_LIMIT);
    for (int i = 0; i < LIMIT_THINGS; i++)
        assert_int_equal(program_add_thing(program, 3, thing, &index), ERR_OK);
    assert_int_equal(program_add_thing(program, 3, thing, &index), ERR_LIMIT);
    assert_int_equal(index, program->layouts[3].bytes - thing_bytes(thing.kind));
    program_free(program);
}

static bool build_once(void *argument)
{
    (void)argument;
    struct program *program = program_new("p", "leak", "p.yaml");
    if (program == NULL)
        return false;
    enum err err = ERR_OK;
    uint16_t index;
    for (int i = 0; i < 20 && err == ERR_OK; i++) {
        err = program_add_op(program, (struct op){0}, &index);
        if (err == ERR_OK)
            err = program_add_case(program, (struct select_case){0}, &index);
        if (err == ERR_OK)
            err = program_add_step(program, (struct step){.text = (char[]){"s"}}, &index);
        if (err == ERR_OK)
            err = program_add_kind(program, (struct task_kind){.name = (char[]){"k"}}, &index);
        if (err == ERR_OK)
            err = program_add_layout(program, &index);
        if (err == ERR_OK)
            err = program_add_value(program, (struct value){.number = i}, &index);
        struct outer outer = {.offsets = {(uint16_t)i}};
        if (err == ERR_OK)
            err = program_add_outer(program, &outer, &index);
        if (err == ERR_OK)
            err = program_add_thing(program, 0, (struct thing_spec){.name = (char[]){"t"}}, &index);
    }
    assert_true(err == ERR_OK || err == ERR_MEMORY);
    program_free(program);
    return err == ERR_OK;
}

static void making_a_program_survives_any_allocation_that_fails(void **state)
{
    (void)state;
    fault_sweep(build_once, NULL);
}

/* ---- operands ---- */

static void operands_are_resolved_once_for_a_workload(void **state)
{
    (void)state;
    const int64_t params[] = {3000, INT64_MAX};
    static const struct {
        struct value value;
        int64_t expected;
    } rows[] = {
        {{.kind = VALUE_CONSTANT, .number = 7}, 7},
        {{.kind = VALUE_PARAM, .index = 0}, 3000},
        {{.kind = VALUE_PARAM, .index = 0, .number = -1}, 2999},
        {{.kind = VALUE_PARAM, .index = 0, .number = -5000}, 0},
        {{.kind = VALUE_PARAM, .index = 0, .times = 2, .number = 5}, 6005},
        {{.kind = VALUE_PARAM, .index = 0, .over = 7}, 428},
        {{.kind = VALUE_PARAM, .index = 0, .max = 100}, 100},
        {{.kind = VALUE_PARAM, .index = 0, .min = 5000}, 5000},
        {{.kind = VALUE_PARAM, .index = 1, .times = INT32_MAX, .number = INT64_MAX}, LIMIT_DURATION_NS},
        {{.kind = VALUE_LINGER, .over = 2}, 40},
        {{.kind = VALUE_HOLDS}, 1024},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(value_resolve(&rows[i].value, params, 80, 1024), rows[i].expected);
}

static void all_operands_are_resolved_in_their_order(void **state)
{
    (void)state;
    struct program *program = program_new("p", "leak", "p.yaml");
    int64_t values[2];
    add_value(program, (struct value){.kind = VALUE_HOLDS});
    add_value(program, (struct value){.kind = VALUE_LINGER});
    program_resolve(program, NULL, 5, 6, values);
    assert_int_equal(values[0], 6);
    assert_int_equal(values[1], 5);
    program_free(program);
}

static void words_are_those_of_labels(void **state)
{
    (void)state;
    assert_string_equal(thing_kind_word(THING_CHANNEL), "channel");
    assert_string_equal(task_state_word(TASK_LINGER), "linger");
    assert_string_equal(task_end_word(END_TIMED_OUT), "timed_out");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_program_passes),
        cmocka_unit_test(every_index_is_checked),
        cmocka_unit_test(a_condition_has_a_mutex_that_lives_as_long),
        cmocka_unit_test(what_is_opened_is_of_the_kind_that_it_says),
        cmocka_unit_test(a_number_is_set_and_looked_at_in_ways_that_there_are),
        cmocka_unit_test(control_stays_inside_and_comes_to_an_end),
        cmocka_unit_test(registers_count_one_loop_or_spawn_at_a_time),
        cmocka_unit_test(things_are_what_operations_need_from_wherever_they_are_seen),
        cmocka_unit_test(a_thing_must_be_right_through_every_spawner),
        cmocka_unit_test(a_chain_of_own_things_may_spawn_itself),
        cmocka_unit_test(what_lies_outward_may_be_in_environments_of_several_layouts),
        cmocka_unit_test(things_lie_behind_the_header_and_never_overlap),
        cmocka_unit_test(an_equal_value_is_found_again),
        cmocka_unit_test(every_table_has_its_limit),
        cmocka_unit_test(making_a_program_survives_any_allocation_that_fails),
        cmocka_unit_test(operands_are_resolved_once_for_a_workload),
        cmocka_unit_test(all_operands_are_resolved_in_their_order),
        cmocka_unit_test(words_are_those_of_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
