/* All patterns that can be started, by name and by mode. The built-in ones are the files of service/patterns,
 * embedded at build. One thread changes a catalogue; readers need that thread's word that it does not. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/embed.h"
#include "base/err.h"
#include "language/pattern.h"

struct catalogue {
    struct pattern **patterns; /* sorted by name; owned */
    size_t count;
};

/* The files of service/patterns. */
EMBEDDED_FILES(embedded_patterns);

/* Nothing is allocated. */
void catalogue_init(struct catalogue *catalogue);

/* Frees every pattern. */
void catalogue_deinit(struct catalogue *catalogue);

/* Adds a compiled pattern and takes it over. ERR_TAKEN when one of that name is there, ERR_MEMORY: it is
 * still the caller's. */
enum err catalogue_add(struct catalogue *catalogue, struct pattern *pattern);

/* Puts a compiled pattern in the place of the one of the same name, which must be there, and takes it over;
 * returns the old one, which is the caller's. */
struct pattern *catalogue_replace(struct catalogue *catalogue, struct pattern *pattern);

/* Takes the pattern of that name out, which must be there; it is the caller's. */
struct pattern *catalogue_remove(struct catalogue *catalogue, const char *name);

/* Compiles the embedded files and adds them. A fault in one of them is a bug that the tests catch; should it
 * happen at run time, ERR_SYNTAX is returned and `why` gets the compiler's messages, one a line. */
enum err catalogue_load(struct catalogue *catalogue, struct buf *why);

/* NULL when there is none of that name. */
const struct pattern *catalogue_find(const struct catalogue *catalogue, const char *name);

/* A variant of a pattern, as a user names it: "leak-recv". Or a mix of leak and fix, "mix-recv", which is a
 * mode of every pattern that has both. */
struct mode {
    const struct pattern *pattern;
    enum variant variant;
};

/* The most programs that starts of one mode run. */
#define MODE_PROGRAMS 2

/* The programs that starts of the mode run, and how many: one, or of a mix the leak and the fix, in this
 * order. 0: the pattern has no such mode. */
size_t mode_programs(struct mode mode, const struct program *programs[static MODE_PROGRAMS]);

/* True when the pattern has it. */
bool mode_exists(struct mode mode);

/* The longest text of a mode, with its zero. */
#define MODE_TEXT (LIMIT_NAME + 16)

/* Reads a mode. ERR_UNKNOWN: `why` gets a sentence such as `unknown mode "leek-recv": did you mean
 * "leak-recv"?`. */
enum err catalogue_find_mode(const struct catalogue *catalogue, const char *text, struct mode *mode,
                             struct buf *why);

/* Writes the mode's text. Returns `text`. */
const char *mode_format(struct mode mode, char text[static MODE_TEXT]);

/* Appends every mode there is: "fix-recv, leak-recv, fix-send, ...". */
enum err catalogue_modes(const struct catalogue *catalogue, struct buf *buf);
