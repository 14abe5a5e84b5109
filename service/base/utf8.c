#include "base/utf8.h"

#include <string.h>

#define LONGEST 4 /* bytes of a sequence */

static bool continues(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

size_t utf8_decode(const char *bytes, size_t size, uint32_t *code)
{
    unsigned char lead = (unsigned char)bytes[0];
    size_t length = lead < 0x80   ? 1
                    : lead < 0xc2 ? 0
                    : lead < 0xe0 ? 2
                    : lead < 0xf0 ? 3
                    : lead < 0xf5 ? 4
                                  : 0;
    if (length == 0 || length > size)
        return 0;
    static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    *code = lead & masks[length];
    for (size_t i = 1; i < length; i++) {
        if (!continues(bytes[i]))
            return 0;
        *code = *code << 6 | (bytes[i] & 0x3f);
    }
    bool too_long = (length == 3 && *code < 0x800) || (length == 4 && *code < 0x10000);
    bool surrogate = *code >= 0xd800 && *code < 0xe000;
    return too_long || surrogate || *code > 0x10ffff ? 0 : length;
}

/* The same where a zero ends the text: it continues no sequence, so that nothing behind it is read. */
static size_t sequence_length(const char *text)
{
    uint32_t code;
    return utf8_decode(text, LONGEST, &code);
}

bool utf8_valid(const char *text)
{
    while (*text != '\0') {
        size_t length = sequence_length(text);
        if (length == 0)
            return false;
        text += length;
    }
    return true;
}

void utf8_mend(char *text)
{
    for (size_t i = 0; text[i] != '\0';) {
        size_t length = sequence_length(text + i);
        if (length == 0)
            text[i] = '?';
        i += length == 0 ? 1 : length;
    }
}

size_t utf8_count(const char *text, size_t size)
{
    size_t count = 0;
    for (size_t i = 0; i < size; i++)
        count += !continues(text[i]);
    return count;
}

size_t utf8_cut(const char *text, size_t most)
{
    size_t size = strnlen(text, most);
    while (size > 0 && continues(text[size]))
        size--;
    return size;
}
