/* What the files of the compiler share; nothing outside of service/language includes this.
 *
 * A pattern's text becomes a tree (node.h); pattern.c reads its top level, param.c the parameters, thing.c
 * what `share` and `own` make, task.c the tasks of a variant, name.c what names mean to them, statement.c the
 * statements. Each of them reports what is wrong and goes on, so that all faults are told at once; only when
 * memory is out does it end early. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "language/node.h"
#include "language/pattern.h"

struct compiler {
    struct pattern *pattern; /* what is being made */
    struct messages *messages;
    struct arena *scratch; /* freed when the compilation is over */
    enum err err;          /* ERR_MEMORY once memory is out */
};

/* A fault at a node, at a place of its own, or no memory. */
#define report(compiler, node, ...)                                                                          \
    messages_add((compiler)->messages, (node)->line, (node)->column, __VA_ARGS__)
void report_memory(struct compiler *compiler);
/* Remembers ERR_MEMORY; a table that is full is reported at `node`. True when `err` is ERR_OK. */
bool accepted(struct compiler *compiler, const struct node *node, enum err err, const char *table, int limit);

/* ---- words (word.c) ---- */

/* A statement or an operand is split into words and the signs * / + < <= > >= = == !=. */
struct word {
    const char *text;
    uint32_t line;
    uint32_t column;
};

/* More than any statement has. */
#define WORDS_MAX 12

struct words {
    struct word items[WORDS_MAX];
    unsigned count;
    const char *text; /* all of it with single spaces */
};

/* False when that was reported: too many words, or no memory. `node` is a TEXT. */
bool words_split(struct compiler *compiler, const struct node *node, struct words *words);

/* A letter, then letters, digits, - and _; at most LIMIT_NAME bytes. */
bool name_valid(const char *text);
/* Reports a name that is not valid; `what` is "a task", "a parameter". */
bool name_check(struct compiler *compiler, const struct node *node, const char *what);

/* `did you mean "x"?` or `known: a, b`, in memory of the compilation; "" when memory is out. */
const char *suggestion(struct compiler *compiler, const char *word, const char *const *words, size_t count);

/* ---- operands (operand.c) ---- */

struct bounds {
    int64_t min, max;
};

/* The widest bounds of a type. */
struct bounds type_bounds(enum param_type type);
/* "a duration" */
const char *type_article(enum param_type type);
/* "a duration such as 10ms" */
const char *type_phrase(enum param_type type);
/* A number of that type as text. */
const char *type_format(enum param_type type, int64_t value, char text[static PARAM_TEXT]);
/* Reads a literal of exactly this type, not a choice. */
enum err type_parse(enum param_type type, const char *text, int64_t *value);
/* Finds out which type a literal is of; false when it is none. */
bool type_of_literal(const char *text, enum param_type *type);

/* What an operand is for. */
struct need {
    const char *who; /* for messages, with its quotes: "\"sleep\"" */
    enum param_type type;
    struct bounds bounds;
    bool default_of_param; /* only earlier parameters and linger: not holds */
};

/* Compiles `base [* or / number] [+ or - number]`. False when a fault was reported. */
bool operand_compile(struct compiler *compiler, const struct word *words, unsigned count, struct need need,
                     const struct node *node, struct value *value);

/* ---- the parts of a pattern ---- */

/* The text of a node that must be a text and not empty, NULL when that was reported. It lives with the
 * pattern. */
const char *text_read(struct compiler *compiler, const struct node *node);

/* Reports every member of `map` whose key is none of `keys`, with the nearest one. */
void keys_check(struct compiler *compiler, const struct node *map, const char *const *keys, size_t count);

/* `params:`; fills pattern->params. A parameter with a fault is there too, of type PARAM_TYPES, so that its
 * users are not reported as well. */
void params_compile(struct compiler *compiler, const struct node *params);

/* Names that no parameter may have, since they mean something else where parameters are set. */
bool param_name_reserved(const char *name);

/* "a", or "an" before the kind's word */
const char *kind_article(enum thing_kind kind);

/* `share:` or `own:` into a layout of the program; NULL and nothing make no things. What `override` (NULL, or
 * another mapping) declares is added, and takes the place of what `things` declares under the same names. */
void things_compile(struct compiler *compiler, struct program *program, uint16_t layout,
                    const struct node *things, const struct node *override);

/* One variant: `tasks` is what stands under leak or fix, `share` what stands under the pattern's share or
 * NULL. NULL when faults were reported. The program's `expect` is still to be set. */
struct program *variant_compile(struct compiler *compiler, enum variant which, const struct node *tasks,
                                const struct node *share);

/* ---- a variant at work (task.c, name.c, statement*.c) ---- */

struct task_decl {
    const struct node *name;
    const struct node *own;   /* or NULL */
    const struct node *steps; /* or NULL when there is none */
    uint64_t spawners;        /* kinds that spawn it, a bit each */
    bool reached;             /* from main */
};

struct variant_compiler {
    struct compiler *compiler;
    struct program *program;
    struct task_decl tasks[LIMIT_TASK_KINDS]; /* as program->kinds */
    uint16_t task_count;
    bool full; /* a table of the program is full, which was reported */
};

/* The kind of that name, or NO_KIND. */
#define NO_KIND UINT16_MAX
uint16_t task_find(const struct variant_compiler *variant, const char *name);

/* A set of kinds of thing. */
#define KIND_BIT(kind) (1u << (kind))

/* The name itself: what stands behind "outer.", if that is what it begins with. */
const char *name_behind_outer(const char *text);

/* What the name means to tasks of this kind, which is one of the kinds that the statement `who` works on:
 * "jobs", or "outer.jobs" for what it means to whoever spawned them, which may be one of several things that
 * are alike. The (first) thing, or NULL when that was reported: unknown, ambiguous, or of another kind. */
const struct thing_spec *thing_resolve(struct variant_compiler *variant, uint16_t kind,
                                       const struct word *name, unsigned needed, const char *who,
                                       struct thing_ref *ref);

/* Compiles all statements of a kind, its entry and its end included. */
void task_compile(struct variant_compiler *variant, uint16_t kind);

/* Compiles an operand into the program. False when a fault was reported. */
bool variant_operand(struct variant_compiler *variant, const struct word *words, unsigned count,
                     struct need need, const struct node *node, uint16_t *index);
