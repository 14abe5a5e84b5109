#include "explore.h"

#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

/* Most searches are short: they are tried with little memory at first. */
#define FEW 400

struct visited {
    size_t at; /* of its form, in `forms` */
    uint16_t size;
};

struct edge {
    unsigned from, to;
};

struct search {
    struct model_sink sink;
    const struct model *model;
    struct explored *explored; /* NULL: nobody asks */
    struct visited *visited;
    unsigned count, most;
    uint8_t *forms;
    size_t used, room;
    unsigned *table; /* 1 + index by hash; 0: free */
    unsigned mask;
    struct edge *edges;
    size_t edge_count, edge_room;
    unsigned at; /* being visited */
    bool whole;
};

/* ---- all that is known ---- */

static uint64_t hash(const uint8_t *form, size_t size)
{
    uint64_t value = 1469598103934665603u;
    for (size_t i = 0; i < size; i++)
        value = (value ^ form[i]) * 1099511628211u;
    return value ^ value >> 29;
}

static void *grown(void *memory, size_t size)
{
    memory = realloc(memory, size);
    CHECK(memory != NULL);
    return memory;
}

static void keep(struct search *search, const uint8_t *form, size_t size)
{
    if (search->used + size > search->room) {
        search->room = 2 * (search->room + size);
        search->forms = grown(search->forms, search->room);
    }
    memcpy(search->forms + search->used, form, size);
    search->visited[search->count] = (struct visited){.at = search->used, .size = (uint16_t)size};
    search->used += size;
}

/* The index of a form, which is new if there is none; search->most: no room. */
static unsigned index_of(struct search *search, const uint8_t *form, size_t size)
{
    unsigned slot = (unsigned)hash(form, size) & search->mask;
    for (; search->table[slot] != 0; slot = (slot + 1) & search->mask) {
        const struct visited *visited = &search->visited[search->table[slot] - 1];
        if (visited->size == size && memcmp(search->forms + visited->at, form, size) == 0)
            return search->table[slot] - 1;
    }
    if (search->count == search->most)
        return search->most;
    keep(search, form, size);
    search->table[slot] = search->count + 1;
    return search->count++;
}

static void add_edge(struct search *search, unsigned to)
{
    if (search->edge_count == search->edge_room) {
        search->edge_room = 2 * search->edge_room + 256;
        search->edges = grown(search->edges, search->edge_room * sizeof *search->edges);
    }
    search->edges[search->edge_count++] = (struct edge){search->at, to};
}

/* ---- the sink ---- */

static void on_next(struct model_sink *sink, const struct model_state *state)
{
    struct search *search = container_of(sink, struct search, sink);
    uint8_t form[MODEL_FORM];
    size_t size = model_form(search->model, state, form);
    unsigned to = size == 0 ? search->most : index_of(search, form, size);
    if (to == search->most)
        search->whole = false;
    else
        add_edge(search, to);
}

static void on_moves(struct model_sink *sink, uint8_t env_id, uint16_t pc, enum model_stage stage)
{
    struct search *search = container_of(sink, struct search, sink);
    struct explore_place *place =
        search->explored == NULL ? NULL : explore_find(search->explored, env_id, pc, (uint8_t)stage);
    if (place != NULL)
        place->moves = true;
}

static void on_ends(struct model_sink *sink)
{
    struct search *search = container_of(sink, struct search, sink);
    if (search->explored != NULL)
        search->explored->ends = true;
}

/* ---- a search ---- */

static void search_begin(struct search *search, const struct model *model, unsigned most)
{
    unsigned slots = 64;
    while (slots < 2 * most)
        slots *= 2;
    *search = (struct search){
        .sink = {.next = on_next, .moves = on_moves, .ends = on_ends},
        .model = model,
        .most = most,
        .mask = slots - 1,
        .whole = true,
    };
    search->room = FEW * 32;
    search->forms = grown(NULL, search->room);
    search->visited = calloc(most, sizeof *search->visited);
    search->table = calloc(slots, sizeof *search->table);
    CHECK(search->visited != NULL && search->table != NULL);
}

static void search_end(struct search *search)
{
    free(search->visited);
    free(search->table);
    free(search->forms);
    free(search->edges);
}

static void visit(struct search *search, unsigned index, bool deeds, bool time)
{
    static struct model_state state;
    search->at = index;
    model_read(search->model, search->forms + search->visited[index].at, &state);
    if (deeds)
        model_each_deed(search->model, &state, &search->sink);
    if (time)
        model_each_time(search->model, &state, &search->sink);
}

/* Everything leads back to the first state: found by going backwards from there. */
static bool leads_back(const struct search *search)
{
    unsigned *order = grown(NULL, (search->count + 1) * sizeof *order);
    unsigned *first = calloc((size_t)search->count + 1, sizeof *first);
    unsigned *from = grown(NULL, (search->edge_count + 1) * sizeof *from);
    bool *seen = calloc((size_t)search->count + 1, sizeof *seen);
    CHECK(first != NULL && seen != NULL);
    for (size_t i = 0; i < search->edge_count; i++)
        first[search->edges[i].to + 1]++;
    for (unsigned i = 0; i < search->count; i++)
        first[i + 1] += first[i];
    memcpy(order, first, (search->count + 1) * sizeof *order);
    for (size_t i = 0; i < search->edge_count; i++)
        from[order[search->edges[i].to]++] = search->edges[i].from;
    unsigned known = 1;
    order[0] = 0;
    seen[0] = true;
    for (unsigned at = 0; at < known; at++)
        for (unsigned i = first[order[at]]; i < first[order[at] + 1]; i++)
            if (!seen[from[i]]) {
                seen[from[i]] = true;
                order[known++] = from[i];
            }
    free(order);
    free(first);
    free(from);
    free(seen);
    return known == search->count;
}

void explore_add(struct explored *explored, struct explore_place place)
{
    if (explore_find(explored, place.env_id, place.pc, place.stage) != NULL)
        return;
    CHECK(explored->place_count < EXPLORE_PLACES);
    explored->places[explored->place_count++] = place;
}

struct explore_place *explore_find(struct explored *explored, uint8_t env_id, uint16_t pc, uint8_t stage)
{
    for (unsigned i = 0; env_id != 0 && i < explored->place_count; i++) {
        struct explore_place *place = &explored->places[i];
        if (place->env_id == env_id && place->pc == pc && place->stage == stage)
            return place;
    }
    return NULL;
}

/* False: it is too big. */
static bool search_from(struct search *search, const struct model_state *first)
{
    uint8_t form[MODEL_FORM];
    size_t size = model_form(search->model, first, form);
    if (size > 0)
        (void)index_of(search, form, size);
    return size > 0;
}

static void explore_some(const struct model *model, const struct model_state *first, unsigned most,
                         struct explored *explored)
{
    struct search search;
    search_begin(&search, model, most);
    search.explored = explored;
    search.whole = search_from(&search, first);
    for (unsigned i = 0; i < search.count; i++)
        visit(&search, i, true, true);
    explored->states = search.count;
    explored->whole = search.whole;
    explored->recurrent = search.whole && leads_back(&search);
    search_end(&search);
}

void explore(const struct model *model, const struct model_state *first, unsigned most,
             struct explored *explored)
{
    explored->ends = false;
    explore_some(model, first, most < FEW ? most : FEW, explored);
    if (!explored->whole && explored->states == FEW)
        explore_some(model, first, most, explored);
}

static enum foreseen reaches(const struct model *model, const struct model_state *first,
                             const struct model_state *last, unsigned most)
{
    struct search search;
    uint8_t form[MODEL_FORM];
    size_t size = model_form(model, last, form);
    search_begin(&search, model, most);
    bool found = false;
    if (search_from(&search, first))
        visit(&search, 0, true, false);
    for (unsigned i = 0; i < search.count && !found; i++) {
        const struct visited *visited = &search.visited[i];
        found = visited->size == size && memcmp(search.forms + visited->at, form, size) == 0;
        if (!found)
            visit(&search, i, false, true);
    }
    bool whole = search.whole && search.count > 0 && size > 0;
    search_end(&search);
    return found ? FORESEEN : whole ? FORESEEN_NOT : FORESEEN_PERHAPS;
}

enum foreseen explore_reaches(const struct model *model, const struct model_state *first,
                              const struct model_state *last, unsigned most)
{
    enum foreseen foreseen = reaches(model, first, last, most < FEW ? most : FEW);
    return foreseen == FORESEEN_PERHAPS ? reaches(model, first, last, most) : foreseen;
}
