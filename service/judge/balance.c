#include "judge/balance.h"

#include <string.h>

#include "judge/gate.h"

#define ROUNDS_MOST 16 /* by then all but loops and tasks that spawn themselves have come to their sums */

/* As good as any number of finishes: more than all adds of a quarter of a million classes would make up for,
 * of which the least has none in it twice. */
#define BOTTOMLESS (-(1ll << 60))
_Static_assert(LIMIT_OPS *LIMIT_COUNT < 1ll << 42, "2^18 classes of them do not come up to it");

struct balance {
    struct records *records;
    const struct thing_rec *group;
    int64_t counter;
};

static bool reached(const struct records *records, const struct class *class, unsigned place)
{
    unsigned count = records->facts->kinds[class->kind].count;
    unsigned legs = records->facts->kinds[class->kind].waits ? 3 : 1;
    for (unsigned leg = 0; leg < legs; leg++) {
        unsigned bit = leg * count + place;
        if ((class->reached[bit / 64] >> bit % 64 & 1) != 0)
            return true;
    }
    return false;
}

/* By place; NULL: not yet made. */
static int64_t *least_of(const struct records *records, store_ref ledger)
{
    store_ref least = ledger_at(records, ledger)->least;
    return least == STORE_NONE ? NULL : store_at(&records->store, least);
}

/* What a task of this class may take away from where it stands at first: 0 or less. */
static int64_t least_at_first(const struct records *records, store_ref class_id)
{
    const struct class *class = class_at(records, class_id);
    const int64_t *least = least_of(records, class->ledger);
    return least == NULL ? BOTTOMLESS : least[class->pc - records->facts->kinds[class->kind].low];
}

/* What an operation changes the counter by, and at the least those whom it spawns. */
static int64_t change_by(const struct balance *balance, store_ref class_id, const struct op *op)
{
    struct records *records = balance->records;
    int64_t value = records->facts->values[op->value];
    switch ((enum op_code)op->code) {
    case OP_ADD:
        return gate_thing(records, class_id, op->thing) == balance->group ? value : 0;
    case OP_FINISH:
        return gate_thing(records, class_id, op->thing) == balance->group ? -1 : 0;
    case OP_SPAWN:
        break;
    default:
        return 0;
    }
    if (value <= 0)
        return 0;
    store_ref spawned = record_spawned(records, class_at(records, class_id)->rec, op->kind);
    int64_t all = BOTTOMLESS;
    if (spawned == STORE_NONE || __builtin_mul_overflow(value, least_at_first(records, spawned), &all))
        return BOTTOMLESS;
    return all;
}

/* What a task may take away from one place on, as far as that is known. */
static int64_t least_from(const struct balance *balance, store_ref class_id, const int64_t *least,
                          uint16_t pc)
{
    const struct records *records = balance->records;
    const struct class *class = class_at(records, class_id);
    const struct program *program = records->facts->program;
    uint16_t low = records->facts->kinds[class->kind].low, next[PROGRAM_SUCCESSORS];
    int64_t change = change_by(balance, class_id, &program->ops[pc]);
    int64_t behind = 0;
    for (unsigned i = 0, count = program_successors(program, pc, next); i < count; i++)
        if (reached(records, class, next[i] - low) && least[next[i] - low] < behind)
            behind = least[next[i] - low];
    int64_t all = change < BOTTOMLESS ? BOTTOMLESS : change + behind;
    return all >= 0 ? 0 : all < BOTTOMLESS ? BOTTOMLESS : all;
}

/* True when something came out less than before. */
static bool sum_up(struct balance *balance, const struct ledger *ledger)
{
    struct records *records = balance->records;
    const struct class *class = class_at(records, ledger->class);
    int64_t *least = store_at(&records->store, ledger->least);
    bool less = false;
    for (unsigned place = records->facts->kinds[class->kind].count; place > 0; place--) {
        if (records->sums_left == 0 || !reached(records, class, place - 1))
            continue;
        uint16_t pc = (uint16_t)(records->facts->kinds[class->kind].low + place - 1);
        int64_t now = least_from(balance, ledger->class, least, pc);
        records->sums_left--;
        less |= now < least[place - 1];
        least[place - 1] = now;
    }
    return less;
}

/* False: memory is out. */
static bool begin_sums(struct records *records)
{
    for (store_ref at = records->ledgers; at != STORE_NONE; at = ledger_at(records, at)->next) {
        struct ledger *ledger = ledger_at(records, at);
        unsigned count = records->facts->kinds[class_at(records, ledger->class)->kind].count;
        if (ledger->least == STORE_NONE)
            ledger->least = store_take(&records->store, count * sizeof(int64_t));
        if (ledger->least == STORE_NONE)
            return false;
        memset(store_at(&records->store, ledger->least), 0, count * sizeof(int64_t));
    }
    return true;
}

/* What they all may take away together is as much as there is. */
static bool is_used_up(const struct balance *balance)
{
    const struct records *records = balance->records;
    int64_t left = balance->counter;
    for (store_ref at = records->ledgers; at != STORE_NONE; at = ledger_at(records, at)->next) {
        const struct ledger *ledger = ledger_at(records, at);
        int64_t taken;
        if (ledger->tasks == 0)
            continue;
        if (__builtin_mul_overflow(least_at_first(records, ledger->class), ledger->tasks, &taken) ||
            left + taken <= 0)
            return true;
        left += taken;
    }
    return false;
}

/* Whether the counter may come to 0; it may as well when there is no telling. */
static bool comes_to_zero(struct balance *balance)
{
    struct records *records = balance->records;
    for (unsigned round = 0; round < ROUNDS_MOST; round++) {
        bool less = false;
        for (store_ref at = records->ledgers; at != STORE_NONE; at = ledger_at(records, at)->next)
            less |= sum_up(balance, ledger_at(records, at));
        if (records->sums_left == 0 || is_used_up(balance))
            return true;
        if (!less)
            return false;
    }
    return true;
}

static bool is_asked_about(const struct thing_rec *thing)
{
    return thing->ring != STORE_NONE && (thing->deeds & (DEED_FINISH | DEED_ZERO)) == DEED_FINISH;
}

static void look_at_group(struct records *records, struct env_rec *rec, uint16_t which)
{
    const struct thing_spec *spec = &records->facts->program->layouts[rec->layout].things[which];
    const struct group *group = (const void *)((const char *)rec->env + spec->offset);
    struct thing_rec *thing = &rec->things[which];
    if (spec->kind != THING_GROUP || group->counter == 0 || !is_asked_about(thing))
        return;
    struct balance balance = {records, thing, (int64_t)group->counter};
    if (!begin_sums(records)) {
        records->failed = true;
    } else if (comes_to_zero(&balance)) {
        thing->deeds |= DEED_ZERO;
        record_stir(records, thing);
    }
}

bool balance_opens(struct records *records)
{
    if (!records->sums)
        return false;
    for (store_ref at = records->root; at != STORE_NONE && !records->failed; at = rec_at(records, at)->next) {
        struct env_rec *rec = rec_at(records, at);
        const struct layout *layout = &records->facts->program->layouts[rec->layout];
        for (uint16_t i = 0; i < layout->count && !records->failed; i++)
            look_at_group(records, rec, i);
    }
    return records->failed || records->work != STORE_NONE;
}
