/* The files of the web page, as assets.cmake puts them into the program. For any thread. */
#pragma once

#include <stddef.h>

struct page_asset {
    const char *name;  /* without its folder: "main.js" */
    const char *type;  /* of content */
    const char *hash;  /* another one when its content is another one */
    const char *bytes; /* with a zero behind them */
    size_t size;       /* without that zero */
    const unsigned char *gzip;
    size_t gzip_size;
};

extern const struct page_asset page_assets[];
extern const size_t page_asset_count;
