#include "http/header.h"

#include <string.h>
#include <strings.h>

#include "base/macros.h"

/* What a walk through the headers looks for, and what it has found. */
struct gathering {
    const char *name;
    const char *first;
    unsigned count;
    bool spaced; /* some header's name has a blank in it */
    char *text;  /* NULL: the values are not asked for */
    size_t size; /* of the text */
};

const char *header_first(const struct exchange *exchange, const char *name)
{
    return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

static void gather(struct gathering *gathering, const char *value)
{
    if (gathering->text == NULL || value == NULL)
        return;
    size_t size = strlen(value), comma = gathering->size > 0;
    if (gathering->size + comma + size >= HEADER_LIST_BYTES)
        return;
    if (comma > 0)
        gathering->text[gathering->size++] = ',';
    memcpy(gathering->text + gathering->size, value, size + 1);
    gathering->size += size;
}

static enum MHD_Result on_header(void *argument, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct gathering *gathering = argument;
    (void)kind;
    gathering->spaced |= name[strcspn(name, " \t")] != '\0';
    if (strcasecmp(name, gathering->name) != 0)
        return MHD_YES;
    if (gathering->count++ == 0)
        gathering->first = value;
    gather(gathering, value);
    return MHD_YES;
}

static void walk(const struct exchange *exchange, struct gathering *gathering)
{
    MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, on_header, gathering);
}

unsigned header_count(const struct exchange *exchange, const char *name)
{
    struct gathering gathering = {.name = name};
    walk(exchange, &gathering);
    return gathering.count;
}

bool header_spaced(const struct exchange *exchange)
{
    struct gathering gathering = {.name = ""};
    walk(exchange, &gathering);
    return gathering.spaced;
}

const char *header_list(const struct exchange *exchange, const char *name,
                        char text[static HEADER_LIST_BYTES])
{
    struct gathering gathering = {.name = name, .text = text};
    text[0] = '\0';
    walk(exchange, &gathering);
    return gathering.count <= 1 ? gathering.first : text;
}
