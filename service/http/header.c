#include "http/header.h"

#include <string.h>
#include <strings.h>

#include "base/macros.h"

struct gathering {
    const char *name;
    const char *first;
    unsigned count;
    char *text;
    size_t size; /* of the text */
};

const char *header_first(const struct exchange *exchange, const char *name)
{
    return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

static void gather(struct gathering *gathering, const char *value)
{
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
    if (strcasecmp(name, gathering->name) != 0 || value == NULL)
        return MHD_YES;
    if (gathering->count++ == 0)
        gathering->first = value;
    gather(gathering, value);
    return MHD_YES;
}

const char *header_list(const struct exchange *exchange, const char *name,
                        char text[static HEADER_LIST_BYTES])
{
    struct gathering gathering = {.name = name, .text = text};
    text[0] = '\0';
    MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, on_header, &gathering);
    return gathering.count <= 1 ? gathering.first : text;
}
