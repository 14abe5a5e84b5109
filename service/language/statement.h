/* For the files that compile statements (statement*.c) only: one kind of task while its statements become
 * operations, and what each kind of statement is compiled by. */
#pragma once

#include "language/compiler.h"

/* A loop or range around a statement. */
struct loop {
    struct loop *outer;
    bool counted;
    uint8_t reg;
    bool left;       /* by a break */
    uint16_t breaks; /* the last break's operation; a chain through their targets until the end is known */
};

/* One kind of task while its statements are compiled. */
struct body {
    struct variant_compiler *variant;
    struct compiler *compiler;
    uint16_t kind;
    uint16_t step; /* of the statement at hand */
    uint32_t line; /* of the statement before */
    uint32_t column;
    bool begun;         /* the first statement has its step */
    unsigned registers; /* in use by counted loops around the statement at hand */
    struct loop *loop;  /* the innermost one */
};

/* One statement as it stands. */
struct statement {
    const struct node *head;  /* the TEXT: the whole statement, or the key */
    const struct node *inner; /* what is inside it; NULL when the statement is a text */
    const struct node *other; /* what stands under "else"; or NULL */
    struct words words;
};

/* ---- the operations of a task (emit.c) ---- */

/* Appends an operation on the step at hand. Its index; once the program is full, and this was reported, one
 * that may be written to but means nothing. */
uint16_t emit_op(struct body *body, struct op op);

/* The index of the operation that comes next. */
uint16_t emit_here(const struct body *body);

/* Where a jump that was emitted before its target was known goes. */
void emit_target(struct body *body, uint16_t index, uint16_t target);

/* Sends every operation of a chain, each pointing to the one before it, to `target`. */
void emit_chain_end(struct body *body, uint16_t last, uint16_t target);

/* An operand that no word of the pattern stands for; a number. */
uint16_t emit_value(struct body *body, struct value value);
uint16_t emit_constant(struct body *body, int64_t number);

/* A new step. A task's first one also makes it keep what every task keeps. */
void emit_step(struct body *body, const struct node *at, const char *text);

/* A register for a counted loop; false when there is none left, which was reported. */
bool emit_register(struct body *body, const struct statement *at, uint8_t *reg);

/* The operand from word `from` on. */
uint16_t emit_operand(struct body *body, const struct statement *at, unsigned from, struct need need);

/* The thing that a word names, which serves as one of this kind. `who` is the statement, for messages. */
struct thing_ref emit_thing(struct body *body, const struct statement *at, unsigned word,
                            enum thing_kind kind, const char *who);

/* "done" or "done S" from word `from` on. */
struct thing_ref emit_done(struct body *body, const struct statement *at, unsigned from);

/* Compiles what is inside a statement: nothing, one statement, or a list. True when control may come out at
 * its end. (statement.c) */
bool inside_compile(struct body *body, const struct node *inner);

/* ---- each kind of statement ----
 * Called with its form checked and its step begun; true when control may go on behind it, or when it is
 * faulty. */

/* statement_plain.c */
bool compile_on_thing(struct body *body, const struct statement *at);
bool compile_exit(struct body *body, const struct statement *at);
bool compile_panic(struct body *body, const struct statement *at);
bool compile_break(struct body *body, const struct statement *at);
bool compile_spawn(struct body *body, const struct statement *at);
bool compile_add(struct body *body, const struct statement *at);
bool compile_set(struct body *body, const struct statement *at);
bool compile_await(struct body *body, const struct statement *at);
bool compile_sleep(struct body *body, const struct statement *at);
bool compile_work(struct body *body, const struct statement *at);
bool compile_hold(struct body *body, const struct statement *at);
bool compile_lose(struct body *body, const struct statement *at);
bool compile_drop(struct body *body, const struct statement *at);

/* statement_block.c */
bool compile_loop(struct body *body, const struct statement *at);
bool compile_range(struct body *body, const struct statement *at);
bool compile_if(struct body *body, const struct statement *at);
bool compile_chance(struct body *body, const struct statement *at);

/* statement_select.c */
bool compile_select(struct body *body, const struct statement *at);
