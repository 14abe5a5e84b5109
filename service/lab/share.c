#include "lab/share.h"

#define STEP_MILLIONTHS (1000000 / SHARE_WHOLE)

enum err share_parse(const char *text, int64_t *share)
{
    int64_t millionths;
    enum err err = unit_parse_percent(text, &millionths);
    if (err != ERR_OK)
        return err;
    if (millionths % STEP_MILLIONTHS != 0)
        return ERR_RANGE;
    *share = millionths / STEP_MILLIONTHS;
    return ERR_OK;
}

const char *share_format(int64_t share, char text[static UNIT_TEXT])
{
    return unit_format_percent(share * STEP_MILLIONTHS, text);
}
