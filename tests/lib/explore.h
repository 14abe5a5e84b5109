/* Every state that may come of one: each is visited once, and told apart exactly, by its form. */
#pragma once

#include "model.h"

#define EXPLORE_PLACES 40

/* A place at which tasks of the first state stand blocked: tasks that see the same environment and are at the
 * same operation. What may become of one may become of the others. */
struct explore_place {
    uint8_t env_id;
    uint8_t stage;
    uint16_t pc;
    bool moves; /* in some schedule */
};

struct explored {
    struct explore_place places[EXPLORE_PLACES];
    unsigned place_count;
    unsigned states;
    bool whole;     /* nothing was left out: neither states beyond the bound nor ones that are too big */
    bool ends;      /* a task with a tag comes to its end in some schedule */
    bool recurrent; /* whatever happens, the first state may come again; known of a whole one alone */
};

/* Adds a place, if it is not there. */
void explore_add(struct explored *explored, struct explore_place place);
struct explore_place *explore_find(struct explored *explored, uint8_t env_id, uint16_t pc, uint8_t stage);

/* From `first` on, up to `most` states. The places are there; the rest is written. */
void explore(const struct model *model, const struct model_state *first, unsigned most,
             struct explored *explored);

enum foreseen { FORESEEN, FORESEEN_NOT, FORESEEN_PERHAPS };

/* Whether `last` may come of `first` by at most one deed of a task and then whatever time brings; perhaps:
 * that are more than `most` states. */
enum foreseen explore_reaches(const struct model *model, const struct model_state *first,
                              const struct model_state *last, unsigned most);
