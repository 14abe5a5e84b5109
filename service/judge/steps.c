#include "judge/steps.h"

#include "base/buf.h"
#include "judge/why.h"
#include "language/role.h"

#define WHY_BYTES 4096

/* Sets a member that may fail to be made; what fails once stays failed. */
static void put(json_t *object, const char *key, json_t *value, int *failed)
{
    *failed |= json_object_set_new(object, key, value);
}

static json_t *finished(json_t *value, int failed)
{
    if (failed == 0)
        return value;
    json_decref(value);
    return NULL;
}

static json_t *number(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *text_json(const struct buf *text)
{
    return text->err == ERR_MEMORY ? NULL : json_string(buf_text(text));
}

/* What tasks that are stuck on a step lack. Several states of a task may belong to one step (a condition's
 * waiter waits for the signal, then for the lock): the first of them is what it is about. */
static json_t *why_stuck_json(const struct roles *roles, const struct program *program, uint16_t step)
{
    const struct op *op = NULL;
    enum task_state state = TASK_READY;
    while (state < TASK_STATES && (op = why_operation(program, step, state)) == NULL)
        state++;
    if (op == NULL)
        return json_null();
    struct buf text;
    buf_init(&text, WHY_BYTES);
    why_stuck(roles, op, state, &text);
    json_t *why = text_json(&text);
    buf_deinit(&text);
    return why;
}

static json_t *why_endless_json(void)
{
    struct buf text;
    buf_init(&text, WHY_BYTES);
    why_endless(&text);
    json_t *why = text_json(&text);
    buf_deinit(&text);
    return why;
}

static json_t *step_json(const struct tally *tally, const struct roles *roles, uint16_t step)
{
    const struct program *program = tally->program;
    const struct step *at = &program->steps[step];
    uint64_t stuck = tally->leaked[step][VERDICT_STUCK];
    uint64_t endless = tally->leaked[step][VERDICT_ENDLESS];
    json_t *object =
        json_pack("{s:I, s:I, s:s, s:s}", "line", (json_int_t)at->line, "column", (json_int_t)at->column,
                  "task", program->kinds[at->kind].name, "statement", at->text);
    int failed = object == NULL;
    put(object, "tasks", number(tally->standing[step]), &failed);
    put(object, verdict_word(VERDICT_STUCK), number(stuck), &failed);
    put(object, verdict_word(VERDICT_ENDLESS), number(endless), &failed);
    if (stuck > 0)
        put(object, "why_stuck", why_stuck_json(roles, program, step), &failed);
    if (endless > 0)
        put(object, "why_endless", why_endless_json(), &failed);
    return finished(object, failed);
}

static json_t *list_json(const struct tally *tally)
{
    struct roles roles;
    if (roles_init(&roles, tally->program) != ERR_OK)
        return NULL;
    json_t *list = json_array();
    int failed = list == NULL;
    for (uint16_t step = 0; step < tally->program->step_count; step++)
        failed |= json_array_append_new(list, step_json(tally, &roles, step));
    roles_deinit(&roles);
    return finished(list, failed);
}

json_t *steps_json(const struct tally *tally)
{
    const struct census *census = &tally->census;
    json_t *object = json_object();
    int failed = object == NULL;
    put(object, "tasks", number(census_live(census)), &failed);
    put(object, "ready", number(census->states[TASK_READY]), &failed);
    put(object, verdict_word(VERDICT_STUCK), number(census->leaked[VERDICT_STUCK]), &failed);
    put(object, verdict_word(VERDICT_ENDLESS), number(census->leaked[VERDICT_ENDLESS]), &failed);
    put(object, "steps", list_json(tally), &failed);
    return finished(object, failed);
}
