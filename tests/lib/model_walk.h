/* What the parts of the model share: a successor is made by walk_from(), changes to walk->next, and
 * walk_emit(). Everything asked is asked of walk->from. Tasks are named by their index there; things as in
 * model_see(). For the files of the model alone. */
#pragma once

#include "model.h"

struct walk {
    const struct model *model;
    const struct model_state *from;
    struct model_sink *sink;
    struct model_state next;
};

void walk_from(struct walk *walk);
void walk_emit(struct walk *walk);
/* The same, once whoever waits for a scope that is done has gone on; where one may go on in several ways, in
 * each of them. */
void walk_emit_done(struct walk *walk);

const struct op *walk_op_of(const struct walk *walk, const struct model_task *task);
uint16_t walk_see(const struct walk *walk, const struct model_task *task, struct thing_ref ref);
uint16_t walk_content(const struct walk *walk, uint16_t thing);
const struct thing_spec *walk_spec_of(const struct walk *walk, uint16_t thing);
bool walk_is_done(const struct walk *walk, uint16_t scope);
/* The task before it is in the same place, so that nothing else can come of this one. */
bool walk_same_as_before(const struct model_state *state, unsigned who);

/* Changes what a thing counts in walk->next. */
void walk_count_up(struct walk *walk, uint16_t thing, int64_t amount);
/* The sink is told that the task has completed its operation. */
void walk_told(struct walk *walk, const struct model_task *task);
void walk_stand(struct walk *walk, unsigned who, uint16_t pc, enum model_stage stage);
/* Both: it has completed its operation, and goes on at pc. */
void walk_go(struct walk *walk, unsigned who, uint16_t pc);

/* Whole steps. */
void walk_block(struct walk *walk, unsigned who);
void walk_panic(struct walk *walk, unsigned who);
void walk_pass_if(struct walk *walk, unsigned who, bool passes);

/* Who stands blocked on a thing, with an operation of this code or a case of this kind. */
struct search {
    uint16_t thing;
    enum op_code code;
    enum op_code other; /* or with this one; OP_CODES: none */
    int arm;            /* enum case_kind, or -1 */
    bool closes;        /* where it goes on is where it does when the channel is closed */
};

/* The first from `who` on, and where it would go on; -1: nobody. */
int walk_find(const struct walk *walk, const struct search *search, unsigned who, uint16_t *target);

/* Whole steps on channels. False: nothing was done, for it would have to wait. */
bool walk_send(struct walk *walk, unsigned who, uint16_t channel, uint16_t target);
bool walk_receive(struct walk *walk, unsigned who, uint16_t channel, uint16_t message, uint16_t closed);
void walk_close(struct walk *walk, unsigned who, uint16_t channel);

/* A condition's mutex. */
uint16_t walk_mutex(const struct walk *walk, uint16_t condition);
/* Whole steps; `otherwise` is how it stands when it must wait. */
void walk_lock(struct walk *walk, unsigned who, uint16_t mutex, enum model_stage otherwise);
void walk_on_lock(struct walk *walk, unsigned who, enum op_code code, uint16_t thing);
