/* Every maximum of leaklab, in one place. What a user may set has its bound here as well. */
#pragma once

#include <stdint.h>

/* A million million: far above any real setting, far below where sums of int64_t overflow. */
#define LIMIT_NUMBER 1000000000000LL

/* Names of patterns, tasks, things, parameters and scenarios, in bytes without the final zero. */
#define LIMIT_NAME 64

/* Pattern files. */
#define LIMIT_PATTERN_BYTES  (64 * 1024)
#define LIMIT_PATTERN_NODES  8192
#define LIMIT_PATTERN_DEPTH  24
#define LIMIT_PATTERN_KEYS   256  /* of one mapping: each new one is compared with those before it */
#define LIMIT_PATTERN_TEXT   4096 /* one scalar */
#define LIMIT_PARAMS         16   /* parameters of one pattern */
#define LIMIT_CHOICES        16   /* words of one parameter */
#define LIMIT_TASK_KINDS     64   /* kinds of task in one variant */
#define LIMIT_THINGS         64   /* things in one `share` or `own` */
#define LIMIT_OPS            4096 /* operations of one program */
#define LIMIT_STEPS          1024 /* steps of one program */
#define LIMIT_CONSTANTS      512  /* distinct operands of one program */
#define LIMIT_CASES          12   /* cases of one select */
#define LIMIT_OUTERS         128  /* things of one program that may be one of several */
#define LIMIT_LOOPS          4    /* loops and spawns within loops, nested in one task */
#define LIMIT_LINEAGES       4096 /* ways in which tasks of one program came about */
#define LIMIT_MESSAGES       50   /* messages of one compilation */
#define LIMIT_CHANNEL_BUFFER 1000000000LL
#define LIMIT_OWN_PATTERNS   200 /* of a user's own, beside the built-in ones */

/* A look at a variant before it runs. */
#define LIMIT_FINDINGS     200   /* told about one variant */
#define LIMIT_LOCKS        64    /* looked at in one variant */
#define LIMIT_SETTINGS     32    /* of its words, beside the defaults, that a variant is asked with */
#define LIMIT_TRIAL_TASKS  20000 /* live at a time in a trial run */
#define LIMIT_TRIAL_BYTES  (256LL << 20)
/* Rounds of one part of a trial run, each counting as the tasks that are alive and a few more. */
#define LIMIT_TRIAL_WORK   2000000
#define LIMIT_TRIAL_UNREST 500 /* rounds for which time may stand still */

/* Operands: whole numbers are tasks, rounds of a loop, room in a channel. Durations are bounded by what the
 * timing wheel can hold, see runtime/wheel.h. */
#define LIMIT_COUNT         1000000000LL
#define LIMIT_DURATION_NS   (366LL * 24 * 3600 * 1000000000LL)
#define LIMIT_HOLD_BYTES    (1LL << 30)
#define LIMIT_MESSAGE_BYTES (1LL << 20) /* one message of a queue: it is written to in one go */
#define LIMIT_WORK_NS       (48LL * 3600 * 1000000000LL) /* in one statement: slices of it fit in 32 bits */
#define LIMIT_TICK_NS       1000000LL /* the shortest period of a ticker: what the timing wheel can tell apart */

/* Scenarios. */
#define LIMIT_SCENARIOS    1000      /* kept, ended ones included; the oldest ended one makes room */
#define LIMIT_SEQUENCE     100       /* started together, by one list */
#define LIMIT_START_RATE   1000000LL /* starts a second */
#define LIMIT_TASKS        (1LL << 31)
#define LIMIT_PROGRAMS     1024    /* that a snapshot has room for: leak, fix and mix of a pattern */
#define LIMIT_START_LAG    1000000 /* starts that a late loop still makes up for; those beyond are skipped */
#define LIMIT_GRACE_MS     1000    /* that tasks have to end after their scenario; then it is leaked */
#define LIMIT_SETTLE_MS    200     /* that the answer to a cancel waits for tasks to hear it */
#define LIMIT_RECLAIM_MS   5000    /* that the answer to a reclaim waits for it to be done */
#define LIMIT_CLOSE_MS     250 /* that a daemon takes to free its tasks before it leaves them to the system */
#define LIMIT_LOGGED_STEPS 50
#define LIMIT_SCRAPES      4000000 /* of one simulation, and below it what else it has */
#define LIMIT_INSTANCES    100
#define LIMIT_EVENTS       1000
#define LIMIT_EVERY_NS     1000000000LL /* the shortest time after which an event happens again */
#define LIMIT_MATCHES      100
#define LIMIT_PANICS       32 /* steps of one scenario of which it is told that tasks panicked there */

/* The last hour, second by second. */
#define LIMIT_TIMELINE_SECONDS  3600
#define LIMIT_TIMELINE_MARKS    1024
#define LIMIT_TIMELINE_PROGRAMS 32 /* told apart in one second */

/* Profiles. */
#define LIMIT_PROFILE_SAMPLES 16384
#define LIMIT_PROFILE_GROUPS  4096
#define LIMIT_PROFILE_BYTES   (64 * 1024 * 1024) /* rendered */

/* Real resources. What a user may set goes up to LIMIT_RESOURCES; the others are where defaults end. */
#define LIMIT_RESOURCES   10000000LL
#define LIMIT_DESCRIPTORS 100000
#define LIMIT_HANDLES     100000
#define LIMIT_THREADS     1000
#define LIMIT_JOBS        1000

/* The judge. */
#define LIMIT_JUDGE_BYTES                                                                                    \
    (4ULL << 30)           /* for the records of one start: some 40 million tasks with own things */
#define LIMIT_LOOK_MS 3000 /* that a profile waits for its run; then it shows the verdicts so far */

/* HTTP. */
#define LIMIT_BODY_BYTES         (64 * 1024)
#define LIMIT_JSON_DEPTH         32
#define LIMIT_CONNECTIONS        256
#define LIMIT_CALLERS            4096    /* addresses whose requests are counted apart */
#define LIMIT_REQUEST_RATE       1000000 /* that --requests-per-address may ask for */
#define LIMIT_SPARE_DESCRIPTORS  128     /* that the daemon keeps for itself, connections aside */
#define LIMIT_HEADROOM           64 /* descriptors, or a quarter of all, that no pattern takes, whatever its limit */
#define LIMIT_LAST_DESCRIPTORS   24 /* from which on a new connection gets another's room */
#define LIMIT_IDLE_SECONDS       10
#define LIMIT_RESPONSE_BYTES     (64 * 1024 * 1024)
/* A quarter of the connections: all others can make room for whoever comes anew. */
#define LIMIT_COMMANDS_IN_FLIGHT (LIMIT_CONNECTIONS / 4)
#define LIMIT_LISTS_IN_FLIGHT    8           /* of them those that list all there is */
#define LIMIT_PROFILES_IN_FLIGHT 8           /* and those that profile it */
#define LIMIT_UNREAD_BYTES       (32 << 20)  /* of answers that their clients have not read yet */
#define LIMIT_SPARE_BODIES       16          /* kept from one scrape to the next */
#define LIMIT_CONNECTION_BYTES   (32 * 1024) /* head of a request, and what libmicrohttpd keeps beside it */
#define LIMIT_TARGET_BYTES       1024        /* path and query */
#define LIMIT_DISCARD_BYTES                                                                                  \
    (1024 * 1024) /* read and thrown away, so that a client hears why it was refused */
#define LIMIT_FORM_FIELDS       64
#define LIMIT_ALLOWED_HOSTS     16
#define LIMIT_TOKEN_BYTES       512
#define LIMIT_CERTIFICATE_BYTES (64 * 1024) /* one PEM file */
#define LIMIT_CHAIN             8           /* certificates of one chain */
#define LIMIT_REQUEST_SECONDS   30          /* from a request's first line to the end of its answer */
#define LIMIT_ANSWER_SECONDS    10          /* that the lab may take */
#define LIMIT_DRAIN_MS          500         /* that open requests have when the server stops */
#define LIMIT_REPORTED_ERRORS   50

/* Drills. */
#define LIMIT_DRILLS       64   /* files of one run */
#define LIMIT_DRILL_ALERTS 64   /* that one drill expects, and that it wants silent */
#define LIMIT_DRILL_LABELS 16   /* of one expectation */
#define LIMIT_DRILL_TEXT   4096 /* one text */
#define LIMIT_DRILL_NS     (7LL * 24 * 3600 * 1000000000LL)
#define LIMIT_DRILL_ROWS   256                /* alerts of one drill that are told apart */
#define LIMIT_ALERTS       10000              /* of one answer */
#define LIMIT_ALERT_LABELS 64                 /* of one alert */
#define LIMIT_REPLY_BYTES  (64 * 1024 * 1024) /* of an answer to a drill's question */
