#include "language/catalogue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/suggest.h"

/* What catalogue_modes and unknown modes list; far above any catalogue. */
#define MODES_BYTES (64 * 1024)

void catalogue_init(struct catalogue *catalogue)
{
    *catalogue = (struct catalogue){0};
}

void catalogue_deinit(struct catalogue *catalogue)
{
    for (size_t i = 0; i < catalogue->count; i++)
        pattern_free(catalogue->patterns[i]);
    free(catalogue->patterns);
    catalogue_init(catalogue);
}

/* Where the pattern of that name is, or belongs. */
static size_t place_of(const struct catalogue *catalogue, const char *name)
{
    size_t at = 0;
    while (at < catalogue->count && strcmp(catalogue->patterns[at]->name, name) < 0)
        at++;
    return at;
}

const struct pattern *catalogue_find(const struct catalogue *catalogue, const char *name)
{
    size_t at = place_of(catalogue, name);
    bool found = at < catalogue->count && strcmp(catalogue->patterns[at]->name, name) == 0;
    return found ? catalogue->patterns[at] : NULL;
}

enum err catalogue_add(struct catalogue *catalogue, struct pattern *pattern)
{
    if (catalogue_find(catalogue, pattern->name) != NULL)
        return ERR_TAKEN;
    size_t bytes = (catalogue->count + 1) * sizeof(struct pattern *);
    struct pattern **patterns = realloc(catalogue->patterns, bytes);
    if (patterns == NULL)
        return ERR_MEMORY;
    catalogue->patterns = patterns;
    size_t at = place_of(catalogue, pattern->name);
    memmove(patterns + at + 1, patterns + at, (catalogue->count - at) * sizeof *patterns);
    patterns[at] = pattern;
    catalogue->count++;
    return ERR_OK;
}

struct pattern *catalogue_replace(struct catalogue *catalogue, struct pattern *pattern)
{
    CHECK(catalogue_find(catalogue, pattern->name) != NULL);
    struct pattern **place = &catalogue->patterns[place_of(catalogue, pattern->name)];
    struct pattern *old = *place;
    *place = pattern;
    return old;
}

struct pattern *catalogue_remove(struct catalogue *catalogue, const char *name)
{
    CHECK(catalogue_find(catalogue, name) != NULL);
    size_t at = place_of(catalogue, name);
    struct pattern **patterns = catalogue->patterns;
    struct pattern *old = patterns[at];
    catalogue->count--;
    memmove(patterns + at, patterns + at + 1, (catalogue->count - at) * sizeof *patterns);
    return old;
}

static enum err load_one(struct catalogue *catalogue, const struct embedded_file *embedded, struct buf *why)
{
    struct messages messages;
    struct pattern *pattern;
    messages_init(&messages);
    enum err err = pattern_compile(embedded->name, embedded->text, embedded->size, &messages, &pattern);
    if (err != ERR_OK)
        messages_print(&messages, embedded->name, why);
    messages_deinit(&messages);
    if (err != ERR_OK)
        return err;
    err = catalogue_add(catalogue, pattern);
    if (err == ERR_TAKEN)
        buf_printf(why, "%s: the pattern \"%s\" is there already\n", embedded->name, pattern->name);
    if (err != ERR_OK)
        pattern_free(pattern);
    return err == ERR_TAKEN ? ERR_SYNTAX : err;
}

enum err catalogue_load(struct catalogue *catalogue, struct buf *why)
{
    for (size_t i = 0; i < embedded_patterns_count; i++) {
        enum err err = load_one(catalogue, &embedded_patterns[i], why);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

/* ---- modes ---- */

size_t mode_programs(struct mode mode, const struct program *programs[static MODE_PROGRAMS])
{
    const struct pattern_variant *variants = mode.pattern->variants;
    if (mode.variant != VARIANT_MIX) {
        programs[0] = variants[mode.variant].program;
        return programs[0] == NULL ? 0 : 1;
    }
    programs[0] = variants[VARIANT_LEAK].program;
    programs[1] = variants[VARIANT_FIX].program;
    return programs[0] == NULL || programs[1] == NULL ? 0 : 2;
}

bool mode_exists(struct mode mode)
{
    const struct program *programs[MODE_PROGRAMS];
    return mode_programs(mode, programs) > 0;
}

const char *mode_format(struct mode mode, char text[static MODE_TEXT])
{
    snprintf(text, MODE_TEXT, "%s-%s", variant_word(mode.variant), mode.pattern->name);
    return text;
}

/* Calls `visit` for every mode until it returns false; false then. */
static bool modes_each(const struct catalogue *catalogue, bool (*visit)(struct mode mode, void *argument),
                       void *argument)
{
    for (size_t i = 0; i < catalogue->count; i++)
        for (enum variant which = 0; which <= VARIANT_MIX; which++)
            if (mode_exists((struct mode){catalogue->patterns[i], which}) &&
                !visit((struct mode){catalogue->patterns[i], which}, argument))
                return false;
    return true;
}

struct mode_search {
    const char *text;
    struct mode found;
};

static bool mode_differs(struct mode mode, void *argument)
{
    struct mode_search *search = argument;
    char text[MODE_TEXT];
    search->found = mode;
    return strcmp(mode_format(mode, text), search->text) != 0;
}

/* All modes as texts, for suggestions. */
struct mode_texts {
    char (*texts)[MODE_TEXT];
    size_t count;
};

static bool mode_collect(struct mode mode, void *argument)
{
    struct mode_texts *list = argument;
    mode_format(mode, list->texts[list->count++]);
    return true;
}

static enum err suggest_mode(const struct catalogue *catalogue, const char *text, struct buf *why)
{
    size_t most = catalogue->count * (VARIANT_MIX + 1);
    struct mode_texts list = {.texts = calloc(most + 1, sizeof *list.texts)};
    const char **words = calloc(most + 1, sizeof *words);
    enum err err = ERR_MEMORY;
    if (list.texts != NULL && words != NULL) {
        modes_each(catalogue, mode_collect, &list);
        for (size_t i = 0; i < list.count; i++)
            words[i] = list.texts[i];
        buf_printf(why, "unknown mode \"%.*s\": ", LIMIT_NAME, text);
        suggest_append(why, text, words, list.count);
        err = ERR_UNKNOWN;
    }
    free(list.texts);
    free(words);
    return err;
}

enum err catalogue_find_mode(const struct catalogue *catalogue, const char *text, struct mode *mode,
                             struct buf *why)
{
    struct mode_search search = {.text = text};
    if (modes_each(catalogue, mode_differs, &search))
        return suggest_mode(catalogue, text, why);
    *mode = search.found;
    return ERR_OK;
}

static bool mode_append(struct mode mode, void *argument)
{
    struct buf *buf = argument;
    char text[MODE_TEXT];
    buf_printf(buf, "%s%s", buf->size == 0 ? "" : ", ", mode_format(mode, text));
    return true;
}

enum err catalogue_modes(const struct catalogue *catalogue, struct buf *buf)
{
    struct buf modes;
    buf_init(&modes, MODES_BYTES);
    modes_each(catalogue, mode_append, &modes);
    enum err err = modes.err == ERR_OK ? buf_puts(buf, buf_text(&modes)) : modes.err;
    buf_deinit(&modes);
    return err;
}
