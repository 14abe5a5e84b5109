#include "client/libcurl.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

/* LIBCURL_FILE, its name for the loader, is what the build found. */

static bool find(void *library, const char *name, void *function)
{
    void *found = dlsym(library, name);
    memcpy(function, &found,
           sizeof found); /* POSIX has them alike; the language has no cast from one to the other */
    return found != NULL;
}

static bool fill(struct libcurl *functions, void *library)
{
    bool all = true;
#define X(name) all = all && find(library, "curl_" #name, &functions->name);
    LIBCURL_FUNCTIONS(X)
#undef X
    return all;
}

const struct libcurl *libcurl(void)
{
    static struct libcurl functions;
    static bool loaded;
    if (!loaded) {
        void *library = dlopen(LIBCURL_FILE, RTLD_NOW | RTLD_LOCAL);
        loaded = library != NULL && fill(&functions, library);
    }
    return loaded ? &functions : NULL;
}

bool libcurl_load(const char *command)
{
    if (libcurl() != NULL)
        return true;
    const char *why = dlerror();
    fprintf(stderr, "%s: %s\n", command, why == NULL ? LIBCURL_FILE " cannot be loaded" : why);
    return false;
}
