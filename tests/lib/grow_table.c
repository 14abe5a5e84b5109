#include "grow_table.h"

#define COUNTED(a) (sizeof(a) / sizeof(a)[0])

const struct grow_kind grow_kinds[] = {
    {"chan", CHANNEL, {"channel", "channel 1", "channel 8", "nil channel"}, 0, 10},
    {"queue", QUEUE, {"queue 4KiB", "queue 300KiB"}, GROW_HEAP, 2},
    {"beat", TICKER, {"ticker 10ms", "ticker 1ms", "ticker 64ms", "aligned ticker 7ms"}, GROW_TIME, 3},
    {"scope", SCOPE, {"scope"}, 0, 2},
    {"brief", SCOPE, {"scope 1ms", "scope 30ms", "scope 300ms"}, GROW_TIME, 2},
    {"lock", MUTEX, {"mutex"}, GROW_LOCKS, 3},
    {"book", RWMUTEX, {"rwmutex"}, GROW_LOCKS, 3},
    {"group", GROUP, {"group"}, GROW_LOCKS, 3},
    {"cond", CONDITION, {"condition"}, GROW_LOCKS, 4},
    {"flag", NUMBER, {"number", "number 1", "number n"}, GROW_NUMBERS, 4},
    {"real", REAL, {"file", "socket", "handle", "thread", "job"}, GROW_REAL, 3},
};

const char *const grow_operands[OPERANDS][12] = {
    [COUNT] = {"1", "2", "0", "3", "7", "n", "n - 1"},
    [TASKS] = {"1", "2", "5", "n", "30", "0"},
    [DURATION] = {"1ms", "0s", "1ns", "3ms", "10ms", "64ms", "100ms", "5s", "1h", "30d", "linger / 2"},
    [WORKLOAD] = {"1us", "0s", "100us", "2ms"},
    [SIZE] = {"1B", "100B", "4KiB", "300KiB", "holds", "0"},
    [LOSS] = {"4KiB", "300KiB", "0"}, /* what is looked through piece by piece */
    [PERCENT] = {"50%", "100%", "0%", "1%", "99%"},
    [TEST] = {"n > 2", "n is 4", "word is not red", "linger < 10ms", "n <= 3"},
    [LOOK] = {"is 1", "is not 0", "> 2", "<= n", ">= 1_000_000_000", "< 0"},
    [CHANGE] = {"1", "0", "+ 1", "- 1", "n", "+ 1_000_000_000", "- n"},
};

/* One line a statement. */
const struct grow_verb grow_verbs[] = {
    {"recv", CHANNEL | QUEUE, .weight = 12},
    {"send", CHANNEL | QUEUE, .weight = 12},
    {"close", CHANNEL | QUEUE, .weight = 2},
    {"range", CHANNEL | QUEUE, .form = AROUND, .weight = 6},
    {"select", 0, .form = CASES, .weight = 16, .feature = GROW_SELECTS},
    {"spawn", TASK, .operand = TASKS, .form = SPAWN, .weight = 5},
    {"loop", 0, .operand = COUNT, .form = COUNTING, .weight = 6},
    {"loop", 0, .form = FOREVER, .weight = 20},
    {"if", 0, .operand = TEST, .form = EITHER, .weight = 4},
    {"if", NUMBER, .operand = LOOK, .form = EITHER, .weight = 6},
    {"set", NUMBER, .operand = CHANGE, .weight = 6},
    {"chance", 0, .operand = PERCENT, .form = EITHER, .weight = 5, .feature = GROW_CHANCE},
    {"exit", 0, .form = LAST, .weight = 10},
    {"panic", 0, .form = LAST, .weight = 3, .feature = GROW_PANICS},
    {"break", 0, .form = LEAVES, .weight = 20},
    {"sleep", 0, .operand = DURATION, .weight = 6, .feature = GROW_TIME},
    {"tick", TICKER, .weight = 5},
    {"stop", TICKER, .weight = 3},
    {"cancel", SCOPE, .weight = 3},
    {"await done", SCOPE, .weight = 4},
    {"await done", 0, .weight = 2},
    {"work", 0, .operand = WORKLOAD, .weight = 2, .feature = GROW_TIME},
    {"hold", 0, .operand = SIZE, .weight = 4, .feature = GROW_HEAP},
    {"lose", 0, .operand = LOSS, .weight = 2, .feature = GROW_HEAP},
    {"drop", 0, .weight = 2, .feature = GROW_HEAP},
    {"lock", MUTEX, .weight = 8, .paired = "unlock"},
    {"unlock", MUTEX, .weight = 1},
    {"lock", RWMUTEX, .weight = 4, .paired = "unlock"},
    {"unlock", RWMUTEX, .weight = 1},
    {"rlock", RWMUTEX, .weight = 6, .paired = "runlock"},
    {"runlock", RWMUTEX, .weight = 1},
    {"add", GROUP, .operand = COUNT, .weight = 5, .paired = "finish"},
    {"finish", GROUP, .weight = 3},
    {"wait", GROUP, .weight = 3},
    {"wait", CONDITION, .weight = 8, .locked = true},
    {"signal", CONDITION, .weight = 5},
    {"broadcast", CONDITION, .weight = 3},
    {"open", REAL, .weight = 6, .feature = GROW_REAL, .paired = "shut"},
    {"shut", REAL, .weight = 2, .feature = GROW_REAL},
};

/* One line a case. */
const struct grow_verb grow_case_verbs[] = {
    {"recv", CHANNEL | QUEUE, .weight = 10},
    {"send", CHANNEL | QUEUE, .weight = 8},
    {"tick", TICKER, .weight = 4},
    {"after", 0, .operand = DURATION, .weight = 3, .feature = GROW_TIME},
    {"done", SCOPE, .weight = 3},
    {"done", 0, .weight = 4},
    {"default", 0, .weight = 2},
};

const size_t grow_kind_count = COUNTED(grow_kinds);
const size_t grow_verb_count = COUNTED(grow_verbs);
const size_t grow_case_verb_count = COUNTED(grow_case_verbs);

size_t grow_texts(const char *const *texts, size_t most)
{
    size_t count = 0;
    while (count < most && texts[count] != NULL)
        count++;
    return count;
}
