/* What a look at a program before it runs has found: one entry for each step at which a task may stay for
 * ever, or leave something behind. Constant texts are declared once, in FINDING_TABLE. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "runtime/program.h"

/* Name, word in JSON, which number of `expect` counts what it leaves behind (EXPECTS: none does), what a
 * picture says of the step, what to do about it. */
#define FINDING_TABLE(X)                                                                                     \
    X(NO_RECEIVER, "send-without-receiver", EXPECT_TASKS, "nobody receives",                                 \
      "receive on it, make room for every message, or select on done as well")                               \
    X(NO_SENDER, "recv-without-sender", EXPECT_TASKS, "nobody sends or closes",                              \
      "send on it or close it, or select on done as well")                                                   \
    X(NO_CLOSE, "range-without-close", EXPECT_TASKS, "nobody closes",                                        \
      "let one owner close the channel after the last message")                                              \
    X(NO_CASE, "select-without-way-on", EXPECT_TASKS, "no case becomes ready",                               \
      "add a case that is certain to come: done, or a deadline")                                             \
    X(NIL_CHANNEL, "nil-channel", EXPECT_TASKS, "nobody made it", "make the channel where it is declared")   \
    X(NO_FINISH, "group-never-finished", EXPECT_TASKS, "nobody gets to finish",                              \
      "finish the group on every way out")                                                                   \
    X(NO_SIGNAL, "condition-never-signalled", EXPECT_TASKS, "nobody gets to signal",                         \
      "signal or broadcast under the lock of the condition")                                                 \
    X(NO_WAY_OUT, "no-way-out", EXPECT_TASKS, "no way out",                                                  \
      "select on done inside the loop, and leave when it is heard")                                          \
    X(LOCK_TWICE, "lock-twice", EXPECT_TASKS, "holds it already", "take the lock in one layer only")         \
    X(LOCK_KEPT, "lock-kept", EXPECT_TASKS, "is never unlocked", "unlock on every way out")                  \
    X(LOCK_ORDER, "lock-order", EXPECT_TASKS, "somebody takes them in the other order",                      \
      "take these locks in one order everywhere")                                                            \
    X(TICKER, "unstopped-ticker", EXPECT_TICKERS, "not stopped on every way out",                            \
      "stop it on every way out of the task that made it")                                                   \
    X(SCOPE, "uncancelled-scope", EXPECTS, "not cancelled on every way out",                                 \
      "cancel it on every way out of the task that made it")                                                 \
    X(OPEN, "unshut-resource", EXPECTS, "not shut on every way out",                                         \
      "shut it on every way out of the task that opened it")                                                 \
    X(LOST, "lost-heap", EXPECT_HEAP, "nobody can free", "hold it, and drop it on every way out")            \
    X(LEFT, "left-behind", EXPECT_TASKS, "nobody comes any more",                                            \
      "give this step a second way on: done, a deadline, or room")                                           \
    X(TICKERS_LEFT, "tickers-left", EXPECT_TICKERS, "ticks on", "stop every ticker that is made")            \
    X(OPEN_LEFT, "open-left", EXPECTS, "stays open",                                                         \
      "shut what is open before its variable is written to again")                                           \
    X(OUTGROWN, "queue-outgrown", EXPECTS, "more comes in than goes out",                                    \
      "use a channel with a bound, at which senders wait")                                                   \
    X(PILED_UP, "piled-up", EXPECTS, "more come than leave",                                                 \
      "bound how many tasks there may be, and let whoever starts them wait")                                 \
    X(PANICKED, "panicked", EXPECTS, "panics",                                                               \
      "let one owner close a channel, after the last send; unlock and finish only what is locked and added " \
      "to")

enum finding_kind {
#define X(name, word, counted, drawn, remedy) FINDING_##name,
    FINDING_TABLE(X)
#undef X
        FINDING_KINDS
};

const char *finding_word(enum finding_kind kind);
const char *finding_remedy(enum finding_kind kind);
/* A few words for a picture: "nobody closes". */
const char *finding_drawn(enum finding_kind kind);
/* The number of `expect` that counts what it leaves behind; EXPECTS: none does. */
enum expect finding_expect(enum finding_kind kind);
/* Tasks stay because of it; otherwise it leaves something else behind, or costs something while it lasts. */
bool finding_stays(enum finding_kind kind);

/* The longest text of a finding, with its zero: three names and a sentence. */
#define FINDING_TEXT 400

/* What was set differently from the defaults: "remedy=buffer", with its zero; "" for nothing. */
#define FINDING_SETTING (2 * LIMIT_NAME + 2)

struct finding {
    enum finding_kind kind;
    uint16_t step;   /* index into program->steps: where */
    uint32_t line;   /* from 1: of the step, or of the thing that it is about */
    uint32_t column; /* from 1 */
    char setting[FINDING_SETTING];
    bool trial;              /* seen in a trial run; otherwise read off the program */
    char text[FINDING_TEXT]; /* what is wrong, without the remedy */
};

struct findings {
    const struct program *program;
    struct finding *items; /* LIMIT_FINDINGS of them */
    uint32_t count;
    uint32_t dropped;              /* more than fit */
    char setting[FINDING_SETTING]; /* in: for those that are added from now on */
};

/* `program` is borrowed. ERR_MEMORY. */
enum err findings_init(struct findings *findings, const struct program *program);

/* Harmless after a failed findings_init. */
void findings_deinit(struct findings *findings);

/* Keeps one finding; the same one at the same step is kept once. Returns it, for a better place than that of
 * its step; NULL when it was there already or does not fit. */
struct finding *findings_add(struct findings *findings, enum finding_kind kind, uint16_t step, bool trial,
                             const char *format, ...) __attribute__((format(printf, 5, 6)));

/* It is known already why tasks stay at this step. */
bool findings_explain(const struct findings *findings, uint16_t step);

/* Orders by place in the file. */
void findings_sort(struct findings *findings);
