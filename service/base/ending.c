#include "base/ending.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/macros.h"

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

static bool is_meant(int number)
{
    struct sigaction action;
    return number != SIGHUP || sigaction(SIGHUP, NULL, &action) != 0 || action.sa_handler != SIG_IGN;
}

void ending_signals(sigset_t *signals)
{
    sigemptyset(signals);
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        if (is_meant(numbers[i]))
            sigaddset(signals, numbers[i]);
}

int ending_waits(void)
{
    sigset_t pending;
    if (sigpending(&pending) != 0)
        return 0;
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        if (is_meant(numbers[i]) && sigismember(&pending, numbers[i]) == 1)
            return numbers[i];
    return 0;
}
