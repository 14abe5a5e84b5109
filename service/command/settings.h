/* What `leaklab serve` is told by its flags and the environment, read, checked and put together. Whatever can
 * be wrong with a single setting is said here, before anything has begun. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "http/certificate.h"
#include "http/listener.h"
#include "http/token.h"
#include "lab/machine.h"

/* Texts are borrowed from the arguments and the environment. */
struct settings {
    struct address listen;
    mode_t listen_mode;                             /* of a Unix socket */
    struct listener inherited;                      /* in place of `listen`; fd -1: none */
    const char *allowed_hosts;                      /* NULL: none */
    const char *token_path;                         /* NULL: none */
    uint32_t address_connections, address_requests; /* of one address, see server_limits; 0: any number */
    bool token_for_reads;
    struct token token;
    const char *chain_path; /* of the certificate; NULL: plain HTTP */
    const char *key_path;
    struct certificate *certificate; /* until the server takes it */
    struct machine_limits limits;
    int64_t judge_interval_ns;
    uint32_t cpu_percent; /* of a processor, for tasks and judge */
    unsigned oom_score;   /* as process_raise_oom_score() takes it */
    bool demo;
    const char *scenario_path; /* NULL: none */
    const char *folder;        /* of the user's own patterns; NULL: none */
    struct log log;
    struct log_losses losses; /* the log's */
};

/* False, after a message on stderr, when something is wrong. `--help` prints the flags, sets *help and
 * returns true. A file that is named for its secret is read at once. */
bool settings_read(int argc, char **argv, struct settings *settings, bool *help);
