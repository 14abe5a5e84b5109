#include "base/utf8.h"

#include <stddef.h>

/* Length of the well-formed UTF-8 sequence at `text` (RFC 3629), or 0. Reading stops at the final zero, which
 * continues no sequence. */
static size_t sequence_length(const unsigned char *text)
{
    if (text[0] < 0x80)
        return 1;
    size_t length = text[0] >= 0xF0 ? 4 : text[0] >= 0xE0 ? 3 : 2;
    if (text[0] < 0xC2 || text[0] > 0xF4)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xC0) != 0x80)
            return 0;
    bool overlong = (text[0] == 0xE0 && text[1] < 0xA0) || (text[0] == 0xF0 && text[1] < 0x90);
    bool surrogate = text[0] == 0xED && text[1] > 0x9F;
    bool too_large = text[0] == 0xF4 && text[1] > 0x8F;
    return overlong || surrogate || too_large ? 0 : length;
}

bool utf8_valid(const char *text)
{
    while (*text != '\0') {
        size_t length = sequence_length((const unsigned char *)text);
        if (length == 0)
            return false;
        text += length;
    }
    return true;
}

void utf8_mend(char *text)
{
    for (size_t i = 0; text[i] != '\0';) {
        size_t length = sequence_length((const unsigned char *)text + i);
        if (length == 0)
            text[i] = '?';
        i += length == 0 ? 1 : length;
    }
}
