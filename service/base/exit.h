/* The exit codes of leaklab, whatever it was asked to do. */
#pragma once

enum exit_code {
    EXIT_OK = 0,
    EXIT_FAILED = 1,       /* what was asked for did not succeed */
    EXIT_USAGE = 2,        /* it was asked for wrongly, or something that it needs is not as it must be */
    EXIT_INTERRUPTED = 130 /* SIGINT, SIGTERM or SIGHUP ended it, in an orderly way */
};
