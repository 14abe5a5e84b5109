/* Memory that is freed all at once: whatever one compilation makes, and whatever texts a pattern keeps. */
#pragma once

#include <stddef.h>

struct arena;

/* NULL when memory is out. The caller owns it. */
struct arena *arena_new(void);

/* Takes NULL. */
void arena_free(struct arena *arena);

/* `size` zeroed bytes, aligned for any type; NULL when memory is out. They live as long as the arena. */
void *arena_alloc(struct arena *arena, size_t size);

/* A copy of `size` bytes with a zero behind it; NULL when memory is out. */
char *arena_text(struct arena *arena, const char *bytes, size_t size);
