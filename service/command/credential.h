/* The token of --token-file, as `leaklab serve` takes it and the commands that ask a daemon send it, the
 * certificate of --tls-cert, and the rule that a daemon which others can reach must have a token. */
#pragma once

#include <stdbool.h>

#include "base/log.h"
#include "command/options.h"
#include "http/address.h"
#include "http/certificate.h"
#include "http/token.h"

/* The flags of a daemon, in this order. */
#define CREDENTIAL_FLAG                                                                                      \
    {                                                                                                        \
        "token-file", "FILE", NULL,                                                                          \
            "whatever changes something needs the token in this file, as \"Authorization: Bearer TOKEN\"; "  \
            "SIGHUP reads it again"                                                                          \
    }
#define CREDENTIAL_READS_FLAG                                                                                \
    {                                                                                                        \
        "token-for-reads", NULL, NULL,                                                                       \
            "reading needs the token too, /metrics included; the health checks and the page's files do not"  \
    }
#define CREDENTIAL_CERT_FLAG                                                                                 \
    {                                                                                                        \
        "tls-cert", "FILE", NULL,                                                                            \
            "speak TLS and show the certificate in this PEM file, with its chain behind it; SIGHUP reads "   \
            "it "                                                                                            \
            "and its key again"                                                                              \
    }
#define CREDENTIAL_KEY_FLAG                                                                                  \
    {                                                                                                        \
        "tls-key", "FILE", NULL, "the key to --tls-cert, in PEM and without a password"                      \
    }
#define CREDENTIAL_INSECURE_FLAG                                                                             \
    {                                                                                                        \
        "insecure", NULL, NULL,                                                                              \
            "listen where others can reach it although there is no token: whoever does may start leaks"      \
    }

/* Reads it; false after a message on stderr. `name` is what the user called the flag. */
bool credential_read(const char *command, const char *name, const char *path, struct token *token);

/* False, after a message on stderr, for an address that others can reach. */
bool credential_may_listen(const char *command, const char *name, const struct address *address);

/* Reads it anew, says in the log what came of it, and leaves it as it was when it cannot be read. */
bool credential_reload(const struct log *log, const char *path, struct token *token);

/* The certificate, the same two ways: for the caller to free, false after a message on stderr; or NULL, and
 * the log says why it stays as it was. */
bool credential_read_certificate(const char *command, const char *chain_path, const char *key_path,
                                 struct certificate **read);
struct certificate *credential_reload_certificate(const struct log *log, const char *chain_path,
                                                  const char *key_path);
