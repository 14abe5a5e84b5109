/* Conducts drills, one after the other: starts what they say, looks at the alerts again and again, reclaims,
 * and looks until they have resolved. Blocks; one thread, whose SIGINT and SIGTERM are blocked meanwhile and
 * end the drill in an orderly way: what was started is cancelled and reclaimed. */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/exit.h"
#include "client/site.h"
#include "drill/drilled.h"
#include "drill/prometheus.h"
#include "drill/report.h"

struct conduct_config {
    struct site prometheus;
    const char *instance; /* the daemon's at Prometheus; "": found by its address */
    const char *job;      /* likewise; "": found */
    const char *trusted;  /* who vouches for https, see fetcher_trust(); NULL: whom the system trusts */
    int64_t settle_ns;    /* that Prometheus may take to see the daemon, and alerts of before to resolve */
    int64_t poll_ns;      /* between two looks at the alerts */
    int64_t timeout_ns;   /* of a request, and as long as Prometheus may be away */
};

struct conductor {
    struct conduct_config config;
    struct fetcher *fetcher;
    struct drilled drilled;
    struct buf why;      /* of whatever is in the way */
    struct buf instance; /* as Prometheus calls it */
    struct buf job;      /* "": several, or not known */
    sigset_t signals;    /* those that end a drill */
    sigset_t before;     /* the mask from before */
    bool interrupted;
    bool clearing;             /* not even an interrupt ends a request now */
    bool left_behind;          /* of what was started something could not be reclaimed */
    int64_t begin_ns;          /* of the drill, for progress */
    const struct drill *drill; /* that is conducted */
};

/* Gets ready; NULL fetcher in `drilled` is filled in. ERR_MEMORY. */
enum err conductor_init(struct conductor *conductor, const struct conduct_config *config,
                        const struct drilled *drilled);

/* Ends a daemon of its own, and gives the signals back. */
void conductor_deinit(struct conductor *conductor);

/* Each of these: EXIT_OK, or why not: EXIT_USAGE (Prometheus or the daemon are not as they must be),
 * EXIT_FAILED (no memory), EXIT_INTERRUPTED; `why` then has one or several lines. */

/* Asks Prometheus for the rules of these drills. */
enum exit_code conduct_rules(struct conductor *conductor, const struct drill *drills, size_t count);

/* Starts or reaches the daemon, has it look at the scenarios of these drills, and waits until Prometheus
 * scrapes it. */
enum exit_code conduct_daemon(struct conductor *conductor, const struct drill *drills, size_t count);

/* One drill, from settling to its end. What happens is told on stderr. EXIT_OK: the score is finished, passed
 * or not. In any case nothing that it started is left, unless `why` says so. */
enum exit_code conduct_drill(struct conductor *conductor, struct score *score);

/* What tells a score's changes on stderr. */
struct score_listener conduct_listener(struct conductor *conductor);
