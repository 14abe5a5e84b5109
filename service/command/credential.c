#include "command/credential.h"

#include <stdio.h>

bool credential_read(const char *command, const char *name, const char *path, struct token *token)
{
    const char *why = token_read(path, token);
    if (why != NULL)
        fprintf(stderr, "%s: %s: %s: %s\n", command, name, path, why);
    return why == NULL;
}

bool credential_may_listen(const char *command, const char *name, const struct address *address)
{
    char text[ADDRESS_TEXT];
    if (address_is_loopback(address))
        return true;
    fprintf(stderr,
            "%s: %s: others can reach %s, and may start leaks there: give --token-file FILE, so that this "
            "needs a token, or --insecure (LEAKLAB_INSECURE=true) if it is meant\n",
            command, name, address_format(address, address->port, text));
    return false;
}

bool credential_reload(const struct log *log, const char *path, struct token *token)
{
    const char *why = token_read(path, token);
    if (why == NULL)
        log_line(log, LOG_INFO, "token read again", LOG_TEXT("file", path));
    else
        log_line(log, LOG_ERROR, "the token stays as it was", LOG_TEXT("file", path), LOG_TEXT("why", why));
    return why == NULL;
}

bool credential_read_certificate(const char *command, const char *chain_path, const char *key_path,
                                 struct certificate **read)
{
    const char *path;
    const char *why = certificate_read(chain_path, key_path, read, &path);
    if (why != NULL)
        fprintf(stderr, "%s: %s: %s: %s\n", command, path == chain_path ? "--tls-cert" : "--tls-key", path,
                why);
    return why == NULL;
}

struct certificate *credential_reload_certificate(const struct log *log, const char *chain_path,
                                                  const char *key_path)
{
    const char *path;
    struct certificate *read = NULL;
    const char *why = certificate_read(chain_path, key_path, &read, &path);
    if (why == NULL)
        log_line(log, LOG_INFO, "certificate read again", LOG_TEXT("file", chain_path));
    else
        log_line(log, LOG_ERROR, "the certificate stays as it was", LOG_TEXT("file", path),
                 LOG_TEXT("why", why));
    return read;
}
