/* Errors are values. Codes and their texts are declared once, in ERR_TABLE; a function that returns anything
 * but ERR_OK has changed nothing, unless its header says otherwise. */
#pragma once

#define ERR_TABLE(X)                                                                                         \
    X(OK, "no error")                                                                                        \
    X(MEMORY, "out of memory")                                                                               \
    X(LIMIT, "a limit is reached")                                                                           \
    X(SYNTAX, "not well-formed")                                                                             \
    X(RANGE, "out of range")                                                                                 \
    X(UNKNOWN, "unknown name")                                                                               \
    X(TAKEN, "the name is taken")                                                                            \
    X(ABSENT, "no such thing")                                                                               \
    X(CLOSED, "shutting down")                                                                               \
    X(SYSTEM, "the system refused")

enum err {
#define X(code, text) ERR_##code,
    ERR_TABLE(X)
#undef X
};

/* The code's text: a static string, never NULL. */
const char *err_text(enum err err);
